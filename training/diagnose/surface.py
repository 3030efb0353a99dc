"""The loss on a plane through the solution, and plain gradient descent on it with and without clipping: the lecture's cliff.

The plane is that of the recurrence: x scales every recurrent matrix by 1 + x, so that its largest singular value passes through 1;
y shifts the recurrent biases along a random direction, y the root mean square of the shifts. The solution lies at (0, 0).
"""

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from training.data.batching import Batch
from training.diagnose.jacobians import named_cells
from training.loop import joint_loss
from training.network.tagger import TaggerNetwork

Point = tuple[float, float]
Loss = Callable[[Tensor], Tensor]  # of a point [2], differentiable
WORST = 1e30  # stands for a loss that is not finite


@dataclass(frozen=True, slots=True)
class Descent:
    """Points of plain gradient descent, the first its start, and how often its gradient was clipped."""

    rate: float
    clip_norm: float | None
    points: tuple[Point, ...]
    losses: tuple[float, ...]
    clippings: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "rate": self.rate,
            "clip_norm": self.clip_norm,
            "points": self.points,
            "losses": self.losses,
            "clippings": self.clippings,
        }


@dataclass(frozen=True, slots=True)
class Surface:
    """``losses[row][column]`` at (xs[column], ys[row]), and descents from one start, without clipping and with it."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    losses: tuple[tuple[float, ...], ...]
    descents: tuple[Descent, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"x": self.xs, "y": self.ys, "losses": self.losses, "descents": [each.to_dict() for each in self.descents]}


class RecurrencePlane:
    """The loss of a network on fixed batches as a function of (x, y); the network given is not changed."""

    def __init__(self, network: TaggerNetwork, batches: Sequence[Batch], *, intent_weight: float, seed: int) -> None:
        """``seed`` draws the direction of the biases."""
        self._network = copy.deepcopy(network).eval()
        self._batches, self._intent_weight = batches, intent_weight
        random = torch.Generator().manual_seed(seed)
        self._moved: list[tuple[Tensor, Tensor, Tensor]] = []  # parameter, its value at the solution, its direction for x or y
        self._axes: list[int] = []
        for cell in named_cells(self._network).values():
            shift = torch.randn(cell.b_hh.shape, generator=random)
            for axis, parameter, direction in ((0, cell.w_hh, cell.w_hh), (1, cell.b_hh, shift / shift.square().mean().sqrt())):
                self._moved.append((parameter, parameter.detach().clone(), direction.detach().clone()))
                self._axes.append(axis)

    def loss(self, x: float, y: float) -> float:
        """At one point; WORST where it is not finite."""
        with torch.no_grad():
            return _finite(self._at(x, y).item())

    def gradient(self, x: float, y: float) -> Point:
        """Of the loss along x and y."""
        self._network.zero_grad(set_to_none=True)
        self._at(x, y).backward()  # type: ignore[no-untyped-call]  # torch's stub
        along = [0.0, 0.0]
        for (parameter, _, direction), axis in zip(self._moved, self._axes, strict=True):
            if parameter.grad is not None:
                along[axis] += (parameter.grad.double() * direction.double()).sum().item()
        return along[0], along[1]

    def _at(self, x: float, y: float) -> Tensor:
        with torch.no_grad():
            for (parameter, solution, direction), axis in zip(self._moved, self._axes, strict=True):
                parameter.copy_(solution + (x, y)[axis] * direction)
        losses = [joint_loss(self._network(*batch.seen), batch, self._intent_weight) for batch in self._batches]
        return torch.stack(losses).mean()


class OneUnit:
    """The example of Pascanu et al.: h_t = w sigmoid(h_{t-1}) + b, asked to have sigmoid(h_T) = 0.7; x is w, y is b."""

    steps = 50
    start, target = 0.5, 0.7

    def loss(self, x: float, y: float) -> float:
        """Squared error after the last step."""
        return self._at(torch.tensor([x, y], dtype=torch.float64)).item()

    def gradient(self, x: float, y: float) -> Point:
        """Through all steps."""
        point = torch.tensor([x, y], dtype=torch.float64, requires_grad=True)
        (along,) = torch.autograd.grad(self._at(point), point)
        return along[0].item(), along[1].item()

    def _at(self, point: Tensor) -> Tensor:
        hidden = torch.tensor(self.start, dtype=torch.float64)
        for _ in range(self.steps):
            hidden = point[0] * torch.sigmoid(hidden) + point[1]
        return (torch.sigmoid(hidden) - self.target).square()


Plane = RecurrencePlane | OneUnit


def grid(plane: Plane, xs: Sequence[float], ys: Sequence[float]) -> tuple[tuple[float, ...], ...]:
    """The loss at every (x, y), a row for each y."""
    return tuple(tuple(plane.loss(x, y) for x in xs) for y in ys)


def descend(plane: Plane, start: Point, *, rate: float, steps: int, clip_norm: float | None) -> Descent:
    """Plain gradient descent in the plane; ends early where the loss is no longer finite."""
    x, y = start
    points, losses, clippings = [start], [plane.loss(x, y)], 0
    for _ in range(steps):
        along = plane.gradient(x, y)
        norm = math.hypot(*along)
        if not math.isfinite(norm):
            break
        scale = min(1.0, clip_norm / norm) if clip_norm and norm else 1.0
        clippings += scale < 1
        x, y = x - rate * scale * along[0], y - rate * scale * along[1]
        points.append((x, y))
        losses.append(plane.loss(x, y))
    return Descent(rate, clip_norm, tuple(points), tuple(losses), clippings)


def _finite(value: float) -> float:
    return value if math.isfinite(value) and value < WORST else WORST
