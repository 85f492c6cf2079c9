"""Replies that support can paste, made of words any customer may read, and a sentence to say on the phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final, Literal

import msgspec
from markupsafe import Markup, escape

from heliograph.render import markup, sentences, words
from heliograph.render.layouts import Layouts
from heliograph.render.tongue import Tongue, tongue
from heliograph.tree.artifact import Artifact, text_artifact
from heliograph.view import Incident, Update, View

REQUESTER: Final = "{{ticket.requester.first_name}}"
"""What a help desk replaces by the customer's first name; the only placeholder in any macro."""

CLOSED_KEPT: Final = 10
"""For how many closed incidents, newest first, a closing reply is kept at hand."""

PHONE_LIMIT: Final = 280
"""At most so many characters are said on the phone: about twenty seconds."""

_OPENING_BRACE: Final = re.compile(r"\{(?=[{%!#])")
_RULE: Final = "-" * 100

Phase = Literal["reply", "closing"]


class Macro(msgspec.Struct, frozen=True, kw_only=True):
    """One reply. `markdown`, `text` and `html` say the same, greeting included; `phone` is spoken and shorter.

    `source_at` is the instant of the public update its words are from, `good_until` when newer ones are promised;
    `late` tells that this has passed.
    """

    incident: str
    title: str
    phase: Phase
    tag: str
    source_at: datetime
    good_until: datetime | None
    late: bool
    markdown: str
    text: str
    html: Markup
    phone: str


def macros(view: View) -> tuple[Macro, ...]:
    """Make a reply for each open incident and a closing one for the newest closed, in the view's order.

    `view` must be the macros reader's: whatever it holds, customers may be told.
    """
    spoken = tongue(view.about.language)
    closed = [incident for incident in view.incidents if not incident.is_open]
    return tuple(_macro(spoken, view, incident) for incident in (*view.open_incidents, *closed[:CLOSED_KEPT]))


def macro_artifacts(view: View, layouts: Layouts) -> Iterator[Artifact]:
    """Write each macro as `<incident>/<phase>.txt`, `.md` and `.html`, and an index as `index.json` and `index.txt`."""
    found, spoken = macros(view), tongue(view.about.language)
    for macro in found:
        header = headline(spoken, macro, view.about.timezone)
        given = {"macro": macro, "header": header, "rule": _RULE, "about": view.about}
        for kind in ("txt", "md", "html"):
            page = layouts.render(f"macro/macro.{kind}", spoken, **given)
            yield text_artifact(f"{macro.incident}/{macro.phase}.{kind}", page)
    index = msgspec.json.encode(found, enc_hook=str)
    yield Artifact("index.json", msgspec.json.format(index, indent=2) + b"\n")
    headers = [headline(spoken, macro, view.about.timezone) for macro in found]
    yield text_artifact("index.txt", layouts.render("macro/index.txt", spoken, headers=headers, about=view.about))


def headline(tongue: Tongue, macro: Macro, timezone: str) -> str:
    """Say in one line what a macro answers, from when its words are and how long they hold."""
    said = f"[{macro.incident}] {macro.title}"
    if macro.phase == "closing":
        source = tongue.gettext("from public update %(when)s", when=tongue.moment(macro.source_at, timezone))
        return " · ".join((said, tongue.gettext("CLOSING REPLY"), source))
    until = macro.good_until or macro.source_at
    when = tongue.moment_beside(macro.source_at, until, timezone)
    source = tongue.gettext("from public update %(when)s", when=when)
    parts = (said, tongue.gettext("REPLY WHILE OPEN"), source, _holds(tongue, macro, timezone))
    return " · ".join(part for part in parts if part)


def _holds(tongue: Tongue, macro: Macro, timezone: str) -> str:
    """Say how long an open problem's words hold, or that they no longer do; empty where nothing is promised."""
    if macro.good_until is None:
        return ""
    until = tongue.moment_beside(macro.good_until, macro.source_at, timezone)
    if macro.late:
        return tongue.gettext("LATE: newer words were due by %(when)s", when=until)
    return tongue.gettext("good until %(when)s", when=until)


def _macro(tongue: Tongue, view: View, incident: Incident) -> Macro:
    source = _source(incident)
    public, say = _told(incident, source)
    body = markup.without_pictures((_reply if incident.is_open else _closing)(tongue, view, incident, public, say))
    title = called(tongue, incident)
    greeting = tongue.gettext("Hi %(name)s,", name=REQUESTER)
    return Macro(
        incident=incident.id,
        title=defused(title),
        phase="reply" if incident.is_open else "closing",
        tag=f"inc-{incident.id}",
        source_at=source.at if source else incident.updated_at,
        good_until=incident.next_update if incident.is_open else None,
        late=incident.is_open and incident.late,
        markdown=f"{greeting}\n\n{defused(body)}\n",
        text=f"{greeting}\n\n{defused(markup.to_text(body))}\n",
        html=Markup(f"<p>{escape(greeting)}</p>\n{defused(markup.to_html(body))}"),  # noqa: S704 -- sanitised just before
        phone=defused(sentences.spoken(title, markup.to_line(public), PHONE_LIMIT)),
    )


def called(tongue: Tongue, incident: Incident) -> str:
    """Give a problem's title, or say that it is solved: `Solved: some payments in Europe were failing`."""
    if incident.is_open:
        return incident.title
    return sentences.told_solved(tongue, incident.title)


def _source(incident: Incident) -> Update | None:
    """Find the newest update that has words for everyone."""
    worded = (update for update in incident.updates if any(not passage.addressed for passage in update.passages))
    return next(worded, None)


def _told(incident: Incident, source: Update | None) -> tuple[str, str]:
    """Give the newest public words, and what may be said besides: only of the same update or a later one."""
    if source is None:
        return "", words.joined([passage for update in incident.updates[:1] for passage in update.passages])
    public = words.joined([passage for passage in source.passages if not passage.addressed])
    recent = [update for update in incident.updates if update.at >= source.at]
    say = words.joined([passage for update in recent for passage in update.passages if passage.addressed])
    return public, say


def _reply(tongue: Tongue, view: View, incident: Incident, public: str, say: str) -> str:
    zone = view.about.timezone
    begun = tongue.moment_beside(incident.started_at, incident.updated_at, zone)
    opening = sentences.told_since(tongue, incident.title, begun)
    address = f"<{incident_address(view, incident)}>"
    if incident.next_update is None or incident.late:
        promise = tongue.gettext("Our next update will be here: %(address)s", address=address)
    else:
        by = tongue.moment_beside(incident.next_update, incident.updated_at, zone)
        promise = tongue.gettext("Our next update comes by %(when)s: %(address)s", when=by, address=address)
    closing = tongue.gettext("I have linked your request to this problem and will write to you when it is solved.")
    told = sentences.lead_in(sentences.literal(opening), sentences.without_echo(incident.title, public))
    return _paragraphs(told, say, promise, closing)


def _closing(tongue: Tongue, view: View, incident: Incident, public: str, say: str) -> str:
    end = incident.resolved_at or incident.updated_at
    period = sentences.period(tongue, incident.started_at, end, view.about.timezone)
    opening = sentences.told_was(tongue, incident.title, period)
    address = f"<{incident_address(view, incident)}>"
    if incident.postmortem:
        account = tongue.gettext("What happened, and what we change: %(address)s", address=address)
    else:
        account = tongue.gettext("What we said while it lasted: %(address)s", address=address)
    return _paragraphs(
        tongue.gettext("The problem you wrote to us about is solved."),
        sentences.lead_in(sentences.literal(opening), public),
        say,
        account,
        tongue.gettext("If you still see it, please reply to this message."),
    )


def _paragraphs(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)


def incident_address(view: View, incident: Incident) -> str:
    """Give the public page of an incident."""
    return f"{view.about.public_url}/incidents/{incident.id}/"


def defused(text: str) -> str:
    """Part the braces of what a help desk would take for a placeholder of its own."""
    return _OPENING_BRACE.sub("{ ", text)
