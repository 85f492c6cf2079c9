"""What the first page tells, in order: the problem, what else works, what is planned, what is past. Bounded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from heliograph.render import words
from heliograph.render.tongue import Tongue, tongue
from heliograph.terms import IMPACTS
from heliograph.view import Component, Incident, Maintenance, View

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
        headline=_headline(tongue(view.about.language), problems, active),
        problems=problems[:FULL],
        more=problems[FULL:],
        active=active[:FULL],
        upcoming=view.maintenance_in("upcoming")[:RECENT],
        working=tuple(part for part in view.components if part.state == "operational"),
        recent=tuple(one for one in view.incidents if not one.is_open)[:RECENT],
        recent_work=view.maintenance_in("past")[:3],
    )


def _headline(tongue: Tongue, problems: tuple[Incident, ...], active: tuple[Maintenance, ...]) -> str:
    """Tell the problem itself where there is one, their number where there are several."""
    if len(problems) == 1:
        return problems[0].title
    if problems:
        return words.problems_now(tongue, len(problems))
    if len(active) == 1:
        return tongue.gettext("Planned work: %(title)s", title=active[0].title)
    return tongue.gettext("Planned work is under way") if active else tongue.gettext("No known problems")
