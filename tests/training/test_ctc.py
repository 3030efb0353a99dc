"""The CTC head learns a toy alphabet: letters spoken for a while each, in noise, to the letters alone."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from model.ctc import beam_search, greedy, log_probability
from training.config import NetworkConfig
from training.network.heads import CtcHead, ctc_loss
from training.network.stack import LayerStack

LETTERS, WIDTH = 5, 8


@settings(max_examples=30)
@given(st.lists(st.integers(1, 3), max_size=3), st.integers(0, 10**6))
def test_the_loss_is_what_the_forward_algorithm_says(target: list[int], seed: int) -> None:
    logits_BTS = torch.randn(1, 7, 4, generator=torch.Generator().manual_seed(seed))
    expected = -log_probability(torch.log_softmax(logits_BTS[0], dim=-1).double().numpy(), target)
    assert ctc_loss(logits_BTS, torch.tensor([7]), [target]).item() == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_padding_changes_no_loss() -> None:
    logits_BTS = torch.randn(2, 9, 4)
    alone = ctc_loss(logits_BTS[:, :6], torch.tensor([6, 6]), [[1, 2], [3, 3]])
    torch.testing.assert_close(ctc_loss(logits_BTS, torch.tensor([6, 6]), [[1, 2], [3, 3]]), alone)


def test_a_target_that_its_steps_cannot_say_is_refused() -> None:
    assert ctc_loss(torch.zeros(1, 3, 4), torch.tensor([3]), [[2, 2]]).isfinite()
    with pytest.raises(ValueError, match="target 1 of the batch needs 3 steps and has 2"):
        ctc_loss(torch.zeros(2, 3, 4), torch.tensor([3, 2]), [[2], [2, 2]])


def spoken(seed: int, count: int, steps: int = 12) -> tuple[Tensor, list[list[int]]]:
    """``count`` utterances: each letter lasts two or three steps of its own noisy pattern, with a pause between two equal ones."""
    rng = np.random.default_rng(seed)
    patterns = np.random.default_rng(0).normal(size=(LETTERS + 1, WIDTH))
    heard_BTD, targets = np.zeros((count, steps, WIDTH), dtype=np.float32), []
    for row in range(count):
        letters: list[int] = []
        said: list[int] = []
        while len(said) < steps - 4:
            letter = int(rng.integers(1, LETTERS + 1))
            said += [0] * (1 if letters and letters[-1] == letter else int(rng.integers(0, 2))) + [letter] * int(rng.integers(2, 4))
            letters.append(letter)
        said += [0] * (steps - len(said))
        heard_BTD[row] = patterns[said[:steps]] + rng.normal(scale=0.3, size=(steps, WIDTH))
        targets.append(letters)
    return torch.from_numpy(heard_BTD), targets


@pytest.fixture(scope="module")
def log_probabilities() -> tuple[np.ndarray, list[list[int]]]:
    """What a network that was trained on other utterances says to a hundred."""
    torch.manual_seed(3)
    stack = LayerStack(WIDTH, NetworkConfig(hidden=24, state_dropout=0.0), outputs=0)
    network = nn.Sequential(stack, CtcHead(stack.width, LETTERS))
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    for step in range(150):
        heard_BTD, targets = spoken(100 + step, 32)
        loss = ctc_loss(network(heard_BTD), torch.full((32,), heard_BTD.shape[1]), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    heard_BTD, targets = spoken(1, 100)
    with torch.no_grad():
        return torch.log_softmax(network(heard_BTD), dim=-1).numpy(), targets


def test_a_small_network_learns_to_spell_what_it_hears(log_probabilities: tuple[np.ndarray, list[list[int]]]) -> None:
    log_BTS, targets = log_probabilities
    assert any(one == other for target in targets for one, other in itertools.pairwise(target)), "no doubled letter"
    for read in (lambda log_TS: greedy(log_TS), lambda log_TS: beam_search(log_TS, 8)[0]):
        right = sum(list(read(log_TS).symbols) == target for log_TS, target in zip(log_BTS, targets, strict=True))
        assert right >= 95


def test_the_gradient_of_the_loss_reaches_the_first_step() -> None:
    torch.manual_seed(1)
    stack = LayerStack(WIDTH, NetworkConfig(hidden=8, state_dropout=0.0), outputs=0)
    heard_BTD = torch.randn(1, 9, WIDTH, requires_grad=True)
    ctc_loss(CtcHead(stack.width, LETTERS)(stack(heard_BTD)), torch.tensor([9]), [[1, 2]]).backward()
    assert heard_BTD.grad is not None
    assert heard_BTD.grad[0, 0].abs().sum() > 0
