"""What a power cut may leave of a run, on a disk that keeps no promise it was not asked for.

Until a file is synced, its bytes may be missing or torn; until a folder is synced, each change of its entries may be
missing, whatever came before or after it; a rename is there or not, never half. `syncfs` makes everything before it
certain. This is the model of ALICE (Pillai et al., OSDI 2014), a little harsher than common file systems.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from proof.calls import Call

Dirs = dict[int, dict[str, int]]


class Seen(NamedTuple):
    """What stands at a place: `files` by relative path with bytes and mode, None where nothing stands."""

    files: dict[str, tuple[bytes, int]] | None
    mode: int


@dataclass
class Disk:
    """Folders' entries and files' bytes, by inode; `modes` of both."""

    dirs: Dirs = field(default_factory=lambda: {0: {}})
    data: dict[int, bytes] = field(default_factory=dict)
    modes: dict[int, int] = field(default_factory=lambda: {0: 0o755})
    own: set[int] = field(default_factory=set)

    def copy(self) -> Disk:
        """A disk of its own; folders are shared until they are changed."""
        return Disk(dict(self.dirs), dict(self.data), dict(self.modes))

    def bear(self, inode: int, mode: int, *, folder: bool) -> None:
        """Let there be an empty file or folder that stands nowhere yet."""
        self.modes[inode] = mode
        if folder:
            self.dirs[inode] = {}
        else:
            self.data[inode] = b""

    def put(self, folder: int, name: str, inode: int | None) -> None:
        """Set or remove one entry."""
        if folder not in self.own:
            self.dirs[folder] = dict(self.dirs[folder])
            self.own.add(folder)
        if inode is None:
            self.dirs[folder].pop(name, None)
        else:
            self.dirs[folder][name] = inode

    def find(self, path: str) -> int | None:
        """Find the inode at a path relative to the root."""
        inode: int | None = 0
        for part in filter(None, path.split("/")):
            inode = self.dirs.get(inode, {}).get(part) if inode is not None else None
        return inode

    def look(self, path: str) -> Seen:
        """Read everything below a path."""
        inode = self.find(path)
        if inode is None:
            return Seen(None, 0)
        return Seen(dict(self._below(inode, "")), self.modes.get(inode, 0))

    def read(self, path: str) -> bytes | None:
        """Read a file; None if there is none."""
        inode = self.find(path)
        return None if inode is None else self.data.get(inode, b"")

    def _below(self, inode: int, path: str) -> Iterator[tuple[str, tuple[bytes, int]]]:
        if inode not in self.dirs:
            yield path, (self.data.get(inode, b""), self.modes.get(inode, 0))
            return
        for name, inner in self.dirs[inode].items():
            yield from self._below(inner, f"{path}/{name}" if path else name)


class Effect(NamedTuple):
    """One change that reaches the disk whole or not at all, or torn if it is bytes.

    `entries` are (folder, name, inode or None); `file` and `bytes_` say what a file holds; `owners` are the inodes
    whose sync makes it certain.
    """

    at: int
    owners: tuple[int, ...]
    entries: tuple[tuple[int, str, int | None], ...] = ()
    file: int = -1
    bytes_: bytes = b""
    mode: int | None = None


class State(NamedTuple):
    """A disk after a power cut behind call number `at` (from 1; 0 is before the first)."""

    at: int
    disk: Disk


class Recording:
    """The calls of one run on what stood before, read as effects and syncs."""

    def __init__(self, root: Path, calls: Sequence[Call], before: Disk) -> None:
        self._root = str(root)
        self._now = before.copy()
        self._next = max((*before.dirs, *before.data, 0)) + 1
        self.before = before.copy()
        self.length = len(calls)
        self.effects: list[Effect] = []
        self._everything_synced: list[int] = []
        self._synced: dict[int, list[int]] = {}
        for at, call in enumerate(calls, 1):
            getattr(self, f"_{call.name}")(at, call)

    def states(self, dice: random.Random, samples: int) -> Iterator[State]:
        """Give states after a cut behind each call: nothing uncertain there, all of it, all of it torn, and samples."""
        base, start = self.before, 0
        for at in range(self.length + 1):
            if at in self._everything_synced:
                base = _applied(base, [one for one in self.effects if start < one.at < at])
                start = at
            recent = [(one, self._is_certain(one, at)) for one in self.effects if start < one.at <= at]
            loose = sum(not sure for _, sure in recent)
            yield State(at, _applied(base, (one for one, sure in recent if sure)))
            if loose:
                yield State(at, _applied(base, (one for one, _ in recent)))
                yield State(at, _applied(base, (one if sure else _torn(one, dice) for one, sure in recent)))
            for _ in range(min(samples, 2**loose - 1)):
                yield State(at, _applied(base, _sample(recent, dice)))

    def _is_certain(self, effect: Effect, at: int) -> bool:
        return all(any(effect.at < when <= at for when in self._synced.get(owner, ())) for owner in effect.owners)

    def _split(self, path: str) -> tuple[int, str]:
        inside = path.removeprefix(self._root).lstrip("/")
        folder, _, name = inside.rpartition("/")
        inode = self._now.find(folder)
        assert inode is not None, path
        return inode, name

    def _inode(self, path: str) -> int:
        folder, name = self._split(path)
        return self._now.dirs[folder][name] if name else folder

    def _new(self, mode: int, *, folder: bool) -> int:
        inode, self._next = self._next, self._next + 1
        for disk in (self._now, self.before):
            disk.bear(inode, mode & ~0o022, folder=folder)
        return inode

    def _entries(self, at: int, *entries: tuple[int, str, int | None]) -> None:
        for entry in entries:
            self._now.put(*entry)
        owners = tuple(sorted({folder for folder, _, _ in entries}))
        self.effects.append(Effect(at, owners, entries))

    def _open(self, at: int, call: Call) -> None:
        folder, name = self._split(call.path)
        if name in self._now.dirs[folder]:
            return
        self._entries(at, (folder, name, self._new(call.mode, folder=False)))

    def _mkdir(self, at: int, call: Call) -> None:
        self._entries(at, (*self._split(call.path), self._new(call.mode, folder=True)))

    def _write(self, at: int, call: Call) -> None:
        inode = self._inode(call.path)
        self._now.data[inode] = self._now.data.get(inode, b"") + call.data
        self.effects.append(Effect(at, (inode,), file=inode, bytes_=self._now.data[inode]))

    def _fchmod(self, at: int, call: Call) -> None:
        inode = self._inode(call.path)
        self._now.modes[inode] = call.mode
        self.effects.append(Effect(at, (inode,), file=inode, mode=call.mode))

    def _link(self, at: int, call: Call) -> None:
        self._entries(at, (*self._split(call.path), self._inode(call.source)))

    def _rename(self, at: int, call: Call) -> None:
        old, new = self._split(call.source), self._split(call.path)
        self._entries(at, (*new, self._inode(call.source)), (*old, None))

    def _exchange(self, at: int, call: Call) -> None:
        one, other = self._split(call.source), self._split(call.path)
        here, there = self._inode(call.source), self._inode(call.path)
        self._entries(at, (*one, there), (*other, here))

    def _unlink(self, at: int, call: Call) -> None:
        self._entries(at, (*self._split(call.path), None))

    _rmdir = _unlink

    def _fsync(self, at: int, call: Call) -> None:
        self._synced.setdefault(self._inode(call.path), []).append(at)

    def _syncfs(self, at: int, call: Call) -> None:
        self._everything_synced.append(at)

    def _close(self, at: int, call: Call) -> None:
        pass


def _sample(recent: Sequence[tuple[Effect, bool]], dice: random.Random) -> Iterator[Effect]:
    """Keep what is certain, and of the rest some, some of it torn."""
    odds = dice.choice((0.1, 0.5, 0.9))
    for one, sure in recent:
        if sure or dice.random() < odds:
            yield one if sure or dice.random() < 0.7 else _torn(one, dice)


def _torn(effect: Effect, dice: random.Random) -> Effect:
    if effect.file < 0 or effect.mode is not None:
        return effect
    cut = dice.randrange(len(effect.bytes_) + 1)
    return effect._replace(
        bytes_=dice.choice((effect.bytes_[:cut], effect.bytes_[:cut] + bytes(len(effect.bytes_) - cut)))
    )


def _applied(base: Disk, effects: Iterable[Effect]) -> Disk:
    disk = base.copy()
    for effect in effects:
        for entry in effect.entries:
            disk.put(*entry)
        if effect.mode is not None:
            disk.modes[effect.file] = effect.mode
        elif effect.file >= 0:
            disk.data[effect.file] = effect.bytes_
    return disk


def disk_of(root: Path) -> Disk:
    """Take what stands below a folder as a disk on which everything is certain. Hard links stay one inode."""
    disk, known = Disk(), {root.stat().st_ino: 0}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        inode = known.setdefault(status.st_ino, len(known))
        disk.modes[inode] = status.st_mode & 0o777
        if path.is_dir():
            disk.dirs.setdefault(inode, {})
        else:
            disk.data[inode] = path.read_bytes()
        disk.put(known[path.parent.stat().st_ino], path.name, inode)
    return disk


Judge = Callable[[State], str]


def judged(recording: Recording, judge: Judge, dice: random.Random, samples: int) -> tuple[int, list[str]]:
    """Count the states of a recording, and tell what `judge` (empty for a good one) found in the bad ones."""
    count, bad = 0, []
    for state in recording.states(dice, samples):
        count += 1
        if said := judge(state):
            bad.append(f"after call {state.at}: {said}")
    return count, bad


def without(calls: Iterable[Call], unwanted: Callable[[Call], bool]) -> list[Call]:
    """Leave out some calls: the same run, had they not been made."""
    return [call for call in calls if not unwanted(call)]


def is_tree(seen: Seen, wanted: Mapping[str, bytes]) -> bool:
    """Tell whether just these files stand there, with our modes."""
    if seen.files is None or seen.mode != 0o755 or seen.files.keys() != wanted.keys():
        return False
    return all(found == (wanted[path], 0o644) for path, found in seen.files.items())
