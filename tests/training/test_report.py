import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.training.toy import write_toy
from training import pipeline
from training.__main__ import main

MARKUP = '"<b>arrive in</b> Oslo & Rome \\ud83d"'  # half an emoji at the end


def _train(folder: Path, out: str, *more: str) -> int:
    return main(["train", str(folder / "toy.toml"), "--data", str(folder), "--out", str(folder / out), "--quiet", *more])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("toy")
    write_toy(path)
    text = json.loads(MARKUP)
    start = text.index("Rome")
    record = {"text": text, "spans": [{"start": start, "end": start + 4, "label": "date"}], "intent": "quit", "source": "own"}
    with (path / "valid.jsonl").open("a") as stream:
        stream.write(json.dumps(record) + "\n")
    assert _train(path, "whole", "--set", "fit.epochs=4") == 0
    return path


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return (folder / "whole.report.html").read_text(encoding="utf-8")


def test_a_run_leaves_its_report_beside_the_artefact_and_nothing_of_it_inside(folder: Path, page: str) -> None:
    assert page.startswith("<!doctype html>")
    assert not [path for path in (folder / "whole").iterdir() if "report" in path.name]


def test_the_page_fetches_nothing(page: str) -> None:
    fetched = []

    class Fetches(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            fetched.extend(
                [tag for name, value in attrs if name in ("src", "href", "xlink:href") and value and not value.startswith(("#", "data:"))]
            )
            fetched.extend([tag] * (tag in ("script", "link", "iframe", "img")))

    Fetches().feed(page)
    assert fetched == []
    assert "url(http" not in page


def test_the_page_has_every_label_source_and_epoch_and_the_data_hash(page: str) -> None:
    for words in ("origin", "destination", "date", "valid.jsonl", "4 of 4", "sentences wholly right", "kept"):
        assert words in page
    assert re.search(r"<code>[0-9a-f]{64}</code>", page)


def test_a_sentence_that_was_read_wrong_is_shown_as_text(page: str) -> None:
    assert "&lt;b&gt;arrive in&lt;/b&gt;" in page
    assert "<b>arrive in" not in page
    assert "<span>date</span></mark>" in page


def test_a_run_that_was_stopped_reports_all_its_epochs(folder: Path, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopped(Exception):
        pass

    def stop(path: Path, stored: dict[str, object]) -> None:
        save(path, stored)
        if stored["state"]["epochs_done"] == 2:
            raise Stopped

    save = pipeline.save_checkpoint
    monkeypatch.setattr(pipeline, "save_checkpoint", stop)
    with pytest.raises(Stopped):
        _train(folder, "stopped", "--set", "fit.epochs=4")
    assert not (folder / "stopped.report.html").exists()
    monkeypatch.undo()
    assert _train(folder, "stopped", "--set", "fit.epochs=4", "--resume") == 0
    again = (folder / "stopped.report.html").read_text(encoding="utf-8")
    assert _but_times(again) == _but_times(page)


def _but_times(page: str) -> str:
    """Without seconds, and without the ids that number the plots of a process."""
    return re.sub(r"plot\d+-|\d+\.\d s\b", "", page)
