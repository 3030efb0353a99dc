"""What the values of slots cost: ``/v1/parse`` with and without them, with and without what is known, in one run."""

import itertools
import math
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import orjson

from bench.load import PARSE, Asking, closed_loop
from bench.options import USUAL, Options
from bench.report import Goal, Result, Row, Table, middle, shown, span
from bench.servers import Running, rival, service
from bench.serving import EMPTY, Sample, answer_size, refusals
from bench.texts import spoken

OFF, ON, ASKED_ON, UNKNOWN, DIFFERENT = (
    "values left out of the request",
    "values",
    "values, each request with its own reference time",
    "values, --values-cache 0",
    "--values off",
)
GOAL = 0.85
CONNECTIONS = (1, USUAL)


@dataclass(frozen=True, slots=True)
class Way:
    """A server and what it is asked."""

    server: Running
    bodies: Sequence[bytes]
    asking: Asking = PARSE


def measure(options: Options) -> Result:
    """Requests a second in a closed loop, the ways in turn, several times."""
    texts = spoken(options.texts)
    with ExitStack() as stack:
        ways = _ways(stack, options, texts)
        for way in ways.values():
            closed_loop(way.server.address, way.bodies, USUAL, min(1.0, options.seconds), way.asking)  # what is only done once is done
        samples = _in_turn(ways, options)
    notes = (
        f"Utterances of 12 words, {len(texts)} of them, whose phrases follow Zipf's law; nearly four of an utterance say a value. "
        f"Ratios are of one round each, to '{OFF}'. Range over {options.rounds} rounds.",
    )
    rows = [_row(name, count, samples) for count in CONNECTIONS for name in ways]
    goal = Goal(f"requests/s at {USUAL} connections, values : left out", middle(_ratios(samples, ON, USUAL)), at_least=GOAL)
    return Result([Table("What values cost", rows, notes)], [goal])


def _ways(stack: ExitStack, options: Options, texts: Sequence[str]) -> Mapping[str, Way]:
    usual = stack.enter_context(service(options.artifact))
    forgetful = stack.enter_context(service(options.artifact, "--values-cache", "0"))
    without = stack.enter_context(service(options.artifact, "--values", "off"))
    bodies = [orjson.dumps({"text": text}) for text in texts]
    size = answer_size(usual, bodies)
    moments = (
        f"2026-10-20T{hour:02}:{minute:02}:{second:02}Z" for hour, minute, second in itertools.product(range(24), range(60), range(60))
    )
    own = [orjson.dumps({"text": text, "context": {"reference_time": next(moments)}}) for text in texts]
    return {
        OFF: Way(usual, [orjson.dumps({"text": text, "values": False}) for text in texts]),
        ON: Way(usual, bodies),
        ASKED_ON: Way(usual, own),
        UNKNOWN: Way(forgetful, bodies),
        DIFFERENT: Way(without, bodies),
        EMPTY: Way(stack.enter_context(rival("fastapi", size)), bodies, Asking(check=None)),
    }


def _in_turn(ways: Mapping[str, Way], options: Options) -> Mapping[tuple[str, int], Sequence[Sample]]:
    samples: dict[tuple[str, int], list[Sample]] = {(name, count): [] for name in ways for count in CONNECTIONS}
    for number in range(options.rounds):
        for count in CONNECTIONS:
            names = list(ways)
            for name in names[number % len(names) :] + names[: number % len(names)]:  # nobody is always first
                samples[name, count].append(_sample(ways[name], count, options.seconds))
    return samples


def _sample(way: Way, connections: int, seconds: float) -> Sample:
    before = way.server.cpu_s()
    load = closed_loop(way.server.address, way.bodies, connections, seconds, way.asking)
    if load.wrong:
        raise RuntimeError(f"{load.wrong} of {load.checked} answers were about another text: nothing else that was measured counts")
    return Sample(load, 1e6 * (way.server.cpu_s() - before) / max(1, len(load.status)))


def _ratios(samples: Mapping[tuple[str, int], Sequence[Sample]], name: str, count: int) -> list[float]:
    pairs = zip(samples[name, count], samples[OFF, count], strict=True)
    return [sample.load.rate() / (off.load.rate() or math.nan) for sample, off in pairs]


def _row(name: str, count: int, samples: Mapping[tuple[str, int], Sequence[Sample]]) -> Row:
    found, ratios = samples[name, count], _ratios(samples, name, count)
    return {
        "way": name,
        "connections": count,
        "requests/s": middle([sample.load.rate() for sample in found]),
        "of left out": f"{shown(middle(ratios))} ({span(ratios)})",
        "p50 ms": 1e3 * middle([sample.load.latency(0.5) for sample in found]),
        "p99 ms": 1e3 * middle([sample.load.latency(0.99) for sample in found]),
        "server CPU us": middle([sample.cpu_us for sample in found]),
        "not 200": refusals([sample.load for sample in found]),
    }
