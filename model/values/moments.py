"""One side's date and time together, as values: dates, times, date-times and the stretches of each."""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from model.values.clock import MIDNIGHT, Clock, clocks_of, part_of
from model.values.days import days_of
from model.values.occurrence import Days, shifted
from model.values.said import Said
from model.values.value import Context, Refusal, Value, exists

MOST = 4  # readings of one phrase
_DAY = MIDNIGHT * 60


class Speech(NamedTuple):
    """What a bare number is, and the context.

    ``wants``: "date": 7 is the seventh; "time": seven o'clock; "datetime": seven o'clock beside a date, and a time alone is one of today or
    tomorrow; None: 7 is refused.
    """

    wants: str | None
    context: Context


def values_of(said: Said, speech: Speech) -> list[Value]:
    """The readings of a side, likeliest first."""
    context = speech.context
    if said.now:
        return [_now(said, speech)]
    if said.shift and said.shift[1].seconds and not said.has_clock:
        return [_later(said, context)]
    if not said.has_clock or (speech.wants == "date" and said.hour is None and said.parts == ["TONIGHT"]):
        tonight = "TNI" if said.parts else ""
        return [date_value(days._replace(timex=days.timex + tonight)) for days in days_of(said, context)]
    if said.has_date:
        return _datetimes(said, context)
    if speech.wants == "datetime":
        said.offset = 0
        return [_upcoming(value, context) for value in _datetimes(said, context)]
    if said.hour is None:
        start, end, timex = part_of(said)
        return [Value("time_range", start=clock_value(start), end=clock_value(end), timex=timex, grain="hour")]
    grain = "hour" if said.minute is None else "minute"
    return [Value("time", clock_value(clock), timex=clock.timex, grain=grain) for clock in clocks_of(said)]


def date_value(days: Days) -> Value:
    """A day as a date, more days as a range of dates."""
    if days.first == days.last:
        return Value("date", days.first.isoformat(), timex=days.timex, grain=days.grain)
    return Value("date_range", start=days.first.isoformat(), end=days.last.isoformat(), timex=days.timex, grain=days.grain)


def clock_value(clock: Clock) -> str:
    """A time of the day: 1170 minutes -> "19:30"; the midnight at the day's end is "00:00"."""
    hour, minute = divmod(clock.minutes % _DAY, 60)
    return f"{hour:02d}:{minute:02d}"


def moment(day: date, clock: Clock, context: Context) -> str:
    """A local date and time. Refuses one that a change of clocks leaves out, and one beyond the calendar."""
    try:
        found = datetime(day.year, day.month, day.day) + timedelta(minutes=clock.minutes)
    except OverflowError as error:
        raise Refusal("impossible", "beyond the calendar") from error
    if not exists(found, context.zone):
        raise Refusal("impossible", f"{found:%Y-%m-%dT%H:%M} is left out by a change of clocks")
    return f"{found:%Y-%m-%dT%H:%M}"


def single_day(days: Days) -> date:
    """The day of a reading that a time stands beside. Refuses a stretch ("next week at 7")."""
    if days.first != days.last:
        raise Refusal("vague", f"a time on some day of {days.timex}")
    return days.first


def _now(said: Said, speech: Speech) -> Value:
    """The moment of speaking, to the minute; today where a date is wanted."""
    context = speech.context
    if said.has_date or said.has_clock:
        raise Refusal("out_of_place", "NOW beside a date or a time")
    if speech.wants == "date":
        return Value("date", context.today.isoformat(), timex=context.today.isoformat(), grain="day")
    value = f"{context.reference:%Y-%m-%dT%H:%M}"
    return Value("datetime", value, timex="PRESENT_REF", grain="minute", timezone=context.timezone)


def _later(said: Said, context: Context) -> Value:
    """The moment so many hours and minutes from now: elapsed time, whatever the clocks do meanwhile; days and months by the calendar."""
    assert said.shift
    sign, length = said.shift
    if said.said() != ["shift"]:
        raise Refusal("out_of_place", f"{length.timex} beside a date without a time")
    reference = context.reference
    day = shifted(reference.date(), length, sign)
    start = reference.replace(year=day.year, month=day.month, day=day.day)
    found = (start.astimezone(UTC) + timedelta(seconds=sign * length.seconds)).astimezone(context.zone)
    value = f"{found:%Y-%m-%dT%H:%M}"
    return Value("datetime", value, timex=value, grain=length.grain, timezone=context.timezone)


def _datetimes(said: Said, context: Context) -> list[Value]:
    """A day with a time on it, every reading of the one with every reading of the other."""
    found = days_of(said, context)
    if said.hour is None:
        start, end, timex = part_of(said)
        return [span(day, start, day, end, context, timex=f"{days.timex}{timex}") for days in found for day in [single_day(days)]]
    grain = "hour" if said.minute is None else "minute"
    readings = []
    for days in found:
        day = single_day(days)
        for clock in _upcoming_first(day, clocks_of(said), context):
            value = moment(day, clock, context)
            timex = f"{days.timex}{clock.timex}"
            readings.append(Value("datetime", value, timex=timex, grain=grain, timezone=context.timezone))
            if "MIDN" in said.parts:  # "friday midnight": the one at its end, or at its beginning
                start = Clock(0, "T00:00")
                readings.append(
                    Value("datetime", moment(day, start, context), timex=f"{days.timex}T00:00", grain=grain, timezone=context.timezone)
                )
    return readings[:MOST]


def _upcoming_first(day: date, clocks: list[Clock], context: Context) -> list[Clock]:
    """For a time of today, the readings still to come first, where the policy looks ahead: "today at 7" at ten o'clock is 19:00."""
    if day != context.today or context.policy != "future":
        return clocks
    now = context.reference.hour * 60 + context.reference.minute
    return sorted(clocks, key=lambda clock: clock.minutes < now)


def _upcoming(value: Value, context: Context) -> Value:
    """A time of today moved to the day that the policy says: tomorrow where it is past already, yesterday where it is still to come."""
    said = str(value.value or value.start)
    now = f"{context.reference:%Y-%m-%dT%H:%M}"
    days = 1 if context.policy == "future" and said < now else -1 if context.policy == "past" and said > now else 0
    timex = f"T{said.partition('T')[2]}" if value.value else value.timex and value.timex[10:]
    if not days:
        return Value(value.type, value.value, value.start, value.end, timex, value.grain, value.timezone)
    start, end = (
        f"{datetime.fromisoformat(str(found)) + timedelta(days):%Y-%m-%dT%H:%M}" if found else None for found in (said, value.end)
    )
    return Value("datetime", None if end else start, start if end else None, end, timex, value.grain, value.timezone)


def span(first: date, start: Clock, last: date, end: Clock, context: Context, *, timex: str) -> Value:
    """From a time of one day to a time of another. Refuses an end that is not behind its start."""
    begin, stop = moment(first, start, context), moment(last, end, context)
    if stop <= begin:
        raise Refusal("contradiction", f"from {begin} to {stop}")
    return Value("datetime", start=begin, end=stop, timex=timex, grain="hour", timezone=context.timezone)
