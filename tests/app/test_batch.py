from hypothesis import given
from hypothesis import strategies as st

from app.batch import BatchLimits, take_batch

lengths = st.lists(st.integers(1, 60), max_size=40)
limits = st.builds(BatchLimits, rows=st.integers(1, 16), cells=st.integers(1, 200))


@given(lengths, limits)
def test_a_batch_is_within_its_limits_or_a_single_long_utterance(lengths: list[int], limits: BatchLimits) -> None:
    taken = take_batch(lengths, limits)
    assert taken == sorted(set(taken))
    if len(taken) > 1:
        assert len(taken) <= limits.rows
        assert len(taken) * max(lengths[index] for index in taken) <= limits.cells


@given(lengths, limits)
def test_the_oldest_is_always_in_the_next_batch_so_nobody_starves(lengths: list[int], limits: BatchLimits) -> None:
    waiting = list(lengths)
    for _ in range(len(lengths)):
        taken = set(take_batch(waiting, limits))
        assert (0 in taken) == bool(waiting)
        waiting = [length for index, length in enumerate(waiting) if index not in taken]
    assert not waiting


@given(st.integers(1, 30), st.integers(1, 20), limits)
def test_equal_lengths_are_taken_in_order_of_arrival(length: int, count: int, limits: BatchLimits) -> None:
    taken = take_batch([length] * count, limits)
    assert taken == list(range(len(taken)))


def test_mates_of_like_length_go_before_one_that_pads_them() -> None:
    assert take_batch([5, 40, 6, 5], BatchLimits(rows=8, cells=20)) == [0, 2, 3]


def test_nothing_waiting_is_no_batch() -> None:
    assert take_batch([], BatchLimits(rows=1, cells=1)) == []
