"""Instants and spans of time: read strictly, kept in UTC, written one way."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,6})?)?\s?(Z|[+-]\d\d:?\d\d)?", re.ASCII
)
_SPAN = re.compile(r"(?=\d)(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?", re.ASCII)
YEARS = range(1990, 2200)


class TimeError(ValueError):
    """Why a text is no instant or span; `code` is the catalogue's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def read_instant(text: str) -> datetime:
    """Read ISO 8601 date and time with a zone (`Z` or an offset), as UTC.

    Raises TimeError: E201 without a zone or not in this form, E202 for a day that does not exist,
    E206 for a year nobody means.
    """
    found = _INSTANT.fullmatch(text)
    if found is None:
        raise TimeError("E201", "a time is written like 2026-11-21T14:20Z")
    year, month, day, hour, minute, second, zone = found.groups()
    if zone is None:
        raise TimeError("E201", "this time has no zone; end it with Z for UTC, or an offset such as +01:00")
    if int(year) not in YEARS:
        raise TimeError("E206", f"the year must lie between {YEARS.start} and {YEARS.stop - 1}")
    stamp = f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}{'+00:00' if zone == 'Z' else zone}"
    try:
        return datetime.fromisoformat(stamp).astimezone(UTC)
    except ValueError as error:
        raise TimeError("E202", "there is no such date or time of day") from error


def read_span(text: str) -> timedelta:
    """Read a span such as `30m`, `1h30m`, `2d`; at least one minute. Raises TimeError E213."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise TimeError("E213", "a span of time is written like 30m, 1h30m or 2d")
    days, hours, minutes = (int(part or 0) for part in found.groups())
    span = timedelta(days=days, hours=hours, minutes=minutes)
    if not span:
        raise TimeError("E213", "a span of time must be at least one minute")
    return span


def write_span(span: timedelta) -> str:
    """Write a span the way `read_span` reads it: 90 minutes is `1h30m`."""
    minutes = int(span.total_seconds()) // 60
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((days, "d"), (hours, "h"), (minutes, "m"))
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0m"


def write_instant(instant: datetime) -> str:
    """Write an instant the way authors do: `2026-11-21T14:20Z`, with seconds only where there are any."""
    utc = instant.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%SZ" if utc.second else "%Y-%m-%dT%H:%MZ")


def write_interval(start: datetime | None, end: datetime | None) -> str:
    """Write a stretch of time as ISO 8601-2 does: `2026-12-02T02:00Z/2026-12-02T03:30Z`; an open end is `..`."""
    return "/".join(write_instant(instant) if instant else ".." for instant in (start, end))


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """Look up an IANA time zone; raises TimeError E214 for a name that is none."""
    if name not in _zone_names():
        raise TimeError("E214", "no such time zone; use a name such as Europe/Berlin or UTC")
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as rules:
        return ZoneInfo.from_file(rules, key=name)


@cache
def _zone_names() -> frozenset[str]:
    """Name the zones of the tzdata package: the same on every machine, and none that means "as set here"."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text("utf-8").split())


def civil_day(instant: datetime, tz: ZoneInfo) -> date:
    """Tell which calendar day an instant falls on for a clock in `tz`."""
    return instant.astimezone(tz).date()


def day_start(day: date, tz: ZoneInfo) -> datetime:
    """Give the UTC instant at which a civil day begins in `tz` (days of 23 and 25 hours included)."""
    return datetime(day.year, day.month, day.day, tzinfo=tz).astimezone(UTC)
