"""The lists of names of a run: what its training examples and other lists name, and what an example may not know of it."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from model.config import FeatureConfig
from model.features import word_key
from model.labels import spans_of_slots
from model.names import NameLists
from model.text import tokenize
from training.data.records import Example


@dataclass(frozen=True)
class Names:
    """The lists with how often training examples name each phrase, by (phrase, number of the list)."""

    listed: NameLists
    counts: Counter[tuple[str, int]]
    config: FeatureConfig

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.listed.lists)}

    def own(self, example: Example) -> Collection[tuple[str, int]]:
        """The names that nothing but this example knows: it is read without them, as an utterance with new names will be.

        Otherwise every name of training stands in its list, and the network learns to trust that (leave one out).
        """
        numbers = self._numbers
        named = Counter((phrase, numbers[label]) for phrase, label in phrases_of(example, self.config) if label in numbers)
        return frozenset(key for key, count in named.items() if self.counts[key] <= count)


def collect_names(
    examples: Sequence[Example], slots: Sequence[str], others: Mapping[str, Iterable[str]], config: FeatureConfig, *, longest: int
) -> Names:
    """The lists: one for each slot, of its values in ``examples``, then ``others`` by name, of at most ``longest`` words each."""
    lists = (*slots, *others)
    numbers = {name: number for number, name in enumerate(lists)}
    counts: Counter[tuple[str, int]] = Counter()
    for example in _originals(examples):
        counts.update((phrase, numbers[label]) for phrase, label in phrases_of(example, config) if label in numbers)
    known = set(counts)
    for name, texts in others.items():
        known |= {(phrase_of(text, config), numbers[name]) for text in texts}
    found: dict[str, list[int]] = defaultdict(list)
    for phrase, number in sorted(known):
        if phrase and phrase.count(" ") < longest:
            found[phrase].append(number)
    return Names(NameLists(lists, {phrase: tuple(numbers) for phrase, numbers in found.items()}), counts, config)


def _originals(examples: Iterable[Example]) -> Iterator[Example]:
    """The examples without changed copies, whose names other examples gave them: they have the place of the first, file and line."""
    seen = set()
    for example in examples:
        if "/" not in example.source or example.source not in seen:
            yield example
        seen.add(example.source)


def values_by_list(examples: Iterable[Example]) -> dict[str, list[str]]:
    """What the slots of other sets name, by the folder of their file and the slot: ``folder/slot``."""
    values: dict[str, dict[str, None]] = defaultdict(dict)
    for example in examples:
        for slot in example.annotation.slots:
            values[f"{example.source.partition('/')[0]}/{slot.name}"][example.annotation.text[slot.start : slot.end]] = None
    return {name: list(found) for name, found in sorted(values.items())}


def phrases_of(example: Example, config: FeatureConfig) -> list[tuple[str, str]]:
    """(phrase, label) of every slot."""
    tokens = example.annotation.tokens
    return [
        (" ".join(word_key(token.text, config) for token in tokens[span.start : span.end]), span.label)
        for span in spans_of_slots(example.annotation.slots, tokens)
    ]


def phrase_of(text: str, config: FeatureConfig) -> str:
    """A text in the form that lists of names compare."""
    return " ".join(word_key(token.text, config) for token in tokenize(text))
