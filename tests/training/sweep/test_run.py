import dataclasses
from pathlib import Path
from typing import Any

import pytest

from tests.training.compare.test_run import InThisProcess, Quiet
from tests.training.toy import write_toy
from training.__main__ import main
from training.compare.trainings import PlannedRun
from training.sweep.outcome import Outcome, read, store
from training.sweep.run import Asked, sweep
from training.sweep.table import to_markdown

SWEEP = """
config = "toy.toml"
seeds = 2
[[variant]]
name = "plain"
[[variant]]
name = "with names"
set = ["features.word_encoders=['vocabulary', 'names']", "joint=true"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("toy")
    write_toy(path)
    (path / "sweep.toml").write_text(SWEEP)
    return path


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.compare.trainings._SPAWN", InThisProcess())
    monkeypatch.setattr("training.compare.trainings.signal.signal", lambda *_: None)


class Impatient(Quiet):
    """Presses Ctrl-C when the first run has been trained and is not measured yet."""

    def ended(self, run: PlannedRun, failure: str | None) -> None:
        raise KeyboardInterrupt


def _asked(folder: Path, out: str, **more: Any) -> Asked:
    return Asked(folder / "sweep.toml", folder, folder / out, **{"overrides": ("fit.epochs=2",), **more})


def _but_times(outcomes: tuple[Outcome, ...]) -> list[Outcome]:
    return [dataclasses.replace(outcome, microseconds=0.0, seconds=0.0) for outcome in outcomes]


def test_trials_take_turns_and_what_is_finished_is_a_file_and_is_not_run_again(folder: Path) -> None:
    first, again = Quiet(), Quiet()
    swept = sweep(_asked(folder, "whole"), first)
    expected = [(trial, seed) for seed in (1, 2) for trial in ("plain", "with names")]
    assert [(outcome.trial, outcome.seed) for outcome in swept.outcomes] == expected
    assert [name for name, _ in first.endings] == [f"{trial}, seed {seed}" for trial, seed in expected]
    assert (swept.failures, swept.left, first.runs) == ((), 0, 4)
    assert swept.outcomes[1].bytes > 0 < swept.outcomes[1].microseconds
    left = sorted(path.name for path in (folder / "whole" / "runs").iterdir())
    assert len([name for name in left if name.endswith(".outcome.json")]) == 4
    assert all(name.endswith(".json") for name in left)
    assert sweep(_asked(folder, "whole"), again).outcomes == swept.outcomes
    assert again.endings == []
    markdown = (folder / "whole" / "sweep.md").read_text()
    assert "\n| plain | 2 | " in markdown
    assert "not run yet" not in markdown


def test_a_sweep_that_was_interrupted_goes_on_to_the_same_outcomes(folder: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        sweep(_asked(folder, "stopped", seeds=1), Impatient())
    assert "- not run yet: plain" in (folder / "stopped" / "sweep.md").read_text()
    resumed = Quiet()
    finished = sweep(_asked(folder, "stopped", seeds=1), resumed)
    assert {name for name, _ in resumed.epochs} == {"with names, seed 1"}
    assert _but_times(finished.outcomes) == _but_times(sweep(_asked(folder, "unbroken", seeds=1), Quiet()).outcomes)


def test_no_run_is_begun_when_the_time_is_over(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    clock = iter([0.0, 59.0, 61.0])
    monkeypatch.setattr("training.sweep.run.time.monotonic", lambda: next(clock))
    swept = sweep(_asked(folder, "short", minutes=1.0), Quiet())
    assert (len(swept.outcomes), swept.left) == (1, 3)


def test_a_run_that_fails_is_named_and_harms_no_other(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["sweep", str(folder / "sweep.toml"), "--data", str(folder), "--out", str(folder / "failed"), "--seeds", "1", "--quiet"]
    (folder / "broken.toml").write_text(SWEEP.replace('"joint=true"', '"fit.learning_rate=1e30"'))
    command[1] = str(folder / "broken.toml")
    assert main([*command, "--set", "fit.epochs=2"]) == 1
    assert "error: with names, seed 1: " in capsys.readouterr().err
    assert "- not run yet: with names" in (folder / "failed" / "sweep.md").read_text()
    assert "| plain | 1 |" in (folder / "failed" / "sweep.md").read_text()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--jobs", "0"], "--jobs = 0 is not allowed"),
        (["--seeds", "0"], "--seeds = 0 is not allowed"),
        (["--minutes", "-1"], "--minutes = -1.0 is not allowed"),
        (["--set", "fit.speed=9"], "fit.speed is not a setting"),
    ],
)
def test_a_bad_argument_is_refused_before_anything_is_trained(
    folder: Path, capsys: pytest.CaptureFixture[str], more: list[str], message: str
) -> None:
    out = folder / "refused"
    assert main(["sweep", str(folder / "sweep.toml"), "--data", str(folder), "--out", str(out), "--quiet", *more]) == 1
    assert message in capsys.readouterr().err
    assert not out.exists()


def test_an_outcome_is_read_as_it_was_stored_and_the_table_has_mean_and_spread(tmp_path: Path) -> None:
    one = Outcome("a", 1, 0.94, 0.9, None, 0.8, 1200, 2_000_000, 100.0, 5.0)
    other = dataclasses.replace(one, seed=2, f1=0.96)
    store(one, tmp_path / "one.json")
    assert read(tmp_path / "one.json") == one
    table = to_markdown("x", ["a", "b"], [one, other])
    assert "| a | 2 | 95.00 ± 1.41 | 90.00 ± 0.00 | – | 80.00 ± 0.00 | 1,200 | 2.0 | 100 | 5 |" in table
    assert "- not run yet: b" in table
