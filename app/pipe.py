"""What the supervisor and a worker say to each other over their socket pair: one JSON object a line, told apart by ``kind``.

worker to supervisor
  loaded      ``lines``, ``default``: it has read its models and waits for ``listen``
  failed      ``reason``: it cannot start as it is set up
  serving     it listens
  beat        ``fit``: its event loop turns; whether its taggers' threads live
  ask         ``number``, ``command``: an operator's command came to it
  reply       ``number``, ``error``, ``release``: it has done what it was told
supervisor to worker
  start       ``lines``: what to load; null for whatever the directory holds
  listen
  leave       another worker has taken its place
  prepare     ``number``, ``command``: read an artefact, put it nowhere
  apply       ``number``, ``command``, ``prepared``: change the lines
  abort       ``prepared``: forget what was prepared
  answer      ``number``, ``error``: the command that it asked for has been carried out everywhere or nowhere
"""

import dataclasses
import json
from typing import Any

from app.errors import BrokenArtifact, Conflict, Draining, FieldError, Invalid, NotFound, ServiceError, Unavailable
from app.lineup import Command, Line, Lines, Release, mapped

Message = dict[str, Any]
LONGEST = 8 * 1024 * 1024  # bytes of a message; the lines of a thousand models fit

_ERRORS = {kind.__name__: kind for kind in (BrokenArtifact, Conflict, Draining, Invalid, NotFound, ServiceError, Unavailable)}


def encode(message: Message) -> bytes:
    """A message as a line."""
    return json.dumps(message).encode() + b"\n"


def decode(line: bytes) -> Message:
    """The reverse of ``encode``."""
    message: Message = json.loads(line)
    return message


def lines_message(lines: Lines[Release]) -> Message:
    """Lines as a part of a message."""
    return {name: mapped(line, release_message).versions() for name, line in lines.items()}


def lines_of(message: Message) -> dict[str, Line[Release]]:
    """The reverse of ``lines_message``."""
    return {name: Line(**{place: Release(**release) for place, release in line.items()}) for name, line in message.items()}


def release_message(release: Release) -> Message:
    """A release as a part of a message."""
    return dataclasses.asdict(release)


def command_message(command: Command) -> Message:
    """A command as a part of a message."""
    return dataclasses.asdict(command)


def command_of(message: Message) -> Command:
    """The reverse of ``command_message``."""
    return Command(**message)


def error_message(error: ServiceError) -> Message:
    """An error as a part of a message."""
    kind = next(name for name in (base.__name__ for base in type(error).__mro__) if name in _ERRORS)
    errors = [dataclasses.asdict(entry) for entry in error.errors]
    return {"kind": kind, "detail": error.detail, "errors": errors, "retry_after_s": error.retry_after_s}


def error_of(message: Message) -> ServiceError:
    """The reverse of ``error_message``."""
    errors = tuple(FieldError(**entry) for entry in message["errors"])
    return _ERRORS[message["kind"]](message["detail"], errors=errors, retry_after_s=message["retry_after_s"])
