"""The command that builds, and what others share with it."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from heliograph import __version__
from heliograph.cli import exits
from heliograph.cli.errors import list_problems
from heliograph.cli.house import House, Instant, as_json, instant_for
from heliograph.gate import Gate, Reader
from heliograph.model import INTERNAL, Site
from heliograph.tree.fsio import WriteRefused

if TYPE_CHECKING:
    from heliograph.parallel import Run
    from heliograph.pipeline import Build
    from heliograph.quarantine import Content
    from heliograph.record import Record
    from heliograph.tree.write import Counts

OUTPUT = "dist"


@click.command()
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), help=f"Where to. [default: {OUTPUT}]")
@click.option("--at", type=Instant(), help="Build as of this instant instead of now.")
@click.option(
    "--quarantine",
    is_flag=True,
    help=f"Build around bad incidents with their last good words; exit code {exits.QUARANTINED}.",
)
@click.option("--json", "json_", is_flag=True, help="Print what was made as JSON.")
@click.pass_obj
def build(house: House, output: Path | None, at: datetime | None, quarantine: bool, json_: bool) -> int:
    """Make every page, feed, mail and macro; nothing is replaced until all of it is there."""
    from heliograph.cli.ledgers import record_for
    from heliograph.quarantine import read_around, read_strictly
    from heliograph.tree.swap import check_output_root

    out = output or house.root / OUTPUT
    check_output_root(out, house.root)
    gc.disable()  # a build makes many objects, keeps most and ends; collecting costs an eighth of it
    with house.progress() as run:
        house.require_site()
        content = (read_around if quarantine else read_strictly)(house.root, run)
        if content.set_aside or not house.quiet:
            list_problems(content.problems)
        when = instant_for(content.site, at)
        making = build_of(house, content.site, when, record_for(house, content.site, when))
        counts = write_all(house, content.site, making, out, run, when)
    remember(house, content)
    if json_:
        click.echo(as_json(counts))
    else:
        _show_trees(out, counts)
        _advise(house, making.gate, when, out)
    if content.set_aside:
        click.echo(f"Built around {', '.join(content.set_aside)}; mend what is named above and build again.", err=True)
        return exits.QUARANTINED
    return exits.DONE


def build_of(house: House, site: Site, when: datetime, record: Record) -> Build:
    """Take the site's own layouts into a build of it."""
    from heliograph.pipeline import Build
    from heliograph.render.layouts import Layouts

    return Build(site, Layouts(house.root / "layouts"), when, record)


def write_all(house: House, site: Site, making: Build, out: Path, run: Run, when: datetime) -> tuple[Counts, ...]:
    """Render and write every tree below `out`, made for an instant; nothing is replaced until all of it is there."""
    from heliograph.publish.edition import note_edition
    from heliograph.publish.release import Edition
    from heliograph.revisions import has_more, head
    from heliograph.tree.write import write_trees

    revision, uncommitted = head(house.root), has_more(house.root)
    making.render_ahead(run)
    counts = tuple(write_trees(out, making.trees(), run))
    edition = Edition(as_of=when, revision=revision, version=__version__, uncommitted=uncommitted)
    stories = [story.id for story in site.stories]
    note_edition(out, edition, {tree.tree: tree.tree_sha256 for tree in counts}, stories)
    return counts


def remember(house: House, content: Content) -> None:
    """Keep what a good build was made of. A build that succeeded does not fail for it."""
    from heliograph import quarantine

    try:
        quarantine.remember(house.root, content.memory)
    except (OSError, WriteRefused) as error:
        click.echo(f"heliograph: the last good words could not be kept for --quarantine: {error}", err=True)


def _show_trees(out: Path, counts: Sequence[Counts]) -> None:
    for tree in counts:
        state = f"{tree.written} written, {tree.removed} removed" if tree.changed else "unchanged"
        click.echo(f"{out / tree.tree}  {tree.files} files, {state}")


def _advise(house: House, gate: Gate, when: datetime, out: Path) -> None:
    """Say what is open and what to look at next."""
    from heliograph.cli.board import make_board
    from heliograph.render.owed import promises
    from heliograph.render.tongue import ENGLISH
    from heliograph.render.words import count

    reader = Reader(INTERNAL)
    board = make_board(gate.view_of(reader), gate.desk_of(reader), when)
    overdue = sum(promise.overdue for promise in promises(ENGLISH, board.due))
    late = f" {count(overdue, 'promise is', 'promises are')} overdue: heliograph says whose." if overdue else ""
    opened = count(len(board.open), "problem is", "problems are") if board.open else "No problem is"
    house.say(f"{opened} open.{late}")
    house.say(f"Look:  {out / 'public' / 'index.html'}   or: heliograph serve")
