"""Self-supervised pre-training: the network guesses words that were taken out of unlabelled utterances (a cloze, Taylor 1953).

As a masked language model (Devlin et al. 2019), but the network is the tagger's own: its encoders and layers start the training
on labelled examples with what they have learned here, its heads start fresh.
"""

import dataclasses
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from model.vocabulary import FIRST_WORD, OTHER, PAD
from training.config import FitConfig, TrainingConfig, TrainingError
from training.data.texts import TextSet
from training.loop import learning_rate, parameter_groups
from training.network.tagger import TaggerNetwork

_SEED = 7  # keeps the random numbers apart from those of the epochs that follow


@dataclass(frozen=True, slots=True)
class ClozeEpoch:
    """One pass over the texts: mean loss in nats a masked word, and the share of masked words that were guessed."""

    number: int
    loss: float
    guessed: float
    seconds: float


class Cloze(nn.Module):
    """The tagger's network below its heads, and a guess over the vocabulary on top."""

    def __init__(self, network: TaggerNetwork, words: int) -> None:
        """``words``: size of the vocabulary, PAD and OTHER included."""
        super().__init__()
        self.network = network
        self.guess = nn.Linear(network.stack.width, words)

    def forward(self, word_ids_BT: Tensor, ngram_ids_BTK: Tensor, masked_BT: Tensor) -> Tensor:
        """Logits [masked words, vocabulary] of the words under the mask, which the network does not see."""
        words_BT = torch.where(masked_BT, OTHER, word_ids_BT)
        ngrams_BTK = torch.where(masked_BT[..., None], PAD, ngram_ids_BTK)
        states_BTH = self.network.stack(self.network.words_seen(words_BT, ngrams_BTK))
        logits_MV: Tensor = self.guess(states_BTH[masked_BT]).float()
        return logits_MV


def pretrain(
    network: TaggerNetwork, texts: TextSet, config: TrainingConfig, *, words: int, on_step: Callable[[int, int], None]
) -> Iterator[ClozeEpoch]:
    """Train ``network`` in place; yields after each epoch. Words outside the vocabulary are seen but never asked for.

    Raises TrainingError when the loss is no longer finite.
    """
    settings = config.pretrain
    fit = dataclasses.replace(config.fit, learning_rate=settings.learning_rate)
    torch.set_num_threads(fit.threads)
    torch.manual_seed(config.seed * _SEED)
    cloze = Cloze(network, words).train()
    optimizer = torch.optim.AdamW(parameter_groups(cloze, fit), lr=fit.learning_rate, fused=True)
    for number in range(1, settings.epochs + 1):
        began = time.perf_counter()
        outcomes = []
        batches = texts.batches(settings.batch_words)
        for step, (word_ids_BT, ngram_ids_BTK) in enumerate(texts.epoch(settings.batch_words, seed=(config.seed, number))):
            masked_BT = (torch.rand(word_ids_BT.shape) < settings.masked) & (word_ids_BT >= FIRST_WORD)
            if masked_BT.any():
                rate = learning_rate((number - 1) * batches + step, settings.epochs * batches, fit)
                outcomes.append(_step(cloze, optimizer, (word_ids_BT, ngram_ids_BTK, masked_BT), fit, rate))
                if not math.isfinite(outcomes[-1][0]):
                    raise TrainingError(f"the loss of pre-training is {outcomes[-1][0]} at step {step + 1}; lower pretrain.learning_rate")
            on_step(step + 1, batches)
        losses, guessed = zip(*outcomes, strict=True) if outcomes else ((0.0,), (0.0,))
        yield ClozeEpoch(number, sum(losses) / len(losses), sum(guessed) / len(guessed), time.perf_counter() - began)


def _step(
    cloze: Cloze, optimizer: torch.optim.Optimizer, batch: tuple[Tensor, Tensor, Tensor], config: FitConfig, rate: float
) -> tuple[float, float]:
    """One update; the loss, and the share of the masked words that were guessed."""
    for group in optimizer.param_groups:
        group["lr"] = rate
    word_ids_BT, _, masked_BT = batch
    gold_M = word_ids_BT[masked_BT]
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=config.precision == "bf16"):
        logits_MV = cloze(*batch)
    loss = nn.functional.cross_entropy(logits_MV, gold_M)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]  # torch's stub
    nn.utils.clip_grad_norm_(cloze.parameters(), config.clip_norm)
    optimizer.step()
    return loss.item(), (logits_MV.argmax(1) == gold_M).float().mean().item()
