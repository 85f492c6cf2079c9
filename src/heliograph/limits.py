"""How far Markdown may grow before it is not parsed: it is refused when it is read, and stays words when rendered."""

from __future__ import annotations

from typing import Final

DEPTH_LIMIT: Final = 18
"""How deep blocks, or emphasis, may nest in a passage. Far deeper pages bring down programs that walk through them."""


def cells(words: str) -> int:
    """Say how many cells the tables of a text could have: a short row of dashes gives each following line as many."""
    return sum(map(_cells_of, words.split("\n\n"))) if "|" in words else 0


def _cells_of(block: str) -> int:
    if "|" not in block:
        return 0
    lines = block.split("\n")
    return len(lines) * (1 + max(line.count("|") for line in lines))
