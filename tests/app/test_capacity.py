import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.batch import BatchLimits
from app.capacity import Capacity, QueueLimits

LIMITS = QueueLimits(items=100, words=1000, wait_s=0.5, hang_s=5, batch=BatchLimits(64, 1024))


def taught(seconds_per_word: float) -> Capacity:
    capacity = Capacity(LIMITS)
    for _ in range(200):
        capacity.took(seconds_per_word * 10, 10)
    return capacity


@given(st.floats(1e-6, 0.1), st.integers(1, 10), st.integers(1, 100), st.floats(0.01, 10))
def test_an_empty_queue_takes_any_one_request(cost: float, items: int, words: int, seconds: float) -> None:
    assert taught(cost).refusal(0, 1000 * items, 1000 * words, seconds) is None


@given(st.floats(1e-6, 0.1), st.integers(1, 99), st.integers(0, 900), st.integers(1, 100), st.floats(0.01, 10))
def test_what_is_admitted_behind_others_can_be_answered_in_time(cost: float, waiting: int, queued: int, words: int, seconds: float) -> None:
    capacity = taught(cost)
    capacity.words = queued
    refusal = capacity.refusal(waiting, 1, words, seconds)
    fits = queued * cost <= LIMITS.wait_s * 1.0001 and (queued + words) * cost <= 0.8 * seconds * 1.0001
    if refusal is None:
        assert fits
    elif queued + words <= LIMITS.words:
        assert queued * cost >= LIMITS.wait_s * 0.9999 or (queued + words) * cost >= 0.8 * seconds * 0.9999
        assert refusal.retry_after_s is not None
        assert refusal.retry_after_s >= max(1, queued * cost * 0.9999)


def test_before_the_first_pass_only_the_limits_count() -> None:
    capacity = Capacity(LIMITS)
    capacity.words = 900
    assert capacity.refusal(90, 1, 100, 0.001) is None
    assert capacity.refusal(90, 1, 101, 100) is not None
    assert capacity.refusal(100, 1, 1, 100) is not None


@pytest.mark.parametrize("words", [1, 12, 200])
def test_a_slow_first_pass_shuts_nobody_out(words: int) -> None:
    capacity = Capacity(LIMITS)
    capacity.took(2.0, words)
    capacity.words = 500
    assert capacity.refusal(50, 1, 10, 5) is None


def test_one_pass_that_was_held_up_shuts_nobody_out() -> None:
    capacity = taught(0.0005)
    capacity.words = 500
    assert capacity.refusal(50, 1, 10, 5) is None
    capacity.took(60, 10)
    assert capacity.refusal(50, 1, 10, 5) is None


@pytest.mark.parametrize("cost", [0.01, 0.0001])
def test_a_lasting_change_of_speed_is_learned(cost: float) -> None:
    capacity = taught(0.001)
    for _ in range(40):
        capacity.took(cost * 10, 10)
    capacity.words = 100
    assert (capacity.refusal(10, 1, 10, 5) is None) == (100 * cost <= LIMITS.wait_s)
