"""``sweep``: many settings of one config, each with several seeds, in one table."""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from model.config import require
from training.cli.terminal import add_overrides


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command's arguments."""
    parser = commands.add_parser("sweep", help="train many settings of one config, each with several seeds, and put them into one table")
    parser.set_defaults(run=run)
    parser.add_argument("config", type=Path, metavar="SWEEP", help="a TOML file such as training/sweeps/snips.toml")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder that holds the data sets")
    parser.add_argument("--out", type=Path, metavar="DIR", help="the folder of the table and of the runs (default: runs/SWEEP-sweep)")
    parser.add_argument("--minutes", type=float, metavar="N", help="after which no run is begun, instead of the file's; 0: no bound")
    parser.add_argument("--seeds", type=int, metavar="N", help="runs of each trial, instead of the file's")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="runs at a time (default: 1)")
    parser.add_argument("--keep", action="store_true", help="keep the artefact and the report of every run")
    add_overrides(parser)


def run(options: argparse.Namespace, console: Console) -> int:
    """Train what is missing; print where the table is. 1 where a run failed; what was not begun is said, and is no failure."""
    from training.compare.watch import ComparisonWatch
    from training.sweep.run import Asked, sweep

    require(options.jobs >= 1, "--jobs", options.jobs, "1 or more")
    require(options.seeds is None or options.seeds >= 1, "--seeds", options.seeds, "1 or more")
    require(options.minutes is None or options.minutes >= 0, "--minutes", options.minutes, "0 or more")
    out = options.out or Path("runs") / f"{options.config.stem}-sweep"
    asked = Asked(
        options.config, options.data, out, options.jobs, options.minutes, options.seeds, options.keep, overrides=tuple(options.overrides)
    )
    with ComparisonWatch(console) as watch:
        swept = sweep(asked, watch)
    for failure in swept.failures:
        print(f"error: {failure}", file=sys.stderr)
    if swept.left:
        console.print(f"{swept.left} runs were not begun; the same command goes on", highlight=False)
    print(out / "sweep.md")
    return 1 if swept.failures else 0
