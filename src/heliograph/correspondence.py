"""What each reader is to be told by mail and chat: every message of a site, made from what that reader sees."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Final, NamedTuple

from msgspec import structs

from heliograph.gate import Gate, Reader
from heliograph.message import Message, Pace
from heliograph.model import Audience, Site, Weekly
from heliograph.render import digests
from heliograph.render.chat import chat
from heliograph.render.digests.weekly import weekly
from heliograph.render.layouts import Layouts
from heliograph.render.macros import Macro, macros
from heliograph.render.tongue import best_language
from heliograph.times import civil_day, day_start, zone
from heliograph.view import Desk, Heard, View

Digest = Callable[[View, Desk, tuple[Heard, ...], Layouts], Iterator[Message]]

DIGESTS: Final[dict[str, Digest]] = {
    "exec": digests.executive,
    "business": digests.business,
    "engineering": digests.engineering,
}

_WRITTEN: Final = frozenset({"digest", "chat"})
_WEEK: Final = timedelta(days=7)


class Post(NamedTuple):
    """All messages for one reader, made as they are gone through, and the structures they are made of."""

    reader: Reader
    seen: tuple[View, ...]
    desk: Desk | None
    replies: tuple[Macro, ...]
    messages: Iterable[Message]


class Correspondence:
    """Makes the messages of one site at one instant."""

    def __init__(self, site: Site, gate: Gate, layouts: Layouts, at: datetime) -> None:
        self._site, self._gate, self._layouts, self._at = site, gate, layouts, at

    def posts(self) -> Iterator[Post]:
        """Go through all readers that are written to: insiders first, then each customer and subscribers."""
        audiences = {one.id: one for one in self._site.audiences if not _WRITTEN.isdisjoint(one.surfaces)}
        readers = [reader for reader in self._gate.readers if reader.audience in audiences]
        for reader in sorted(readers, key=lambda one: audiences[one.audience].boundary, reverse=True):
            yield self._post_for(reader, audiences[reader.audience])

    def replies_for(self, audience: Audience) -> tuple[Macro, ...]:
        """Make the replies that an audience pastes; none if it pastes none, or may not read what they say."""
        seen = self._gate.replies_for(Reader(audience.id)) if "macros" in audience.surfaces else None
        return macros(seen) if seen else ()

    def _post_for(self, reader: Reader, audience: Audience) -> Post:
        if audience.boundary == "internal":
            return self._to_insiders(audience, reader)
        return (self._to_customer if reader.customer else self._to_subscribers)(audience, reader)

    def _to_insiders(self, audience: Audience, reader: Reader) -> Post:
        seen, desk, replies = self._gate.view_of(reader), self._gate.desk_of(reader), self.replies_for(audience)
        answered_by = partial(structs.replace, owner=audience.owner)
        messages = map(answered_by, self._for_insiders(audience, reader, replies))
        return Post(reader, (seen,), desk, replies, messages)

    def _for_insiders(self, audience: Audience, reader: Reader, replies: tuple[Macro, ...]) -> Iterator[Message]:
        seen, desk, heard = self._gate.view_of(reader), self._gate.desk_of(reader), self._gate.heard_by(reader)
        if "digest" in audience.surfaces:
            if "macros" in audience.surfaces:
                yield from digests.support(seen, desk, heard, replies, self._layouts)
            else:
                yield from DIGESTS.get(audience.id, digests.general)(seen, desk, heard, self._layouts)
            yield from self._weekly(audience, seen, desk)
        if "chat" in audience.surfaces:
            yield from chat(seen, desk, heard, pages="page" in audience.surfaces)

    def _to_customer(self, audience: Audience, reader: Reader) -> Post:
        locale = next(one.locale for one in self._site.customers if one.id == reader.customer)
        seen = self._gate.view_of(reader, best_language(locale, self._site.settings.language))
        return Post(reader, (seen,), None, (), map(_outward, self._for_customer(audience, reader, seen)))

    def _for_customer(self, audience: Audience, reader: Reader, seen: View) -> Iterator[Message]:
        if "digest" in audience.surfaces:
            yield from digests.customer(seen, self._gate.heard_by(reader), self._layouts)
            yield from self._weekly(audience, seen, None)

    def _to_subscribers(self, audience: Audience, reader: Reader) -> Post:
        languages = self._site.settings.languages or (self._site.settings.language,)
        seen = tuple(self._gate.view_of(reader, language) for language in languages)
        return Post(reader, seen, None, (), map(_outward, self._for_subscribers(audience, reader, seen)))

    def _for_subscribers(self, audience: Audience, reader: Reader, seen: tuple[View, ...]) -> Iterator[Message]:
        if "digest" in audience.surfaces:
            yield from digests.subscribers(seen, self._layouts)
            yield from self._weekly(audience, seen[0], None)
        if "chat" in audience.surfaces:
            yield from chat(seen[0], None, self._gate.heard_by(reader), pages="page" in audience.surfaces)

    def _weekly(self, audience: Audience, seen: View, desk: Desk | None) -> Iterator[Message]:
        """Look back on the last whole week whose digest is due by now."""
        if audience.digest.weekly is not None:
            due, end = _last_due(audience.digest.weekly, self._at, self._site.settings.timezone)
            message = weekly(seen, desk, end - _WEEK, end, self._layouts)
            if message is not None:
                yield structs.replace(message, at=due)


def _outward(message: Message) -> Message:
    return structs.replace(message, outside=True)


def paces(site: Site) -> dict[str, Pace]:
    """Say how each audience is paced."""
    return {
        one.id: Pace(
            mode=one.digest.mode,
            every=one.digest.every,
            most=one.digest.max_recipients,
            waits_for_page=one.wait_for == "page",
            after=one.after,
        )
        for one in site.audiences
    }


def _last_due(weekly: Weekly, at: datetime, timezone: str) -> tuple[datetime, datetime]:
    """Give the last instant by `at` at which a week's digest was due, and the start of that day."""
    tz = zone(timezone)
    today = civil_day(at, tz)
    day = today - timedelta(days=(today.weekday() - weekly.weekday) % 7)
    if day_start(day, tz) + weekly.at > at:
        day -= _WEEK
    start = day_start(day, tz)
    return start + weekly.at, start
