"""One planned work with the short ways to say when it is and how it stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from heliograph.render.tongue import Tongue, tongue
from heliograph.render.voice import Voice
from heliograph.render.words import joined
from heliograph.times import zone
from heliograph.view import Customer, Maintenance, Passage, Update, View

AHEAD: Final = timedelta(days=60)
"""So far ahead planned work is written of; what lies beyond is told once it comes nearer."""

KEPT: Final = timedelta(days=7)
"""So long after its end it still is."""


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """Planned work in its view. Times are said in the site's zone."""

    view: View
    work: Maintenance

    @property
    def tongue(self) -> Tongue:
        """The language it is told in."""
        return tongue(self.view.about.language)

    @property
    def voice(self) -> Voice:
        """The voice of the page about it, whose sentences these letters repeat."""
        names = {component.id: component.name for component in self.view.components}
        return Voice(self.view.about.timezone, names, self.tongue)

    @property
    def count(self) -> int:
        """How many status updates there have been so far, notes not counted."""
        return sum(update.status is not None for update in self.work.updates)

    @property
    def window(self) -> str:
        """Say when it is: `Wed 2 Dec, 02:00-03:30 UTC` (with an en dash)."""
        return self.voice.window(self.work).striptags()

    @property
    def rhythm(self) -> str:
        """Say how often it comes: `every 7 days`; empty for once."""
        days = self.work.repeats
        return self.tongue.ngettext("every day", "every %(num)s days", days) if days else ""

    @property
    def course(self) -> str:
        """Say how it went or goes: `Finished at 03:12 UTC, 18 minutes early.`; empty while it is ahead."""
        return self.voice.finish(self.work).striptags()

    @property
    def newest(self) -> Update | None:
        """The newest update that has words."""
        return next((update for update in self.work.updates if update.passages), None)

    @property
    def is_moved(self) -> bool:
        """Tell whether it was planned a second time while it lay ahead: what was said before holds no longer."""
        planned = [update for update in self.work.updates if update.status == "scheduled"]
        return self.work.phase == "upcoming" and not self.work.repeats and len(planned) > 1

    def window_of(self, to: Customer) -> str:
        """Say it by both clocks: `Wed 2 Dec, 02:00-03:30 UTC (Tue 1 Dec, 21:00-22:30 New York)`."""
        start, end = self.work.start, self.work.end
        here, there = zone(self.view.about.timezone), zone(to.timezone)
        if all(one.astimezone(here).utcoffset() == one.astimezone(there).utcoffset() for one in (start, end)):
            return self.window
        head, tail = self.tongue.clock(start, to.timezone), self.tongue.clock(end, to.timezone)
        days = [one.astimezone(tz).date() for one in (start, end) for tz in (here, there)]
        if len(set(days)) > 1:
            head = self.tongue.joined(self.tongue.weekday(start, to.timezone), head)
        if days[1] != days[3]:
            tail = self.tongue.joined(self.tongue.weekday(end, to.timezone), tail)
        city = to.timezone.rpartition("/")[2].replace("_", " ")
        there_said = self.tongue.gettext("%(start)s–%(end)s", start=head, end=tail)
        return f"{self.window} ({there_said} {city})"

    def words(self, chosen: Callable[[Passage], bool]) -> tuple[str, bool]:
        """Give the newest words of the chosen passages, in Markdown, and whether they tell its course.

        What was said before it began, or was cancelled, tells the plan. Empty if there are none.
        """
        begun = self.work.started_at or self.work.completed_at
        for update in self.work.updates:
            found = joined([passage for passage in update.passages if chosen(passage)])
            if found:
                return found, begun is not None and update.at >= begun
        return "", False

    def at(self, instant: datetime) -> str:
        """Say `14:20 UTC`, with the day where it is another one than that of the newest word."""
        return self.tongue.moment_beside(instant, self.work.updated_at, self.view.about.timezone)


def current(view: View) -> tuple[Maintenance, ...]:
    """Give the planned work to write of: what is ahead soon, soonest first; what goes on; what was over of late.

    "Now" is no part of a view: it is counted from `valid_until`, which is at most a day later. Where a view has none,
    everything is given.
    """
    now = view.valid_until
    upcoming, active, past = (view.maintenance_in(phase) for phase in ("upcoming", "active", "past"))
    if now is None:
        return (*upcoming, *active, *past)
    soon = (work for work in upcoming if work.start <= now + AHEAD)
    late = (work for work in past if work.completed_at is not None and work.completed_at > now - KEPT)
    return (*soon, *active, *late)
