"""Publishing a built tree to a folder: verified before, swapped whole, read again after.

`prepare` finds out everything and changes nothing, so that a dry run is a printed plan; `carry_out` does it.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from heliograph.publish.plan import Plan, plan_publish
from heliograph.tree.artifact import MEDIA_TYPES, Artifact
from heliograph.tree.carry import carry
from heliograph.tree.fsio import Cursor, Folder, Uncertain, WriteRefused, locked, put_file
from heliograph.tree.manifest import Entry, Manifest, encode_manifest, entry_of, manifest_name, read_manifest
from heliograph.tree.swap import (
    LOCK,
    PROBE,
    check_apart,
    check_place,
    left_behind,
    mend,
    new_stage,
    seal,
    standing,
    take_place,
)
from heliograph.tree.write import expected, link_all, listing, verify_listing


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """A verified tree and what publishing it would do.

    `manifest` is the list that will lie at the target; `published` the one there now, None for a first time.
    """

    source: Path
    target: Path
    manifest: Manifest
    published: Manifest | None
    plan: Plan

    @property
    def is_live(self) -> bool:
        """Tell whether the target is already just this tree."""
        return not self.plan.steps and self.published == self.manifest


def prepare(source: Path, target: Path) -> Release:
    """Verify the built tree at `source` against its manifest, look at `target`, and plan. Changes nothing.

    Raises WriteRefused: E602 for places in one another, E603 for a target that is not ours, E605 for another site's,
    E606 for another tree's or one of the other side of the wall, E612 and E613 for a source that is not as built.
    """
    source, target = source.resolve(), target.parent.resolve() / target.name
    built = _built(source)
    check_apart(source, target)
    check_place(target)
    published = standing(target, built.tree, built.boundary, built.site)
    there = _observe(target) if published is not None else ()
    manifest = _with_what_readers_hold(built, published, there)
    ours = (entry.path for entry in published.everything) if published is not None else ()
    plan = plan_publish(manifest.everything, there, ours)
    return Release(source=source, target=target, manifest=manifest, published=published, plan=plan)


def carry_out(release: Release) -> bool:
    """Do what `prepare` planned; False where the target is live already and nothing was touched.

    Raises Locked if another run publishes here, WriteRefused (E642 if the target has changed since `prepare`) and
    OSError when nothing has changed, Uncertain when the new tree stands but could not be confirmed or may not survive
    a power cut.
    """
    manifest, target = release.manifest, release.target
    if release.is_live and not left_behind(target.parent):
        return False
    with Folder.make(target.parent) as parent, locked(parent.path / LOCK):
        mend(parent)
        if standing(target, manifest.tree, manifest.boundary, manifest.site) != release.published:
            raise WriteRefused("E642", f"{target} has changed since the plan was made; run again")
        if release.is_live:
            return False
        if release.plan.steps or release.published is None:
            _swap_in(parent, release)
        else:
            put_file(parent, manifest_name(target.name), encode_manifest(manifest))
        _confirm(release)
    return True


@contextlib.contextmanager
def probe(target: Path) -> Iterator[str]:
    """Let a file that says nothing stand at a target that holds no tree yet; gives its path there."""
    with Folder.make(target.parent) as parent, locked(parent.path / LOCK):
        is_new = parent.kind(target.name) == "nothing"
        with parent.folder(target.name, create=True) as place:
            try:
                if place.kind(PROBE) == "nothing":
                    place.create(PROBE, b"Nothing is here yet.\n")
                yield PROBE
            finally:
                place.remove(PROBE)
                if is_new:
                    parent.remove_tree(target.name)


def _built(source: Path) -> Manifest:
    manifest = read_manifest(source)
    if manifest is None or not source.is_dir():
        raise WriteRefused("E603", f"{source} is not a built tree; run `heliograph build` first")
    with Folder.open(source) as tree:
        _verify(tree, manifest)
    return manifest


def _with_what_readers_hold(built: Manifest, published: Manifest | None, there: Iterable[Entry]) -> Manifest:
    """Carry on what pages read at the target name: not what earlier builds held, which nobody may have read there."""
    sound = frozenset(there)
    generations = carry(published, built.files) if published is not None else ()
    carried = (tuple(entry for entry in generation if entry in sound) for generation in generations)
    return msgspec.structs.replace(built, carried=tuple(generation for generation in carried if generation))


def _verify(tree: Folder, manifest: Manifest) -> None:
    """Refuse a tree that is not, byte for byte, what its manifest says."""
    odd = sorted(listing(tree) ^ expected(manifest))
    if odd:
        raise WriteRefused("E613", f"{tree.path} is not as built ({odd[0][0]}); build again")
    with Cursor(tree) as files:
        for entry in manifest.everything:
            if _digest(files, entry.path) != entry.sha256:
                raise WriteRefused("E612", f"{tree.path}/{entry.path} is not as built; build again")


def _digest(files: Cursor, path: str) -> str:
    folder, name = files.parent(path)
    return hashlib.sha256(folder.read(name)).hexdigest()


def _observe(target: Path) -> tuple[Entry, ...]:
    """List what is really at the target, whatever its manifest says: a killed run may have left an older one."""
    with Folder.open(target) as tree, Cursor(tree) as files:
        return tuple(_seen(files, path, kind) for path, kind in tree.walk() if kind != "folder")


def _seen(files: Cursor, path: str, kind: str) -> Entry:
    """Describe a file at the target; what we would never write is described as empty."""
    if kind != "file" or path.rpartition(".")[2] not in MEDIA_TYPES:
        return Entry(path, hashlib.sha256().hexdigest(), 0, "", "short")
    folder, name = files.parent(path)
    return entry_of(Artifact(path, folder.read(name)))


def _swap_in(parent: Folder, release: Release) -> None:
    """Stage the whole tree beside the target: what it holds already is linked, so that it keeps its times."""
    with new_stage(parent) as stage:
        try:
            _fill(parent, stage, release)
            seal(stage)
            take_place(parent, stage.path.name, release.manifest, release.target.name)
        finally:
            parent.remove_tree(stage.path.name)


def _fill(parent: Folder, stage: Folder, release: Release) -> None:
    changed = release.plan.paths
    if release.published is not None:
        with parent.folder(release.target.name) as target:
            link_all(target, stage, {entry.path for entry in release.manifest.everything} - changed)
    with Folder.open(release.source) as tree, Cursor(tree) as old, Cursor(stage, create=True) as new:
        for entry in release.manifest.files:
            if entry.path in changed:
                _copy(old, new, entry)
    verify_listing(stage, release.manifest)


def _copy(old: Cursor, new: Cursor, entry: Entry) -> None:
    folder, name = old.parent(entry.path)
    data = folder.read(name)
    if hashlib.sha256(data).hexdigest() != entry.sha256:
        raise WriteRefused("E612", f"{folder.path / name} is not as built; build again")
    folder, name = new.parent(entry.path)
    folder.create(name, data)


def _confirm(release: Release) -> None:
    """Read the target again, by name, the way a server does."""
    try:
        if read_manifest(release.target) != release.manifest:
            raise Uncertain(f"the list beside {release.target} is not the one just written")
        with Folder.open(release.target) as tree:
            _verify(tree, release.manifest)
    except (OSError, WriteRefused) as error:
        raise Uncertain(f"{release.target} was published but does not read back: {error}") from error
