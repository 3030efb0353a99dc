"""Phrases that a tagger knows by heart: what it looks up where its network says nothing or doubts, and what phrases mean.

A phrase is a sequence of words of ``model.text``, letter case aside, so that it begins and ends at word borders by itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from model.config import build, require
from model.decode import DECIMALS
from model.labels import BY_GAZETTEER, BY_NETWORK, OUTSIDE, Annotation, LabelScheme, Origin, Slot
from model.text import Token, tokenize

DOUBTED = 0.5  # a slot of the network below this confidence gives way to a phrase that covers it, whatever it is called


@dataclass(frozen=True, slots=True)
class Table:
    """Phrases and what each means: ``{"NYC": "New York", "New York": "New York"}``.

    ``slots``: those that a phrase may fill; none means that it fills no slot, but has its meaning in any. ``extracts``: whether a phrase
    is looked up in texts; else the table says only what is meant by slots that the network has found. ``confidence``: how sure it is
    that a phrase which the network left is one of ``slots``; training measures it.
    """

    slots: tuple[str, ...]
    phrases: dict[str, str]
    extracts: bool = True
    confidence: float = 0.75

    def __post_init__(self) -> None:
        require(0 < self.confidence < 1, "confidence", self.confidence, "a probability above 0, below 1")
        require(bool(self.slots) or not self.extracts, "slots", self.slots, "at least one, for a table that extracts")
        for phrase in self.phrases:
            require(len(tokenize(phrase)) > 0, "phrases", phrase, "phrases of at least one word")


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """Tables; of two that have the same phrase the first counts."""

    tables: tuple[Table, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"tables": [{name: getattr(table, name) for name in Table.__slots__} for table in self.tables]}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any], scheme: LabelScheme) -> "Gazetteer":
        """The reverse of ``to_dict``. Raises ConfigError for what is no gazetteer, and for a slot that ``scheme`` does not have."""
        gazetteer = build(cls, given, "gazetteer")
        for slot in (slot for table in gazetteer.tables for slot in table.slots):
            require(slot in scheme.slots, "gazetteer.tables.slots", slot, f"slots of the model: {', '.join(scheme.slots) or 'none'}")
        return gazetteer


Words = tuple[str, ...]


class Lookup:
    """A gazetteer made ready to look things up. It changes nothing of itself, so any thread may ask."""

    def __init__(self, gazetteer: Gazetteer, scheme: LabelScheme) -> None:
        """Index every phrase by its words."""
        column = {slot: column for column, slot in enumerate(scheme.labels)}
        self._columns = {table.slots: [column[name] for name in table.slots] for table in gazetteer.tables}
        self._found: dict[Words, Table] = {}
        self._longest: dict[str, int] = {}  # words of the longest phrase that begins with a word
        self._meant: dict[tuple[str | None, Words], str] = {}
        for table in gazetteer.tables:
            for phrase, value in table.phrases.items():
                self._add(table, folded(tokenize(phrase)), value)

    def _add(self, table: Table, words: Words, value: str) -> None:
        for slot in table.slots or (None,):
            self._meant.setdefault((slot, words), value)
        if table.extracts:
            self._found.setdefault(words, table)
            self._longest[words[0]] = max(len(words), self._longest.get(words[0], 0))

    def complete(self, said: Annotation) -> Annotation:
        """What a network has said of an utterance, with the slots that the phrases add, and with an origin for each slot.

        From the left the longest phrase is taken that touches no slot, or only slots that it covers, each of them doubted or of one of
        its table's names: the network knows then what it is, and the table how far it reaches. What both find with the same borders
        stays the network's.
        """
        words = folded(said.tokens)
        added = [self._slot(start, end, table, said) for start, end, table in self._phrases(words, said.tokens, said.slots)]
        if added:
            said = _with_slots(said, added)
        if not said.slots:
            return said._replace(origins=())
        # Where a word ends and the next begins at one character, both borders are the same number of words from the left.
        place = {token[1]: index for index, token in enumerate(said.tokens)} | {
            token[2]: index for index, token in enumerate(said.tokens, 1)
        }
        origins = [
            Origin(BY_GAZETTEER if slot in added else BY_NETWORK, self._meaning(slot.name, words[place[slot.start] : place[slot.end]]))
            for slot in said.slots
        ]
        return said._replace(origins=tuple(origins))

    def _phrases(self, words: Words, tokens: Sequence[Token], slots: Sequence[Slot]) -> Iterator[tuple[int, int, Table]]:
        start = 0
        while start < len(words):
            for end in range(min(len(words), start + self._longest.get(words[start], 0)), start, -1):
                table = self._found.get(words[start:end])
                if table is not None and _give_way(slots, tokens[start].start, tokens[end - 1].end, table):
                    yield start, end, table
                    start = end - 1
                    break
            start += 1

    def _slot(self, start: int, end: int, table: Table, said: Annotation) -> Slot:
        """The likeliest of the table's slots. Its table says how sure the phrase is, the network which of the slots it is."""
        names, confidence, labels_TL = table.slots, table.confidence, said.label_probabilities_TL
        assert labels_TL is not None, "a network tells the probability of every label"
        shares = labels_TL[start:end, self._columns[names]].sum(axis=0).tolist()
        total = sum(shares)
        shares = [share / total for share in shares] if total > 0 else [1 / len(names)] * len(names)
        ranked = sorted(zip(names, shares, strict=True), key=lambda pair: -pair[1])
        (name, share), others = ranked[0], ranked[1:]
        alternatives = sorted([(OUTSIDE, 1 - confidence), *((other, confidence * p) for other, p in others)], key=lambda pair: -pair[1])
        rest = tuple([(other, round(p, DECIMALS)) for other, p in alternatives])
        return Slot(name, said.tokens[start].start, said.tokens[end - 1].end, round(confidence * share, DECIMALS), rest)

    def _meaning(self, name: str, words: Words) -> str | None:
        return self._meant.get((name, words)) or self._meant.get((None, words))


def folded(tokens: Sequence[Token]) -> Words:
    """Words for comparison."""
    return tuple([token[0].casefold() for token in tokens])


def _with_slots(said: Annotation, added: Sequence[Slot]) -> Annotation:
    """The slots that were added in place of those that they touch, and over every word the slot that covers it now."""
    kept = [slot for slot in said.slots if not any(slot.start < new.end and new.start < slot.end for new in added)]
    slots = tuple(sorted([*kept, *added], key=lambda slot: slot.start))
    assert said.words is not None, "a network tells every word's label"
    chosen = [next((slot.name for slot in slots if slot.start <= token.start < slot.end), OUTSIDE) for token in said.tokens]
    return said._replace(slots=slots, words=said.words._replace(chosen=chosen))


def _give_way(slots: Sequence[Slot], start: int, end: int, table: Table) -> bool:
    """Whether all slots of the network that touch ``start:end`` give way to a phrase there."""
    for slot in slots:
        if slot.start < end and start < slot.end:
            agreed = slot.name in table.slots
            if slot.start < start or slot.end > end or not (agreed or slot.confidence < DOUBTED):
                return False
            if agreed and (slot.start, slot.end) == (start, end):
                return False
    return True
