"""The shapes of a stream's messages; tests hold every real one against them."""

from typing import Literal

from pydantic import BaseModel, Field

from app.api.schemas import ParseAnswer, Problem, WordAnswer


class StreamWord(WordAnswer):
    """A word of a text that is being typed."""

    stable: bool = Field(description="whether it had the same slot in this answer and in the two before")
    partial: bool = Field(description="whether the caret stands in it or at its end, so that it may not be finished")


class StreamOk(BaseModel):
    """The head of a revision that was answered."""

    sequence: int
    status: Literal[200]


class StreamAnswer(ParseAnswer, StreamOk):
    """The answer to a revision."""

    # A list may be written to, so mypy takes one of a narrower type for another; nothing writes to an answer's.
    words: list[StreamWord] | None = Field(None, description="only if included, as it is by default")  # type: ignore[assignment]


class StreamProblem(BaseModel):
    """A message that was not answered."""

    sequence: int | None = Field(description="null where the message names none")
    status: int
    problem: Problem
    retry_after_s: int | None = Field(None, description="seconds until the newest revision should be sent again; with 429 and 503")
