"""The lines that insiders' digests are made of. Each says one thing, and is left out where there is nothing to say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from heliograph.render import markup, sentences, words
from heliograph.render.digests.answers import answers
from heliograph.render.digests.case import CHANGED, NEW, Matter
from heliograph.render.digests.sheet import Row, Section, plain, worded
from heliograph.view import Ask, Claim, Fact


def section(heading: str, matter: Matter, told: Iterable[Row]) -> Section:
    """Put rows under a heading, marked where a problem is new among others told before."""
    return Section(heading=" · ".join(part for part in (heading, heading_mark(matter)) if part), rows=tuple(told))


def heading_mark(matter: Matter) -> str:
    """Mark a problem that is told for the first time in a thread that has told of others."""
    return matter.tongue.gettext(NEW) if matter.heard and matter.is_first else ""


def changed(matter: Matter) -> str:
    """Mark what sums a problem up, if words or a status came after the last message heard."""
    status_at = next((update.at for update in matter.incident.updates if update.status is not None), None)
    instants = (matter.own_words_at, matter.shared_words_at, status_at)
    return next((mark for one in instants if one and (mark := matter.mark(one, CHANGED))), "")


def from_you(matter: Matter, authored: str) -> Row:
    """Say what is wanted of this very reader; that nothing is, if so."""
    say = matter.tongue.gettext
    nothing = plain(say("FROM YOU"), say("Nothing now."))
    return next(wanted_of_me(matter, say("FROM YOU"), authored), nothing)


def wanted_of_me(matter: Matter, label: str, authored: str = "") -> Iterator[Row]:
    """Say what is wanted of this very reader: by asks, by decisions it has to take, by words written for it."""
    incident, me, say = matter.incident, matter.my_names, matter.tongue.gettext
    asked = [ask for ask in incident.asks if ask.met_at is None and ask.of.casefold() in me]
    wanted = [say("%(what)s, since %(when)s", what=ask.what, when=matter.clock(ask.since)) for ask in asked]
    instants = [ask.since for ask in asked]
    coming = incident.decision
    if coming is not None and coming.who.casefold() in me:
        wanted.insert(0, say("Decide by %(when)s: %(what)s", when=matter.at(coming.at), what=coming.what))
        instants.append(coming.said_at)
    if authored and matter.own_words_at:
        instants.append(matter.own_words_at)
    if instants:
        told = " ".join(sentences.literal(sentences.sentence(one)) for one in wanted)
        text = sentences.lead_in(told, authored) if told else authored
        yield worded(label, text, next((mark for one in instants if (mark := matter.mark(one))), ""))


def state(matter: Matter) -> Row:
    """Say since when, and which parts are in which state; what changed since the last message with what it was then."""
    moved = {} if matter.is_first else matter.moved()
    standing = {claim.component for claim in matter.incident.claims}
    recovered = [claim for claim in matter.moved().values() if claim.component not in standing]
    since = matter.tongue.gettext("Since %(when)s", when=matter.at(matter.incident.started_at))
    parts = "".join(f" {_claim(matter, claim, moved)}." for claim in (*matter.incident.claims, *recovered))
    note = matter.tongue.gettext(CHANGED) if moved else ""
    return plain(matter.tongue.gettext("STATE"), f"{since}.{parts}", note)


def _claim(matter: Matter, claim: Claim, moved: Mapping[str, Claim]) -> str:
    tongue, name = matter.tongue, matter.names[claim.component]
    if claim.component not in moved or moved[claim.component].was == "operational":
        return words.part_state(tongue, name, claim.state)
    before, now = words.state_word(tongue, moved[claim.component].was), words.state_word(tongue, claim.state)
    return tongue.gettext("%(part)s: %(before)s → %(now)s", part=name, before=before, now=now)


def affected(matter: Matter) -> Row:
    """Name every part that a problem ever touched."""
    say, parts = matter.tongue.gettext, matter.tongue.listing(matter.names[one] for one in matter.incident.affected)
    return plain(say("AFFECTED"), f"{parts}." if parts else say("No part we name."))


def facts(matter: Matter) -> Iterator[Row]:
    """Say each fact with the instant from which it is."""
    for fact in matter.incident.facts:
        new = matter.mark(fact.as_of)
        label, said = _fact(fact)
        yield plain(label, said, f"{matter.as_of(fact.as_of)} {new}".rstrip())


def _fact(fact: Fact) -> tuple[str, str]:
    """Label a fact and say its value in its unit; of `Customers affected`, the second word goes to the value."""
    value = fact.measured
    of, affected, rest = fact.name.partition(" affected")
    if affected and not rest and value[:1].isdigit():
        return of.upper(), sentences.sentence(value + affected)
    return fact.name.upper(), sentences.sentence(value)


def decision(matter: Matter) -> Iterator[Row]:
    """Say what others will decide, when and who; this reader's own decisions stand in `wanted_of_me`."""
    coming = matter.incident.decision
    if coming is not None and coming.who.casefold() not in matter.my_names:
        when, what = matter.at(coming.at), f"{coming.what.rstrip('.')}."
        text = matter.tongue.gettext("%(when)s, %(who)s: %(what)s", when=when, who=coming.who, what=what)
        yield plain(matter.tongue.gettext("DECISION"), text, matter.mark(coming.said_at))


def asks(matter: Matter) -> Iterator[Row]:
    """Say what is needed of others and not there yet, and what has come since the last message, of whomever."""
    for ask in matter.incident.asks:
        if ask.met_at is not None or ask.of.casefold() not in matter.my_names:
            yield from _ask(matter, ask)


def _ask(matter: Matter, ask: Ask) -> Iterator[Row]:
    say = matter.tongue.gettext
    since = say("%(what)s, of %(who)s, since %(when)s", what=ask.what, who=ask.of, when=matter.clock(ask.since))
    if ask.met_at is None:
        open_still = say("not met")
        yield plain(say("OPEN ASK"), sentences.sentence(f"{since}; {open_still}"), matter.mark(ask.since))
    elif matter.is_untold(ask.met_at):
        met = say("met at %(when)s", when=matter.clock(ask.met_at))
        yield plain(say("ASK MET"), sentences.sentence(f"{since}; {met}"), matter.mark(ask.met_at))


def solved(matter: Matter) -> str:
    """Say in a sentence when a problem ended, and how long it was."""
    end = matter.incident.resolved_at or matter.incident.updated_at
    lasted = matter.tongue.duration(end - matter.incident.started_at)
    return matter.tongue.gettext("Solved %(when)s, after %(span)s.", when=matter.at(end), span=lasted)


def own_words(matter: Matter, unlabelled: str) -> Iterator[Row]:
    """Give the newest words written for this reader, by their own labels where they have any."""
    for markdown, instant in islice(matter.all_own_words(), 1):
        for label, text in answers(markdown).items():
            yield worded(label.upper() or unlabelled, text, matter.age(instant))


def earlier_own_words(matter: Matter) -> Iterator[Row]:
    """Give the words written for this reader before those, in one line."""
    for markdown, instant in islice(matter.all_own_words(), 1, 2):
        yield plain(matter.tongue.gettext("EARLIER"), markup.to_line(markdown), matter.as_of(instant))


def all_open(found: tuple[Matter, ...], label: str) -> Row:
    """Count what is open, say how much of it is not told here, and give the one screen that shows it."""
    view, tongue = found[0].view, found[0].tongue
    opened = len(view.open_incidents)
    told = tongue.ngettext("%(num)s incident", "%(num)s incidents", opened)
    if opened > len(found):
        told = tongue.gettext(
            "%(incidents)s, %(told)s of them told here", incidents=told, told=tongue.number(len(found))
        )
    screen = " " + tongue.gettext("One screen: %(address)s", address=f"{view.about.url}/") if view.about.url else ""
    return plain(label, f"{told}.{screen}")
