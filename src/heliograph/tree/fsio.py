"""The one way bytes reach a disk: by directory descriptor, never through a symbolic link, whole or not at all.

Modes are fixed (files 0644, folders 0755) whatever the umask. A failing call raises an OSError that names its path.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, Self

FILE_MODE: Final = 0o644
FOLDER_MODE: Final = 0o755
PRIVATE_MODE: Final = 0o600
"""Of files that hold addresses: their owner's alone."""
PREFIX: Final = ".heliograph-"
"""Every name of ours that is not output begins so: stages, halves of swaps, temporary files, locks."""
TEMPORARY: Final = f"{PREFIX}write-"

_OPEN_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN_NEW: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN_OLD: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_RENAME_EXCHANGE: Final = 2
_NO_EXCHANGE_HERE: Final = frozenset({errno.ENOSYS, errno.EINVAL, errno.EXDEV, errno.EOPNOTSUPP, errno.EPERM})
_NO_LINKS_HERE: Final = frozenset({errno.EPERM, errno.EXDEV, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOSYS})

Kind = Literal["file", "folder", "other"]


class WriteRefused(Exception):  # noqa: N818 -- it is an answer, not a fault
    """Writing there, or writing that, is not done; nothing was changed. `code` is the catalogue's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code} {self.message}"


class Locked(Exception):  # noqa: N818 -- as above
    """Another run holds the lock; `path` is the lock's file."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"another run is writing here ({path})")
        self.path = path


class Uncertain(Exception):  # noqa: N818 -- as above
    """The new state is visible, but was not confirmed or is not known to survive a power cut."""


@contextlib.contextmanager
def _naming(folder: str, name: str) -> Iterator[None]:
    """Give a failing call's OSError the path it was about: calls by descriptor know none."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, f"{folder}/{name}".rstrip("/")) from error


class Folder:
    """An open directory. What is in it is reached by descriptor, so that no one can move it under our feet."""

    def __init__(self, where: str, descriptor: int) -> None:
        self._where = where
        self.descriptor = descriptor

    @property
    def path(self) -> Path:
        """Say where it was when it was opened; only for telling people."""
        return Path(self._where)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open an existing directory; the path's last part may not be a symbolic link."""
        return cls(str(path), os.open(path, _OPEN_FOLDER))

    @classmethod
    def make(cls, path: Path) -> Self:
        """Open a directory, first making it and whatever of its parents is missing."""
        missing = [folder for folder in (path, *path.parents) if not folder.exists()]
        for folder in reversed(missing):
            with cls.open(folder.parent) as parent:
                parent.folder(folder.name, create=True).close()
                parent.flush()
        return cls.open(path)

    def close(self) -> None:
        """Let go of the descriptor; nothing was written through it, so nothing can be lost here."""
        with contextlib.suppress(OSError):
            os.close(self.descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def folder(self, name: str, *, create: bool = False) -> Folder:
        """Open a folder inside, if asked for making it where there is none."""
        with _naming(self._where, name):
            try:
                return Folder(f"{self._where}/{name}", os.open(name, _OPEN_FOLDER, dir_fd=self.descriptor))
            except FileNotFoundError:
                if not create:
                    raise
            return self.new_folder(name, FOLDER_MODE)

    def new_folder(self, name: str, mode: int) -> Folder:
        """Make a folder inside that did not exist, with exactly this mode, and open it."""
        with _naming(self._where, name):
            os.mkdir(name, mode=mode, dir_fd=self.descriptor)
            made = Folder(f"{self._where}/{name}", os.open(name, _OPEN_FOLDER, dir_fd=self.descriptor))
            made.set_mode(mode)
            return made

    def set_mode(self, mode: int) -> None:
        """Set this folder's own mode."""
        with _naming(self._where, ""):
            os.fchmod(self.descriptor, mode)

    def create(self, name: str, data: bytes, *, flush: bool = False, mode: int = FILE_MODE) -> None:
        """Write a file that did not exist, and read it back; `flush` waits until it is on the disk."""
        with _naming(self._where, name):
            descriptor = os.open(name, _OPEN_NEW, mode, dir_fd=self.descriptor)
            try:
                os.fchmod(descriptor, mode)
                _write_all(descriptor, data)
                if os.pread(descriptor, len(data) + 1, 0) != data:
                    raise OSError(errno.EIO, "the bytes read back differ from the bytes written")
                if flush:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def read(self, name: str) -> bytes:
        """Read a regular file; anything else under that name is an OSError."""
        with _naming(self._where, name):
            descriptor = os.open(name, _OPEN_OLD, dir_fd=self.descriptor)
            with os.fdopen(descriptor, "rb", buffering=0) as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise OSError(errno.EINVAL, "not a regular file")
                return file.readall()

    def holds(self, name: str, data: bytes) -> bool:
        """Tell whether a regular file of exactly these bytes and of our mode stands there."""
        try:
            descriptor = os.open(name, _OPEN_OLD, dir_fd=self.descriptor)
        except OSError:
            return False
        try:
            status = os.fstat(descriptor)
            alike = (status.st_mode, status.st_size) == (stat.S_IFREG | FILE_MODE, len(data))
            return alike and os.pread(descriptor, len(data) + 1, 0) == data
        except OSError:
            return False
        finally:
            os.close(descriptor)

    def link_from(self, source: Folder, name: str) -> None:
        """Take over a file of `source` under the same name: as the same file where links work, else as a copy."""
        with _naming(self._where, name):
            try:
                os.link(name, name, src_dir_fd=source.descriptor, dst_dir_fd=self.descriptor, follow_symlinks=False)
            except OSError as error:
                if error.errno not in _NO_LINKS_HERE:
                    raise
                self.create(name, source.read(name))

    def kind(self, name: str) -> Literal["file", "folder", "link", "other", "nothing"]:
        """Tell what stands under a name, without following links."""
        try:
            mode = os.stat(name, dir_fd=self.descriptor, follow_symlinks=False).st_mode
        except FileNotFoundError:
            return "nothing"
        if stat.S_ISLNK(mode):
            return "link"
        if stat.S_ISDIR(mode):
            return "folder"
        return "file" if stat.S_ISREG(mode) else "other"

    def names(self) -> list[str]:
        """List what is inside, sorted."""
        return sorted(os.listdir(self.descriptor))  # noqa: PTH208 -- a descriptor is no path

    def walk(self, below: str = "") -> Iterator[tuple[str, Kind]]:
        """List everything inside, folder by folder in the order of names, as relative paths; links are `other`."""
        with os.scandir(self.descriptor) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        for entry in entries:
            path = f"{below}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield path, "folder"
                with self.folder(entry.name) as inner:
                    yield from inner.walk(f"{path}/")
            else:
                yield path, "file" if entry.is_file(follow_symlinks=False) else "other"

    def rename(self, old: str, new: str) -> None:
        """Rename inside this folder; what stood at `new` goes, unless it is a folder with something in it."""
        with _naming(self._where, new):
            os.rename(old, new, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)

    def exchange(self, one: str, other: str) -> bool:
        """Let two names change places at one instant; False where this system or file system cannot."""
        call = getattr(_LIBC, "renameat2", None)
        if call is None:
            return False
        here = self.descriptor
        if call(here, os.fsencode(one), here, os.fsencode(other), _RENAME_EXCHANGE) == 0:
            return True
        number = ctypes.get_errno()
        if number in _NO_EXCHANGE_HERE:
            return False
        raise OSError(number, os.strerror(number), str(self.path / other))

    def remove(self, name: str) -> None:
        """Remove one file or link."""
        with _naming(self._where, name):
            os.unlink(name, dir_fd=self.descriptor)

    def remove_tree(self, name: str) -> None:
        """Remove a folder and everything in it, following no link; what cannot be removed stays for the next run."""
        with contextlib.suppress(OSError):
            shutil.rmtree(name, ignore_errors=True, dir_fd=self.descriptor)

    def flush(self) -> None:
        """Wait until this folder's own entries are on the disk."""
        with _naming(self._where, ""):
            os.fsync(self.descriptor)

    def flush_tree(self) -> None:
        """Wait until everything below is on the disk: one call for the whole file system, else file by file."""
        with _naming(self._where, ""):
            call = getattr(_LIBC, "syncfs", None)
            if call is None:
                self._flush_each()
            elif call(self.descriptor) != 0:
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number))

    def _flush_each(self) -> None:
        for name in self.names():
            if self.kind(name) == "folder":
                with self.folder(name) as inner:
                    inner._flush_each()  # noqa: SLF001 -- one of us
            else:
                descriptor = os.open(name, _OPEN_OLD, dir_fd=self.descriptor)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
        os.fsync(self.descriptor)


class Cursor:
    """Reaches files below a folder by relative path; keeps the folders on the way to the last one open."""

    def __init__(self, root: Folder, *, create: bool = False) -> None:
        self._chain = [root]
        self._names: list[str] = []
        self._create = create

    def parent(self, path: str) -> tuple[Folder, str]:
        """Give the open folder that a relative path's last name belongs in, and that name."""
        *folders, name = path.split("/")
        while self._names != folders[: len(self._names)]:
            self._leave()
        for folder in folders[len(self._names) :]:
            self._chain.append(self._chain[-1].folder(folder, create=self._create))
            self._names.append(folder)
        return self._chain[-1], name

    def _leave(self) -> None:
        self._names.pop()
        self._chain.pop().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        while self._names:
            self._leave()


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _libc() -> ctypes.CDLL:
    """Bind the C library; its functions are looked up where they are used, since some systems lack them."""
    library = ctypes.CDLL(None, use_errno=True)
    for name, arguments in (
        ("renameat2", (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)),
        ("syncfs", (ctypes.c_int,)),
    ):
        with contextlib.suppress(AttributeError):
            getattr(library, name).argtypes = arguments
    return library


_LIBC: Final = _libc()


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock that the file `path` stands for, making the file if need be; raises Locked at once if held."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with _naming(str(path.parent), path.name):
        descriptor = os.open(path, flags, FILE_MODE)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise WriteRefused("E603", f"{path} is not an ordinary file; remove it")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Locked(path) from error
        yield
    finally:
        with contextlib.suppress(OSError):
            os.close(descriptor)


def new_name(prefix: str) -> str:
    """Invent a name that nobody else uses; it never gets into any output."""
    return f"{prefix}{secrets.token_hex(8)}"


def write_file_atomically(path: Path, data: bytes) -> None:
    """Put a small file in place, new or instead of an old one: durable, and never half of it."""
    with Folder.open(path.parent) as folder:
        put_file(folder, path.name, data)


def put_file(folder: Folder, name: str, data: bytes) -> None:
    """Do what `write_file_atomically` does, inside an open folder."""
    with temporary_file(folder, data) as temporary:
        folder.rename(temporary, name)
    folder.flush()


def create_new(path: Path, data: bytes) -> None:
    """Write a file that must not exist yet, making missing folders; FileExistsError if it does, never half of it."""
    with Folder.make(path.parent) as folder:
        with temporary_file(folder, data) as temporary, _naming(str(folder.path), path.name):
            os.link(temporary, path.name, src_dir_fd=folder.descriptor, dst_dir_fd=folder.descriptor)
        folder.flush()


def make_folder(path: Path) -> None:
    """Make a folder and whatever of its parents is missing; harmless where there is one."""
    Folder.make(path).close()


def make_new_folder(path: Path) -> None:
    """Make a folder that must not exist yet, and whatever of its parents is missing; FileExistsError if it does."""
    with Folder.make(path.parent) as parent:
        parent.new_folder(path.name, FOLDER_MODE).close()
        parent.flush()


def take_back(path: Path) -> None:
    """Remove what was just made: one file, or a folder with all in it, following no link."""
    with Folder.open(path.parent) as parent:
        if parent.kind(path.name) == "folder":
            parent.remove_tree(path.name)
        else:
            parent.remove(path.name)


@contextlib.contextmanager
def temporary_file(folder: Folder, data: bytes) -> Iterator[str]:
    """Write a durable file under a name of ours; what is left of it afterwards goes."""
    name = new_name(TEMPORARY)
    try:
        folder.create(name, data, flush=True)
        yield name
    finally:
        with contextlib.suppress(OSError):
            folder.remove(name)
