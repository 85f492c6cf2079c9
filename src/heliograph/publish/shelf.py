"""Where a register is kept: a private bucket, or a folder. Both write on conditions, so that one of two goes first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from heliograph.buckets import Entry, Stored


class Shelf(Protocol):
    """Small objects by key (`a-z0-9-/.`): `buckets.Bucket` is one, `publish.folder_shelf.FolderShelf` another.

    All methods raise StoreRefused (E617, E631) where the place cannot be used.
    """

    def read(self, key: str) -> Stored | None:
        """Read an object whole; None if there is none."""

    def listing(self, prefix: str) -> Iterator[Entry]:
        """Go through all objects below a prefix, by key."""

    def put(self, key: str, data: bytes) -> None:
        """Write an object, whatever is there."""

    def put_if_absent(self, key: str, data: bytes) -> str | None:
        """Write an object if there is none; its ETag, or None if somebody was first."""

    def put_if_match(self, key: str, data: bytes, etag: str) -> str | None:
        """Write over an object that still has this ETag; the new one, or None if it has changed."""

    def remove(self, key: str) -> None:
        """Remove an object; one that is not there is removed already."""

    def check_conditions(self, key: str) -> None:
        """Refuse a place that does not keep conditions (E631); `key` is for this alone."""

    def close(self) -> None:
        """Let go of connections."""
