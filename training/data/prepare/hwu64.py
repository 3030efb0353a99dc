"""HWU64 (Liu et al. 2019): a table an intent, columns parted by semicolons, spans written into the text.

>>> 'answerid;scenario;intent;answer_annotation;answer_from_anno;answer_from_user'
>>> '12;alarm;set;"ring at [time : nine]";"ring at nine";"Ring at 9."'
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from training.data.prepare.forms import Item, bracketed, item, letters, record
from training.data.prepare.raw import read_json_lines, read_table
from training.data.records import Dropped

MASSIVE = "en-US.jsonl"
NAMES = (MASSIVE, "*.csv")
_COLUMNS = ("answerid", "scenario", "intent", "answer_annotation")


def convert(folder: Path, files: Iterable[str]) -> Iterator[Item]:
    """The training part of the first fold. MASSIVE has the same utterances, so those of its test part are left out here."""
    tested: set[str] = set()
    for file in files:
        if file == MASSIVE:
            tested = {letters(given["utt"]) for given in read_json_lines(folder / file) if given["partition"] == "test"}
            continue
        for row in read_table(folder / file, ";", _COLUMNS):
            text, spans = bracketed(row["answer_annotation"])
            if letters(text) in tested:
                yield Dropped("stands in the test part of MASSIVE")
                continue
            source = f"hwu64/kfold1/train/{row['answerid']}"
            yield item("train", record(text, spans, f"{row['scenario']}_{row['intent']}", source))
