"""What people call slots and intents, in English and Russian."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal


def title(kind: Literal["slots", "intents"], name: str) -> dict[str, str]:
    """Titles by language; the name itself for a label that the table does not know.

    >>> title("slots", "cuisine")
    {'en': 'cuisine', 'ru': 'кухня'}
    """
    english, russian = titles()[kind].get(name, (name, name))
    return {"en": english, "ru": russian}


@cache
def titles() -> dict[str, dict[str, list[str]]]:
    """The table of ``app/titles.toml``: kind -> name -> [English, Russian]."""
    return tomllib.loads((files("app") / "titles.toml").read_text(encoding="utf-8"))
