"""What the data say of phrases besides examples: tables, synonyms, canonical forms; and the gazetteer that is made of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from model.gazetteer import Gazetteer, Table, folded
from model.text import tokenize
from training.data.records import Record


@dataclass
class Lexicon:
    """Collects while the records are read.

    ``tables`` by entity, each phrase with its value, letter case aside; ``synonyms`` of any slot. ``slots``: by entity the slots that its
    spans are called; ``meant``: by entity the values that its spans have, by their words. ``named``: the slot that a table is called.
    """

    tables: dict[str, dict[str, str]] = field(default_factory=dict)
    synonyms: dict[str, str] = field(default_factory=dict)
    slots: dict[str, set[str]] = field(default_factory=dict)
    meant: dict[str, dict[str, str]] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)

    def add_table(self, table: Record, rename: Mapping[str, str]) -> None:
        """A table as ``training.data.records`` describes it; of two values of one phrase the first counts."""
        entity: str | None = table["entity"]
        phrases: dict[str, str] = self.synonyms
        if entity is not None:
            phrases = self.tables.setdefault(entity, {})
            self.named[entity] = rename.get(entity, entity)
        for entry in table["entries"]:
            for phrase in (entry["value"], *entry.get("phrases", ())):
                phrases.setdefault(_key(phrase), entry["value"] if table.get("use_synonyms", True) else phrase)

    def add_spans(self, text: str, spans: Iterable[Record]) -> None:
        """The spans of an example, with the slots that they became."""
        for span in spans:
            entity = str(span.get("entity", span["label"]))
            self.slots.setdefault(entity, set()).add(span["label"])
            if span.get("value"):
                self.meant.setdefault(entity, {}).setdefault(_key(text[span["start"] : span["end"]]), span["value"])

    def own_slots(self) -> set[str]:
        """The slots that only a table names: no example has them."""
        return {name for entity, name in self.named.items() if name and entity not in self.slots}

    def gazetteer(self, slots: Sequence[str]) -> Gazetteer | None:
        """The tables for those of the model's ``slots`` that they are about; None where nothing is left."""
        tables = [table for table in self._tables(slots) if table.phrases]
        return Gazetteer(tuple(tables)) if tables else None

    def _tables(self, slots: Sequence[str]) -> Iterator[Table]:
        """What examples say is said of their slots, so it comes before what tables say, and synonyms of any slot come last."""
        for entity, phrases in sorted(self.meant.items()):
            yield Table(self._known(entity, slots), _readable(phrases), extracts=False)
        for entity, phrases in sorted(self.tables.items()):
            if known := self._known(entity, slots):
                means = self.meant.get(entity, {})
                yield Table(known, _readable({phrase: means.get(phrase, self._value(phrase, value)) for phrase, value in phrases.items()}))
        yield Table((), _readable(self.synonyms), extracts=False)

    def _known(self, entity: str, slots: Sequence[str]) -> tuple[str, ...]:
        names = self.slots.get(entity, {self.named.get(entity, entity)})
        return tuple(name for name in slots if name in names)

    def _value(self, phrase: str, value: str) -> str:
        """A synonym of any slot says what a phrase means whose own table says no more than the phrase itself."""
        return self.synonyms.get(phrase, value) if _key(value) == phrase else value


def _key(phrase: str) -> str:
    return " ".join(folded(tokenize(phrase)))


def _readable(phrases: Mapping[str, str]) -> dict[str, str]:
    return {phrase: value for phrase, value in phrases.items() if phrase}
