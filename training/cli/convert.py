"""``convert``: a data file from one format to another."""

import argparse
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from training.cli.terminal import SHOWN_PROBLEMS
from training.data.convert import Converted, convert
from training.data.formats.table import FORMATS
from training.data_config import MISALIGNED

DONE_WITH = {
    "report": "kept as it is",
    "snap": "put on the nearest borders",
    "drop": "left out",
}


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command's arguments."""
    parser = commands.add_parser(
        "convert",
        help="turn a data file of one format into another",
        description="Formats: " + "; ".join(f"{name} is {form.title}" for name, form in FORMATS.items()) + ".",
    )
    parser.set_defaults(run=run)
    parser.add_argument("source", type=Path, metavar="IN", help="a file, or a folder of seq.in, seq.out and label or of Rasa's YAML files")
    parser.add_argument("target", type=Path, metavar="OUT", help="the file or folder to write; .gz packs it")
    parser.add_argument("--from", choices=FORMATS, default="", dest="given", help="the format of IN; told from the file where left out")
    parser.add_argument("--to", choices=FORMATS, required=True, help="the format of OUT")
    parser.add_argument(
        "--misaligned",
        choices=MISALIGNED,
        default=MISALIGNED[0],
        help="what to do with spans that do not fall on word borders: say so and keep them (the default), put them on the nearest borders, "
        "leave them out, or stop; the first three name each of them",
    )
    parser.add_argument("--strict", action="store_true", help="stop at the first bad record instead of counting it")


def run(options: argparse.Namespace, console: Console) -> int:
    """Convert; say all that was not as it should be; print the path written."""
    done = convert(options.source, options.target, options.to, given=options.given, policy=options.misaligned, strict=options.strict)

    def say(line: str) -> None:
        console.print(line, highlight=False, markup=False, soft_wrap=True)

    for one in done.off_borders:
        say(f"{one}: {DONE_WITH[options.misaligned]}")
    _say_the_rest(done, say, options.to)
    others = f" and {done.others} tables and patterns" if done.others else ""
    say(f"{done.utterances} utterances{others} written")
    print(options.target)
    return 0


def _say_the_rest(done: Converted, say: Callable[[str], None], to: str) -> None:
    for problem in done.problems[:SHOWN_PROBLEMS]:
        say(f"bad record: {problem}")
    if len(done.problems) > SHOWN_PROBLEMS:
        say(f"... {len(done.problems)} bad records in all")
    for reason, count in sorted(done.dropped.items()):
        say(f"{count} records left out: {reason}")
    for what, count in sorted(done.lost.items()):
        say(f"lost, for {to} does not carry it: {what} ({count} times)")
