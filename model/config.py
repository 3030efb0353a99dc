"""What a tagger's features and graph were built with, and the strict reading of such records."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from model.errors import ConfigError

T = TypeVar("T")

WORD_ENCODERS = ("vocabulary", "letter_ngrams", "names")
CONTEXT = ("expected_slots", "intent")


@dataclass(frozen=True, slots=True)
class FeatureConfig:
    """How a word becomes numbers.

    ``word_encoders``: any of ``vocabulary`` (one-hot over known words, OTHER for the rest),
    ``letter_ngrams`` (word hashing, Huang et al. 2013: `#ap app ppl ple le#` hashed into buckets) and
    ``names`` (the lists of names in which a word stands with its neighbours, see ``model.names``).
    ``max_ngrams`` bounds the cost of a very long word, ``max_lists`` that of one in many lists: what stands behind them is left out.
    ``context``: what the tagger reads besides the words: the slots just asked for, the intent of the conversation so far.
    """

    word_encoders: tuple[str, ...] = ("vocabulary", "letter_ngrams")
    fold_digits: bool = True
    ngram_sizes: tuple[int, ...] = (3,)
    ngram_buckets: int = 4096
    max_ngrams: int = 24
    max_lists: int = 12
    context: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in self.word_encoders:
            require(name in WORD_ENCODERS, "word_encoders", name, f"one of {', '.join(WORD_ENCODERS)}")
        require(len(self.word_encoders) > 0, "word_encoders", self.word_encoders, "at least one encoder")
        require(len(set(self.ngram_sizes)) == len(self.ngram_sizes) > 0, "ngram_sizes", self.ngram_sizes, "different sizes, at least one")
        for size in self.ngram_sizes:
            require(1 <= size <= 6, "ngram_sizes", size, "1 to 6")
        require(1 <= self.ngram_buckets <= 1_000_000, "ngram_buckets", self.ngram_buckets, "1 to 1000000")
        for name in self.context:
            require(name in CONTEXT, "context", name, f"any of {', '.join(CONTEXT)}")
        for name in ("max_ngrams", "max_lists"):
            require(1 <= getattr(self, name) <= 200, name, getattr(self, name), "1 to 200")


@dataclass(frozen=True, slots=True)
class TaggerConfig:
    """A served tagger: its name, its version, the languages it was trained on, its limits and features."""

    name: str
    version: str
    languages: tuple[str, ...] = ("en",)
    max_words: int = 256
    features: FeatureConfig = dataclasses.field(default_factory=FeatureConfig)

    def __post_init__(self) -> None:
        legal = self.name.replace("-", "").replace("_", "").isalnum() and self.name.isascii()
        require(legal, "name", self.name, "letters, digits, - and _")
        require(bool(self.version) and self.version == self.version.strip(), "version", self.version, "a version such as 1.0.0")
        require(len(self.languages) > 0, "languages", self.languages, "at least one language code")
        require(1 <= self.max_words <= 10_000, "max_words", self.max_words, "1 to 10000")


def require(condition: bool, name: str, value: object, allowed: str) -> None:
    """Raise ConfigError that names the setting, its value and what is allowed, unless ``condition``."""
    if not condition:
        raise ConfigError(f"{name} = {value!r} is not allowed: use {allowed}")


def build(record: type[T], given: Mapping[str, Any], where: str) -> T:
    """A dataclass from a mapping (JSON, TOML), nested records included.

    Raises ConfigError for an unknown key, a missing key and a value of another type; ``where`` names the place.
    """
    hints = typing.get_type_hints(record)
    fields = {field.name: field for field in dataclasses.fields(record)}  # type: ignore[arg-type]  # T is a dataclass
    if not isinstance(given, Mapping):
        raise ConfigError(f"{where} = {given!r} is not allowed: use a table with {', '.join(fields)}")
    for key in given:
        if key not in fields:
            raise ConfigError(f"{where}.{key} is not a setting: use one of {', '.join(fields)}")
    for name, field in fields.items():
        if name not in given and field.default is field.default_factory is dataclasses.MISSING:
            raise ConfigError(f"{where}.{name} is missing: give a value")
    return record(**{key: _convert(hints[key], value, f"{where}.{key}") for key, value in given.items()})


def _convert(hint: Any, value: Any, where: str) -> Any:
    """``value`` as the annotated type, or ConfigError."""
    origin, parameters = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return None if value is None else _convert(next(p for p in parameters if p is not type(None)), value, where)
    if dataclasses.is_dataclass(hint):
        return build(typing.cast(type, hint), value, where)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise ConfigError(f"{where} = {value!r} is not allowed: use a list")
        return tuple(_convert(parameters[0], item, f"{where}[{index}]") for index, item in enumerate(value))
    if origin is dict:
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where} = {value!r} is not allowed: use a table")
        return {key: _convert(parameters[1], item, f"{where}.{key}") for key, item in value.items()}
    if hint is float and type(value) is int:
        return float(value)
    if hint is not Any and type(value) is not hint:
        raise ConfigError(f"{where} = {value!r} is not allowed: use a value of type {hint.__name__}")
    return value
