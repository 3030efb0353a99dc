import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.labels import LabelScheme, Span
from training.data.formats.jsonl import read as read_jsonl
from training.data.formats.restaurants8k import read as read_restaurants8k
from training.data.formats.seq import read as read_seq
from training.data.prepare import restaurants8k
from training.data.records import DataProblem, Dropped

RECORDS = [{"text": f"to Oslo {n}", "spans": [], "intent": None} for n in range(5)]
JSONL = "".join(json.dumps(record) + "\n" for record in RECORDS)


def test_plain_and_gzipped_files_give_the_same_records_with_their_lines(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(JSONL)
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(JSONL.encode()))
    expected = list(enumerate(RECORDS, 1))
    assert list(read_jsonl(tmp_path / "a.jsonl")) == expected
    assert list(read_jsonl(tmp_path / "a.jsonl.gz")) == expected


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b'{"text": "a"}\n{"text": \n', 2, "broken JSON"),
        (b"\n[1]\n", 2, "not a JSON object"),
        (b'{"text": "\xff"}\n', 1, "not UTF-8"),
        (b"[" * 100_000 + b"\n", 1, "broken JSON"),
    ],
)
def test_a_bad_line_is_named_and_the_others_are_read(tmp_path: Path, content: bytes, line: int, reason: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(content + b'{"text": "fine"}\n')
    outcomes = list(read_jsonl(path))
    assert outcomes[-1] == (content.count(b"\n") + 1, {"text": "fine"})
    (problem,) = [outcome for outcome in outcomes if isinstance(outcome, DataProblem)]
    assert problem.line == line
    assert reason in problem.reason
    assert str(problem).startswith(f"{path}:{line}: ")


def test_a_gzip_file_that_was_cut_off_gives_its_whole_lines_and_a_problem(tmp_path: Path) -> None:
    many = "".join(json.dumps({"text": f"number {n} {hash(n)}", "n": n}) + "\n" for n in range(3000))
    packed = gzip.compress(many.encode())
    (tmp_path / "cut.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    *read, last = read_jsonl(tmp_path / "cut.jsonl.gz")
    assert isinstance(last, DataProblem)
    assert "cannot be read on" in last.reason
    assert [record[0] for record in read if not isinstance(record, DataProblem)] == list(range(1, len(read) + 1))


def _write_seq(folder: Path, tokens: str, tags: str, labels: str) -> Path:
    for name, content in (("seq.in", tokens), ("seq.out", tags), ("label", labels)):
        (folder / name).write_text(content, encoding="utf-8")
    return folder


@given(st.lists(st.integers(0, 4), min_size=1, max_size=10))
def test_tag_files_give_the_spans_that_conlleval_reads(tmp_path_factory: pytest.TempPathFactory, tags: list[int]) -> None:
    scheme = LabelScheme(("a", "b"))
    words = [f"w{n}" for n in range(len(tags))]
    folder = _write_seq(tmp_path_factory.mktemp("seq"), " ".join(words) + "\n", " ".join(scheme.tags[tag] for tag in tags) + "\n", "go\n")
    ((number, record),) = read_seq(folder)
    assert number == 1
    assert record["text"] == " ".join(words)
    starts = {record["text"].index(word): n for n, word in enumerate(words)}
    ends = {record["text"].index(word) + len(word): n + 1 for n, word in enumerate(words)}
    assert [Span(starts[s["start"]], ends[s["end"]], s["label"]) for s in record["spans"]] == scheme.decode(tags)


def test_tag_files_of_different_lengths_are_a_problem(tmp_path: Path) -> None:
    short, uneven = tmp_path / "short", tmp_path / "uneven"
    short.mkdir()
    uneven.mkdir()
    (problem,) = list(read_seq(_write_seq(short, "to Oslo\n", "O\n", "go\n")))
    assert problem == DataProblem(str(short), 1, "2 tokens but 1 tags")
    *_, last = read_seq(_write_seq(uneven, "a\nb\n", "O\n", "go\ngo\n"))
    assert last == DataProblem(str(uneven), 2, "seq.in, seq.out and label differ in their number of lines")
    (missing,) = list(read_seq(tmp_path))
    assert "seq.in and seq.out and label missing" in str(missing)


def test_a_publishers_split_of_restaurants8k_is_read_without_our_validation_texts(tmp_path: Path) -> None:
    label = {"slot": "people", "valueSpan": {"endIndex": 1}}
    context = {"requestedSlots": ["people"]}
    given_ = [{"userInput": {"text": f"{count} of us"}, "context": context, "labels": [label]} for count in range(2, 40)]
    (tmp_path / "train_7.json").write_text(json.dumps(given_))
    read = list(read_restaurants8k(tmp_path / "train_7.json"))
    parts = {made[1]["text"]: made[0] for made in restaurants8k.convert(tmp_path, ["train_7.json"]) if not isinstance(made, Dropped)}
    assert {record["text"] for _, record in read} == {text for text, part in parts.items() if part == "train"}
    assert 0 < len(read) < len(given_)
    assert read[0][1]["requested"] == ["people"]
    assert read[0][1]["spans"] == [{"start": 0, "end": 1, "label": "people"}]


@pytest.mark.parametrize("content", ["{", "[3]", '{"a": 1}', '[{"userInput": {}}]'])
def test_a_file_that_is_no_restaurants8k_is_a_problem_and_no_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "train_7.json").write_text(content)
    (problem,) = read_restaurants8k(tmp_path / "train_7.json")
    assert isinstance(problem, DataProblem)
    assert "not a file of RESTAURANTS-8K" in str(problem)
