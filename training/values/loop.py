"""Training of a reader: a generator of epochs, each on fresh phrases."""

import math
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import nn

from training.config import TrainingError
from training.state import State
from training.values.batches import ReaderBatch, batches
from training.values.config import ReaderFitConfig
from training.values.network import ReaderNetwork, aligned_ctc_loss
from training.values.samples import Source

_SEEDS_PER_RUN = 100_003


@dataclass(frozen=True, slots=True)
class ReaderEpoch:
    """What one epoch did; ``loss`` in nats a phrase."""

    number: int
    loss: float
    gradient_norm: float
    seconds: float


class ReaderState(State[ReaderNetwork]):
    """Of a reader's training."""

    def __init__(self, network: ReaderNetwork, config: ReaderFitConfig) -> None:
        """A fresh state, before the first epoch."""
        optimizer = torch.optim.AdamW(network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, fused=True)
        super().__init__(network, optimizer, config.ema_decay)


def fit_reader(
    state: ReaderState, source: Source, config: ReaderFitConfig, *, seed: int, on_step: Callable[[int, int], None] | None = None
) -> Iterator[ReaderEpoch]:
    """Train epoch by epoch, from where ``state`` is to ``config.epochs``; yields after each.

    Phrases and random numbers hang on (seed, epoch), so a run that was stopped between epochs and resumed gives what an
    unbroken run gives. Raises TrainingError when the loss or a gradient is no longer finite.
    """
    torch.set_num_threads(config.threads)
    for number in range(state.epochs_done + 1, config.epochs + 1):
        torch.manual_seed(seed * _SEEDS_PER_RUN + number)
        rng = random.Random(seed * _SEEDS_PER_RUN + number)
        began = time.perf_counter()
        losses, norms = [], []
        phrases = [source.draw(rng) for _ in range(config.samples)]
        chunks = list(batches(phrases, config.batch, rng))
        for step, batch in enumerate(chunks):
            rate = _learning_rate(number - 1 + step / len(chunks), config)
            loss, norm = _step(state, batch, config, rate)
            if not (math.isfinite(loss) and math.isfinite(norm)):
                raise TrainingError(
                    f"the loss is {loss}, the gradient norm {norm} at epoch {number}, step {step + 1}: lower fit.learning_rate "
                    f"({config.learning_rate}) or fit.clip_norm ({config.clip_norm}), then start again"
                )
            losses.append(loss * len(batch.targets))
            norms.append(norm)
            if on_step:
                on_step(step + 1, len(chunks))
        state.epochs_done = number
        yield ReaderEpoch(number, sum(losses) / len(phrases), sum(norms) / len(norms), time.perf_counter() - began)


def _step(state: ReaderState, batch: ReaderBatch, config: ReaderFitConfig, learning_rate: float) -> tuple[float, float]:
    """One update; the loss and the gradient norm before clipping (Pascanu, Mikolov and Bengio 2013)."""
    state.network.train()
    for group in state.optimizer.param_groups:
        group["lr"] = learning_rate
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=config.precision == "bf16"):
        logits_BTS = state.network(torch.from_numpy(batch.char_ids_BT), torch.from_numpy(batch.kind_ids_B))
    loss = aligned_ctc_loss(logits_BTS, batch.targets, torch.from_numpy(batch.allowed_BTS))
    state.optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]  # torch's stub
    norm = nn.utils.clip_grad_norm_(state.network.parameters(), config.clip_norm)
    if torch.isfinite(norm):
        state.optimizer.step()
        state.average.update_parameters(state.network)
    return loss.item(), norm.item()


def _learning_rate(epochs: float, config: ReaderFitConfig) -> float:
    """Linear warm-up, then a half cosine down to the final rate (Loshchilov and Hutter 2017). ``epochs``: done so far."""
    one_step = config.batch / config.samples
    warmup = config.warmup_steps * one_step
    if epochs < warmup:
        return config.learning_rate * (epochs + one_step) / warmup
    progress = min(1.0, (epochs - warmup) / max(1e-9, config.epochs - warmup))
    low = min(config.final_learning_rate, config.learning_rate)
    return low + (config.learning_rate - low) * 0.5 * (1 + math.cos(math.pi * progress))
