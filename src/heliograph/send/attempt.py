"""One attempt at one delivery: leave to hand over, a connection to do it on, how far the verdict is to be trusted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Self

from heliograph.send.courier import Courier, Parcel, Verdict
from heliograph.send.ledger import Delivery, Ledger, LedgerFailed, LedgerRefused
from heliograph.send.session import Unusable

Clock = Callable[[], datetime]


def certain(verdict: Verdict, commit: Commit, delivery: Delivery) -> Verdict:
    """Trust a verdict no further than what is on record.

    A courier that says no hand-over was made after it had leave to make one may be wrong, and so may an attempt that
    was refused be when an earlier one of the same may have been accepted. One that went ahead without leave is put on
    record as if it had asked.
    """
    if verdict.state in ("SENT", "AMBIGUOUS") and not commit.is_done:
        commit()
        return Verdict("AMBIGUOUS", "handed over before it was on record", fatal=True)
    may_be_there = commit.is_done and (delivery.state == "AMBIGUOUS" or verdict.state == "PLANNED")
    if may_be_there and verdict.state != "SENT":
        return Verdict("AMBIGUOUS", verdict.reply, verdict.fatal)
    return verdict


class Commit:
    """Asks the ledger for leave, just before the final dot; what goes wrong there is a no, and kept for us."""

    def __init__(self, ledger: Ledger, delivery: Delivery, clock: Clock) -> None:
        self._ledger = ledger
        self._delivery = delivery
        self._clock = clock
        self.is_done = False
        self.error: LedgerFailed | LedgerRefused | None = None

    def __call__(self) -> bool:
        """Tell whether to go on; from then on nothing but an answer makes it certain what became of it."""
        again = self._delivery.state == "AMBIGUOUS"
        try:
            self.is_done = self._ledger.commit(self._delivery.key, self._clock(), again=again)
        except (LedgerFailed, LedgerRefused) as error:
            self.error = error
        return self.is_done


class Connection:
    """A courier, replaced by a new one after so many mails or when it is of no use any more."""

    def __init__(self, open_courier: Callable[[], Courier], most: int) -> None:
        self._open = open_courier
        self._most = most
        self._courier: Courier | None = None
        self._carried = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        courier, self._courier, self._carried = self._courier, None, 0
        if courier is not None:
            courier.close()

    def hand_over(self, parcel: Parcel, commit: Commit) -> Verdict:
        """Hand over one parcel; a courier that fails in ways of its own is judged by whether it had leave."""
        try:
            if self._courier is None:
                self._courier = self._open()
            verdict = self._courier.hand_over(parcel, commit)
        except Exception as error:  # noqa: BLE001 -- see above
            why = str(error) if isinstance(error, Unusable) else type(error).__name__
            verdict = Verdict("AMBIGUOUS" if commit.is_done else "DEFERRED", why, fatal=True)
        self._carried += 1
        if verdict.fatal or self._carried >= self._most:
            self._close()
        return verdict
