"""Commands about a site's own layouts: which there are, take one over, see what an upgrade changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click
import msgspec

from heliograph import __version__
from heliograph.cli.house import House, Stop, as_json
from heliograph.problems import did_you_mean
from heliograph.render import overrides as own
from heliograph.render.guide import PURPOSES
from heliograph.tree.fsio import create_new


class _Row(msgspec.Struct, frozen=True):
    """One layout: what it is for, its blocks, and the site's own one, if there is any."""

    name: str
    purpose: str
    blocks: tuple[str, ...]
    own: own.Own | None


class _Difference(msgspec.Struct, frozen=True):
    """One of the site's own layouts, and the unified diff from the shipped one to a copy."""

    own: own.Own
    diff: str


@click.group()
def layouts() -> None:
    """See and take over what pages are made with."""


@layouts.command(name="list")
@click.option("--json", "json_", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_(house: House, json_: bool) -> None:
    """List all layouts: what each is for, and whether this site has its own."""
    house.require_site()
    rows = list(_rows(own.own_layouts(house.root)))
    if json_:
        click.echo(as_json(rows))
        return
    for row in rows:
        click.echo(f"{row.name:<32}  {row.purpose}".rstrip())
        if row.own:
            click.echo(f"{'':<32}  {_said(row.own)}")


def _rows(found: Sequence[own.Own]) -> Iterator[_Row]:
    mine = {one.name: one for one in found}
    for name in sorted(own.shipped().keys() | mine.keys()):
        yield _Row(name, PURPOSES.get(name, ""), own.shipped_blocks(name), mine.get(name))


def _said(one: own.Own) -> str:
    """Tell in a line how the site overrides a layout, and whether that still fits."""
    match one.how:
        case "blocks":
            shown = [block for block in one.blocks if block not in one.lost]
            said = f"yours: overrides {', '.join(shown) or 'nothing'}"
        case "copy":
            said = "yours: a whole copy"
        case "unused":
            hint = did_you_mean(one.name, own.shipped())
            said = "yours: no shipped layout has this name, so only layouts of your own can use it"
            said += f" ({hint})" if hint.startswith("did you mean") else ""
    if one.lost:
        said += f"; never shown, because there is no such block: {', '.join(one.lost)}"
    return said + _age(one)


def _age(one: own.Own) -> str:
    if one.changed is None:
        return "" if one.how == "unused" else "; it does not say which version it was taken from"
    if one.changed:
        return f"; OUT OF DATE: the shipped one has changed since heliograph {one.version}"
    return f"; taken from the one that heliograph {__version__} ships"


@layouts.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.pass_obj
def eject(house: House, names: tuple[str, ...]) -> None:
    """Copy shipped layouts into this site's own, to be changed there.

    The copy stays as it is when Heliograph is upgraded; `heliograph layouts diff` tells when it falls behind. To change
    only a part of a page, override a block instead: docs/layouts.md shows how.
    """
    house.require_site()
    for name in names:
        if name not in own.shipped():
            raise click.UsageError(f"no layout {name!r} is shipped ({did_you_mean(name, own.shipped())})")
    present = [name for name in names if (house.root / own.FOLDER / name).exists()]
    if present:
        raise Stop(f"{', '.join(present)}: this site has its own already; nothing was written")
    for name in names:
        try:
            create_new(house.root / own.FOLDER / name, own.copy_of(name).encode())
        except FileExistsError as error:
            raise Stop(f"{own.FOLDER}/{name} is there already") from error
        click.echo(f"Wrote {own.FOLDER}/{name}")


@layouts.command()
@click.argument("name", required=False)
@click.option("--json", "json_", is_flag=True, help="Print JSON.")
@click.pass_obj
def diff(house: House, name: str | None, json_: bool) -> None:
    """Show how this site's layouts differ from those shipped now, and which have fallen behind.

    A layout is behind when the shipped one is no longer the one it was taken from.
    """
    house.require_site()
    found = own.own_layouts(house.root)
    chosen = [one for one in found if name in (None, one.name)]
    if name is not None and not chosen:
        hint = did_you_mean(name, [one.name for one in found]) or "it has none of its own"
        raise click.UsageError(f"this site has no layout {name!r} ({hint})")
    rows = [_Difference(one, own.differences(house.root, one.name) if one.how == "copy" else "") for one in chosen]
    if json_:
        click.echo(as_json(rows))
        return
    for row in rows:
        click.echo(f"{own.FOLDER}/{row.own.name}: {_said(row.own)}")
        click.echo(row.diff, nl=False)
    if not rows:
        house.say("This site has no layouts of its own; all are as shipped.")
