"""``train`` and ``evaluate`` of a reader of values, where the config or the artefact is one."""

import argparse
import json
import tomllib
from contextlib import closing
from pathlib import Path

from rich.console import Console

from model.directory import MANIFEST
from training.cli.watch import Lasts, tell, watching
from training.files import replace_file


def is_reader_config(path: Path) -> bool:
    """Whether a TOML file is a reader's; False for a file that is not there or is broken, of which loading it says more."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")).get("task") == "values"
    except (OSError, ValueError):
        return False


def is_reader(artifact: Path) -> bool:
    """Whether a directory is a reader's artefact; False for one that is none at all, of which loading it says more."""
    try:
        return bool(json.loads((artifact / MANIFEST).read_text(encoding="utf-8"))["format"] == "slotline-reader")
    except (OSError, ValueError, KeyError, TypeError):
        return False


def train(options: argparse.Namespace, console: Console) -> int:
    """Train a reader; print where the artefact is."""
    from training.values.config import load_reader_config
    from training.values.evaluate import scores_text
    from training.values.pipeline import train_reader

    seed = [] if options.seed is None else [f"seed={options.seed}"]
    config = load_reader_config(options.config, [*options.overrides, *seed])
    out = options.out or Path("runs") / config.name
    watch = watching(options, console, Lasts(config.fit.epochs, resumed=options.resume))
    with closing(watch):
        scores = train_reader(config, options.data or options.config.parent, out, watch, resume=options.resume)
    if options.json:
        tell("scores", scores=scores)
        tell("artifact", path=str(out))
        return 0
    console.print(scores_text(scores), highlight=False, markup=False, soft_wrap=True)
    print(out)
    return 0


def evaluate(options: argparse.Namespace, console: Console) -> int:
    """Score a reader on the validation phrases of the public sets in a folder and of the grammars; print the table."""
    from model.values.reader import Reader
    from training.values.evaluate import cases_of, evaluate_reader, scores_text
    from training.values.pipeline import load_material

    reader = Reader.load(options.artifact)
    material = load_material(options.file)
    scores = evaluate_reader(reader, [case for case in cases_of(material.source, material.golds) if not case.chooses])
    if options.json:
        payload = json.dumps(scores, indent=1, sort_keys=True) + "\n"
        replace_file(options.json, lambda stream: stream.write(payload.encode()))
    print(scores_text(scores))
    return 0
