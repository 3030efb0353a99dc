import asyncio

import pytest

from app.outbox import Outbox

pytestmark = pytest.mark.anyio


async def test_what_is_ready_in_one_turn_leaves_at_its_end_in_order() -> None:
    outbox, events = Outbox(), []
    loop = asyncio.get_running_loop()
    for index in range(5):
        loop.call_soon(lambda index=index: (events.append(f"ready {index}"), outbox.put(lambda: events.append(f"sent {index}"))))
    for _ in range(3):
        await asyncio.sleep(0)
    assert events == [f"ready {index}" for index in range(5)] + [f"sent {index}" for index in range(5)]


async def test_a_flush_sends_at_once_and_nothing_twice() -> None:
    outbox, sent = Outbox(), []
    outbox.put(lambda: sent.append(1))
    outbox.flush()
    assert sent == [1]
    outbox.put(lambda: sent.append(2))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert sent == [1, 2]


async def test_what_sending_sets_off_leaves_with_the_next_turn() -> None:
    outbox, sent = Outbox(), []
    outbox.put(lambda: outbox.put(lambda: sent.append("behind")))
    await asyncio.sleep(0)
    assert sent == []
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert sent == ["behind"]


async def test_one_that_cannot_be_sent_keeps_none_of_the_others(caplog: pytest.LogCaptureFixture) -> None:
    outbox, sent = Outbox(), []
    for send in (lambda: sent.append(1), lambda: 1 // 0, lambda: sent.append(2)):
        outbox.put(send)
    outbox.flush()
    assert sent == [1, 2]
    assert "ZeroDivisionError" in caplog.text
