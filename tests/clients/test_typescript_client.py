"""The TypeScript types that openapi-typescript makes of the document, and a program that is compiled against them."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clients.page import command, output, program
from tests.system.running import Service

HERE = Path(__file__).parent
PACKAGES = HERE / "node_modules"
NODE = shutil.which("node")
PRESENT = NODE is not None and (PACKAGES / ".package-lock.json").is_file()
REQUIRED = os.environ.get("REQUIRE_CLIENTS") == "1"

needs_node = pytest.mark.skipif(not PRESENT and not REQUIRED, reason="no node packages here: install node 20 or newer, then make clients")


WRONG = {  # what stands in the program -> what the compiler has to refuse
    'offset_unit: "utf16"': 'offset_unit: "utf-16"',
    '"/v1/values"': '"/v1/value"',
    "value.value.country": "value.value.state",
    "item.status === 200": "item.status === 201",
}


@pytest.fixture(scope="module")
def compiled(service: Service, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with the page's program, compiled, and what the compiler said of it and of the wrong ones, ``wrong0.ts`` and so on."""
    assert PRESENT, "REQUIRE_CLIENTS=1, but node or its packages are missing: make clients"
    folder = tmp_path_factory.mktemp("typescript")
    (folder / "node_modules").symlink_to(PACKAGES)
    (folder / "package.json").write_text('{"type": "module"}')
    _run("npx openapi-typescript", service.url, folder)
    code, _ = program("booking.ts", service.url)
    (folder / "booking.ts").write_text(code, encoding="utf-8")
    for number, (right, wrong) in enumerate(WRONG.items()):
        assert right in code
        (folder / f"wrong{number}.ts").write_text(code.replace(right, wrong), encoding="utf-8")
    return folder, _run("npx tsc", service.url, folder, "--types", "node", *(f"wrong{number}.ts" for number in range(len(WRONG))))


def _run(start: str, address: str, folder: Path, *more: str) -> str:
    """What the tool of one of the page's commands says, whether it is content or not."""
    _, tool, *words = command(start, address)
    line = [str(PACKAGES / ".bin" / tool), *words, *more]
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=55, check=False)
    return done.stdout + done.stderr


@needs_node
def test_the_programme_of_the_page_compiles_and_gives_what_the_page_shows(compiled: tuple[Path, str], service: Service) -> None:
    folder, said = compiled
    assert "booking.ts" not in said, said
    assert NODE is not None
    assert output(NODE, "booking.js", cwd=folder) == program("booking.ts", service.url)[1]


@needs_node
@pytest.mark.parametrize("number", range(len(WRONG)), ids=list(WRONG.values()))
def test_the_compiler_refuses_what_the_service_would_not_understand_or_say(compiled: tuple[Path, str], number: int) -> None:
    assert re.search(rf"^wrong{number}\.ts\(\d+,\d+\): error TS", compiled[1], re.MULTILINE), compiled[1]


def test_the_lock_file_pins_every_package_and_names_no_host() -> None:
    locked = json.loads((HERE / "package-lock.json").read_text())
    wanted = json.loads((HERE / "package.json").read_text())["devDependencies"]
    assert locked["packages"][""]["devDependencies"] == wanted
    for name, entry in locked["packages"].items():
        if name:
            assert "resolved" not in entry
            assert entry["integrity"].startswith("sha512-"), name
