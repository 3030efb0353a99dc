"""What one finished trial gave, and the file that it is."""

import dataclasses
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from model.artifact import read_artifact
from model.config import build
from model.errors import TextError
from model.tagger import Tagger
from training.data.records import Example
from training.files import replace_file
from training.restore import restore

TIMED = 200  # utterances
REPEATS = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """Scores on valid, 0 to 1; ``mean_f1``: the mean of the slots' F1. None where no slot is annotated, and ``intent``
    where no intent is.

    ``bytes``: of the artefact's files. ``microseconds``: from text to annotation, alone on one thread.
    """

    trial: str
    seed: int
    f1: float | None
    mean_f1: float | None
    intent: float | None
    sentence: float
    parameters: int
    bytes: int
    microseconds: float
    seconds: float


def measure(path: Path, valid: Sequence[Example], *, trial: str, seed: int, seconds: float) -> Outcome:
    """Measure a finished run's artefact directory."""
    artifact = read_artifact(path)
    tagger = Tagger(artifact)
    scores = artifact.scores["all"]
    by_slot = [each["f1"] for each in scores["labels"].values() if each["gold"]]
    return Outcome(
        trial=trial,
        seed=seed,
        f1=scores["slots"]["f1"] if by_slot else None,
        mean_f1=statistics.fmean(by_slot) if by_slot else None,
        intent=scores["intent_accuracy"],
        sentence=scores["sentence_accuracy"],
        parameters=sum(parameter.numel() for parameter in restore(artifact).parameters()),
        bytes=sum(file.stat().st_size for file in path.iterdir()),
        microseconds=round(microseconds(tagger, valid), 1),
        seconds=round(seconds, 1),
    )


def microseconds(tagger: Tagger, examples: Sequence[Example]) -> float:
    """Median over REPEATS passes of the time that an utterance takes, the first TIMED examples one by one; 0 without any."""
    texts = []
    for example in examples[:TIMED]:
        try:
            tagger.annotate(example.annotation.text)
        except TextError:
            continue
        texts.append(example.annotation.text)
    passes = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        for text in texts:
            tagger.annotate(text)
        passes.append(time.perf_counter() - began)
    return statistics.median(passes) / max(1, len(texts)) * 1e6


def store(outcome: Outcome, path: Path) -> None:
    """Write the file of a finished trial, whole or not at all."""
    replace_file(path, lambda stream: stream.write((json.dumps(dataclasses.asdict(outcome), indent=1) + "\n").encode()))


def read(path: Path) -> Outcome:
    """The reverse of ``store``. Raises ConfigError where the file is of another form."""
    return build(Outcome, json.loads(path.read_text(encoding="utf-8")), path.name)
