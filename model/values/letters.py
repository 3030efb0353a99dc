"""A phrase as the characters that the reader sees: plain text and its ids, and what of it the symbols must account for.

plain(" Half  Past SEVEN ")    "half past seven"
plain("3–5 ма́я")              "3-5 мая"
"""

import unicodedata
from collections.abc import Iterator

import regex

from model.values.value import KINDS as _ALL_KINDS

KINDS = ("", *(kind for kind in _ALL_KINDS if kind != "place"))  # "": not known
CHARACTERS = " abcdefghijklmnopqrstuvwxyzабвгдежзийклмнопрстуфхцчшщъыьэюя0123456789.,:;/-'\"()+&@#$€£¥₽₹~%!?*_№=<>"
OTHER, PADDING = 1, 0
LONGEST = 80  # characters of a phrase: a longer one is no value
_IDS = {character: place for place, character in enumerate(CHARACTERS, start=2)}
_SAME = str.maketrans(
    {"ё": "е", "’": "'", "‘": "'", "`": "'", "–": "-", "—": "-", "−": "-", "‑": "-", "“": '"', "”": '"', "«": '"', "»": '"'}
)
_WORD = regex.compile(r"\p{L}+(?:'\p{L}+)*|[\p{Sc}%<>=+&~]")
_DIGIT = regex.compile(r"\p{N}")


def plain(text: str) -> str:
    """One spelling of a phrase: composed, lower case, no accents on letters that have none here, one kind of space, dash and quote."""
    composed = "№".join(unicodedata.normalize("NFKC", part) for part in text.split("№"))  # NFKC makes "No" of it
    folded = "".join(character.lower()[0] for character in composed).translate(_SAME)
    if not folded.isascii():
        folded = "".join(_bare(character) for character in folded)
    return " ".join(folded.split())


def _bare(character: str) -> str:
    """``é`` -> ``e``; a mark that combines -> nothing."""
    if character in _IDS:
        return character
    if unicodedata.combining(character):
        return ""
    base = unicodedata.normalize("NFD", character)[0]
    return base if base in _IDS else character


def ids_of(text: str) -> list[int]:
    """The id of each character of a plain text."""
    return [_IDS.get(character, OTHER) for character in text]


def digits_of(text: str) -> str:
    """The digits of a plain text, in order; other numerals stay what they are, so that no symbols copy them."""
    return "".join(_DIGIT.findall(text))


def words_of(text: str) -> Iterator[tuple[str, int, int]]:
    """The words of a plain text and where they are: letters that stand together, and signs that carry meaning, in order."""
    for match in _WORD.finditer(text):
        yield match[0], match.start(), match.end()
