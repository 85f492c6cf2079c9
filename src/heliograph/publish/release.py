"""What was published: which build, of which sources, as of when."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

Revision = Annotated[str, Meta(pattern="^(?:[0-9a-f]{40}|[0-9a-f]{64})?$")]
"""A commit in full, or nothing."""


class Edition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of what a tree was made: the instant it speaks for (UTC), the commit of its sources or "", and the program.

    `uncommitted` tells that the sources held more than that commit.
    """

    as_of: datetime
    revision: Revision
    version: str
    uncommitted: bool = False


class Release(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One tree at one host. `id` is `<generation>-<first 12 of tree_sha256>`; `at` when it was whole there (UTC).

    `replaced_at` is when the next took its place, None for the current one.
    """

    id: str
    at: datetime
    edition: Edition
    tree_sha256: str
    replaced_at: datetime | None = None
