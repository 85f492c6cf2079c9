"""Support's digest: for each open problem how to recognise it, what to do, and the reply to paste.

Replies for other moments, and about work planned soon, follow under their names: whoever looks for them finds them,
and the first reply to each problem stands above them all.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import starmap
from typing import Final

import msgspec
from markupsafe import Markup

from heliograph.message import Message
from heliograph.render import macros as macro_words
from heliograph.render import sentences
from heliograph.render.digests import rows
from heliograph.render.digests.answers import answers
from heliograph.render.digests.batch import Batch, batches, mine
from heliograph.render.digests.case import Matter
from heliograph.render.digests.compose import subject
from heliograph.render.digests.sheet import Row, Section, linked, plain, worded
from heliograph.render.digests.work import Work
from heliograph.render.layouts import Layouts
from heliograph.render.macros import Macro, Phase
from heliograph.render.tongue import N_
from heliograph.view import Desk, Heard, Maintenance, View

QUESTIONS: Final = (N_("Is it this?"), N_("Not this"), N_("Do"), N_("Do not say"))
"""What an agent asks, in this order; support's words answer under bold labels of these names, in any language."""


_SILENT: Final = N_("Nothing was told to customers yet: confirm nothing, name nothing; note who asks.")

_OTHERS: Final[tuple[Phase, ...]] = ("is-it-this", "workaround", "follow-up")
"""What may be sent of an open problem besides the first reply, in the order in which it comes to that."""
_AHEAD: Final = timedelta(days=7)
"""So far ahead planned work is told here."""


def support(
    view: View, desk: Desk, heard: tuple[Heard, ...], macros: Sequence[Macro], layouts: Layouts
) -> Iterator[Message]:
    """Make one mail with a reply for each open incident, and one with the last reply for each that is over.

    Nothing if there are none.
    """
    replies = {(macro.incident, macro.phase): macro for macro in macros}
    for batch in batches(view, desk, heard):
        yield _last(batch, replies, layouts) if batch.kind == "closing" else _all_open(batch, replies, layouts)


_Replies = Mapping[tuple[str, Phase], Macro]


def _last(batch: Batch, replies: _Replies, layouts: Layouts) -> Message:
    """Make the last mail about one problem, with the reply that tells its end."""
    first = batch.first
    reply = replies.get((first.incident.id, "closing"))
    return batch.message(
        layouts,
        subject=_closing_subject(batch, is_answered=reply is not None),
        preheader=rows.solved(first),
        sections=[_closing_section(first, reply), *_short(first, reply)],
        particulars=mine,
    )


def _all_open(batch: Batch, replies: _Replies, layouts: Layouts) -> Message:
    """Make the mail about all that is open: each with its reply, then what is planned, then replies for later."""
    first, matters = batch.first, batch.matters
    answers = [(matter, replies.get((matter.incident.id, "reply"))) for matter in matters]
    others = [section for matter in matters for section in _others(matter, replies)]
    return batch.message(
        layouts,
        subject=_subject(batch, {incident for incident, phase in replies if phase == "reply"}),
        preheader=" ".join(matter.since() for matter in matters),
        sections=[*starmap(_section, answers), *_planned(batch, replies), *others],
        closing=[rows.all_open(matters, first.tongue.gettext("All open"))],
        particulars=mine,
    )


def _others(matter: Matter, replies: _Replies) -> Iterator[Section]:
    """Give the other replies to one problem, each under its name: the short one, then those for other moments."""
    incident = matter.incident.id
    yield from _short(matter, replies.get((incident, "reply")))
    found = (replies.get((incident, phase)) for phase in _OTHERS)
    yield from (Section(heading=macro.name, rows=(), macro=macro) for macro in found if macro)


def _short(matter: Matter, macro: Macro | None) -> Iterator[Section]:
    """Set apart the text for where little fits: the same box, so that it is copied as the replies are."""
    if macro and macro.short:
        short = matter.tongue.gettext("Short")
        heading = f"[{macro.incident}] {short} · {macro.title}"
        html = Markup("<p>{}</p>\n").format(linked(macro.short))
        boxed = msgspec.structs.replace(macro, markdown=f"{macro.short}\n", text=f"{macro.short}\n", html=html)
        yield Section(heading=heading, rows=(), macro=boxed)


def _planned(batch: Batch, replies: _Replies) -> Iterator[Section]:
    """Tell of work that goes on, or begins within days of the newest word told here, with its reply."""
    first = batch.first
    until = max(matter.incident.updated_at for matter in batch.matters) + _AHEAD
    active, upcoming = (first.view.maintenance_in(phase) for phase in ("active", "upcoming"))
    for work in (*active, *(one for one in upcoming if one.start <= until)):
        title = sentences.after_colon(first.tongue, work.title)
        macro = replies.get((work.id, "planned"))
        yield Section(
            heading=first.tongue.gettext("Planned work: %(title)s", title=title),
            rows=tuple(_work_rows(first, work, is_answered=macro is not None)),
            macro=macro,
        )


def _work_rows(matter: Matter, work: Maintenance, *, is_answered: bool) -> Iterator[Row]:
    """Say when planned work is, which parts it touches, and to keep silent of it where customers know nothing."""
    say = matter.tongue.gettext
    touched = matter.tongue.listing(matter.names[part] for part in work.affected)
    window = sentences.sentence(Work(view=matter.view, work=work).window)
    yield plain(say("When"), f"{window} {sentences.sentence(touched)}" if touched else window)
    if not is_answered:
        yield plain(say("Reply"), say(_SILENT))


def _subject(batch: Batch, answered: Container[str]) -> str:
    """Name what is open; of one problem, whether its reply changed since the last mail, and how long it holds."""
    first, *others = batch.matters
    say, number = first.tongue.gettext, batch.place.ending
    if others:
        opened = first.tongue.ngettext("%(num)s open", "%(num)s open", len(batch.matters))
        titles = [sentences.headline(matter.public_title) for matter in batch.matters]
        return subject(f"{first.desk.name}: {opened}", titles, number, parting=f"{first.tongue.colon} ")
    opening = f"{first.desk.name}: {first.public_title}"
    if first.incident.id not in answered:
        return subject(opening, [say("no reply yet")], number)
    until = None if first.incident.late else first.incident.next_update
    holds = say("good until %(when)s", when=first.at(until)) if until else ""
    return subject(opening, [_reply_age(first), holds], number)


def _reply_age(matter: Matter) -> str:
    """Tell whether the reply is the first, was renewed, or is the one sent before."""
    say, newest = matter.tongue.gettext, max((said.at for said in matter.dossier.said), default=None)
    if matter.is_first:
        return say("reply ready")
    return say("reply renewed") if newest is None or matter.is_untold(newest) else say("reply as before")


def _closing_subject(batch: Batch, *, is_answered: bool) -> str:
    first = batch.first
    opening = f"{first.desk.name}: {sentences.headline(first.public_title)}"
    ready = [first.tongue.gettext("closing reply ready")] if is_answered else []
    details = [*first.ended[:1], *ready, *first.ended[1:]]
    return subject(opening, details, batch.place.ending, parting=f"{first.tongue.colon} ")


def _section(matter: Matter, macro: Macro | None) -> Section:
    say = matter.tongue.gettext
    if macro is None:
        silent = say("NO REPLY YET")
        heading = f"[{matter.incident.id}] {matter.incident.title} · {silent}"
        return rows.section(heading, matter, (*_agent_rows(matter), plain(say("Reply"), say(_SILENT))))
    heading = macro_words.headline(matter.tongue, macro, matter.zone)
    answered = rows.section(heading, matter, _agent_rows(matter))
    return msgspec.structs.replace(answered, macro=macro, after=(plain(say("Phone"), f'"{macro.phone}"'),))


def _closing_section(matter: Matter, macro: Macro | None) -> Section:
    say = matter.tongue.gettext
    if macro is None:
        heading = f"[{matter.incident.id}] {matter.own_heading_over}"
        silent = say("Nothing was told to customers: to those who asked, say that it works again, and no more.")
        return Section(heading=heading, rows=(*_closing_rows(matter, ""), plain(say("Reply"), silent)))
    answer = say("Answer all requests tagged %(tag)s with the reply below, then close them.", tag=_tag(matter))
    withdrawn = plain(say("No longer"), say("The reply while it was open is withdrawn; do not send it."))
    return Section(
        heading=macro_words.headline(matter.tongue, macro, matter.zone),
        rows=(*_closing_rows(matter, answer), withdrawn),
        macro=macro,
        after=(plain(say("Phone"), f'"{macro.phone}"'),),
    )


def _closing_rows(matter: Matter, answer: str) -> Iterator[Row]:
    """Say that it is over, and what to do with those who wait; older words of support's no longer hold."""
    say = matter.tongue.gettext
    told = _told(matter, matter.incident.resolved_at)
    yield plain(say("When"), rows.solved(matter), rows.changed(matter))
    text, note = told.pop("Do", ("", ""))
    if answer or text:
        yield worded(say("Do"), sentences.lead_in(sentences.literal(answer), text) if answer else text, note)
    for label, (told_of_it, age) in told.items():
        yield worded(say(label) if label in QUESTIONS else label, told_of_it, age)
    yield from rows.wanted_of_me(matter, say("From you"))


def _agent_rows(matter: Matter) -> Iterator[Row]:
    """Answer an agent's questions by support's own words; what those leave out, by what is known of the incident."""
    told, say = _told(matter, None), matter.tongue.gettext
    for question in QUESTIONS:
        text, note = told.pop(question, (_usual(matter, question), ""))
        if question == "Do" and _tag(matter) not in text:
            text = sentences.lead_in(say("Tag %(tag)s.", tag=_tag(matter)), text)
        yield worded(say(question), text, note)
    for label, (text, note) in told.items():
        yield worded(label or say("Besides"), text, note)
    yield from rows.wanted_of_me(matter, say("From you"))


def _told(matter: Matter, since: datetime | None) -> dict[str, tuple[str, str]]:
    """Give support's newest word on each question, in Markdown, and its age; words without a label say what to do.

    What was said before `since` does not count.
    """
    told: dict[str, tuple[str, str]] = {}
    asked = {matter.tongue.gettext(question).strip("¿?\u202f\u00a0"): question for question in QUESTIONS}
    words = [(markdown, at) for markdown, at in matter.all_own_words() if since is None or at >= since]
    for markdown, instant in words:
        for label, text in answers(markdown).items():
            question = asked.get(label.strip("¿?\u202f\u00a0 "), label)
            told.setdefault(question or "Do", (text, matter.age(instant)))
    return told


def _usual(matter: Matter, question: str) -> str:
    """Answer a question support's words leave open."""
    say, start = matter.tongue.gettext, matter.at(matter.incident.started_at)
    parts = matter.tongue.listing((matter.names[part] for part in matter.incident.affected), "or")
    this = sentences.sentence(say("%(what)s, since %(when)s", what=matter.public_title, when=start))
    usual = {
        "Is it this?": " ".join((this, say("Where: %(parts)s.", parts=parts))) if parts else this,
        "Not this": say("Whatever began before %(when)s.", when=start),
        "Do": "",
        "Do not say": say("A cause, or a time, beyond the words below; other customers."),
    }
    return sentences.literal(usual[question])


def _tag(matter: Matter) -> str:
    return f"inc-{matter.incident.id}"
