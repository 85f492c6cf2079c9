"""The ledger in a private bucket, one object per delivery: for runners that keep no disk, and for teams.

Below the prefix stand `ledger.json` (whose it is, and its epoch), `lock`, `plans/<at>-<id>.json` (a message with all
its addressees), `deliveries/<id>/<key>.json` (no object: only planned), `closed/` and `summaries/` (what saves
reading), and `probe`. Only the store's conditions decide who goes first; the lease saves senders from getting so far.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

from msgspec.structs import replace

from heliograph.buckets import Bucket
from heliograph.operations import BucketPlace
from heliograph.send.head import HEAD, Head, begin, checked, missing, raise_epoch
from heliograph.send.lease import TTL, Lease
from heliograph.send.ledger import WAITING, Addressee, Delivery, LedgerFailed, LedgerRefused, Planned, State
from heliograph.send.plans import Plans
from heliograph.send.remembered import BASELINE, TAKEN_UP, Remembered, recall, remember
from heliograph.send.standings import Seen, Standing, Standings, answering
from heliograph.store_faults import StoreRefused

_LEFT: Final = "its sender ended before the reply was written down"


class BucketLedger:
    """Implements `send.ledger.Ledger`. `planned` and `deliveries` may be asked without the lease as well.

    `memory` is where the site remembers, apart from the ledger, how far it was. `create` is the operator's word that
    from now on this is the ledger: a missing one is made, and one older than remembered taken up, with all that waits
    in it AMBIGUOUS; otherwise both are LedgerRefused. Where the store does not answer all methods raise LedgerFailed.
    """

    def __init__(
        self, place: BucketPlace, site: str, *, create: bool = False, ttl: timedelta = TTL, memory: Path | None = None
    ) -> None:
        with answering():
            self._bucket = Bucket(place)
        self._site = site
        self._create = create
        self._ttl = ttl
        self._memory = memory
        self._reset()

    def _reset(self) -> None:
        """Forget what was read: it may be old."""
        self._lease = Lease(self._bucket, self._ttl)
        self._standings = Standings(self._bucket)
        self._opened: Head | None = None
        self._plans = Plans(self._bucket)
        # Before the ledger is looked at: a sender that begins meanwhile raises the ledger's epoch first.
        self._remembered = recall(self._memory) if self._memory else None

    @answering()
    def __enter__(self) -> Self:
        self._reset()
        self._bucket.reach()
        found = self._bucket.read(HEAD)
        if found is None and not self._create:
            raise missing(self._bucket)
        self._bucket.check_conditions("probe")
        head = begin(self._bucket, self._site) if found is None else checked(self._bucket, found, self._site)
        is_behind = self._is_behind(head)
        self._lease.take(head.epoch + 1)
        try:
            least = self._remembered.epoch if is_behind and self._remembered else 0
            self._opened = raise_epoch(self._bucket, self._site, least)
            self._recover()
            if is_behind:
                self._take_up()
            self._remember()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._lease.lost:
            self._summarise()
        self._end()

    @property
    def epoch(self) -> int:
        """How many times a sender has begun."""
        return self._head.epoch

    @property
    def lineage(self) -> str:
        """What tells this ledger from one that was made anew in its place."""
        return self._head.lineage

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._bucket.close()

    @answering()
    def planned(self, since: datetime | None = None) -> tuple[Planned, ...]:
        """Give what was planned, at or after `since` if that is given, oldest first. Older messages are not read."""
        _ = self._head
        return self._plans.all(since)

    @answering()
    def plan(self, planned: Planned, addressees: Iterable[Addressee]) -> None:
        """Write a message down with all its addressees, in one object; a known key is not planned again."""
        if self._lease.lost:
            raise LedgerFailed(f"{self._bucket}: another sender may have taken over; run again")
        self._plans.add(planned, addressees)
        self._remember()

    def deliveries(self, message: str = "", states: Sequence[State] = ()) -> Iterator[Delivery]:
        """Go through deliveries in the order planned; one message's are in memory at a time."""
        with answering():
            _ = self._head
            names = self._plans.names(message)
        given: dict[str, set[str]] = {}
        for name in names:
            for delivery in self._deliveries_of(name, given):
                if not states or delivery.state in states:
                    yield delivery

    def _deliveries_of(self, name: str, given: dict[str, set[str]]) -> Iterator[Delivery]:
        """Give those of one plan; where there is a second of the same message, without those that were `given`."""
        with answering():
            plan = self._plans.read(name)
            seen = self._standings.of(plan.planned.id) if plan.addressees else {}
        before = frozenset(given.get(plan.planned.id, ()))
        if self._plans.is_double(plan.planned.id):
            given.setdefault(plan.planned.id, set()).update(one.key for one in plan.addressees)
        for addressee in plan.addressees:
            if addressee.key not in before:
                yield _delivery(plan.planned, addressee, seen.get(addressee.key))

    @answering()
    def commit(self, key: str, at: datetime, *, again: bool = False) -> bool:
        """Pass one that waits on to COMMITTING, with `again` an AMBIGUOUS one too.

        Its object is written on a condition that one sender alone meets.
        """
        message = self._plans.find(key)
        if message is None:
            return False
        states: tuple[State, ...] = (*WAITING, "AMBIGUOUS") if again else WAITING
        seen = self._standings.known(message, key)
        for _ in range(2):
            if self._lease.lost or _state(seen) not in states:
                return False
            if self._put(message, key, seen, "COMMITTING", "", at, 1):
                return True
            seen = self._standings.read(message, key)
        return False

    @answering()
    def settle(self, key: str, state: State, reply: str, at: datetime) -> None:
        """Record what became of one that waits or that we are COMMITTING."""
        message = self._plans.find(key)
        if message is None:
            return
        seen = self._standings.known(message, key)
        for _ in range(2):
            if self._lease.lost or not self._may_settle(seen, state):
                return
            more = 1 if state in ("DEFERRED", "FAILED") and _state(seen) in WAITING else 0
            if self._put(message, key, seen, state, reply, at, more):
                return
            seen = self._standings.read(message, key)

    @answering()
    def resolve(self, key: str, state: Literal["SENT", "PLANNED"], at: datetime) -> bool:
        """Settle an AMBIGUOUS or FAILED one by hand; False if it is neither, or somebody was first."""
        message = self._plans.find(key)
        if message is None or self._lease.lost:
            return False
        seen = self._standings.read(message, key)
        is_open = _state(seen) in ("AMBIGUOUS", "FAILED")
        return is_open and self._put(message, key, seen, state, "resolved by hand", at, 0)

    def _put(
        self, message: str, key: str, seen: Seen | None, state: State, reply: str, at: datetime, more: int
    ) -> bool:
        attempts = more + (seen.standing.attempts if seen else 0)
        standing = Standing(state=state, attempts=attempts, reply=reply, at=at, epoch=self.epoch)
        return self._standings.put(message, key, standing, seen)

    @property
    @answering()
    def _head(self) -> Head:
        if self._opened is None:
            self._bucket.reach()
            head = checked(self._bucket, self._bucket.read(HEAD), self._site)
            self._is_behind(head)
            self._opened = head
        return self._opened

    def _is_behind(self, head: Head) -> bool:
        """Tell whether it is not as far as is remembered; raises LedgerRefused unless it is to be taken up."""
        what = self._standing(head).behind(self._remembered) if self._remembered else ""
        if what and not self._create:
            raise LedgerRefused(
                f"the ledger {self._bucket} {what}; put the newest back, or, if that is lost, take this one up with "
                f"{BASELINE}: what waits in it may have been sent, and is reported as ambiguous"
            )
        return bool(what)

    def _standing(self, head: Head) -> Remembered:
        return Remembered(head.lineage, head.epoch, self._plans.number)

    def _take_up(self) -> None:
        """Call all that waits in a ledger older than remembered AMBIGUOUS, as of when it was last heard of."""
        for waiting in self.deliveries(states=WAITING):
            seen = self._standings.known(waiting.message, waiting.key)
            self._put(waiting.message, waiting.key, seen, "AMBIGUOUS", TAKEN_UP, waiting.at, 0)

    def _remember(self) -> None:
        if self._memory is None or self._lease.lost:
            return
        now = self._standing(self._head)
        try:
            if now != self._remembered:
                remember(self._memory, now)
        except OSError as error:
            raise LedgerFailed(f"{self._memory} cannot be written: {error.strerror or error}") from error
        self._remembered = now

    def _recover(self) -> None:
        """Turn what dead senders left COMMITTING into AMBIGUOUS: nobody knows whether a server has it."""
        for message in self._standings.open_messages():
            for key, seen in self._standings.of(message).items():
                was = seen.standing
                if was.epoch > self.epoch:
                    raise LedgerRefused(f"{self._bucket}: `{HEAD}` is older than what was sent; put its newest back")
                if was.state == "COMMITTING" and was.epoch < self.epoch:
                    now = replace(was, state="AMBIGUOUS", reply=_LEFT, nonce=secrets.token_hex(8))
                    self._standings.put(message, key, now, seen)

    def _summarise(self) -> None:
        keys: dict[str, set[str]] = {message: set() for message in self._standings.changed()}
        for key, message in self._plans.message_of.items():
            if message in keys:
                keys[message].add(key)
        with contextlib.suppress(StoreRefused):  # without a summary more is read next time, that is all
            for message in sorted(keys):
                self._standings.summarise(message, keys[message])

    def _end(self) -> None:
        self._lease.give_back()
        self._bucket.close()

    def _may_settle(self, seen: Seen | None, state: State) -> bool:
        """Tell whether it waits, or is COMMITTING by us: SENT and AMBIGUOUS follow upon that alone."""
        if seen is not None and seen.standing.state == "COMMITTING":
            return seen.standing.epoch == self.epoch
        return _state(seen) in WAITING and state not in ("SENT", "AMBIGUOUS")


def _state(seen: Seen | None) -> State:
    return seen.standing.state if seen else "PLANNED"


def _delivery(planned: Planned, addressee: Addressee, seen: Seen | None) -> Delivery:
    was = seen.standing if seen else Standing(state="PLANNED", attempts=0, reply="", at=planned.at, epoch=0, nonce="")
    return Delivery(
        key=addressee.key,
        message=planned.id,
        address=addressee.address,
        language=addressee.language,
        state=was.state,
        attempts=was.attempts,
        reply=was.reply,
        at=was.at,
    )
