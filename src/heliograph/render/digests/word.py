"""The lines of insiders' digests on what was told: to whom, when, by whom, what comes next, and where to read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from heliograph.render import markup, sentences, words
from heliograph.render.digests.case import NEW, Matter
from heliograph.render.digests.sheet import Row, plain
from heliograph.view import Dossier

_BEGINNING: Final = 74
"""How much is quoted of what was said before: about a line."""

_TIMES: Final = 3
"""So many times of being told are listed one by one."""


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
    """Say who else was reached, and when, and whether that was in the time agreed; nothing without a record."""
    reached: dict[str, list[str]] = {}
    for name, instant in matter.dossier.told:
        times = reached.setdefault(name, [])
        if name != matter.desk.name and matter.clock(instant) not in times:
            times.append(matter.clock(instant))
    for name, notice, until in matter.dossier.agreed:
        if reached.get(name):
            reached[name][0] += _kept(matter, name, notice, until)
    parts = [f"{name} {_few(matter, times)}" for name, times in reached.items() if times]
    if parts:
        yield plain(matter.tongue.gettext("TOLD"), " · ".join(parts))


def _kept(matter: Matter, name: str, notice: timedelta, until: datetime) -> str:
    """Say whether a customer was first told in the time agreed: ` (agreed 15 minutes: kept)`."""
    say, first = matter.tongue.gettext, min((at for one, at in matter.dossier.told if one == name), default=until)
    span = matter.tongue.span(notice)
    told = say("agreed %(span)s: kept", span=span) if first <= until else say("agreed %(span)s: missed", span=span)
    return f" ({told})"


def _few(matter: Matter, times: list[str]) -> str:
    """List the times of some messages, of many the first, the last and how many they were."""
    if len(times) <= _TIMES:
        return ", ".join(times)
    return matter.tongue.gettext(
        "%(first)s to %(last)s, %(num)s times", first=times[0], last=times[-1], num=matter.tongue.number(len(times))
    )


def next_word(matter: Matter) -> Row:
    """Say when customers and this reader hear again, and what was due and has not come."""
    say = matter.tongue.gettext
    names = {"public": say("public"), matter.desk.reader: say("this digest")}
    owed = owed_to(matter.dossier, names)
    promise = matter.incident.next_update
    if not owed and promise is not None:
        owed[promise, matter.incident.late] = [say("the next word")]
    told = [_owed(matter, by, late=late, whom=whom) for (by, late), whom in owed.items()]
    return plain(say("NEXT WORD"), " ".join(told) or say("No time was promised; when the state changes."))


def owed_to(dossier: Dossier, names: Mapping[str, str]) -> dict[tuple[datetime, bool], list[str]]:
    """Sort the words owed to some audiences by when they are due, and whether that is past; by name."""
    dues = {due.audience: due for due in dossier.due}
    owed: dict[tuple[datetime, bool], list[str]] = {}
    for audience, name in names.items():
        if due := dues.get(audience):
            owed.setdefault((due.by, due.overdue), []).append(name)
    return owed


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


def owed_after_end(matter: Matter) -> Iterator[Row]:
    """Say of what is over for this reader that customers still wait to hear so."""
    if matter.incident.id not in matter.desk.open:
        return
    say = matter.tongue.gettext
    for by, is_late in owed_to(matter.dossier, {"public": ""}):
        late = say("Late: customers were to hear that it is solved by %(when)s.", when=matter.at(by))
        coming = say("Customers hear that it is solved by %(when)s.", when=matter.at(by))
        yield plain(say("NEXT WORD"), late if is_late else coming)


def account(matter: Matter) -> Row:
    """Say whether the account of a problem has been published."""
    say, account = matter.tongue.gettext, matter.incident.postmortem
    if account is None:
        return plain(say("ACCOUNT"), say("The account of it is not published yet."))
    age = say(NEW) if matter.is_account_untold else matter.as_of(account.at)
    return plain(say("ACCOUNT"), say("The account is published."), age)
