"""Rules without a network: the words of the grammars looked up in a text, and all that they may say.

    candidates("quarter to eight")  ->  (QUARTER .. n8), (QUARTER TO n8)

With the value of a phrase this finds its symbols, and so a real phrase to train on; without it, it is the reader that the network is
measured against: the first candidate that the resolver understands.
"""

import functools
import itertools
from collections import defaultdict
from collections.abc import Iterator

from model.values.letters import digits_of, plain
from model.values.resolve import resolve
from model.values.symbols import UNKNOWN, spelled
from model.values.value import Context, Understood
from training.values.answers import Key, key_of
from training.values.grammar import Grammar
from training.values.samples import LANGUAGES, Said

MOST = 400  # candidates of a phrase
_SILENT = frozenset(" ,.-'\"()!?;:")


class Lexicon:
    """The forms of both grammars with all that they may say."""

    def __init__(self) -> None:
        """From the shipped grammars."""
        said: dict[str, dict[tuple[str, ...], None]] = defaultdict(dict)
        for language in LANGUAGES:
            for form, symbols in Grammar.load(language).said:
                if text := plain(form):
                    said[text][symbols] = None
        self._said = {form: tuple(found) for form, found in said.items() if not form.isdigit()}
        self._starts: dict[str, list[str]] = defaultdict(list)
        for form in sorted(self._said, key=len, reverse=True):
            self._starts[form[0]].append(form)

    def candidates(self, text: str) -> Iterator[tuple[Said, ...]]:
        """What a plain text may say, the longest forms first; at most MOST."""
        return itertools.islice(self._from(text, 0), MOST)

    def knows(self, word: str) -> bool:
        """Whether a plain word is a form."""
        return word in self._said

    def _from(self, text: str, place: int) -> Iterator[tuple[Said, ...]]:
        if place >= len(text):
            yield ()
            return
        for end, symbols in self._pieces(text, place):
            front = tuple(Said(symbol, *span) for symbol, span in zip(symbols, _spans(text, place, end, len(symbols)), strict=True))
            for rest in self._from(text, end):
                yield front + rest

    def _pieces(self, text: str, place: int) -> Iterator[tuple[int, tuple[str, ...]]]:
        """What may begin at a place: where it ends and what it says. An unknown word only where no form fits."""
        character = text[place]
        if character.isdigit():
            digits = digits_of(text[place:].split(" ")[0].partition(".")[0])
            end = next((at for at in range(place, len(text)) if not text[at].isdigit()), len(text))
            yield end, spelled(digits[: end - place])
            return
        found = False
        for form in self._starts.get(character, ()):
            if text.startswith(form, place) and _is_whole(text, place, place + len(form)):
                found = True
                yield from ((place + len(form), symbols) for symbols in self._said[form])
        if character in _SILENT:
            yield place + 1, ()
        elif not found:
            end = next((at for at in range(place, len(text)) if text[at] in _SILENT or text[at].isdigit()), len(text))
            yield max(end, place + 1), (UNKNOWN,)

    def understood(self, text: str, kind: str, context: Context) -> tuple[tuple[str, ...], Understood] | None:
        """The first candidate that has a value, with the value."""
        for said in self.candidates(plain(text)):
            symbols = tuple(each.symbol for each in said)
            found = resolve(symbols, kind or None, context)
            if isinstance(found, Understood):
                return symbols, found
        return None

    def said_of(self, text: str, kind: str, context: Context, right: frozenset[Key]) -> tuple[Said, ...] | None:
        """The first candidate whose value is right; None where there is none."""
        for said in self.candidates(plain(text)):
            found = resolve(tuple(each.symbol for each in said), kind or None, context)
            if isinstance(found, Understood) and key_of(found.value) in right:
                return said
        return None


def _spans(text: str, start: int, end: int, count: int) -> list[tuple[int, int]]:
    """Where each symbol of a piece is said: one digit each, else anywhere in the piece."""
    return [(start + place, start + place + 1) for place in range(count)] if text[start].isdigit() else [(start, end)] * count


def _is_whole(text: str, start: int, end: int) -> bool:
    """Whether a form does not begin or end within a word; the stem of half an hour ("пол") is the exception."""
    if text[start].isalpha() and start and text[start - 1].isalpha() and text[max(0, start - 3) : start] != "пол":
        return False
    return not (text[end - 1].isalpha() and end < len(text) and text[end].isalpha()) or text[start:end] == "пол"


@functools.cache
def lexicon() -> Lexicon:
    """The one lexicon."""
    return Lexicon()
