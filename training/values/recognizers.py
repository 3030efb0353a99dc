"""The expected values of Recognizers-Text's own specifications, as keys."""

from datetime import date, timedelta
from typing import Any

import regex

from model.values.symbols import CURRENCIES
from training.values.answers import Key, day_before, days_from, duration

Answer = tuple[str, frozenset[Key]]

_KINDS = {
    "date": "date", "daterange": "date_range", "time": "time", "timerange": "time_range", "datetime": "datetime",
    "datetimerange": "datetime", "duration": "duration", "number": "number", "currency": "money", "numberrange": "number",
}  # fmt: skip
_REFUSED = {
    "set": "date",
    "timezone": "time",
    "url": "date",
    "email": "date",
    "temperature": "number",
    "dimension": "number",
    "age": "number",
}
_UNITS = {
    "Dollar": "USD", "United States dollar": "USD", "Euro": "EUR", "Pound": "GBP", "British pound": "GBP", "Russian ruble": "RUB",
    "Japanese yen": "JPY", "Chinese yuan": "CNY", "Indian rupee": "INR", "Canadian dollar": "CAD", "Australian dollar": "AUD",
    "Hong Kong dollar": "HKD", "New Zealand dollar": "NZD", "Swiss franc": "CHF", "Mexican peso": "MXN", "Singapore dollar": "SGD",
    "South Korean won": "KRW", "Turkish lira": "TRY", "Swedish krona": "SEK", "Norwegian krone": "NOK", "Danish krone": "DKK",
}  # fmt: skip
_OURS = regex.compile(
    r"morning|after ?noon|evening|night|lunch|dinner|breakfast|weekend|weekday|summer|winter|spring|fall|autumn|earl|late|begin|start"
    r"|mid|end|tonight|year|quarter|rest|last|past|previous|next|coming|this|decade|centur|upcoming",
    regex.IGNORECASE,
)  # stretches of time whose bounds we define otherwise
_ZONE = regex.compile(r"\b(?:gmt|utc|bst|ist|cet|sgt|pst|est|pacific|central|eastern)\b|q[1-4]\b", regex.IGNORECASE)
_LARGEST = 1e9
_RANGE = regex.compile(r"([\[(])(-?[\d.]*),(-?[\d.]*)([\])])")


def answer(result: dict[str, Any]) -> Answer | None:
    """The kind to ask for and the right keys of one result; no keys: it must be refused. None for what cannot be compared."""
    name = str(result.get("Type") or result.get("TypeName")).removeprefix("datetimeV2.")
    found = result.get("Value") or result.get("Resolution")
    if name in _REFUSED or (name in _KINDS and _ZONE.search(result["Text"])):
        return _REFUSED.get(name, _KINDS.get(name, "date")), frozenset()
    if name not in _KINDS or not isinstance(found, dict):
        return None
    keys = frozenset(_amounts(name, found) if name in ("number", "currency", "numberrange") else _times(name, found, result["Text"]))
    return (_KINDS[name], keys) if keys else None


def _times(name: str, found: dict[str, Any], text: str) -> set[Key]:
    if name in ("daterange", "timerange", "datetimerange") and _OURS.search(text):
        return set()
    if "values" in found:
        entries = [entry for entry in found["values"] if entry.get("type") == name]
    else:
        entries = [{**found.get("FutureResolution", {}), "Mod": found.get("Mod"), "timex": found.get("Timex")}]
    return {key for entry in entries for key in _entry(name, entry)}


def _entry(name: str, entry: dict[str, Any]) -> list[Key]:
    start = next((entry[key] for key in ("start", "startDate", "startTime", "startDateTime") if key in entry), None)
    end = next((entry[key] for key in ("end", "endDate", "endTime", "endDateTime") if key in entry), None)
    value = next((entry[key] for key in ("value", "date", "time", "dateTime") if key in entry), None)
    if name == "duration":
        if entry.get("Mod"):
            return []
        try:
            return [("duration", *duration(str(entry["timex"])))]
        except ValueError:
            return []
    sides = [_moment(side) for side in (start, end, value)]
    if any(side == "?" for side in sides):
        return []
    if value is not None and name in ("date", "time", "datetime"):
        return [("moment" if name == "datetime" else name, sides[2])]
    if start is None and end is None:
        return []
    if name == "daterange":
        return _days(sides[0], sides[1], entry.get("Mod"))
    return [("times" if name == "timerange" else "moments", sides[0], sides[1])]


def _moment(side: str | None) -> str | None:
    """2016-11-07 00:00:00 -> 2016-11-07T00:00; "?" for seconds and for what is no moment."""
    if side is None:
        return None
    if regex.fullmatch(r"\d{4}-\d\d-\d\d", side):
        return side
    match = regex.fullmatch(r"(?:(\d{4}-\d\d-\d\d) )?(\d\d:\d\d):00", side)
    return "?" if not match else f"{match[1]}T{match[2]}" if match[1] else str(match[2])


def _days(start: str | None, end: str | None, mod: str | None) -> list[Key]:
    """Ranges of days; whether "after" a day takes the day in is left open, as the sets differ."""
    if mod and (start is None or end is None):
        starts = {start, _shifted(start, 1)}
        ends = {end, _shifted(end, -1)}
        return [("dates", first, last) for first in starts for last in ends]
    return [("dates", start, last) for last in (_ends(end) if end else {None})]


def _ends(end: str) -> set[str | None]:
    """The last days that an end may mean to us: "to may 5" leaves that day out there, "to may" that month, "to 2018" that year."""
    found: set[str | None] = {day_before(end), end}
    if end.endswith("-01"):
        found.add(str(days_from(date.fromisoformat(end), "month")[2]))
    if end.endswith("-01-01"):
        found.add(str(days_from(date.fromisoformat(end), "year")[2]))
    return found


def _shifted(day: str | None, days: int) -> str | None:
    return None if day is None else (date.fromisoformat(day) + timedelta(days)).isoformat()


def _amounts(name: str, found: dict[str, Any]) -> set[Key]:
    if name == "numberrange":
        match = _RANGE.fullmatch(found["value"].replace(" ", ""))
        if not match:
            return set()
        low, high = (float(side) if side else None for side in (match[2], match[3]))
        lows = {low, low + 1 if low is not None and match[1] == "(" else low}
        highs = {high, high - 1 if high is not None and match[4] == ")" else high}
        return {("numbers", first, last) for first in lows for last in highs}
    try:
        number = round(float(found["value"]), 4)
    except (TypeError, ValueError):
        return set()
    if number >= _LARGEST or found.get("subtype") in ("fraction", "power"):
        return set()
    if name == "number":
        return {("number", number)} if number >= 0 else set()
    if found["unit"] == "Cent":
        return {("money", (number / 100, None))}
    currency = found.get("isoCurrency") or _UNITS.get(found["unit"])
    return {("money", (number, currency))} if currency in CURRENCIES else set()
