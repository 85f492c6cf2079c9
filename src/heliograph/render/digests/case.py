"""One incident with everything a digest says of it, and the short ways to say it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import msgspec

from heliograph.render import sentences, words
from heliograph.render.tongue import N_, Tongue, same_day, tongue
from heliograph.view import Desk, Dossier, Incident, Update, View

NEW: Final = N_("*new")
CHANGED: Final = N_("*changed")
"""Marks of what came with an incident's newest update."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """An incident in its view. Times are said in the site's zone, as briefly as its newest instant allows."""

    view: View
    incident: Incident

    @property
    def tongue(self) -> Tongue:
        """The language it is told in."""
        return tongue(self.view.about.language)

    @property
    def zone(self) -> str:
        """The site's time zone."""
        return self.view.about.timezone

    @property
    def newest(self) -> Update:
        """The newest update this reader has."""
        return self.incident.updates[0]

    @property
    def count(self) -> int:
        """How many status updates there have been so far, notes not counted."""
        return sum(update.status is not None for update in self.incident.updates)

    @property
    def phrase(self) -> str:
        """The status in the few words a subject line has room for."""
        return sentences.status_phrase(self.tongue, self.incident.status)

    @property
    def names(self) -> dict[str, str]:
        """Components by name."""
        return {component.id: component.name for component in self.view.components}

    @property
    def public_page(self) -> str:
        """The incident's address for customers."""
        return f"{self.view.about.public_url}/incidents/{self.incident.id}/"

    def at(self, instant: datetime) -> str:
        """Say `14:20 UTC`, with the day where it is another one than that of the newest word."""
        return self.tongue.moment_beside(instant, self.incident.updated_at, self.zone)

    def clock(self, instant: datetime) -> str:
        """Say `14:20`, with the day where needed."""
        clock = self.tongue.clock(instant, self.zone)
        if same_day(self.zone, instant, self.incident.updated_at):
            return clock
        return self.tongue.joined(self.tongue.short_day(instant, self.zone), clock)

    def mark(self, instant: datetime, word: str = NEW) -> str:
        """Mark what came with the newest update; nothing in a first message, in which all is new."""
        is_new = instant == self.newest.at and len(self.incident.updates) > 1
        return self.tongue.gettext(word) if is_new else ""

    def age(self, instant: datetime) -> str:
        """Tell of words that they came with the newest update, or else from when they are."""
        return self.as_of(instant) if instant != self.newest.at else self.mark(instant)

    def as_of(self, instant: datetime) -> str:
        """Say from when something is: `as of 14:20`."""
        return self.tongue.gettext("as of %(when)s", when=self.clock(instant))

    def own_words(self) -> str:
        """Give the newest words written for this reader, in Markdown; empty if there are none."""
        return next(iter(self.all_own_words()), ("", None))[0]

    def all_own_words(self) -> Iterator[tuple[str, datetime]]:
        """Give all words written for this reader, newest first, with their instants."""
        for update in self.incident.updates:
            own = words.joined([passage for passage in update.passages if passage.addressed])
            if own:
                yield own, update.at

    def shared_words(self) -> str:
        """Give the newest words not written for this reader alone, in Markdown; empty if there are none."""
        for update in self.incident.updates:
            shared = words.joined([passage for passage in update.passages if not passage.addressed])
            if shared:
                return shared
        return ""

    def happening(self, words_for_all: str) -> str:
        """Tell in one text since when it goes on, or went on, and what was said of it; in Markdown."""
        told = sentences.without_echo(self.incident.title, words_for_all)
        return sentences.lead_in(sentences.literal(self.since()), told)

    def since(self) -> str:
        """Tell in a sentence what has been going on since when, or what went on."""
        incident = self.incident
        if incident.resolved_at is not None:
            period = sentences.period(self.tongue, incident.started_at, incident.resolved_at, self.zone)
            return sentences.told_was(self.tongue, incident.title, period)
        return sentences.told_since(self.tongue, incident.title, self.at(incident.started_at))


class Matter(Case, frozen=True, kw_only=True):
    """A case as an insider has it: with the desk's dossier, and the title customers know where there is one."""

    desk: Desk
    dossier: Dossier

    @property
    def severity(self) -> str:
        """The severity by name; empty if none was given."""
        names = {identity: name for identity, name, _ in self.desk.severities}
        severity = self.dossier.severity
        return names.get(severity, severity.upper()) if severity else ""

    @property
    def heading(self) -> str:
        """Severity and title, as the company speaks of it outside where it does."""
        return f"{self.severity} {self.public_title}".strip()

    @property
    def headline(self) -> str:
        """The heading in the form of a subject line."""
        return f"{self.severity} {sentences.headline(self.public_title)}".strip()

    @property
    def own_heading(self) -> str:
        """Severity and the title of this reader's own."""
        return f"{self.severity} {self.incident.title}".strip()

    @property
    def my_names(self) -> frozenset[str]:
        """The names by which an ask or a decision may mean this reader, in lower case."""
        return frozenset((self.desk.reader, self.desk.name.casefold()))

    @property
    def public_title(self) -> str:
        """What customers call it; the reader's own title if they know nothing."""
        return self.dossier.title_public or self.incident.title

    @property
    def said_now(self) -> str:
        """What customers were told last, in Markdown; empty if nothing."""
        return max(self.dossier.said, key=lambda said: said.at).markdown if self.dossier.said else ""


def matters(view: View, desk: Desk) -> tuple[Matter, ...]:
    """Give the open incidents this audience asked to hear of: gravest first, then newest."""
    found = [
        Matter(view=view, incident=incident, desk=desk, dossier=desk.dossier(incident.id))
        for incident in view.open_incidents
        if incident.id in desk.relevant
    ]
    return tuple(sorted(found, key=lambda matter: matter.dossier.severity or "~"))
