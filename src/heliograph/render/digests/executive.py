"""The executives' digest: one mail for everything open, bottom line first, and a closing mail with the final cost."""

from __future__ import annotations

from collections.abc import Iterator

from heliograph.render import markup, sentences
from heliograph.render.digests import rows
from heliograph.render.digests.case import CHANGED, Matter, matters
from heliograph.render.digests.compose import compose, letterhead, subject
from heliograph.render.digests.sheet import Row, Section, Sheet, plain
from heliograph.render.layouts import Layouts
from heliograph.render.mail import Mail
from heliograph.render.tongue import N_
from heliograph.view import Desk, Incident, View

_ENDING = N_("Reply here; please do not join the call.")
_DEADLINE_FACT = "sla"
"""The id of the fact whose last clause stands in the subject: what runs out, and when."""


def executive(view: View, desk: Desk, layouts: Layouts) -> Mail | None:
    """Make one mail for all open incidents this audience asked to hear of; None, silence, if there are none."""
    found = matters(view, desk)
    if not found:
        return None
    sheet = Sheet(
        greeting="",
        sections=tuple(Section(heading=matter.heading, rows=tuple(_rows(matter))) for matter in found),
        closing=(rows.all_open(found, found[0].tongue.gettext("ALL OPEN")),),
        notice=view.about.notice,
    )
    return compose(layouts, "digest", _head(view, desk, _subject(found), found), sheet)


def executive_closing(view: View, desk: Desk, incident: Incident, layouts: Layouts) -> Mail:
    """Make the last mail about one incident that is over: how long it was, what it cost, what was said."""
    matter = Matter(view=view, incident=incident, desk=desk, dossier=desk.dossier(incident.id))
    line = subject(
        matter.heading, [matter.tongue.gettext("solved"), *_own_sentences(matter)], f" ({matter.count})", parting=": "
    )
    sheet = Sheet(
        greeting="",
        sections=(Section(heading=matter.heading, rows=tuple(_closing_rows(matter))),),
        closing=(),
        notice=view.about.notice,
    )
    head = letterhead(
        view,
        audience=desk.reader,
        name=desk.name,
        subject=line,
        preheader=_bottom_line(matter),
        at=incident.updated_at,
        incident=incident.id,
    )
    return compose(layouts, "digest", head, sheet)


def _head(view: View, desk: Desk, line: str, found: tuple[Matter, ...]) -> Mail:
    return letterhead(
        view,
        audience=desk.reader,
        name=desk.name,
        subject=line,
        preheader=_bottom_line(found[0]),
        at=max(matter.incident.updated_at for matter in found),
    )


def _subject(found: tuple[Matter, ...]) -> str:
    first, *others = found
    if others:
        return subject(
            first.tongue.gettext("%(num)s open", num=len(found)),
            [f"{matter.headline} ({matter.count})" for matter in found],
            parting=": ",
        )
    own = _own_sentences(first)
    if own and _begins_with_phrase(first, own[0]):
        details = [own[0], _deadline(first), *own[1:]]
    else:
        details = [first.phrase, *(own if len(own) == 1 else ()), _deadline(first)]
    return subject(first.headline, details, f" ({first.count})", parting=": ")


def _own_sentences(matter: Matter) -> list[str]:
    told = sentences.sentences(markup.to_line(matter.own_words()))
    return [sentences.mid_sentence(one.rstrip(".")) for one in told]


def _begins_with_phrase(matter: Matter, text: str) -> bool:
    return text.lower().startswith(matter.phrase.split(",")[0])


def _deadline(matter: Matter) -> str:
    """Say what runs out: the fact's name and the last clause of its value."""
    fact = next((fact for fact in matter.incident.facts if fact.id == _DEADLINE_FACT), None)
    if fact is None:
        return ""
    clause = fact.value.rsplit(";", 1)[-1].strip().rstrip(".")
    return f"{fact.name} {clause}" if clause[:1].islower() else f"{fact.name}: {clause}"


def _bottom_line(matter: Matter) -> str:
    """Give the words written for this reader; a single sentence, or none, is led by where things stand."""
    own = markup.to_line(matter.own_words())
    if own and (_begins_with_phrase(matter, own) or len(sentences.sentences(own)) > 1):
        return own
    return f"{_standing(matter)} {own}".strip()


def _standing(matter: Matter) -> str:
    incident = matter.incident
    if incident.resolved_at is not None:
        lasted, when = (
            matter.tongue.duration(incident.resolved_at - incident.started_at),
            matter.at(incident.resolved_at),
        )
        return matter.tongue.gettext("Solved %(when)s, after %(span)s.", when=when, span=lasted)
    told = max(matter.dossier.said, key=lambda said: (said.status is not None, said.at), default=None)
    if told is not None and told.status == incident.status:
        return sentences.sentence(sentences.first_sentence(markup.to_line(told.markdown)))
    return sentences.sentence(matter.phrase)


def _rows(matter: Matter) -> Iterator[Row]:
    say = matter.tongue.gettext
    yield plain(say("BOTTOM LINE"), _bottom_line(matter), matter.mark(matter.newest.at, CHANGED))
    yield plain(say("FROM YOU"), _from_you(matter))
    yield from rows.facts(matter)
    yield rows.state(matter)
    yield from rows.decision(matter)
    yield from rows.asks(matter)
    yield rows.we_said(matter)
    yield from rows.told(matter)
    yield rows.next_word(matter)
    yield rows.people(matter, say(_ENDING))


def _from_you(matter: Matter) -> str:
    """Say what is asked of this very reader; nothing, if nothing is."""
    incident, me, say = matter.incident, matter.my_names, matter.tongue.gettext
    wanted = [
        sentences.sentence(say("%(what)s, since %(when)s", what=ask.what, when=matter.clock(ask.since)))
        for ask in incident.asks
        if ask.met_at is None and ask.of.casefold() in me
    ]
    if incident.decision is not None and incident.decision.who.casefold() in me:
        decide = say("Decide by %(when)s: %(what)s", when=matter.at(incident.decision.at), what=incident.decision.what)
        wanted.insert(0, sentences.sentence(decide))
    return " ".join(wanted) or say("Nothing now.")


def _closing_rows(matter: Matter) -> Iterator[Row]:
    incident, say = matter.incident, matter.tongue.gettext
    yield plain(say("BOTTOM LINE"), _bottom_line(matter))
    yield from rows.facts(matter)
    yield plain(say("WHEN"), matter.since())
    affected = matter.tongue.listing(matter.names[part] for part in incident.affected)
    yield plain(say("AFFECTED"), f"{affected}." if affected else say("No part we name."))
    yield rows.we_said(matter)
    yield from rows.told(matter)
    published, missing = say("The account is published."), say("The account of it is not published yet.")
    yield plain(say("ACCOUNT"), published if incident.postmortem else missing)
    yield from rows.customers_read(matter)
