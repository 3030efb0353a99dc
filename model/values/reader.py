"""The reader: phrases to the symbols that they say, by a network over characters whose output is read by CTC.

    Reader.load(path).read_batch([("half past seven", "time")])  ->  [Reading(("HALF", "PAST", "n7"), 0.998, "")]

What a phrase amounts to is the resolver's business (``model.values.resolve``). A reading is to be trusted only where ``doubt`` is empty:
its probability reaches the threshold of its kind, and every digit, word and currency sign of the text is accounted for: it says a symbol
that it can say (``model.values.spelling``), or is one that may be silent.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from model.ctc import collapse, log_probabilities
from model.errors import ReplayError
from model.runtime import OnnxGraph
from model.values.letters import LONGEST, PADDING, digits_of, ids_of, plain, words_of
from model.values.reader_artifact import ReaderArtifact, ReaderSample, read_reader
from model.values.spelling import Spelling
from model.values.symbols import copied

REPLAY_TOLERANCE = 1e-4
TOGETHER = 6  # phrases in one run of the graph
DOUBTS = ("empty", "too_long", "low_confidence", "digits", "words")


class Reading(NamedTuple):
    """What a phrase says. ``confidence``: the probability of these symbols, all their alignments added up.

    ``doubt``: why not to trust it, one of DOUBTS; "" where there is no reason.
    """

    symbols: tuple[str, ...]
    confidence: float
    doubt: str

    @property
    def covered(self) -> bool:
        """Whether every digit, word and currency sign of the text is accounted for."""
        return self.doubt in ("", "low_confidence")


class Reader:
    """A reader made of an artefact. ``read_batch`` may be called from several threads."""

    def __init__(self, artifact: ReaderArtifact) -> None:
        """Load the graph. Raises ArtifactError where onnxruntime refuses it."""
        self.artifact = artifact
        self._graph = OnnxGraph(artifact.graph)
        self._symbols = ("", *artifact.config.symbols)
        self._kinds = {kind: place for place, kind in enumerate(artifact.config.kinds)}
        self._spelling = Spelling(artifact.forms, artifact.quiet)

    @classmethod
    def load(cls, path: Path) -> "Reader":
        """Read a directory that training wrote and replay its samples.

        Raises ArtifactError (see ``read_directory``), ReplayError where a sample is not read as it was.
        """
        reader = cls(read_reader(path))
        samples = reader.artifact.samples
        for sample, found in zip(samples, reader.read_batch([(sample.text, sample.kind) for sample in samples]), strict=True):
            if found.symbols != sample.symbols or abs(found.confidence - sample.confidence) > REPLAY_TOLERANCE:
                raise ReplayError(f"{path} reads {sample.text!r} as {found.symbols}, not as recorded; export it again")
        return reader

    def sample(self, text: str, kind: str) -> ReaderSample:
        """What this reader says of a phrase, to be recorded."""
        reading = self.read_batch([(text, kind)])[0]
        return ReaderSample(text, kind, reading.symbols, round(reading.confidence, 6))

    def read_batch(self, phrases: Sequence[tuple[str, str | None]]) -> list[Reading]:
        """A reading of each (text, kind); kind: one of KINDS but "place", or None. The same for a phrase in any batch (1e-6).

        Raises KeyError for another kind.
        """
        texts = [plain(text) for text, _ in phrases]
        readable = [row for row, text in enumerate(texts) if 0 < len(text) <= LONGEST]
        readings = [Reading((), 0.0, "too_long" if text else "empty") for text in texts]
        if readable:
            kinds = [self._kinds[phrases[row][1] or ""] for row in readable]
            for row, reading in zip(readable, self._read([texts[row] for row in readable], kinds), strict=True):
                readings[row] = self._judged(texts[row], phrases[row][1], *reading)
        return readings

    def distributions(self, texts: Sequence[str], kinds: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Log probabilities [B, T, S + 1] of the blank and every symbol at each character of plain texts, 0 behind them; the lengths [B].

        Texts of like length go through the graph together, for it computes the padding too.
        """
        lengths_B = np.array([len(text) for text in texts], dtype=np.int32)
        found_BTS = np.zeros((len(texts), lengths_B.max(), len(self._symbols)), dtype=np.float32)
        order = np.argsort(lengths_B, kind="stable")
        for rows in np.split(order, range(TOGETHER, len(texts), TOGETHER)):
            ids_BT = np.full((len(rows), lengths_B[rows[-1]]), PADDING, dtype=np.int32)
            for place, row in enumerate(rows):
                ids_BT[place, : lengths_B[row]] = ids_of(texts[row])
            arrays = {"char_ids": ids_BT, "kind_ids": np.array([kinds[row] for row in rows], dtype=np.int32), "lengths": lengths_B[rows]}
            found_BTS[rows, : ids_BT.shape[1]] = self._graph.feed(arrays)["log_probabilities"]
        return found_BTS, lengths_B

    def _read(self, texts: Sequence[str], kinds: Sequence[int]) -> list[tuple[tuple[str, ...], float, list[int]]]:
        """Symbols, their probability and the likeliest path of each text."""
        log_BTS, lengths_B = self.distributions(texts, kinds)
        paths = [path[:length] for path, length in zip(log_BTS.argmax(axis=2).tolist(), lengths_B, strict=True)]
        labels = [collapse(path) for path in paths]
        probabilities = np.exp(log_probabilities(log_BTS, lengths_B, labels)).tolist()
        named = [tuple(self._symbols[symbol] for symbol in label) for label in labels]
        return list(zip(named, probabilities, paths, strict=True))

    def _judged(self, text: str, kind: str | None, symbols: tuple[str, ...], confidence: float, path: list[int]) -> Reading:
        doubt = ""
        if copied(symbols) != digits_of(text):
            doubt = "digits"
        elif not symbols or not self._accounts_for(text, path, confidence):
            doubt = "words"
        elif confidence < self.artifact.config.threshold(kind or ""):
            doubt = "low_confidence"
        return Reading(symbols, confidence, doubt)

    def _accounts_for(self, text: str, path: Sequence[int], confidence: float) -> bool:
        """Whether each word can say what was read at its letters or at the space behind it."""
        said = []
        for word, start, end in words_of(text):
            end += text.startswith(" ", end)
            said.append((word, tuple(self._symbols[symbol] for symbol in collapse(path[start:end]))))
        return self._spelling.accounts_for(said, confidence)
