"""A whole phrase about time: choices, ranges, limits and single sides, each with its values.

FROM 3 .. 2 4a M2             from 3 to 24 February                   W5 AFTER 6 PM         a date-time with a start only
T1 FROM n5 .. n7              both times are tomorrow's               5 M5 FOR 3 u_d        the length gives the end
W5 OR W6                      Friday, and Saturday as its other reading
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from model.values.moments import MOST, Speech, values_of
from model.values.quantity import at, quantity
from model.values.ranges import date_range, lasting, range_values
from model.values.reading import read_side
from model.values.said import Line, Said
from model.values.tokens import MODIFIER, MONTH, NUMBER, PART, UNIT, Token
from model.values.value import Refusal, Value, out_of_place
from model.values.written import groups_of, month_of

_LIMITS = {"AFTER": "start", "FROM": "start", "BEFORE": "end", "BY": "end", "..": "end"}
_BEHIND = {"AFTER": "FROM", "BEFORE": "BY", "BY": "BY"}
_STARTS = ("date", "time", "datetime")
_MINUTES = ("HALF", "QUARTER", "u_min")


def phrase_values(tokens: Sequence[Token], speech: Speech) -> list[Value]:
    """The readings of a phrase, likeliest first; "friday or saturday" has those of both."""
    choices = choices_of(tokens)
    tail = [token for token in choices[-1] if token.category in (PART, MONTH)]
    found = [_choice([*choice, *tail] if _is_bare(choice) else choice, speech) for choice in choices]
    firsts = [values[0] for values in found]
    if len({value.type for value in firsts}) > 1:
        raise Refusal("contradiction", "a choice between values of different kinds")
    return list(dict.fromkeys([*firsts, *(value for values in found for value in values[1:])]))[: max(MOST, len(firsts))]


def choices_of(tokens: Sequence[Token]) -> list[list[Token]]:
    """The tokens between the words "or"."""
    choices: list[list[Token]] = [[]]
    for token in tokens:
        if token.symbol == "OR":
            choices.append([])
        else:
            choices[-1].append(token)
    return choices


def _is_bare(tokens: Sequence[Token]) -> bool:
    """Whether a choice is a number only, which then takes the month or half of the day of the last one: "7 or 8 pm"."""
    return bool(tokens) and all(token.category == NUMBER for token in tokens)


def _choice(tokens: list[Token], speech: Speech) -> list[Value]:
    """The readings of a phrase without "or"."""
    if len(tokens) > 1 and tokens[-1].symbol in _BEHIND:  # "6 pm or later", "friday at the latest", "from june 3 onwards"
        begun = tokens[0].symbol == "FROM" and tokens[-1].symbol == "AFTER"
        return _limited([], _BEHIND[tokens[-1].symbol], tokens[begun:-1], speech)
    if (found := _lasting(tokens, speech)) is not None:
        return found
    begin = next((place for place, token in enumerate(tokens) if token.symbol == "FROM" and _opens(tokens, place)), -1)
    prefix, body = (tokens[:begin], tokens[begin + 1 :]) if begin >= 0 else ([], tokens)
    separators = _separators(body, speech.wants)
    if begin >= 0 and not separators:
        separators = _joints(body) or _misread(body)
    if len(separators) > 1:
        raise out_of_place([body[place].symbol for place in separators])
    if separators and separators[0] > 0:
        return _range([prefix, body[: separators[0]], body[separators[0] + 1 :]], body[separators[0]].symbol, speech)
    if begin >= 0 and not separators:
        return _limited(prefix, "FROM", body, speech)
    limit = next((place for place, token in enumerate(body) if token.symbol in _LIMITS and _opens(body, place)), -1)
    if limit >= 0 and begin < 0:
        return _limited(body[:limit], body[limit].symbol, body[limit + 1 :], speech)
    if begin >= 0:
        raise out_of_place("FROM")
    joints = _joints(body)
    if len(joints) == 1 and 0 < joints[0] < len(body) - 1:
        return _neighbours(body[: joints[0]], body[joints[0] + 1 :], speech)
    return _single(read_side(line(tokens, speech)), speech)


def _joints(tokens: Sequence[Token]) -> list[int]:
    """Where "and" joins two dates or times, and not the parts of one length of time ("an hour and a half")."""
    return [
        place
        for place, token in enumerate(tokens)
        if token.symbol == "+" and not _continues(tokens[place - 1] if place else None, at(tokens, place + 1))
    ]


def _misread(tokens: Sequence[Token]) -> list[int]:
    """Where "to" stands between two numbers behind "from": the end of a range, whatever was read ("from 5 to 7" is not from 6:55)."""
    return [
        place
        for place, token in enumerate(tokens)
        if token.symbol == "TO" and place and tokens[place - 1].category == NUMBER and at(tokens, place + 1).category == NUMBER
    ]


def _continues(before: Token | None, behind: Token) -> bool:
    """Whether "and" goes on with a length or number: "an hour and a half", "2 hours and 30 minutes"."""
    return behind.symbol == "HALF" or (before is not None and before.category == UNIT and behind.category == NUMBER)


def line(tokens: Sequence[Token], speech: Speech, wants: str | None = None) -> Line:
    """The tokens of a side with what its bare numbers are."""
    return Line(tokens, wants or speech.wants, speech.context.order, speech.context.today.year)


def _single(said: Said, speech: Speech) -> list[Value]:
    found = values_of(said, speech)
    return [replace(value, approximate=True) for value in found] if said.approximate else found


def _opens(tokens: Sequence[Token], place: int) -> bool:
    """Whether a word such as "after" opens a range: not "3 days after", "ten after seven", "quarter before" or "the week after next"."""
    symbol, before = tokens[place].symbol, tokens[place - 1] if place else None
    if symbol == "AFTER" and at(tokens, place + 1).symbol == "NEXT":
        return False
    if before is None or symbol == "BY":
        return True
    if before.category == UNIT:
        counted = tokens[place - 2] if place > 1 else before
        return counted.category == MODIFIER or counted.value >= 1000  # "next week after tuesday", "2026 года после"
    if symbol in ("AFTER", "BEFORE") and (before.symbol in _MINUTES or (before.category == NUMBER and not before.ordinal)):
        return place > 1 and tokens[place - 2].category == MONTH
    return True


def _separators(tokens: Sequence[Token], wants: str | None) -> list[int]:
    """Where one side ends and another begins: ".." and hyphens that belong to no date or time in digits."""
    found, place = [], 0
    while place < len(tokens):
        token = tokens[place]
        if token.is_written and at(tokens, place + 1).symbol in ("/", ".", "-"):
            groups = groups_of(tokens, place)
            if at(tokens, place + 1).symbol != "-" or _is_dashed(tokens, place, groups, wants):
                place += 2 * len(groups) - 1
                continue
        if token.symbol == "-" or (token.symbol == ".." and not _is_shift(tokens, place)):
            found.append(place)
        place += 1
    return found


def _is_shift(tokens: Sequence[Token], place: int) -> bool:
    """Whether ".." stands behind a length of days: "за 3 дня до", three days before."""
    found = quantity(tokens, 0)
    return bool(found and found[1] == place and not found[0].seconds)


def _is_dashed(tokens: Sequence[Token], place: int, groups: Sequence[Token], wants: str | None) -> bool:
    """Whether hyphens join a date, 2026-11-02 and 05-11, or a time, 19-30, rather than the ends of a range."""
    before, behind = tokens[place - 1] if place else None, at(tokens, place + 2 * len(groups) - 1)
    if len(groups) == 3:
        return True
    if len(groups) != 2 or behind.category == MONTH or behind.symbol in (":", ".") or (before and before.symbol in (":", ".", "M")):
        return False
    if before and before.category == MONTH:
        return False
    if month_of(groups):
        return wants != "time"
    first, second = groups
    if wants == "time" or behind.category == PART:
        return len(second.symbol) == 2 and (second.value > 24 or second.symbol == "00") and first.value <= 24
    return len(first.symbol) == len(second.symbol) == 2 and "0" in (first.symbol[0], second.symbol[0])


def _lasting(tokens: list[Token], speech: Speech) -> list[Value] | None:
    """A start and a length: "5 мая на 3 дня", "for a week from friday", and "within 3 days" of now; None for other phrases."""
    if tokens and tokens[0].symbol == "MAX" and (found := quantity(tokens, 1)) and found[1] == len(tokens):
        return [date_range(speech.context.today, found[0])]
    if (nights := quantity(tokens, 0)) and nights[0].nights and at(tokens, nights[1]).symbol in ("FROM", "AT"):
        tokens = [tokens[nights[1]]._replace(symbol="FOR"), *tokens]  # "3 nights from friday"
    for place, token in enumerate(tokens):
        found = quantity(tokens, place + 1) if token.symbol == "FOR" else None
        if not found:
            continue
        length, end = found
        if at(tokens, end).category == PART or at(tokens, end).ordinal:
            continue  # "на 7 часов вечера", "на десять минут восьмого"
        rest = tokens[:place] if place and end == len(tokens) else tokens[end:] if not place else []
        rest = rest[1:] if rest and rest[0].symbol == "FROM" else rest
        if rest:
            starts = [value for value in _single(read_side(line(rest, speech)), speech) if value.type in _STARTS]
            if not starts:
                raise out_of_place(f"a length, {length.timex}, without a day or time that it begins on,")
            return [lasting(value, length) for value in starts]
    return None


def _range(sides: Sequence[Sequence[Token]], mark: str, speech: Speech) -> list[Value]:
    """The readings of "from left to right", where the words in front of "from" belong to both ("tomorrow from 5 to 7")."""
    prefix, left, right = sides
    first, second = _pair(left, right, speech if not prefix or speech.wants == "date" else speech._replace(wants="time"))
    if mark != ".." and first.has_date and not first.has_clock and not second.has_date and not prefix:
        raise out_of_place(mark)
    if prefix:
        shared = read_side(line(prefix, speech))
        if shared.has_clock or shared.now or first.has_date or second.has_date:
            raise out_of_place("FROM")
        first.take_date(shared)
    found = range_values(first, second, speech)
    if first.approximate or second.approximate:
        return [replace(value, approximate=True) for value in found]
    return found


def _pair(left: Sequence[Token], right: Sequence[Token], speech: Speech) -> tuple[Said, Said]:
    """Both sides; a bare number is what the other side is: "14-15.10", "7 to 9 pm"."""
    try:
        second = read_side(line(right, speech))
    except Refusal:
        if speech.wants not in (None, "datetime"):
            raise
        first = read_side(line(left, speech))
        return first, read_side(line(right, speech, "time" if first.has_clock else "date"))
    return read_side(line(left, speech, "time" if second.hour is not None else "date" if second.has_date else None)), second


def _neighbours(left: list[Token], right: list[Token], speech: Speech) -> list[Value]:
    """Two days that follow each other, "friday and saturday", as a range. Refuses others: a phrase has one value."""
    found = _range([[], left, right], "+", speech)
    for value in found:
        if value.type == "date_range" and date.fromisoformat(str(value.end)) - date.fromisoformat(str(value.start)) == timedelta(1):
            return [value]
    raise Refusal("vague", "two dates or times that are no range")


def _limited(prefix: list[Token], limit: str, rest: list[Token], speech: Speech) -> list[Value]:
    """A range open at one end: "after 6 pm", "friday before noon", "до пятницы"."""
    said = read_side(line(rest, speech))
    about = bool(prefix) and prefix[-1].symbol == "ABOUT"
    if prefix := prefix[: len(prefix) - about]:
        shared = read_side(line(prefix, speech))
        if shared.has_clock or shared.now or said.has_date or not said.has_clock:
            raise out_of_place(limit)
        said.take_date(shared)
    return [replace(_opened(value, limit), approximate=said.approximate or about) for value in values_of(said, speech)]


def _opened(value: Value, limit: str) -> Value:
    """The value as the one end of a range: "after may" begins on 1 June, "before friday" ends on Thursday."""
    end = _LIMITS[limit]
    first, last = (value.start, value.end) if value.is_range else (value.value, value.value)
    if value.type in ("date", "date_range"):
        day = date.fromisoformat(str(last if limit in ("AFTER", "BY", "..") else first))
        day += timedelta({"AFTER": 1, "BEFORE": -1}.get(limit, 0))
        bound, kind = day.isoformat(), "date_range"
    else:
        bound, kind = str(last if limit == "AFTER" else first), "datetime" if value.type == "datetime" else "time_range"
    opened = replace(value, type=kind, value=None, start=None, end=None)
    if end == "start":
        return replace(opened, start=bound, timex=f"({value.timex},,)")
    return replace(opened, end=bound, timex=f"(,{value.timex},)")
