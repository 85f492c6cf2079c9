"""Which replies there are: for each open incident by phase, for each closed one that it is over, for planned work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

import msgspec
from markupsafe import Markup, escape

from heliograph.render import markup
from heliograph.render.editions import folder
from heliograph.render.macros import bodies, told
from heliograph.render.macros.macro import CLOSED_KEPT, REQUESTER, Macro, Phase, defused, key, name
from heliograph.render.macros.told import Told, told_of, worded
from heliograph.render.tongue import Tongue, tongue
from heliograph.view import Incident, Maintenance, Update, View

_Body = Callable[[Tongue, View, Incident, Told], str]
_WHILE_OPEN: Final[dict[Phase, _Body]] = {
    "reply": bodies.reply,
    "is-it-this": bodies.is_it_this,
    "workaround": bodies.workaround,
    "follow-up": bodies.follow_up,
}

OPEN_PHASES: Final[tuple[Phase, ...]] = tuple(_WHILE_OPEN)
"""What can be answered while a problem goes on, in the order in which an agent looks for it."""


class _Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What all replies about one thing share, the same in every phase."""

    id: str
    title: str
    good_until: datetime | None
    late: bool
    updated_at: datetime
    phone: str
    short: str


def macros(view: View) -> tuple[Macro, ...]:
    """Make all replies: of open incidents, of the newest closed ones, of planned work; each in the view's order.

    `view` must be the macros reader's: whatever it holds, customers may be told.
    """
    spoken = tongue(view.about.language)
    return tuple(_all(spoken, view))


def _all(tongue: Tongue, view: View) -> Iterator[Macro]:
    for incident in view.open_incidents:
        yield from _while_open(tongue, view, incident)
    for incident in closed_incidents(view)[:CLOSED_KEPT]:
        found = told_of(incident.updates)
        body = bodies.closing(tongue, view, incident, found)
        yield _macro(tongue, view, _problem(tongue, view, incident, found), "closing", body, found.source)
    for work in (*view.maintenance_in("active"), *view.maintenance_in("upcoming")):
        found = told_of(work.updates)
        body = bodies.planned(tongue, view, work, found)
        yield _macro(tongue, view, _work(tongue, view, work, found), "planned", body, found.source)


def closed_incidents(view: View) -> tuple[Incident, ...]:
    """Give those that are over, newest first."""
    return tuple(incident for incident in view.incidents if not incident.is_open)


def _while_open(tongue: Tongue, view: View, incident: Incident) -> Iterator[Macro]:
    found = told_of(incident.updates)
    subject = _problem(tongue, view, incident, found)
    for phase, body in _WHILE_OPEN.items():
        if _applies(phase, incident, found):
            source = found.said if phase == "workaround" else found.source
            yield _macro(tongue, view, subject, phase, body(tongue, view, incident, found), source)


def _applies(phase: Phase, incident: Incident, found: Told) -> bool:
    """Tell whether there is anything to say in a phase: advice that was given, or news after an earlier word."""
    if phase == "workaround":
        return bool(found.say)
    return phase != "follow-up" or len(worded(incident.updates)) > 1


def _problem(tongue: Tongue, view: View, incident: Incident, found: Told) -> _Subject:
    title = told.called(tongue, incident)
    by = told.next_word(tongue, incident, view.about.timezone) if incident.is_open else ""
    promise = tongue.gettext("Next update by %(when)s.", when=by) if by else ""
    return _Subject(
        id=incident.id,
        title=title,
        good_until=incident.next_update if incident.is_open else None,
        late=incident.is_open and incident.late,
        updated_at=incident.updated_at,
        phone=told.phone(title, found.public),
        short=told.short(title, found.public, promise, told.incident_address(view, incident)),
    )


def _work(tongue: Tongue, view: View, work: Maintenance, found: Told) -> _Subject:
    opening = bodies.planned_opening(tongue, view, work)
    return _Subject(
        id=work.id,
        title=work.title,
        good_until=work.end,
        late=False,
        updated_at=work.updated_at,
        phone=told.phone(opening, found.public),
        short=told.short(opening, found.public, "", told.maintenance_address(view, work)),
    )


def _macro(tongue: Tongue, view: View, subject: _Subject, phase: Phase, authored: str, source: Update | None) -> Macro:
    body = markup.without_pictures(authored)
    greeting = tongue.gettext("Hi %(name)s,", name=REQUESTER)
    known = key(subject.id, phase, folder(view.about))
    return Macro(
        incident=subject.id,
        title=defused(subject.title),
        phase=phase,
        tag=f"inc-{subject.id}",
        key=known,
        name=name(known, defused(subject.title)),
        language=tongue.language,
        source=source.id if source else "",
        source_at=source.at if source else subject.updated_at,
        good_until=subject.good_until,
        late=subject.late,
        markdown=f"{greeting}\n\n{defused(body)}\n",
        text=f"{greeting}\n\n{defused(markup.to_text(body))}\n",
        html=Markup(f"<p>{escape(greeting)}</p>\n{defused(markup.to_html(body))}"),  # noqa: S704 -- sanitised just before
        phone=subject.phone,
        short=subject.short,
    )
