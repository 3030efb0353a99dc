"""Which models are served: each version with its own queue, all of them swapped by one reference."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from app import lineup
from app.capacity import limits_of
from app.errors import NotFound, StartupError
from app.interpreter import release_memory
from app.lineup import Command, Line, Lines, Release
from app.loading import Loaded, load_named
from app.metrics import Metrics
from app.scheduler import MicroBatcher
from app.settings import Settings
from model.config import CONTEXT
from model.tagger import Tagger

USUAL_DEFAULT = "booking"
FREED_S = 0.5  # after the end of a queue its thread and its timers are gone too, and with them the last reference


@dataclass(frozen=True)
class ServedModel:
    """A tagger with the queue before it and the artefact that it came from."""

    tagger: Tagger
    batcher: MicroBatcher
    release: Release

    @property
    def name(self) -> str:
        """The name that requests call it by."""
        return self.tagger.name

    @property
    def languages(self) -> tuple[str, ...]:
        """What it was trained on; the first is assumed where a request names none."""
        return self.tagger.artifact.config.languages

    @property
    def inputs(self) -> tuple[str, ...]:
        """The parts of a request that its answer depends on."""
        read = self.tagger.artifact.config.features.context
        return ("text", *(f"context.{name}" for name in CONTEXT if name in read))

    @cached_property
    def label_index(self) -> dict[str, int]:
        """Columns of the probabilities by label."""
        return {label: index for index, label in enumerate(self.tagger.labels.labels)}


class ModelRegistry:
    """The models by name. Readers take one reference; whoever changes the set builds a new mapping and swaps it.

    Life: ``start``, any number of ``read`` and ``apply``, ``close``. All of it belongs to the event loop.
    """

    def __init__(self, lines: Lines[Loaded], settings: Settings, metrics: Metrics) -> None:
        """Raises StartupError for no active model, and for a default that is not there."""
        self.default = _default_name([name for name, line in lines.items() if line.active], settings)
        self._settings = settings
        self._metrics = metrics
        self._closing: set[asyncio.Task[None]] = set()
        self._swap({name: lineup.mapped(line, self._serve) for name, line in lines.items()})

    @property
    def served(self) -> Mapping[str, ServedModel]:
        """All models that answer, by name."""
        return self._served

    @property
    def lines(self) -> Lines[ServedModel]:
        """All that is loaded, by name."""
        return self._lines

    @property
    def fit(self) -> bool:
        """Whether the worker thread of every model that answers lives."""
        return all(served.batcher.alive for served in self._served.values())

    def get(self, name: str | None) -> ServedModel:
        """The model of this name, the default for None. Raises NotFound."""
        found = self._served.get(self.default if name is None else name)
        if found is None:
            raise NotFound(f"there is no model {name!r}; loaded: {', '.join(sorted(self._served))}")
        return found

    def start(self) -> None:
        """Start every queue's worker in the running event loop."""
        for served in _versions(self._lines):
            served.batcher.start()

    async def close(self) -> None:
        """Answer what waits and stop every worker."""
        for served in _versions(self._lines):
            await served.batcher.close()
        if self._closing:
            await asyncio.wait(self._closing)

    async def read(self, command: Command) -> ServedModel:
        """What a ``load`` command names, proven and with its queue started, but not yet in any place.

        It is read in a thread, so requests go on. Raises Invalid and BrokenArtifact as ``load_named`` does.
        """
        found = await asyncio.to_thread(load_named, self._settings.models, command, threads=self._settings.threads)
        served = self._serve(found)
        served.batcher.start()
        self._watch()
        return served

    def apply(self, command: Command, fresh: ServedModel | None = None) -> None:
        """Carry out ``command`` by swapping one reference. ``fresh``: what ``read`` gave for a ``load``.

        A version that has no place any more answers what it has accepted and is freed. Raises NotFound and Conflict, and then
        nothing has changed.
        """
        before = _versions(self._lines)
        self._swap(lineup.applied(self._lines, command, self.default, fresh))
        kept = {id(served) for served in _versions(self._lines)}
        for served in before:
            if id(served) not in kept:
                self.discard(served)

    def discard(self, served: ServedModel) -> None:
        """Let what has no place answer what it has accepted, and end."""
        if served.name not in self._served:
            self._metrics.watch_queue(served.name, _nothing, _nothing)  # which else would keep the queue and its tagger
        loop = asyncio.get_running_loop()
        task = loop.create_task(served.batcher.close(), name=f"close-{served.name}")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        task.add_done_callback(lambda _: loop.call_later(FREED_S, loop.run_in_executor, None, release_memory))

    def _swap(self, lines: dict[str, Line[ServedModel]]) -> None:
        self._lines: Lines[ServedModel] = MappingProxyType(lines)
        self._served: Mapping[str, ServedModel] = MappingProxyType(
            {name: line.active for name, line in lines.items() if line.active is not None}
        )
        self._watch()
        self._metrics.model_info([(name, served.tagger.version, served.tagger.sha256) for name, served in self._served.items()])

    def _watch(self) -> None:
        """Of all queues of a name, the metrics show the active one's."""
        for served in self._served.values():
            served.batcher.watch()

    def _serve(self, found: Loaded) -> ServedModel:
        tagger = found.tagger
        return ServedModel(tagger, MicroBatcher(tagger.name, tagger, limits_of(self._settings), self._metrics), found.release)


def _versions(lines: Lines[ServedModel]) -> list[ServedModel]:
    return [served for line in lines.values() for served in line.versions().values()]


def _nothing() -> float:
    """The length of a queue that is gone."""
    return 0.0


def _default_name(names: Iterable[str], settings: Settings) -> str:
    names, wanted = sorted(names), settings.default_model
    if wanted is None and len(names) == 1:
        return names[0]
    chosen = USUAL_DEFAULT if wanted is None else wanted
    if chosen not in names:
        loaded = ", ".join(names) or "none"
        raise StartupError(f"the default model {chosen!r} is not loaded (loaded: {loaded}); set --default-model to one that is")
    return chosen
