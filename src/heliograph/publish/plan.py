"""What publishing a tree would change at its target, each file with a reason, in the order that never dangles."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal, get_args

import msgspec

from heliograph.tree.manifest import Entry

Phase = Literal[
    "assets",
    "new files",
    "new front pages",
    "perhaps there",
    "changed pages",
    "data",
    "indexes",
    "front pages",
    "deletes",
]
Reason = Literal[
    "not at the target",
    "bytes differ",
    "headers differ",
    "may be half published",
    "not in this tree any more",
    "never published by us",
]

PHASES: Final[tuple[Phase, ...]] = get_args(Phase)
"""In this order no page points at anything that is not there yet, on hosts that take one file at a time.

Nobody is led to a new file before a changed one names it, so that all new files come before all changed ones; of these,
the pages that others are found from come last. What is not published, but may have been put by a run that was cut off,
is neither: that run may have led visitors to it, so that it may name nothing that is not there yet; and if it did not,
nothing may name it yet.
"""

_LANGUAGE: Final = r"(?:[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})?/)?"
_INDEX: Final = re.compile(rf"{_LANGUAGE}(?:history|components)/", re.ASCII)
_FRONT_PAGE: Final = "index.html"
_FRONT_PAGES: Final = re.compile(rf"{_LANGUAGE}{re.escape(_FRONT_PAGE)}", re.ASCII)


class Step(msgspec.Struct, frozen=True):
    """One file to put or to delete; `size` in bytes, 0 for a delete."""

    phase: Phase
    action: Literal["put", "delete"]
    path: str
    reason: Reason
    size: int

    def __str__(self) -> str:
        return f"{self.action} {self.path}: {self.reason}"


class Plan(msgspec.Struct, frozen=True):
    """All steps in order, and how many files stay as they are."""

    steps: tuple[Step, ...]
    unchanged: int

    @property
    def paths(self) -> frozenset[str]:
        """The paths that change."""
        return frozenset(step.path for step in self.steps)


def plan_publish(
    tree: Iterable[Entry], target: Iterable[Entry], published: Iterable[str], unsettled: frozenset[str] = frozenset()
) -> Plan:
    """Compare a tree with what is at its target; `published` are the paths the target's own manifest declares.

    `unsettled` are paths of which nobody knows what is at the target, since a run was cut off: they are put again.
    """
    wanted = {entry.path: entry for entry in tree}
    there = {entry.path: entry for entry in target}
    ours = frozenset(published)
    puts = [
        _put(entry, there.get(path), unsettled=path in unsettled)
        for path, entry in wanted.items()
        if path in unsettled or entry != there.get(path)
    ]
    deletes = [_delete(path, path in ours) for path in there.keys() - wanted.keys()]
    return Plan(tuple(sorted(puts + deletes, key=_order)), len(wanted) - len(puts))


def _put(entry: Entry, there: Entry | None, *, unsettled: bool) -> Step:
    if unsettled and there in (None, entry):
        reason: Reason = "may be half published"
    elif there is None:
        reason = "not at the target"
    else:
        reason = "headers differ" if entry.sha256 == there.sha256 else "bytes differ"
    return Step(_phase(entry, new=there is None, unsettled=unsettled), "put", entry.path, reason, entry.size)


def _delete(path: str, ours: bool) -> Step:
    return Step("deletes", "delete", path, "not in this tree any more" if ours else "never published by us", 0)


def _phase(entry: Entry, *, new: bool, unsettled: bool) -> Phase:
    if entry.cache == "immutable" or entry.path.startswith("assets/"):
        return "assets"
    if new and unsettled and entry.path != _FRONT_PAGE:
        return "perhaps there"
    if _FRONT_PAGES.fullmatch(entry.path):
        return "new front pages" if new and entry.path != _FRONT_PAGE else "front pages"
    if new:
        return "new files"
    if not entry.path.endswith(".html"):
        return "data"
    return "indexes" if _INDEX.match(entry.path) else "changed pages"


def _order(step: Step) -> tuple[int, bool, str]:
    return PHASES.index(step.phase), step.path == _FRONT_PAGE, step.path
