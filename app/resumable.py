"""An output file that a killed run leaves so that the next one can go on: written in whole windows under a name of its own.

``FILE.partial`` grows by one window of lines at a time and becomes ``FILE`` when all is done; ``FILE.partial.meta`` says what it was
made with. Whatever stands behind the last whole window is cut before a run goes on, so the bytes are those of a run that nobody
stopped: a window's answers depend on no line outside of it. Of a ``.gz`` file each window is a gzip member.
"""

import fcntl
import gzip
import json
import os
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

CHUNK_BYTES = 65_536


class ResumeError(Exception):
    """The run cannot begin or go on here; the message says why and what to do."""


def made_with(path: Path) -> dict[str, Any] | None:
    """What the run that was stopped made the output ``path`` with; None where none was, or where it does not say."""
    try:
        said: dict[str, Any] = json.loads(_meta_path(path).read_text(encoding="utf-8"))
        return said
    except (OSError, ValueError):
        return None


class Resumable:
    """The output of one run. Life: ``with``, ``finished``, any number of ``write``, ``complete``."""

    def __init__(self, path: Path, meta: dict[str, Any], *, window: int) -> None:
        """Lines come in windows of ``window``. ``meta``: whatever the bytes depend on, as JSON knows it."""
        self.path = path
        self.partial = path.with_name(path.name + ".partial")
        self._meta_path = _meta_path(path)
        self._meta = meta
        self._window = window
        self._packed = path.suffix == ".gz"
        self._stream: BinaryIO | None = None

    @property
    def is_complete(self) -> bool:
        """Whether there is nothing left to do."""
        return self.path.exists() and not self.partial.exists()

    def begin(self, *, resume: bool) -> None:
        """Open the file, or the one that was left. Raises ResumeError where that would mix or overwrite outputs."""
        if self.path.exists():
            raise ResumeError(f"{self.path} exists; move it away or name another --out")
        if self.partial.exists() and not resume:
            raise ResumeError(f"{self.partial} is left from a run that was stopped; go on with --resume, or remove it")
        if self.partial.exists():
            self._check_meta()
        else:
            _write_whole(self._meta_path, json.dumps(self._meta, indent=1) + "\n")
        # Without a buffer: what is written survives the end of this process, whatever kind of end it is.
        self._stream = open(self.partial, "ab", buffering=0)  # noqa: SIM115  (closed by __exit__)
        try:
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ResumeError(f"another run writes {self.partial}; wait for its end") from None

    def finished(self) -> Iterator[list[bytes]]:
        """The whole windows that are there, each as its lines; when all are read, what stands behind the last is cut."""
        end = 0
        with self.partial.open("rb") as stream:
            for behind, lines in _packed_windows(stream, self._window) if self._packed else _plain_windows(stream, self._window):
                yield lines
                end = behind
        assert self._stream is not None
        self._stream.truncate(end)

    def write(self, lines: bytes) -> None:
        """A window's lines."""
        assert self._stream is not None
        packed = memoryview(gzip.compress(lines, compresslevel=6, mtime=0) if self._packed else lines)
        while packed:
            packed = packed[self._stream.write(packed) :]

    def complete(self) -> None:
        """Give the file its name."""
        assert self._stream is not None
        os.fsync(self._stream.fileno())
        self.partial.rename(self.path)
        self._meta_path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        """Nothing is opened before ``begin``."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Leave what there is."""
        if self._stream is not None:
            self._stream.close()

    def _check_meta(self) -> None:
        begun = made_with(self.path)
        if begun is None:
            raise ResumeError(f"{self._meta_path} does not say what {self.partial} was made with; remove both and begin again")
        differing = sorted(key for key in begun.keys() | self._meta.keys() if begun.get(key) != self._meta.get(key))
        if differing:
            said = "; ".join(f"{key} was {begun.get(key)!r} and is {self._meta.get(key)!r}" for key in differing)
            raise ResumeError(f"{self.partial} was made otherwise: {said}; run it as then, or remove it and begin again")


def _meta_path(path: Path) -> Path:
    return path.with_name(path.name + ".partial.meta")


def _plain_windows(stream: BinaryIO, window: int) -> Iterator[tuple[int, list[bytes]]]:
    """Each whole window with the offset behind it."""
    end = 0
    while True:
        lines = list(islice(stream, window))
        if len(lines) < window or not lines[-1].endswith(b"\n"):
            return
        end += sum(map(len, lines))
        yield end, lines


def _packed_windows(stream: BinaryIO, window: int) -> Iterator[tuple[int, list[bytes]]]:
    """Each whole gzip member of a window's lines with the offset behind it."""
    begun, rest = 0, b""
    while True:
        member, unpacked, size = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16), bytearray(), 0
        while not member.eof:
            chunk = rest or stream.read(CHUNK_BYTES)
            if not chunk:
                return
            unpacked += member.decompress(chunk)
            size, rest = size + len(chunk), b""
        rest = member.unused_data
        begun += size - len(rest)
        lines = bytes(unpacked).splitlines(keepends=True)
        if len(lines) < window:
            return
        yield begun, lines


def _write_whole(path: Path, text: str) -> None:
    """All of it or nothing, whenever the process ends."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)
