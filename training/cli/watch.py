"""Who tells how a training run goes: ``Terminal`` a person, ``JsonLines`` a program; of a tagger and of a reader of values alike."""

import argparse
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Console

from training.cli.terminal import EpochTable, StepBars, print_problems
from training.data.corpus import Corpus
from training.evaluate import Report

if TYPE_CHECKING:  # torch takes two seconds to import; commands that do not train do without
    from training.diagnose.recorder import GradientRecorder
    from training.loop import Epoch
    from training.network.tagger import TaggerNetwork
    from training.pretrain import ClozeEpoch
    from training.values.loop import ReaderEpoch


def watching(
    options: argparse.Namespace, console: Console, lasts: "Lasts", recorder: "GradientRecorder | None" = None
) -> "Terminal | JsonLines":
    """The one that the command's options ask for; ``recorder`` is given every gradient."""
    return JsonLines(lasts, recorder) if options.json else Terminal(console, lasts, recorder)


@dataclass(frozen=True)
class Lasts:
    """How long a run lasts at most: its epochs, those of pre-training before, and whether it goes on somewhere in between."""

    epochs: int
    pretraining: int = 0
    resumed: bool = False


class Terminal:
    """Bars for the epoch and the run while they last, a row for each epoch done."""

    def __init__(self, console: Console, lasts: Lasts, recorder: "GradientRecorder | None" = None) -> None:
        """Nothing is drawn yet."""
        self._console, self._lasts, self._recorder = console, lasts, recorder
        self._table = EpochTable(console)
        self._bars = StepBars(console, lasts.epochs, 0 if lasts.resumed or lasts.pretraining else 1)

    def corpus(self, train: Corpus, valid: Corpus) -> None:
        """How much there is, and what cannot be used."""
        self._console.print(f"{len(train.examples)} examples to train, {len(valid.examples)} to validate")
        for corpus in (train, valid):
            print_problems(self._console, corpus)

    def step(self, done: int, total: int) -> None:
        """Moves the bars."""
        self._bars.step(done, total)

    def gradient(self, step: int, network: "TaggerNetwork", norm: float) -> None:
        """Goes to the recorder."""
        if self._recorder:
            self._recorder(step, network, norm)

    def pretrained(self, epoch: "ClozeEpoch") -> None:
        """A row."""
        self._bars.end(1 if epoch.number == self._lasts.pretraining else 0)
        guessed = {"words guessed": f"{epoch.guessed:.1%}"}
        self._table.row({"pre-training": str(epoch.number), "loss": f"{epoch.loss:.4f}", **guessed, "seconds": f"{epoch.seconds:.1f}"})

    def epoch(self, epoch: "Epoch", report: Report, *, best: bool) -> None:
        """A row, marked where its weights are the best so far."""
        self._bars.end(epoch.number + 1)
        self._table.row(
            {
                "epoch": f"{epoch.number}/{self._lasts.epochs}{'*' if best else ' '}",
                "loss": f"{epoch.loss:.4f}",
                "gradient": f"{epoch.gradient_norm:.2f}",
                "clipped": f"{epoch.clipped:.0%}",
                "slot F1": f"{report.slots.f1:.2%}",
                "intent": f"{report.intent_accuracy:.2%}",
                "sentence": f"{report.sentence_accuracy:.2%}",
                "seconds": f"{epoch.seconds:.1f}",
            },
            best=best,
        )

    def reader_epoch(self, epoch: "ReaderEpoch") -> None:
        """A row."""
        self._bars.end(epoch.number + 1)
        what = {"epoch": f"{epoch.number}/{self._lasts.epochs} ", "loss": f"{epoch.loss:.4f}", "gradient": f"{epoch.gradient_norm:.2f}"}
        self._table.row({**what, "seconds": f"{epoch.seconds:.1f}"})

    def close(self) -> None:
        """Leaves no bar behind."""
        self._bars.close()


class JsonLines:
    """One JSON object a line on standard output, as ``docs/training.md`` lists them."""

    def __init__(self, lasts: Lasts, recorder: "GradientRecorder | None" = None) -> None:
        """Nothing is said yet."""
        self._lasts, self._recorder = lasts, recorder

    def corpus(self, train: Corpus, valid: Corpus) -> None:
        """``corpus``."""
        left_out = dict(sorted((train.dropped + valid.dropped).items()))
        bad = len(train.problems) + len(valid.problems)
        tell("corpus", train=len(train.examples), valid=len(valid.examples), left_out=left_out, bad_records=bad)

    def step(self, done: int, total: int) -> None:
        """Nothing: there are thousands."""

    def gradient(self, step: int, network: "TaggerNetwork", norm: float) -> None:
        """Goes to the recorder."""
        if self._recorder:
            self._recorder(step, network, norm)

    def pretrained(self, epoch: "ClozeEpoch") -> None:
        """``pretrained``."""
        tell("pretrained", epoch=epoch.number, loss=epoch.loss, guessed=epoch.guessed, seconds=epoch.seconds)

    def epoch(self, epoch: "Epoch", report: Report, *, best: bool) -> None:
        """``epoch`` of a tagger."""
        scores = {"slot_f1": report.slots.f1, "intent": report.intent_accuracy, "sentence": report.sentence_accuracy}
        rates = {"clipped": epoch.clipped, "learning_rate": epoch.learning_rate}
        self._tell_epoch(epoch, **rates, **scores, best=best)

    def reader_epoch(self, epoch: "ReaderEpoch") -> None:
        """``epoch`` of a reader."""
        self._tell_epoch(epoch)

    def close(self) -> None:
        """Nothing is open."""

    def _tell_epoch(self, epoch: "Epoch | ReaderEpoch", **more: Any) -> None:
        shared = {"loss": epoch.loss, "gradient_norm": epoch.gradient_norm, "seconds": epoch.seconds}
        tell("epoch", epoch=epoch.number, epochs=self._lasts.epochs, **shared, **more)


def tell(event: str, **fields: Any) -> None:
    """Print one event at once. A number that is none (NaN) is null, for JSON has no other word."""
    print(json.dumps({"event": event, **_plain(fields)}), flush=True)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return None if isinstance(value, float) and value != value else value
