"""Letters to those outside: one strategic customer, and everyone who asked for updates of the public page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from heliograph.render import markup, sentences, words
from heliograph.render.digests.case import Case
from heliograph.render.digests.compose import compose, letterhead, subject
from heliograph.render.digests.sheet import Row, Section, Sheet, plain, worded
from heliograph.render.editions import in_language
from heliograph.render.layouts import Layouts
from heliograph.render.mail import Mail
from heliograph.render.tongue import Tongue, best_language
from heliograph.times import zone
from heliograph.view import Component, Customer, Incident, Update, View

_NOTHING_TO_DO: Final = re.compile(
    r"\b(?:you (?:need to do nothing|need not do anything)|Sie müssen nichts (?:tun|unternehmen)|"
    r"no (?:tiene|tienen) que hacer nada|vous n['’]avez rien à faire)\b",
    re.IGNORECASE,
)
"""How authors say that nothing is asked of anyone."""

CLOSING_KEPT: Final = 3
"""Of how many closed incidents, newest first, the last letter is kept."""

EARLIER_TOLD: Final = 3
"""How many messages before the newest a mail repeats."""


def customer(view: View, layouts: Layouts) -> Iterator[Mail]:
    """Write to the customer of this view of each problem that touches it: all open ones, then the newest closed.

    A problem touches a customer that uses an affected component, or for whom words were written. ValueError for a
    view that is no customer's.
    """
    to = view.customer
    if to is None:
        raise ValueError("this view was made for no customer")
    view = in_language(view, best_language(to.locale, view.about.language))
    touching = [incident for incident in view.incidents if _touches(to, incident)]
    closed = [incident for incident in touching if not incident.is_open]
    for incident in (*(one for one in touching if one.is_open), *closed[:CLOSING_KEPT]):
        yield _letter(Case(view=view, incident=incident), to, layouts)


def subscribers(view: View, layouts: Layouts) -> Iterator[Mail]:
    """Write the newest update of each open incident, and of the newest closed, to all who asked for it."""
    closed = [incident for incident in view.incidents if not incident.is_open]
    for incident in (*view.open_incidents, *closed[:CLOSING_KEPT]):
        yield _notice(Case(view=view, incident=incident), layouts)


def _touches(to: Customer, incident: Incident) -> bool:
    written = any(passage.addressed for update in incident.updates for passage in update.passages)
    return written or not set(to.components).isdisjoint(incident.affected)


def _letter(case: Case, to: Customer, layouts: Layouts) -> Mail:
    head = letterhead(
        case.view,
        audience=case.view.reader,
        name=to.name,
        subject=_letter_subject(case, to),
        preheader=case.since(),
        at=case.incident.updated_at,
        incident=case.incident.id,
    )
    sheet = Sheet(
        greeting=case.tongue.gettext("Hello,"),
        sections=(Section(heading="", rows=tuple(_letter_rows(case, to))),),
        closing=tuple(_letter_closing(case)),
        notice=case.view.about.notice,
    )
    return compose(layouts, "letter", head, sheet)


def _letter_subject(case: Case, to: Customer) -> str:
    title = case.incident.title
    headline = sentences.headline(title)
    named = f"{to.name}: {sentences.headline(sentences.after_colon(case.tongue, title))}"
    if not case.incident.is_open:
        return subject(f"{named}: {case.phrase}", [], f" ({case.count})")
    parted = "," if headline == title else ""
    since = case.tongue.pgettext("of a problem", "since %(when)s", when=case.at(case.incident.started_at))
    return subject(f"{named}{parted} {since}", [case.phrase], f" ({case.count})")


def _letter_rows(case: Case, to: Customer) -> Iterator[Row]:
    own = case.own_words()
    say = case.tongue.gettext
    if own:
        yield worded(say("For %(customer)s", customer=to.name), sentences.after_colon(case.tongue, own))
    happened = say("What is happening") if case.incident.is_open else say("What happened")
    yield worded(happened, sentences.after_colon(case.tongue, case.happening(case.shared_words())))
    yield plain(say("What you need to do"), _to_do(case))
    if case.incident.is_open:
        yield from _products(case, to)
    yield from _facts(case)
    yield plain(say("Next message to you"), _next_message(case, to))
    yield from _notice_kept(case, to)


def _to_do(case: Case) -> str:
    """Say what was asked of this customer, or that nothing was beyond the words above."""
    say = case.tongue.gettext
    wanted = [ask for ask in case.incident.asks if ask.met_at is None]
    if not wanted and _NOTHING_TO_DO.search(f"{case.own_words()} {case.shared_words()}"):
        return say("nothing.")
    if not wanted:
        return say("nothing beyond what is written above.")
    return (
        "; ".join(say("%(what)s (asked at %(when)s)", what=ask.what, when=case.at(ask.since)) for ask in wanted) + "."
    )


def _products(case: Case, to: Customer) -> Iterator[Row]:
    """Say the state of every product this customer uses: each that is not well by name, the others in one word."""
    used = [component for component in case.view.components if component.id in to.components]
    unwell = [component for component in used if component.state != "operational"]
    if not used:
        return
    say = case.tongue.gettext
    told = [_state(case.tongue, component) for component in _worst_first(unwell)]
    if not unwell:
        told.append(say("all your products work normally"))
    elif len(unwell) < len(used):
        told.append(say("all your other products work normally"))
    yield plain(say("Products you use"), " · ".join(told) + ".")


def _state(tongue: Tongue, component: Component) -> str:
    return tongue.gettext("%(parts)s %(state)s", parts=component.name, state=words.state_word(tongue, component.state))


def _worst_first(components: list[Component]) -> list[Component]:
    order = {state: place for place, state in enumerate(words.STATE_WORDS)}
    return sorted(components, key=lambda component: -order[component.state])


def _facts(case: Case) -> Iterator[Row]:
    for fact in case.incident.facts:
        value = f"{fact.value} {fact.unit}".strip()
        when = case.tongue.gettext("as of %(when)s", when=case.at(fact.as_of))
        yield plain(fact.name, sentences.sentence(f"{value} ({when})"))


def _next_message(case: Case, to: Customer) -> str:
    incident, say = case.incident, case.tongue.gettext
    if not incident.is_open:
        return say("none about this; it is solved.")
    if incident.next_update is None:
        return say("as soon as anything changes, and one when it is solved.")
    by = _both_clocks(case, incident.next_update, to)
    if incident.late:
        return say("late; it was due by %(when)s. One comes when it is solved, too.", when=by)
    return say("by %(when)s, sooner if anything changes, and one when it is solved.", when=by)


def _both_clocks(case: Case, instant: datetime, to: Customer) -> str:
    """Say `14:50 UTC (09:50 New York)`: the site's clock and, where it shows another time, the customer's."""
    here, there = instant.astimezone(zone(case.zone)), instant.astimezone(zone(to.timezone))
    if here.utcoffset() == there.utcoffset():
        return case.at(instant)
    city = to.timezone.rpartition("/")[2].replace("_", " ")
    clock = case.tongue.clock(instant, to.timezone)
    if here.date() != there.date():
        clock = case.tongue.joined(case.tongue.short_day(instant, to.timezone), clock)
    return f"{case.at(instant)} ({clock} {city})"


def _notice_kept(case: Case, to: Customer) -> Iterator[Row]:
    """Set the time of our first words beside the notice agreed. When they were delivered is not known here."""
    worded_updates = [update for update in case.incident.updates if update.passages]
    if to.notice is None or not worded_updates:
        return
    say, first = case.tongue.gettext, worded_updates[-1].at
    after = first - case.incident.started_at
    when = say("at the start")
    if after >= timedelta(minutes=1):
        when = say("%(span)s after the start", span=case.tongue.span(after))
    agreed = case.tongue.span(to.notice)
    told = say(
        "our first message is of %(first)s, %(when)s; we agreed %(span)s.", first=case.at(first), when=when, span=agreed
    )
    yield plain(say("Notice"), told)


def _letter_closing(case: Case) -> Iterator[Row]:
    say, has_page = case.tongue.gettext, bool(case.shared_words())
    page = case.public_page if has_page else f"{case.view.about.public_url}/"
    if has_page and case.incident.postmortem:
        yield plain(say("What happened, and what we change"), page)
        yield plain("", say("Reply to reach your account team."))
        return
    yield plain("", say("Reply to reach your account team."))
    yield plain(say("Public page"), page)


def _notice(case: Case, layouts: Layouts) -> Mail:
    incident = case.incident
    newest = _newest_worded(incident)
    head = letterhead(
        case.view,
        audience=case.view.reader,
        name=case.view.about.name,
        subject=_notice_subject(case),
        preheader=markup.to_line(words.joined(newest.passages)) if newest else case.since(),
        at=incident.updated_at,
        incident=incident.id,
    )
    sheet = Sheet(
        greeting="",
        sections=(
            Section(heading=_notice_heading(case), rows=tuple(_newest_words(case, newest))),
            Section(heading="", rows=tuple(_times_and_parts(case))),
            Section(heading="", rows=tuple(_earlier(case, newest))),
        ),
        closing=tuple(_notice_closing(case)),
        notice=case.view.about.notice,
    )
    return compose(layouts, "letter", head, sheet)


def _newest_worded(incident: Incident) -> Update | None:
    return next((update for update in incident.updates if update.passages), None)


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
    say = case.tongue.gettext
    yield worded("", words.joined(newest.passages))
    for correction in newest.corrections:
        before = say("words were taken out.")
        if correction.was:
            before = say('before, it said: "%(words)s"', words=markup.to_line(correction.was))
        yield plain(say("Corrected at %(when)s", when=case.at(correction.at)), before)


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
    say = case.tongue.gettext
    account, course = say("What happened, and what we change"), say("All about this problem")
    yield plain(account if case.incident.postmortem else course, case.public_page)
    if case.view.about.support_url:
        yield plain(say("Contact support"), case.view.about.support_url.removeprefix("mailto:"))
