"""Ninety days of one component: a bar for the eye, and a sentence that says the same."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from markupsafe import Markup

from heliograph.render.words import STATE_WORDS, count, duration, listing
from heliograph.terms import COMPONENT_STATES, DOWNTIME_WEIGHT, ComponentState
from heliograph.view import Component, Day

PROBLEM_STATES: Final[tuple[ComponentState, ...]] = ("degraded_performance", "partial_outage", "major_outage")

_NOUNS: Final[dict[ComponentState, str]] = {
    "operational": "normal working",
    "under_maintenance": "planned work",
    "degraded_performance": "degraded service",
    "partial_outage": "a partial outage",
    "major_outage": "an outage",
}
_PITCH: Final = 4
_WIDTH: Final = 3
_HEIGHT: Final = 16
_TOPS: Final[dict[ComponentState, int]] = {
    "operational": 8,
    "under_maintenance": 8,
    "degraded_performance": 6,
    "partial_outage": 3,
    "major_outage": 0,
}
"""Where a day's bar begins, counted down from the top: the graver the day, the taller its bar."""


def troubled(days: Sequence[Day]) -> tuple[Day, ...]:
    """Pick the days with problems, newest first; days of planned work are not among them."""
    return tuple(day for day in reversed(days) if day.worst in PROBLEM_STATES)


def bar(days: Sequence[Day]) -> Markup:
    """Draw days as bars, oldest at the left; decoration only, since `uptime_line` stands beside it."""
    strokes = [_stroke(state, days) for state in COMPONENT_STATES]
    return Markup(
        '<svg class="bar" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true" focusable="false">{}</svg>'
    ).format(max(1, len(days) * _PITCH - 1), _HEIGHT, Markup("").join(strokes))


def _stroke(state: ComponentState, days: Sequence[Day]) -> Markup:
    """Draw all days of one state as a single path; runs of equal days cost a dozen characters each."""
    top = _TOPS[state]
    box = f"v{_HEIGHT - top}h{_WIDTH}V{top}z"
    path = "".join(f"M{place * _PITCH} {top}{box}" for place, day in enumerate(days) if day.worst == state)
    return Markup('<path class="{}" d="{}"/>').format(state, path) if path else Markup()


def percent(share: float) -> str:
    """Say a share with two decimals, never rounded up: `99.95 %`; only a full share is `100 %`."""
    hundredths = math.floor(round(share * 10_000, 6))
    return "100 %" if hundredths == 10_000 else f"{hundredths // 100}.{hundredths % 100:02d} %"  # noqa: PLR2004


def uptime_line(component: Component) -> str:
    """Say what the bar shows: `99.95 % in 90 days; 2 days with problems`; empty while there are no days."""
    if not component.days:
        return ""
    problems = len(troubled(component.days))
    span = f"in {count(len(component.days), 'day', 'days')}"
    share = f"{percent(component.uptime)} {span}" if component.uptime is not None else span[0].upper() + span[1:]
    return f"{share}; {count(problems, 'day', 'days') if problems else 'no days'} with problems"


def day_words(day: Day) -> str:
    """Say how bad a day was: `outage for 7 min, partial outage for 1 h`, or its state where nothing was timed."""
    spans = [("outage", day.major), ("partial outage", day.partial)]
    timed = [f"{name} for {duration(span)}" for name, span in spans if span > timedelta()]
    if day.worst in ("major_outage", "partial_outage") and timed:
        return ", ".join(timed)
    return STATE_WORDS[day.worst]


def weights_line() -> str:
    """Say how uptime is counted, from the weights themselves."""
    worst_first = [state for state in reversed(COMPONENT_STATES) if state != "operational"]
    phrases = [f"{_NOUNS[state]} {_share(DOWNTIME_WEIGHT[state])}" for state in worst_first if DOWNTIME_WEIGHT[state]]
    free = listing(_NOUNS[state] for state in worst_first if not DOWNTIME_WEIGHT[state])
    sentence = ", ".join([*phrases, f"{free} not at all"])
    return f"{sentence[0].upper()}{sentence[1:]}."


def _share(weight: float) -> str:
    return "counts fully" if weight == 1 else f"{round(weight * 100)} %"
