"""The site's files, each read once and only if it is an ordinary one: everything after this is a pure function of it.

Folders are walked through their descriptors, so that no symbolic link is ever followed; nothing that is not a regular
file is opened, so that nothing can hang.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from heliograph.load.shown import shown
from heliograph.problems import Place, Problem, Problems, did_you_mean, in_order

FILE_LIMIT: Final = 256 * 1024
IMAGE_LIMIT: Final = 5 * 1024 * 1024
COUNT_LIMIT: Final = 100_000

_TOPS: Final = ("site_src", "audiences", "incidents", "layouts")
_CONFIG: Final = ("site.toml", "components.toml", "facts.toml", "severities.toml", "targets.toml")
_READ: Final = re.compile(r"site_src/pages/[^/]+\.md|audiences/[^/]+\.toml|incidents/[^/]+/[^/]+\.md")
_LEFT_ALONE: Final = re.compile(r"site_src/templates/[^/]+\.md|(?:site_src/assets|layouts)/.+")
_FOLDERS: Final = re.compile(
    r"site_src/(?:pages|templates|assets(?:/.+)?)|incidents/[^/]+|site_src|audiences|incidents|layouts(?:/.+)?"
)
_IGNORED: Final = re.compile(r"\..*|.*~|#.*#|.*\.(?:swp|tmp|bak)", re.DOTALL)
_SEAL: Final = ".seal.toml"
_IMAGE: Final = re.compile(r"(?:incidents/[^/]+|site_src/assets)/[^/]+\.(?:png|jpe?g|webp|svg)", re.IGNORECASE)
_ATTEMPTS: Final = 3

_CONTROL_ASCII: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_UNWANTED: Final = re.compile("([\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff])|[\u202a-\u202e\u2066-\u2069]")


class Source(msgspec.Struct, frozen=True):
    """One text file: its path relative to the site, and its text with LF line ends and no byte order mark."""

    path: str
    text: str


class Image(msgspec.Struct, frozen=True):
    """A picture's file as it lies there: its path relative to the site, and its bytes."""

    path: str
    data: bytes


class Snapshot(msgspec.Struct, frozen=True):
    """All files that are read, in order of path; `spoilt` are the paths of those that could not be."""

    sources: tuple[Source, ...]
    spoilt: frozenset[str]
    problems: tuple[Problem, ...]
    images: tuple[Image, ...] = ()


def take(root: Path, limit: int = COUNT_LIMIT, tops: Iterable[str] = _TOPS) -> Snapshot:
    """Read the site below `root`, or only its folders `tops`; more than `limit` files are refused.

    Never raises for what the site contains.
    """
    walk = _Walk(limit)
    try:
        with _folder(str(root), None) as top:
            owner = os.fstat(top).st_uid
            walk.owners |= {owner}
            for name in tops:
                walk.enter(top, name, name)
    except _TooMany:
        walk.problems.add(Place("."), "E311", f"more than {limit} files; this is not a site, or it should be several")
    except OSError as error:
        walk.problems.add(Place("."), "E307", f"the site's folder cannot be opened: {error.strerror}")
    sources = tuple(sorted(walk.sources, key=lambda source: source.path))
    images = tuple(sorted(walk.images, key=lambda image: image.path))
    return Snapshot(sources, frozenset(walk.spoilt), in_order(walk.problems.found), images)


class _TooMany(Exception):  # noqa: N818 -- ends the walk
    pass


class _Unread(Exception):  # noqa: N818 -- one file's refusal
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@contextmanager
def _folder(name: str, parent: int | None) -> Iterator[int]:
    follow = 0 if parent is None else os.O_NOFOLLOW
    descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | follow, dir_fd=parent)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


class _Walk:
    """Goes through the folders and keeps what it finds."""

    def __init__(self, limit: int) -> None:
        self.sources: list[Source] = []
        self.images: list[Image] = []
        self.spoilt: set[str] = set()
        self.problems = Problems()
        self.owners = {os.geteuid()}
        self._left = limit

    def enter(self, parent: int, name: str, path: str) -> None:
        """Take in one folder. There are few levels: a folder that is not one of ours is not entered."""
        try:
            with _folder(name, parent) as here:
                with os.scandir(here) as listing:
                    entries = sorted(listing, key=lambda entry: entry.name)
                for entry in entries:
                    if not _IGNORED.fullmatch(entry.name):
                        self._take(here, entry, f"{path}/{entry.name}")
        except FileNotFoundError:
            return
        except OSError as error:
            linked = not isinstance(error, PermissionError)
            self._spoil(
                path,
                "E306" if linked else "E307",
                "this must be a folder, and not a link" if linked else _closed(error),
            )

    def _take(self, here: int, entry: os.DirEntry[str], path: str) -> None:
        if not _speakable(entry.name):
            self._spoil(_escaped(path), "E310", "this name is not plain UTF-8 text")
        elif entry.is_dir(follow_symlinks=False):
            self._take_folder(here, entry.name, path)
        elif not entry.is_file(follow_symlinks=False):
            what = "a symbolic link" if entry.is_symlink() else "neither a file nor a folder"
            self._spoil(path, "E306", f"this is {what}; only ordinary files are read")
        else:
            self._take_file(here, entry.name, path)

    def _take_folder(self, here: int, name: str, path: str) -> None:
        if name.endswith((".md", ".toml")):
            self._spoil(path, "E312", "this is a folder with the name of a file")
        elif _FOLDERS.fullmatch(path):
            self.enter(here, name, path)
        else:
            self.problems.add(Place(path), "E313", "folders are not read here")

    def _take_file(self, here: int, name: str, path: str) -> None:
        self._left -= 1
        if self._left < 0:
            raise _TooMany
        if _IMAGE.fullmatch(path):
            self._take_image(here, name, path)
            return
        if _LEFT_ALONE.fullmatch(path):
            return
        if path not in _CONFIG_PATHS and (name.endswith(_SEAL) or not _READ.fullmatch(path)):
            self.problems.add(Place(path), *_unknown(path, name))
            return
        try:
            source = decode(path, self._read(here, name), self.problems)
        except _Unread as refusal:
            self._spoil(path, refusal.code, str(refusal))
            return
        if source is None:
            self.spoilt.add(path)
        else:
            self.sources.append(source)

    def _take_image(self, here: int, name: str, path: str) -> None:
        try:
            self.images.append(Image(path, self._read(here, name, IMAGE_LIMIT)))
        except _Unread as refusal:
            self._spoil(path, refusal.code, str(refusal))

    def _read(self, here: int, name: str, limit: int = FILE_LIMIT) -> bytes:
        for _ in range(_ATTEMPTS):
            try:
                data = self._read_once(here, name, limit)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise _Unread("E307", _closed(error)) from error
            if data is not None:
                return data
        raise _Unread("E308", "this file vanished or kept changing while it was being read; try again")

    def _read_once(self, here: int, name: str, limit: int) -> bytes | None:
        """Read one file; None if it changed meanwhile. Never blocks, even if the file has become a pipe since."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(name, flags, dir_fd=here)
        try:
            before = os.fstat(descriptor)
            self._admit(before, limit)
            data = os.read(descriptor, before.st_size + 1)
            after = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        unchanged = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
        return data if unchanged and len(data) == after.st_size else None

    def _admit(self, status: os.stat_result, limit: int) -> None:
        if not stat.S_ISREG(status.st_mode):
            raise _Unread("E306", "this is not an ordinary file")
        if status.st_nlink > 1 and status.st_uid not in self.owners:
            raise _Unread("E306", "this is a hard link to somebody else's file")
        if status.st_size > limit:
            raise _Unread("E309", f"this file is larger than {limit // 1024} KB")

    def _spoil(self, path: str, code: str, message: str) -> None:
        self.spoilt.add(path)
        self.problems.add(Place(path), code, message)


_CONFIG_PATHS: Final = frozenset(f"site_src/{name}" for name in _CONFIG)


def decode(path: str, data: bytes, problems: Problems) -> Source | None:
    """Turn bytes into text: UTF-8, lines ended by LF or CR LF; None if it is not. Control characters become spaces."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problems.add(
            _place_in(path, data[: error.start].decode("utf-8", "replace")), "E103", _encoding(data, error.start)
        )
        return None
    if "\r" in text:
        text = text.replace("\r\n", "\n")
        if "\r" in text:
            place = _place_in(path, text[: text.index("\r")])
            problems.add(place, "E104", "a carriage return stands alone; lines end with LF or CR LF")
            return None
    return Source(path, _without_controls(path, text, problems))


def _without_controls(path: str, text: str, problems: Problems) -> str:
    pattern = _CONTROL_ASCII if text.isascii() else _UNWANTED
    if pattern.search(text) is None:
        return text
    told: set[str] = set()
    for found in pattern.finditer(text):
        fault = control_fault(found.group())
        if fault is not None and fault[0] not in told:
            told.add(fault[0])
            problems.add(_place_in(path, text[: found.start()]), *fault)
    return pattern.sub(" ", text)


def control_fault(text: str) -> tuple[str, str] | None:
    """Say what is wrong with the first character that no text may hold; None if there is none.

    Line ends and tabs pass; the readers of single-line values refuse those themselves.
    """
    found = _UNWANTED.search(text)
    if found is None:
        return None
    number = f"U+{ord(found.group()):04X}"
    if found.group(1):
        return "E121", f"the control character {number} is not allowed"
    return "E124", f"{number} turns the direction of writing and is not allowed"


def _place_in(path: str, before: str) -> Place:
    return Place(path, before.count("\n") + 1, len(before) - before.rfind("\n"))


def _encoding(data: bytes, offset: int) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "this file is UTF-16; save it as UTF-8"
    return f"this file is not UTF-8: the byte at offset {offset} does not belong"


def _closed(error: OSError) -> str:
    return f"this cannot be read: {error.strerror}"


def _speakable(name: str) -> bool:
    return name.isprintable()


def _escaped(path: str) -> str:
    safe = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "/".join(shown(part) for part in safe.split("/"))


def _unknown(path: str, name: str) -> tuple[str, str, str]:
    if name.endswith(_SEAL):
        return "E315", "sign-off seals are not read by this version", "remove the file"
    hint = did_you_mean(name, _CONFIG) if path.count("/") == 1 and path.startswith("site_src/") else ""
    return "E313", "a file of this name is not read here", hint
