"""Slips of the keyboard on phrases of the grammar: what changes the letters and spaces of a phrase and not its meaning."""

import random
from collections.abc import Iterable, Sequence

from model.values.spelling import is_slip, shortened
from training.values.grammar import Part

_ROWS = {
    "en": ("qwertyuiop", "asdfghjkl", "zxcvbnm"),
    "ru": ("йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю"),
}
_LETTERS = frozenset("".join(row for rows in _ROWS.values() for row in rows))
SHORTEST = 3  # letters of a word that may get a typo: shorter ones are too near to each other


def _neighbours() -> dict[str, str]:
    """Each letter with those beside it on its keyboard."""
    found: dict[str, str] = {}
    for rows in _ROWS.values():
        for height, row in enumerate(rows):
            for place, letter in enumerate(row):
                beside = row[max(0, place - 1) : place] + row[place + 1 : place + 2]
                below = rows[height + 1][max(0, place - 1) : place + 1] if height + 1 < len(rows) else ""
                above = rows[height - 1][place : place + 2] if height else ""
                found[letter] = beside + below + above
    return found


_BESIDE = _neighbours()


def slip(word: str, rng: random.Random) -> str:
    """``word`` with one letter dropped, doubled, swapped with the next or replaced by its neighbour on the keyboard."""
    places = [place for place, letter in enumerate(word) if letter in _LETTERS]
    if not places:
        return word
    place = rng.choice(places)
    letter = word[place]
    change = rng.randrange(4)
    if change == 0:
        return word[:place] + word[place + 1 :]
    if change == 1:
        return word[:place] + letter + word[place:]
    if change == 2 and place + 1 < len(word) and word[place + 1] in _LETTERS:
        return word[:place] + word[place + 1] + letter + word[place + 2 :]
    return word[:place] + rng.choice(_BESIDE[letter]) + word[place + 1 :]


class Ambiguity:
    """Which slips would be read as another word: those that are one, or are one edit from one that says something else."""

    def __init__(self, said: Iterable[tuple[str, tuple[str, ...]]], words: Iterable[str] = ()) -> None:
        """``said``: forms with their symbols; ``words``: common words that say nothing here."""
        self._meanings: dict[str, set[tuple[str, ...]]] = {}
        for form, symbols in said:
            self._meanings.setdefault(form, set()).add(symbols)
        self._words = frozenset(words)
        self._near: dict[str, set[str]] = {}
        for form in self._meanings:
            for shorter in shortened(form):
                self._near.setdefault(shorter, set()).add(form)

    def is_clear(self, slipped: str, symbols: tuple[str, ...]) -> bool:
        """Whether the slip can only be the word that says ``symbols``."""
        if slipped in self._words:
            return False
        if (exact := self._meanings.get(slipped)) is not None:
            return symbols in exact
        near = {form for shorter in shortened(slipped) for form in self._near.get(shorter, ())}
        return all(symbols in self._meanings[form] for form in near if is_slip(slipped, form))


def with_typos(parts: Sequence[Part], rng: random.Random, ambiguity: Ambiguity, count: int, shortest: int = SHORTEST) -> list[Part]:
    """``parts`` with up to ``count`` slips, each in a word of at least ``shortest`` letters and clear; digits are never touched."""
    changed = list(parts)
    long = [place for place, part in enumerate(parts) if sum(letter in _LETTERS for letter in part.text) >= shortest]
    for _ in range(count if long else 0):
        place = rng.choices(long, [len(parts[place].text) for place in long])[0]
        slipped = slip(changed[place].text, rng)
        if ambiguity.is_clear(slipped, changed[place].symbols):
            changed[place] = changed[place]._replace(text=slipped)
    return changed


def with_lost_spaces(parts: Sequence[Part], rng: random.Random, rate: float) -> list[Part]:
    """``parts`` some of which lost the space in front: rarely between letters, never between digits."""
    changed = list(parts)
    for place in range(1, len(parts)):
        before, behind = parts[place - 1].text[-1:], parts[place].text[:1]
        if parts[place].glued or (before.isdigit() and behind.isdigit()) or not before or not behind:
            continue
        if rng.random() < (rate if before.isdigit() or behind.isdigit() else rate / 4):
            changed[place] = parts[place]._replace(glued=True)
    return changed
