"""Training through time: a generator of epochs. It computes; whoever iterates decides, reports and stores."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from training.config import FitConfig, TrainingError
from training.data.batching import NO_INTENT, Batch, TrainingSet
from training.network.tagger import Logits, TaggerNetwork
from training.state import State

_SEEDS_PER_RUN = 100_003  # epochs of different runs never share a seed


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one pass over the training data did. ``gradient_norm`` is the mean before clipping; ``clipped`` a share of steps."""

    number: int
    loss: float
    gradient_norm: float
    clipped: float
    learning_rate: float
    seconds: float


class TrainingState(State[TaggerNetwork]):
    """Of a tagger's training."""

    def __init__(self, network: TaggerNetwork, config: FitConfig) -> None:
        """A fresh state around ``network``, before its first epoch."""
        optimizer = torch.optim.AdamW(parameter_groups(network, config), lr=config.learning_rate, fused=True)
        super().__init__(network, optimizer, config.ema_decay)


OnGradient = Callable[[int, TaggerNetwork, float], None]  # step from 1 on, network, norm


def fit(
    state: TrainingState,
    training_set: TrainingSet,
    config: FitConfig,
    *,
    seed: int,
    on_step: Callable[[int, int], None] | None = None,
    on_gradient: OnGradient | None = None,
) -> Iterator[Epoch]:
    """Train epoch by epoch, from where ``state`` is to ``config.epochs``; yields after each.

    Every epoch seeds the random numbers from (seed, epoch), so a run that was stopped between epochs and resumed gives
    what an unbroken run gives. ``on_step(done, total)`` is called after each step; ``on_gradient(step,
    network, norm)`` in every step, counted over all epochs, when the network has its gradients and they are not clipped yet.
    Raises TrainingError when the loss or a gradient is no longer finite.
    """
    torch.set_num_threads(config.threads)
    for number in range(state.epochs_done + 1, config.epochs + 1):
        torch.manual_seed(seed * _SEEDS_PER_RUN + number)
        batches = training_set.epoch(config.batch_words, seed=(seed, number))
        began = time.perf_counter()
        losses, norms = [], []
        for step, batch in enumerate(batches):
            steps_before = (number - 1) * len(batches) + step
            rate = learning_rate(steps_before, config.epochs * len(batches), config)
            loss, norm = _backward(state, batch, config)
            if not (math.isfinite(loss) and math.isfinite(norm.item())):
                raise _diverged(loss, norm.item(), f"epoch {number}, step {step + 1} of {len(batches)}", config)
            if on_gradient:
                on_gradient(steps_before + 1, state.network, norm.item())
            _update(state, norm, config, rate)
            losses.append(loss)
            norms.append(norm.item())
            if on_step:
                on_step(step + 1, len(batches))
        state.epochs_done = number
        steps = len(batches)
        clipped = sum(norm > config.clip_norm for norm in norms) / steps
        yield Epoch(number, sum(losses) / steps, sum(norms) / steps, clipped, rate, time.perf_counter() - began)


def _diverged(loss: float, norm: float, place: str, config: FitConfig) -> TrainingError:
    return TrainingError(
        f"the loss is {loss}, the gradient norm {norm} at {place}: "
        f"lower fit.learning_rate ({config.learning_rate}) or fit.clip_norm ({config.clip_norm}), then start again"
    )


def _backward(state: TrainingState, batch: Batch, config: FitConfig) -> tuple[float, Tensor]:
    """The loss, and the norm of the gradient that the parameters have now."""
    state.network.train()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=config.precision == "bf16"):
        readings = [state.network(*batch.seen) for _ in range(2 if config.agreement else 1)]
    loss = torch.stack([joint_loss(logits, batch, config.intent_weight) for logits in readings]).mean()
    if config.agreement:
        loss = loss + config.agreement * disagreement(readings[0], readings[1], config.intent_weight)
    state.optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]  # torch's stub
    return loss.item(), nn.utils.get_total_norm([p.grad for p in state.network.parameters() if p.grad is not None])


def _update(state: TrainingState, norm: Tensor, config: FitConfig, learning_rate: float) -> None:
    """One update by the gradient, clipped where its ``norm`` is too large (Pascanu, Mikolov and Bengio 2013)."""
    for group in state.optimizer.param_groups:
        group["lr"] = learning_rate
    nn.utils.clip_grads_with_norm_(state.network.parameters(), config.clip_norm, norm)
    state.optimizer.step()
    state.average.update_parameters(state.network)


def joint_loss(logits: Logits, batch: Batch, intent_weight: float) -> Tensor:
    """Mean slot loss per word plus weighted mean intent loss per utterance that has one."""
    loss = slot_loss(logits.tags_BTC, batch.tags_BT, batch.outside_BC)
    if logits.intents_BI is not None and (batch.intents_B != NO_INTENT).any():
        loss = loss + intent_weight * nn.functional.cross_entropy(logits.intents_BI, batch.intents_B, ignore_index=NO_INTENT)
    return loss


def disagreement(one: Logits, other: Logits, intent_weight: float) -> Tensor:
    """How far two readings of a batch under different dropout are apart: symmetric Kullback-Leibler divergence, in nats, the mean per
    word plus the weighted mean per utterance (R-Drop, Liang et al. 2021).
    """
    apart = _divergence(one.tags_BTC, other.tags_BTC)
    if one.intents_BI is not None and other.intents_BI is not None:
        apart = apart + intent_weight * _divergence(one.intents_BI, other.intents_BI)
    return apart


def _divergence(one: Tensor, other: Tensor) -> Tensor:
    log_one, log_other = torch.log_softmax(one, dim=-1), torch.log_softmax(other, dim=-1)
    return ((log_one.exp() - log_other.exp()) * (log_one - log_other)).sum(dim=-1).mean() / 2


def slot_loss(logits_BTC: Tensor, tags_BT: Tensor, outside_BC: Tensor) -> Tensor:
    """Cross-entropy where a word without a label may be anything that its source does not annotate.

    ``outside_BC``: the tags that an untagged word of this utterance may have: O alone where the source annotates every
    label, else the tags of the labels it leaves out too. Their probabilities are added up (partial labels, Cour, Sapp
    and Taskar 2011), so what an annotator was not asked for is never a negative.
    """
    log_BTC = torch.log_softmax(logits_BTC, dim=-1)
    tagged_BT = log_BTC.gather(-1, tags_BT[..., None]).squeeze(-1)
    untagged_BT = log_BTC.masked_fill(~outside_BC[:, None, :], -torch.inf).logsumexp(-1)
    return -torch.where(tags_BT > 0, tagged_BT, untagged_BT).mean()


def learning_rate(step: int, steps: int, config: FitConfig) -> float:
    """Of step 0 to ``steps - 1``: linear warm-up, then a half cosine down to the final rate (Loshchilov and Hutter 2017)."""
    if step < config.warmup_steps:
        return config.learning_rate * (step + 1) / config.warmup_steps
    progress = (step - config.warmup_steps) / max(1, steps - config.warmup_steps)
    low = min(config.final_learning_rate, config.learning_rate)
    return low + (config.learning_rate - low) * 0.5 * (1 + math.cos(math.pi * progress))


def parameter_groups(network: nn.Module, config: FitConfig) -> list[dict[str, Any]]:
    """For the optimizer: matrices decay, biases and embedding rows do not: a rare word's row must not fade between its occurrences."""
    decayed: list[Tensor] = []
    kept: list[Tensor] = []
    for name, parameter in network.named_parameters():
        (kept if parameter.ndim < 2 or ".rows." in name else decayed).append(parameter)
    return [{"params": decayed, "weight_decay": config.weight_decay}, {"params": kept, "weight_decay": 0.0}]
