"""What a register knows of one host, as one small object that says itself whether it is whole."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from heliograph.publish.release import Release
from heliograph.tree.fsio import WriteRefused

LONGEST_PAST: Final = 200
"""Releases a head remembers: all that anybody goes back to, in some 60 KB."""
MOST_BEGUN: Final = 20
"""Runs in a row that were begun and never ended; of more it is only remembered that there were some."""

_ReleaseId = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,12}-[0-9a-f]{12}\Z")]
_Nonce = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
_Owner = Annotated[str, msgspec.Meta(pattern=r"^[ -~]{1,200}\Z")]


class Lease(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who publishes, known by `nonce`; for `ttl` seconds from when the head was last written. `release` is what."""

    nonce: _Nonce
    owner: _Owner
    ttl: Annotated[float, msgspec.Meta(ge=0)]
    release: _ReleaseId


class Head(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that is known of a host: lease, journal and commit at once.

    `lineage` tells this register from one made anew in its place. `generation` counts releases begun. `past` is newest
    first. `begun` are releases that were begun and neither committed nor given up unwritten; `adrift` tells that there
    were more of them than that. `retracted` are ids of incidents. `probed_at` is when the store was last seen to keep
    conditions (UTC). `written` is another with every writing, by which a writer knows its own.
    """

    schema: Literal[1] = 1
    site: str
    host: str
    lineage: _Nonce
    generation: Annotated[int, msgspec.Meta(ge=0)] = 0
    current: Release | None = None
    past: tuple[Release, ...] = ()
    begun: tuple[_ReleaseId, ...] = ()
    adrift: bool = False
    turn: Lease | None = None
    retracted: tuple[str, ...] = ()
    probed_at: datetime | None = None
    written: _Nonce


def new_head(site: str, host: str) -> Head:
    """Begin what is known of a host: nothing."""
    return Head(site=site, host=host, lineage=secrets.token_hex(16), written=secrets.token_hex(16))


def settled(head: Head) -> Head:
    """End the turn, if there is one, as one that may have written anything of its release."""
    if head.turn is None:
        return head
    begun = (*head.begun, head.turn.release)
    if len(begun) > MOST_BEGUN:
        begun = _telling(begun, head.current)
    return replace(head, turn=None, begun=begun[-MOST_BEGUN:], adrift=head.adrift or len(begun) > MOST_BEGUN)


def _telling(begun: tuple[str, ...], current: Release | None) -> tuple[str, ...]:
    """Keep the last of each tree, and none that is current: else they differ in carried files, named by their bytes."""
    last = {_tree(release_id): release_id for release_id in begun}
    if current is not None:
        last.pop(_tree(current.id), None)
    return tuple(release_id for release_id in begun if last.get(_tree(release_id)) == release_id)


def _tree(release_id: str) -> str:
    return release_id.partition("-")[2]


def committed(head: Head, release: Release) -> Head:
    """Make a release the current one: what was begun before it is settled by it."""
    before = () if head.current is None else (replace(head.current, replaced_at=release.at),)
    past = (*before, *head.past)[:LONGEST_PAST]
    return replace(head, current=release, past=past, begun=(), adrift=False, turn=None)


def restamped(head: Head) -> Head:
    """Make it unlike all that was ever written there."""
    return replace(head, written=secrets.token_hex(16))


class _Sealed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    sha256: str
    head: Raw


class _Schema(Struct, frozen=True):
    schema: int


def encode_head(head: Head) -> bytes:
    """Write a head as JSON, with its own digest."""
    inner = msgspec.json.encode(head)
    return msgspec.json.encode(_Sealed(sha256=hashlib.sha256(inner).hexdigest(), head=Raw(inner))) + b"\n"


def decode_head(data: bytes, where: str, site: str, host: str) -> Head:
    """Read a head as `encode_head` writes it. `where` names it to people.

    Raises WriteRefused: E612 if it was edited, cut short or written by a newer program, E605 if it is another's.
    """
    try:
        inner = _unsealed(data)
        if inner is not None and msgspec.json.decode(inner, type=_Schema).schema > 1:
            raise WriteRefused("E612", f"{where} is newer than this program; use a newer one")
        head = None if inner is None else msgspec.json.decode(inner, type=Head)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        head = None
    if head is None:
        raise WriteRefused("E612", f"{where} was edited or cut short; {way_out(host)}")
    if (head.site, head.host) != (site, host):
        raise WriteRefused(
            "E605", f"{where} belongs to {head.host!r} of the site {head.site!r}; name another place in `[state]`"
        )
    return head


def way_out(host: str) -> str:
    """Say what helps when what is known of a host cannot be read."""
    return (
        f"put its last sound version back and run `heliograph publish {host} --verify`, since it may be an older one, "
        f"or remove all of `{host}/` there and run `heliograph publish {host} --init`: both look at every file"
    )


def _unsealed(data: bytes) -> bytes | None:
    sealed = msgspec.json.decode(data, type=_Sealed)
    inner = bytes(sealed.head)
    whole = hashlib.sha256(inner).hexdigest() == sealed.sha256 and msgspec.json.encode(sealed) + b"\n" == data
    return inner if whole else None
