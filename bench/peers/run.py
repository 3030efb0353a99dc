"""Starts the peers that an interpreter has, with sentences of the repository's own grammar, and measures ours beside them."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from bench.options import Options
from bench.peers.task import Slots, rate, read
from bench.report import Result, Row, Table
from model.tagger import Tagger
from training.data.generate import generate

PEERS = {"crf": "pycrfsuite", "spacy_ner": "spacy"}  # script, and what it imports
TRAIN, TEST = 5_000, 1_000
TRAIN_SEED, TEST_SEED = 101, 102
BATCH = 64
LONGEST_S = 1_800.0  # of one peer
NOTES = (
    "From text to slots, in process, one thread each, in one run. All but ours are trained just now on "
    f"{TRAIN} sentences of training/data/generate.py; F1 (exact spans) is on {TEST} others of it. Ours is the shipped model, which "
    "learned from far more of the same grammar and from public sets, gives an intent and the probability of every label of every word too.",
)
MISSING = "Not measured: name an interpreter that has them by --peer-python (bench/peers/requirements.txt); without: {}."


def measure(options: Options) -> Result:
    """Ours, then each peer, each for itself."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part, count, seed in (("train", TRAIN, TRAIN_SEED), ("test", TEST, TEST_SEED)):
            _write(folder / part, count, seed)
        rows = _ours(options, folder)
        missing = [peer for peer, package in PEERS.items() if not _has(options.peer_python, package)]
        rows += [_peer(peer, options, folder) for peer in PEERS if peer not in missing]
    notes = (*NOTES, MISSING.format(", ".join(missing))) if missing else NOTES
    return Result([Table("Peers", rows, notes)], [])


def f1(found: Iterable[Slots], gold: Iterable[Slots]) -> float:
    """Of exact spans with their names, counted over all sentences.

    >>> f1([[(3, 7, "origin")], []], [[(3, 7, "origin")], [(0, 4, "origin")]])
    0.6666666666666666
    """
    pairs = [(set(ours), set(theirs)) for ours, theirs in zip(found, gold, strict=True)]
    hits = sum(len(ours & theirs) for ours, theirs in pairs)
    return 2 * hits / max(1, sum(len(ours) + len(theirs) for ours, theirs in pairs))


def _write(path: Path, count: int, seed: int) -> None:
    with path.open("w", encoding="utf-8") as stream:
        for example in generate(seed, count):
            said = example.annotation
            stream.write(json.dumps({"text": said.text, "slots": [(slot.start, slot.end, slot.name) for slot in said.slots]}) + "\n")


def _ours(options: Options, folder: Path) -> list[Row]:
    tagger = options.tagger()
    test = read(folder / "test")
    rows = []
    for size in (1, BATCH):

        def annotate(texts: Sequence[str], size: int = size) -> list[Slots]:
            return _in_batches(tagger, texts, size)

        score = f1(annotate([example.text for example in test]), [example.slots for example in test])
        rate_of = rate(annotate, [example.text for example in test], options.seconds)
        rows.append(_row("slotline", f"{tagger.name} {tagger.version}, batch {size}", rate_of, score))
    return rows


def _in_batches(tagger: Tagger, texts: Sequence[str], size: int) -> list[Slots]:
    found: list[Slots] = []
    for start in range(0, len(texts), size):
        annotations = tagger.annotate_batch([tagger.prepare(text) for text in texts[start : start + size]])
        found += [[(slot.start, slot.end, slot.name) for slot in annotation.slots] for annotation in annotations]
    return found


def _has(interpreter: str, package: str) -> bool:
    return bool(interpreter) and subprocess.run([interpreter, "-c", f"import {package}"], capture_output=True, check=False).returncode == 0


def _peer(peer: str, options: Options, folder: Path) -> Row:
    files = [str(folder / part) for part in ("train", "test", "found")]
    command = [options.peer_python, "-m", f"bench.peers.{peer}", *files, "--seconds", str(options.seconds)]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, env=one_thread, check=False)
    if done.returncode:
        raise RuntimeError(f"the peer {peer} failed:\n{done.stderr[-2000:]}")
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    found = [[(start, end, name) for start, end, name in json.loads(line)] for line in (folder / "found").read_text().splitlines()]
    score = f1(found, [example.slots for example in read(folder / "test")])
    return _row(said["peer"], said["what"], said["rate"], score, said["train_s"])


def _row(peer: str, what: str, per_second: float, score: float, train_s: float | None = None) -> Row:
    return {"peer": peer, "how": what, "utterances/s": per_second, "F1 %": 100 * score, "trained in s": train_s}
