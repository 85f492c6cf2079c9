"""Everything one reader gets of a site on disk: the paths and bytes of its tree and its mail."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path

import msgspec

from heliograph.check import check
from heliograph.gate import Reader
from heliograph.load import load_site
from heliograph.model import STRATEGIC, Site
from heliograph.pipeline import MAIL, Build, Draft, trees
from heliograph.problems import Problem, Refused
from heliograph.record import NOTHING_KNOWN, Record
from heliograph.render.layouts import Layouts
from heliograph.tree.artifact import Artifact
from heliograph.tree.write import TreePlan
from proof.source import write
from worlds import CUSTOMERS, World

TESTS = Path(__file__).resolve().parent.parent
"""The folder from which the proof runs."""

READERS = ("public", "globex", "macros", "exec", "internal", "support", "frontdesk")
"""Those compared: each kind of outsider, and insiders of every surface."""

_GETS: dict[str, tuple[tuple[str, str], ...]] = {
    "public": (("public", ""), ("mail", "public/")),
    "macros": (("macros", ""),),
    **{customer: (("mail", f"strategic/{customer}/"),) for customer in CUSTOMERS},
    "exec": (("exec", ""), ("mail", "exec/")),
    "internal": (("internal", ""), ("mail", "internal/")),
    "support": (("support", ""), ("mail", "support/")),
    "frontdesk": (("frontdesk", ""), ("mail", "frontdesk/")),
}
"""By reader: the trees it gets, and which paths in them."""


class Received(msgspec.Struct, frozen=True):
    """What one reader gets: bytes by path, and by tree the next instant at which they would differ."""

    artifacts: dict[str, bytes]
    changes_at: dict[str, datetime | None]


def load(world: World) -> Site:
    """Write a world to disk, read and check it. Raises Refused with every error."""
    with tempfile.TemporaryDirectory() as folder:
        write(world, Path(folder))
        site = load_site(Path(folder))
    errors = [problem for problem in check(site) if problem.level == "error"]
    if errors:
        raise Refused(errors)
    return site


def received(site: Site, at: datetime, reader: str, record: Record = NOTHING_KNOWN) -> Received:
    """Build what one reader gets at an instant, and only that."""
    build, got, left = Build(site, _layouts(), at, record), Received({}, {}), dict(_GETS[reader])
    for draft in build.drafts():
        if draft.name in left:
            _take(got, build.plan(draft, _files(draft, _addressed_to(reader))), left.pop(draft.name))
        if not left:
            break
    return got


def received_by_each(site: Site, at: datetime) -> dict[str, Received]:
    """Build everything once, as a build does, and give what each reader gets of it."""
    build, got = Build(site, _layouts(), at), {reader: Received({}, {}) for reader in READERS}
    for draft in build.drafts():
        plan = build.plan(draft, tuple(_files(draft)))
        for reader in READERS:
            if plan.name in (wanted := dict(_GETS[reader])):
                _take(got[reader], plan, wanted[plan.name])
    return got


def _files(draft: Draft, addressed_to: str = "") -> Iterator[Artifact]:
    """Make a tree's files; of mail that is not addressed to a reader nothing need be made."""
    for part in draft.parts:
        if draft.name != MAIL or addressed_to in ("", part.watch.reader):
            yield from part.artifacts


def _take(got: Received, plan: TreePlan, below: str) -> None:
    """Take of a tree what lies below a path."""
    if plan.name != MAIL:
        got.changes_at[plan.name] = plan.next_change_at
    for artifact in plan.artifacts:
        if artifact.path.startswith(below):
            got.artifacts[f"{plan.name}/{artifact.path}"] = artifact.data


def _addressed_to(reader: str) -> str:
    return str(Reader(STRATEGIC, reader)) if reader in CUSTOMERS else reader


def build_all(site: Site, at: datetime) -> int:
    """Make every file of every tree, as a build does, and count them."""
    return sum(1 for plan in trees(site, _layouts(), at) for _ in plan.artifacts)


@cache
def _layouts() -> Layouts:
    return Layouts()


def reasons(refused: Refused) -> tuple[Problem, ...]:
    """Give the errors for which a world cannot be used."""
    return tuple(problem for problem in refused.problems if problem.level == "error")
