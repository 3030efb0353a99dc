"""Canonical phrases, as symbols: dates, times, numbers and lengths written in several ways, to be read back."""

from collections.abc import Iterator
from datetime import date

from model.values.symbols import spelled

Phrase = tuple[str, ...]
UNITS = {"D": "u_d", "W": "u_w", "M": "u_mo", "Y": "u_y"}


def spoken(number: int) -> Phrase:
    """A whole number below a million in words: 2026 -> n2 x_k n20 n6."""
    if number == 0:
        return ("n0",)
    thousands, rest = divmod(number, 1000)
    front = (*(spoken(thousands) if thousands > 1 else ()), "x_k") if thousands else ()
    hundreds, rest = divmod(rest, 100)
    middle = (f"n{hundreds * 100}",) if hundreds else ()
    if rest <= 20:
        return (*front, *middle, *((f"n{rest}",) if rest else ()))
    tens, ones = divmod(rest, 10)
    return (*front, *middle, f"n{tens * 10}", *((f"n{ones}",) if ones else ()))


def ordinal(number: int) -> Phrase:
    """1 to 31 as an ordinal: 22 -> n20 o2."""
    return (f"o{number}",) if number <= 20 or number == 30 else (f"n{number // 10 * 10}", f"o{number % 10}")


def full_dates(day: date) -> Iterator[Phrase]:
    """A day with its year: 2026-11-02, 02.11.2026, 2 november 2026, november 2nd 2026, второе ноября 2026 года."""
    year, number = spelled(f"{day.year:04d}"), spelled(str(day.day))
    yield (*year, "-", *spelled(f"{day.month:02d}"), "-", *spelled(f"{day.day:02d}"))
    yield (*spelled(f"{day.day:02d}"), ".", *spelled(f"{day.month:02d}"), ".", *year)
    yield (*number, f"M{day.month}", *year)
    yield (f"M{day.month}", *number, "TH", *year)
    yield (*ordinal(day.day), f"M{day.month}", *year, "u_y")
    yield (f"W{day.isoweekday()}", f"M{day.month}", *number, *year)


def open_dates(day: date) -> Iterator[Phrase]:
    """A day without its year."""
    number = spelled(str(day.day))
    yield (*number, f"M{day.month}")
    yield (f"M{day.month}", *number, "TH")
    yield (*ordinal(day.day), f"M{day.month}")
    yield (f"M{day.month}", *spoken(day.day))
    yield (*spelled(f"{day.day:02d}"), ".", *spelled(f"{day.month:02d}"))


def times(minutes: int) -> Iterator[Phrase]:
    """A time of the day that leaves no doubt: 19:30, 7:30 pm, half past seven in the evening, без четверти восемь вечера."""
    hour, minute = divmod(minutes, 60)
    twelve, half = (hour % 12 or 12), "PM" if hour >= 12 else "AM"
    yield (*spelled(f"{hour:02d}"), ":", *spelled(f"{minute:02d}"), *(() if hour > 12 or hour < 10 else (half,)))
    yield (*spelled(str(twelve)), ":", *spelled(f"{minute:02d}"), half)
    if minute == 0:
        yield (*spoken(twelve), half)
        yield (*spoken(twelve), "CLK", half)
    elif minute < 10:
        yield (*spoken(twelve), "n0", f"n{minute}", half)
    else:
        yield (*spoken(twelve), *spoken(minute), half)
    following = hour % 12 + 1
    if 0 < minute < 30:
        yield (*spoken(minute), "PAST", *spoken(twelve), half)
        yield (*spoken(minute), "u_min", f"o{following}", half)
    if minute in (15, 30):
        name = "QUARTER" if minute == 15 else "HALF"
        yield (name, "PAST", *spoken(twelve), half)
        yield (name, f"o{following}", half)
    if minute > 30 and hour not in (11, 23):  # "five to twelve pm" is said of noon
        yield (*spoken(60 - minute), "TO", *spoken(following), half)
        yield ("TO", *spoken(60 - minute), *spoken(following), half)
        if minute == 45:
            yield ("TO", "QUARTER", *spoken(following), half)
            yield ("QUARTER", "TO", *spoken(following), half)


def lengths(count: int, unit: str) -> Iterator[Phrase]:
    """P3W: "three weeks", "3 weeks", and for one "a week"."""
    yield (*spoken(count), UNITS[unit])
    yield (*spelled(str(count)), UNITS[unit])
    if count == 1:
        yield (UNITS[unit],)
