"""One tree on its way to one host: found out before anything is changed, then carried out once, or thrown away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Protocol

from msgspec import Struct

from heliograph.operations import Host
from heliograph.publish.plan import Plan, Step
from heliograph.publish.release import Release
from heliograph.tree.manifest import Manifest

WAIT: Final = timedelta(seconds=120)
"""So long the pages are looked for from outside."""

Clock = Callable[[], datetime]

Tell = Callable[[Step], None]
"""Hears of each file that was put."""

GrewFrom = Callable[[str], bool | None]
"""Tells whether the sources at hand grew out of a commit; None if nobody can tell."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What publishing came to. `release` is what the host holds now; `notes` what else should be known."""

    release: Release
    changed: bool
    notes: tuple[str, ...] = ()


class Publication(Protocol):
    """A tree, a host, and what there is to do."""

    @property
    def host(self) -> Host:
        """Where it goes."""

    @property
    def manifest(self) -> Manifest:
        """What the host will hold."""

    @property
    def plan(self) -> Plan:
        """Each file that differs, with the reason."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of the host, such as a setting that it cannot be asked for."""

    @property
    def left(self) -> tuple[str, ...]:
        """Files that no page will name any more and that stay there for a while."""

    @property
    def is_live(self) -> bool:
        """Tell whether the host holds just this tree already."""

    def carry_out(self, clock: Clock, tell: Tell) -> Outcome:
        """Do it. Nothing is written where the tree is live already.

        Raises Busy if somebody else publishes there, Overtaken if another release came between, WriteRefused if
        strangers may read what they must not, StoreRefused and OSError where the host fails: then no page that readers
        see names anything that is not there, and the next run goes on.
        """

    def confirm(self, clock: Clock, wait: timedelta) -> tuple[str, ...]:
        """Look from outside whether readers get what was carried out, for so long; give what could not be confirmed.

        Raises WriteRefused E608 if strangers get insiders' pages.
        """

    def close(self) -> None:
        """Let go of connections. It may be carried out no more."""


class Terms(Struct, frozen=True, kw_only=True):
    """What one run allows: older words, to take a host over, to look at each object there instead of trusting.

    `grew_from` and `stories`, the ids of all that they hold, are what is known of the sources of its tree.
    """

    force_older: bool = False
    adopt: bool = False
    verify: bool = False
    grew_from: GrewFrom = lambda _: None
    stories: frozenset[str] = frozenset()
