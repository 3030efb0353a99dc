"""Rasa Open Source, which needs an environment and a server of its own; not part of ``python -m bench``.

    python -m bench.peers.rasa write TRAIN nlu.yml          training data for Rasa (TRAIN: as bench.peers.task says)
    rasa train nlu --nlu nlu.yml --config config.yml        config.yml: WhitespaceTokenizer, LexicalSyntacticFeaturizer,
                                                            CountVectorsFeaturizer (twice: words; char_wb 1 to 4), DIETClassifier
    rasa run --enable-api --port 5005
    python -m bench.peers.rasa measure 127.0.0.1:5005 TEST  in the environment of this repository

Measures ``POST /model/parse`` as ``python -m bench serving`` measures ``/v1/parse``. Run both on one machine, one after the other.
Any server that takes ``{"text": ...}`` is measured so: ``--path`` names another path.
"""

import argparse
import json
from pathlib import Path

from bench.peers.task import Example, read


def main() -> None:
    """Write or measure."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers.rasa", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    write = commands.add_parser("write")
    write.add_argument("train", type=Path)
    write.add_argument("out", type=Path)
    measuring = commands.add_parser("measure")
    measuring.add_argument("address")
    measuring.add_argument("test", type=Path)
    measuring.add_argument("--path", default="/model/parse")
    measuring.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    if options.command == "write":
        options.out.write_text(training_data(read(options.train)), encoding="utf-8")
    else:
        measure(options)


def training_data(examples: list[Example]) -> str:
    """Rasa's YAML, all examples under one intent; slots become entities.

    >>> print(training_data([Example("to Oslo", [(3, 7, "destination")])]).splitlines()[-1])
        - to [Oslo](destination)
    """
    lines = ['version: "3.1"', "nlu:", "- intent: inform", "  examples: |"]
    for text, slots in examples:
        marked, behind = "", 0
        for start, end, name in slots:
            marked += f"{text[behind:start]}[{text[start:end]}]({name})"
            behind = end
        lines.append(f"    - {marked}{text[behind:]}")
    return "\n".join(lines) + "\n"


def measure(options: argparse.Namespace) -> None:
    """Print throughput and latency at several connections."""
    from bench.load import Asking, closed_loop  # here, because ``write`` needs only the standard library
    from bench.options import CONNECTIONS

    host, _, port = options.address.rpartition(":")
    bodies = [json.dumps({"text": example.text}).encode() for example in read(options.test)]
    for connections in CONNECTIONS:
        load = closed_loop((host, int(port)), bodies, connections, options.seconds, Asking(path=options.path))
        p50, p99 = (1e3 * load.latency(quantile) for quantile in (0.5, 0.99))
        print(f"{connections:4} connections {load.rate():8.0f} requests/s, p50 {p50:.2f} ms, p99 {p99:.2f} ms, {load.failed} failed")


if __name__ == "__main__":
    main()
