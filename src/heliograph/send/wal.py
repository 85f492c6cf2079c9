"""Whether SQLite's write-ahead log still holds all that was committed to it.

SQLite takes the first damaged frame for the end of its log and goes on without a word: what was committed after it
would be forgotten, and so sent again. File format: sqlite.org/fileformat2.html, section 4.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

_HEADER: Final = struct.Struct(">8I")
_FRAME: Final = struct.Struct(">6I")
_SUMMED: Final = 24
_MAGIC: Final = 0x377F0682
_WORD: Final = 0xFFFFFFFF
_LOOKS: Final = 3
"""A sender that is writing meanwhile can make one look wrong, not all."""

_Sums = tuple[int, int]


class _Frame(NamedTuple):
    ends: bool
    """Whether it is the last of a transaction."""
    is_whole: bool


def has_lost(log: Path) -> bool:
    """Tell whether the log holds committed transactions behind a damaged one.

    What a power cut leaves, one incomplete transaction at the end, is no damage: nobody was told that it was durable.
    """
    return all(_looks_damaged(log) for _ in range(_LOOKS))


def _looks_damaged(log: Path) -> bool:
    try:
        with log.open("rb") as file:
            return not _is_sound(file)
    except FileNotFoundError:
        return False


def _is_sound(file: BinaryIO) -> bool:
    raw = file.read(_HEADER.size)
    if len(raw) < _HEADER.size:
        return True
    magic, _, page, _, *salts, one, two = _HEADER.unpack(raw)
    order = ">" if magic & 1 else "<"
    if magic & ~1 != _MAGIC or _checksum(raw[:_SUMMED], order, (0, 0)) != (one, two):
        return False
    broken = ended = False
    for frame in _frames(file, page, salts, order, (one, two)):
        if ended:
            return False
        broken = broken or not frame.is_whole
        ended = broken and frame.ends
    return True


def _frames(file: BinaryIO, page: int, salts: list[int], order: str, sums: _Sums) -> Iterator[_Frame]:
    """Go through the frames written since the log was last begun anew; those left of before have other salts."""
    while len(raw := file.read(_FRAME.size + page)) == _FRAME.size + page:
        _, pages, *salted, one, two = _FRAME.unpack_from(raw)
        sums = _checksum(raw[_FRAME.size :], order, _checksum(raw[:8], order, sums))
        if salted == salts:
            yield _Frame(pages != 0, sums == (one, two))


def _checksum(data: bytes, order: str, sums: _Sums) -> _Sums:
    one, two = sums
    for even, odd in struct.iter_unpack(f"{order}2I", data):
        one = (one + even + two) & _WORD
        two = (two + odd + one) & _WORD
    return one, two
