"""How times, spans and states are said to people: one place, so that a page, a feed and a mail agree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from itertools import groupby
from typing import Final

from babel import Locale
from babel.dates import parse_pattern

from heliograph.terms import COMPONENT_STATES, ComponentState
from heliograph.times import zone
from heliograph.view import Claim, Passage

STATE_WORDS: Final[dict[ComponentState, str]] = {
    "operational": "working normally",
    "under_maintenance": "planned work",
    "degraded_performance": "degraded",
    "partial_outage": "partial outage",
    "major_outage": "outage",
}

_LOCALE: Final = Locale("en")

STATUS_WORDS: Final = {
    "investigating": "Investigating",
    "identified": "Identified",
    "monitoring": "Monitoring",
    "resolved": "Resolved",
    "postmortem": "Postmortem",
    "scheduled": "Scheduled",
    "in_progress": "In progress",
    "verifying": "Verifying",
    "completed": "Completed",
    "cancelled": "Cancelled",
}


def status_word(status: str | None) -> str:
    """Name a status for people; a note is an "Update"."""
    return STATUS_WORDS[status] if status else "Update"


@cache
def _said(instant: datetime, pattern: str, timezone: str) -> str:
    """Format by a CLDR pattern; Babel's own entry point does the same after looking zone and locale up each time."""
    return parse_pattern(pattern).apply(instant.astimezone(zone(timezone)), _LOCALE)


@cache
def _zone_name(instant: datetime, timezone: str) -> str:
    name = instant.astimezone(zone(timezone)).tzname() or timezone
    return f"UTC{name}" if name[0] in "+-" else name


def clock(instant: datetime, timezone: str) -> str:
    """Say a time of day without its zone: `14:20`."""
    return _said(instant, "HH:mm", timezone)


def clock_zone(instant: datetime, timezone: str) -> str:
    """Say a time of day: `14:20 UTC`."""
    return f"{clock(instant, timezone)} {_zone_name(instant, timezone)}"


def day(instant: datetime, timezone: str) -> str:
    """Say a day: `21 Nov 2026`."""
    return _said(instant, "d MMM yyyy", timezone)


def short_day(instant: datetime, timezone: str) -> str:
    """Say a day of this year: `21 Nov`."""
    return _said(instant, "d MMM", timezone)


def weekday(instant: datetime, timezone: str) -> str:
    """Say a near day: `Wed 2 Dec`."""
    return _said(instant, "EEE d MMM", timezone)


def month(instant: datetime, timezone: str) -> str:
    """Say a month: `November 2026`."""
    return _said(instant, "MMMM yyyy", timezone)


def moment(instant: datetime, timezone: str) -> str:
    """Say an instant in full: `21 Nov 2026, 14:20 UTC`."""
    return f"{day(instant, timezone)}, {clock_zone(instant, timezone)}"


def moment_beside(instant: datetime, other: datetime, timezone: str) -> str:
    """Say an instant as briefly as another one nearby allows: `14:20 UTC`, or with its day where that differs."""
    if day(instant, timezone) == day(other, timezone):
        return clock_zone(instant, timezone)
    return f"{short_day(instant, timezone)}, {clock_zone(instant, timezone)}"


def window(start: datetime, end: datetime, timezone: str) -> str:
    """Say a window: `Wed 2 Dec, 02:00-03:30 UTC` (with an en dash), or both days where it spans two."""
    head = f"{weekday(start, timezone)}, {clock(start, timezone)}"
    if day(start, timezone) == day(end, timezone):
        return f"{head}–{clock_zone(end, timezone)}"
    return f"{head} – {weekday(end, timezone)}, {clock_zone(end, timezone)}"


def duration(span: timedelta) -> str:
    """Say a length of time to the minute, in at most two units: `42 min`, `3 h 12 min`, `2 days 4 h`."""
    minutes = max(0, int(span.total_seconds()) // 60)
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    parts = [(days, "day" if days == 1 else "days"), (hours, "h"), (minutes, "min")]
    spoken = [f"{count} {unit}" for count, unit in parts if count]
    return " ".join(spoken[:2]) or "under a minute"


def listing(items: Iterable[str], conjunction: str = "and") -> str:
    """Join words as a sentence does: `a, b and c`."""
    words = list(items)
    return " ".join([", ".join(words[:-1]), conjunction, words[-1]]) if len(words) > 1 else "".join(words)


def count(number: int, one: str, many: str) -> str:
    """Say how many: `1 problem`, `2 problems`."""
    return f"{number} {one if number == 1 else many}"


def worst_first(claims: Sequence[Claim]) -> tuple[Claim, ...]:
    """Order claims by gravity, keeping the site's order among equals; what works normally is left out."""
    grave = [claim for claim in claims if claim.state != "operational"]
    return tuple(sorted(grave, key=lambda claim: -COMPONENT_STATES.index(claim.state)))


def states_headline(claims: Sequence[Claim], names: dict[str, str]) -> str:
    """Say which parts are in what state: `Checkout and API degraded; Search outage`."""
    by_state = groupby(worst_first(claims), key=lambda claim: claim.state)
    return "; ".join(
        f"{listing(names[claim.component] for claim in claims_of_state)} {STATE_WORDS[state]}"
        for state, claims_of_state in by_state
    )


def joined(passages: Sequence[Passage]) -> str:
    """Join passages into one Markdown text, in their order."""
    return "\n\n".join(passage.markdown for passage in passages)


def claims_said(claims: Sequence[Claim], names: dict[str, str]) -> str:
    """Say what an update claims, component by component: `Checkout: degraded; API: working normally.`."""
    return "; ".join(f"{names[claim.component]}: {STATE_WORDS[claim.state]}" for claim in claims) + "."


def span(length: timedelta) -> str:
    """Say a length of time in a sentence: `1 minute`, `15 minutes`, `1 hour`, and in figures what is less round."""
    minutes = int(length.total_seconds()) // 60
    if minutes < 60:  # noqa: PLR2004 -- an hour
        return count(minutes, "minute", "minutes")
    return count(minutes // 60, "hour", "hours") if minutes in range(60, 24 * 60, 60) else duration(length)
