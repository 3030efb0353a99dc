"""The shapes of values in answers; they document what ``model.values.value.Value.as_json`` gives."""

from typing import Literal

from pydantic import BaseModel, Field

from app.api.requests import Kind


class MoneyAnswer(BaseModel):
    """An amount of money."""

    value: int | float
    currency: str | None = Field(description="ISO 4217; null where none was said")


class PlaceAnswer(BaseModel):
    """A city or an airport."""

    name: str = Field(description="in English")
    country: str | None = Field(description="ISO 3166, two letters; null where it is disputed")
    iata: list[str]
    city: str | None = Field(None, description="only of an airport")


Plain = str | int | float | MoneyAnswer | PlaceAnswer


class Reading(BaseModel):
    """What every value has."""

    type: Kind
    timex: str | None = Field(None, description="ISO 24617-1, with X for what was not said")
    grain: Literal["year", "month", "week", "day", "hour", "minute", "second"] | None = Field(None, description="smallest unit said")
    timezone: str | None = Field(None, description="of a datetime, which is local to it")
    approximate: Literal[True] | None = Field(None, description="only if so: 'about', '-ish', a place found in spite of a typo")


class SingleValue(Reading):
    """A date, time, number or the like."""

    value: Plain = Field(
        description="date `2026-11-02`, time `19:30`, datetime `2026-11-02T19:30`, number `4`, duration `P3D`; money and place are objects"
    )


class RangeValue(Reading):
    """From one value to another; null for an end that is open."""

    start: Plain | None
    end: Plain | None


AnyValue = SingleValue | RangeValue
