"""Support's digest: for each open problem how to recognise it, what to do, and the reply to paste."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from heliograph.render import macros as macro_words
from heliograph.render import sentences
from heliograph.render.digests import rows
from heliograph.render.digests.answers import answers
from heliograph.render.digests.case import Matter, matters
from heliograph.render.digests.compose import compose, letterhead, subject
from heliograph.render.digests.sheet import Row, Section, Sheet, plain, worded
from heliograph.render.layouts import Layouts
from heliograph.render.macros import Macro
from heliograph.render.mail import Mail
from heliograph.render.tongue import N_
from heliograph.view import Desk, View

QUESTIONS: Final = (N_("Is it this?"), N_("Not this"), N_("Do"), N_("Do not say"))
"""What an agent asks, in this order; support's words answer under bold labels of these names, in any language."""


def support(view: View, desk: Desk, macros: Sequence[Macro], layouts: Layouts) -> Mail | None:
    """Make one mail with a section and a reply for each open incident; None if there are none."""
    found = matters(view, desk)
    if not found:
        return None
    replies = {macro.incident: macro for macro in macros if macro.phase == "reply"}
    sheet = Sheet(
        greeting="",
        sections=tuple(_section(matter, replies.get(matter.incident.id)) for matter in found),
        closing=(rows.all_open(found, found[0].tongue.gettext("All open")),),
        notice=view.about.notice,
    )
    head = letterhead(
        view,
        audience=desk.reader,
        name=desk.name,
        subject=_subject(found),
        preheader=" ".join(matter.since() for matter in found),
        at=max(matter.incident.updated_at for matter in found),
    )
    return compose(layouts, "digest", head, sheet)


def _subject(found: tuple[Matter, ...]) -> str:
    first, *others = found
    if others:
        opened = first.tongue.gettext("%(num)s open", num=len(found))
        return subject(f"{first.desk.name}: {opened}", [matter.public_title for matter in found], parting=": ")
    until, say = first.incident.next_update, first.tongue.gettext
    holds = say("good until %(when)s", when=first.at(until)) if until else ""
    return subject(f"{first.desk.name}: {first.public_title}", [say("reply renewed"), holds], f" ({first.count})")


def _section(matter: Matter, macro: Macro | None) -> Section:
    say = matter.tongue.gettext
    if macro is None:
        silent = say("Nothing was told to customers yet: confirm nothing, name nothing; note who asks.")
        return Section(heading=_heading(matter), rows=(*_agent_rows(matter), plain(say("Reply"), silent)))
    return Section(
        heading=macro_words.headline(matter.tongue, macro, matter.zone),
        rows=tuple(_agent_rows(matter)),
        macro=macro,
        after=(plain(say("Phone"), f'"{macro.phone}"'),),
    )


def _heading(matter: Matter) -> str:
    silent = matter.tongue.gettext("NO REPLY YET")
    return f"[{matter.incident.id}] {matter.incident.title} · {silent}"


def _agent_rows(matter: Matter) -> Iterator[Row]:
    """Answer an agent's questions by support's own words; what those leave out, by what is known of the incident."""
    told, say = _told(matter), matter.tongue.gettext
    for question in QUESTIONS:
        text, note = told.pop(question, (_usual(matter, question), ""))
        if question == "Do" and _tag(matter) not in text:
            text = sentences.lead_in(say("Tag %(tag)s.", tag=_tag(matter)), text)
        yield worded(say(question), text, note)
    for label, (text, note) in told.items():
        yield worded(label or say("Besides"), text, note)


def _told(matter: Matter) -> dict[str, tuple[str, str]]:
    """Give support's newest word on each question, in Markdown, and its age; words without a label say what to do."""
    told: dict[str, tuple[str, str]] = {}
    asked = {matter.tongue.gettext(question).strip("¿?\u202f\u00a0"): question for question in QUESTIONS}
    for markdown, instant in matter.all_own_words():
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
