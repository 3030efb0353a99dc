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
