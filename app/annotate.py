"""``python -m app.annotate``: annotates a file of utterances, without HTTP, at the speed of the graph."""

import argparse
import gzip
import os
import sys
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Literal, NoReturn, cast, get_args

import orjson
from tqdm import tqdm

from app import __version__
from app.api.requests import Include
from app.bulk import ANSWERED, MAX_LINE_BYTES, Annotator, Answer, Shape, text_of
from app.errors import Invalid, StartupError
from app.interpreter import tune_interpreter
from app.phrases import PhraseReader, load_reader
from app.reference import Occasion, occasion_of
from app.resumable import Resumable, ResumeError, made_with
from app.settings import OFF, SHIPPED_MODELS, Settings
from model.errors import SlotlineError
from model.tagger import Tagger
from model.values.value import ORDERS, POLICIES

INCLUDED = tuple(part for part in get_args(Include) if part != "explanation")  # which would read every text many times
DONE, STOPPED, CANNOT, SOME_BAD, INTERRUPTED = 0, 1, 2, 3, 130
CODES = """exit codes: 0 every line annotated; 3 all done, and some lines are errors (with --strict: 1, at the first of them);
1 stopped on the way; 2 cannot begin; 130 interrupted. What was stopped goes on with --resume, to the same bytes."""


class BadLine(Exception):
    """A line that cannot be annotated, where --strict forbids it."""


def main(arguments: Sequence[str]) -> int:
    """The exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.resume and options.out is None:
        parser.error("--resume needs --out: what went to stdout is gone")
    try:
        tagger = Tagger.load(options.model, threads=options.threads)
        tagger.replay()
        reader = load_reader(Settings.model_construct(values=options.values, gazetteer=options.gazetteer))
        return _run(options, tagger, reader)
    except (SlotlineError, StartupError, Invalid, ResumeError, FileNotFoundError, IsADirectoryError, PermissionError) as error:
        return _fail(f"cannot annotate: {error}", CANNOT)
    except BadLine as error:
        return _fail(f"stopped by --strict: {error}", STOPPED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains at its end
        return STOPPED
    except (OSError, EOFError, zlib.error) as error:
        return _fail(f"stopped: {error}", STOPPED)
    except KeyboardInterrupt:
        return _fail("interrupted" + ("; go on with --resume" if options.out else ""), INTERRUPTED)


def _parser() -> argparse.ArgumentParser:
    shape = Shape()
    purpose = "Annotate a file of utterances, without HTTP, at the speed of the graph."
    parser = argparse.ArgumentParser(prog="python -m app.annotate", description=purpose, epilog=CODES, allow_abbrev=False)
    parser.add_argument(
        "file", metavar="FILE", help="JSON lines with a 'text', an 'id' if you like, and anything else; .gz too; - is stdin"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="where the answers go, one line each in order; .gz too; default: stdout")
    parser.add_argument("--resume", action="store_true", help="go on where a stopped run of the same command left off")
    parser.add_argument("--strict", action="store_true", help="stop at the first line that cannot be annotated")
    parser.add_argument("--text", action="store_true", help="the lines of FILE are plain texts")
    parser.add_argument("--model", type=Path, metavar="DIR", default=SHIPPED_MODELS / "booking", help="the artefact [%(default)s]")
    parser.add_argument("--include", type=_include, default=shape.include, metavar="A,B", help="parts of an answer, as in the API [words]")
    parser.add_argument("--values", type=_directory_or_off, metavar="DIR", help="the reader of values, or `off` [the shipped one]")
    parser.add_argument("--gazetteer", type=Path, metavar="FILE", help="more places, as of the service")
    parser.add_argument("--reference-time", type=_moment, metavar="TIME", help="when all of it was said, ISO 8601 [the start of the run]")
    parser.add_argument("--timezone", metavar="ZONE", help="where it was said, an IANA name [that of the reference time]")
    parser.add_argument("--date-order", choices=ORDERS, default="mdy", help="how 03/04 is read [%(default)s]")
    parser.add_argument("--date-policy", choices=POLICIES, default="future", help="which date is meant by one without year [%(default)s]")
    parser.add_argument("--threads", type=_positive, default=1, metavar="N", help="threads of onnxruntime [%(default)s]")
    parser.add_argument(
        "--batch", type=_positive, default=shape.batch, metavar="N", help="utterances through the graph at once [%(default)s]"
    )
    return parser


def _include(given: str) -> tuple[Include, ...]:
    parts = [part for part in given.split(",") if part]
    for part in parts:
        if part not in INCLUDED:
            raise argparse.ArgumentTypeError(f"{part!r} is none of {', '.join(INCLUDED)}")
    return tuple(cast(list[Include], parts))


def _directory_or_off(given: str) -> Path | Literal["off"]:
    return OFF if given == OFF else Path(given)


def _moment(given: str) -> datetime:
    try:
        return datetime.fromisoformat(given)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{given!r} is no ISO 8601 time such as 2026-10-20T10:00:00+08:00") from None


def _positive(given: str) -> int:
    if not given.isdecimal() or int(given) < 1:
        raise argparse.ArgumentTypeError(f"{given!r} is no whole number of at least 1")
    return int(given)


def _run(options: argparse.Namespace, tagger: Tagger, reader: PhraseReader | None) -> int:
    shape = Shape(plain=options.text, include=options.include, batch=options.batch)
    tally = Tally(strict=options.strict)
    occasion = _occasion(options)
    annotator = Annotator(tagger, shape, reader, occasion)
    try:
        with open_lines(options.file) as (stream, raw), _bar(raw) as bar:
            lines = _counted(windows(stream, shape.window), raw, bar)
            if options.out is None:
                _to_stdout(annotator, lines, tally)
            else:
                output = Resumable(options.out, _meta(options, tagger, reader, occasion), window=shape.window)
                _to_file(annotator, lines, tally, output, resume=options.resume)
    finally:
        annotator.close()
    print(tally, file=sys.stderr)
    return SOME_BAD if tally.bad else DONE


def _occasion(options: argparse.Namespace) -> Occasion:
    """When it was said: as the options say, or as the run that is gone on with began. Raises Invalid."""
    moment, zone = options.reference_time, options.timezone
    if moment is None and options.resume and (begun := (made_with(options.out) or {}).get("occasion")):
        moment, zone = datetime.fromisoformat(begun[0]), zone or begun[1]
    return occasion_of(moment, zone, options.date_policy, options.date_order)


def _to_stdout(annotator: Annotator, lines: Iterator[list[bytes]], tally: "Tally") -> None:
    for answers in annotator.answer(lines):
        sys.stdout.buffer.write(tally.joined(answers))
        sys.stdout.buffer.flush()


def _to_file(annotator: Annotator, lines: Iterator[list[bytes]], tally: "Tally", output: Resumable, *, resume: bool) -> None:
    if resume and output.is_complete:
        print(f"{output.path} is complete already", file=sys.stderr)
        return
    with output:
        output.begin(resume=resume)
        for kept in output.finished():
            tally.keep(kept, next(lines, []), plain=annotator.shape.plain)
        for answers in annotator.answer(lines, first=tally.lines + 1):
            output.write(tally.joined(answers))
        output.complete()


class Tally:
    """How many lines there were, and how many of them are errors."""

    def __init__(self, *, strict: bool) -> None:
        """``strict``: the first error raises BadLine."""
        self.lines = self.bad = self.kept = 0
        self._strict = strict
        self._began = time.perf_counter()

    def __str__(self) -> str:
        seconds = time.perf_counter() - self._began
        kept = f" ({self.kept} kept from before)" if self.kept else ""
        return f"{self.lines} lines{kept}, {self.bad} of them errors; {seconds:.1f} s, {(self.lines - self.kept) / seconds:.0f} lines/s"

    def joined(self, answers: Sequence[Answer]) -> bytes:
        """The answers' lines, counted. Raises BadLine."""
        for answer in answers:
            self._count(answer.ok, answer.line)
        return b"".join([answer.line for answer in answers])

    def keep(self, kept: Sequence[bytes], lines: Sequence[bytes], *, plain: bool) -> None:
        """A window that is there from before. Raises ResumeError unless it answers ``lines``, and BadLine."""
        said = [orjson.loads(line) for line in kept]
        if [one.get("text") for one in said] != [text_of(line, plain=plain) for line in lines]:
            where = f"lines {self.lines + 1} to {self.lines + len(kept)}"
            raise ResumeError(f"the output holds answers to other texts than {where} of the input; run it with the same input")
        for one, line in zip(said, kept, strict=True):
            self._count(one.get("status") == ANSWERED, line)
        self.kept += len(kept)

    def _count(self, ok: bool, line: bytes) -> None:
        self.lines += 1
        if not ok:
            self.bad += 1
            if self._strict:
                raise BadLine(f"line {self.lines}: {orjson.loads(line)['problem']['detail']}")


def _meta(options: argparse.Namespace, tagger: Tagger, reader: PhraseReader | None, occasion: Occasion) -> dict[str, Any]:
    """Whatever the bytes of the output hang on, but for the input, whose texts they repeat."""
    return {
        "model": {"name": tagger.name, "version": tagger.version, "sha256": tagger.sha256},
        "values": reader.made_of if reader else OFF,
        "occasion": [occasion.reference.text, occasion.reference.timezone, occasion.policy, occasion.order],
        "options": {"text": options.text, "include": list(options.include), "threads": options.threads, "batch": options.batch},
        "software": {"slotline": __version__, "onnxruntime": version("onnxruntime"), "numpy": version("numpy")},
    }


@contextmanager
def open_lines(name: str) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """A stream to read lines from, and the file behind it, whose position tells how far one is."""
    if name == "-":
        yield sys.stdin.buffer, sys.stdin.buffer
        return
    with open(name, "rb") as raw:
        if name.endswith(".gz"):
            with gzip.open(raw) as unpacked:
                yield cast(BinaryIO, unpacked), raw
        else:
            yield raw, raw


def windows(stream: BinaryIO, size: int) -> Iterator[list[bytes]]:
    """The lines, ``size`` at a time; of one that is too long only the beginning, which is too long too."""
    lines = iter(lambda: _line(stream), b"")
    while window := list(islice(lines, size)):
        yield window


def _line(stream: BinaryIO) -> bytes:
    line = stream.readline(MAX_LINE_BYTES + 1)
    rest = line
    while len(rest) > MAX_LINE_BYTES and not rest.endswith(b"\n"):
        rest = stream.readline(MAX_LINE_BYTES + 1)
    return line


def _counted(lines: Iterator[list[bytes]], raw: BinaryIO, bar: "tqdm[NoReturn]") -> Iterator[list[bytes]]:
    count = 0
    for window in lines:
        count += len(window)
        if not bar.disable:
            bar.set_postfix_str(f"{count} lines", refresh=False)
            bar.update(raw.tell() - bar.n if bar.total else len(window))
        yield window


def _bar(raw: BinaryIO) -> "tqdm[NoReturn]":
    """Of the bytes of a file, of the lines of a pipe; only where a person looks."""
    total = os.fstat(raw.fileno()).st_size if raw.seekable() else None
    return tqdm(total=total, unit="B" if total else " lines", unit_scale=True, disable=None, leave=False)


def _fail(message: str, code: int) -> int:
    print(message, file=sys.stderr)
    return code


if __name__ == "__main__":
    tune_interpreter()
    sys.exit(main(sys.argv[1:]))
