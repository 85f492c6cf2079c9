"""The head of a ledger in a bucket: whose it is, which one it is, and how many senders have begun."""

from __future__ import annotations

import secrets
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from heliograph.buckets import Bucket, Stored
from heliograph.send.ledger import LedgerRefused
from heliograph.send.remembered import BASELINE
from heliograph.send.standings import decode
from heliograph.store_faults import StoreRefused

HEAD: Final = "ledger.json"
SCHEMA: Final = 1
_TRIES: Final = 5


class Head(Struct, frozen=True, kw_only=True):
    """What `ledger.json` says. `lineage` tells this ledger from one that was made anew in its place."""

    schema: int
    site: str
    lineage: str
    epoch: int
    nonce: str


def missing(bucket: Bucket) -> LedgerRefused:
    """Say that there is no ledger, and how one begins."""
    return LedgerRefused(
        f"{bucket}: there is no ledger. If nothing was ever sent from here, {BASELINE} begins one and takes all that "
        "exists as told"
    )


def checked(bucket: Bucket, found: Stored | None, site: str) -> Head:
    """Read the head; raises LedgerRefused if it is missing, damaged, newer than this program or another site's."""
    if found is None:
        raise missing(bucket)
    if decode(found, HEAD, bucket, _Schema).schema > SCHEMA:
        raise LedgerRefused(f"{bucket}: the ledger is newer than this program; use a newer one")
    head = decode(found, HEAD, bucket, Head)
    if head.site != site:
        raise LedgerRefused(f"{bucket}: the ledger is another site's; use another prefix")
    return head


def begin(bucket: Bucket, site: str) -> Head:
    """Make the head of a new ledger; refuse where other objects show that there was one."""
    if any(next(iter(bucket.listing(folder, 1)), None) for folder in ("plans/", "deliveries/")):
        raise LedgerRefused(f"{bucket}: `{HEAD}` is missing beside what was planned there; put it back")
    head = Head(schema=SCHEMA, site=site, lineage=secrets.token_hex(16), epoch=0, nonce=secrets.token_hex(8))
    bucket.put_if_absent(HEAD, msgspec.json.encode(head))
    return checked(bucket, bucket.read(HEAD), site)


def raise_epoch(bucket: Bucket, site: str, least: int = 0) -> Head:
    """Count one more sender, `least` before it; whoever began earlier is known by the lower number."""
    for _ in range(_TRIES):
        found = bucket.read(HEAD)
        head = checked(bucket, found, site)
        head = replace(head, epoch=max(head.epoch, least) + 1, nonce=secrets.token_hex(8))
        if found is not None and bucket.put_if_match(HEAD, msgspec.json.encode(head), found.etag) is not None:
            return head
    raise StoreRefused("E617", f"{bucket}: `{HEAD}` changes all the time")


class _Schema(Struct, frozen=True):
    schema: int
