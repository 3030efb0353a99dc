"""What every peer does: train on a file, write down what it finds in another, and annotate that one for so many seconds.

    python -m bench.peers.NAME TRAIN TEST FOUND --seconds 3

TRAIN and TEST hold JSON lines such as ``{"text": "to Oslo", "slots": [[3, 7, "destination"]]}``; FOUND gets the slots of each line of TEST.
Prints one JSON object. Only the standard library is imported here.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

Slots = list[tuple[int, int, str]]  # start, end, name, in code points
Annotate = Callable[[Sequence[str]], list[Slots]]  # all texts at once: a peer makes its own batches


class Example(NamedTuple):
    """A text and its slots."""

    text: str
    slots: Slots


def main(peer: str, what: str, train: Callable[[list[Example]], Annotate]) -> None:
    """The command line of a peer. ``what``: how it is set up, for the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("train", "test", "found"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    examples = read(options.train)
    began = time.perf_counter()
    annotate = train(examples)
    train_s = time.perf_counter() - began
    texts = [example.text for example in read(options.test)]
    found = annotate(texts)
    options.found.write_text("".join(json.dumps(slots) + "\n" for slots in found), encoding="utf-8")
    print(json.dumps({"peer": peer, "what": what, "train_s": train_s, "rate": rate(annotate, texts, options.seconds)}))


def read(path: Path) -> list[Example]:
    """The examples of a file."""
    with path.open(encoding="utf-8") as lines:
        said = [json.loads(line) for line in lines]
    return [Example(one["text"], [(start, end, name) for start, end, name in one["slots"]]) for one in said]


def rate(annotate: Annotate, texts: Sequence[str], seconds: float) -> float:
    """Texts a second, from text to slots."""
    began, done = time.perf_counter(), 0
    while (passed := time.perf_counter() - began) < seconds:
        annotate(texts)
        done += len(texts)
    return done / passed
