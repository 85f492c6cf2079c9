"""An output file as the runs of text that someone can read out of it, however they are written down.

Nothing is thrown away: what is no text between tags is looked at as the inside of a tag. A run is whole when it is
compared with those of earlier files, so that what is left out as read before is never a part of something new.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
import zlib
from bisect import bisect_right
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import EmailMessage
from functools import lru_cache
from html import unescape
from itertools import accumulate, chain
from typing import Final
from urllib.parse import unquote

from heliograph.egress.pictures import texts_in
from heliograph.tree.artifact import Artifact

_INLINE_NAMES: Final = (
    "a|abbr|b|bdi|bdo|big|br|cite|code|data|del|dfn|em|font|i|ins|kbd|label|mark|q|s|samp|small|span|strong|sub|sup|"
    "time|tspan|tt|u|var|wbr|[a-z]+-[a-z-]+"
)
_INLINE: Final = re.compile(rf"/?(?:{_INLINE_NAMES})[\s/>]", re.IGNORECASE)
_TAG: Final = re.compile(r"<[^<>]*>")
_VALUE: Final = '"'
_JSON_STRING: Final = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"')
_PARAGRAPH: Final = re.compile(r"\n[ \t\r>|]*\n|\0")
_FOLD_OF_CALENDAR: Final = re.compile(r"\r?\n[ \t]")

_MARKUP: Final = re.compile(r"<[^<>]*>|&(?:#|[A-Za-z])")
_QUOTED: Final = re.compile(r"=\r?\n|=[0-9A-F]{2}[^=\0]*=[0-9A-F]{2}")
_FORMS: Final = [
    re.compile(rf"(?:{form})[^\0]*")
    for form in (r"&[#A-Za-z]", r"<[^<>\0]*>", r"\\", r"%[0-9A-Fa-f]{2}", r"=\?[\w-]+\?", _QUOTED.pattern)
]
"""How each way of writing one thing within another looks, to the end of the run; none reaches over NUL."""
_CSS_ESCAPE: Final = re.compile(r"\\(?:([0-9a-fA-F]{1,6})(?:\r\n|\s)?|(\W))")
_JS_ESCAPE: Final = re.compile(
    r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([nrtbfv])|(.))", re.DOTALL
)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{32,}(?:\s+[A-Za-z0-9+/_-]{4,})*")
_LONG: Final = b"a" * 32
_IN_BASE64: Final = bytes(ord("a") if chr(code).isalnum() or chr(code) in "+/_-" else 0 for code in range(128)) * 2
_TO_STANDARD: Final = str.maketrans("-_", "+/")

_BREAK: Final = "\0"
JOINT: Final = "\x1f"
"""Stands where an inline element began or ended; it may part words or not."""
_DEPTH: Final = 5
"""So many wrappings within each other are undone."""
_KNOWN: Final = 1 << 16
"""So many runs, and pieces of pages, are remembered at a time: a page's frame, what stands on several pages."""
_LIMIT: Final = 1 << 26
"""At most so many bytes come out of one compressed file."""
_LAST: Final = 0x10FFFF


class Reading:
    """Reads the files of one tree, and gives of each the runs that stood in none of those just before it."""

    def __init__(self) -> None:
        self._pieces = _Pieces()
        self._known: set[str] = set()

    def fresh(self, artifact: Artifact) -> set[str]:
        """Give the runs of one file, its path included, that are new; `unwrap` gives what is within them."""
        runs = read(artifact, self._pieces)
        runs -= self._known
        if len(self._known) + len(runs) > _KNOWN:
            self._known.clear()
        self._known |= runs
        if len(self._pieces) > _KNOWN:
            self._pieces = _Pieces()
        return runs


class _Pieces(dict[str, str]):
    """What stands between one `<` and the next, with its tag made a joint or a break: worked out once for each."""

    def __init__(self) -> None:
        self._joints: dict[str, str] = {}
        self.tags: list[str] = []
        """Those that were met since somebody last cleared this."""

    def __missing__(self, piece: str) -> str:
        tag, closed, text = piece.partition(">")
        made = f"{self._joints.get(tag) or self._joint(tag)}{text}" if closed else f"<{piece}"
        self[piece] = made
        return made

    def _joint(self, tag: str) -> str:
        self.tags.append(tag)
        joint = self._joints[tag] = JOINT if _INLINE.match(f"{tag}>") else _BREAK
        return joint


def read(artifact: Artifact, pieces: _Pieces | None = None) -> set[str]:
    """Read one file, its path included. Values of tags are left out if `pieces` has met the tags before."""
    name, _, kind = artifact.path.rpartition(".")
    found = _packed(kind, artifact.data)
    if found is None:
        text = artifact.data.decode("utf-8", "replace")
        found = _markup(text, pieces) if kind in _MARKED_UP else _READERS.get(kind, _PARAGRAPH.split)(text)
    return {*name.split("/"), *found}


def _packed(kind: str, data: bytes) -> Iterable[str] | None:
    """Read what is not written as text; None for all that is."""
    if data[:2] == b"\x1f\x8b":
        return read(Artifact(f".{kind}", zlib.decompressobj(31).decompress(data, _LIMIT)))
    return _mail(data) if kind == "eml" else texts_in(data)


def _markup(text: str, pieces: _Pieces | None = None) -> list[str]:
    """Read HTML or XML: words on both sides of an inline element's tag are one run, and so is each value in a tag."""
    known = _Pieces() if pieces is None else pieces
    first, *rest = text.split("<")
    runs = f"{first}{''.join(map(known.__getitem__, rest))}".split(_BREAK)
    for tag in known.tags:
        runs += (tag if _VALUE in tag else tag.replace("'", _VALUE)).split(_VALUE)
    known.tags.clear()
    return runs


def _json(text: str) -> list[str]:
    return [_JS_ESCAPE.sub(_character, one) if "\\" in one else one for one in _JSON_STRING.findall(text)]


def _calendar(text: str) -> list[str]:
    lines = _FOLD_OF_CALENDAR.sub("", text).splitlines()
    return [_JS_ESCAPE.sub(_character, line) if "\\" in line else line for line in lines]


_MARKED_UP: Final = frozenset({"html", "svg", "atom", "rss", "xml"})
_READERS: Final[dict[str, Callable[[str], list[str]]]] = {"json": _json, "ics": _calendar}


def _mail(data: bytes) -> Iterator[str]:
    """Read a message: every header of every part, and every part's body by its own kind."""
    for part in message_from_bytes(data, policy=policy.default).walk():
        yield from (f"{value}" for _, value in part.raw_items())
        assert isinstance(part, EmailMessage)
        if not part.is_multipart():
            body = part.get_payload(decode=True)
            assert isinstance(body, bytes)
            subtype = part.get_content_subtype()
            yield from read(Artifact(f".{_KINDS.get(subtype, subtype)}", body))
        for margin in (part.preamble, part.epilogue):
            yield margin or ""


_KINDS: Final = {"plain": "txt", "calendar": "ics", "svg+xml": "svg", "rfc822": "eml"}


def unwrap(runs: Mapping[str, str]) -> dict[str, str]:
    """Give runs and all that is written within them: escapes undone, encodings read, markup taken apart.

    Each comes with the file that it is from, as in `runs`. A run is left out where it is markup or holds entities,
    because what it says is then all in the rest.
    """
    found: dict[str, str] = {}
    waiting = runs
    for _ in range(_DEPTH):
        wrapped = _wrapped(waiting)
        found |= waiting
        if not wrapped:
            return found
        for run in wrapped:
            if _MARKUP.search(run):
                del found[run]
        waiting = _unwrapped({run: waiting[run] for run in wrapped}, found)
    return {**found, **waiting}


def _unwrapped(wrapped: Mapping[str, str], known: Container[str]) -> dict[str, str]:
    inner: dict[str, str] = {}
    for run, path in wrapped.items():
        for one in _within(run):
            if one not in known:
                inner.setdefault(one, path)
    return inner


def _wrapped(runs: Iterable[str]) -> list[str]:
    """Choose those in which something else may be written. Few are: all are searched as one text, with NUL between.

    Those that hold NUL themselves are chosen in any case, so that nothing in them is taken for the next run.
    """
    texts = list(runs)
    joined = "\0".join(texts)
    starts = [0, *accumulate(len(text) + 1 for text in texts)]
    forms = (found.start() for form in _FORMS for found in form.finditer(joined))
    places = chain(forms, _long_stretches(_marked(joined)))
    found = {bisect_right(starts, place) - 1 for place in places}
    if joined.count("\0") >= len(texts):
        found.update(number for number, text in enumerate(texts) if "\0" in text)
    return [texts[number] for number in sorted(found)]


def _long_stretches(marked: bytes) -> Iterator[int]:
    start = marked.find(_LONG)
    while start >= 0:
        yield start
        end = marked.find(b"\0", start)
        start = marked.find(_LONG, end) if end >= 0 else -1


def _may_hold_base64(text: str) -> bool:
    return _LONG in _marked(text)


def _marked(text: str) -> bytes:
    """Put `a` for each character that base64 is written with, and NUL for others."""
    return text.encode("ascii", "replace").translate(_IN_BASE64)


def _within(run: str) -> Iterator[str]:
    if _MARKUP.search(run):
        yield from _markup(run) if _TAG.search(run) else (unescape(run),)
        return
    if "%" in run:
        yield unquote(run)
    if "\\" in run:
        yield _JS_ESCAPE.sub(_character, run)
        yield _CSS_ESCAPE.sub(_character, run)
    if "=?" in run:
        yield _encoded_words(run)
    if _QUOTED.search(run):
        yield quopri.decodestring(run.encode()).decode("utf-8", "replace")
    for found in _BASE64.finditer(run) if _may_hold_base64(run) else ():
        yield from _base64(found.group())


_CONTROLS: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "", "f": "\n", "v": "\n"}


def _character(escape: re.Match[str]) -> str:
    """Give the character an escape of JSON, JavaScript or CSS stands for."""
    said = next(group for group in escape.groups() if group is not None)
    if escape.lastindex == escape.re.groups:
        return said
    if said in _CONTROLS and escape.re is _JS_ESCAPE and escape.lastindex == escape.re.groups - 1:
        return _CONTROLS[said]
    code = int(said, 16)
    return chr(code) if code <= _LAST else ""


def _encoded_words(run: str) -> str:
    try:
        return str(make_header(decode_header(run)))
    except (HeaderParseError, LookupError, ValueError, binascii.Error):
        return ""


@lru_cache(maxsize=1 << 12)
def _base64(blob: str) -> tuple[str, ...]:
    """Decode what looks like base64, from each of the four places where it may begin; what is no text is dropped."""
    return tuple(_texts_of_base64(blob))


def _texts_of_base64(blob: str) -> Iterator[str]:
    letters = "".join(blob.split()).translate(_TO_STANDARD)
    for start in range(4):
        whole = letters[start : start + (len(letters) - start) // 4 * 4]
        rest = letters[start + len(whole) :]
        padded = whole + (rest + "=" * (4 - len(rest)) if len(rest) > 1 else "")
        try:
            yield base64.b64decode(padded).decode("utf-8")
        except ValueError:
            continue
