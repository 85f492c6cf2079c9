"""One digest in the making: what it tells of, and its place among those before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec

from heliograph.message import Mail, Message
from heliograph.render.digests.case import Matter, matters
from heliograph.render.digests.compose import compose, letterhead
from heliograph.render.digests.news import news, topic, turning_points
from heliograph.render.digests.sheet import Row, Section, Sheet
from heliograph.render.digests.threads import Place, places, told_at
from heliograph.render.layouts import Layouts
from heliograph.view import Desk, Heard, View

_ONE_OF: Final = "closing"


def everything(matter: Matter) -> Iterator[datetime | None]:
    """Give the instants of all facts, asks and decisions: the news of a digest that tells of each."""
    incident = matter.incident
    yield from (fact.as_of for fact in incident.facts)
    yield from (when for ask in incident.asks for when in (ask.since, ask.met_at))
    yield incident.decision.said_at if incident.decision else None


def mine(matter: Matter) -> Iterator[datetime | None]:
    """Give the instants of what is asked of this very reader, or is its to decide."""
    incident, me = matter.incident, matter.my_names
    asks = [ask for ask in incident.asks if ask.of.casefold() in me]
    yield from (when for ask in asks for when in (ask.since, ask.met_at))
    yield incident.decision.said_at if incident.decision and incident.decision.who.casefold() in me else None


def facts_and_mine(matter: Matter) -> Iterator[datetime | None]:
    """Give the instants of all facts, and of what is wanted of this very reader."""
    yield from (fact.as_of for fact in matter.incident.facts)
    yield from mine(matter)


Particulars = Callable[[Matter], Iterator[datetime | None]]


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What one message to an insider tells: everything open, or the end of one incident."""

    kind: Literal["digest", "closing"]
    matters: tuple[Matter, ...]
    place: Place

    @property
    def first(self) -> Matter:
        """The gravest of what is told."""
        return self.matters[0]

    def message(
        self,
        layouts: Layouts,
        *,
        subject: str,
        preheader: str,
        sections: Sequence[Section],
        closing: Sequence[Row] = (),
        particulars: Particulars = everything,
    ) -> Message:
        """Set these words as a mail, and say which news they bring.

        `particulars` gives the instants of those facts, asks and decisions that these words tell.
        """
        view, desk = self.first.view, self.first.desk
        at = max(matter.incident.updated_at for matter in self.matters)
        head = letterhead(
            view,
            audience=desk.reader,
            name=desk.name,
            subject=subject,
            preheader=preheader,
            at=at,
            incident=self.first.incident.id if self.kind == _ONE_OF else "",
        )
        sheet = Sheet(greeting="", sections=tuple(sections), closing=tuple(closing), notice=view.about.notice)
        mail = compose(layouts, "digest", msgspec.structs.replace(head, thread=self.place.thread), sheet)
        return self._told_by(mail, particulars)

    def _told_by(self, mail: Mail, particulars: Particulars) -> Message:
        found = [
            (told_at(one.incident, identity), identity)
            for one in self.matters
            for identity in news(one.incident)
            if identity not in _untold(one, particulars)
        ]
        opens = {identity for one in self.matters for identity in turning_points(one.incident)}
        ordered = [identity for _, identity in sorted(found, key=lambda pair: pair[0])]
        return Message(
            audience=mail.audience,
            kind=self.kind,
            topics=tuple(topic(one.incident, one.dossier.severity or "") for one in self.matters),
            news=tuple(ordered),
            opens=tuple(identity for identity in ordered if identity in opens),
            at=mail.at,
            thread=self.place.thread,
            number=self.place.number,
            mails=(mail,),
        )


def batches(view: View, desk: Desk, heard: tuple[Heard, ...]) -> Iterator[Batch]:
    """Sort what an insider hears into messages: first one for each end of late, oldest first, then all that is open."""
    groups: list[tuple[Matter, ...]] = [(matter,) for matter in matters(view, desk, desk.recent)[::-1]]
    groups.sort(key=lambda group: group[0].incident.updated_at)
    opened = matters(view, desk, desk.relevant)
    told_of = [[matter.incident for matter in group] for group in (*groups, opened) if group]
    for place, incidents in places(view, desk, heard, told_of):
        found = tuple(
            Matter(view=view, incident=one, desk=desk, dossier=desk.dossier(one.id), heard=place.heard)
            for one in incidents
        )
        yield Batch(kind="digest" if incidents[0].is_open else "closing", matters=found, place=place)


def _untold(matter: Matter, particulars: Particulars) -> frozenset[str]:
    """Name the updates that bring nothing but facts, asks or decisions of which a digest says nothing."""
    told = frozenset(particulars(matter))
    return frozenset(
        update.id
        for update in matter.incident.updates
        if not (update.passages or update.status is not None or update.claims or update.at in told)
    )
