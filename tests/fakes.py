"""Taggers without a graph, named by their behaviour; they answer as ``model.tagger.Tagger`` does."""

import threading
import time
import zlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from model.artifact import ModelArtifact, Sample
from model.calibration import Calibration
from model.config import TaggerConfig
from model.decode import slots_of
from model.errors import TextError
from model.features import Features
from model.labels import Annotation, Intent, LabelScheme, Span
from model.tagger import Prepared
from model.text import Token, tokenize
from model.vocabulary import Vocabulary

SCHEME = LabelScheme(("origin", "destination", "departure_date", "people"), ("book_flight", "greet"))
ROLES = {"from": "origin", "to": "destination", "on": "departure_date", "for": "people"}


class FakeTagger:
    """The word behind from, to, on and for is a slot; how sure it is hangs on the word's letters. Same text, same answer."""

    def __init__(self, name: str = "fake", *, languages: tuple[str, ...] = ("en", "ru"), max_words: int = 256) -> None:
        self.artifact = ModelArtifact(
            config=TaggerConfig(name, "1.0.0", languages, max_words),
            labels=SCHEME,
            vocabulary=Vocabulary(("from", "to")),
            calibration=Calibration.none(),
            graph=b"",
            samples=(Sample("from Oslo to Rome", (), (), ()),),
            scores={"valid": {"slots": {"f1": 0.5}}},
            card="# Fake\n",
            sha256=f"{zlib.crc32(name.encode()):064x}",
        )
        self.name = name
        self.version = "1.0.0"
        self.sha256 = self.artifact.sha256
        self.labels = SCHEME
        self.max_words = max_words
        self.batches: list[list[str]] = []
        self.replayed = False

    def prepare(self, text: str) -> Prepared:
        tokens = tokenize(text)
        if not tokens:
            raise TextError("the text has no words; send at least one visible character")
        if len(tokens) > self.max_words:
            raise TextError(f"the text has {len(tokens)} words; send at most {self.max_words} at a time")
        return Prepared(text, tokens, features(tokens))

    def annotate(self, text: str) -> Annotation:
        return self.annotate_batch([self.prepare(text)])[0]

    def annotate_batch(self, batch: Sequence[Prepared]) -> list[Annotation]:
        self.batches.append([prepared.text for prepared in batch])
        return [annotate(prepared.text, prepared.tokens) for prepared in batch]

    def replay(self) -> None:
        self.replayed = True


class SlowTagger(FakeTagger):
    """Answers nothing until ``release`` is set; ``entered`` tells that a batch is in it."""

    def __init__(self, name: str = "slow") -> None:
        super().__init__(name)
        self.entered = threading.Event()
        self.release = threading.Event()

    def annotate_batch(self, batch: Sequence[Prepared]) -> list[Annotation]:
        self.entered.set()
        if not self.release.wait(timeout=20):
            raise RuntimeError("nobody released the slow tagger")
        return super().annotate_batch(batch)


class ErrorTagger(FakeTagger):
    """Raises on every batch in which a text says ``poison``."""

    def annotate_batch(self, batch: Sequence[Prepared]) -> list[Annotation]:
        if any("poison" in prepared.text for prepared in batch):
            raise ValueError("the graph refuses this text")
        return super().annotate_batch(batch)


class DyingTagger(FakeTagger):
    """Takes its thread with it on a text that says ``die``."""

    def annotate_batch(self, batch: Sequence[Prepared]) -> list[Annotation]:
        if any("die" in prepared.text for prepared in batch):
            raise SystemExit("the thread ends here")
        return super().annotate_batch(batch)


class StageTagger(FakeTagger):
    """Fails on texts that say ``poison``, in one stage of the way from text to answer, with any exception."""

    def __init__(self, stage: str, error: Exception) -> None:
        super().__init__()
        self._stage = stage
        self._error = error

    def prepare(self, text: str) -> Prepared:
        self._fail("prepare", text)
        return super().prepare(text)

    def annotate_batch(self, batch: Sequence[Prepared]) -> list[Annotation]:
        self._fail("collate", *(prepared.text for prepared in batch))
        self._fail("run", *(prepared.text for prepared in batch))
        answers = super().annotate_batch(batch)
        self._fail("decode", *(answer.text for answer in answers))
        # An annotation without probabilities: nothing can be said of it, which shows only when the answer is built.
        broken = np.zeros((0, 0), dtype=np.float32)
        spoilt = self._stage == "answer"
        return [replace(each, label_probabilities_TL=broken) if spoilt and "poison" in each.text else each for each in answers]

    def _fail(self, stage: str, *texts: str) -> None:
        if stage == self._stage and any("poison" in text for text in texts):
            raise self._error


class HangingTagger(FakeTagger):
    """Comes back from a text that says ``hang`` only when ``release`` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.release = threading.Event()

    def annotate_batch(self, batch: Sequence[Prepared]) -> list[Annotation]:
        if any("hang" in prepared.text for prepared in batch):
            self.release.wait(timeout=30)
        return super().annotate_batch(batch)


class SteadyTagger(FakeTagger):
    """Takes some seconds for every batch."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def annotate_batch(self, batch: Sequence[Prepared]) -> list[Annotation]:
        time.sleep(self._seconds)  # this is its work, nobody waits by it
        return super().annotate_batch(batch)


class ForgetfulTagger(FakeTagger):
    """Gives one answer too few."""

    def annotate_batch(self, batch: Sequence[Prepared]) -> list[Annotation]:
        return super().annotate_batch(batch)[1:]


def features(tokens: Sequence[Token]) -> Features:
    """Features that nobody reads."""
    zeros_T = np.zeros(len(tokens), dtype=np.int32)
    return Features(zeros_T, np.zeros((len(tokens), 1), dtype=np.int32), tuple(token.text in ROLES for token in tokens))


def annotate(text: str, tokens: tuple[Token, ...]) -> Annotation:
    """The answer of every tagger here: a function of the text alone."""
    labels_TL = np.zeros((len(tokens), len(SCHEME.labels)), dtype=np.float32)
    spans = []
    for index, token in enumerate(tokens):
        label = ROLES.get(tokens[index - 1].text, "O") if index else "O"
        rival = 1 + SCHEME.labels.index(label) % (len(SCHEME.labels) - 1)
        share = 0.35 + 0.6 * (zlib.crc32(token.text.encode("utf-8", "surrogatepass")) % 1000) / 1000
        labels_TL[index] = (1 - share) * 0.1 / (len(SCHEME.labels) - 2)
        labels_TL[index, rival] = (1 - share) * 0.9
        labels_TL[index, SCHEME.labels.index(label)] = share
        if label != "O":
            spans.append(Span(index, index + 1, label))
    return Annotation(
        text=text,
        tokens=tokens,
        slots=slots_of(spans, tokens, labels_TL, SCHEME),
        intent=Intent("book_flight", 0.75),
        label_probabilities_TL=labels_TL,
        intent_probabilities_I=np.array([0.75, 0.25], dtype=np.float32),
        known_T=features(tokens).known_T,
    )
