"""Heads: states to tags, many to many; to one intent, many to one; to fewer symbols than steps, many to many with CTC."""

import itertools

import torch
from torch import Tensor, nn


class SlotHead(nn.Linear):
    """Logits of every tag for every word: [B, T, H] to [B, T, tags]."""


class IntentHead(nn.Module):
    """Logits of every intent for the utterance, from states pooled by additive attention (Bahdanau et al. 2015)."""

    def __init__(self, width: int, attention: int, intents: int) -> None:
        """``attention``: the dimension in which words are compared with the learned query."""
        super().__init__()
        self.attention = nn.Linear(width, attention)
        self.query = nn.Parameter(torch.randn(attention) / attention**0.5)
        self.intent = nn.Linear(width, intents)

    def forward(self, states_BTH: Tensor) -> Tensor:
        """[B, T, H] to [B, intents]."""
        shares_BT = torch.softmax(torch.tanh(self.attention(states_BTH)) @ self.query, dim=1)
        logits_BI: Tensor = self.intent((states_BTH * shares_BT[:, :, None]).sum(dim=1))
        return logits_BI


class CtcHead(nn.Linear):
    """Logits of the blank (0) and every symbol for every step: [B, T, H] to [B, T, symbols + 1] (Graves et al. 2006)."""

    def __init__(self, width: int, symbols: int) -> None:
        """``symbols``: without the blank."""
        super().__init__(width, symbols + 1)


def ctc_loss(logits_BTS: Tensor, lengths_B: Tensor, targets: list[list[int]]) -> Tensor:
    """Mean over the batch of -log p(target | steps), in nats; ``lengths_B``: steps that are no padding.

    Raises ValueError for a target that its steps cannot say, as a symbol that follows itself needs a blank in between, and for one
    with a blank or a symbol that the logits do not have: torch would score the blank and read beside the row.
    """
    symbols = logits_BTS.shape[2]
    for row, (target, length) in enumerate(zip(targets, lengths_B.tolist(), strict=True)):
        if wrong := [symbol for symbol in target if not 0 < symbol < symbols]:
            raise ValueError(f"symbol {wrong[0]} in target {row} of the batch is not allowed: use 1 to {symbols - 1}")
        needed = len(target) + sum(one == other for one, other in itertools.pairwise(target))
        if needed > length:
            raise ValueError(f"target {row} of the batch needs {needed} steps and has {length}; lengthen its input or leave it out")
    log_TBS = torch.log_softmax(logits_BTS.float(), dim=-1).transpose(0, 1)
    joined = torch.tensor([symbol for target in targets for symbol in target], dtype=torch.long)
    target_lengths_B = torch.tensor([len(target) for target in targets])
    return nn.functional.ctc_loss(log_TBS, joined, lengths_B, target_lengths_B, blank=0, reduction="none").mean()
