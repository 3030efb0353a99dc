"""What an utterance of 12 words costs, step by step, in process, beside onnxruntime alone on the same arrays."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from bench.options import Options
from bench.report import Result, Row, Table, middle, span
from bench.texts import utterances

BATCHES = (1, 16, 64)
TEXTS = 640


def measure(options: Options) -> Result:
    """Microseconds an utterance for each step, one thread."""
    tagger = options.tagger()
    row = partial(_row, options.rounds)
    texts = utterances(TEXTS)
    prepared = [tagger.prepare(text) for text in texts]
    rows = [row("prepare (tokens, features)", _each(tagger.prepare, texts))]
    for size in BATCHES:
        batches = [prepared[start : start + size] for start in range(0, len(prepared), size)]
        arrays = [tagger.collate(batch) for batch in batches]
        outputs = [tagger.run(one) for one in arrays]
        rows += [
            row(f"collate, batch {size}", _each(tagger.collate, batches)),
            row(f"onnxruntime alone, batch {size}", _each(tagger.run, arrays)),
            row(f"decode, batch {size}", _each(lambda pair: tagger.decode(*pair), list(zip(batches, outputs, strict=True)))),
            row(f"annotate_batch (all three), batch {size}", _each(tagger.annotate_batch, batches)),
        ]
    rows.append(row("from text to annotation, batch 1", _each(tagger.annotate, texts)))
    return Result([Table(f"Cost of an utterance, in process; median and range of {options.rounds} rounds", rows)], [])


def _each(function: Callable[[Any], object], arguments: Sequence[Any]) -> Callable[[], object]:
    return lambda: [function(argument) for argument in arguments]


def _row(rounds: int, name: str, run: Callable[[], object]) -> Row:
    """Rounds after one that does not count."""
    costs = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        run()
        costs.append(1e6 * (time.perf_counter() - began) / TEXTS)
    return {"step": name, "us": middle(costs[1:]), "range": span(costs[1:])}
