"""A task that needs a long memory: the first word says which role a city has that comes after T words without a meaning.

After the latching problem of Bengio, Simard and Frasconi 1994. Every network has the same budget and sees one word at a time.
"""

import dataclasses
import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from model.config import FeatureConfig
from model.features import Featurizer
from model.labels import Annotation, LabelScheme
from model.text import tokenize
from model.vocabulary import Vocabulary
from training.config import FitConfig, NetworkConfig
from training.data.batching import Batch, TrainingSet
from training.data.generate import read_marked
from training.data.records import Example
from training.diagnose.kinds import Kind, kind_of
from training.loop import TrainingState, fit
from training.network.tagger import TaggerNetwork

ROLES = {"to": "destination", "from": "origin"}
FILLERS = ("alfa", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett", "kilo", "lima", "mike", "november")
CITIES = ("Oslo", "Porto", "Tuzla", "Gdansk", "Taipei", "Bergen", "Lyon", "Madrid", "Riga", "Turku")
HELD_OUT = 200  # utterances on which the accuracy is measured
KINDS = tuple(kind_of(name) for name in ("elman", "elman-sigmoid", "jordan", "irnn", "gru", "lstm"))


@dataclass(frozen=True, slots=True)
class LagBudget:
    """What every network gets: ``hidden`` units, ``examples`` a pass, at most ``passes``, for every lag and seed."""

    lags: tuple[int, ...] = (2, 5, 10, 20, 40, 80)
    seeds: tuple[int, ...] = (1, 2)
    hidden: int = 32
    examples: int = 640
    passes: int = 16
    batch: int = 32
    learning_rate: float = 5e-3

    @property
    def fit(self) -> FitConfig:
        """Without regularisation: there is nothing to overfit to."""
        return FitConfig(
            epochs=self.passes,
            learning_rate=self.learning_rate,
            final_learning_rate=self.learning_rate,
            warmup_steps=0,
            weight_decay=0.0,
            word_dropout=0.0,
            precision="fp32",
        )


QUICK = LagBudget(lags=(2, 10, 40), seeds=(1,), passes=8)


@dataclass(frozen=True, slots=True)
class LagResult:
    """``accuracy`` of the role of the last word on utterances not trained on, where 1/2 is a guess, after ``steps`` updates."""

    kind: str
    lag: int
    seed: int
    accuracy: float
    steps: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"kind": self.kind, "lag": self.lag, "seed": self.seed, "accuracy": self.accuracy, "steps": self.steps}


def utterance(lag: int, role: str, chance: random.Random) -> Example:
    """``from bravo kilo Oslo`` for a lag of 3: the city stands ``lag`` words behind the role."""
    words = [role, *chance.choices(FILLERS, k=lag - 1), f"[{chance.choice(CITIES)}]({ROLES[role]})"]
    text, slots = read_marked(" ".join(words))
    return Example(Annotation(text, tokenize(text), slots, None))


def utterances(lag: int, count: int, *, seed: int) -> list[Example]:
    """As many of one role as of the other."""
    chance, roles = random.Random(seed), tuple(ROLES)
    return [utterance(lag, roles[number % 2], chance) for number in range(count)]


def measure(budget: LagBudget, *, kinds: Sequence[Kind] = KINDS, on_result: Callable[[LagResult], None] | None = None) -> list[LagResult]:
    """Train every kind for every lag and seed; ``on_result`` is called after each."""
    results = []
    for lag, seed, kind in itertools.product(budget.lags, budget.seeds, kinds):
        results.append(learn(kind, lag, seed, budget))
        if on_result:
            on_result(results[-1])
    return results


def learn(kind: Kind, lag: int, seed: int, budget: LagBudget) -> LagResult:
    """Train one network; it ends early where it makes no mistake any more."""
    features, scheme = FeatureConfig(word_encoders=("vocabulary",)), LabelScheme(tuple(sorted(ROLES.values())), ())
    words = Vocabulary(tuple(word.lower() for word in (*ROLES, *FILLERS, *CITIES)))
    featurizer = Featurizer(features, words)
    torch.manual_seed(seed)
    shape = NetworkConfig(word_dim=budget.hidden, window=0, hidden=budget.hidden, direction="forward", input_dropout=0.0, state_dropout=0.0)
    network = TaggerNetwork(kind.of(shape), features, scheme, word_counts=[0] * len(words), word_dropout=0.0)
    training_set = TrainingSet(utterances(lag, budget.examples, seed=2 * seed), featurizer, scheme)
    (valid,) = TrainingSet(utterances(lag, HELD_OUT, seed=2 * seed + 1), featurizer, scheme).epoch(HELD_OUT * (lag + 1), seed=(seed,))
    config = dataclasses.replace(budget.fit, batch_words=budget.batch * (lag + 1))
    accuracy, steps = 0.0, 0
    for epoch in fit(TrainingState(network, config), training_set, config, seed=seed):
        accuracy, steps = _accuracy(network, valid), epoch.number * budget.examples // budget.batch
        if accuracy == 1:
            break
    return LagResult(kind.name, lag, seed, accuracy, steps)


def _accuracy(network: TaggerNetwork, batch: Batch) -> float:
    """Of the last word alone."""
    with torch.no_grad():
        tags_BTC = network.eval()(batch.word_ids_BT, batch.ngram_ids_BTK).tags_BTC
    return float((tags_BTC[:, -1].argmax(-1) == batch.tags_BT[:, -1]).double().mean())
