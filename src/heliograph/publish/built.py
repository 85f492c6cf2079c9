"""A built tree as publishing reads it: as its manifest says, byte for byte, or not at all."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import TracebackType
from typing import Self

from msgspec import Struct

from heliograph.tree.fsio import Cursor, Folder, WriteRefused
from heliograph.tree.manifest import Entry, Manifest, read_manifest
from heliograph.tree.write import expected, listing


class Built(Struct, frozen=True):
    """A tree on this machine, and its manifest."""

    folder: Path
    manifest: Manifest


def open_built(folder: Path) -> Built:
    """Look at a built tree. No file is read: what goes out is compared with its digest as it is read.

    Raises WriteRefused: E603 for what is none, E612 for an edited manifest, E613 for a file too many or too few.
    """
    folder = folder.resolve()
    manifest = read_manifest(folder)
    if manifest is None or not folder.is_dir():
        raise WriteRefused("E603", f"{folder} is not a built tree; run `heliograph build` first")
    with Folder.open(folder) as tree:
        odd = sorted(listing(tree) ^ expected(manifest))
    if odd:
        raise WriteRefused("E613", f"{folder} is not as built ({odd[0][0]}); build again")
    return Built(folder, manifest)


class Reading:
    """Reads files of a built tree; use it in one thread, with `with`."""

    def __init__(self, built: Built) -> None:
        self._tree = Folder.open(built.folder)
        self._files = Cursor(self._tree)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.__exit__(kind, error, trace)
        self._tree.close()

    def read(self, entry: Entry) -> bytes:
        """Read one file. Raises WriteRefused E612 if it is not what the manifest says."""
        folder, name = self._files.parent(entry.path)
        data = folder.read(name)
        if hashlib.sha256(data).hexdigest() != entry.sha256:
            raise WriteRefused("E612", f"{folder.path / name} is not as built; build again")
        return data
