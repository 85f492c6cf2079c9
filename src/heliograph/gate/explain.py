"""Answers to "who may read this?" for every authored part; loading, checking and commands ask here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, partial
from typing import NamedTuple

import msgspec

from heliograph.gate.labels import Readership
from heliograph.model import INTERNAL, Incident, Site, Story, Text, Update
from heliograph.problems import Place


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One labelled part of an incident, and the readers it reaches. `needs` are all labels a reader must hold."""

    place: Place
    what: str
    label: str
    needs: tuple[str, ...]
    readers: tuple[str, ...]


def explain(site: Site, of: Story) -> tuple[Part, ...]:
    """List every part of an incident or maintenance with the readers it reaches, in reading order."""
    readership = Readership(site)
    titled = {reader for title in of.titles for reader in readership.readers_of(title.label)}
    parts = []
    for place, what, label, needs in _parts(site, of):
        readers = tuple(str(reader) for reader in readership.readers_of(label, *needs) if reader in titled)
        parts.append(Part(place=place, what=what, label=label, needs=(label, *needs), readers=readers))
    return tuple(parts)


class Unreadable(msgspec.Struct, frozen=True, kw_only=True):
    """A part that some of its label's readers could never read, because of its update's audience or the titles."""

    place: Place
    what: str
    label: str
    missing: tuple[str, ...]
    because: str


def unreadable(site: Site) -> Iterator[Unreadable]:
    """Find every part that breaks the rule: its readers must read its update's audience and one of the titles."""
    readership = Readership(site)
    missing = cache(partial(_missing, readership))
    for of in site.stories:
        titles = frozenset(title.label for title in of.titles)
        for place, what, label, needs in _parts(site, of, outward=False):
            for because, readers in missing(label, needs, titles):
                yield Unreadable(place=place, what=what, label=label, missing=readers, because=because)


def _missing(
    readership: Readership, label: str, needs: tuple[str, ...], titles: frozenset[str]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Say which of a label's readers lack what else a part needs, and what that is."""
    titled = {reader for title in titles for reader in readership.readers_of(title)}
    able = (("its update's audience", set(readership.readers_of(*needs))), ("any title", titled))
    found = ((why, tuple(str(one) for one in readership.readers_of(label) if one not in who)) for why, who in able)
    return tuple((because, readers) for because, readers in found if readers)


class Betrayal(NamedTuple):
    """A rule of an audience's file that goes by severity, though its readers may not know severities."""

    audience: str
    rule: str
    place: Place


def betrayals(site: Site) -> Iterator[Betrayal]:
    """Find every rule by which what arrives when would tell an audience a severity that it may not read."""
    knowing = {reader.audience for reader in Readership(site).readers_of(INTERNAL)}
    for audience in site.audiences:
        if audience.boundary == "internal" and audience.id not in knowing:
            for rule, words in (("when.severity", audience.when_severity), ("signoff", audience.signoff)):
                if words:
                    yield Betrayal(audience.id, rule, audience.place)


def _parts(site: Site, of: Story, *, outward: bool = True) -> Iterator[tuple[Place, str, str, tuple[str, ...]]]:
    """Give (place, what, label, further labels needed). `outward` adds what cannot break the rule: titles, claims."""
    if outward:
        yield from ((title.place, "title", title.label, ()) for title in of.titles)
        yield from _translations("title", of.titles, ())
    yield from ((link.place, "link", link.label, ()) for link in of.links)
    facts = {fact.id: fact.label for fact in site.facts}
    components = {component.id: component.label for component in site.components}
    for update in of.updates:
        needs = (update.audience,)
        yield update.place, "update", update.audience, ()
        yield from ((text.place, "passage", text.label, needs) for text in update.passages)
        yield from ((fact.place, f"fact {fact.fact}", facts[fact.fact], needs) for fact in update.facts)
        yield from ((ask.place, "ask", ask.label, needs) for ask in update.asks)
        yield from ((fix.place, "correction", fix.label, needs) for fix in update.corrected)
        if update.decision:
            yield update.decision.place, "decision", update.decision.label, needs
        if outward:
            yield from _translations("passage", update.passages, needs)
            yield from _inner_parts(update, components, needs)
    if isinstance(of, Incident) and of.postmortem:
        needs = (of.postmortem.audience,)
        yield of.postmortem.place, "postmortem", of.postmortem.audience, ()
        yield from ((text.place, "passage", text.label, needs) for text in of.postmortem.passages)
        if outward:
            yield from _translations("passage", of.postmortem.passages, needs)


def _translations(
    what: str, texts: Iterable[Text], needs: tuple[str, ...]
) -> Iterator[tuple[Place, str, str, tuple[str, ...]]]:
    """Give the translations that are shown to whoever reads the originals."""
    for text in texts:
        for one in text.translations:
            if one.state == "current":
                yield one.text.place, f"{what} in {one.language}", one.text.label, (text.label, *needs)


def _inner_parts(
    update: Update, components: dict[str, str], needs: tuple[str, ...]
) -> Iterator[tuple[Place, str, str, tuple[str, ...]]]:
    for claim in update.claims:
        yield claim.place, f"state of {claim.component}", components[claim.component], needs
    if update.severity:
        yield update.place, "severity", INTERNAL, needs
    if update.roles:
        yield update.place, "roles", INTERNAL, needs
