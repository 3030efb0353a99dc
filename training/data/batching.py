"""Examples to tensors: utterances of one length together, so that no batch needs padding or a mask."""

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from model.config import FeatureConfig
from model.features import Features, Featurizer, collate, encode_context, word_key
from model.labels import LabelScheme, spans_of_slots
from model.text import tokenize
from model.vocabulary import FIRST_WORD, Vocabulary
from training.data.records import Example

OwnNames = Callable[[Example], Collection[tuple[str, int]]]
NO_INTENT = -100  # torch's cross_entropy leaves such a target out


def no_names(_: Example) -> Collection[tuple[str, int]]:
    """No name is left out."""
    return ()


@dataclass(frozen=True, slots=True)
class Batch:
    """B utterances of T words. ``outside_BC``: the tags that an untagged word may have; intents NO_INTENT where unknown.

    ``context_BX``: see ``model.features.encode_context``; ``name_ids_BTM``: see ``model.names``.
    """

    word_ids_BT: Tensor
    ngram_ids_BTK: Tensor
    tags_BT: Tensor
    intents_B: Tensor
    outside_BC: Tensor
    context_BX: Tensor
    name_ids_BTM: Tensor

    @property
    def seen(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What a network is given."""
        return self.word_ids_BT, self.ngram_ids_BTK, self.context_BX, self.name_ids_BTM

    def rows(self, chosen: np.ndarray) -> "Batch":
        """Some utterances of it."""
        index = torch.from_numpy(chosen)
        return Batch(*(getattr(self, field.name)[index] for field in dataclasses.fields(self)))


class TrainingSet:
    """The training examples as tensors, grouped by length."""

    def __init__(self, examples: Sequence[Example], featurizer: Featurizer, scheme: LabelScheme, own_names: OwnNames = no_names) -> None:
        """Featurise everything once. Raises LabelError for a label outside the scheme; examples without words are left out.

        ``own_names``: of an example, the names of the gazetteer that it is read without.
        """
        by_length: dict[int, list[Example]] = defaultdict(list)
        for example in examples:
            if example.annotation.tokens:
                by_length[len(example.annotation.tokens)].append(example)
        self._groups = [_tensors(group, featurizer, scheme, own_names) for _, group in sorted(by_length.items())]

    def epoch(self, batch_words: int, *, seed: tuple[int, ...]) -> list[Batch]:
        """Batches of about ``batch_words`` words in an order that ``seed`` decides."""
        shuffle = np.random.default_rng(seed)
        chosen = []
        for group, tensors in enumerate(self._groups):
            size, length = tensors.word_ids_BT.shape
            rows = shuffle.permutation(size)
            batch = max(1, batch_words // length)
            chosen += [(group, rows[start : start + batch]) for start in range(0, size, batch)]
        shuffle.shuffle(chosen)
        return [self._groups[group].rows(rows) for group, rows in chosen]


def _tensors(examples: Sequence[Example], featurizer: Featurizer, scheme: LabelScheme, own_names: OwnNames) -> Batch:
    """Examples of one length as one batch."""
    features = collate([example_features(example, featurizer, scheme, own_names(example)) for example in examples])
    tags = [scheme.encode(spans_of_slots(e.annotation.slots, e.annotation.tokens), len(e.annotation.tokens)) for e in examples]
    intents = [scheme.intents.index(e.annotation.intent.name) if e.annotation.intent else NO_INTENT for e in examples]
    outside = {annotated: _outside(annotated, scheme) for annotated in {e.annotated for e in examples}}
    return Batch(
        word_ids_BT=torch.from_numpy(features.word_ids_BT.astype(np.int64)),
        ngram_ids_BTK=torch.from_numpy(features.ngram_ids_BTK.astype(np.int64)),
        tags_BT=torch.tensor(tags),
        intents_B=torch.tensor(intents),
        outside_BC=torch.from_numpy(np.stack([outside[e.annotated] for e in examples])),
        context_BX=torch.from_numpy(features.context_BX.copy()),
        name_ids_BTM=torch.from_numpy(features.name_ids_BTM.astype(np.int64)),
    )


def example_features(example: Example, featurizer: Featurizer, scheme: LabelScheme, without: Collection[tuple[str, int]] = ()) -> Features:
    """What a network sees of an example: its words, its context, and the names in it but those of ``without``."""
    context = encode_context(featurizer.config, scheme, example.asked, example.ongoing)
    return featurizer.features(example.annotation.tokens, context, without)


def _outside(annotated: frozenset[str] | None, scheme: LabelScheme) -> np.ndarray:
    """bool [tags]: O, and the tags of labels that the source does not annotate."""
    outside = np.zeros(len(scheme.tags), dtype=bool)
    outside[0] = True
    if annotated is not None:
        for index, slot in enumerate(scheme.slots):
            outside[2 * index + 1 : 2 * index + 3] = slot not in annotated
    return outside


def count_words(examples: Sequence[Example], config: FeatureConfig) -> Counter[str]:
    """Occurrences of every word in the form that the vocabulary knows."""
    return Counter(word_key(token.text, config) for example in examples for token in example.annotation.tokens)


def count_text_words(texts: Iterable[str], config: FeatureConfig) -> Counter[str]:
    """The same of texts without labels."""
    return Counter(word_key(token.text, config) for text in texts for token in tokenize(text))


def counts_by_index(vocabulary: Vocabulary, counts: Counter[str]) -> list[int]:
    """Occurrences of each vocabulary index; 0 for padding and OTHER."""
    return [0] * FIRST_WORD + [counts[word] for word in vocabulary.words]
