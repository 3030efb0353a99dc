import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model.config import FeatureConfig
from model.labels import LabelScheme
from training.config import NetworkConfig
from training.data.batching import Batch
from training.diagnose.jacobians import Walk, blocks, gradients_by_distance, named_cells, norms_by_lag, products, step_bound, step_jacobians
from training.diagnose.kinds import RECURRENT, kind_of
from training.network.cells import Cell, make_cell
from training.network.tagger import TaggerNetwork

SCHEME = LabelScheme(("a", "b"), ("x",))
FEATURES = FeatureConfig(word_encoders=("vocabulary",))
KINDS = [*RECURRENT, "elman-sigmoid", "elman-relu", "jordan-sigmoid", "jordan-relu"]
BOUNDED = [name for name in KINDS if kind_of(name).cell not in ("gru", "lstm")]


def network_of(name: str, *, seed: int = 1, scale: float = 1.0, layers: int = 1, direction: str = "forward") -> TaggerNetwork:
    torch.manual_seed(seed)
    shape = NetworkConfig(word_dim=4, window=0, hidden=5, layers=layers, direction=direction, input_dropout=0.0, state_dropout=0.0)
    network = TaggerNetwork(kind_of(name).of(shape), FEATURES, SCHEME, word_counts=[0] * 9, word_dropout=0.0)
    with torch.no_grad():
        for cell in named_cells(network).values():
            cell.w_hh.mul_(scale)
            cell.b_ih.normal_()
    return network


def batch_of(length: int, rows: int = 2) -> Batch:
    words = torch.randint(2, 9, (rows, length), generator=torch.Generator().manual_seed(length))
    outside = torch.zeros(rows, 5, dtype=torch.bool)
    outside[:, 0] = True
    tags = torch.zeros_like(words)
    ngrams, names = (torch.zeros(rows, length, width, dtype=torch.long) for width in (1, 0))
    return Batch(words, ngrams, tags, torch.zeros(rows, dtype=torch.long), outside, torch.zeros(rows, 0), names)


def cell_of(name: str, seed: int) -> Cell:
    torch.manual_seed(seed)
    kind = kind_of(name)
    return make_cell(NetworkConfig(hidden=4, cell=kind.cell, activation=kind.activation), 3, 5).double()


@pytest.mark.parametrize("name", KINDS)
def test_the_products_are_the_jacobians_of_the_unrolled_loop(name: str) -> None:
    cell, words = cell_of(name, 2), torch.randn(1, 5, 3, dtype=torch.float64)
    driven = cell.drive(words).detach()
    walk = Walk(cell, driven, [tuple(part.detach() for part in state) for state in cell.walk(driven)])
    computed = list(products(step_jacobians(walk)[0]))
    for k in range(4):

        def rest(state_S: torch.Tensor, k: int = k) -> torch.Tensor:
            state = tuple(part[None] for part in torch.split(state_S, cell.hidden))
            for driven_BG in driven[:, k + 1 :].unbind(dim=1):
                state = cell.step(driven_BG, state)
            return torch.cat([part[0] for part in state])

        expected = torch.autograd.functional.jacobian(rest, torch.cat([part[0] for part in walk.states[k]]))
        torch.testing.assert_close(computed[-1][k], expected)


@pytest.mark.parametrize("name", BOUNDED)
@settings(max_examples=15)
@given(st.integers(0, 10**6), st.floats(0.1, 3), st.integers(2, 7))
def test_no_measured_norm_is_above_the_bound(name: str, seed: int, scale: float, length: int) -> None:
    network = network_of(name, seed=seed, scale=scale, layers=2, direction="both")
    for curve_name, curve in norms_by_lag(network, [batch_of(length)]).items():
        bound = step_bound(named_cells(network)[curve_name.rpartition(" ")[0]])
        assert bound is not None
        for lag, most in zip(curve.lags, curve.most, strict=True):
            assert most <= bound**lag * (1 + 1e-9)


def test_gates_have_no_bound_and_an_lstm_shows_its_memory_too() -> None:
    for name in ("gru", "lstm"):
        (cell,) = named_cells(network_of(name)).values()
        assert step_bound(cell) is None
    assert set(blocks(cell)) == {"h", "c"}
    assert {name.rpartition(" ")[2] for name in norms_by_lag(network_of("lstm"), [batch_of(4)])} == {"h", "c"}


def test_an_identity_without_bias_passes_everything_on() -> None:
    network = network_of("irnn")
    (cell,) = named_cells(network).values()
    with torch.no_grad():
        cell.b_ih.fill_(5.0)  # every unit is on
    (curve,) = norms_by_lag(network, [batch_of(6)]).values()
    assert curve.mean == pytest.approx([1.0] * 5)


@pytest.mark.parametrize("name", KINDS)
def test_the_gradient_is_measured_at_every_distance_from_the_end(name: str) -> None:
    network = network_of(name, direction="both")
    curves = gradients_by_distance(network, [batch_of(5)], intent_weight=0.5)
    assert {key.rpartition(" ")[2] for key in curves} == {"whole", "last"}
    assert all(curve.lags == (0, 1, 2, 3, 4) for curve in curves.values())
    assert all(curve.mean[0] > 0 for curve in curves.values())
