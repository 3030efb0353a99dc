"""Heads: states to tags, many to many; states to one intent, many to one."""

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
