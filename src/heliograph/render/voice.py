"""The sentences of a page in one site's time zone: times as `<time>` elements, the course of a problem, its end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

import msgspec
from markupsafe import Markup, escape

from heliograph.render import sentences, words
from heliograph.render.editions import translation_note
from heliograph.render.markup import link_allowed
from heliograph.render.tongue import Tongue, same_day
from heliograph.terms import ComponentState, Impact, gravity
from heliograph.times import write_instant, zone
from heliograph.view import Claim, Incident, Instead, Maintenance, Passage, Update

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
    """Says instants for the readers of one site. `timezone` is an IANA name; `names` are the components' by id.

    `foreign` are the attributes that mark authored texts where they are in another language than the rest, which is
    `main`, the site's own.
    """

    timezone: str
    names: dict[str, str]
    tongue: Tongue
    foreign: Markup = Markup()
    main: str = ""

    def marks(self, language: str) -> Markup:
        """Mark a text by the language it was translated into: `foreign` for an original, nothing for the page's own."""
        return Markup() if language else self.foreign

    def note(self, *why: Instead) -> str:
        """Say why texts stand in the site's main language where another is wanted; empty if none does."""
        if not any(why):
            return ""
        return translation_note(self.tongue, self.main, is_stale="stale" in why)

    def note_on(self, passages: Iterable[Passage]) -> str:
        """Say the same of passages."""
        return self.note(*(passage.instead for passage in passages))

    def moment(self, instant: datetime) -> Markup:
        """Say an instant in full: `21 Nov 2026, 14:20 UTC`."""
        return _time(instant, self.tongue.moment(instant, self.timezone))

    def day(self, instant: datetime) -> Markup:
        """Say the day of an instant: `21 Nov 2026`."""
        return _time(instant, self.tongue.day(instant, self.timezone))

    def clock(self, instant: datetime) -> Markup:
        """Say the time of day: `14:20 UTC`."""
        return _time(instant, self.tongue.clock_zone(instant, self.timezone))

    def beside(self, instant: datetime, other: datetime) -> Markup:
        """Say an instant as briefly as another one, already said in full, allows."""
        return _time(instant, self._briefly(instant, other))

    def _briefly(self, instant: datetime, other: datetime) -> str:
        if self._year(instant) != self._year(other):
            return self.tongue.moment(instant, self.timezone)
        return self.tongue.moment_beside(instant, other, self.timezone)

    def _same_day(self, *instants: datetime) -> bool:
        return same_day(self.timezone, *instants)

    def since(self, when: Markup) -> Markup:
        """Say `Since 14:02 UTC`."""
        return self.tongue.marked("Since %(when)s", when=when)

    def course(self, incident: Incident) -> Markup:
        """Say how an open problem runs: `Since 14:02 UTC · updated 14:20 · next update by 14:50 UTC · 21 Nov 2026`.

        The day stands at the end where all is of one day, else with each instant, so that the line is true
        whenever it is read. A promise that was not kept is not repeated here; `lateness` tells it.
        """
        start, updated, due = incident.started_at, incident.updated_at, incident.next_update
        one_day = self._same_day(start, updated)
        if one_day:
            told = _time(updated, self.tongue.clock(updated, self.timezone))
            parts = [self.since(self.clock(start)), self.tongue.marked("updated %(when)s", when=told)]
        else:
            told = self.beside(updated, start)
            parts = [self.since(self.moment(start)), self.tongue.marked("updated %(when)s", when=told)]
        if due is not None and not incident.late:
            by = self.beside(due, updated if one_day else start)
            parts.append(
                Markup('<strong data-relative="{}">{}</strong>').format(
                    write_instant(due), self.tongue.marked("next update by %(when)s", when=by)
                )
            )
        if one_day:
            parts.append(Markup('<span class="day">{}</span>').format(self.tongue.day(start, self.timezone)))
        return Markup(" · ").join(parts)

    def lateness(self, incident: Incident) -> Markup:
        """Say that a promise is not kept: `This update is late. It was due by 14:50 UTC.`; empty if none was made.

        Pages hold the sentence ready before its hour, for their script to show.
        """
        if incident.next_update is None:
            return Markup()
        due = self.beside(incident.next_update, incident.updated_at)
        return self.tongue.marked("This update is late. It was due by %(when)s.", when=due)

    def staleness(self, incident: Incident) -> Markup:
        """Say the same to those who act on what they read: how old it is, too; empty otherwise."""
        if incident.next_update is None or not incident.late:
            return Markup()
        due = self.beside(incident.next_update, incident.updated_at)
        told = self.beside(incident.updated_at, incident.started_at)
        return self.tongue.marked(
            "Late: the next word was due by %(when)s. What stands here is of %(told)s.", when=due, told=told
        )

    def called(self, incident: Incident) -> str:
        """Give a problem's title, in the past once it is over: nobody shall read that what works is failing."""
        return incident.title if incident.is_open else sentences.title_once_over(incident.title)

    def on(self, instant: datetime, other: datetime) -> Markup:
        """Say `at 14:20 UTC`, or `on 17 Nov, 15:30 UTC` where the day is not that of `other`."""
        said = self.beside(instant, other)
        if self._same_day(instant, other):
            return self.tongue.marked("at %(clock)s", clock=said)
        return self.tongue.marked("on %(day)s", day=said)

    def ending(self, incident: Incident) -> Markup:
        """Say how a problem ended: `Resolved on 21 Nov 2026, 14:44 UTC, after 42 min.`; empty before."""
        if incident.resolved_at is None:
            return Markup()
        span = self.tongue.duration(incident.resolved_at - incident.started_at)
        when = self.moment(incident.resolved_at)
        return self.tongue.marked("Resolved on %(when)s, after %(span)s.", when=when, span=span)

    def window(self, work: Maintenance) -> Markup:
        """Say when planned work is, such as `Wed 2 Dec, 02:00-03:30 UTC` (with an en dash).

        The year stands with it once the work is past, or where it is not the year in which it was last spoken of.
        """
        start, end = work.start, work.end
        year = work.phase == "past" or self._year(start) != self._year(work.updated_at)
        tongue, timezone = self.tongue, self.timezone
        head = tongue.joined(tongue.weekday(start, timezone, year=year), tongue.clock(start, timezone))
        tail = tongue.clock_zone(end, timezone)
        if self._same_day(start, end):
            return tongue.marked("%(start)s–%(end)s", start=_time(start, head), end=_time(end, tail))
        tail = tongue.joined(tongue.weekday(end, timezone, year=year), tail)
        return tongue.marked("%(start)s – %(end)s", start=_time(start, head), end=_time(end, tail))

    def _year(self, instant: datetime) -> int:
        return instant.astimezone(zone(self.timezone)).year

    def finish(self, work: Maintenance) -> Markup:
        """Say how planned work stands or ended: `Finished at 03:12 UTC, 18 min early.`; empty while it is ahead."""
        over = work.completed_at
        if over is None:
            begun = work.started_at
            return self.tongue.marked("Started %(when)s.", when=self.on(begun, work.start)) if begun else Markup()
        said = self.on(over, work.start)
        if work.status == "cancelled":
            return self.tongue.marked("Cancelled %(when)s.", when=said)
        return self.tongue.marked(
            "Finished %(when)s, %(early_or_late)s.", when=said, early_or_late=self._punctuality(over - work.end)
        )

    def _punctuality(self, after: timedelta) -> str:
        if abs(after) < timedelta(minutes=1):
            return self.tongue.gettext("as planned")
        span = self.tongue.span(abs(after))
        if after > timedelta():
            return self.tongue.gettext("%(span)s late", span=span)
        return self.tongue.gettext("%(span)s early", span=span)

    def affected(self, claims: tuple[Claim, ...]) -> str:
        """List what is not working normally, worst first: `Checkout (degraded), API (degraded)`; may be empty."""
        return words.affected(self.tongue, claims, self.names)

    def headline(self, claims: tuple[Claim, ...]) -> str:
        """Say which parts are in what state: `Checkout and API degraded`; may be empty."""
        return words.states_headline(self.tongue, claims, self.names)

    def change(self, claim: Claim) -> str:
        """Say what an update says of a component: `Checkout: degraded (before: partial outage)`."""
        now = words.part_state(self.tongue, self.names[claim.component], claim.state)
        if claim.was in (claim.state, "operational"):
            return now
        before = words.state_word(self.tongue, claim.was)
        return self.tongue.gettext("%(now)s (before: %(before)s)", now=now, before=before)

    def state(self, state: ComponentState) -> str:
        """Name a state: `working normally`."""
        return words.state_word(self.tongue, state)

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
