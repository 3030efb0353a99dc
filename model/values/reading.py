"""One side of a phrase, token by token, into what it says of a date and a time.

Dates and times may come in any order. What a number is, its neighbours say; a bare one is what the line wants ("date": 7 is the seventh,
"time": seven o'clock, None: it is refused). Every token is used, or the side is refused.
"""

from collections.abc import Callable

from model.values import clock
from model.values.occurrence import AFTER_NEXT, WEEK_OF
from model.values.quantity import Quantity, at, quantity
from model.values.said import ANY_DAY, Line, Said
from model.values.tokens import DAY, HOLIDAY, MODIFIER, MONTH, NUMBER, PART, SEASON, THIRD, UNIT, WEEKDAY
from model.values.value import Refusal, out_of_place
from model.values.written import YEARS, full_year, groups_of, month_of, numeric

Reader = Callable[[Line, Said, int], int]  # takes what begins at a place; gives the place behind it
_YEARS_AHEAD = 10  # a year of two digits without a mark
_WEEKS = 5  # of a month, the last one short
_NAMED_PARTS = ("MOR", "AFT", "EVE", "NIGHT", "u_n")
_DAYS_APART = {"THIS": 0, "NEXT": 1, "PREV": -1, "LAST": -1}


def read_side(line: Line) -> Said:
    """What the tokens say. Refuses what cannot be used, and a side that says nothing."""
    said, place = Said(), 0
    while place < len(line.tokens):
        token = line.tokens[place]
        place = _READERS.get(token.category, _mark)(line, said, place)
    if (said.third and not said.has_date) or (said.part_third and said.hour is not None):
        raise out_of_place(said.third or said.part_third or "")
    if not (said.has_date or said.has_clock or said.now):
        raise out_of_place([token.symbol or str(token.value) for token in line.tokens] or "nothing")
    return said


def _number(line: Line, said: Said, place: int) -> int:
    tokens = line.tokens
    token, behind = tokens[place], at(tokens, place + 1)
    dated = said.month is not None and said.year is None and not (place and tokens[place - 1].symbol == "AT")
    if dated and (end := _year(line, said, place)):
        return end
    if end := clock.read_number(line, said, place):
        return end
    if token.is_written and behind.symbol in ("/", ".", "-") and (stretch := month_of(groups_of(tokens, place))):
        said.put(year=stretch[0], month=stretch[1])
        return place + 3
    if token.is_written and behind.symbol in ("/", ".", "-") and (dates := numeric(line, place)):
        said.put(numeric=dates[0])
        return dates[1] + (dates[0][0][0] is not None and at(tokens, dates[1]).symbol == "u_y")
    if end := _year(line, said, place):
        return end
    if behind.category in (UNIT, WEEKDAY) or behind.symbol in ("HALF", "CPL", ",", ".", "+", "QUARTER"):
        if token.ordinal and (end := _nth(line, said, place)):
            return end
        if not token.ordinal and (found := quantity(tokens, place)):
            return _moved(line, said, found)
    beside_month = (said.month is not None and tokens[place - 1].category == MONTH) or behind.category == MONTH
    if token.ordinal or beside_month or (line.wants == "date" and not said.has_date):
        if not 1 <= token.value <= 31 or token.value != int(token.value):
            raise Refusal("impossible", f"day {token.value}")
        said.put(day=int(token.value))
        return place + 1
    raise out_of_place(token.symbol or f"{token.value}")


def _year(line: Line, said: Said, place: int) -> int:
    """Takes a year: "2026", "twenty twenty-six", "две тысячи двадцать шестого года", "26 года"; 0 where the number is none."""
    tokens = line.tokens
    token, behind = tokens[place], at(tokens, place + 1)
    known = said.month is not None or behind.category == MONTH or said.holiday or said.season
    year, end = 0, place + 1
    if behind.category == NUMBER and not behind.is_written and token.value in (19, 20) and 10 <= behind.value <= 99:
        year, end = int(token.value) * 100 + int(behind.value), place + 2
        if known and line.wants != "date":
            if at(tokens, end).category == PART:
                return 0
            if behind.value < 60:
                raise Refusal("vague", f"{token.value} {behind.value} may be a year or a time")
    elif token.value in YEARS and len(token.symbol) in (0, 4):
        year = int(token.value)
    elif known and behind.symbol == "u_y" and token.value < 100:
        year = full_year(int(token.value), line.year)
    elif said.month and said.day and line.wants == "date" and len(token.symbol) == 2 and not token.ordinal:
        short = full_year(int(token.value), line.year)
        year = short if line.year <= short <= line.year + _YEARS_AHEAD else 0  # "2 november 26"; another number is none
    marked = at(tokens, end).symbol == "u_y"
    if not year or not (known or marked or line.wants == "date"):
        return 0
    said.put(year=year)
    return end + marked


def _nth(line: Line, said: Said, place: int) -> int:
    """Takes "first friday", "third day", "first half"; 0 where the ordinal is none of these."""
    behind = at(line.tokens, place + 1)
    number = int(line.tokens[place].value)
    if behind.category == WEEKDAY:
        said.put(nth=number, weekday=int(behind.value))
    elif behind.symbol == "u_d":
        said.put(nth=number, weekday=ANY_DAY)
    elif behind.symbol == "HALF" and number in (1, 2):
        said.put(half=number)
    elif behind.symbol == "u_w" and number <= _WEEKS:
        said.put(week=number)
    else:
        return 0
    return place + 2


def _moved(line: Line, said: Said, found: tuple[Quantity, int]) -> int:
    """Takes a length of time with its direction: "ago", "later", "after january 12th", "до 12 января"."""
    length, end = found
    direction = at(line.tokens, end).symbol
    if direction in ("AGO", "BEFORE", ".."):
        said.put(shift=(-1, length))
    elif at(line.tokens, end).category in (DAY, WEEKDAY) and not length.nights:
        said.put(shift=(1, length))  # "a week tomorrow", "a week on friday"
        return end
    elif direction in ("LATER", "AFTER", "FROM"):
        if length.nights:
            raise out_of_place(f"nights, {length.timex},")
        said.put(shift=(1, length))
        end += direction == "LATER" and at(line.tokens, end + 1).symbol in ("AFTER", "FROM")
    else:
        raise out_of_place(f"a length of time, {length.timex},")
    if direction not in ("AGO", "LATER") and end + 1 >= len(line.tokens):
        raise out_of_place(direction)
    return end + 1


def _unit(line: Line, said: Said, place: int) -> int:
    tokens = line.tokens
    symbol, behind = tokens[place].symbol, at(tokens, place + 1)
    if symbol == "u_h" and (end := _one_oclock(line, said, place)):
        return end
    if behind.symbol == "IN" and (turned := quantity([*tokens[place + 2 : place + 3], tokens[place]], 0)) and turned[1] == 2:
        said.put(shift=(1, turned[0]))  # "недели через две", two weeks or so
        return place + 3
    if behind.symbol == "AFTER" and at(tokens, place + 2).symbol == "NEXT":
        said.put(unit=symbol, unit_modifier=AFTER_NEXT)
        return place + 3
    if symbol in ("u_w", "u_mo", "u_y") and (said.third or said.day or said.nth or said.modifier == "LAST") and said.unit is None:
        said.put(unit=symbol)  # "the end of the month", "the 15th of the month"
        return place + 1
    found = quantity(tokens, place)
    if not found:
        raise out_of_place(symbol)
    if symbol == "u_w" and found[1] == place + 1 and behind.category in (NUMBER, MONTH, HOLIDAY):
        said.put(unit=symbol, unit_modifier=WEEK_OF)
        return place + 1
    follows_day = place > 0 and tokens[place - 1].category in (WEEKDAY, DAY)
    if symbol == "u_w" and follows_day and behind.symbol not in ("AGO", "LATER", "AFTER", "FROM"):
        said.put(shift=(1, found[0]))  # "friday week"
        return found[1]
    return _moved(line, said, found)


def _one_oclock(line: Line, said: Said, place: int) -> int:
    """Takes the hour that stands for one o'clock, "в час", "час дня", "в час тридцать"; 0 where it is a length."""
    before, behind = line.tokens[place - 1].symbol if place else "", at(line.tokens, place + 1)
    has_minutes = behind.category == NUMBER and not behind.ordinal and 10 <= behind.value < 60 and line.wants == "time"
    if not (behind.category == PART or before == "AT" or (has_minutes and at(line.tokens, place + 2).category != UNIT)):
        return 0
    said.put(hour=1, minute=int(behind.value) if has_minutes else None)
    return place + 1 + has_minutes


def _month(line: Line, said: Said, place: int) -> int:
    said.put(month=int(line.tokens[place].value))
    return place + 1


def _weekday(line: Line, said: Said, place: int) -> int:
    said.put(weekday=int(line.tokens[place].value))
    return place + 1 + _modified_behind(line, said, place + 1)


def _modified_behind(line: Line, said: Said, place: int) -> int:
    """Takes what modifies the weekday or weekend in front, "after next" or "coming"; how many tokens that were."""
    if at(line.tokens, place).symbol == "AFTER" and at(line.tokens, place + 1).symbol == "NEXT":
        said.put(modifier=AFTER_NEXT)
        return 2
    if at(line.tokens, place).symbol == "COMING" and place + 1 == len(line.tokens):
        said.put(modifier="COMING")
        return 1
    return 0


def _day(line: Line, said: Said, place: int) -> int:
    said.put(offset=int(line.tokens[place].value))
    return place + 1


def _holiday(line: Line, said: Said, place: int) -> int:
    said.put(holiday=line.tokens[place].symbol)
    return place + 1


def _season(line: Line, said: Said, place: int) -> int:
    said.put(season=line.tokens[place].symbol)
    return place + 1


def _third(line: Line, said: Said, place: int) -> int:
    behind = at(line.tokens, place + 1)
    name = "part_third" if behind.category == PART or behind.symbol == "TONIGHT" else "third"
    said.put(**{name: line.tokens[place].symbol})
    return place + 1


def _modifier(line: Line, said: Said, place: int) -> int:
    tokens = line.tokens
    symbol, behind = tokens[place].symbol, at(tokens, place + 1)
    if symbol == "THIS" and behind.category == MODIFIER:
        return place + 1  # "this coming friday"
    if behind.category in (WEEKDAY, HOLIDAY, SEASON, MONTH) or behind.symbol == "WE":
        said.put(modifier=symbol)
        return place + 1
    if behind.symbol in _NAMED_PARTS:
        said.put(offset=_days_apart(symbol))
        said.parts += ["NIGHT"] if behind.symbol == "u_n" else []
        return place + 1 + (behind.symbol == "u_n")
    if behind.symbol == "u_d":
        ends_month = symbol == "LAST" and any(token.category == MONTH or token.symbol == "u_mo" for token in tokens[place + 2 :])
        said.put(**({"nth": -1, "weekday": ANY_DAY} if ends_month else {"offset": _days_apart(symbol)}))
        return place + 2
    if behind.symbol in ("u_w", "u_mo", "u_y"):
        said.put(unit=behind.symbol, unit_modifier=symbol)
        return place + 2
    if symbol in ("NEXT", "COMING", "PREV", "LAST") and behind.category != UNIT and (found := quantity(tokens, place + 1)):
        said.put(count=found[0], modifier=symbol)
        return found[1]
    raise out_of_place(symbol)


def _days_apart(modifier: str) -> int:
    if modifier not in _DAYS_APART:
        raise out_of_place(modifier)
    return _DAYS_APART[modifier]


def _mark(line: Line, said: Said, place: int) -> int:
    """Takes a word that belongs to no category."""
    tokens = line.tokens
    symbol = tokens[place].symbol
    if symbol in ("AT", "FOR") and place + 1 < len(tokens):
        return place + 1
    if symbol in ("HALF", "QUARTER", "TO") and (end := clock.read_mark(line, said, place)):
        return end
    if symbol in ("HALF", "QUARTER", "CPL", "FEW") and (found := quantity(tokens, place)):
        return _moved(line, said, found)
    if symbol == "IN" and (found := quantity(tokens, place + 1)):
        said.put(shift=(1, found[0]))
        return found[1] + (at(tokens, found[1]).symbol in ("AFTER", "FROM") and found[1] + 1 < len(tokens))
    if symbol == "TONIGHT":
        said.put(offset=0)
        said.parts.append(symbol)
    elif symbol == "WE":
        said.put(weekend=True)
        return place + 1 + _modified_behind(line, said, place + 1)
    elif symbol == "NOW":
        said.put(now=True)
    elif symbol == "ABOUT":
        said.approximate = True
    else:
        raise out_of_place(symbol)
    return place + 1


_READERS: dict[str, Reader] = {
    NUMBER: _number,
    UNIT: _unit,
    MONTH: _month,
    WEEKDAY: _weekday,
    DAY: _day,
    HOLIDAY: _holiday,
    SEASON: _season,
    THIRD: _third,
    MODIFIER: _modifier,
    PART: clock.read_part,
}
