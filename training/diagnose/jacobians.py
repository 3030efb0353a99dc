"""How much of h_k arrives in h_t: the norm of dh_t/dh_k = J_t J_{t-1} ... J_{k+1}, J_i = dh_i/dh_{i-1}, and its bound.

After Pascanu, Mikolov and Bengio 2013: where every step's Jacobian has a norm of at most gamma_W gamma_g, the product has at most
(gamma_W gamma_g)^(t-k). Time runs as the cell runs: in a backward cell from the last word to the first.
"""

import contextlib
import copy
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from training.data.batching import Batch
from training.loop import joint_loss, slot_loss
from training.network.cells import Cell, Elman, Jordan, Lstm, State
from training.network.stack import Directions
from training.network.tagger import TaggerNetwork

STEEPEST = {"tanh": 1.0, "sigmoid": 0.25, "relu": 1.0}  # gamma_g: the largest slope of an activation
SOFTMAX_NORM = 0.5  # the largest spectral norm of a softmax's Jacobian diag(y) - y y'


@dataclass(frozen=True, slots=True)
class Curve:
    """A quantity that is 0 or more, by lag, over all places where it was measured."""

    lags: tuple[int, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    most: tuple[float, ...]

    @classmethod
    def of(cls, measured: dict[int, list[float]]) -> "Curve":
        """Mean, 5 % and 95 % quantile and maximum of each lag."""
        lags = sorted(measured)
        values = [torch.tensor(measured[lag], dtype=torch.float64) for lag in lags]
        low, high = ([value.quantile(share).item() for value in values] for share in (0.05, 0.95))
        means, mosts = [value.mean().item() for value in values], [value.max().item() for value in values]
        return cls(tuple(lags), tuple(means), tuple(low), tuple(high), tuple(mosts))

    def mean_at(self, lag: int) -> float:
        """The mean at a lag, or at the longest measured lag below it."""
        return self.mean[max(index for index, measured in enumerate(self.lags) if measured <= max(lag, self.lags[0]))]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"lags": self.lags, "mean": self.mean, "low": self.low, "high": self.high, "most": self.most}


@dataclass(frozen=True, slots=True)
class Walk:
    """What one cell did on utterances of one length: ``driven_BTG`` (see Cell.drive) and its T states."""

    cell: Cell
    driven_BTG: Tensor
    states: list[State]


def named_cells(network: TaggerNetwork) -> dict[str, Cell]:
    """Every recurrent cell under its layer and direction: ``layer0.forward``. A feedforward layer has none."""
    layers = [layer for layer in network.stack.layers if isinstance(layer, Directions)]
    return {f"layer{index}.{name}": cell for index, layer in enumerate(layers) for name, cell in layer.named_cells().items()}


@contextlib.contextmanager
def watched(network: TaggerNetwork) -> Iterator[dict[str, Walk]]:
    """While open, every cell runs step after step, and its latest walk is in the yielded table under its name."""
    walks: dict[str, Walk] = {}

    def keep(name: str) -> Callable[[Any, tuple[Tensor, ...], Tensor], Tensor]:
        def walk(cell: Cell, inputs: tuple[Tensor, ...], _: Tensor) -> Tensor:
            driven_BTG = cell.drive(inputs[0])
            walks[name] = Walk(cell, driven_BTG, list(cell.walk(driven_BTG)))
            return torch.stack([state[0] for state in walks[name].states], dim=1)

        return walk

    hooks = [cell.register_forward_hook(keep(name)) for name, cell in named_cells(network).items()]
    try:
        yield walks
    finally:
        for hook in hooks:
            hook.remove()


def step_jacobians(walk: Walk) -> Tensor:
    """J_i of every step but the first, whose state before it is no word's: [B, T-1, S, S], S the dimensions of the whole state."""
    cell = walk.cell

    def step(driven_G: Tensor, state_S: Tensor) -> Tensor:
        state = cell.step(driven_G[None], tuple(part[None] for part in torch.split(state_S, cell.hidden)))
        return torch.cat([part[0] for part in state])

    states_BTS = torch.stack([torch.cat(state, dim=1) for state in walk.states], dim=1)
    of_steps = torch.func.vmap(torch.func.vmap(torch.func.jacrev(step, argnums=1)))
    jacobians_BTSS: Tensor = of_steps(walk.driven_BTG[:, 1:].detach(), states_BTS[:, :-1].detach()).detach()
    return jacobians_BTSS


def products(jacobians_TSS: Tensor) -> Iterator[Tensor]:
    """For t = 1, 2, ...: dh_t/dh_k for k = 0 ... t-1 as [t, S, S], so the last row has lag 1 and the first lag t."""
    size = jacobians_TSS.shape[-1]
    product = jacobians_TSS.new_zeros(0, size, size)
    for jacobian_SS in jacobians_TSS:
        product = torch.cat([jacobian_SS @ product, jacobian_SS[None]])
        yield product


def blocks(cell: Cell) -> dict[str, slice]:
    """The parts of the state whose influence on themselves is measured: h, and of an LSTM also c, the error carousel."""
    named = {"h": slice(0, cell.hidden)}
    return named | ({"c": slice(cell.hidden, 2 * cell.hidden)} if isinstance(cell, Lstm) else {})


def norms_by_lag(network: TaggerNetwork, batches: Sequence[Batch]) -> dict[str, Curve]:
    """Spectral norms of dh_t/dh_k over all t, k and utterances, by lag t-k; names as ``layer0.forward h``.

    In float64, without dropout; ``batches`` without an utterance of two words give no curves.
    """
    exact = copy.deepcopy(network).double().eval()
    measured: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    with torch.no_grad(), watched(exact) as walks:
        for batch in batches:
            exact(batch.word_ids_BT, batch.ngram_ids_BTK, batch.context_BX.double(), batch.name_ids_BTM)
            for name, walk in walks.items():
                for jacobians_TSS in step_jacobians(walk):
                    for product in products(jacobians_TSS):
                        for block, part in blocks(walk.cell).items():
                            norms = torch.linalg.matrix_norm(product[:, part, part], ord=2).flip(0).tolist()
                            for lag, norm in enumerate(norms, start=1):
                                measured[f"{name} {block}"][lag].append(norm)
    return {name: Curve.of(by_lag) for name, by_lag in measured.items()}


def step_bound(cell: Cell) -> float | None:
    """gamma_W gamma_g, what no step's Jacobian exceeds; None for gated cells, which have no such bound.

    gamma_W is the largest singular value of W_hh. A Jordan network returns through its output, W_hh J_softmax W_out, so there it is
    the product of the largest singular values with that of a softmax's Jacobian, 1/2.
    """
    if not isinstance(cell, Elman | Jordan):
        return None
    weights = [cell.w_hh] if isinstance(cell, Elman) else [cell.w_hh, cell.w_out]
    bound = STEEPEST[cell.activation] * (1.0 if isinstance(cell, Elman) else SOFTMAX_NORM)
    for weight in weights:
        bound *= torch.linalg.matrix_norm(weight.detach().double(), ord=2).item()
    return bound


def gradients_by_distance(network: TaggerNetwork, batches: Sequence[Batch], *, intent_weight: float) -> dict[str, Curve]:
    """Norm of dL/dh_k by how many steps k lies before the last, for the whole loss and for the slot loss of the last step alone.

    Names as ``layer0.forward whole`` and ``layer0.forward last``. The last word's loss shows what travels; the whole loss has a part
    that every word sends to its own state.
    """
    exact = copy.deepcopy(network).double().eval()
    measured: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    with watched(exact) as walks:
        for batch in batches:
            logits = exact(batch.word_ids_BT, batch.ngram_ids_BTK, batch.context_BX.double(), batch.name_ids_BTM)
            whole = joint_loss(logits, batch, intent_weight)
            for name, walk in walks.items():
                place = slice(0, 1) if name.endswith("backward") else slice(-1, None)
                last = slot_loss(logits.tags_BTC[:, place], batch.tags_BT[:, place], batch.outside_BC)
                for kind, loss in (("whole", whole), ("last", last)):
                    for distance, norm in enumerate(reversed(_arriving(loss, walk))):
                        measured[f"{name} {kind}"][distance].append(norm)
    return {name: Curve.of(by_distance) for name, by_distance in measured.items()}


def _arriving(loss: Tensor, walk: Walk) -> list[float]:
    hidden = [state[0] for state in walk.states]
    gradients = torch.autograd.grad(loss, hidden, retain_graph=True, materialize_grads=True)
    return [nn.utils.get_total_norm([gradient]).item() for gradient in gradients]
