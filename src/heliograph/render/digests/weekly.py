"""The week's digest, for any reader: what happened, what goes on, what is due; to be read in half a minute."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import msgspec

from heliograph.message import Message, Topic
from heliograph.render import sentences, words
from heliograph.render.digests import agenda
from heliograph.render.digests.case import Case
from heliograph.render.digests.compose import compose, letterhead, subject
from heliograph.render.digests.news import topic
from heliograph.render.digests.sheet import Row, Section, Sheet, plain
from heliograph.render.digests.week import Week
from heliograph.render.editions import in_language
from heliograph.render.layouts import Layouts
from heliograph.render.tongue import best_language
from heliograph.times import zone
from heliograph.view import Desk, Incident, Maintenance, View


def weekly(view: View, desk: Desk | None, start: datetime, end: datetime, layouts: Layouts) -> Message | None:
    """Make the digest of the days from `start` to before `end`; None, silence, if there is nothing to tell.

    `end` is the start of a day in the site's zone. Outsiders have no desk: no severity, nothing internal.
    """
    if view.customer is not None:
        view = in_language(view, best_language(view.customer.locale, view.about.language))
    week = Week(view=view, desk=desk, start=start, end=end)
    if not (week.open or week.over or week.works or week.under_way or week.ahead):
        return None
    audience = desk.reader if desk else view.reader
    customer = view.customer.id if view.customer else ""
    thread = "/".join(part for part in (audience, customer, "weekly") if part)
    due = tuple(agenda.rows(week))
    head = letterhead(
        view,
        audience=audience,
        name=_name(week),
        subject=_subject(week, len(due)),
        preheader=_in_short(week),
        at=end,
    )
    mail = compose(layouts, "digest", msgspec.structs.replace(head, thread=thread), _sheet(week, due))
    return Message(
        audience=audience,
        customer=customer,
        kind="weekly",
        topics=_topics(week),
        news=(f"weekly-{end.astimezone(zone(view.about.timezone)):%Y-%m-%d}",),
        at=end,
        thread=thread,
        mails=(mail,),
    )


def _topics(week: Week) -> tuple[Topic, ...]:
    problems = [topic(one, week.severity(one)) for one in (*week.open, *week.over)]
    works = {one.id: topic(one) for one in (*week.under_way, *week.works, *week.ahead)}
    return (*problems, *works.values())


def _name(week: Week) -> str:
    """Name the reader's list: an audience, a customer, or the site for everyone."""
    if week.desk is not None:
        return week.desk.name
    return week.view.customer.name if week.view.customer else week.view.about.name


def _subject(week: Week, due: int) -> str:
    say, last = week.tongue.gettext, week.end - timedelta(minutes=1)
    days = [week.tongue.short_day(day, week.zone) for day in (week.start, last)]
    opening = say("%(name)s, %(first)s to %(last)s", name=_name(week), first=days[0], last=days[1])
    counts = [
        week.tongue.ngettext("%(num)s open", "%(num)s open", len(week.open)) if week.open else "",
        week.tongue.ngettext("%(num)s solved", "%(num)s solved", len(week.over)) if week.over else "",
        week.tongue.ngettext("%(num)s due", "%(num)s due", due) if due else "",
    ]
    told = ", ".join(count for count in counts if count) or say("planned work")
    return subject(opening, [told], parting=f"{week.tongue.colon} ")


def _in_short(week: Week) -> str:
    """Say in a line how much there was of each."""
    tongue, opened, over = week.tongue, len(week.open), len(week.over)
    told = [
        tongue.ngettext("%(num)s problem is open.", "%(num)s problems are open.", opened)
        if opened
        else tongue.gettext("No problem is open."),
        tongue.ngettext("%(num)s problem was solved.", "%(num)s problems were solved.", over) if over else "",
        tongue.ngettext("Planned work ahead: %(num)s.", "Planned work ahead: %(num)s.", len(week.ahead))
        if week.ahead
        else "",
    ]
    return " ".join(part for part in told if part)


def _sheet(week: Week, due: tuple[Row, ...]) -> Sheet:
    say = week.tongue.gettext
    going = (*(_open(week, one) for one in week.open), *(_under_way(week, one) for one in week.under_way))
    gone = (*(_over(week, one) for one in week.over), *(_worked(week, one) for one in week.works), *_others(week))
    sections = (
        Section(heading="", rows=(plain(say("IN SHORT"), _in_short(week)),)),
        Section(heading=say("Open now"), rows=going),
        Section(heading=say("What happened"), rows=gone),
        Section(heading=say("What is due"), rows=due),
    )
    screen = f"{week.view.about.url}/" if week.view.about.url else ""
    return Sheet(
        greeting="",
        sections=tuple(section for section in sections if section.rows),
        closing=(plain(say("READ ON"), screen),) if screen else (),
        notice=week.view.about.notice,
    )


def _open(week: Week, one: Incident) -> Row:
    """Say what goes on: since when, where it stands, which parts are in what state, and what it has cost so far."""
    since = week.tongue.gettext("Since %(when)s", when=week.moment(one.started_at))
    names = {component.id: component.name for component in week.view.components}
    states = words.states_headline(week.tongue, one.claims, names)
    standing = (since, sentences.status_phrase(week.tongue, one.status), states)
    return _told(week, one, one.started_at, week.title(one), standing)


def _over(week: Week, one: Incident) -> Row:
    """Say what is over: from when to when, how long, how it ended, and what it cost."""
    end = one.resolved_at or one.updated_at
    lasted = week.tongue.duration(end - one.started_at)
    when = f"{week.times(one.started_at, end)}, {lasted}"
    ended = sentences.status_phrase(week.tongue, "postmortem" if one.postmortem else "resolved")
    title = sentences.title_once_over(week.title(one)) if week.tongue.is_english else week.title(one)
    return _told(week, one, one.started_at, title, (when, ended))


def _told(week: Week, one: Incident, day: datetime, title: str, standing: Iterable[str]) -> Row:
    facts = (f"{fact.name}{week.tongue.colon} {fact.measured}" for fact in one.facts)
    lines = (
        sentences.sentence(title),
        sentences.sentence(week.tongue.series(part for part in standing if part)),
        *(sentences.sentence(fact) for fact in facts),
        *_page(week, one),
    )
    return plain(week.day(day), "\n".join(lines))


def _page(week: Week, one: Incident) -> Iterator[str]:
    """Give the page on which customers read of it, if they do."""
    case, dossier = Case(view=week.view, incident=one), week.dossier(one)
    is_public = dossier is not None and dossier.title_public is not None
    if is_public or (week.desk is None and case.shared_words()):
        yield case.public_page


def _under_way(week: Week, one: Maintenance) -> Row:
    course = week.work(one).course or week.tongue.gettext("Under way.")
    return plain(week.day(one.start), f"{agenda.planned(week, one, one.start, one.end)}\n{course}")


def _worked(week: Week, one: Maintenance) -> Row:
    """Say when planned work was, and how it ended; of what comes again, only when it last was."""
    start, end = week.worked(one) or (one.start, one.end)
    if one.completed_at is None:
        return plain(week.day(start), agenda.planned(week, one, start, end))
    return plain(week.day(one.start), f"{agenda.planned(week, one, one.start, one.end)}\n{week.work(one).course}")


def _others(week: Week) -> Iterator[Row]:
    if week.others:
        told = week.tongue.ngettext(
            "%(num)s more problem, of a kind this digest does not tell of.",
            "%(num)s more problems, of a kind this digest does not tell of.",
            week.others,
        )
        yield plain(week.tongue.gettext("BESIDES"), told)
