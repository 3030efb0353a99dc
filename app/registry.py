"""Which models are served: found in a directory, proven by replay, each with its own queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from app.admission import QueueLimits
from app.batch import BatchLimits
from app.errors import NotFound, StartupError
from app.metrics import Metrics
from app.scheduler import MicroBatcher
from app.settings import Settings
from model.artifact import MANIFEST
from model.tagger import Tagger

USUAL_DEFAULT = "booking"


@dataclass(frozen=True)
class ServedModel:
    """A tagger with the queue before it."""

    tagger: Tagger
    batcher: MicroBatcher

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
        return ("text",)

    @cached_property
    def label_index(self) -> dict[str, int]:
        """Columns of the probabilities by label."""
        return {label: index for index, label in enumerate(self.tagger.labels.labels)}


class ModelRegistry:
    """The models by name. Readers take one reference; whoever changes the set builds a new mapping and swaps it."""

    def __init__(self, taggers: Sequence[Tagger], settings: Settings, metrics: Metrics) -> None:
        """Raises StartupError for two models of one name, for none, and for a default that is not there."""
        names = [tagger.name for tagger in taggers]
        for name in names:
            if names.count(name) > 1:
                raise StartupError(f"two artefacts are named {name!r}; rename or remove one")
        self.default = _default_name(names, settings)
        self._limits = QueueLimits(
            items=settings.max_waiting_items,
            words=settings.max_waiting_words,
            wait_s=settings.max_wait_s,
            hang_s=settings.batch_timeout_s,
            batch=BatchLimits(rows=settings.max_batch_rows, cells=settings.max_batch_cells),
        )
        self._metrics = metrics
        self._served: Mapping[str, ServedModel] = MappingProxyType({tagger.name: self._serve(tagger) for tagger in taggers})

    @property
    def served(self) -> Mapping[str, ServedModel]:
        """All models by name."""
        return self._served

    def get(self, name: str | None) -> ServedModel:
        """The model of this name, the default for None. Raises NotFound."""
        found = self._served.get(self.default if name is None else name)
        if found is None:
            raise NotFound(f"there is no model {name!r}; loaded: {', '.join(sorted(self._served))}")
        return found

    def start(self) -> None:
        """Start every queue's worker in the running event loop."""
        for served in self._served.values():
            served.batcher.start()

    async def close(self) -> None:
        """Answer what waits and stop every worker."""
        for served in self._served.values():
            await served.batcher.close()

    def _serve(self, tagger: Tagger) -> ServedModel:
        return ServedModel(tagger, MicroBatcher(tagger.name, tagger, self._limits, self._metrics))


def load_taggers(directory: Path, *, threads: int = 1) -> list[Tagger]:
    """Every artefact of ``directory`` (or the one that it is), verified and replayed.

    Raises StartupError when there is none, and model.errors.ArtifactError for one that cannot be trusted.
    """
    taggers = [Tagger.load(path, threads=threads) for path in _artifact_directories(directory)]
    for tagger in taggers:
        tagger.replay()
    return taggers


def _artifact_directories(directory: Path) -> list[Path]:
    if (directory / MANIFEST).is_file():
        return [directory]
    if not directory.is_dir():
        raise StartupError(f"{directory} is not a directory; point --models to a directory of artefacts")
    # A folder without manifest is a broken artefact, which loading will say; leading . and _ mark what is none.
    found = sorted(path for path in directory.iterdir() if path.is_dir() and path.name[0] not in "._")
    if not found:
        raise StartupError(f"{directory} has no artefact; train one, or point --models to a directory of artefacts")
    return found


def _default_name(names: Sequence[str], settings: Settings) -> str:
    wanted = settings.default_model
    if wanted is None and len(names) == 1:
        return names[0]
    chosen = USUAL_DEFAULT if wanted is None else wanted
    if chosen not in names:
        loaded = ", ".join(sorted(names)) or "none"
        raise StartupError(f"the default model {chosen!r} is not loaded (loaded: {loaded}); set --default-model to one that is")
    return chosen
