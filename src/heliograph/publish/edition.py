"""As of when trees were built, and of what: one small file beside them, since no tree may hold it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

import msgspec

from heliograph.publish.built import Built
from heliograph.publish.release import Edition, Revision
from heliograph.tree.fsio import Folder, Uncertain, WriteRefused, put_file

NAME: Final = "build.json"


class _Stamp(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    schema: Literal[1] = 1
    as_of: datetime
    version: str
    revision: Revision
    uncommitted: bool
    trees: dict[str, str]
    stories: tuple[str, ...]


def note_edition(out: Path, edition: Edition, trees: Mapping[str, str], stories: Collection[str]) -> None:
    """Write down of what the trees below `out` were built.

    `trees` holds the digest of each by its name; `stories` are the ids of all that the sources hold, incidents and
    maintenances, which a tree need not name by their ids. Raises Uncertain: the trees are in place by now.
    """
    stamp = _Stamp(
        as_of=edition.as_of.astimezone(UTC),
        version=edition.version,
        revision=edition.revision,
        uncommitted=edition.uncommitted,
        trees=dict(sorted(trees.items())),
        stories=tuple(sorted(stories)),
    )
    try:
        with Folder.open(out.resolve()) as folder:
            put_file(folder, NAME, msgspec.json.encode(stamp) + b"\n")
    except OSError as error:
        message = f"what was built is in place; what it was made of is not noted, or not known to be durable: {error}"
        raise Uncertain(message) from error


def edition_of(built: Built) -> tuple[Edition, frozenset[str]]:
    """Say of what a built tree was made, and the ids of all that its sources hold.

    Raises WriteRefused E612 if the file beside it speaks of another tree.
    """
    where = built.folder.with_name(NAME)
    try:
        with Folder.open(where.parent) as folder:
            stamp = msgspec.json.decode(folder.read(NAME), type=_Stamp)
        is_of_it = stamp.trees.get(built.manifest.tree) == built.manifest.tree_sha256 and stamp.as_of.tzinfo
    except (FileNotFoundError, ValueError, RecursionError):
        is_of_it = False
    if not is_of_it:
        raise WriteRefused("E612", f"{where} says nothing of the tree beside it; run `heliograph build`")
    edition = Edition(as_of=stamp.as_of, revision=stamp.revision, version=stamp.version, uncommitted=stamp.uncommitted)
    return edition, frozenset(stamp.stories)
