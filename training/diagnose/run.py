"""One network after the other: measured fresh, trained a little under watch, measured again, and the surface around where it ended."""

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.config import TrainingConfig
from training.data.batching import Batch, TrainingSet
from training.data.corpus import load_corpus
from training.diagnose.jacobians import Curve, gradients_by_distance, named_cells, norms_by_lag, step_bound
from training.diagnose.kinds import Kind
from training.diagnose.longlag import LagResult
from training.diagnose.recorder import GradientHistory, GradientRecorder
from training.diagnose.surface import OneUnit, Plane, Point, RecurrencePlane, Surface, descend, grid
from training.diagnose.verdict import Verdict, judge
from training.files import replace_file
from training.loop import TrainingState, fit
from training.network.tagger import TaggerNetwork
from training.pipeline import is_known
from training.plan import Parts, fresh_network, plan

MEASURED = 16  # utterances whose Jacobians are multiplied; each costs the square of its length
LONGEST = 24  # words of them
SURFACE_WORDS = 1200  # of the batches whose loss makes the surface
_SIDE = 21  # points of a surface along each axis
_PLANE = ((-1.0, 1.0), (-1.5, 1.5))
_START, _RATE, _STEPS, _CLIP = (0.9, 1.2), 0.5, 40, 0.25
_UNIT = ((3.5, 7.0), (-3.6, -1.6))
_UNIT_START, _UNIT_RATE, _UNIT_CLIP = (6.1, -2.75), 0.8, 0.05


@dataclass(frozen=True)
class Measurement:
    """The reach of one network's states at one moment. ``bounds``: gamma_W gamma_g of each cell, None where gates leave none."""

    curves: Mapping[str, Curve]
    bounds: Mapping[str, float | None]
    verdict: Verdict

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        curves = {name: curve.to_dict() for name, curve in self.curves.items()}
        return {"verdict": self.verdict.to_dict(), "step_bounds": dict(self.bounds), "norms_by_lag": curves}


@dataclass(frozen=True)
class Diagnosis:
    """Everything about one network; ``fresh``, ``history`` and ``surface`` are None where a trained artefact was only measured."""

    name: str
    fresh: Measurement | None
    trained: Measurement
    history: GradientHistory | None
    arriving: Mapping[str, Curve]
    surface: Surface | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "network": self.name,
            "fresh": self.fresh.to_dict() if self.fresh else None,
            "trained": self.trained.to_dict(),
            "training": self.history.to_dict() if self.history else None,
            "gradient_by_distance": {name: curve.to_dict() for name, curve in self.arriving.items()},
            "surface": self.surface.to_dict() if self.surface else None,
        }


@dataclass(frozen=True)
class Subject:
    """The data that all networks of a diagnosis share. ``lag``: from first to last word of an utterance longer than 95 % of valid."""

    config: TrainingConfig
    parts: Parts
    training_set: TrainingSet
    measured: Sequence[Batch]
    surface: Sequence[Batch]
    lag: int

    @classmethod
    def read(cls, config: TrainingConfig, data: Path) -> "Subject":
        """Raises what ``load_corpus`` and ``plan`` raise."""
        train, valid = load_corpus(config, data)
        parts = plan(config, train.examples)
        lengths = sorted(len(example.annotation.tokens) for example in valid.examples)
        usable = [
            example for example in valid.examples if 2 <= len(example.annotation.tokens) <= LONGEST and is_known(example, parts.scheme)
        ]
        pool = TrainingSet(usable, parts.featurizer, parts.scheme)
        single = pool.epoch(1, seed=(1,))[:MEASURED]
        surface = pool.epoch(SURFACE_WORDS // 4, seed=(2,))[:4]
        training_set = parts.training_set(train.examples)
        return cls(config, parts, training_set, single, surface, lengths[int(0.95 * (len(lengths) - 1))] - 1 if lengths else 1)


def diagnose(subject: Subject, kind: Kind, epochs: int, on_step: Callable[[int, int], None] | None = None) -> Diagnosis:
    """A network of ``kind``, otherwise as the config says, from fresh weights. Raises TrainingError where training diverges."""
    config = subject.config
    network = fresh_network(dataclasses.replace(config, network=kind.of(config.network)), subject.parts)
    fresh = _measure(network, subject, None)
    recorder = GradientRecorder(config.fit.clip_norm)
    settings = dataclasses.replace(config.fit, epochs=epochs)
    for _ in fit(TrainingState(network, settings), subject.training_set, settings, seed=config.seed, on_step=on_step, on_gradient=recorder):
        pass
    return _diagnosis(kind.name, network, subject, fresh, recorder.history())


def diagnose_trained(subject: Subject, name: str, network: TaggerNetwork) -> Diagnosis:
    """A network as it is, for example restored from an artefact."""
    return _diagnosis(name, network, subject, None, None)


def _diagnosis(
    name: str, network: TaggerNetwork, subject: Subject, fresh: Measurement | None, history: GradientHistory | None
) -> Diagnosis:
    intents = subject.config.fit.intent_weight
    arriving = gradients_by_distance(network, subject.measured, intent_weight=intents)
    plane = RecurrencePlane(network, subject.surface, intent_weight=intents, seed=subject.config.seed)
    surface = _surface(plane, _PLANE, start=_START, rate=_RATE, clip_norm=_CLIP)
    return Diagnosis(name, fresh, _measure(network, subject, history), history, arriving, surface)


def _measure(network: TaggerNetwork, subject: Subject, history: GradientHistory | None) -> Measurement:
    curves = norms_by_lag(network, subject.measured)
    bounds = {name: step_bound(cell) for name, cell in named_cells(network).items()}
    shape = network.config
    return Measurement(curves, bounds, judge(curves, lag=subject.lag, cell=shape.cell, activation=shape.activation, history=history))


def one_unit() -> Surface:
    """The surface of the example with one unit, whose cliff no network of a hundred shows as sharply."""
    return _surface(OneUnit(), _UNIT, start=_UNIT_START, rate=_UNIT_RATE, clip_norm=_UNIT_CLIP)


def _surface(plane: Plane, area: tuple[Point, Point], *, start: Point, rate: float, clip_norm: float) -> Surface:
    """The loss over ``area``, from lowest to highest x and y, and two descents."""
    xs, ys = (tuple(low + (high - low) * step / (_SIDE - 1) for step in range(_SIDE)) for low, high in area)
    descents = tuple(descend(plane, start, rate=rate, steps=_STEPS, clip_norm=limit) for limit in (None, clip_norm))
    return Surface(xs, ys, grid(plane, xs, ys), descents)


def write_json(path: Path, diagnoses: Sequence[Diagnosis], lags: Sequence[LagResult]) -> None:
    """All figures, whole or not at all."""
    text = json.dumps({"networks": [each.to_dict() for each in diagnoses], "long_lag": [each.to_dict() for each in lags]}, indent=1)
    replace_file(path, lambda stream: stream.write((text + "\n").encode()))
