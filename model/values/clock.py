"""Times of the day: how they are said, and which of the 24 hours they may mean.

1 9a : 3 0a -> 19:30        HALF PAST n7 -> 7:30        HALF o8 -> 7:30 ("половина восьмого")       TO QUARTER n8 -> 7:45
n7 EVE -> 19:00             n7 -> 7:00 or 19:00         1 2a NIGHT -> 0:00                          n10 u_min o8 -> 7:10
"""

from dataclasses import replace
from typing import NamedTuple

from model.values.quantity import at
from model.values.said import Line, Said
from model.values.tokens import MONTH, NUMBER, PART, UNIT, Token
from model.values.value import Refusal, out_of_place

MIDNIGHT = 24  # the hour at the end of a day
_HOURS = {
    "AM": range(0, 12), "PM": range(12, 24), "MOR": range(1, 12), "AFT": range(12, 19), "EVE": range(16, 24),
    "NIGHT": (*range(18, 24), *range(0, 6)), "BREAKFAST": range(5, 12), "LUNCH": range(11, 16), "DINNER": range(17, 24),
    "TONIGHT": (*range(17, 24), 0),
}  # fmt: skip
_RANGES = {
    "MOR": (6, 12, "TMO"), "AFT": (12, 18, "TAF"), "EVE": (18, 22, "TEV"), "NIGHT": (22, 30, "TNI"), "BREAKFAST": (7, 10, "TMEB"),
    "LUNCH": (12, 14, "TMEL"), "DINNER": (18, 21, "TMED"), "TONIGHT": (18, 24, "TNI"),
}  # fmt: skip


class Clock(NamedTuple):
    """A time in minutes from the day's midnight (1440 is the midnight at its end), and its TIMEX: 1170, "T19:30"."""

    minutes: int
    timex: str


def read_number(line: Line, said: Said, place: int) -> int:
    """Takes the time that begins with the number at a place; the place behind it, 0 where it is no time."""
    tokens = line.tokens
    token, behind = tokens[place], at(tokens, place + 1)
    if token.ordinal:
        return 0
    past = place + 1 + (behind.symbol == "u_min")
    if at(tokens, past).symbol in ("PAST", "TO", "AFTER", "BEFORE") and 0 < token.value < 60 and _is_hour(at(tokens, past + 1)):
        return _beside(line, said, past + 1, int(token.value), at(tokens, past).symbol in ("PAST", "AFTER"))
    if behind.symbol == "u_min" and at(tokens, past).ordinal:
        return _within(line, said, past, int(token.value))
    return _plain(line, said, place)


def read_mark(line: Line, said: Said, place: int) -> int:
    """Takes the time that begins with HALF, QUARTER or TO; the place behind it, 0 where it is no time."""
    tokens = line.tokens
    first, behind = tokens[place].symbol, at(tokens, place + 1)
    if first == "TO":
        return _russian_to(line, said, place + 1)
    minutes = 30 if first == "HALF" else 15
    if behind.symbol in ("PAST", "AFTER") and _is_hour(at(tokens, place + 2)):
        return _beside(line, said, place + 2, minutes, True)
    if behind.symbol in ("TO", "BEFORE") and first == "QUARTER":
        return _beside(line, said, place + 2, minutes, False)
    if behind.category == NUMBER and behind.ordinal:
        return _within(line, said, place + 1, minutes)
    if behind.category == NUMBER and first == "HALF" and at(tokens, place + 2).category != UNIT:
        return _beside(line, said, place + 1, minutes, True)
    return 0


def _russian_to(line: Line, said: Said, place: int) -> int:
    """Takes "без четверти восемь", "без пяти минут час", "без двадцати восемь" (n20 n8, which is not 28)."""
    tokens = line.tokens
    first = at(tokens, place)
    if first.symbol == "QUARTER":
        return _beside(line, said, place + 1, 15, False)
    if first.category != NUMBER or first.ordinal:
        raise out_of_place("TO")
    hour = place + 1 + (at(tokens, place + 1).symbol == "u_min")
    if not _is_hour(at(tokens, hour)) and not first.symbol and 20 < first.value < 30:
        split = line._replace(tokens=[*tokens[:place], first._replace(value=first.value - 20), *tokens[place + 1 :]])
        return _beside(split, said, place, 20, False)
    return _beside(line, said, hour, int(first.value), False)


def _is_hour(token: Token) -> bool:
    return (token.category == NUMBER and not token.ordinal and token.value <= 24) or token.symbol in ("u_h", "NOON", "MIDN")


def _beside(line: Line, said: Said, place: int, minutes: int, past: bool) -> int:
    """Takes minutes past or to the hour at a place; the place behind the hour and its o'clock."""
    token = at(line.tokens, place)
    if not _is_hour(token) or not 0 < minutes < 60:
        raise out_of_place([token.symbol or str(token.value), "is no hour"])
    named = {"u_h": 1, "NOON": 12, "MIDN": 12}.get(token.symbol)
    hour = int(token.value) if named is None else named
    exact = hour > 12 or hour == 0
    if not past:
        hour, minutes = (hour - 1 if hour > 1 else 23 if hour == 0 else 12), 60 - minutes
    said.put(hour=hour, minute=minutes, exact=exact)
    if token.category == PART:
        said.parts.append("LUNCH" if token.symbol == "NOON" else "NIGHT")
    return place + 1 + (named is None and at(line.tokens, place + 1).symbol == "u_h")


def _within(line: Line, said: Said, place: int, minutes: int) -> int:
    """Takes minutes within the nth hour: "четверть восьмого" is 7:15, "полпервого" 12:30."""
    nth = int(line.tokens[place].value)
    if not 1 <= nth <= 12 or not 0 < minutes < 60:
        raise Refusal("impossible", f"minute {minutes} of hour {nth}")
    said.put(hour=nth - 1 or 12, minute=minutes)
    return place + 1


def _plain(line: Line, said: Said, place: int) -> int:
    """Takes "19:30", "7.30 pm", "7 30", "1930", "7 часов 5 минут", "at 7" and, where a time is wanted, "7"."""
    tokens = line.tokens
    hour = int(tokens[place].value)
    written, end = tokens[place].symbol, place + 1
    minute: int | None = None
    joined = at(tokens, end).symbol
    if joined in (":", ".", "-") and len(at(tokens, end + 1).symbol) == 2 and at(tokens, end + 1).is_written:
        minute, end = int(tokens[end + 1].value), end + 2
        if at(tokens, end).symbol == ":":
            raise out_of_place("seconds")
        if joined != ":" and at(tokens, end).symbol == joined:
            return 0  # 02.11.2026
    elif len(written) in (3, 4) and joined not in ("/", ".", ":"):
        hour, minute = int(written[:-2]), int(written[-2:])
    else:
        minute, end = _minute_behind(line, end)
    if at(tokens, end).symbol in ("u_h", "CLK") and (minute is None or len(written) > 2 or joined == ":"):
        end += 1
    if not _is_meant(line, said, place, end, minute):
        return 0
    if hour > 24 or (minute or 0) > 59 or (hour == MIDNIGHT and minute):
        raise Refusal("impossible", f"{hour}:{minute or 0:02d} is no time")
    padded = written.startswith("0") or len(written) == 4
    said.put(hour=hour, minute=minute, exact=hour > 12 or hour == 0 or padded)
    return end


def _minute_behind(line: Line, place: int) -> tuple[int | None, int]:
    """Minutes behind an hour: "7 часов 5 минут", "seven thirty", "seven oh five"."""
    tokens = line.tokens
    marked = at(tokens, place).symbol == "u_h"
    place += marked
    place += marked and at(tokens, place).symbol == "+"
    number, behind = at(tokens, place), at(tokens, place + 1)
    if number.category != NUMBER or number.ordinal or number.value != int(number.value):
        return None, place - marked
    if number.value == 0 and not number.symbol and behind.category == NUMBER and not behind.is_written and behind.value < 10:
        return int(behind.value), place + 2
    if behind.symbol == "u_min" and number.value < 60:
        return int(number.value), place + 2
    if behind.category in (MONTH, UNIT) or behind.symbol in (":", "/", ".", "x_k") or number.value > 59:
        return None, place - marked
    if len(number.symbol) == 2 or (not number.symbol and number.value >= 10):
        return int(number.value), place + 1
    return None, place - marked


def _is_meant(line: Line, said: Said, place: int, end: int, minute: int | None) -> bool:
    """Whether the number at a place is a time: written with a colon, beside "at" or a part of the day, or because a time is wanted."""
    tokens = line.tokens
    behind, mark = at(tokens, end), at(tokens, place + 1).symbol
    if said.hour is not None:
        return False
    if mark == ":":
        return True
    if mark in (".", "-") and end > place + 1 and line.wants == "date":
        return False
    if behind.category == PART:
        return True
    if mark in (".", "-") and end > place + 1:
        return line.wants == "time" or (minute or 0) > 12
    if MONTH in (behind.category, at(tokens, place - 1).category if place else "") or behind.symbol in ("/", "u_d", "u_w", "u_mo", "u_y"):
        return False
    asked = (
        line.wants == "time"
        or (line.wants == "datetime" and said.has_date)
        or (place > 0 and tokens[place - 1].symbol == "AT")
        or mark == "CLK"
    )
    return asked and int(tokens[place].value) == tokens[place].value and (tokens[place].value <= 24 or len(tokens[place].symbol) in (3, 4))


def read_part(line: Line, said: Said, place: int) -> int:
    """Takes a part of the day; noon and midnight are hours."""
    symbol = line.tokens[place].symbol
    if symbol in ("NOON", "MIDN"):
        hour = 12 if symbol == "NOON" else MIDNIGHT
        if said.hour not in (None, 12) or said.minute:
            raise Refusal("contradiction", f"{said.hour} is not {symbol}")
        said.hour, said.exact = hour, True
        said.parts += ["MIDN"] if symbol == "MIDN" else []
    elif symbol == "CLK":
        raise out_of_place(symbol)
    else:
        said.parts.append(symbol)
    return place + 1


def clocks_of(said: Said) -> list[Clock]:
    """The times that an hour may mean, likeliest first; of an hour of 12 without a part of the day two: 1 to 6 rather after noon.

    Refuses an hour that the part of the day leaves out ("15 in the morning").
    """
    assert said.hour is not None
    if said.hour == 0 and "PM" in said.parts:
        return clocks_of(replace(said, hour=12))  # "0:45 pm"
    parts = [part for part in said.parts if part != "MIDN" and not (said.hour == 0 and part == "MOR")]  # "0:45 in the morning"
    exact = said.exact and not (parts and 0 < said.hour <= 12)
    hours = [said.hour] if exact else [said.hour % 12, said.hour % 12 + 12]
    hours = [hour for hour in hours if all(hour % 24 in _HOURS[part] for part in parts)]
    if not hours:
        raise Refusal("contradiction", f"{said.hour} o'clock is not {' '.join(parts)}")
    if len(hours) == 2 and said.hour in (1, 2, 3, 4, 5, 6, 12):
        hours.reverse()
    return [Clock(hour * 60 + (said.minute or 0), f"T{hour:02d}:{said.minute or 0:02d}") for hour in hours]


def part_of(said: Said) -> tuple[Clock, Clock, str]:
    """The start and end of a part of the day without an hour, and its TIMEX: the evening -> 18:00, 22:00, "TEV".

    The early and late part are halves, the middle is the middle half. Refuses "am" alone and two parts at once.
    """
    names = [part for part in said.parts if part != "TONIGHT"] or said.parts
    daylight = "TONIGHT" in said.parts and names[0] not in ("TONIGHT", "EVE", "NIGHT", "DINNER")
    if len(set(names)) > 1 or names[0] not in _RANGES or daylight:
        raise Refusal("vague", f"{' '.join(names)} is no part of a day")
    start, end, timex = _RANGES[names[0]]
    first, last, quarter = start * 60, end * 60, (end - start) * 15
    if said.part_third:
        begin, stop = {"BEG": (0, 2), "MID": (1, 3), "END": (2, 4)}[said.part_third]
        first, last = start * 60 + begin * quarter, start * 60 + stop * quarter
    return Clock(first, clock_timex(first)), Clock(last, clock_timex(last)), timex


def clock_timex(minutes: int) -> str:
    """A time of the day as TIMEX: 1170 -> "T19:30"."""
    hour, minute = divmod(minutes if minutes <= MIDNIGHT * 60 else minutes - MIDNIGHT * 60, 60)
    return f"T{hour:02d}:{minute:02d}"
