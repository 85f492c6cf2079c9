"""The lines that insiders' digests are made of. Each says one thing, and is left out where there is nothing to say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Final

from heliograph.render import markup, sentences, words
from heliograph.render.digests.answers import answers
from heliograph.render.digests.case import CHANGED, Matter
from heliograph.render.digests.sheet import Row, plain, worded
from heliograph.view import Ask, Claim, Fact

_BEGINNING: Final = 74
"""How much is quoted of what was said before: about a line."""


def state(matter: Matter) -> Row:
    """Say since when, and which parts are in which state; a part that has just changed with what it was before."""
    claims = (*matter.incident.claims, *_recovered(matter))
    moved = {claim.component for claim in matter.newest.claims if claim.was != claim.state}
    since = matter.tongue.gettext("Since %(when)s", when=matter.at(matter.incident.started_at))
    parts = "".join(f" {_claim(matter, claim, moved)}." for claim in claims)
    note = matter.tongue.gettext(CHANGED) if moved and len(matter.incident.updates) > 1 else ""
    return plain(matter.tongue.gettext("STATE"), f"{since}.{parts}", note)


def _recovered(matter: Matter) -> list[Claim]:
    """Find what the newest update says works again, where the standing claims no longer name it."""
    standing = {claim.component for claim in matter.incident.claims}
    return [claim for claim in matter.newest.claims if claim.component not in standing]


def _claim(matter: Matter, claim: Claim, moved: set[str]) -> str:
    tongue, name = matter.tongue, matter.names[claim.component]
    if claim.component not in moved or claim.was == "operational":
        return words.part_state(tongue, name, claim.state)
    before, now = words.state_word(tongue, claim.was), words.state_word(tongue, claim.state)
    return tongue.gettext("%(part)s: %(before)s → %(now)s", part=name, before=before, now=now)


def facts(matter: Matter) -> Iterator[Row]:
    """Say each fact with the instant from which it is."""
    for fact in matter.incident.facts:
        new = matter.mark(fact.as_of)
        label, said = _fact(fact)
        yield plain(label, said, f"{matter.as_of(fact.as_of)} {new}".rstrip())


def _fact(fact: Fact) -> tuple[str, str]:
    """Label a fact and say its value in its unit; of `Customers affected`, the second word goes to the value."""
    value = f"{fact.value} {fact.unit}".strip()
    of, affected, rest = fact.name.partition(" affected")
    if affected and not rest and value[:1].isdigit():
        return of.upper(), sentences.sentence(value + affected)
    return fact.name.upper(), sentences.sentence(value)


def decision(matter: Matter) -> Iterator[Row]:
    """Say what will be decided, when and by whom."""
    coming = matter.incident.decision
    if coming is not None:
        when, what = matter.at(coming.at), f"{coming.what.rstrip('.')}."
        text = matter.tongue.gettext("%(when)s, %(who)s: %(what)s", when=when, who=coming.who, what=what)
        yield plain(matter.tongue.gettext("DECISION"), text, matter.mark(coming.said_at))


def asks(matter: Matter) -> Iterator[Row]:
    """Say what is needed of whom and not there yet, and what has just come."""
    yield from (_ask(matter, ask) for ask in matter.incident.asks if _is_current(matter, ask))


def asks_of_me(matter: Matter) -> Iterator[Row]:
    """Say, of those, what is needed of this very reader."""
    mine = (ask for ask in matter.incident.asks if ask.of.casefold() in matter.my_names)
    yield from (_ask(matter, ask) for ask in mine if _is_current(matter, ask))


def _is_current(matter: Matter, ask: Ask) -> bool:
    return ask.met_at is None or ask.met_at == matter.newest.at


def _ask(matter: Matter, ask: Ask) -> Row:
    say = matter.tongue.gettext
    since = say("%(what)s, of %(who)s, since %(when)s", what=ask.what, who=ask.of, when=matter.clock(ask.since))
    met = say("not met") if ask.met_at is None else say("met at %(when)s", when=matter.clock(ask.met_at))
    return plain(say("OPEN ASK"), sentences.sentence(f"{since}; {met}"), matter.mark(ask.met_at or ask.since))


def we_said(matter: Matter) -> Row:
    """Quote what customers were told: the newest words whole, those before by their beginning, older ones counted."""
    said = sorted(matter.dossier.said, key=lambda one: one.at, reverse=True)
    tongue = matter.tongue
    if not said:
        return plain(tongue.gettext("WE SAID"), tongue.gettext("Nothing to customers."))
    lines = [f'{matter.clock(one.at)} "{markup.to_line(one.markdown)}"' for one in said[:1]]
    lines += [
        f'{matter.clock(one.at)} "{sentences.shortened(markup.to_line(one.markdown), _BEGINNING)}"' for one in said[1:2]
    ]
    if len(said) > 2:  # noqa: PLR2004 -- two are quoted above
        before = len(said) - 2
        lines.append(tongue.ngettext("and %(num)s message before.", "and %(num)s messages before.", before))
    return plain(tongue.gettext("WE SAID"), "\n".join(lines))


def told(matter: Matter) -> Iterator[Row]:
    """Say who was reached, and when; nothing where no record was kept."""
    reached: dict[str, list[datetime]] = {}
    for name, instant in matter.dossier.told:
        reached.setdefault(name, []).append(instant)
    if reached:
        parts = (f"{name} {', '.join(map(matter.clock, instants))}" for name, instants in reached.items())
        yield plain(matter.tongue.gettext("TOLD"), " · ".join(parts))


def next_word(matter: Matter) -> Row:
    """Say when customers and this reader hear again, and what was due and has not come."""
    say = matter.tongue.gettext
    names = {"public": say("public"), matter.desk.reader: say("this digest")}
    owed: dict[tuple[datetime, bool], list[str]] = {}
    for audience, name in names.items():
        for due in matter.dossier.due:
            if due.audience == audience:
                owed.setdefault((due.by, due.overdue), []).append(name)
    promise = matter.incident.next_update
    if not owed and promise is not None:
        owed[promise, matter.incident.late] = [say("the next word")]
    told = [_owed(matter, by, late=late, whom=whom) for (by, late), whom in owed.items()]
    return plain(say("NEXT WORD"), " ".join(told) or say("No time was promised; when the state changes."))


def _owed(matter: Matter, by: datetime, *, late: bool, whom: list[str]) -> str:
    say, time, who = matter.tongue.gettext, matter.at(by), matter.tongue.listing(whom)
    if not late:
        return sentences.sentence(say("%(whom)s by %(when)s, sooner if the state changes", whom=who, when=time))
    if len(whom) == 1:
        return sentences.sentence(say("late: %(whom)s was due by %(when)s", whom=who, when=time))
    return sentences.sentence(say("late: %(whom)s were due by %(when)s", whom=who, when=time))


def people(matter: Matter, ending: str) -> Row:
    """Say who holds which role, and how to reach them without disturbing."""
    roles = ", ".join(f"{words.role_name(matter.tongue, role)} {holder}" for role, holder in matter.dossier.roles)
    return plain(matter.tongue.gettext("PEOPLE"), f"{sentences.sentence(roles)} {ending}" if roles else ending)


def customers_read(matter: Matter) -> Iterator[Row]:
    """Give the page on which customers read of it."""
    if matter.dossier.title_public is not None:
        yield plain(matter.tongue.gettext("PUBLIC PAGE"), matter.public_page)


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
