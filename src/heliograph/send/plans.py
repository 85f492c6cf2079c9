"""What was planned, in a bucket: one object for a message with all its addressees, written once and never changed."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import chain
from typing import Final
from urllib.parse import quote, unquote

import msgspec
from msgspec import Struct

from heliograph.buckets import Bucket
from heliograph.send.ledger import Addressee, LedgerRefused, Planned
from heliograph.send.standings import decode, in_parallel

FOLDER: Final = "plans/"


class Plan(Struct, frozen=True):
    """What an object says. `nonce` makes it ours, whoever else writes the same."""

    planned: Planned
    addressees: tuple[Addressee, ...]
    nonce: str


class Plans:
    """All plans, by name; names sort oldest first. They are listed once: only the lease's holder plans.

    Of two of one message, written while a lease went from one sender to another, the older is the message's and the
    addressees of both count. `message_of` tells the message of each delivery that was read of.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._by_message: dict[str, list[str]] | None = None
        self._listing = threading.Lock()
        self.message_of: dict[str, str] = {}

    def names(self, message: str = "") -> list[str]:
        """Name the plans of one message, or all."""
        by_message = self._listed()
        return [*by_message.get(message, ())] if message else sorted(chain.from_iterable(by_message.values()))

    def is_double(self, message: str) -> bool:
        """Tell whether there are several of a message."""
        return len(self._listed().get(message, ())) > 1

    @property
    def number(self) -> int:
        """Count them."""
        return sum(map(len, self._listed().values()))

    def _listed(self) -> dict[str, list[str]]:
        # Several threads ask: none may take a list that is not complete for what there is.
        with self._listing:
            if self._by_message is None:
                by_message: dict[str, list[str]] = {}
                for name in sorted(entry.key for entry in self._bucket.listing(FOLDER)):
                    by_message.setdefault(_id(name), []).append(name)
                self._by_message = by_message
            return self._by_message

    def all(self, since: datetime | None = None) -> tuple[Planned, ...]:
        """Read every planned message, or those planned at or after an instant, oldest first."""
        first = f"{FOLDER}{_written(since)}" if since else ""
        names = sorted(chain.from_iterable(own for own in self._listed().values() if own[0] >= first))
        found: dict[str, Planned] = {}
        for plan in in_parallel(self.read, names):
            found.setdefault(plan.planned.id, plan.planned)
        return tuple(found.values())

    def find(self, key: str) -> str | None:
        """Tell whose message a delivery is of; for one never heard of plans are read, the newest first."""
        if key not in self.message_of:
            with contextlib.closing(in_parallel(self.read, self.names()[::-1])) as plans:
                any(key in self.message_of for _ in plans)
        return self.message_of.get(key)

    def read(self, name: str) -> Plan:
        """Read one; raises LedgerRefused if it is gone or damaged."""
        found = self._bucket.read(name)
        if found is None:
            raise LedgerRefused(f"{self._bucket}: `{name}` is gone; put it back")
        plan = decode(found, name, self._bucket, Plan)
        self._learn(plan)
        return plan

    def add(self, planned: Planned, addressees: Iterable[Addressee]) -> None:
        """Write one whole, or leave the one of this message as it is; addressees with a known key are left out."""
        if self.names(planned.id):
            return
        name = f"{FOLDER}{_written(planned.at)}-{quote(planned.id, safe='')}.json"
        new = {one.key: one for one in addressees if one.key not in self.message_of}
        plan = Plan(planned, tuple(new.values()), secrets.token_hex(8))
        if self._bucket.put_if_absent(name, msgspec.json.encode(plan)) is not None:
            self._learn(plan)
        self._listed()[planned.id] = [name]

    def _learn(self, plan: Plan) -> None:
        self.message_of.update((addressee.key, plan.planned.id) for addressee in plan.addressees)


def _written(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}"


def _id(name: str) -> str:
    return unquote(name.removesuffix(".json").partition("Z-")[2])
