"""What in an incident is news to its reader: the updates a message about it tells."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from heliograph.message import Topic
from heliograph.terms import CLOSED
from heliograph.view import Incident, Maintenance, Update


def news(of: Incident | Maintenance) -> tuple[str, ...]:
    """Name the updates that told this reader anything, oldest first, and the account once there is one.

    An update that was corrected is news again: who was told the old words is told that they were wrong.
    """
    told = tuple(name for update in reversed(of.updates) if _tells(of, update) for name in _names(update))
    account = of.postmortem if isinstance(of, Incident) else None
    return (*told, account.id) if account else told


def newest(of: Incident | Maintenance) -> datetime:
    """Tell when the newest of its news was said."""
    account = of.postmortem if isinstance(of, Incident) else None
    fixed = [fix.at for update in of.updates for fix in update.corrections]
    accounts = [account.at] if account else []
    return max([of.updated_at, *fixed, *accounts])


def turning_points(of: Incident | Maintenance) -> tuple[str, ...]:
    """Name, of those, the first word and each that ends it: they are never held back to be told with others."""
    told = [update for update in reversed(of.updates) if _tells(of, update)]
    return tuple(update.id for place, update in enumerate(told) if place == 0 or update.status in CLOSED)


def topic(of: Incident | Maintenance, severity: str = "") -> Topic:
    """Say what recipients may narrow by. `severity` is given for insiders only."""
    impact = of.impact if isinstance(of, Incident) else "none"
    return Topic(id=of.id, components=of.affected, impact=impact, severity=severity)


def _names(update: Update) -> Iterator[str]:
    yield update.id
    yield from (f"{update.id}~{number}" for number in range(1, len(update.corrections) + 1))


def _tells(of: Incident | Maintenance, update: Update) -> bool:
    """Tell whether an update holds a word, a state or a figure for this reader."""
    if update.passages or update.status is not None or update.claims:
        return True
    return isinstance(of, Incident) and update.at in _particulars(of)


def _particulars(of: Incident) -> Iterator[object]:
    yield from (fact.as_of for fact in of.facts)
    yield from (when for ask in of.asks for when in (ask.since, ask.met_at))
    yield of.decision.said_at if of.decision else None
