"""How long an incident that is over kept each part in which state, from what its updates said."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

import msgspec

from heliograph.terms import OPERATIONAL, ComponentState, gravity
from heliograph.view import Incident


class Span(msgspec.Struct, frozen=True, order=True):
    """A part was in a state other than well, from `start` to `end`."""

    start: datetime
    end: datetime
    component: str
    state: ComponentState


def spans(incident: Incident, components: Collection[str]) -> tuple[Span, ...]:
    """Lay out when each of these components was not well, in order of time; nothing for an incident still open.

    What its first words claim has been so since it started, as on the bars of the page.
    """
    if incident.resolved_at is None:
        return ()
    return tuple(sorted(span for span in _walk(incident, incident.resolved_at) if span.component in components))


def total(found: Collection[Span]) -> timedelta:
    """Give the time in which at least one span was running: what overlaps counts once."""
    length, reached = timedelta(), min((span.start for span in found), default=None)
    for span in sorted(found):
        if reached is None or span.end > reached:
            length += span.end - max(span.start, reached or span.start)
            reached = span.end
    return length


def by_state(found: Collection[Span]) -> tuple[tuple[ComponentState, timedelta], ...]:
    """Add up each state of one component, gravest first."""
    lengths: dict[ComponentState, timedelta] = {}
    for span in found:
        lengths[span.state] = lengths.get(span.state, timedelta()) + (span.end - span.start)
    return tuple(sorted(lengths.items(), key=lambda one: -gravity(one[0])))


def _walk(incident: Incident, over: datetime) -> Iterator[Span]:
    running: dict[str, tuple[datetime, ComponentState]] = {}
    oldest_first = incident.updates[::-1]
    for update in oldest_first:
        since = min(incident.started_at, update.at) if update is oldest_first[0] else update.at
        for claim in update.claims:
            # What is first named after it changed, or as all ends, was so from the start.
            start, state = running.get(claim.component, (incident.started_at, claim.was))
            yield from _span(claim.component, start, max(update.at, since), state)
            running[claim.component] = (since, claim.state)
    for component, (start, state) in running.items():
        yield from _span(component, start, over, state)


def _span(component: str, start: datetime, end: datetime, state: ComponentState) -> Iterator[Span]:
    if state != OPERATIONAL and start < end:
        yield Span(start=start, end=end, component=component, state=state)
