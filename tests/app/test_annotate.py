"""Bulk annotation: order, answers as over HTTP, lines that are none, and resuming after a kill at any moment."""

import contextlib
import fcntl
import gzip
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.annotate import CANNOT, DONE, SOME_BAD, STOPPED, main, windows
from app.bulk import MAX_LINE_BYTES, Annotator, Shape, Utterance, read_line
from app.phrases import PhraseReader
from app.reference import occasion_of
from tests.app.serving import REFERENCE, serving
from tests.fake_readers import ErrorReader, FakeReader, phrase_reader
from tests.fakes import ErrorTagger, FakeTagger, SlowTagger

BATCH = 2  # so that a window has 32 lines and a short file several windows
SHAPE = Shape(batch=BATCH)
MOMENT = REFERENCE["reference_time"]
TEXTS = [f"fly from Oslo to Rome{' again' * (number % 5)} on {number} November" for number in range(150)]
BAD_LINES = {
    b"no json": "malformed_json",
    b"": "malformed_json",
    b'{"text": "torn': "malformed_json",
    b'"a text"': "invalid",
    b'{"text": 5}': "invalid",
    b'{"utterance": "to Oslo"}': "invalid",
    b'{"text": " \\u200b "}': "invalid",
    b'{"text": "\\ud800"}': "malformed_json",
    b'{"text": "%s"}' % (b"to " * 200): "invalid",
    b'{"text": "%s"}' % (b"x" * 2_001): "invalid",
    b'{"text": "%s"}' % (b"x" * MAX_LINE_BYTES): "invalid",
    b'{"text": "to Oslo", "deep": %s}' % (b"[" * 500 + b"]" * 500): "invalid",
    b"\xff\xfe": "malformed_json",
}


def json_lines(texts: list[str]) -> bytes:
    return b"".join(json.dumps({"text": text, "id": number}).encode() + b"\n" for number, text in enumerate(texts))


def answered(tagger: Any, lines: list[bytes], shape: Shape = SHAPE, reader: PhraseReader | None = None) -> list[dict[str, Any]]:
    said = occasion_of(datetime.fromisoformat(MOMENT), REFERENCE["timezone"], "future")
    annotator = Annotator(tagger, shape, reader, said)
    try:
        stream = io.BytesIO(b"".join(line + b"\n" for line in lines))
        return [json.loads(answer.line) for answers in annotator.answer(windows(stream, shape.window)) for answer in answers]
    finally:
        annotator.close()


@pytest.fixture
def run(artifact_dir: Path) -> Callable[..., int]:
    """Runs the command in this process, with the tiny model and small windows."""

    def annotate(*arguments: object) -> int:
        return main(["--reference-time", MOMENT, *map(str, arguments), "--model", str(artifact_dir), "--batch", str(BATCH)])

    return annotate


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    path.write_bytes(json_lines(TEXTS) + b"no json\n")
    return path


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\r")), max_size=100))
def test_each_line_has_its_answer_in_its_place(texts: list[str]) -> None:
    answers = answered(FakeTagger(), [json.dumps({"text": text}).encode() for text in texts])
    assert [answer["text"] for answer in answers] == texts


def test_a_batch_has_utterances_of_like_length() -> None:
    tagger = FakeTagger()
    answered(tagger, [json.dumps({"text": text}).encode() for text in ("a b c d", "a", "b c d e", "b")])
    assert tagger.batches == [["a", "b"], ["a b c d", "b c d e"]]


@pytest.mark.anyio
@pytest.mark.parametrize("reader", [None, phrase_reader()], ids=["words", "values"])
async def test_an_answer_says_what_an_item_over_http_says_but_for_the_clock(reader: PhraseReader | None) -> None:
    texts = ["from Oslo to Rome on Monday for two", "on 9 on babble on now", ""]
    async with serving(phrase_reader=reader) as client:
        body = {"items": [{"id": str(number), "text": text} for number, text in enumerate(texts)], "context": REFERENCE}
        over_http = (await client.post("/v1/parse/batch", json=body)).json()["results"]
    in_bulk = answered(FakeTagger(), [json.dumps(item).encode() for item in body["items"]], reader=reader)
    for item, line in zip(over_http[:2], in_bulk[:2], strict=True):
        assert line == {key: value for key, value in item.items() if key != "timing_ms"}
    assert (in_bulk[2]["id"], in_bulk[2]["status"]) == (over_http[2]["id"], over_http[2]["status"])
    assert in_bulk[2]["problem"]["errors"][0]["code"] == over_http[2]["problem"]["errors"][0]["code"] == "no_words"


def test_a_phrase_on_which_the_reader_fails_fails_one_value() -> None:
    answers = answered(FakeTagger(), [b'{"text": "on Monday"}', b'{"text": "on poisonous"}'], reader=phrase_reader(ErrorReader()))
    assert [answer["slots"][0]["value"] is None for answer in answers] == [False, True]
    assert answers[1]["slots"][0]["reason"] == "value_not_understood"


def test_a_phrase_is_read_once_in_a_run() -> None:
    reader = FakeReader()
    answers = answered(FakeTagger(), [b'{"text": "on Monday"}'] * (3 * SHAPE.window), reader=phrase_reader(reader))
    assert reader.batches == [["Monday"]]
    assert {answer["slots"][0]["value"]["value"] for answer in answers} == {"2026-10-26"}


def test_the_options_say_when_and_where_it_was_said(artifact_dir: Path, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ["--reference-time", "2026-10-25T20:00:00Z", "--timezone", "Asia/Taipei", "--date-policy", "past", "--values", "off"]
    assert main([str(source), "--out", str(out), "--model", str(artifact_dir), *options]) == SOME_BAD
    context = json.loads(out.read_bytes().splitlines()[0])["context"]
    assert context == {"reference_time": "2026-10-26T04:00:00+08:00", "timezone": "Asia/Taipei", "date_policy": "past", "date_order": "mdy"}


@pytest.mark.parametrize("options", [["--timezone", "Mars"], ["--reference-time", "2026-10-25T20:00:00"], ["--values", "nowhere"]])
def test_options_that_make_no_sense_end_the_run_before_it_begins(
    run: Callable[..., int], source: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(source, *options) == CANNOT
    assert "cannot annotate" in capsys.readouterr().err


def test_id_and_whatever_stands_beside_the_text_come_back() -> None:
    (answer,) = answered(FakeTagger(), [b'{"split": "a", "text": "to Oslo", "id": {"n": [7]}, "status": 1}'])
    assert (answer["id"], answer["status"], answer["beside"]) == ({"n": [7]}, 200, {"split": "a", "status": 1})


@pytest.mark.parametrize("line", BAD_LINES, ids=range(len(BAD_LINES)))
def test_a_line_that_is_none_is_answered_with_its_number_and_harms_no_other(line: bytes) -> None:
    good = b'{"text": "to Oslo"}'
    before, bad, after = answered(FakeTagger(max_words=100), [good, line, good])
    assert before["status"] == after["status"] == 200
    assert bad["line"] == 2
    assert bad["problem"]["type"].endswith(BAD_LINES[line])


@pytest.mark.parametrize("stage", ["collate", "run", "decode"])
def test_a_text_on_which_the_tagger_fails_is_one_error(stage: str) -> None:
    answers = answered(ErrorTagger(stage=stage), [json.dumps({"text": text}).encode() for text in ("a", "poison", "b", "c")])
    assert [answer["status"] for answer in answers] == [200, 500, 200, 200]
    assert answers[1]["problem"]["type"].endswith("annotation_failed")


def test_a_file_may_begin_with_a_byte_order_mark() -> None:
    assert read_line(b'\xef\xbb\xbf{"text": "ok"}', plain=False) == Utterance("ok")
    assert read_line(b"\xef\xbb\xbfok\r\n", plain=True) == Utterance("ok")


def test_no_more_than_two_windows_are_read_before_their_answers_are_taken() -> None:
    tagger, taken = SlowTagger(), []
    tagger.release.set()

    def endless() -> Any:
        while True:
            taken.append(1)
            yield [b'{"text": "to Oslo"}'] * SHAPE.window

    annotator = Annotator(tagger, SHAPE)
    answers = annotator.answer(endless())
    for number in range(1, 4):
        assert len(next(answers)) == SHAPE.window
        assert len(taken) == number + 1
    annotator.close()


def test_plain_texts_are_annotated_to_stdout(run: Callable[..., int], tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    (tmp_path / "in.txt").write_text("to Oslo\nfrom Rome", encoding="utf-8")
    assert run(tmp_path / "in.txt", "--text", "--include", "alternatives,distribution") == DONE
    out, err = capsysbinary.readouterr()
    answers = [json.loads(line) for line in out.splitlines()]
    assert [answer["text"] for answer in answers] == ["to Oslo", "from Rome"]
    assert all("distribution" in answer and "words" not in answer for answer in answers)
    assert b"2 lines, 0 of them errors" in err
    assert b"%|" not in err  # a progress bar is for people


def test_stdin_is_read(run: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    reading, writing = os.pipe()
    os.write(writing, json_lines(["to Oslo"]))
    os.close(writing)
    with open(reading) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert run("-") == DONE
    assert json.loads(capsysbinary.readouterr().out)["text"] == "to Oslo"


def test_errors_are_counted_in_the_exit_code(run: Callable[..., int], source: Path, tmp_path: Path) -> None:
    assert run(source, "--out", tmp_path / "out") == SOME_BAD
    answers = [json.loads(line) for line in (tmp_path / "out").read_bytes().splitlines()]
    assert [answer["text"] for answer in answers] == [*TEXTS, None]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out"]


def test_strict_stops_at_the_first_error(run: Callable[..., int], source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(source, "--out", tmp_path / "out", "--strict") == STOPPED
    assert f"line {len(TEXTS) + 1}: the line is not JSON" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_packed_files_hold_the_same(run: Callable[..., int], source: Path, tmp_path: Path) -> None:
    packed = tmp_path / "in.jsonl.gz"
    packed.write_bytes(gzip.compress(source.read_bytes()))
    assert run(source, "--out", tmp_path / "out") == run(packed, "--out", tmp_path / "out.gz") == SOME_BAD
    assert gzip.decompress((tmp_path / "out.gz").read_bytes()) == (tmp_path / "out").read_bytes()


def test_a_torn_packed_input_stops_the_run(run: Callable[..., int], source: Path, tmp_path: Path) -> None:
    packed = tmp_path / "in.gz"
    packed.write_bytes(gzip.compress(source.read_bytes())[:-30])
    assert run(packed, "--out", tmp_path / "out") == STOPPED
    assert not (tmp_path / "out").exists()


@pytest.fixture
def left(run: Callable[..., int], source: Path, tmp_path: Path) -> Path:
    """An --out of which a stopped run has left four windows."""
    assert run(source, "--out", tmp_path / "out", "--strict") == STOPPED
    assert len((tmp_path / "out.partial").read_bytes().splitlines()) == 4 * SHAPE.window
    return tmp_path / "out"


@pytest.mark.parametrize("name", ["killed", "killed.gz"])
def test_a_run_killed_after_any_byte_goes_on_to_the_same_bytes(
    run: Callable[..., int], source: Path, left: Path, tmp_path: Path, name: str
) -> None:
    whole, out = tmp_path / f"whole-{name}", tmp_path / name
    assert run(source, "--out", whole) == SOME_BAD
    expected, meta = whole.read_bytes(), left.with_name("out.partial.meta").read_bytes()

    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.integers(0, len(expected)))
    def law(written: int) -> None:
        out.unlink(missing_ok=True)
        out.with_name(name + ".partial").write_bytes(expected[:written])
        out.with_name(name + ".partial.meta").write_bytes(meta)
        assert run(source, "--out", out, "--resume") == SOME_BAD
        assert out.read_bytes() == expected

    law()


def test_a_killed_process_leaves_what_the_next_one_finishes(artifact_dir: Path, tmp_path: Path) -> None:
    source, out, whole = tmp_path / "in", tmp_path / "out", tmp_path / "whole"
    source.write_bytes(json_lines(TEXTS) * 20)
    command = [sys.executable, "-m", "app.annotate", str(source), "--model", str(artifact_dir), "--batch", "4", "--out"]
    running = subprocess.Popen([*command, str(out)], stderr=subprocess.PIPE)
    partial = tmp_path / "out.partial"
    try:
        while running.poll() is None and not (partial.exists() and partial.stat().st_size > 100_000):
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.wait(0.01)
    finally:
        running.kill()
        _, said = running.communicate(timeout=30)
    assert partial.exists(), said
    assert not out.exists()
    began, zone, *_ = json.loads((tmp_path / "out.partial.meta").read_text())["occasion"]  # it goes on with the moment at which it began
    for flags in ([str(out), "--resume"], [str(whole), "--reference-time", began, "--timezone", zone]):
        done = subprocess.run([*command, *flags], capture_output=True, text=True, timeout=50, check=False)
        assert done.returncode == DONE, done.stderr
    assert out.read_bytes() == whole.read_bytes()
    assert not partial.exists()


def test_what_was_left_is_not_overwritten(run: Callable[..., int], source: Path, left: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(source, "--out", left) == CANNOT
    assert "--resume" in capsys.readouterr().err


def test_other_options_cannot_go_on(run: Callable[..., int], source: Path, left: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(source, "--out", left, "--resume", "--include", "alternatives") == CANNOT
    assert "include" in capsys.readouterr().err
    assert run(source, "--out", left, "--resume") == SOME_BAD


def test_another_input_cannot_go_on(run: Callable[..., int], source: Path, left: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source.write_bytes(json_lines(TEXTS[1:]))
    assert run(source, "--out", left, "--resume") == CANNOT
    assert "other texts than lines 1 to 32" in capsys.readouterr().err


def test_a_shorter_input_cannot_go_on(run: Callable[..., int], source: Path, left: Path) -> None:
    source.write_bytes(json_lines(TEXTS[:40]))
    assert run(source, "--out", left, "--resume") == CANNOT


def test_what_was_left_without_its_meta_cannot_go_on(run: Callable[..., int], source: Path, left: Path) -> None:
    left.with_name("out.partial.meta").unlink()
    assert run(source, "--out", left, "--resume") == CANNOT


def test_two_runs_cannot_write_one_file(run: Callable[..., int], source: Path, left: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with left.with_name("out.partial").open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert run(source, "--out", left, "--resume") == CANNOT
    assert "another run" in capsys.readouterr().err
    assert run(source, "--out", left, "--resume") == SOME_BAD


def test_what_is_complete_stays(run: Callable[..., int], source: Path, tmp_path: Path) -> None:
    assert run(source, "--out", tmp_path / "out", "--resume") == SOME_BAD  # nothing was left: it begins
    written = (tmp_path / "out").read_bytes()
    assert run(source, "--out", tmp_path / "out") == CANNOT
    assert run(source, "--out", tmp_path / "out", "--resume") == DONE
    assert (tmp_path / "out").read_bytes() == written


@pytest.mark.parametrize(
    "arguments", [["in", "--resume"], ["in", "--batch", "0"], ["in", "--include", "everything"], ["in", "--reference-time", "soon"], []]
)
def test_wrong_arguments_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == CANNOT


def test_a_file_that_is_not_there_is_named(run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "nothing.jsonl") == CANNOT
    assert "nothing.jsonl" in capsys.readouterr().err
