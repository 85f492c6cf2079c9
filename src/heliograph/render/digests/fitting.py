"""A mail too large to arrive whole everywhere, said more briefly: long words are cut, many problems counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import structs

from heliograph.render.digests.sheet import Row, Section, Sheet, plain
from heliograph.render.sentences import shortened
from heliograph.render.tongue import Tongue

_STEPS: Final = ((6_000, 60), (1_500, 25), (400, 10), (200, 4))
"""How many characters of a row, and how many sections, are kept in turn."""
_ROWS: Final = 20
"""How many rows of a section are kept."""


def briefer(sheet: Sheet, spoken: Tongue) -> Iterator[Sheet]:
    """Give a sheet as it is, then shorter and shorter; what was cut is told in words."""
    yield sheet
    for length, most in _STEPS:
        sections = tuple(_cut(section, length, spoken) for section in sheet.sections[:most])
        left = _more(len(sheet.sections) - most, spoken)
        yield structs.replace(sheet, sections=sections, closing=(*left, *sheet.closing))


def _cut(section: Section, length: int, spoken: Tongue) -> Section:
    rows = *(_shorter(row, length) for row in section.rows[:_ROWS]), *_more(len(section.rows) - _ROWS, spoken)
    return structs.replace(section, rows=rows, after=tuple(_shorter(row, length) for row in section.after))


def _shorter(row: Row, length: int) -> Row:
    return row if len(row.text) <= length else plain(row.label, shortened(row.text, length), row.note)


def _more(left: int, spoken: Tongue) -> Iterator[Row]:
    if left > 0:
        yield plain("", spoken.ngettext("and %(num)s more, not told here.", "and %(num)s more, not told here.", left))
