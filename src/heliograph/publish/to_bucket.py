"""Publishing to a bucket, which takes one file at a time: in an order that never dangles, by whose turn it is."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Final, Self
from urllib.parse import urlsplit

from msgspec import Struct, structs

from heliograph.operations import BucketPlace, Host
from heliograph.publish.built import Built, Reading
from heliograph.publish.cdn import invalidate, stale
from heliograph.publish.confirm import confirm
from heliograph.publish.exposure import check_closed, check_marker, probes
from heliograph.publish.objects import Marker, Objects, write
from heliograph.publish.outside import ask
from heliograph.publish.plan import Plan, plan_publish
from heliograph.publish.publication import Clock, Outcome, Tell, Terms
from heliograph.publish.register import Register, State
from heliograph.publish.release import Edition
from heliograph.store_faults import StoreRefused
from heliograph.tree.fsio import WriteRefused
from heliograph.tree.manifest import Manifest

_SAMPLE: Final = 3
"""So many objects are looked at where nothing is to be done."""
_STILL_KNOWN: Final = 30.0
"""So many seconds it holds that strangers are kept out: a person may look at the plan for an hour."""


class BucketPublication(Struct, frozen=True, kw_only=True):
    """Implements `Publication`. What is no longer named stays for readers of older pages until `gc` removes it."""

    host: Host
    built: Built
    edition: Edition
    register: Register
    seen: State
    objects: Objects
    marker: Marker
    manifest: Manifest
    plan: Plan
    is_ours: bool
    notes: tuple[str, ...]
    asked_at: float

    @classmethod
    def prepared(
        cls,
        host: Host,
        place: BucketPlace,
        built: Built,
        edition: Edition,
        register: Register,
        seen: State,
        terms: Terms,
    ) -> Self:
        """Find out whether the bucket may take this tree, and what would be put there."""
        manifest = structs.replace(built.manifest, carried=())
        objects = Objects(place, manifest.boundary)
        marker = Marker(site=manifest.site, tree=manifest.tree, boundary=manifest.boundary, lineage=seen.lineage or "")
        found = objects.marker()
        check_marker(found, marker, is_empty=found is None and objects.is_empty(), adopt=terms.adopt)
        is_ours = found == marker
        notes = _closed(host, objects, seen) if is_ours else ()
        trusted = is_ours and not terms.verify
        there = (seen.manifest.files if seen.manifest else ()) if trusted else objects.observe()
        plan = plan_publish(manifest.files, there, _paths(seen), seen.unsettled)
        return cls(
            host=host,
            built=built,
            edition=edition,
            register=register,
            seen=seen,
            objects=objects,
            marker=marker,
            manifest=manifest,
            plan=structs.replace(plan, steps=tuple(step for step in plan.steps if step.action == "put")),
            is_ours=is_ours,
            notes=notes,
            asked_at=time.monotonic(),
        )

    @property
    def left(self) -> tuple[str, ...]:
        """Name what the current release holds and this one does not: it stays until `gc`, for who reads older pages."""
        return tuple(sorted(_paths(self.seen) - self.manifest.paths))

    @property
    def is_live(self) -> bool:
        """Tell whether the bucket holds just this tree already."""
        current = self.seen.current
        is_same = current is not None and current.tree_sha256 == self.manifest.tree_sha256
        return is_same and self.is_ours and not self.plan.steps and not self.seen.unsettled

    def carry_out(self, clock: Clock, tell: Tell) -> Outcome:
        """Put what differs; see `Publication`."""
        if self.is_live and self.seen.current is not None:
            self._refuse_changed()
            return Outcome(release=self.seen.current, changed=False)
        turn = self.register.begin(self.seen, self.manifest, self.edition)
        try:
            if not self.is_ours:
                turn.hold()
                self.objects.put_marker(structs.replace(self.marker, lineage=turn.lineage))
            self._refuse_open()
            with Reading(self.built) as reading, self.objects.bucket.asking(turn.hold):
                write(self.plan, self.manifest, reading, self.objects, turn, tell)
            release = turn.commit(clock())
        except BaseException:
            turn.give_up()
            raise
        return Outcome(release=release, changed=True, notes=self._invalidated(release.id))

    def _refuse_open(self) -> None:
        """Refuse to go on if strangers could read insiders' pages, and try the places of the first ones beforehand."""
        if self.objects.boundary != "internal":
            return
        if self.seen.current is None or not self.is_ours:
            with _probing(self.objects, probes(self.manifest.paths)) as paths:
                check_closed(self.host, self.objects.bucket, paths, ask)
        elif time.monotonic() - self.asked_at > _STILL_KNOWN:
            _closed(self.host, self.objects, self.seen)

    def confirm(self, clock: Clock, wait: timedelta) -> tuple[str, ...]:
        """Look from outside; see `Publication`."""
        changed = [step.path for step in self.plan.steps]
        return confirm(self.host, self.manifest, changed, clock() + wait, clock, time.sleep, ask=ask)

    def close(self) -> None:
        """Close the connections that are kept open."""
        self.objects.close()

    def _refuse_changed(self) -> None:
        """Look at a few objects, the front page among them, where it is believed that nothing has to be done."""
        front = (entry for entry in self.manifest.files if entry.path == "index.html")
        odd = self.objects.check({*front, *self.manifest.files[:_SAMPLE]})
        for path in (*odd.missing, *odd.changed):
            raise WriteRefused(
                "E642", f"{self.objects}: {path} is not what was published there; `--verify` looks at all, and mends it"
            )

    def _invalidated(self, reference: str) -> tuple[str, ...]:
        """Have the CDN forget what it keeps. A failure is told and no more: caches forget by themselves in a minute."""
        if not self.host.distribution:
            return ()
        below = urlsplit(self.host.urls[0]).path if self.host.urls else ""
        try:
            invalidate(self.host.distribution, stale(self.plan), reference, self.objects.bucket.place, below)
        except StoreRefused as refused:
            return (str(refused),)
        return ()


@contextmanager
def _probing(objects: Objects, paths: Sequence[str]) -> Iterator[Sequence[str]]:
    """Let files that say nothing stand where pages are to go; a run that is killed leaves them to the next."""
    try:
        for path in paths:
            objects.put_probe(path)
        yield paths
    finally:
        with suppress(StoreRefused):
            for path in paths:
                objects.remove(path)


def _closed(host: Host, objects: Objects, seen: State) -> tuple[str, ...]:
    """Refuse to go on if insiders' pages could be read by strangers; give what the store could not be asked."""
    if objects.boundary != "internal":
        return ()
    return check_closed(host, objects.bucket, sorted(_paths(seen)), ask)


def _paths(seen: State) -> frozenset[str]:
    return seen.manifest.paths if seen.manifest is not None else frozenset()
