"""Objects in an S3-compatible bucket, and what its settings let strangers do. Knows the stores' ways."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import random
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final, Literal

from msgspec import Struct

from heliograph.operations import BucketPlace
from heliograph.store_faults import StoreRefused, StoreSilent, answer, is_denial, is_lack, refusing
from heliograph.stores import ATTEMPTS, client

Answered = Literal["yes", "no", "not offered", "denied"]
"""What a store says when it is asked for a setting. `not offered`: it does not know the question; `denied`: these
credentials may not ask. Neither is ever to be taken for the answer one would like."""

_FIRST_READ: Final = 8.0
"""Seconds for the reply to the first question of all, asked twice at most: a wrong address is told in half a minute."""
_CONFLICTS: Final = 6
_SHA256: Final = "sha256"
"""Of an object's metadata: the digest of its bytes in hex (`x-amz-meta-sha256`)."""
_FIELDS: Final = {"Content-Type": "ContentType", "Cache-Control": "CacheControl"}
_NOT_THERE: Final = ("NoSuchKey", "NoSuchVersion", "404")
_MARKERS: Final = ("KeyMarker", "VersionIdMarker")
_MD5: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_EVERYBODY: Final = ("/groups/global/AllUsers", "/groups/global/AuthenticatedUsers")
_BLOCKS: Final = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


class Stored(Struct, frozen=True):
    """An object as it was read; `age` is how long ago it was written, by the store's own clock."""

    data: bytes
    etag: str
    age: timedelta


class Entry(Struct, frozen=True):
    """An object as a listing names it; `size` in bytes."""

    key: str
    etag: str
    size: int = 0


class Described(Struct, frozen=True):
    """What a store says of an object: bytes, the digest that was given with it ("" where none was), two headers."""

    size: int
    sha256: str
    media_type: str
    cache_control: str
    etag: str


class Version(Struct, frozen=True):
    """One of the states of an object that a store keeps. A delete marker stands for an object that is not there."""

    key: str
    id: str
    is_latest: bool
    is_delete_marker: bool


class Bucket:
    """One bucket, or what lies under one prefix of it; all keys are relative to that.

    Every method raises StoreRefused. What is written is private: it carries no ACL. Threads may share it.
    """

    def __init__(self, place: BucketPlace) -> None:
        self.place = place
        self._prefix = f"{place.prefix.strip('/')}/" if place.prefix.strip("/") else ""
        self._bare = False
        self._owner = {"ExpectedBucketOwner": place.account} if place.account else {}
        with refusing(str(self)):
            self._client = client(place)

    def __str__(self) -> str:
        at = f" at {self.place.endpoint}" if self.place.endpoint else ""
        return f"s3://{self.place.bucket}/{self._prefix}{at}"

    def reach(self) -> None:
        """Find out in less than half a minute whether the bucket is there and may be listed."""
        with refusing(str(self)):
            first = client(self.place, attempts=2, read_timeout=_FIRST_READ)
            with contextlib.closing(first):
                self._call(first.list_objects_v2, Prefix=self._prefix, MaxKeys=1)

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
            for found in reply.get("Contents", ()):
                yield Entry(found["Key"][cut:], found["ETag"], int(found.get("Size", 0)))

    def folders(self, prefix: str, page: int = 1000) -> Iterator[str]:
        """Go through what stands before the next slash, once each, of all keys below a prefix."""
        cut = len(self._prefix)
        for reply in self._pages(page, Prefix=self._prefix + prefix, Delimiter="/"):
            yield from (found["Prefix"][cut:] for found in reply.get("CommonPrefixes", ()))

    def versions(self, prefix: str, page: int = 1000) -> Iterator[Version]:
        """Go through all versions of all objects below a prefix, delete markers among them.

        A bucket that keeps none has one of each object, named "null". Raises StoreLacks where the store cannot tell.
        """
        more: dict[str, str] = {}
        while True:
            with refusing(str(self)):
                what = {"Prefix": self._prefix + prefix, "MaxKeys": page, **more}
                reply = self._ask("list_object_versions", **what) or {}
            yield from self._versions_in(reply)
            if not reply.get("IsTruncated"):
                return
            on = {name: reply[f"Next{name}"] for name in _MARKERS if reply.get(f"Next{name}")}
            if not on or on == more:
                raise StoreRefused(
                    "E617", f"{self}: the list of versions breaks off, and does not say where it goes on"
                )
            more = on

    def _versions_in(self, reply: Mapping[str, Any]) -> Iterator[Version]:
        cut = len(self._prefix)
        for kind in ("Versions", "DeleteMarkers"):
            for found in reply.get(kind, ()):
                is_latest = bool(found.get("IsLatest"))
                yield Version(found["Key"][cut:], found["VersionId"], is_latest, kind == "DeleteMarkers")

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

    def put_file(self, key: str, data: bytes, headers: Mapping[str, str], metadata: Mapping[str, str]) -> str:
        """Write a file for readers, whatever is there; its ETag.

        `headers` are Content-Type and Cache-Control, `metadata` holds at least `sha256`, the digest of `data` in hex.
        The store compares what arrives with its MD5, and we what it says it keeps. Where no reply came to the last
        try, it is done if the store describes an object of this digest and size.
        """
        digest = hashlib.md5(data, usedforsecurity=False).digest()
        what: dict[str, Any] = {_FIELDS[name]: value for name, value in headers.items()}
        what |= {"ContentMD5": base64.b64encode(digest).decode(), "Metadata": dict(metadata)}
        try:
            with refusing(str(self)):
                reply = self._ask("put_object", Key=self._prefix + key, Body=data, **what) or {}
        except StoreSilent:
            found = self.head(key)
            if found is None or (found.sha256, found.size) != (metadata[_SHA256], len(data)):
                raise
            return found.etag
        if _is_another(reply, digest.hex()):
            raise StoreRefused("E617", f"{self}: the store says it keeps other bytes of {key} than were sent")
        return str(reply.get("ETag", ""))

    @contextlib.contextmanager
    def asking(self, may: Callable[[], object]) -> Iterator[None]:
        """Call `may` just before each try to write or remove that is sent, in its thread; what it raises is raised.

        Whoever is asked earlier may have slept since: while a connection was made, or before another try.
        """

        def ask(**_: Any) -> None:
            may()

        events = self._client.meta.events
        names = ("before-send.s3.PutObject", "before-send.s3.DeleteObject")
        for name in names:
            events.register(name, ask)
        try:
            yield
        finally:
            for name in names:
                events.unregister(name, ask)

    def head(self, key: str) -> Described | None:
        """Ask what an object is, without its bytes; None if there is none."""
        with refusing(str(self)):
            reply = self._ask("head_object", Key=self._prefix + key)
        if reply is None:
            return None
        given = {name.lower(): str(value) for name, value in reply.get("Metadata", {}).items()}
        return Described(
            size=int(reply.get("ContentLength", 0)),
            sha256=given.get(_SHA256, ""),
            media_type=str(reply.get("ContentType", "")),
            cache_control=str(reply.get("CacheControl", "")),
            etag=str(reply.get("ETag", "")),
        )

    def remove_version(self, key: str, version_id: str) -> None:
        """Remove one version for good; one that is not there is removed already."""
        with refusing(str(self)):
            self._ask("delete_object", Key=self._prefix + key, VersionId=version_id)

    def public_access_blocked(self) -> Answered:
        """Tell whether all four blocks of public access are on at this bucket.

        `no` where one is off or none was ever set, though the account's own blocks, which are not asked for, may close
        the bucket all the same.
        """
        return self._setting(
            "get_public_access_block",
            "NoSuchPublicAccessBlockConfiguration",
            lambda reply: _all_on(reply.get("PublicAccessBlockConfiguration", {})),
        )

    def policy_is_public(self) -> Answered:
        """Tell whether the store judges the bucket's policy to let strangers in; `no` where there is no policy."""
        return self._setting(
            "get_bucket_policy_status",
            "NoSuchBucketPolicy",
            lambda reply: reply.get("PolicyStatus", {}).get("IsPublic"),
        )

    def grants_strangers(self) -> Answered:
        """Tell whether the bucket's own ACL grants anything to everybody or to everybody with an account.

        ACLs of single objects are not looked at: none of ours has one, and they are a store's second way in.
        """
        return self._setting(
            "get_bucket_acl", "", lambda reply: any(map(_to_all, reply["Grants"])) if reply.get("Grants") else None
        )

    def has_website(self) -> Answered:
        """Tell whether the store itself serves the bucket as a web site."""
        parts = ("IndexDocument", "RedirectAllRequestsTo", "ErrorDocument", "RoutingRules")
        return self._setting(
            "get_bucket_website",
            "NoSuchWebsiteConfiguration",
            lambda reply: True if any(reply.get(part) for part in parts) else None,
        )

    def keeps_versions(self) -> Answered:
        """Tell whether what is overwritten or removed may still be there as an older version.

        `no` is also heard from a store that answers without knowing the question.
        """
        return self._setting("get_bucket_versioning", "", lambda reply: reply.get("Status") in ("Enabled", "Suspended"))

    def _setting(self, operation: str, none: str, read: Callable[[Mapping[str, Any]], bool | None]) -> Answered:
        """Ask for a setting. `none` is the code for one never set; `read` gives None for a reply to something else."""
        from botocore.exceptions import ClientError  # noqa: PLC0415 -- as in `session`

        with refusing(str(self)):
            try:
                found = read(self._call(getattr(self._client, operation)))
            except ClientError as error:
                if none and answer(error)[1] == none:
                    return "no"
                if is_denial(error):
                    return "denied"
                if is_lack(error):
                    return "not offered"
                raise
        return "not offered" if found is None else "yes" if found else "no"

    def remove(self, key: str) -> None:
        """Remove an object; one that is not there is removed already."""
        with refusing(str(self)):
            self._ask("delete_object", Key=self._prefix + key)

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
        from botocore.exceptions import ClientError  # noqa: PLC0415 -- as in `session`

        for turn in range(_CONFLICTS):
            try:
                reply = self._call(getattr(self._client, operation), **what)
            except ClientError as error:
                status, code = answer(error)
                if status == HTTPStatus.PRECONDITION_FAILED or code in _NOT_THERE:
                    return None
                if status != HTTPStatus.CONFLICT or turn == _CONFLICTS - 1:
                    raise
                time.sleep(random.uniform(0.05, 0.1) * 2**turn)  # noqa: S311 -- spreads writers, keeps no secret
            else:
                return reply
        raise AssertionError

    def _call(self, method: Callable[..., Mapping[str, Any]], **what: Any) -> Mapping[str, Any]:
        """Ask once for this bucket of this owner; what is denied because it is another's is refused as such."""
        from botocore.exceptions import ClientError  # noqa: PLC0415 -- as in `session`

        try:
            return method(Bucket=self.place.bucket, **self._owner, **what)
        except ClientError as error:
            if is_denial(error) and self._is_anothers():
                named = f"{self}: the bucket does not belong to account {self.place.account}"
                raise StoreRefused("E636", named) from None
            raise

    def _is_anothers(self) -> bool:
        """Tell by asking twice whether the owner is why: stores deny alike what another owns and what one may not."""
        if not self._owner:
            return False
        return self._is_there(**self._owner) is False and self._is_there() is True

    def _is_there(self, **owner: str) -> bool | None:
        from botocore.exceptions import ClientError  # noqa: PLC0415 -- as in `session`

        try:
            self._client.head_bucket(Bucket=self.place.bucket, **owner)
        except ClientError as error:
            return False if is_denial(error) else None
        return True


def _is_another(reply: Mapping[str, Any], md5: str) -> bool:
    """Tell whether a reply names bytes with another MD5. Of what a key service encrypts, the ETag is no MD5."""
    etag = str(reply.get("ETag", "")).strip('"')
    plain = reply.get("ServerSideEncryption") in (None, "AES256") and not reply.get("SSECustomerAlgorithm")
    return plain and _MD5.fullmatch(etag) is not None and etag != md5


def _all_on(blocks: Mapping[str, bool]) -> bool | None:
    return all(blocks.get(name) for name in _BLOCKS) if blocks else None


def _to_all(grant: Mapping[str, Any]) -> bool:
    return str(grant.get("Grantee", {}).get("URI", "")).endswith(_EVERYBODY)


def _age(reply: Mapping[str, Any]) -> timedelta:
    """Tell by the store's clock how old an object is; one that a store gives no time for never ages."""
    with contextlib.suppress(KeyError, TypeError, ValueError):
        now = parsedate_to_datetime(reply["ResponseMetadata"]["HTTPHeaders"]["date"])
        written: datetime = reply["LastModified"]
        return now.astimezone(UTC) - written
    return timedelta(0)


def _cut_short() -> tuple[type[Exception], ...]:
    """Name what a body that ends early raises: botocore asks again for replies, but not for the rest of one."""
    from botocore.exceptions import (  # noqa: PLC0415 -- as in `session`
        IncompleteReadError,
        ReadTimeoutError,
        ResponseStreamingError,
    )

    return IncompleteReadError, ReadTimeoutError, ResponseStreamingError


def _unique() -> bytes:
    return f'{{"nonce":"{secrets.token_hex(16)}"}}\n'.encode()
