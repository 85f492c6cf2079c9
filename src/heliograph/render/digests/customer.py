"""What one strategic customer is written of: each problem and each planned work that touches it, in its language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from heliograph.message import Message
from heliograph.render import sentences
from heliograph.render.digests import letter_rows, public_page
from heliograph.render.digests.case import Case
from heliograph.render.digests.closing_letter import closing_rows, letterhead_lines
from heliograph.render.digests.compose import letter_pair, letterhead, subject
from heliograph.render.digests.maintenance_letters import work_letter
from heliograph.render.digests.news import newest, news, topic, turning_points
from heliograph.render.digests.sheet import Row, Section, Sheet, plain, worded
from heliograph.render.digests.work import Work, current
from heliograph.render.editions import in_language
from heliograph.render.layouts import Layouts
from heliograph.render.tongue import best_language
from heliograph.view import Customer, Heard, Incident, Maintenance, View

CLOSING_KEPT: Final = 3
"""Of how many closed incidents, newest first, the last letter is kept."""


def customer(view: View, heard: tuple[Heard, ...], layouts: Layouts) -> Iterator[Message]:
    """Write to the customer of this view of each problem that touches it: all open ones, then the newest closed.

    After them comes planned work that touches it: what is ahead soon, goes on, or was over of late. A thing touches a
    customer that uses a component it affects, or for whom words were written. `heard` are the messages that reached
    this very customer, oldest first. ValueError for a view that is no customer's.
    """
    to = view.customer
    if to is None:
        raise ValueError("this view was made for no customer")
    view = in_language(view, best_language(to.locale, view.about.language))
    touching = [incident for incident in view.incidents if _touches(to, incident)]
    closed = [incident for incident in touching if not incident.is_open]
    for incident in (*(one for one in touching if one.is_open), *closed[:CLOSING_KEPT]):
        yield _letter(Case(view=view, incident=incident), to, heard, layouts)
    for work in current(view):
        if _touches(to, work):
            yield work_letter(Work(view=view, work=work), to, heard, layouts)


def _touches(to: Customer, of: Incident | Maintenance) -> bool:
    written = any(passage.addressed for update in of.updates for passage in update.passages)
    return written or not set(to.components).isdisjoint(of.affected)


def _letter(case: Case, to: Customer, heard: tuple[Heard, ...], layouts: Layouts) -> Message:
    incident, names = case.incident, news(case.incident)
    about = letter_rows.about_it(heard, names, f"{case.view.reader}/{to.id}/{incident.id}")
    number = letter_rows.number(about, names, case.count)
    head = letterhead(
        case.view,
        audience=case.view.reader,
        name=to.name,
        subject=_subject(case, to, number),
        preheader=case.since(),
        at=newest(incident),
        incident=incident.id,
    )
    page = public_page.address(case.view.about, incident)
    sheet = Sheet(
        greeting=case.tongue.gettext("Hello,"),
        sections=(Section(heading="", rows=tuple(_rows(case, to, about))),),
        closing=tuple(_closing(case, page)),
        notice=case.view.about.notice,
    )
    above = () if incident.is_open else letterhead_lines(case, to, newest(incident))
    account = tuple(public_page.account(incident, case.tongue))
    told, alone = letter_pair(layouts, head, sheet, case.view.about, above=above, instead=account)
    return Message(
        audience=head.audience,
        customer=to.id,
        kind="letter",
        topics=(topic(incident),),
        news=names,
        opens=turning_points(incident),
        at=head.at,
        thread=head.thread,
        number=number,
        mails=(told,),
        alone=(alone,) if page else (),
        page=page,
        shows=public_page.shown(incident) if page else "",
        owner=to.owner,
    )


def _subject(case: Case, to: Customer, number: int) -> str:
    title = case.incident.title
    headline = sentences.headline(title)
    named = f"{to.name}: {sentences.headline(sentences.after_colon(case.tongue, title))}"
    if not case.incident.is_open:
        return subject(f"{named}: {case.phrase}", [], f" ({number})")
    parted = "," if headline == title else ""
    since = case.tongue.pgettext("of a problem", "since %(when)s", when=case.at(case.incident.started_at))
    return subject(f"{named}{parted} {since}", [case.phrase], f" ({number})")


def _rows(case: Case, to: Customer, about: tuple[Heard, ...]) -> Iterator[Row]:
    if not case.incident.is_open:
        yield from closing_rows(case, to, about)
        return
    say, own = case.tongue.gettext, case.own_words()
    if own:
        yield worded(say("For %(customer)s", customer=to.name), sentences.after_colon(case.tongue, own))
    happening = case.happening(case.shared_words())
    yield worded(say("What is happening"), sentences.after_colon(case.tongue, happening))
    yield from letter_rows.corrections(case, about)
    yield letter_rows.to_do(case)
    yield from letter_rows.products(case, to)
    yield from letter_rows.facts(case)
    yield letter_rows.next_message(case, to)
    yield from letter_rows.notice_kept(case, to, about)


def _closing(case: Case, page: str) -> Iterator[Row]:
    say, home = case.tongue.gettext, case.view.about.public_url
    if page and case.incident.postmortem:
        yield plain(say("What happened, and what we change"), page)
    yield plain("", say("Reply to reach your account team."))
    if home and not (page and case.incident.postmortem):
        yield plain(say("Public page"), page or f"{home}/")
