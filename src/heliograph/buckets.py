"""Objects in an S3-compatible bucket, written only on conditions that the store keeps. Knows the stores' ways."""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from heliograph.operations import BucketPlace
from heliograph.store_faults import StoreRefused, StoreSilent, answer, refusing

ATTEMPTS: Final = 5
"""Requests made for one answer, the first included."""
_CONNECT: Final = 5.0
_READ: Final = 20.0
_FIRST_READ: Final = 8.0
"""Seconds. The first question of all is asked twice at most, so that a wrong address is told in half a minute."""
_CONFLICTS: Final = 6


class Stored(Struct, frozen=True):
    """An object as it was read; `age` is how long ago it was written, by the store's own clock."""

    data: bytes
    etag: str
    age: timedelta


class Entry(Struct, frozen=True):
    """An object as a listing names it."""

    key: str
    etag: str


def client(place: BucketPlace, *, attempts: int = ATTEMPTS, read_timeout: float = _READ) -> Any:
    """Make a boto3 client for where `place` is. Asks nobody yet; what botocore raises passes through."""
    import boto3  # noqa: PLC0415 -- takes a third of a second, which only those who use a store should wait
    import botocore.session  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    core = botocore.session.Session()
    core.register_component("data_loader", _loader())
    session = boto3.session.Session(
        botocore_session=core,
        aws_access_key_id=place.access_key or None,
        aws_secret_access_key=place.secret_key.revealed or None,
        region_name=place.region or None,
    )
    foreign = _foreign(place)
    checksums = "when_required" if foreign else "when_supported"
    config = Config(
        signature_version="s3v4",
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=_CONNECT,
        read_timeout=read_timeout,
        max_pool_connections=16,
        s3={"addressing_style": "path" if foreign else "auto"},
        request_checksum_calculation=checksums,
        response_checksum_validation=checksums,
    )
    return session.client(
        "s3",
        endpoint_url=place.endpoint or None,
        region_name=session.region_name or "us-east-1",
        verify=str(place.ca_file) if place.ca_file else None,
        config=config,
    )


@cache
def _loader() -> Any:
    """Keep botocore's descriptions of services, which take it a tenth of a second to read for each client."""
    import botocore.session  # noqa: PLC0415 -- as in `client`

    return botocore.session.Session().get_component("data_loader")


def _foreign(place: BucketPlace) -> bool:
    """Tell whether it is not Amazon's own: many such stores fail on the checksums that botocore sends unasked."""
    endpoint = place.endpoint or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
    host = urlsplit(endpoint).hostname or ""
    return bool(endpoint) and not host.endswith((".amazonaws.com", ".amazonaws.com.cn"))


class Bucket:
    """One bucket, or what lies under one prefix of it; all keys are relative to that.

    Every method raises StoreRefused. What is written is private: it carries no ACL. Threads may share it.
    """

    def __init__(self, place: BucketPlace) -> None:
        self.place = place
        self._prefix = f"{place.prefix.strip('/')}/" if place.prefix.strip("/") else ""
        self._bare = False
        with refusing(str(self)):
            self._client = client(place)

    def __str__(self) -> str:
        at = f" at {self.place.endpoint}" if self.place.endpoint else ""
        return f"s3://{self.place.bucket}/{self._prefix}{at}"

    def reach(self) -> None:
        """Find out in less than half a minute whether the bucket is there and may be listed."""
        with refusing(str(self)):
            first = client(self.place, attempts=2, read_timeout=_FIRST_READ)
            first.list_objects_v2(Bucket=self.place.bucket, Prefix=self._prefix, MaxKeys=1)
            first.close()

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._client.close()

    def read(self, key: str) -> Stored | None:
        """Read an object whole; None if there is none."""
        for _ in range(ATTEMPTS):
            with refusing(str(self)):
                reply = self._ask("get_object", Key=self._prefix + key)
            if reply is None:
                return None
            with contextlib.suppress(*_cut_short()):
                return Stored(reply["Body"].read(), reply["ETag"], _age(reply))
        raise StoreRefused("E617", f"{self}: its replies break off")

    def listing(self, prefix: str, page: int = 1000) -> Iterator[Entry]:
        """Go through all objects below a prefix, in the store's order, `page` at a time."""
        cut = len(self._prefix)
        for reply in self._pages(page, Prefix=self._prefix + prefix):
            yield from (Entry(found["Key"][cut:], found["ETag"]) for found in reply.get("Contents", ()))

    def folders(self, prefix: str, page: int = 1000) -> Iterator[str]:
        """Go through what stands before the next slash, once each, of all keys below a prefix."""
        cut = len(self._prefix)
        for reply in self._pages(page, Prefix=self._prefix + prefix, Delimiter="/"):
            yield from (found["Prefix"][cut:] for found in reply.get("CommonPrefixes", ()))

    def _pages(self, page: int, **what: Any) -> Iterator[Mapping[str, Any]]:
        more: dict[str, str] = {}
        while True:
            with refusing(str(self)):
                reply = self._ask("list_objects_v2", MaxKeys=page, **what, **more) or {}
            yield reply
            if not reply.get("IsTruncated"):
                return
            if reply.get("NextContinuationToken") in (None, "", *more.values()):
                raise StoreRefused("E617", f"{self}: the listing breaks off, and does not say where it goes on")
            more = {"ContinuationToken": reply["NextContinuationToken"]}

    def put(self, key: str, data: bytes) -> None:
        """Write an object, whatever is there."""
        with refusing(str(self)):
            self._put(key, data)

    def put_if_absent(self, key: str, data: bytes) -> str | None:
        """Write an object if there is none; its ETag, or None if somebody was first.

        `data` holds something that no other writer has: by that our own success is known when its reply was lost.
        """
        etag = self._put_if(key, data, IfNoneMatch="*")
        return self._ours(key, data) if etag is None else etag

    def put_if_match(self, key: str, data: bytes, etag: str) -> str | None:
        """Write over an object that still has this ETag; the new one, or None if it has changed. `data` as above.

        Ceph compares with the bare ETag: that is tried once the quoted one was refused though it is the object's.
        """
        forms = (etag.strip('"'),) if self._bare else (etag, etag.strip('"'))
        for form in forms:
            new = self._put_if(key, data, IfMatch=form)
            if new is not None:
                self._bare = form == forms[-1] and form != etag
                return new
            found = self.read(key)
            if found is None or found.etag != etag:
                return found.etag if found is not None and found.data == data else None
        return None

    def check_conditions(self, key: str) -> None:
        """Refuse a store that does not keep conditions. `key` is that of an object for this alone, which stays."""
        with refusing(str(self)):
            first = self._put(key, _unique(), IfNoneMatch="*")
            second = first and self._put(key, _unique(), IfNoneMatch="*")
            stale = self._put(key, _unique(), IfMatch=f'"{secrets.token_hex(16)}"')
        if second is not None or stale is not None:
            header = "If-None-Match" if second is not None else "If-Match"
            raise StoreRefused("E631", f"{self}: the store ignores {header}, so two senders could both go first")

    def _put_if(self, key: str, data: bytes, **condition: str) -> str | None:
        """Write on a condition; where no reply came to the last try either, look whether it was done all the same."""
        try:
            with refusing(str(self)):
                return self._put(key, data, **condition)
        except StoreSilent:
            etag = self._ours(key, data)
            if etag is None:
                raise
            return etag

    def _ours(self, key: str, data: bytes) -> str | None:
        found = self.read(key)
        return found.etag if found is not None and found.data == data else None

    def _put(self, key: str, data: bytes, **condition: str) -> str | None:
        what = {"Key": self._prefix + key, "Body": data, "ContentType": "application/json", **condition}
        reply = self._ask("put_object", **what)
        if reply is not None and not reply.get("ETag"):
            raise StoreRefused("E631", f"{self}: the store gives no ETag, so no condition can be kept")
        return None if reply is None else str(reply["ETag"])

    def _ask(self, operation: str, **what: Any) -> Mapping[str, Any] | None:
        """Ask the store; None where the condition is not met or the object is not there. Waits while others write."""
        from botocore.exceptions import ClientError  # noqa: PLC0415 -- as in `client`

        for turn in range(_CONFLICTS):
            try:
                reply: Mapping[str, Any] = getattr(self._client, operation)(Bucket=self.place.bucket, **what)
            except ClientError as error:
                status, code = answer(error)
                if status == HTTPStatus.PRECONDITION_FAILED or code == "NoSuchKey":
                    return None
                if status != HTTPStatus.CONFLICT or turn == _CONFLICTS - 1:
                    raise
                time.sleep(random.uniform(0.05, 0.1) * 2**turn)  # noqa: S311 -- spreads writers, keeps no secret
            else:
                return reply
        raise AssertionError


def _age(reply: Mapping[str, Any]) -> timedelta:
    """Tell by the store's clock how old an object is; one that a store gives no time for never ages."""
    with contextlib.suppress(KeyError, TypeError, ValueError):
        now = parsedate_to_datetime(reply["ResponseMetadata"]["HTTPHeaders"]["date"])
        written: datetime = reply["LastModified"]
        return now.astimezone(UTC) - written
    return timedelta(0)


def _cut_short() -> tuple[type[Exception], ...]:
    """Name what a body that ends early raises: botocore asks again for replies, but not for the rest of one."""
    from botocore.exceptions import (  # noqa: PLC0415 -- as in `client`
        IncompleteReadError,
        ReadTimeoutError,
        ResponseStreamingError,
    )

    return IncompleteReadError, ReadTimeoutError, ResponseStreamingError


def _unique() -> bytes:
    return f'{{"nonce":"{secrets.token_hex(16)}"}}\n'.encode()
