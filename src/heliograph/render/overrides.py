"""A site's own layouts beside the shipped ones: which there are, what they were taken from, and what has changed since.

A copy begins with a line that names the version and the digest of what it was taken from; whoever overrides only blocks
may write the same line.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, Literal

from jinja2 import Environment, TemplateSyntaxError, nodes
from msgspec import Struct

from heliograph import __version__, resources
from heliograph.problems import Place, Problem, Refused

FOLDER: Final = "layouts"
"""Where a site keeps its own."""

_DEFAULT: Final = "!default/"
_MARK: Final = re.compile(r"heliograph (\S{1,32}), layout (\S{1,100}), sha256 ([0-9a-f]{16})\b")
_COMMENT: Final = {".css": ("/*", "*/"), ".js": ("/*", "*/"), ".svg": ("<!--", "-->")}
"""How a comment is written where Jinja reads nothing."""
_JINJA_COMMENT: Final = ("{#", "#}")
_IGNORED: Final = re.compile(r"\..*|.*~|#.*#|.*\.(?:swp|tmp|bak)", re.DOTALL)

How = Literal["copy", "blocks", "unused"]


class Own(Struct, frozen=True, kw_only=True):
    """One file of a site's own layouts.

    `how` tells a whole copy from one that overrides `blocks` of the shipped layout; no shipped layout has the name of
    an unused one, which only other layouts of the site can call. `version` and `digest` are of what it was taken from,
    empty when it does not say. `changed` tells whether the shipped layout is another by now, None when nobody knows.
    `lost` are blocks that the shipped layout does not have: they are never shown.
    """

    name: str
    how: How
    version: str
    digest: str
    changed: bool | None
    blocks: tuple[str, ...]
    lost: tuple[str, ...]


@cache
def shipped() -> dict[str, str]:
    """Give the text of each shipped layout by its name, such as `web/index.html`, in order of name."""
    folder = resources.defaults() / FOLDER
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_text(encoding="utf-8") for name, path in sorted(found.items()) if not _ignored(name)}


def digest_of(name: str) -> str:
    """Give the first 16 hex digits of the SHA-256 of a shipped layout."""
    return hashlib.sha256(shipped()[name].encode()).hexdigest()[:16]


def copy_of(name: str) -> str:
    """Give a shipped layout's text below a line that names what it is."""
    return f"{mark(name)}\n{shipped()[name]}"


def mark(name: str) -> str:
    """Write the line that names what a layout was taken from, as a comment of its language."""
    begins, ends = _COMMENT.get(Path(name).suffix, _JINJA_COMMENT)
    return f"{begins} heliograph {__version__}, layout {name}, sha256 {digest_of(name)} {ends}"


def own_layouts(root: Path) -> tuple[Own, ...]:
    """Read the site's own layouts below `root`, in order of name. Raises Refused (E701) for one that is no layout."""
    return tuple(_own(name, text) for name, text in sorted(_texts(root)))


def differences(root: Path, name: str) -> str:
    """Give the unified diff from the shipped layout to the site's copy of it; empty if they are the same."""
    text = (root / FOLDER / name).read_text(encoding="utf-8")
    first, _, rest = text.partition("\n")
    mine = rest if _MARK.search(first) else text
    lines = difflib.unified_diff(
        shipped()[name].splitlines(keepends=True),
        mine.splitlines(keepends=True),
        f"shipped/{name} (heliograph {__version__})",
        f"{FOLDER}/{name}",
    )
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _texts(root: Path) -> Iterator[tuple[str, str]]:
    folder = root / FOLDER
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not _ignored(name):
            try:
                yield name, path.read_text(encoding="utf-8")
            except UnicodeDecodeError as error:
                raise _unusable(name, 1, "it is not UTF-8") from error


def _ignored(name: str) -> bool:
    return any(_IGNORED.fullmatch(part) for part in name.split("/"))


def _own(name: str, text: str) -> Own:
    layout = parsed(name, text)
    base = _extended(layout)
    marked = _MARK.search(text.partition("\n")[0])
    version, of, digest = marked.groups() if marked else ("", name, "")
    how: How = "blocks" if base.startswith(_DEFAULT) else "copy" if name in shipped() else "unused"
    blocks = _blocks(layout) if how == "blocks" else ()
    known = shipped_blocks(base.removeprefix(_DEFAULT))
    return Own(
        name=name,
        how=how,
        version=version,
        digest=digest,
        changed=(of not in shipped() or digest_of(of) != digest) if digest else None,
        blocks=blocks,
        lost=tuple(block for block in blocks if block not in known),
    )


def shipped_blocks(name: str) -> tuple[str, ...]:
    """Name the blocks of a shipped layout, in order, those of the layouts it extends behind them."""
    if name not in shipped():
        return ()
    own = _blocks(parsed(name, shipped()[name]))
    return tuple(dict.fromkeys((*own, *shipped_blocks(extends(name)))))


def extends(name: str) -> str:
    """Name the shipped layout that another extends; empty if it extends none."""
    return _extended(parsed(name, shipped()[name])).removeprefix(_DEFAULT)


def parsed(name: str, text: str) -> nodes.Template:
    """Read a layout; a file that Jinja never sees is one without tags. Raises Refused (E701) if it is none."""
    tags = "" if Path(name).suffix in _COMMENT else text
    try:
        return Environment(autoescape=True, extensions=["jinja2.ext.i18n"]).parse(tags)
    except TemplateSyntaxError as error:
        raise _unusable(name, error.lineno, error.message or "this is no layout") from error


def _unusable(name: str, line: int, why: str) -> Refused:
    return Refused([Problem(Place(f"{FOLDER}/{name}", line), "E701", f"this layout cannot be used: {why}")])


def _extended(layout: nodes.Template) -> str:
    """Name the layout that another extends; empty if it extends none, or one that is only known when it is used."""
    found = layout.find(nodes.Extends)
    return str(found.template.value) if found and isinstance(found.template, nodes.Const) else ""


def _blocks(layout: nodes.Template) -> tuple[str, ...]:
    return tuple(block.name for block in layout.find_all(nodes.Block))
