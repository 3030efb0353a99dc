import asyncio
import threading
from typing import Any

import pytest

from app.runner import Runner

pytestmark = pytest.mark.anyio


async def outcomes_of(works: list[Any], function: Any) -> tuple[list[Any], set[int]]:
    """What a runner reports of each work, and in which threads it did so."""
    outcomes, threads, all_done = [], set(), asyncio.Event()

    def report(outcome: Any) -> None:
        outcomes.append(outcome)
        threads.add(threading.get_ident())
        if len(outcomes) == len(works):
            all_done.set()

    runner: Runner[Any, Any] = Runner("test", function, report)
    runner.start()
    for work in works:
        runner.give(work)
    await asyncio.wait_for(all_done.wait(), 10)
    runner.close()
    runner._thread.join(10)
    assert not runner.alive
    return outcomes, threads


async def test_outcomes_come_into_the_loop_in_the_order_of_the_work() -> None:
    outcomes, threads = await outcomes_of(list(range(1, 100)), lambda work: (work, threading.get_ident()))
    assert [work for work, _ in outcomes] == list(range(1, 100))
    assert threads == {threading.get_ident()}
    assert threading.get_ident() not in {thread for _, thread in outcomes}


async def test_an_exception_is_an_outcome_and_the_thread_goes_on() -> None:
    outcomes, _ = await outcomes_of([2, 0, 4], lambda work: 8 // work)
    assert outcomes[::2] == [4, 2]
    assert isinstance(outcomes[1], ZeroDivisionError)


async def test_what_is_no_exception_is_told_and_ends_the_thread() -> None:
    def leave(work: int) -> None:
        raise SystemExit(work)

    (outcome,), _ = await outcomes_of([3], leave)
    assert isinstance(outcome, SystemExit)
