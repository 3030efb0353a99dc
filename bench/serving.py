"""``/v1/parse`` over real sockets, beside an empty FastAPI endpoint and a bare Starlette one in the same run."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import orjson

from bench.connection import Check
from bench.load import Asking, Load, closed_loop, open_loop, percentile, poisson
from bench.options import CONNECTIONS, USUAL, Options
from bench.report import Goal, Result, Row, Table, middle, shown, span
from bench.servers import Running, rival, service
from bench.texts import utterances

OURS, EMPTY, FLOOR = "slotline", "empty FastAPI", "bare Starlette"
LOAD = 0.7  # of the peak, at which latency is measured
RATE_GOAL, P50_GOAL, P99_GOAL = 1.0, 1.5, 3.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement of one server."""

    load: Load
    cpu_us: float  # of the server, per request


Samples = Mapping[tuple[str, int], Sequence[Sample]]  # by server and connections


def measure(options: Options) -> Result:
    """Throughput in a closed loop and latency in an open one, the servers in turn, several times."""
    bodies = [orjson.dumps({"text": text}) for text in utterances(options.texts)]
    with ExitStack() as stack:
        ours = stack.enter_context(service(options.artifact))
        size = answer_size(ours, bodies)
        servers = {
            OURS: ours,
            EMPTY: stack.enter_context(rival("fastapi", size)),
            FLOOR: stack.enter_context(rival("starlette", size)),
        }
        for name in servers:
            _closed(servers, name, bodies, USUAL, min(1.0, options.seconds))  # what is only done once is done
        closed = _in_turn(servers, bodies, options)
        peaks = {name: middle([sample.load.rate() for sample in closed[name, USUAL]]) for name in servers}
        opened = _opened(servers, peaks, bodies, options)
    throughput = Table(
        "Closed loop: each connection sends its next request when the answer has come",
        [_row(name, count, samples) for (name, count), samples in closed.items()],
        (f"Utterances of 12 words, {options.texts} different ones; an answer has {size} bytes. Range over {options.rounds} rounds.",),
    )
    latency = Table(
        f"Open loop at {LOAD:.0%} of each server's own peak at {USUAL} connections, latency from when a request was due",
        [_open_row(name, peaks[name], samples) for name, samples in opened.items()],
    )
    return Result([throughput, _compared(closed), latency], _goals(closed, opened))


def answer_size(server: Running, bodies: Sequence[bytes]) -> int:
    """The median length of our answers, bytes."""
    sizes: list[float] = []

    def note(_: bytes, answer: bytes) -> bool:
        sizes.append(len(answer))
        return True

    closed_loop(server.address, bodies, 1, 0.5, Asking(check=note))
    return int(middle(sizes))


def refusals(loads: Sequence[Load]) -> str:
    """What came in place of 200s: ``503 x 12``; empty for none."""
    counts = sum((Counter(load.statuses) for load in loads), Counter())
    return ", ".join(f"{status} x {count}" for status, count in sorted(counts.items()) if status != 200)


def _in_turn(servers: Mapping[str, Running], bodies: Sequence[bytes], options: Options) -> Samples:
    samples: dict[tuple[str, int], list[Sample]] = {(name, count): [] for count in CONNECTIONS for name in servers}
    for number in range(options.rounds):
        for count in CONNECTIONS:
            for name in _turned(list(servers), number):
                samples[name, count].append(_closed(servers, name, bodies, count, options.seconds))
    return samples


def _opened(
    servers: Mapping[str, Running], peaks: Mapping[str, float], bodies: Sequence[bytes], options: Options
) -> Mapping[str, Sequence[Sample]]:
    samples = defaultdict(list)
    for number in range(options.rounds):
        for name in _turned(list(servers), number):
            due_s = poisson(LOAD * peaks[name], options.seconds, seed=number)
            before = servers[name].cpu_s()
            load = open_loop(servers[name].address, bodies, due_s, asking=Asking(check=None))
            samples[name].append(Sample(load, _per_request(servers[name].cpu_s() - before, load)))
    return samples


def _closed(servers: Mapping[str, Running], name: str, bodies: Sequence[bytes], connections: int, seconds: float) -> Sample:
    check: Check | None = Asking().check if name == OURS else None
    before = servers[name].cpu_s()
    load = closed_loop(servers[name].address, bodies, connections, seconds, Asking(check=check))
    if load.wrong:
        raise RuntimeError(f"{load.wrong} of {load.checked} answers were about another text: nothing else that was measured counts")
    return Sample(load, _per_request(servers[name].cpu_s() - before, load))


def _per_request(seconds: float, load: Load) -> float:
    return 1e6 * seconds / max(1, len(load.status))


def _turned(names: list[str], number: int) -> list[str]:
    """Nobody is always first."""
    return names[number % len(names) :] + names[: number % len(names)]


def _row(name: str, connections: int, samples: Sequence[Sample]) -> Row:
    rates = [sample.load.rate() for sample in samples]
    return {
        "server": name,
        "connections": connections,
        "requests/s": middle(rates),
        "range": span(rates),
        "p50 ms": 1e3 * middle([sample.load.latency(0.5) for sample in samples]),
        "p99 ms": 1e3 * middle([sample.load.latency(0.99) for sample in samples]),
        "server CPU us": middle([sample.cpu_us for sample in samples]),
        "generator CPU us": middle([sample.load.cpu_us() for sample in samples]),
        "not 200": refusals([sample.load for sample in samples]),
    }


def _open_row(name: str, peak: float, samples: Sequence[Sample]) -> Row:
    return {
        "server": name,
        "offered/s": LOAD * peak,
        "answered/s": middle([sample.load.rate() for sample in samples]),
        "p50 ms": 1e3 * middle([sample.load.latency(0.5) for sample in samples]),
        "p99 ms": 1e3 * middle([sample.load.latency(0.99) for sample in samples]),
        "p99 / p50": middle(_tails(samples)),
        "range": span(_tails(samples)),
        "sent late p99 ms": 1e3 * middle([percentile(sample.load.lag_s, 0.99) for sample in samples]),
        "not 200": refusals([sample.load for sample in samples]),
    }


def _compared(closed: Samples) -> Table:
    rows = []
    for count in CONNECTIONS:
        row: Row = {"connections": count}
        for rival_name in (EMPTY, FLOOR):
            for what, ratios in (("requests/s", _rates(closed, rival_name, count)), ("p50", _p50s(closed, rival_name, count))):
                row[f"{what} : {rival_name}"] = f"{shown(middle(ratios))} ({span(ratios)})"
        rows.append(row)
    return Table(f"{OURS} : others, each round by itself: median and range", rows)


def _goals(closed: Samples, opened: Mapping[str, Sequence[Sample]]) -> list[Goal]:
    return [
        Goal(f"requests/s at {USUAL} connections : {EMPTY}", middle(_rates(closed, EMPTY, USUAL)), at_least=RATE_GOAL),
        Goal(f"p50 at one connection : {EMPTY}", middle(_p50s(closed, EMPTY, 1)), at_most=P50_GOAL),
        Goal(f"p99 : p50 at {LOAD:.0%} load", middle(_tails(opened[OURS])), at_most=P99_GOAL),
    ]


def _rates(closed: Samples, other: str, count: int) -> list[float]:
    pairs = zip(closed[OURS, count], closed[other, count], strict=True)
    return [ours.load.rate() / (theirs.load.rate() or math.nan) for ours, theirs in pairs]


def _p50s(closed: Samples, other: str, count: int) -> list[float]:
    pairs = zip(closed[OURS, count], closed[other, count], strict=True)
    return [ours.load.latency(0.5) / theirs.load.latency(0.5) for ours, theirs in pairs]


def _tails(samples: Sequence[Sample]) -> list[float]:
    return [sample.load.latency(0.99) / sample.load.latency(0.5) for sample in samples]
