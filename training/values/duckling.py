"""The expected values of Duckling's own test corpus, as keys."""

from datetime import date, datetime, timedelta

import regex

from model.values.symbols import CURRENCIES
from training.values.answers import Key, day_before, days_from

Answer = tuple[str, frozenset[Key]]

_MOMENT = r"\((\d+), ?(\d+), ?(\d+), ?(\d+), ?(\d+), ?(\d+)\)"
_DATETIME = regex.compile(rf"datetime {_MOMENT} (\w+)")
_INTERVAL = regex.compile(rf"datetimeInterval \({_MOMENT}, ?{_MOMENT}\) (\w+)")
_OPEN = regex.compile(rf"datetimeOpenInterval (\w+) {_MOMENT} (\w+)")
_DURATION = regex.compile(r"DurationData (\d+) (\w+)")
_NUMERAL = regex.compile(r"NumeralValue \(?(-?[\d.e]+)\)?")
_MONEY = regex.compile(r"(simple|under|above) (\w+) ([\d.e]+)")
_BETWEEN = regex.compile(r"between (\w+) \(([\d.e]+), ?([\d.e]+)\)")
_CURRENCIES = {"Dollar": "USD", "Pound": "GBP", "Cent": None, "Unnamed": None, "EUR": "EUR"}
_ZONE = regex.compile(r"\b(?:gmt|utc|bst|ist|cet|pst|est|cst|mst)\b", regex.IGNORECASE)
_UNIT = regex.compile(r"\p{L}{3}")
_LARGEST = 1e9
_OURS = regex.compile(
    r"morning|after ?noon|evening|night|lunch|dinner|breakfast|weekend|week-end|summer|winter|spring|fall|autumn|earl|late|begin|start"
    r"|mid|end|tonight"
    r"|EOM|BOM|EOY|BOY"
    r"|утр|вечер|дн[её]м|ночь|обед|выходн|весн|лет[оа]м|осен|зим|начал|конц|конец|середин|уикенд|после"
    r"|\b(?:next|last|past|previous|coming|upcoming|current) (?:\w+ )?(?:one|two|three|few|several|\d+|season)|upcoming|season"
    r"|следующие \w+ |последние",
    regex.IGNORECASE,
)  # phrases whose bounds we define otherwise: the evening begins at 18:00 with us, not at 17:00
REFERENCE = date(2013, 2, 12)
REFUSED = frozenset[Key]()


def answer(dimension: str, expected: str | None, text: str) -> Answer | None:
    """The kind to ask for and the right keys of one line; no keys: it must be refused. None for what cannot be compared."""
    if dimension in ("Distance", "Volume", "Quantity", "Temperature", "Email"):
        return ("number", REFUSED) if _UNIT.search(text) else None
    if expected is None:
        return {"Time": "date", "Duration": "duration", "AmountOfMoney": "money"}.get(dimension, "number"), REFUSED
    if dimension == "Time":
        return ("time", REFUSED) if _ZONE.search(text) else None if "upcoming" in text else _time(expected, text)
    if dimension == "Duration" and (match := _DURATION.search(expected)):
        return "duration", frozenset({_duration(int(match[1]), match[2])})
    if dimension == "Numeral" and (match := _NUMERAL.search(expected)) and abs(float(match[1])) < _LARGEST:
        return ("number", frozenset({("number", round(float(match[1]), 4))})) if float(match[1]) >= 0 else ("number", REFUSED)
    if dimension == "AmountOfMoney":
        return _money(expected)
    return None


def _time(expected: str, text: str) -> Answer | None:
    if match := _DATETIME.search(expected):
        *numbers, grain = match.groups()
        year, month, day, hour, minute, second = map(int, numbers)
        first = date(year, month or 1, day or 1)
        if grain == "Day":
            return "date", frozenset({("date", first.isoformat())})
        if grain in ("Week", "Month", "Year"):
            return "date_range", frozenset({days_from(first, grain.lower())})
        if grain not in ("Hour", "Minute") or second:
            return None
        moment = f"{first.isoformat()}T{hour:02d}:{minute:02d}"
        near = abs((first - REFERENCE).days) <= 1
        keys: set[Key] = {("moment", moment), *([("time", moment[11:])] if near else [])}
        return ("time" if near else "datetime"), frozenset(keys | ({("date", moment[:10])} if grain == "Hour" and hour == 4 else set()))
    if (match := _INTERVAL.search(expected)) and not _OURS.search(text):
        return _interval([int(number) for number in match.groups()[:12]], match[13])
    return None


def _interval(numbers: list[int], grain: str) -> Answer | None:
    ends = [datetime(y, m or 1, d or 1, hh, mm, ss) for y, m, d, hh, mm, ss in (numbers[:6], numbers[6:])]
    if grain in ("Day", "Month", "Week", "Year"):
        return "date_range", frozenset({("dates", ends[0].date().isoformat(), day_before(ends[1].date().isoformat()))})
    if grain not in ("Hour", "Minute"):
        return None
    later = ends[1] - (timedelta(hours=1) if grain == "Hour" else timedelta(minutes=1))  # Duckling's end is one grain behind the last
    keys: set[Key] = set()
    for end in (ends[1], later):
        keys |= {("moments", f"{ends[0]:%Y-%m-%dT%H:%M}", f"{end:%Y-%m-%dT%H:%M}"), ("times", f"{ends[0]:%H:%M}", f"{end:%H:%M}")}
    return ("time_range" if abs((ends[0].date() - REFERENCE).days) <= 1 else "datetime"), frozenset(keys)


def _duration(count: int, unit: str) -> Key:
    seconds = {"Second": 1, "Minute": 60, "Hour": 3600, "Day": 86400, "Week": 7 * 86400}
    if unit in seconds:
        return ("duration", 0.0, float(count * seconds[unit]))
    return ("duration", float(count * (12 if unit == "Year" else 1)), 0.0)


def _money(expected: str) -> Answer | None:
    if match := _BETWEEN.search(expected):
        currency = _CURRENCIES.get(match[1], match[1])
        return "money", frozenset({("moneys", (float(match[2]), currency), (float(match[3]), currency))})
    if not (match := _MONEY.search(expected)) or float(match[3]) >= _LARGEST:
        return None
    if match[2] not in _CURRENCIES and match[2] not in CURRENCIES:
        return "money", REFUSED
    amount = float(match[3]) / (100 if match[2] == "Cent" else 1)
    names = [_CURRENCIES.get(match[2], match[2]), *(["USD"] if match[2] == "Unnamed" else [])]  # "bucks" have no name there
    keys: set[Key] = set()
    for name in names:
        worth = (round(amount, 4), name)
        keys.add({"simple": ("money", worth), "under": ("moneys", None, worth), "above": ("moneys", worth, None)}[match[1]])
    return "money", frozenset(keys)
