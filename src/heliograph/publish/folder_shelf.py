"""A shelf in a private folder: objects are files, put in place whole; a lock makes compare and swap one step."""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import re
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from heliograph.buckets import Entry, Stored
from heliograph.store_faults import StoreRefused
from heliograph.tree.fsio import PREFIX, TEMPORARY, Folder, Locked, WriteRefused, locked, new_name, temporary_file
from heliograph.tree.swap import LOCK

_PRIVATE: Final = 0o700
_OTHERS: Final = 0o077
_PART: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,127}", re.ASCII)
_OPEN: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_PATIENCE: Final = 30.0
"""Seconds for which the lock is waited for; whoever holds it writes one small file."""


class FolderShelf:
    """Implements `publish.shelf.Shelf` in a folder, which is made when something is first written.

    Every method raises StoreRefused: also for a folder that is a symbolic link or that other users may enter.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.parent.resolve() / path.name

    def __str__(self) -> str:
        return str(self._path)

    def close(self) -> None:
        """Nothing is kept open."""

    def read(self, key: str) -> Stored | None:
        """Read an object whole; None if there is none. Its age is by the file system's clock."""
        with self._refusing(), contextlib.suppress(FileNotFoundError), self._root() as root:
            with _inside(root, key) as (folder, name):
                data, etag, written = _read(folder, name)
            return Stored(data, etag, timedelta(microseconds=(_clock(root, written) - written) // 1000))
        return None

    def listing(self, prefix: str) -> Iterator[Entry]:
        """Go through all objects below a prefix, by key."""
        for key in self._keys():
            if key.startswith(prefix) and (found := self.read(key)) is not None:
                yield Entry(key, found.etag)

    def put(self, key: str, data: bytes) -> None:
        """Write an object, whatever is there."""
        self._put_if(key, data, lambda _: True)

    def put_if_absent(self, key: str, data: bytes) -> str | None:
        """Write an object if there is none, or none but this; its ETag, or None if somebody was first."""
        return self._put_if(key, data, lambda etag: etag is None)

    def put_if_match(self, key: str, data: bytes, etag: str) -> str | None:
        """Write over an object that still has this ETag; the new one, or None if it has changed to something else."""
        return self._put_if(key, data, lambda found: found == etag)

    def remove(self, key: str) -> None:
        """Remove an object; one that is not there is removed already."""
        with (
            self._refusing(),
            contextlib.suppress(FileNotFoundError),
            self._root() as root,
            self._lock(),
            _inside(root, key) as (folder, name),
        ):
            folder.remove(name)
            folder.flush()

    def check_conditions(self, key: str) -> None:
        """Refuse a file system on which locks keep nobody out, or files cannot be put in place."""
        data = f'{{"nonce":"{secrets.token_hex(16)}"}}\n'.encode()
        self.put(key, data)
        stale = self.put_if_match(key, data + b"\n", "stale") or self.put_if_absent(key, data + b"\n")
        if stale is not None or not self._locks_hold():
            raise StoreRefused("E631", f"{self}: its file system keeps no locks, so two publishers could both go first")

    def _locks_hold(self) -> bool:
        with self._refusing(), self._lock():
            try:
                with locked(self._path / LOCK):
                    return False
            except Locked:
                return True

    def _put_if(self, key: str, data: bytes, may_be: Callable[[str | None], bool]) -> str | None:
        """Write an object if its ETag, None where there is no object, is one that may be."""
        with (
            self._refusing(),
            self._root(create=True) as root,
            self._lock(),
            _inside(root, key, create=True) as (folder, name),
        ):
            old = _read(folder, name) if folder.kind(name) != "nothing" else None
            if not may_be(old[1] if old else None):
                return old[1] if old and old[0] == data else None
            _tidy(folder)
            _replace(folder, name, data, old[2] if old else 0)
            return _read(folder, name)[1]

    def _keys(self) -> list[str]:
        with self._refusing(), contextlib.suppress(FileNotFoundError), self._root() as root:
            return sorted(path for path, kind in root.walk() if kind == "file" and f"/{PREFIX}" not in f"/{path}")
        return []

    @contextlib.contextmanager
    def _root(self, *, create: bool = False) -> Iterator[Folder]:
        """Open the folder; it must be private."""
        try:
            root = Folder.open(self._path)
        except FileNotFoundError:
            if not create:
                raise
            root = self._made()
        with root:
            if stat.S_IMODE(os.fstat(root.descriptor).st_mode) & _OTHERS:
                raise StoreRefused("E617", f"{self}: other users may enter that folder; `chmod 700` it")
            yield root

    def _made(self) -> Folder:
        with Folder.make(self._path.parent) as parent:
            try:
                root = parent.new_folder(self._path.name, _PRIVATE)
            except FileExistsError:
                return Folder.open(self._path)
            parent.flush()
            return root

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """Keep all other writers out, waiting for the one that is in."""
        ends = time.monotonic() + _PATIENCE
        with contextlib.ExitStack() as held:
            while True:
                try:
                    held.enter_context(locked(self._path / LOCK))
                    break
                except Locked:
                    if time.monotonic() >= ends:
                        raise
                time.sleep(random.uniform(0.001, 0.01))  # noqa: S311 -- spreads writers, keeps no secret
            yield

    @contextlib.contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreRefused("E617", f"{self}: {error.filename}: {error.strerror}") from error
        except Locked as error:
            raise StoreRefused("E617", f"{self}: another run holds its lock all the time ({error.path})") from error
        except WriteRefused as error:
            raise StoreRefused("E617", f"{self}: {error.message}") from error


@contextlib.contextmanager
def _inside(root: Folder, key: str, *, create: bool = False) -> Iterator[tuple[Folder, str]]:
    """Open the folder that a key's last part belongs in; no part of it may be a symbolic link."""
    *parts, name = key.split("/")
    if not all(_PART.fullmatch(part) for part in (*parts, name)):
        raise StoreRefused("E617", f"{root.path}: nothing can be kept there as {key[:80]!r}")
    with contextlib.ExitStack() as opened:
        folder = root
        for part in parts:
            folder = opened.enter_context(_folder(folder, part, create=create))
        yield folder, name


def _folder(parent: Folder, name: str, *, create: bool) -> Folder:
    if not create or parent.kind(name) != "nothing":
        return parent.folder(name)
    made = parent.new_folder(name, _PRIVATE)
    parent.flush()
    return made


def _read(folder: Folder, name: str) -> tuple[bytes, str, int]:
    """Read a file: its bytes, its ETag and when it was written (ns). Never two writings give the same ETag."""
    with open(os.open(name, _OPEN, dir_fd=folder.descriptor), "rb") as file:  # noqa: PTH123 -- a descriptor is no path
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise WriteRefused("E603", f"{folder.path / name} is no ordinary file")
        data = file.read()
    digest = hashlib.sha256(data).hexdigest()[:32]
    return data, f"{digest}-{status.st_ino:x}-{status.st_mtime_ns:x}", status.st_mtime_ns


def _replace(folder: Folder, name: str, data: bytes, old: int) -> None:
    """Put a file in place, with another time than the `old` one: coarse clocks stand still for some milliseconds."""
    while True:
        with temporary_file(folder, data) as temporary:
            if _read(folder, temporary)[2] != old:
                folder.rename(temporary, name)
                folder.flush()
                return
        time.sleep(0.002)


def _tidy(folder: Folder) -> None:
    """Remove what killed writers left: who holds the lock is the only one that writes."""
    for name in folder.names():
        if name.startswith(TEMPORARY):
            folder.remove(name)


def _clock(root: Folder, otherwise: int) -> int:
    """Ask the file system for its time (ns), not this machine's on a network; `otherwise` if it takes no file."""
    name = new_name(TEMPORARY)
    try:
        root.create(name, b"")
        try:
            return _read(root, name)[2]
        finally:
            root.remove(name)
    except OSError:
        return otherwise
