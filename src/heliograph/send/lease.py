"""The sender's lease in a bucket: one object that says who sends and until when, by the store's own clock."""

from __future__ import annotations

import secrets
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec

from heliograph.buckets import Bucket, Stored
from heliograph.send.ledger import LedgerHeld
from heliograph.store_faults import StoreRefused

TTL: Final = timedelta(minutes=10)
KEY: Final = "lock"


class LeaseHeld(LedgerHeld):
    """Another sender holds the lease of a bucket; `age` is how long ago it said so last."""

    def __init__(self, bucket: Bucket, holder: str, age: timedelta) -> None:
        said = f"{bucket}: {holder} is sending; it gave its last sign {age.total_seconds():.0f} s ago"
        super().__init__(Path(str(bucket)), said)


class _Held(msgspec.Struct, frozen=True):
    """What the object holds. `turn` makes every renewal's ETag another; a `ttl` of 0 s means that nobody sends."""

    nonce: str
    turn: int
    epoch: int
    owner: str
    ttl: float


class Lease:
    """Held from `take` to `give_back`, renewed meanwhile by a thread of its own."""

    def __init__(self, bucket: Bucket, ttl: timedelta) -> None:
        self._bucket = bucket
        self._ttl = ttl.total_seconds()
        self._etag = ""
        self._ends = 0.0
        self._lost = True
        self._over = threading.Event()
        self._renewer = threading.Thread(target=self._renew, name="lease", daemon=True)

    @property
    def lost(self) -> bool:
        """Tell whether another may be sending: a renewal failed, or this process slept through its time."""
        return self._lost or time.monotonic() >= self._ends

    def take(self, epoch: int) -> None:
        """Take the lease if it is free, given back or run out; raises LeaseHeld otherwise."""
        nonce = secrets.token_hex(16)
        self._held = _Held(nonce, 0, epoch, f"sender {nonce[:6]} of epoch {epoch}", self._ttl)
        began = time.monotonic()
        found = self._bucket.read(KEY)
        if found is None:
            etag = self._bucket.put_if_absent(KEY, msgspec.json.encode(self._held))
        elif (other := self._other(found)) is None or found.age.total_seconds() > other.ttl:
            etag = self._bucket.put_if_match(KEY, msgspec.json.encode(self._held), found.etag)
        else:
            raise LeaseHeld(self._bucket, other.owner, found.age)
        if etag is None:
            raise LeaseHeld(self._bucket, "another that began at the same moment", timedelta(0))
        self._etag, self._ends, self._lost = etag, began + self._ttl, False
        self._renewer.start()

    def _other(self, found: Stored) -> _Held | None:
        """Read who holds it; None for one given back. What cannot be read is somebody's, for as long as ours lasts."""
        try:
            other = msgspec.json.decode(found.data, type=_Held)
        except (ValueError, RecursionError):
            return _Held("", 0, 0, "somebody unknown", self._ttl)
        return other if other.ttl else None

    def _renew(self) -> None:
        while not self._over.wait(self._ttl / 3):
            if not self._put(msgspec.structs.replace(self._held, turn=self._held.turn + 1)):
                return

    def _put(self, held: _Held) -> bool:
        """Write our own again; whoever finds it changed, or cannot tell, has lost it."""
        began = time.monotonic()
        try:
            etag = self._bucket.put_if_match(KEY, msgspec.json.encode(held), self._etag)
        except StoreRefused:
            etag = None
        if etag is None:
            self._lost = True
            return False
        self._held, self._etag, self._ends = held, etag, began + self._ttl
        return True

    def give_back(self) -> None:
        """End the lease if it is still ours. It is written over: not every store deletes on a condition."""
        self._over.set()
        if self._renewer.is_alive():
            self._renewer.join()
        if not self._lost:
            self._put(msgspec.structs.replace(self._held, turn=self._held.turn + 1, owner="", ttl=0.0))
        self._lost = True
