import dataclasses
import json
from pathlib import Path

import pytest

from model.artifact import read_artifact
from model.gazetteer import Gazetteer, Table
from model.labels import Annotation, Slot
from model.tagger import Tagger
from model.text import tokenize
from tests.tiny import tiny_artifact
from tests.training.data.formats.making import RASA
from training.__main__ import main
from training.data.records import Example
from training.lookup import measured

# Phrases of many words, so that they reach farther than whatever random weights find in them.
RIGHT, WRONG = "the old harbour of Tuzla", "as soon as you can"
TABLES = Gazetteer(
    (Table(("origin", "destination"), {RIGHT: RIGHT}), Table(("arrival_date",), {WRONG: WRONG}), Table((), {"x": "y"}, extracts=False))
)


def gold(text: str, words: str = "", name: str = "origin") -> Example:
    slots = (Slot(name, text.index(words), text.index(words) + len(words)),) if words else ()
    return Example(Annotation(text, tokenize(text), slots))


def finds(artifact_with: Gazetteer, text: str) -> bool:
    """Whether random weights leave the phrase that makes up the text to the tables."""
    tagger = Tagger(dataclasses.replace(tiny_artifact(), gazetteer=artifact_with))
    return any(origin.source == "gazetteer" for origin in tagger.annotate(text).origins or ())


@pytest.mark.parametrize(("times", "right", "wrong"), [(0, 0.75, 0.75), (1, 0.8, 0.6), (4, 7 / 8, 3 / 8), (16, 19 / 20, 3 / 20)])
def test_a_confidence_is_the_share_of_right_finds_beginning_with_three_of_four(times: int, right: float, wrong: float) -> None:
    assert finds(TABLES, RIGHT)
    assert finds(TABLES, WRONG)
    found = measured(TABLES, tiny_artifact(), [gold(RIGHT, RIGHT), gold(WRONG)] * times)
    assert [table.confidence for table in found.tables] == [pytest.approx(right, abs=1e-6), pytest.approx(wrong, abs=1e-6), 0.75]
    assert [table.phrases for table in found.tables] == [table.phrases for table in TABLES.tables]


def test_another_slot_of_the_table_is_right_and_other_borders_are_not() -> None:
    (same, _, _) = measured(TABLES, tiny_artifact(), [gold(RIGHT, RIGHT, "destination")]).tables
    (less, _, _) = measured(TABLES, tiny_artifact(), [gold(RIGHT, "Tuzla")]).tables
    assert (same.confidence, less.confidence) == (0.8, 0.6)


def test_where_a_label_is_not_annotated_nothing_is_counted() -> None:
    blind = [dataclasses.replace(gold(WRONG), annotated=frozenset({"origin"}))] * 9
    assert measured(TABLES, tiny_artifact(), blind).tables[1].confidence == 0.75


SMALL = ("network.hidden=8", "network.word_dim=8", "network.ngram_dim=8", "features.ngram_buckets=64", "fit.epochs=2")


def train(path: Path, out: Path, *more: str) -> Path:
    settings = [flag for setting in (*SMALL, *more) for flag in ("--set", setting)]
    assert main(["train", str(path), "--out", str(out), "--quiet", *settings]) == 0
    return out


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own")
    more = "".join(f"    - trip number {n} to [Oslo](place)\n" for n in range(4))
    (folder / "nlu.yml").write_text(RASA.replace("  examples: |\n", f"  examples: |\n{more}", 1), encoding="utf-8")
    return folder


def test_a_data_file_alone_is_trained_with_one_command_and_its_tables_are_in_the_artefact(own: Path) -> None:
    artifact = read_artifact(train(own / "nlu.yml", own / "run"))
    assert artifact.config.name == "nlu"
    assert artifact.labels.slots == ("place", "place.departure")
    assert artifact.labels.intents == ("book_trip", "no")
    assert artifact.gazetteer is not None
    assert [table.phrases for table in artifact.gazetteer.tables if table.extracts] == [{"ulan bator": "Ulan Bator"}]
    assert "| place, place.departure | 1 | 0.75 |" in artifact.card
    meant = {phrase: value for table in artifact.gazetteer.tables if not table.extracts for phrase, value in table.phrases.items()}
    assert meant == {"nyc": "New York", "the old port": "harbour", "the big apple": "New York", "new york": "New York"}
    Tagger.load(own / "run").replay()
    bare = read_artifact(train(own / "nlu.yml", own / "bare", "gazetteer=false"))
    assert bare.gazetteer is None
    assert "Gazetteer" not in bare.card


def test_a_table_without_examples_is_a_slot_that_only_the_table_fills(own: Path) -> None:
    talk = {"greet": ("hi", "hello", "good day"), "yes": ("yes", "sure", "of course"), "no": ("no", "not today", "never")}
    lines = [json.dumps({"text": text, "intent": intent}) for intent, texts in talk.items() for text in texts]
    (own / "ships.jsonl").write_text("\n".join(lines) + "\n")
    with (own / "ships.jsonl").open("a") as stream:
        stream.write('{"entity": "ship", "entries": [{"value": "Sea Otter", "phrases": ["the otter"]}]}\n')
    tagger = Tagger.load(train(own / "ships.jsonl", own / "ships"))
    assert tagger.labels.slots == ("ship",)
    (slot,), (origin,) = tagger.annotate("I sail with The OTTER")[2], tagger.annotate("I sail with The OTTER").origins or ()
    assert (slot.name, slot.start, slot.end, origin) == ("ship", 12, 21, ("gazetteer", "Sea Otter"))


def test_the_same_data_give_the_same_artefact_byte_by_byte(own: Path) -> None:
    first, second = (train(own / "ships.jsonl", own / name) for name in ("one", "two"))
    assert (first / "manifest.json").read_bytes() == (second / "manifest.json").read_bytes()


def test_a_data_file_is_trained_on_itself(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(own / "ships.jsonl"), "--data", str(own)]) == 1
    assert "leave out --data" in capsys.readouterr().err


def test_scores_of_a_file_of_another_format_are_counted_alike(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", str(own / "ships.jsonl"), str(own / "ships.conll"), "--to", "conll"]) == 0
    tables = []
    for name in ("ships.jsonl", "ships.conll"):
        capsys.readouterr()
        assert main(["evaluate", str(own / "ships"), str(own / name)]) == 0
        tables.append(capsys.readouterr().out)
    assert tables[0] == tables[1]
    assert "9" in tables[0]
