"""One incident with everything a digest says of it, and the short ways to say it."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime
from typing import Final

from heliograph.render import sentences
from heliograph.render.digests.history import History
from heliograph.render.tongue import N_, Tongue, same_day, tongue
from heliograph.view import Desk, Dossier, View

NEW: Final = N_("*new")
CHANGED: Final = N_("*changed")
"""Marks of what its reader was not told before."""


class Case(History, frozen=True, kw_only=True):
    """An incident in its view. Times are said in the site's zone, as briefly as its newest instant allows."""

    @property
    def tongue(self) -> Tongue:
        """The language it is told in."""
        return tongue(self.view.about.language)

    @property
    def zone(self) -> str:
        """The site's time zone."""
        return self.view.about.timezone

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
        """Mark what came after the last message heard; nothing in a first message, in which all is new."""
        return self.tongue.gettext(word) if self.is_untold(instant) and not self.is_first else ""

    def age(self, instant: datetime) -> str:
        """Tell of words that they came after the last message heard, or else from when they are."""
        return self.mark(instant) if self.is_untold(instant) else self.as_of(instant)

    def as_of(self, instant: datetime) -> str:
        """Say from when something is: `as of 14:20`."""
        return self.tongue.gettext("as of %(when)s", when=self.clock(instant))

    def happening(self, words_for_all: str) -> str:
        """Tell in one text since when it goes on, or went on, and what was said of it; in Markdown."""
        told = sentences.without_echo(self.incident.title, words_for_all)
        return sentences.lead_in(sentences.literal(self.since()), told)

    @property
    def period(self) -> str:
        """From when to when it went on, and how long."""
        end = self.incident.resolved_at or self.incident.updated_at
        return sentences.period(self.tongue, self.incident.started_at, end, self.zone)

    def since(self) -> str:
        """Tell in a sentence what has been going on since when, or what went on."""
        incident = self.incident
        if incident.resolved_at is not None:
            return sentences.told_was(self.tongue, incident.title, self.period)
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
    def heading_over(self) -> str:
        """Severity and title of what is over: `SEV2 Some payments in Europe were failing · solved`."""
        return _over(self.tongue, self.severity, self.public_title)

    @property
    def own_heading_over(self) -> str:
        """The same with the title of this reader's own."""
        return _over(self.tongue, self.severity, self.incident.title)

    @property
    def ended(self) -> list[str]:
        """What a closing mail's subject says of the end: that it is solved, after how long, and told in an account."""
        end = self.incident.resolved_at or self.incident.updated_at
        span = self.tongue.duration(end - self.incident.started_at)
        published = [self.tongue.gettext("account published")] if self.incident.postmortem else []
        return [self.tongue.gettext("solved after %(span)s", span=span), *published]

    @property
    def own_heading(self) -> str:
        """Severity and the title of this reader's own."""
        return f"{self.severity} {self.incident.title}".strip()

    @property
    def own_headline(self) -> str:
        """Severity and that title, in the form of a subject line."""
        return f"{self.severity} {sentences.headline(self.incident.title)}".strip()

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


def matters(view: View, desk: Desk, wanted: Container[str]) -> tuple[Matter, ...]:
    """Give some incidents of a view, named by id: gravest first, then newest."""
    found = [
        Matter(view=view, incident=incident, desk=desk, dossier=desk.dossier(incident.id))
        for incident in view.incidents
        if incident.id in wanted
    ]
    return tuple(sorted(found, key=lambda matter: matter.dossier.severity or "~"))


def _over(tongue: Tongue, severity: str, title: str) -> str:
    told = sentences.title_once_over(title) if tongue.is_english else title
    return f"{severity} {told} · {sentences.status_phrase(tongue, 'resolved')}".strip()
