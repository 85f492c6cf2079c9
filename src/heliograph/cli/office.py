"""What `send` and `ship` share: the messages of now, who gets them, the stages that deliver, and what is said of it."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final

import click

from heliograph.cli.errors import list_problems
from heliograph.cli.house import House, Stop, instant_for
from heliograph.cli.ledgers import need_operations
from heliograph.model import Site
from heliograph.problems import did_you_mean
from heliograph.render.words import count

if TYPE_CHECKING:
    from heliograph.dispatch import Run
    from heliograph.message import Message
    from heliograph.operations import Operations, Recipient
    from heliograph.pipeline import Build
    from heliograph.send.ledger import Delivery, Ledger
    from heliograph.send.plan import Intent
    from heliograph.send.stages import Stage

SHOWN: Final = 5
"""So many addresses of a list are shown, masked, for a person to see whether it is the right one."""


class Office:
    """One site's sending: the operator's file and the lists are read once, so that nothing changes under way."""

    def __init__(
        self, house: House, site: Site, only: Sequence[str] = (), operations: Operations | None = None
    ) -> None:
        from heliograph.correspondence import paces

        self.house, self.site = house, site
        self.operations = operations or need_operations(house, site)
        self.paces = paces(site)
        self._only = _known(only, tuple(self.paces))
        self._start, self._begun = instant_for(site, None), time.monotonic()

    def clock(self) -> datetime:
        """Tell the time as the site has it: a fixed clock goes on while a command runs."""
        return self._start + timedelta(seconds=time.monotonic() - self._begun)

    @cached_property
    def recipients(self) -> tuple[Recipient, ...]:
        """Everyone on any list. Raises Refused with all that is wrong in them."""
        from heliograph.cli.lists import lists_for
        from heliograph.gate import Gate

        lists = lists_for(Gate(self.site, self._start), self.site, self.operations)
        list_problems(lists.warnings)
        return lists.recipients

    def messages(self, ledger: Ledger, making: Build | None = None) -> tuple[Message, ...]:
        """Make everything that could be told now, with the record of what was. Raises Refused for a leak."""
        from heliograph.cli.build import build_of
        from heliograph.dispatch import record_of

        making = making or build_of(self.house, self.site, self._start, record_of(ledger, self._start))
        return tuple(one for one in making.messages() if not self._only or one.audience in self._only)

    def try_all(self) -> None:
        """Make every message there is and throw it away. Raises Refused for a leak."""
        from heliograph.cli.build import build_of
        from heliograph.record import NOTHING_KNOWN

        build_of(self.house, self.site, self._start, NOTHING_KNOWN).messages()

    def draw_up(self, ledger: Ledger, making: Build | None = None) -> tuple[Intent, ...]:
        """Decide what to plan; nothing is written. `making` saves building anew what was built just now."""
        from heliograph.dispatch import draw_up

        messages = self.messages(ledger, making)
        return draw_up(messages, ledger, self.recipients, self.operations, self.paces, self.clock())

    def stages(self, ledger: Ledger) -> tuple[Stage, ...]:
        """Give what waits in the ledger, in order, of the audiences that were asked for; who left a list is let go."""
        from heliograph.dispatch import spare_the_gone, waiting

        stages = waiting(ledger, self.operations, self.paces, self.clock(), frozenset(self._only))
        gone = spare_the_gone(ledger, stages, self.recipients, self.clock())
        if gone:
            self.house.say(
                f"{count(gone, 'recipient', 'recipients')} left a list since it was planned; not written to."
            )
        return stages

    def run(self, ledger: Ledger, tell: Callable[[Delivery], None]) -> Run:
        """Begin to deliver."""
        from heliograph.dispatch import Run

        return Run(self.operations, ledger, self.site.settings.url, self.clock, time.sleep, tell)

    def judge(self, intents: Sequence[Intent], expected: int | None) -> None:
        """Stop where more would be written to than was allowed, or not as many as a person expects."""
        numbers = tally(intents)
        total = sum(numbers.values())
        if expected is not None and total != expected:
            raise Stop(f"{total} would be written to, not {expected}; nothing was sent")
        if expected is None:
            for audience, number in numbers.items():
                self._refuse_too_many(number, self.paces[audience].most, f"max_recipients of {audience}", total)
            self._refuse_too_many(total, self.operations.cap, "cap of one run", total)

    def _refuse_too_many(self, number: int, most: int, limit: str, total: int) -> None:
        if number > most:
            raise Stop(
                f"E506 {number} would be written to; the {limit} is {most}. If so many are meant: --expect {total}"
            )


def tally(intents: Iterable[Intent]) -> Counter[str]:
    """Count deliveries by audience."""
    numbers = Counter[str]()
    for intent in intents:
        numbers[intent.planned.message.audience] += len(intent.addressees)
    return +numbers


def plan_lines(intents: Sequence[Intent]) -> Iterator[str]:
    """Say of each message who gets it, with how many spared, and what it is called."""
    from heliograph.send.report import masked

    for intent in intents:
        planned, message = intent.planned, intent.planned.message
        title = title_of(message)
        if planned.outcome == "expired":
            yield f"{message.reader}  too old to be told  {title}"
            continue
        spared = f", {intent.spared} told elsewhere" if intent.spared else ""
        yield f"{message.reader}  {len(intent.addressees)} by {message.channel}{spared}  {title}"
        shown = [masked(one.address) if message.channel == "mail" else one.address for one in intent.addressees[:SHOWN]]
        more = [f"and {len(intent.addressees) - SHOWN} more"] if len(intent.addressees) > SHOWN else []
        if shown:
            yield f"    {', '.join([*shown, *more])}"


def title_of(message: Message) -> str:
    """Call a message by its subject where a person looks on, and by its ids elsewhere: logs are read by anyone."""
    if not sys.stderr.isatty():
        return " ".join((message.kind, *(topic.id for topic in message.topics)))
    return message.chat.title if message.chat else message.mails[0].subject


def _known(only: Sequence[str], audiences: Sequence[str]) -> tuple[str, ...]:
    for name in only:
        if name not in audiences:
            raise click.UsageError(f"no audience is called {name!r} ({did_you_mean(name, audiences)})")
    return tuple(only)
