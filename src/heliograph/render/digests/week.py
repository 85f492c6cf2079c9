"""One reader's week: what went on in it, what goes on still, and what is ahead; before it is told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from heliograph.render.digests.work import Work
from heliograph.render.tongue import Tongue, same_day, tongue
from heliograph.view import Desk, Dossier, Incident, Maintenance, View

AHEAD: Final = timedelta(days=14)
"""So far ahead planned work is told of."""

_OWING: Final = ("sev1", "sev2")
"""Severities of which an account is owed."""


class Week(msgspec.Struct, frozen=True, kw_only=True):
    """The days from `start` to before `end`, as a reader may know them. Outsiders have no desk."""

    view: View
    desk: Desk | None
    start: datetime
    end: datetime

    @property
    def tongue(self) -> Tongue:
        """The language it is told in."""
        return tongue(self.view.about.language)

    @property
    def zone(self) -> str:
        """The site's time zone."""
        return self.view.about.timezone

    @property
    def open(self) -> list[Incident]:
        """What began before the week's end and goes on still: gravest first, then newest."""
        return self._gravest_first(one for one in self._known if one.is_open and self.concerns(one))

    @property
    def over(self) -> list[Incident]:
        """What went on in the week and is over, or was accounted for in it: gravest first, then newest."""
        return self._gravest_first(one for one in self._known if self._was_in(one) and self.concerns(one))

    @property
    def others(self) -> int:
        """How many more incidents there were of which an insider did not ask to hear; outsiders are not told."""
        if self.desk is None:
            return 0
        return sum((one.is_open or self._was_in(one)) and not self.concerns(one) for one in self._known)

    @property
    def works(self) -> list[Maintenance]:
        """Planned work that was done, or given up, in the week; oldest first."""
        found = [(self.worked(one), one) for one in self.view.maintenances if self._touches(one)]
        return [one for _, one in sorted(((span, one) for span, one in found if span), key=lambda pair: pair[0])]

    @property
    def under_way(self) -> list[Maintenance]:
        """Planned work that goes on."""
        return [one for one in self.view.maintenance_in("active") if self._touches(one)]

    @property
    def ahead(self) -> list[Maintenance]:
        """Planned work that begins in the two weeks after, soonest first."""
        upcoming = self.view.maintenance_in("upcoming")
        return [one for one in upcoming if self.end <= one.start < self.end + AHEAD and self._touches(one)]

    @property
    def unaccounted(self) -> list[Incident]:
        """Grave incidents that are over and whose account is not published, newest first; insiders alone know."""
        return [
            one
            for one in self.view.incidents
            if not one.is_open and one.postmortem is None and self.severity(one) in _OWING and self.concerns(one)
        ]

    def worked(self, of: Maintenance) -> tuple[datetime, datetime] | None:
        """Give from when to when planned work last went on, or was planned, if that ended within the week."""
        once = [(of.start, of.completed_at)] if of.completed_at and not of.worked else []
        stretches = [one for one in (*of.worked, *once) if self.start <= one[1] < self.end]
        return max(stretches, default=None) if of.phase != "active" else None

    def work(self, of: Maintenance) -> Work:
        """Give the short ways to say when planned work is."""
        return Work(view=self.view, work=of)

    def dossier(self, of: Incident) -> Dossier | None:
        """Give what the desk knows of an incident; None to outsiders, and of what it has forgotten."""
        return next((one for one in self.desk.dossiers if one.id == of.id), None) if self.desk else None

    def severity(self, of: Incident) -> str:
        """Give an incident's severity by id; empty where the reader knows none."""
        dossier = self.dossier(of)
        return (dossier.severity or "") if dossier else ""

    def title(self, of: Incident) -> str:
        """Give a title with its severity, if the reader knows one."""
        names = {identity: name for identity, name, _ in self.desk.severities} if self.desk else {}
        severity = self.severity(of)
        return f"{names.get(severity, severity.upper())} {of.title}".strip()

    def moment(self, instant: datetime) -> str:
        """Say an instant with its day: `Sat 21 Nov, 14:02 UTC`."""
        return self.tongue.joined(self.day(instant), self.tongue.clock_zone(instant, self.zone))

    def day(self, instant: datetime) -> str:
        """Say a day: `Sat 21 Nov`, with its year where that is another one than the week's."""
        another = instant.astimezone(self.end.tzinfo).year != (self.end - timedelta(minutes=1)).year
        return self.tongue.weekday(instant, self.zone, year=another)

    def times(self, start: datetime, end: datetime) -> str:
        """Say from when to when, beside the day of the former: `14:02–14:44 UTC`."""
        head, tail = self.tongue.clock(start, self.zone), self.tongue.clock_zone(end, self.zone)
        if same_day(self.zone, start, end):
            return self.tongue.gettext("%(start)s–%(end)s", start=head, end=tail)
        return self.tongue.gettext("%(start)s – %(end)s", start=head, end=self.moment(end))

    def concerns(self, one: Incident) -> bool:
        """Tell whether this reader hears of an incident: by its rule if the desk knows, or as a customer."""
        if self.desk is None:
            return self._touches(one)
        if one.id in {*self.desk.relevant, *self.desk.recent}:
            return True
        return not one.is_open and (self._remembers_all or self.dossier(one) is None)

    @property
    def _remembers_all(self) -> bool:
        """Tell whether the desk knows of the distant past: then it does not say what of that concerned its reader."""
        past = self.end - 2 * (self.end - self.start)
        return any(one.resolved_at and one.resolved_at < past and self.dossier(one) for one in self.view.incidents)

    @property
    def _known(self) -> list[Incident]:
        return [one for one in self.view.incidents if one.updates and one.updates[-1].at < self.end]

    def _was_in(self, one: Incident) -> bool:
        if one.resolved_at is None:
            return False
        account = one.postmortem.at if one.postmortem else None
        return one.resolved_at >= self.start or (account is not None and self.start <= account < self.end)

    def _touches(self, one: Incident | Maintenance) -> bool:
        """Tell whether something concerns a customer: by what it uses, or in words written for it."""
        to = self.view.customer
        written = any(passage.addressed for update in one.updates for passage in update.passages)
        return to is None or written or not set(to.components).isdisjoint(one.affected)

    def _gravest_first(self, found: Iterable[Incident]) -> list[Incident]:
        return sorted(found, key=lambda one: self.severity(one) or "~")
