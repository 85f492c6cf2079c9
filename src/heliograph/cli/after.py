"""Commands for what was published before: rollback goes back to it, gc deletes what nobody can ask for any more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from heliograph.cli import exits
from heliograph.cli.hosts import Hosts
from heliograph.cli.house import House, Stop, as_json
from heliograph.cli.ledgers import record_for
from heliograph.cli.publish import Prepared, carry_all, confirm_all
from heliograph.model import Site
from heliograph.operations import BucketPlace, Host
from heliograph.render.words import count

if TYPE_CHECKING:
    from heliograph.cli.publish import Fate
    from heliograph.publish.collect import Collection
    from heliograph.publish.objects import Objects
    from heliograph.publish.register import State
    from heliograph.publish.release import Release
    from heliograph.rollback import WayBack


@click.command()
@click.argument("target")
@click.argument("release", required=False)
@click.option("--to", metavar="RELEASE", help="The same as RELEASE.")
@click.option("--json", "json_", is_flag=True, help="Print the list, or the outcome, as JSON.")
@click.pass_obj
def rollback(house: House, target: str, release: str | None, to: str | None, json_: bool) -> int:
    """Publish a past release again, built anew from its commit.

    Without a RELEASE: list what TARGET held, and of which the commit is at hand. RELEASE is the number that a line
    begins with. It comes back only if that commit gives the very same pages, and if nothing in it was retracted. The
    sources stay as they are.
    """
    from heliograph.load import load_configuration

    house.require_site()
    site = load_configuration(house.root)  # what is broken today must not keep yesterday's pages from coming back
    hosts = Hosts(house, site)
    (host,) = hosts.chosen([target])
    seen = hosts.register(host).look()
    wanted = release or to
    if wanted is None:
        _list_ways(house, seen, json_=json_)
        return exits.DONE
    fate = _rolled_back(house, site, hosts, host, seen, _past_release(host, seen, wanted))
    if json_:
        click.echo(as_json(fate))
    else:
        which = f", now as release {fate.release}" if fate.release else ""
        click.echo(f"{fate.target}: {fate.said}{which}", err=fate.code not in (exits.DONE, exits.UNCONFIRMED))
    if fate.code in (exits.DONE, exits.UNCONFIRMED):
        house.say("The sources are as they were: mend or revert them, or the next publish brings them back.")
    return fate.code


def _list_ways(house: House, seen: State, *, json_: bool) -> None:
    from heliograph.rollback import ways_back

    ways = ways_back(house.root, seen.current, seen.past, seen.retracted)
    if json_:
        click.echo(as_json([_row(way) for way in ways]))
        return
    for way in ways:
        edition = way.release.edition
        commit = f"{edition.revision[:10] or 'none'}{' and more' if edition.uncommitted else ''}"
        made = f"as of {edition.as_of:%Y-%m-%d %H:%M:%S} UTC, commit {commit}"
        click.echo(f"{way.release.id}  {made}  {way.obstacle or 'can come back'}")
    if not ways:
        house.say("Nothing was published there yet.")


def _row(way: WayBack) -> dict[str, object]:
    return {
        "release": way.release.id,
        "at": way.release.at,
        "as_of": way.release.edition.as_of,
        "commit": way.release.edition.revision,
        "uncommitted": way.release.edition.uncommitted,
        "version": way.release.edition.version,
        "tree_sha256": way.release.tree_sha256,
        "current": way.is_current,
        "obstacle": way.obstacle,
    }


def _past_release(host: Host, seen: State, wanted: str) -> Release:
    from heliograph.tree.fsio import WriteRefused

    if seen.current is not None and wanted in _names(seen.current):
        raise Stop(f"{seen.current.id} is live at {host.id} now")
    found = next((one for one in seen.past if wanted in _names(one)), None)
    if found is None:
        raise WriteRefused("E637", f"{host.id} held no release {wanted!r}; `heliograph rollback {host.id}` lists all")
    return found


def _names(release: Release) -> tuple[str, ...]:
    """Name a release as people do: by its id, or the number it begins with."""
    return release.id, release.id.partition("-")[0]


def _rolled_back(house: House, site: Site, hosts: Hosts, host: Host, seen: State, release: Release) -> Fate:
    from heliograph.publish.prepare import prepare
    from heliograph.publish.publication import WAIT, Terms
    from heliograph.rollback import rebuilt

    record = record_for(house, site, release.edition.as_of)
    with house.progress() as run, rebuilt(house.root, release, host.tree, record, seen.retracted, run) as built:
        terms = Terms(force_older=True)
        publication = prepare(host, built, release.edition, hosts.register(host), terms)
        (fate,) = confirm_all(list(carry_all(house, Prepared((publication,), ()))), WAIT)
    return fate


@click.command("gc")
@click.argument("target")
@click.option("--dry-run", is_flag=True, help="Print what would go and what stays, and why, and stop.")
@click.option("--allow-mass-delete", "allowed", type=click.IntRange(min=0), metavar="N", help="Delete up to N objects.")
@click.option("--json", "json_", is_flag=True, help="Print the list as JSON.")
@click.pass_obj
def collect(house: House, target: str, dry_run: bool, allowed: int | None, json_: bool) -> None:
    """Delete from a bucket what no page names any more that anybody may still hold.

    That is what the current release and the five before it do not name, a day after the last that did was replaced.
    Objects that are not of Heliograph's making stay.
    """
    from heliograph.load import load_configuration
    from heliograph.publish.collect import carry_out, prepare

    house.require_site()
    hosts = Hosts(house, load_configuration(house.root))
    (host,) = hosts.chosen([target])
    register = hosts.register(host)
    with objects_of(host) as objects:
        found = prepare(register, objects, datetime.now(UTC))
        shown = house.verbose or dry_run
        if not json_:
            _show([one for one in found.judged if shown and not one.goes])
        if dry_run:
            _show([] if json_ else found.going)
        else:
            carry_out(found, register, objects, allowed, lambda one: _show([] if json_ else [one]))
    if json_:
        click.echo(as_json({"target": host.id, "dry_run": dry_run, "objects": found.judged}))
    house.say(_collected(host, found, dry_run=dry_run))


def _show(lines: Sequence[object]) -> None:
    for line in lines:
        click.echo(line)


def _collected(host: Host, found: Collection, *, dry_run: bool) -> str:
    if not isinstance(host.place, BucketPlace):
        return f"{host.id} is a folder: it holds nothing but what was published last."
    going, kept = len(found.going), len(found.judged) - len(found.going)
    done = "would be deleted" if dry_run else "deleted"
    return f"{host.id}: {count(going, 'object', 'objects')} {done}, {kept} kept for now, {found.found} there before."


@contextmanager
def objects_of(host: Host) -> Iterator[Objects | None]:
    """Open the objects of a host that is a bucket; None for a folder."""
    if not isinstance(host.place, BucketPlace):
        yield None
        return
    from heliograph.publish.objects import Objects

    with Objects(host.place, "external") as opened:  # nothing is put, so that no side of the wall is asked for
        yield opened
