"""Russian names of places in their cases: by the dictionary where it knows the name, else by its ending where that leaves no doubt."""

import csv
import functools
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymorphy3
import regex

CASES = ("gent", "datv", "accs", "ablt", "loct")  # of, to, into, by and in: pymorphy's names
_SMALLEST = 50_000  # people
_NAME = regex.compile(r"\p{Lu}[\p{Cyrillic}-]+(?: \p{Lu}[\p{Cyrillic}-]+)?")
# Endings of a name in the nominative and in CASES. A consonant before -ок, -ец, -ел may or may not lose its vowel, so these are left out.
_ENDINGS: tuple[tuple[regex.Pattern[str], tuple[str, ...]], ...] = (
    (regex.compile(r"(?<=[гкхжчшщ])а$"), ("и", "е", "у", "ой", "е")),
    (regex.compile(r"(?<=[бвдзлмнпрстф])а$"), ("ы", "е", "у", "ой", "е")),
    (regex.compile(r"(?<=и)я$"), ("и", "и", "ю", "ей", "и")),
    (regex.compile(r"(?<=[бвдзлмнпрстф])я$"), ("и", "е", "ю", "ей", "е")),
    (regex.compile(r"(?<=[еэоауы])й$"), ("я", "ю", "й", "ем", "е")),
    (regex.compile(r"(?<=[бвдзклмнпрстфгх])(?<!ок|ек|ел|ень)$"), ("а", "у", "", "ом", "е")),
    (regex.compile(r"(?<=[оеиуыэю])$"), ("", "", "", "", "")),
)


@functools.cache
def _analyzer() -> pymorphy3.MorphAnalyzer:
    return pymorphy3.MorphAnalyzer()


@functools.cache
def inflect(name: str, case: str) -> str | None:
    """``name`` in a case of CASES; None where that is in doubt.

    >>> inflect("Тайбэй", "gent"), inflect("Нижний Новгород", "loct"), inflect("Сочи", "datv")
    ('Тайбэя', 'Нижнем Новгороде', 'Сочи')
    """
    words = name.split(" ")
    noun = _noun(words[-1], case)
    if noun is None or len(words) == 1:
        return noun
    adjective = _adjective(words[0], words[-1], case)
    return None if adjective is None or len(words) > 2 else f"{adjective} {noun}"


def _place(word: str) -> Any:
    """What the dictionary says of a place; None if it does not know the word as one."""
    if not _analyzer().word_is_known(word):
        return None
    return next((parse for parse in _analyzer().parse(word) if {"NOUN", "nomn"} in parse.tag and "Geox" in parse.tag), None)


def _noun(word: str, case: str) -> str | None:
    place = _place(word)
    if place:
        inflected = place.inflect({case})
        return _capitals(word, inflected.word) if inflected else None
    if "-" in word:
        return None
    for pattern, endings in _ENDINGS:
        if pattern.search(word):
            return pattern.sub(endings[CASES.index(case)], word)
    return None


def _adjective(word: str, noun: str, case: str) -> str | None:
    """Of "Нижний Новгород": in the gender and number of its noun."""
    place = _place(noun)
    found = next((parse for parse in _analyzer().parse(word) if {"ADJF", "nomn"} in parse.tag), None)
    if place is None or found is None:
        return None
    wanted = {case, "plur"} if "plur" in place.tag else {case, "sing", str(place.tag.gender)}
    if case == "accs" and "inan" in place.tag:
        wanted |= {"inan"} if wanted & {"masc", "plur"} else set()
    inflected = found.inflect(wanted)
    return _capitals(word, inflected.word) if inflected else None


def _capitals(name: str, inflected: str) -> str:
    """The capitals of ``name`` on its parts between hyphens."""
    parts = zip(name.split("-"), inflected.split("-"), strict=False)
    return "-".join(part.capitalize() if given[:1].isupper() else part for given, part in parts)


def load_places(folder: Path) -> tuple[str, ...]:
    """City names of a gazetteer folder that can be put into every case, the largest first."""
    people: dict[str, int] = {}
    flown_to = _cities_with_an_airport(folder / "airports.jsonl.gz")
    foreign = ((name, size) for name, size in _foreign_cities(folder / "cities_dr5hn.jsonl.gz") if name in flown_to)
    for name, size in (*_russian_cities(folder / "city.csv"), *foreign):
        people[name] = max(people.get(name, 0), size)
    named = (name for name in people if _NAME.fullmatch(name) and all(inflect(name, case) for case in CASES))
    return tuple(sorted(named, key=lambda name: (-people[name], name)))


def _russian_cities(file: Path) -> Iterator[tuple[str, int]]:
    with file.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            digits = "".join(letter for letter in row["population"] if letter.isdigit())
            yield row["city"] or row["region"], 3 * int(digits or 0)  # what one's own country has is named more often


def _cities_with_an_airport(file: Path) -> frozenset[str]:
    with gzip.open(file, "rt", encoding="utf-8") as stream:
        return frozenset(airport["city_ru"] for airport in map(json.loads, stream) if airport.get("city_ru"))


def _foreign_cities(file: Path) -> Iterator[tuple[str, int]]:
    with gzip.open(file, "rt", encoding="utf-8") as stream:
        for city in map(json.loads, stream):
            if city.get("ru") and (city.get("population") or 0) >= _SMALLEST and city["cc"] != "RU":
                yield city["ru"], city["population"]
