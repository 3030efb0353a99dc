"""Phrases as arrays: batches of one length, with where each symbol may be said."""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from model.values.letters import KINDS, ids_of
from model.values.symbols import ALPHABET
from training.values.samples import Phrase

SYMBOL_IDS = {symbol: place for place, symbol in enumerate(ALPHABET, start=1)}
KIND_IDS = {kind: place for place, kind in enumerate(KINDS)}


class ReaderBatch(NamedTuple):
    """B phrases of T characters; ``allowed_BTS``: which symbols each character may say, the blank always."""

    char_ids_BT: np.ndarray
    kind_ids_B: np.ndarray
    targets: list[list[int]]
    allowed_BTS: np.ndarray


def batches(phrases: Sequence[Phrase], size: int, rng: random.Random) -> Iterator[ReaderBatch]:
    """All phrases once, those of one length together, batches in random order."""
    by_length: dict[int, list[Phrase]] = defaultdict(list)
    for phrase in phrases:
        by_length[len(phrase.text)].append(phrase)
    chunks = [same[start : start + size] for same in by_length.values() for start in range(0, len(same), size)]
    rng.shuffle(chunks)
    return map(collated, chunks)


def collated(phrases: Sequence[Phrase]) -> ReaderBatch:
    """Phrases of one length as a batch."""
    length = len(phrases[0].text)
    allowed_BTS = np.zeros((len(phrases), length, len(ALPHABET) + 1), dtype=bool)
    allowed_BTS[:, :, 0] = True
    for row, phrase in enumerate(phrases):
        for symbol, start, end in phrase.said:
            allowed_BTS[row, start : end + _may_lag(phrase.text, end), SYMBOL_IDS[symbol]] = True
    return ReaderBatch(
        np.array([ids_of(phrase.text) for phrase in phrases], dtype=np.int64),
        np.array([KIND_IDS[phrase.kind] for phrase in phrases], dtype=np.int64),
        [[SYMBOL_IDS[symbol] for symbol in phrase.symbols] for phrase in phrases],
        allowed_BTS,
    )


def _may_lag(text: str, end: int) -> bool:
    """Whether a word that ends here may be said at the space behind it."""
    return not text[end - 1].isdigit() and text[end : end + 1] == " "
