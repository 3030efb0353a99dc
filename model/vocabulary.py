"""The one-hot dimension of every known word, and the "other" dimension for all the rest."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from model.errors import ConfigError

PAD = 0
OTHER = 1
FIRST_WORD = 2


def normalize_word(word: str) -> str:
    """The form under which letters are compared: NFKC, case folded, one kind of apostrophe.

    >>> normalize_word("O’Hare")
    "o'hare"
    """
    if word.isascii():
        return word.lower()
    return unicodedata.normalize("NFKC", word).casefold().replace("’", "'")


def fold_digits(word: str) -> str:
    """Every digit as 0, so that a number never seen shares the dimension of its shape.

    >>> fold_digits("7:30pm")
    '0:00pm'
    """
    if word.isalpha():
        return word
    return "".join("0" if letter.isdecimal() else letter for letter in word)


@dataclass(frozen=True)
class Vocabulary:
    """Known words in order of index: word k has index k + 2; 0 is padding, 1 is OTHER."""

    words: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(set(self.words)) != len(self.words):
            raise ConfigError("the vocabulary names a word twice; name each once")
        for word in self.words:
            if not word or "\n" in word:
                raise ConfigError(f"{word!r} cannot be a word of the vocabulary: empty or with a line end")

    @classmethod
    def of(cls, counts: Mapping[str, int], *, min_count: int = 1) -> "Vocabulary":
        """The words counted at least ``min_count`` times, most frequent first, ties by spelling."""
        return cls(tuple(sorted((word for word, count in counts.items() if count >= min_count), key=lambda word: (-counts[word], word))))

    @cached_property
    def _index(self) -> dict[str, int]:
        return {word: index + FIRST_WORD for index, word in enumerate(self.words)}

    def __len__(self) -> int:
        """The number of one-hot dimensions, padding and OTHER included."""
        return len(self.words) + FIRST_WORD

    def index(self, word: str) -> int:
        """The word's dimension, OTHER if it is not known. ``word`` is already normalised."""
        return self._index.get(word, OTHER)
