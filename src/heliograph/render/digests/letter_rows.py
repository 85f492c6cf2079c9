"""What letters to one customer have in common, row by row: its own words, its clock, its products, its notice."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from markupsafe import Markup

from heliograph.render import markup, sentences, words
from heliograph.render.digests.case import Case
from heliograph.render.digests.sheet import Row, plain
from heliograph.render.tongue import Tongue
from heliograph.times import zone
from heliograph.view import Component, Customer, Heard, Update

_NOTHING_TO_DO: Final = re.compile(
    r"\b(?:you (?:need to do nothing|need not do anything)|Sie müssen nichts (?:tun|unternehmen)|"
    r"no (?:tiene|tienen) que hacer nada|vous n['’]avez rien à faire)\b",
    re.IGNORECASE,
)
"""How authors say that nothing is asked of anyone."""


def bulleted(label: str, lines: Iterable[str]) -> Row:
    """Say several things in plain words, one below the other."""
    told = list(lines)
    items = Markup().join(Markup("<li>{}</li>\n").format(line) for line in told)
    return Row(label=label, text="\n".join(f"- {line}" for line in told), html=Markup("<ul>\n{}</ul>\n").format(items))


def needs_nothing(*said: str) -> bool:
    """Tell whether authored words say that their reader need do nothing."""
    return _NOTHING_TO_DO.search(" ".join(said)) is not None


def to_do(case: Case) -> Row:
    """Say what was asked of this customer, or that nothing was beyond the words above."""
    say = case.tongue.gettext
    wanted = [ask for ask in case.incident.asks if ask.met_at is None]
    if wanted:
        asked = (say("%(what)s (asked at %(when)s)", what=ask.what, when=case.at(ask.since)) for ask in wanted)
        return plain(say("What you need to do"), "; ".join(asked) + ".")
    nothing = needs_nothing(case.own_words(), case.shared_words())
    told = say("nothing.") if nothing else say("nothing beyond what is written above.")
    return plain(say("What you need to do"), told)


def products(case: Case, to: Customer) -> Iterator[Row]:
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


def facts(case: Case) -> Iterator[Row]:
    """Give each fact this customer may know, with the time it is of."""
    for fact in case.incident.facts:
        value = f"{fact.value} {fact.unit}".strip()
        when = case.tongue.gettext("as of %(when)s", when=case.at(fact.as_of))
        yield plain(fact.name, sentences.sentence(f"{value} ({when})"))


def next_message(case: Case, to: Customer) -> Row:
    """Say when the customer hears again."""
    return plain(case.tongue.gettext("Next message to you"), _next_message(case, to))


def _next_message(case: Case, to: Customer) -> str:
    incident, say = case.incident, case.tongue.gettext
    if not incident.is_open:
        return say("none about this; it is solved.")
    if incident.next_update is None:
        return say("as soon as anything changes, and one when it is solved.")
    by = both_clocks(case, incident.next_update, to)
    if incident.late:
        return say("late; it was due by %(when)s. One comes when it is solved, too.", when=by)
    return say("by %(when)s, sooner if anything changes, and one when it is solved.", when=by)


def both_clocks(case: Case, instant: datetime, to: Customer) -> str:
    """Say `14:50 UTC (09:50 New York)`: the site's clock and, where it shows another time, the customer's."""
    here, there = instant.astimezone(zone(case.zone)), instant.astimezone(zone(to.timezone))
    if here.utcoffset() == there.utcoffset():
        return case.at(instant)
    clock = case.tongue.clock(instant, to.timezone)
    if here.date() != there.date():
        clock = case.tongue.joined(case.tongue.short_day(instant, to.timezone), clock)
    return f"{case.at(instant)} ({clock} {city(to)})"


def city(to: Customer) -> str:
    """Name the place whose clock a customer reads: `New York`."""
    return to.timezone.rpartition("/")[2].replace("_", " ")


def notice_kept(case: Case, to: Customer, heard: Sequence[Heard]) -> Iterator[Row]:
    """Set the time at which our first message reached this customer beside the notice agreed.

    Where nothing is known to have reached it, the time of our first words stands for that, and is called so.
    """
    worded_updates = [update for update in case.incident.updates if update.passages]
    if to.notice is None or not (heard or worded_updates):
        return
    say = case.tongue.gettext
    first = heard[0].at if heard else worded_updates[-1].at
    given = {"first": case.at(first), "when": _after_start(case, first), "span": case.tongue.span(to.notice)}
    told = say("our first message is of %(first)s, %(when)s; we agreed %(span)s.", **given)
    beyond = first - case.incident.started_at - to.notice
    if heard and beyond > timedelta():
        told = say(
            "our first message reached you at %(first)s, %(when)s; we agreed %(span)s, and were %(late)s late.",
            **given,
            late=_at_least_a_minute(case.tongue, beyond),
        )
    elif heard:
        told = say("our first message reached you at %(first)s, %(when)s, within the %(span)s we agreed.", **given)
    yield plain(say("Notice"), told)


def _after_start(case: Case, first: datetime) -> str:
    after, say = first - case.incident.started_at, case.tongue.gettext
    if after < timedelta(minutes=1):
        return say("at the start")
    return say("%(span)s after the start", span=case.tongue.span(after))


def _at_least_a_minute(tongue: Tongue, length: timedelta) -> str:
    return tongue.span(length) if length >= timedelta(minutes=1) else tongue.gettext("under a minute")


def corrections(case: Case, heard: Sequence[Heard] = ()) -> Iterator[Row]:
    """Tell what was wrong in the newest words, and in older ones what this reader had and was not told of.

    Where nothing is known to have reached it, those count that came after the newest update.
    """
    newest, told = newest_worded(case), {name for one in heard for name in one.updates}
    for update in case.incident.updates:
        for number, fix in enumerate(update.corrections, start=1):
            had = update.id in told and f"{update.id}~{number}" not in told
            if update is newest or had or (not heard and fix.at >= case.newest.at):
                yield _correction(case, update, fix.at, fix.was, is_shown=update is newest)


def _correction(case: Case, update: Update, at: datetime, was: str, *, is_shown: bool) -> Row:
    say, when, before = case.tongue.gettext, case.at(update.at), markup.to_line(was)
    now = markup.to_line(words.joined(update.passages))
    if is_shown:
        told = say('before, it said: "%(words)s"', words=before) if was else say("words were taken out.")
    elif was:
        told = say('our words of %(when)s now say: "%(now)s" Before: "%(was)s"', when=when, now=now, was=before)
    else:
        told = say('our words of %(when)s now say: "%(now)s" Words were taken out.', when=when, now=now)
    return plain(say("Corrected at %(when)s", when=case.at(at)), told)


def newest_worded(case: Case) -> Update | None:
    """Find the newest update that has words; None if none has."""
    return next((update for update in case.incident.updates if update.passages), None)


def about_it(heard: Iterable[Heard], names: Collection[str], thread: str = "") -> tuple[Heard, ...]:
    """Keep the messages that told any of these news, or something of their thread that was taken back since."""
    return tuple(one for one in heard if not set(names).isdisjoint(one.updates) or (thread and one.thread == thread))


def number(about: Sequence[Heard], names: Sequence[str], otherwise: int) -> int:
    """Count a message among those that reached its reader; the one that told the newest news keeps its own number.

    `names` are all its news, oldest first. What was told before anything was recorded counts as told one by one.
    `otherwise` is the answer where nothing is on record.
    """
    if not about:
        return otherwise
    told = {name for one in about for name in one.updates}
    before = min((names.index(name) for name in about[0].updates if name in names), default=0)
    return before + len(about) + (not told.issuperset(names))
