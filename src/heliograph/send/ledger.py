"""The ledger's contract: what was planned for whom and what became of it. Its keepers are `sqlite` and `bucket`.

Every change is durable when a method returns. A delivery goes PLANNED or DEFERRED → COMMITTING → SENT, DEFERRED,
FAILED or AMBIGUOUS; only `commit` reaches COMMITTING, and of several senders it lets one through.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Protocol, Self

from msgspec import Struct

from heliograph.message import Message
from heliograph.tree.fsio import Locked

State = Literal["PLANNED", "COMMITTING", "SENT", "DEFERRED", "FAILED", "AMBIGUOUS", "SUPPRESSED", "EXPIRED"]
Outcome = Literal["planned", "baseline", "expired"]

WAITING: Final[tuple[State, ...]] = ("PLANNED", "DEFERRED")
"""Certainly not accepted by any server; may be tried."""


_REFUSED: Final = "E614"
_CODED: Final = re.compile(r"E[0-9]{3} ")


class Planned(Struct, frozen=True, kw_only=True):
    """A message as it was frozen. `id` is the digest of its reader, channel and news.

    `fresh` are those of its news that nobody had told this reader before. One of `baseline` or `expired` only records
    that its news are not to be told; it has no deliveries.
    """

    id: str
    at: datetime
    outcome: Outcome
    fresh: tuple[str, ...]
    message: Message


class Addressee(Struct, frozen=True, kw_only=True):
    """One recipient of a planned message: `key` is the delivery's, `language` that of the mail it gets."""

    key: str
    address: str
    language: str = ""


class Delivery(Struct, frozen=True, kw_only=True):
    """What became of one message to one address. `reply` is the server's last, or ours; `at` when it came."""

    key: str
    message: str
    address: str
    language: str
    state: State
    attempts: int
    reply: str
    at: datetime


class LedgerRefused(Exception):  # noqa: N818 -- it is an answer, not a fault
    """The ledger is missing, damaged, older than what was sent from here, or newer than this program: E614.

    One in a store that keeps no conditions is refused as well: E631. Either code stands before the words.
    """

    def __str__(self) -> str:
        words = super().__str__()
        return words if _CODED.match(words) else f"{_REFUSED} {words}"


class LedgerHeld(Locked):
    """Another sender holds the lease: E616."""

    def __init__(self, ledger: Path, said: str) -> None:
        super().__init__(ledger)
        self.args = (f"E616 {said}",)


class LedgerFailed(Exception):  # noqa: N818 -- as above
    """The ledger could not be read or written just now: a full disk, a lock, a store that does not answer.

    What was to be written may or may not be there: nothing is sent on the strength of it.
    """


class Ledger(Protocol):
    """An open ledger: within `with`, this process holds the sender's lease (Locked if another does).

    Whoever opened one closes it when nothing more is asked of it.
    """

    def __enter__(self) -> Self:
        """Take the lease and raise the epoch; deliveries a dead sender left COMMITTING become AMBIGUOUS."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the lease back."""

    def close(self) -> None:
        """Let go of the file or the connections; all that was changed is durable already. May be called again."""

    @property
    def epoch(self) -> int:
        """How many times a sender has begun."""

    def planned(self, since: datetime | None = None) -> tuple[Planned, ...]:
        """Give all that was ever planned, oldest first; with `since` what was planned at that instant or after.

        Messages are large and kept for ever: who asks for all of them should need them.
        """

    def plan(self, planned: Planned, addressees: Iterable[Addressee]) -> None:
        """Write a message down with all its addressees: all of it or nothing. One that is known is left as it is."""

    def deliveries(self, message: str = "", states: Sequence[State] = ()) -> Iterator[Delivery]:
        """Go through deliveries in the order planned, of one message or all, in some states or any."""

    def commit(self, key: str, at: datetime, *, again: bool = False) -> bool:
        """Pass one that waits on to COMMITTING; False if it does not wait (any more), or the lease was lost.

        With `again` an AMBIGUOUS one passes too: only for servers that know by its key what they have accepted before.
        """

    def settle(self, key: str, state: State, reply: str, at: datetime) -> None:
        """Record what became of one that waits or is COMMITTING; others stay as they are, all do if the lease was lost.

        SENT and AMBIGUOUS follow upon COMMITTING only. `attempts` counts what was committed, and what was DEFERRED or
        FAILED without.
        """

    def resolve(self, key: str, state: Literal["SENT", "PLANNED"], at: datetime) -> bool:
        """Settle an AMBIGUOUS or FAILED one by hand; False if it is neither."""
