import tomllib
from datetime import date, datetime
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kinds import SLOT_KINDS
from app.meanings import NOT_UNDERSTOOD, TEXT, meanings_of, phrases_of, texts_of
from app.phrases import Meaning, Phrase
from app.reference import Occasion, occasion_of
from model.labels import Annotation, Slot
from model.values.value import KINDS
from tests.fake_readers import ErrorReader, FakeReader, phrase_reader

MOMENT = datetime.fromisoformat("2026-10-20T10:00:00+08:00")
TITLES = tomllib.loads((files("app") / "titles.toml").read_text(encoding="utf-8"))["slots"]


def annotation(*slots: tuple[str, str]) -> Annotation:
    """An utterance that is nothing but these slots: name and words."""
    text, found = "", []
    for name, words in slots:
        found.append(Slot(name, len(text), len(text) + len(words)))
        text += f"{words} "
    return Annotation(text, (), tuple(found))


def meant(*slots: tuple[str, str], said: Occasion | None = None, reader: FakeReader | None = None) -> list[Meaning]:
    said = said or occasion_of(MOMENT, "Asia/Taipei", "future")
    whole = annotation(*slots)
    outcomes = phrase_reader(reader).read([(phrase, said.context) for phrase in phrases_of(whole)])
    return meanings_of(whole, outcomes, said)


def values(*slots: tuple[str, str], said: Occasion | None = None) -> list[object]:
    return [meaning.value and meaning.value.value for meaning in meant(*slots, said=said)]


def test_every_kind_is_one_and_every_label_has_a_title() -> None:
    assert {kind.name for kind in SLOT_KINDS.values()} <= set(KINDS)
    assert SLOT_KINDS.keys() <= TITLES.keys()


@pytest.mark.parametrize("ending", ["date", "time", "location"])
def test_labels_of_one_ending_are_of_one_kind(ending: str) -> None:
    kind = {"location": "place"}.get(ending, ending)
    assert {SLOT_KINDS[name].name for name in TITLES if name.split("_")[-1] == ending} == {kind}


def test_slots_without_a_kind_mean_their_words_and_are_not_read() -> None:
    whole = annotation(("carrier", "Monday"), ("people", "two"), ("cuisine", "7"))
    assert phrases_of(whole) == [Phrase("two", "number")]
    assert texts_of(whole) == [TEXT] * 3
    carrier, people, cuisine = meant(("carrier", "Monday"), ("people", "two"), ("cuisine", "7"))
    assert carrier is cuisine is TEXT
    assert people.value_json == {"type": "number", "value": 2}


@pytest.mark.parametrize(
    ("name", "words", "meaning"),
    [
        ("destination", "Little Nookville", TEXT),
        ("pickup_location", "12 Mill Lane", TEXT),
        ("price", "cheap", TEXT),
        ("bags", "satchel", TEXT),
        ("price", "2oo dollars", NOT_UNDERSTOOD),
        ("bags", "2 and some", NOT_UNDERSTOOD),
        ("date", "cheap", NOT_UNDERSTOOD),
        ("people", "everybody", NOT_UNDERSTOOD),
        ("date", "30 February", NOT_UNDERSTOOD),
        ("time", "300 dollars", NOT_UNDERSTOOD),
    ],
)
def test_words_that_say_no_value_are_text_where_words_are_meant_and_else_not_understood(name: str, words: str, meaning: Meaning) -> None:
    assert meant((name, words)) == [meaning]


def test_a_failure_of_the_reader_fails_its_own_slot() -> None:
    assert [meaning.value is None for meaning in meant(("date", "poison"), ("people", "two"), reader=ErrorReader())] == [True, False]


def test_a_part_of_the_day_decides_the_hour_beside_it_whatever_stands_between() -> None:
    (seven,) = meant(("time", "7"))
    assert (seven.value.value, [other.value for other in seven.alternatives]) == ("07:00", ["19:00"])
    seven, _, _ = meant(("time", "7"), ("location", "Oslo"), ("time", "evening"))
    assert seven.value_json == {"type": "time", "value": "19:00", "timex": "T19:00", "grain": "hour"}
    assert [other["value"] for other in seven.alternatives_json] == ["07:00"]


def test_a_return_is_not_before_its_departure() -> None:
    assert values(("departure_date", "November 2nd"), ("return_date", "9 May")) == ["2026-11-02", "2027-05-09"]
    assert values(("departure_date", "9 May"), ("return_date", "November 2nd")) == ["2027-05-09", "2027-11-02"]


def test_slots_of_another_leg_stay_as_they_are() -> None:
    assert values(("return_time", "7"), ("departure_time", "evening"))[0] == "07:00"


@given(
    moment=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),
    names=st.permutations(["departure_date", "return_date", "check_in_date", "check_out_date"]),
    words=st.lists(st.sampled_from(["November 2nd", "9 May", "Monday", "второго ноября"]), min_size=4, max_size=4),
)
def test_a_date_left_open_is_never_past_where_the_future_is_meant(moment: datetime, names: list[str], words: list[str]) -> None:
    said = occasion_of(moment, "Asia/Taipei", "future")
    found = dict(zip(names, values(*zip(names, words, strict=True), said=said), strict=True))
    assert all(date.fromisoformat(str(day)) >= moment.date() for day in found.values())
    assert found["departure_date"] <= found["return_date"]
    assert found["check_in_date"] < found["check_out_date"]
