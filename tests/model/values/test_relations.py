"""What the slots of one booking say about each other's values."""

import random
from datetime import date, datetime, timedelta

import pytest

from model.values.relations import ORDERED_DATES, Filled, related
from model.values.resolve import resolve
from model.values.value import Context, Understood, context_in

CONTEXT = context_in("Asia/Taipei", datetime.fromisoformat("2026-10-20T10:00:00+08:00"))  # a Tuesday
RANDOM = random.Random(12)


def filled(name: str, symbols: str, kind: str, context: Context = CONTEXT) -> Filled:
    found = resolve(symbols.split(), kind, context)
    assert isinstance(found, Understood), (symbols, found)
    return Filled(name, found.value, found.alternatives)


def booking(*slots: tuple[str, str]) -> list[Filled]:
    return [filled(name, symbols, "time" if name.endswith("time") else "date") for name, symbols in slots]


@pytest.mark.parametrize(
    ("slots", "expected"),
    [
        # a return lies behind its departure: the open year, month or week moves
        ([("departure_date", "2 8a M12"), ("return_date", "3 TH")], ["2026-12-28", "2027-01-03"]),
        ([("departure_date", "M12 2 8a"), ("return_date", "M11 3")], ["2026-12-28", "2027-11-03"]),
        ([("departure_date", "NEXT W6"), ("return_date", "W5")], ["2026-10-31", "2026-11-06"]),
        ([("departure_date", "W5"), ("return_date", "W5")], ["2026-10-23", "2026-10-23"]),
        # a reading that fits is taken before anything is moved
        ([("departure_date", "NEXT W5"), ("return_date", "2 5a TH")], ["2026-10-23", "2026-10-25"]),
        ([("departure_date", "5 / 1 2a"), ("return_date", "4 / 6 / 2 0a 2b 7a")], ["2027-05-12", "2027-06-04"]),
        # one leaves a hotel on another day than one comes
        ([("check_in_date", "W5"), ("check_out_date", "W5")], ["2026-10-23", "2026-10-30"]),
        ([("check_out_date", "W1"), ("check_in_date", "M11 5")], ["2026-11-09", "2026-11-05"]),
        ([("pickup_date", "M11 5"), ("dropoff_date", "3 TH")], ["2026-11-05", "2026-12-03"]),
        # what names its year is never moved
        ([("departure_date", "M12 2 8a"), ("return_date", "M11 3 2 0a 2b 6a")], ["2026-12-28", "2026-11-03"]),
        ([("departure_date", "M12 2 8a"), ("return_date", "T1")], ["2026-12-28", "2026-10-21"]),
        # two slots of one name leave open which is meant
        ([("departure_date", "M12 2 8a"), ("departure_date", "W5"), ("return_date", "3 TH")], ["2026-12-28", "2026-10-23", "2026-11-03"]),
        # the part of the day beside a time
        ([("time", "7"), ("time", "EVE")], ["19:00", None]),
        ([("date", "TONIGHT"), ("time", "7")], ["2026-10-20", "19:00"]),
        ([("date", "T1"), ("time", "7")], ["2026-10-21", "07:00"]),
        ([("date", "T0"), ("time", "7")], ["2026-10-20", "19:00"]),
        ([("date", "T1"), ("time", "DINNER"), ("time", "8")], ["2026-10-21", None, "20:00"]),
        ([("time", "1 0a : 3 0a"), ("time", "EVE")], ["22:30", None]),
        ([("departure_time", "7"), ("arrival_time", "EVE")], ["07:00", None]),
        # one arrives after one has left
        ([("departure_time", "5 PM"), ("arrival_time", "7")], ["17:00", "19:00"]),
        ([("departure_time", "1 0a PM"), ("arrival_time", "7")], ["22:00", "07:00"]),
        (
            [("departure_date", "T1"), ("arrival_date", "T2"), ("departure_time", "5 PM"), ("arrival_time", "7")],
            ["2026-10-21", "2026-10-22", "17:00", "07:00"],
        ),
        ([("pickup_time", "5 PM"), ("dropoff_time", "7")], ["17:00", "07:00"]),
    ],
)  # fmt: skip
def test_slots_settle_each_others_readings(slots: list[tuple[str, str]], expected: list[str | None]) -> None:
    assert [slot.value.value for slot in related(booking(*slots), CONTEXT)] == expected


def test_the_reading_that_was_given_up_stays_an_alternative() -> None:
    before = booking(("time", "7"), ("time", "EVE"))
    after = related(before, CONTEXT)
    assert after[0].alternatives == (before[0].value,)
    moved = related(booking(("departure_date", "2 8a M12"), ("return_date", "3 TH")), CONTEXT)[1]
    assert [value.value for value in moved.alternatives] == ["2026-11-03"]


PHRASES = (
    "o2 M11",
    "1 5a TH",
    "W1",
    "NEXT W5",
    "3 / 4",
    "M12 2 8a",
    "T1",
    "5 M5 2 0a 2b 7a",
    "h_christmas",
    "WE",
    "FROM 3 .. 5 M11",
    "NEXT u_w",
)


def test_values_are_readings_of_their_slots_or_the_same_open_date_later_on() -> None:
    """Nothing is made up: a moved date has the TIMEX of the one that was read, and nothing changes without its rule being broken."""
    for _ in range(2000):
        earlier, later, apart = RANDOM.choice(ORDERED_DATES)
        day = date(2026, 1, 1) + timedelta(RANDOM.randrange(1500))
        context = Context(datetime(day.year, day.month, day.day, 10, tzinfo=CONTEXT.zone), "Asia/Taipei")
        slots = [filled(name, RANDOM.choice(PHRASES), "date", context) for name in (earlier, later)]
        RANDOM.shuffle(slots)
        found = related(slots, context)
        assert related(slots, context) == found
        assert [slot.name for slot in found] == [slot.name for slot in slots]
        for before, after in zip(slots, found, strict=True):
            assert after.value in before.readings or (
                after.value.timex == before.value.timex and str(after.value.timex).startswith("XXXX-")
            )
            assert set(before.readings) <= set(after.readings)
        starts = {slot.name: date.fromisoformat(str(slot.value.value or slot.value.start)) for slot in slots}
        if starts[later] >= starts[earlier] + timedelta(apart):
            assert found == slots


def test_slots_without_a_rule_are_left_alone() -> None:
    slots = [filled("people", "n2", "number"), filled("time", "7", "time")]
    assert related(slots, CONTEXT) == slots
    assert related([], CONTEXT) == []
