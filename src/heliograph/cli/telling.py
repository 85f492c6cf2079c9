"""Telling everyone what waits in a ledger, stage by stage; saying when each was told, and what is unclear."""

from __future__ import annotations

import sys
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import click
import msgspec

from heliograph.cli import exits
from heliograph.cli.house import House
from heliograph.cli.office import Office
from heliograph.send.interrupt import INTERRUPTED
from heliograph.send.ledger import State

if TYPE_CHECKING:
    from heliograph.send.ledger import Delivery, Ledger
    from heliograph.send.stages import Stage

_LONG: Final = 20
"""From so many deliveries on, a bar shows how far they are."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing done: `what` is an audience or `page live`; `at` the last acceptance in it, None if there was none."""

    what: str
    at: datetime | None
    accepted: int = 0
    planned: int = 0
    note: str = ""
    failed: bool = False
    unseen: bool = False

    def __str__(self) -> str:
        sign = "✓" if self.accepted == self.planned and not self.note else "✗"
        time = f" {self.at:%H:%M:%S}" if self.at else ""
        number = f" {self.accepted}" if self.accepted == self.planned else f" {self.accepted} of {self.planned}"
        return f"{sign} {self.what}{time}{number if self.planned else ''}" + (f" ({self.note})" if self.note else "")


class Unclear(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery somebody must look at; its address is masked."""

    key: str
    reader: str
    address: str
    state: State
    reply: str
    at: datetime


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one run came to."""

    steps: tuple[Step, ...]
    unclear: tuple[Unclear, ...]

    @property
    def code(self) -> int:
        """The exit code: 6 if anything is ambiguous or refused, 4 if it has yet to go or a host failed, 9 unseen."""
        states = {one.state for one in self.unclear}
        if states & {"AMBIGUOUS", "FAILED"}:
            return exits.UNCERTAIN_DELIVERY
        if states or any(step.failed for step in self.steps):
            return exits.FAILED
        return exits.UNCONFIRMED if any(step.unseen for step in self.steps) else exits.DONE


def tell_all(office: Office, ledger: Ledger, publish: Callable[[], Iterator[Step]] = lambda: iter(())) -> Outcome:
    """Deliver all that waits, within `with ledger`: insiders, then `publish`, then those who wait for the page.

    Each step is told when it is done. Nothing that goes wrong with mail keeps the page from being published. If that
    fails, what became of mail until then is told all the same.
    """
    telling, steps = _Telling(office, ledger), list[Step]()
    try:
        for step in telling.all_around(publish):
            steps.append(step)
            office.house.say(str(step))
    except Exception:
        for line in unclear_lines(tuple(_unclear(office, ledger, telling.refused))):
            click.echo(line, err=True)
        raise
    return Outcome(steps=tuple(steps), unclear=tuple(_unclear(office, ledger, telling.refused)))


class _Telling:
    """One run over all stages."""

    def __init__(self, office: Office, ledger: Ledger) -> None:
        self._office, self._ledger = office, ledger
        self._run = office.run(ledger, self._heard)
        self._tick: Callable[[], None] = _quietly
        self._accepted: dict[str, list[datetime]] = {}
        self._interrupted = False
        self.refused: set[str] = set()
        """Keys of what was refused for good in this run."""

    def all_around(self, publish: Callable[[], Iterator[Step]]) -> Iterator[Step]:
        """Deliver what waits for no page, publish, then deliver the rest. Whoever interrupts one step ends them all."""
        stages = self._office.stages(self._ledger)
        for stage in stages:
            if not stage.waits and not self._interrupted:
                yield from self._delivered(stage)
        if not self._interrupted:
            yield from publish()
        for stage in stages:
            if stage.waits and not self._interrupted:
                yield from self._confirmed(stage)
                yield from self._delivered(stage)

    def _heard(self, delivery: Delivery) -> None:
        self._tick()
        if delivery.state == "SENT":
            self._accepted.setdefault(delivery.message, []).append(delivery.at)
        elif delivery.state == "FAILED":
            self.refused.add(delivery.key)

    def _confirmed(self, stage: Stage) -> Iterator[Step]:
        """Wait for the pages of a stage; they are told of once."""
        from heliograph.send.page import WAIT

        wanted = self._run.awaited(stage)
        if not wanted:
            return
        self._office.house.say(f"  waiting for {wanted[0]} for up to {WAIT.total_seconds():.0f} seconds …")
        missing = self._run.confirm(stage)
        note = f"{', '.join(missing)}: told without a link" if missing else ""
        what = "page not confirmed" if missing else "page live"
        yield Step(what=what, at=self._office.clock(), note=note, unseen=bool(missing))

    def _delivered(self, stage: Stage) -> Iterator[Step]:
        with _progress(self._office.house, self._ledger, stage) as self._tick:
            report = self._run.deliver(stage)
        self._interrupted = INTERRUPTED in report.stopped
        by_audience: dict[str, list[str]] = {}
        for one in stage.planned:
            by_audience.setdefault(one.message.audience, []).append(one.id)
        for audience, ids in by_audience.items():
            instants = [instant for identity in ids for instant in self._accepted.get(identity, ())]
            left = sum(number for id_ in ids for state, number in report.counts[id_].items() if state in _UNDONE)
            yield Step(
                what=audience,
                at=max(instants, default=None),
                accepted=len(instants),
                planned=len(instants) + left,
                note=report.stopped if left else "",
            )


def _quietly() -> None:
    """Show nothing."""


_OPEN: Final[tuple[State, ...]] = ("AMBIGUOUS", "FAILED", "DEFERRED", "PLANNED")
_UNDONE: Final = frozenset({"PLANNED", "DEFERRED", "COMMITTING", "AMBIGUOUS", "FAILED"})


@contextmanager
def _progress(house: House, ledger: Ledger, stage: Stage) -> Iterator[Callable[[], None]]:
    """Show how far a long sending is while a person watches."""
    from heliograph.send.ledger import WAITING

    total = sum(1 for one in stage.planned for _ in ledger.deliveries(one.id, WAITING)) if house.watched else 0
    if total < _LONG:
        yield _quietly
        return
    with click.progressbar(length=total, label=f"Telling {', '.join(stage.audiences)}", file=sys.stderr) as bar:
        yield lambda: bar.update(1)


def _unclear(office: Office, ledger: Ledger, refused: Container[str]) -> Iterator[Unclear]:
    """List what is ambiguous, of this run or an earlier one of late, what was refused now, and what has yet to go."""
    from heliograph.send.plan import REMEMBERED
    from heliograph.send.report import masked

    now = office.clock()
    of_late = now - max(office.operations.max_age, timedelta(days=1))
    recent = ((one, two) for one in ledger.planned(now - REMEMBERED) for two in ledger.deliveries(one.id, _OPEN))
    for planned, delivery in recent:
        is_old = delivery.state == "AMBIGUOUS" and delivery.at < of_late
        if not is_old and (delivery.state != "FAILED" or delivery.key in refused):
            yield Unclear(
                key=delivery.key,
                reader=planned.message.reader,
                address=masked(delivery.address) if "@" in delivery.address else delivery.address,
                state=delivery.state,
                reply=delivery.reply,
                at=delivery.at,
            )


def unclear_lines(unclear: tuple[Unclear, ...]) -> Iterator[str]:
    """Say what somebody must look at, and what to type."""
    for one in unclear:
        yield f"{one.state}  {one.reader}  {one.address}  {one.at:%Y-%m-%d %H:%M:%S}  {one.reply}  {one.key}"
    keys = " ".join(one.key for one in unclear if one.state in ("AMBIGUOUS", "FAILED"))
    if keys:
        yield "Find out whether these arrived (ask them, or the mail server's log). Then say so:"
        yield f"  heliograph send --resolve sent {keys}"
        yield f"  heliograph send --resolve resend {keys}"
    if any(one.state in ("DEFERRED", "PLANNED") for one in unclear):
        yield "What is DEFERRED or PLANNED was certainly not accepted; `heliograph send` goes on after a minute."
