"""Unlabelled utterances as tensors: each different word is featurised once, however often it stands in the texts."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np
import torch
from torch import Tensor

from model.features import Featurizer
from model.text import Token, tokenize


class TextSet:
    """Utterances grouped by length; equal ones are kept once."""

    def __init__(self, texts: Iterable[str], featurizer: Featurizer, *, max_words: int) -> None:
        """Texts without words, with one word alone or with more than ``max_words`` are left out: they show no word in its place."""
        rows: dict[str, int] = {}
        by_length: dict[int, list[list[int]]] = defaultdict(list)
        for text in dict.fromkeys(texts):
            words = [token.text for token in tokenize(text)]
            if 1 < len(words) <= max_words:
                by_length[len(words)].append([rows.setdefault(word, len(rows)) for word in words])
        features = featurizer.features([Token(word, 0, len(word)) for word in rows])
        self._word_ids_U = torch.from_numpy(features.word_ids_T.astype(np.int64))
        self._ngram_ids_UK = torch.from_numpy(features.ngram_ids_TK.astype(np.int64))
        self._groups = [torch.tensor(group) for _, group in sorted(by_length.items())]

    @property
    def words(self) -> int:
        """How many words there are in all."""
        return sum(group.numel() for group in self._groups)

    def batches(self, batch_words: int) -> int:
        """How many batches an epoch has."""
        return sum(-(-len(rows_NT) // max(1, batch_words // rows_NT.shape[1])) for rows_NT in self._groups)

    def epoch(self, batch_words: int, *, seed: tuple[int, ...]) -> Iterator[tuple[Tensor, Tensor]]:
        """``word_ids_BT`` and ``ngram_ids_BTK`` of utterances of one length, about ``batch_words`` words; ``seed`` decides their order."""
        shuffle = np.random.default_rng(seed)
        chosen = []
        for group, rows_NT in enumerate(self._groups):
            order = shuffle.permutation(len(rows_NT))
            batch = max(1, batch_words // rows_NT.shape[1])
            chosen += [(group, order[start : start + batch]) for start in range(0, len(order), batch)]
        shuffle.shuffle(chosen)
        for group, order in chosen:
            rows_BT = self._groups[group][torch.from_numpy(order)]
            yield self._word_ids_U[rows_BT], self._ngram_ids_UK[rows_BT]
