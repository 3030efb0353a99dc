"""``diagnose``: how far the gradient reaches, what training does with it, and the surface it walks on."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress

from model.artifact import read_artifact
from model.config import require
from training.cli.terminal import add_data, add_overrides, progress_bar
from training.config import load_config

if TYPE_CHECKING:
    from training.diagnose.run import Diagnosis

CELLS = ["elman", "jordan", "irnn", "gru", "lstm"]


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command's arguments."""
    parser = commands.add_parser("diagnose", help="measure whether gradients vanish or explode, and say what to change")
    parser.set_defaults(run=run)
    add_data(parser)
    parser.add_argument("--artifact", type=Path, metavar="DIR", help="measure this trained artefact instead of training fresh networks")
    parser.add_argument(
        "--cells", nargs="+", default=CELLS, metavar="CELL", help=f"the networks, also elman-sigmoid (default: {' '.join(CELLS)})"
    )
    parser.add_argument("--epochs", type=int, default=4, metavar="N", help="epochs that each is trained (default: 4)")
    parser.add_argument("--long-lag", action="store_true", help="also the task whose answer stands 2 to 80 words back; some minutes")
    parser.add_argument("--quick", action="store_true", help="fewer lags and one seed of that task")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where the page, the plots and the figures go (default: runs/NAME-diagnose)"
    )
    add_overrides(parser)


def run(options: argparse.Namespace, console: Console) -> int:
    """Measure, draw, print the verdicts and where the page is."""
    from training.diagnose.kinds import kind_of
    from training.diagnose.longlag import QUICK, LagBudget, LagResult, measure
    from training.diagnose.page import write_page
    from training.diagnose.run import Subject, diagnose, diagnose_trained, one_unit, write_json
    from training.restore import restore

    require(options.epochs >= 1, "--epochs", options.epochs, "1 or more")
    config, kinds = load_config(options.config, options.overrides), [kind_of(name) for name in options.cells]
    out = options.out or Path("runs") / f"{config.name}-diagnose"
    subject, found = Subject.read(config, options.data), list["Diagnosis"]()
    lags: list[LagResult] = []
    with progress_bar(console) as bar:
        if options.artifact:
            found.append(diagnose_trained(subject, options.artifact.name, restore(read_artifact(options.artifact))))
        for kind in () if options.artifact else kinds:
            found.append(diagnose(subject, kind, options.epochs, _on(bar, kind.name)))
        if options.long_lag:
            task = bar.add_task("long lag", total=None)
            lags = measure(QUICK if options.quick else LagBudget(), on_result=lambda _: bar.advance(task))
    out.mkdir(parents=True, exist_ok=True)
    write_json(out / "diagnose.json", found, lags)
    write_page(out, f"Gradients: {config.name}", found, lags, one_unit())
    for one in found:
        for name, moment in (("fresh", one.fresh), ("trained", one.trained)):
            if moment:
                print(f"{one.name}, {name}: {moment.verdict.to_text()}")
    print(out / "diagnose.html")
    return 0


def _on(bar: Progress, name: str) -> Callable[[int, int], None]:
    """Who moves a bar of that name."""
    task = bar.add_task(name)

    def move(done: int, total: int) -> None:
        bar.update(task, completed=done, total=total)

    return move
