"""``prepare``: a public set from its publisher's files to our records; ``count``: what a run uses of them."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from training.cli.terminal import add_data, print_problems, progress_bar
from training.config import load_config
from training.data.corpus import Corpus, load_corpus
from training.data.prepare.sources import listing
from training.data.prepare.write import prepare


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The commands' arguments."""
    parser = commands.add_parser("prepare", help="turn a public set from its publisher's files into the records that configs name")
    parser.set_defaults(run=run)
    parser.add_argument("source", metavar="SOURCE", help="the name of the set")
    parser.add_argument("raw", type=Path, metavar="RAW_DIR", help="the folder that holds the publisher's files")
    parser.add_argument("out", type=Path, metavar="OUT", help="the data folder; the set becomes the folder SOURCE in it")
    parser.add_argument("--list", action=_List, help="say which sets there are, whose they are and which files they need")
    parser.add_argument("--partial", action="store_true", help="take the files that are there")
    counts = commands.add_parser("count", help="say what a run would train on and what it would leave out, by set and reason")
    counts.set_defaults(run=run_count)
    add_data(counts)


def run(options: argparse.Namespace, console: Console) -> int:
    """Prepare one set; print the files written."""
    with progress_bar(console) as bar:
        task = bar.add_task(options.source)
        prepared = prepare(
            options.source,
            options.raw,
            options.out,
            partial=options.partial,
            on_file=lambda done, total: bar.update(task, completed=done, total=total),
        )
    for reason, count in sorted(prepared.dropped.items()):
        console.print(f"{count} records left out: {reason}", highlight=False, markup=False, soft_wrap=True)
    for file, count in sorted(prepared.written.items()):
        print(f"{count:7d}  {options.out / options.source / file}")
    return 0


def run_count(options: argparse.Namespace, console: Console) -> int:
    """Count and print."""
    for part, corpus in zip(("train", "valid"), load_corpus(load_config(options.config), options.data), strict=True):
        for source, examples in corpus.by_source().items():
            print(f"{len(examples):7d}  {part}  {source}")
        for reason, count in sorted(corpus.dropped.items()):
            print(f"{count:7d}  {part}, left out  {reason}")
        print_problems(console, Corpus(problems=corpus.problems))
    return 0


class _List(argparse.Action):
    """Prints the sets and ends, as ``--version`` does; needs no other argument."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        print(listing())
        parser.exit()
