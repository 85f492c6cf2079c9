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
    parts = "".join(f" {_claim(matter, claim, moved)}." for claim in claims)
    note = CHANGED if moved and len(matter.incident.updates) > 1 else ""
    return plain("STATE", f"Since {matter.at(matter.incident.started_at)}.{parts}", note)


def _recovered(matter: Matter) -> list[Claim]:
    """Find what the newest update says works again, where the standing claims no longer name it."""
    standing = {claim.component for claim in matter.incident.claims}
    return [claim for claim in matter.newest.claims if claim.component not in standing]


def _claim(matter: Matter, claim: Claim, moved: set[str]) -> str:
    now = words.STATE_WORDS[claim.state]
    before = claim.component in moved and claim.was != "operational"
    return f"{matter.names[claim.component]}: " + (f"{words.STATE_WORDS[claim.was]} → {now}" if before else now)


def facts(matter: Matter) -> Iterator[Row]:
    """Say each fact with the instant from which it is."""
    for fact in matter.incident.facts:
        new = matter.mark(fact.as_of)
        label, said = _fact(fact)
        yield plain(label, said, f"as of {matter.clock(fact.as_of)}" + (f" {new}" if new else ""))


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
        text = f"{matter.at(coming.at)}, {coming.who}: {coming.what.rstrip('.')}."
        yield plain("DECISION", text, matter.mark(coming.said_at))


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
    met = "not met" if ask.met_at is None else f"met at {matter.clock(ask.met_at)}"
    told = sentences.sentence(f"{ask.what}, of {ask.of}, since {matter.clock(ask.since)}; {met}")
    return plain("OPEN ASK", told, matter.mark(ask.met_at or ask.since))


def we_said(matter: Matter) -> Row:
    """Quote what customers were told: the newest words whole, those before by their beginning, older ones counted."""
    said = sorted(matter.dossier.said, key=lambda one: one.at, reverse=True)
    if not said:
        return plain("WE SAID", "Nothing to customers.")
    lines = [f'{matter.clock(one.at)} "{markup.to_line(one.markdown)}"' for one in said[:1]]
    lines += [
        f'{matter.clock(one.at)} "{sentences.shortened(markup.to_line(one.markdown), _BEGINNING)}"' for one in said[1:2]
    ]
    if len(said) > 2:  # noqa: PLR2004 -- two are quoted above
        lines.append(f"and {words.count(len(said) - 2, 'message', 'messages')} before.")
    return plain("WE SAID", "\n".join(lines))


def told(matter: Matter) -> Iterator[Row]:
    """Say who was reached, and when; nothing where no record was kept."""
    reached: dict[str, list[datetime]] = {}
    for name, instant in matter.dossier.told:
        reached.setdefault(name, []).append(instant)
    if reached:
        parts = (f"{name} {', '.join(map(matter.clock, instants))}" for name, instants in reached.items())
        yield plain("TOLD", " · ".join(parts))


def next_word(matter: Matter) -> Row:
    """Say when customers and this reader hear again, and what was due and has not come."""
    names = {"public": "public", matter.desk.reader: "this digest"}
    owed: dict[tuple[datetime, bool], list[str]] = {}
    for audience, name in names.items():
        for due in matter.dossier.due:
            if due.audience == audience:
                owed.setdefault((due.by, due.overdue), []).append(name)
    promise = matter.incident.next_update
    if not owed and promise is not None:
        owed[promise, matter.incident.late] = ["the next word"]
    told = [_owed(matter, by, late=late, whom=words.listing(whom)) for (by, late), whom in owed.items()]
    return plain("NEXT WORD", " ".join(told) or "No time was promised; when the state changes.")


def _owed(matter: Matter, by: datetime, *, late: bool, whom: str) -> str:
    time = matter.at(by)
    if late:
        return sentences.sentence(f"late: {whom} {'were' if ' and ' in whom else 'was'} due by {time}")
    return sentences.sentence(f"{whom} by {time}, sooner if the state changes")


def people(matter: Matter, ending: str) -> Row:
    """Say who holds which role, and how to reach them without disturbing."""
    roles = ", ".join(f"{role.replace('_', ' ')} {holder}" for role, holder in matter.dossier.roles)
    return plain("PEOPLE", f"{sentences.sentence(roles)} {ending}" if roles else ending)


def customers_read(matter: Matter) -> Iterator[Row]:
    """Give the page on which customers read of it."""
    if matter.dossier.title_public is not None:
        yield plain("PUBLIC PAGE", matter.public_page)


def own_words(matter: Matter, unlabelled: str) -> Iterator[Row]:
    """Give the newest words written for this reader, by their own labels where they have any."""
    for markdown, instant in islice(matter.all_own_words(), 1):
        for label, text in answers(markdown).items():
            yield worded(label.upper() or unlabelled, text, matter.age(instant))


def earlier_own_words(matter: Matter) -> Iterator[Row]:
    """Give the words written for this reader before those, in one line."""
    for markdown, instant in islice(matter.all_own_words(), 1, 2):
        yield plain("EARLIER", markup.to_line(markdown), f"as of {matter.clock(instant)}")


def all_open(found: tuple[Matter, ...], label: str = "ALL OPEN") -> Row:
    """Count what is open, say how much of it is not told here, and give the one screen that shows it."""
    view = found[0].view
    screen = f" One screen: {view.about.url}/" if view.about.url else ""
    opened = len(view.open_incidents)
    here = f", {len(found)} of them told here" if opened > len(found) else ""
    return plain(label, f"{words.count(opened, 'incident', 'incidents')}{here}.{screen}")
