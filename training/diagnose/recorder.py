"""What training does to the gradient: its norm in every step, by group of parameters, and when it was clipped.

Cheap enough to leave on: one fused call for the norms of a step, everything else after the last.
"""

import statistics
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from training.network.tagger import TaggerNetwork

POINTS = 400  # of a drawn series; a longer run is averaged over equal stretches
_PARTS = {"words": "embeddings", "ngrams": "embeddings", "projection": "projection", "context": "context", "slot": "slot head"}


@dataclass(frozen=True, slots=True)
class GradientHistory:
    """Norms before clipping: ``steps`` and ``norms`` of all parameters, ``groups`` of each group, aligned with the steps."""

    clip_norm: float
    steps: tuple[int, ...]
    norms: tuple[float, ...]
    groups: Mapping[str, tuple[float, ...]]

    @property
    def clipped(self) -> list[tuple[int, float]]:
        """Step and norm wherever the gradient was clipped."""
        return [(step, norm) for step, norm in zip(self.steps, self.norms, strict=True) if norm > self.clip_norm]

    @property
    def clipped_share(self) -> float:
        """Of all steps."""
        return len(self.clipped) / len(self.steps) if self.steps else 0.0

    @property
    def median(self) -> float:
        """Of the norm of all parameters; 0 before the first step."""
        return statistics.median(self.norms) if self.norms else 0.0

    @property
    def peak(self) -> float:
        """The largest norm over the median; 0 before the first step."""
        return max(self.norms) / self.median if self.median else 0.0

    def thinned(self) -> dict[str, list[tuple[float, float]]]:
        """Each group, and ``all``, as at most POINTS pairs of step and mean norm."""
        stretch = -(-len(self.steps) // POINTS)
        starts = range(0, len(self.steps), stretch) if stretch else range(0)
        series = {**self.groups, "all": self.norms}
        return {
            name: [(self.steps[start], statistics.fmean(norms[start : start + stretch])) for start in starts]
            for name, norms in series.items()
        }

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON: the norm of every step, the groups thinned, every clipping."""
        return {
            "clip_norm": self.clip_norm,
            "steps": len(self.steps),
            "clipped_share": self.clipped_share,
            "median_norm": self.median,
            "peak_over_median": self.peak,
            "norms": [_short(norm) for norm in self.norms],
            "clipped": [(step, _short(norm)) for step, norm in self.clipped],
            "groups": {name: [(step, _short(norm)) for step, norm in points] for name, points in self.thinned().items()},
        }


class GradientRecorder:
    """Hand it to ``training.loop.fit`` as ``on_gradient``; a step that is done again after a resume replaces the first."""

    def __init__(self, clip_norm: float) -> None:
        """``clip_norm``: the norm above which the run clips."""
        self._clip_norm = clip_norm
        self._kept: dict[int, tuple[float, Tensor]] = {}
        self._groups: list[str] = []
        self._nothing = torch.zeros(1)  # the gradient of what a batch does not use: the intent head where no intent is known

    def __call__(self, step: int, network: TaggerNetwork, norm: float) -> None:
        """One step, with the gradients not clipped yet."""
        if not self._groups:
            self._groups = [group_of(name) for name, _ in network.named_parameters()]
        gradients = [self._nothing if parameter.grad is None else parameter.grad for parameter in network.parameters()]
        self._kept[step] = norm, torch.stack(torch._foreach_norm(gradients))

    def history(self) -> GradientHistory:
        """Of the steps seen so far; norms of parameters of one group are joined as one vector's."""
        steps = sorted(self._kept)
        squares: dict[str, Tensor] = defaultdict(lambda: torch.zeros(len(steps), dtype=torch.float64))
        if steps:
            by_parameter = torch.stack([self._kept[step][1] for step in steps]).double().square()
            for name, column in zip(self._groups, by_parameter.unbind(dim=1), strict=True):
                squares[name] = squares[name] + column
        groups = {name: tuple(total.sqrt().tolist()) for name, total in squares.items()}
        return GradientHistory(self._clip_norm, tuple(steps), tuple(self._kept[step][0] for step in steps), groups)


def group_of(parameter: str) -> str:
    """``stack.layers.0.cells.forward_.w_hh`` to ``layer0.forward w_hh``; embeddings, heads and projection by their names.

    The two biases of a cell are one group; a Jordan cell's output is its slot head.
    """
    part, *rest = parameter.split(".")
    if part != "stack":
        return _PARTS.get(part, "intent head")
    index = rest[1]
    if rest[2] != "cells":
        return f"layer{index}"
    kind = {"b_ih": "biases", "b_hh": "biases", "w_out": "slot head", "b_out": "slot head"}.get(rest[4], rest[4])
    return kind if kind == "slot head" else f"layer{index}.{rest[3].rstrip('_')} {kind}"


def _short(value: float) -> float:
    return float(f"{value:.4g}")
