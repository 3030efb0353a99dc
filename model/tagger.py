"""The tagger: text in, annotation out. Training, evaluation and serving all call this class."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.artifact import ModelArtifact, Sample, read_artifact
from model.decode import best_tags, label_probabilities, slots_of
from model.errors import ReplayError, TextError
from model.features import Features, Featurizer, collate
from model.labels import Annotation, Intent, LabelScheme
from model.runtime import OnnxGraph
from model.text import Token, tokenize

REPLAY_TOLERANCE = 1e-4  # processors differ by about 1e-6; a wrong graph differs by more than 1e-2


@dataclass(frozen=True, slots=True)
class Prepared:
    """An utterance of at least one word, tokenised and featurised: all that depends on it alone."""

    text: str
    tokens: tuple[Token, ...]
    features: Features

    @property
    def cells(self) -> int:
        """Length in words: the width of its row in a batch."""
        return len(self.tokens)


class Tagger:
    """A trained tagger over its exported graph. Every method may be called from several threads."""

    def __init__(self, artifact: ModelArtifact, *, threads: int = 1) -> None:
        """Bind the artefact's parts. Raises ArtifactError if the graph cannot be loaded."""
        self.artifact = artifact
        self._featurizer = Featurizer(artifact.config.features, artifact.vocabulary)
        self.graph = OnnxGraph(artifact.graph, threads=threads)

    @classmethod
    def load(cls, path: Path, *, threads: int = 1) -> "Tagger":
        """The tagger of an artefact directory. Raises ArtifactMissing, ArtifactChanged, ArtifactVersion."""
        return cls(read_artifact(path), threads=threads)

    @property
    def name(self) -> str:
        """The name that requests call it by."""
        return self.artifact.config.name

    @property
    def version(self) -> str:
        """The artefact's version."""
        return self.artifact.config.version

    @property
    def sha256(self) -> str:
        """The manifest's sha256, which vouches for every byte."""
        return self.artifact.sha256

    @property
    def labels(self) -> LabelScheme:
        """The slots and intents it tells apart."""
        return self.artifact.labels

    @property
    def max_words(self) -> int:
        """The longest utterance that it takes, in words."""
        return self.artifact.config.max_words

    def prepare(self, text: str) -> Prepared:
        """Tokenise and featurise. Raises TextError for a text without words or with more than ``max_words``."""
        tokens = tokenize(text)
        if not tokens:
            raise TextError("the text has no words; send at least one visible character")
        if len(tokens) > self.max_words:
            raise TextError(f"the text has {len(tokens)} words; send at most {self.max_words} at a time")
        return Prepared(text, tokens, self._featurizer.features(tokens))

    def annotate(self, text: str) -> Annotation:
        """One utterance. Raises TextError as ``prepare`` does."""
        return self.annotate_batch([self.prepare(text)])[0]

    def annotate_batch(self, batch: Sequence[Prepared]) -> list[Annotation]:
        """Utterances together, answers in their order; each differs from its single answer by at most 1e-6."""
        if not batch:
            return []
        outputs = self.graph.run(collate([prepared.features for prepared in batch]))
        intents_BI = outputs["intent_probabilities"] if self.labels.intents else [None] * len(batch)
        return [
            self._annotation(prepared, tags_TC[: prepared.cells], intents_I)
            for prepared, tags_TC, intents_I in zip(batch, outputs["tag_probabilities"], intents_BI, strict=True)
        ]

    def replay(self) -> None:
        """Give the artefact's samples to the graph. Raises ReplayError where an answer is not the recorded one."""
        for sample in self.artifact.samples:
            if (difference := _difference(sample, self.sample(sample.text))) > REPLAY_TOLERANCE:
                raise ReplayError(
                    f"{self.name} {self.version} answers {sample.text!r} otherwise than when it was exported "
                    f"(a probability differs by {difference:.2g}); export it again on this kind of machine"
                )

    def _annotation(self, prepared: Prepared, tags_TC: np.ndarray, intents_I: np.ndarray | None) -> Annotation:
        spans = self.labels.decode(best_tags(tags_TC, self.labels).tolist())
        labels_TL = label_probabilities(tags_TC)
        return Annotation(
            text=prepared.text,
            tokens=prepared.tokens,
            slots=slots_of(spans, prepared.tokens, labels_TL, self.labels),
            intent=self._intent(intents_I),
            label_probabilities_TL=labels_TL,
            intent_probabilities_I=intents_I,
            known_T=prepared.features.known_T,
        )

    def _intent(self, intents_I: np.ndarray | None) -> Intent | None:
        if intents_I is None:
            return None
        best = int(intents_I.argmax())
        return Intent(self.labels.intents[best], float(intents_I[best]))

    def sample(self, text: str) -> Sample:
        """The answer to ``text`` in the form in which an artefact records it."""
        prepared = self.prepare(text)
        outputs = self.graph.run(collate([prepared.features]))
        intents_I = outputs["intent_probabilities"][0] if self.labels.intents else np.zeros(0)
        annotation = self._annotation(prepared, outputs["tag_probabilities"][0], intents_I if self.labels.intents else None)
        return Sample(
            text=text,
            slots=tuple((slot.name, slot.start, slot.end) for slot in annotation.slots),
            tag_probabilities=tuple(tuple(round(float(p), 6) for p in row) for row in outputs["tag_probabilities"][0]),
            intent_probabilities=tuple(round(float(p), 6) for p in intents_I),
        )


def _difference(one: Sample, other: Sample) -> float:
    """The largest difference between two answers' probabilities; infinite if their slots differ."""
    if one.slots != other.slots:
        return math.inf
    tags = np.abs(np.subtract(one.tag_probabilities, other.tag_probabilities)).max()
    intents = np.abs(np.subtract(one.intent_probabilities, other.intent_probabilities)).max(initial=0.0)
    return float(max(tags, intents))
