import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.training.data.formats import making
from training.data.formats.losses import losses
from training.data.formats.table import FORMATS, detect, files_of
from training.data.records import DataError, DataProblem, Dropped, Record, is_patterns, is_table

SUFFIXES = {"jsonl": ".jsonl", "rasa": ".yml", "snips": ".json", "label-studio": ".json", "doccano": ".jsonl", "conll": ".conll", "seq": ""}
MANY = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def written(folder: Path, name: str, records: list[Record]) -> Path:
    target = folder / f"out-{name}{SUFFIXES[name]}"
    for file, content in FORMATS[name].write(records).items():
        path = target / file if file else target
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    return target


def records_of(name: str, path: Path) -> list[Record]:
    found = list(FORMATS[name].read(path))
    assert [one for one in found if not isinstance(one, tuple)] == []
    return [record for _, record in found]


def by_intent(records: list[Record]) -> list[Record]:
    """In the order of a format that groups its utterances: by the first of each intent."""
    order = list(dict.fromkeys(record["intent"] for record in records if "intent" in record))
    return sorted(records, key=lambda record: order.index(record["intent"]) if "intent" in record else len(order))


def test_every_format_has_a_law_and_a_file_of_its_own() -> None:
    assert FORMATS.keys() == making.CARRIED.keys() == SUFFIXES.keys()


@pytest.mark.parametrize("name", FORMATS)
@MANY
@given(drawn=st.data())
def test_what_a_format_can_carry_is_read_as_it_was_written(tmp_path: Path, name: str, drawn: st.DataObject) -> None:
    strategy, others = making.CARRIED[name]
    records = [*drawn.draw(st.lists(strategy, max_size=5)), *others]
    again = records_of(name, written(tmp_path, name, records))
    assert again == (by_intent(records) if name in ("rasa", "snips") else records)
    assert losses(records, again) == Counter()


@pytest.mark.parametrize("name", FORMATS)
@MANY
@given(drawn=st.data())
def test_whatever_does_not_come_back_is_a_loss_that_is_named(tmp_path: Path, name: str, drawn: st.DataObject) -> None:
    everything = making.utterance(beside=("lang", "id", "kind", *making.SPANS))
    records = drawn.draw(st.lists(everything, max_size=4))
    records += drawn.draw(
        st.lists(st.sampled_from([making.NAMED, making.SYNONYM, making.PATTERN, making.STRICT]), max_size=2, unique_by=str)
    )
    again = records_of(name, written(tmp_path, name, records))
    lost = losses(records, again)
    assert not lost or name != "jsonl"
    left = [record for record in again if not is_table(record) and not is_patterns(record)]
    for record in records:  # held against the files once more, by other means: what is said to be whole stands there in every field
        if not lost and "text" in record:
            assert any(kept["text"] == record["text"] and record.items() <= kept.items() for kept in left)
    if not lost.keys() & {"an utterance", "the spacing of a text"}:
        assert Counter(record["text"] for record in records if "text" in record) == Counter(record["text"] for record in left)


@pytest.mark.parametrize(
    ("name", "record", "lost"),
    [
        ("seq", {"text": "to  Oslo", "spans": [], "intent": "go"}, {"the spacing of a text"}),
        ("seq", {"text": "to Oslo", "spans": [], "intent": "go", "lang": "en"}, {"an utterance's lang"}),
        ("conll", {"text": "to\nOslo", "spans": [{"start": 3, "end": 7, "label": "city"}], "intent": "go"}, {"the spacing of a text"}),
        ("conll", {"text": "Oslo", "spans": [{"start": 0, "end": 2, "label": "city"}], "intent": "go"}, {"a span"}),
        ("conll", making.SYNONYM, {"a synonym"}),
        ("rasa", {"text": "to [Oslo](city)", "spans": [], "intent": "go"}, {"an utterance"}),
        ("rasa", {"text": "to Oslo", "spans": [], "intent": None}, {"an utterance"}),
        ("rasa", {"text": " to Oslo", "spans": [], "intent": "go"}, {"an utterance"}),
        ("snips", {"text": "hi", "spans": [], "intent": None}, {"an utterance"}),
        ("snips", making.PATTERN, {"a regular expression"}),
        ("rasa", making.STRICT, {"automatically_extensible of a table"}),
        ("doccano", making.NAMED, {"a phrase of a table"}),
        ("doccano", {"text": "Oslo", "spans": [{"start": 0, "end": 4, "label": "x", "value": "O"}], "intent": "go"}, {"a span's value"}),
    ],
)
def test_what_a_format_has_no_place_for_is_said(tmp_path: Path, name: str, record: Record, lost: set[str]) -> None:
    assert losses([record], records_of(name, written(tmp_path, name, [record]))).keys() == lost


@pytest.mark.parametrize("name", FORMATS)
@MANY
@given(
    content=making.anything.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60) | st.text(max_size=60).map(str.encode)
)
def test_no_file_makes_a_reader_raise(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / f"any{SUFFIXES[name]}"
    if name == "seq":
        path = tmp_path / "seq"
        path.mkdir(exist_ok=True)
        for file in ("seq.in", "seq.out", "label"):
            (path / file).write_bytes(content)
    else:
        path.write_bytes(content)
    for found in FORMATS[name].read(path):
        assert isinstance(found, tuple | DataProblem | Dropped)


def span(text: str, words: str, label: str, **more: str) -> Record:
    return {"start": text.index(words), "end": text.index(words) + len(words), "label": label, **more}


def said(text: str, *marks: tuple[str, ...], intent: str | None = None, **more: Any) -> Record:
    """An utterance; a mark is words, label, and pairs of what the span says besides."""
    spans = [span(text, words, label, **dict(zip(beside[::2], beside[1::2], strict=True))) for words, label, *beside in marks]
    return {"text": text, "spans": spans, "intent": intent, **more}


NYC = ("NYC", "place.departure", "entity", "place", "role", "departure", "value", "New York")
BY_HAND: dict[str, tuple[str, list[Any]]] = {
    "rasa": (
        making.RASA,
        [
            (5, said("from NYC to Oslo", NYC, ("Oslo", "place"), intent="book_trip")),
            (6, said("two beds near the old port", ("the old port", "place", "value", "harbour"), intent="book_trip")),
            (10, said("not at all", intent="no")),
            (14, {"entity": None, "entries": [{"value": "New York", "phrases": ["the big apple"]}]}),
            (17, {"entity": "place", "entries": [{"value": "Ulan Bator", "phrases": []}]}),
            (20, {"regex": "code", "patterns": ["[A-Z]{6}"]}),
        ],
    ),
    "snips": (
        making.SNIPS,
        [
            (
                1,
                said(
                    "to Oslo at noon",
                    ("Oslo", "destination", "entity", "city"),
                    ("noon", "when", "entity", "snips/datetime"),
                    intent="bookTrip",
                    lang="en",
                ),
            ),
            (2, {"entity": "city", "entries": [{"value": "Oslo", "phrases": ["Christiania"]}], "automatically_extensible": False}),
        ],
    ),
    "label-studio": (
        making.LABEL_STUDIO,
        [(1, said("😀 to Oslo", ("Oslo", "city"), intent="book_trip", id=31, lang="en")), Dropped("a task that nobody annotated")],
    ),
    "doccano": (
        making.DOCCANO,
        [
            (1, said("to Oslo", ("Oslo", "city"), id=1)),
            (2, said("to Oslo", ("Oslo", "city"), id=2)),
            (3, said("to Oslo", ("Oslo", "city"), intent="book_trip", id=3)),
            (4, said("hello", intent="greet", id=4)),
        ],
    ),
    "conll": (
        making.CONLL,
        [
            (3, said("to Ulan Bator", ("Ulan Bator", "city"), intent="book_trip")),
            (9, said("Oslo, now", ("Oslo", "city"), ("now", "date"))),
            (14, said("#")),
        ],
    ),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_a_file_as_its_tool_writes_it_is_read_and_told_from_others(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"mine{SUFFIXES[name]}"
    path.write_text(BY_HAND[name][0], encoding="utf-8")
    assert detect(path) == name
    assert list(FORMATS[name].read(path)) == BY_HAND[name][1]


@pytest.mark.parametrize("name", FORMATS)
def test_what_was_written_is_told_by_its_name_and_its_beginning(tmp_path: Path, name: str) -> None:
    record = {"text": "to Oslo", "spans": [{"start": 3, "end": 7, "label": "city"}], "intent": "go"}
    assert detect(written(tmp_path, name, [record])) == name


@pytest.mark.parametrize("content", ["{", "[1]", '{"rasa_nlu_data": {"common_examples": 7}}', "3"])
def test_a_file_that_could_be_anything_is_not_guessed(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(DataError, match="name it: one of jsonl, rasa"):
        detect(tmp_path / "x.json")


@pytest.mark.parametrize(
    ("name", "content", "line", "reason"),
    [
        ("rasa", "nlu:\n- intent: a\n  examples: |\n    - x\n    y\n", 5, "does not begin with a dash"),
        ("rasa", "nlu:\n- intent: a\n", 2, "intent 'a' has no examples"),
        ("rasa", "nlu:\n- examples: |\n    - x\n", 2, "needs a name under one of intent, synonym, lookup, regex"),
        ("rasa", 'nlu:\n- intent: a\n  examples: |\n    - to [x]{"role": "b"}\n', 4, "no entity"),
        ("rasa", "nlu: [\n", 2, "broken YAML"),
        ("snips", '{"language": "en",\n "intents": 7}', 1, "no object with intents"),
        ("snips", '{"intents": {"a": {"utterances": [{"data": [{"text": "x"}]}, {"data": [{"no": 1}]}]}}}', 2, "pieces with a text"),
        ("label-studio", '{"data": 1}', 1, "no list of tasks"),
        ("label-studio", '[{"id": 9, "data": {"a": "x", "b": "y"}, "annotations": [{"result": []}]}]', 1, "task 9: its data have no text"),
        (
            "label-studio",
            '[{"id": 9, "data": {"text": "to Oslo"}, "annotations": [{"result": [{"type": "labels", "value": '
            '{"start": 0, "end": 2, "text": "xy", "labels": ["a"]}}]}]}]',
            1,
            "the region 0:2 says 'xy', but there the text is 'to'",
        ),
        ("doccano", '{"text": "x", "label": ["a", "b"]}', 1, "2 categories, a, b; an utterance has one intent"),
        ("doccano", '{"text": "x", "label": [[0]]}', 1, "not enough values"),
        ("conll", "to O\nOslo\n\nx O\n", 2, "'Oslo' is no token with a tag"),
        ("conll", "# text: to Bergen\nto\tO\nOslo\tO\n", 1, "do not stand in its text"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(tmp_path: Path, name: str, content: str, line: int, reason: str) -> None:
    path = tmp_path / f"bad{SUFFIXES[name]}"
    path.write_text(content)
    (problem,) = [found for found in FORMATS[name].read(path) if isinstance(found, DataProblem)]
    assert (problem.file, problem.line) == (str(path), line)
    assert reason in problem.reason


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        ("O B-a I-a", [(1, 3)]),
        ("O I-a I-a", [(1, 3)]),
        ("B-a B-a I-b", [(0, 1), (1, 2), (2, 3)]),
        ("S-a B-a E-a", [(0, 1), (1, 3)]),
        ("U-a B-a L-a", [(0, 1), (1, 3)]),
        ("E-a I-a O", [(0, 1), (1, 2)]),
    ],
)
def test_every_scheme_of_tags_is_read(tmp_path: Path, tags: str, spans: list[tuple[int, int]]) -> None:
    (tmp_path / "x.conll").write_text("".join(f"{word}\t{tag}\n" for word, tag in zip("xyz", tags.split(), strict=True)))
    (record,) = records_of("conll", tmp_path / "x.conll")
    assert [(span["start"] // 2, span["end"] // 2 + 1) for span in record["spans"]] == spans


def test_the_old_form_of_snips_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"book": [{"data": [{"text": "to "}, {"text": "Oslo", "entity": "city"}]}]}')
    assert records_of(detect(tmp_path / "x.json"), tmp_path / "x.json") == [
        {"text": "to Oslo", "spans": [span("to Oslo", "Oslo", "city")], "intent": "book"}
    ]


def test_of_a_folder_of_a_rasa_project_only_the_training_data_are_read(tmp_path: Path) -> None:
    (tmp_path / "nlu").mkdir()
    (tmp_path / "nlu" / "b.yml").write_text(making.RASA)
    (tmp_path / "a.yaml").write_text("nlu: []\n")
    (tmp_path / "stories.yml").write_text("stories:\n- story: x\n")
    assert files_of(tmp_path) == [tmp_path / "a.yaml", tmp_path / "nlu" / "b.yml"]
    (tmp_path / "nlu" / "b.yml").unlink()
    (tmp_path / "a.yaml").unlink()
    with pytest.raises(DataError, match="nor a YAML file with nlu: in it"):
        files_of(tmp_path)
