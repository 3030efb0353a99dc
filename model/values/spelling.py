"""Whether the words of a phrase can say what was read in them: the forms of the grammars, and what a slip makes of them.

    accounts_for([("evning", ("EVE",))])      True: one letter from "evening"
    accounts_for([("weekdays", ("W3",))])     False: no form of Wednesday is near, whatever the network thinks of it
    accounts_for([("july", ("M6",))])         False: that is another month
    accounts_for([("day", ()), ("after", ("T2",)), ("tomorow", ())])      True: a form of several words, said in one of them

A network reads a word that it does not know as the nearest one that it does. This is why such a reading is not trusted.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import regex

from model.values.letters import words_of
from model.values.symbols import UNKNOWN

Spoken = tuple[str, tuple[str, ...]]  # a word of a text and the symbols that were read in it
_SHORTEST = 3  # letters of a word that may have a slip, or that is found anywhere in words written together
_LONG = 8  # letters of a form that may have two
SURE = 0.9  # probability of a reading from which on a slip may also be one of a form of another kind: "moday" is near to "today"
_TELLING = regex.compile(r"[MW]\d+|T-?\d|[nouxh]_?.+|AM|PM|MOR|NOON|MIDN|AFT|EVE|NIGHT|BREAKFAST|LUNCH|DINNER|TONIGHT")


class _Form(NamedTuple):
    """Several words and the symbols that they say together."""

    words: tuple[str, ...]
    symbols: frozenset[str]


class Spelling:
    """The forms of the grammars, and the words that may say nothing."""

    def __init__(self, forms: Iterable[str], quiet: Iterable[str]) -> None:
        """``forms``: symbols and the words that say them, "T2 = day after tomorrow"; ``quiet``: words that may say nothing."""
        self._quiet = frozenset(quiet)
        self._quiet_slips = {shorter for word in self._quiet if len(word) > _SHORTEST for shorter in shortened(word)}
        self._unknown: set[str] = set()
        self._exact: dict[str, set[tuple[str, ...]]] = {}
        self._words: dict[str, set[str]] = {}
        self._several: dict[str, list[tuple[int, _Form]]] = {}
        for entry in forms:
            names, _, text = entry.partition(" = ")
            self._add(tuple(names.split(" ")), tuple(word for word, _, _ in words_of(text)))
        single = {word: {symbol for symbols in found for symbol in symbols} for word, found in self._exact.items()}
        self._slips = _by_slip(single)  # forms of one word
        self._slips_of_several = _by_slip({word: {""} for word in self._several})  # words of forms of several

    def _add(self, symbols: tuple[str, ...], words: tuple[str, ...]) -> None:
        if symbols == (UNKNOWN,):
            self._unknown.update(words if len(words) == 1 else ())
            return
        if len(words) == 1:
            self._exact.setdefault(words[0], set()).add(symbols)
            for symbol in symbols:
                self._words.setdefault(symbol, set()).add(words[0])
        for place, word in enumerate(words) if len(words) > 1 else ():
            self._several.setdefault(word, []).append((place, _Form(words, frozenset(symbols))))

    def accounts_for(self, text: Sequence[Spoken], confidence: float = 1.0) -> bool:
        """Whether every word of a text, in order, can say what was read in it. What is read as unknown is not judged.

        ``confidence``: the probability of the reading.
        """
        sure = confidence >= SURE
        return all(
            (self._can_say(place, text, sure) if symbols else self._can_be_silent(place, text)) or UNKNOWN in symbols
            for place, (_, symbols) in enumerate(text)
        )

    def _can_say(self, place: int, text: Sequence[Spoken], sure: bool) -> bool:
        word, symbols = text[place]
        if symbols in self._exact.get(word, ()) or any(form.symbols.issuperset(symbols) for form in self._around(place, text)):
            return True
        if word in self._unknown:
            return False
        if len(symbols) == 1:
            return self._slipped(word, symbols[0], sure) or self._beside_quiet(word, symbols[0])
        return all(self._holds(word, symbol) for symbol in symbols)

    def _can_be_silent(self, place: int, text: Sequence[Spoken]) -> bool:
        """Whether a word is quiet or a slip of a quiet one and of no other, or belongs to a form that another of its words says."""
        word = text[place][0]
        if word in self._quiet:
            return True
        if word not in self._unknown and self._is_quiet_slip(word):
            return True
        return any(form.symbols for form in self._around(place, text))

    def _is_quiet_slip(self, word: str) -> bool:
        """Whether a word is a slip of a quiet word of at least four letters, or of two letters that changed places, and of no other."""
        if len(word) < _SHORTEST or self._meant_by(word):
            return False
        near = len(word) > _SHORTEST and not shortened(word).isdisjoint(self._quiet_slips)
        return near or any(word[:at] + word[at + 1] + word[at] + word[at + 2 :] in self._quiet for at in range(len(word) - 1))

    def _around(self, place: int, text: Sequence[Spoken]) -> list[_Form]:
        """The forms of several words that stand around a place, slips allowed, and of which some symbol was read there."""
        word = text[place][0]
        found = self._several.get(word)
        if found is None:
            found = [entry for form, _ in _near(word, self._slips_of_several) if form != word for entry in self._several[form]]
        return [form for at, form in found if self._stands(form, text[max(0, place - at) : place - at + len(form.words)])]

    def _stands(self, form: _Form, window: Sequence[Spoken]) -> bool:
        if len(window) != len(form.words) or form.symbols.isdisjoint(symbol for _, symbols in window for symbol in symbols):
            return False
        return all(word == each or is_slip(word, each) for each, (word, _) in zip(form.words, window, strict=True))

    def _slipped(self, word: str, symbol: str, sure: bool) -> bool:
        """Whether a word is a slip of a form of a symbol, and of none that says another value, or has two slips in a long form.

        What would say a value of another kind ("ight" is near to night and to eight) counts where the reading is not sure.
        """
        meant = self._meant_by(word)
        own = {form for form, said in meant if said == symbol}
        shortest = min(_LONG // 2, max(map(len, own), default=0))
        if own:
            rivals = {said for form, said in meant if form not in own and len(form) >= shortest}
            return not any(_rivals(symbol, said, sure) for said in rivals)
        long = (form for form in self._words.get(symbol, ()) if len(form) >= _LONG and abs(len(form) - len(word)) < _SHORTEST)
        return not meant and any(distance_within(form, word) <= 2 for form in long)

    def _meant_by(self, word: str) -> set[tuple[str, str]]:
        """The forms of which a word is a slip, or which it is, each with a symbol."""
        return _near(word, self._slips)

    def _beside_quiet(self, word: str, symbol: str) -> bool:
        """Whether a word is a form and a quiet word written together: "ofjune"."""
        for form in self._words.get(symbol, ()):
            if len(form) >= _SHORTEST and (
                (word.startswith(form) and word[len(form) :] in self._quiet) or (word.endswith(form) and word[: -len(form)] in self._quiet)
            ):
                return True
        return False

    def _holds(self, word: str, symbol: str) -> bool:
        """Whether a form, or one with a slip in it, is a part of words written together: "восьмого" of "полвосьмого"."""
        forms = self._words.get(symbol, ())
        if any((form in word) if len(form) >= _SHORTEST else word.startswith(form) or word.endswith(form) for form in forms):
            return True
        return any(distance_within(form, word) <= 1 for form in forms if len(form) >= _SHORTEST)


_Slips = dict[str, set[tuple[str, str]]]  # by what a slip leaves of a word: the word and a symbol that it says


def _by_slip(words: Mapping[str, Iterable[str]]) -> _Slips:
    """The words, each with its symbols, by what is left of them where a letter is dropped."""
    found: _Slips = {}
    for word, symbols in words.items():
        for shorter in shortened(word) if len(word) >= _SHORTEST else ():
            found.setdefault(shorter, set()).update((word, symbol) for symbol in symbols)
    return found


def _near(word: str, slips: _Slips) -> set[tuple[str, str]]:
    """The entries of which a word is a slip, or which it is."""
    if len(word) < _SHORTEST:
        return set()
    found = {entry for shorter in shortened(word) for entry in slips.get(shorter, ())}
    return {(form, symbol) for form, symbol in found if word == form or is_slip(word, form)}


def _rivals(symbol: str, other: str, sure: bool) -> bool:
    """Whether two symbols say different values: of one kind, such as two months, or where the reading is not sure of any."""
    if not (_TELLING.fullmatch(symbol) and _TELLING.fullmatch(other)):
        return False
    return not sure or (_kind(symbol) == _kind(other) and symbol.lstrip("no") != other.lstrip("no"))


def _kind(symbol: str) -> str:
    """A letter for the kind of value that a symbol says: "n" for numbers and ordinals, "P" for the parts of the day."""
    return "P" if symbol.isalpha() and symbol.isupper() else "n" if symbol[0] == "o" else symbol[0]


def shortened(word: str) -> set[str]:
    """The word, and the word without one of its letters: two words that are one edit apart have one of these in common."""
    return {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))}


def is_slip(word: str, form: str) -> bool:
    """Whether two different words of at least three letters are one letter dropped, added, replaced or swapped with the next apart."""
    if abs(len(word) - len(form)) > 1 or min(len(word), len(form)) < _SHORTEST or word == form:
        return False
    start = next((place for place, (a, b) in enumerate(zip(word, form, strict=False)) if a != b), min(len(word), len(form)))
    one, other = word[start:], form[start:]
    return one[1:] == other[1:] or one[1:] == other or one == other[1:] or (one[2:] == other[2:] and one[:2] == other[1::-1])


def distance_within(form: str, word: str) -> int:
    """The fewest edits that make a form a part of a word (Sellers 1980); two letters that changed places are one edit.

    >>> distance_within("восьмого", "полвосьмго")
    1
    """
    before: list[int] = []
    row = [0] * (len(word) + 1)
    for place, letter in enumerate(form, start=1):
        older, before, row = before, row, [place]
        for at, other in enumerate(word, start=1):
            least = min(before[at] + 1, row[at - 1] + 1, before[at - 1] + (letter != other))
            if at > 1 and place > 1 and letter == word[at - 2] and form[place - 2] == other:
                least = min(least, older[at - 2] + 1)
            row.append(least)
    return min(row)
