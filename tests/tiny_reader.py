"""A tiny reader with seeded random weights, made without torch."""

import dataclasses

import numpy as np

from model.values.letters import CHARACTERS, KINDS
from model.values.reader import Reader
from model.values.reader_artifact import ReaderArtifact, ReaderConfig
from model.values.symbols import ALPHABET
from training.values.config import ReaderNetworkConfig
from training.values.export import build_reader_graph

NETWORK = ReaderNetworkConfig(char_dim=6, hidden=8)
FORMS = ("HALF PAST = half past", "n7 = seven", "T2 = day after tomorrow", "$ = $", "M11 = ноября")
PHRASES = [("half past seven", "time"), ("2 ноября", "date"), ("$5", "money"), ("the day after tomorrow", None), ("x", "number")]


def random_weights(seed: int) -> dict[str, np.ndarray]:
    """Weights of the shapes that build_reader_graph documents, large enough that the readings differ."""
    random = np.random.default_rng(seed)

    def draw(*shape: int) -> np.ndarray:
        return random.normal(0, 1.0, shape).astype(np.float32)

    dim, hidden = NETWORK.char_dim, NETWORK.hidden
    weights = {"char_embedding": draw(len(CHARACTERS) + 2, dim), "kind_embedding": draw(len(KINDS), dim)}
    for direction in ("forward", "backward"):
        shapes = {"w_ih": (4 * hidden, dim), "w_hh": (4 * hidden, hidden), "b_ih": (4 * hidden,), "b_hh": (4 * hidden,)}
        weights |= {f"layer0.{direction}.{part}": draw(*shape) for part, shape in shapes.items()}
    return weights | {"ctc.weight": draw(len(ALPHABET) + 1, 2 * hidden), "ctc.bias": draw(len(ALPHABET) + 1)}


def tiny_reader(seed: int = 1, *, threshold: float = 0.0, quiet: tuple[str, ...] = ("the", "a")) -> ReaderArtifact:
    """An artefact of some ten kilobytes that reads nonsense, but always the same, its samples recorded."""
    config = ReaderConfig("tiny", "1.0.0", ("en",), dict.fromkeys(KINDS, threshold))
    artifact = ReaderArtifact(config, build_reader_graph(random_weights(seed), NETWORK), quiet, FORMS, card="# tiny\n")
    reader = Reader(artifact)
    samples = tuple(reader.sample(text, kind or "") for text, kind in PHRASES)
    return dataclasses.replace(artifact, samples=samples)
