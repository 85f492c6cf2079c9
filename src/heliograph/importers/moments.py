"""Times as other tools' authors typed them, read leniently, with a note where something had to be assumed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

from heliograph.importers.report import Notes

_MOMENT: Final = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:(?:[Tt]|\s+)(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,]\d{1,9})?)?)?"
    r"\s*(Z|z|UTC|GMT|[+-]\d{1,2}:?\d{2}(?!\d*:))?",
    re.ASCII,
)
_YEARS: Final = range(1990, 2200)
_OFFSET: Final = re.compile(r"([+-])(\d{1,2}):?(\d{2})", re.ASCII)


def read_moment(text: str, zone: ZoneInfo, line: int, notes: Notes) -> datetime | None:
    """Read a date and time, as UTC; one without a zone is of `zone`, one without a time of midnight.

    Fractions of seconds are dropped. One-digit hours, `-00:00` and blanks instead of `T` are taken as meant.
    Notes `bad-date` and gives None when there is no date in it; notes `odd-date` when something follows the date,
    which is then dropped.
    """
    found = _MOMENT.match(text.strip())
    moment = _moment(found, zone) if found else None
    if found is None or moment is None:
        notes.add(line, "bad-date", "this is no date and time that exists" if text.strip() else "the date is missing")
        return None
    if found.end() != len(text.strip()):
        notes.add(line, "odd-date", "more follows the first date and time; only the first was read")
    return moment


def _moment(found: re.Match[str], zone: ZoneInfo) -> datetime | None:
    year, month, day, hour, minute, second, offset = found.groups()
    numbers = (int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))
    try:
        moment = datetime(*numbers, tzinfo=_zone(offset) if offset else zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year in _YEARS else None


def _zone(offset: str) -> timezone:
    found = _OFFSET.fullmatch(offset)
    if found is None:
        return UTC
    minutes = int(found[2]) * 60 + int(found[3])
    return timezone(timedelta(minutes=minutes if found[1] == "+" else -minutes))
