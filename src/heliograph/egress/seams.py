"""Where visible texts meet: a page puts a title before a sentence, names in a row, a time before what was said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from heliograph.egress.letters import fold
from heliograph.egress.matcher import Matcher
from heliograph.render.words import STATE_WORDS, STATUS_WORDS
from heliograph.terms import COMPONENT_STATES

_STATES: Final = (*STATE_WORDS.values(), *STATUS_WORDS.values(), *COMPONENT_STATES)
_JOINTS: Final = (
    *("and", "in", "of", "for", "with", "by", "to", "since", "is", "are", "was", "were", "at", "on", "until", "after"),
    *("utc", "gmt", "bst", "cet", "cest", "eet", "eest", "est", "edt", "cst", "cdt", "mst", "mdt", "pst", "pdt", "jst"),
)
"""Words between two texts, and zones after a time of day."""
_BEGIN: Final = "\x02"
_END: Final = "\x03"
_CERTAIN: Final = 2
"""So few letters end or begin some visible text anyway."""


def made_by_seams(runs: set[str], names: Iterable[str], shares: Iterable[Sequence[str]]) -> set[str]:
    """Tell which runs of letters are the end of a visible text, whole names and joints, and the beginning of another.

    `shares` are the visible texts, folded.
    """
    if not runs:
        return set()
    matcher = Matcher({piece for run in runs for piece in _pieces(run)})
    found: set[str] = set()
    for lines in shares:
        found |= matcher.found("\n".join(f"{_BEGIN}{line}{_END}" for line in lines))
    whole = {fold(one) for one in (*names, *_STATES, *_JOINTS)} - {""}
    return {run for run in runs if _is_made(run, whole, found)}


def _pieces(run: str) -> Iterator[str]:
    for at in range(1, len(run)):
        if at > _CERTAIN:
            yield run[:at] + _END
        if len(run) - at > _CERTAIN:
            yield _BEGIN + run[at:]


def _is_made(run: str, whole: set[str], found: set[str]) -> bool:
    reached = {at for at in range(len(run)) if at <= _CERTAIN or run[:at] + _END in found}
    for start in range(len(run)):
        if start in reached:
            if start and (len(run) - start <= _CERTAIN or _BEGIN + run[start:] in found):
                return True
            reached |= {start + len(one) for one in whole if run.startswith(one, start)}
    return len(run) in reached
