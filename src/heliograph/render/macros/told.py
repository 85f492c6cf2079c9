"""What customers were told of a problem or of planned work, as far as a reply may repeat it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from heliograph.render import markup, sentences, words
from heliograph.render.macros.macro import PHONE_LIMIT, SHORT_LIMIT, defused
from heliograph.render.tongue import Tongue
from heliograph.view import Incident, Maintenance, Update, View

_ADDRESS: Final = re.compile(r"\s*\((?:https?:|[^\s()]+@)[^\s()]*\)|\s*https?:\S+")


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """The newest public words and what may be said besides, in Markdown, either of which may be empty.

    `source` is the update that holds the public words, `said` the newest one with words for those who ask.
    """

    public: str
    say: str
    source: Update | None
    said: Update | None


def told_of(updates: Sequence[Update]) -> Told:
    """Find what holds now; `updates` are newest first. What may be said is of the newest public update or a later one.

    Public words may have changed what was said to those who asked before them, so that is not repeated.
    """
    source = next(iter(worded(updates)), None)
    saying = [update for update in recent(updates) if _own(update)]
    return Told(
        public=_shared(source) if source else "",
        say="\n\n".join(_own(update) for update in saying),
        source=source,
        said=saying[0] if saying else None,
    )


def recent(updates: Sequence[Update]) -> tuple[Update, ...]:
    """Give the newest update with words for everyone and those that came with it or later; else the newest."""
    newest = next(iter(worded(updates)), None)
    return tuple(one for one in updates if newest is None or one.at >= newest.at)[: None if newest else 1]


def worded(updates: Sequence[Update]) -> tuple[Update, ...]:
    """Give the updates that have words for everyone, in the same order."""
    return tuple(update for update in updates if _shared(update))


def _shared(update: Update) -> str:
    """Join an update's words for everyone."""
    return words.joined([passage for passage in update.passages if not passage.addressed])


def _own(update: Update) -> str:
    """Join what may be said, besides, to a customer who asks."""
    return words.joined([passage for passage in update.passages if passage.addressed])


def called(tongue: Tongue, incident: Incident) -> str:
    """Give a problem's title, or say that it is solved: `Solved: some payments in Europe were failing`."""
    if incident.is_open:
        return incident.title
    return sentences.told_solved(tongue, incident.title)


def incident_address(view: View, incident: Incident) -> str:
    """Give the public page of an incident."""
    return f"{view.about.public_url}/incidents/{incident.id}/"


def maintenance_address(view: View, work: Maintenance) -> str:
    """Give the public page of planned work."""
    return f"{view.about.public_url}/maintenance/{work.id}/"


def next_word(tongue: Tongue, incident: Incident, timezone: str) -> str:
    """Say by when the next update comes, as briefly as the newest allows; empty where none that holds is promised."""
    if incident.next_update is None or incident.late:
        return ""
    return tongue.moment_beside(incident.next_update, incident.updated_at, timezone)


def begun(tongue: Tongue, incident: Incident, timezone: str) -> str:
    """Say since when a problem goes on, as briefly as its newest update allows."""
    return tongue.moment_beside(incident.started_at, incident.updated_at, timezone)


def updated(tongue: Tongue, incident: Incident, instant: datetime, timezone: str) -> str:
    """Say when an update was made, with its day where that is not the day on which the problem began."""
    return tongue.moment_beside(instant, incident.started_at, timezone)


def phone(title: str, public: str) -> str:
    """Say what there is to say aloud: the title, and as many sentences as about twenty seconds hold."""
    return sentences.spoken(defused(title), defused(markup.to_line(public)), PHONE_LIMIT)


def short(title: str, public: str, promise: str, address: str) -> str:
    """Say it in 280 characters, address included: whole sentences only, as many as fit in their order.

    The promise of a next word comes after them where there is room left for it. What does not fit is left out, and be
    it the title of a problem whose address takes all the room.
    """
    said = sentences.sentence(defused(title))
    plain = defused(_ADDRESS.sub("", markup.to_line(public)))
    kept: list[str] = []
    for piece in (said, *sentences.sentences(sentences.without_echo(title, plain))):
        if len(" ".join((*kept, piece, address))) > SHORT_LIMIT:
            break
        kept.append(piece)
    if promise and kept and len(" ".join((*kept, promise, address))) <= SHORT_LIMIT:
        kept.append(promise)
    return " ".join((*kept, address)) if len(address) <= SHORT_LIMIT else ""
