"""Labels, tags and spans: the only place that knows BIO (IOB2, Ramshaw and Marcus 1995)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from model.errors import LabelError
from model.text import Token

OUTSIDE = "O"
BY_NETWORK, BY_GAZETTEER = "model", "gazetteer"
UNSEEN = 0.1  # times that every pair of tags counts as having been seen
FARTHEST = 5.0


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A label over tokens ``start`` (inclusive) to ``end`` (exclusive)."""

    start: int
    end: int
    label: str


class Slot(NamedTuple):
    """A label over characters ``start`` (inclusive) to ``end`` (exclusive), code points.

    ``confidence`` is a probability, rounded to 6 decimals; 1.0 in gold data. ``alternatives`` are the other labels that
    the same characters could carry, likeliest first, "O" for none, as (label, probability).
    """

    name: str
    start: int
    end: int
    confidence: float = 1.0
    alternatives: tuple[tuple[str, float], ...] = ()


class Origin(NamedTuple):
    """Where a slot comes from, BY_NETWORK or BY_GAZETTEER, and the canonical form of its words; None where no table has it."""

    source: str
    value: str | None


class Intent(NamedTuple):
    """What the utterance wants; ``confidence`` is a probability, 1.0 in gold data."""

    name: str
    confidence: float = 1.0


@dataclass(frozen=True)
class LabelScheme:
    """The slots and intents that a tagger tells apart, and the BIO tags made of them.

    Labels are ``("O", *slots)``. Tag 0 is O; slot k (from 0) has tag 2k+1 for its first token (B-)
    and 2k+2 for the following ones (I-). An I- tag may stand only behind B- or I- of its slot.
    ``carried``: of every intent the slots that can stand beside it, where an answer's slots and intent are chosen together; empty: they
    are chosen apart.
    ``followed``: how often one tag followed another in training, as (tag before, tag, times), the number of tags standing for the start;
    ``follow_weight``: how much that counts beside what the words say; 0: not at all.
    """

    slots: tuple[str, ...]
    intents: tuple[str, ...] = ()
    carried: tuple[tuple[str, ...], ...] = ()
    followed: tuple[tuple[int, int, int], ...] = ()
    follow_weight: float = 0.0

    def __post_init__(self) -> None:
        if self.carried and len(self.carried) != len(self.intents):
            raise LabelError(f"carried has {len(self.carried)} entries for {len(self.intents)} intents; give one for each, or none at all")
        for name in {name for names in self.carried for name in names} - set(self.slots):
            raise LabelError(f"carried names {name!r}, which is no slot; use some of the {len(self.slots)} slots")
        for before, tag, times in self.followed:
            if not (0 <= before <= 2 * len(self.slots) + 1 and 0 <= tag <= 2 * len(self.slots) and times > 0):
                raise LabelError(f"followed has ({before}, {tag}, {times}); use tags of {len(self.slots)} slots, and how often, 1 or more")
        if not 0 <= self.follow_weight <= 1:
            raise LabelError(f"follow_weight = {self.follow_weight} is not allowed: use 0 to 1")
        for kind, names in (("slot", self.slots), ("intent", self.intents)):
            for name in names:
                if not name or name == OUTSIDE or name != name.strip():
                    raise LabelError(f"{kind} name {name!r} is not allowed: use a word other than 'O', without spaces around it")
                if names.count(name) > 1:
                    raise LabelError(f"{kind} name {name!r} is given {names.count(name)} times; name each once")

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The labels of a word, "O" first."""
        return (OUTSIDE, *self.slots)

    @cached_property
    def names_L(self) -> np.ndarray:
        """``labels`` as an array of objects, to be indexed by arrays."""
        return np.array(self.labels, dtype=object)

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """The tags' names, in the order of the graph's output."""
        return (OUTSIDE, *(f"{prefix}-{slot}" for slot in self.slots for prefix in "BI"))

    @cached_property
    def allowed(self) -> np.ndarray:
        """Which tag may follow which: bool [tags + 1, tags]; the last row stands for the start."""
        count = len(self.tags)
        allowed = np.ones((count + 1, count), dtype=bool)
        for inside in range(2, count, 2):
            allowed[:, inside] = False
            allowed[[inside - 1, inside], inside] = True
        return allowed

    @cached_property
    def between(self) -> np.ndarray:
        """What a tag behind another adds to the score of a path: float64 [tags + 1, tags], -inf where it is not allowed.

        The weight times the pointwise mutual information of the two in training: log p(tag | tag before) - log p(tag), in nats, at most
        FARTHEST either way, so that a pair that training never showed is unlikely and not impossible.
        """
        times = np.full(self.allowed.shape, UNSEEN)
        for before, tag, count in self.followed:
            times[before, tag] += count
        shares = times / times.sum(axis=1, keepdims=True)
        overall = times.sum(axis=0) / times.sum()
        information = np.clip(np.log(shares) - np.log(overall), -FARTHEST, FARTHEST)
        return np.where(self.allowed, self.follow_weight * information, -np.inf)

    @cached_property
    def sway(self) -> float:
        """The most that one of two neighbours can gain or lose by the other."""
        finite = self.between[self.allowed]
        return float(finite.max() - finite.min())

    @cached_property
    def carried_tags(self) -> np.ndarray:
        """Which tags an answer may have beside an intent: bool [intents, tags]."""
        carried = np.ones((len(self.intents), len(self.tags)), dtype=bool)
        for row, names in zip(carried, self.carried, strict=False):
            row[1:] = np.repeat([slot in names for slot in self.slots], 2)
        return carried

    @cached_property
    def _slot_index(self) -> dict[str, int]:
        return {slot: index for index, slot in enumerate(self.slots)}

    def encode(self, spans: Iterable[Span], length: int) -> list[int]:
        """Spans to one tag per token.

        Raises LabelError for an unknown label, a span outside 0..length, and spans that overlap.
        """
        tags = [0] * length
        for span in sorted(spans):
            if span.label not in self._slot_index:
                raise LabelError(f"label {span.label!r} is not one of the {len(self.slots)} slots; add it or map it")
            if not 0 <= span.start < span.end <= length:
                raise LabelError(f"{span} does not lie within {length} tokens")
            if any(tags[span.start : span.end]):
                raise LabelError(f"{span} overlaps another span")
            begin = 2 * self._slot_index[span.label] + 1
            tags[span.start : span.end] = [begin] + [begin + 1] * (span.end - span.start - 1)
        return tags

    def decode(self, tags: Sequence[int]) -> list[Span]:
        """Tags to spans, as conlleval reads them: an I- that continues nothing begins a span."""
        spans: list[Span] = []
        start = slot = -1
        for position, tag in enumerate([*tags, 0]):
            here = (tag - 1) // 2 if tag else -1
            if slot >= 0 and (tag % 2 == 1 or here != slot):
                spans.append(Span(start, position, self.slots[slot]))
                slot = -1
            if here >= 0 and slot < 0:
                start, slot = position, here
        return spans


def spans_of_slots(slots: Iterable[Slot], tokens: Sequence[Token]) -> list[Span]:
    """Character slots to token spans. Raises LabelError where a slot does not fall on token borders."""
    starts = {token.start: index for index, token in enumerate(tokens)}
    ends = {token.end: index + 1 for index, token in enumerate(tokens)}
    spans = []
    for slot in slots:
        if slot.start not in starts or slot.end not in ends:
            raise LabelError(f"slot {slot.name!r} at {slot.start}:{slot.end} does not fall on word borders")
        spans.append(Span(starts[slot.start], ends[slot.end], slot.name))
    return spans


class WordLabels(NamedTuple):
    """What a tagger says of each of T words, as plain lists, because answers are made of them.

    ``chosen``: the label of the slot over each word, "O" for none; ``likeliest`` and ``probabilities``: the few likeliest
    labels, likeliest first, with probabilities rounded to 6 decimals.
    """

    chosen: list[str]
    likeliest: list[list[str]]
    probabilities: list[list[float]]


class Annotation(NamedTuple):
    """What an utterance says: the same type for gold data and for a tagger's answer.

    Slots stand in text order and never overlap. A tagger also gives, for T tokens, L labels
    (``LabelScheme.labels``, "O" first) and I intents:
    ``label_probabilities_TL`` float32, each row summing to 1 (a word's B- and I- tags added up);
    ``intent_probabilities_I`` float32, summing to 1; ``words``; ``known_T``: whether each word was seen in training.
    A tagger with a gazetteer says for each slot whether its network found it, and what its words mean: ``origins``.
    """

    text: str
    tokens: tuple[Token, ...]
    slots: tuple[Slot, ...]
    intent: Intent | None = None
    label_probabilities_TL: np.ndarray | None = None
    intent_probabilities_I: np.ndarray | None = None
    words: WordLabels | None = None
    known_T: tuple[bool, ...] | None = None
    origins: tuple[Origin, ...] | None = None
