"""A tiny artefact with seeded random weights, made without torch: real files, real graph, no training."""

from pathlib import Path

import numpy as np

from model.artifact import ModelArtifact, write_artifact
from model.calibration import Calibration
from model.config import FeatureConfig, TaggerConfig
from model.gazetteer import Gazetteer
from model.labels import LabelScheme
from model.tagger import Tagger
from model.vocabulary import Vocabulary
from training.config import NetworkConfig
from training.export import build_graph

SCHEME = LabelScheme(("origin", "destination", "departure_date", "arrival_date"), ("book_flight", "book_train", "out_of_scope"))
WORDS = ("i", "want", "to", "from", "on", "fly", "arrive", "leave", "in", "the", "00", "november", ",", ".")
NETWORK = NetworkConfig(word_dim=5, ngram_dim=4, hidden=6, attention_dim=3)
NAMES = 7  # numbers of a gazetteer of three lists
SAMPLES = ("I want to fly to Oslo on 3 November", "from Tuzla, please", "ok")


def random_weights(seed: int, network: NetworkConfig, features: FeatureConfig, scheme: LabelScheme, *, words: int) -> dict[str, np.ndarray]:
    """Weights of the shapes that build_graph documents, large enough that the answers differ from word to word."""
    random = np.random.default_rng(seed)

    def draw(*shape: int) -> np.ndarray:
        return random.normal(0, 1.0, shape).astype(np.float32)

    directions = ("forward", "backward") if network.direction == "both" else ("forward",)
    hidden, width = network.hidden, network.hidden * len(directions)
    weights, inputs = {}, 0
    if "vocabulary" in features.word_encoders:
        weights["word_embedding"], inputs = draw(words, network.word_dim), inputs + network.word_dim
        weights["word_embedding"][0] = 0
    if "letter_ngrams" in features.word_encoders:
        weights["ngram_embedding"], inputs = draw(features.ngram_buckets + 1, network.ngram_dim), inputs + network.ngram_dim
        weights["ngram_embedding"][0] = 0
    if "names" in features.word_encoders:
        weights["name_embedding"], inputs = draw(NAMES, network.name_dim), inputs + network.name_dim
        weights["name_embedding"][0] = 0
    inputs *= 2 * network.window + 1
    if features.context:
        weights["context.weight"] = draw(inputs, len(scheme.slots) + len(scheme.intents))
    for layer in range(network.layers):
        for direction in directions:
            shapes = {"w_ih": (4 * hidden, inputs), "w_hh": (4 * hidden, hidden), "b_ih": (4 * hidden,), "b_hh": (4 * hidden,)}
            weights |= {f"layer{layer}.{direction}.{part}": draw(*shape) for part, shape in shapes.items()}
        inputs = width
    weights |= {"slot.weight": draw(len(scheme.tags), width), "slot.bias": draw(len(scheme.tags))}
    if scheme.intents:
        compared = network.attention_dim
        weights |= {"attention.weight": draw(compared, width), "attention.bias": draw(compared), "attention.query": draw(compared)}
        weights |= {"intent.weight": draw(len(scheme.intents), width), "intent.bias": draw(len(scheme.intents))}
    return weights


def tiny_artifact(
    *,
    name: str = "tiny",
    version: str = "1.0.0",
    seed: int = 1,
    network: NetworkConfig = NETWORK,
    context: tuple[str, ...] = (),
    gazetteer: Gazetteer | None = None,
) -> ModelArtifact:
    """An artefact of a few kilobytes; another ``seed`` gives other answers, a wider ``network`` takes longer."""
    features = FeatureConfig(ngram_sizes=(2, 3), ngram_buckets=64, max_ngrams=12, context=context)
    vocabulary = Vocabulary(WORDS)
    weights = random_weights(seed, network, features, SCHEME, words=len(vocabulary))
    artifact = ModelArtifact(
        config=TaggerConfig(name, version, ("en",), max_words=64, features=features),
        labels=SCHEME,
        vocabulary=vocabulary,
        calibration=Calibration.none(),
        graph=build_graph(weights, network),
        samples=(),
        scores={"valid": {"slots": {"f1": 0.0}}},
        card="# tiny\n\nRandom weights, for tests.\n",
        gazetteer=gazetteer,
    )
    tagger = Tagger(artifact)
    return ModelArtifact(**{**vars(artifact), "samples": tuple(tagger.sample(text) for text in SAMPLES)})


def write_tiny_artifact(path: Path, *, name: str = "tiny", version: str = "1.0.0", seed: int = 1, network: NetworkConfig = NETWORK) -> Path:
    """The artefact as a directory at ``path``."""
    write_artifact(tiny_artifact(name=name, version=version, seed=seed, network=network), path)
    return path
