"""A phrase as the characters that the reader sees: plain text and its ids, and what of it the symbols must account for.

    plain(" Half  Past SEVEN ")    "half past seven"
    plain("3–5 ма́я")              "3-5 мая"
"""

import unicodedata
from collections.abc import Iterable, Iterator

import regex

from model.values.value import KINDS as _ALL_KINDS

KINDS = ("", *(kind for kind in _ALL_KINDS if kind != "place"))  # "": not known
CHARACTERS = " abcdefghijklmnopqrstuvwxyzабвгдежзийклмнопрстуфхцчшщъыьэюя0123456789.,:;/-'\"()+&@#$€£¥₽₹~%!?*_№=<>"
OTHER, PADDING = 1, 0
LONGEST = 80  # characters of a phrase: a longer one is no value
_IDS = {character: place for place, character in enumerate(CHARACTERS, start=2)}
_SAME = str.maketrans({"ё": "е", "’": "'", "‘": "'", "`": "'", "–": "-", "—": "-", "−": "-", "‑": "-", "“": '"', "”": '"', "«": '"', "»": '"'})
_WORD = regex.compile(r"\p{L}+(?:'\p{L}+)*")
_DIGIT = regex.compile(r"\p{N}")
_MEANT = frozenset("$€£¥₽₹%")


def plain(text: str) -> str:
    """One spelling of a phrase: composed, lower case, no accents on letters that have none here, one kind of space, dash and quote."""
    folded = "".join(character.lower()[0] for character in unicodedata.normalize("NFKC", text)).translate(_SAME)
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
    """The words of a plain text and where they are: letters that stand together, and signs that carry meaning."""
    for match in _WORD.finditer(text):
        yield match[0], match.start(), match.end()
    for place, character in enumerate(text):
        if character in _MEANT:
            yield character, place, place + 1


class QuietWords:
    """Words that may say nothing: "the", "of", and those of forms of several words, as "day" in "the day after tomorrow"."""

    def __init__(self, entries: Iterable[str]) -> None:
        """``entries``: plain words, and forms of several words, whose words are quiet where the whole form stands."""
        split = {entry: [word for word, _, _ in words_of(entry)] for entry in entries}
        self._words = frozenset(entry for entry, words in split.items() if words == [entry])
        self._near = {shorter for word in self._words if len(word) > 2 for shorter in shortened(word)}
        self._forms: dict[str, list[str]] = {}
        for entry, words in split.items():
            for word in words if words != [entry] else ():
                self._forms.setdefault(word, []).append(entry)

    def may_be(self, word: str, start: int, text: str) -> range | None:
        """Where something must be said for a word of a text to be accounted for: nowhere, within a form of several words, or None.

        A word that is so near to a quiet one of at least three letters that it is a slip of it is quiet too.
        """
        if word in self._words or (len(word) > 2 and any(shorter in self._near for shorter in shortened(word))):
            return range(0)
        for form in self._forms.get(word, ()):
            place = text.find(form)
            if place >= 0 and place <= start < place + len(form):
                return range(place, place + len(form) + 1)
        return None


def shortened(word: str) -> set[str]:
    """The word, and the word without one of its letters: two words that are one edit apart have one of these in common."""
    return {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))}
