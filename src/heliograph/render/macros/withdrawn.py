"""Which replies no longer hold, so that they are taken away wherever they were put. Derived from the view alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from heliograph.render.editions import folder
from heliograph.render.macros.macro import CLOSED_KEPT, Macro, Phase, Withdrawn, defused, key, name
from heliograph.render.macros.phases import OPEN_PHASES, closed_incidents
from heliograph.render.macros.told import called
from heliograph.render.tongue import tongue
from heliograph.terms import RESOLVED
from heliograph.view import Incident, View

_REMEMBERED: Final = 2 * CLOSED_KEPT
"""For so many closed incidents it is said that replies are gone: those with a closing reply, and as many before."""


def withdrawn(view: View, found: Iterable[Macro]) -> tuple[Withdrawn, ...]:
    """List every reply that may once have been made of what the view holds and is not `found` now; in its order.

    While a problem goes on, that is advice which newer words have overtaken, and the closing reply of one that was
    opened again; once it is over, all replies of its time; and later its closing reply, too.
    """
    held = {macro.key for macro in found}
    return tuple(one for one in _ever_made(view) if one.key not in held)


def _ever_made(view: View) -> Iterator[Withdrawn]:
    language, spoken = folder(view.about), tongue(view.about.language)

    def gone(identity: str, title: str, phase: Phase) -> Withdrawn:
        known = key(identity, phase, language)
        return Withdrawn(incident=identity, phase=phase, key=known, name=name(known, defused(title)))

    for incident in (*view.open_incidents, *closed_incidents(view)[:_REMEMBERED]):
        for phase in OPEN_PHASES:
            if phase != "workaround" or _advised(incident):
                yield gone(incident.id, incident.title, phase)
        if any(update.status == RESOLVED for update in incident.updates):
            yield gone(incident.id, called(spoken, incident), "closing")
    for work in view.maintenances:
        yield gone(work.id, work.title, "planned")


def _advised(incident: Incident) -> bool:
    """Tell whether anything was ever said to those who asked."""
    return any(passage.addressed for update in incident.updates for passage in update.passages)
