"""Whole trees onto disk: staged beside their places, checked, and swapped only when every one of them is complete."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

import msgspec

from heliograph.parallel import Run, in_turn, results
from heliograph.terms import Boundary
from heliograph.tree.artifact import Artifact
from heliograph.tree.carry import carry, intact
from heliograph.tree.fsio import Cursor, Folder, Uncertain, WriteRefused, locked, put_file
from heliograph.tree.manifest import (
    Entry,
    Generations,
    Manifest,
    check_path,
    check_tree_name,
    encode_manifest,
    entry_of,
    make_manifest,
    manifest_name,
)
from heliograph.tree.swap import LOCK, check_place, mend, new_stage, seal, standing, take_place


class TreePlan(msgspec.Struct, frozen=True, kw_only=True):
    """One tree to write. `artifacts` is read once and may be a generator; `next_change_at` is UTC, None for never."""

    name: str
    boundary: Boundary
    site: str
    artifacts: Iterable[Artifact]
    next_change_at: datetime | None = None


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one tree's files. `changed` tells whether the tree was swapped at all."""

    tree: str
    tree_sha256: str
    files: int
    written: int
    linked: int
    removed: int
    changed: bool


class Staged(msgspec.Struct, frozen=True, kw_only=True):
    """A tree that is complete on disk beside its place; `stage` is None where the standing one is as it should be."""

    out: Path
    manifest: Manifest
    standing: Manifest | None
    stage: str | None
    counts: Counts


def write_trees(out: Path, plans: Iterable[TreePlan], run: Run = in_turn) -> tuple[Counts, ...]:
    """Write trees under `out`: all are staged, then all swapped, insiders' before outsiders'. Gives counts by name.

    `run` says whether trees are staged one after the other or at once.

    Whatever an artifact generator raises while staging leaves every tree as it was. Raises Locked if another run
    writes here, WriteRefused and OSError when nothing has changed, and Uncertain when only some trees are new or the
    new ones may not survive a power cut.
    """
    in_order = sorted(plans, key=lambda plan: plan.name)
    if not (out / LOCK).exists():
        _check_places(out.resolve(), in_order)
    with contextlib.ExitStack() as stack:
        parent = stack.enter_context(Folder.make(out.resolve()))
        stack.enter_context(locked(parent.path / LOCK))
        mend(parent)
        jobs = [partial(stage, parent.path, plan) for plan in in_order]
        outcomes = list(run(jobs))
        for tree in outcomes:
            if isinstance(tree, Staged):
                stack.callback(discard, tree)
        staged = results(outcomes)
        _swap_all(staged)
        return tuple(tree.counts for tree in staged)


def _check_places(out: Path, plans: Iterable[TreePlan]) -> None:
    """Refuse a folder where no run of ours has been yet before even a lock is left in it.

    Staging asks again once it holds the lock; where there is one already, a killed run may first have to be mended.
    """
    for plan in plans:
        check_tree_name(plan.name)
        check_place(out / plan.name)
        standing(out / plan.name, plan.name, plan.boundary, plan.site)


def stage(out: Path, plan: TreePlan) -> Staged:
    """Write one tree beside its place in `out`; `swap` or `discard` what it gives. Call it with the lock held.

    Files whose bytes the standing tree already holds are linked, so that they keep their times; so are style sheets
    that only older pages name (see `tree.carry`).
    """
    check_tree_name(plan.name)
    with contextlib.ExitStack() as stack:
        parent = stack.enter_context(Folder.open(out.resolve()))
        place = parent.path / plan.name
        check_place(place)
        before = standing(place, plan.name, plan.boundary, plan.site)
        old = stack.enter_context(parent.folder(plan.name)) if before is not None else None
        return _Writer(parent, old, stack).run(plan, before)


class _Writer:
    """Writes one stage. The stage is made with the first file that differs: most builds change little or nothing."""

    def __init__(self, parent: Folder, old: Folder | None, stack: contextlib.ExitStack) -> None:
        self._parent = parent
        self._old = old
        self._stack = stack
        self._stage: Folder | None = None
        self._kept: list[Entry] = []
        self._written: list[Entry] = []

    def run(self, plan: TreePlan, before: Manifest | None) -> Staged:
        """Read all artifacts, write those that differ, and complete the stage if there has to be one."""
        try:
            self._take(plan.artifacts)
            entries = self._kept + self._written
            carried = self._carried(before, entries)
            manifest = make_manifest(plan.name, plan.boundary, plan.site, entries, plan.next_change_at, carried)
            if self._written or self._old is None or listing(self._old) != expected(manifest):
                self._complete(manifest)
        except BaseException:
            if self._stage is not None:
                self._parent.remove_tree(self._stage.path.name)
            raise
        return self._staged(manifest, before)

    def _take(self, artifacts: Iterable[Artifact]) -> None:
        """Write what differs from the standing tree, remember what does not; one artifact in memory at a time."""
        names = _Names()
        old = self._stack.enter_context(Cursor(self._old)) if self._old is not None else None
        new: Cursor | None = None
        for artifact in artifacts:
            names.add(artifact.path)
            if old is not None and _holds(old, artifact):
                self._kept.append(entry_of(artifact))
                continue
            if new is None:
                new = self._stack.enter_context(Cursor(self._open_stage(), create=True))
            folder, name = new.parent(artifact.path)
            folder.create(name, artifact.data)
            self._written.append(entry_of(artifact))

    def _carried(self, before: Manifest | None, entries: Sequence[Entry]) -> Generations:
        return () if before is None or self._old is None else intact(self._old, carry(before, entries))

    def _open_stage(self) -> Folder:
        if self._stage is None:
            self._stage = self._stack.enter_context(new_stage(self._parent))
        return self._stage

    def _complete(self, manifest: Manifest) -> None:
        stage = self._open_stage()
        if self._old is not None:
            carried = (entry for generation in manifest.carried for entry in generation)
            link_all(self._old, stage, (entry.path for entry in (*self._kept, *carried)))
        verify_listing(stage, manifest)
        seal(stage)

    def _staged(self, manifest: Manifest, before: Manifest | None) -> Staged:
        left = {entry.path for entry in manifest.everything}
        gone = [entry for entry in before.everything if entry.path not in left] if before is not None else ()
        counts = Counts(
            tree=manifest.tree,
            tree_sha256=manifest.tree_sha256,
            files=len(manifest.files),
            written=len(self._written),
            linked=len(self._kept),
            removed=len(gone),
            changed=self._stage is not None,
        )
        name = self._stage.path.name if self._stage is not None else None
        return Staged(out=self._parent.path, manifest=manifest, standing=before, stage=name, counts=counts)


def _holds(old: Cursor, artifact: Artifact) -> bool:
    try:
        folder, name = old.parent(artifact.path)
    except OSError:
        return False
    return folder.holds(name, artifact.data)


class _Names:
    """Keeps two artifacts off one path, also on disks that take `A` for `a`, and files off folders' names."""

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: dict[str, str] = {}

    def add(self, path: str) -> None:
        """Take one more path; E640 for a bad one, E641 for one that meets another."""
        check_path(path)
        key = path.casefold()
        if key in self._files or key in self._folders:
            raise WriteRefused("E641", f"two files want to be written at {path}")
        self._files.add(key)
        folder = path.rpartition("/")[0]
        while folder:
            if folder.casefold() in self._files or self._folders.setdefault(folder.casefold(), folder) != folder:
                raise WriteRefused("E641", f"the folder of {path} meets another file or folder of that name")
            folder = folder.rpartition("/")[0]


def link_all(source: Folder, stage: Folder, paths: Iterable[str]) -> None:
    """Take files of a standing tree over into a stage."""
    with Cursor(source) as old, Cursor(stage, create=True) as new:
        for path in sorted(paths):
            new.parent(path)[0].link_from(*old.parent(path))


def listing(tree: Folder) -> frozenset[tuple[str, str]]:
    """List what is really there, as (path, kind)."""
    return frozenset(tree.walk())


def expected(manifest: Manifest) -> frozenset[tuple[str, str]]:
    """List what a tree holds if it is just as its manifest says, as (path, kind)."""
    paths = {entry.path for entry in manifest.everything}
    folders = {folder for path in paths for folder in _folders_of(path)}
    return frozenset({(path, "file") for path in paths} | {(folder, "folder") for folder in folders})


def _folders_of(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path


def verify_listing(stage: Folder, manifest: Manifest) -> None:
    """Refuse a stage that holds more or less than was written (E613); each file's bytes were read back already."""
    odd = sorted(listing(stage) ^ expected(manifest))
    if odd:
        raise WriteRefused("E613", f"{stage.path} is not what was written: {odd[0][0]}")


def swap(staged: Staged) -> Counts:
    """Let a staged tree take its place, with its list beside it; nothing is touched where nothing differs."""
    with Folder.open(staged.out) as parent:
        if staged.stage is not None:
            take_place(parent, staged.stage, staged.manifest, staged.manifest.tree)
        elif staged.manifest != staged.standing:
            put_file(parent, manifest_name(staged.manifest.tree), encode_manifest(staged.manifest))
    return staged.counts


def discard(staged: Staged) -> None:
    """Remove a stage that will not be swapped; harmless after `swap`. What stays is removed by the next run."""
    if staged.stage is not None:
        with contextlib.suppress(OSError), Folder.open(staged.out) as parent:
            parent.remove_tree(staged.stage)


def _swap_all(staged: Sequence[Staged]) -> None:
    done: list[str] = []
    try:
        for tree in sorted(staged, key=lambda tree: (tree.manifest.boundary == "external", tree.manifest.tree)):
            swap(tree)
            done.append(tree.manifest.tree)
    except OSError as error:
        if done:
            raise Uncertain(f"only {', '.join(done)} could be put in place: {error}") from error
        raise
