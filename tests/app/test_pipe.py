import pytest

from app import pipe
from app.errors import BrokenArtifact, Conflict, FieldError, NotFound, Overloaded, ServiceError, Unavailable, invalid
from app.lineup import Command, Line, Release

RELEASES = [Release(f"/models/{number}", f"1.{number}.0", f"{number}" * 64, "2026-10-20T02:00:00+00:00") for number in range(3)]


@pytest.mark.parametrize(
    "error",
    [
        Conflict("no"),
        NotFound("there is no 'Ω'"),
        invalid("/artifact", "no_artifact", "not there"),
        BrokenArtifact("changed", errors=(FieldError("/artifact", "broken_artifact", "changed"),)),
        Unavailable("later", retry_after_s=1),
        ServiceError("failed"),
    ],
)
def test_an_error_arrives_as_it_was_sent(error: ServiceError) -> None:
    arrived = pipe.error_of(pipe.decode(pipe.encode(pipe.error_message(error))))
    assert type(arrived) is type(error)
    assert vars(arrived) == vars(error)


def test_an_error_that_the_pipe_does_not_know_arrives_as_its_kind() -> None:
    assert type(pipe.error_of(pipe.error_message(Overloaded("full")))) is Unavailable


def test_lines_and_commands_arrive_as_they_were_sent() -> None:
    lines = {"booking": Line(*RELEASES), "trains": Line(candidate=RELEASES[0]), "boats": Line(RELEASES[0], previous=RELEASES[1])}
    assert pipe.lines_of(pipe.decode(pipe.encode(pipe.lines_message(lines)))) == lines
    command = Command("unload", "поезда\n", which="previous")
    sent = pipe.encode(pipe.command_message(command))
    assert sent.count(b"\n") == 1
    assert pipe.command_of(pipe.decode(sent)) == command
