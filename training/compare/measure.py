"""What is measured of each run and each row: scores, unknown words, minimal pairs, size and speed of the exported file."""

import dataclasses
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.artifact import read_artifact
from model.errors import TextError
from model.features import FeatureBatch
from model.labels import OUTSIDE, spans_of_slots
from model.tagger import Prepared, Tagger
from training.compare.contrast import Pair, told_apart
from training.compare.trainings import PlannedRun
from training.data.records import Example
from training.evaluate import answers
from training.restore import restore

TIMED = 128  # utterances: four batches of 32
BATCH = 32
REPEATS = 15


@dataclass(frozen=True, slots=True)
class Measured:
    """One run. Shares are 0 to 1; None where there is nothing to count.

    ``word_error``: expected calibration error of a word's label. ``unknown``: share of the words that training never showed whose
    likeliest label is right. ``contrast``: share of the minimal pairs. ``seconds``: of the training passes.
    """

    seed: int
    f1: float
    intent: float | None
    sentence: float
    word_error: float
    unknown: float | None
    unknown_words: int
    contrast: float | None
    parameters: int
    graph_bytes: int
    epochs: int
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, slots=True)
class Spread:
    """The mean of some values, the least and the greatest of them."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Of at least one value."""
        return cls(statistics.fmean(values), min(values), max(values))


@dataclass(frozen=True, slots=True)
class Speed:
    """Microseconds that onnxruntime takes for an utterance on one thread, alone and in batches of BATCH."""

    single: float
    batched: float


def measure(run: PlannedRun, valid: Sequence[Example], pairs: Sequence[Pair]) -> Measured:
    """Measure a finished run. Raises ArtifactError where its artefact was changed since."""
    artifact = read_artifact(run.out)
    tagger = Tagger(artifact)
    scores = artifact.scores["all"]
    unknown = unknown_words(tagger, valid)
    right = told_apart(tagger, pairs)
    return Measured(
        seed=run.config.seed,
        f1=scores["slots"]["f1"],
        intent=scores["intent_accuracy"],
        sentence=scores["sentence_accuracy"],
        word_error=scores["word_calibration_error"],
        unknown=sum(unknown) / len(unknown) if unknown else None,
        unknown_words=len(unknown),
        contrast=sum(right) / len(right) if right else None,
        parameters=sum(parameter.numel() for parameter in restore(artifact).parameters()),
        graph_bytes=len(artifact.graph),
        epochs=max((epoch["number"] for epoch in run.epochs), default=0),
        seconds=round(run.seconds, 1),
    )


def unknown_words(tagger: Tagger, examples: Sequence[Example]) -> list[bool]:
    """For each word that is not in the vocabulary, whether its likeliest label is right.

    Where a source does not annotate a label, that label on a word without a gold one counts as none, as in ``training.evaluate``.
    """
    right = []
    for example, answer in answers(tagger, examples):
        if answer is None or answer.words is None or answer.known_T is None:
            continue
        gold_T = [OUTSIDE] * len(answer.tokens)
        for span in spans_of_slots(example.annotation.slots, answer.tokens):
            gold_T[span.start : span.end] = [span.label] * (span.end - span.start)
        for known, gold, (likeliest, *_) in zip(answer.known_T, gold_T, answer.words.likeliest, strict=True):
            left_out = gold == OUTSIDE and example.annotated is not None and likeliest not in example.annotated
            if not known:
                right.append(left_out or likeliest == gold)
    return right


def measure_speed(path: Path, valid: Sequence[Example]) -> Speed:
    """Time the graph alone on the first TIMED valid utterances, ordered by length as the service orders them; medians of REPEATS."""
    tagger = Tagger.load(path)
    prepared = sorted(_readable(tagger, valid)[:TIMED], key=lambda each: each.cells)
    times = []
    for size in (1, BATCH):
        batches = [tagger.collate(prepared[start : start + size]) for start in range(0, len(prepared), size)]
        _pass(tagger, batches)
        times.append(statistics.median(_pass(tagger, batches) for _ in range(REPEATS)) / len(prepared) * 1e6)
    return Speed(*times)


def _readable(tagger: Tagger, examples: Sequence[Example]) -> list[Prepared]:
    readable = []
    for example in examples:
        try:
            readable.append(tagger.prepare(example.annotation.text))
        except TextError:
            continue
    return readable


def _pass(tagger: Tagger, batches: Sequence[FeatureBatch]) -> float:
    """Seconds for all batches."""
    began = time.perf_counter()
    for batch in batches:
        tagger.run(batch)
    return time.perf_counter() - began
