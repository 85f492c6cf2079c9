"""Notices to all who asked for updates of the public page: what it says, in its order, in each of its languages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from heliograph.message import Mail, Message
from heliograph.render import markup, sentences, words
from heliograph.render.digests import public_page
from heliograph.render.digests.case import Case
from heliograph.render.digests.compose import letter_pair, letterhead, subject
from heliograph.render.digests.letter_rows import corrections, newest_worded
from heliograph.render.digests.maintenance_letters import work_notice
from heliograph.render.digests.news import newest, news, topic, turning_points
from heliograph.render.digests.sheet import Row, Section, Sheet, plain, worded
from heliograph.render.digests.work import Work, current
from heliograph.render.editions import in_language
from heliograph.render.layouts import Layouts
from heliograph.view import Incident, Maintenance, Update, View

CLOSING_KEPT: Final = 3
"""Of how many closed incidents, newest first, the last notice is kept."""

EARLIER_TOLD: Final = 3
"""How many messages before the newest a notice repeats."""


def subscribers(views: Sequence[View], layouts: Layouts) -> Iterator[Message]:
    """Write the newest update of each open incident, of the newest closed, and of planned work, to all who asked.

    `views` are the public's in each language of the site, the main one first; each message holds a mail in each.
    """
    told = [in_language(view, language) for view, language in zip(views, _languages(views[0]), strict=False)]
    main = told[0]
    closed = [incident for incident in main.incidents if not incident.is_open]
    for incident in (*main.open_incidents, *closed[:CLOSING_KEPT]):
        cases = (Case(view=view, incident=one) for view in told for one in view.incidents if one.id == incident.id)
        yield _message(main, incident, [_notice(case, layouts) for case in cases])
    for work in current(main):
        works = (Work(view=view, work=one) for view in told for one in view.maintenances if one.id == work.id)
        yield _message(main, work, [work_notice(one, layouts) for one in works])


def _languages(view: View) -> tuple[str, ...]:
    return view.about.languages or (view.about.language,)


def _message(view: View, of: Incident | Maintenance, mails: Sequence[tuple[Mail, Mail]]) -> Message:
    page, first = public_page.address(view.about, of), mails[0][0]
    return Message(
        audience=view.reader,
        kind="notice",
        topics=(topic(of),),
        news=news(of),
        opens=turning_points(of),
        at=first.at,
        thread=first.thread,
        number=sum(update.status is not None for update in of.updates),
        mails=tuple(told for told, _ in mails),
        alone=tuple(alone for _, alone in mails) if page else (),
        page=page,
        shows=public_page.shown(of) if page else "",
    )


def _notice(case: Case, layouts: Layouts) -> tuple[Mail, Mail]:
    incident = case.incident
    newest_words = newest_worded(case)
    head = letterhead(
        case.view,
        audience=case.view.reader,
        name=case.view.about.name,
        subject=_notice_subject(case),
        preheader=markup.to_line(words.joined(newest_words.passages)) if newest_words else case.since(),
        at=newest(incident),
        incident=incident.id,
    )
    sheet = Sheet(
        greeting="",
        sections=(
            Section(heading=_notice_heading(case), rows=tuple(_newest_words(case, newest_words))),
            Section(heading="", rows=tuple(_times_and_parts(case))),
            Section(heading="", rows=tuple(_earlier(case, newest_words))),
        ),
        closing=tuple(_notice_closing(case)),
        notice=case.view.about.notice,
    )
    account = tuple(public_page.account(incident, case.tongue))
    return letter_pair(layouts, head, sheet, case.view.about, instead=account)


def _notice_subject(case: Case) -> str:
    if not case.incident.is_open:
        title = sentences.headline(sentences.after_colon(case.tongue, case.incident.title))
        account = [case.tongue.gettext("account published")] if case.incident.postmortem else []
        return subject(case.tongue.gettext("Solved: %(title)s", title=title), account, f" ({case.count})")
    promise = None if case.incident.late else case.incident.next_update
    details = [case.phrase]
    if promise is not None:
        details.append(case.tongue.gettext("next update by %(when)s", when=case.at(promise)))
    return subject(case.incident.title, details, f" ({case.count})")


def _notice_heading(case: Case) -> str:
    if not case.incident.is_open:
        return sentences.told_solved(case.tongue, case.incident.title)
    states = words.states_headline(case.tongue, case.incident.claims, case.names)
    return f"{case.incident.title} · {states}" if states else case.incident.title


def _newest_words(case: Case, newest: Update | None) -> Iterator[Row]:
    if newest is None:
        return
    yield worded("", words.joined(newest.passages))
    yield from corrections(case)


def _times_and_parts(case: Case) -> Iterator[Row]:
    incident = case.incident
    if incident.resolved_at is None:
        yield plain("", _since_and_next(case))
        yield from _affected(case)
    else:
        lasted = case.tongue.duration(incident.resolved_at - incident.started_at)
        began, solved, say = case.at(incident.started_at), case.at(incident.resolved_at), case.tongue.gettext
        parts = (
            say("Began %(when)s", when=began),
            say("solved %(when)s", when=solved),
            say("lasted %(span)s", span=lasted),
        )
        yield plain("", " · ".join(parts))


def _since_and_next(case: Case) -> str:
    incident, say = case.incident, case.tongue.gettext
    since = say("Since %(when)s", when=case.at(incident.started_at))
    updated = say("updated %(when)s", when=case.clock(incident.updated_at))
    told = f"{since} · {updated}"
    if incident.next_update is None:
        return told
    by = case.at(incident.next_update)
    if incident.late:
        return told + "\n" + say("The next update is late. It was due by %(when)s.", when=by)
    return told + " · " + say("next update by %(when)s", when=by)


def _affected(case: Case) -> Iterator[Row]:
    claims = words.worst_first(case.incident.claims)
    if not claims:
        return
    tongue, told = case.tongue, f"{words.affected(case.tongue, claims, case.names)}."
    well = sum(component.state == "operational" for component in case.view.components)
    if well:
        others = tongue.ngettext(
            "Working normally: the other %(num)s part.", "Working normally: the other %(num)s parts.", well
        )
        told = f"{told} {others}"
    yield plain(tongue.gettext("Affected"), told)


def _earlier(case: Case, newest: Update | None) -> Iterator[Row]:
    """Repeat what was said just before, for those who missed it; the page has the rest."""
    earlier = (one for one in case.incident.updates if newest and one.at < newest.at and one.passages)
    for update in islice(earlier, EARLIER_TOLD):
        label = f"{case.at(update.at)}, {words.status_word(case.tongue, update.status)}"
        yield worded(label, words.joined(update.passages))


def _notice_closing(case: Case) -> Iterator[Row]:
    say, about = case.tongue.gettext, case.view.about
    page = public_page.address(about, case.incident)
    account, course = say("What happened, and what we change"), say("All about this problem")
    if page:
        yield plain(account if case.incident.postmortem else course, page)
    if about.support_url:
        yield plain(say("Contact support"), about.support_url.removeprefix("mailto:"))
