"""The shapes of answers to phrases; ``app.api.schemas`` has the others."""

from typing import Literal

from pydantic import BaseModel, Field

from app.api.requests import Probability
from app.api.schemas import ContextAnswer, Counts, ItemStatus, Problem
from app.api.value_schemas import AnyValue


class PhraseAnswer(BaseModel):
    """A phrase that was read."""

    status: Literal[200]
    text: str
    value: AnyValue | None = Field(description="the likeliest reading; null where it was not understood")
    value_alternatives: list[AnyValue] = Field(description="other readings, likeliest first")
    confidence: Probability | None = Field(description="probability that the words were read rightly; null where a place was looked up")
    reason: Literal["value_not_understood"] | None = Field(None, description="only where `value` is null")
    detail: str | None = Field(None, description="only where `value` is null: why, for people")


class PhraseProblem(BaseModel):
    """A phrase that was not answered."""

    status: ItemStatus
    problem: Problem


class TotalTiming(BaseModel):
    """Milliseconds."""

    total: float


class ValuesAnswer(BaseModel):
    """One result per phrase, in order."""

    request_id: str
    context: ContextAnswer
    results: list[PhraseAnswer | PhraseProblem]
    counts: Counts
    timing_ms: TotalTiming
