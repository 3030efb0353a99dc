"""The registry's transitions against a plain model of them, and what becomes of versions that are dropped."""

import asyncio
import gc
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app.control import LocalControl
from app.errors import BrokenArtifact, Conflict, NotFound
from app.lineup import PLACES, Command, Place
from app.loading import load_all
from app.metrics import Metrics
from app.registry import ModelRegistry
from app.settings import Settings
from tests.tiny import write_tiny_artifact

NAMES = st.sampled_from(["tiny", "second"])
VERSIONS = ("1.0.0", "2.0.0", "3.0.0")


def write_versions(folder: Path) -> None:
    for name in ("tiny", "second"):
        for seed, version in enumerate(VERSIONS, 1):
            start = "" if (name, version) == ("tiny", "1.0.0") else "_"  # what begins with _ is not loaded at the start
            write_tiny_artifact(folder / f"{start}{name}-{version}", name=name, version=version, seed=seed)


def registry_of(folder: Path) -> ModelRegistry:
    return ModelRegistry(load_all(folder), Settings(models=folder, default_model="tiny"), Metrics())


class Reloading(RuleBasedStateMachine):
    """``expected``: the version in each place of each name."""

    folder = TemporaryDirectory()
    write_versions(Path(folder.name))

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.expected: dict[str, dict[Place, str]] = {"tiny": {"active": "1.0.0"}}

    @initialize()
    def begin(self) -> None:
        self.registry = registry_of(Path(self.folder.name))
        self.control = LocalControl(self.registry)
        self.loop.run_until_complete(self._start())

    @rule(name=NAMES, version=st.sampled_from(VERSIONS))
    def load(self, name: str, version: str) -> None:
        start = "" if (name, version) == ("tiny", "1.0.0") else "_"
        self.carry_out(Command("load", name, artifact=f"{start}{name}-{version}"))
        self.expected.setdefault(name, {})["candidate"] = version

    @rule(name=NAMES)
    def promote(self, name: str) -> None:
        line = self.expected.get(name)
        if line is None or "candidate" not in line:
            self.refused(Command("promote", name))
            return
        self.carry_out(Command("promote", name))
        former, line["active"] = line.get("active"), line.pop("candidate")
        line.pop("previous", None)
        if former is not None:
            line["previous"] = former

    @rule(name=NAMES)
    def rollback(self, name: str) -> None:
        line = self.expected.get(name)
        if line is None or "previous" not in line:
            self.refused(Command("rollback", name))
            return
        self.carry_out(Command("rollback", name))
        former, line["active"] = line.get("active"), line.pop("previous")
        if former is not None:
            line["previous"] = former

    @rule(name=NAMES, which=st.sampled_from(PLACES))
    def unload(self, name: str, which: Place) -> None:
        line = self.expected.get(name)
        if line is None or which not in line or (name, which) == ("tiny", "active"):
            self.refused(Command("unload", name, which=which))
            return
        self.carry_out(Command("unload", name, which=which))
        del line[which]
        if not line:
            del self.expected[name]

    @invariant()
    def every_place_holds_what_it_should_and_the_active_answer(self) -> None:
        lines = {
            name: {place: served.tagger.version for place, served in line.versions().items()} for name, line in self.registry.lines.items()
        }
        assert lines == self.expected
        answering = {name: line["active"] for name, line in self.expected.items() if "active" in line}
        assert {name: served.tagger.version for name, served in self.registry.served.items()} == answering
        assert self.registry.get(None).tagger.version == answering["tiny"]
        assert self.registry.fit

    def carry_out(self, command: Command) -> None:
        self.loop.run_until_complete(self.control.command(command))

    def refused(self, command: Command) -> None:
        with pytest.raises((Conflict, NotFound)):
            self.carry_out(command)

    def teardown(self) -> None:
        self.loop.run_until_complete(self.registry.close())
        self.loop.close()

    async def _start(self) -> None:
        self.registry.start()


@pytest.fixture
def no_collector() -> Iterator[None]:
    """What is freed is freed because nothing refers to it: the collector comes seldom, and a model is large."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


TestReloading = Reloading.TestCase
TestReloading.settings = hypothesis_settings(max_examples=20, stateful_step_count=15)


@pytest.mark.anyio
async def test_dropped_versions_are_freed_at_once_with_their_threads(tmp_path: Path, no_collector: None) -> None:
    write_versions(tmp_path)
    registry = registry_of(tmp_path)
    registry.start()
    control = LocalControl(registry)
    taggers, batchers = weakref.WeakSet(), weakref.WeakSet()
    for turn in range(30):
        await control.command(Command("load", "tiny", artifact=f"_tiny-{VERSIONS[1 + turn % 2]}"))
        await control.command(Command("promote", "tiny"))
        await control.command(Command("load", "second", artifact="_second-1.0.0"))
        await control.command(Command("promote", "second"))
        for served in (registry.get("tiny"), registry.get("second")):
            await served.batcher.submit(served.tagger.prepare("from Oslo"), 10)
            taggers.add(served.tagger)
            batchers.add(served.batcher)
        await control.command(Command("unload", "second", which="active"))
        del served
    kept = len(registry.lines["tiny"].versions())
    async with asyncio.timeout(10):  # the last thread and the last timer are about to end
        while max(len(taggers), len(batchers), sum(thread.name.startswith("tagger-") for thread in threading.enumerate())) > kept:
            await asyncio.sleep(0.01)
    await registry.close()


@pytest.mark.anyio
async def test_what_a_version_has_accepted_it_answers_also_when_it_is_dropped(tmp_path: Path) -> None:
    write_versions(tmp_path)
    registry = registry_of(tmp_path)
    registry.start()
    served = registry.get("tiny")
    expected = served.tagger.annotate("from Oslo to Tuzla").slots
    futures = served.batcher.admit([served.tagger.prepare("from Oslo to Tuzla")] * 20, 10)
    control = LocalControl(registry)
    for version in VERSIONS[1:]:
        await control.command(Command("load", "tiny", artifact=f"_tiny-{version}"))
        await control.command(Command("promote", "tiny"))
    assert served not in registry.lines["tiny"].versions().values()
    for future in futures:
        slots = (await future).annotation.slots
        assert [(slot.name, slot.start) for slot in slots] == [(slot.name, slot.start) for slot in expected]
    await registry.close()


@pytest.mark.anyio
async def test_commands_come_one_after_the_other_and_all_are_carried_out(tmp_path: Path) -> None:
    write_versions(tmp_path)
    registry = registry_of(tmp_path)
    registry.start()
    control = LocalControl(registry)
    load = [control.command(Command("load", "tiny", artifact=f"_tiny-{version}")) for version in VERSIONS[1:]]
    await asyncio.gather(*load, control.command(Command("promote", "tiny")))
    assert registry.get("tiny").tagger.version == "3.0.0"
    await registry.close()


@pytest.mark.anyio
async def test_the_metrics_show_the_queue_of_the_active_version(tmp_path: Path) -> None:
    write_versions(tmp_path)
    metrics = Metrics()
    registry = ModelRegistry(load_all(tmp_path), Settings(models=tmp_path, max_waiting_items=128), metrics)
    registry.start()
    control = LocalControl(registry)
    await control.command(Command("load", "tiny", artifact="_tiny-2.0.0"))
    active = registry.get("tiny")
    futures = active.batcher.admit([active.tagger.prepare("from Oslo")] * 5, 10)
    assert 'slotline_waiting_utterances{model="tiny"} 5.0' in metrics.exposition().decode()
    await control.command(Command("promote", "tiny"))
    assert 'slotline_waiting_utterances{model="tiny"} 0.0' in metrics.exposition().decode()
    await asyncio.gather(*futures)
    await registry.close()


@pytest.mark.anyio
async def test_any_kind_of_broken_artefact_is_refused_and_the_old_one_serves_on(tmp_path: Path) -> None:
    write_versions(tmp_path)
    registry = registry_of(tmp_path)
    registry.start()
    control = LocalControl(registry)
    broken = tmp_path / "_tiny-2.0.0"
    for file in sorted(broken.iterdir()):
        whole = file.read_bytes()
        for content in (whole[:-1] + b"!", whole[:-1], b""):
            file.write_bytes(content)
            with pytest.raises(BrokenArtifact, match=file.name):
                await control.command(Command("load", "tiny", artifact=broken.name))
        file.unlink()
        with pytest.raises(BrokenArtifact, match=file.name):
            await control.command(Command("load", "tiny", artifact=broken.name))
        file.write_bytes(whole)
    assert registry.lines["tiny"].candidate is None
    assert registry.get("tiny").tagger.version == "1.0.0"
    await control.command(Command("load", "tiny", artifact=broken.name))
    await registry.close()
