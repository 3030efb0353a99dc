"""Cities: world-cities (GeoNames, a table) as it stands, and dr5hn's database, a JSON list a country.

>>> [{"name": "Ulm", "country_code": "DE", "latitude": "48.39", "longitude": "9.99", "native": "Ulm",
...   "translations": {"ru": "Ульм"}, "population": 120000, "type": "city", "wikiDataId": "Q3012"}]
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from training.data.prepare.forms import Item
from training.data.prepare.raw import RawError, read_json, read_text

TABLE = "world-cities.csv"
NAMES = (TABLE, "cities/*.json")
_FIELDS = {"native": "native", "ru": "ru", "population": "population", "type": "type", "wikiDataId": "wikidata"}


def convert(folder: Path, files: Iterable[str]) -> Iterator[Item]:
    """Two files: the table's lines, and a record a city in the order of the countries' codes; what a city lacks is left out."""
    for file in files:
        if file == TABLE:
            lines = read_text(folder / file).splitlines(keepends=True)
            if not lines or "name" not in lines[0].strip().split(","):
                raise RawError(f"{folder / file}:1: no column called name; fetch the file again")
            yield from ((TABLE, line) for line in lines)
            continue
        for city in read_json(folder / file):
            record = {
                "name": city["name"],
                "cc": city["country_code"],
                "lat": city["latitude"],
                "lon": city["longitude"],
            }
            given = {**city, "ru": (city.get("translations") or {}).get("ru")}
            yield "cities_dr5hn.jsonl.gz", record | {ours: given[theirs] for theirs, ours in _FIELDS.items() if given.get(theirs)}
