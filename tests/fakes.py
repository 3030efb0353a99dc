"""Taggers without a graph, named by their behaviour; they answer as ``model.tagger.Tagger`` does."""

import dataclasses
import threading
import time
import zlib
from collections.abc import Sequence

import numpy as np

from model.artifact import ModelArtifact, Sample
from model.calibration import Calibration
from model.config import TaggerConfig
from model.decode import RANKED, Probabilities, decode, likeliest, rounded
from model.errors import TextError
from model.features import Features
from model.gazetteer import Gazetteer, Lookup, Table
from model.labels import Annotation, Intent, LabelScheme
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
        self.contexts: list[tuple[tuple[str, ...], str | None]] = []
        self.replayed = False

    def prepare(self, text: str, expected_slots: Sequence[str] = (), intent: str | None = None) -> Prepared:
        self.contexts.append((tuple(expected_slots), intent))
        tokens = tokenize(text)
        if not tokens:
            raise TextError("the text has no words; send at least one visible character")
        if len(tokens) > self.max_words:
            raise TextError(f"the text has {len(tokens)} words; send at most {self.max_words} at a time")
        return Prepared(text, tokens, features(tokens))

    def leave_out(self, prepared: Prepared, word: int) -> Prepared:
        left = prepared.tokens[:word] + prepared.tokens[word + 1 :]
        return Prepared(prepared.text, left, features(left))

    def annotate(self, text: str) -> Annotation:
        return self.annotate_batch([self.prepare(text)])[0]

    def annotate_batch(self, batch: Sequence[Prepared]) -> list[Annotation]:
        return self.decode(batch, self.run(self.collate(batch)))

    def collate(self, batch: Sequence[Prepared]) -> list[str]:
        return [prepared.text for prepared in batch]

    def run(self, texts: list[str]) -> list[str]:
        self.batches.append(texts)
        return texts

    def decode(self, batch: Sequence[Prepared], texts: list[str]) -> list[Annotation]:
        assert texts == [prepared.text for prepared in batch]
        return [annotate(prepared.text, prepared.tokens) for prepared in batch]

    def replay(self) -> None:
        self.replayed = True


class KnowingTagger(FakeTagger):
    """Knows some phrases by heart: Ulan Bator is a place, Bator's short name means it, xmas a day."""

    def __init__(self) -> None:
        super().__init__()
        places = {"ulan bator": "Ulan Bator", "ub": "Ulan Bator", "rome": "Roma", "at last": "at last"}
        tables = (
            Table(("departure_date",), {"xmas": "December 25"}, extracts=False),
            Table(("origin", "destination"), places, confidence=0.9),
            Table((), {"oslo": "Oslo, Norway"}, extracts=False),
        )
        self.artifact = dataclasses.replace(self.artifact, gazetteer=Gazetteer(tables))
        self._lookup = Lookup(Gazetteer(tables), SCHEME)

    def decode(self, batch: Sequence[Prepared], texts: list[str]) -> list[Annotation]:
        return [self._lookup.complete(annotation) for annotation in super().decode(batch, texts)]


class SlowTagger(FakeTagger):
    """Answers nothing until ``release`` is set; ``entered`` tells that a batch is in it."""

    def __init__(self, name: str = "slow") -> None:
        super().__init__(name)
        self.entered = threading.Event()
        self.release = threading.Event()

    def run(self, texts: list[str]) -> list[str]:
        self.entered.set()
        if not self.release.wait(timeout=20):
            raise RuntimeError("nobody released the slow tagger")
        return super().run(texts)


class ErrorTagger(FakeTagger):
    """Fails on texts that say ``poison``, in one stage of the way from text to answer, with any exception."""

    def __init__(self, name: str = "fake", stage: str = "run", error: Exception | None = None) -> None:
        super().__init__(name)
        self._stage = stage
        self._error = error or ValueError("the graph refuses this text")

    def prepare(self, text: str, expected_slots: Sequence[str] = (), intent: str | None = None) -> Prepared:
        self._fail("prepare", text)
        return super().prepare(text, expected_slots, intent)

    def collate(self, batch: Sequence[Prepared]) -> list[str]:
        self._fail("collate", *[prepared.text for prepared in batch])
        return super().collate(batch)

    def run(self, texts: list[str]) -> list[str]:
        self._fail("run", *texts)
        return super().run(texts)

    def decode(self, batch: Sequence[Prepared], texts: list[str]) -> list[Annotation]:
        self._fail("decode", *texts)
        answers = super().decode(batch, texts)
        # An annotation that tells of no word: nothing can be said of it, which shows only when the answer is built.
        spoilt = self._stage == "answer"
        return [each._replace(words=None) if spoilt and "poison" in each.text else each for each in answers]

    def _fail(self, stage: str, *texts: str) -> None:
        if stage == self._stage and any("poison" in text for text in texts):
            raise self._error


class DyingTagger(FakeTagger):
    """Takes its thread with it on a text that says ``die``."""

    def run(self, texts: list[str]) -> list[str]:
        if any("die" in text for text in texts):
            raise SystemExit("the thread ends here")
        return super().run(texts)


class HangingTagger(FakeTagger):
    """Comes back from a text that says ``hang`` only when ``release`` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.release = threading.Event()

    def run(self, texts: list[str]) -> list[str]:
        if any("hang" in text for text in texts):
            self.release.wait(timeout=30)
        return super().run(texts)


class SteadyTagger(FakeTagger):
    """Takes some seconds for every batch."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def run(self, texts: list[str]) -> list[str]:
        time.sleep(self._seconds)  # this is its work, nobody waits by it
        return super().run(texts)


class ForgetfulTagger(FakeTagger):
    """Gives one answer too few."""

    def decode(self, batch: Sequence[Prepared], texts: list[str]) -> list[Annotation]:
        return super().decode(batch, texts)[1:]


def features(tokens: Sequence[Token]) -> Features:
    """Features that nobody reads."""
    zeros_T = np.zeros(len(tokens), dtype=np.int32)
    return Features.of(zeros_T, zeros_T[:, None], tuple(token.text in ROLES for token in tokens))


def annotate(text: str, tokens: tuple[Token, ...]) -> Annotation:
    """The answer of every tagger here: a function of the text alone."""
    labels_TL = np.zeros((len(tokens), len(SCHEME.labels)), dtype=np.float32)
    tags_T = np.zeros(len(tokens), dtype=np.int64)
    for index, token in enumerate(tokens):
        label = SCHEME.labels.index(ROLES.get(tokens[index - 1].text, "O") if index else "O")
        rival = 1 + label % (len(SCHEME.labels) - 1)
        share = 0.35 + 0.6 * (zlib.crc32(token.text.encode("utf-8", "surrogatepass")) % 1000) / 1000
        labels_TL[index] = (1 - share) * 0.1 / (len(SCHEME.labels) - 2)
        labels_TL[index, rival] = (1 - share) * 0.9
        labels_TL[index, label] = share
        tags_T[index] = max(0, 2 * label - 1)
    (decoded,) = decode(given(labels_TL, tags_T), [tokens], SCHEME)
    return Annotation(
        text=text,
        tokens=tokens,
        slots=decoded.slots,
        intent=Intent("book_flight", 0.75),
        label_probabilities_TL=labels_TL,
        intent_probabilities_I=np.array([0.75, 0.25], dtype=np.float32),
        words=decoded.words,
        known_T=features(tokens).known_T,
    )


def given(labels_TL: np.ndarray, tags_T: np.ndarray) -> Probabilities:
    """What a graph would give that is certain of the tags and has these probabilities of labels."""
    columns_TK, found_TK = likeliest(labels_TL, RANKED)
    return Probabilities(np.eye(len(SCHEME.tags))[tags_T][None], labels_TL[None], tags_T[None], columns_TK[None], rounded(found_TK)[None])
