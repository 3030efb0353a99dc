import pytest
import torch
from torch import Tensor, nn

from tests.training.test_network import KINDS
from training.config import NetworkConfig
from training.network.cells import Cell, IdentityRnn, Jordan, make_cell
from training.network.stack import Directions, LayerStack

RECURRENT = [(cell, activation) for cell, activation in KINDS if cell != "feedforward"]
TORCH = {
    ("elman", "tanh"): lambda d, h: nn.RNN(d, h, nonlinearity="tanh", batch_first=True),
    ("elman", "relu"): lambda d, h: nn.RNN(d, h, nonlinearity="relu", batch_first=True),
    ("irnn", "tanh"): lambda d, h: nn.RNN(d, h, nonlinearity="relu", batch_first=True),
    ("gru", "tanh"): lambda d, h: nn.GRU(d, h, batch_first=True),
    ("lstm", "tanh"): lambda d, h: nn.LSTM(d, h, batch_first=True),
}
D, H, C = 5, 7, 4


def cell_of(name: str, activation: str = "tanh", seed: int = 3) -> Cell:
    torch.manual_seed(seed)
    cell = make_cell(NetworkConfig(hidden=H, cell=name, activation=activation), D, C)
    for bias in (cell.b_ih, cell.b_hh):
        nn.init.normal_(bias)
    return cell


def words(batch: int = 3, length: int = 6) -> Tensor:
    return torch.randn(batch, length, D, generator=torch.Generator().manual_seed(9))


@pytest.mark.parametrize(("name", "activation"), TORCH)
def test_a_cell_equals_torchs_on_the_same_weights(name: str, activation: str) -> None:
    cell, theirs = cell_of(name, activation), TORCH[name, activation](D, H)
    with torch.no_grad():
        for mine, other in (("w_ih", "weight_ih_l0"), ("w_hh", "weight_hh_l0"), ("b_ih", "bias_ih_l0"), ("b_hh", "bias_hh_l0")):
            getattr(theirs, other).copy_(getattr(cell, mine))
    expected, _ = theirs(words())
    torch.testing.assert_close(cell.unroll(words()), expected)
    torch.testing.assert_close(cell(words()), expected)


@pytest.mark.parametrize(("name", "activation"), RECURRENT)
def test_the_kernel_has_the_gradient_of_the_written_out_steps(name: str, activation: str) -> None:
    cell = cell_of(name, activation)
    gradients = []
    for run in (cell.unroll, cell):
        cell.zero_grad()
        run(words()).square().sum().backward()
        gradients.append([parameter.grad.clone() for parameter in cell.parameters() if parameter.grad is not None])
    assert len(gradients[0]) >= 4
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
def test_a_jordan_cell_equals_a_plain_loop(activation: str) -> None:
    cell = cell_of("jordan", activation)
    assert isinstance(cell, Jordan)
    function = getattr(torch, activation)
    for utterance, states in zip(words(), cell(words()), strict=True):
        output = torch.softmax(cell.b_out, dim=0)
        for word, state in zip(utterance, states, strict=True):
            hidden = function(cell.w_ih @ word + cell.b_ih + cell.w_hh @ output + cell.b_hh)
            torch.testing.assert_close(state, hidden)
            output = torch.softmax(cell.w_out @ hidden + cell.b_out, dim=0)


@pytest.mark.parametrize(("name", "activation"), RECURRENT)
def test_the_last_state_depends_on_the_first_word(name: str, activation: str) -> None:
    given = words().requires_grad_()
    cell_of(name, activation)(given)[:, -1].sum().backward()
    assert given.grad is not None
    assert (given.grad[:, 0].abs().sum(dim=1) > 0).all()


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize(("name", "activation"), KINDS)
def test_every_stack_has_the_width_that_it_says_and_treats_each_utterance_by_itself(
    name: str, activation: str, layers: int, both: bool
) -> None:
    torch.manual_seed(1)
    config = NetworkConfig(hidden=H, layers=layers, direction="both" if both else "forward", cell=name, activation=activation)
    stack = LayerStack(D, config, outputs=C).eval()
    states = stack(words())
    assert states.shape == (3, 6, stack.width)
    assert stack.width == H * (2 if both and name != "feedforward" else 1)
    for row in range(3):
        torch.testing.assert_close(stack(words()[[row]]), states[[row]], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("name", "activation"), RECURRENT)
def test_the_backward_direction_is_the_forward_one_on_the_reversed_utterance(name: str, activation: str) -> None:
    cell = cell_of(name, activation)
    states = Directions(cell, cell)(words())
    torch.testing.assert_close(states[..., :H], cell(words()))
    torch.testing.assert_close(states[..., H:].flip(1), cell(words().flip(1)))


def test_a_feedforward_layer_sees_one_word_alone() -> None:
    stack = LayerStack(D, NetworkConfig(hidden=H, cell="feedforward"), outputs=C).eval()
    changed = words()
    changed[:, 2] += 1
    differs = (stack(changed) != stack(words())).any(dim=2)
    assert differs.tolist() == [[False, False, True, False, False, False]] * 3


def test_an_identity_rnn_without_input_keeps_its_state() -> None:
    cell = IdentityRnn(D, H)
    before = torch.rand(2, H)
    torch.testing.assert_close(cell.step(cell.drive(torch.zeros(2, D)), (before,))[0], before)


def test_the_recurrent_matrices_neither_shrink_nor_stretch_at_the_start() -> None:
    for name in ("elman", "irnn", "gru", "lstm"):
        for gate in torch.split(cell_of(name).w_hh, H):
            torch.testing.assert_close(torch.linalg.svdvals(gate), torch.ones(H))
