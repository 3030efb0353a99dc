import pytest

from app.errors import Conflict, NotFound
from app.lineup import Action, Command, Line, Place, applied


def test_promote_makes_the_candidate_active_and_the_active_previous() -> None:
    before = {"booking": Line("v1", "v2", "v0")}
    assert applied(before, Command("promote", "booking"), "booking") == {"booking": Line("v2", None, "v1")}


def test_a_second_rollback_takes_the_first_back() -> None:
    before = {"booking": Line("v2", "v3", "v1")}
    once = applied(before, Command("rollback", "booking"), "booking")
    assert once == {"booking": Line("v1", "v3", "v2")}
    assert applied(once, Command("rollback", "booking"), "booking") == before


def test_a_new_name_is_loaded_as_a_candidate_that_does_not_answer() -> None:
    before = {"booking": Line("v1")}
    assert applied(before, Command("load", "trains"), "booking", "t1") == {"booking": Line("v1"), "trains": Line(candidate="t1")}


def test_a_name_without_versions_is_gone() -> None:
    before = {"booking": Line("v1"), "trains": Line(candidate="t1")}
    assert applied(before, Command("unload", "trains", which="candidate"), "booking") == {"booking": Line("v1")}


@pytest.mark.parametrize(
    ("action", "which", "reason"),
    [
        ("promote", "candidate", "no candidate"),
        ("rollback", "candidate", "no previous"),
        ("unload", "candidate", "no candidate"),
        ("unload", "previous", "no previous"),
        ("unload", "active", "default model"),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(action: Action, which: Place, reason: str) -> None:
    before = {"booking": Line("v1")}
    with pytest.raises(Conflict, match=reason):
        applied(before, Command(action, "booking", which=which), "booking")
    assert before == {"booking": Line("v1")}


@pytest.mark.parametrize("action", ["promote", "rollback", "unload"])
def test_an_unknown_name_is_not_found(action: Action) -> None:
    with pytest.raises(NotFound, match="loaded: booking"):
        applied({"booking": Line("v1")}, Command(action, "x"), "booking")
