"""What is due after a week: words promised, decisions, planned work, asks not met, accounts not yet published."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from heliograph.render import sentences
from heliograph.render.digests.sheet import Row, plain
from heliograph.render.digests.week import Week
from heliograph.render.digests.word import owed_to
from heliograph.view import Incident, Maintenance

_ACCOUNTS: Final = 5
"""So many accounts owed are named."""


def rows(week: Week) -> Iterator[Row]:
    """Say what is due: first by date, then what has none."""
    dated = [*_promises(week), *_decisions(week), *_planned(week)]
    yield from (row for _, row in sorted(dated, key=lambda pair: pair[0]))
    yield from _asks(week)
    yield from _accounts(week)


def planned(week: Week, one: Maintenance, start: datetime, end: datetime) -> str:
    """Name planned work with its hours, to stand beside its day: `Planned work: database upgrade, 02:00–03:30 UTC.`."""
    named = week.tongue.gettext("Planned work: %(title)s", title=sentences.after_colon(week.tongue, one.title))
    return f"{named}, {week.times(start, end)}."


def _promises(week: Week) -> Iterator[tuple[datetime, Row]]:
    """Say when the next word comes, to whom of those this reader should know of, and what of that is late."""
    for one in week.open:
        for by, whom, late in _owed(week, one):
            title = sentences.headline(week.title(one))
            told = week.tongue.gettext("Next word: %(title)s", title=title)
            text = sentences.sentence(f"{told} ({whom})" if whom else told)
            yield by, plain(_when(week, by), text, week.tongue.gettext("late") if late else "")


def _owed(week: Week, one: Incident) -> Iterator[tuple[datetime, str, bool]]:
    dossier, say = week.dossier(one), week.tongue.gettext
    if week.desk is None or dossier is None:
        if one.next_update is not None:
            yield one.next_update, "", one.late
        return
    names = {"public": say("public"), week.desk.reader: say("this digest")}
    for (by, late), whom in sorted(owed_to(dossier, names).items()):
        yield by, week.tongue.listing(whom), late


def _decisions(week: Week) -> Iterator[tuple[datetime, Row]]:
    for one in week.open:
        coming = one.decision
        if coming is not None and coming.at >= week.end:
            what = week.tongue.gettext("Decision, %(who)s: %(what)s", who=coming.who, what=coming.what)
            yield coming.at, plain(_when(week, coming.at), f"{sentences.sentence(what)}\n{week.title(one)}.")


def _planned(week: Week) -> Iterator[tuple[datetime, Row]]:
    for one in week.ahead:
        work, to = week.work(one), week.view.customer
        both = work.window_of(to) if to else work.window
        lines = (planned(week, one, one.start, one.end), *([f"{both}."] if both != work.window else ()))
        yield one.start, plain(week.day(one.start), "\n".join(lines))


def _asks(week: Week) -> Iterator[Row]:
    say = week.tongue.gettext
    for one in week.open:
        for ask in one.asks:
            if ask.met_at is None:
                since = week.moment(ask.since)
                told = say("%(what)s, of %(who)s, since %(when)s", what=ask.what, who=ask.of, when=since)
                yield plain(say("OPEN ASK"), f"{sentences.sentence(told)}\n{week.title(one)}.")


def _accounts(week: Week) -> Iterator[Row]:
    """Name grave incidents whose account is owed; more than a few are counted."""
    say, found = week.tongue.gettext, week.unaccounted
    for one in found[:_ACCOUNTS]:
        solved = week.moment(one.resolved_at or one.updated_at)
        text = say("%(title)s: solved %(when)s, not published yet.", title=week.title(one), when=solved)
        yield plain(say("ACCOUNT"), text)
    if found[_ACCOUNTS:]:
        told = week.tongue.ngettext(
            "and %(num)s more that is not published.",
            "and %(num)s more that are not published.",
            len(found) - _ACCOUNTS,
        )
        yield plain(say("ACCOUNT"), told)


def _when(week: Week, instant: datetime) -> str:
    """Say a due time as a label: `Sat 21 Nov, 14:50`."""
    return week.tongue.joined(week.day(instant), week.tongue.clock(instant, week.zone))
