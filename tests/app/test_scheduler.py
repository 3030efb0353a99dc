import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from app.batch import BatchLimits
from app.capacity import QueueLimits
from app.errors import AnnotationFailed, DeadlineExceeded, Draining, Overloaded, WorkerDied
from app.metrics import Metrics
from app.scheduler import MicroBatcher
from tests.app.serving import happens, turns
from tests.fakes import DyingTagger, ErrorTagger, FakeTagger, ForgetfulTagger, SlowTagger

pytestmark = pytest.mark.anyio

LIMITS = QueueLimits(items=1000, words=10_000, wait_s=5, hang_s=20, batch=BatchLimits(rows=8, cells=64))


@asynccontextmanager
async def batching(tagger: FakeTagger, limits: QueueLimits = LIMITS) -> AsyncIterator[MicroBatcher]:
    batcher = MicroBatcher(tagger.name, tagger, limits, Metrics())
    batcher.start()
    try:
        yield batcher
    finally:
        if isinstance(tagger, SlowTagger):
            tagger.release.set()
        await batcher.close()


async def entered(tagger: SlowTagger, batcher: MicroBatcher) -> asyncio.Task[Any]:
    """Put one utterance into the worker, so that the next ones wait."""
    task = asyncio.create_task(batcher.submit(tagger.prepare("in the worker"), 20))
    await happens(tagger.entered)
    return task


async def test_a_thousand_answers_go_to_those_who_asked() -> None:
    tagger = FakeTagger()
    texts = [f"from city{index} to {'very ' * (index % 7)} far{index}" for index in range(1000)]
    async with batching(tagger) as batcher:
        answers = await asyncio.gather(*(batcher.submit(tagger.prepare(text), 20) for text in texts))
    assert [answer.annotation.text for answer in answers] == texts
    assert [answer.annotation.slots for answer in answers] == [FakeTagger().annotate(text).slots for text in texts]
    assert max(len(batch) for batch in tagger.batches) == 8


async def test_what_waits_while_the_worker_is_busy_goes_in_two_halves() -> None:
    tagger = SlowTagger()
    async with batching(tagger) as batcher:
        first = await entered(tagger, batcher)
        futures = batcher.admit([tagger.prepare(f"number {index}") for index in range(7)], 20)
        tagger.release.set()
        await asyncio.gather(first, *futures)
    assert [len(batch) for batch in tagger.batches] == [1, 4, 3]


async def test_one_by_one_everybody_goes_at_once() -> None:
    tagger = FakeTagger()
    async with batching(tagger) as batcher:
        for index in range(20):
            await batcher.submit(tagger.prepare(f"number {index}"), 20)
    assert [len(batch) for batch in tagger.batches] == [1] * 20


async def test_departed_client_does_not_harm_its_batch_mates() -> None:
    tagger = SlowTagger()
    async with batching(tagger) as batcher:
        first = await entered(tagger, batcher)
        tasks = [asyncio.create_task(batcher.submit(tagger.prepare(f"number {index}"), 20)) for index in range(6)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        first.cancel()  # its own batch is in the worker already
        tagger.release.set()
        answers = await asyncio.gather(*tasks[1::2])
    assert [answer.annotation.text for answer in answers] == ["number 1", "number 3", "number 5"]
    assert tagger.batches == [["in the worker"], ["number 1", "number 3", "number 5"]]


@pytest.mark.parametrize("stage", ["collate", "run", "decode"])
async def test_only_the_culprit_of_a_failing_batch_fails(caplog: pytest.LogCaptureFixture, stage: str) -> None:
    tagger = ErrorTagger(stage=stage)
    texts = ["from Oslo", "poison from Rome", "to Bergen"]
    async with batching(tagger) as batcher:
        outcomes = await asyncio.gather(*batcher.admit([tagger.prepare(text) for text in texts], 20), return_exceptions=True)
        assert isinstance(outcomes[1], AnnotationFailed)
        assert [outcomes[index].annotation.text for index in (0, 2)] == ["from Oslo", "to Bergen"]
        assert (await batcher.submit(tagger.prepare("to Rome"), 20)).annotation.text == "to Rome"
        assert batcher.alive
    assert "ValueError" in caplog.text
    assert "Rome" not in caplog.text


async def test_a_wrong_number_of_answers_is_a_failure_not_a_mix_up() -> None:
    tagger = ForgetfulTagger()
    async with batching(tagger) as batcher:
        outcomes = await asyncio.gather(*batcher.admit([tagger.prepare("one"), tagger.prepare("two")], 20), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [AnnotationFailed, AnnotationFailed]


async def test_a_dead_worker_fails_all_who_wait_and_refuses_the_next() -> None:
    tagger = DyingTagger()
    async with batching(tagger) as batcher:
        tasks = [batcher.admit([tagger.prepare("die")], 20)[0], *batcher.admit([tagger.prepare("x " * 60)], 20)]
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [WorkerDied, WorkerDied]
        assert not batcher.alive
        with pytest.raises(WorkerDied, match="restarted"):
            await batcher.submit(tagger.prepare("later"), 20)


async def test_an_answer_too_late_is_a_deadline_error_and_is_not_computed() -> None:
    tagger = SlowTagger()
    async with batching(tagger) as batcher:
        first = await entered(tagger, batcher)
        (second,) = batcher.admit([tagger.prepare("in its hands")], 20)
        await turns()
        with pytest.raises(DeadlineExceeded, match=r"0\.01 s"):
            await batcher.submit(tagger.prepare("too late"), 0.01)
        tagger.release.set()
        await asyncio.gather(first, second)
    assert tagger.batches == [["in the worker"], ["in its hands"]]


@pytest.mark.parametrize(("items", "words"), [(3, 1000), (1000, 6)])
async def test_more_than_the_queue_may_hold_is_refused_at_once(items: int, words: int) -> None:
    tagger = SlowTagger()
    async with batching(tagger, replace(LIMITS, items=items, words=words)) as batcher:
        first = await entered(tagger, batcher)
        admitted = batcher.admit([tagger.prepare("two words")] * 3, 20)
        with pytest.raises(Overloaded) as caught:
            batcher.admit([tagger.prepare("more")], 20)
        assert caught.value.retry_after_s == 1
        tagger.release.set()
        await asyncio.gather(first, *admitted)
        assert await batcher.submit(tagger.prepare("later"), 20)


async def test_a_batch_counts_with_all_its_items_and_is_admitted_whole_or_not_at_all() -> None:
    tagger = SlowTagger()
    async with batching(tagger, replace(LIMITS, items=4, words=1000)) as batcher:
        first = await entered(tagger, batcher)
        admitted = batcher.admit([tagger.prepare("waits")] * 2, 20)
        with pytest.raises(Overloaded):
            batcher.admit([tagger.prepare("one of three")] * 3, 20)
        admitted += batcher.admit([tagger.prepare("one of two")] * 2, 20)
        tagger.release.set()
        await asyncio.gather(first, *admitted)
    assert sum(map(len, tagger.batches)) == 5


async def test_an_empty_queue_takes_any_one_request() -> None:
    tagger = FakeTagger()
    async with batching(tagger, replace(LIMITS, items=1, words=1)) as batcher:
        assert len(await asyncio.gather(*batcher.admit([tagger.prepare("three words here")] * 9, 20))) == 9


async def test_places_of_departed_clients_are_given_to_others() -> None:
    tagger = SlowTagger()
    async with batching(tagger, replace(LIMITS, items=2, words=1000)) as batcher:
        first = await entered(tagger, batcher)
        for future in batcher.admit([tagger.prepare("leaves")] * 2, 20):
            future.cancel()
        admitted = batcher.admit([tagger.prepare("stays")] * 2, 20)
        tagger.release.set()
        await asyncio.gather(first, *admitted)


async def test_close_answers_what_waits_and_takes_nothing_more() -> None:
    tagger = SlowTagger()
    async with batching(tagger) as batcher:
        first = await entered(tagger, batcher)
        waiting = batcher.admit([tagger.prepare(f"number {index}") for index in range(20)], 20)
        closing = asyncio.create_task(batcher.close())
        await asyncio.sleep(0)
        with pytest.raises(Draining):
            batcher.admit([tagger.prepare("too late")], 20)
        tagger.release.set()
        await closing
        assert all(future.done() and not future.exception() for future in waiting)
        await first


async def test_a_worker_that_hangs_fails_all_who_wait_and_refuses_the_next() -> None:
    tagger = SlowTagger()
    async with batching(tagger, replace(LIMITS, hang_s=0.05)) as batcher:
        first = await entered(tagger, batcher)
        waiting = batcher.admit([tagger.prepare("waits")] * 3, 20)
        outcomes = await asyncio.gather(first, *waiting, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [WorkerDied] * 4
        assert not batcher.alive
        with pytest.raises(WorkerDied):
            batcher.admit([tagger.prepare("later")], 20)
        tagger.release.set()  # an answer that comes after all disturbs nobody
        await turns()
        assert not batcher.alive


async def test_what_cannot_be_answered_in_time_is_refused_with_the_time_to_wait() -> None:
    tagger = SlowTagger()
    async with batching(tagger, replace(LIMITS, wait_s=1.5)) as batcher:
        first = await entered(tagger, batcher)
        batcher._capacity.took(100, words=1000)  # 0.1 s a word
        admitted = batcher.admit([tagger.prepare("five words in this one")] * 4, 20)
        with pytest.raises(Overloaded, match="4 utterances wait already; try again in 2 s") as caught:
            batcher.admit([tagger.prepare("more")], 20)
        assert caught.value.retry_after_s == 2
        tagger.release.set()
        await asyncio.gather(first, *admitted)
