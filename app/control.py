"""Who carries out an operator's commands: this process alone, or (``app.worker``) a supervisor in all of its workers."""

import asyncio
from typing import Protocol

from app.lineup import Command
from app.registry import ModelRegistry


class Control(Protocol):
    """One command at a time."""

    async def command(self, command: Command) -> None:
        """Carry out ``command`` everywhere or nowhere; once this returns, every new request is answered by the new state.

        Raises NotFound, Conflict, Invalid, BrokenArtifact and Unavailable, and then nothing has changed.
        """


class LocalControl:
    """For a process that serves alone."""

    def __init__(self, registry: ModelRegistry) -> None:
        """Change what ``registry`` serves."""
        self._registry = registry
        self._turn = asyncio.Lock()

    async def command(self, command: Command) -> None:
        """Carry out ``command``; a second one waits for its turn."""
        async with self._turn:
            fresh = await self._registry.read(command) if command.action == "load" else None
            self._registry.apply(command, fresh)
