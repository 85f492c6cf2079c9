"""Findings that need the whole site: parts nobody could read, titles without words, promises not public or not kept."""

from __future__ import annotations

from collections.abc import Iterator

from heliograph import view
from heliograph.check.promises import promises
from heliograph.gate import PUBLIC_READER, Gate, betrayals, explain, unreadable
from heliograph.model import Incident, Site
from heliograph.problems import Problem, in_order

_NAMED = 4
"""So many readers are named in one message; more would not be read."""


def check(site: Site) -> tuple[Problem, ...]:
    """Give every finding about a site that could be read, errors and warnings, in reading order."""
    found = [*_betrayals(site), *_unreadable(site)]
    if not found:
        told = _told_public(site)
        found += promises(site)
        for incident in site.incidents:
            found += _silence(site, incident, told.get(incident.id))
    return in_order(found)


def _unreadable(site: Site) -> Iterator[Problem]:
    for part in unreadable(site):
        readers = ", ".join(part.missing[:_NAMED]) + (" …" if len(part.missing) > _NAMED else "")
        yield Problem(
            part.place,
            "E430",
            f"this {part.what} is for {part.label}, but {readers} could never read it: not {part.because}",
            "widen the update's audience, add a title, or choose a narrower label",
        )


def _betrayals(site: Site) -> Iterator[Problem]:
    for found in betrayals(site):
        yield Problem(
            found.place,
            "E622",
            f"`{found.rule}` goes by severity, which {found.audience} may not read; what reaches it when would tell",
            "remove it, name impact or components instead, or let the audience see internal",
        )


def _told_public(site: Site) -> dict[str, view.Incident]:
    """Give the incidents as the public will know them once all that is written has been told."""
    instants = [update.at for story in site.stories for update in story.updates]
    instants += [incident.started_at for incident in site.incidents]
    if not instants:
        return {}
    return {incident.id: incident for incident in Gate(site, max(instants)).view_of(PUBLIC_READER).incidents}


def _silence(site: Site, incident: Incident, told: view.Incident | None) -> Iterator[Problem]:
    """Warn of a public title without public words, and of an open incident that promises no next word."""
    if told is None:
        for part in explain(site, incident):
            if part.what == "title" and str(PUBLIC_READER) in part.readers:
                yield Problem(
                    part.place, "W431", "the title is public, but no update is: customers see nothing of this"
                )
    elif told.is_open and told.next_update is None:
        newest = next(update for update in incident.updates if update.id == told.updates[0].id)
        yield Problem(newest.place, "W432", "this does not say when the next word comes", "add next_update: 30m")
