"""Names of cities and airports, as people write them, to places of a gazetteer.

A gazetteer is a CSV file in UTF-8 with the columns ``name`` (English, shown), ``russian`` (nominative, declined by rules), ``country``
(two letters, may be empty), ``codes`` (IATA, spaces between), ``city`` (for an airport: the name of its city) and ``aliases`` ("|" between;
taken as they stand). Of places with one name the first row is the likeliest; the others are alternatives. An IATA code is a name too.

    find("Санкт-Петербурга") -> Saint Petersburg, RU, LED        find("Birmingham") -> GB, with US as its other reading
    find("Novosibrsk") -> Novosibirsk (one edit)                 find("SVO") -> Sheremetyevo, RU, SVO
"""

import csv
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import regex

from model.errors import ConfigError
from model.values.declension import forms_of
from model.values.value import NotUnderstood, Place, Understood, Value

SHIPPED = Path(__file__).with_name("places.csv")
COLUMNS = ("name", "russian", "country", "codes", "city", "aliases")
_SHORTEST, _LONGEST = 5, 32  # letters of a name that may hold a typo: shorter ones are too near to each other
_SILENT = regex.compile(
    r"^(?:to|from|in|via|в|во|на|из|до|от|через) |\b(?:international airport|airport|city|аэропорт[а-я]{0,2}|город[а-я]{0,2}|г)\b"
)
_LATIN, _RUSSIAN = "abcdefghijklmnopqrstuvwxyz ", "абвгдежзийклмнопрстуфхцчшщъыьэюя "


@dataclass(frozen=True)
class Gazetteer:
    """Places by every form of their names, plain (lower case, no accents or hyphens), likeliest first."""

    places: Mapping[str, tuple[Place, ...]]

    def find(self, text: str) -> Understood | NotUnderstood:
        """The place that a text names, with others of its name; within one edit of a name where none is exact.

        Not understood: unknown names, and a typo that may stand for two places.
        """
        name = plain(text)
        found = self.places.get(name) or self.places.get(plain(_SILENT.sub(" ", name)))
        if found:
            return _understood(found, approximate=False)
        near = list(dict.fromkeys(self.places[edit] for edit in _edits(name) if edit in self.places))
        if not near:
            return NotUnderstood("unknown_place", f"{text!r} is not in the gazetteer")
        if len({places[0] for places in near}) > 1:
            return NotUnderstood("vague", f"{text!r} may be {' or '.join(sorted({places[0].name for places in near}))}")
        return _understood(near[0], approximate=True)


def read_gazetteer(*paths: Path) -> Gazetteer:
    """The places of CSV files; a name in several files means first what the first file says. Without paths: the shipped file.

    Raises ConfigError for a file that cannot be read, unknown columns, and a row with a wrong name, country or code.
    """
    index: dict[str, dict[Place, None]] = {}
    codes: dict[str, list[Place]] = {}
    for path in paths or (SHIPPED,):
        for place, names in _rows(path):
            for name in names:
                index.setdefault(plain(name), {})[place] = None
            for code in place.iata:
                codes.setdefault(plain(code), []).append(replace(place, iata=(code,)))
    for code, found in codes.items():
        airports = [place for place in found if place.city] or found
        index[code] = {**index.get(code, {}), **dict.fromkeys(airports)}
    return Gazetteer({name: tuple(found) for name, found in index.items()})


def plain(text: str) -> str:
    """A name for comparison: lower case, without accents, with one space for anything that is no letter or digit.

    "São-Paulo" -> "sao paulo"; "Орёл" -> "орел"; "Тайбэй" keeps its й.
    """
    composed = unicodedata.normalize("NFC", text.casefold()).replace("ё", "е")
    letters = "".join(letter if "а" <= letter <= "я" else unicodedata.normalize("NFD", letter) for letter in composed)
    letters = "".join(letter for letter in letters if not unicodedata.combining(letter)).replace("'", "").replace("’", "")
    return " ".join(regex.sub(r"[^\p{L}\p{N}]+", " ", letters).split())


def _understood(places: tuple[Place, ...], *, approximate: bool) -> Understood:
    values = [Value("place", place, approximate=approximate) for place in places]
    return Understood(values[0], tuple(values[1:]))


def _edits(name: str) -> Iterator[str]:
    """Every string one edit away: a letter left out, added, changed, or two in the wrong order. At most about 70 a letter."""
    if not _SHORTEST <= len(name) <= _LONGEST:
        return
    alphabet = _RUSSIAN if any("а" <= letter <= "я" for letter in name) else _LATIN
    for place in range(len(name) + 1):
        before, after = name[:place], name[place:]
        if after:
            yield before + after[1:]
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
        for letter in alphabet:
            yield before + letter + after
            if after:
                yield before + letter + after[1:]


def _rows(path: Path) -> Iterator[tuple[Place, Iterable[str]]]:
    """The places of a file, each with all forms of its names."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            if set(rows.fieldnames or ()) != set(COLUMNS):
                raise ConfigError(f"{path} has the columns {rows.fieldnames}; a gazetteer has {', '.join(COLUMNS)}")
            for row in rows:
                yield _row(row, f"{path}, line {rows.line_num}")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"the gazetteer {path} cannot be read: {error}") from error


def _row(row: Mapping[str, str | None], where: str) -> tuple[Place, Iterable[str]]:
    name, russian, country, codes, city, aliases = ((row[column] or "").strip() for column in COLUMNS)
    iata = tuple(codes.split())
    if not name or None in row:
        raise ConfigError(f"{where}: a place needs a name, and no more than {len(COLUMNS)} columns")
    if country and not regex.fullmatch("[A-Z]{2}", country):
        raise ConfigError(f"{where}: country {country!r} is not two capital letters (ISO 3166)")
    if wrong := [code for code in iata if not regex.fullmatch("[A-Z]{3}", code)]:
        raise ConfigError(f"{where}: {wrong[0]!r} is no IATA code of three capital letters")
    names = [name, *(alias for alias in aliases.split("|") if alias), *(forms_of(russian) if russian else ())]
    return Place(name, country or None, iata, city or None), [alias for alias in names if plain(alias)]
