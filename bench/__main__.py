"""``python -m bench``: starts servers and a load generator on this machine, prints tables and writes bench/results."""

import argparse
import os
import platform
import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench import bulk, memory, overload, report, scaling, serving, slot_values, steps, stream
from bench.options import Options
from bench.peers import run as peers

RESULTS = Path("bench/results")
PARTS: dict[str, Callable[[Options], report.Result]] = {
    "serving": serving.measure,
    "slot_values": slot_values.measure,
    "overload": overload.measure,
    "bulk": bulk.measure,
    "steps": steps.measure,
    "scaling": scaling.measure,
    "memory": memory.measure,
    "stream": stream.measure,
    "peers": peers.measure,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the parts that are asked for, one after the other."""
    parser = _parser()
    given = parser.parse_args(arguments)
    names = list(PARTS) if "all" in given.parts else list(dict.fromkeys(given.parts))
    options = Options(artifact=given.artifact)
    if given.quick:
        options = options.quick()
    chosen = {name: getattr(given, name) for name in ("seconds", "rounds", "requests", "lines", "peer_python")}
    options = replace(options, **{name: value for name, value in chosen.items() if value is not None})
    head = _head(options)
    results = {}
    for name in names:
        print(f"measuring {name} ...", flush=True)
        results[name] = PARTS[name](options)
        report.show({name: results[name]})
        report.update(given.out, head, {name: results[name]})
    report.show_goals(results)


def _parser() -> argparse.ArgumentParser:
    usual = Options()
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__, allow_abbrev=False)
    parser.add_argument("parts", nargs="*", choices=["all", *PARTS], default=["all"], metavar="PART", help=f"all, {', '.join(PARTS)} [all]")
    parser.add_argument("--quick", action="store_true", help="short runs, to see that everything works; believe no figure of them")
    parser.add_argument("--seconds", type=float, help=f"of one measurement [{usual.seconds:g}]")
    parser.add_argument("--rounds", type=int, help=f"of each measurement [{usual.rounds}]")
    parser.add_argument("--requests", type=int, help=f"of memory, twice [{usual.requests}]")
    parser.add_argument("--lines", type=int, help=f"of bulk's file [{usual.lines}]")
    parser.add_argument("--peer-python", help="of peers: the interpreter that has them (bench/peers/requirements.txt)")
    parser.add_argument("--artifact", type=Path, default=usual.artifact, help="the model to measure [%(default)s]")
    parser.add_argument("--out", type=Path, default=RESULTS, help="the folder for serving.json and serving.md [%(default)s]")
    return parser


def _head(options: Options) -> dict[str, Any]:
    """Where and with what was measured."""
    tagger = options.tagger()
    return {
        "date": date.today().isoformat(),
        "commit": _commit(),
        "machine": {"processor": _chip(), "cores": os.cpu_count(), "system": platform.system()},
        "software": {
            "Python": platform.python_version(),
            **{name: version(name) for name in ("onnxruntime", "fastapi", "starlette", "uvicorn", "uvloop", "httptools")},
        },
        "settings": {name: getattr(options, name) for name in ("seconds", "rounds", "texts", "requests", "lines")},
        "model": {"name": tagger.name, "version": tagger.version, "sha256": tagger.sha256},
    }


def _chip() -> str:
    described = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    found = re.search(r"model name\s*:\s*(.+)", described)
    return found[1] if found else platform.processor() or platform.machine()


def _commit() -> str:
    """With a mark where the files are not those of the commit; ``unknown`` outside of a repository."""
    done = subprocess.run(["git", "describe", "--always", "--dirty", "--abbrev=12"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


if __name__ == "__main__":
    main()
