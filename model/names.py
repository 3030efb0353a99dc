"""Lists of names: which words of an utterance stand in a name of which list."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from model.errors import ConfigError

NO_NAME = 0


@dataclass(frozen=True)
class NameLists:
    """``lists``: their names. ``phrases``: words joined by a space, in the form that the vocabulary compares, to the lists they stand in.

    A word that begins a name of list k (from 0) has the number 2k+1, one inside of it 2k+2; a word may have several.
    """

    lists: tuple[str, ...]
    phrases: dict[str, tuple[int, ...]]

    def __post_init__(self) -> None:
        for phrase, lists in self.phrases.items():
            if not phrase or not lists or not all(0 <= each < len(self.lists) for each in lists) or phrase != " ".join(phrase.split()):
                raise ConfigError(
                    f"the name {phrase!r} is of lists {lists}; use words joined by one space, of lists 0 to {len(self.lists) - 1}"
                )

    @property
    def numbers(self) -> int:
        """How many numbers a word may have, ``NO_NAME`` included."""
        return 2 * len(self.lists) + 1

    @cached_property
    def _longest(self) -> dict[str, int]:
        """By first word the most words that a name has."""
        longest: dict[str, int] = {}
        for phrase in self.phrases:
            first, *rest = phrase.split(" ")
            longest[first] = max(longest.get(first, 0), len(rest) + 1)
        return longest

    def match(self, words: Sequence[str], without: Collection[tuple[str, int]] = ()) -> list[list[int]]:
        """The numbers of every word; in each list the longest names from the left, which do not overlap.

        ``without``: names that count as not being in a list, as (phrase, list).

        >>> NameLists(("city", "movie"), {"new york": (0,), "new york stories": (1,)}).match(["in", "new", "york"])
        [[], [1], [2]]
        """
        numbers: list[list[int]] = [[] for _ in words]
        covered: dict[int, int] = {}
        for start, first in enumerate(words):
            for length in range(min(self._longest.get(first, 0), len(words) - start), 0, -1):
                phrase = " ".join(words[start : start + length])
                for each in self.phrases.get(phrase, ()):
                    if covered.get(each, 0) <= start and (phrase, each) not in without:
                        covered[each] = start + length
                        numbers[start].append(2 * each + 1)
                        for inside in range(start + 1, start + length):
                            numbers[inside].append(2 * each + 2)
        return [sorted(each) for each in numbers]
