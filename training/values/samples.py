"""Phrases to train on: drawn from the grammars, mixed with pieces that have no meaning, and mistyped."""

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from model.values.letters import KINDS, plain
from model.values.symbols import UNKNOWN
from training.values.grammar import Grammar, Part
from training.values.noise import Ambiguity, with_lost_spaces, with_typos

LANGUAGES = ("en", "ru")
ASKED = tuple(kind for kind in KINDS if kind)
HELD_OUT = 25  # one phrase of the grammar in so many is never trained on
LONGEST = 72  # characters of a phrase in training
TYPO_LETTERS = 4  # a typo for the scores falls into a word of at least so many letters
_GARBAGE = {"en": "abcdefghijklmnopqrstuvwxyz", "ru": "абвгдежзийклмнопрстуфхцчшщъыьэюя"}
_WEIGHTS = (
    ("date", 26),
    ("time", 20),
    ("datetime", 10),
    ("date_range", 9),
    ("time_range", 6),
    ("number", 12),
    ("duration", 9),
    ("money", 13),
)


class Said(NamedTuple):
    """A symbol and the characters that say it, end exclusive."""

    symbol: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Phrase:
    """A plain text (see ``model.values.reader.plain``), the kind that is asked for ("": unknown) and what it says."""

    text: str
    kind: str
    said: tuple[Said, ...]
    language: str

    @property
    def symbols(self) -> tuple[str, ...]:
        """In the order of the text."""
        return tuple(said.symbol for said in self.said)


def is_held_out(text: str, share: int = HELD_OUT) -> bool:
    """Whether a phrase is one of those that are only validated on: by a hash of its text, case and spaces aside."""
    return int.from_bytes(hashlib.sha256(plain(text).encode()).digest()[:4], "big") % share == 0


def joined(parts: Sequence[Part], kind: str, language: str) -> Phrase:
    """Parts as a phrase. A run of unknown words says one symbol."""
    text, said = "", list[Said]()
    for part in parts:
        piece = plain(part.text)
        if part.glued and piece.isdigit() and text[-1:].isdigit() and said:
            part = part._replace(symbols=(continued(said[-1].symbol, piece),))
        text += piece if part.glued or not text or not piece else f" {piece}"
        start = len(text) - len(piece)
        if part.symbols == (UNKNOWN,) and said and said[-1].symbol == UNKNOWN and not text[said[-1].end : start].strip():
            said[-1] = said[-1]._replace(end=len(text))
        else:
            said += [Said(symbol, start, len(text)) for symbol in part.symbols]
    return Phrase(text, kind, tuple(said), language)


def can_be_said(phrase: Phrase) -> bool:
    """Whether each symbol has a character of its own among those that say it, equal neighbours one between them (CTC needs a blank)."""
    step, before = 0, ""
    for symbol, start, end in phrase.said:
        step = max(step + (symbol == before), start)
        if step >= end:
            return False
        step, before = step + 1, symbol
    return True


def continued(before: str, digit: str) -> str:
    """The symbol of a digit that stands right behind another: its place in the group ("5" "05" of five past five is one group)."""
    return f"{digit}{'b' if before[1:] == 'a' else 'a'}"


class Source:
    """Draws phrases. ``words``: words by language that say nothing, common ones first."""

    def __init__(self, words: Mapping[str, Sequence[str]], examples: Sequence[Phrase] = ()) -> None:
        """``examples``: real phrases with their symbols, drawn now and then."""
        self._grammars = {language: Grammar.load(language) for language in LANGUAGES}
        known = {word for grammar in self._grammars.values() for form, _ in grammar.said for word in form.split()}
        self._words = {language: [word for word in words.get(language, ()) if word not in known] for language in LANGUAGES}
        said = [entry for grammar in self._grammars.values() for entry in grammar.said]
        self._ambiguity = Ambiguity(said, (word for each in self._words.values() for word in each[:3000]))
        self._examples = examples

    def draw(self, rng: random.Random) -> Phrase:
        """One phrase that is not held out, mistyped as often as not."""
        while True:
            if self._examples and rng.random() < 0.06:
                phrase = rng.choice(self._examples)
                return phrase if rng.random() < 0.8 else Phrase(phrase.text, "", phrase.said, phrase.language)
            language = rng.choice(LANGUAGES)
            kind = rng.choices([kind for kind, _ in _WEIGHTS], [weight for _, weight in _WEIGHTS])[0]
            parts = self._parts(language, kind, rng)
            if not is_held_out(joined(parts, kind, language).text):
                phrase = joined(self._mistyped(parts, rng), self._asked(kind, rng), language)
                if 0 < len(phrase.text) <= LONGEST and can_be_said(phrase):
                    return phrase

    def held_out(self, seed: int, count: int, typos: int = 0) -> Iterator[tuple[Phrase, Phrase]]:
        """Held-out phrases of the grammar with equal shares of language and kind: each as it is, and with ``typos`` slips."""
        rng, seen = random.Random(seed), set[tuple[str, str]]()
        while len(seen) < count:
            language, kind = LANGUAGES[len(seen) % 2], ASKED[len(seen) // 2 % len(ASKED)]
            parts = self._grammars[language].sample(kind, rng)
            phrase = joined(parts, kind, language)
            if is_held_out(phrase.text) and (phrase.text, kind) not in seen and len(phrase.text) <= LONGEST:
                seen.add((phrase.text, kind))
                yield phrase, joined(with_typos(parts, rng, self._ambiguity, typos, TYPO_LETTERS), kind, language)

    def negatives(self, seed: int, count: int) -> Iterator[Phrase]:
        """Names, words and garbage, and pieces with a word that says nothing: none of them has a value."""
        rng = random.Random(seed)
        for place in range(count):
            language, kind = LANGUAGES[place % 2], rng.choice(ASKED)
            parts = (
                self._nonsense(language, rng)
                if rng.random() < 0.5
                else self._spoilt(self._grammars[language].sample(kind, rng), language, rng)
            )
            yield joined(parts, kind, language)

    def _parts(self, language: str, kind: str, rng: random.Random) -> list[Part]:
        chance = rng.random()
        if chance < 0.06:
            return self._nonsense(language, rng)
        if chance < 0.11:
            return self._salad(language, rng)
        parts = self._grammars[language].sample(kind, rng)
        if chance < 0.20:
            return self._spoilt(parts, language, rng)
        if chance < 0.24:
            return [*parts, *self._grammars[language].sample(rng.choice(ASKED), rng)]
        return parts

    def _asked(self, kind: str, rng: random.Random) -> str:
        """The kind that the network is told: mostly the phrase's own."""
        chance = rng.random()
        return kind if chance < 0.82 else "" if chance < 0.96 else rng.choice(ASKED)

    def _mistyped(self, parts: Sequence[Part], rng: random.Random) -> list[Part]:
        chance = rng.random()
        if chance < 0.5:
            parts = with_typos(parts, rng, self._ambiguity, 1 if chance < 0.4 else 2)
        if rng.random() < 0.2:
            parts = with_lost_spaces(parts, rng, 0.4)
        if rng.random() < 0.06:
            parts = [*parts, Part(rng.choice(".!?,;"), (), True)]
        if rng.random() < 0.03:
            parts = [Part('"'), *parts[:1], *parts[1:], Part('"', (), True)]
        return list(parts)

    def _nonsense(self, language: str, rng: random.Random) -> list[Part]:
        """One to four words that say nothing, sometimes with a number among them."""
        parts = [self._unknown(language, rng) for _ in range(rng.choice((1, 1, 2, 2, 3, 4)))]
        if rng.random() < 0.15:
            parts.insert(rng.randrange(len(parts) + 1), Part(str(rng.randrange(10)), ()))
            parts = [part if part.symbols else Part(part.text, (part.text,)) for part in parts]
        return parts

    def _spoilt(self, parts: Sequence[Part], language: str, rng: random.Random) -> list[Part]:
        """A phrase with a word that says nothing in it, or in place of one of its own."""
        spoilt = list(parts)
        wordy = [place for place, part in enumerate(parts) if part.text.isalpha()]
        unknown = self._unknown(language, rng)
        if wordy and rng.random() < 0.35:
            place = rng.choice(wordy)
            spoilt[place] = unknown._replace(glued=parts[place].glued)
            return spoilt
        free = [place for place in range(len(parts) + 1) if place == len(parts) or not parts[place].glued]
        spoilt.insert(rng.choice(free), unknown)
        return spoilt

    def _unknown(self, language: str, rng: random.Random) -> Part:
        words = self._words[language]
        if rng.random() < 0.25:  # words with a meaning that no value has: "every", "weekdays"
            return self._grammars[language].word(UNKNOWN, rng)
        if not words or rng.random() < 0.12:
            letters = _GARBAGE[language]
            return Part("".join(rng.choice(letters) for _ in range(rng.randint(2, 9))), (UNKNOWN,))
        return Part(words[int(len(words) * rng.random() ** 2.2)], (UNKNOWN,))

    def _salad(self, language: str, rng: random.Random) -> list[Part]:
        """Words of the lexicon in any order, so that each is read for itself."""
        grammar = self._grammars[language]
        keys = list(grammar.lexicon)
        parts = [grammar.word(rng.choice(keys), rng) for _ in range(rng.randint(1, 4))]
        return [part for part in parts if grammar.is_plain(part)]
