"""Five times more than the service can do: it does what it can, refuses the rest at once and is well right after."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from tests.system.footprint import memory_mb, waiting
from tests.system.offered import Load, offer, saturate
from tests.system.running import Service, running
from tests.system.size import choose
from tests.system.wire import ask, post, until
from tests.tiny import write_tiny_artifact
from training.config import NetworkConfig

DEADLINE_S = 4.0
TOLERANCE_S = 0.3  # the generator shares the cores with the server
ROUNDS = 3  # and both share them with whatever else the machine does: one undisturbed round of three must hold
# So slow that the load five times over, refused and generated on the same cores, takes little from the model; fast enough for a batch
# to take a small part of the deadline.
SLOW = NetworkConfig(word_dim=64, ngram_dim=32, hidden=1536, attention_dim=8)
REQUEST = post({"text": "I want to fly from Oslo to Tuzla on 3 November " * 5, "include": []})


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    models = write_tiny_artifact(tmp_path_factory.mktemp("models") / "slow", name="slow", network=SLOW)
    with running(models, "--deadline-s", str(DEADLINE_S), "--max-wait-s", str(DEADLINE_S / 4), "--max-batch-cells", "512") as service:
        yield service


def overload(service: Service) -> tuple[float, Load]:
    """The most that goes, in answers per second, and five times as much offered.

    The most is measured before and after; the smaller counts, because the machine may have other things to do by then.
    """
    before = asyncio.run(saturate(service.address, REQUEST, clients=20, seconds=choose(short=2, long=10)))
    more = asyncio.run(offer(service.address, REQUEST, per_second=5 * before.good_per_s(DEADLINE_S), seconds=choose(short=4, long=30)))
    first = ask_timed(service)
    after = asyncio.run(saturate(service.address, REQUEST, clients=20, seconds=choose(short=2, long=10)))
    most = min(before.good_per_s(DEADLINE_S), after.good_per_s(DEADLINE_S))
    share = more.good_per_s(DEADLINE_S + TOLERANCE_S) / most
    print(f"before: {before}\noverloaded: {more}\nfirst after: {first:.3f} s\nafter: {after}\ngoodput: {share:.2f} of the most")
    return most, more


def ask_timed(service: Service) -> float:
    """Seconds for one request right after the load; within one second, with an empty queue, it must be answered."""
    started = time.monotonic()
    assert ask(service, REQUEST).status == 200
    taken = time.monotonic() - started
    assert taken < 1
    until(lambda: waiting(service) == 0, seconds=1)
    return taken


def what_is_wrong(most: float, more: Load) -> list[str]:
    """Every promise that the overloaded service broke."""
    wrong = []
    share = more.good_per_s(DEADLINE_S + TOLERANCE_S) / most
    if share < 0.9:
        wrong.append(f"goodput fell to {share:.2f} of the peak")
    statuses = {outcome.status for outcome in more.outcomes}
    if not statuses <= {200, 503}:
        wrong.append(f"answered with {statuses}")
    if more.latency_s(200, 0.99) > DEADLINE_S + TOLERANCE_S:
        wrong.append(f"an admitted request took {more.latency_s(200, 0.99):.2f} s")
    if not more.of(503):
        wrong.append("nothing was refused")
    elif more.latency_s(503, 0.5) > TOLERANCE_S / 3 or more.latency_s(503, 0.99) > TOLERANCE_S:
        wrong.append(f"a refusal took {more.latency_s(503, 0.5):.2f} s, {more.latency_s(503, 0.99):.2f} s at p99")
    return wrong


@pytest.mark.alone
@pytest.mark.timeout(choose(short=60, long=400))
def test_five_times_too_much_is_served_as_far_as_it_goes_and_refused_beyond(service: Service) -> None:
    asyncio.run(saturate(service.address, REQUEST, clients=4, seconds=1))  # it must know its own speed
    memory, wrong = memory_mb(service), ["never tried"]
    for _ in range(ROUNDS):
        most, more = overload(service)
        assert all(outcome.retry_after for outcome in more.of(503))
        if not (wrong := what_is_wrong(most, more)):
            break
    assert wrong == []
    assert memory_mb(service, "VmHWM") < memory + 200
