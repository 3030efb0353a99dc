"""Recognizers-Text, the Python port, English: it reads no Russian dates."""

import re
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any

from recognizers_date_time import recognize_datetime
from recognizers_number import recognize_number
from recognizers_number_with_unit import recognize_currency

from bench.values.task import Key, Phrase, is_whole, main

_CULTURE = "en-us"
_UNITS = {
    "Dollar": "USD", "United States dollar": "USD", "Euro": "EUR", "Pound": "GBP", "British pound": "GBP", "Russian ruble": "RUB",
    "Japanese yen": "JPY", "Chinese yuan": "CNY", "Indian rupee": "INR", "Canadian dollar": "CAD", "Australian dollar": "AUD",
}  # fmt: skip


def answer(phrase: Phrase) -> list[Key]:
    """The value of the first entity, if it is the whole phrase: of a date without a year the one to come."""
    if phrase["language"] != "en":
        return []
    reference = datetime.fromisoformat(phrase["reference"]).replace(tzinfo=None)
    text = phrase["text"]
    if phrase["kind"] == "number":
        found = recognize_number(text, _CULTURE)
    elif phrase["kind"] == "money":
        found = recognize_currency(text, _CULTURE)
    else:
        found = recognize_datetime(text, _CULTURE, reference=reference)
    whole = [entity for entity in found if is_whole(text, entity.start, entity.end + 1) and entity.resolution]
    return _keys(phrase["kind"], whole[0].resolution, reference) if whole else []


def _keys(kind: str, said: dict[str, Any], reference: datetime) -> list[Key]:
    if kind == "number":
        return [("number", round(float(said["value"]), 4))]
    if kind == "money":
        amount = float(said["value"]) / (100 if said["unit"] == "Cent" else 1)
        currency = said.get("isoCurrency") or _UNITS.get(said["unit"])
        return [("money", (round(amount, 4), None if said["unit"] == "Cent" else currency))]
    values = said["values"]
    coming = [value for value in values if _begins(value) >= f"{reference:%Y-%m-%d}"]
    return _time_keys((coming or values)[0])


def _begins(value: dict[str, str]) -> str:
    return str(value.get("value") or value.get("start") or value.get("end"))


def _time_keys(value: dict[str, str]) -> list[Key]:
    kind = value["type"]
    if kind == "duration":
        return _duration(value["timex"])
    start, end, single = (_plain(value.get(side)) for side in ("start", "end", "value"))
    if kind in ("date", "time", "datetime"):
        return [("moment" if kind == "datetime" else kind, single)]
    name = {"daterange": "dates", "timerange": "times", "datetimerange": "moments"}[kind]
    keys: list[Key] = [(name, start, end)]
    if kind == "daterange" and end:  # its end is the first day behind, though "may 3 to may 5" ends on the 5th
        keys.append((name, start, (datetime.fromisoformat(end) - timedelta(1)).date().isoformat()))
    return keys


def _plain(side: str | None) -> str | None:
    return side and re.sub(r"(\d\d:\d\d):00$", r"\1", side).replace(" ", "T")


def _duration(timex: str) -> list[Key]:
    units = {
        "Y": (12.0, 0.0),
        "M": (1.0, 0.0),
        "W": (0.0, 604800.0),
        "D": (0.0, 86400.0),
        "TH": (0.0, 3600.0),
        "TM": (0.0, 60.0),
        "TS": (0.0, 1.0),
    }
    date_part, _, time_part = timex[1:].partition("T")
    months = seconds = 0.0
    for part, prefix in ((date_part, ""), (time_part, "T")):
        for number, unit in re.findall(r"([\d.]+)([YMWDHS])", part):
            month, second = units[prefix + unit]
            months, seconds = months + float(number) * month, seconds + float(number) * second
    return [("duration", months, seconds)]


if __name__ == "__main__":
    main(f"Recognizers-Text {version('recognizers-text-suite')}", answer)
