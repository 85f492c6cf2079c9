"""A tree's list: what is in it, for which site, on which side of the wall. It lies beside its tree, never in it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from heliograph.terms import Boundary
from heliograph.tree.artifact import MEDIA_TYPES, Artifact
from heliograph.tree.fsio import Folder, WriteRefused

Cache = Literal["immutable", "short"]

_PART = re.compile(r"[A-Za-z0-9_@+][A-Za-z0-9._@+-]{0,127}", re.ASCII)
_LONGEST_PATH: Final = 512
_DEVICES: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{name}{number}" for name in ("com", "lpt") for number in range(10))}
)
_TREE_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?", re.ASCII)
_HASH_IN_NAME = re.compile(r"[.-]([0-9a-f]{8,64})(?=[.-])", re.ASCII)

_Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
_Size = Annotated[int, msgspec.Meta(ge=0)]


class Entry(msgspec.Struct, frozen=True, array_like=True, order=True, forbid_unknown_fields=True):
    """One file of a tree: relative path, digest in hex, bytes, Content-Type, and how long it may be cached."""

    path: str
    sha256: _Sha256
    size: _Size
    media_type: str
    cache: Cache


Generations = tuple[tuple[Entry, ...], ...]
"""Files of earlier trees, newest first: those that left together, sorted by path."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A tree's list. `tree_sha256` is a digest of `files`, which are sorted by path.

    `next_change_at` is the instant (UTC) from which a new build would differ, None if never. `carried` are files that
    no page names any more, kept for readers who hold an older page (see `tree.carry`); equal input gives equal `files`
    and an equal digest whatever was carried.
    """

    schema: Literal[1]
    tree: str
    boundary: Boundary
    site: str
    tree_sha256: _Sha256
    next_change_at: datetime | None
    files: tuple[Entry, ...]
    carried: Generations = ()

    @property
    def paths(self) -> frozenset[str]:
        """The paths of all files but those carried."""
        return frozenset(entry.path for entry in self.files)

    @property
    def everything(self) -> tuple[Entry, ...]:
        """All that lies in the tree: its files, then those carried."""
        return (*self.files, *(entry for generation in self.carried for entry in generation))


def check_path(path: str) -> None:
    """Refuse a relative path that some system, store or server could read as anything but itself (E640)."""
    parts = path.split("/")
    if len(path) > _LONGEST_PATH or not all(map(_harmless, parts)):
        raise WriteRefused("E640", f"no file may be written as {path[:80]!r}: use a-z, 0-9 and inner . _ @ + -")
    if parts[-1].rpartition(".")[2] not in MEDIA_TYPES:
        raise WriteRefused("E640", f"no file may be written as {path!r}: the kind of its extension is not declared")


def _harmless(part: str) -> bool:
    allowed = _PART.fullmatch(part) is not None and not part.endswith(".")
    return allowed and part.partition(".")[0].lower() not in _DEVICES


def check_tree_name(name: str) -> None:
    """Refuse a tree's name that is no id (E640)."""
    if not _TREE_NAME.fullmatch(name) or name in _DEVICES:
        raise WriteRefused("E640", f"no tree may be named {name[:80]!r}")


def entry_of(artifact: Artifact) -> Entry:
    """Describe an artifact. One that carries its own digest in its name, such as `site.0a1b2c3d.css`, never changes."""
    digest = artifact.sha256
    cache: Cache = "immutable" if carries_its_digest(artifact.path, digest) else "short"
    return Entry(artifact.path, digest, len(artifact.data), artifact.media_type, cache)


def carries_its_digest(path: str, digest: str) -> bool:
    """Tell whether a file's name holds the beginning of its digest, so that other bytes would have another name."""
    return any(digest.startswith(found) for found in _HASH_IN_NAME.findall(path.rpartition("/")[2]))


def make_manifest(
    tree: str,
    boundary: Boundary,
    site: str,
    entries: Iterable[Entry],
    next_change_at: datetime | None,
    carried: Generations = (),
) -> Manifest:
    """List a tree's files; the order in which they come does not matter."""
    files = tuple(sorted(entries))
    return Manifest(
        schema=1,
        tree=tree,
        boundary=boundary,
        site=site,
        tree_sha256=_digest(files),
        next_change_at=next_change_at and next_change_at.astimezone(UTC),
        files=files,
        carried=carried,
    )


def _digest(files: tuple[Entry, ...]) -> str:
    return hashlib.sha256(msgspec.json.encode(files)).hexdigest()


def manifest_name(tree: str) -> str:
    """Name the file in which the list of a tree (or of a published folder) lies beside it."""
    return f"{tree}.manifest.json"


def manifest_path(tree: Path) -> Path:
    """Say where the list of the tree at `tree` lies."""
    return tree.with_name(manifest_name(tree.name))


def encode_manifest(manifest: Manifest) -> bytes:
    """Write a list as JSON; equal lists give equal bytes."""
    return msgspec.json.encode(manifest) + b"\n"


def decode_manifest(data: bytes, where: Path) -> Manifest:
    """Read a list as `encode_manifest` writes it; one that was edited or cut is refused (E612)."""
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
        for entry in manifest.everything:
            check_path(entry.path)
    except (msgspec.MsgspecError, UnicodeDecodeError, WriteRefused) as error:
        raise _damaged(where) from error
    if encode_manifest(manifest) != data or not _holds_together(manifest):
        raise _damaged(where)
    return manifest


def _holds_together(manifest: Manifest) -> bool:
    """Tell whether digests fit: of the files the list's own, of what is carried the one in each name."""
    carried = manifest.everything[len(manifest.files) :]
    once = len({entry.path for entry in manifest.everything}) == len(manifest.everything)
    own = all(entry.cache == "immutable" and carries_its_digest(entry.path, entry.sha256) for entry in carried)
    return once and own and manifest.tree_sha256 == _digest(manifest.files)


def read_manifest(tree: Path) -> Manifest | None:
    """Read the list beside the tree at `tree`, None if there is none; E612 if it is damaged or no ordinary file."""
    where = manifest_path(tree)
    try:
        with Folder.open(where.parent.resolve()) as beside:
            kind = beside.kind(where.name)
            data = beside.read(where.name) if kind == "file" else b""
    except FileNotFoundError:
        return None
    return None if kind == "nothing" else decode_manifest(data, where)


def _damaged(where: Path) -> WriteRefused:
    return WriteRefused(
        "E612", f"{where} was edited or cut short; remove it together with the folder beside it, then run again"
    )
