"""How the cost grows: with the words of an utterance, with the items of a batch, with worker processes."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import cycle, repeat

import numpy as np
import orjson

from bench.bulk import per_second
from bench.load import Asking, closed_loop
from bench.options import USUAL, Options
from bench.report import Result, Row, Table, middle, span
from bench.servers import Running, service
from bench.texts import utterances

WORDS = (4, 8, 16, 32, 64, 128, 200)
ITEMS = (1, 2, 4, 8, 16, 32, 64, 128)
WORKERS = (1, 2)
MOST_TEXTS = 2_000
BATCHES = Asking(path="/v1/parse/batch")


@dataclass(frozen=True, slots=True)
class Line:
    """cost = fixed + each * size, fitted by least squares. ``off``: the greatest deviation, as a share of the cost there."""

    fixed: float
    each: float
    r2: float
    off: float

    def __str__(self) -> str:
        return f"{self.fixed:.3g} + {self.each:.3g} x n; r^2 {self.r2:.4f}, at most {self.off:.0%} off"


def measure(options: Options) -> Result:
    """Each size by itself, several times, round by round."""
    with service(options.artifact) as server:
        words = _by_words(server, options)
        items = _by_items(server, options)
    return Result([words, items, *_by_workers(options)], [])


def fit(sizes: Sequence[float], costs: Sequence[float]) -> Line:
    """The straight line through the points.

    >>> print(fit([1, 2, 3], [12, 14, 16]))
    10 + 2 x n; r^2 1.0000, at most 0% off
    """
    size, cost = np.asarray(sizes, dtype=float), np.asarray(costs, dtype=float)
    each, fixed = np.polyfit(size, cost, 1)
    residuals = cost - (fixed + each * size)
    spread = ((cost - cost.mean()) ** 2).sum()
    r2 = 1 - (residuals**2).sum() / spread if spread else 1.0
    return Line(float(fixed), float(each), float(r2), float(np.abs(residuals / cost).max()))


def _by_words(server: Running, options: Options) -> Table:
    tagger = options.tagger()
    lengths = [words for words in WORDS if words <= tagger.max_words]
    texts = {words: utterances(min(MOST_TEXTS, options.texts), words, seed=words) for words in lengths}

    def http(words: int) -> float:
        bodies = [orjson.dumps({"text": text}) for text in texts[words]]
        return 1e6 * closed_loop(server.address, bodies, 1, options.seconds).latency(0.5)

    def graph(words: int) -> float:
        arrays = [tagger.collate([tagger.prepare(text)]) for text in texts[words][:100]]
        return 1e6 / per_second(cycle([partial(tagger.run, one) for one in arrays]), 1, options.seconds)

    return _table("words of one utterance", lengths, {"p50 of /v1/parse us": http, "onnxruntime alone us": graph}, options.rounds)


def _by_items(server: Running, options: Options) -> Table:
    texts = utterances(options.texts)
    tagger = options.tagger()

    def http(items: int) -> float:
        starts = range(0, min(len(texts), 200 * items) - items, items)
        bodies = [orjson.dumps({"items": [{"text": text} for text in texts[start : start + items]]}) for start in starts]
        return 1e6 * closed_loop(server.address, bodies, 1, options.seconds, BATCHES).latency(0.5)

    def graph(items: int) -> float:
        arrays = tagger.collate([tagger.prepare(text) for text in texts[:items]])
        return 1e6 / per_second(repeat(partial(tagger.run, arrays)), 1, options.seconds)

    return _table("utterances of one batch", ITEMS, {"p50 of /v1/parse/batch us": http, "onnxruntime alone us": graph}, options.rounds)


def _by_workers(options: Options) -> list[Table]:
    title = f"Requests/s of /v1/parse by workers, {USUAL} connections"
    if "--workers" not in subprocess.run([sys.executable, "-m", "app", "--help"], capture_output=True, text=True, check=True).stdout:
        return [Table(title, [], ("Not measured: python -m app has no --workers yet.",))]
    bodies = [orjson.dumps({"text": text}) for text in utterances(options.texts)]
    rates: dict[int, list[float]] = {count: [] for count in WORKERS}
    for _ in range(options.rounds):
        for count in WORKERS:
            with service(options.artifact, "--workers", str(count)) as server:
                closed_loop(server.address, bodies, USUAL, min(1.0, options.seconds))
                rates[count].append(closed_loop(server.address, bodies, USUAL, options.seconds).rate())
    ratios = {count: [one / first for one, first in zip(rates[count], rates[WORKERS[0]], strict=True)] for count in WORKERS}
    rows: list[Row] = [
        {"workers": count, "requests/s": middle(rates[count]), "range": span(rates[count]), ": one worker": middle(ratios[count])}
        for count in WORKERS
    ]
    return [Table(title, rows, ("The load generator has one core of the same machine for itself, as far as there is one.",))]


def _table(what: str, sizes: Sequence[int], costs: dict[str, Callable[[int], float]], rounds: int) -> Table:
    found: dict[str, dict[int, list[float]]] = {name: {size: [] for size in sizes} for name in costs}
    for _ in range(rounds):
        for size in sizes:
            for name, cost in costs.items():
                found[name][size].append(cost(size))
    rows: list[Row] = [{"n": size, **{name: middle(found[name][size]) for name in costs}} for size in sizes]
    notes = [f"{name}: {fit(sizes, [middle(found[name][size]) for size in sizes])}" for name in costs]
    return Table(f"Cost against n, the {what}, one at a time", rows, tuple(notes))
