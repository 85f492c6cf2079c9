"""The board: what is open, who is owed a word, what is planned, and the exact next command. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from heliograph.render import words
from heliograph.render.owed import Promise, promises
from heliograph.render.tongue import ENGLISH
from heliograph.terms import RESOLVED
from heliograph.view import Desk, Dossier, Due, Incident, Maintenance, View


class OpenRow(Struct, frozen=True, kw_only=True):
    """One open incident."""

    id: str
    title: str
    severity: str | None
    status: str
    since: datetime
    updated_at: datetime
    next_update: datetime | None
    late: bool
    told_public: bool
    closed_here: bool


class PlannedRow(Struct, frozen=True, kw_only=True):
    """One maintenance that is ahead or going on."""

    id: str
    title: str
    status: str
    start: datetime
    end: datetime


class Board(Struct, frozen=True, kw_only=True):
    """What the bare command shows."""

    site: str
    at: datetime
    timezone: str
    open: tuple[OpenRow, ...]
    due: tuple[Due, ...]
    blocked: tuple[str, ...]
    planned: tuple[PlannedRow, ...]
    next: str


def make_board(view: View, desk: Desk, at: datetime) -> Board:
    """Sum up what an insider with the widest view has to do now."""
    open_now = tuple(one for one in view.incidents if one.id in desk.open)
    dossiers = {dossier.id: dossier for dossier in desk.dossiers}
    due = sorted((due for one in open_now for due in dossiers[one.id].due), key=lambda due: (due.by, due.audience))
    planned = (*view.maintenance_in("active"), *view.maintenance_in("upcoming"))
    return Board(
        site=view.about.name,
        at=at,
        timezone=view.about.timezone,
        open=tuple(_open_row(one, dossiers[one.id]) for one in open_now),
        due=tuple(due),
        blocked=tuple(
            f"{pending.audience} sees {pending.shown} of {one.id}/{pending.update} until {pending.role} approves"
            for one in open_now
            for pending in dossiers[one.id].pending
        ),
        planned=tuple(_planned_row(work) for work in planned),
        next=_next_command(open_now, due),
    )


def board_lines(board: Board) -> Iterator[str]:
    """Lay the board out for a terminal."""
    zone = board.timezone
    yield f"{board.site} · {ENGLISH.moment(board.at, zone)}"
    yield ""
    if not board.open:
        yield "No known problems."
    for row in board.open:
        severity = (row.severity or "").upper().ljust(5)
        since = ENGLISH.moment_beside(row.since, board.at, zone)
        yield f"OPEN     {row.id}  {severity} {row.title}"
        yield f"         {words.status_word(ENGLISH, row.status)}, since {since}{_promise(row, board)}"
    yield from due_lines(board)
    for line in board.blocked:
        yield f"BLOCKED  {line}"
    for planned in board.planned:
        yield f"PLANNED  {ENGLISH.window(planned.start, planned.end, zone)}  {planned.title}"
    yield ""
    yield f"Next:  {board.next}"


def due_lines(board: Board) -> Iterator[str]:
    """Lay out what is owed: a promise, and below it who owes it to whom."""
    for promise in promises(ENGLISH, board.due):
        yield from _promise_lines(promise, board)


def _promise_lines(promise: Promise, board: Board) -> Iterator[str]:
    when = ENGLISH.moment_beside(promise.by, board.at, board.timezone)
    yield f"{'OVERDUE ' if promise.overdue else 'DUE     '} {promise.incident}  {promise.why}, {when}:"
    for owner, audiences in promise.owed:
        yield f"         {owner} to {ENGLISH.listing(audiences)}"


def _open_row(incident: Incident, dossier: Dossier) -> OpenRow:
    return OpenRow(
        id=incident.id,
        title=incident.title,
        severity=dossier.severity,
        status=incident.status,
        since=incident.started_at,
        updated_at=incident.updated_at,
        next_update=incident.next_update,
        late=incident.late,
        told_public=bool(dossier.said),
        closed_here=not incident.is_open,
    )


def _planned_row(work: Maintenance) -> PlannedRow:
    return PlannedRow(id=work.id, title=work.title, status=work.status, start=work.start, end=work.end)


def _promise(row: OpenRow, board: Board) -> str:
    told = "" if row.told_public else ", customers not told"
    if row.closed_here:
        return f"{told}; closed for colleagues, but others were not told so"
    if row.next_update is None:
        return f"{told}, no next word promised"
    when = ENGLISH.moment_beside(row.next_update, board.at, board.timezone)
    return f"{told}, next word was due {when}" if row.late else f"{told}, next word by {when}"


def _next_command(open_now: tuple[Incident, ...], due: list[Due]) -> str:
    if not open_now:
        return 'heliograph new incident "What customers cannot do"'
    waiting = next((entry.incident for entry in due if entry.overdue), due[0].incident if due else open_now[0].id)
    incident = next(one for one in open_now if one.id == waiting)
    status = incident.status if incident.is_open else RESOLVED
    return f'heliograph update {incident.id} {status} -m "What has changed for customers" --next 30m'
