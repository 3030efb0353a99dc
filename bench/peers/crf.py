"""A linear-chain CRF over plain word features (python-crfsuite): what slot filling was before neural networks."""

import re
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import pycrfsuite

from bench.peers.task import Annotate, Example, Slots, main

WORD = re.compile(r"\w+(?:[.:,/]\w+)*|[^\w\s]")
ITERATIONS = 60


def train(examples: list[Example]) -> Annotate:
    """Train by L-BFGS on BIO tags."""
    trainer = pycrfsuite.Trainer(verbose=False)
    trainer.set_params({"c1": 0.1, "c2": 0.01, "max_iterations": ITERATIONS, "feature.possible_transitions": True})
    for example in examples:
        words = list(WORD.finditer(example.text))
        trainer.append(features([word.group() for word in words]), [_tag(word.start(), example.slots) for word in words])
    path = str(Path(tempfile.mkdtemp()) / "crf")
    trainer.train(path)
    tagger = pycrfsuite.Tagger()
    tagger.open(path)

    def annotate(texts: Sequence[str]) -> list[Slots]:
        found = []
        for text in texts:
            words = list(WORD.finditer(text))
            found.append(_slots(words, tagger.tag(features([word.group() for word in words]))))
        return found

    return annotate


def features(words: Sequence[str]) -> list[list[str]]:
    """Each word with its two neighbours on either side, its ending and its shape."""
    low = ["", "", *(word.lower() for word in words), "", ""]
    rows = []
    for index, word in enumerate(words):
        around = low[index : index + 5]
        row = [f"{offset}={near}" for offset, near in zip(range(-2, 3), around, strict=True)]
        row += [f"end={around[2][-3:]}", f"shape={re.sub('[a-z]+', 'a', re.sub('[A-Z]', 'A', re.sub('[0-9]', '0', word)))}"]
        row += [f"-1,0={around[1]},{around[2]}", f"0,1={around[2]},{around[3]}"]
        rows.append(row)
    return rows


def _tag(start: int, slots: Slots) -> str:
    for begin, end, name in slots:
        if begin <= start < end:
            return f"{'B' if begin == start else 'I'}-{name}"
    return "O"


def _slots(words: Sequence["re.Match[str]"], tags: Sequence[str]) -> Slots:
    slots: Slots = []
    last = "O"
    for word, tag in zip(words, tags, strict=True):
        if tag.startswith("I-") and last[2:] == tag[2:]:
            slots[-1] = (slots[-1][0], word.end(), tag[2:])
        elif tag != "O":
            slots.append((word.start(), word.end(), tag[2:]))
        last = tag
    return slots


if __name__ == "__main__":
    main(f"python-crfsuite {version('python-crfsuite')}", f"linear-chain CRF, {ITERATIONS} iterations, one thread; slots only", train)
