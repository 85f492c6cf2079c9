"""What a run of the sender came to: counts by message and state, and by name whatever somebody must look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from heliograph.send.ledger import Delivery, Ledger, Planned, State


class Listed(Struct, frozen=True, kw_only=True):
    """A delivery that is AMBIGUOUS or FAILED: `address` is masked, `reply` what the server said last, or we."""

    key: str
    message: str
    address: str
    state: State
    reply: str
    at: datetime


class Report(Struct, frozen=True, kw_only=True):
    """The state of some messages after a run. `counts` are by message and state, whenever each delivery got there.

    `accepted` counts what servers took in this run; `stopped` says why it ended early, empty if it did not; `later` is
    the first instant at which something DEFERRED may be tried again. `is_over` tells that nothing else should be begun
    either: somebody interrupted it, or the ledger cannot be written.
    """

    counts: Mapping[str, Mapping[State, int]]
    listed: tuple[Listed, ...]
    accepted: int
    stopped: str
    later: datetime | None
    is_over: bool = False

    @property
    def total(self) -> Mapping[State, int]:
        """Counts by state, over all messages."""
        return sum((Counter(counts) for counts in self.counts.values()), Counter[State]())


def merged(reports: Sequence[Report]) -> Report:
    """Make one report of several on different messages."""
    return Report(
        counts={message: counts for report in reports for message, counts in report.counts.items()},
        listed=tuple(one for report in reports for one in report.listed),
        accepted=sum(report.accepted for report in reports),
        stopped="; ".join(dict.fromkeys(report.stopped for report in reports if report.stopped)),
        later=min((report.later for report in reports if report.later), default=None),
        is_over=any(report.is_over for report in reports),
    )


def masked(address: str) -> str:
    """Write an address so that its owner knows it and nobody can use it: `a…@example.com`. A channel's name stays."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}" if at else address


def state_of(ledger: Ledger, messages: Iterable[Planned]) -> tuple[dict[str, Counter[State]], tuple[Listed, ...]]:
    """Count the deliveries of some messages by state, and list those to look at. Memory does not grow with the rest."""
    counts: dict[str, Counter[State]] = {}
    listed: list[Listed] = []
    for planned in messages:
        counted = counts[planned.id] = Counter()
        for delivery in ledger.deliveries(planned.id):
            # One left COMMITTING is one whose outcome could not be recorded: the next sender will find it so.
            state: State = "AMBIGUOUS" if delivery.state == "COMMITTING" else delivery.state
            counted[state] += 1
            if state in ("AMBIGUOUS", "FAILED"):
                listed.append(_listed(delivery, state))
    return counts, tuple(listed)


def _listed(delivery: Delivery, state: State) -> Listed:
    return Listed(
        key=delivery.key,
        message=delivery.message,
        address=masked(delivery.address),
        state=state,
        reply=delivery.reply or "its outcome could not be written down",
        at=delivery.at,
    )
