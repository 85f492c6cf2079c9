"""The sentences of a page in one site's time zone: times as `<time>` elements, the course of a problem, its end."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

import msgspec
from markupsafe import Markup, escape

from heliograph.render import sentences, words
from heliograph.render.markup import link_allowed
from heliograph.terms import ComponentState, Impact, gravity
from heliograph.times import write_instant
from heliograph.view import Claim, Incident, Maintenance, Update

EN_DASH: Final = "\N{EN DASH}"
_STATE_OF_IMPACT: Final[dict[Impact, ComponentState]] = {
    "none": "degraded_performance",
    "minor": "degraded_performance",
    "major": "partial_outage",
    "critical": "major_outage",
}


@lru_cache(maxsize=1 << 17)
def _time(instant: datetime, said: str) -> Markup:
    """Mark up an instant. `said` is made of figures and names of days, months and zones."""
    return Markup(f'<time datetime="{write_instant(instant)}">{escape(said)}</time>')  # noqa: S704 -- escaped here


class Voice(msgspec.Struct, frozen=True):
    """Says instants for the readers of one site. `timezone` is an IANA name; `names` are the components' by id."""

    timezone: str
    names: dict[str, str]

    def moment(self, instant: datetime) -> Markup:
        """Say an instant in full: `21 Nov 2026, 14:20 UTC`."""
        return _time(instant, words.moment(instant, self.timezone))

    def day(self, instant: datetime) -> Markup:
        """Say the day of an instant: `21 Nov 2026`."""
        return _time(instant, words.day(instant, self.timezone))

    def clock(self, instant: datetime) -> Markup:
        """Say the time of day: `14:20 UTC`."""
        return _time(instant, words.clock_zone(instant, self.timezone))

    def beside(self, instant: datetime, other: datetime) -> Markup:
        """Say an instant as briefly as another one, already said in full, allows."""
        return _time(instant, self._briefly(instant, other))

    def _briefly(self, instant: datetime, other: datetime) -> str:
        if self._year(instant) != self._year(other):
            return words.moment(instant, self.timezone)
        return words.moment_beside(instant, other, self.timezone)

    def _same_day(self, *instants: datetime) -> bool:
        return len({words.day(instant, self.timezone) for instant in instants}) == 1

    def course(self, incident: Incident) -> Markup:
        """Say how an open problem runs: `Since 14:02 UTC · updated 14:20 · next update by 14:50 UTC · 21 Nov 2026`.

        The day stands at the end where all is of one day, else with each instant, so that the line is true
        whenever it is read. A promise that was not kept is not repeated here; `lateness` tells it.
        """
        start, updated, due = incident.started_at, incident.updated_at, incident.next_update
        one_day = self._same_day(start, updated)
        if one_day:
            parts = [Markup("Since {}").format(self.clock(start))]
            parts.append(Markup("updated {}").format(_time(updated, words.clock(updated, self.timezone))))
        else:
            parts = [
                Markup("Since {}").format(self.moment(start)),
                Markup("updated {}").format(self.beside(updated, start)),
            ]
        if due is not None and not incident.late:
            parts.append(
                Markup("<strong>next update by {}</strong>").format(self.beside(due, updated if one_day else start))
            )
        if one_day:
            parts.append(Markup('<span class="day">{}</span>').format(words.day(start, self.timezone)))
        return Markup(" · ").join(parts)

    def lateness(self, incident: Incident) -> Markup:
        """Say that a promise was not kept: `This update is late. It was due by 14:50 UTC.`; empty otherwise."""
        if incident.next_update is None or not incident.late:
            return Markup()
        due = self.beside(incident.next_update, incident.updated_at)
        return Markup("This update is late. It was due by {}.").format(due)

    def staleness(self, incident: Incident) -> Markup:
        """Say the same to those who act on what they read: how old it is, too; empty otherwise."""
        if incident.next_update is None or not incident.late:
            return Markup()
        due = self.beside(incident.next_update, incident.updated_at)
        told = self.beside(incident.updated_at, incident.started_at)
        return Markup("Late: the next word was due by {}. What stands here is of {}.").format(due, told)

    def called(self, incident: Incident) -> str:
        """Give a problem's title, in the past once it is over: nobody shall read that what works is failing."""
        return incident.title if incident.is_open else sentences.title_once_over(incident.title)

    def on(self, instant: datetime, other: datetime) -> Markup:
        """Say `at 14:20 UTC`, or `on 17 Nov, 15:30 UTC` where the day is not that of `other`."""
        return Markup("{} {}").format("at" if self._same_day(instant, other) else "on", self.beside(instant, other))

    def ending(self, incident: Incident) -> Markup:
        """Say how a problem ended: `Resolved on 21 Nov 2026, 14:44 UTC, after 42 min.`; empty before."""
        if incident.resolved_at is None:
            return Markup()
        span = words.duration(incident.resolved_at - incident.started_at)
        return Markup("Resolved on {}, after {}.").format(self.moment(incident.resolved_at), span)

    def window(self, work: Maintenance) -> Markup:
        """Say when planned work is, such as `Wed 2 Dec, 02:00-03:30 UTC` (with an en dash).

        The year stands with it once the work is past, or where it is not the year in which it was last spoken of.
        """
        start, end = work.start, work.end
        year = work.phase == "past" or self._year(start) != self._year(work.updated_at)
        head = f"{self._weekday(start, year)}, {words.clock(start, self.timezone)}"
        tail = words.clock_zone(end, self.timezone)
        dash = EN_DASH
        if not self._same_day(start, end):
            tail = f"{self._weekday(end, year)}, {tail}"
            dash = f" {EN_DASH} "
        return Markup("{}{}{}").format(_time(start, head), dash, _time(end, tail))

    def _weekday(self, instant: datetime, with_year: bool) -> str:
        said = words.weekday(instant, self.timezone)
        return f"{said} {self._year(instant)}" if with_year else said

    def _year(self, instant: datetime) -> str:
        return words.day(instant, self.timezone)[-4:]

    def finish(self, work: Maintenance) -> Markup:
        """Say how planned work stands or ended: `Finished at 03:12 UTC, 18 min early.`; empty while it is ahead."""
        over = work.completed_at
        if over is None:
            begun = work.started_at
            return Markup("Started {}.").format(self.on(begun, work.start)) if begun else Markup()
        said = self.on(over, work.start)
        if work.status == "cancelled":
            return Markup("Cancelled {}.").format(said)
        return Markup("Finished {}, {}.").format(said, _punctuality(over - work.end))

    def affected(self, claims: tuple[Claim, ...]) -> str:
        """List what is not working normally, worst first: `Checkout (degraded), API (degraded)`; may be empty."""
        return ", ".join(
            f"{self.names[claim.component]} ({words.STATE_WORDS[claim.state]})" for claim in words.worst_first(claims)
        )

    def headline(self, claims: tuple[Claim, ...]) -> str:
        """Say which parts are in what state: `Checkout and API degraded`; may be empty."""
        return words.states_headline(claims, self.names)

    def change(self, claim: Claim) -> str:
        """Say what an update says of a component: `Checkout: degraded (before: partial outage)`."""
        now = f"{self.names[claim.component]}: {words.STATE_WORDS[claim.state]}"
        return now if claim.was in (claim.state, "operational") else f"{now} (before: {words.STATE_WORDS[claim.was]})"

    def parts(self, components: tuple[str, ...]) -> str:
        """Name components by id: `Checkout, API`."""
        return ", ".join(self.names[component] for component in components)


def link(name: str, url: str) -> Markup:
    """Link words to an address; where the address is none that may be followed, only the words stand."""
    if not link_allowed(url):
        return Markup("{}").format(name)
    return Markup('<a href="{}">{}</a>').format(url, name)


def newest_words(incident: Incident | Maintenance) -> Update | None:
    """Find the newest update that has anything to read."""
    return next((update for update in incident.updates if update.passages), None)


def look(thing: Incident | Maintenance) -> ComponentState:
    """Choose the state whose colour and shape a problem or planned work wears."""
    if isinstance(thing, Maintenance):
        return "under_maintenance"
    claimed = [claim.state for claim in words.worst_first(thing.claims) if claim.state != "under_maintenance"]
    return max(claimed, key=gravity) if claimed else _STATE_OF_IMPACT[thing.impact]


def _punctuality(after: timedelta) -> str:
    if abs(after) < timedelta(minutes=1):
        return "as planned"
    return f"{words.span(abs(after))} {'late' if after > timedelta() else 'early'}"
