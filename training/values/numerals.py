"""Numbers as the grammar writes them: in digits, and in the words of a language as keys of its lexicon."""

import random
from collections.abc import Callable

Writer = Callable[[random.Random], str]

_EN_ENDINGS = {1: "st", 2: "nd", 3: "rd"}
_RU_ENDINGS = (
    "-го",
    "го",
    "-его",
    "-ого",
    "-е",
    "е",
    "-ое",
    "ое",
    "-ого",
    "ого",
    "-й",
    "й",
    "-ый",
    "-ому",
    "-му",
    "-м",
    "-ым",
    "-я",
    "-ая",
    "-ую",
    "-ой",
)
ENDINGS = tuple(dict.fromkeys((*_EN_ENDINGS.values(), "th", *(ending.lstrip("-") for ending in _RU_ENDINGS))))
_NAMED: dict[str, Writer] = {
    "day": lambda rng: str(rng.randint(1, 31)),
    "dd": lambda rng: f"{rng.randint(1, 31):02d}",
    "month": lambda rng: str(rng.randint(1, 12)),
    "mm": lambda rng: f"{rng.randint(1, 12):02d}",
    "year": lambda rng: str(rng.randint(2020, 2032) if rng.random() < 0.8 else rng.randint(1940, 2060)),
    "yy": lambda rng: f"{rng.randint(18, 35):02d}" if rng.random() < 0.8 else f"{rng.randint(0, 99):02d}",
    "hour": lambda rng: str(rng.randint(1, 12)),
    "hh": lambda rng: f"{rng.randint(0, 24):02d}",
    "late": lambda rng: str(rng.randint(13, 23)),
    "min": lambda rng: f"{rng.choice((0, 0, 15, 30, 30, 45, 5, 10, 20, 40, rng.randint(0, 59))):02d}",
    "few": lambda rng: str(rng.choice((2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 15, 20, 30, 45, 90, rng.randint(1, 99)))),
    "one": lambda rng: str(rng.randint(1, 9)),
    "price": lambda rng: _price(rng),
    "three": lambda rng: f"{rng.choice((0, 500, rng.randint(0, 999), rng.randint(0, 9) * 100)):03d}",
    "two": lambda rng: f"{rng.choice((50, 99, 95, 0, rng.randint(0, 99))):02d}",
    "any": lambda rng: str(rng.randrange(10 ** rng.randint(1, 7))),
}  # fmt: skip


def digits(name: str, language: str) -> Writer:
    """What ``#name`` of a grammar writes: a named kind of number, ``#1-31``, or an ordinal as "22nd", ``#nth`` (1 to 31).

    Raises KeyError for an unknown name.
    """
    if name == "nth":
        return lambda rng: _ended(rng.randint(1, 31), language, rng)
    if name[0].isdigit():
        low, high = map(int, name.split("-"))
        return lambda rng: str(rng.randint(low, high))
    return _NAMED[name]


def _price(rng: random.Random) -> str:
    """Amounts as people say them: round ones mostly."""
    size = rng.randint(1, 6)
    number = rng.randrange(10 ** (size - 1), 10**size)
    keep = rng.choice((1, 1, 2, size))
    return str(number)[:keep].ljust(size, "0")


def _ended(number: int, language: str, rng: random.Random) -> str:
    if language == "ru":
        return f"{number}{rng.choice(_RU_ENDINGS)}"
    return f"{number}{'th' if 10 < number % 100 < 20 else _EN_ENDINGS.get(number % 10, 'th')}"


def cardinal(number: int, language: str, rng: random.Random) -> list[str]:
    """A number below a million as keys: 250 -> n2 n100 + n50, in Russian n200 n50; "~-" is a hyphen."""
    thousands, rest = divmod(number, 1000)
    keys: list[str] = []
    if thousands:
        keys = [*([] if thousands == 1 and language == "ru" and rng.random() < 0.5 else cardinal(thousands, language, rng)), "x_k"]
    hundreds, rest = divmod(rest, 100)
    if hundreds:
        whole = language == "ru" or (hundreds == 1 and rng.random() < 0.5)
        keys += [f"n{hundreds * 100}" if hundreds > 1 else "n100@a"] if whole else [f"n{hundreds}", "n100"]
        keys += ["+"] if rest and language == "en" and rng.random() < 0.5 else []
    if rest or not keys:
        keys += _tens(rest, "n", language, rng)
    return keys


def ordinal(number: int, language: str, rng: random.Random) -> list[str]:
    """1 to 31 as keys: 22 -> n20 o2."""
    return _tens(number, "o", language, rng)


def _tens(number: int, last: str, language: str, rng: random.Random) -> list[str]:
    if number <= 20 or number % 10 == 0:
        return [f"{last}{number}"]
    joint = ["~-"] if rng.random() < (0.45 if language == "en" else 0.03) else []
    return [f"n{number // 10 * 10}", *joint, f"{last}{number % 10}"]
