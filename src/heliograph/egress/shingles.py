"""What counts as the same words: a window of 24 letters and digits that two folded texts have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from heliograph.egress.matcher import Matcher

WINDOW: Final = 24
"""So many letters and digits in a row are a shingle."""
TELLING: Final = 12
"""So many letters in a row within it must occur in nothing the reader may see."""


def shared(runs: Sequence[str], hidden: Sequence[str]) -> set[str]:
    """Find the shingles that folded runs and folded hidden texts have in common."""
    ours, theirs = sum(map(len, runs)), sum(map(len, hidden))
    return _within(runs, "\n".join(hidden)) if ours < theirs else _within(hidden, "\n".join(runs))


def _within(lines: Sequence[str], text: str) -> set[str]:
    """Find the shingles of `lines` that occur in `text`.

    Each holds one whole block of 12 that begins at a multiple of 12 in its line. So it is enough to look for those
    blocks, and then for the shingles around the few that are found.
    """
    long = [line for line in lines if len(line) >= WINDOW]
    blocks = Matcher({line[at : at + TELLING] for line in long for at in _steps(line)}).found(text)
    around = {
        line[at : at + WINDOW]
        for line in (long if blocks else ())
        for block in _steps(line)
        if line[block : block + TELLING] in blocks
        for at in range(max(0, block + TELLING - WINDOW), min(block, len(line) - WINDOW) + 1)
    }
    return Matcher(around).found(text)


def _steps(line: str) -> range:
    """Give where the whole blocks of a line begin."""
    return range(0, len(line) - TELLING + 1, TELLING)


def letter_runs(folded: str) -> Iterator[str]:
    """Give each run of 12 letters in a folded text; one with a digit in it tells of a time or a number."""
    grams = (folded[at : at + TELLING] for at in range(len(folded) - TELLING + 1))
    return (gram for gram in grams if gram.isalpha())
