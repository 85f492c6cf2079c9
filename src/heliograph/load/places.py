"""Buckets and folders as the operator's file names them, and that no two of them come into each other's way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from msgspec import Struct

from heliograph.load.fields import Fields, Reader, Wrong
from heliograph.load.nodes import Node
from heliograph.load.operator_values import OperatorValues
from heliograph.operations import NO_SECRET, BucketPlace, FolderPlace
from heliograph.problems import Place
from heliograph.terms import Boundary
from heliograph.tree.fsio import WriteRefused
from heliograph.tree.swap import check_apart

Role = Literal["target", "state", "ledger", "file"]
"""Of a place: `file` is one that only this machine's operator reads."""

AMAZON: Final = "amazon"
"""The store of whoever names no endpoint: bucket names are its own in all regions."""

_NO_BUCKET: Final = "this is not the name of a bucket (small letters, digits, dots, hyphens)"
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
_PREFIX: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*/?", re.ASCII)
_ACCOUNT: Final = re.compile(r"[0-9]{12}", re.ASCII)
_AMAZON_HOSTS: Final = (".amazonaws.com", ".amazonaws.com.cn")
_ENDPOINTS: Final = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")


class Used(Struct, frozen=True, kw_only=True):
    """A place that the file names: what it is called in messages, where it stands there, and what it is for.

    `boundary` is that of a target's tree.
    """

    name: str
    at: Place
    role: Role
    place: BucketPlace | FolderPlace
    boundary: Boundary | None = None


def matching(values: OperatorValues, pattern: re.Pattern[str], message: str) -> Reader[str]:
    """Make a reader of one line that a pattern fits (E131)."""

    def read(node: Node) -> str:
        text = values.line(node)
        if pattern.fullmatch(text) is None:
            raise Wrong(node, "E131", message)
        return text

    return read


def refuse_half(fields: Fields, one: str, other: str) -> None:
    """Note that a name came without its secret, or the other way round."""
    if (fields.node(one) is None) != (fields.node(other) is None):
        fields.values.refuse(fields.mapping, "E128", f"`{one}` and `{other}` are given together or not at all")


def read_bucket(fields: Fields, values: OperatorValues) -> BucketPlace | None:
    """Read what says where a bucket is; other keys of the table are left to who asked. None without a name."""
    bucket = fields.need("bucket", matching(values, _BUCKET, _NO_BUCKET))
    place = BucketPlace(
        bucket=bucket or "",
        prefix=fields.read("prefix", matching(values, _PREFIX, "a prefix is written like ledger/")) or "",
        account=fields.read("account", matching(values, _ACCOUNT, "an account of AWS is twelve digits")) or "",
        endpoint=fields.read("endpoint", values.web) or "",
        region=fields.read("region", values.line) or "",
        access_key=fields.read("access_key", values.line) or "",
        secret_key=fields.read("secret_key", values.secret) or NO_SECRET,
        ca_file=fields.read("ca_file", values.ordinary_file),
    )
    refuse_half(fields, "access_key", "secret_key")
    return None if bucket is None else place


def read_place(fields: Fields, values: OperatorValues) -> BucketPlace | FolderPlace | None:
    """Read a bucket or a folder: exactly one of the two."""
    if fields.node("bucket") is not None and fields.node("path") is not None:
        raise Wrong(fields.mapping, "E131", "a place is a `bucket` or a `path`, not both")
    if fields.node("bucket") is not None:
        return read_bucket(fields, values)
    path = fields.need("path", values.path, "or `bucket`")
    return None if path is None else FolderPlace(path)


def store_of(place: BucketPlace, environment: Mapping[str, str]) -> str:
    """Name the store that a bucket lies in: `amazon`, or the host and port of another's endpoint."""
    endpoint = place.endpoint or next((environment[name] for name in _ENDPOINTS if environment.get(name)), "")
    try:
        parts = urlsplit(endpoint)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return endpoint
    if not host or host.endswith(_AMAZON_HOSTS):
        return AMAZON
    return f"{host}:{port or (80 if parts.scheme == 'http' else 443)}"


def crossings(used: Iterable[Used], environment: Mapping[str, str]) -> Iterator[tuple[Place, str]]:
    """Find every two places that must not be so near, and say why; where is the later one's place."""
    for one, other in combinations(used, 2):
        why = _crossing(one, other, environment)
        if why:
            yield other.at, why


def _crossing(one: Used, other: Used, environment: Mapping[str, str]) -> str:
    roles = {one.role, other.role}
    if "target" not in roles:
        return _same(one, other, environment) if roles == {"state", "ledger"} else ""
    if isinstance(one.place, BucketPlace) and isinstance(other.place, BucketPlace):
        return _bucket_crossing(one, other, environment)
    if isinstance(one.place, FolderPlace) and isinstance(other.place, FolderPlace):
        return "" if _are_apart(one.place.path, other.place.path) else f"{_both(one)} lie within each other"
    return ""


def _bucket_crossing(one: Used, other: Used, environment: Mapping[str, str]) -> str:
    first, second = _bucket(one, environment), _bucket(other, environment)
    if (_host(first[0]), first[1]) != (_host(second[0]), second[1]):
        return ""
    if _wall_between(one, other):
        return f"{_both(one)} share a bucket: nothing that insiders read may lie in one that outsiders read"
    if first != second:
        return ""
    shorter, longer = sorted((_parts(one), _parts(other)), key=len)
    return f"{_both(one)} lie within each other; give each a prefix" if _begins(longer, shorter) else ""


def _wall_between(one: Used, other: Used) -> bool:
    """Tell whether outsiders read one of two places and not the other: what is no target is nobody's to read."""
    return (one.boundary == "external") != (other.boundary == "external")


def _same(one: Used, other: Used, environment: Mapping[str, str]) -> str:
    if not (isinstance(one.place, BucketPlace) and isinstance(other.place, BucketPlace)):
        return ""
    same = _bucket(one, environment) == _bucket(other, environment) and _parts(one) == _parts(other)
    return f"{_both(one)} are the same place; give each a prefix" if same else ""


def _both(one: Used) -> str:
    return f"this and {one.name}"


def _bucket(used: Used, environment: Mapping[str, str]) -> tuple[str, str]:
    assert isinstance(used.place, BucketPlace)
    return store_of(used.place, environment), used.place.bucket


def _parts(used: Used) -> tuple[str, ...]:
    assert isinstance(used.place, BucketPlace)
    return tuple(part for part in used.place.prefix.split("/") if part)


def _host(store: str) -> str:
    """Take the port off: one server may answer on several, and across the wall no chance is taken."""
    return store.rpartition(":")[0] or store


def _begins(longer: tuple[str, ...], shorter: tuple[str, ...]) -> bool:
    return longer[: len(shorter)] == shorter


def _are_apart(one: Path, other: Path) -> bool:
    try:
        check_apart(one, other)
    except (WriteRefused, OSError, RuntimeError, ValueError):
        return False
    return True
