"""A phrase as the characters that the reader sees: plain text and its ids, and what of it the symbols must account for.

plain(" Half  Past SEVEN ")    "half past seven"
plain("3–5 ма́я")              "3-5 мая"
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence

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
_WORD = regex.compile(r"\p{L}+(?:'\p{L}+)*")
_DIGIT = regex.compile(r"\p{N}")
_MEANT = frozenset("$€£¥₽₹%")


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
        self._company: dict[str, set[str]] = {}
        for entry, words in split.items():
            for word in words if words != [entry] else ():
                self._company.setdefault(word, set()).update(set(words) - {word})
        self._slips: dict[str, set[str]] = {}  # the company of a word, by what a slip of it has in common with it
        for word, company in self._company.items():
            for shorter in shortened(word) if len(word) > 2 else ():
                self._slips.setdefault(shorter, set()).update(company)

    def allows(self, place: int, words: Sequence[tuple[str, int, int]], spoken: Callable[[int, int], bool]) -> bool:
        """Whether the word at a place among the words of a text may say nothing there: it is quiet, or near to a quiet one of at least
        three letters and so a slip of it; or it belongs to a form, or is a slip of a
        word that does, and another word of that form or a slip of it stands beside it and speaks.

        ``spoken``: whether a symbol is said from a start to an end.
        """
        word = words[place][0]
        if word in self._words or (len(word) > 2 and any(shorter in self._near for shorter in shortened(word))):
            return True
        beside = [each for each in words[max(0, place - 3) : place + 4] if each[0] != word and spoken(each[1], each[2])]
        company = self._company.get(word) or self._company_of_slip(word)
        return any(_is_like(other, each) for other in company for each, _, _ in beside)

    def _company_of_slip(self, word: str) -> set[str]:
        """The company of the words that a word of at least three letters may be a slip of."""
        return {other for shorter in shortened(word) for other in self._slips.get(shorter, ())} if len(word) > 2 else set()


def _is_like(word: str, other: str) -> bool:
    return word == other or (min(len(word), len(other)) > 2 and not shortened(word).isdisjoint(shortened(other)))


def shortened(word: str) -> set[str]:
    """The word, and the word without one of its letters: two words that are one edit apart have one of these in common."""
    return {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))}
