"""What several commands say in the same way on a terminal."""

import argparse
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from training.data.corpus import Corpus

SHOWN_PROBLEMS = 5


def add_data(parser: argparse.ArgumentParser) -> None:
    """``CONFIG`` and ``--data``."""
    parser.add_argument("config", type=Path, metavar="CONFIG", help="a TOML file such as training/configs/atis.toml")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder that holds the data sets")


def add_overrides(parser: argparse.ArgumentParser) -> None:
    """``--set``, as often as wanted."""
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides", help="change a setting: fit.epochs=5")


def progress_bar(console: Console) -> Progress:
    """A bar that is gone when its work is done."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True)


def print_problems(console: Console, corpus: Corpus) -> None:
    """Bad records, counted by reason, the first few by name: nothing is dropped in silence."""
    for reason, count in sorted(corpus.dropped.items()):
        console.print(f"{count} records left out: {reason}", highlight=False, markup=False, soft_wrap=True)
    for problem in corpus.problems[:SHOWN_PROBLEMS]:
        console.print(f"bad record: {problem}", highlight=False, markup=False, soft_wrap=True)
    if len(corpus.problems) > SHOWN_PROBLEMS:
        console.print(f"... {len(corpus.problems)} bad records in all", highlight=False, soft_wrap=True)
