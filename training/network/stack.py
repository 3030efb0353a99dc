"""Layers by composition: any cell in one or both directions, any number of layers on one another, dropout between them."""

import torch
from torch import Tensor, nn

from training.config import NetworkConfig
from training.network.cells import ACTIVATIONS, Cell, make_cell


class VariationalDropout(nn.Module):
    """Dropout whose mask is the same at every step of an utterance (Gal and Ghahramani 2016)."""

    def __init__(self, rate: float) -> None:
        """``rate``: share of the dimensions that are zeroed while training."""
        super().__init__()
        self.rate = rate

    def forward(self, states_BTD: Tensor) -> Tensor:
        """States of the same shape, scaled so that their mean stays."""
        if not self.training or self.rate == 0:
            return states_BTD
        mask_B1D = torch.rand(states_BTD.shape[0], 1, states_BTD.shape[2], dtype=states_BTD.dtype) >= self.rate
        return states_BTD * mask_B1D / (1 - self.rate)


class Feedforward(nn.Module):
    """A hidden layer that sees one word (and its window) at a time, and so has no direction and no memory."""

    def __init__(self, inputs: int, hidden: int, activation: str) -> None:
        """``activation``: a name of ACTIVATIONS."""
        super().__init__()
        self.linear = nn.Linear(inputs, hidden)
        self.activation = activation
        nn.init.xavier_uniform_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, words_BTD: Tensor) -> Tensor:
        """[B, T, D] to [B, T, H]."""
        return ACTIVATIONS[self.activation](self.linear(words_BTD))


class Directions(nn.Module):
    """Any cell forward, and with two cells backward too, their states side by side (Schuster and Paliwal 1997)."""

    def __init__(self, forward: Cell, backward: Cell | None) -> None:
        """Two cells of one kind, or one."""
        super().__init__()
        self.cells = nn.ModuleDict({"forward_": forward} | ({"backward_": backward} if backward else {}))

    def named_cells(self) -> dict[str, Cell]:
        """The cells under ``forward`` and ``backward``, in this order."""
        return {name.rstrip("_"): cell for name, cell in self.cells.items() if isinstance(cell, Cell)}

    def forward(self, words_BTD: Tensor) -> Tensor:
        """[B, T, D] to [B, T, H] or [B, T, 2 H] for utterances of one length."""
        cells = self.named_cells()
        states = [cells["forward"](words_BTD)]
        if "backward" in cells:
            states.append(cells["backward"](words_BTD.flip(1)).flip(1))
        return torch.cat(states, dim=2)


class LayerStack(nn.Module):
    """Layers on top of one another, of the kind that the config names; dropout on the states of every layer."""

    def __init__(self, inputs: int, config: NetworkConfig, *, outputs: int) -> None:
        """``outputs``: dimensions that a Jordan network feeds back."""
        super().__init__()
        self.width = config.hidden * (2 if config.both else 1)
        widths = [inputs] + [self.width] * (config.layers - 1)
        self.layers = nn.ModuleList(_layer(config, width, outputs) for width in widths)
        self.dropout = VariationalDropout(config.state_dropout)

    def forward(self, words_BTD: Tensor) -> Tensor:
        """States [B, T, width] of utterances of one length."""
        states = words_BTD
        for layer in self.layers:
            states = self.dropout(layer(states))
        return states


def _layer(config: NetworkConfig, inputs: int, outputs: int) -> Feedforward | Directions:
    if config.cell == "feedforward":
        return Feedforward(inputs, config.hidden, config.activation)
    backward = make_cell(config, inputs, outputs) if config.both else None
    return Directions(make_cell(config, inputs, outputs), backward)
