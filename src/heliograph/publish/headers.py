"""The HTTP header fields that an object of a bucket carries: what the recipes for servers say, on the object itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from heliograph.caching import BRIEF, FOREVER, FRESH, JSON_FEED, PRIVATE
from heliograph.terms import Boundary
from heliograph.tree.manifest import Entry

_JSON_FEED: Final = "updates.json"
_NOT_FOUND: Final = "404.html"


def fields(entry: Entry, boundary: Boundary) -> Mapping[str, str]:
    """Give the `Content-Type` and `Cache-Control` with which a file is to be served."""
    kind = JSON_FEED if entry.path.rpartition("/")[2] == _JSON_FEED else entry.media_type
    return {"Content-Type": kind, "Cache-Control": _cache_control(entry, boundary)}


def _cache_control(entry: Entry, boundary: Boundary) -> str:
    if boundary != "external":
        return PRIVATE
    if entry.cache == "immutable":
        return FOREVER
    return BRIEF if entry.path.rpartition("/")[2] == _NOT_FOUND else FRESH
