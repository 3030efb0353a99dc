"""What a phrase amounts to: values, the context they hang on, and refusals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from model.errors import ConfigError

KINDS = ("date", "time", "datetime", "date_range", "time_range", "number", "duration", "money", "place")
POLICIES = ("future", "past", "nearest")
ORDERS = ("mdy", "dmy", "ymd")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount; ``currency`` is an ISO 4217 code, None where none was said."""

    value: int | float
    currency: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """A city or airport: its name in English, its country (ISO 3166, two letters; None where that is disputed) and IATA codes.

    ``city``: the city of an airport, None for a city.
    """

    name: str
    country: str | None = None
    iata: tuple[str, ...] = ()
    city: str | None = None


Plain = str | int | float | Money | Place


@dataclass(frozen=True, slots=True)
class Value:
    """One reading of a phrase.

    ``type`` is one of KINDS. ``value`` by type: date "2026-11-02"; time "19:30"; datetime "2026-11-02T19:30", local to ``timezone``;
    number 4; duration "P3D" (weeks are given in days); Money; Place. A range has ``start`` and ``end`` of the same form in place of
    ``value``, one of them None where it is open ("after 6 pm", "under 300 dollars"). The end of a range of dates is its last day; that of
    a range of times is the moment it ends, on the next day where it is before the start. ``timex``: ISO 24617-1, X for what was not said;
    a range is "(start,end,duration)". ``grain``: the smallest unit that was said. ``approximate``: "about", "-ish"; a place found in spite
    of a typo.
    """

    type: str
    value: Plain | None = None
    start: Plain | None = None
    end: Plain | None = None
    timex: str | None = None
    grain: str | None = None
    timezone: str | None = None
    approximate: bool = False

    @property
    def is_range(self) -> bool:
        """Whether ``start`` and ``end`` stand in place of ``value``."""
        return self.value is None

    def as_json(self) -> dict[str, object]:
        """The value as the service answers it: {"type": "date", "value": "2026-11-02", "timex": "XXXX-11-02", "grain": "day"}."""
        said = {"start": _plain(self.start), "end": _plain(self.end)} if self.is_range else {"value": _plain(self.value)}
        rest = {name: found for name in ("timex", "grain", "timezone") if (found := getattr(self, name)) is not None}
        return {"type": self.type, **said, **rest, **({"approximate": True} if self.approximate else {})}


def _plain(value: Plain | None) -> object:
    if isinstance(value, Money):
        return {"value": value.value, "currency": value.currency}
    if isinstance(value, Place):
        return {"name": value.name, "country": value.country, "iata": list(value.iata), **({"city": value.city} if value.city else {})}
    return value


@dataclass(frozen=True, slots=True)
class Context:
    """What a phrase's meaning hangs on besides its words.

    ``reference``: the moment of speaking, aware; its time zone is the speaker's. ``timezone``: that zone's name, "Asia/Taipei".
    ``policy``: which year, month or week a date without one belongs to: the next one to come, the last one, or the nearest.
    ``order``: how 03/04 is read where both readings are dates. Raises ConfigError for a reference without a time zone or an unknown word.
    """

    reference: datetime
    timezone: str | None = None
    policy: str = "future"
    order: str = "mdy"

    def __post_init__(self) -> None:
        if self.reference.tzinfo is None:
            raise ConfigError(f"the reference time {self.reference.isoformat()} has no time zone; add one, such as +08:00")
        for name, found, allowed in (("policy", self.policy, POLICIES), ("order", self.order, ORDERS)):
            if found not in allowed:
                raise ConfigError(f"{name} {found!r} is unknown; use one of {', '.join(allowed)}")

    @property
    def today(self) -> date:
        """The day of speaking, where it was spoken."""
        return self.reference.date()

    @property
    def zone(self) -> tzinfo:
        """The speaker's time zone."""
        assert self.reference.tzinfo is not None
        return self.reference.tzinfo


def context_in(timezone: str, reference: datetime, policy: str = "future", order: str = "mdy") -> Context:
    """A context whose reference time is moved into a named zone. Raises ConfigError for a zone that the tz database does not have."""
    try:
        zone = ZoneInfo(timezone)
    except (KeyError, ValueError, OSError) as error:
        raise ConfigError(f"time zone {timezone!r} is unknown; use a name of the tz database, such as Asia/Taipei") from error
    return Context(reference.astimezone(zone), timezone, policy, order)


@dataclass(frozen=True, slots=True)
class Understood:
    """The likeliest reading and the others, likeliest first, no two alike."""

    value: Value
    alternatives: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """Why a phrase has no value: a word from REASONS and a sentence for people."""

    reason: str
    detail: str


REASONS = {
    "empty": "no symbols",
    "unknown_part": "a part that has meaning but no symbol (UNK), or a symbol that is not in the alphabet",
    "out_of_place": "a symbol that cannot stand where it stands",
    "impossible": "31 February, 25:00, a local time that a clock change leaves out",
    "contradiction": "a Friday that is no Friday, an end before its start",
    "vague": "a number or a date left open: a few days, with children",
    "unknown_place": "a place that the gazetteer does not have",
    "wrong_kind": "a value of another kind than the slot's",
}


class Refusal(Exception):
    """Inside this package only: ends a reading, with a word from REASONS and a sentence."""

    def __init__(self, reason: str, detail: str) -> None:
        """``reason``: one of REASONS; ``detail``: what was said and why it is refused."""
        super().__init__(detail)
        self.refused = NotUnderstood(reason, detail)


def out_of_place(symbols: Sequence[str] | str) -> Refusal:
    """The refusal of symbols that the resolver cannot use."""
    said = symbols if isinstance(symbols, str) else " ".join(symbols)
    return Refusal("out_of_place", f"{said!r} cannot stand where it stands")


def exists(moment: datetime, zone: tzinfo) -> bool:
    """Whether a clock in the zone ever shows the naive moment: a change to summer time leaves an hour out."""
    offset = moment.replace(tzinfo=zone).utcoffset() or timedelta()
    return (moment - offset).replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None) == moment
