"""``python -m bench.values``: the validation phrases through our reader of values and through others, in one table."""

import argparse
import json
import os
import random
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from bench.report import Result, Row, Table, show, table_lines
from bench.values import ours
from bench.values.booking import booking_cases
from model.values.reader import Reader
from training.files import replace_file
from training.values.answers import Key
from training.values.evaluate import Case, cases_of
from training.values.pipeline import load_material

PEERS = {"duckling_reader": "duckling_python", "recognizers_reader": "reader_python", "dateparser_reader": "reader_python"}
LONGEST_S = 1_800.0
GRAMMAR = 2_000  # phrases of our own grammar, clean and with a typo, of which half choose the thresholds and are left out
NOTES = (
    "Phrases of the validation share that none of ours was trained on. A reader is right where its first value is one that the set "
    "gives, wrong where it gives another, and has refused where it gives none or leaves a word of the phrase unread. Each set's own "
    "conventions are the measure: Duckling's and Recognizers' phrases are those readers' own tests. The grammar is ours, and so are its "
    "conventions (the weekend, a 'next Friday'). A phrase that has no value must be refused: those read are in the last column. With a "
    "typo: one slip in a word of at least four letters. Booking phrases: written by hand for this table, tests/data/value_phrases.jsonl; "
    "the errors of half of them were looked at and mended, the other half is held out.",
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, show, and write to the folder of results."""
    options = _parser().parse_args(arguments)
    material = load_material(options.data)
    cases = [case for case in cases_of(material.source, material.golds, count=GRAMMAR) if case.kind and not case.chooses]
    cases += booking_cases()
    reader = Reader.load(options.artifact)
    answers, speed = _ours(reader, cases)
    with tempfile.TemporaryDirectory() as name:
        for peer, interpreter in PEERS.items():
            if python := getattr(options, interpreter):
                said, found = _peer(peer, python, cases, Path(name))
                answers[said["reader"]] = found
                speed.append({"reader": said["reader"], "us a phrase alone": said["us"], f"in a batch of {ours.BATCH}": "-"})
    tables = [Table("Values", _rows(cases, answers), NOTES), Table("Time, one thread", speed)]
    show({"values": Result(tables, [])})
    _write(options.out, tables, reader)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.values", description=__doc__, allow_abbrev=False)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the data sets")
    parser.add_argument("--artifact", type=Path, default=Path("model/readers/values"), help="the reader to measure [%(default)s]")
    parser.add_argument("--reader-python", default="", help="the interpreter that has dateparser and Recognizers-Text (requirements.txt)")
    parser.add_argument("--duckling-python", default="", help="the interpreter that has pyduckling-native")
    parser.add_argument("--out", type=Path, default=Path("bench/results"), help="the folder for values.json and values.md [%(default)s]")
    return parser


def _write(folder: Path, tables: Sequence[Table], reader: Reader) -> None:
    config = reader.artifact.config
    head = {"date": date.today().isoformat(), "model": f"{config.name} {config.version}", "sha256": reader.artifact.sha256}
    rows = {
        table.title: [{key: round(v, 2) if isinstance(v, float) else v for key, v in row.items()} for row in table.rows] for table in tables
    }
    lines = ["# Values, measured", "", f"Made by `python -m bench.values`; {', '.join(f'{key} {said}' for key, said in head.items())}."]
    for table in tables:
        lines += ["", f"## {table.title}", "", *(f"{note}\n" for note in table.notes), *table_lines(table.rows)]
    replace_file(folder / "values.json", lambda stream: stream.write((json.dumps({**head, "tables": rows}, indent=1) + "\n").encode()))
    replace_file(folder / "values.md", lambda stream: stream.write(("\n".join(lines) + "\n").encode()))


def _ours(reader: Reader, cases: Sequence[Case]) -> tuple[dict[str, list[list[Key]]], list[Row]]:
    together, alone = ours.network(reader), ours.network(reader, 1)
    answers = {"slotline": together(cases), "its words alone": ours.rules(cases)}
    speed: list[Row] = [
        {"reader": "slotline", "us a phrase alone": _fastest(alone, cases), f"in a batch of {ours.BATCH}": _fastest(together, cases)},
        {"reader": "its words alone", "us a phrase alone": _fastest(ours.rules, cases), f"in a batch of {ours.BATCH}": "-"},
    ]
    return answers, speed


def _fastest(read: ours.Read, cases: Sequence[Case]) -> float:
    return min(_timed(read, cases) for _ in range(3))


def _timed(read: ours.Read, cases: Sequence[Case]) -> float:
    shuffled = random.Random(1).sample(list(cases), len(cases))
    began = time.perf_counter()
    read(shuffled)
    return 1e6 * (time.perf_counter() - began) / len(shuffled)


def _peer(peer: str, python: str, cases: Sequence[Case], folder: Path) -> tuple[dict[str, Any], list[list[Key]]]:
    phrases, answers = folder / "phrases", folder / "answers"
    phrases.write_text("".join(json.dumps(_phrase(case)) + "\n" for case in cases), encoding="utf-8")
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    command = [python, "-m", f"bench.values.{peer}", str(phrases), str(answers)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, env=one_thread, check=False)
    if done.returncode:
        raise RuntimeError(f"the reader {peer} failed:\n{done.stderr[-2000:]}")
    found = [[_key(key) for key in json.loads(line)] for line in answers.read_text(encoding="utf-8").splitlines()]
    return json.loads(done.stdout.splitlines()[-1]), found


def _phrase(case: Case) -> dict[str, str]:
    context = case.context
    return {
        "text": case.text,
        "kind": case.kind,
        "language": case.language,
        "reference": context.reference.isoformat(),
        "order": context.order,
    }


def _key(key: Sequence[Any]) -> Key:
    """A key that went through JSON, with its tuples again."""
    return tuple(tuple(side) if isinstance(side, list) else side for side in key)


SETS: dict[str, Callable[[Case], bool]] = {
    "booking, held out, English": lambda case: case.source == "held-out" and case.language == "en",
    "booking, held out, Russian": lambda case: case.source == "held-out" and case.language == "ru",
    "booking, mended on, English": lambda case: case.source == "tune" and case.language == "en",
    "booking, mended on, Russian": lambda case: case.source == "tune" and case.language == "ru",
    "dialogues, English": lambda case: case.source in ("sgd", "nlupp"),
    "Duckling's, English": lambda case: case.source == "duckling" and case.language == "en",
    "Recognizers', English": lambda case: case.source == "recognizers",
    "Duckling's, Russian": lambda case: case.source == "duckling" and case.language == "ru",
    "our grammar, English": lambda case: case.source == "grammar" and case.language == "en",
    "our grammar, Russian": lambda case: case.source == "grammar" and case.language == "ru",
}


def _rows(cases: Sequence[Case], answers: dict[str, list[list[Key]]]) -> list[Row]:
    rows = []
    for name, belongs in SETS.items():
        for typo in (False, True):
            places = [place for place, case in enumerate(cases) if belongs(case) and case.typo == typo]
            for reader, found in answers.items():
                rows.append({"set": name, "typo": "yes" if typo else "no", "reader": reader, **_shares(cases, found, places)})
    return rows


def _shares(cases: Sequence[Case], found: Sequence[Sequence[Key]], places: Sequence[int]) -> Row:
    valued = [place for place in places if cases[place].right]
    void = [place for place in places if not cases[place].right]
    right = sum(bool(cases[place].right.intersection(found[place])) for place in valued)
    refused = sum(not found[place] for place in valued)
    count = max(1, len(valued))
    return {
        "phrases": len(valued),
        "right %": 100 * right / count,
        "wrong %": 100 * (len(valued) - right - refused) / count,
        "refused %": 100 * refused / count,
        "without a value": len(void),
        "read %": 100 * sum(bool(found[place]) for place in void) / max(1, len(void)),
    }


if __name__ == "__main__":
    main()
