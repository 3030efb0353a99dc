"""The moment that relative dates count from: checked, and moved into the caller's time zone."""

import time
import zoneinfo
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import NamedTuple

from app.errors import FieldError

EARLIEST_YEAR, LATEST_YEAR = 1900, 2200


class Reference(NamedTuple):
    """A moment with an offset, the same in ISO 8601, and the name of its time zone where it is known."""

    moment: datetime
    text: str
    timezone: str | None


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
