"""Atom and RSS through feedgen, which is met in this module only: order, dates and self links are ours to see to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator

from heliograph.render import entries
from heliograph.render.entries import Entry
from heliograph.render.identity import NOTHING_YET, Happening, happenings, site_name, tag
from heliograph.render.jsonfeed import json_feed
from heliograph.render.tongue import tongue
from heliograph.tree.artifact import Artifact
from heliograph.view import View

_UNWRITABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold. Loading refuses it; one stray character must still not stop every reader of a feed."""


class Channel(NamedTuple):
    """A feed in both formats: its path without an ending, and how it names itself."""

    path: str
    title: str
    description: str


def feeds(view: View) -> Iterator[Artifact]:
    """Write all of a reader's feeds: `history` and `updates`, the latter as JSON too and for each component."""
    name, say = site_name(view), tongue(view.about.language).gettext
    everything = happenings(view)
    title = say("%(site)s - Incident History", site=name)
    history = Channel("history", title, say("Incidents and planned work, one entry each"))
    yield from _both(view, history, entries.history(view))
    told = entries.updates(view, everything)
    yield from _both(
        view, Channel("updates", say("%(site)s: updates", site=name), say("Every update, one entry each")), told
    )
    yield json_feed(view, "updates.json", told)
    concerned = _by_component(everything)
    for component in view.components:
        path = f"components/{component.id}/updates"
        description = say("Every update that concerns %(part)s", part=component.name)
        told = entries.updates(view, concerned.get(component.id, ()))
        yield from _both(view, Channel(path, f"{name}: {component.name}", description), told)


def _by_component(happenings: Sequence[Happening]) -> dict[str, list[Happening]]:
    concerned: dict[str, list[Happening]] = {}
    for happening in happenings:
        for component in happening.affected:
            concerned.setdefault(component, []).append(happening)
    return concerned


def _both(view: View, channel: Channel, told: Sequence[Entry]) -> Iterator[Artifact]:
    feed = _feed(view, channel, told)
    for ending, write in (("atom", feed.atom_str), ("rss", feed.rss_str)):
        path = f"{channel.path}.{ending}"
        # RSS takes the last link as its own, so the page comes after the feed itself.
        feed.link(
            [
                {"rel": "self", "type": f"application/{ending}+xml", "href": f"{view.about.url}/{path}"},
                {"rel": "alternate", "type": "text/html", "href": f"{view.about.url}/"},
            ],
            replace=True,
        )
        yield Artifact(path, write(pretty=True))


def _feed(view: View, channel: Channel, told: Sequence[Entry]) -> FeedGenerator:
    """Fill in all that feedgen would otherwise take from the clock or from itself."""
    feed = FeedGenerator()
    feed.id(tag(view, f"/{channel.path}"))
    feed.title(_writable(channel.title))
    feed.description(_writable(channel.description))
    feed.author({"name": _writable(view.about.name)})
    feed.language(view.about.language)
    feed.generator("Heliograph")
    feed.updated(max((entry.updated for entry in told), default=NOTHING_YET))
    for entry in told:
        feed.add_entry(_entry(entry), order="append")
    return feed


def _entry(entry: Entry) -> FeedEntry:
    made = FeedEntry()
    made.id(entry.id)
    made.title(_writable(entry.title))
    made.link(href=entry.url)
    made.content(_writable(entry.html), type="html")
    made.published(entry.published)
    made.updated(entry.updated)
    return made


def _writable(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", text)
