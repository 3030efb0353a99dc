"""Many utterances at once: over HTTP, through the command and in process, against onnxruntime alone on the same arrays."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import cycle
from pathlib import Path

import orjson

from bench.load import Asking, closed_loop
from bench.options import Options
from bench.report import Goal, Result, Row, Table, middle, span
from bench.servers import Running, service
from bench.texts import utterances
from model.tagger import Tagger

ALONE = "onnxruntime alone, one thread"
GRAPH_BATCH = 64  # utterances, as the service and the command send them through the graph
ITEMS = 128
CONNECTIONS = (1, 4)
GOAL = 0.7
BATCHES = Asking(path="/v1/parse/batch")


def measure(options: Options) -> Result:
    """Utterances a second of each way, in turn, several times."""
    texts = utterances(options.texts)
    tagger = options.tagger()
    bodies = [
        orjson.dumps({"items": [{"text": text} for text in texts[start : start + ITEMS]]}) for start in range(0, len(texts) - ITEMS, ITEMS)
    ]
    with service(options.artifact) as server, tempfile.TemporaryDirectory() as folder:
        ways = _in_process(tagger, texts, options.seconds)
        for count in CONNECTIONS:
            ways[f"POST /v1/parse/batch, {ITEMS} items, connections: {count}"] = partial(_http, server, bodies, count, options.seconds)
        source = _written(Path(folder), texts, options.lines)
        ways[f"python -m app.annotate, {options.lines} lines, start included"] = partial(_command, source, options)
        rates: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(options.rounds):
            for name, way in ways.items():
                rates[name].append(way())
    rows = [_row(name, rates[name], rates[ALONE]) for name in rates]
    goals = [Goal(f"{row['way']} : {ALONE}", row["of onnxruntime"], at_least=GOAL) for row in rows[1:]]
    notes = (f"12 words; batches of {GRAPH_BATCH} in the graph. The command prepares and writes while the graph runs in a second thread.",)
    return Result([Table("Bulk", rows, notes)], goals)


def per_second(steps: Iterable[Callable[[], object]], count: int, seconds: float) -> float:
    """How many of the ``count`` things that each step does are done in a second, for ``seconds``."""
    began, done = time.perf_counter(), 0
    for step in steps:
        step()
        done += count
        if (passed := time.perf_counter() - began) >= seconds:
            return done / passed
    raise ValueError("the steps ended before the time did; give endless ones")


def _in_process(tagger: Tagger, texts: Sequence[str], seconds: float) -> dict[str, Callable[[], float]]:
    prepared = [tagger.prepare(text) for text in texts[: 50 * GRAPH_BATCH]]
    batches = [prepared[start : start + GRAPH_BATCH] for start in range(0, len(prepared), GRAPH_BATCH)]
    runs = [partial(tagger.run, tagger.collate(batch)) for batch in batches]
    annotations = [partial(tagger.annotate_batch, batch) for batch in batches]
    return {
        ALONE: lambda: per_second(cycle(runs), GRAPH_BATCH, seconds),
        "Tagger.annotate_batch in process, one thread": lambda: per_second(cycle(annotations), GRAPH_BATCH, seconds),
    }


def _http(server: Running, bodies: Sequence[bytes], connections: int, seconds: float) -> float:
    return ITEMS * closed_loop(server.address, bodies, connections, seconds, BATCHES).rate()


def _written(folder: Path, texts: Sequence[str], lines: int) -> Path:
    path = folder / "in.jsonl"
    with path.open("wb") as stream:
        for number, text in zip(range(lines), cycle(texts), strict=False):
            stream.write(orjson.dumps({"id": number, "text": text}, option=orjson.OPT_APPEND_NEWLINE))
    return path


def _command(source: Path, options: Options) -> float:
    target = source.with_name("out.jsonl")
    command = [sys.executable, "-m", "app.annotate", str(source), "--out", str(target), "--model", str(options.artifact)]
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    seconds = time.perf_counter() - began
    target.unlink()
    return options.lines / seconds


def _row(name: str, rates: Sequence[float], alone: Sequence[float]) -> Row:
    shares = [rate / most for rate, most in zip(rates, alone, strict=True)]
    return {
        "way": name,
        "utterances/s": middle(rates),
        "range": span(rates),
        "of onnxruntime": middle(shares),
        "range of it": span(shares),
    }
