"""Duckling in process, through the bindings of pyduckling-native (CPython 3.9)."""

from __future__ import annotations  # Duckling's interpreter is Python 3.9

import struct
import tempfile
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytz
from duckling import Context, default_locale_lang, load_time_zones, parse, parse_dimensions, parse_lang, parse_locale, parse_ref_time

from bench.values.task import Key, Phrase, is_whole, main, moment_keys, range_keys

ZONES = {8: "Asia/Taipei", -2: "America/Noronha", 0: "Africa/Abidjan"}  # zones of the offsets that the phrases have
_DIMENSIONS = {"number": ["number"], "duration": ["duration"], "money": ["amount-of-money"]}
_CURRENCIES = {"$": "USD", "€": "EUR", "£": "GBP", "unknown": None}


def _zone_files(folder: Path) -> Path:
    """Zone files in the first version of their format with every type marked as standard time: Duckling's reader takes no others."""
    for name in ZONES.values():
        whole = (Path(pytz.__file__).parent / "zoneinfo" / name).read_bytes()
        _, _, leaps, changes, types, letters = struct.unpack(">6l", whole[20:44])
        size = 44 + changes * 5 + types * 6 + letters + leaps * 8
        counts = struct.pack(">6l", 0, types, leaps, changes, types, letters)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(whole[:4] + b"\0" + whole[5:20] + counts + whole[44:size] + b"\1" * types)
    return folder


_LOADED = load_time_zones(str(_zone_files(Path(tempfile.mkdtemp()))))
_LOCALES = {code: parse_locale(name, default_locale_lang(parse_lang(name[:2]))) for code, name in (("en", "EN_US"), ("ru", "RU_XX"))}


def answer(phrase: Phrase) -> list[Key]:
    """The value of the longest entity, if it is the whole phrase."""
    reference = datetime.fromisoformat(phrase["reference"])
    offset = reference.utcoffset() or timedelta()
    moment = parse_ref_time(_LOADED, ZONES[round(offset.total_seconds() / 3600)], int(reference.timestamp()))
    dimensions = parse_dimensions(_DIMENSIONS.get(phrase["kind"], ["time"]))
    found = parse(phrase["text"], Context(moment, _LOCALES[phrase["language"]]), dimensions, False)
    whole = [entity for entity in found if is_whole(phrase["text"], entity["start"], entity["end"])]
    return _keys(whole[0], reference) if whole else []


def _keys(entity: dict[str, Any], reference: datetime) -> list[Key]:
    value = entity["value"]
    if entity["dim"] == "number":
        return [("number", round(float(value["value"]), 4))]
    if entity["dim"] == "duration":
        unit = value.get("unit")
        if unit in ("month", "year"):
            return [("duration", float(value["value"] * (12 if unit == "year" else 1)), 0.0)]
        return [("duration", 0.0, float(value["normalized"]["value"]))]
    if entity["dim"] == "amount-of-money":
        if value["type"] == "interval":
            return [("moneys", *(_money(value.get(side)) for side in ("from", "to")))]
        return [("money", _money(value))]
    if value["type"] == "interval":
        sides = [value.get(side) for side in ("from", "to")]
        start, end = (None if side is None else _moment(side["value"]) for side in sides)
        return range_keys(start, end, next(side["grain"] for side in sides if side))
    return moment_keys(_moment(value["value"]), value["grain"], reference)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text[:19])


def _money(side: dict[str, Any] | None) -> tuple[float, str | None] | None:
    return None if side is None else (round(float(side["value"]), 4), _CURRENCIES.get(side["unit"], side["unit"]))


if __name__ == "__main__":
    main(f"Duckling (pyduckling-native {version('pyduckling-native')})", answer)
