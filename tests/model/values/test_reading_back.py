"""Canonical phrases read back: reading(writing(v)) == v."""

import random
from datetime import date, datetime, timedelta

import pytest

from model.values.resolve import resolve
from model.values.value import Context, Money, Understood, Value, context_in
from tests.model.values import writing

RANDOM = random.Random(20261020)
CONTEXT = context_in("Asia/Taipei", datetime.fromisoformat("2026-10-20T10:00:00+08:00"))
LEAP_TURNS = [
    date(2024, 2, 28),
    date(2024, 2, 29),
    date(2024, 3, 1),
    date(2027, 2, 28),
    date(2026, 12, 31),
    date(2027, 1, 1),
    date(2100, 3, 1),
]


def read(phrase: writing.Phrase, kind: str | None, context: Context = CONTEXT) -> Value:
    found = resolve(phrase, kind, context)
    assert isinstance(found, Understood), (phrase, found)
    return found.value


def random_days(count: int) -> list[date]:
    return [*LEAP_TURNS, *(date(2000, 1, 1) + timedelta(RANDOM.randrange(36_500)) for _ in range(count))]


@pytest.mark.parametrize("kind", ["date", "date_range", "datetime", None])
def test_a_date_with_its_year_is_itself(kind: str | None) -> None:
    for day in random_days(150):
        for phrase in writing.full_dates(day):
            assert read(phrase, kind) == Value("date", day.isoformat(), timex=day.isoformat(), grain="day"), phrase


def test_a_date_without_its_year_keeps_its_month_and_day() -> None:
    for day in random_days(150):
        for phrase in writing.open_dates(day):
            found = read(phrase, "date")
            assert (str(found.value)[5:], found.timex) == (f"{day:%m-%d}", f"XXXX-{day:%m-%d}"), phrase


@pytest.mark.parametrize("kind", ["time", "time_range", None])
def test_every_minute_of_the_day_is_itself(kind: str | None) -> None:
    for minutes in range(24 * 60):
        time = f"{minutes // 60:02d}:{minutes % 60:02d}"
        for phrase in writing.times(minutes):
            found = resolve(phrase, kind, CONTEXT)
            assert isinstance(found, Understood), phrase
            assert (found.value.value, found.value.timex, found.alternatives) == (time, f"T{time}", ()), phrase


def test_a_date_and_a_time_are_themselves_together_in_either_order() -> None:
    for day in random_days(20):
        for minutes in (0, 450, 810, 1170, 1439):
            moment = f"{day}T{minutes // 60:02d}:{minutes % 60:02d}"
            for dated in list(writing.full_dates(day))[2:]:
                for timed in list(writing.times(minutes))[:2]:
                    assert read((*dated, "AT", *timed), "datetime").value == moment
                    assert read((*timed, *dated), "datetime").value == moment, (timed, dated)


def test_a_number_is_itself_in_words_and_digits() -> None:
    for number in [*range(2000), *(RANDOM.randrange(1_000_000) for _ in range(1000))]:
        for phrase in (writing.spoken(number), writing.spelled(str(number))):
            assert read(phrase, "number").value == number, phrase
            assert read((*phrase, "EUR"), "money").value == Money(number, "EUR"), phrase


def test_a_length_is_itself() -> None:
    for count in range(1, 60):
        for unit in "DWMY":
            for phrase in writing.lengths(count, unit):
                assert read(phrase, "duration").timex == f"P{count}{unit}", phrase
