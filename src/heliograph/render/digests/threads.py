"""Which messages belong together, and which of them one is: a thread for each time without a pause in problems."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from heliograph.render.digests.news import news
from heliograph.view import Desk, Heard, Incident, View

_NEVER: Final = datetime.max.replace(tzinfo=UTC)


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a message stands: its thread, which one it is there from 1, and what was heard of the thread before it."""

    thread: str
    number: int
    heard: tuple[Heard, ...]

    @property
    def ending(self) -> str:
        """Close a subject by the number: ` (2)`."""
        return f" ({self.number})"


def places(
    view: View, desk: Desk, heard: Sequence[Heard], told_of: Sequence[Sequence[Incident]]
) -> Iterator[tuple[Place, Sequence[Incident]]]:
    """Place messages of one moment, each given as the incidents it tells of, in the order in which they will go.

    What was told already keeps the place it had, so that a preview is what was sent. Where nothing was heard, all news
    counts as told as it came.
    """
    known = _of_concern(view, desk, heard)
    history = heard or _one_by_one(known)
    ahead: dict[str, int] = {}
    for incidents in told_of:
        together = _together(known, incidents)
        thread = f"{desk.reader}/{min(together, key=lambda one: _told_first(one, history)).id}"
        before, is_fresh = _heard_before(history, thread, together, incidents)
        number = 1 + _unrecorded(together, before) + len(before) + ahead.get(thread, 0)
        yield Place(thread=thread, number=number, heard=before), incidents
        ahead[thread] = ahead.get(thread, 0) + is_fresh


def told_at(incident: Incident, identity: str) -> datetime:
    """Give the instant of one of an incident's news; its account's for any other id."""
    for update in incident.updates:
        if update.id == identity:
            return update.at
    return incident.postmortem.at if incident.postmortem else incident.updated_at


def _of_concern(view: View, desk: Desk, heard: Sequence[Heard]) -> list[Incident]:
    """Find what this reader hears of, or has heard of: also what is over so long that its desk forgot it."""
    told = {identity for message in heard for identity in message.updates}
    mine = {*desk.relevant, *desk.recent}
    return [one for one in view.incidents if one.id in mine or not told.isdisjoint(news(one))]


def _together(known: Sequence[Incident], incidents: Sequence[Incident]) -> list[Incident]:
    """Gather what went on at the same time, from these incidents on, without a gap."""
    found = {one.id: one for one in incidents}
    waiting = [one for one in known if one.id not in found]
    while touching := [one for one in waiting if any(_overlap(one, other) for other in found.values())]:
        found |= {one.id: one for one in touching}
        waiting = [one for one in waiting if one.id not in found]
    return list(found.values())


def _overlap(one: Incident, other: Incident) -> bool:
    return _began(one) < (other.resolved_at or _NEVER) and _began(other) < (one.resolved_at or _NEVER)


def _began(incident: Incident) -> datetime:
    """Tell when the first word of an incident was said."""
    return incident.updates[-1].at if incident.updates else incident.started_at


def _told_first(incident: Incident, heard: Sequence[Heard]) -> tuple[datetime, datetime, str]:
    """Order by what was heard first: a problem that came to concern its reader later does not rename a thread."""
    own = set(news(incident))
    first = next((message.at for message in heard if not own.isdisjoint(message.updates)), _NEVER)
    return first, _began(incident), incident.id


def _unrecorded(together: Sequence[Incident], before: Sequence[Heard]) -> int:
    """Count what was told, one by one, before anything was recorded: news older than what the first message told."""
    if not before:
        return 0
    first = [one for one in together if not set(news(one)).isdisjoint(before[0].updates)]
    known = [told_at(one, name) for one in first for name in news(one) if name in before[0].updates]
    begins = min(known, default=before[0].at)
    return len({at for one in first for name in news(one) if (at := told_at(one, name)) < begins})


def _heard_before(
    heard: Sequence[Heard], thread: str, together: Sequence[Incident], incidents: Sequence[Incident]
) -> tuple[tuple[Heard, ...], bool]:
    """Give what was heard of a thread before a message about `incidents`, and whether that message brings any news.

    What was taken back since was heard, too.
    """
    of_thread = {identity for one in together for identity in news(one)}
    before = tuple(one for one in heard if one.thread == thread or not of_thread.isdisjoint(one.updates))
    own = {identity for one in incidents for identity in news(one)}
    if own - {identity for message in before for identity in message.updates}:
        return before, True
    while before and own <= {identity for message in before[:-1] for identity in message.updates}:
        before = before[:-1]
    return before[:-1], False


def _one_by_one(known: Sequence[Incident]) -> tuple[Heard, ...]:
    """Suppose that all news was told as it came, where nobody knows what was."""
    told: dict[datetime, list[str]] = {}
    for incident in known:
        for identity in news(incident):
            told.setdefault(told_at(incident, identity), []).append(identity)
    return tuple(Heard(at=instant, updates=tuple(ids)) for instant, ids in sorted(told.items()))
