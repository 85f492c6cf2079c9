"""What publishing a tree would change at its target, each file with a reason, in the order that never dangles."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from heliograph.tree.manifest import Entry

Phase = Literal["assets", "new pages", "changed pages", "data", "indexes", "deletes"]
Reason = Literal[
    "not at the target",
    "bytes differ",
    "headers differ",
    "not in this tree any more",
    "never published by us",
]

PHASES: Final[tuple[Phase, ...]] = ("assets", "new pages", "changed pages", "data", "indexes", "deletes")
"""In this order no page points at anything that is not there yet, on hosts that take one file at a time."""

_INDEX_FOLDERS: Final = ("history/", "components/")
_FRONT_PAGE: Final = "index.html"


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


def plan_publish(tree: Iterable[Entry], target: Iterable[Entry], published: Iterable[str]) -> Plan:
    """Compare a tree with what is at its target; `published` are the paths the target's own manifest declares."""
    wanted = {entry.path: entry for entry in tree}
    there = {entry.path: entry for entry in target}
    ours = frozenset(published)
    puts = [_put(entry, there.get(path)) for path, entry in wanted.items() if entry != there.get(path)]
    deletes = [_delete(path, path in ours) for path in there.keys() - wanted.keys()]
    return Plan(tuple(sorted(puts + deletes, key=_order)), len(wanted) - len(puts))


def _put(entry: Entry, there: Entry | None) -> Step:
    if there is None:
        reason: Reason = "not at the target"
    else:
        reason = "headers differ" if entry.sha256 == there.sha256 else "bytes differ"
    return Step(_phase(entry, new=there is None), "put", entry.path, reason, entry.size)


def _delete(path: str, ours: bool) -> Step:
    return Step("deletes", "delete", path, "not in this tree any more" if ours else "never published by us", 0)


def _phase(entry: Entry, *, new: bool) -> Phase:
    if entry.cache == "immutable" or entry.path.startswith("assets/"):
        return "assets"
    if not entry.path.endswith(".html"):
        return "data"
    if entry.path == _FRONT_PAGE or entry.path.startswith(_INDEX_FOLDERS):
        return "indexes"
    return "new pages" if new else "changed pages"


def _order(step: Step) -> tuple[int, bool, str]:
    return PHASES.index(step.phase), step.path == _FRONT_PAGE, step.path
