"""The streams that are open in this process: how many there may be, and how they are told that the server stops."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Streams:
    """Everything belongs to the event loop."""

    def __init__(self, most: int) -> None:
        """At most ``most`` may be open."""
        self._most = most
        self._leaving: set[Callable[[], None]] = set()

    def __len__(self) -> int:
        return len(self._leaving)

    @property
    def full(self) -> bool:
        """Whether one more would be one too many."""
        return len(self) >= self._most

    @contextmanager
    def one(self, leave: Callable[[], None]) -> Iterator[None]:
        """A stream is open inside of it; ``leave`` tells it to answer what it has taken and to close."""
        self._leaving.add(leave)
        try:
            yield
        finally:
            self._leaving.discard(leave)

    def leave(self) -> None:
        """The server stops."""
        for leave in tuple(self._leaving):
            leave()
