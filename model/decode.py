"""Tag probabilities to spans: the likeliest tags that the BIO scheme allows."""

from collections.abc import Sequence

import numpy as np

from model.labels import LabelScheme, Slot, Span
from model.text import Token

MOST_ALTERNATIVES = 3
_TINY = 1e-30  # log of a probability that underflowed to 0 must stay finite


def best_tags(probabilities_TC: np.ndarray, scheme: LabelScheme) -> np.ndarray:
    """The most probable legal tag sequence, int [T].

    The most probable tag of each word, and Viterbi (1967) only where that sequence is illegal: a legal
    sequence of maxima is the best path already.
    """
    tags_T: np.ndarray = probabilities_TC.argmax(axis=1)
    previous_T = np.concatenate(([len(scheme.tags)], tags_T[:-1]))
    if scheme.allowed[previous_T, tags_T].all():
        return tags_T
    return viterbi(np.log(np.maximum(probabilities_TC, _TINY)), scheme)


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


def label_probabilities(tag_probabilities_TC: np.ndarray) -> np.ndarray:
    """Tags to labels: O, then B- and I- of each slot added up; float32 [T, labels]."""
    outside = tag_probabilities_TC[..., :1]
    return np.concatenate((outside, tag_probabilities_TC[..., 1::2] + tag_probabilities_TC[..., 2::2]), axis=-1)


def slots_of(spans: Sequence[Span], tokens: Sequence[Token], labels_TL: np.ndarray, scheme: LabelScheme) -> tuple[Slot, ...]:
    """Spans with their characters, confidence and alternatives.

    A span's distribution over labels is the mean of its words', so it sums to 1 too.
    """
    slots = []
    for span in spans:
        mean_L = labels_TL[span.start : span.end].mean(axis=0)
        ranked = [int(index) for index in np.argsort(-mean_L)[: MOST_ALTERNATIVES + 1]]
        others = tuple((scheme.labels[index], float(mean_L[index])) for index in ranked if scheme.labels[index] != span.label)
        confidence = min(float(mean_L[scheme.labels.index(span.label)]), 1.0)
        slots.append(Slot(span.label, tokens[span.start].start, tokens[span.end - 1].end, confidence, others[:MOST_ALTERNATIVES]))
    return tuple(slots)
