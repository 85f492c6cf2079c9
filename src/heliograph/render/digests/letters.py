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
from heliograph.render.layouts import Layouts
from heliograph.render.mail import Mail
from heliograph.times import zone
from heliograph.view import Component, Customer, Incident, Update, View

_NOTHING_TO_DO: Final = re.compile(r"\byou (?:need to do nothing|need not do anything)\b", re.IGNORECASE)
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
        greeting="Hello,",
        sections=(Section(heading="", rows=tuple(_letter_rows(case, to))),),
        closing=tuple(_letter_closing(case)),
        notice=case.view.about.notice,
    )
    return compose(layouts, "letter", head, sheet)


def _letter_subject(case: Case, to: Customer) -> str:
    title = case.incident.title
    headline = sentences.headline(title)
    named = f"{to.name}: {sentences.headline(sentences.mid_sentence(title))}"
    if not case.incident.is_open:
        return subject(f"{named}: {case.phrase}", [], f" ({case.count})")
    comma = "," if headline == title else ""
    return subject(f"{named}{comma} since {case.at(case.incident.started_at)}", [case.phrase], f" ({case.count})")


def _letter_rows(case: Case, to: Customer) -> Iterator[Row]:
    own = case.own_words()
    if own:
        yield worded(f"For {to.name}", sentences.mid_sentence(own))
    happened = "What is happening" if case.incident.is_open else "What happened"
    yield worded(happened, sentences.mid_sentence(case.happening(case.shared_words())))
    yield plain("What you need to do", _to_do(case))
    if case.incident.is_open:
        yield from _products(case, to)
    yield from _facts(case)
    yield plain("Next message to you", _next_message(case, to))
    yield from _notice_kept(case, to)


def _to_do(case: Case) -> str:
    """Say what was asked of this customer, or that nothing was beyond the words above."""
    wanted = [ask for ask in case.incident.asks if ask.met_at is None]
    if not wanted and _NOTHING_TO_DO.search(f"{case.own_words()} {case.shared_words()}"):
        return "nothing."
    if not wanted:
        return "nothing beyond what is written above."
    return "; ".join(f"{ask.what} (asked at {case.at(ask.since)})" for ask in wanted) + "."


def _products(case: Case, to: Customer) -> Iterator[Row]:
    """Say the state of every product this customer uses: each that is not well by name, the others in one word."""
    used = [component for component in case.view.components if component.id in to.components]
    unwell = [component for component in used if component.state != "operational"]
    if not used:
        return
    told = [f"{component.name} {words.STATE_WORDS[component.state]}" for component in _worst_first(unwell)]
    rest = "all your products work normally" if not unwell else "all your other products work normally"
    if len(unwell) < len(used):
        told.append(rest)
    yield plain("Products you use", " · ".join(told) + ".")


def _worst_first(components: list[Component]) -> list[Component]:
    order = {state: place for place, state in enumerate(words.STATE_WORDS)}
    return sorted(components, key=lambda component: -order[component.state])


def _facts(case: Case) -> Iterator[Row]:
    for fact in case.incident.facts:
        value = f"{fact.value} {fact.unit}".strip()
        yield plain(fact.name, sentences.sentence(f"{value} (as of {case.at(fact.as_of)})"))


def _next_message(case: Case, to: Customer) -> str:
    incident = case.incident
    if not incident.is_open:
        return "none about this; it is solved."
    if incident.next_update is None:
        return "as soon as anything changes, and one when it is solved."
    by = _both_clocks(case, incident.next_update, to)
    if incident.late:
        return f"late; it was due by {by}. One comes when it is solved, too."
    return f"by {by}, sooner if anything changes, and one when it is solved."


def _both_clocks(case: Case, instant: datetime, to: Customer) -> str:
    """Say `14:50 UTC (09:50 New York)`: the site's clock and, where it shows another time, the customer's."""
    here, there = instant.astimezone(zone(case.zone)), instant.astimezone(zone(to.timezone))
    if here.utcoffset() == there.utcoffset():
        return case.at(instant)
    city = to.timezone.rpartition("/")[2].replace("_", " ")
    local_day = "" if here.date() == there.date() else f"{words.short_day(instant, to.timezone)}, "
    return f"{case.at(instant)} ({local_day}{words.clock(instant, to.timezone)} {city})"


def _notice_kept(case: Case, to: Customer) -> Iterator[Row]:
    """Set the time of our first words beside the notice agreed. When they were delivered is not known here."""
    worded_updates = [update for update in case.incident.updates if update.passages]
    if to.notice is None or not worded_updates:
        return
    first = worded_updates[-1].at
    after = first - case.incident.started_at
    when = f"{words.span(after)} after the start" if after >= timedelta(minutes=1) else "at the start"
    yield plain("Notice", f"our first message is of {case.at(first)}, {when}; we agreed {words.span(to.notice)}.")


def _letter_closing(case: Case) -> Iterator[Row]:
    has_page = bool(case.shared_words())
    page = case.public_page if has_page else f"{case.view.about.public_url}/"
    if has_page and case.incident.postmortem:
        yield plain("What happened, and what we change", page)
        yield plain("", "Reply to reach your account team.")
        return
    yield plain("", "Reply to reach your account team.")
    yield plain("Public page", page)


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
        title = sentences.headline(sentences.mid_sentence(case.incident.title))
        account = ["account published"] if case.incident.postmortem else []
        return subject(f"Solved: {title}", account, f" ({case.count})")
    promise = case.incident.next_update
    details = [case.phrase, f"next update by {case.at(promise)}" if promise and not case.incident.late else ""]
    return subject(case.incident.title, details, f" ({case.count})")


def _notice_heading(case: Case) -> str:
    if not case.incident.is_open:
        return f"Solved: {sentences.past(case.incident.title)}"
    states = words.states_headline(case.incident.claims, case.names)
    return f"{case.incident.title} · {states}" if states else case.incident.title


def _newest_words(case: Case, newest: Update | None) -> Iterator[Row]:
    if newest is None:
        return
    yield worded("", words.joined(newest.passages))
    for correction in newest.corrections:
        before = f'before, it said: "{markup.to_line(correction.was)}"' if correction.was else "words were taken out."
        yield plain(f"Corrected at {case.at(correction.at)}", before)


def _times_and_parts(case: Case) -> Iterator[Row]:
    incident = case.incident
    if incident.resolved_at is None:
        yield plain("", _since_and_next(case))
        yield from _affected(case)
    else:
        lasted = words.duration(incident.resolved_at - incident.started_at)
        began, solved = case.at(incident.started_at), case.at(incident.resolved_at)
        yield plain("", f"Began {began} · solved {solved} · lasted {lasted}")


def _since_and_next(case: Case) -> str:
    incident = case.incident
    told = f"Since {case.at(incident.started_at)} · updated {case.clock(incident.updated_at)}"
    if incident.next_update is None:
        return told
    if incident.late:
        return f"{told}\nThe next update is late. It was due by {case.at(incident.next_update)}."
    return f"{told} · next update by {case.at(incident.next_update)}"


def _affected(case: Case) -> Iterator[Row]:
    claims = words.worst_first(case.incident.claims)
    if not claims:
        return
    named = ", ".join(f"{case.names[claim.component]} ({words.STATE_WORDS[claim.state]})" for claim in claims)
    well = sum(component.state == "operational" for component in case.view.components)
    others = f" Working normally: the other {words.count(well, 'part', 'parts')}." if well else ""
    yield plain("Affected", f"{named}.{others}")


def _earlier(case: Case, newest: Update | None) -> Iterator[Row]:
    """Repeat what was said just before, for those who missed it; the page has the rest."""
    earlier = (one for one in case.incident.updates if newest and one.at < newest.at and one.passages)
    for update in islice(earlier, EARLIER_TOLD):
        label = f"{case.at(update.at)}, {words.status_word(update.status)}"
        yield worded(label, words.joined(update.passages))


def _notice_closing(case: Case) -> Iterator[Row]:
    told = "What happened, and what we change" if case.incident.postmortem else "All about this problem"
    yield plain(told, case.public_page)
    if case.view.about.support_url:
        yield plain("Contact support", case.view.about.support_url.removeprefix("mailto:"))
