"""Targets, and what remembers what they hold: reachable, ours, whole, fresh, and shown to whom it is for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from heliograph.doctor.finding import Finding, Level, guarded
from heliograph.operations import BucketPlace, FolderPlace, Host
from heliograph.publish.exposure import check_closed, check_folder_closed, check_marker
from heliograph.publish.objects import Marker, Objects
from heliograph.publish.outside import Ask, past_caches
from heliograph.publish.register import Register, State
from heliograph.publish.register_head import decode_head
from heliograph.publish.retract import paths_of
from heliograph.publish.shelf import Shelf
from heliograph.terms import Boundary
from heliograph.times import write_instant
from heliograph.tree.manifest import Entry, Manifest
from heliograph.tree.swap import standing

LATE: Final = timedelta(minutes=15)
"""So long a page may say what held before, until nobody can have meant to build it only now."""
_SETTLING: Final = timedelta(minutes=5)
"""So long caches may show what was there before."""
_FRONT: Final = "index.html"
_OK: Final = 200
_DENIED: Final = (401, 403)


class Ward(Struct, frozen=True, kw_only=True):
    """One host, the side of the wall its tree is on, and what it is looked into with. `site` is the site's id."""

    host: Host
    boundary: Boundary
    site: str
    shelf: Shelf
    now: datetime
    ask: Ask

    @property
    def subject(self) -> str:
        """What findings are about."""
        return f"target {self.host.id}"

    def seen(self) -> State:
        """Look up what was published."""
        return Register(self.shelf, self.site, self.host.id).look()


def check_target(ward: Ward) -> Iterator[Finding]:
    """Look whether a target is there and ours, what it holds, and whether a run is at it or was cut off."""
    yield from guarded(ward.subject, lambda: _ours(ward))
    yield from guarded(ward.subject, lambda: _run(ward))
    yield from guarded(ward.subject, lambda: _published(ward, ward.seen()))


def _ours(ward: Ward) -> Iterator[Finding]:
    host = ward.host
    if isinstance(host.place, FolderPlace):
        found = standing(host.place.path, host.tree, ward.boundary, ward.site)
        if found is None:
            yield _never(ward, "nothing was published there yet")
        return
    with closing(Objects(host.place, ward.boundary)) as objects:
        objects.bucket.reach()
        marker, lineage = objects.marker(), ward.seen().lineage
        if marker is None and lineage is None and objects.is_empty():
            yield _never(ward, f"{objects} is empty, and bears no mark yet")
            return
        ours = Marker(
            site=ward.site,
            tree=host.tree,
            boundary=ward.boundary,
            lineage=lineage or (marker.lineage if marker else "-"),
        )
        check_marker(marker, ours, is_empty=objects.is_empty(), adopt=False)
        if lineage is None:
            yield Finding(
                "bad",
                ward.subject,
                f"{objects} was published to, and nothing is known of it in {ward.shelf}",
                f"name the right [state], or take it over: heliograph publish {host.id} --init",
            )


def _never(ward: Ward, said: str) -> Finding:
    init = " --init" if isinstance(ward.host.place, BucketPlace) else ""
    return Finding("note", ward.subject, said, f"heliograph publish {ward.host.id}{init}")


def _run(ward: Ward) -> Iterator[Finding]:
    """Tell of a run that is at it, or was cut off while it was."""
    name = ward.host.id
    found = ward.shelf.read(f"{name}/head.json")
    if found is None:
        return
    turn = decode_head(found.data, f"`{name}/head.json` in {ward.shelf}", ward.site, name).turn
    if turn is None:
        return
    since = f"{max(0, round(found.age.total_seconds()))} s ago"
    if found.age <= timedelta(seconds=turn.ttl):
        yield Finding("note", ward.subject, f"{turn.owner} is publishing; last sign {since}")
    else:
        yield Finding(
            "warn",
            ward.subject,
            f"{turn.owner} began to publish and never ended; last sign {since}",
            f"heliograph publish {name} puts again what may be half there",
        )


def _published(ward: Ward, seen: State) -> Iterator[Finding]:
    current, manifest = seen.current, seen.manifest
    if current is None or manifest is None:
        if isinstance(ward.host.place, FolderPlace):
            yield from _standing_only(ward)
        elif seen.etag is not None:
            yield _never(ward, "a run was begun there, and none has come to its end yet")
        return
    if current.edition.as_of - ward.now > LATE:
        said = f"release {current.id} speaks for {write_instant(current.edition.as_of)}; until then no other may follow"
        todo = f"heliograph build && heliograph publish {ward.host.id} --force-older"
        yield Finding("bad", ward.subject, said, todo)
    if seen.unsettled:
        said = f"{len(seen.unsettled)} files may be half published: a run was cut off"
        yield Finding("warn", ward.subject, said, f"heliograph publish {ward.host.id}")
    newest = max(_generations(ward), default=0)
    if newest > seen.generation:
        said = f"release {newest} was begun, and {seen.generation} is the last on record: is the record an older copy?"
        yield Finding("warn", ward.subject, said, f"heliograph publish {ward.host.id} --verify")
    for path in paths_of(manifest, seen.retracted)[:1]:
        said = f"release {current.id} still holds what was retracted ({path})"
        yield Finding("bad", ward.subject, said, "heliograph retract, with its id, until nothing is listed")
    if isinstance(ward.host.place, FolderPlace):
        there = standing(ward.host.place.path, ward.host.tree, ward.boundary, ward.site)
        if there is None or there.tree_sha256 != current.tree_sha256:
            yield Finding(
                "bad",
                ward.subject,
                f"{ward.host.place.path} does not hold release {current.id}, which is on record as published",
                f"heliograph publish {ward.host.id}",
            )
    yield from _fresh(
        ward,
        manifest,
        f"release {current.id}, published {write_instant(current.at)}, as of {write_instant(current.edition.as_of)}",
    )


def _generations(ward: Ward) -> Iterator[int]:
    """Give the numbers of all releases of which there is a list of files."""
    for entry in ward.shelf.listing(f"{ward.host.id}/releases/"):
        number = entry.key.rpartition("/")[2].partition("-")[0]
        if number.isdecimal():
            yield int(number)


def _standing_only(ward: Ward) -> Iterator[Finding]:
    """Tell of a folder that was published to before there was a register."""
    assert isinstance(ward.host.place, FolderPlace)
    found = standing(ward.host.place.path, ward.host.tree, ward.boundary, ward.site)
    if found is not None:
        yield from _fresh(ward, found, f"a tree of {len(found.files)} files")


def _fresh(ward: Ward, manifest: Manifest, said: str) -> Iterator[Finding]:
    """Say what is published, and whether it should say something else by now."""
    due = manifest.next_change_at
    if due is None or due > ward.now:
        until = f", good until {write_instant(due)}" if due else ""
        yield Finding("ok", ward.subject, f"{said}{until}")
        return
    level: Level = "bad" if ward.now - due > LATE else "warn"
    todo = f"heliograph build && heliograph publish {ward.host.id}; let a schedule do it"
    yield Finding(level, ward.subject, f"{said}; it is stale since {write_instant(due)}", todo)


def check_outside(ward: Ward) -> Iterator[Finding]:
    """Look at a target as strangers do: all of it for outsiders' pages, nothing for insiders'."""
    seen = ward.seen()
    manifest = seen.manifest
    if manifest is None or seen.current is None:
        return
    if not ward.host.urls:
        yield Finding("note", ward.subject, "no `urls`, so nobody can look what readers see")
    elif ward.boundary == "internal":
        yield from _closed(ward, manifest)
    else:
        front = next((entry for entry in manifest.files if entry.path == _FRONT), None)
        is_new = ward.now - seen.current.at < _SETTLING
        for url in ward.host.urls:
            yield _shown(ward, url, front, is_new=is_new)


def _closed(ward: Ward, manifest: Manifest) -> Iterator[Finding]:
    notes: tuple[str, ...] = ()
    if isinstance(ward.host.place, FolderPlace):
        check_folder_closed(ward.host, sorted(manifest.paths), ward.ask)
    else:
        with closing(Objects(ward.host.place, ward.boundary)) as objects:
            notes = check_closed(ward.host, objects.bucket, sorted(manifest.paths), ward.ask)
    yield from (Finding("note", ward.subject, note) for note in notes)
    yield Finding("ok", ward.subject, f"closed to strangers at {_count(len(ward.host.urls), 'address', 'addresses')}")


def _shown(ward: Ward, url: str, front: Entry | None, *, is_new: bool) -> Finding:
    answer = ward.ask(past_caches(f"{url}/"), ca_file=ward.host.ca_file)
    if answer.status != _OK:
        said = f"{url} {f'answers {answer.status}' if answer.status else 'does not answer'}"
        return Finding("bad", ward.subject, said, _advice(answer.status))
    if front is None:
        return Finding("ok", ward.subject, f"{url} answers")
    if hashlib.sha256(answer.data or b"").hexdigest() == front.sha256:
        return Finding("ok", ward.subject, f"{url} shows it")
    level: Level = "warn" if is_new else "bad"
    return Finding(
        level,
        ward.subject,
        f"{url} shows another front page than was published",
        "is it another place's address, or a cache?",
    )


def _advice(status: int) -> str:
    if status in _DENIED:
        return "strangers must be able to read it: check the policy, and the index document of / at the CDN"
    return "check name, certificate and the web host; a store alone shows no index page for a folder"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def check_state(shelf: Shelf, *, is_used: bool) -> Iterator[Finding]:
    """Look whether the place that remembers can be read and written, and keeps conditions: it is what two runs ask."""
    if not is_used:
        return
    shelf.read("probe.json")
    shelf.check_conditions("probe.json")
    yield Finding("ok", "state", f"{shelf}: reachable, and keeps conditions")
