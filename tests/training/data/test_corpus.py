import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data.corpus import Allowed, Corpus, DataError, load_sources
from training.data_config import SourceConfig

SPANS = [{"start": 5, "end": 13, "label": "origin"}, {"start": 17, "end": 21, "label": "destination"}]
GOOD = {"text": "from New York to Oslo", "spans": SPANS}
ANY = Allowed()


def _load(tmp_path: Path, *records: object, allowed: Allowed = ANY, strict: bool = False, sample: float = 1.0) -> Corpus:
    (tmp_path / "set.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return load_sources([SourceConfig("set.jsonl", sample=sample)], tmp_path, allowed, strict=strict)


def test_a_good_record_becomes_an_example_with_its_source(tmp_path: Path) -> None:
    (example,) = _load(tmp_path, {**GOOD, "intent": "go"}).examples
    assert [(s.name, example.annotation.text[s.start : s.end]) for s in example.annotation.slots] == [
        ("origin", "New York"),
        ("destination", "Oslo"),
    ]
    assert example.annotation.intent is not None
    assert example.annotation.intent.name == "go"
    assert example.source == "set.jsonl/1"
    assert example.annotated is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"text": 5}, "text = 5 is no utterance"),
        ({"text": " "}, "text = ' ' is no utterance"),
        ({"spans": {}}, "spans is no list of objects"),
        ({"spans": [{"start": 5, "end": 13}]}, "needs whole numbers start and end and a string label"),
        ({"spans": [{"start": True, "end": 13, "label": "origin"}]}, "needs whole numbers"),
        ({"spans": [{"start": 17, "end": 22, "label": "origin"}]}, "span 17:22 (origin) does not lie within the 21 characters"),
        ({"spans": [{"start": 5, "end": 11, "label": "origin"}]}, "slot 'origin' at 5:11 does not fall on word borders"),
        ({"spans": [*SPANS, {"start": 9, "end": 13, "label": "via"}]}, "span 9:13 (via) overlaps 5:13 (origin)"),
        ({"intent": 7}, "intent = 7 is no string"),
        ({"intent": "fly"}, "label 'fly' is not one of the 1 of the model"),
        ({"spans": [{"start": 5, "end": 13, "label": "moon"}]}, "label 'moon' is not one of the 3 of the model"),
    ],
)
def test_a_bad_record_is_named_by_line_and_reason_and_fatal_only_when_strict(
    tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    allowed = Allowed(frozenset({"origin", "destination", "via"}), frozenset({"go"}))
    corpus = _load(tmp_path, GOOD, {**GOOD, **change}, GOOD, allowed=allowed)
    assert len(corpus.examples) == 2
    (problem,) = corpus.problems
    assert (problem.file, problem.line) == ("set.jsonl", 2)
    assert reason in problem.reason
    with pytest.raises(DataError, match=r"set\.jsonl:2: "):
        _load(tmp_path, GOOD, {**GOOD, **change}, GOOD, allowed=allowed, strict=True)


def test_of_announced_overlaps_the_inner_span_is_dropped_and_counted(tmp_path: Path) -> None:
    spans = [*SPANS, {"start": 9, "end": 13, "label": "via"}]
    corpus = _load(tmp_path, {**GOOD, "spans": spans, "overlap": True})
    assert [slot.name for slot in corpus.examples[0].annotation.slots] == ["origin", "destination"]
    assert corpus.dropped == {"set.jsonl: a span inside another one": 1}


@given(st.floats(0.1, 0.9))
def test_a_sample_is_the_same_every_time_and_about_as_large_as_asked(tmp_path_factory: pytest.TempPathFactory, share: float) -> None:
    folder = tmp_path_factory.mktemp("sample")
    records = [{"text": f"number {n}"} for n in range(400)]
    first, second = (_load(folder, *records, sample=share).examples for _ in range(2))
    assert first == second
    assert len(first) / 400 == pytest.approx(share, abs=0.12)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_so_many_records_as_asked_for_are_read_with_their_dialogue(tmp_path: Path, share: float) -> None:
    records = [
        {"text": f"{n}", "spans": [{"start": 0, "end": len(f"{n}"), "label": "people"}], "requested": ["people"]} for n in range(200)
    ]
    (tmp_path / "set.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    source = SourceConfig("set.jsonl", convert="restaurants8k", dialogue=share)
    asked = [example.asked for example in load_sources([source], tmp_path, ANY).examples]
    assert set(asked) <= {(), ("people",)}
    assert asked.count(("people",)) / 200 == pytest.approx(share, abs=0.12)


@pytest.mark.parametrize(("copies", "kept"), [(0, 6), (1, 2), (2, 4), (9, 6)])
def test_of_equal_records_only_so_many_copies_are_kept_and_the_others_are_counted(tmp_path: Path, copies: int, kept: int) -> None:
    records = [{"text": text, "intent": intent} for text in ("yes", "Yes", "YES") for intent in ("affirm", "greet")]
    (tmp_path / "set.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    corpus = load_sources([SourceConfig("set.jsonl", copies=copies)], tmp_path, ANY)
    assert len(corpus.examples) == kept
    assert corpus.dropped["set.jsonl: a further copy"] == 6 - kept


def test_examples_are_grouped_by_the_set_they_come_from(tmp_path: Path) -> None:
    sources = []
    for path, count in (("b/train.jsonl", 2), ("a/x/train.jsonl", 1), ("b/valid.jsonl", 3), ("alone.jsonl", 1)):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text('{"text": "hi", "source": "elsewhere/7"}\n' * count)
        sources.append(SourceConfig(path))
    corpus = load_sources(sources, tmp_path, ANY)
    assert {source: len(examples) for source, examples in corpus.by_source().items()} == {"a": 1, "alone.jsonl": 1, "b": 5}
    assert corpus.examples[1].source == "b/train.jsonl/2"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (SourceConfig("none.jsonl"), "none.jsonl is not there"),
        (SourceConfig("set.jsonl", format="csv"), "format = 'csv' is not allowed: use one of jsonl, rasa"),
        (SourceConfig("set.jsonl", convert="x"), "convert = 'x' is not allowed: use one of none"),
    ],
)
def test_a_source_that_cannot_be_read_is_fatal(tmp_path: Path, source: SourceConfig, reason: str) -> None:
    (tmp_path / "set.jsonl").write_text("")
    with pytest.raises(DataError, match=reason):
        load_sources([source], tmp_path, Allowed())
