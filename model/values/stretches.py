"""Stretches of days: months, seasons, years, weeks, weekends, "the next 3 days", and the parts of these."""

from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from model.values.occurrence import APART, Asked, Days, Occurrence, modified, occurring, pick, shifted
from model.values.said import Said
from model.values.value import Refusal

_SEASONS = {"SPRING": (3, "SP"), "SUMMER": (6, "SU"), "AUTUMN": (9, "FA"), "WINTER": (12, "WI")}
_WEEK_PARTS = {"BEG": (0, 1), "MID": (2, 3), "END": (4, 6)}
_MONTH_PARTS = {"BEG": (0, 9), "MID": (10, 19), "END": (20, 30)}


def month(asked: Asked) -> list[Days]:
    """A month without a day: "in november", "may 2027", "next may"."""
    assert asked.said.month
    number, said = asked.said.month, asked.said

    def at(step: int) -> Days:
        year = asked.base.year + step
        open_year = said.year is None and said.unit is None and said.modifier is None
        return _months(date(year, number, 1), 1, f"{'XXXX' if open_year else f'{year:04d}'}-{number:02d}", "month")

    return occurring(asked, at)


def season(asked: Asked) -> list[Days]:
    """Three months, of the northern half of the earth; winter begins in the December of its year."""
    assert asked.said.season
    begin, name = _SEASONS[asked.said.season]
    said = asked.said

    def at(step: int) -> Days:
        year = asked.base.year + step
        open_year = said.year is None and said.unit is None and said.modifier is None
        return _months(date(year, begin, 1), 3, f"{'XXXX' if open_year else f'{year:04d}'}-{name}", "season")

    return occurring(asked, at)


def year(asked: Asked) -> list[Days]:
    """A year: "2027"."""
    assert asked.said.year
    return [_months(date(asked.said.year, 1, 1), 12, f"{asked.said.year:04d}", "year")]


def unit(asked: Asked) -> list[Days]:
    """A week from Monday on, a month or a year, counted from today's: "next week", "this month", "the year after next"."""
    said, today = asked.said, asked.context.today
    if said.unit_modifier is None and not (said.third or said.half or said.nth or said.modifier):
        raise Refusal("out_of_place", f"{said.unit} alone")
    apart = APART[said.unit_modifier or "THIS"]
    if said.unit == "u_w":
        return [week(monday(today, apart))]
    if said.unit == "u_mo":
        first = today.replace(day=1) + relativedelta(months=apart)
        return [_months(first, 1, f"{first:%Y-%m}", "month")]
    if said.unit == "u_y":
        first = date(today.year + apart, 1, 1)
        return [_months(first, 12, f"{first.year:04d}", "year")]
    raise Refusal("out_of_place", f"{said.unit_modifier} {said.unit}")


def week(first: date) -> Days:
    """The ISO week that begins on a Monday."""
    number = first.isocalendar()
    return Days(first, first + timedelta(6), f"{number.year:04d}-W{number.week:02d}", "week")


def monday(day: date, weeks: int = 0) -> date:
    """The Monday of a day's week, or of one so many weeks off."""
    return day + timedelta(7 * weeks + 1 - day.isoweekday())


def weekend(asked: Asked) -> list[Days]:
    """Saturday and Sunday; "next weekend", said before the weekend, may be this week's or the following one."""
    said, today = asked.said, asked.context.today
    if said.unit is not None:
        if said.unit != "u_w" or said.modifier:
            raise Refusal("out_of_place", f"weekend and {said.unit}")
        return [_weekend(monday(today, APART[said.unit_modifier or "THIS"]))]
    if said.modifier is None:
        return [pick(asked, _weekends(asked))._replace(timex="XXXX-WXX-WE")]
    if said.modifier == "COMING":
        return modified(asked, _weekends(asked), "COMING")
    named = _weekend(monday(today, APART[said.modifier]))
    if said.modifier in ("PREV", "LAST"):
        return [named]
    coming = _weekend(monday(today))
    return [named, coming] if said.modifier == "NEXT" and today < coming.first else [named]


def _weekends(asked: Asked) -> Occurrence:
    return lambda step: _weekend(monday(asked.base, step))


def _weekend(first: date) -> Days:
    number = first.isocalendar()
    return Days(first + timedelta(5), first + timedelta(6), f"{number.year:04d}-W{number.week:02d}-WE", "day")


def count(asked: Asked) -> list[Days]:
    """So many days, weeks or months from tomorrow on, or up to yesterday: "the next 3 days"."""
    said, today = asked.said, asked.context.today
    assert said.count
    if said.count.seconds:
        raise Refusal("out_of_place", f"{said.modifier} {said.count.timex}")
    if said.modifier in ("PREV", "LAST"):
        first, last = shifted(today, said.count, -1), today - timedelta(1)
    else:
        first, last = today + timedelta(1), shifted(today, said.count)
    return [Days(first, last, f"({first},{last},{said.count.timex})", said.count.grain)]


def part(days: Days, said: Said) -> Days:
    """The first, middle or last part of a stretch, or a half or week of a month, its first week the days 1 to 7.

    Of a month: days 1 to 10, 11 to 20, 21 to the end; of a week: two, two and three days; of a year and a season: thirds in months.
    """
    name = said.third or "MID"
    if said.week:
        begin, end = 7 * said.week - 7, 7 * said.week - 1
    elif said.half:
        begin, end = ((0, 14), (15, 30))[said.half - 1]
    elif days.grain in ("week", "month"):
        begin, end = (_WEEK_PARTS if days.grain == "week" else _MONTH_PARTS)[name]
    else:
        months = 4 if days.grain == "year" else 1
        first = days.first + relativedelta(months=months * list(_MONTH_PARTS).index(name))
        return _months(first, months, days.timex, "month")
    return Days(days.first + timedelta(begin), min(days.first + timedelta(end), days.last), days.timex, "day")


def _months(first: date, months: int, timex: str, grain: str) -> Days:
    """So many whole months from the first day of one on."""
    return Days(first, first + relativedelta(months=months, days=-1), timex, grain)
