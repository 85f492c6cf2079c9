"""Planned work as a calendar that people subscribe to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from icalendar import Calendar, Event

from heliograph.render import markup, words
from heliograph.render.identity import address, heard_at, host, scoped, site_name
from heliograph.render.tongue import Tongue, tongue
from heliograph.tree.artifact import Artifact
from heliograph.view import Maintenance, View

PAST_SHOWN: Final = 50
"""How many works that are over stay in the calendar; those ahead and under way all do."""


def calendar(view: View) -> Iterator[Artifact]:
    """Write `maintenance.ics`, one event per maintenance, soonest first.

    An event keeps its UID for ever; SEQUENCE counts the updates after the first, so that calendars take over changes.
    """
    spoken = tongue(view.about.language)
    book = Calendar()
    book.add("prodid", f"-//Heliograph//{spoken.language.upper()}")
    book.add("version", "2.0")
    book.add("method", "PUBLISH")
    book.add("x-wr-calname", spoken.gettext("%(site)s: planned work", site=site_name(view)))
    book.add("refresh-interval", timedelta(minutes=15), parameters={"VALUE": "DURATION"})
    past = view.maintenance_in("past")[:PAST_SHOWN]
    shown = [*past, *view.maintenance_in("active"), *view.maintenance_in("upcoming")]
    for work in sorted(shown, key=lambda work: (work.start, work.id)):
        book.add_component(_event(spoken, view, work))
    yield Artifact("maintenance.ics", book.to_ical())


def _event(tongue: Tongue, view: View, work: Maintenance) -> Event:
    event = Event()
    event.add("uid", f"{scoped(view, work.id)}@{host(view)}")
    event.add("sequence", max(0, len(work.updates) - 1))
    event.add("dtstamp", heard_at(work))
    event.add("last-modified", heard_at(work))
    event.add("dtstart", work.start)
    event.add("dtend", work.end)
    event.add("summary", work.title)
    event.add("description", _description(tongue, view, work))
    event.add("status", "CANCELLED" if work.status == "cancelled" else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    if view.about.url:
        event.add("url", address(view, work))
    return event


def _description(tongue: Tongue, view: View, work: Maintenance) -> str:
    """Say what is affected, and the newest words."""
    names = [component.name for component in view.components if component.id in work.affected]
    newest = next((update.passages for update in work.updates if update.passages), ())
    affected = tongue.gettext("Affected: %(parts)s.", parts=tongue.listing(names)) if names else ""
    parts = [affected, markup.to_text(words.joined(newest))]
    return "\n\n".join(filter(None, parts))
