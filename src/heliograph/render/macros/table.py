"""Replies as a table that spreadsheets open: safe against what they would take for a formula."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from io import StringIO
from typing import Final

from heliograph.render.macros.desks import placed
from heliograph.render.macros.macro import Macro, Withdrawn
from heliograph.render.tongue import Tongue
from heliograph.times import write_instant
from heliograph.tree.artifact import Artifact, text_artifact

_ACTIVE: Final = "=+-@\u2212"
"""What begins a formula; of forms that look alike, such as full-width ones, the plain one stands here."""
_BREAKS: Final = "\t\r\n"
_UNSEEN: Final = ("C", "Z")
"""Categories of what a spreadsheet trims, or a reader does not see."""

_COLUMNS: Final[dict[str, Callable[[Macro], str]]] = {
    "key": lambda macro: macro.key,
    "name": lambda macro: macro.name,
    "active": lambda _: "yes",
    "incident": lambda macro: macro.incident,
    "phase": lambda macro: macro.phase,
    "language": lambda macro: macro.language,
    "tag": lambda macro: macro.tag,
    "source": lambda macro: macro.source,
    "source_at": lambda macro: write_instant(macro.source_at),
    "good_until": lambda macro: write_instant(macro.good_until) if macro.good_until else "",
    "text": lambda macro: macro.text,
    "html": lambda macro: str(macro.html),
    "phone": lambda macro: macro.phone,
    "short": lambda macro: macro.short,
}


def cell(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would reckon with: `=`, `+`, `-`, `@`, a tab or a line break first.

    Spaces and what cannot be seen are no protection, and full-width and small forms count as the plain ones.
    """
    seen = next((one for one in text if unicodedata.category(one)[0] not in _UNSEEN), "")
    reckoned = bool(seen) and unicodedata.normalize("NFKC", seen)[0] in _ACTIVE
    return f"'{text}" if reckoned or text[:1] in tuple(_BREAKS) else text


def table_artifact(tongue: Tongue, found: Sequence[Macro], gone: Sequence[Withdrawn]) -> Artifact:
    """Write `desks/macros.csv` (RFC 4180, UTF-8): a row for each reply, and one marked inactive for each withdrawn."""
    sheet = StringIO()
    writer = csv.writer(sheet)
    writer.writerow(_COLUMNS)
    writer.writerows(map(cell, row) for row in _rows(tongue, found, gone))
    return text_artifact("desks/macros.csv", sheet.getvalue())


def _rows(tongue: Tongue, found: Iterable[Macro], gone: Iterable[Withdrawn]) -> Iterable[list[str]]:
    for macro in found:
        row = {column: said(macro) for column, said in _COLUMNS.items()}
        yield [*{**row, "text": placed(tongue, row["text"], ""), "html": placed(tongue, row["html"], "")}.values()]
    for one in gone:
        known = {"key": one.key, "name": one.name, "active": "no", "incident": one.incident, "phase": one.phase}
        yield [known.get(column, "") for column in _COLUMNS]
