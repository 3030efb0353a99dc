"""One format to another: read, hold spans against word borders, write, read again and say what was lost on the way."""

import gzip
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from model.errors import LabelError
from training.data.borders import Misaligned, misaligned, settled
from training.data.formats.losses import losses
from training.data.formats.table import FORMATS, Format, files_of, format_of
from training.data.records import DataError, DataProblem, Dropped, Record, checked, is_patterns, is_table, utterances
from training.files import replace_file


@dataclass(frozen=True, slots=True)
class OffBorders:
    """A span off word borders: the file, the line or number of its utterance, its own id where it has one, and what is nearest."""

    file: str
    line: int
    id: object
    what: Misaligned

    def __str__(self) -> str:
        """``file:line: slot ...``, with the id behind the line where there is one."""
        named = "" if self.id is None else f" (id {self.id})"
        return f"{self.file}:{self.line}{named}: {self.what}"


@dataclass
class Converted:
    """How many utterances and how many other records were written, and all that was not as it should be."""

    utterances: int = 0
    others: int = 0
    problems: list[DataProblem] = field(default_factory=list)
    off_borders: list[OffBorders] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)


def convert(source: Path, target: Path, to: str, *, given: str = "", policy: str = "report", strict: bool = False) -> Converted:
    """Write the records of ``source`` to ``target`` in the format ``to``; ``given``: the format of the source, "" to tell it from the file.

    Raises DataError for a source that is not there or of no known format, for a target that is in the way, for a span off word borders
    where ``policy`` is "fail", and with ``strict`` for any record that cannot be used; then nothing is written.
    """
    if not source.exists():
        raise DataError(f"{source} is not there; name a file or a folder")
    if source.resolve() == target.resolve():
        raise DataError(f"{target} would be overwritten by its own conversion; name another OUT")
    form = format_of(to, target)
    done = Converted()
    records = list(_usable(source, given, policy, done))
    if policy == "fail" and done.off_borders:
        raise DataError(f"{done.off_borders[0]} ({len(done.off_borders)} in all); mend the data, or say --misaligned snap or drop")
    if strict and done.problems:
        raise DataError(f"{done.problems[0]} ({len(done.problems)} in all); mend the data, or leave out --strict to skip and count")
    _write(form, records, target)
    again = [found[1] for found in form.read(target) if isinstance(found, tuple)]
    done.lost = losses(records, again)
    done.utterances = len(utterances(again))
    done.others = len(again) - done.utterances
    return done


def _usable(source: Path, given: str, policy: str, done: Converted) -> Iterator[Record]:
    """The records after ``policy``; what is wrong goes into ``done``."""
    for file in files_of(source):
        for found in format_of(given, file).read(file):
            if isinstance(found, Dropped):
                done.dropped[found.reason] += 1
            elif isinstance(found, DataProblem):
                done.problems.append(found)
            else:
                number, record = found
                try:
                    yield _settled(checked(record), (str(file), number), policy, done)
                except LabelError as error:
                    done.problems.append(DataProblem(str(file), number, str(error)))


def _settled(record: Record, place: tuple[str, int], policy: str, done: Converted) -> Record:
    if is_table(record) or is_patterns(record):
        return record
    off = misaligned(record["text"], record["spans"])
    done.off_borders += [OffBorders(*place, record.get("id"), one) for one in off]
    return {**record, "spans": settled(record["spans"], off, policy)}


def _write(form: Format, records: list[Record], target: Path) -> None:
    files: Mapping[str, bytes] = form.write(records)
    in_folder = "" not in files
    if target.exists() and target.is_dir() != in_folder:
        raise DataError(f"{target} is {'no folder' if in_folder else 'a folder'}, and {_name(form)} is {form.title}; name another OUT")
    for name, content in files.items():
        file = target / name if in_folder else target
        packed = gzip.compress(content, mtime=0) if file.suffix == ".gz" else content
        replace_file(file, lambda stream, packed=packed: stream.write(packed))  # type: ignore[misc]  # a default binds it now


def _name(form: Format) -> str:
    return next(name for name, other in FORMATS.items() if other is form)
