import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.artifact import FORMAT, GAZETTEER, read_artifact, write_artifact
from model.directory import write_directory
from model.errors import ArtifactChanged, ArtifactMissing, ArtifactVersion, ConfigError
from model.gazetteer import DOUBTED, Gazetteer, Lookup, Table, folded
from model.labels import BY_GAZETTEER, BY_NETWORK, Annotation, LabelScheme, Origin, Slot, WordLabels, spans_of_slots
from model.tagger import Tagger
from model.text import Token, tokenize
from tests.tiny import SAMPLES, tiny_artifact

SCHEME = LabelScheme(("origin", "destination", "airline"), ("go",))
PLACES = Table(
    ("origin", "destination"), {"Oslo": "Oslo", "Ulan Bator": "Ulan Bator", "UB": "Ulan Bator", "New York": "NYC"}, confidence=0.8
)
AIRLINES = Table(("airline",), {"Oslo Air": "Oslo Air", "7-up": "7up"}, confidence=0.6)
MEANT = Table(("destination",), {"the capital": "Oslo"}, extracts=False)
ANYWHERE = Table((), {"big apple": "NYC"}, extracts=False)
GAZETTEER_OF_ALL = Gazetteer((MEANT, PLACES, AIRLINES, ANYWHERE))
LOOKUP = Lookup(GAZETTEER_OF_ALL, SCHEME)
KNOWN = {folded(tokenize(phrase)): table for table in (PLACES, AIRLINES) for phrase in table.phrases}


def said(text: str, *slots: tuple[str, str, float], leaning: str = "origin") -> Annotation:
    """What a network says: (words, name, confidence) of each slot, and that every word is rather ``leaning`` than another slot."""
    tokens = tokenize(text)
    found = [Slot(name, text.index(words), text.index(words) + len(words), confidence) for words, name, confidence in slots]
    labels_TL = np.full((len(tokens), len(SCHEME.labels)), 0.01, dtype=np.float32)
    labels_TL[:, SCHEME.labels.index(leaning)] = 0.03
    words = WordLabels(chosen(tokens, found), [["O"]] * len(tokens), [[1.0]] * len(tokens))
    return Annotation(text, tokens, tuple(found), None, labels_TL, None, words)


def chosen(tokens: Sequence[Token], slots: Sequence[Slot]) -> list[str]:
    """The slot over each word."""
    return [next((slot.name for slot in slots if slot.start <= token.start < slot.end), "O") for token in tokens]


def filled(annotation: Annotation) -> list[tuple[str, str, str, str | None]]:
    """Words, name, source and meaning of each slot."""
    origins = annotation.origins
    assert origins is not None
    text = annotation.text
    return [(text[s.start : s.end], s.name, origin.source, origin.value) for s, origin in zip(annotation.slots, origins, strict=True)]


WORDS = st.sampled_from(
    ["to", "Oslo", "OSLO", "Air", "Ulan", "Bator", "ub", "New", "York", "7", "-", "up", "the", "capital", "big", "apple", "."]
)


@st.composite
def annotations(draw: st.DrawFn) -> Annotation:
    """Any text with any slots of a network, on word borders and apart."""
    text = " ".join(draw(st.lists(WORDS, min_size=1, max_size=12)))
    tokens = tokenize(text)
    borders = sorted(draw(st.sets(st.integers(0, len(tokens)), max_size=6)))
    slots = [
        Slot(draw(st.sampled_from(SCHEME.slots)), tokens[start].start, tokens[end - 1].end, draw(st.sampled_from([0.2, 0.49, 0.5, 0.99])))
        for start, end in zip(borders[::2], borders[1::2], strict=False)
    ]
    network = said(text)
    assert network.words is not None
    return network._replace(slots=tuple(slots), words=network.words._replace(chosen=chosen(tokens, slots)))


@given(annotations())
def test_slots_stay_in_order_apart_and_on_word_borders_and_every_phrase_is_one_of_the_tables(network: Annotation) -> None:
    found = LOOKUP.complete(network)
    assert found.origins is not None
    assert found.words is not None
    assert all(one.end <= other.start for one, other in zip(found.slots, found.slots[1:], strict=False))
    for span in spans_of_slots(found.slots, found.tokens):
        assert set(found.words.chosen[span.start : span.end]) == {span.label}
    assert found.words.chosen.count("O") == len(found.tokens) - sum(s.end - s.start for s in spans_of_slots(found.slots, found.tokens))
    for slot, origin in zip(found.slots, found.origins, strict=True):
        if origin.source == BY_GAZETTEER:
            assert slot.name in KNOWN[folded(tokenize(found.text[slot.start : slot.end]))].slots
        else:
            assert slot in network.slots


@given(annotations())
def test_what_the_network_is_sure_of_stays_unless_a_phrase_of_its_name_reaches_farther(network: Annotation) -> None:
    found = LOOKUP.complete(network)
    for slot in network.slots:
        if slot not in found.slots:
            (cover,) = [other for other in found.slots if other.start <= slot.start and slot.end <= other.end]
            table = KNOWN[folded(tokenize(found.text[cover.start : cover.end]))]
            assert slot.confidence < DOUBTED or (slot.name in table.slots and (cover.start, cover.end) != (slot.start, slot.end))


@given(annotations())
def test_no_phrase_of_words_that_the_network_left_is_overlooked_and_the_longest_is_taken(network: Annotation) -> None:
    found = LOOKUP.complete(network)
    taken = spans_of_slots(found.slots, found.tokens)
    free = [not any(span.start <= place < span.end for span in taken) for place in range(len(found.tokens))]
    words = folded(found.tokens)
    for start in range(len(words)):
        for end in range(start + 1, len(words) + 1):
            assert not (words[start:end] in KNOWN and all(free[start:end]))
            if words[start:end] in KNOWN and all(free[span.end - 1] for span in taken if span.start == start and span.end < end):
                assert not any(span.start == start and span.end < end for span in taken)


@given(annotations())
def test_looking_up_again_finds_nothing_more(network: Annotation) -> None:
    once = LOOKUP.complete(network)
    assert LOOKUP.complete(once).slots == once.slots


@given(annotations())
def test_a_looked_up_slot_and_its_alternatives_share_one_probability(network: Annotation) -> None:
    found = LOOKUP.complete(network)
    for slot, origin in zip(found.slots, found.origins or (), strict=True):
        if origin.source == BY_GAZETTEER:
            table = KNOWN[folded(tokenize(found.text[slot.start : slot.end]))]
            shares = dict([(slot.name, slot.confidence), *slot.alternatives])
            assert shares.keys() == {"O", *table.slots}
            assert sum(shares.values()) == pytest.approx(1, abs=1e-5)
            assert shares["O"] == pytest.approx(1 - table.confidence, abs=1e-6)
            assert [p for _, p in slot.alternatives] == sorted((p for _, p in slot.alternatives), reverse=True)


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (said("to ulan bator"), [("ulan bator", "origin", BY_GAZETTEER, "Ulan Bator")]),
        (said("to ulan bator", leaning="destination"), [("ulan bator", "destination", BY_GAZETTEER, "Ulan Bator")]),
        (said("OSLO AIR flies"), [("OSLO AIR", "airline", BY_GAZETTEER, "Oslo Air")]),
        (said("Osloer"), []),
        (said("7 - up"), [("7 - up", "airline", BY_GAZETTEER, "7up")]),
        (said("to Oslo", ("Oslo", "destination", 0.9)), [("Oslo", "destination", BY_NETWORK, "Oslo")]),
        (said("to Oslo", ("Oslo", "destination", 0.3)), [("Oslo", "destination", BY_NETWORK, "Oslo")]),
        (said("to Oslo", ("Oslo", "airline", 0.9)), [("Oslo", "airline", BY_NETWORK, None)]),
        (said("to Oslo", ("Oslo", "airline", 0.3)), [("Oslo", "origin", BY_GAZETTEER, "Oslo")]),
        (said("to Ulan Bator", ("Ulan", "destination", 0.9)), [("Ulan Bator", "origin", BY_GAZETTEER, "Ulan Bator")]),
        (said("to Ulan Bator", ("Ulan", "airline", 0.9)), [("Ulan", "airline", BY_NETWORK, None)]),
        (said("to Ulan Bator now", ("to Ulan", "origin", 0.1)), [("to Ulan", "origin", BY_NETWORK, None)]),
        (said("the capital", ("the capital", "destination", 0.9)), [("the capital", "destination", BY_NETWORK, "Oslo")]),
        (said("the capital", ("the capital", "origin", 0.9)), [("the capital", "origin", BY_NETWORK, None)]),
        (said("the capital of the big apple"), []),
        (said("Big Apple", ("Big Apple", "airline", 0.9)), [("Big Apple", "airline", BY_NETWORK, "NYC")]),
    ],
)
def test_the_network_and_the_tables_decide_together(network: Annotation, expected: list[tuple[str, str, str, str | None]]) -> None:
    assert filled(LOOKUP.complete(network)) == expected


TINY = Gazetteer((Table(("destination", "origin"), {"Bergen": "Bergen", "Tuzla": "Tuzla, BA", "please": "please"}, confidence=0.7),))


TEXTS = (*SAMPLES, "Bergen", "to Bergen please from Tuzla", "Tuzla", "on the fly, please, Bergen", "I want to fly " * 9 + "Tuzla please")


@pytest.fixture(scope="module")
def knowing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("knowing") / "tiny"
    write_artifact(tiny_artifact(gazetteer=TINY), path)
    return path


def test_an_artefact_with_a_gazetteer_is_read_as_it_was_written_and_looks_things_up(knowing: Path) -> None:
    assert read_artifact(knowing).gazetteer == TINY
    tagger = Tagger.load(knowing)
    tagger.replay()
    sources = {origin.source for text in TEXTS for origin in tagger.annotate(text).origins or ()}
    assert sources == {BY_NETWORK, BY_GAZETTEER}


def test_a_batch_looks_up_what_each_of_its_texts_does_alone(knowing: Path) -> None:
    tagger = Tagger.load(knowing)
    together = tagger.annotate_batch([tagger.prepare(text) for text in TEXTS])
    for text, one in zip(TEXTS, together, strict=True):
        alone = tagger.annotate(text)
        assert filled(one) == filled(alone)
        for slot, other in zip(one.slots, alone.slots, strict=True):
            assert slot.confidence == pytest.approx(other.confidence, abs=2e-6)


def test_without_a_gazetteer_nobody_is_asked_and_nothing_is_said_of_it(tagger: Tagger, artifact_dir: Path) -> None:
    assert not (artifact_dir / GAZETTEER).exists()
    assert tagger.annotate("from Tuzla").origins is None


def test_the_tables_are_vouched_for_like_every_file(knowing: Path, tmp_path: Path) -> None:
    path = tmp_path / "tiny"
    write_artifact(read_artifact(knowing), path)
    (path / GAZETTEER).write_text((path / GAZETTEER).read_text().replace("Bergen", "Berlin"))
    with pytest.raises(ArtifactChanged, match=GAZETTEER):
        Tagger.load(path)
    (path / GAZETTEER).unlink()
    with pytest.raises(ArtifactMissing, match=GAZETTEER):
        Tagger.load(path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"slots": ["moon"]}, "slots = 'moon' is not allowed: use slots of the model: origin"),
        ({"slots": []}, "at least one, for a table that extracts"),
        ({"confidence": 1.0}, "confidence = 1.0 is not allowed"),
        ({"phrases": {" ": "x"}}, "phrases of at least one word"),
        ({"phrases": ["x"]}, "use a table"),
        ({"more": 1}, "more is not a setting"),
    ],
)
def test_tables_that_cannot_be_are_refused_by_name(knowing: Path, tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    given = TINY.to_dict()
    given["tables"][0].update(change)
    with pytest.raises(ConfigError) as refused:
        Gazetteer.from_dict(given, tiny_artifact().labels)
    assert reason in str(refused.value)
    contents = {file.name: file.read_bytes() for file in knowing.iterdir() if file.name != "manifest.json"}
    contents[GAZETTEER] = json.dumps(given).encode()
    write_directory(tmp_path / "tiny", contents, FORMAT, "tiny", "1.0.0")
    with pytest.raises(ArtifactVersion) as broken:
        read_artifact(tmp_path / "tiny")
    assert reason.split(" is not")[0] in str(broken.value)


def test_the_same_tables_are_the_same_bytes(tmp_path: Path) -> None:
    first, second = (write_artifact(tiny_artifact(gazetteer=TINY), tmp_path / name) for name in "ab")
    bare = write_artifact(dataclasses.replace(tiny_artifact()), tmp_path / "c")
    assert first == second != bare


def test_of_two_tables_with_one_phrase_the_first_counts() -> None:
    first, second = Table(("airline",), {"Oslo": "an airline"}), Table(("origin",), {"oslo": "a city"})
    assert filled(Lookup(Gazetteer((first, second)), SCHEME).complete(said("Oslo"))) == [("Oslo", "airline", BY_GAZETTEER, "an airline")]
    assert Origin(BY_GAZETTEER, "an airline") == (BY_GAZETTEER, "an airline")
