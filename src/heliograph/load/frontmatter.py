"""A Markdown file cut in two: its front matter as a tree, and its body with the line it begins at."""

from __future__ import annotations

from typing import Final

import msgspec

from heliograph.load import yaml
from heliograph.load.files import Source
from heliograph.load.nodes import Mapping
from heliograph.problems import Place, Problems

LIMIT: Final = 16 * 1024
_FENCE: Final = "---\n"


class Body(msgspec.Struct, frozen=True):
    """Raw Markdown as it stands in `file` from `line` on."""

    file: str
    line: int
    text: str


def split(source: Source, problems: Problems) -> tuple[Mapping | None, Body]:
    """Read the front matter (None if it cannot be, and why is noted) and give the rest as it is."""
    text = source.text
    if not text.startswith(_FENCE):
        problems.add(Place(source.path), "E101", "no front matter; the first line must be ---")
        return None, Body(source.path, 1, "")
    end = _closing(text)
    if end is None:
        problems.add(Place(source.path), "E102", "the front matter is not closed; end it with a line ---")
        return None, Body(source.path, 1, "")
    front = text[len(_FENCE) : end]
    after = text.find("\n", end)
    line = text.count("\n", 0, end) + 2
    body = Body(source.path, line, "" if after < 0 else text[after + 1 :])
    if len(front.encode()) > LIMIT:
        message = f"the front matter is larger than {LIMIT // 1024} KB; long text belongs below it"
        problems.add(Place(source.path, 2), "E118", message)
        return None, body
    return yaml.parse(front, source.path, 2, problems), body


def whole(source: Source) -> Body:
    """Take a file that has no front matter."""
    return Body(source.path, 1, source.text)


def _closing(text: str) -> int | None:
    """Find where the closing line begins."""
    at = text.find("\n---", len(_FENCE) - 1)
    while at >= 0:
        if text[at + 4 : at + 5] in ("\n", ""):
            return at + 1
        at = text.find("\n---", at + 4)
    return None
