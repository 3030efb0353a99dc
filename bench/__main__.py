"""``python -m bench``: what an utterance costs, step by step, beside onnxruntime alone on the same arrays, in one run."""

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from model.features import collate
from model.tagger import Tagger

SHIPPED = Path("model/artifacts/booking")
RESULTS = Path("bench/results")
BATCHES = (1, 16, 64)
ROUNDS = 7
CITIES = ("Oslo", "Porto", "Tuzla", "Gdansk", "Taipei", "Lyon", "Bergen", "Leeds", "Quito", "Kazan")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "tomorrow")


def main() -> None:
    """Measure, print a table, write a JSON file."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--artifact", type=Path, default=SHIPPED, help="the artefact to measure")
    parser.add_argument("--out", type=Path, default=RESULTS, help="the folder for the JSON file")
    options = parser.parse_args()
    tagger = Tagger.load(options.artifact)
    rows = measure(tagger)
    for name, microseconds in rows.items():
        print(f"{name:48} {microseconds:9.1f} us an utterance")
    options.out.mkdir(parents=True, exist_ok=True)
    machine = {"processor": platform.processor() or platform.machine(), "cores": os.cpu_count(), "python": platform.python_version()}
    report = {"date": date.today().isoformat(), "machine": machine, "model": {"name": tagger.name, "sha256": tagger.sha256}, "us": rows}
    (options.out / "tagger.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def measure(tagger: Tagger) -> dict[str, float]:
    """Median microseconds an utterance of 12 words for each step, one thread."""
    texts = utterances()
    rows = {"prepare (tokens, features)": per_utterance(lambda: [tagger.prepare(text) for text in texts], len(texts))}
    prepared = [tagger.prepare(text) for text in texts]
    for size in BATCHES:
        batches = [prepared[start : start + size] for start in range(0, len(prepared), size)]
        arrays = [collate([one.features for one in batch]) for batch in batches]
        rows[f"onnxruntime alone, batch {size}"] = per_utterance(_each(tagger.graph.run, arrays), len(texts))
        rows[f"annotate_batch (graph, decoding), batch {size}"] = per_utterance(_each(tagger.annotate_batch, batches), len(texts))
    rows["from text to annotation, batch 1"] = per_utterance(lambda: [tagger.annotate(text) for text in texts], len(texts))
    return rows


def _each(function: Callable[[Any], object], arguments: Sequence[Any]) -> Callable[[], object]:
    return lambda: [function(argument) for argument in arguments]


def per_utterance(run: Callable[[], object], count: int) -> float:
    """Median over rounds after one that does not count, in microseconds."""
    seconds = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - began)
    return round(statistics.median(seconds[1:]) / count * 1e6, 1)


def utterances() -> list[str]:
    """Different utterances of 12 words."""
    routes = [(one, other) for one in CITIES for other in CITIES if one != other]
    return [f"I want to fly from {one} to {other} on {day} at 7pm" for one, other in routes for day in DAYS][:640]


if __name__ == "__main__":
    main()
