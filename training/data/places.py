"""Names of places from a gazetteer folder, those first that people name most; Russian ones only where their cases are sure."""

import csv
import gzip
import json
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import regex

from model.errors import LabelError
from training.data.inflection import declined, in_dictionary

_LATIN = regex.compile(
    r"(?!(?:the|a|an|at|in|on|to|by|of|for|from)\b)\p{Lu}[\p{Latin}\p{M}'’.-]+(?: [\p{Latin}\p{M}'’.-]+){0,2}", regex.IGNORECASE
)
_CYRILLIC = regex.compile(r"[А-ЯЁ][а-яё]+(?:-[а-яёА-ЯЁ]+){0,3}")
_NO_TOWN = regex.compile(r"(?i)район|округ|провинц|уезд|департамент|аэропорт|область|остров|столичн|муниципал|губерн|префектур|регион")
_LARGEST_AT_HOME = 170
_LARGE_TOWN = 50_000  # smaller names of a machine-translated list are too often wrong


def load_places(folder: Path, language: str = "en") -> tuple[str, ...]:
    """City names of a gazetteer folder in a language. Raises LabelError for a language without names."""
    if language not in _LOADERS:
        raise LabelError(f"there are no place names in {language!r}; use one of {', '.join(_LOADERS)}")
    return _LOADERS[language](folder)


def _english(folder: Path) -> tuple[str, ...]:
    """Names of one to three words of Latin letters: those with a known airport, then the others; the largest first where that is known."""
    with (folder / "world-cities.csv").open(encoding="utf-8", newline="") as stream:
        names = {row["name"] for row in csv.DictReader(stream)}
    # Some tables count a city under the district or province of its name.
    people: dict[str, int] = defaultdict(int)
    for city in _records(folder / "cities_dr5hn.jsonl.gz"):
        people[city["name"]] = max(people[city["name"]], city.get("population") or 0)
    # An airport whose city has a Russian name is one that people fly to from afar.
    known = {_without_accents(airport["city"]) for airport in _records(folder / "airports.jsonl.gz") if airport.get("city_ru")}
    usable = [name for name in names if _LATIN.fullmatch(_without_accents(name))]
    return tuple(sorted(usable, key=lambda name: (_without_accents(name) not in known, -people[name], name)))


def _russian(folder: Path) -> tuple[str, ...]:
    """Large cities of Russia, cities with an airport that the dictionary knows, the other cities of Russia, the rest of the world."""
    with (folder / "city.csv").open(encoding="utf-8", newline="") as stream:
        people = {row["city"] or row["region"]: int(row["population"] or 0) for row in csv.DictReader(stream)}
    home = sorted(people, key=lambda name: (-people[name], name))
    airports = [city["city_ru"] for city in _records(folder / "airports.jsonl.gz") if city.get("city_ru")]
    world = [
        city["ru"]
        for city in _records(folder / "cities_dr5hn.jsonl.gz")
        if city.get("ru") and (city.get("population") or 0) >= _LARGE_TOWN and city.get("type") in ("city", "capital", None)
    ]
    known = [name for name in sorted(set(airports)) if in_dictionary(name)]
    abroad = [*sorted(set(airports)), *sorted(set(world))]
    ranked = [*home[:_LARGEST_AT_HOME], *known, *home[_LARGEST_AT_HOME:], *(name for name in abroad if _CYRILLIC.fullmatch(name))]
    return tuple(name for name in dict.fromkeys(ranked) if _is_usable(name))


_LOADERS: dict[str, Callable[[Path], tuple[str, ...]]] = {"en": _english, "ru": _russian}


def _is_usable(name: str) -> bool:
    """Whether a Russian name is a town's and its cases are sure."""
    return bool(name) and not _NO_TOWN.search(name) and all(declined(name, case) is not None for case in ("gent", "loct"))


def _records(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        yield from map(json.loads, stream)


def _without_accents(name: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFD", name) if not unicodedata.combining(letter))
