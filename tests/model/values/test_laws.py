"""Laws over whole tables: nothing is dropped in silence, nothing crashes, ranges are ordered, the policy is kept."""

import random
import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from model.errors import ConfigError
from model.values.resolve import resolve
from model.values.symbols import ALPHABET, CURRENCIES, UNKNOWN
from model.values.value import KINDS, REASONS, Context, Money, NotUnderstood, Understood, Value, context_in
from tests.model.values.test_phrases import AMOUNTS, CONTEXT, DATES, MOMENTS, REFUSED, STRETCHES, TIMES, UNASKED, rows

RANDOM = random.Random(4)
ASKED = [kind for kind in KINDS if kind != "place"]
FORMS = {
    "date": r"\d{4}-\d\d-\d\d",
    "date_range": r"\d{4}-\d\d-\d\d",
    "time": r"([01]\d|2[0-3]):[0-5]\d",
    "time_range": r"([01]\d|2[0-3]):[0-5]\d",
    "datetime": r"\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d",
    "duration": r"P(\d+[YMD])*(T(\d+[HMS])+)?",
    "number": r"\d+(\.\d+)?",
}
# these say what the rest of the phrase says too
SILENT = {"AT", "FOR", "u_y", "CLK", "TH", ":", "PPL", "ADULT", "STAR", "TICKET", "BAG", "ROOM"}


def spoken_phrases() -> list[tuple[tuple[str, ...], str | None]]:
    """The phrases of the tables and one for each member of the families that the tables leave out."""
    said = [
        (tuple(row[1].split()), None if row[2] == "None" else row[2]) for row in rows(DATES, STRETCHES, TIMES, MOMENTS, AMOUNTS, UNASKED)
    ]
    for symbol in ALPHABET:
        if re.fullmatch(r"n\d+", symbol):
            said.append(((symbol,), "number"))
        elif re.fullmatch(r"o\d+", symbol):
            said.append(((symbol, "M1"), "date"))
        elif re.fullmatch(r"\d[ab]?", symbol):
            front = {1: (), 2: ("1",)}[len(symbol)] if not symbol.endswith("b") else ("1", "0a")
            said.append(((*front, symbol), "number"))
        elif symbol in CURRENCIES:
            said.append((("n5", symbol), "money"))
        elif symbol.startswith("h_") or symbol in ("SPRING", "AUTUMN") or re.fullmatch(r"[MW]\d+", symbol):
            said.append(((symbol,), "date"))
    return said


def test_every_symbol_but_the_unknown_one_has_a_use() -> None:
    used = {symbol for symbols, kind in spoken_phrases() if isinstance(resolve(symbols, kind, CONTEXT), Understood) for symbol in symbols}
    refused = {symbol for row in rows(REFUSED) for symbol in row[1].split()}
    assert set(ALPHABET) - used == {UNKNOWN, "FEW"}
    assert {UNKNOWN, "FEW"} <= refused


def test_no_symbol_but_the_silent_ones_can_be_lost_without_a_trace() -> None:
    """Of each symbol there is a phrase that means something else without it: a resolver that ignored it would fail here."""
    telling = set()
    for symbols, kind in spoken_phrases():
        whole = resolve(symbols, kind, CONTEXT)
        for place, symbol in enumerate(symbols):
            if resolve(symbols[:place] + symbols[place + 1 :], kind, CONTEXT) != whole:
                telling.add(symbol)
    assert set(ALPHABET) - telling - SILENT == {UNKNOWN, "FEW"}


def test_an_unknown_part_anywhere_is_refused() -> None:
    for symbols, kind in spoken_phrases():
        for place in range(len(symbols) + 1):
            found = resolve((*symbols[:place], UNKNOWN, *symbols[place:]), kind, CONTEXT)
            assert isinstance(found, NotUnderstood), (symbols, place)


def test_a_symbol_out_of_the_alphabet_is_refused() -> None:
    found = resolve(("M5", "M13", "5"), "date", CONTEXT)
    assert isinstance(found, NotUnderstood)
    assert found.reason == "unknown_part"


@pytest.mark.parametrize("noun", ["KID", "ROOM", "$", "CENT", "STAR"])
def test_things_have_no_place_in_dates_and_times(noun: str) -> None:
    for row in rows(DATES, TIMES):
        if row[2] in ("date", "time") and noun not in row[1].split():
            for phrase in ((*row[1].split(), noun), (noun, *row[1].split())):
                found = resolve(phrase, row[2], CONTEXT)
                assert isinstance(found, NotUnderstood), phrase


def sides(value: Value) -> list[object]:
    return [side for side in (value.value, value.start, value.end) if side is not None]


def check_form(value: Value) -> None:
    """A value is whole: its form is that of its type, and a range ends behind its start."""
    assert value.type in KINDS
    assert sides(value)
    for side in sides(value):
        if value.type == "money":
            assert isinstance(side, Money)
            assert side.value >= 0
        else:
            assert re.fullmatch(FORMS[value.type], str(side)), value
    if value.start is not None and value.end is not None and value.type in ("date_range", "datetime", "number"):
        assert (str(value.start) <= str(value.end)) if value.type != "number" else value.start <= value.end, value  # type: ignore[operator]
    if isinstance(value.value, str) and value.type == "date":
        date.fromisoformat(value.value)
    if isinstance(value.value, str) and value.type == "datetime":
        datetime.fromisoformat(value.value)


def test_any_symbols_are_understood_as_a_whole_value_or_refused_with_a_reason() -> None:
    likely = [symbol for symbols, _ in spoken_phrases() for symbol in symbols]
    understood = 0
    for number in range(30_000):
        pool = likely if number % 2 else ALPHABET
        symbols = [RANDOM.choice(pool) for _ in range(RANDOM.randint(1, 7))]
        kind = RANDOM.choice([None, *ASKED])
        found = resolve(symbols, kind, CONTEXT)
        assert found == resolve(tuple(symbols), kind, CONTEXT)
        if isinstance(found, NotUnderstood):
            assert found.reason in REASONS
            continue
        understood += 1
        for value in (found.value, *found.alternatives):
            check_form(value)
        assert len({found.value, *found.alternatives}) == 1 + len(found.alternatives), symbols
    assert understood > 1000


def test_a_value_is_of_the_kind_that_was_asked_for() -> None:
    allowed = {
        "date": {"date", "date_range", "datetime"},
        "date_range": {"date", "date_range", "datetime"},
        "time": {"time", "time_range", "datetime"},
        "time_range": {"time", "time_range", "datetime"},
        "datetime": {"date", "date_range", "datetime"},
        "number": {"number"},
        "duration": {"duration"},
        "money": {"money"},
    }
    for symbols, _ in spoken_phrases():
        for kind in ASKED:
            found = resolve(symbols, kind, CONTEXT)
            if isinstance(found, Understood):
                assert {value.type for value in (found.value, *found.alternatives)} <= allowed[kind], (symbols, kind)


UNDIRECTED = [
    "o2 M11", "2 9a M2", "3 1a TH", "W1", "W5", "W5 AT 7 PM", "M3", "M12", "WE", "SUMMER", "WINTER", "h_christmas", "h_easter",
    "h_thanksgiving", "3 / 4", "0 3a . 0 4a", "FROM 3 .. 2 4a M2", "M12 2 8a .. M1 3", "W1 .. W5", "LAST W5 M5", "o1 W1 M9", "COMING W3",
    "NEXT W3", "THIS W4", "BEG M4", "END M10", "o2 HALF M6", "7 PM", "NEXT u_w", "IN n3 u_d", "IN u_h", "TONIGHT", "NEXT WE", "COMING WE",
]  # fmt: skip


def test_the_future_policy_never_gives_the_past() -> None:
    """What is over is never the value: the last day of a stretch may be today at the earliest, a time of today is still to come."""
    for _ in range(200):
        day = date(2019, 1, 1) + timedelta(RANDOM.randrange(8000))
        context = Context(
            datetime(day.year, day.month, day.day, RANDOM.randrange(24), RANDOM.randrange(60), tzinfo=ZoneInfo("Europe/Moscow"))
        )
        for phrase in UNDIRECTED:
            found = resolve(phrase.split(), "datetime", context)
            if isinstance(found, NotUnderstood):
                assert found.reason == "impossible", (phrase, found)
                continue
            latest = str(sides(found.value)[-1])
            if phrase in ("BEG M4", "END M10", "o2 HALF M6"):  # the month is not over, but its part may be
                assert latest[:7] >= f"{context.today:%Y-%m}"
            else:
                assert latest >= f"{context.reference:%Y-%m-%dT%H:%M}"[: len(latest)], (phrase, context)


@pytest.mark.parametrize("moment", ["0001-01-01T00:10:00+08:00", "9999-12-31T23:50:00-08:00"])
def test_at_the_ends_of_the_calendar_phrases_are_refused_and_nothing_crashes(moment: str) -> None:
    context = Context(datetime.fromisoformat(moment))
    for symbols, kind in spoken_phrases():
        for policy in ("future", "past", "nearest"):
            found = resolve(symbols, kind, Context(context.reference, policy=policy))
            assert isinstance(found, Understood) or found.reason in REASONS


def test_the_order_of_digits_is_the_contexts_and_the_other_order_is_the_alternative() -> None:
    reference = CONTEXT.reference
    american, european = (Context(reference, order=order) for order in ("mdy", "dmy"))
    first, second = resolve(["3", "/", "4"], "date", american), resolve(["3", "/", "4"], "date", european)
    assert isinstance(first, Understood)
    assert isinstance(second, Understood)
    assert (first.value, first.alternatives) == (second.alternatives[0], (second.value,))


def test_the_zone_of_the_speaker_decides_what_today_is() -> None:
    moment = datetime.fromisoformat("2026-10-20T23:30:00+00:00")
    days = {}
    for zone in ("UTC", "Asia/Taipei", "America/New_York"):
        found = resolve(("T0",), "date", context_in(zone, moment))
        assert isinstance(found, Understood)
        days[zone] = found.value.value
    assert days == {"UTC": "2026-10-20", "Asia/Taipei": "2026-10-21", "America/New_York": "2026-10-20"}


def test_a_datetime_carries_the_name_of_its_zone() -> None:
    found = resolve(["W5", "AT", "7", "PM"], "datetime", CONTEXT)
    assert isinstance(found, Understood)
    assert found.value.as_json() == {
        "type": "datetime",
        "value": "2026-10-23T19:00",
        "timex": "XXXX-WXX-5T19:00",
        "grain": "hour",
        "timezone": "Asia/Taipei",
    }


def test_values_are_answered_in_the_services_shape() -> None:
    money = resolve(["UNDER", "3", "0a", "0b", "$"], "money", CONTEXT)
    about = resolve(["ABOUT", "n10"], "number", CONTEXT)
    assert isinstance(money, Understood)
    assert isinstance(about, Understood)
    assert money.value.as_json() == {"type": "money", "start": None, "end": {"value": 300, "currency": "USD"}}
    assert about.value.as_json() == {"type": "number", "value": 10, "approximate": True}


@pytest.mark.parametrize("kind", ["place", "when"])
def test_an_unknown_kind_is_an_error_of_the_caller(kind: str) -> None:
    with pytest.raises(ConfigError, match=kind):
        resolve(("T0",), kind, CONTEXT)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"reference": datetime(2026, 1, 1)}, "no time zone"),
        ({"reference": CONTEXT.reference, "policy": "someday"}, "someday"),
        ({"reference": CONTEXT.reference, "order": "dym"}, "dym"),
    ],
)
def test_a_context_that_cannot_be_is_an_error(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Context(**settings)  # type: ignore[arg-type]


def test_an_unknown_zone_is_an_error() -> None:
    with pytest.raises(ConfigError, match="Mars/Base"):
        context_in("Mars/Base", CONTEXT.reference)
