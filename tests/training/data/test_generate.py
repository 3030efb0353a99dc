import gzip
import itertools
import json
import random
from collections import Counter
from pathlib import Path

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import LabelError
from model.labels import LabelScheme, Slot, spans_of_slots
from model.text import tokenize
from training.data.as_typed import english, russian
from training.data.generate import Situation, expand, generate, read_marked
from training.data.notation import load_rules, parse
from training.data.places import load_places
from training.data.records import Example
from training.data_config import GRAMMARS

SLOTS = tuple(
    word
    for line in (
        "origin destination via departure_date departure_time arrival_date arrival_time return_date return_time date time people",
        "travel_class carrier trip_number stops price bags location hotel_name restaurant_name venue_name event_name movie_name",
        "event_type cuisine check_in_date check_out_date nights rooms star_rating car_type first_name last_name",
        "pickup_location pickup_date pickup_time dropoff_location dropoff_date dropoff_time",
    )
    for word in line.split()
)
BOOKINGS = ("book_flight", "book_train", "book_bus", "book_ride", "rent_car", "book_hotel", "book_restaurant", "book_event", "book_movie")
SPANLESS = ("affirm", "negate", "thanks", "goodbye", "greet", "out_of_scope")
INTENTS = (*BOOKINGS, "cancel_booking", *SPANLESS)
SCHEME = LabelScheme(SLOTS, INTENTS)
LEADING = regex.compile(
    r"(?!in (a|two|\d+) |a week)(the|an?|on|at|in|to|from|by|for|of|before|after|until|till|via|into|under|around) "
    r"|(?!после обеда|с утра|через |без |по щучьему)(в|во|на|с|со|к|ко|до|из|от|по|для|после|около) ",
    regex.IGNORECASE,
)
PLACES = tuple(f"Town{letter}{other}" for letter in "abcdefghijklmnop" for other in "aeiou")
LANGUAGES = pytest.mark.parametrize("language", GRAMMARS)
TOWNS = {"en": PLACES, "ru": tuple(f"Город{letter}{other}ск" for letter in "абвгдежзиклмнопр" for other in "аеиоу")}
CONTRAST = Path(__file__).parents[3] / "training" / "configs" / "booking.pairs.jsonl"


def _spans(example: Example) -> list[tuple[str, str]]:
    return [(slot.name, example.annotation.text[slot.start : slot.end]) for slot in example.annotation.slots]


def _lowered(example: Example) -> str:
    return example.annotation.text.lower()


@LANGUAGES
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), held_out=st.booleans())
def test_every_utterance_keeps_the_rules_of_the_label_set(language: str, seed: int, held_out: bool) -> None:
    for example in generate(seed, 50, held_out=held_out, language=language):
        annotation = example.annotation
        assert annotation.tokens == tokenize(annotation.text)
        spans = spans_of_slots(annotation.slots, annotation.tokens)
        assert SCHEME.decode(SCHEME.encode(spans, len(annotation.tokens))) == spans
        assert list(annotation.slots) == sorted(annotation.slots, key=lambda slot: slot.start)
        assert not [text for _, text in _spans(example) if LEADING.match(text) or text != text.strip() or not text]
        assert annotation.intent is None or annotation.intent.name in INTENTS
        if annotation.intent and annotation.intent.name in SPANLESS:
            assert not annotation.slots
        assert not regex.search(r"[\[\]{}<>|~$]\w|  |_", annotation.text.replace("$", "")), annotation.text


@LANGUAGES
def test_the_same_seed_gives_the_same_utterances_and_another_seed_others(language: str) -> None:
    first = list(generate(3, 100, language=language))
    assert first == list(generate(3, 100, language=language))
    assert first != list(generate(4, 100, language=language))
    assert first[:50] == list(generate(3, 50, language=language))


def test_a_language_without_a_grammar_is_refused_by_name() -> None:
    with pytest.raises(LabelError, match="language 'de' has no grammar; use one of en, ru"):
        next(generate(1, 1, language="de"))


@LANGUAGES
@pytest.mark.parametrize("held_out", [False, True])
def test_every_label_and_intent_is_generated(language: str, held_out: bool) -> None:
    examples = list(generate(1, 6000, held_out=held_out, language=language))
    labels = Counter(name for example in examples for name, _ in _spans(example))
    intents = Counter(example.annotation.intent.name for example in examples if example.annotation.intent)
    assert set(intents) == set(INTENTS)
    assert set(labels) == set(SLOTS) if not held_out else len(labels) >= len(SLOTS) - 4
    if not held_out:
        assert min(labels.values()) >= 20


@LANGUAGES
def test_few_utterances_repeat(language: str) -> None:
    texts = [example.annotation.text for example in generate(5, 5000, language=language) if len(example.annotation.tokens) > 5]
    assert len(set(texts)) > 0.98 * len(texts)


@LANGUAGES
def test_held_out_utterances_share_neither_frame_nor_place_with_the_others(language: str) -> None:
    towns = TOWNS[language]
    shares = [list(generate(7, 2000, places=towns, held_out=held_out, language=language)) for held_out in (False, True)]
    named = [{town for town in towns for example in share if town.lower() in _lowered(example).split()} for share in shares]
    assert all(named)
    assert not named[0] & named[1]
    with_slots = [{regex.sub(r"\d+", "0", _lowered(e)) for e in share if len(e.annotation.slots) > 1} for share in shares]
    assert not with_slots[0] & with_slots[1]


@LANGUAGES
@pytest.mark.parametrize("held_out", [False, True])
def test_every_template_can_be_expanded(language: str, held_out: bool) -> None:
    for name, rule in load_rules(language).items():
        for intent, template in ((intent, template) for intent, templates in rule.by_intent.items() for template in templates):
            node = parse(regex.sub(r"^\d+x ", "", template))
            known = "book_train" if intent == "any" else intent
            situation = Situation(random.Random(1), known, TOWNS[language], held_out, load_rules(language))
            argument = {"moment": "departure", "deadline": "departure", "answer_moment": "departure_"}.get(name, "departure_date")
            _, slots = read_marked(expand(node, argument, situation))
            assert {slot.name for slot in slots} <= set(SLOTS), template


def test_marks_become_slots_at_their_characters() -> None:
    text, slots = read_marked("from [New York](origin) to [Oslo](destination)")
    assert text == "from New York to Oslo"
    assert [(slot.name, text[slot.start : slot.end]) for slot in slots] == [("origin", "New York"), ("destination", "Oslo")]


@pytest.mark.parametrize("marked", ["to [Oslo", "to Oslo](destination)", "to [Oslo] now"])
def test_a_bracket_without_a_label_is_refused(marked: str) -> None:
    with pytest.raises(LabelError, match="mend the template"):
        read_marked(marked)


@pytest.mark.parametrize("template", ["to <a|b", "a>b", "[x](origin) ](origin)", "a|b", "to [x <a|b](origin)", "<a", "[x"])
def test_a_template_whose_brackets_do_not_match_is_refused(template: str) -> None:
    with pytest.raises(LabelError, match="template"):
        parse(template)


@pytest.mark.parametrize(
    ("expanded", "typed"),
    [
        ("a [economy](travel_class) ticket", "an [economy](travel_class) ticket"),
        ("on [the 3rd](date) , please", "on the [3rd](date), please"),
        ("[a quarter to six](time)", "a [quarter to six](time)"),
        ("for [a week](nights)", "for [a week](nights)"),
        ("a one way [ flight ](carrier)", "a one way [flight](carrier)"),
        ("how much is it?, please", "how much is it? please"),
    ],
)
def test_expansions_are_typed_as_people_type_them(expanded: str, typed: str) -> None:
    for seed in range(20):
        assert english(expanded, random.Random(seed)).lower().rstrip(".?") == typed


@pytest.mark.parametrize(
    ("expanded", "typed"),
    [
        ("в [Владимир](destination)", "во [владимир](destination)"),
        ("в [Вену](destination)", "в [вену](destination)"),
        ("в [вторник](date)", "во [вторник](date)"),
        ("к [второму мая](date)", "ко [второму мая](date)"),
        ("с [среды](date)", "со [среды](date)"),
        ("с [Самуи](origin)", "с [самуи](origin)"),
    ],
)
def test_russian_prepositions_are_the_fuller_ones_in_front_of_two_consonants(expanded: str, typed: str) -> None:
    assert {russian(expanded, random.Random(seed)).lower().rstrip(".") for seed in range(20)} == {typed}


def test_places_are_latin_names_of_at_most_three_words_with_known_airports_and_the_largest_first(tmp_path: Path) -> None:
    names = ["Small Town", "Old Big City", "Москва", "The Hague", "One Two Three Four", "Área 51", "Saint-Denis", "Elsewhere"]
    (tmp_path / "world-cities.csv").write_text("name,country\n" + "".join(f"{name},X\n" for name in names), encoding="utf-8")
    with gzip.open(tmp_path / "cities_dr5hn.jsonl.gz", "wt", encoding="utf-8") as stream:
        for name, kind, people in (("Small Town", "city", 5), ("Old Big City", "capital", 9), ("Elsewhere", "county", 7)):
            stream.write(json.dumps({"name": name, "type": kind, "population": people}) + "\n")
    with gzip.open(tmp_path / "airports.jsonl.gz", "wt", encoding="utf-8") as stream:
        for airport in ({"city": "Small Town", "city_ru": "Малгород"}, {"city": "Elsewhere"}, {"city": "Nowhere", "city_ru": "Нигде"}, {}):
            stream.write(json.dumps(airport) + "\n")
    assert load_places(tmp_path) == ("Small Town", "Old Big City", "Elsewhere", "Saint-Denis")


def test_russian_places_are_towns_whose_cases_are_sure_with_the_large_ones_at_home_first(tmp_path: Path) -> None:
    (tmp_path / "city.csv").write_text("city,region,population\nМалые Луки,X,5\nБольшоград,X,9000\n,Москва,99\n", encoding="utf-8")
    tables = {
        "airports": [{"city_ru": "Осло"}, {"city_ru": "Сан Кто Там"}, {"city_ru": "Чулай аэропорт"}, {}],
        "cities_dr5hn": [
            {"ru": "Зимбург", "population": 60_000, "type": "city"},
            {"ru": "Малбург", "population": 600, "type": "city"},
            {"ru": "Округбург", "population": 60_000, "type": "city"},
            {"ru": "Ванель", "population": 60_000, "type": "city"},
            {"ru": "Bạc Liêu", "population": 60_000, "type": "city"},
        ],
    }
    for name, rows in tables.items():
        with gzip.open(tmp_path / f"{name}.jsonl.gz", "wt", encoding="utf-8") as stream:
            stream.write("".join(json.dumps(row) + "\n" for row in rows))
    assert load_places(tmp_path, "ru") == ("Большоград", "Москва", "Малые Луки", "Осло", "Зимбург")
    with pytest.raises(LabelError, match="no place names in 'de'; use one of en, ru"):
        load_places(tmp_path, "de")


def test_contrast_pairs_are_sound_and_their_halves_differ_in_roles() -> None:
    records = [json.loads(line) for line in CONTRAST.read_text(encoding="utf-8").splitlines()]
    assert all({span["label"] for span in record["spans"]} <= set(SLOTS) for record in records)
    assert all(record["intent"] is None or record["intent"] in INTENTS for record in records)
    for record in records:
        slots = [Slot(span["label"], span["start"], span["end"]) for span in record["spans"]]
        assert spans_of_slots(slots, tokenize(record["text"])) or record["intent"] == "out_of_scope"
        assert not [slot for slot in slots if LEADING.match(record["text"][slot.start : slot.end])]
    pairs = [list(pair) for _, pair in itertools.groupby(records, key=lambda record: record["pair"])]
    assert {len(pair) for pair in pairs} == {2}
    marked = [[[r["intent"], *((r["text"][s["start"] : s["end"]], s["label"]) for s in r["spans"])] for r in pair] for pair in pairs]
    assert all(Counter(record["lang"] for record in records)[language] >= 2 * 60 for language in ("en", "ru"))
    assert not [pair for pair, (one, other) in zip(pairs, marked, strict=True) if one == other]
