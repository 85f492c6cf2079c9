"""What `serve` adds to a page: one script, and leave to run it. The files of the trees stay what they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape, unescape
from importlib.resources import files
from typing import Final

import msgspec

from heliograph.problems import Problem
from heliograph.serve.workshop import Standing
from heliograph.tree.artifact import Artifact, text_artifact

FOLDER: Final = "/.bench/"
"""Where everything lies that is of `serve` itself: no file of a tree has such a path."""
EVENTS: Final = f"{FOLDER}events"
_POLICY: Final = re.compile(rb'(<meta\s+http-equiv="Content-Security-Policy"\s+content=")([^"]*)(")', re.IGNORECASE)
_SELF: Final = "'self'"
_NEEDED: Final = ("script-src", "style-src", "connect-src")


def own_files() -> dict[str, Artifact]:
    """Give the script and its stylesheet, by request path."""
    package = files(__package__)
    return {f"{FOLDER}{name}": Artifact(name, (package / name).read_bytes()) for name in ("bench.js", "bench.css")}


def dressed(page: Artifact, tree: str, version: str) -> bytes:
    """Give a page's bytes with the script at the end of its body; any other file's as they are."""
    if not page.media_type.startswith("text/html"):
        return page.data
    place = f"{FOLDER}bench.js?{version.partition('-')[0]}"  # kept by browsers until another run
    script = f'<script src="{place}" data-tree="{escape(tree)}" data-version="{version}"></script>\n'
    data = _POLICY.sub(lambda found: found[1] + _amended(found[2]) + found[3], page.data, count=1)
    end = data.rfind(b"</body>")
    end = len(data) if end < 0 else end
    return data[:end] + script.encode() + data[end:]


def _amended(policy: bytes) -> bytes:
    """Allow scripts, stylesheets and connections of our own; everything else stays as strict as it was."""
    directives: dict[str, list[str]] = {}
    for directive in unescape(policy.decode()).split(";"):
        name, *sources = directive.split() or [""]
        if name:
            directives.setdefault(name.lower(), sources)
    fallback = directives.get("default-src", ["*"])
    for name in _NEEDED:
        sources = [source for source in directives.get(name, fallback) if source != "'none'"]
        directives[name] = sources if _SELF in sources else [_SELF, *sources]
    return escape("; ".join(" ".join((name, *sources)) for name, sources in directives.items())).encode()


class _Reader(msgspec.Struct, frozen=True):
    """One port: who reads there, in words. `is_gone` once its audience is."""

    tree: str
    words: str
    port: int
    is_gone: bool


class _Finding(msgspec.Struct, frozen=True):
    """One problem as the panel shows it."""

    file: str
    line: int
    column: int
    code: str
    message: str
    hint: str
    level: str


class _News(msgspec.Struct, frozen=True):
    """All that the script is told."""

    version: str
    is_current: bool
    is_checked: bool
    is_shown: bool
    problems: tuple[_Finding, ...]
    readers: tuple[_Reader, ...]


def news(standing: Standing, version: str, ports: Mapping[str, tuple[str, int]]) -> bytes:
    """Put what stands, and the words and port of each reader, in JSON for the script: one line."""
    known = standing.shelf.readers if standing.shelf else {}
    readers = (
        _Reader(tree, words, port, standing.shelf is not None and tree not in known)
        for tree, (words, port) in ports.items()
    )
    return msgspec.json.encode(
        _News(
            version=version,
            is_current=standing.is_current,
            is_checked=standing.is_checked,
            is_shown=standing.shelf is not None,
            problems=tuple(map(_finding, standing.problems)),
            readers=tuple(readers),
        )
    )


def _finding(problem: Problem) -> _Finding:
    place = problem.place
    return _Finding(place.file, place.line, place.column, problem.code, problem.message, problem.hint, problem.level)


def notice(title: str, words: str) -> Artifact:
    """Make a page for when there is none."""
    return text_artifact(
        "notice.html",
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<link rel="icon" href="data:,">\n<title>{escape(title)}</title>\n</head>\n'
        f"<body>\n<main>\n<h1>{escape(title)}</h1>\n<p>{escape(words)}</p>\n</main>\n</body>\n</html>\n",
    )
