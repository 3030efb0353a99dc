"""The operator's page tells all that there is and nothing that there is not; a failure shows the row that is missing."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.errors import ServiceError
from app.metrics import Metrics
from app.settings import ENV_PREFIX, SHIPPED_MODELS, Settings

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
SUFFIXES = ("", "_total", "_bucket", "_sum", "_count")
NEVER_ANSWERED = {"refused"}  # the base of those that are
NO_CLASS = {("405", "method_not_allowed"), ("404", "not_found")}  # what the router itself answers
OF_OTHERS = {"--help", "--build", "--wait", "--build-arg", "--profile", "--tmpfs", "--scale", "SLOTLINE_PUBLISH"}  # docker's and compose's


def section(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"docs/operations.md has no section '## {title}'"
    return found.group(1)


def rows(title: str) -> list[list[str]]:
    """The cells of every row of the section's tables, without backquotes; heads left out."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    bodies = [row for row, following in zip(cells, [*cells[1:], [""]], strict=True) if not following[0].startswith("---")]
    return [[cell.replace("`", "") for cell in row] for row in bodies if not row[0].startswith("---")]


def setting_row(name: str) -> str:
    field = Settings.model_fields[name]
    meaning = (field.description or "").replace("|", "\\|")
    return f"| `--{name.replace('_', '-')}` | `{ENV_PREFIX}{name.upper()}` | {default_of(name)} | {meaning} |"


def default_of(name: str) -> str:
    default = Settings.model_fields[name].default
    if default == SHIPPED_MODELS:
        return "the shipped models"
    if default is None:
        return "none"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def metric_row(metric: object) -> str:
    name = metric._name + ("_total" if metric._type == "counter" else "")
    labels = ", ".join(f"`{label}`" for label in metric._labelnames)
    return f"| `{name}` | {metric._type} | {labels} | {metric._documentation} |"


def own_metrics() -> list[object]:
    return list(Metrics()._own._collector_to_names)


def process_metrics() -> dict[str, str]:
    """Name and type of what the library tells about the process."""
    families = [family for family in Metrics().registry.collect() if family.name.startswith("process_")]
    return {family.name + ("_total" if family.type == "counter" else ""): family.type for family in families}


def error_classes(of: type[ServiceError] = ServiceError) -> Iterator[type[ServiceError]]:
    yield of
    for kind in of.__subclasses__():
        if kind.__module__ == "app.errors":
            yield from error_classes(kind)


def error_row(kind: type[ServiceError]) -> str:
    return f"| {kind.status} | `{kind.code}` | {(kind.__doc__ or '').splitlines()[0]} | WHAT TO DO | none, or seconds |"


def test_every_setting_stands_there_with_its_variable_and_default() -> None:
    told = {row[0]: row for row in rows("Settings")}
    wrong = []
    for name in Settings.model_fields:
        row = setting_row(name)
        flag, variable, default, _ = [cell.strip().replace("`", "") for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
        if told.get(flag, [])[:3] != [flag, variable, default]:
            wrong.append(row)
    assert not wrong, "docs/operations.md, Settings, lacks:\n" + "\n".join(wrong)
    assert told.keys() - {f"--{name.replace('_', '-')}" for name in Settings.model_fields} == set()


def test_every_metric_stands_there_with_its_type_and_labels() -> None:
    told = {row[0]: row for row in rows("Metrics")}
    expected = {row.split("`")[1]: row for row in map(metric_row, own_metrics())}
    cells = {name: [cell.strip() for cell in row.replace("`", "").split("|")[1:4]] for name, row in expected.items()}
    wrong = [row for name, row in expected.items() if told.get(name, [])[:3] != cells[name]]
    assert not wrong, "docs/operations.md, Metrics, lacks:\n" + "\n".join(wrong)
    of_process = process_metrics()
    assert {name: told.get(name, ["", ""])[1] for name in of_process} == of_process
    assert told.keys() - expected.keys() - of_process.keys() == set()


def test_every_failure_stands_there_with_its_status_and_code() -> None:
    told = {(row[0], row[1]) for row in rows("Failure answers")}
    kinds = {(str(kind.status), kind.code): kind for kind in error_classes() if kind.code not in NEVER_ANSWERED}
    missing = [error_row(kind) for key, kind in kinds.items() if key not in told]
    assert not missing, "docs/operations.md, Failure answers, lacks:\n" + "\n".join(missing)
    assert told - kinds.keys() - NO_CLASS == set()


@pytest.mark.parametrize("title", ["Settings", "Metrics", "Failure answers", "Limits"])
def test_no_cell_but_that_of_labels_is_empty(title: str) -> None:
    for row in rows(title):
        cells = row[:2] + row[3:] if title == "Metrics" else row
        assert all(cells), row
        assert "WHAT TO DO" not in row


def test_every_limit_is_one_of_a_setting_or_says_where_it_is() -> None:
    known = {f"--{name.replace('_', '-')}" for name in Settings.model_fields}
    set_by = [row[1] for row in rows("Limits")]
    assert len(set_by) > 10
    assert set(re.findall(r"--[a-z-]+", " ".join(set_by))) - known == set()
    assert [limit for limit in set_by if "--" not in limit and not re.search("fixed|artefact", limit)] == []


def test_no_flag_variable_or_metric_is_named_that_does_not_exist() -> None:
    flags = {f"--{name.replace('_', '-')}" for name in Settings.model_fields}
    variables = {f"{ENV_PREFIX}{name.upper()}" for name in Settings.model_fields}
    metrics = {metric._name + suffix for metric in own_metrics() for suffix in SUFFIXES}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE)) - flags - OF_OTHERS == set()
    assert set(re.findall(r"\bSLOTLINE_[A-Z_]+", PAGE)) - variables - OF_OTHERS == set()
    assert set(re.findall(r"\bslotline_[a-z_]+", PAGE)) - metrics == set()


def test_every_file_that_the_page_points_to_is_there() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", PAGE)
    assert links
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
