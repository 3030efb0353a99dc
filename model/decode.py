"""Probabilities to annotations: the likeliest tags that the BIO scheme allows, a whole batch at a time.

numpy is asked a few times for each batch, not for each utterance, and the graph has done what it can: a call of numpy costs as
much as a word.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from model.labels import OUTSIDE, LabelScheme, Slot, WordLabels
from model.text import Token

SpanTuple = tuple[int, int, int]  # start, end, slot's index

RANKED = 4  # labels of each word that the graph ranks: a slot's own and three alternatives
DECIMALS = 6  # batch neighbours move a probability by less than 1e-6
COMPARED = 5  # intents that are tried with the slots that each carries, where the likeliest does not carry what was found
_TINY = 1e-30  # log of a probability that underflowed to 0 must stay finite


class Probabilities(NamedTuple):
    """What the graph says of B utterances of up to T words: of C tags and of L labels (a slot's B- and I- tags added up), and of
    each word the likeliest tag and the K = RANKED likeliest labels (all, where there are fewer), likeliest first, with
    their probabilities, rounded.
    """

    tags_BTC: np.ndarray
    labels_BTL: np.ndarray
    best_BT: np.ndarray
    likeliest_BTK: np.ndarray
    probabilities_BTK: np.ndarray


class Row(NamedTuple):
    """What was decoded of one utterance. ``intent``: its index where the slots made another one likelier than it is alone."""

    words: WordLabels
    slots: tuple[Slot, ...]
    intent: int | None = None


def decode(given: Probabilities, tokens: Sequence[Sequence[Token]], scheme: LabelScheme, intents_BI: np.ndarray | None = None) -> list[Row]:
    """The words' labels and the slots of every utterance; ``tokens`` are the words of each.

    ``intents_BI``: the probabilities of the intents, where ``scheme`` has them chosen together with the slots.
    """
    tags = given.best_BT.tolist()
    names = scheme.names_L[given.likeliest_BTK].tolist()
    found = given.probabilities_BTK.tolist()
    spans = [
        legal_spans(row[: len(words)], given.tags_BTC[index], scheme) for index, (row, words) in enumerate(zip(tags, tokens, strict=True))
    ]
    intents: list[int | None] = [None] * len(tokens)
    for row, intents_I in enumerate(intents_BI if intents_BI is not None else ()):
        if (joint := choose_together(spans[row], given.tags_BTC[row, : len(tokens[row])], intents_I, scheme)) is not None:
            intents[row], spans[row] = joint
    phrases = _ranked_phrases(given.labels_BTL, spans, scheme)
    rows = []
    for row, words in enumerate(tokens):
        length = len(words)
        ranked = WordLabels(_chosen(spans[row], length, scheme), names[row][:length], found[row][:length])
        slots = [
            _slot(span, words, ranked, phrases.get((row, span[0])), given.labels_BTL[row], scheme.slots[span[2]]) for span in spans[row]
        ]
        rows.append(Row(ranked, tuple(slots), intents[row]))
    return rows


def legal_spans(tags: list[int], probabilities_TC: np.ndarray, scheme: LabelScheme) -> list[SpanTuple]:
    """The spans of the best legal tag sequence: of the highest product of probabilities, and of what tags add beside one another.

    ``tags`` are the most probable tags of each word: that is the best path already where it is legal and, if tags count beside one
    another, each word is surer of its tag than its neighbours could sway it. Otherwise Viterbi's algorithm (1967) looks for the best one.
    """
    words_TC = probabilities_TC[: len(tags)]
    spans = _spans(tags) if not scheme.sway or _is_sure(words_TC, scheme) else None
    if spans is None:
        spans = _spans(viterbi(np.log(np.maximum(words_TC, _TINY)), scheme).tolist())
        assert spans is not None
    return spans


def _spans(tags: Sequence[int]) -> list[SpanTuple] | None:
    """What the tags say; None where they are not legal."""
    spans: list[SpanTuple] = []
    previous = 0
    for position, tag in enumerate(tags):
        if tag & 1:
            spans.append((position, position + 1, tag >> 1))
        elif tag:
            if previous != tag and previous != tag - 1:  # an I- that continues nothing
                return None
            spans[-1] = (spans[-1][0], position + 1, spans[-1][2])
        previous = tag
    return spans


def _is_sure(words_TC: np.ndarray, scheme: LabelScheme) -> bool:
    """Whether no change of tags can win: a changed word loses more than it can gain beside the words on both sides."""
    if words_TC.shape[1] < 2:
        return True
    second_T, best_T = np.partition(words_TC, -2, axis=1)[:, -2:].T
    return bool((np.log(best_T) - np.log(np.maximum(second_T, _TINY)) > 2 * scheme.sway).all())


def choose_together(
    spans: list[SpanTuple], tags_TC: np.ndarray, intents_I: np.ndarray, scheme: LabelScheme
) -> tuple[int, list[SpanTuple]] | None:
    """The likeliest of the COMPARED likeliest intents with spans of slots that it carries; None where ``spans`` fit the likeliest intent.

    Those are the best answer then: no other intent and no other path is likelier.
    """
    if all(scheme.carried_tags[intents_I.argmax(), 2 * slot + 1] for *_, slot in spans):
        return None
    scored: list[tuple[float, int, int, list[SpanTuple]]] = []
    for intent in likeliest(intents_I[None], COMPARED)[0][0].tolist():
        carried_TC = np.where(scheme.carried_tags[intent], tags_TC, 0)
        found = legal_spans(carried_TC.argmax(axis=1).tolist(), carried_TC, scheme)
        path_T = np.zeros(len(tags_TC), dtype=np.int64)
        for start, end, slot in found:
            path_T[start:end] = 2 * slot + 2
            path_T[start] = 2 * slot + 1
        chosen_T = np.append(carried_TC[np.arange(len(path_T)), path_T], intents_I[intent]).astype(np.float64)
        beside_T = scheme.between[np.append(len(scheme.tags), path_T[:-1]), path_T]
        scored.append((float(np.log(np.maximum(chosen_T, _TINY)).sum() + beside_T.sum()), -len(scored), intent, found))
    *_, intent, found = max(scored)
    return intent, found


def viterbi(scores_TC: np.ndarray, scheme: LabelScheme) -> np.ndarray:
    """The legal tag sequence of the highest summed score, what tags add beside one another counted in, int [T]."""
    best_C = scores_TC[0] + scheme.between[-1]
    back_TC = np.zeros(scores_TC.shape, dtype=np.int64)
    for step in range(1, len(scores_TC)):
        reach_PC = best_C[:, None] + scheme.between[:-1]
        back_TC[step] = reach_PC.argmax(axis=0)
        best_C = reach_PC.max(axis=0) + scores_TC[step]
    tags = [int(best_C.argmax())]
    for step in range(len(scores_TC) - 1, 0, -1):
        tags.append(int(back_TC[step, tags[-1]]))
    return np.array(tags[::-1])


def likeliest(probabilities_NL: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The ``count`` likeliest columns of each row and their probabilities, [N, count] each, likeliest first; ties in order."""
    columns_NK = np.argsort(-probabilities_NL, axis=1, kind="stable")[:, :count]
    return columns_NK, np.take_along_axis(probabilities_NL, columns_NK, axis=1)


def rounded(probabilities: np.ndarray) -> np.ndarray:
    """float64 with ``DECIMALS`` decimals: 1.0000001, as sums of float32 may be, becomes 1."""
    exact = np.asarray(probabilities, dtype=np.float64).round(DECIMALS)
    return exact


def _chosen(spans: Sequence[SpanTuple], length: int, scheme: LabelScheme) -> list[str]:
    """The label over each word."""
    chosen = [OUTSIDE] * length
    for start, end, slot in spans:
        chosen[start:end] = [scheme.slots[slot]] * (end - start)
    return chosen


@dataclass(frozen=True, slots=True)
class _Phrase:
    """What the mean over the words of a span says: its likeliest labels with their probabilities, and the probability of its own."""

    names: list[str]
    found: list[float]
    own: float


def _ranked_phrases(labels_BTL: np.ndarray, spans: Sequence[Sequence[SpanTuple]], scheme: LabelScheme) -> dict[tuple[int, int], _Phrase]:
    """Of every span of several words, by row and start, all in one go: what numpy costs for one it costs for a batch."""
    several = [(row, *span) for row, found in enumerate(spans) for span in found if span[1] - span[0] > 1]
    if not several:
        return {}
    longest = labels_BTL.shape[1]
    borders = np.array([(row * longest + start, row * longest + end) for row, start, end, _ in several]).reshape(-1)
    labels_NL = labels_BTL.reshape(-1, labels_BTL.shape[2])
    sums_SL = np.add.reduceat(labels_NL, borders[:-1] if borders[-1] == len(labels_NL) else borders, axis=0)[::2]
    means_SL = sums_SL / (borders[1::2] - borders[::2])[:, None].astype(np.float32)
    columns_SK, found_SK = likeliest(means_SL, RANKED)
    names, found = scheme.names_L[columns_SK].tolist(), rounded(found_SK).tolist()
    own = rounded(means_SL[np.arange(len(several)), [slot + 1 for *_, slot in several]]).tolist()
    return {(row, start): _Phrase(*ranked) for (row, start, _, _), *ranked in zip(several, names, found, own, strict=True)}


def _slot(span: SpanTuple, tokens: Sequence[Token], words: WordLabels, phrase: _Phrase | None, labels_TL: np.ndarray, name: str) -> Slot:
    """A span with its characters, confidence and alternatives.

    Its distribution over labels is the mean of its words', so it sums to 1 too; that of one word is ranked already.
    """
    start, end, slot = span
    names, found = (words.likeliest[start], words.probabilities[start]) if phrase is None else (phrase.names, phrase.found)
    if names[0] == name:
        return Slot(name, tokens[start][1], tokens[end - 1][2], found[0], tuple(zip(names[1:], found[1:], strict=True)))
    own = phrase.own if phrase is not None else float(rounded(labels_TL[start, slot + 1]))
    others = tuple([entry for entry in zip(names, found, strict=True) if entry[0] != name])[: RANKED - 1]
    return Slot(name, tokens[start][1], tokens[end - 1][2], own, others)
