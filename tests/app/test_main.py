import os
import subprocess
import sys
import tomllib
from pathlib import Path

from app import __version__


def test_the_service_starts_without_a_training_framework() -> None:
    forbidden = "torch onnx training"
    code = f"import sys, app.main, app.__main__; print([name for name in {forbidden!r}.split() if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=50, check=True, env={**os.environ})
    assert done.stdout.strip() == "[]"


def test_the_version_is_told_once() -> None:
    project = Path(__file__).parents[2] / "pyproject.toml"
    assert tomllib.loads(project.read_text())["project"]["version"] == __version__
