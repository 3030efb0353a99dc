"""The tagger: text in, annotation out. Training, evaluation and serving all call this class."""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from model.artifact import ModelArtifact, Sample, read_artifact
from model.decode import Probabilities, Row, decode, rounded
from model.errors import ReplayError, TextError
from model.features import FeatureBatch, Features, Featurizer, collate, encode_context
from model.gazetteer import Lookup
from model.labels import Annotation, Intent, LabelScheme
from model.runtime import OnnxGraph, Outputs
from model.text import Token, tokenize

OUTPUTS = ("tag_probabilities", "label_probabilities", "likeliest_tags", "likeliest_labels", "likeliest_probabilities")  # Probabilities'
REPLAY_TOLERANCE = 1e-4  # processors differ by about 1e-6; a wrong graph differs by more than 1e-2


class Prepared(NamedTuple):
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
        self._featurizer = Featurizer(artifact.config.features, artifact.vocabulary, artifact.names)
        self._no_context = encode_context(artifact.config.features, artifact.labels, (), None)
        self._lookup = None if artifact.gazetteer is None else Lookup(artifact.gazetteer, artifact.labels)
        self.graph = OnnxGraph(artifact.graph, threads=threads)

    @classmethod
    def load(cls, path: Path, *, threads: int = 1) -> "Tagger":
        """The tagger of an artefact directory. Raises ArtifactMissing, ArtifactChanged, ArtifactVersion.

        Its artefact has no bytes of the graph: the runtime has its own, and they are half of all that is loaded.
        """
        artifact = read_artifact(path)
        tagger = cls(artifact, threads=threads)
        tagger.artifact = dataclasses.replace(artifact, graph=b"")
        return tagger

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

    def prepare(self, text: str, expected_slots: Sequence[str] = (), intent: str | None = None) -> Prepared:
        """Tokenise and featurise. Raises TextError for a text without words or with more than ``max_words``.

        ``expected_slots``: those that were just asked for; ``intent``: of the conversation so far. A tagger reads of them what its
        features' ``context`` names.
        """
        tokens = tokenize(text)
        if not tokens:
            raise TextError("the text has no words; send at least one visible character")
        if len(tokens) > self.max_words:
            raise TextError(f"the text has {len(tokens)} words; send at most {self.max_words} at a time")
        context = self._no_context
        if context and (expected_slots or intent):
            context = encode_context(self.artifact.config.features, self.labels, expected_slots, intent)
        return Prepared(text, tokens, self._featurizer.features(tokens, context))

    def leave_out(self, prepared: Prepared, word: int) -> Prepared:
        """The same utterance, of at least two words, without that of index ``word``; the others keep their places in the text."""
        text, tokens, features = prepared
        left = tokens[:word] + tokens[word + 1 :]
        return Prepared(text, left, self._featurizer.features(left, features.context))

    def annotate(self, text: str) -> Annotation:
        """One utterance. Raises TextError as ``prepare`` does."""
        return self.annotate_batch([self.prepare(text)])[0]

    def annotate_batch(self, batch: Sequence[Prepared]) -> list[Annotation]:
        """Utterances together, answers in their order; each differs from its single answer by at most 1e-6 (Elman, IRNN: 2e-6)."""
        return self.decode(batch, self.run(self.collate(batch))) if batch else []

    def collate(self, batch: Sequence[Prepared]) -> FeatureBatch:
        """First step of ``annotate_batch``: the arrays of at least one utterance."""
        return collate([prepared.features for prepared in batch])

    def run(self, arrays: FeatureBatch) -> Outputs:
        """Second step: the graph, which takes nearly all the time and leaves the interpreter to others meanwhile."""
        return self.graph.run(arrays)

    def decode(self, batch: Sequence[Prepared], outputs: Outputs) -> list[Annotation]:
        """Third step: what the graph's probabilities say, in the order of ``batch``."""
        given = Probabilities(*[outputs[name] for name in OUTPUTS])
        together = outputs["intent_probabilities"] if self.labels.carried else None
        decoded = decode(given, [prepared.tokens for prepared in batch], self.labels, together)
        intents = self._intents(outputs, decoded) if self.labels.intents else [(None, None)] * len(batch)
        rows = zip(batch, decoded, given.labels_BTL, intents, strict=True)
        annotations = [
            Annotation(text, tokens, slots, intent, labels_TL[: len(tokens)], intents_I, words, features.known_T)
            for (text, tokens, features), (words, slots, _), labels_TL, (intent, intents_I) in rows
        ]
        return annotations if self._lookup is None else [self._lookup.complete(annotation) for annotation in annotations]

    def replay(self) -> None:
        """Give the artefact's samples to the graph. Raises ReplayError where an answer is not the recorded one."""
        for sample in self.artifact.samples:
            if (difference := _difference(sample, self.sample(sample.text))) > REPLAY_TOLERANCE:
                raise ReplayError(
                    f"{self.name} {self.version} answers {sample.text!r} otherwise than when it was exported "
                    f"(a probability differs by {difference:.2g}); export it again on this kind of machine"
                )

    def _intents(self, outputs: Outputs, decoded: Sequence[Row]) -> list[tuple[Intent | None, np.ndarray | None]]:
        names, intents_BI = self.labels.intents, outputs["intent_probabilities"]
        best = zip(outputs["likeliest_intent"].tolist(), outputs["likeliest_intent_probability"].tolist(), intents_BI, strict=True)
        found: list[tuple[Intent | None, np.ndarray | None]]
        found = [(Intent(names[column], confidence), row_I) for (column,), (confidence,), row_I in best]
        for row, (*_, intent) in enumerate(decoded):
            if intent is not None:
                found[row] = Intent(names[intent], float(rounded(intents_BI[row, intent]))), intents_BI[row]
        return found

    def sample(self, text: str) -> Sample:
        """The answer to ``text`` in the form in which an artefact records it."""
        prepared = self.prepare(text)
        outputs = self.run(self.collate([prepared]))
        intents_I = outputs["intent_probabilities"][0] if self.labels.intents else np.zeros(0)
        return Sample(
            text=text,
            slots=tuple((slot.name, slot.start, slot.end) for slot in self.decode([prepared], outputs)[0].slots),
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
