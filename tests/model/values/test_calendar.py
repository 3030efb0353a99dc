"""The resolver against the oracle: random references and dates over leap years, month and year ends, and changes of clocks."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from model.values.resolve import resolve
from model.values.symbols import spelled
from model.values.value import Context, NotUnderstood, Understood, Value
from tests.model.values import oracle
from tests.model.values.writing import ordinal, spoken

ZONES = (
    "UTC",
    "Asia/Taipei",
    "Europe/Berlin",
    "Europe/Moscow",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Asia/Kathmandu",
)
TURNS = [
    date(2024, 2, 28),
    date(2024, 2, 29),
    date(2025, 2, 28),
    date(2026, 12, 31),
    date(2027, 1, 1),
    date(2026, 10, 31),
    date(2099, 12, 31),
]
POLICIES = ("future", "past", "nearest")
RANDOM = random.Random(8601)


def contexts(count: int, *policies: str) -> Iterator[Context]:
    """References on days where calendars turn, and on random ones, in several zones."""
    days = [*TURNS, *(date(2015, 1, 1) + timedelta(RANDOM.randrange(36_000)) for _ in range(count))]
    for day in days:
        zone = ZONES[RANDOM.randrange(len(ZONES))]
        minute = RANDOM.randrange(24 * 60)
        reference = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=ZoneInfo(zone))
        for policy in policies or POLICIES:
            yield Context(reference, zone, policy)


def read(phrase: tuple[str, ...], context: Context, kind: str = "date") -> Value:
    found = resolve(phrase, kind, context)
    assert isinstance(found, Understood), (phrase, found)
    return found.value


def bounds(value: Value) -> tuple[date, date]:
    start, end = (value.start, value.end) if value.is_range else (value.value, value.value)
    return date.fromisoformat(str(start)), date.fromisoformat(str(end))


def one_day(value: Value) -> date:
    start, end = bounds(value)
    assert start == end
    return start


def test_a_day_of_a_month_is_the_one_that_the_policy_says() -> None:
    for context in contexts(60):
        target = date(2024, 1, 1) + timedelta(RANDOM.randrange(366))
        expected = oracle.by_policy(context.policy, context.today, lambda day, to=target: (day.month, day.day) == (to.month, to.day))
        assert one_day(read((*ordinal(target.day), f"M{target.month}"), context)) == expected, (context, target)


def test_a_bare_day_is_of_the_month_that_the_policy_says() -> None:
    for context in contexts(40):
        for number in (1, 15, 29, 30, 31):
            expected = oracle.by_policy(context.policy, context.today, lambda day, to=number: day.day == to)
            assert one_day(read((*spelled(str(number)), "TH"), context)) == expected, (context, number)


def test_a_weekday_is_another_day_than_today_unless_the_nearest_is_asked_for() -> None:
    for context in contexts(40):
        for weekday in range(1, 8):
            step = {"future": 1, "past": -1, "nearest": 0}[context.policy]
            start = context.today + timedelta(step)
            expected = oracle.by_policy(context.policy, start, lambda day, to=weekday: day.isoweekday() == to)
            found = resolve((f"W{weekday}",), "date", context)
            assert isinstance(found, Understood)
            assert one_day(found.value) == expected, (context, weekday)
            is_today = weekday == context.today.isoweekday() and step != 0
            assert [one_day(value) for value in found.alternatives] == ([context.today] if is_today else [])


def test_weekdays_of_named_weeks_lie_in_those_weeks() -> None:
    for context in contexts(40, "future"):
        for weekday in range(1, 8):
            for name, weeks in (("THIS", 0), ("NEXT", 7), ("PREV", -7), ("LAST", -7)):
                expected = oracle.week_days(context.today + timedelta(weeks))[weekday - 1]
                assert one_day(read((f"W{weekday}", name, "u_w"), context)) == expected
            following = oracle.week_days(context.today + timedelta(7))[weekday - 1]
            assert one_day(read(("NEXT", f"W{weekday}"), context)) == following
            behind = oracle.first(context.today - oracle.ONE, lambda day, to=weekday: day.isoweekday() == to, -1)
            assert one_day(read(("LAST", f"W{weekday}"), context)) == behind
            coming = oracle.first(context.today + oracle.ONE, lambda day, to=weekday: day.isoweekday() == to)
            assert one_day(read(("COMING", f"W{weekday}"), context)) == coming


def test_nth_weekdays_and_last_days_of_months() -> None:
    for context in contexts(25, "future"):
        month, weekday = RANDOM.randint(1, 12), RANDOM.randint(1, 7)
        year = RANDOM.randint(2000, 2090)
        days = [day for day in oracle.month_days(year, month) if day.isoweekday() == weekday]
        tail = (f"M{month}", *spelled(str(year)))
        for nth, day in enumerate(days, 1):
            assert one_day(read((f"o{nth}", f"W{weekday}", *tail), context)) == day
        assert one_day(read(("LAST", f"W{weekday}", *tail), context)) == days[-1]
        assert one_day(read(("LAST", "u_d", *tail), context)) == oracle.month_days(year, month)[-1]
        fifth = resolve(("o5", f"W{weekday}", *tail), "date", context)
        assert isinstance(fifth, Understood) == (len(days) == 5)


def test_named_weeks_months_and_years_are_whole() -> None:
    for context in contexts(40, "future"):
        for name, steps in (("THIS", 0), ("NEXT", 1), ("LAST", -1)):
            week = oracle.week_days(context.today + timedelta(7 * steps))
            assert bounds(read((name, "u_w"), context)) == (week[0], week[-1])
            other = oracle.months_later(context.today.replace(day=1), steps)
            month = oracle.month_days(other.year, other.month)
            assert bounds(read((name, "u_mo"), context)) == (month[0], month[-1])
            year = context.today.year + steps
            assert bounds(read((name, "u_y"), context)) == (date(year, 1, 1), date(year, 12, 31))
        assert bounds(read(("WE",), context))[0] == oracle.first(
            context.today,
            lambda day, to=context.today: day.isoweekday() == 6 or (day == to and day.isoweekday() == 7),
        ) - (oracle.ONE if context.today.isoweekday() == 7 else timedelta())


def test_a_month_without_a_year_is_the_current_or_coming_one() -> None:
    for context in contexts(60, "future"):
        month = RANDOM.randint(1, 12)
        inside = oracle.first(context.today, lambda day, to=month: day.month == to)
        days = oracle.month_days(inside.year, month)
        assert bounds(read((f"M{month}",), context)) == (days[0], days[-1])
        parts = [bounds(read((part, f"M{month}"), context)) for part in ("BEG", "MID", "END")]
        assert [day for begin, end in parts for day in oracle.walk(begin, (end - begin).days + 1)] == days
        halves = [bounds(read((half, "HALF", f"M{month}"), context)) for half in ("o1", "o2")]
        assert [day for begin, end in halves for day in oracle.walk(begin, (end - begin).days + 1)] == days


def test_lengths_of_days_and_months_from_now_and_from_a_date() -> None:
    for context in contexts(40, "future"):
        count, base = RANDOM.randint(1, 40), date(2026, 1, 1) + timedelta(RANDOM.randrange(2000))
        written = (*spelled(str(base.day)), f"M{base.month}", *spelled(str(base.year)))
        for unit, move in (
            ("u_d", lambda day, by: day + timedelta(by)),
            ("u_w", lambda day, by: day + timedelta(7 * by)),
            ("u_mo", oracle.months_later),
            ("u_y", lambda day, by: oracle.months_later(day, 12 * by)),
        ):
            length = (*spoken(count), unit)
            assert one_day(read(("IN", *length), context)) == move(context.today, count)
            assert one_day(read((*length, "AGO"), context)) == move(context.today, -count)
            assert one_day(read((*length, "AFTER", *written), context)) == move(base, count)
            assert one_day(read((*length, "BEFORE", *written), context)) == move(base, -count)


def test_hours_from_now_are_elapsed_time_whatever_the_clocks_do() -> None:
    for zone in ZONES:
        for day in (date(2026, 3, 7), date(2026, 3, 28), date(2026, 10, 24), date(2026, 10, 31), date(2026, 4, 4), date(2026, 10, 3)):
            reference = datetime(day.year, day.month, day.day, 22, 15, tzinfo=ZoneInfo(zone))
            for hours in range(1, 13):
                value = read(("IN", *spoken(hours), "u_h"), Context(reference, zone), "time")
                later = datetime.fromtimestamp(reference.timestamp() + hours * 3600, UTC).astimezone(ZoneInfo(zone))
                assert value.value == f"{later:%Y-%m-%dT%H:%M}"


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Berlin", "2026-03-29"),
        ("America/New_York", "2026-03-08"),
        ("Australia/Lord_Howe", "2026-10-04"),
        ("Asia/Taipei", "2026-03-29"),
    ],
)
def test_a_time_that_a_change_of_clocks_leaves_out_is_refused(zone: str, day: str) -> None:
    """Every quarter of the day is either shown by a clock of the zone, or impossible."""
    shown = oracle.wall_times(date.fromisoformat(day), ZoneInfo(zone))
    context = Context(datetime(2026, 1, 1, tzinfo=ZoneInfo(zone)), zone)
    year, month, number = day.split("-")
    for minutes in range(0, 24 * 60, 15):
        time = f"{minutes // 60:02d}:{minutes % 60:02d}"
        half = "PM" if minutes >= 12 * 60 else "AM"
        digits = (*spelled(time[:2]), ":", *spelled(time[3:]), *(() if minutes >= 13 * 60 else (half,)))
        found = resolve((*spelled(year), "-", *spelled(month), "-", *spelled(number), *digits), "datetime", context)
        if time in shown:
            assert isinstance(found, Understood), (time, found)
            assert found.value.value == f"{day}T{time}"
        else:
            assert isinstance(found, NotUnderstood), time
            assert found.reason == "impossible"


def test_easter_and_the_days_that_hang_on_weekdays() -> None:
    context = Context(datetime(2026, 1, 1, tzinfo=UTC))
    for year in range(1900, 2100):
        said = spelled(str(year))
        easter = oracle.western_easter(year)
        assert one_day(read(("h_easter", *said), context)) == easter
        assert one_day(read(("h_goodfriday", *said), context)) == easter - timedelta(2)
        assert one_day(read(("h_eastermonday", *said), context)) == easter + timedelta(1)
        orthodox = one_day(read(("h_orthodoxeaster", *said), context))
        assert orthodox.isoweekday() == 7
        assert 0 <= (orthodox - easter).days <= 35
        thursdays = [day for day in oracle.month_days(year, 11) if day.isoweekday() == 4]
        assert one_day(read(("h_thanksgiving", *said), context)) == thursdays[3]
        assert one_day(read(("h_blackfriday", *said), context)) == thursdays[3] + timedelta(1)


def test_ranges_of_days_are_ordered_and_start_where_their_first_day_does() -> None:
    for context in contexts(80, "future"):
        start = date(2024, 1, 1) + timedelta(RANDOM.randrange(366))
        end = start + timedelta(RANDOM.randint(1, 200))
        sides = [(*spelled(str(day.day)), f"M{day.month}") for day in (start, end)]
        begin, stop = bounds(read((*sides[0], "..", *sides[1]), context))
        assert context.today <= begin <= stop
        assert begin == one_day(read(sides[0], context))
        assert stop == oracle.first(begin, lambda day, to=end: (day.month, day.day) == (to.month, to.day))
