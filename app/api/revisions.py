"""Revisions of a text that is being typed: what a client sends, and what their words say about being finished."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic import Field, TypeAdapter

from app.api.offsets import offset_table
from app.api.requests import ParseRequest
from app.errors import Invalid, invalid

MOST_SEQUENCE = 2**53 - 1  # the largest integer that JavaScript tells from its neighbours
STABLE_AFTER = 3  # answers on end in which a word had the same slot


class Revision(ParseRequest):
    """A text as it stands now: the whole of it, with the options of `POST /v1/parse`."""

    sequence: int = Field(ge=0, le=MOST_SEQUENCE, description="greater than that of every revision before on the connection; echoed")
    caret: int | None = Field(
        None, ge=0, description="where the caret stands in `text`, in `offset_unit`; left out, no word is `partial`: the text is finished"
    )


REVISION: TypeAdapter[Revision] = TypeAdapter(Revision)


def check_caret(revision: Revision) -> None:
    """Raises Invalid for a caret behind the end of the text."""
    if revision.caret is None:
        return
    offsets = offset_table(revision.text, revision.offset_unit)
    length = len(revision.text) if offsets is None else offsets[-1]
    if revision.caret > length:
        unit = revision.offset_unit
        raise invalid(
            "/caret", "outside", f"the caret stands at {revision.caret}, but the text ends at {length} ({unit}); send less or leave it out"
        )


def has_no_words(error: Invalid) -> bool:
    """Whether a text was refused only for having nothing in it yet: typing begins so."""
    return [(entry.pointer, entry.code) for entry in error.errors] == [("/text", "no_words")]


def sequence_of(text: str) -> tuple[bool, int | None]:
    """Whether a message that is no revision is at least JSON, and the sequence that it names, None where that is none.

    >>> sequence_of('{"sequence": 3, "text": null}')
    (True, 3)
    """
    try:
        said = json.loads(text)  # the standard library's: it takes the half of a pair of surrogates, which no other does
    except (ValueError, RecursionError):
        return False, None
    sequence = said.get("sequence") if isinstance(said, dict) else None
    return True, sequence if type(sequence) is int and 0 <= sequence <= MOST_SEQUENCE else None


class _Known(NamedTuple):
    text: str
    slot: str
    answers: int


class Steadiness:
    """Marks the words of one connection's answers, in their order, with ``stable`` and ``partial``.

    A word is the same as one of the answer before if it stands in the beginning that both texts share, or in the end that they share.
    """

    def __init__(self) -> None:
        """No answer was given yet."""
        self._served: Any = None
        self._words: list[_Known] = []

    def mark(self, answer: dict[str, Any], caret: int | None) -> None:
        """Mark the words of ``answer``, if it shows them. Another model begins anew."""
        words = answer.get("words", ())
        before = self._words if answer["model"] == self._served else []
        counts = _counts(before, [(word["text"], word["slot"]) for word in words])
        for word, count in zip(words, counts, strict=True):
            word["stable"] = count >= STABLE_AFTER
            word["partial"] = caret is not None and word["start"] < caret <= word["end"]
        self._served = answer["model"]
        self._words = [_Known(word["text"], word["slot"], count) for word, count in zip(words, counts, strict=True)]


def _counts(before: Sequence[_Known], now: Sequence[tuple[str, str]]) -> list[int]:
    """For how many answers on end, this one among them, each word has had its slot."""
    return [
        1 if place is None or before[place].slot != slot else before[place].answers + 1
        for place, (_, slot) in zip(places_before([known.text for known in before], [text for text, _ in now]), now, strict=True)
    ]


def places_before(before: Sequence[str], now: Sequence[str]) -> list[int | None]:
    """Where each word of ``now`` stood in ``before``, None for what is new.

    >>> places_before(["to", "Oslo", "today"], ["to", "New", "Oslo", "today"])
    [0, None, 1, 2]
    """
    shared = min(len(before), len(now))
    head = next((place for place in range(shared) if before[place] != now[place]), shared)
    tail = next((back for back in range(shared - head) if before[-1 - back] != now[-1 - back]), shared - head)
    shift = len(before) - len(now)
    return [place if place < head else place + shift if place >= len(now) - tail else None for place in range(len(now))]
