"""What the figures mean, in words: does the gradient vanish, explode or arrive, and what to change."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from training.diagnose.jacobians import Curve
from training.diagnose.recorder import GradientHistory

VANISHED = 1e-2  # of a state's influence, this or less arrives at the judged lag
EXPLODED = 10.0  # it has grown by this or more
CLIPPED_OFTEN = 0.5  # share of steps: clipping then sets the step's length, not the learning rate
CLIPPED_SOMETIMES = 0.1
PEAK = 30.0  # the largest norm over the median of the run

VANISHING, HEALTHY, EXPLODING = "vanishing", "healthy", "exploding"


@dataclass(frozen=True, slots=True)
class Verdict:
    """``kind`` is vanishing, healthy or exploding; ``reasons`` are the figures behind it, ``advice`` what to change."""

    kind: str
    reasons: tuple[str, ...]
    advice: tuple[str, ...]

    def to_text(self) -> str:
        """On one line."""
        return f"{self.kind}: {' '.join((*self.reasons, *self.advice))}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"kind": self.kind, "reasons": self.reasons, "advice": self.advice}


def judge(curves: Mapping[str, Curve], *, lag: int, cell: str, activation: str, history: GradientHistory | None = None) -> Verdict:
    """The verdict on one network, by the mean norm at ``lag`` and, where it was watched in training, by its gradients there.

    ``curves`` as ``norms_by_lag`` gives them; of an LSTM h and c count as one state, whose better part is judged, for one of them is
    enough to carry the error. Where directions or layers differ, the worst is judged, an explosion before a vanishing.
    """
    carried = _carried(curves, lag)
    largest, smallest = max(carried, key=carried.__getitem__, default=""), min(carried, key=carried.__getitem__, default="")
    if carried and not carried[largest] < EXPLODED:  # a norm that is no number has exploded
        return Verdict(EXPLODING, (_arrives(largest, carried[largest], lag), *_watched(history)), _tame(cell, history))
    if history and (history.clipped_share >= CLIPPED_OFTEN or history.peak >= PEAK):
        return Verdict(EXPLODING, (*_watched(history), *_all_arrive(carried, lag)), _tame(cell, history))
    if carried and carried[smallest] <= VANISHED:
        return Verdict(VANISHING, (_arrives(smallest, carried[smallest], lag), *_watched(history)), _carry(cell, activation))
    return Verdict(HEALTHY, (*_all_arrive(carried, lag), *_watched(history)), _keep(history))


def _carried(curves: Mapping[str, Curve], lag: int) -> dict[str, float]:
    """Mean norm at the lag of each cell, under its layer and direction."""
    carried: dict[str, float] = {}
    for name, curve in curves.items():
        cell, _, _ = name.rpartition(" ")
        carried[cell] = max(carried.get(cell, 0.0), curve.mean_at(lag))
    return carried


def _arrives(cell: str, norm: float, lag: int) -> str:
    return f"In {cell} a state's influence has the norm {norm:.2g} after {lag} {'step' if lag == 1 else 'steps'}."


def _all_arrive(carried: dict[str, float], lag: int) -> tuple[str, ...]:
    return tuple(_arrives(cell, norm, lag) for cell, norm in carried.items())


def _watched(history: GradientHistory | None) -> tuple[str, ...]:
    if history is None or not history.steps:
        return ()
    return (
        f"Of {len(history.steps)} steps {history.clipped_share:.0%} were clipped at {history.clip_norm:g}; the median norm is "
        f"{history.median:.2g}, the largest {history.peak:.0f} times that.",
    )


def _tame(cell: str, history: GradientHistory | None) -> tuple[str, ...]:
    advice = []
    if history and history.clipped_share >= CLIPPED_OFTEN:
        advice.append(
            f"Most steps are clipped, so fit.clip_norm sets their length: raise it towards {2 * history.median:.2g} if the loss falls "
            "smoothly, else halve fit.learning_rate."
        )
    else:
        low = f" to about {2 * history.median:.2g}, twice the median," if history and history.median else ""
        advice.append(f"Lower fit.clip_norm{low} or halve fit.learning_rate.")
    if cell in ("elman", "irnn", "jordan"):
        start = "Begin" if cell != "irnn" else "Its ReLUs bound nothing: begin"
        advice.append(f"{start} with recurrent matrices whose largest singular value is 1, or take network.cell = gru or lstm.")
    return tuple(advice)


def _carry(cell: str, activation: str) -> tuple[str, ...]:
    if cell == "jordan":
        return ("What returns is a softmax, whose Jacobian has a norm of at most 1/2: no start of the weights changes that. Take elman.",)
    if cell == "elman" and activation == "sigmoid":
        return ("A sigmoid's slope is at most 1/4: take network.activation = tanh, or network.cell = lstm or gru.",)
    if cell in ("elman", "irnn"):
        return ("Take network.cell = lstm or gru, or irnn, whose matrix begins as the identity; a larger learning rate does not help.",)
    return (
        "The gates forget. That is right where nothing that far back matters; where it does, train longer, start the bias of the "
        "forget gate (LSTM) or the update gate (GRU) higher, or read in both directions.",
    )


def _keep(history: GradientHistory | None) -> tuple[str, ...]:
    if history and history.clipped_share >= CLIPPED_SOMETIMES:
        return ("Clipping catches peaks, as it should. Nothing to change.",)
    return ("Nothing to change.",)
