"""The table that the proof ends with: what was shown, what was broken on purpose and noticed, and how long it took."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import NamedTuple


class Line(NamedTuple):
    """One claim with its figures. `noticed` says what was broken on purpose and seen; `wrong`, what is not as promised.

    `seconds` are those of all its processes together.
    """

    what: str
    figures: str
    noticed: str
    seconds: float
    wrong: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """Say whether all is as promised."""
        return "FAILED" if self.wrong else "ok"


HEAD = ("Claim", "Shown", "Broken on purpose, and noticed", "Work")
_TOLD = 10
_WIDTH = 84


def _work(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min"


def to_text(lines: Sequence[Line], ending: str) -> str:
    """Lay the table out for a terminal, with what is wrong below it."""
    wide = max(len(line.what) for line in lines)
    rows = [row for line in lines for row in (*_row(line, wide), "")]
    wrong = [f"{line.what}: {what}" for line in lines for what in line.wrong[:_TOLD]]
    return "\n".join([*rows, *wrong, ending]) + "\n"


def _row(line: Line, wide: int) -> list[str]:
    told = textwrap.wrap(line.figures, _WIDTH)
    told += textwrap.wrap(f"Noticed: {line.noticed}", _WIDTH) if line.noticed else []
    first = f"{line.what:<{wide}}  {told[0]:<{_WIDTH}}  {_work(line.seconds):>7}  {line.verdict}"
    return [first, *(f"{'':<{wide}}  {more}" for more in told[1:])]


def to_markdown(lines: Sequence[Line], ending: str) -> str:
    """Lay the table out as Markdown."""
    rows = [HEAD, ("---", "---", "---", "---:")]
    for line in lines:
        figures = f"**FAILED** {line.figures}" if line.wrong else line.figures
        rows.append((line.what, figures, line.noticed, _work(line.seconds)))
    cells = ("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
    return "\n".join([*cells, "", ending]) + "\n"
