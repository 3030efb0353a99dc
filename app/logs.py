"""What the service writes about itself: one line for each event, JSON for machines or text for people, never an utterance.

An exception's message may quote an utterance, so a log has its type and its place alone; ``log_utterances`` brings back the message.
"""

import json
import logging
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

from app.settings import Settings

FIELDS = ("request_id", "route", "status", "duration_ms", "client", "caller", "close_code", "revisions", "answered", "superseded", "body")

logger = logging.getLogger(__name__)


def configure(settings: Settings) -> None:
    """Send every logger of this process, the server's and Python's warnings too, through one formatter to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    kind = JsonFormatter if settings.log_format == "json" else TextFormatter
    handler.setFormatter(kind(messages=settings.log_utterances))
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)
    sys.excepthook = _on_uncaught
    if settings.log_utterances:
        logger.warning("log_utterances is on: bodies of requests and messages of exceptions are logged, and they quote utterances")


def announce(message: str, stream: TextIO, level: int = logging.INFO) -> None:
    """Print what an operator must see whatever the level: as it stands in text, as one of our lines in JSON."""
    record = logger.makeRecord("app", level, "", 0, message, (), None)
    formatters = (handler.formatter for handler in logging.getLogger().handlers)
    formatter = next((entry for entry in formatters if isinstance(entry, JsonFormatter)), logging.Formatter())
    print(formatter.format(record), file=stream, flush=True)


class _Formatter(logging.Formatter):
    def __init__(self, *, messages: bool) -> None:
        """``messages``: whether exceptions are logged with their messages."""
        super().__init__()
        self._messages = messages

    def said(self, record: logging.LogRecord) -> str:
        """The message; of asyncio's the first line, because the others are objects in full."""
        message = record.getMessage()
        return message.partition("\n")[0] if record.name == "asyncio" and not self._messages else message

    def trace(self, record: logging.LogRecord) -> str | None:
        """Where an exception was raised, without local values."""
        if not record.exc_info or record.exc_info[1] is None:
            return getattr(record, "traceback", None)
        if self._messages:
            return "".join(traceback.format_exception(record.exc_info[1]))
        return "".join(_frames(record.exc_info[1], set()))


class JsonFormatter(_Formatter):
    """One JSON object a line, ASCII, so that nothing a caller sends can begin another line or fail to be written."""

    def format(self, record: logging.LogRecord) -> str:
        """``time`` (RFC 3339, UTC), ``level``, ``logger``, ``pid``, ``message``, and those of FIELDS and ``traceback`` that are known."""
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "pid": record.process,
            "message": self.said(record),
            **_fields(record),
        }
        if trace := self.trace(record):
            entry["traceback"] = trace
        return json.dumps(entry, default=str)


class TextFormatter(_Formatter):
    """A line for people: time, level, logger and process id, message, known fields; a traceback on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """Local time; fields as JSON writes them."""
        time = datetime.fromtimestamp(record.created).isoformat(" ", "milliseconds")
        fields = "".join(f" {name}={json.dumps(value, default=str)}" for name, value in _fields(record).items())
        line = f"{time} {record.levelname} {record.name}[{record.process}]: {self.said(record)}{fields}"
        trace = self.trace(record)
        return f"{line}\n{trace.rstrip()}" if trace else line


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name in FIELDS if (value := getattr(record, name, None)) is not None}


def _frames(error: BaseException, seen: set[int]) -> Iterator[str]:
    """As ``traceback.format_exception``, causes first, without the exceptions' messages."""
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen:
        yield from _frames(before, seen)
        yield "\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{type(error).__module__}.{type(error).__qualname__}\n"
    for inner in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        yield from _frames(inner, seen)


def _on_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        logger.critical("the service ends: %s", kind.__name__, exc_info=(kind, error, trace))
