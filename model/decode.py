"""Tag probabilities to annotations: the likeliest tags that the BIO scheme allows, a whole batch at a time.

N is the number of words of a batch with padding (B rows of T words, one behind the other), S of spans found in it.
numpy is asked a fixed number of times for each batch, not for each utterance: a call costs as much as a word.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.labels import LabelScheme, Slot, WordLabels
from model.text import Token

MOST_ALTERNATIVES = 3
RANKED = 3  # labels of each word that are told without asking the whole distribution
DECIMALS = 6  # batch neighbours move a probability by less than 1e-6
_TINY = 1e-30  # log of a probability that underflowed to 0 must stay finite


def legal_tags(probabilities_BTC: np.ndarray, lengths_B: np.ndarray, scheme: LabelScheme) -> np.ndarray:
    """The most probable legal tag sequence of each row, int [B, T]; padding is O.

    The most probable tag of each word, and Viterbi (1967) only for rows where that sequence is illegal: a legal
    sequence of maxima is the best path already.
    """
    tags_BT: np.ndarray = probabilities_BTC.argmax(axis=2)
    tags_BT[np.arange(tags_BT.shape[1]) >= lengths_B[:, None]] = 0
    previous_BT = np.empty_like(tags_BT)
    previous_BT[:, 0] = len(scheme.tags)
    previous_BT[:, 1:] = tags_BT[:, :-1]
    allowed_BT = scheme.allowed[previous_BT, tags_BT]
    if not allowed_BT.all():
        for row in np.flatnonzero(~allowed_BT.all(axis=1)):
            length = lengths_B[row]
            tags_BT[row, :length] = viterbi(np.log(np.maximum(probabilities_BTC[row, :length], _TINY)), scheme)
    return tags_BT


def viterbi(scores_TC: np.ndarray, scheme: LabelScheme) -> np.ndarray:
    """The legal tag sequence of the highest summed score, int [T]."""
    penalty = np.where(scheme.allowed, 0.0, -np.inf)
    best_C = scores_TC[0] + penalty[-1]
    back_TC = np.zeros(scores_TC.shape, dtype=np.int64)
    for step in range(1, len(scores_TC)):
        reach_PC = best_C[:, None] + penalty[:-1]
        back_TC[step] = reach_PC.argmax(axis=0)
        best_C = reach_PC.max(axis=0) + scores_TC[step]
    tags = [int(best_C.argmax())]
    for step in range(len(scores_TC) - 1, 0, -1):
        tags.append(int(back_TC[step, tags[-1]]))
    return np.array(tags[::-1])


def label_probabilities(tag_probabilities_C: np.ndarray) -> np.ndarray:
    """Tags to labels along the last axis: O, then B- and I- of each slot added up; float32 [..., labels]."""
    labels_L = np.empty((*tag_probabilities_C.shape[:-1], tag_probabilities_C.shape[-1] // 2 + 1), dtype=tag_probabilities_C.dtype)
    labels_L[..., 0] = tag_probabilities_C[..., 0]
    np.add(tag_probabilities_C[..., 1::2], tag_probabilities_C[..., 2::2], out=labels_L[..., 1:])
    return labels_L


def likeliest(probabilities_NL: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The ``count`` likeliest columns of each row and their probabilities, [N, count] each, likeliest first.

    For the few that are asked, taking the maximum again and again is faster than any sort of numpy's.
    """
    left_NL, rows_N = probabilities_NL.copy(), np.arange(len(probabilities_NL))
    columns_KN = np.empty((min(count, left_NL.shape[1]), len(left_NL)), dtype=np.int64)
    found_KN = np.empty(columns_KN.shape, dtype=left_NL.dtype)
    for rank in range(len(columns_KN)):
        columns_KN[rank] = left_NL.argmax(axis=1)
        found_KN[rank] = left_NL[rows_N, columns_KN[rank]]
        left_NL[rows_N, columns_KN[rank]] = -1
    return columns_KN.T, found_KN.T


def rounded(probabilities: np.ndarray) -> np.ndarray:
    """float64 with ``DECIMALS`` decimals, within 0 and 1."""
    return np.minimum(np.round(probabilities.astype(np.float64), DECIMALS), 1.0)


def spans_of(tags_BT: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the spans of legal rows begin and end in the N words of the batch, int [S] each.

    >>> spans_of(np.array([[1, 2, 0], [0, 1, 0]]))
    (array([0, 4]), array([2, 5]))
    """
    tags_N = np.append(tags_BT.reshape(-1), 0)
    begins_N = (tags_N & 1) == 1
    starts_S, borders = np.flatnonzero(begins_N), np.flatnonzero(begins_N | (tags_N == 0))
    return starts_S, borders[np.searchsorted(borders, starts_S, side="right")]


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a batch of tag probabilities says: probabilities of labels [B, T, L], and for each row its words and its slots."""

    label_probabilities_BTL: np.ndarray
    words: list[WordLabels]
    slots: list[tuple[Slot, ...]]


def decode(probabilities_BTC: np.ndarray, tokens: Sequence[Sequence[Token]], scheme: LabelScheme) -> Decoded:
    """The labels and slots of every row; ``tokens`` are the words of each."""
    lengths = [len(row) for row in tokens]
    tags_BT = legal_tags(probabilities_BTC, np.array(lengths), scheme)
    labels_BTL = label_probabilities(probabilities_BTC)
    return Decoded(labels_BTL, words_of(labels_BTL, tags_BT, lengths, scheme), slots_of(labels_BTL, tags_BT, tokens, scheme))


def words_of(labels_BTL: np.ndarray, tags_BT: np.ndarray, lengths: Sequence[int], scheme: LabelScheme) -> list[WordLabels]:
    """Of each row, the label of each word's tag and its likeliest ones."""
    batch, longest, _ = labels_BTL.shape
    columns_NK, found_NK = likeliest(labels_BTL.reshape(batch * longest, -1), RANKED)
    chosen = scheme.names_L[(tags_BT + 1) // 2].tolist()
    ranked = scheme.names_L[columns_NK].reshape(batch, longest, -1).tolist()
    found = rounded(found_NK).reshape(batch, longest, -1).tolist()
    rows = zip(chosen, ranked, found, lengths, strict=True)
    return [WordLabels(labels[:length], names[:length], probabilities[:length]) for labels, names, probabilities, length in rows]


def slots_of(labels_BTL: np.ndarray, tags_BT: np.ndarray, tokens: Sequence[Sequence[Token]], scheme: LabelScheme) -> list[tuple[Slot, ...]]:
    """Of each row, its spans with their characters, confidence and alternatives.

    A span's distribution over labels is the mean of its words', so it sums to 1 too.
    """
    starts_S, ends_S = spans_of(tags_BT)
    if not len(starts_S):
        return [()] * len(tokens)
    means_SL = _means(labels_BTL.reshape(-1, labels_BTL.shape[2]), starts_S, ends_S)
    chosen_S = (tags_BT.reshape(-1)[starts_S] + 1) // 2
    columns_SK, found_SK = likeliest(means_SL, MOST_ALTERNATIVES + 1)
    rows_S, first_S = np.divmod(starts_S, tags_BT.shape[1])
    last_S = first_S + ends_S - starts_S - 1
    confidence_S = rounded(means_SL[np.arange(len(means_SL)), chosen_S])
    columns = (rows_S, first_S, last_S, scheme.names_L[chosen_S], confidence_S, scheme.names_L[columns_SK], rounded(found_SK))
    slots: list[list[Slot]] = [[] for _ in tokens]
    for row, first, last, name, confidence, names, found in zip(*[column.tolist() for column in columns], strict=True):
        ranked = list(zip(names, found, strict=True))
        own = names.index(name) if name in names else MOST_ALTERNATIVES
        words, others = tokens[row], tuple(ranked[:own] + ranked[own + 1 :])
        slots[row].append(Slot(name, words[first][1], words[last][2], confidence, others))
    return [tuple(row) for row in slots]


def _means(labels_NL: np.ndarray, starts_S: np.ndarray, ends_S: np.ndarray) -> np.ndarray:
    """The mean of the rows of each span, [S, L]."""
    borders = np.column_stack((starts_S, ends_S)).reshape(-1)
    sums_SL = np.add.reduceat(labels_NL, borders[:-1] if borders[-1] == len(labels_NL) else borders, axis=0)[::2]
    means_SL: np.ndarray = sums_SL / (ends_S - starts_S)[:, None].astype(np.float32)
    return means_SL
