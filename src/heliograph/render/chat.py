"""What a channel reads of each incident and of planned work: a title, a few plain lines, and where to read on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Final

from heliograph.message import Chat, Message
from heliograph.render import markup, sentences, words
from heliograph.render.digests.case import Case, Matter
from heliograph.render.digests.news import newest, news, topic, turning_points
from heliograph.render.tongue import Tongue, tongue
from heliograph.view import Desk, Dossier, Heard, Incident, Maintenance, Passage, View

TITLE_LIMIT: Final = 150
TEXT_LIMIT: Final = 1_200
"""The most characters a title and a text have."""

CLOSED_KEPT: Final = 3
"""Of how many closed incidents, and of how much past planned work, newest first, the last word is kept."""

Happening = Incident | Maintenance
"""Anything that updates are about."""

_WORDS: Final = 700
_LINE: Final = 120
"""How much of a text its words take, and each of at most four lines that follow."""


def chat(view: View, desk: Desk | None, heard: Sequence[Heard], *, pages: bool = False) -> Iterator[Message]:
    """Tell one channel of incidents, then of planned work: what goes on first, then what ended of late.

    `desk` is an insider's, and None for the public; a customer has no channel, as others would read it: ValueError.
    `heard` are the messages that reached this reader; `pages` says whether each incident has a page of its own at
    `view.about.url`, which else shows one screen.
    """
    if view.customer is not None:
        raise ValueError("a channel is read by many; a customer's words are not for it")
    happenings: tuple[Happening, ...] = (*_incidents(view, desk), *_planned_work(view))
    for happening in happenings:
        told = news(happening)
        if told:
            yield _message(view, desk, heard, happening, told, pages=pages)


def _incidents(view: View, desk: Desk | None) -> Iterator[Incident]:
    closed = [incident for incident in view.incidents if not incident.is_open]
    if desk is None:
        yield from (*view.open_incidents, *closed[:CLOSED_KEPT])
        return
    yield from (incident for incident in view.open_incidents if incident.id in desk.relevant)
    yield from (incident for incident in closed if incident.id in desk.recent)


def _planned_work(view: View) -> Iterator[Maintenance]:
    yield from (*view.maintenance_in("active"), *view.maintenance_in("upcoming"))
    yield from view.maintenance_in("past")[:CLOSED_KEPT]


def _message(
    view: View, desk: Desk | None, heard: Sequence[Heard], happening: Happening, told: tuple[str, ...], *, pages: bool
) -> Message:
    dossier = desk.dossier(happening.id) if desk else None
    public = _public_page(view, happening)
    return Message(
        audience=view.reader,
        kind="chat",
        topics=(topic(happening, (dossier.severity or "") if dossier else ""),),
        news=told,
        opens=turning_points(happening),
        at=newest(happening),
        thread=f"{view.reader}/chat/{happening.id}",
        number=1 + sum(not set(told).isdisjoint(one.updates) for one in heard),
        chat=Chat(
            title=sentences.shortened(_title(view, desk, happening), TITLE_LIMIT),
            text="\n".join(line for line in _lines(view, dossier, happening) if line),
            url=_url(view, dossier, happening, pages=pages),
        ),
        page="" if desk else public,
        shows="" if desk or not public else told[-1].partition("~")[0],
    )


def _public_page(view: View, happening: Happening) -> str:
    folder = "maintenance" if isinstance(happening, Maintenance) else "incidents"
    return f"{view.about.public_url}/{folder}/{happening.id}/" if view.about.public_url else ""


def _url(view: View, dossier: Dossier | None, happening: Happening, *, pages: bool) -> str:
    """Lead to the reader's own page; where it has none, to the public one if customers know of this."""
    own = view.about.url
    if dossier is None:
        return _public_page(view, happening)
    if own and pages:
        return _public_page(view, happening).replace(view.about.public_url, own, 1)
    return f"{own}/" if own else _public_page(view, happening) if dossier.title_public is not None else ""


def _title(view: View, desk: Desk | None, happening: Happening) -> str:
    """Say what it is about and how it stands: `SEV2 Some payments in Europe failing: cause found`."""
    spoken = tongue(view.about.language)
    if isinstance(happening, Maintenance):
        title = spoken.gettext("Planned work: %(title)s", title=happening.title)
        return f"{title} ({words.status_word(spoken, happening.status).lower()})"
    case = _case(view, desk, happening)
    severity = case.severity if isinstance(case, Matter) else ""
    return f"{severity} {sentences.headline(happening.title)}: {case.phrase}".strip()


def _case(view: View, desk: Desk | None, incident: Incident) -> Case:
    if desk is None:
        return Case(view=view, incident=incident)
    return Matter(view=view, incident=incident, desk=desk, dossier=desk.dossier(incident.id))


def _lines(view: View, dossier: Dossier | None, happening: Happening) -> Iterator[str]:
    spoken = tongue(view.about.language)
    yield _newest_words(happening)
    yield from _corrected(spoken, view, happening)
    if isinstance(happening, Maintenance):
        yield _short(spoken.window(happening.start, happening.end, view.about.timezone))
        yield _short(_parts_of_work(spoken, view, happening))
    else:
        case = Case(view=view, incident=happening)
        yield _short(_parts(case))
        yield _short(_times(case))
    if dossier is not None:
        yield _short(_people(spoken, dossier))


def _newest_words(happening: Happening) -> str:
    """Give the newest words for this reader: its own where the update has any, else those it shares with others."""
    said: tuple[Passage, ...] = next((update.passages for update in happening.updates if update.passages), ())
    own = [passage for passage in said if passage.addressed]
    return _within(words.joined(own or said), _WORDS)


def _corrected(spoken: Tongue, view: View, happening: Happening) -> Iterator[str]:
    """Say what was wrong before, as long as that is the newest there is to say."""
    fixes = (fix for update in happening.updates for fix in update.corrections if fix.at == newest(happening))
    for fix in islice(fixes, 1):
        when = spoken.moment_beside(fix.at, happening.updated_at, view.about.timezone)
        before = spoken.gettext("words were taken out.")
        if fix.was:
            before = spoken.gettext('before, it said: "%(words)s"', words=markup.to_line(fix.was))
        label = spoken.gettext("Corrected at %(when)s", when=when)
        yield _short(f"{label}{spoken.colon} {before}")


def _within(markdown: str, limit: int) -> str:
    """Say a text in plain words; one that is too long as far as whole sentences fit, with the cut shown."""
    text = markup.to_text(markdown).strip()
    if len(text) <= limit:
        return text
    first, *others = sentences.sentences(markup.to_line(markdown))
    told = sentences.shortened(first, limit - 2)
    for sentence in others:
        if len(told) + len(sentence) + 3 > limit:
            break
        told += f" {sentence}"
    return told if told.endswith("…") else f"{told} …"


def _parts(case: Case) -> str:
    """Say which parts are in which state; of an incident that is over, which ones it touched."""
    claims = case.incident.claims
    told = words.affected(case.tongue, claims, case.names) or _listed(case.tongue, case.view, case.incident.affected)
    return case.tongue.gettext("Affected: %(parts)s.", parts=told) if told else ""


def _parts_of_work(spoken: Tongue, view: View, work: Maintenance) -> str:
    told = _listed(spoken, view, work.affected)
    if not told or work.status == "cancelled":
        return ""
    if work.phase == "past":
        return spoken.gettext("Affected: %(parts)s.", parts=told)
    return spoken.gettext("Affects: %(parts)s.", parts=told)


def _listed(spoken: Tongue, view: View, parts: Sequence[str]) -> str:
    names = {component.id: component.name for component in view.components}
    return spoken.listing(names[part] for part in parts)


def _times(case: Case) -> str:
    incident, say = case.incident, case.tongue.gettext
    if incident.resolved_at is not None:
        span = case.tongue.duration(incident.resolved_at - incident.started_at)
        return say("Solved %(when)s, after %(span)s.", when=case.at(incident.resolved_at), span=span)
    since = say("Since %(when)s", when=case.at(incident.started_at))
    return f"{since} · {_promise(case, incident.next_update)}" if incident.next_update else since


def _promise(case: Case, due: datetime) -> str:
    say, by = case.tongue.gettext, case.at(due)
    if case.incident.late:
        return say("The next update is late. It was due by %(when)s.", when=by)
    return say("next update by %(when)s", when=by)


def _people(spoken: Tongue, dossier: Dossier) -> str:
    """Say who holds which role."""
    roles = ", ".join(f"{words.role_name(spoken, role)} {holder}" for role, holder in dossier.roles)
    return sentences.sentence(roles) if roles else ""


def _short(line: str) -> str:
    return sentences.shortened(line, _LINE)
