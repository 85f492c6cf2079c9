"""The words within a picture file: its metadata, and whatever was hung on behind it. Never its pixels."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import Final

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_KINDS: Final = (_PNG, b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*")
_LETTERS: Final = re.compile(rb"[\x09\x0a\x0d\x20-\x7e\xc2-\xf4\x80-\xbf]{6,}")
_WIDE: Final = re.compile(rb"(?:[\x09\x0a\x0d\x20-\x7e]\x00){6,}|(?:\x00[\x09\x0a\x0d\x20-\x7e]){6,}")
_PACKED: Final = {b"zTXt", b"iTXt", b"iCCP"}
_LIMIT: Final = 1 << 22


def texts_in(data: bytes) -> list[str] | None:
    """Give every stretch of a picture that reads as text, as UTF-8 or UTF-16; None for what is no picture."""
    is_webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    if not (is_webp or data.startswith(_KINDS)):
        return None
    return [text for part in (data, *_unpacked(data)) for text in _texts(part)]


def _texts(data: bytes) -> Iterator[str]:
    for found in _LETTERS.findall(data):
        yield found.decode("utf-8", "replace")
    for found in _WIDE.findall(data):
        yield found.replace(b"\x00", b"").decode("ascii")


def _unpacked(data: bytes) -> Iterator[bytes]:
    """Inflate the compressed texts of a PNG."""
    at = len(_PNG)
    while data.startswith(_PNG) and at + 8 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + length]
        if kind in _PACKED:
            yield from _inflated(body)
        at += 12 + length


def _inflated(body: bytes) -> Iterator[bytes]:
    """Find the deflated stretch behind a chunk's names, which end with zero bytes."""
    for start in (found.end() for found in re.finditer(rb"\x00", body[:200])):
        try:
            yield zlib.decompressobj().decompress(body[start:], _LIMIT)
        except zlib.error:
            continue
