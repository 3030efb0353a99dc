"""Data of other tools in a config, or without one: names, word borders, a part held out, tables of phrases."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import ConfigError
from model.gazetteer import Table
from model.labels import Annotation, Intent
from model.text import tokenize
from tests.training.data.formats.making import RASA
from training.config import load_config
from training.data.corpus import Allowed, Corpus, DataError, held_out, load_corpus, load_sources
from training.data.lexicon import Lexicon
from training.data.records import Example, Record
from training.data.unconfigured import settings_for

HEAD = 'name = "own"\nversion = "1"\nheld_out = 0.2\n[[train]]\npath = "nlu.yml"\n'


def configured(folder: Path, more: str = "", content: str = RASA) -> Corpus:
    """What a config with ``more`` in its only source reads."""
    (folder / "nlu.yml").write_text(content)
    (folder / "own.toml").write_text(HEAD + more)
    return load_sources(load_config(folder / "own.toml").train, folder, Allowed())


def names(corpus: Corpus) -> list[tuple[str, str]]:
    """Words and slot of every span."""
    said = [(example.annotation.text, slot) for example in corpus.examples for slot in example.annotation.slots]
    return [(text[slot.start : slot.end], slot.name) for text, slot in said]


def test_a_config_reads_a_rasa_file_with_its_roles_and_says_what_it_makes_no_use_of(tmp_path: Path) -> None:
    train = configured(tmp_path)
    assert len(train.examples) == 3
    assert names(train) == [("NYC", "place.departure"), ("Oslo", "place"), ("the old port", "place")]
    assert train.dropped == {"nlu.yml: regular expressions, of which no use is made": 1}
    assert train.examples[0].source == "nlu.yml/5"


def test_slots_and_intents_are_called_as_the_config_says(tmp_path: Path) -> None:
    renames = '[train.rename_slots]\n"place.departure" = "origin"\nplace = ""\n[train.rename_intents]\nno = "negate"\nbook_trip = ""\n'
    train = configured(tmp_path, renames)
    assert names(train) == [("NYC", "origin")]
    assert [example.annotation.intent for example in train.examples] == [None, None, Intent("negate")]
    gazetteer = train.lexicon.gazetteer(("origin",))
    assert gazetteer is not None
    assert [table.slots for table in gazetteer.tables if table.extracts] == [("origin",)]  # what is a place is called an origin here


@pytest.mark.parametrize(("policy", "found"), [("report", []), ("snap", [("Oslo", "city")]), ("drop", [])])
def test_a_span_within_a_word_is_a_bad_record_or_what_the_config_makes_of_it(
    tmp_path: Path, policy: str, found: list[tuple[str, str]]
) -> None:
    content = "nlu:\n- intent: go\n  examples: |\n    - to [Osl](city)o\n"
    train = configured(tmp_path, f'misaligned = "{policy}"\n', content)
    assert names(train) == found
    assert len(train.examples) == (policy != "report")
    if policy == "report":
        (problem,) = train.problems
        assert str(problem) == "nlu.yml:4: slot 'city' at 3:6 does not fall on word borders: 'Osl', nearest is 'Oslo' at 3:7"
    else:
        assert list(train.dropped.values()) == [1]


def test_a_run_that_wants_no_span_off_borders_stops_at_the_first(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nlu.yml:4: slot 'city'.*nearest is 'Oslo'"):
        configured(tmp_path, 'misaligned = "fail"\n', "nlu:\n- intent: go\n  examples: |\n    - to [Osl](city)o\n")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ('misaligned = "shift"', "misaligned = 'shift' is not allowed: use one of report, snap, drop, fail"),
        ("rename_slots = 3", "use a table"),
        ("[features]\nngram_buckets = 0", "ngram_buckets"),
    ],
)
def test_settings_that_cannot_be_are_refused_by_name(tmp_path: Path, change: str, reason: str) -> None:
    with pytest.raises(ConfigError) as refused:
        configured(tmp_path, change + "\n")
    assert reason in str(refused.value)


def test_a_format_that_the_file_does_not_have_gives_bad_records_and_an_unknown_one_is_fatal(tmp_path: Path) -> None:
    train = configured(tmp_path, 'format = "doccano"\n')
    assert train.examples == []
    assert train.problems
    with pytest.raises(DataError, match="format = 'csv' is not allowed"):
        configured(tmp_path, 'format = "csv"\n')


def example(text: str, intent: str | None) -> Example:
    return Example(Annotation(text, tokenize(text), (), Intent(intent) if intent else None))


@given(drawn=st.lists(st.tuples(st.integers(0, 30).map(str), st.sampled_from(["a", "b", None])), max_size=60), share=st.floats(0.05, 0.5))
def test_a_part_held_out_and_the_rest_are_all_there_is_and_share_no_text(drawn: list[tuple[str, str | None]], share: float) -> None:
    examples = [example(text, intent) for text, intent in drawn]
    train, valid = held_out(examples, share, 1)
    assert (train, valid) == held_out(examples, share, 1)
    assert sorted(map(repr, [*train, *valid])) == sorted(map(repr, examples))
    assert {one.annotation.text for one in train}.isdisjoint(one.annotation.text for one in valid)
    for intent in ("a", "b", None):
        texts = {one.annotation.text for one in examples if one.annotation.intent == (Intent(intent) if intent else None)}
        if len(texts) > 2:
            assert any(one.annotation.text in texts for one in valid)


def test_a_share_is_held_out_where_nothing_else_validates_and_too_little_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(HEAD)
    config = load_config(tmp_path / "own.toml")
    (tmp_path / "nlu.yml").write_text("nlu:\n- intent: a\n  examples: |\n" + "".join(f"    - say {n}\n" for n in range(10)))
    train, valid = load_corpus(config, tmp_path)
    assert (len(train.examples), len(valid.examples)) == (8, 2)
    (tmp_path / "nlu.yml").write_text("nlu:\n- intent: a\n  examples: |\n    - hi\n    - hello\n")
    with pytest.raises(DataError, match="2 examples are too few to hold some of them out"):
        load_corpus(config, tmp_path)


def table(entity: str | None, **values: list[str]) -> Record:
    return {"entity": entity, "entries": [{"value": value.replace("_", " "), "phrases": phrases} for value, phrases in values.items()]}


def lexicon(*records: Record, rename: dict[str, str] | None = None) -> Lexicon:
    found = Lexicon()
    for record in records:
        if "text" in record:
            found.add_spans(record["text"], record["spans"])
        else:
            found.add_table(record, rename or {})
    return found


def span(label: str, **more: Any) -> Record:
    return {"text": "NYC", "spans": [{"start": 0, "end": 3, "label": label, **more}]}


def tables(found: Lexicon, *slots: str) -> list[Table]:
    gazetteer = found.gazetteer(slots)
    return [] if gazetteer is None else list(gazetteer.tables)


def test_a_table_is_about_every_slot_that_examples_call_its_entity() -> None:
    found = lexicon(table("city", Oslo=["Christiania"]), span("from", entity="city"), span("to", entity="city"), span("day"))
    assert tables(found, "day", "from", "to") == [Table(("from", "to"), {"oslo": "Oslo", "christiania": "Oslo"})]
    assert found.own_slots() == set()


def test_a_table_that_no_example_names_is_a_slot_of_its_own_which_a_config_may_rename() -> None:
    assert lexicon(table("ship", Sea_Otter=[])).own_slots() == {"ship"}
    assert lexicon(table("ship", Sea_Otter=[]), rename={"ship": "vessel"}).own_slots() == {"vessel"}
    assert tables(lexicon(table("ship", Sea_Otter=[])), "other") == []  # a config fixed the slots, and this is none of them


def test_the_canonical_form_is_that_of_the_examples_then_of_the_table_then_of_a_synonym() -> None:
    synonyms = table(None, New_York=["NYC", "big apple"])
    found = lexicon(synonyms, table("city", NYC=[], Oslo=["Christiania"]), span("city"))
    assert {phrase: value for one in tables(found, "city") if one.extracts for phrase, value in one.phrases.items()} == {
        "nyc": "New York",
        "oslo": "Oslo",
        "christiania": "Oslo",
    }
    found = lexicon(synonyms, table("city", NYC=[]), span("city", value="the Apple"))
    (first, second, last) = tables(found, "city")
    assert (first, second.phrases) == (Table(("city",), {"nyc": "the Apple"}, extracts=False), {"nyc": "the Apple"})
    assert (last.slots, last.extracts) == ((), False)


def test_without_synonyms_a_phrase_means_itself() -> None:
    found = lexicon({**table("city", Oslo=["Christiania"]), "use_synonyms": False}, span("city"))
    assert tables(found, "city")[0].phrases == {"oslo": "Oslo", "christiania": "Christiania"}


def test_phrases_without_words_are_left_out() -> None:
    found = lexicon({"entity": "city", "entries": [{"value": "\u200b", "phrases": []}]}, span("city"))
    assert tables(found, "city") == []


def test_a_data_file_alone_has_settings_that_make_a_config(tmp_path: Path) -> None:
    (tmp_path / "мой nlu.v2.yml").write_text(RASA)
    settings = settings_for(tmp_path / "мой nlu.v2.yml")
    assert settings["name"] == "nlu"
    assert settings["languages"] == ("en",)
    assert settings["train"] == [{"path": "мой nlu.v2.yml"}]
    (tmp_path / "ru.jsonl").write_text('{"text": "в Осло"}\n{"text": "to Oslo"}\n{"text": "из Омска"}\n')
    assert settings_for(tmp_path / "ru.jsonl")["languages"] == ("ru", "en")
    (tmp_path / "many.jsonl").write_text("".join(json.dumps({"text": f"the number {n} of many"}) + "\n" for n in range(3000)))
    few, many = settings["fit"], settings_for(tmp_path / "many.jsonl")["fit"]
    assert (few["batch_words"], many["batch_words"]) == (24, 200)
    assert few["epochs"] > many["epochs"]
    assert 0 <= few["ema_decay"] < many["ema_decay"] < 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [("nlu: []\n", "no example that can be used; it is empty"), ("nlu:\n- intent: x\n", "no example that can be used; .*has no examples")],
)
def test_a_data_file_without_an_example_says_so(tmp_path: Path, content: str, reason: str) -> None:
    (tmp_path / "x.yml").write_text(content)
    with pytest.raises(DataError, match=reason):
        settings_for(tmp_path / "x.yml")
    with pytest.raises(DataError, match="is not there; name a config"):
        settings_for(tmp_path / "y.yml")
