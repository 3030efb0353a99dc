"""The moment that relative dates count from: checked, and moved into the caller's time zone."""

import time
import zoneinfo
from datetime import UTC, datetime
from functools import cache, cached_property, lru_cache
from typing import NamedTuple

from app.errors import FieldError, Invalid
from model.values.value import Context

EARLIEST_YEAR, LATEST_YEAR = 1900, 2200


class Reference(NamedTuple):
    """A moment with an offset, the same in ISO 8601, and the name of its time zone where it is known."""

    moment: datetime
    text: str
    timezone: str | None


class Occasion:
    """When something was said, and which date is meant where none is said in full.

    Two occasions of one ``second`` give the same words the same value, for nothing is told in less; two of one ``day`` give it to all words
    whose value does not hang on the time of the day.
    """

    def __init__(self, reference: Reference, policy: str, order: str = "mdy") -> None:
        """``policy``, ``order``: of model.values.value.POLICIES and ORDERS."""
        self.reference = reference
        self.policy = policy
        self.order = order
        moment = reference.moment
        text = moment.replace(microsecond=0).isoformat() if moment.microsecond else reference.text
        where = f"{reference.timezone} {policy} {order}"
        self.second = f"{text} {where}"
        self.day = f"{text[:10]}{text[19:]} {where}"  # with the offset from UTC

    @cached_property
    def context(self) -> Context:
        """The same for the resolver."""
        return Context(self.reference.moment.replace(microsecond=0), self.reference.timezone, self.policy, self.order)


class Watched:
    """Stands in for a context, and notes whether somebody asked for the time of its day and not only for its date."""

    def __init__(self, context: Context) -> None:
        """Nobody has asked yet."""
        self.by_clock = False
        self.today, self.zone, self.timezone = context.today, context.zone, context.timezone
        self.policy, self.order = context.policy, context.order
        self._context = context

    @property
    def reference(self) -> datetime:
        """The moment."""
        self.by_clock = True
        return self._context.reference


def occasion_of(moment: datetime | None, zone: str | None, policy: str, order: str = "mdy") -> Occasion:
    """What a caller means; default: now, in UTC. Raises Invalid that names every value that is wrong."""
    if errors := reference_errors(moment, zone):
        raise Invalid("; ".join(error.message for error in errors), errors=tuple(errors))
    return occasion_at(reference_of(moment, zone), policy, order)


@lru_cache(maxsize=64)
def occasion_at(reference: Reference, policy: str, order: str = "mdy") -> Occasion:
    """The occasion of a valid moment: one for all requests of a second that name none."""
    return Occasion(reference, policy, order)


def reference_errors(moment: datetime | None, zone: str | None) -> list[FieldError]:
    """What is wrong with a caller's reference time and time zone; None stands for what was not sent."""
    errors = []
    if zone is not None and zone not in time_zones():
        errors.append(FieldError("/context/timezone", "unknown_timezone", f"{zone!r} is no IANA time zone; send one such as 'Asia/Taipei'"))
    if moment is not None and not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        message = f"the year {moment.year} is not served; send one from {EARLIEST_YEAR} to {LATEST_YEAR}"
        errors.append(FieldError("/context/reference_time", "reference_time_out_of_range", message))
    if moment is not None and moment.tzinfo is None and zone is None:
        message = "the reference time has no offset; add one such as +08:00, or send a timezone"
        errors.append(FieldError("/context/reference_time", "reference_time_without_offset", message))
    return errors


def reference_of(moment: datetime | None, zone: str | None) -> Reference:
    """The moment that a caller means in whose values ``reference_errors`` finds nothing wrong; default: now, in UTC."""
    if moment is None and zone is None:
        return Reference(*_this_second(int(time.time())), "UTC")
    resolved = _resolved(moment, zone)
    return Reference(resolved, resolved.isoformat(), zone)


@lru_cache(maxsize=1)
def _this_second(unix_time: int) -> tuple[datetime, str]:
    """A whole second in UTC and its ISO 8601 form: made once for all requests of a second, for it takes longer than their validation."""
    moment = datetime.fromtimestamp(unix_time, UTC)
    return moment, moment.isoformat()


def _resolved(moment: datetime | None, name: str | None) -> datetime:
    zone = zoneinfo.ZoneInfo(name) if name else None
    if moment is None:
        return datetime.now(zone or UTC).replace(microsecond=0)
    if moment.tzinfo is None:
        return moment.replace(tzinfo=zone)
    return moment.astimezone(zone) if zone else moment


@cache
def time_zones() -> frozenset[str]:
    """Every IANA zone that is known here: a request may name no other, so no path reaches the file system."""
    return frozenset(zoneinfo.available_timezones())
