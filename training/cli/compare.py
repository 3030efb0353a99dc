"""``compare``: every network of the family in one table."""

import argparse
import os
import sys
from pathlib import Path

from rich.console import Console

from model.config import require
from training.cli.terminal import add_data, add_overrides
from training.config import load_config


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command's arguments."""
    parser = commands.add_parser("compare", help="train every network of the family and put them into one table")
    parser.set_defaults(run=run)
    add_data(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", help="the folder of the table and of the runs (default: runs/NAME-networks)")
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="runs of each row, from the config's seed on (default: 3)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N", help="runs at a time (default: one a core)")
    parser.add_argument("--rows", nargs="+", default=[], metavar="NAME", help="these rows alone: training/compare/networks.toml names them")
    add_overrides(parser)


def run(options: argparse.Namespace, console: Console) -> int:
    """Train, measure, write; print where the table is. 1 where a run is missing from it."""
    from training.compare.run import Asked, compare
    from training.compare.watch import ComparisonWatch

    require(options.seeds >= 1, "--seeds", options.seeds, "1 or more")
    require(options.jobs >= 1, "--jobs", options.jobs, "1 or more")
    out = options.out or Path("runs") / f"{load_config(options.config, options.overrides).name}-networks"
    asked = Asked(options.config, options.data, out, options.seeds, options.jobs, tuple(options.rows), tuple(options.overrides))
    with ComparisonWatch(console) as watch:
        comparison = compare(asked, watch)
    for failure in comparison.failures:
        print(f"error: {failure}", file=sys.stderr)
    print(out / "networks.md")
    return 1 if comparison.failures else 0
