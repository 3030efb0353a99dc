"""dateparser: dates and times of many languages, always as one moment."""

from datetime import datetime
from importlib.metadata import version

import dateparser

from bench.values.task import Key, Phrase, main, moment_keys

_ORDERS = {"mdy": "MDY", "dmy": "DMY", "ymd": "YMD"}


def answer(phrase: Phrase) -> list[Key]:
    """The moment of a phrase; it has no ranges, numbers, lengths or money."""
    if phrase["kind"] in ("number", "duration", "money"):
        return []
    reference = datetime.fromisoformat(phrase["reference"]).replace(tzinfo=None)
    settings = {"RELATIVE_BASE": reference, "PREFER_DATES_FROM": "future", "DATE_ORDER": _ORDERS[phrase["order"]]}
    found = dateparser.parse(phrase["text"], languages=[phrase["language"]], settings=settings)
    if found is None:
        return []
    grain = "day" if phrase["kind"] in ("date", "date_range") else "minute"
    return moment_keys(found, grain, reference)


if __name__ == "__main__":
    main(f"dateparser {version('dateparser')}", answer)
