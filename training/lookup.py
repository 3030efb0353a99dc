"""How far a gazetteer can be trusted: its confidences, counted on validation data through the class that serves it."""

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence

from model.artifact import ModelArtifact
from model.gazetteer import Gazetteer, Table, folded
from model.labels import BY_GAZETTEER, Annotation, Slot
from model.tagger import Tagger
from model.text import tokenize
from training.config import TrainingConfig
from training.data.lexicon import Lexicon
from training.data.records import Example
from training.evaluate import answers

PRIOR_RIGHT, PRIOR_ADDED = 3, 4


def with_gazetteer(artifact: ModelArtifact, lexicon: Lexicon, examples: Sequence[Example], config: TrainingConfig) -> ModelArtifact:
    """The artefact with the tables of ``lexicon``, their confidences measured on ``examples``.

    As it is where there are no tables, or where the config wants none.
    """
    gazetteer = lexicon.gazetteer(artifact.labels.slots) if config.gazetteer else None
    return artifact if gazetteer is None else dataclasses.replace(artifact, gazetteer=measured(gazetteer, artifact, examples))


def measured(gazetteer: Gazetteer, artifact: ModelArtifact, examples: Sequence[Example]) -> Gazetteer:
    """The gazetteer with a confidence for each table: the share of right slots among those that it adds, (right + 3) / (added + 4).

    So a table that validation says nothing of has 0.75, as if three of four had been right (a prior, Beta(3, 1)). Right is a slot with
    the borders of a gold one that has one of the table's names: which of them it is the network tells.
    """
    tagger = Tagger(dataclasses.replace(artifact, gazetteer=gazetteer))
    added: Counter[int] = Counter()
    right: Counter[int] = Counter()
    for example, answer in answers(tagger, examples):
        for slot in _looked_up(answer) if answer else ():
            number = _table(gazetteer, slot, example.annotation.text)
            names = gazetteer.tables[number].slots
            if example.annotated is None or slot.name in example.annotated:
                added[number] += 1
                right[number] += any(
                    (gold.start, gold.end) == (slot.start, slot.end) and gold.name in names for gold in example.annotation.slots
                )
    tables = [_confident(table, right[number], added[number]) for number, table in enumerate(gazetteer.tables)]
    return Gazetteer(tuple(tables))


def _confident(table: Table, right: int, added: int) -> Table:
    return dataclasses.replace(table, confidence=round((right + PRIOR_RIGHT) / (added + PRIOR_ADDED), 6)) if table.extracts else table


def _looked_up(answer: Annotation) -> Iterator[Slot]:
    for slot, origin in zip(answer.slots, answer.origins or (), strict=True):
        if origin.source == BY_GAZETTEER:
            yield slot


def _table(gazetteer: Gazetteer, slot: Slot, text: str) -> int:
    """The number of the first table that has the slot's words, which is the one that gave the slot."""
    said = folded(tokenize(text[slot.start : slot.end]))
    for number, table in enumerate(gazetteer.tables):
        if table.extracts and any(folded(tokenize(phrase)) == said for phrase in table.phrases):
            return number
    raise AssertionError("a slot of the gazetteer stands in one of its tables")
