"""When the next word is owed: from what was promised, else from an audience's own rhythm. A fact, never a count."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from heliograph import view
from heliograph.model import Audience, Cadence, Site, Story
from heliograph.terms import IMPACT_OF_STATE, IMPACTS, ComponentState


class Owed(NamedTuple):
    """A word owed by an instant, and the rule that asks for it."""

    by: datetime
    why: Literal["promised", "first", "every"]


def rhythm(audience: Audience, severity: str | None, impact: str) -> Cadence | None:
    """Find an audience's cadence for an incident: insiders' by severity, outsiders' by the impact they can see."""
    return dict(audience.cadence).get((severity or "") if audience.boundary == "internal" else impact)


def owed(incident: view.Incident, cadence: Cadence | None) -> Owed | None:
    """Tell when the next word on an open incident is owed to the reader this was projected for."""
    if incident.next_update is not None:
        return Owed(incident.next_update, "promised")
    if cadence is None:
        return None
    return Owed(incident.updates[0].at + cadence.every, "every")


def first_owed(started_at: datetime, cadence: Cadence | None) -> Owed | None:
    """Tell when the first word is owed to a reader that has not had one."""
    return Owed(started_at + cadence.first, "first") if cadence else None


def usual_span(
    site: Site, label: str, story: Story | None, states: Iterable[ComponentState], severity: str | None
) -> timedelta | None:
    """Propose how soon the next word follows one about to be said to `label`: what the commands write out.

    `states` are those about to be claimed; what the story's updates claimed before counts too. None without a cadence.
    """
    audience = next((audience for audience in site.audiences if audience.id == label), None)
    if audience is None:
        return None
    updates = story.updates if story else ()
    claimed = [*states, *(claim.state for update in updates for claim in update.claims)]
    impact = max((IMPACT_OF_STATE[state] for state in claimed), key=IMPACTS.index, default="none")
    newest = severity or next((update.severity for update in reversed(updates) if update.severity), None)
    cadence = rhythm(audience, newest, impact)
    return cadence.every if cadence else None
