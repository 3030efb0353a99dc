"""The CTC head learns two toys: letters spoken for a while each, in noise, to the letters alone; "forty two" to 4 2."""

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
UNITS = ["", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
CHARACTERS = " abcdefghijklmnopqrstuvwxyz"
LONGEST = len("seventy three")


def reader(inputs: int, symbols: int, cell: str = "lstm", hidden: int = 8) -> nn.Sequential:
    """One bidirectional layer with the head: [B, T, inputs] to logits [B, T, symbols + 1]."""
    stack = LayerStack(inputs, NetworkConfig(cell=cell, hidden=hidden, state_dropout=0.0), outputs=0)
    return nn.Sequential(stack, CtcHead(stack.width, symbols))


def step_down(optimizer: torch.optim.Optimizer, network: nn.Module, inputs_BTD: Tensor, targets: list[list[int]]) -> None:
    """One step of training on utterances without padding."""
    loss = ctc_loss(network(inputs_BTD), torch.full((len(targets),), inputs_BTD.shape[1]), targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def read_right(log_BTS: np.ndarray, targets: list[list[int]]) -> tuple[int, int]:
    """How many sequences are right from end to end, read greedily and with a beam."""
    pairs = list(zip(log_BTS, targets, strict=True))
    return (
        sum(list(greedy(log_TS).symbols) == target for log_TS, target in pairs),
        sum(list(beam_search(log_TS, 8)[0].symbols) == target for log_TS, target in pairs),
    )


@settings(max_examples=30)
@given(st.lists(st.integers(1, 3), max_size=3), st.integers(0, 10**6))
def test_the_loss_is_what_the_forward_algorithm_says(target: list[int], seed: int) -> None:
    logits_BTS = torch.randn(1, 7, 4, generator=torch.Generator().manual_seed(seed))
    expected = -log_probability(torch.log_softmax(logits_BTS[0], dim=-1).double().numpy(), target)
    assert ctc_loss(logits_BTS, torch.tensor([7]), [target]).item() == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_padding_changes_no_loss() -> None:
    logits_BTS = torch.randn(2, 9, 4, generator=torch.Generator().manual_seed(5))
    alone = ctc_loss(logits_BTS[:, :6], torch.tensor([6, 6]), [[1, 2], [3, 3]])
    torch.testing.assert_close(ctc_loss(logits_BTS, torch.tensor([6, 6]), [[1, 2], [3, 3]]), alone)


def test_the_loss_of_a_batch_is_the_mean_of_its_sequences_long_or_short() -> None:
    logits_BTS = torch.randn(3, 7, 4, generator=torch.Generator().manual_seed(6))
    lengths_B, targets = torch.tensor([7, 5, 3]), [[1, 2, 2, 3], [2], []]
    each = [ctc_loss(logits_BTS[[row]], lengths_B[[row]], [targets[row]]) for row in range(3)]
    torch.testing.assert_close(ctc_loss(logits_BTS, lengths_B, targets), torch.stack(each).mean())


@pytest.mark.parametrize("symbol", [-1, 0, 4, 9999])
def test_a_target_with_a_blank_or_an_unknown_symbol_is_refused(symbol: int) -> None:
    with pytest.raises(ValueError, match=f"symbol {symbol} in target 1 of the batch is not allowed: use 1 to 3"):
        ctc_loss(torch.zeros(2, 5, 4), torch.tensor([5, 5]), [[3], [1, symbol]])


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
    network = reader(WIDTH, LETTERS, hidden=24)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    for step in range(150):
        step_down(optimizer, network, *spoken(100 + step, 32))
    heard_BTD, targets = spoken(1, 100)
    with torch.no_grad():
        return torch.log_softmax(network(heard_BTD), dim=-1).numpy(), targets


def test_a_small_network_learns_to_spell_what_it_hears(log_probabilities: tuple[np.ndarray, list[list[int]]]) -> None:
    log_BTS, targets = log_probabilities
    doubled = sum(any(one == other for one, other in itertools.pairwise(target)) for target in targets)
    assert doubled > 20  # so that nobody passes who cannot read them
    assert min(read_right(log_BTS, targets)) >= 95


def spelled(numbers: list[int]) -> tuple[Tensor, list[list[int]]]:
    """Numbers below 100 in English, a character a step and spaces up to the longest, and their digits, 1 for the digit 0."""
    words = [TEENS[n - 10] if 10 <= n < 20 else f"{TENS[n // 10]} {UNITS[n % 10]}".strip() for n in numbers]
    places_BT = torch.tensor([[CHARACTERS.index(character) for character in word.ljust(LONGEST)] for word in words])
    return nn.functional.one_hot(places_BT, len(CHARACTERS)).float(), [[int(digit) + 1 for digit in str(n)] for n in numbers]


def test_a_small_network_reads_spelled_out_numbers_that_it_never_saw() -> None:
    unseen = [n for n in range(21, 100) if n % 10 and (n // 10 + n % 10) % 4 == 0]
    seen = sorted(set(range(1, 100)) - set(unseen))
    assert {22, 44, 66, 88} < set(unseen)  # digits that follow themselves
    torch.manual_seed(3)
    network = reader(len(CHARACTERS), 10, cell="gru", hidden=32)
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-2)
    for _ in range(150):
        step_down(optimizer, network, *spelled(seen))
    words_BTD, digits = spelled(unseen)
    with torch.no_grad():
        log_BTS = torch.log_softmax(network(words_BTD), dim=-1).numpy()
    assert min(read_right(log_BTS, digits)) >= 0.95 * len(unseen)


def test_the_gradient_of_the_loss_reaches_the_first_step() -> None:
    torch.manual_seed(1)
    heard_BTD = torch.randn(1, 9, WIDTH, requires_grad=True)
    ctc_loss(reader(WIDTH, LETTERS)(heard_BTD), torch.tensor([9]), [[1, 2]]).backward()
    assert heard_BTD.grad is not None
    assert heard_BTD.grad[0, 0].abs().sum() > 0
