"""The command line of training: ``python -m training train | evaluate | compare``. The only place of it that prints."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeRemainingColumn

from model.config import require
from model.errors import SlotlineError
from model.tagger import Tagger
from training.config import SourceConfig, TrainingConfig, load_config
from training.data.corpus import Allowed, Corpus, load_sources
from training.evaluate import Report, evaluate
from training.files import replace_file
from training.loop import Epoch

SHOWN_PROBLEMS = 5


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
    parser = argparse.ArgumentParser(prog="python -m training", description="Train and evaluate slot taggers.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    train = commands.add_parser("train", help="train a model and write its artefact directory")
    train.set_defaults(run=_train)
    train.add_argument("config", type=Path, metavar="CONFIG", help="a TOML file such as training/configs/atis.toml")
    train.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder that holds the data sets")
    train.add_argument("--out", type=Path, metavar="DIR", help="the artefact directory to write (default: runs/NAME)")
    train.add_argument("--seed", type=int, metavar="N", help="instead of the config's seed")
    train.add_argument("--resume", action="store_true", help="continue a run that was stopped, from the end of its last epoch")
    train.add_argument("--strict", action="store_true", help="stop at the first bad record instead of counting it")
    train.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides", help="change a setting: fit.epochs=5")
    scores = commands.add_parser("evaluate", help="score an artefact on a file of gold examples")
    scores.set_defaults(run=_evaluate)
    scores.add_argument("artifact", type=Path, metavar="ARTIFACT", help="an artefact directory")
    scores.add_argument("file", type=Path, metavar="FILE", help="examples: .jsonl, .jsonl.gz or a folder with seq.in, seq.out, label")
    scores.add_argument("--json", type=Path, metavar="OUT", help="write the scores to this file too")
    scores.add_argument("--convert", default="none", metavar="NAME", help="map the file's labels first, as a config's entry would")
    scores.add_argument("--strict", action="store_true", help="stop at the first bad record instead of counting it")
    networks = commands.add_parser("compare", help="train every network of the family and put them into one table")
    networks.set_defaults(run=_compare)
    networks.add_argument("config", type=Path, metavar="CONFIG", help="a TOML file such as training/configs/atis.toml")
    networks.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder that holds the data sets")
    networks.add_argument("--out", type=Path, metavar="DIR", help="the folder of the table and of the runs (default: runs/NAME-networks)")
    networks.add_argument("--seeds", type=int, default=3, metavar="N", help="runs of each row, from the config's seed on (default: 3)")
    networks.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N", help="runs at a time (default: one a core)")
    networks.add_argument("--rows", nargs="+", default=[], metavar="NAME", help="these rows alone: training/networks.toml names them")
    networks.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides", help="change a setting: fit.epochs=5"
    )
    for command in (train, scores, networks):
        command.add_argument("--quiet", action="store_true", help="print nothing but errors and the result")
    return parser


def _train(options: argparse.Namespace, console: Console) -> int:
    from training.pipeline import train  # torch takes two seconds to import; other commands do without

    seed = [] if options.seed is None else [f"seed={options.seed}"]
    config = load_config(options.config, [*options.overrides, *seed])
    out = options.out or Path("runs") / config.name
    with _progress_bar(console) as bar:
        report = train(config, options.data, out, _Terminal(config, console, bar), resume=options.resume, strict=options.strict)
    console.print(report.to_text(), highlight=False, markup=False, soft_wrap=True)
    print(out)
    return 0


def _evaluate(options: argparse.Namespace, console: Console) -> int:
    tagger = Tagger.load(options.artifact)
    source = SourceConfig(options.file.name, "seq" if options.file.is_dir() else "jsonl", options.convert)
    corpus = load_sources([source], options.file.parent, Allowed(), strict=options.strict)
    _print_problems(console, corpus)
    report = evaluate(tagger, corpus.examples)
    if options.json:
        scores = json.dumps(report.to_dict(), indent=1, sort_keys=True) + "\n"
        replace_file(options.json, lambda stream: stream.write(scores.encode()))
    print(report.to_text())
    return 0


def _compare(options: argparse.Namespace, console: Console) -> int:
    from training.compare import Asked, compare
    from training.watch import ComparisonWatch

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


class _Terminal:
    """Draws a run: a bar for the epoch, a line for each epoch done."""

    def __init__(self, config: TrainingConfig, console: Console, bar: Progress) -> None:
        self._console, self._bar, self._epochs = console, bar, config.fit.epochs
        self._task: TaskID | None = None

    def corpus(self, train: Corpus, valid: Corpus) -> None:
        self._console.print(f"{len(train.examples)} examples to train, {len(valid.examples)} to validate")
        for corpus in (train, valid):
            _print_problems(self._console, corpus)

    def step(self, done: int, total: int) -> None:
        if self._task is None:
            self._task = self._bar.add_task("epoch", total=total)
        self._bar.update(self._task, completed=done)

    def epoch(self, epoch: Epoch, report: Report, *, best: bool) -> None:
        if self._task is not None:
            self._bar.remove_task(self._task)
            self._task = None
        self._console.print(
            f"epoch {epoch.number:3d}/{self._epochs}  loss {epoch.loss:.4f}  gradient {epoch.gradient_norm:.2f}"
            f"  valid F1 {report.slots.f1:.2%}  intent {report.intent_accuracy:.2%}  sentence {report.sentence_accuracy:.2%}"
            f"  {epoch.seconds:.1f} s{'  best' if best else ''}",
            highlight=False,
            soft_wrap=True,
        )


def _progress_bar(console: Console) -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True)


def _print_problems(console: Console, corpus: Corpus) -> None:
    """Bad records, counted by reason, the first few by name: nothing is dropped in silence."""
    for reason, count in sorted(corpus.dropped.items()):
        console.print(f"{count} records left out: {reason}", highlight=False, markup=False, soft_wrap=True)
    for problem in corpus.problems[:SHOWN_PROBLEMS]:
        console.print(f"bad record: {problem}", highlight=False, markup=False, soft_wrap=True)
    if len(corpus.problems) > SHOWN_PROBLEMS:
        console.print(f"... {len(corpus.problems)} bad records in all", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
