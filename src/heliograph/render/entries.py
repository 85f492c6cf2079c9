"""What goes into feeds, whatever their format: one entry per incident, or one per update."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from heapq import nlargest
from typing import Final, NamedTuple

from markupsafe import escape

from heliograph.render import markup, words
from heliograph.render.identity import Happening, address, happenings, heard_at, spoken_at, tag
from heliograph.render.tongue import Tongue, tongue, zone_name
from heliograph.times import zone as time_zone
from heliograph.view import Claim, Correction, Incident, Passage, View

NEWEST: Final = 50
"""How many entries a feed holds."""


class Entry(NamedTuple):
    """One entry: `id` is a tag URI that never changes, `html` is safe markup, instants are UTC."""

    id: str
    title: str
    url: str
    html: str
    published: datetime
    updated: datetime


class _Message(NamedTuple):
    """An update, or the postmortem, which is told like one."""

    id: str
    at: datetime
    status: str | None
    passages: tuple[Passage, ...]
    claims: tuple[Claim, ...]
    corrections: tuple[Correction, ...]


def names_of(view: View) -> dict[str, str]:
    """Give the names of all components by id."""
    return {component.id: component.name for component in view.components}


def history(view: View) -> list[Entry]:
    """Make one entry per incident and maintenance, most recently told first.

    The form is Statuspage's, which clients parse: messages newest first, each led by its time and its status.
    """
    names = names_of(view)
    return [_history_entry(view, happening, names) for happening in _newest(happenings(view))]


def updates(view: View, of: Iterable[Happening]) -> list[Entry]:
    """Make one entry per update of these incidents and maintenances, newest first."""
    names = names_of(view)
    told = [(happening, message) for happening in _newest(of) for message in _messages(happening)]
    told.sort(key=lambda pair: pair[1].at, reverse=True)
    return [_update_entry(view, happening, message, names) for happening, message in told[:NEWEST]]


def _newest(happenings: Iterable[Happening]) -> list[Happening]:
    """Keep those told of most recently: the newest messages of all are among theirs."""
    return nlargest(NEWEST, happenings, key=lambda happening: (spoken_at(happening), happening.id))


def _messages(happening: Happening) -> list[_Message]:
    """Give all that was said, newest first; an account published before the last update takes its place in time."""
    said = [
        _Message(update.id, update.at, update.status, update.passages, update.claims, update.corrections)
        for update in happening.updates
    ]
    if isinstance(happening, Incident) and happening.postmortem is not None:
        account = happening.postmortem
        said.insert(0, _Message(account.id, account.at, "postmortem", account.passages, (), ()))
        said.sort(key=lambda message: message.at, reverse=True)
    return said


def _history_entry(view: View, happening: Happening, names: dict[str, str]) -> Entry:
    url = address(view, happening)
    spoken = tongue(view.about.language)
    told = (_told(spoken, message, url, names, view.about.timezone) for message in _messages(happening))
    return Entry(
        id=tag(view, f"Incident/{happening.id}"),
        title=happening.title,
        url=url,
        html="".join(told),
        published=spoken_at(happening),
        updated=heard_at(happening),
    )


def _told(tongue: Tongue, message: _Message, url: str, names: dict[str, str], timezone: str) -> str:
    """Write one message as Statuspage does; what does not fit into its one paragraph follows it."""
    status = escape(words.status_word(tongue, message.status))
    lead = f"{_stamp(tongue, message.at, timezone)}<br><strong>{status}</strong> - "
    if message.status == "postmortem":
        details = escape(tongue.gettext("Read details"))
        return f'<p>{lead}<a href="{escape(url)}">{details}</a></p>'
    html = _words(message.passages) or _states(tongue, message.claims, names)
    return f"<p>{lead}{html[3:]}" if html.startswith("<p>") else f"<p>{lead}</p>{html}"


@lru_cache(maxsize=4096)
def _stamp(tongue: Tongue, at: datetime, timezone: str) -> str:
    """Write an instant as Statuspage does; its clients look for the two variables."""
    day, clock, zone = at.astimezone(time_zone(timezone)).day, tongue.clock(at, timezone), zone_name(at, timezone)
    month = tongue.short_month(at, timezone)
    return f"<small>{month} <var data-var='date'>{day:>2}</var>, <var data-var='time'>{clock}</var> {zone}</small>"


def _update_entry(view: View, happening: Happening, message: _Message, names: dict[str, str]) -> Entry:
    spoken, timezone = tongue(view.about.language), view.about.timezone
    fixed = [correction.at for correction in message.corrections]
    fixes = (spoken.marked("<p>Corrected %(when)s.</p>", when=spoken.moment(at, timezone)) for at in fixed)
    return Entry(
        id=tag(view, f"Update/{message.id}"),
        title=f"[{words.status_word(spoken, message.status)}] {happening.title}",
        url=address(view, happening),
        html="".join([_words(message.passages), _states(spoken, message.claims, names), *fixes]),
        published=message.at,
        updated=max([message.at, *fixed]),
    )


def _words(passages: Sequence[Passage]) -> str:
    return markup.to_html(words.joined(passages)).rstrip("\n")


def _states(tongue: Tongue, claims: Sequence[Claim], names: dict[str, str]) -> str:
    """Say in a paragraph what an update claims of components; nothing if it claims nothing."""
    return f"<p>{escape(words.claims_said(tongue, claims, names))}</p>" if claims else ""
