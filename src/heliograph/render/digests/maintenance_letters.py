"""Letters and notices of planned work: when it is by whose clock, what it touches, what to do, how it ended."""

from __future__ import annotations

from collections.abc import Iterator

from heliograph.message import Mail, Message
from heliograph.render import markup, sentences, words
from heliograph.render.digests import letter_rows, public_page
from heliograph.render.digests.compose import letter_pair, letterhead, subject
from heliograph.render.digests.news import newest, news, topic, turning_points
from heliograph.render.digests.sheet import Row, Section, Sheet, plain, worded
from heliograph.render.digests.work import Work
from heliograph.render.layouts import Layouts
from heliograph.view import Customer, Heard


def work_letter(told: Work, to: Customer, heard: tuple[Heard, ...], layouts: Layouts) -> Message:
    """Write to a customer of planned work that touches it."""
    work, names = told.work, news(told.work)
    number = letter_rows.number(
        letter_rows.about_it(heard, names, f"{told.view.reader}/{to.id}/{told.work.id}"), names, told.count
    )
    head = letterhead(
        told.view,
        audience=told.view.reader,
        name=to.name,
        subject=subject(f"{to.name}: {_headline(told)}", _when(told), f" ({number})", parting=", "),
        preheader=told.course or told.window_of(to),
        at=newest(work),
        incident=work.id,
    )
    page = public_page.address(told.view.about, work)
    sheet = Sheet(
        greeting=told.tongue.gettext("Hello,"),
        sections=(Section(heading="", rows=tuple(_letter_rows(told, to))),),
        closing=tuple(_letter_closing(told, page)),
        notice=told.view.about.notice,
    )
    mail, alone = letter_pair(layouts, head, sheet, told.view.about)
    return Message(
        audience=head.audience,
        customer=to.id,
        kind="letter",
        topics=(topic(work),),
        news=names,
        opens=turning_points(work),
        at=head.at,
        thread=head.thread,
        number=number,
        mails=(mail,),
        alone=(alone,) if page else (),
        page=page,
        shows=public_page.shown(work) if page else "",
        owner=to.owner,
    )


def work_notice(told: Work, layouts: Layouts) -> tuple[Mail, Mail]:
    """Write to all who asked for it of planned work: as it goes with the page, and without."""
    work = told.work
    head = letterhead(
        told.view,
        audience=told.view.reader,
        name=told.view.about.name,
        subject=subject(_headline(told, opens=True), _when(told), f" ({told.count})", parting=", "),
        preheader=told.course or told.window,
        at=newest(work),
        incident=work.id,
    )
    sheet = Sheet(
        greeting="",
        sections=(Section(heading=_headline(told, opens=True), rows=tuple(_notice_rows(told))),),
        closing=tuple(_notice_closing(told)),
        notice=told.view.about.notice,
    )
    return letter_pair(layouts, head, sheet, told.view.about)


def _headline(told: Work, *, opens: bool = False) -> str:
    """Say how it stands and what it is: `planned work finished: database upgrade`; `opens` begins a line with it."""
    say, title = told.tongue.gettext, sentences.after_colon(told.tongue, told.work.title)
    if told.work.status == "cancelled":
        line = say("Planned work cancelled: %(title)s", title=title)
    elif told.work.phase == "past":
        line = say("Planned work finished: %(title)s", title=title)
    elif told.work.phase == "active":
        line = say("Planned work under way: %(title)s", title=title)
    elif told.is_moved:
        line = say("Planned work, new plan: %(title)s", title=title)
    else:
        line = say("Planned work: %(title)s", title=title)
    return line[:1].lower() + line[1:] if told.tongue.is_english and not opens else line


def _when(told: Work) -> list[str]:
    return [] if told.work.phase == "past" else [told.window]


def _letter_rows(told: Work, to: Customer) -> Iterator[Row]:
    say, is_past = told.tongue.gettext, told.work.phase == "past"
    (own, own_is_course), (shared, is_course) = told.words(public_page.is_own), told.words(public_page.is_shared)
    if own and (own_is_course or not is_past):
        yield worded(say("For %(customer)s", customer=to.name), sentences.after_colon(told.tongue, own))
    title = sentences.literal(sentences.sentence(told.work.title))
    planned = say("What was planned") if is_past else say("What is planned")
    yield worded(planned, title if is_course else sentences.lead_in(title, shared))
    yield plain(say("Planned for") if is_past else say("When"), _said_when(told, told.window_of(to)))
    if told.course:
        stands = say("How it went") if is_past else say("How it stands")
        course = sentences.literal(told.course)
        yield worded(stands, sentences.lead_in(course, shared) if is_course else course)
    yield from _corrections(told)
    yield from _affected(told, to)
    if not is_past:
        nothing = letter_rows.needs_nothing(own, shared)
        to_do = say("nothing.") if nothing else say("nothing beyond what is written above.")
        yield plain(say("What you need to do"), to_do)
    yield plain(say("Next message to you"), _next_message(told))


def _said_when(told: Work, window: str) -> str:
    return sentences.sentence(f"{window}, {told.rhythm}" if told.rhythm else window)


def _affected(told: Work, to: Customer) -> Iterator[Row]:
    """Name the customer's products it touches; of what it touched, only where it did take place."""
    say, names = told.tongue.gettext, told.voice.names
    mine = [component for component in told.work.affected if component in to.components]
    if told.work.status == "cancelled" or not to.components:
        return
    listed = told.tongue.listing(names[component] for component in mine)
    text = sentences.sentence(listed) if mine else say("none that you use, as far as we know.")
    if mine and len(mine) < len(to.components):
        were, others = say("Your other products were not affected."), say("Your other products are not affected.")
        text = f"{text} {were if told.work.phase == 'past' else others}"
    yield plain(say("Products affected"), text)


def _next_message(told: Work) -> str:
    say = told.tongue.gettext
    if told.work.status == "cancelled":
        return say("none about this; it is cancelled.")
    if told.work.phase == "past":
        return say("none about this; it is finished.")
    return say("as soon as anything about it changes.")


def _letter_closing(told: Work, page: str) -> Iterator[Row]:
    say, home = told.tongue.gettext, told.view.about.public_url
    yield plain("", say("Reply to reach your account team."))
    if home:
        yield plain(say("Public page"), page or f"{home}/")


def _notice_rows(told: Work) -> Iterator[Row]:
    say, work = told.tongue.gettext, told.work
    yield plain("", told.course or _said_when(told, told.window))
    if told.newest:
        yield worded("", words.joined(told.newest.passages))
    yield from _corrections(told)
    if told.course:
        yield plain(say("Planned for"), _said_when(told, told.window))
    if work.affected and work.status != "cancelled":
        label = say("Affected") if work.phase == "past" else say("Affects")
        yield plain(label, sentences.sentence(told.tongue.listing(map(told.voice.names.__getitem__, work.affected))))


def _corrections(told: Work) -> Iterator[Row]:
    """Tell what was wrong in the newest words."""
    say = told.tongue.gettext
    for fix in told.newest.corrections if told.newest else ():
        before = say('before, it said: "%(words)s"', words=markup.to_line(fix.was))
        text = before if fix.was else say("words were taken out.")
        yield plain(say("Corrected at %(when)s", when=told.at(fix.at)), text)


def _notice_closing(told: Work) -> Iterator[Row]:
    say, about = told.tongue.gettext, told.view.about
    page = public_page.address(about, told.work)
    if page:
        yield plain(say("All about this work"), page)
    if about.support_url:
        yield plain(say("Contact support"), about.support_url.removeprefix("mailto:"))
