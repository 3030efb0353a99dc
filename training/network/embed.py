"""Word encoders: what each word becomes before the recurrent layers see it."""

import torch
from torch import Tensor, nn

from model.names import NO_NAME
from model.vocabulary import OTHER, PAD


class WordEmbedding(nn.Module):
    """One-hot times matrix, which is a row of the matrix; OTHER is trained by showing known words as OTHER.

    The chance is c / (c + count): rare words, those that OTHER will stand for, are dropped most (Kiperwasser and
    Goldberg 2016).
    """

    drop_chance_V: Tensor

    def __init__(self, counts: list[int], dimension: int, word_dropout: float) -> None:
        """``counts``: occurrences in training of each index; indices never dropped have a count of 0 here."""
        super().__init__()
        self.rows = nn.Embedding(len(counts), dimension, padding_idx=PAD)
        nn.init.normal_(self.rows.weight, std=0.1)
        with torch.no_grad():
            self.rows.weight[PAD] = 0
        chances = [word_dropout / (word_dropout + count) if count and word_dropout else 0.0 for count in counts]
        self.register_buffer("drop_chance_V", torch.tensor(chances), persistent=False)

    def forward(self, word_ids_BT: Tensor) -> Tensor:
        """Indices to rows [B, T, E]."""
        if self.training:
            dropped_BT = torch.rand(word_ids_BT.shape) < self.drop_chance_V[word_ids_BT]
            word_ids_BT = torch.where(dropped_BT, OTHER, word_ids_BT)
        embedded_BTE: Tensor = self.rows(word_ids_BT)
        return embedded_BTE


class NgramEmbedding(nn.Module):
    """Word hashing: the mean of the rows of a word's letter n-grams (Huang et al. 2013; Bojanowski et al. 2017)."""

    def __init__(self, buckets: int, dimension: int) -> None:
        """One row a bucket; row 0 is no n-gram."""
        super().__init__()
        self.rows = nn.EmbeddingBag(buckets + 1, dimension, mode="mean", padding_idx=PAD)
        nn.init.normal_(self.rows.weight, std=0.2)
        with torch.no_grad():
            self.rows.weight[PAD] = 0

    def forward(self, ngram_ids_BTK: Tensor) -> Tensor:
        """Buckets to means [B, T, N]."""
        batch, words, ngrams = ngram_ids_BTK.shape
        means: Tensor = self.rows(ngram_ids_BTK.reshape(batch * words, ngrams))
        return means.reshape(batch, words, -1)


class NameEmbedding(nn.Module):
    """The sum of the rows of a word's numbers in the lists of names; while training, an utterance is now and then read without a list.

    Otherwise the network trusts lists that know every name of its training, and no other's.
    """

    def __init__(self, numbers: int, dimension: int, dropout: float) -> None:
        """``numbers``: see ``model.names.NameLists``. ``dropout``: the chance that an utterance is read without a list."""
        super().__init__()
        self.rows = nn.EmbeddingBag(numbers, dimension, mode="sum", padding_idx=NO_NAME)
        self.dropout = dropout
        nn.init.normal_(self.rows.weight, std=0.2)
        with torch.no_grad():
            self.rows.weight[NO_NAME] = 0

    def forward(self, name_ids_BTM: Tensor) -> Tensor:
        """Numbers to sums [B, T, G]."""
        batch, words, lists = name_ids_BTM.shape
        if self.training and self.dropout:
            dropped_BL = torch.rand(batch, self.rows.num_embeddings // 2 + 1) < self.dropout
            dropped_BTM = dropped_BL.gather(1, (name_ids_BTM + 1).reshape(batch, -1) // 2).reshape(name_ids_BTM.shape)
            name_ids_BTM = name_ids_BTM.masked_fill(dropped_BTM, NO_NAME)
        sums: Tensor = self.rows(name_ids_BTM.reshape(batch * words, lists))
        return sums.reshape(batch, words, -1)


def neighbours(words_BTD: Tensor, window: int) -> Tensor:
    """Each word beside ``window`` neighbours on either side, zeros outside: [B, T, (2 window + 1) D]."""
    if window == 0:
        return words_BTD
    length = words_BTD.shape[1]
    padded = nn.functional.pad(words_BTD, (0, 0, window, window))
    return torch.cat([padded[:, shift : shift + length] for shift in range(2 * window + 1)], dim=2)
