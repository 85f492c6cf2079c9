"""Ninety days of one component: a bar for the eye, and a sentence that says the same."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from markupsafe import Markup

from heliograph.render.tongue import N_, Tongue
from heliograph.render.words import state_word
from heliograph.terms import COMPONENT_STATES, DOWNTIME_WEIGHT, ComponentState
from heliograph.view import Component, Day

PROBLEM_STATES: Final[tuple[ComponentState, ...]] = ("degraded_performance", "partial_outage", "major_outage")

_NOUNS: Final[dict[ComponentState, str]] = {
    "operational": N_("normal working"),
    "under_maintenance": N_("planned work"),
    "degraded_performance": N_("degraded service"),
    "partial_outage": N_("a partial outage"),
    "major_outage": N_("an outage"),
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


def percent(tongue: Tongue, share: float) -> str:
    """Say a share with two decimals, never rounded up: `99.95 %`; only a full share is `100 %`."""
    return tongue.percent(math.floor(round(share * 10_000, 6)))


def uptime_line(tongue: Tongue, component: Component) -> str:
    """Say what the bar shows: `99.95 % in 90 days; 2 days with problems`; empty while there are no days."""
    if not component.days:
        return ""
    days = len(component.days)
    if component.uptime is None:
        span = tongue.ngettext("In %(num)s day", "In %(num)s days", days)
    else:
        share = percent(tongue, component.uptime)
        span = tongue.ngettext("%(share)s in %(num)s day", "%(share)s in %(num)s days", days, share=share)
    bad = len(troubled(component.days))
    return tongue.series((span, _bad_days(tongue, bad)))


def _bad_days(tongue: Tongue, number: int) -> str:
    if not number:
        return tongue.gettext("no days with problems")
    return tongue.ngettext("%(num)s day with problems", "%(num)s days with problems", number)


def day_words(tongue: Tongue, day: Day) -> str:
    """Say how bad a day was: `outage for 7 min, partial outage for 1 h`, or its state where nothing was timed."""
    spans: tuple[tuple[ComponentState, timedelta], ...] = (("major_outage", day.major), ("partial_outage", day.partial))
    timed = [
        tongue.gettext("%(state)s for %(span)s", state=state_word(tongue, state), span=tongue.duration(span))
        for state, span in spans
        if span > timedelta()
    ]
    if day.worst in ("major_outage", "partial_outage") and timed:
        return ", ".join(timed)
    return state_word(tongue, day.worst)


def weights_line(tongue: Tongue) -> str:
    """Say how uptime is counted, from the weights themselves."""
    worst_first = [state for state in reversed(COMPONENT_STATES) if state != "operational"]
    phrases = [_weight(tongue, state) for state in worst_first if DOWNTIME_WEIGHT[state]]
    free = tongue.listing(tongue.gettext(_NOUNS[state]) for state in worst_first if not DOWNTIME_WEIGHT[state])
    sentence = ", ".join([*phrases, tongue.gettext("%(kinds)s not at all", kinds=free)])
    return f"{sentence[0].upper()}{sentence[1:]}."


def _weight(tongue: Tongue, state: ComponentState) -> str:
    kind, weight = tongue.gettext(_NOUNS[state]), DOWNTIME_WEIGHT[state]
    if weight == 1:
        return tongue.gettext("%(kind)s counts fully", kind=kind)
    return tongue.gettext("%(kind)s %(share)s", kind=kind, share=tongue.whole_percent(round(weight * 100)))
