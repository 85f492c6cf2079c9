"""Hands over what waits in a ledger: each delivery is accepted at most once, or reported as ambiguous or failed.

The order is all: the ledger says COMMITTING, durably, before a server can accept; what it answers is written after. A
run that dies in between leaves COMMITTING behind, which the next one calls AMBIGUOUS and never sends again by itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec import Struct

from heliograph.message import Message
from heliograph.send.attempt import Clock, Commit, Connection, certain
from heliograph.send.breaker import Breaker
from heliograph.send.courier import Courier, Parcel, Verdict
from heliograph.send.interrupt import interruptible
from heliograph.send.ledger import WAITING, Delivery, Ledger, LedgerFailed, LedgerRefused, Planned, State
from heliograph.send.plan import WEEKLY_AGE
from heliograph.send.report import Report, state_of

Make = Callable[[Planned, Delivery], bytes]

_NAP: Final = 0.1
"""Seconds slept at once, so that an interrupt is heeded."""

BACK_OFF: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30))


class Rules(Struct, frozen=True, kw_only=True):
    """How a run goes about it.

    Nothing older than `max_age` is sent. `connections` are used at once, each for `per_connection` mails. What was
    deferred is tried again after `back_off`, by its number of attempts; this run waits for that no longer than
    `patience` in all and leaves the rest to the next. It stops after so many `refusals` in a row, or when more than the
    share `failing` is refused for good. `idempotent_for` is how long the server knows by its key what it has accepted:
    within that time from planning, what is AMBIGUOUS is tried again.
    """

    max_age: timedelta
    connections: int = 4
    per_connection: int = 50
    back_off: tuple[timedelta, ...] = BACK_OFF
    patience: timedelta = timedelta(seconds=20)
    refusals: int = 5
    failing: float = 0.05
    idempotent_for: timedelta = timedelta(0)

    def is_late(self, message: Message, now: datetime) -> bool:
        """Tell whether a message has become too old to be of use."""
        oldest = max(self.max_age, WEEKLY_AGE) if message.kind == "weekly" else self.max_age
        return now - message.at > oldest

    def due(self, delivery: Delivery) -> datetime:
        """Say from when on a delivery may be tried."""
        if delivery.state == "PLANNED" or not self.back_off:
            return delivery.at
        return delivery.at + self.back_off[min(max(delivery.attempts, 1), len(self.back_off)) - 1]


def deliver(
    ledger: Ledger,
    planned: Sequence[Planned],
    make: Make,
    open_courier: Callable[[], Courier],
    *,
    clock: Clock,
    rules: Rules,
    tell: Callable[[Delivery], None],
) -> Report:
    """Send what waits of some messages, oldest first, within `with ledger`. Say what became of all of their deliveries.

    `make` gives a delivery's bytes from its frozen message; what it raises is that delivery's failure. `tell` hears of
    each as its state changes, from one thread at a time. An interrupt or SIGTERM lets what is in flight end and leaves
    the rest PLANNED. Never raises for what servers do, nor for a ledger that cannot be written: the report says so.
    """
    run = _Run(ledger, make, open_courier, clock, rules, tell)
    ordered = sorted(planned, key=lambda one: one.message.at)
    with interruptible(run.stop):
        run.all_of(ordered)
    counts, listed = state_of(ledger, ordered)
    return Report(
        counts=counts, listed=listed, accepted=run.accepted, stopped=run.why, later=run.later, is_over=run.is_over
    )


class _Run:
    """One run over its connections: what they share."""

    def __init__(
        self,
        ledger: Ledger,
        make: Make,
        open_courier: Callable[[], Courier],
        clock: Clock,
        rules: Rules,
        tell: Callable[[Delivery], None],
    ) -> None:
        self.ledger = ledger
        self.make = make
        self.open_courier = open_courier
        self.clock = clock
        self.rules = rules
        self.accepted = 0
        self.later: datetime | None = None
        self.breaker = Breaker(rules.refusals, rules.failing)
        self._tell = tell
        self._why = ""
        self._fault: BaseException | None = None
        self._talking = threading.Lock()

    # Why it ends

    def stop(self, why: str) -> None:
        """Begin nothing new. A signal's handler calls this: it takes no lock."""
        self._why = self._why or why

    @property
    def is_over(self) -> bool:
        """Tell whether it was stopped by more than what servers did."""
        return bool(self._why)

    @property
    def why(self) -> str:
        """Say why it stopped, empty if it did not."""
        return self._why or self.breaker.why

    # All there is to do

    def all_of(self, planned: Sequence[Planned]) -> None:
        """Go over what waits, again and again while something deferred comes due within what patience is left."""
        latest = self.clock() + self.rules.patience
        self._once(planned)
        while self.later and self.later <= latest and self._slept_until(self.later):
            self._once(planned)

    def _slept_until(self, instant: datetime) -> bool:
        """Wait for an instant; False if the run is over first."""
        while not self.why and (left := (instant - self.clock()).total_seconds()) > 0:
            time.sleep(min(left, _NAP))
        return not self.why

    def _once(self, planned: Sequence[Planned]) -> None:
        """Try everything that is due, on all connections."""
        self.later = None
        waiting = _Shared(self._waiting(planned))
        workers = [
            threading.Thread(target=self._worker, args=(waiting,), daemon=True)
            for _ in range(max(self.rules.connections, 1))
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        if self._fault is not None:
            raise self._fault

    def _waiting(self, planned: Sequence[Planned]) -> Iterator[tuple[Planned, Delivery]]:
        """Find what is due; what has become too old meanwhile expires here."""
        for one in planned:
            for delivery in self.ledger.deliveries(one.id, self._states(one)):
                now = self.clock()
                if self.rules.is_late(one.message, now):
                    self._expire(delivery)
                elif self.rules.due(delivery) <= now:
                    yield one, delivery
                else:
                    self._note_later(self.rules.due(delivery))

    def _states(self, planned: Planned) -> Sequence[State]:
        """Name the states to try: the server's memory is counted from planning, which came before any attempt."""
        is_known = self.clock() - planned.at < self.rules.idempotent_for
        return (*WAITING, "AMBIGUOUS") if is_known else WAITING

    def _expire(self, delivery: Delivery) -> None:
        if delivery.state != "AMBIGUOUS":
            self.settle(delivery, "EXPIRED", "too old to be of use")

    def _note_later(self, due: datetime) -> None:
        with self._talking:
            self.later = min(self.later or due, due)

    def _worker(self, waiting: _Shared) -> None:
        try:
            with Connection(self.open_courier, self.rules.per_connection) as connection:
                while not self.why and (found := waiting.next()):
                    self._one(connection, *found)
        except (LedgerFailed, LedgerRefused) as error:
            self.stop(str(error))
        except BaseException as error:  # noqa: BLE001 -- a fault of ours: told by the thread that waits for this one
            self._fault = error
            self.stop(type(error).__name__)

    # One delivery

    def _one(self, connection: Connection, planned: Planned, delivery: Delivery) -> None:
        try:
            data = self.make(planned, delivery)
        except Exception as error:  # noqa: BLE001 -- whatever is wrong with it; its words may hold the message's
            if delivery.state != "AMBIGUOUS":
                self.settle(delivery, "FAILED", f"not sent: {type(error).__name__}")
            return
        commit = Commit(self.ledger, delivery, self.clock)
        verdict = connection.hand_over(Parcel(delivery.key, delivery.address, data), commit)
        if commit.error is not None:
            raise commit.error
        if verdict.state == "PLANNED" and not commit.is_done:
            self.stop("another sender has taken over")
            return
        self._settle_verdict(planned, delivery, certain(verdict, commit, delivery))

    def _settle_verdict(self, planned: Planned, delivery: Delivery, verdict: Verdict) -> None:
        self.breaker.note(verdict)
        if delivery.state == "AMBIGUOUS" and verdict.state not in ("SENT", "AMBIGUOUS"):
            return
        settled = self.settle(delivery, verdict.state, verdict.reply)
        if settled.state in self._states(planned):
            self._note_later(self.rules.due(settled))

    def settle(self, delivery: Delivery, state: State, reply: str) -> Delivery:
        """Write down what became of a delivery, then tell."""
        at = self.clock()
        self.ledger.settle(delivery.key, state, reply, at)
        more = 0 if state == "EXPIRED" else 1
        settled = msgspec.structs.replace(delivery, state=state, reply=reply, at=at, attempts=delivery.attempts + more)
        with self._talking:
            self.accepted += state == "SENT"
            self._tell(settled)
        return settled


class _Shared:
    """An iterator that several threads take from."""

    def __init__(self, items: Iterator[tuple[Planned, Delivery]]) -> None:
        self._items = items
        self._lock = threading.Lock()

    def next(self) -> tuple[Planned, Delivery] | None:
        """Take the next, None when there is none."""
        with self._lock:
            return next(self._items, None)
