"""Publishing to a folder, which is swapped whole."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Self

from msgspec import Struct

from heliograph.operations import FolderPlace, Host
from heliograph.publish import directory
from heliograph.publish.built import Built
from heliograph.publish.confirm import confirm
from heliograph.publish.exposure import check_folder_closed
from heliograph.publish.outside import ask
from heliograph.publish.plan import Plan
from heliograph.publish.publication import Clock, Outcome, Tell
from heliograph.publish.register import Register, State
from heliograph.publish.release import Edition
from heliograph.tree.manifest import Manifest


class FolderPublication(Struct, frozen=True, kw_only=True):
    """Implements `Publication`. The folder's own manifest says what it holds; the register remembers releases."""

    host: Host
    edition: Edition
    register: Register
    seen: State
    release: directory.Release
    notes: tuple[str, ...] = ()

    @classmethod
    def prepared(
        cls, host: Host, place: FolderPlace, built: Built, edition: Edition, register: Register, seen: State
    ) -> Self:
        """Find out whether the folder may take this tree, and what would differ."""
        release = directory.prepare(built.folder, place.path)
        if release.manifest.boundary == "internal" and host.urls and release.published is not None:
            check_folder_closed(host, sorted(release.published.paths), ask)
        return cls(host=host, edition=edition, register=register, seen=seen, release=release)

    @property
    def manifest(self) -> Manifest:
        """What the folder will hold."""
        return self.release.manifest

    @property
    def plan(self) -> Plan:
        """Each file that differs, with the reason."""
        return self.release.plan

    @property
    def left(self) -> tuple[str, ...]:
        """Nothing stays: the folder is swapped whole."""
        return ()

    @property
    def is_live(self) -> bool:
        """Tell whether the folder holds just this tree already."""
        return self.release.is_live

    def carry_out(self, clock: Clock, tell: Tell) -> Outcome:
        """Swap it in; see `Publication`."""
        current = self.seen.current
        is_known = current is not None and current.tree_sha256 == self.manifest.tree_sha256
        if self.is_live and current is not None and is_known and not directory.carry_out(self.release):
            return Outcome(release=current, changed=False)
        turn = self.register.begin(self.seen, self.manifest, self.edition)
        try:
            self._refuse_open()
            changed = directory.carry_out(self.release)
            for step in self.plan.steps:
                tell(step)
            release = turn.commit(clock())
        except BaseException:
            turn.give_up()
            raise
        return Outcome(release=release, changed=changed)

    def close(self) -> None:
        """Let nothing go: a folder is not kept open."""

    def _refuse_open(self) -> None:
        """Refuse to put insiders' pages where strangers may read, before the first of them is there."""
        if self.manifest.boundary != "internal" or not self.host.urls:
            return
        if self.release.published is not None:
            check_folder_closed(self.host, sorted(self.release.published.paths), ask)
            return
        with directory.probe(self.release.target) as path:
            check_folder_closed(self.host, [path], ask)

    def confirm(self, clock: Clock, wait: timedelta) -> tuple[str, ...]:
        """Look from outside, if there is an address to look at; see `Publication`."""
        if not self.host.urls:
            return ()
        changed = [step.path for step in self.plan.steps if step.action == "put"]
        return confirm(self.host, self.manifest, changed, clock() + wait, clock, time.sleep, ask=ask)
