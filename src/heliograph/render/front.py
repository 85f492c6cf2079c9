"""What the first page tells, in order: the problem, what else works, what is planned, what is past. Bounded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from heliograph.render.words import count
from heliograph.terms import IMPACTS
from heliograph.view import Component, Group, Incident, Maintenance, View

FULL: Final = 10
"""So many problems are told in full; of more there is one line each."""
RECENT: Final = 10


class Front(msgspec.Struct, frozen=True):
    """The first page's content. `problems` and `more` are open, worst first, then newest; the rest bounded lists."""

    headline: str
    problems: tuple[Incident, ...]
    more: tuple[Incident, ...]
    active: tuple[Maintenance, ...]
    upcoming: tuple[Maintenance, ...]
    working: tuple[Component, ...]
    recent: tuple[Incident, ...]
    recent_work: tuple[Maintenance, ...]


def by_gravity(incidents: Iterable[Incident]) -> tuple[Incident, ...]:
    """Put the gravest impact first and keep the order among equals."""
    return tuple(sorted(incidents, key=lambda one: -IMPACTS.index(one.impact)))


def front(view: View) -> Front:
    """Put together the first page."""
    problems = by_gravity(view.open_incidents)
    active = view.maintenance_in("active")
    return Front(
        headline=_headline(problems, active),
        problems=problems[:FULL],
        more=problems[FULL:],
        active=active[:FULL],
        upcoming=view.maintenance_in("upcoming")[:RECENT],
        working=tuple(part for part in view.components if part.state == "operational"),
        recent=tuple(one for one in view.incidents if not one.is_open)[:RECENT],
        recent_work=view.maintenance_in("past")[:3],
    )


def _headline(problems: tuple[Incident, ...], active: tuple[Maintenance, ...]) -> str:
    """Tell the problem itself where there is one, their number where there are several."""
    if len(problems) == 1:
        return problems[0].title
    if problems:
        return f"{count(len(problems), 'problem', 'problems')} now"
    if len(active) == 1:
        return f"Planned work: {active[0].title}"
    return "Planned work is under way" if active else "No known problems"


def shelves(view: View) -> tuple[tuple[Group | None, tuple[Component, ...]], ...]:
    """Sort components under their groups, in the site's order; those without a group come last, under None."""
    known: tuple[Group | None, ...] = (*view.groups, None)
    found = (
        (group, tuple(part for part in view.components if part.group == (group.id if group else None)))
        for group in known
    )
    return tuple((group, parts) for group, parts in found if parts)
