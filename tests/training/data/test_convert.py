import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.text import tokenize
from tests.training.data.formats.making import RASA, WORDS
from training.__main__ import main
from training.data.borders import misaligned, settled

CUT = {
    "text": "fly to Oslo at noon",
    "spans": [{"start": 7, "end": 10, "label": "city"}, {"start": 15, "end": 19, "label": "time"}],
    "id": "u7",
}


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    code = main(["convert", *map(str, arguments)])
    printed = capsys.readouterr()
    return code, printed.out + printed.err


def records(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def cut(tmp_path: Path) -> Path:
    (tmp_path / "in.jsonl").write_text(json.dumps(CUT) + "\n")
    return tmp_path / "in.jsonl"


@given(text=st.lists(st.sampled_from(WORDS), min_size=1).map(" ".join), places=st.lists(st.integers(0, 60), min_size=2, max_size=8))
def test_snapped_spans_fall_on_word_borders_and_others_stay_where_they_are(text: str, places: list[int]) -> None:
    pairs = [sorted(pair) for pair in zip(places[::2], places[1::2], strict=False)]
    spans = [{"start": a, "end": min(b + 1, len(text)), "label": "x"} for a, b in pairs if a < len(text)]
    off = misaligned(text, spans)
    starts, ends = ({getattr(token, side) for token in tokenize(text)} for side in ("start", "end"))
    assert [span for span in spans if span["start"] in starts and span["end"] in ends] == [
        span for span in spans if not any(one.span is span for one in off)
    ]
    snapped = settled(spans, off, "snap")
    assert misaligned(text, snapped) == []
    assert len(snapped) == len(spans) - sum(one.nearest is None for one in off)
    assert settled(spans, off, "drop") == [span for span in spans if not any(one.span is span for one in off)]
    assert settled(spans, off, "report") == spans


@pytest.mark.parametrize(("policy", "spans"), [("report", [(7, 10), (15, 19)]), ("snap", [(7, 11), (15, 19)]), ("drop", [(15, 19)])])
def test_a_span_off_word_borders_is_named_with_what_is_nearest_whatever_becomes_of_it(
    cut: Path, capsys: pytest.CaptureFixture[str], policy: str, spans: list[tuple[int, int]]
) -> None:
    out = cut.with_name("out.jsonl")
    code, said = run(capsys, cut, out, "--to", "jsonl", "--misaligned", policy)
    assert code == 0
    assert f"{cut}:1 (id u7): slot 'city' at 7:10 does not fall on word borders: 'Osl', nearest is 'Oslo' at 7:11" in said
    assert [(span["start"], span["end"]) for span in records(out)[0]["spans"]] == spans


def test_with_fail_nothing_is_written(cut: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = run(capsys, cut, cut.with_name("out.jsonl"), "--to", "jsonl", "--misaligned", "fail")
    assert code == 1
    assert "'Osl', nearest is 'Oslo' at 7:11 (1 in all)" in said
    assert sorted(path.name for path in cut.parent.iterdir()) == ["in.jsonl"]


def test_what_the_other_format_does_not_carry_is_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "nlu.yml").write_text(RASA)
    code, said = run(capsys, tmp_path / "nlu.yml", tmp_path / "out.conll", "--to", "conll")
    assert code == 0
    for lost in (
        "a span's role (1 times)",
        "a span's value (2 times)",
        "a phrase of a table (1 times)",
        "a synonym (1 times)",
        "a regular expression (1 times)",
    ):
        assert f"lost, for conll does not carry it: {lost}" in said
    assert said.splitlines()[-1].endswith("3 utterances written")


def test_there_and_back_again_through_jsonl_is_the_same_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "nlu.yml").write_text(RASA)
    steps = (("nlu.yml", "a.jsonl.gz", "jsonl"), ("a.jsonl.gz", "b.yml", "rasa"), ("b.yml", "c.jsonl", "jsonl"))
    for source, target, form in steps:
        code, said = run(capsys, tmp_path / source, tmp_path / target, "--to", form)
        assert (code, "lost" in said) == (0, False)
    assert gzip.decompress((tmp_path / "a.jsonl.gz").read_bytes()) == (tmp_path / "c.jsonl").read_bytes()


def test_bad_records_are_counted_and_fatal_only_when_strict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        '{"text": "hi"}',
        '{"text": 7}',
        "x",
        '{"text": "a", "spans": [{"start": 0, "end": 9, "label": "b"}]}',
        '{"entity": "c", "entries": [7]}',
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    code, said = run(capsys, tmp_path / "in.jsonl", tmp_path / "out", "--to", "seq")
    assert code == 0
    assert [f"in.jsonl:{line}:" in said for line in range(1, 6)] == [False, True, True, True, True]
    assert (tmp_path / "out" / "seq.in").read_text() == "hi\n"
    code, said = run(capsys, tmp_path / "in.jsonl", tmp_path / "other", "--to", "seq", "--strict")
    assert code == 1
    assert "(4 in all)" in said
    assert not (tmp_path / "other").exists()


def test_a_path_that_cannot_be_is_refused(cut: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = cut.parent
    (folder / "x.dat").write_text("")
    for arguments, reason in (
        ((folder / "none", folder / "out", "--to", "seq"), "is not there"),
        ((cut, cut, "--to", "jsonl"), "would be overwritten"),
        ((cut, folder, "--to", "jsonl"), "is a folder"),
        ((cut, folder / "x.dat", "--to", "seq"), "is no folder"),
        ((folder / "x.dat", folder / "out", "--to", "seq"), "in none of the formats that can be told from a name"),
    ):
        code, said = run(capsys, *arguments)
        assert code == 1
        assert reason in said
