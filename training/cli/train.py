"""``train``: a model from a config."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress, TaskID

from training.cli import values
from training.cli.terminal import add_data, add_overrides, print_problems, progress_bar
from training.config import TrainingConfig, load_config
from training.data.corpus import Corpus
from training.evaluate import Report
from training.files import replace_file

if TYPE_CHECKING:  # torch takes two seconds to import; commands that do not train do without
    from training.diagnose.recorder import GradientRecorder
    from training.loop import Epoch
    from training.network.tagger import TaggerNetwork
    from training.pretrain import ClozeEpoch


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command's arguments."""
    parser = commands.add_parser("train", help="train a model and write its artefact directory")
    parser.set_defaults(run=run)
    add_data(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", help="the artefact directory to write (default: runs/NAME)")
    parser.add_argument("--seed", type=int, metavar="N", help="instead of the config's seed")
    parser.add_argument("--resume", action="store_true", help="continue a run that was stopped, from the end of its last epoch")
    parser.add_argument("--strict", action="store_true", help="stop at the first bad record instead of counting it")
    parser.add_argument("--diagnose", action="store_true", help="record the gradients of every step: OUT.gradients.json and .png")
    add_overrides(parser)


def run(options: argparse.Namespace, console: Console) -> int:
    """Train; print where the artefact is."""
    if values.is_reader_config(options.config):
        return values.train(options, console)
    from training.pipeline import train
    from training.report import report_path

    recorder = None
    seed = [] if options.seed is None else [f"seed={options.seed}"]
    config = load_config(options.config, [*options.overrides, *seed])
    out = options.out or Path("runs") / config.name
    if options.diagnose:
        from training.diagnose.recorder import GradientRecorder

        recorder = GradientRecorder(config.fit.clip_norm)
    with progress_bar(console) as bar:
        report = train(config, options.data, out, _Terminal(config, console, bar, recorder), resume=options.resume, strict=options.strict)
    if recorder:
        _write_gradients(recorder, out)
    console.print(report.to_text(), highlight=False, markup=False, soft_wrap=True)
    console.print(f"report: {report_path(out)}", highlight=False, markup=False, soft_wrap=True)
    print(out)
    return 0


def _write_gradients(recorder: "GradientRecorder", out: Path) -> None:
    from training.diagnose.page import training_figure
    from training.plots import save_png

    history = recorder.history()
    text = json.dumps(history.to_dict()) + "\n"
    replace_file(out.parent / f"{out.name}.gradients.json", lambda stream: stream.write(text.encode()))
    save_png(training_figure(history), out.parent / f"{out.name}.gradients.png")


class _Terminal:
    """Draws a run: a bar for the epoch, a line for each epoch done."""

    def __init__(self, config: TrainingConfig, console: Console, bar: Progress, recorder: "GradientRecorder | None") -> None:
        self._recorder = recorder
        self._console, self._bar, self._epochs = console, bar, config.fit.epochs
        self._task: TaskID | None = None

    def corpus(self, train: Corpus, valid: Corpus) -> None:
        self._console.print(f"{len(train.examples)} examples to train, {len(valid.examples)} to validate")
        for corpus in (train, valid):
            print_problems(self._console, corpus)

    def step(self, done: int, total: int) -> None:
        if self._task is None:
            self._task = self._bar.add_task("epoch", total=total)
        self._bar.update(self._task, completed=done)

    def gradient(self, step: int, network: "TaggerNetwork", norm: float) -> None:
        if self._recorder:
            self._recorder(step, network, norm)

    def pretrained(self, epoch: "ClozeEpoch") -> None:
        self._end_bar()
        self._console.print(
            f"pre-training {epoch.number:2d}  loss {epoch.loss:.4f}  words guessed {epoch.guessed:.2%}  {epoch.seconds:.1f} s",
            highlight=False,
            soft_wrap=True,
        )

    def epoch(self, epoch: "Epoch", report: Report, *, best: bool) -> None:
        self._end_bar()
        self._console.print(
            f"epoch {epoch.number:3d}/{self._epochs}  loss {epoch.loss:.4f}  gradient {epoch.gradient_norm:.2f}"
            f"  valid F1 {report.slots.f1:.2%}  intent {report.intent_accuracy:.2%}  sentence {report.sentence_accuracy:.2%}"
            f"  {epoch.seconds:.1f} s{'  best' if best else ''}",
            highlight=False,
            soft_wrap=True,
        )

    def _end_bar(self) -> None:
        if self._task is not None:
            self._bar.remove_task(self._task)
            self._task = None
