"""The two phases of a command, with workers that are scripted."""

import asyncio
import dataclasses
from typing import Any

import pytest

from app import pipe
from app.commands import Commands
from app.errors import BrokenArtifact
from app.lineup import Command, Line, Release
from app.pipe import Message
from app.workerprocess import Gone

pytestmark = pytest.mark.anyio

OLD, NEW, OTHER = (Release(f"/models/{name}", version, version * 64, "") for name, version in (("a", "1"), ("b", "2"), ("b", "3")))
LOADED = {"kind": "loaded", "lines": pipe.lines_message({"booking": Line(OLD)}), "default": "booking"}


class FakeWorker:
    """Does what it is told, and replies to ``prepare`` as it was made to: a release, an error, or Gone."""

    def __init__(self, prepares: Release | BrokenArtifact | type[Gone] = NEW, *, applies: bool = True) -> None:
        self.prepares, self.applies = prepares, applies
        self.serving = self.killed = False
        self.told: list[Message] = []
        self.answered = asyncio.Event()
        self.gone = asyncio.Event()

    def tell(self, message: Message) -> None:
        self.told.append(message)
        if message["kind"] == "answer":
            self.answered.set()

    async def report(self) -> Message:
        return {"kind": "serving"}

    async def request(self, message: Message) -> Message:
        self.told.append(message)
        if message["kind"] == "apply":
            return {"error": None if self.applies else pipe.error_message(BrokenArtifact("cannot"))}
        if isinstance(self.prepares, Release):
            return {"error": None, "release": pipe.release_message(self.prepares)}
        if isinstance(self.prepares, BrokenArtifact):
            return {"error": pipe.error_message(self.prepares)}
        raise self.prepares

    async def ended(self) -> int:
        await self.gone.wait()
        return 0

    def kill(self) -> None:
        self.killed = True

    def kinds(self) -> list[str]:
        return [message["kind"] for message in self.told]


async def admitted(*workers: Any) -> Commands:
    commands = Commands()
    for worker in workers:
        assert await commands.admit(worker, None, LOADED)
    return commands


async def outcome(commands: Commands, worker: Any, command: Command) -> dict[str, Any] | None:
    worker.answered.clear()
    commands.ask(worker, {"number": 7, "command": dataclasses.asdict(command)})
    await worker.answered.wait()
    assert worker.told[-1]["number"] == 7
    error: dict[str, Any] | None = worker.told[-1]["error"]
    return error


async def test_what_all_have_loaded_all_apply_before_the_command_is_answered() -> None:
    one, two = FakeWorker(), FakeWorker()
    commands = await admitted(one, two)
    assert await outcome(commands, one, Command("load", "booking", "b")) is None
    assert one.kinds() == ["listen", "prepare", "apply", "answer"]
    assert two.kinds() == ["listen", "prepare", "apply"]
    assert one.told[2]["prepared"] == one.told[1]["number"]
    assert commands.lines == {"booking": Line(OLD, NEW)}
    assert await outcome(commands, two, Command("promote", "booking")) is None
    assert commands.lines == {"booking": Line(NEW, None, OLD)}


@pytest.mark.parametrize(
    ("prepares", "kind"), [(BrokenArtifact("graph changed"), "BrokenArtifact"), (Gone, "Unavailable"), (OTHER, "Conflict")]
)
async def test_a_load_that_fails_in_one_worker_is_undone_in_all(prepares: Any, kind: str) -> None:
    one, two = FakeWorker(), FakeWorker(prepares)
    commands = await admitted(one, two)
    error = await outcome(commands, one, Command("load", "booking", "b"))
    assert error is not None
    assert error["kind"] == kind
    assert one.kinds() == ["listen", "prepare", "abort", "answer"]
    assert "apply" not in two.kinds()
    assert commands.lines == {"booking": Line(OLD)}


async def test_a_worker_that_cannot_apply_what_was_decided_is_replaced() -> None:
    one, two = FakeWorker(), FakeWorker(applies=False)
    commands = await admitted(one, two)
    assert await outcome(commands, one, Command("load", "booking", "b")) is None
    assert (one.killed, two.killed) == (False, True)


async def test_a_worker_that_has_loaded_something_else_is_not_admitted() -> None:
    one = FakeWorker()
    commands = await admitted(one)
    await outcome(commands, one, Command("load", "booking", "b"))
    late = FakeWorker()
    assert not await commands.admit(late, {"booking": Line(OLD)}, LOADED)  # type: ignore[arg-type]
    assert late.kinds() == []
    now = {**LOADED, "lines": pipe.lines_message({"booking": Line(OLD, NEW)})}
    assert await commands.admit(late, commands.lines, now)  # type: ignore[arg-type]


async def test_a_worker_that_has_ended_is_not_asked_any_more() -> None:
    one, two = FakeWorker(), FakeWorker(Gone)
    commands = await admitted(one, two)
    two.gone.set()
    while two in commands._workers:
        await asyncio.sleep(0)
    assert await outcome(commands, one, Command("load", "booking", "b")) is None


async def test_refused_commands_reach_no_worker_and_nothing_is_carried_out_while_the_service_stops() -> None:
    one = FakeWorker()
    commands = await admitted(one)
    assert (await outcome(commands, one, Command("promote", "booking")) or {})["kind"] == "Conflict"
    commands.close()
    assert (await outcome(commands, one, Command("load", "booking", "b")) or {})["kind"] == "Draining"
    assert one.kinds() == ["listen", "answer", "answer"]


async def test_a_waiting_version_that_a_new_worker_cannot_read_is_unloaded_in_all() -> None:
    one = FakeWorker()
    commands = await admitted(one)
    await outcome(commands, one, Command("load", "booking", "b"))
    await outcome(commands, one, Command("load", "trains", "b"))
    late = FakeWorker()
    assert await commands.admit(late, commands.lines, LOADED)  # type: ignore[arg-type]
    assert commands.lines == {"booking": Line(OLD)}
    assert [message["command"]["name"] for message in one.told if message["kind"] == "apply"][-2:] == ["booking", "trains"]
    assert late.kinds() == ["listen"]
