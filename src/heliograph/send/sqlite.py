"""The ledger in a file on this machine: SQLite, every change on the disk before a method returns.

The lease is a lock on a file beside it, which a dead process cannot keep. Should it be lost all the same (the file
removed, a file system without locks), the epoch fences: a sender that was overtaken changes nothing any more.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

import msgspec
from msgspec import structs

from heliograph.send.ledger import Addressee, Delivery, LedgerFailed, LedgerHeld, LedgerRefused, Planned, State
from heliograph.send.remembered import BASELINE, TAKEN_UP, Remembered, recall, remember
from heliograph.send.sqlite_file import answering, check_file, damaged, digest, make_tables, open_file
from heliograph.tree.fsio import PREFIX, Locked, locked

_PAGE: Final = 500
"""Deliveries read at once."""

_COLUMNS: Final = "key, message, address, language, state, attempts, reply, at"
_NAMES: Final = _COLUMNS.split(", ")
_DELIVERIES: Final = f"SELECT seq, {_COLUMNS}, digest FROM deliveries WHERE seq > ?"  # noqa: S608 -- fixed words
_SETTLE: Final = (
    "UPDATE deliveries SET state = :state, attempts = attempts + :more, reply = :reply, at = :at,"
    " digest = digest(key, message, address, language, :state, attempts + :more, :reply, :at)"
)
_NEW_MESSAGE: Final = "INSERT INTO messages VALUES (NULL, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_MESSAGES: Final = (
    "SELECT id, at, sha256, digest, at >= :since,"
    " CASE WHEN at >= :since THEN (SELECT frozen FROM words WHERE words.seq = messages.seq) END"
    " FROM messages ORDER BY seq"
)
_NEW_DELIVERY: Final = "INSERT INTO deliveries VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING"
_IN_EPOCH: Final = "(SELECT epoch FROM ledger) = :epoch"
_INTERRUPTED: Final = "the sender was interrupted before the server's answer was on record"

Work = Callable[[sqlite3.Connection], Any]


class SqliteLedger:
    """Implements `send.ledger.Ledger`; may be used by several threads. Without `with` it can only be read.

    `memory` is where the site remembers, apart from the ledger, how far it was. `create` is the operator's word that
    from now on this is the ledger: a missing one is made, and one older than remembered taken up, with all that waits
    in it AMBIGUOUS. Raises LedgerRefused for a file that is missing, damaged, another site's, of a newer program or
    older than remembered, LedgerFailed if it cannot be reached.
    """

    def __init__(self, path: Path, site: str, *, create: bool = False, memory: Path | None = None) -> None:
        path = path.parent.resolve() / path.name
        self._path = path
        self._memory = memory
        self._lock = threading.RLock()
        self._queue: deque[_Change] = deque()
        self._lease = contextlib.ExitStack()
        self._holds_lease = False
        # Before the ledger is looked at: a sender that begins meanwhile raises the ledger's epoch first.
        self._remembered = recall(memory) if memory else None
        self._connection = open_file(path, create=create)
        try:
            with answering(path):
                self._check(site, create=create)
        except BaseException:
            self._connection.close()
            raise

    # Opening

    def _check(self, site: str, *, create: bool) -> None:
        if create:
            with self._transaction() as connection:
                if make_tables(connection):
                    lineage = secrets.token_hex(16)
                    row = (site, lineage, 0, digest(site, lineage, 0))
                    connection.execute("INSERT INTO ledger VALUES (1, ?, ?, ?, ?)", row)
        check_file(self._connection, self._path)
        there, now = self._standing()
        if there != site:
            raise LedgerRefused(f"{self._path} is the ledger of another site ({there!r}); each site has its own")
        what = now.behind(self._remembered) if self._remembered else ""
        if what and not create:
            raise LedgerRefused(
                f"the ledger {self._path} {what}; put the newest back, or, if that is lost, take this one up with "
                f"{BASELINE}: what waits in it may have been sent, and is reported as ambiguous"
            )

    def _standing(self) -> tuple[str, Remembered]:
        """Read whose ledger it is, and how far it has come."""
        site, lineage, epoch = self._opening()
        counted = "SELECT (SELECT count(*) FROM messages) + (SELECT coalesce(sum(attempts), 0) FROM deliveries)"
        return site, Remembered(lineage, epoch, self._connection.execute(counted).fetchone()[0])

    def _opening(self) -> tuple[str, str, int]:
        """Read whose ledger it is, which one, and its epoch."""
        rows = self._connection.execute("SELECT site, lineage, epoch, digest FROM ledger").fetchall()
        if len(rows) != 1 or digest(*rows[0][:-1]) != rows[0][-1]:
            damaged(self._path)
        site, lineage, epoch, _ = rows[0]
        return site, lineage, epoch

    # The sender's lease

    def __enter__(self) -> Self:
        """Take the lease, raise the epoch, and settle what a dead sender left open."""
        lock = self._path.with_name(f"{PREFIX}{self._path.name}.lock")
        with contextlib.ExitStack() as lease:
            try:
                lease.enter_context(locked(lock))
            except Locked:
                raise LedgerHeld(self._path, f"{self._path}: another is sending from this ledger") from None
            with answering(self._path), self._transaction():
                self._raise_epoch()
                self._leave_open("'COMMITTING'", _INTERRUPTED)
                _, self._came = self._standing()
            self._remember(self._came)
            self._holds_lease = True
            self._lease = lease.pop_all()
        return self

    def _raise_epoch(self) -> None:
        """Raise the epoch, above any that is remembered; a ledger taken up may not send what waits in it."""
        site, now = self._standing()
        epoch = now.epoch + 1
        if self._remembered and now.behind(self._remembered):
            epoch = max(now.epoch, self._remembered.epoch) + 1
            self._leave_open("'PLANNED', 'DEFERRED', 'COMMITTING'", TAKEN_UP)
        row = (epoch, digest(site, now.lineage, epoch))
        self._connection.execute("UPDATE ledger SET epoch = ?, digest = ?", row)

    def _leave_open(self, states: str, reply: str) -> None:
        """Call all in some states AMBIGUOUS, as of when they were last heard of."""
        values = {"state": "AMBIGUOUS", "more": 0, "reply": reply}
        self._connection.execute(f"{_SETTLE.replace(':at', 'at')} WHERE state IN ({states})", values)

    def _advance(self, steps: int) -> None:
        """Count what this sender has done, so that it need not be counted in the ledger each time."""
        self._came = structs.replace(self._came, progress=self._came.progress + steps)

    def _remember(self, now: Remembered) -> None:
        if self._memory:
            with answering(self._path):
                remember(self._memory, now)
            self._remembered = now

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remember how far it came, and give the lease back."""
        try:
            with contextlib.suppress(LedgerFailed), self._lock, answering(self._path):
                _, now = self._standing()
                if now.epoch == self._came.epoch:
                    self._remember(now)
        finally:
            self._holds_lease = False
            self._lease.close()

    def close(self) -> None:
        """Let go of the file; what it says is on the disk already."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._connection.close()

    @property
    def epoch(self) -> int:
        """How many times a sender has begun."""
        with self._lock, answering(self._path):
            return self._opening()[2]

    # Reading

    def planned(self, since: datetime | None = None) -> tuple[Planned, ...]:
        """Give what was planned, at or after `since` if that is given, oldest first.

        Raises LedgerRefused for one that is not as it was frozen; of older ones only their words are not looked at.
        """
        with self._lock, answering(self._path):
            rows = self._connection.execute(_MESSAGES, {"since": _written(since) if since else ""})
            return tuple(planned for row in rows if (planned := self._thawed(*row)) is not None)

    def _thawed(
        self, identity: str, at: str, summed: str, row: str, is_wanted: int, frozen: bytes | None
    ) -> Planned | None:
        if digest(identity, at, summed) != row:
            damaged(self._path)
        if not is_wanted:
            return None
        if frozen is None or hashlib.sha256(frozen).hexdigest() != summed:
            damaged(self._path)
        planned = msgspec.json.decode(frozen, type=Planned)
        return planned if (planned.id, _written(planned.at)) == (identity, at) else damaged(self._path)

    def deliveries(self, message: str = "", states: Sequence[State] = ()) -> Iterator[Delivery]:
        """Go through deliveries in the order planned, so many at a time: they may change meanwhile."""
        last = 0
        while page := self._page(message, states, last):
            yield from (delivery for _, delivery in page)
            last = page[-1][0]

    def _page(self, message: str, states: Sequence[State], last: int) -> list[tuple[int, Delivery]]:
        asked = _DELIVERIES
        asked += " AND message = ?" if message else ""
        asked += f" AND state IN ({', '.join('?' * len(states))})" if states else ""
        values = (last, *((message,) if message else ()), *states)
        with answering(self._path):
            with self._lock:
                rows = self._connection.execute(f"{asked} ORDER BY seq LIMIT {_PAGE}", values).fetchall()
            return [(seq, self._delivery(*row)) for seq, *row in rows]

    def _delivery(self, *row: Any) -> Delivery:
        *columns, summed = row
        if digest(*columns) != summed:
            damaged(self._path)
        return msgspec.convert(dict(zip(_NAMES, columns, strict=True)), Delivery)

    # Changing

    def plan(self, planned: Planned, addressees: Iterable[Addressee]) -> None:
        """Write a message down with all its addressees, in one transaction; a known key is not planned again."""
        frozen = msgspec.json.encode(planned)
        columns = (planned.id, _written(planned.at), hashlib.sha256(frozen).hexdigest())
        self._demand_lease()
        with self._lock:
            with self._transaction() as connection:
                with answering(self._path):
                    if self._opening()[1:] != (self._came.lineage, self._came.epoch):
                        raise LedgerFailed(f"the ledger {self._path} was taken over by another sender; run again")
                    found = connection.execute(_NEW_MESSAGE, (*columns, digest(*columns)))
                    if found.rowcount:
                        connection.execute("INSERT INTO words VALUES (?, ?)", (found.lastrowid, frozen))
                rows = (_row(planned, addressee) for addressee in addressees)
                # What reads the addressees may fail in its own ways, which say nothing of the ledger.
                while found.rowcount and (page := list(islice(rows, _PAGE))):
                    with answering(self._path):
                        connection.executemany(_NEW_DELIVERY, page)
            if found.rowcount:
                self._advance(1)
                self._remember(self._came)

    def commit(self, key: str, at: datetime, *, again: bool = False) -> bool:
        """Pass one that waits on to COMMITTING, with `again` an AMBIGUOUS one too."""
        states = "'PLANNED', 'DEFERRED', 'AMBIGUOUS'" if again else "'PLANNED', 'DEFERRED'"
        return self._settle(f"state IN ({states})", key, "COMMITTING", "", at, 1)

    def settle(self, key: str, state: State, reply: str, at: datetime) -> None:
        """Record what became of one; SENT and AMBIGUOUS need that it was committed."""
        if self._settle("state = 'COMMITTING'", key, state, reply, at, 0) or state in ("SENT", "AMBIGUOUS"):
            return
        more = 1 if state in ("DEFERRED", "FAILED") else 0
        self._settle("state IN ('PLANNED', 'DEFERRED')", key, state, reply, at, more)

    def resolve(self, key: str, state: Literal["SENT", "PLANNED"], at: datetime) -> bool:
        """Settle an AMBIGUOUS or FAILED one by hand."""
        return self._settle("state IN ('AMBIGUOUS', 'FAILED')", key, state, "resolved by hand", at, 0)

    def _settle(self, where: str, key: str, state: State, reply: str, at: datetime, more: int) -> bool:
        values = {"state": state, "more": more, "reply": reply, "at": _written(at), "key": key}

        def change(connection: sqlite3.Connection) -> bool:
            found = connection.execute(f"{_SETTLE} WHERE key = :key AND {where} AND {_IN_EPOCH}", values)
            return found.rowcount == 1

        self._demand_lease()
        values["epoch"] = self._came.epoch
        is_done = bool(self._durably(change))
        if is_done and more:
            with self._lock:
                self._advance(more)
        return is_done

    def _demand_lease(self) -> None:
        if not self._holds_lease:
            raise RuntimeError("the ledger changes within `with` only")

    def _durably(self, work: Work) -> Any:
        """Carry out a change; those that come while the disk is busy share its next transaction."""
        mine = _Change(work)
        self._queue.append(mine)
        with self._lock:
            if not mine.is_done:
                self._carry_out([self._queue.popleft() for _ in range(len(self._queue))])
        if mine.error:
            raise mine.error
        return mine.result

    def _carry_out(self, changes: Sequence[_Change]) -> None:
        try:
            with answering(self._path), self._transaction() as connection:
                results = [change.work(connection) for change in changes]
            for change, result in zip(changes, results, strict=True):
                change.result, change.error = result, None
        except (LedgerFailed, LedgerRefused) as error:
            for change in changes:
                change.error = type(error)(*error.args)
        finally:
            for change in changes:
                change.is_done = True

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All of it on the disk when this ends, or nothing."""
        connection = self._connection
        with answering(self._path):
            connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            with answering(self._path):
                connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise


class _Change:
    """A change that waits for its transaction."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.is_done = False
        self.result: Any = None
        self.error: LedgerFailed | LedgerRefused | None = LedgerFailed("the ledger's change was interrupted")


def _row(planned: Planned, addressee: Addressee) -> tuple[str | int, ...]:
    columns = (addressee.key, planned.id, addressee.address, addressee.language, "PLANNED", 0, "", _written(planned.at))
    return (*columns, digest(*columns))


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
