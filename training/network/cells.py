"""Cells: one direction of one recurrent layer, each written as the equation of one step.

``step`` is the equation; ``forward`` runs it over utterances, by torch's own kernel where there is one for it (the tests hold one
against the other). D inputs, H hidden units; weights as in torch: ``w_ih`` [gates H, D], ``w_hh`` [gates H, H], two biases.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from training.config import NetworkConfig

FORGET_BIAS = 1.0  # open forget gates at the start let the gradient through (Jozefowicz et al. 2015)

State = tuple[Tensor, ...]  # what a step hands to the next; the first is h_BH, which the layer above sees

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": torch.relu}


class Cell(nn.Module):
    """A recurrent cell. ``gates``: how many blocks of H rows its matrices have; ``states``: how many tensors its state has."""

    gates = 1
    states = 1

    def __init__(self, inputs: int, hidden: int, *, fed_back: int | None = None) -> None:
        """``fed_back``: dimensions that come from the step before; by default the hidden state's."""
        super().__init__()
        self.hidden = hidden
        self.w_ih = nn.Parameter(torch.empty(self.gates * hidden, inputs))
        self.w_hh = nn.Parameter(torch.empty(self.gates * hidden, fed_back or hidden))
        self.b_ih = nn.Parameter(torch.zeros(self.gates * hidden))
        self.b_hh = nn.Parameter(torch.zeros(self.gates * hidden))
        nn.init.xavier_uniform_(self.w_ih)
        self.initialise_recurrence()

    def initialise_recurrence(self) -> None:
        """Orthogonal recurrent matrices (Saxe et al. 2014): at the start no step shrinks or stretches the state."""
        for gate in torch.split(self.w_hh.data, self.hidden):
            nn.init.orthogonal_(gate)

    def initial(self, batch: int) -> State:
        """The state before the first word: zeros."""
        return tuple(self.w_ih.new_zeros(batch, self.hidden) for _ in range(self.states))

    def drive(self, words: Tensor) -> Tensor:
        """What the inputs [..., D] add to every gate: [..., gates H]."""
        return nn.functional.linear(words, self.w_ih, self.b_ih)

    def step(self, driven_BG: Tensor, state: State) -> State:
        """The state after one word, from ``drive`` of the word and the state before it."""
        raise NotImplementedError

    def walk(self, driven_BTG: Tensor) -> Iterator[State]:
        """``step`` after ``step``: the state after every word."""
        state = self.initial(len(driven_BTG))
        for driven_BG in driven_BTG.unbind(dim=1):
            state = self.step(driven_BG, state)
            yield state

    def unroll(self, words_BTD: Tensor) -> Tensor:
        """h of every word [B, T, H] by ``walk``."""
        return torch.stack([state[0] for state in self.walk(self.drive(words_BTD))], dim=1)

    def forward(self, words_BTD: Tensor) -> Tensor:
        """h of every word [B, T, H] of utterances of one length."""
        return self.unroll(words_BTD)

    def kernel(self, kernel: Callable[..., tuple[Tensor, ...]], words_BTD: Tensor) -> Tensor:
        """The same by a kernel of torch, which takes its weights in this order."""
        state = tuple(each[None] for each in self.initial(len(words_BTD)))
        weights = [self.w_ih, self.w_hh, self.b_ih, self.b_hh]
        return kernel(words_BTD, state if self.states > 1 else state[0], weights, True, 1, 0.0, self.training, False, True)[0]


class Elman(Cell):
    """h_t = f(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh) (Elman 1990), f tanh, sigmoid or ReLU."""

    def __init__(self, inputs: int, hidden: int, activation: str) -> None:
        """``activation``: a name of ACTIVATIONS."""
        super().__init__(inputs, hidden)
        self.activation = activation

    def step(self, driven_BG: Tensor, state: State) -> State:
        """One state, h."""
        return (ACTIVATIONS[self.activation](driven_BG + nn.functional.linear(state[0], self.w_hh, self.b_hh)),)

    def forward(self, words_BTD: Tensor) -> Tensor:
        """By torch's kernel where there is one: it has none for the sigmoid."""
        kernels = {"tanh": torch.rnn_tanh, "relu": torch.rnn_relu}
        return self.kernel(kernels[self.activation], words_BTD) if self.activation in kernels else self.unroll(words_BTD)


class IdentityRnn(Elman):
    """IRNN: an Elman cell of ReLUs whose W_hh begins as the identity, so that it remembers until it learns to forget (Le et al. 2015)."""

    def __init__(self, inputs: int, hidden: int) -> None:
        """ReLUs."""
        super().__init__(inputs, hidden, "relu")

    def initialise_recurrence(self) -> None:
        """The identity; inputs start small beside it, or the sums grow with the length."""
        nn.init.eye_(self.w_hh)
        with torch.no_grad():
            self.w_ih.mul_(0.1)


class Jordan(Cell):
    """h_t = f(W_ih x_t + b_ih + W_hh y_{t-1} + b_hh) with y_t = softmax(W_out h_t + b_out) (Jordan 1986).

    What returns is the output y of C dimensions, not the hidden state: ``w_hh`` is [H, C]. In the topmost layer ``w_out`` [C, H] is
    the slot head itself. Before the first word y is what the biases alone say.
    """

    def __init__(self, inputs: int, hidden: int, activation: str, outputs: int) -> None:
        """``outputs``: C."""
        super().__init__(inputs, hidden, fed_back=outputs)
        self.activation = activation
        self.w_out = nn.Parameter(torch.empty(outputs, hidden))
        self.b_out = nn.Parameter(torch.zeros(outputs))
        nn.init.xavier_uniform_(self.w_out)

    def initialise_recurrence(self) -> None:
        """No square matrix here."""
        nn.init.xavier_uniform_(self.w_hh)

    def step(self, driven_BG: Tensor, state: State) -> State:
        """One state, h: the output that returns is computed from it."""
        output_BC = torch.softmax(nn.functional.linear(state[0], self.w_out, self.b_out), dim=1)
        return (ACTIVATIONS[self.activation](driven_BG + nn.functional.linear(output_BC, self.w_hh, self.b_hh)),)


class Gru(Cell):
    """Gated recurrent unit (Cho et al. 2014), gates r, z, n, the reset gate behind the matrix as in torch and cuDNN."""

    gates = 3

    def step(self, driven_BG: Tensor, state: State) -> State:
        """One state, h = (1 - z) n + z h."""
        (hidden_BH,) = state
        driven_r, driven_z, driven_n = driven_BG.chunk(3, dim=1)
        back_r, back_z, back_n = nn.functional.linear(hidden_BH, self.w_hh, self.b_hh).chunk(3, dim=1)
        reset, keep = torch.sigmoid(driven_r + back_r), torch.sigmoid(driven_z + back_z)
        return (torch.lerp(torch.tanh(driven_n + reset * back_n), hidden_BH, keep),)

    def forward(self, words_BTD: Tensor) -> Tensor:
        """By torch's kernel."""
        return self.kernel(torch.gru, words_BTD)


class Lstm(Cell):
    """Long short-term memory (Hochreiter and Schmidhuber 1997) with a forget gate (Gers et al. 2000), gates i, f, g, o."""

    gates = 4
    states = 2

    def __init__(self, inputs: int, hidden: int) -> None:
        """The forget gates start open."""
        super().__init__(inputs, hidden)
        self.b_ih.data[hidden : 2 * hidden] = FORGET_BIAS

    def step(self, driven_BG: Tensor, state: State) -> State:
        """Two states: h = o tanh(c), c = f c + i g."""
        hidden_BH, memory_BH = state
        i, f, g, o = (driven_BG + nn.functional.linear(hidden_BH, self.w_hh, self.b_hh)).chunk(4, dim=1)
        memory_BH = torch.sigmoid(f) * memory_BH + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(memory_BH), memory_BH

    def forward(self, words_BTD: Tensor) -> Tensor:
        """By torch's kernel."""
        return self.kernel(torch.lstm, words_BTD)


def make_cell(config: NetworkConfig, inputs: int, outputs: int) -> Cell:
    """The cell that ``config`` names; ``outputs`` are the dimensions that a Jordan network feeds back."""
    hidden, activation = config.hidden, config.activation
    makers: dict[str, Callable[[], Cell]] = {
        "elman": lambda: Elman(inputs, hidden, activation),
        "jordan": lambda: Jordan(inputs, hidden, activation, outputs),
        "irnn": lambda: IdentityRnn(inputs, hidden),
        "gru": lambda: Gru(inputs, hidden),
        "lstm": lambda: Lstm(inputs, hidden),
    }
    return makers[config.cell]()
