import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from model.artifact import read_artifact
from model.directory import MANIFEST
from model.tagger import Tagger
from tests.training.toy import toy_records, write_toy
from training.__main__ import main

COMMAND = [sys.executable, "-m", "training", "train"]


def _train(folder: Path, out: str, *more: str) -> Path:
    assert main(["train", str(folder / "toy.toml"), "--data", str(folder), "--out", str(folder / out), "--quiet", *more]) == 0
    return folder / out


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("toy")
    write_toy(path)
    return path


@pytest.fixture(scope="module")
def trained(folder: Path) -> Path:
    return _train(folder, "whole")


def test_a_trained_tagger_tells_arriving_from_leaving(trained: Path) -> None:
    tagger = Tagger.load(trained)
    tagger.replay()
    for record in toy_records():
        annotation = tagger.annotate(str(record["text"]))
        assert [{"start": s.start, "end": s.end, "label": s.name} for s in annotation.slots] == record["spans"]
        assert annotation.intent is not None
        assert annotation.intent.name == record["intent"]


def test_the_same_seed_gives_the_same_artefact_and_another_seed_another(folder: Path, trained: Path) -> None:
    again, other = _train(folder, "again"), _train(folder, "other", "--seed", "2")
    assert (again / MANIFEST).read_bytes() == (trained / MANIFEST).read_bytes()
    assert (other / MANIFEST).read_bytes() != (trained / MANIFEST).read_bytes()


def test_nothing_but_the_artefact_and_its_report_is_left_of_a_finished_run(folder: Path, trained: Path) -> None:
    assert [name for name in sorted(os.listdir(folder)) if name.startswith((".", "whole"))] == ["whole", "whole.report.html"]


@pytest.mark.parametrize("moment", [" examples to train", " 1/14", " 3/14", " 14/14"])
def test_a_run_killed_at_any_moment_resumes_to_the_same_artefact(folder: Path, trained: Path, moment: str) -> None:
    out = folder / f"killed {moment.strip().replace('/', '')}"
    arguments = [str(folder / "toy.toml"), "--data", str(folder), "--out", str(out)]
    process = subprocess.Popen([*COMMAND, *arguments], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if moment in line:
            process.send_signal(signal.SIGKILL)
            break
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    assert not out.exists() or read_artifact(out)
    assert _train(folder, out.name, "--resume") == out
    assert (out / MANIFEST).read_bytes() == (trained / MANIFEST).read_bytes()


def test_an_unfinished_run_is_never_thrown_away_by_accident(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["train", str(folder / "toy.toml"), "--data", str(folder), "--out", str(folder / "unfinished"), "--quiet"]

    def power_cut(*_: object, **__: object) -> None:
        raise OSError("power cut")

    monkeypatch.setattr("training.pipeline.write_artifact", power_cut)
    assert main(arguments) == 1
    monkeypatch.undo()
    assert main(arguments) == 1
    assert "continue it with --resume" in capsys.readouterr().err
    assert main([*arguments, "--resume", "--set", "fit.learning_rate=1e-3"]) == 1
    assert "belongs to a run with another settings" in capsys.readouterr().err
    assert main([*arguments, "--resume"]) == 0


def test_resuming_what_stored_nothing_yet_is_the_whole_run(folder: Path, trained: Path) -> None:
    assert (_train(folder, "never", "--resume") / MANIFEST).read_bytes() == (trained / MANIFEST).read_bytes()


def test_evaluate_prints_and_writes_the_scores_of_the_exported_file(
    folder: Path, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = folder / "scores.json"
    assert main(["evaluate", str(trained), str(folder / "valid.jsonl"), "--json", str(out)]) == 0
    scores = json.loads(out.read_text())
    assert scores["slots"]["f1"] == 1.0
    assert scores == json.loads((trained / "scores.json").read_text())["all"]
    assert "all slots" in capsys.readouterr().out


def test_bad_records_are_named_counted_and_fatal_only_when_asked(folder: Path, trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = folder / "bad.jsonl"
    bad.write_text('{"text": "leave Oslo", "spans": [{"start": 6, "end": 99, "label": "origin"}]}\n{"text": "ok"}\n')
    assert main(["evaluate", str(trained), str(bad)]) == 0
    assert "bad.jsonl:1: span 6:99 (origin) does not lie within" in capsys.readouterr().err
    assert main(["evaluate", str(trained), str(bad), "--strict"]) == 1
    assert "bad.jsonl:1: span 6:99" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("fit.epochs=0", "epochs = 0 is not allowed"),
        ("fit.speed=9", "toy.toml.fit.speed is not a setting"),
        ("network.layers=two", "toy.toml.network.layers = 'two' is not allowed: use a value of type int"),
        ("nonsense", "use key=value"),
        ("name=a/b", "name = 'a/b' is not allowed"),
    ],
)
def test_a_bad_setting_is_refused_with_its_name_and_value(
    folder: Path, capsys: pytest.CaptureFixture[str], override: str, message: str
) -> None:
    assert main(["train", str(folder / "toy.toml"), "--data", str(folder), "--out", str(folder / "x"), "--set", override]) == 1
    assert message in capsys.readouterr().err


def test_a_missing_data_file_and_an_output_that_is_something_else_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(folder / "toy.toml"), "--data", str(folder / "nowhere"), "--out", str(folder / "x")]) == 1
    assert "nowhere/train.jsonl is not there" in capsys.readouterr().err
    assert main(["train", str(folder / "toy.toml"), "--data", str(folder), "--out", str(folder)]) == 1
    assert "is no artefact" in capsys.readouterr().err
