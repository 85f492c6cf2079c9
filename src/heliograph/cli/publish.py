"""The command that puts built trees where their readers look, and what `ship` shares with it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import click
import msgspec
from msgspec import structs

from heliograph.cli import exits
from heliograph.cli.errors import code_of, is_exposure
from heliograph.cli.hosts import Hosts
from heliograph.cli.house import House, as_json
from heliograph.operations import Host
from heliograph.render.words import count

if TYPE_CHECKING:
    from heliograph.publish.plan import Step
    from heliograph.publish.publication import Publication, Terms

OUTPUT: Final = "dist"
_LONG: Final = 20
"""From so many files on, a bar shows how far they are."""


class Fate(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one target: `release` is what it holds, if that is known; `code` an exit code.

    `confirmed` tells whether readers were found to get it; None where there is no address to look at.
    """

    target: str
    code: int
    said: str
    release: str = ""
    changed: bool = False
    files: int = 0
    seconds: float = 0.0
    confirmed: bool | None = None


class Prepared(msgspec.Struct, frozen=True):
    """Publications that may go ahead, and the fate of hosts that failed before anything was written."""

    publications: tuple[Publication, ...]
    failed: tuple[Fate, ...]


@click.command()
@click.argument("target", required=False)
@click.option("--also", multiple=True, metavar="TARGET", help="A further target; what fails at one keeps no other.")
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), help=f"What was built. [default: {OUTPUT}]")
@click.option("--dry-run", is_flag=True, help="Print what would be done to each file, and why, and stop.")
@click.option("--init", "adopt", is_flag=True, help="Take over a bucket that does not bear this site's mark yet.")
@click.option("--verify", is_flag=True, help="Look at every object there instead of trusting what was noted.")
@click.option("--force-older", is_flag=True, help="Publish though what is there is newer.")
@click.option("--json", "json_", is_flag=True, help="Print the outcome, or with --dry-run the plan, as JSON.")
@click.pass_obj
def publish(
    house: House,
    target: str | None,
    also: tuple[str, ...],
    output: Path | None,
    dry_run: bool,
    adopt: bool,
    verify: bool,
    force_older: bool,
    json_: bool,
) -> int:
    """Put built trees where their readers look. Builds nothing: `heliograph build` comes first.

    Targets are the folders that site_src/targets.toml names, and the folders and buckets of the operator's file.
    Without a TARGET all are published: insiders' first, then outsiders'. What a run that was cut off left half done
    is settled by the next. If strangers could read what they must not, nothing is written anywhere.
    """
    from heliograph.load import load_configuration
    from heliograph.publish.publication import Terms

    house.require_site()
    site = load_configuration(house.root)  # what was built around a bad incident can be published, too
    hosts = Hosts(house, site)
    chosen = hosts.chosen([target, *also] if target else also)
    terms = Terms(force_older=force_older, adopt=adopt, verify=verify)
    prepared = prepare_all(house, hosts, chosen, output or house.root / OUTPUT, terms)
    act = _announced if dry_run else _carried_out
    return act(house, prepared, json_=json_)


def prepare_all(house: House, hosts: Hosts, chosen: Sequence[Host], out: Path, terms: Terms) -> Prepared:
    """Verify what was built below `out` and plan to publish it; nothing is changed.

    Whatever would show strangers what they must not read stops all. A host that does not answer stops only itself.
    """
    from heliograph.tree.swap import check_all_apart, check_output_place

    for place in hosts.places():
        check_output_place(place, house.root)
    check_all_apart([out, *hosts.places()])
    publications: list[Publication] = []
    failed: list[Fate] = []
    for host in chosen:
        try:
            publications.append(_prepared(house, hosts, host, out, terms))
        except Exception as error:
            if is_exposure(error) or code_of(error) is None:
                raise _naming(host, error) from error
            failed.append(_failed(host, error))
    return Prepared(tuple(publications), tuple(failed))


def _naming(host: Host, error: Exception) -> Exception:
    """Say of which target something was refused; whatever else went wrong says where."""
    from heliograph.tree.fsio import WriteRefused

    return WriteRefused(error.code, f"{host.id}: {error.message}") if isinstance(error, WriteRefused) else error


def _prepared(house: House, hosts: Hosts, host: Host, out: Path, terms: Terms) -> Publication:
    from heliograph.publish.built import open_built
    from heliograph.publish.edition import edition_of
    from heliograph.publish.prepare import prepare
    from heliograph.revisions import holds

    built = open_built(out / host.tree)
    edition, stories = edition_of(built)
    grew_from = partial(holds, house.root, tip=edition.revision or "HEAD")
    terms = structs.replace(terms, grew_from=grew_from, stories=stories)
    return prepare(host, built, edition, hosts.register(host), terms)


class Carried(NamedTuple):
    """A publication that was carried out, and what came of it; without one, a host that failed before."""

    publication: Publication | None
    fate: Fate


def carry_all(house: House, prepared: Prepared) -> Iterator[Carried]:
    """Carry everything out, one host after the other; a host that fails keeps no other from its turn.

    Only where strangers would read insiders' pages nothing more goes anywhere.
    """
    yield from (Carried(None, fate) for fate in prepared.failed)
    open_at = ""
    for publication in prepared.publications:
        if open_at:
            said = f"not published: {open_at} is open to strangers; `heliograph publish {publication.host.id}` does"
            yield Carried(None, Fate(target=publication.host.id, code=exits.EXPOSED, said=said))
            continue
        fate = _tried(publication.host, partial(_carried, house, publication))
        if fate.code == exits.EXPOSED:
            open_at = publication.host.id
        if fate.code != exits.DONE:
            publication.close()
        yield Carried(publication if fate.code == exits.DONE else None, fate)


def confirm_all(carried: Sequence[Carried], wait: timedelta) -> Iterator[Fate]:
    """Look from outside what readers get, for so long in all; what failed before is given as it is."""
    until = _now() + wait
    for publication, fate in carried:
        if publication is None:
            yield fate
            continue
        with closing(publication):
            yield _tried(publication.host, partial(_confirmed, publication, fate, max(until - _now(), timedelta(0))))


def _tried(host: Host, what: Callable[[], Fate]) -> Fate:
    try:
        return what()
    except Exception as error:
        if code_of(error) is None:
            raise
        return _failed(host, error)


def _carried(house: House, publication: Publication) -> Fate:
    began = time.monotonic()
    with _progress(house, publication) as tick:
        outcome = publication.carry_out(_now, tick)
    left = (
        f"; {count(len(publication.left), 'earlier file', 'earlier files')} kept until `gc`" if publication.left else ""
    )
    state = "published" if outcome.changed else "was live already"
    return Fate(
        target=publication.host.id,
        code=exits.DONE,
        said="; ".join((f"{state} {_where(publication.host)}{left}", *outcome.notes)),
        release=outcome.release.id,
        changed=outcome.changed,
        files=len(publication.plan.steps) if outcome.changed else 0,
        seconds=round(time.monotonic() - began, 2),
    )


def _confirmed(publication: Publication, fate: Fate, wait: timedelta) -> Fate:
    if not publication.host.urls:
        return fate
    unseen = publication.confirm(_now, wait)
    if not unseen:
        return structs.replace(fate, confirmed=True)
    said = f"published, but not seen from outside yet: {'; '.join(unseen)}"
    return structs.replace(fate, code=exits.UNCONFIRMED, said=said, confirmed=False)


def _now() -> datetime:
    """Tell the time. Also where a site's clock stands still: a release is noted when it really went out."""
    return datetime.now(UTC)


def _where(host: Host) -> str:
    return f"at {host.urls[0]}" if host.urls else f"in {getattr(host.place, 'path', '')}"


def _failed(host: Host, error: Exception) -> Fate:
    return Fate(target=host.id, code=code_of(error) or exits.FAILED, said=str(error))


def worst(fates: Sequence[Fate]) -> int:
    """Give the exit code of several hosts: the one they share, else that something failed."""
    bad = {fate.code for fate in fates} - {exits.DONE}
    if len(bad) > 1:
        return exits.EXPOSED if exits.EXPOSED in bad else exits.FAILED
    return bad.pop() if bad else exits.DONE


def _carried_out(house: House, prepared: Prepared, *, json_: bool) -> int:
    if house.verbose:
        for publication in prepared.publications:
            _show_plan(publication)
    carried = []
    for one in carry_all(house, prepared):
        carried.append(one)
        _say(house, one.fate)
    fates = _looked_at(house, carried)
    if any(fate.code == exits.UNCONFIRMED for fate in fates):
        click.echo("heliograph: it is out, but readers may not get it; `heliograph doctor` looks again", err=True)
    elif fates and not any(fate.changed or fate.code for fate in fates):
        house.say("Nothing new was built. If something was written since: heliograph build && heliograph publish")
    if json_:
        click.echo(as_json(fates))
    return worst(fates)


def _looked_at(house: House, carried: Sequence[Carried]) -> list[Fate]:
    """Look from outside at what was carried out, and say what is new to a person."""
    from heliograph.publish.publication import WAIT

    if house.watched and any(one.publication and one.publication.host.urls for one in carried):
        house.say(f"looking from outside, for up to {WAIT.total_seconds():.0f} seconds …")
    fates = []
    for before, fate in zip(carried, confirm_all(carried, WAIT), strict=True):
        fates.append(fate)
        if fate.code != before.fate.code:
            _say(house, fate)
        elif fate.confirmed and fate.changed:
            house.say(f"{fate.target}: seen from outside")
    return fates


def _say(house: House, fate: Fate) -> None:
    is_news = fate.changed and fate.code == exits.DONE
    files = f", {count(fate.files, 'file', 'files')} in {fate.seconds:.1f} s" if is_news else ""
    line = f"{fate.target}: {fate.said}{files}"
    if fate.code == exits.DONE:
        house.say(line)
    else:
        click.echo(line, err=True)


def _announced(house: House, prepared: Prepared, *, json_: bool) -> int:
    """Print what would be done."""
    if json_:
        click.echo(
            as_json(
                [{"target": one.host.id, "steps": one.plan.steps, "notes": one.notes} for one in prepared.publications]
            )
        )
    else:
        for publication in prepared.publications:
            _show_plan(publication)
            if not publication.plan.steps:
                house.say(f"{publication.host.id}: nothing would be put; what was built is there already")
    for fate in prepared.failed:
        _say(house, fate)
    return worst(prepared.failed)


def _show_plan(publication: Publication) -> None:
    for note in publication.notes:
        click.echo(f"{publication.host.id}  note: {note}", err=True)
    for step in publication.plan.steps:
        click.echo(f"{publication.host.id}  {step}")


@contextmanager
def _progress(house: House, publication: Publication) -> Iterator[Callable[[Step], None]]:
    """Show how far a long upload is while a person watches."""
    total = len(publication.plan.steps)
    if total < _LONG or not house.watched:
        yield lambda _: None
        return
    with click.progressbar(length=total, label=f"Publishing {publication.host.id}", file=sys.stderr) as bar:
        yield lambda _: bar.update(1)
