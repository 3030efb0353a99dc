"""Recurrent layers: a stack of LSTMs, one or both directions, with dropout between them."""

import torch
from torch import Tensor, nn

FORGET_BIAS = 1.0  # open forget gates at the start let the gradient through (Jozefowicz et al. 2015)


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


class RecurrentStack(nn.Module):
    """LSTMs (Hochreiter and Schmidhuber 1997) on top of one another; both directions: Schuster and Paliwal 1997."""

    def __init__(self, inputs: int, hidden: int, *, layers: int, both: bool, dropout: float) -> None:
        """``hidden`` units a direction; ``dropout`` on the states of every layer."""
        super().__init__()
        self.width = hidden * (2 if both else 1)
        widths = [inputs] + [self.width] * (layers - 1)
        self.layers = nn.ModuleList(nn.LSTM(width, hidden, batch_first=True, bidirectional=both) for width in widths)
        self.dropout = VariationalDropout(dropout)
        for name, parameter in self.named_parameters():
            _initialise(name, parameter, hidden)

    def forward(self, words_BTD: Tensor) -> Tensor:
        """States [B, T, width] of utterances of one length."""
        states = words_BTD
        for layer in self.layers:
            states = self.dropout(layer(states)[0])
        return states


def _initialise(name: str, parameter: Tensor, hidden: int) -> None:
    """Orthogonal recurrent matrices (Saxe et al. 2014), Glorot input matrices, open forget gates."""
    if "weight_hh" in name:
        for gate in torch.split(parameter.data, hidden):
            nn.init.orthogonal_(gate)
    elif "weight_ih" in name:
        nn.init.xavier_uniform_(parameter)
    elif "bias" in name:
        nn.init.zeros_(parameter)
        if "bias_ih" in name:
            parameter.data[hidden : 2 * hidden] = FORGET_BIAS
