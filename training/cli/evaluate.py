"""``evaluate``: the scores of an artefact on a file of gold examples."""

import argparse
import json
from pathlib import Path

from rich.console import Console

from model.tagger import Tagger
from training.cli import values
from training.cli.terminal import print_problems
from training.data.corpus import Allowed, load_sources
from training.data_config import SourceConfig
from training.evaluate import evaluate
from training.files import replace_file


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command's arguments."""
    parser = commands.add_parser("evaluate", help="score an artefact on a file of gold examples")
    parser.set_defaults(run=run)
    parser.add_argument("artifact", type=Path, metavar="ARTIFACT", help="an artefact directory")
    parser.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="examples in any format of docs/formats.md; for a reader the folder of the data sets",
    )
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the scores to this file too")
    parser.add_argument("--convert", default="none", metavar="NAME", help="map the file's labels first, as a config's entry would")
    parser.add_argument("--dialogue", type=float, default=0.0, metavar="SHARE", help="the share that is read with its dialogue's context")
    parser.add_argument("--strict", action="store_true", help="stop at the first bad record instead of counting it")


def run(options: argparse.Namespace, console: Console) -> int:
    """Score; print the table."""
    if values.is_reader(options.artifact):
        return values.evaluate(options, console)
    tagger = Tagger.load(options.artifact)
    source = SourceConfig(options.file.name, convert=options.convert, dialogue=options.dialogue)
    corpus = load_sources([source], options.file.parent, Allowed(), strict=options.strict)
    print_problems(console, corpus)
    report = evaluate(tagger, corpus.examples)
    if options.json:
        scores = json.dumps(report.to_dict(), indent=1, sort_keys=True) + "\n"
        replace_file(options.json, lambda stream: stream.write(scores.encode()))
    print(report.to_text())
    return 0
