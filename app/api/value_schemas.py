"""The shapes of values in answers; they document what ``model.values.value.Value.as_json`` gives.

A schema for each type, so that a client that looks at ``type`` knows what stands beside it. A type that stands here twice is told by its
fields: ``value``, or ``start`` and ``end``, of which one may be null for an end that is open.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, Field
from typing_extensions import TypeAliasType

Grain = Literal["year", "month", "week", "day", "hour", "minute", "second"]


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


class Reading(BaseModel):
    """What every value has."""

    timex: str | None = Field(None, description="ISO 24617-1, with X for what was not said")
    grain: Grain | None = Field(None, description="smallest unit said")
    timezone: str | None = Field(None, description="of a datetime, which is local to it")
    approximate: Literal[True] | None = Field(None, description="only if so: 'about', '-ish', a place found in spite of a typo")


class DateValue(Reading):
    """A day."""

    type: Literal["date"]
    value: str = Field(description="`2026-11-02`")


class TimeValue(Reading):
    """A time of the day."""

    type: Literal["time"]
    value: str = Field(description="`19:30`")


class DatetimeValue(Reading):
    """A time of a day."""

    type: Literal["datetime"]
    value: str = Field(description="`2026-11-02T19:30`, local to `timezone`")


class NumberValue(Reading):
    """A number, such as one of people."""

    type: Literal["number"]
    value: int | float


class DurationValue(Reading):
    """A length of time."""

    type: Literal["duration"]
    value: str = Field(description="ISO 8601: `P3D`, `PT1H30M`")


class MoneyValue(Reading):
    """A sum."""

    type: Literal["money"]
    value: MoneyAnswer


class PlaceValue(Reading):
    """A place of the gazetteer."""

    type: Literal["place"]
    value: PlaceAnswer


class DateRange(Reading):
    """Days; the last one belongs to them."""

    type: Literal["date_range"]
    start: str | None
    end: str | None


class TimeRange(Reading):
    """From one time of the day to when it ends, which is on the next day where it is before the start."""

    type: Literal["time_range"]
    start: str | None
    end: str | None


class DatetimeRange(Reading):
    """From one time of a day to another, local to `timezone`."""

    type: Literal["datetime"]
    start: str | None
    end: str | None


class NumberRange(Reading):
    """From one number to another."""

    type: Literal["number"]
    start: int | float | None
    end: int | float | None


class DurationRange(Reading):
    """From one length of time to another."""

    type: Literal["duration"]
    start: str | None
    end: str | None


class MoneyRange(Reading):
    """From one sum to another."""

    type: Literal["money"]
    start: MoneyAnswer | None
    end: MoneyAnswer | None


SingleValue = DateValue | TimeValue | DatetimeValue | NumberValue | DurationValue | MoneyValue | PlaceValue
RangeValue = DateRange | TimeRange | DatetimeRange | NumberRange | DurationRange | MoneyRange
AnyValue = TypeAliasType("AnyValue", Annotated[SingleValue | RangeValue, Field(title="AnyValue", description="What a phrase amounts to.")])
