"""Two sides of a range: what they share, and the days and times between them.

"3 .. 24 february" shares the month, "december 28 to january 3 2027" the year, "monday to friday next week" the week, "7 to 9 pm" the half
of the day. The second side is the first of its kind behind the first side, so a range is never turned round.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta

from model.values.clock import Clock, clock_timex, clocks_of, part_of
from model.values.days import days_of
from model.values.moments import Speech, clock_value, single_day, span
from model.values.occurrence import Days, shifted
from model.values.quantity import Quantity
from model.values.said import Said
from model.values.value import Refusal, Value, out_of_place

_DAY = 24 * 60


def range_values(first: Said, second: Said, speech: Speech) -> list[Value]:
    """The readings of a range, likeliest first. Refuses an end in front of its start, and sides of different kinds."""
    if first.now or first.shift or second.now or second.shift:
        raise out_of_place("now, or a length of time, as an end of a range,")
    if not first.has_date and not second.has_date:
        return [_times(*pair) for pair in _clock_pairs(first, second)]
    dated = second.has_date and first.has_date
    _share(first, second)
    spans = _day_pairs(first, second, speech) if dated else [(days, days) for days in days_of(first, speech.context)]
    if not first.has_clock and not second.has_clock:
        return [_dates(*pair) for pair in spans]
    if not (first.has_clock and second.has_clock):
        if not dated and second.has_clock:
            found = [_until(days, clock, speech) for days, _ in spans for clock in _starts(second) if clock.minutes]
            if found:
                return found
        raise Refusal("vague", "a range with a time at one end only")
    return [value for days, last in spans for value in _moments(days, last, first, second, speech)]


def _moments(days: Days, last: Days, first: Said, second: Said, speech: Speech) -> list[Value]:
    """The date-times from one side's to the other's; on one day as a range of times is."""
    begin, stop = single_day(days), single_day(last)
    if begin == stop:
        return [
            span(begin, start, begin, Clock(start.minutes + length, ""), speech.context, timex=_timed(days, start, length))
            for start, length in _clock_pairs(first, second)
        ]
    start, end = _starts(first)[0], _starts(second)[0]
    timex = f"({days.timex}{start.timex},{last.timex}{end.timex},)"
    return [span(begin, start, stop, end, speech.context, timex=timex)]


def _timed(days: Days, start: Clock, length: int) -> str:
    end = clock_timex((start.minutes + length) % _DAY)
    return f"({days.timex}{start.timex},{days.timex}{end},{_length(length)})"


def _until(days: Days, clock: Clock, speech: Speech) -> Value:
    """A day up to a time: "friday until 6 pm"."""
    whole = span(single_day(days), Clock(0, "T00:00"), single_day(days), clock, speech.context, timex=f"(,{days.timex}{clock.timex},)")
    return replace(whole, start=None)


def _starts(said: Said) -> list[Clock]:
    """The times of a side; of a part of the day its start, for "until evening" is until it begins."""
    return clocks_of(said) if said.hour is not None else [part_of(said)[0]]


def _clock_pairs(first: Said, second: Said) -> list[tuple[Clock, int]]:
    """Starts with the minutes that the range lasts, the shortest first where the words leave the half of the day open.

    "7 to 9" is two hours from 7:00 or 19:00, "11 to 2 pm" three from 11:00, "10 pm to 2" four over midnight, "10-18" eight from 10:00.
    """
    for side, other in ((first, second), (second, first)):
        if other.hour is not None and other.hour > 12 and not side.parts:
            side.exact = True
    starts = _starts(first)
    if second.parts and not first.parts and first.hour is not None and second.hour is not None:
        shared = replace(first, parts=list(second.parts))
        starts = _allowed(shared) or starts
        if not any(start.minutes < end.minutes for start in starts for end in _starts(second)):
            starts = _starts(first)
    ends = _starts(second)
    pairs = [(start, min((end.minutes - start.minutes) % _DAY or _DAY for end in ends)) for start in starts]
    pairs.sort(key=lambda pair: pair[1])
    short = [pair for pair in pairs if pair[1] <= _DAY // 2]
    return short or pairs[:1]


def _allowed(said: Said) -> list[Clock]:
    try:
        return clocks_of(said)
    except Refusal:
        return []


def _times(start: Clock, length: int) -> Value:
    """A range of times of any day; its end may lie on the next one."""
    end = Clock((start.minutes + length) % _DAY, clock_timex((start.minutes + length) % _DAY))
    timex = f"({start.timex},{end.timex},{_length(length)})"
    return Value("time_range", start=clock_value(start), end=clock_value(end), timex=timex, grain="hour")


def _length(minutes: int) -> str:
    return Quantity(0, 0, minutes * 60, "", "minute").value


def _share(first: Said, second: Said) -> None:
    """Gives each side what only the other one said: a date, a month, a year, a week. Refuses "from 30 may to 2"."""
    if not second.has_date or not first.has_date:
        (second if not second.has_date else first).take_date(first if not second.has_date else second)
        return
    alone, names = set(first.said()), set(second.said())
    if alone == {"day"} and names & {"month", "numeric"}:
        year, month, _ = second.numeric[0] if second.numeric else (second.year, second.month, 0)
        first.month, first.year = month, year
        first.unit, first.unit_modifier = second.unit, second.unit_modifier
    elif alone == {"day"} and second.unit == "u_mo":
        first.unit, first.unit_modifier = second.unit, second.unit_modifier
    elif names == {"day"} and first.month:
        second.month, second.year, second.unit, second.unit_modifier = first.month, first.year, first.unit, first.unit_modifier
    elif alone == {"weekday"} and second.unit == "u_w" and not first.modifier:
        first.unit, first.unit_modifier = second.unit, second.unit_modifier
    elif alone <= {"month", "day", "season"} and second.year and first.year is None and not first.modifier:
        first.year = second.year
    elif alone == names == {"numeric"}:
        first.numeric = tuple(
            (own[0] or other[0], own[1], own[2]) for own, other in zip(first.numeric, _aligned(first, second), strict=True)
        )
    if first.month and first.month == second.month and first.day and second.day and second.day < first.day and second.year == first.year:
        raise Refusal("contradiction", f"from {first.day} to {second.day} of one month")


def _aligned(first: Said, second: Said) -> list[tuple[int | None, int, int]]:
    """For each reading of the first side's digits the second side's of the same order, or its likeliest."""
    return [second.numeric[min(place, len(second.numeric) - 1)] for place in range(len(first.numeric))]


def _day_pairs(first: Said, second: Said, speech: Speech) -> list[tuple[Days, Days]]:
    """The days that both sides mean, likeliest first. A year that was shared is the one before where the range crosses its end."""
    pairs = []
    starts = days_of(first, speech.context)
    for place, days in enumerate(starts):
        ends = days_of(second, speech.context, days.first)
        end = ends[place] if len(ends) == len(starts) else ends[0]
        pairs.append((days, end))
    ordered = [pair for pair in pairs if pair[0].first <= pair[1].last]
    if not ordered and second.year and first.year == second.year and first.month and second.month and first.month > second.month:
        return _day_pairs(replace(first, year=first.year - 1), second, speech)
    if not ordered:
        raise Refusal("contradiction", f"from {pairs[0][0].first} to {pairs[0][1].last}")
    return ordered


def _dates(days: Days, last: Days) -> Value:
    length = (last.last - days.first).days
    timex = f"({days.timex},{last.timex},P{length}D)"
    return Value("date_range", start=days.first.isoformat(), end=last.last.isoformat(), timex=timex, grain=last.grain)


def lasting(start: Value, length: Quantity) -> Value:
    """From a day, a time or a date-time on for a length: "5 May for 3 days", "7 pm for two hours"."""
    if start.type == "date":
        return date_range(date.fromisoformat(str(start.value)), length, str(start.timex))
    if length.months or length.days or not 0 < length.seconds < _DAY * 60:
        raise out_of_place(f"a length, {length.timex}, behind a time,")
    if start.type == "time":
        hour, minute = map(int, str(start.value).split(":"))
        return _times(Clock(hour * 60 + minute, str(start.timex)), length.seconds // 60)
    end = datetime.fromisoformat(str(start.value)) + timedelta(seconds=length.seconds)
    timex = f"({start.timex},{end:%Y-%m-%dT%H:%M},{length.timex})"
    return replace(start, value=None, start=start.value, end=f"{end:%Y-%m-%dT%H:%M}", timex=timex)


def date_range(first: date, length: Quantity, timex: str | None = None) -> Value:
    """From a day on for a length of whole days: 5 May for 3 days -> 5 to 8 May, the day of leaving included."""
    if length.seconds:
        raise out_of_place(f"a length of hours, {length.timex},")
    last = shifted(first, length)
    said = f"({timex or first.isoformat()},{last.isoformat()},{length.timex})"
    return Value("date_range", start=first.isoformat(), end=last.isoformat(), timex=said, grain="day")
