import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.access.quota import Quota, RateFields, Stand


class Clock:
    """Stands still until it is told to move."""

    def __init__(self, now: float = 1_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


rates = st.floats(0.01, 1000.0)
bursts = st.integers(1, 20)
pauses = st.lists(st.one_of(st.just(0.0), st.floats(0.0, 5.0)), max_size=80)


@given(rates, bursts, pauses)
def test_no_window_admits_more_than_the_burst_and_the_rate_allow(rate: float, burst: int, waits: list[float]) -> None:
    clock = Clock()
    quota = Quota(rate, burst, clock=clock)
    admitted = []
    for wait in waits:
        clock.now += wait
        if quota.take("a").admitted:
            admitted.append(clock.now)
    for first in range(len(admitted)):
        for last in range(first, len(admitted)):
            assert last - first + 1 <= burst + rate * (admitted[last] - admitted[first]) + 1e-3


@given(rates, bursts, st.lists(st.tuples(st.integers(0, 9), st.floats(0.0, 0.5)), max_size=120), st.integers(1, 4))
def test_no_caller_gets_more_by_coming_among_many(rate: float, burst: int, visits: list[tuple[int, float]], most: int) -> None:
    clock = Clock()
    quota = Quota(rate, burst, clock=clock, most_callers=most)
    admitted: dict[int, list[float]] = {}
    for caller, wait in visits:
        clock.now += wait
        if quota.take(str(caller)).admitted:
            admitted.setdefault(caller, []).append(clock.now)
        assert len(quota) <= most
    for times in admitted.values():
        # One's own bucket and the shared one: two at most, however many come.
        assert len(times) <= 2 * (burst + rate * (times[-1] - times[0])) + 1e-3


@given(rates, bursts, pauses)
def test_who_waits_as_long_as_told_is_admitted_and_the_count_told_is_true(rate: float, burst: int, waits: list[float]) -> None:
    clock = Clock()
    quota = Quota(rate, burst, clock=clock)
    for wait in waits:
        clock.now += wait
        stand = quota.take("a")
        if not stand.admitted:
            clock.now += stand.wait_s
            assert quota.take("a").admitted
    stand = quota.take("b")
    assert [quota.take("b").admitted for _ in range(stand.left + 1)] == [True] * stand.left + [False]


@given(rates, bursts)
def test_a_caller_who_stays_away_has_its_whole_burst_again(rate: float, burst: int) -> None:
    clock = Clock()
    quota = Quota(rate, burst, clock=clock)
    for _ in range(2):
        stands = [quota.take("a") for _ in range(burst)]
        assert all(stand.admitted for stand in stands)
        assert all(later.left <= earlier.left for earlier, later in pairwise(stands))
        clock.now += burst / rate + 1e-3


def test_a_refused_request_costs_nothing() -> None:
    clock = Clock()
    quota = Quota(1.0, 2, clock=clock)
    assert [quota.take("a") for _ in range(2)] == [Stand(True, 1, 1), Stand(True, 0, 1)]
    assert {quota.take("a") for _ in range(100)} == {Stand(False, 0, 1)}
    clock.now += 1.0
    assert quota.take("a") == Stand(True, 0, 1)


def test_a_slow_rate_tells_how_long_to_wait() -> None:
    clock = Clock()
    quota = Quota(0.1, 1, clock=clock)
    assert quota.take("a") == Stand(True, 0, 10)
    clock.now += 2.5
    assert quota.take("a") == Stand(False, 0, 8)
    assert quota.window_s == 10


def test_callers_do_not_share_a_bucket_while_there_is_room() -> None:
    quota = Quota(1.0, 1, clock=Clock())
    assert [quota.take(str(caller)).admitted for caller in range(100)] == [True] * 100


def test_a_flood_of_new_callers_grows_no_memory_and_passes_one_bucket_while_the_known_keep_theirs() -> None:
    clock = Clock()
    quota = Quota(1.0, 3, clock=clock, most_callers=10)
    for caller in range(10):
        assert quota.take(f"known {caller}").admitted
    flood = [quota.take(f"new {caller}").admitted for caller in range(10_000)]
    assert sum(flood) == 3
    assert len(quota) == 10
    assert quota.take("known 0").admitted


def test_idle_callers_make_room_for_new_ones() -> None:
    clock = Clock()
    quota = Quota(1.0, 3, clock=clock, most_callers=10)
    for round_ in range(50):
        clock.now += 3.0
        assert all(quota.take(f"{round_} {caller}").admitted for caller in range(10))
    assert len(quota) == 10


def test_a_flood_looks_through_the_callers_once_a_second_at_most() -> None:
    clock = Clock()
    quota = Quota(1.0, 1, clock=clock, most_callers=2)
    looked_through_at = set()
    for caller in range(100):
        quota.take(str(caller))
        looked_through_at.add(quota._swept)
        clock.now += 0.1
    assert 5 < len(looked_through_at) <= 11


def test_the_fields_are_the_draft_s_and_the_older_ones() -> None:
    quota = Quota(2.5, 10, clock=Clock())
    fields = RateFields(quota)
    stand = [quota.take("a") for _ in range(10)][-1]
    assert dict(fields.of(stand)) == {
        b"ratelimit-policy": b'"default";q=10;w=4',
        b"ratelimit": b'"default";r=0;t=1',
        b"ratelimit-limit": b"10",
        b"ratelimit-remaining": b"0",
        b"ratelimit-reset": b"1",
    }


@pytest.mark.parametrize(("rate", "burst"), [(0.001, 1_000_000), (1e6, 1_000_000), (0.001, 1)])
def test_no_number_of_a_field_is_longer_than_structured_fields_allow(rate: float, burst: int) -> None:
    quota = Quota(rate, burst, clock=Clock())
    text = b" ".join(value for _, value in RateFields(quota).of(quota.take("a")))
    assert max(len(digits) for digits in text.replace(b"=", b" ").replace(b";", b" ").split()) <= 15
    assert math.isfinite(quota.window_s)
