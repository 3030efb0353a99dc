"""A training run's settings, read from TOML, every one checked when it is built."""

import dataclasses
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from model.config import FeatureConfig, TaggerConfig, build, require
from model.errors import ConfigError, SlotlineError
from training.data_config import AugmentConfig, GeneratorConfig, NamesConfig, SourceConfig

CELLS = ("feedforward", "elman", "jordan", "irnn", "gru", "lstm")
ACTIVATIONS = ("tanh", "sigmoid", "relu")
DIRECTIONS = ("forward", "both")
PRECISIONS = ("fp32", "bf16")


class TrainingError(SlotlineError):
    """Training cannot start or go on; the message says when it broke and what to change."""


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Shape of the network. ``window``: neighbours on either side that a word sees besides itself.

    ``cell``: what its layers are made of; a feedforward layer has no direction. ``activation``: of feedforward, elman and jordan;
    the others have their own.
    ``name_dim``: of the lists of names; ``name_dropout``: the chance that an utterance is read without one of them while training.
    ``projection``: dimensions to which a word and its neighbours are brought before the recurrent layers, 0 for none.
    The recurrent layers multiply each input by eight gate matrices, so a narrow input is most of their speed.
    """

    word_dim: int = 100
    ngram_dim: int = 64
    window: int = 1
    hidden: int = 100
    layers: int = 1
    direction: str = "both"
    attention_dim: int = 64
    input_dropout: float = 0.4
    state_dropout: float = 0.4
    projection: int = 0
    cell: str = "lstm"
    activation: str = "tanh"
    name_dim: int = 32
    name_dropout: float = 0.1

    @property
    def both(self) -> bool:
        """Whether the layers run in both directions."""
        return self.direction == "both" and self.cell != "feedforward"

    def __post_init__(self) -> None:
        require(self.cell in CELLS, "cell", self.cell, f"one of {', '.join(CELLS)}")
        require(self.activation in ACTIVATIONS, "activation", self.activation, f"one of {', '.join(ACTIVATIONS)}")
        own = self.cell in ("irnn", "gru", "lstm")
        require(not own or self.activation == "tanh", "activation", self.activation, f"none with {self.cell}, whose activations are fixed")
        for name in ("word_dim", "ngram_dim", "hidden", "layers", "attention_dim", "name_dim"):
            require(1 <= getattr(self, name) <= 4096, name, getattr(self, name), "1 to 4096")
        require(0 <= self.window <= 10, "window", self.window, "0 to 10")
        require(0 <= self.projection <= 4096, "projection", self.projection, "0 to 4096")
        require(self.direction in DIRECTIONS, "direction", self.direction, f"one of {', '.join(DIRECTIONS)}")
        for name in ("input_dropout", "state_dropout", "name_dropout"):
            require(0 <= getattr(self, name) < 1, name, getattr(self, name), "0 or more, below 1")


@dataclass(frozen=True, slots=True)
class FitConfig:
    """How the weights are found.

    ``batch_words``: words in a batch (utterances of one length). ``word_dropout``: c in c / (c + count), the chance that
    a word is shown as OTHER. ``patience``: epochs without a better valid score after which to stop. ``ema_decay``:
    of the weight average that is validated and kept. ``agreement``: how much it counts that two readings of a batch under different
    dropout agree; 0: it is read once. ``precision``: of the recurrent layers while training.
    """

    epochs: int = 40
    patience: int = 10
    batch_words: int = 200
    learning_rate: float = 2e-3
    final_learning_rate: float = 1e-4
    warmup_steps: int = 100
    weight_decay: float = 1e-2
    clip_norm: float = 1.0
    ema_decay: float = 0.998
    word_dropout: float = 0.5
    intent_weight: float = 0.5
    agreement: float = 0.0
    precision: str = "bf16"
    threads: int = 1

    def __post_init__(self) -> None:
        for name in ("epochs", "patience", "batch_words", "threads"):
            require(getattr(self, name) >= 1, name, getattr(self, name), "1 or more")
        for name in ("learning_rate", "clip_norm"):
            require(getattr(self, name) > 0, name, getattr(self, name), "a number above 0")
        for name in ("final_learning_rate", "warmup_steps", "weight_decay", "word_dropout", "intent_weight", "agreement"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")
        require(0 <= self.ema_decay < 1, "ema_decay", self.ema_decay, "0 or more, below 1")
        require(self.precision in PRECISIONS, "precision", self.precision, f"one of {', '.join(PRECISIONS)}")


@dataclass(frozen=True, slots=True)
class PretrainConfig:
    """Whether the network first learns from unlabelled utterances: ``epochs`` of guessing the share ``masked`` of their words.

    The texts are those of ``texts`` and of the training examples. ``min_count``: how often a word must occur in them to have a
    dimension of its own though no labelled example shows it; 0: no such word has. The rest is as in ``fit``.
    """

    epochs: int = 0
    texts: tuple[SourceConfig, ...] = ()
    min_count: int = 0
    masked: float = 0.15
    batch_words: int = 1000
    learning_rate: float = 3e-3

    def __post_init__(self) -> None:
        for name in ("epochs", "min_count"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")
        require(0 < self.masked < 1, "masked", self.masked, "a share above 0, below 1")
        require(self.batch_words >= 1, "batch_words", self.batch_words, "1 or more")
        require(self.learning_rate > 0, "learning_rate", self.learning_rate, "a number above 0")


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """One model: its name, its data, its shape and how it is trained.

    ``slots`` and ``intents`` fix the label set; empty means all that the training data name. ``samples`` are utterances
    of our own whose answers are recorded in the artefact; empty means the first few to validate. ``held_out``: where there is no ``valid``,
    the share of the training examples that validates. ``gazetteer``: whether tables of phrases in the data become a part of the artefact.
    ``card`` opens the model card. ``min_count``: how often a word
    must occur in training to have a dimension of its own. ``contrast``: pairs for ``compare``, see ``training.contrast``.
    ``joint``: whether an answer's intent and slots are chosen together, of those that training shows side by side.
    ``follow_weight``: how much it counts in an answer how often one tag followed another in training, see ``model.labels.LabelScheme``.
    ``invent_context``: whether training examples of which no dialogue is known are put into one, see ``training.data.context``.
    ``minimal_pairs``: a file of utterances in pairs, for the card; in TOML its place is told from that of the config.
    """

    name: str
    version: str
    train: tuple[SourceConfig, ...]
    valid: tuple[SourceConfig, ...] = ()
    samples: tuple[str, ...] = ()
    held_out: float = 0.0
    gazetteer: bool = True
    card: str = ""
    languages: tuple[str, ...] = ("en",)
    slots: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()
    max_words: int = 256
    min_count: int = 1
    seed: int = 1
    contrast: tuple[tuple[str, ...], ...] = ()
    joint: bool = False
    follow_weight: float = 0.0
    invent_context: bool = True
    minimal_pairs: str = ""
    features: FeatureConfig = field(default_factory=FeatureConfig)
    generator: GeneratorConfig = field(default_factory=GeneratorConfig)
    names: NamesConfig = field(default_factory=NamesConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    pretrain: PretrainConfig = field(default_factory=PretrainConfig)
    fit: FitConfig = field(default_factory=FitConfig)

    def __post_init__(self) -> None:
        require(len(self.train) > 0, "train", self.train, "at least one entry")
        require(0 <= self.held_out < 1, "held_out", self.held_out, "a share, 0 or more, below 1")
        require(len(self.valid) > 0 or self.held_out > 0, "valid", self.valid, "at least one entry, or held_out = 0.1")
        require(self.min_count >= 1, "min_count", self.min_count, "1 or more")
        require(self.seed >= 0, "seed", self.seed, "0 or more")
        require(0 <= self.follow_weight <= 1, "follow_weight", self.follow_weight, "0 to 1")

    def tagger(self) -> TaggerConfig:
        """What of it the artefact carries. Raises ConfigError for a bad name, version, language or limit."""
        return TaggerConfig(self.name, self.version, self.languages, self.max_words, self.features)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON and the checkpoint store them."""
        return dataclasses.asdict(self)


def load_config(path: Path, overrides: Sequence[str] = ()) -> TrainingConfig:
    """Read a TOML file; ``overrides`` are ``key=value`` or ``table.key=value`` with a TOML value.

    Raises ConfigError that names the file, and the key and value at fault.
    """
    config = config_of(read_settings(path, overrides), path.name)
    return dataclasses.replace(config, minimal_pairs=str(path.parent / config.minimal_pairs)) if config.minimal_pairs else config


def config_of(settings: dict[str, Any], where: str) -> TrainingConfig:
    """Settings as a config. Raises ConfigError that names the key and value at fault, and ``where``."""
    config = build(TrainingConfig, settings, where)
    config.tagger()
    return config


def read_settings(path: Path, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """A TOML file's settings with ``overrides`` applied. Raises ConfigError that names the file, or the override at fault."""
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path} is not there; name a file such as training/configs/atis.toml") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error
    for each in overrides:
        override(settings, each)
    return settings


def override(settings: dict[str, Any], setting: str) -> None:
    """Set one ``table.key=value`` in place. Raises ConfigError for what is none."""
    key, equals, value = setting.partition("=")
    if not equals:
        raise ConfigError(f"--set {setting!r} is not allowed: use key=value, for example fit.epochs=5")
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value  # a bare word is a string
    *tables, name = key.strip().split(".")
    for table in tables:
        settings = settings.setdefault(table, {})
        if not isinstance(settings, dict):
            raise ConfigError(f"--set {setting!r} is not allowed: {table} is no table")
    settings[name] = parsed
