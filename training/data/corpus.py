"""Records to examples: checked, counted, in the order of the files; nothing is dropped in silence."""

import itertools
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from model.errors import LabelError
from model.labels import Annotation, Intent, LabelScheme, Slot
from model.text import tokenize
from training.config import TrainingConfig
from training.data.answers import generate_answers
from training.data.augment import augment
from training.data.booking import CONVERTERS
from training.data.booking_spans import SLOTS
from training.data.borders import misaligned, settled
from training.data.context import with_contexts
from training.data.formats.table import files_of, reader_of
from training.data.generate import generate
from training.data.lexicon import Lexicon
from training.data.names import values_by_list
from training.data.places import load_places
from training.data.records import DataError, DataProblem, Dropped, Example, Record, checked, is_patterns, is_table
from training.data_config import SourceConfig


@dataclass(frozen=True, slots=True)
class Allowed:
    """The labels that records may carry; empty means any."""

    slots: frozenset[str] = frozenset()
    intents: frozenset[str] = frozenset()


@dataclass
class Corpus:
    """Examples in order, bad records, how many records were left out on purpose, by reason, and what tables of phrases say."""

    examples: list[Example] = field(default_factory=list)
    problems: list[DataProblem] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    lexicon: Lexicon = field(default_factory=Lexicon)

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
    if not config.valid:
        train.examples, valid.examples = held_out(train.examples, config.held_out, config.seed)
        if not valid.examples:
            raise DataError(f"{len(train.examples)} examples are too few to hold some of them out; give more, or name [[valid]]")
    for language in config.generator.languages:
        places = load_places(data / config.generator.gazetteer, language) if config.generator.gazetteer else ()
        train.examples += _generated(config, language, places, held_out=False)
        valid.examples += _generated(config, language, places, held_out=True)
    train.examples += [*augment(train.examples, config.augment, config.seed)]  # a list: the copies are not changed once more
    if config.features.context and config.invent_context:
        scheme = LabelScheme(config.slots, config.intents)
        train.examples = [*with_contexts(train.examples, scheme, config.seed)]
    return train, valid


def held_out(examples: Sequence[Example], share: float, seed: int) -> tuple[list[Example], list[Example]]:
    """Examples to train and to validate: of each intent about ``share`` of its texts to validate, one of them at least where it has three.

    Nothing validates only where no intent has three. Equal texts stay together. The choice depends on ``seed`` and on the texts of an
    intent alone.
    """
    texts: dict[str | None, dict[str, None]] = defaultdict(dict)
    for example in examples:
        intent = example.annotation.intent
        texts[intent.name if intent else None][example.annotation.text] = None
    validating: set[str] = set()
    for name, found in sorted(texts.items(), key=lambda item: item[0] or ""):
        chosen = [text for text in found if text not in validating]
        random.Random(f"{seed} {name}").shuffle(chosen)
        validating.update(chosen[: max(round(share * len(chosen)), int(len(chosen) > 2))])
    parts: tuple[list[Example], list[Example]] = [], []
    for example in examples:
        parts[example.annotation.text in validating].append(example)
    return parts


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
        for outcome in _read(source, data, allowed, corpus.lexicon):
            if isinstance(outcome, Example) and source.copies:
                outcome = _unless_copied(outcome, copies, source.copies)
            if isinstance(outcome, Dropped):
                corpus.dropped[f"{source.path}: {outcome.reason}"] += 1
            elif isinstance(outcome, Example):
                corpus.examples.append(outcome)
            elif strict or source.misaligned == "fail":
                raise DataError(f"{outcome}; mend the record, or leave out --strict and misaligned = 'fail' to skip and count it")
            else:
                corpus.problems.append(outcome)
    return corpus


def _unless_copied(example: Example, copies: Counter[object], most: int) -> Example | Dropped:
    """The example, unless ``most`` equal ones came before it."""
    annotation = example.annotation
    key = (annotation.text.casefold(), annotation.slots, annotation.intent, example.annotated)
    copies[key] += 1
    return example if copies[key] <= most else Dropped("a further copy")


def _read(source: SourceConfig, data: Path, allowed: Allowed, lexicon: Lexicon) -> Iterator[Example | DataProblem | Dropped]:
    """One source's records; its tables go into ``lexicon``. Which ones a sample keeps depends on the line number alone."""
    if source.convert not in CONVERTERS:
        raise DataError(f"convert = {source.convert!r} is not allowed: use one of {', '.join(CONVERTERS)}")
    path = data / source.path
    if not path.exists():
        raise DataError(f"{path} is not there; --data must name the folder that holds {source.path}")
    for file in files_of(path):
        reads = reader_of(source.format, file)(file)
        place = str(file.relative_to(data))
        for found in reads:
            if isinstance(found, DataProblem | Dropped):
                yield found
            elif is_table(found[1]) or is_patterns(found[1]):
                yield from _listed(found[1], source, (place, found[0]), lexicon)
            elif source.sample == 1 or random.Random(found[0]).random() < source.sample:
                yield from _convert(found[1], source, allowed, (place, found[0]), lexicon)


def _listed(record: Record, source: SourceConfig, place: tuple[str, int], lexicon: Lexicon) -> Iterator[DataProblem | Dropped]:
    try:
        record = checked(record)
    except LabelError as error:
        yield DataProblem(*place, str(error))
        return
    if is_patterns(record):
        yield Dropped("regular expressions, of which no use is made")
    else:
        lexicon.add_table(record, source.rename_slots)


def _convert(
    record: Record, source: SourceConfig, allowed: Allowed, place: tuple[str, int], lexicon: Lexicon
) -> Iterator[Example | DataProblem | Dropped]:
    """One record as an example, a drop or a problem; a nested span that the record announces counts as dropped beside it."""
    try:
        converted = CONVERTERS[source.convert](checked(record))
        if isinstance(converted, Dropped):
            yield converted
            return
        if random.Random(-place[1]).random() < source.dialogue:
            converted = {**converted, **converted.get("in_dialogue", {})}
        spans = converted["spans"]
        if record.get("overlap"):
            spans = _outermost(spans)
            yield from [Dropped("a span inside another one")] * (len(converted["spans"]) - len(spans))
        off = misaligned(converted["text"], spans)
        if off and source.misaligned in ("report", "fail"):
            raise LabelError(str(off[0]))
        yield from [Dropped(f"the borders of a span off word borders (misaligned = {source.misaligned!r})")] * len(off)
        named = _renamed(converted, settled(spans, off, source.misaligned), source)
        yield _example(named, named["spans"], allowed, place)
        lexicon.add_spans(converted["text"], named["spans"])
    except LabelError as error:
        yield DataProblem(*place, str(error))


def _renamed(record: Record, spans: Sequence[Record], source: SourceConfig) -> Record:
    """The record with the names that the config gives its labels and its intent; a label that becomes "" is not marked."""
    if source.rename_slots:
        named = [(source.rename_slots.get(span["label"], span["label"]), span) for span in spans]
        spans = [{**span, "entity": span.get("entity", span["label"]), "label": name} for name, span in named if name]
    intent = record["intent"]
    return {**record, "spans": list(spans), "intent": source.rename_intents.get(intent, intent) or None}


def _example(record: Record, spans: Sequence[Record], allowed: Allowed, place: tuple[str, int]) -> Example:
    """The example; raises LabelError for labels that are not allowed and for overlaps."""
    text, intent = record["text"], record["intent"]
    for name, names in [(span["label"], allowed.slots) for span in spans] + [(intent, allowed.intents)]:
        if name and names and name not in names:
            raise LabelError(f"label {name!r} is not one of the {len(names)} of the model; map it or add it")
    tokens = tokenize(text)
    slots = tuple(sorted((Slot(span["label"], span["start"], span["end"]) for span in spans), key=lambda slot: (slot.start, slot.end)))
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
