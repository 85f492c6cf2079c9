"""The tables `target` and `state` of the operator's file: where trees go, and where that is remembered."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from heliograph.load.fields import Fields, Wrong, id_fault
from heliograph.load.nodes import Node, Scalar
from heliograph.load.operator_values import OperatorValues
from heliograph.load.places import Used, crossings, matching, read_place
from heliograph.model import Site
from heliograph.operations import BucketPlace, FolderPlace, Host
from heliograph.problems import did_you_mean
from heliograph.terms import Boundary

_TREES: Final = frozenset({"page", "brief"})
_DISTRIBUTION: Final = re.compile(r"[A-Z0-9]{6,32}", re.ASCII)
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}


class Hosts(Struct, frozen=True):
    """What the two tables say."""

    hosts: tuple[Host, ...]
    state: BucketPlace | FolderPlace | None


def read_hosts(
    fields: Fields,
    values: OperatorValues,
    site: Site,
    environment: Mapping[str, str],
    ledger: BucketPlace | None,
    files: Mapping[str, Path],
) -> Hosts:
    """Read both tables, and note whatever of all places lies in another's way.

    `files` are files and folders, by how messages call them, that no reader of any page may ever reach.
    """
    reading = _Reading(fields, values, site)
    hosts = tuple(reading.hosts())
    state = fields.read("state", reading.state)
    if fields.node("state") is None and any(isinstance(host.place, BucketPlace) for host in hosts):
        hint = 'such as [state] and bucket = "example-state"; a private one, apart from all targets'
        values.refuse(fields.mapping, "E128", "`state` is missing: a target is a bucket", hint)
    used = [
        Used(name=name, at=values.place(fields.mapping), role="file", place=FolderPlace(path))
        for name, path in files.items()
    ]
    used += reading.used(hosts)
    if state is not None:
        used.append(Used(name="`state`", at=fields.place("state"), role="state", place=state))
    if ledger is not None:
        used.append(Used(name="`ledger`", at=fields.place("ledger"), role="ledger", place=ledger))
    for at, why in crossings(used, environment):
        values.problems.add(at, "E602", why)
    return Hosts(hosts, state)


class _Reading:
    """Reads targets one by one; what cannot be read is noted and left out."""

    def __init__(self, fields: Fields, values: OperatorValues, site: Site) -> None:
        self._tables = fields.pairs("target")
        self._values = values
        self._boundaries: dict[str, Boundary] = {
            audience.id: audience.boundary for audience in site.audiences if not _TREES.isdisjoint(audience.surfaces)
        }
        self._addresses: dict[str, tuple[str, Boundary | None]] = {}

    def state(self, node: Node) -> BucketPlace | FolderPlace | None:
        """Read where it is remembered what was published."""
        fields = self._values.fields(node)
        place = read_place(fields, self._values)
        fields.done()
        return place

    def hosts(self) -> Iterator[Host]:
        """Read every target whose id can be one."""
        for key, node in self._tables:
            fault = id_fault(key.value)
            if fault is not None:
                self._values.refuse(key, *fault)
                continue
            host = self._values.attempt(partial(self._host, key), node)
            if host is not None:
                yield host

    def _host(self, key: Scalar, node: Node) -> Host | None:
        values, fields = self._values, self._values.fields(node)
        tree = fields.need("tree", self._tree)
        place = values.attempt(lambda _: read_place(fields, values), node)
        urls = fields.need("urls", values.list_of(self._url))
        ca_file = fields.read("urls_ca_file", values.ordinary_file)
        distribution = fields.read(
            "cloudfront", matching(values, _DISTRIBUTION, "the id of a distribution is written like E2EXAMPLE")
        )
        if fields.node("bucket") is None or fields.node("path") is None:
            fields.done()
        self._refuse_addresses(key.value, tree, urls, fields)
        if tree is None or place is None or urls is None:
            return None
        return Host(id=key.value, tree=tree, place=place, urls=urls, ca_file=ca_file, distribution=distribution or "")

    def _tree(self, node: Node) -> str:
        text = self._values.line(node)
        if text not in self._boundaries:
            message = "this is not an audience with a page or brief of its own"
            raise Wrong(node, "E626", message, did_you_mean(text, self._boundaries))
        return text

    def _url(self, node: Node) -> str:
        text = self._values.web(node)
        if "?" in text or "#" in text:
            raise Wrong(node, "E136", "the address under which a tree begins has neither ? nor #")
        return text

    def _refuse_addresses(self, name: str, tree: str | None, urls: tuple[str, ...] | None, fields: Fields) -> None:
        """Note a target without an address, one that has an address twice, or one that both sides of the wall have."""
        problems, place = self._values.problems, fields.place("urls")
        node = fields.node("urls")
        if urls == () and not getattr(node, "items", ()):
            problems.add(place, "E128", "at least one address is wanted here: what readers see is looked at there")
        boundary = self._boundaries.get(tree or "")
        canonical = [_canonical(url) for url in urls or ()]
        if len(set(canonical)) < len(canonical):
            problems.add(place, "E106", "one of these addresses stands here twice")
        for url in dict.fromkeys(canonical):
            other, its = self._addresses.setdefault(url, (name, boundary))
            if other != name and boundary and its and its != boundary:
                problems.add(place, "E602", f"an address of `{other}` is also one of these, across the wall")

    def used(self, hosts: tuple[Host, ...]) -> Iterator[Used]:
        """Give the places of targets."""
        nodes = {key.value: node for key, node in self._tables}
        for host in hosts:
            yield Used(
                name=f"target `{host.id}`",
                at=self._values.place(nodes[host.id]),
                role="target",
                place=host.place,
                boundary=self._boundaries[host.tree],
            )


def _canonical(url: str) -> str:
    """Write an address one way: hosts differ in case, and a usual port need not be named."""
    parts = urlsplit(url.lower())
    try:
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return url
    return f"{parts.scheme}://{parts.hostname}:{port}{urlsplit(url).path}"
