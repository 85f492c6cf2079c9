"""What hands one mail to a server, and can say afterwards whether it was accepted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from heliograph.send.ledger import State


class Verdict(Struct, frozen=True):
    """What became of one hand-over.

    `state` is SENT (accepted), DEFERRED (certainly not accepted, may be tried again), FAILED (this recipient or this
    message was refused for good), AMBIGUOUS (the final dot went out and no answer came: it may have been accepted),
    or PLANNED (`commit` said no, so nothing was handed over). `reply` is the server's last word or our reason: one
    line of at most 200 printable characters, never a message's text. After a `fatal` one the courier or its server
    is of no use any more: close it, and open another before going on.
    """

    state: State
    reply: str
    fatal: bool = False


class Parcel(Struct, frozen=True):
    """One mail for one address: `key` is its delivery's, `data` its bytes with CRLF line ends, not dot-stuffed."""

    key: str
    address: str
    data: bytes


class Courier(Protocol):
    """Hands over one parcel at a time; not to be shared between threads."""

    def hand_over(self, parcel: Parcel, commit: Callable[[], bool]) -> Verdict:
        """Bring a parcel to the server, asking `commit` (durable when it returns) just before the final dot."""

    def close(self) -> None:
        """End the connection, if there is one; never raises."""
