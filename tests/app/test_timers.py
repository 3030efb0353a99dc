import asyncio
import time

import pytest

from app.timers import RESOLUTION_S, Timers

pytestmark = pytest.mark.anyio


async def test_a_timer_rings_once_and_not_before_its_time() -> None:
    timers, rung, began = Timers(), asyncio.Event(), time.monotonic()
    calls = []
    timers.later(0.03, lambda: (calls.append(time.monotonic() - began), rung.set()))
    await asyncio.wait_for(rung.wait(), 5)
    timers.later(RESOLUTION_S, rung.clear)  # two more turns of the wheel: nothing rings twice
    while rung.is_set():
        await asyncio.sleep(0)
    assert len(calls) == 1
    assert calls[0] >= 0.03


async def test_timers_ring_in_the_order_of_their_times() -> None:
    timers, order, last = Timers(), [], asyncio.Event()
    for index in (4, 0, 3, 1, 2):
        timers.later(index * 2 * RESOLUTION_S, lambda index=index: order.append(index))
    timers.later(10 * RESOLUTION_S, last.set)
    await asyncio.wait_for(last.wait(), 5)
    assert order == [0, 1, 2, 3, 4]


async def test_a_cancelled_timer_never_rings_and_leaves_nothing_behind() -> None:
    timers, last = Timers(), asyncio.Event()
    cancelled = [timers.later(RESOLUTION_S, pytest.fail) for _ in range(1000)]
    for timer in cancelled:
        timer.cancel()
    assert not any(timers._wheel.values())
    timers.later(3 * RESOLUTION_S, last.set)
    await asyncio.wait_for(last.wait(), 5)
    cancelled[0].cancel()  # long after
    assert timers._wheel == {}


async def test_a_timer_that_fails_stops_neither_the_others_nor_those_to_come() -> None:
    timers, failures = Timers(), []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context["exception"]))
    for _ in range(3):
        rung = asyncio.Event()
        timers.later(RESOLUTION_S, lambda: 1 // 0)
        timers.later(RESOLUTION_S, rung.set)
        await asyncio.wait_for(rung.wait(), 5)
        await asyncio.sleep(0)
    assert [type(failure) for failure in failures] == [ZeroDivisionError] * 3


async def test_a_timer_that_another_one_of_its_tick_cancels_never_rings() -> None:
    timers, last, pair = Timers(), asyncio.Event(), []
    rung = []
    for index in range(2):
        pair.append(timers.later(RESOLUTION_S, lambda index=index: (rung.append(index), pair[1 - index].cancel())))
    timers.later(3 * RESOLUTION_S, last.set)
    await asyncio.wait_for(last.wait(), 5)
    assert len(rung) == 1
