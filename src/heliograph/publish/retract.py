"""Taking something off a bucket for good: nothing that the current release does not name stays, in any version.

It follows upon publishing without it. A folder needs none of this: a swap leaves nothing of what stood there before.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Collection
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from msgspec import Struct

from heliograph.operations import BucketPlace, FolderPlace, Host
from heliograph.publish.cdn import MOST_PATHS, invalidate
from heliograph.publish.collect import remove_in_turn
from heliograph.publish.objects import MARKER, Objects
from heliograph.publish.register import Register, State
from heliograph.store_faults import StoreLacks
from heliograph.tree.fsio import WriteRefused
from heliograph.tree.manifest import Manifest, check_path
from heliograph.tree.swap import left_behind


class Purge(Struct, frozen=True, kw_only=True):
    """What became of it at one host: objects and older versions that went, and what a person should know.

    `notes` are what could not be found out and objects that are not of our making, which were left.
    """

    removed: int = 0
    versions: int = 0
    notes: tuple[str, ...] = ()


def paths_of(manifest: Manifest, ids: Collection[str]) -> tuple[str, ...]:
    """Give the paths of a tree that are named after any of these incidents or maintenances."""
    return tuple(entry.path for entry in manifest.files if not _names_in(entry.path).isdisjoint(ids))


def _names_in(path: str) -> frozenset[str]:
    return frozenset(name.partition(".")[0] for name in PurePosixPath(path).parts)


def refuse_retracted(manifest: Manifest, retracted: Collection[str], stories: Collection[str] = ()) -> None:
    """Refuse a tree with pages of anything that was taken back for good (E638).

    Nor may its sources hold that, of which `stories` are the ids: a brief quotes them on a page that bears no id.
    """
    held = paths_of(manifest, retracted) if retracted else ()
    if held:
        raise WriteRefused("E638", f"{held[0]} was retracted; get the newest sources, or remove it from these")
    told = sorted(frozenset(stories).intersection(retracted))
    if told:
        raise WriteRefused(
            "E638", f"the sources hold {told[0]}, which was retracted; get the newest, or remove it from these"
        )


def purge(host: Host, register: Register, objects: Objects | None) -> Purge:
    """Remove all that the host's current release does not name, of any age; then all older versions.

    `objects` are those of a host that is a bucket. Asked again it goes on where it stopped. Raises WriteRefused E642 if
    something is there all the same afterwards, StoreRefused, Busy and Overtaken: then it is not gone yet.
    """
    seen = register.look()
    if isinstance(host.place, FolderPlace) or objects is None:
        return _of_folder(host)
    if seen.manifest is None:
        raise WriteRefused("E642", f"{host.id} holds no release of which anything is known; publish to it first")
    doomed = _over(seen, objects)
    for _ in remove_in_turn(register, seen, objects, doomed):
        pass
    versions, notes = _without_versions(objects, _there(objects)[1])
    left = _over(seen, objects)
    if left:
        raise WriteRefused("E642", f"{host.id}: {left[0]} is there again; somebody else writes to this bucket")
    keys, others = _there(objects)
    foreign = (key for key in keys if key not in _named(seen) and not key.startswith(others))
    notes += tuple(f"{prefix} bears a mark of its own, and was left" for prefix in others)
    notes += tuple(f"{key} is not of Heliograph's making, and was left" for key in foreign)
    return Purge(removed=len(doomed), versions=versions, notes=notes)


def _of_folder(host: Host) -> Purge:
    """Make sure that no run that was killed left an older tree beside a folder."""
    if isinstance(host.place, FolderPlace) and left_behind(host.place.path.parent):
        raise WriteRefused("E642", f"{host.place.path.parent} holds what a run that was killed left; publish again")
    return Purge()


def _over(seen: State, objects: Objects) -> list[str]:
    keys, others = _there(objects)
    named = _named(seen)
    return [key for key in keys if key not in named and not key.startswith(others) and _may_be_ours(key)]


def _there(objects: Objects) -> tuple[list[str], tuple[str, ...]]:
    """List all objects, and the prefixes among them that bear a mark of their own: another operator publishes there."""
    keys = sorted(found.key for found in objects.listing())
    return keys, tuple(key.removesuffix(MARKER) for key in keys if key.endswith(f"/{MARKER}"))


def _named(seen: State) -> frozenset[str]:
    assert seen.manifest is not None
    return frozenset(entry.path for entry in seen.manifest.everything)


def _may_be_ours(key: str) -> bool:
    """Tell whether any run of ours could have written an object: the record of old ones may be gone."""
    try:
        check_path(key)
    except WriteRefused:
        return False
    return True


def _without_versions(objects: Objects, others: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    keeps = objects.bucket.keeps_versions()
    try:
        return objects.remove_versions(besides=others), ()
    except StoreLacks:
        if keeps == "no":
            return 0, ()
        return 0, ("the store does not say whether it keeps older versions; look there, or ask whoever runs it",)


def forget(host: Host, place: BucketPlace, register: Register) -> str:
    """Have the host's CDN forget all it keeps; gives the invalidation's id, "" where no CDN is named.

    Raises StoreRefused.
    """
    if not host.distribution:
        return ""
    below = urlsplit(host.urls[0]).path if host.urls else ""
    return invalidate(host.distribution, _all_ever(register), f"retract-{secrets.token_hex(8)}", place, below)


def _all_ever(register: Register) -> frozenset[str]:
    """Collect the paths of this release and of earlier ones until they are so many that a CDN forgets everything."""
    seen = register.look()
    paths = _named(seen)
    for release in seen.past:
        if len(paths) > MOST_PATHS:
            break
        with contextlib.suppress(WriteRefused):
            paths |= {entry.path for entry in register.manifest(release.id).everything}
    return paths
