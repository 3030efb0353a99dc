"""The command line of training: ``python -m training COMMAND``; what the commands do stands in ``training/cli``."""

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console

from model.errors import SlotlineError
from training.cli import compare, convert, diagnose, evaluate, prepare, sweep, train

COMMANDS = (train, evaluate, compare, sweep, diagnose, prepare, convert)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it did what was asked, 1 with a one-line reason when it could not."""
    options = _parser().parse_args(arguments)
    console = Console(stderr=True, quiet=options.quiet)
    try:
        return int(options.run(options, console))
    except (SlotlineError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description="Train, compare and evaluate slot taggers.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    for each in commands.choices.values():
        each.add_argument("--quiet", action="store_true", help="print nothing but errors and the result")
    return parser


if __name__ == "__main__":
    sys.exit(main())
