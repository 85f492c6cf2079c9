"""The command that tells what a change gives a reader to read, and what it takes away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

import click

from heliograph import revisions
from heliograph.cli import exits
from heliograph.cli.house import House, Instant, Stop, as_json, instant_for
from heliograph.gate import PUBLIC_READER, Gate, Reader
from heliograph.model import Incident, Site
from heliograph.problems import Refused
from heliograph.render.words import count
from heliograph.view import View

_READ: Final = ("site_src", "audiences", "incidents")
_SMALLEST: Final = 200


@click.command()
@click.option("--audience", default=str(PUBLIC_READER), show_default=True, help="The reader; also customer:<id>.")
@click.option("--against", metavar="REV", help="A revision in Git. [default: where this branch left origin's]")
@click.option("--at", type=Instant(), help="Speak for this instant. [default: when all that is written has been said]")
@click.option("--format", "style", type=click.Choice(["text", "markdown"]), default="text", help="How to print.")
@click.option("--limit", type=click.IntRange(min=_SMALLEST), metavar="BYTES", help="Print no more than so much.")
@click.option("--json", "json_", is_flag=True, help="Print JSON.")
@click.pass_obj
def diff(
    house: House,
    audience: str,
    against: str | None,
    at: datetime | None,
    style: Literal["text", "markdown"],
    limit: int | None,
    json_: bool,
) -> None:
    """Tell what words this change gives a reader, and takes from it.

    Compares what is saved in the site's folder with what stood there in Git. Shows nothing that this reader could
    not read on one side or the other; of insiders' pages their words, not what is drawn up beside them.
    """
    from heliograph.diff import as_markdown, as_text, compare

    if json_ and limit is not None:
        raise click.UsageError("--limit is for text; JSON is not cut")
    site, _ = house.load()
    reader = _reader(site, audience)
    commit, before = _earlier(house.root, against)
    when = at or _all_said(instant_for(site, None), site, before)
    changes = compare(_told(before, reader, when), _told(site, reader, when))
    if json_:
        click.echo(as_json({"audience": audience, "against": commit, "at": when, "changes": changes}))
    elif changes:
        click.echo((as_text if style == "text" else as_markdown)(changes, limit))
    else:
        who = "a customer" if reader == PUBLIC_READER else str(reader)
        click.echo(f"Nothing {who} could read changes.")
    house.say(f"Compared with {commit[:12]}: {count(len(changes), 'thing differs', 'things differ')}.")


def _reader(site: Site, name: str) -> Reader:
    known = {str(reader): reader for reader in Gate(site, instant_for(site, None)).readers}
    if name not in known:
        raise click.UsageError(f"no reader is called {name!r}; known: {', '.join(sorted(known))}")
    return known[name]


def _told(site: Site | None, reader: Reader, at: datetime) -> Sequence[View]:
    """Give what a reader gets in every language it is told in, the main one first; nothing where it did not exist."""
    if site is None:
        return ()
    gate = Gate(site, at)
    if reader not in gate.readers:
        return ()
    seen = gate.view_of(reader)
    own = (seen.customer.locale,) if seen.customer else ()
    further = dict.fromkeys((*seen.about.languages, *own))
    return (seen, *(gate.view_of(reader, language) for language in further if language != seen.about.language))


def _all_said(now: datetime, *sites: Site | None) -> datetime:
    """Give the instant from which nothing that is written lies ahead: words for tomorrow are approved today."""
    instants = [now]
    for story in (story for site in sites if site for story in site.stories):
        for update in story.updates:
            instants += [update.at, *(fix.at for fix in update.corrected)]
        if isinstance(story, Incident):
            instants += [story.started_at, *((story.postmortem.at,) if story.postmortem else ())]
    return max(instants)


def _earlier(root: Path, against: str | None) -> tuple[str, Site | None]:
    """Read the site as it stood at a revision: its commit, and None if there was none."""
    commit = _commit(root, against)
    try:
        with revisions.laid_out(root, commit, _READ) as earlier:
            is_there = (earlier / "site_src" / "site.toml").exists()
            return commit, _read(earlier, commit) if is_there else None
    except revisions.NotGiven as error:
        raise Stop(str(error), exits.FAILED) from error


def _read(earlier: Path, commit: str) -> Site:
    from heliograph.load import load_site

    try:
        return load_site(earlier)
    except Refused as refused:
        errors = [problem for problem in refused.problems if problem.level == "error"]
        raise Stop(
            f"what stood at {commit[:12]} cannot be read, so nothing can be compared with it: "
            f"{count(len(errors), 'error', 'errors')}, the first {errors[0]}"
        ) from refused


def _commit(root: Path, against: str | None) -> str:
    """Find the commit to compare with: the one named, else where this branch left origin's, else the last one."""
    if against is None:
        found = revisions.fork_point(root) or revisions.head(root)
        if not found:
            raise Stop("this site is not in Git, or nothing is committed yet: there is nothing to compare with")
        return found
    found = revisions.commit_of(root, against)
    if not found:
        raise Stop(f"Git knows no revision {against!r} here", exits.USAGE)
    return found
