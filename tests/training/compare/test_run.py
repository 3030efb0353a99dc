import dataclasses
import json
import multiprocessing
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from model.labels import OUTSIDE, Annotation, Slot
from model.tagger import Tagger
from model.text import tokenize
from tests.training.toy import write_toy
from training.__main__ import main
from training.compare.measure import Measured, Speed, Spread, unknown_words
from training.compare.rows import load_rows
from training.compare.run import Asked, compare
from training.compare.table import Comparison, Result
from training.compare.trainings import PlannedRun
from training.config import load_config
from training.data.corpus import load_corpus
from training.data.records import Example

CONTRAST = """
contrast = [["I want to arrive in [Oslo](destination)", "I want to depart from [Oslo](origin)"]]
"""
ROWS = ("feedforward-1", "elman")
TIMES = ("seconds", "microseconds", "command")


class InThisProcess:
    """A context of multiprocessing whose processes do all their work when they are started, here."""

    exitcode = 0

    def Pipe(self, *, duplex: bool) -> Any:
        return multiprocessing.Pipe(duplex)

    def Process(self, *, target: Callable[..., None], args: tuple[Any, ...], daemon: bool) -> "InThisProcess":
        self.start = lambda: target(*args)
        return self

    def join(self) -> None:
        """It is over."""


class Quiet:
    """A watcher that remembers."""

    def __init__(self) -> None:
        self.epochs: list[tuple[str, int]] = []
        self.endings: list[tuple[str, str | None]] = []

    def planned(self, runs: int) -> None:
        self.runs = runs

    def started(self, run: PlannedRun) -> None:
        pass

    def epoch(self, run: PlannedRun, number: int, f1: float) -> None:
        self.epochs.append((run.name, number))

    def ended(self, run: PlannedRun, failure: str | None) -> None:
        self.endings.append((run.name, failure))


class Impatient(Quiet):
    """Presses Ctrl-C at the first epoch."""

    def epoch(self, run: PlannedRun, number: int, f1: float) -> None:
        raise KeyboardInterrupt


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.compare.trainings._SPAWN", InThisProcess())
    monkeypatch.setattr("training.compare.trainings.signal.signal", lambda *_: None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("toy")
    config = write_toy(path)
    config.write_text(CONTRAST + config.read_text())
    return path


def _asked(folder: Path, out: str, **more: Any) -> Asked:
    usual: dict[str, Any] = {"seeds": 2, "jobs": 2, "rows": ROWS, "overrides": ("fit.epochs=3",)}
    return Asked(folder / "toy.toml", folder, folder / out, **usual | more)


def _but_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _but_times(each) for key, each in value.items() if key not in TIMES}
    return [_but_times(each) for each in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def compared(folder: Path) -> Comparison:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.compare.trainings._SPAWN", InThisProcess())
        patch.setattr("training.compare.trainings.signal.signal", lambda *_: None)
        return compare(_asked(folder, "whole"), Quiet())


def test_every_row_is_measured_with_every_seed(compared: Comparison) -> None:
    assert [(result.row.name, [run.seed for run in result.measured]) for result in compared.results] == [(row, [1, 2]) for row in ROWS]
    assert compared.failures == []
    feedforward, elman = compared.results
    assert [run.contrast for run in feedforward.measured] == [0.0, 0.0]
    assert elman.measured[0].parameters - feedforward.measured[0].parameters == 12 * 12 + 12  # the recurrent matrix and its bias
    assert all(result.speed and result.speed.single > result.speed.batched > 0 for result in compared.results)


def test_the_pages_have_all_rows_and_every_plot_they_show(folder: Path, compared: Comparison) -> None:
    markdown, html = ((folder / "whole" / f"networks.{kind}").read_text() for kind in ("md", "html"))
    for row in load_rows(ROWS):
        assert f"\n| {row.title} |" in markdown
        assert f"- **{row.title}**: {row.shows}" in markdown
        assert row.title in html
        assert row.shows in unescape(html)
    plots = [line.partition("](")[2].rstrip(")") for line in markdown.splitlines() if line.startswith("![")]
    assert len(plots) == 3
    assert all((folder / "whole" / plot).read_text().count("<svg") == 1 for plot in plots)
    assert html.count("<svg") == 3
    assert json.loads((folder / "whole" / "networks.json").read_text()) == json.loads(json.dumps(compared.to_dict()))
    assert not re.search(r"""(src|href)=["'](?!#)|@import|url\((?!#)""", html)


@pytest.mark.usefixtures("here")
def test_what_is_finished_is_not_trained_again_and_a_changed_setting_is(folder: Path) -> None:
    asked = _asked(folder, "again", seeds=1)
    first, again, changed = Quiet(), Quiet(), Quiet()
    before = _but_times(compare(asked, first).to_dict())
    assert len(first.epochs) == 6
    assert _but_times(compare(asked, again).to_dict()) == before
    assert again.epochs == []
    assert again.endings == [(f"{row}, seed 1", None) for row in ROWS]
    compare(dataclasses.replace(asked, overrides=("fit.epochs=1",), rows=("elman",)), changed)
    assert changed.epochs == [("elman, seed 1", 1)]


def test_a_comparison_that_was_interrupted_goes_on_to_the_same_table(
    folder: Path, compared: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeyboardInterrupt):
        compare(_asked(folder, "stopped", jobs=1), Impatient())
    assert not (folder / "stopped" / "networks.md").exists()
    assert multiprocessing.active_children() == []
    monkeypatch.setattr("training.compare.trainings._SPAWN", InThisProcess())
    monkeypatch.setattr("training.compare.trainings.signal.signal", lambda *_: None)
    finished = compare(_asked(folder, "stopped"), resumed := Quiet())
    assert ("feedforward-1, seed 1", 1) not in resumed.epochs
    assert {number for name, number in resumed.epochs if name == "elman, seed 2"} == {1, 2, 3}
    assert _but_times(finished.to_dict()) == _but_times(compared.to_dict())


@pytest.mark.usefixtures("here")
def test_a_run_that_fails_is_reported_and_harms_no_other(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = _asked(folder, "failed", seeds=1)
    compare(asked, Quiet())
    (broken,) = (folder / "failed" / "runs").glob("elman-1-*/")
    for file in broken.iterdir():
        file.unlink()
    command = ["compare", str(asked.config), "--data", str(folder), "--out", str(asked.out), "--seeds", "1", "--quiet"]
    assert main([*command, "--rows", *ROWS, "--set", "fit.epochs=3"]) == 1
    assert f"error: elman, seed 1: {broken} exists and is no artefact" in capsys.readouterr().err
    markdown = (asked.out / "networks.md").read_text()
    assert "\n| feedforward, window 1 |" in markdown
    assert "\n| Elman (1 of 1 missing) | – |" in markdown
    assert f"- elman, seed 1: {broken} exists and is no artefact" in markdown


def test_a_process_that_is_killed_is_a_failure_of_its_run(folder: Path, here: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.compare.trainings._work", lambda run, data, told: told.close())
    monkeypatch.setattr(InThisProcess, "exitcode", -9)
    comparison = compare(_asked(folder, "killed", seeds=1, rows=("elman",)), Quiet())
    assert comparison.failures == ["elman, seed 1: its process ended with code -9; the same command continues it"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--rows", "transformer"], "--rows = 'transformer' is not allowed: use names among feedforward-1, "),
        (["--seeds", "0"], "--seeds = 0 is not allowed: use 1 or more"),
        (["--jobs", "0"], "--jobs = 0 is not allowed: use 1 or more"),
        (["--set", "contrast=[['to [x](nowhere)', 'from [x](origin)']]"], "contrast[0]: label 'nowhere' is not one of the 3"),
    ],
)
def test_a_bad_argument_is_refused_before_anything_is_trained(
    folder: Path, capsys: pytest.CaptureFixture[str], more: list[str], message: str
) -> None:
    out = folder / "refused"
    assert main(["compare", str(folder / "toy.toml"), "--data", str(folder), "--out", str(out), "--quiet", *more]) == 1
    assert message in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("row", load_rows(), ids=lambda row: row.name)
def test_every_row_changes_the_shipped_config_into_one_that_is_allowed(row: Any) -> None:
    config = row.config(Path("training/configs/atis.toml"), ("network.hidden=7",), 3)
    assert (config.network.hidden, config.seed, config.fit.threads, config.contrast) == (7, 3, 1, ())


def test_no_two_rows_are_the_same_network() -> None:
    rows = load_rows()
    configs = [row.config(Path("training/configs/atis.toml"), (), 1) for row in rows]
    assert len(set(configs)) == len(rows)
    assert len({row.name for row in rows}) == len({row.title for row in rows}) == len(rows)


def test_the_spread_is_the_mean_the_least_and_the_greatest() -> None:
    assert Spread.of([0.5]) == Spread(0.5, 0.5, 0.5)
    assert Spread.of([0.75, 0.25, 0.875]) == Spread(0.625, 0.25, 0.875)


def test_the_table_shows_means_ranges_and_dashes_where_nothing_was_counted() -> None:
    (row,) = load_rows(["elman"])
    runs = [Measured(seed, f1, None, 0.5, 0.0125, None, 0, 0.5, 1234, 2_500_000, 3, 10.0) for seed, f1 in ((1, 0.9), (2, 0.8))]
    cells = Result(row, tuple(runs), {}, Speed(100.4, 50.6)).cells()
    assert cells == ("Elman", "85.0% (80.0% to 90.0%)", "–", "50.0%", "1.25%", "–", "50.0%", "1,234", "2.50", "10", "100", "51")
    assert Result(row, tuple(runs[:1]), {2: "why"}, None).cells()[:2] == ("Elman (1 of 2 missing)", "90.0%")


def test_unknown_words_are_those_that_training_never_showed(folder: Path, compared: Comparison) -> None:
    tagger = Tagger.load(next((folder / "whole" / "runs").glob("elman-1-*/")))
    _, valid = load_corpus(load_config(folder / "toy.toml"), folder)
    assert unknown_words(tagger, valid.examples) == []
    text = "I want to leave Zagreb"
    words = tagger.annotate(text).words
    assert words is not None
    likeliest = words.likeliest[-1][0]
    other = next(label for label in tagger.labels.slots if label != likeliest)
    slots = [(Slot(label, 16, 22),) if label != OUTSIDE else () for label in (likeliest, other)]
    right = [unknown_words(tagger, [Example(Annotation(text, tokenize(text), given))]) for given in slots]
    assert right == [[True], [False]]
