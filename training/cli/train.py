"""``train``: a model from a config."""

import argparse
import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from training.cli import values
from training.cli.terminal import add_overrides
from training.cli.watch import Lasts, tell, watching
from training.config import TrainingConfig, TrainingError, config_of, load_config, override
from training.data.unconfigured import settings_for
from training.files import replace_file

if TYPE_CHECKING:  # torch takes two seconds to import; commands that do not train do without
    from training.diagnose.recorder import GradientRecorder


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command's arguments."""
    parser = commands.add_parser("train", help="train a model and write its artefact directory")
    parser.set_defaults(run=run)
    parser.add_argument(
        "config",
        type=Path,
        metavar="CONFIG",
        help="a TOML file such as training/configs/atis.toml, or data in any format of docs/formats.md",
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="the folder that holds the data sets (default: that of CONFIG)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="the artefact directory to write (default: runs/NAME)")
    parser.add_argument("--seed", type=int, metavar="N", help="instead of the config's seed")
    parser.add_argument("--resume", action="store_true", help="continue a run that was stopped, from the end of its last epoch")
    parser.add_argument("--strict", action="store_true", help="stop at the first bad record instead of counting it")
    parser.add_argument("--diagnose", action="store_true", help="record the gradients of every step: OUT.gradients.json and .png")
    parser.add_argument("--json", action="store_true", help="tell how it goes in JSON, one object a line on standard output")
    add_overrides(parser)


def run(options: argparse.Namespace, console: Console) -> int:
    """Train; print where the artefact is."""
    if values.is_reader_config(options.config):
        return values.train(options, console)
    from training.pipeline import train
    from training.report import report_path

    recorder = None
    config, folder = _planned(options)
    out = options.out or Path("runs") / config.name
    if options.diagnose:
        from training.diagnose.recorder import GradientRecorder

        recorder = GradientRecorder(config.fit.clip_norm)
    watch = watching(options, console, Lasts(config.fit.epochs, config.pretrain.epochs, options.resume), recorder)
    with closing(watch):
        report = train(config, folder, out, watch, resume=options.resume, strict=options.strict)
    if recorder:
        _write_gradients(recorder, out)
    if options.json:
        tell("scores", scores=report.to_dict())
        tell("artifact", path=str(out), report=str(report_path(out)))
        return 0
    console.print(report.to_text(), highlight=False, markup=False, soft_wrap=True)
    console.print(f"report: {report_path(out)}", highlight=False, markup=False, soft_wrap=True)
    print(out)
    return 0


def _planned(options: argparse.Namespace) -> tuple[TrainingConfig, Path]:
    """The config and the folder of its data; those of a data file that came without a config."""
    overrides = [*options.overrides, *([] if options.seed is None else [f"seed={options.seed}"])]
    if options.config.suffix == ".toml":
        return load_config(options.config, overrides), options.data or options.config.parent
    if options.data:
        raise TrainingError(f"{options.config} is trained on itself: leave out --data {options.data}, or name a config (.toml)")
    settings = settings_for(options.config)
    for setting in overrides:
        override(settings, setting)
    return config_of(settings, options.config.name), options.config.parent


def _write_gradients(recorder: "GradientRecorder", out: Path) -> None:
    from training.diagnose.page import training_figure
    from training.plots import save_png

    history = recorder.history()
    text = json.dumps(history.to_dict()) + "\n"
    replace_file(out.parent / f"{out.name}.gradients.json", lambda stream: stream.write(text.encode()))
    save_png(training_figure(history), out.parent / f"{out.name}.gradients.png")
