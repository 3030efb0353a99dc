"""The rules of the house that no linter knows."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("app", "model", "training", "bench")
SOURCES = [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]
EMPTY_WORDS = {"manager", "helper", "helpers", "utils", "util", "common", "processor", "engine"}
EMPTY_NAMES = {"model", "data", "info"}
TARGETS = ("install", "serve", "test", "check", "train", "bench", "docker")

LONGEST_FILE = 300
LONGEST_FUNCTION = 40


def project() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def of(source: Path) -> str:
    return str(source.relative_to(ROOT))


def definitions(source: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node


def variables(source: Path) -> set[str]:
    """Names that are assigned to, but for the fields of a class: those are words of the protocol."""
    tree = ast.parse(source.read_text())
    fields = {
        id(entry.target)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for entry in node.body
        if isinstance(entry, ast.AnnAssign)
    }
    stored = (node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    return {node.id for node in stored if id(node) not in fields}


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from its def to its end, its docstring left out."""
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    assert function.end_lineno is not None
    assert first.end_lineno is not None
    return function.end_lineno - function.lineno + 1 - (first.end_lineno - first.lineno + 1 if documented else 0)


def test_import_contracts_hold() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stdout


def test_files_are_short() -> None:
    lengths = {of(source): len(source.read_text().splitlines()) for source in SOURCES}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_a_file_says_what_it_is_for() -> None:
    assert [of(source) for source in SOURCES if not ast.get_docstring(ast.parse(source.read_text()))] == []


def test_functions_are_short() -> None:
    functions = [(of(source), node) for source in SOURCES for node in definitions(source) if not isinstance(node, ast.ClassDef)]
    assert {f"{name}:{node.name}": length(node) for name, node in functions if length(node) > LONGEST_FUNCTION} == {}


def test_names_say_something() -> None:
    defined = [(of(source), name) for source in SOURCES for name in (source.stem, *(node.name for node in definitions(source)))]
    assert [entry for entry in defined if EMPTY_WORDS & set(re.findall("[a-z]+", entry[1].lower()))] == []


def test_variables_say_something() -> None:
    assert {of(source): EMPTY_NAMES & variables(source) for source in SOURCES if EMPTY_NAMES & variables(source)} == {}


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {file.parent for file in (ROOT / "tests").rglob("*.py")}
    assert [of(folder) for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_serving_installs_no_training_framework() -> None:
    names = {re.split(r"[\[<>=]", requirement)[0] for requirement in project()["dependencies"]}
    assert names & {"torch", "onnx", "rich", "scikit-learn", "pytest"} == set()


def test_a_model_that_is_loaded_calls_nobody_and_writes_nothing(artifact_dir: Path, tmp_path: Path) -> None:
    """onnxruntime reports to its maker by default, with an identifier that it stores in the user's cache."""
    quiet = {name: value for name, value in os.environ.items() if name not in ("CI", "ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME")}
    script = "import pathlib, sys; from model.tagger import Tagger; Tagger.load(pathlib.Path(sys.argv[1])).replay()"
    command = [sys.executable, "-c", script, str(artifact_dir)]
    done = subprocess.run(command, cwd=ROOT, env={**quiet, "HOME": str(tmp_path)}, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_version_is_the_same_everywhere() -> None:
    version = project()["version"]
    assert f'image.version="{version}"' in (ROOT / "Dockerfile").read_text()
    assert f'__version__ = "{version}"' in (ROOT / "app" / "__init__.py").read_text()


def test_ci_runs_what_a_developer_types() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text().rstrip().endswith("make test")


@pytest.mark.parametrize("target", TARGETS)
def test_make_has_the_target_and_explains_it(target: str) -> None:
    assert re.search(rf"^{target}:.* ## \S", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_make_refuses_an_old_python_by_name(tmp_path: Path) -> None:
    old = tmp_path / "python-of-old"
    pretend = "import sys; sys.version_info = (3, 9); sys.version = '3.9.1 (old)'; exec(sys.argv[2])"
    old.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{pretend}" "$@"\n')
    old.chmod(0o755)
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())
    done = subprocess.run(["make", f"PYTHON={old}", "serve"], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode != 0
    assert "Python 3.11 or newer is needed" in done.stderr
    assert not (tmp_path / ".venv").exists()
