"""Russian names in their cases, the Russian grammar, and what becomes of Russian sets; all sentences are our own."""

import re
from collections import Counter
from pathlib import Path

import pytest

from model.labels import spans_of_slots
from model.text import tokenize
from tests.training.data.marking import marked, shown
from training.config import load_config
from training.data.booking import CONVERTERS
from training.data.booking_ru import small_talk
from training.data.booking_spans import SLOTS
from training.data.generate import generate
from training.data.records import Dropped, Example, Record
from training.data.russian import CASES, inflect

BOOKING = load_config(Path("training/configs/booking.toml"))
PLACES = ("Тайбэй", "Нижний Новгород", "Сочи", "Ростов-на-Дону", "Казань", "Москва", "Токио", "Псков", "Вологда", "Прага", "Рим", "Лима")


def examples(seed: int, count: int, *, held_out: bool = False) -> list[Example]:
    return list(generate(seed, count, language="ru", places=PLACES, held_out=held_out))


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        ("Тайбэй", ("Тайбэя", "Тайбэю", "Тайбэй", "Тайбэем", "Тайбэе")),
        ("Новосибирск", ("Новосибирска", "Новосибирску", "Новосибирск", "Новосибирском", "Новосибирске")),
        ("Москва", ("Москвы", "Москве", "Москву", "Москвой", "Москве")),
        ("Казань", ("Казани", "Казани", "Казань", "Казанью", "Казани")),
        ("Нижний Новгород", ("Нижнего Новгорода", "Нижнему Новгороду", "Нижний Новгород", "Нижним Новгородом", "Нижнем Новгороде")),
        ("Ростов-на-Дону", ("Ростова-на-Дону", "Ростову-на-Дону", "Ростов-на-Дону", "Ростовом-на-Дону", "Ростове-на-Дону")),
        ("Сочи", ("Сочи",) * 5),
        ("Манила", ("Манилы", "Маниле", "Манилу", "Манилой", "Маниле")),
        ("Торжок", ("Торжка", "Торжку", "Торжок", "Торжком", "Торжке")),
    ],
)
def test_a_city_has_its_cases(name: str, forms: tuple[str, ...]) -> None:
    assert tuple(inflect(name, case) for case in CASES) == forms


@pytest.mark.parametrize("name", ["Бёрдок", "Ренель", "Минеральные Воды и Ко"])
def test_a_name_whose_cases_are_in_doubt_has_none(name: str) -> None:
    assert inflect(name, "gent") is None


def test_every_label_and_intent_is_generated_and_every_span_lies_on_words() -> None:
    slots: Counter[str] = Counter()
    intents: Counter[str | None] = Counter()
    for example in examples(1, 12_000):
        annotation = example.annotation
        spans_of_slots(annotation.slots, annotation.tokens)
        slots.update(slot.name for slot in annotation.slots)
        intents[annotation.intent.name if annotation.intent else None] += 1
        assert not re.search(r"[\[\]{}<>|~$]", annotation.text), annotation.text
        assert "  " not in annotation.text
        if annotation.intent and annotation.intent.name == "out_of_scope":
            assert annotation.slots == ()
    assert set(slots) == set(SLOTS)
    assert set(intents) == {None, *BOOKING.intents}


def test_the_same_seed_gives_the_same_sentences_and_held_out_places_are_never_trained_on() -> None:
    assert examples(3, 50) == examples(3, 50)
    assert examples(3, 50) != examples(4, 50)
    named = {place for place in PLACES if any(inflect(place, "gent") in e.annotation.text for e in examples(1, 2000))}
    held = {place for place in PLACES if any(inflect(place, "gent") in e.annotation.text for e in examples(1, 2000, held_out=True))}
    assert named
    assert held
    assert not named & held


def test_prepositions_get_their_vowel() -> None:
    texts = " ".join(example.annotation.text for example in examples(5, 4000)).lower()
    assert "во вторник" in texts
    assert "со вторника" in texts
    assert not re.search(r"\bв вторник|\bс втор|\bк втор", texts)


def converted(name: str, text: str, intent: str | None = None, **fields: object) -> Record | Dropped:
    plain, spans = marked(text, "slot_full" if name == "cod_ru" else "label")
    return CONVERTERS[name]({"text": plain, "spans": spans, "intent": intent, "lang": "ru", **fields})


@pytest.mark.parametrize(
    ("text", "talk"),
    [
        ("Да, конечно", "affirm"),
        ("хорошо", "affirm"),
        ("Нет, это все. Спасибо!", "negate"),
        ("спасибо большое", "thanks"),
        ("до свидания", "goodbye"),
        ("Добрый день!", "greet"),
        ("Да, на пятницу", None),
        ("из Твери", None),
    ],
)
def test_small_talk_is_told_from_what_says_more(text: str, talk: str | None) -> None:
    assert small_talk(text) == talk


def test_a_flight_in_a_dialogue_has_roles_and_a_bare_date_only_with_its_dialogue() -> None:
    acts = [["INFORM", "x", [], []]]
    flight = converted("cod_ru", "Лечу из [Твери](Flights_3/origin_city) [5 мая](Flights_3/departure_date)", service="Flights_3", acts=acts)
    assert isinstance(flight, dict)
    assert shown(flight) == "Лечу из [Твери](origin) [5 мая](departure_date)"
    assert flight["intent"] == "book_flight"
    bare = converted("cod_ru", "Лучше [5 мая](Flights_3/return_date)", service="Flights_3", acts=acts)
    assert isinstance(bare, dict)
    assert shown(bare) == "Лучше [5 мая](date)"
    assert shown({**bare, **bare["in_dialogue"]}) == "Лучше [5 мая](return_date)"
    assert bare["in_dialogue"]["asked"] == ["return_date"]
    other = converted("cod_ru", "Будет ли снег в [Твери](Weather_1/city) завтра", service="Weather_1", acts=acts)
    assert isinstance(other, dict)
    assert (other["intent"], other["spans"]) == ("out_of_scope", [])


def test_of_translated_dialogues_only_what_is_bracketed_is_known() -> None:
    ride = converted("multiwoz_ru", "такси, чтобы приехать к [9:45](time)")
    assert isinstance(ride, dict)
    assert shown(ride) == "такси, чтобы приехать к [9:45](arrival_time)"
    assert (ride["annotated"], ride["intent"]) == ([], None)
    table = converted("multiwoz_ru", "столик в [китайском](food) ресторане на [18:00](time)")
    assert isinstance(table, dict)
    assert shown(table) == "столик в [китайском](cuisine) ресторане на [18:00](time)"
    assert isinstance(converted("multiwoz_ru", "хочу в [Дом ветра](attraction_name)"), Dropped)


def test_assistant_commands_in_russian_are_out_of_scope_but_for_trips() -> None:
    lamp = converted("massive_ru", "включи лампу в прихожей", "iot_hue_lighton")
    train = converted("massive_ru", "закажи билет на поезд до Твери", "transport_ticket")
    assert isinstance(lamp, dict)
    assert isinstance(train, dict)
    assert lamp["intent"] == "out_of_scope"
    assert (train["intent"], train["annotated"]) == ("book_train", [])
    assert tokenize(train["text"])
