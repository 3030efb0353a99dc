"""The page about training names every setting with its default, and nothing that there is not; a failure shows the row."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from model.config import FeatureConfig
from training.config import (
    ACTIVATIONS,
    CELLS,
    DIRECTIONS,
    PRECISIONS,
    FitConfig,
    NetworkConfig,
    PretrainConfig,
    TrainingConfig,
)
from training.data_config import AugmentConfig, GeneratorConfig, NamesConfig, SourceConfig

PAGE = Path("docs/training.md").read_text(encoding="utf-8")
TITLES: dict[str, type] = {
    "The run": TrainingConfig,
    "Sets": SourceConfig,
    "`[features]`": FeatureConfig,
    "`[network]`": NetworkConfig,
    "`[fit]`": FitConfig,
    "`[generator]`": GeneratorConfig,
    "`[names]`": NamesConfig,
    "`[augment]`": AugmentConfig,
    "`[pretrain]`": PretrainConfig,
}


def told(title: str) -> dict[str, tuple[str, str]]:
    """Setting -> default and meaning, as the section's table has them."""
    section = re.search(rf"^### {re.escape(title)}.*?\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert section, f"docs/training.md has no section '### {title}'"
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.+?) \|$", section[1], re.MULTILINE)
    return {name: (default.strip("`"), meaning) for name, default, meaning in rows}


def written(value: Any) -> str:
    """A default as TOML has it."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(written, value))}]"
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)


def settings(config: type) -> dict[str, str]:
    """Setting -> default; tables within are sections of their own."""
    fields = dataclasses.fields(config)
    return {
        field.name: "required" if field.default is dataclasses.MISSING else written(field.default)
        for field in fields
        if field.default_factory is dataclasses.MISSING
    }


@pytest.mark.parametrize("title", TITLES)
def test_every_setting_stands_there_with_its_default(title: str) -> None:
    expected, found = settings(TITLES[title]), told(title)
    wrong = [f"| `{name}` | `{default}` | WHAT IT IS |" for name, default in expected.items() if found.get(name, ("",))[0] != default]
    assert not wrong, f"docs/training.md, {title}, lacks:\n" + "\n".join(wrong)
    assert found.keys() - expected.keys() == set()


def test_every_table_of_the_config_has_a_section() -> None:
    nested = {field.name for field in dataclasses.fields(TrainingConfig) if field.default_factory is not dataclasses.MISSING}
    assert nested == {title.strip("`[]") for title in TITLES if title.startswith("`[")}


@pytest.mark.parametrize(
    ("table", "name", "allowed"),
    [
        ("network", "cell", CELLS),
        ("network", "direction", DIRECTIONS),
        ("network", "activation", ACTIVATIONS),
        ("fit", "precision", PRECISIONS),
    ],
)
def test_the_values_that_a_setting_takes_stand_there(table: str, name: str, allowed: tuple[str, ...]) -> None:
    assert tuple(re.findall(r"`(\w+)`", told(f"`[{table}]`")[name][1])) == allowed
