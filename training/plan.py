"""What the data of a run decide before its first step: labels, vocabulary, features, and the fresh network."""

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch

from model.features import Featurizer
from model.labels import LabelScheme, spans_of_slots
from model.names import NameLists
from model.vocabulary import Vocabulary
from training.config import TrainingConfig, TrainingError
from training.data.batching import OwnNames, TrainingSet, count_text_words, count_words, counts_by_index, no_names
from training.data.names import Names, collect_names
from training.data.records import Example
from training.network.tagger import TaggerNetwork


@dataclass(frozen=True)
class Parts:
    """What the training data decide. ``names``: None without lists of names."""

    scheme: LabelScheme
    vocabulary: Vocabulary
    featurizer: Featurizer
    word_counts: list[int]
    names: Names | None = None

    @property
    def listed(self) -> NameLists | None:
        """As the artefact carries it."""
        return self.names.listed if self.names else None

    def training_set(self, examples: Sequence[Example]) -> TrainingSet:
        """Training examples as tensors, each read without the names that it alone knows."""
        own: OwnNames = self.names.own if self.names else no_names
        return TrainingSet(examples, self.featurizer, self.scheme, own)


def plan(
    config: TrainingConfig,
    examples: Sequence[Example],
    texts: Sequence[str] = (),
    lists: Mapping[str, Sequence[str]] | None = None,
    looked_up: Iterable[str] = (),
) -> Parts:
    """Labels, vocabulary and features.

    ``texts`` are those of pre-training, ``lists`` further lists of names, ``looked_up`` slots that only a table of phrases names.

    Raises TrainingError without a single example.
    """
    if not examples:
        raise TrainingError("there is no training example; check the [[train]] entries and the data directory")
    slots = config.slots or tuple(sorted({slot.name for example in examples for slot in example.annotation.slots}.union(looked_up)))
    intents = config.intents or tuple(sorted({example.annotation.intent.name for example in examples if example.annotation.intent}))
    counts = count_words(examples, config.features)
    frequent = {word: count for word, count in counts.items() if count >= config.min_count}
    if config.pretrain.min_count:
        seen = count_text_words(texts, config.features) + counts
        frequent |= {word: count for word, count in seen.items() if count >= config.pretrain.min_count}
    vocabulary = Vocabulary.of(frequent)
    named = "names" in config.features.word_encoders
    names = collect_names(examples, slots, lists or {}, config.features, longest=config.names.longest) if named else None
    featurizer = Featurizer(config.features, vocabulary, names.listed if names else None)
    carried = carried_slots(examples, intents) if config.joint else ()
    followed = followed_tags(examples, LabelScheme(slots)) if config.follow_weight else ()
    scheme = LabelScheme(slots, intents, carried, followed, config.follow_weight)
    return Parts(scheme, vocabulary, featurizer, counts_by_index(vocabulary, counts), names)


def carried_slots(examples: Iterable[Example], intents: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Of every intent the slots that stand beside it in an example."""
    beside: dict[str, set[str]] = {intent: set() for intent in intents}
    for example in examples:
        if example.annotation.intent:
            beside[example.annotation.intent.name] |= {slot.name for slot in example.annotation.slots}
    return tuple(tuple(sorted(beside[intent])) for intent in intents)


def followed_tags(examples: Iterable[Example], scheme: LabelScheme) -> tuple[tuple[int, int, int], ...]:
    """How often each tag follows each other one, or begins an example, as ``LabelScheme.followed``."""
    times: Counter[tuple[int, int]] = Counter()
    for example in examples:
        tokens = example.annotation.tokens
        tags = scheme.encode(spans_of_slots(example.annotation.slots, tokens), len(tokens))
        times.update(itertools.pairwise([len(scheme.tags), *tags]))
    return tuple((before, tag, count) for (before, tag), count in sorted(times.items()))


def fresh_network(config: TrainingConfig, parts: Parts) -> TaggerNetwork:
    """The network of a config before its first step; its seed decides the weights, and the random numbers that follow."""
    torch.manual_seed(config.seed)
    return TaggerNetwork(
        config.network,
        config.features,
        parts.scheme,
        word_counts=parts.word_counts,
        word_dropout=config.fit.word_dropout,
        names=parts.listed.numbers if parts.listed else 0,
    )
