"""How much the second wall finds, and how much it refuses without need; the same cases as in its tests."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import egress_cases as cases
from conftest import SHARED
from heliograph.egress import guarded
from heliograph.load import load_site
from heliograph.parallel import Run, results
from heliograph.pipeline import Build
from heliograph.problems import Refused
from heliograph.render.layouts import Layouts
from proof.crashes import timed

REAL = SHARED / "data/statuspage/github-history"
"""Real incidents, which nobody here wrote; they may not be there."""


class Found(NamedTuple):
    """Secrets found, of those written in one way or another; harmless notes, and incidents refused for them."""

    secrets: int
    ways: int
    found: int
    incidents: int
    notes: int
    refused: int
    seconds: float


def measure(secrets: int, run: Run) -> Found:
    """Write each of some secrets in each way, look for each alone, and add harmless notes to all real incidents."""
    ways = [partial(_found, name, secrets) for name in cases.WRITTEN]
    real = [_refused] if REAL.is_dir() else []
    done = results(run([partial(timed, job) for job in (*real, *ways)]))
    incidents, notes, refused = done[0][1] if real else (0, 0, 0)
    found = sum(number for _, number in done[len(real) :])
    return Found(secrets, len(ways), found, incidents, notes, refused, sum(seconds for seconds, _ in done))


def _found(way: str, count: int) -> int:
    secrets, files = cases.written(cases.WRITTEN[way], cases.sentences(count))
    return sum(bool(cases.told([secret], [file])) for secret, file in zip(secrets, files, strict=True))


def _refused() -> tuple[int, int, int]:
    """Count real incidents, notes, and incidents of which a note is taken for a leak."""
    with tempfile.TemporaryDirectory() as folder:
        incidents = cases.history(SHARED / "data")
        notes = cases.annotated(Path(folder), incidents)
        site = load_site(Path(folder))
    drafts = Build(site, Layouts(), site.settings.clock).drafts()
    return len(incidents), len(notes), len({one for draft in drafts for one in _named(draft.name, draft.parts)})


def _named(tree: str, parts: Sequence) -> set[str]:
    """Name the folders of what a tree is refused for."""
    try:
        for _ in guarded(tree, parts):
            pass
    except Refused as refused:
        return {problem.place.file.rpartition("/")[0] for problem in refused.problems}
    return set()
