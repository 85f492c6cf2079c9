"""Going back to a release that was published: its sources come out of Git again, and must give the very same tree.

No copy of a tree is kept anywhere. What is built again passes the same gate and the same wall as everything else.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

from msgspec import Struct

from heliograph import __version__, revisions
from heliograph.model import Site
from heliograph.parallel import Run, in_turn
from heliograph.pipeline import Build
from heliograph.problems import Refused
from heliograph.publish.built import Built, open_built
from heliograph.publish.release import Release
from heliograph.quarantine import read_strictly
from heliograph.record import Record
from heliograph.render.layouts import Layouts
from heliograph.tree.fsio import WriteRefused
from heliograph.tree.write import write_trees


class WayBack(Struct, frozen=True, kw_only=True):
    """A release that a host held, and why there is no going back to it: empty if there may be one."""

    release: Release
    is_current: bool
    obstacle: str


def ways_back(
    root: Path, current: Release | None, past: Iterable[Release], retracted: Collection[str]
) -> tuple[WayBack, ...]:
    """Say of every release, newest first, whether it could come back. Nothing is built, so that a yes may prove wrong.

    `root` is the site's folder, `retracted` are ids of incidents and maintenances that were taken back for good.
    """
    held = cache(partial(_holds_any, root, frozenset(retracted)))
    ways = [] if current is None else [WayBack(release=current, is_current=True, obstacle="live now")]
    for release in past:
        obstacle = _obstacle(root, release)
        if not obstacle and held(release.edition.revision):
            obstacle = "E638 its commit holds something that was retracted"
        ways.append(WayBack(release=release, is_current=False, obstacle=obstacle))
    return tuple(ways)


@contextmanager
def rebuilt(
    root: Path, release: Release, tree: str, record: Record, retracted: Collection[str], run: Run = in_turn
) -> Iterator[Built]:
    """Build the tree of a release again, in a folder of its own that goes with the block.

    `record` is what is known of who was told what; of that only what was known then is used. Raises WriteRefused: E637
    where the sources are not at hand or give another tree, E638 if they hold something of `retracted`; Refused if
    the tree holds words that its reader may not read today.
    """
    obstacle = _obstacle(root, release)
    if obstacle:
        raise WriteRefused("E637", f"{release.id} cannot be built again: {obstacle}")
    try:
        with revisions.laid_out(root, release.edition.revision) as sources:
            yield _rebuilt(sources, release, tree, record, retracted, sources.with_name("trees"), run)
    except revisions.NotGiven as error:
        raise WriteRefused("E637", f"{release.id} cannot be built again: {error}") from error


def _rebuilt(
    sources: Path,
    release: Release,
    tree: str,
    record: Record,
    retracted: Collection[str],
    out: Path,
    run: Run,
) -> Built:
    site = _read(sources, release, run)
    _refuse_retracted(site, release, retracted)
    built = _build(site, sources, release, tree, record, out, run)
    if built.manifest.tree_sha256 != release.tree_sha256:
        raise WriteRefused(
            "E637",
            f"{release.id} cannot be built again: commit {_short(release)} gives other pages than were published. "
            "Something was not committed then, was set aside, or the record of who was told is another; "
            f"what it gives: git checkout {_short(release)} && heliograph build && heliograph publish --force-older",
        )
    return built


def _obstacle(root: Path, release: Release) -> str:
    """Say what can be seen from here to stand in the way; empty if nothing does."""
    edition = release.edition
    if not edition.revision or edition.uncommitted:
        return "no commit holds its sources; edit the site to what it said, and publish that"
    if edition.version != __version__:
        return f"Heliograph {edition.version} made it, this is {__version__}; install that one to go back"
    if not revisions.commit_of(root, edition.revision):
        return (
            f"commit {_short(release)} is not in Git here; `git fetch` may get it (with --unshallow for a short clone)"
        )
    return ""


def _holds_any(root: Path, ids: frozenset[str], commit: str) -> bool:
    """Tell whether any incident of a commit has one of these ids."""
    if not ids:
        return False
    pattern = rf"^id:[[:space:]]*[\"']?({'|'.join(map(re.escape, sorted(ids)))})[\"']?[[:space:]]*$"
    return revisions.mentions(root, commit, pattern, "incidents")


def _read(sources: Path, release: Release, run: Run) -> Site:
    try:
        return read_strictly(sources, run).site
    except Refused as refused:
        first = next(problem for problem in refused.problems if problem.level == "error")
        raise WriteRefused(
            "E637",
            f"{release.id} cannot be built again: its sources are refused today "
            f"({first.place.file}: {first.code}, commit {_short(release)})",
        ) from None


def _refuse_retracted(site: Site, release: Release, retracted: Collection[str]) -> None:
    held = sorted(story.id for story in site.stories if story.id in retracted)
    if held:
        raise WriteRefused("E638", f"{release.id} holds {', '.join(held)}, which was retracted; choose a later release")


def _build(site: Site, sources: Path, release: Release, tree: str, record: Record, out: Path, run: Run) -> Built:
    at = release.edition.as_of
    known = Record(told=tuple(told for told in record.told if told.at <= at))
    making = Build(site, Layouts(sources / "layouts"), at, known)
    plan = next((plan for plan in making.trees() if plan.name == tree), None)
    if plan is None:
        raise WriteRefused("E637", f"{release.id} cannot be built again: its sources give no tree called {tree}")
    making.render_ahead(run)
    write_trees(out, [plan], run)
    return open_built(out / tree)


def _short(release: Release) -> str:
    return release.edition.revision[:10]
