"""The last letter about a problem: what it was for this customer, minute by minute, in a form to print and file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from heliograph.render import markup, sentences, words
from heliograph.render.digests import letter_rows
from heliograph.render.digests.case import Case
from heliograph.render.digests.letter_rows import bulleted
from heliograph.render.digests.minutes import Span, by_state, spans, total
from heliograph.render.digests.public_page import is_own
from heliograph.render.digests.sheet import Row, plain, worded
from heliograph.view import Customer, Heard, Update


def letterhead_lines(case: Case, to: Customer, at: datetime) -> tuple[Row, ...]:
    """Say to whom a letter is, from whom, of which day, and about what."""
    tongue, title = case.tongue, sentences.title_once_over(case.incident.title)
    return (
        plain(tongue.pgettext("of a letter", "To"), to.name),
        plain(tongue.pgettext("of a letter", "From"), case.view.about.name),
        plain(tongue.pgettext("of a letter", "Date"), case.tongue.weekday(at, case.zone, year=True)),
        plain(tongue.pgettext("of a letter", "About"), f"{title} ({case.incident.id})"),
    )


def closing_rows(case: Case, to: Customer, heard: tuple[Heard, ...]) -> Iterator[Row]:
    """Say what happened, how long for which product, what was said in its course, and what became of the notice."""
    say, own = case.tongue.gettext, _own_last_words(case)
    if own:
        yield worded(say("For %(customer)s", customer=to.name), sentences.after_colon(case.tongue, own))
    happened = case.happening(case.shared_words())
    yield worded(say("What happened"), sentences.after_colon(case.tongue, happened))
    yield from letter_rows.corrections(case, heard)
    yield from _account(case)
    yield _lasted(case, to)
    yield letter_rows.to_do(case)
    yield from letter_rows.facts(case)
    yield from _course(case)
    yield from letter_rows.notice_kept(case, to, heard)
    yield letter_rows.next_message(case, to)


def _own_last_words(case: Case) -> str:
    """Give the customer's own words if they came as it ended, or after: older ones may hold no longer."""
    over = case.incident.resolved_at
    return next((own for own, at in case.all_own_words() if over is not None and at >= over), "")


def _account(case: Case) -> Iterator[Row]:
    """Give the account's words for this customer alone; the page has the rest."""
    account = case.incident.postmortem
    own = [one for one in account.passages if is_own(one)] if account else []
    if own:
        yield worded(case.tongue.gettext("What happened, and what we change"), words.joined(own))


def _lasted(case: Case, to: Customer) -> Row:
    """Say how long each of the customer's products was not well, how long in all, and that others were."""
    say = case.tongue.gettext
    label, found = say("How long it lasted for you"), spans(case.incident, to.components)
    touched = [part for part in case.view.components if any(span.component == part.id for span in found)]
    if not touched:
        return plain(label, say("none of the products you use was affected, as far as we know."))
    lines = [_part_lasted(case, part.name, [span for span in found if span.component == part.id]) for part in touched]
    if len(touched) > 1:
        lines.append(say("In all: %(span)s", span=case.tongue.duration(total(found))))
    if len(touched) < len(to.components):
        lines.append(say("Your other products were not affected."))
    return bulleted(label, lines)


def _part_lasted(case: Case, name: str, found: list[Span]) -> str:
    """Say `Checkout: 42 min (partial outage 11 min, degraded 31 min)`."""
    tongue = case.tongue
    lengths = [(words.state_word(tongue, state), length) for state, length in by_state(found)]
    whole = tongue.duration(total(found))
    if len(lengths) == 1:
        return tongue.gettext("%(part)s: %(span)s (%(states)s)", part=name, span=whole, states=lengths[0][0])
    states = ", ".join(f"{state} {tongue.duration(length)}" for state, length in lengths)
    return tongue.gettext("%(part)s: %(span)s (%(states)s)", part=name, span=whole, states=states)


def _course(case: Case) -> Iterator[Row]:
    """Repeat in a sentence each what was said while it went on, oldest first."""
    last = letter_rows.newest_worded(case)
    earlier = [update for update in reversed(case.incident.updates) if update.passages and update is not last]
    if earlier:
        yield bulleted(case.tongue.gettext("What we wrote before"), [_told_then(case, update) for update in earlier])


def _told_then(case: Case, update: Update) -> str:
    said = sentences.first_sentence(markup.to_line(words.joined(update.passages)))
    return f"{words.status_word(case.tongue, update.status)}, {case.at(update.at)}{case.tongue.colon} {said}"
