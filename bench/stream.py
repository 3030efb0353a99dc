"""How soon an answer follows a key stroke: many people type at once, each on a stream of their own, beside the same strokes posted."""

from collections.abc import Sequence

import numpy as np
import orjson

from bench.load import open_loop
from bench.options import Options
from bench.report import Goal, Result, Row, Table, middle, span
from bench.servers import Running, service
from bench.texts import utterances
from bench.typists import Stroke, Typed, strokes, type_all

TYPISTS = (20, 200, 600)
USUAL = 200  # at which the goal is measured and the same strokes are posted
GOAL_MS = 100.0  # what seems to follow at once (Nielsen 1993)
QUIET = ("--max-wait-s", "5")  # nobody is to be refused for the generator's sharing the machine


def measure(options: Options) -> Result:
    """Strokes in an open loop; several rounds for each number of people."""
    texts = utterances(min(options.texts, 2_000))
    with service(options.artifact, *QUIET) as server:
        type_all(server.address, strokes(texts, 20, min(1.0, options.seconds)), 20)
        rows = [_row(server, texts, typists, options) for typists in TYPISTS]
        rows.append(_posted(server, texts, options))
    usual = next(row for row in rows if row["typists"] == USUAL)
    title = (
        f"From key stroke to answer; a stroke every 100 to 200 ms each, {options.seconds:g} s; median and range of {options.rounds} rounds"
    )
    notes = (
        "latency: from when a stroke was due to the first answer that knows it, its own or a newer one's; superseded: strokes that had no "
        "answer of their own, because a newer one came while they waited; failed: unanswered, refused or about another text.",
        "server cores: processor time of the server per second; it shares the machine with the generator. posted: the same strokes as "
        "POST /v1/parse, an answer to each.",
    )
    return Result(
        [Table(title, rows, notes)], [Goal(f"p99 from key stroke to answer, {USUAL} typing, ms", usual["p99 ms"], at_most=GOAL_MS)]
    )


def _row(server: Running, texts: Sequence[str], typists: int, options: Options) -> Row:
    rounds: list[Typed] = []
    cores, before = [], server.rss_bytes()
    for seed in range(options.rounds):
        cpu_s = server.cpu_s()
        rounds.append(type_all(server.address, strokes(texts, typists, options.seconds, seed), typists))
        cores.append((server.cpu_s() - cpu_s) / options.seconds)
    p99_ms = [1e3 * typed.latency(0.99) for typed in rounds]
    return {
        "how": "stream",
        "typists": typists,
        "strokes/s": middle([typed.strokes / options.seconds for typed in rounds]),
        "p50 ms": middle([1e3 * typed.latency(0.5) for typed in rounds]),
        "p99 ms": middle(p99_ms),
        "p99 range": span(p99_ms),
        "superseded": middle([typed.superseded for typed in rounds]),
        "failed": sum(typed.unanswered + typed.refused + typed.wrong for typed in rounds),
        "server cores": middle(cores),
        "server grew MB": (server.rss_bytes() - before) / 1e6,
        "generator us": middle([1e6 * typed.cpu_s / typed.strokes for typed in rounds]),
    }


def _posted(server: Running, texts: Sequence[str], options: Options) -> Row:
    loads, cores, before = [], [], server.rss_bytes()
    for seed in range(options.rounds):
        typed = [stroke for stroke in strokes(texts, USUAL, options.seconds, seed) if stroke.text]  # POST refuses a text without words
        cpu_s = server.cpu_s()
        loads.append(open_loop(server.address, *_bodies(typed), connections=USUAL))
        cores.append((server.cpu_s() - cpu_s) / options.seconds)
    p99_ms = [1e3 * load.latency(0.99) for load in loads]
    return {
        "how": "posted",
        "typists": USUAL,
        "strokes/s": middle([len(load.status) / options.seconds for load in loads]),
        "p50 ms": middle([1e3 * load.latency(0.5) for load in loads]),
        "p99 ms": middle(p99_ms),
        "p99 range": span(p99_ms),
        "superseded": 0.0,
        "failed": sum(load.failed + load.wrong for load in loads),
        "server cores": middle(cores),
        "server grew MB": (server.rss_bytes() - before) / 1e6,
        "generator us": middle([load.cpu_us() for load in loads]),
    }


def _bodies(typed: Sequence[Stroke]) -> tuple[list[bytes], np.ndarray]:
    return [orjson.dumps({"text": stroke.text}) for stroke in typed], np.array([stroke.due_s for stroke in typed])
