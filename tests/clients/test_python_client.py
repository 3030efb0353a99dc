"""The Python client that openapi-python-client makes of the document."""

import os
import sys
from pathlib import Path

import pytest

from tests.clients.page import command, output, program
from tests.system.running import Service

BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def client(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds the package ``slotline_client``."""
    folder = tmp_path_factory.mktemp("python")
    words = command("openapi-python-client generate", service.url)
    said = output(*words, cwd=folder, PATH=f"{BIN}:{os.environ['PATH']}", HOME=str(folder))
    assert "Warning" not in said, said
    return folder / "slotline-client"


def test_the_programme_of_the_page_gives_what_the_page_shows(client: Path, service: Service, tmp_path: Path) -> None:
    code, shown = program("booking.py", service.url)
    (tmp_path / "booking.py").write_text(code, encoding="utf-8")
    assert output(sys.executable, "-W", "error", "booking.py", cwd=tmp_path, PYTHONPATH=str(client)) == shown


def test_the_programme_and_the_client_are_well_typed(client: Path, service: Service, tmp_path: Path) -> None:
    code, _ = program("booking.py", service.url)
    (client / "booking.py").write_text(code, encoding="utf-8")
    said = output(
        *(sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--config-file=", "booking.py"), cwd=client, HOME=str(tmp_path)
    )
    assert said.startswith("Success")


def test_the_methods_and_types_have_the_names_that_the_page_promises(client: Path) -> None:
    package = client / "slotline_client"
    methods = {file.stem for file in (package / "api").glob("*/*.py")}
    assert {"parse", "parse_batch", "read_values", "list_labels", "list_models", "describe_model", "check_ready"} <= methods
    types = {file.stem for file in (package / "models").glob("*.py")}
    assert {"kind", "offset_unit", "slot_status", "uncertain_reason", "grain", "date_value", "money_range"} <= types
    assert [name for name in types if "type_" in name or "item_item" in name] == []
