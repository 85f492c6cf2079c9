"""Commands that take over another tool's site."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from heliograph.cli.house import House, as_json


@click.group(name="import")
def import_() -> None:
    """Take over another tool's site: what it can, and a report of the rest."""


@import_.command()
@click.argument("source", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--into", required=True, type=click.Path(file_okay=False, path_type=Path), help="The site to write into.")
@click.option("--label", default="public", show_default=True, help="Who may read what is imported.")
@click.option("--timezone", help="Zone of dates that name none. [default: UTC, as cState reads them]")
@click.option("--json", "json_", is_flag=True, help="Print the report as JSON.")
@click.pass_obj
def cstate(house: House, source: Path, into: Path, label: str, timezone: str | None, json_: bool) -> None:
    """Take over a cState site from its folder.

    Reads config, categories, systems, issues and their dated updates; reports what it could not take.
    """
    from heliograph.importers.cstate import import_cstate

    if house.watched:
        count = sum(path.is_file() for path in (source / "content").rglob("*"))
        with click.progressbar(length=count, label="Importing", file=sys.stderr) as bar:
            report = import_cstate(source, into, label, timezone, progress=lambda _done, _of: bar.update(1))
    else:
        report = import_cstate(source, into, label, timezone)
    if json_:
        click.echo(as_json(report.plain()))
        return
    for row in report.rows:
        click.echo(str(row))
    click.echo(f"{report.summary}. Next:  heliograph --site {into} check")
