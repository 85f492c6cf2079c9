"""Words owed, sorted as those who owe them see it: one promise is one thing to do, however many wait for it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby

import msgspec

from heliograph.render.tongue import N_, Tongue
from heliograph.view import Due


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """What one incident owes at one instant for one reason; `owed` pairs each owner with the audiences it owes it."""

    incident: str
    by: datetime
    overdue: bool
    why: str
    owed: tuple[tuple[str, tuple[str, ...]], ...]


WHY = {"promised": N_("promised"), "first": N_("first word"), "every": N_("next word")}


def promises(tongue: Tongue, dues: Iterable[Due]) -> tuple[Promise, ...]:
    """Put together what is owed by the same instant, of the same incident and for the same reason; soonest first."""
    told = groupby(sorted(dues, key=_order), key=_matter)
    return tuple(
        Promise(
            incident=incident,
            by=by,
            overdue=overdue,
            why=tongue.gettext(WHY[why]),
            owed=_by_owner(tongue, tuple(together)),
        )
        for (by, incident, overdue, why), together in told
    )


def _matter(due: Due) -> tuple[datetime, str, bool, str]:
    return due.by, due.incident, due.overdue, due.why


def _order(due: Due) -> tuple[tuple[datetime, str, bool, str], str]:
    return _matter(due), due.audience


def _by_owner(tongue: Tongue, together: tuple[Due, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    whom: dict[str, list[str]] = {}
    for due in together:
        whom.setdefault(due.owner or tongue.gettext("nobody"), []).append(due.audience)
    return tuple((owner, tuple(audiences)) for owner, audiences in sorted(whom.items()))
