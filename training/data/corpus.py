"""Records to examples: checked, counted, in the order of the files; nothing is dropped in silence."""

import itertools
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from model.errors import LabelError, SlotlineError
from model.labels import Annotation, Intent, LabelScheme, Slot, spans_of_slots
from model.text import tokenize
from training.config import SourceConfig, TrainingConfig
from training.data.answers import generate_answers
from training.data.augment import augment
from training.data.booking import CONVERTERS
from training.data.booking_spans import SLOTS
from training.data.context import with_contexts
from training.data.generate import generate
from training.data.names import values_by_list
from training.data.places import load_places
from training.data.readers import READERS
from training.data.records import Converter, DataProblem, Dropped, Example, Record


class DataError(SlotlineError):
    """A data file is missing, or a record is bad and ``strict`` was asked for; the message names file, line and reason."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """The labels that records may carry; empty means any."""

    slots: frozenset[str] = frozenset()
    intents: frozenset[str] = frozenset()


@dataclass
class Corpus:
    """Examples in order, bad records, and how many records were left out on purpose, by reason."""

    examples: list[Example] = field(default_factory=list)
    problems: list[DataProblem] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)

    def by_source(self) -> dict[str, list[Example]]:
        """Examples by the set they come from: the folder of its file, or the file's name where it stands in none."""
        grouped: dict[str, list[Example]] = defaultdict(list)
        for example in self.examples:
            grouped[example.source.partition("/")[0]].append(example)
        return dict(sorted(grouped.items()))


def load_corpus(config: TrainingConfig, data: Path, *, strict: bool = False) -> tuple[Corpus, Corpus]:
    """The training and the validation examples of a run. Raises DataError for a missing file, and with ``strict`` for a bad record."""
    allowed = Allowed(frozenset(config.slots), frozenset(config.intents))
    train, valid = (load_sources(sources, data, allowed, strict=strict) for sources in (config.train, config.valid))
    for language in config.generator.languages:
        places = load_places(data / config.generator.gazetteer, language) if config.generator.gazetteer else ()
        train.examples += _generated(config, language, places, held_out=False)
        valid.examples += _generated(config, language, places, held_out=True)
    train.examples += [*augment(train.examples, config.augment, config.seed)]  # a list: the copies are not changed once more
    if config.features.context and config.invent_context:
        scheme = LabelScheme(config.slots, config.intents)
        train.examples = [*with_contexts(train.examples, scheme, config.seed)]
    return train, valid


def _generated(config: TrainingConfig, language: str, places: Sequence[str], *, held_out: bool) -> Iterator[Example]:
    """What the grammar adds to training, or to validation where it is ``held_out``."""
    count, seed = (config.generator.valid, config.seed + 1) if held_out else (config.generator.train, config.seed)
    yield from generate(seed, count, language=language, places=places, held_out=held_out)
    answers, scheme = int(count * config.generator.answers), LabelScheme(config.slots or SLOTS, config.intents)
    yield from generate_answers(seed, answers, scheme, language=language, places=places, held_out=held_out)


def load_texts(config: TrainingConfig, data: Path) -> tuple[str, ...]:
    """The unlabelled utterances of pre-training, each once. Raises DataError for a missing file."""
    found = load_sources(config.pretrain.texts, data, Allowed())
    return tuple(dict.fromkeys(example.annotation.text for example in found.examples))


def load_names(config: TrainingConfig, data: Path) -> dict[str, list[str]]:
    """The lists of names that there are besides the slots' values, by name. Raises DataError for a missing file."""
    if "names" not in config.features.word_encoders:
        return {}
    lists = values_by_list(load_sources(config.names.sources, data, Allowed()).examples)
    if config.names.places:
        lists["place"] = [name for language in config.languages for name in load_places(data / config.names.places, language)]
    return lists


def load_sources(sources: Iterable[SourceConfig], data: Path, allowed: Allowed, *, strict: bool = False) -> Corpus:
    """Read, convert, sample and check every source in order."""
    corpus = Corpus()
    for source in sources:
        copies: Counter[object] = Counter()
        for outcome in _read(source, data, allowed):
            if isinstance(outcome, Example) and source.copies:
                outcome = _unless_copied(outcome, copies, source.copies)
            if isinstance(outcome, Dropped):
                corpus.dropped[f"{source.path}: {outcome.reason}"] += 1
            elif isinstance(outcome, Example):
                corpus.examples.append(outcome)
            elif strict:
                raise DataError(f"{outcome}; mend the record, or leave out --strict to skip and count it")
            else:
                corpus.problems.append(outcome)
    return corpus


def _unless_copied(example: Example, copies: Counter[object], most: int) -> Example | Dropped:
    """The example, unless ``most`` equal ones came before it."""
    annotation = example.annotation
    key = (annotation.text.casefold(), annotation.slots, annotation.intent, example.annotated)
    copies[key] += 1
    return example if copies[key] <= most else Dropped("a further copy")


def _read(source: SourceConfig, data: Path, allowed: Allowed) -> Iterator[Example | DataProblem | Dropped]:
    """One source's records. Which ones a sample keeps depends on the line number alone."""
    for kind, name, table in (("reader", source.reader, READERS), ("convert", source.convert, CONVERTERS)):
        if name not in table:
            raise DataError(f"{kind} = {name!r} is not allowed: use one of {', '.join(table)}")
    path = data / source.path
    if not path.exists():
        raise DataError(f"{path} is not there; --data must name the folder that holds {source.path}")
    for numbered in READERS[source.reader](path):
        if isinstance(numbered, DataProblem):
            yield numbered
        elif source.sample == 1 or random.Random(numbered[0]).random() < source.sample:
            yield from _convert(numbered[1], CONVERTERS[source.convert], allowed, (source, numbered[0]))


def _convert(
    record: Record, convert: Converter, allowed: Allowed, origin: tuple[SourceConfig, int]
) -> Iterator[Example | DataProblem | Dropped]:
    """One record as an example, a drop or a problem; a nested span that the record announces counts as dropped beside it."""
    source, number = origin
    place = source.path, number
    try:
        converted = convert(_checked(record))
        if isinstance(converted, Dropped):
            yield converted
            return
        if random.Random(-number).random() < source.dialogue:
            converted = {**converted, **converted.get("in_dialogue", {})}
        spans = converted["spans"]
        if record.get("overlap"):
            spans = _outermost(spans)
            yield from [Dropped("a span inside another one")] * (len(converted["spans"]) - len(spans))
        yield _example(converted, spans, allowed, place)
    except LabelError as error:
        yield DataProblem(*place, str(error))


def _checked(record: Record) -> Record:
    """The record, if its fields have the types that converters rely on; raises LabelError."""
    text, spans, intent = record.get("text"), record.get("spans", []), record.get("intent")
    if not isinstance(text, str) or not text.strip():
        raise LabelError(f"text = {text!r} is no utterance")
    if not isinstance(spans, list) or not all(isinstance(span, dict) for span in spans):
        raise LabelError("spans is no list of objects")
    for span in spans:
        start, end, label = span.get("start"), span.get("end"), span.get("label")
        if type(start) is not int or type(end) is not int or not isinstance(label, str):
            raise LabelError(f"span {span!r} needs whole numbers start and end and a string label")
        if not 0 <= start < end <= len(text):
            raise LabelError(f"span {start}:{end} ({label}) does not lie within the {len(text)} characters of the text")
    if intent is not None and not isinstance(intent, str):
        raise LabelError(f"intent = {intent!r} is no string")
    return {**record, "spans": spans, "intent": intent}


def _example(record: Record, spans: Sequence[Record], allowed: Allowed, place: tuple[str, int]) -> Example:
    """The example; raises LabelError for labels that are not allowed, spans off word borders and overlaps."""
    text, intent = record["text"], record["intent"]
    for name, names in [(span["label"], allowed.slots) for span in spans] + [(intent, allowed.intents)]:
        if name and names and name not in names:
            raise LabelError(f"label {name!r} is not one of the {len(names)} of the model; map it or add it")
    tokens = tokenize(text)
    slots = tuple(sorted((Slot(span["label"], span["start"], span["end"]) for span in spans), key=lambda slot: (slot.start, slot.end)))
    spans_of_slots(slots, tokens)
    for one, other in itertools.pairwise(slots):
        if other.start < one.end:
            raise LabelError(f"span {other.start}:{other.end} ({other.name}) overlaps {one.start}:{one.end} ({one.name})")
    annotated = record.get("annotated")
    return Example(
        annotation=Annotation(text, tokens, slots, Intent(intent) if intent else None),
        source=f"{place[0]}/{place[1]}",
        annotated=None if annotated is None else frozenset(annotated),
        asked=tuple(record.get("asked", ())),
        ongoing=record.get("ongoing"),
    )


def _outermost(spans: Sequence[Record]) -> list[Record]:
    """The spans that lie in no other span; of two equal ones the first."""
    ranked = sorted(spans, key=lambda span: (span["start"], -span["end"]))
    kept: list[Record] = []
    for span in ranked:
        if not kept or span["start"] >= kept[-1]["end"]:
            kept.append(span)
    return kept
