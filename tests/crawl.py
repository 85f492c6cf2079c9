"""What a visitor of a published site finds: every link followed from the pages and feeds that can be found at all.

A reference leads into the site if it is relative, or begins with the site's address. One whose target is not there dangles.
"""

from __future__ import annotations

import hashlib
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from html.parser import HTMLParser
from typing import Final, NamedTuple
from urllib.parse import unquote, urldefrag, urljoin

from heliograph.tree.manifest import Manifest

Get = Callable[[str], bytes | None]
"""Gives the bytes at a path of the site, None if there is nothing."""

FRONT: Final = "index.html"
_ATTRIBUTES: Final = frozenset({"href", "src", "action", "poster", "data"})
_IN_STYLE: Final = re.compile(r"url\(\s*['\"]?([^'\")]+)")
_IN_SCRIPT: Final = re.compile(r"""["']([a-z0-9/._-]+\.(?:json|html|css|js|svg|atom|rss|ics))["']""")


class Crawl(NamedTuple):
    """What was found: objects gone through, references into the site, and those of them that lead to nothing."""

    objects: int
    references: int
    dangling: tuple[tuple[str, str], ...]


def crawl(get: Get, site: str, start: Iterable[str] = (FRONT,)) -> Crawl:
    """Follow every reference from `start`, of which what is not there is left out; `site` is the site's address."""
    waiting = [path for path in start if get(path) is not None]
    seen = set(waiting)
    references = 0
    dangling = []
    while waiting:
        path = waiting.pop()
        data = get(path) or b""
        for target in references_of(path, data, site):
            references += 1
            if get(target) is None:
                dangling.append((path, target))
            elif target not in seen:
                seen.add(target)
                waiting.append(target)
    return Crawl(len(seen), references, tuple(sorted(dangling)))


def references_of(path: str, data: bytes, site: str) -> tuple[str, ...]:
    """Give the paths in the site that a file refers to, each once."""
    return _references(path, hashlib.sha256(data).digest(), site, _Bytes(data))


class _Bytes:
    """Bytes that are equal to all others: what they are is told by their digest beside them."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Bytes)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=4096)
def _references(path: str, _digest: bytes, site: str, content: _Bytes) -> tuple[str, ...]:
    base = f"{site.rstrip('/')}/{path}"
    root = f"{site.rstrip('/')}/"
    found = (urljoin(base, reference) for reference in _raw(path, content.data, root) if reference)
    inside = (urldefrag(url).url.partition("?")[0] for url in found if url.startswith(root))
    paths = (unquote(url[len(root) :]) for url in inside)
    return tuple(dict.fromkeys(f"{one}{FRONT}" if not one or one.endswith("/") else one for one in paths))


def _raw(path: str, data: bytes, root: str) -> Iterator[str]:
    """Give what is written as a reference in a file, going by its extension."""
    kind = path.rpartition(".")[2]
    text = data.decode("utf-8")
    if kind == "html":
        yield from _in_html(text)
    elif kind in ("atom", "rss", "svg", "xml"):
        yield from _in_xml(text, root)
    elif kind == "json":
        yield from _in_json(json.loads(text), root)
    elif kind == "ics":
        unfolded = re.sub(r"\r?\n[ \t]", "", text)
        yield from re.findall(r"(?m)^(?:URL|ATTACH|SOURCE)[^:\n]*:(\S+)", unfolded)
    elif kind == "css":
        yield from _IN_STYLE.findall(text)
    elif kind == "js":
        yield from _IN_SCRIPT.findall(text)
    elif kind == "txt":
        yield from re.findall(r"(?im)^sitemap:\s*(\S+)", text)


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and name in _ATTRIBUTES:
                self.found.append(value)
            elif value and name == "srcset":
                self.found += [one.split()[0] for one in value.split(",")]


def _in_html(text: str) -> list[str]:
    parser = _Links()
    parser.feed(text)
    parser.close()
    return parser.found


def _in_xml(text: str, root: str) -> Iterator[str]:
    for element in ET.fromstring(text).iter():
        yield from (
            value for name, value in element.attrib.items() if name.rpartition("}")[2] in ("href", "src", "url")
        )
        yield from _in_text(element.text or "", root)


def _in_json(value: object, root: str) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from _in_json(one, root)
    elif isinstance(value, list):
        for one in value:
            yield from _in_json(one, root)
    elif isinstance(value, str):
        yield from _in_text(value, root)


def _in_text(text: str, root: str) -> Iterator[str]:
    """A text may be an address, or markup with links in it; of others, prose, nothing is asked."""
    text = text.strip()
    if text.startswith(root):
        yield text
    elif "<" in text:
        yield from _in_html(text)


def matching(hashes: Mapping[str, str], manifests: Iterable[Manifest]) -> list[Manifest]:
    """Give those trees of which every file lies there as it should; `hashes` are SHA-256 in hex, by path.

    What lies there besides, and belongs to another of the trees, is no matter as long as nothing names it.
    """
    return [one for one in manifests if all(hashes.get(file.path) == file.sha256 for file in one.files)]


def is_mixed(hashes: Mapping[str, str], manifests: Iterable[Manifest]) -> bool:
    """Tell whether what lies there is not just one of the trees, or holds what belongs to none of them."""
    every = tuple(manifests)
    known = {path for one in every for path in one.paths}
    return len(matching(hashes, every)) != 1 or not hashes.keys() <= known
