"""The command that tells people: mail and chat, planned first, each message at most once."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import click

from heliograph.cli import exits
from heliograph.cli.house import House, Stop, as_json
from heliograph.cli.ledgers import ledger_of, need_operations
from heliograph.cli.office import Office, plan_lines, tally
from heliograph.cli.telling import Outcome, tell_all, unclear_lines
from heliograph.model import Site
from heliograph.render.words import count

if TYPE_CHECKING:
    from heliograph.send.ledger import Ledger
    from heliograph.send.plan import Intent

OUTBOX: Final = Path(".heliograph/outbox")
_WRITTEN: Final = 5
"""So many mails of each message a dry run writes to look at."""


@click.command()
@click.option("--audience", "only", multiple=True, metavar="NAME", help="Write to this audience only; may be repeated.")
@click.option(
    "--dry-run", is_flag=True, help=f"Print who would get what, write the first mails of each to {OUTBOX}, and stop."
)
@click.option("--expect", type=click.IntRange(min=0), metavar="N", help="Go only if exactly N would be written to.")
@click.option(
    "--baseline", is_flag=True, help="Begin the ledger: take all there is for told. Once, before the first sending."
)
@click.option(
    "--resolve",
    "resolution",
    type=click.Choice(["sent", "resend"]),
    help="Say of ambiguous or failed deliveries that they arrived, or are to be tried again; KEY ends each line.",
)
@click.option("--json", "json_", is_flag=True, help="Print the outcome as JSON.")
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.pass_obj
def send(
    house: House,
    only: Sequence[str],
    dry_run: bool,
    expect: int | None,
    baseline: bool,
    resolution: Literal["sent", "resend"] | None,
    json_: bool,
    keys: Sequence[str],
) -> int:
    """Tell everyone what is new to them, at most once; what is not known to have arrived is reported.

    Insiders are told at once, customers when the public page shows what they are told.
    """
    if (resolution is None) != (not keys):
        raise click.UsageError("--resolve goes with the KEYs of deliveries, as a sending reports them")
    site, _ = house.load()
    if resolution is not None:
        return _resolve(house, site, resolution, keys)
    office = Office(house, site, only)
    if baseline:
        office.try_all()  # what stops here must leave no empty ledger behind, by which all would be news
    with closing(ledger_of(house, office.operations, create=baseline and not dry_run)) as opened:
        if dry_run:
            return _rehearse(office, office.draw_up(opened))
        return _told(office, opened, expect, is_first=baseline, json_=json_)


def _told(office: Office, opened: Ledger, expect: int | None, *, is_first: bool, json_: bool) -> int:
    """Plan what is new and deliver all that waits, or take it for told."""
    with opened as ledger:
        if is_first:
            return _take_for_told(office, ledger)
        intents = office.draw_up(ledger)
        office.judge(intents, expect)
        _ask(office, intents, expect)
        for intent in intents:
            ledger.plan(intent.planned, intent.addressees)
        return report(tell_all(office, ledger), json_=json_)


def report(outcome: Outcome, *, json_: bool) -> int:
    """Say what a run came to; give its exit code."""
    if json_:
        click.echo(as_json(outcome))
        return outcome.code
    for line in unclear_lines(outcome.unclear):
        click.echo(line)
    if not any(step.planned for step in outcome.steps):
        click.echo("Nobody was told anything: nothing is new to anyone.")
    return outcome.code


def _ask(office: Office, intents: Sequence[Intent], expect: int | None) -> None:
    """Show a person the plan and wait for a yes; what runs unattended is bounded by its limits."""
    for line in plan_lines(intents):
        office.house.say(line)
    total = sum(tally(intents).values())
    if not total or expect is not None or not sys.stdin.isatty():
        return
    answer = click.prompt(
        f"Tell {count(total, 'recipient', 'recipients')}?  [y]", default="", show_default=False, err=True
    )
    if answer.strip().lower() != "y":
        raise Stop("nothing was sent")


def _take_for_told(office: Office, ledger: Ledger) -> int:
    from heliograph.send.plan import REMEMBERED, baseline, mark

    messages, now = office.messages(ledger), office.clock()
    taken = baseline(messages, ledger.planned(now - REMEMBERED), now)
    for planned in (mark("begun", now), *taken, mark("done", now)):
        ledger.plan(planned, ())
    news = sum(len(planned.fresh) for planned in taken)
    click.echo(
        f"{count(news, 'word', 'words')} to {len({one.message.reader for one in taken})} readers taken for told."
    )
    return exits.DONE


def _rehearse(office: Office, intents: Sequence[Intent]) -> int:
    """Print the plan, and write the first mails of each message as they would leave."""
    from heliograph.dispatch import rehearsed
    from heliograph.tree.fsio import make_folder, take_back, write_file_atomically

    for line in plan_lines(intents):
        click.echo(line)
    folder = office.house.root / OUTBOX
    if folder.exists():
        take_back(folder)
    for name, data in rehearsed(office.operations, intents, _WRITTEN):
        make_folder((folder / name).parent)
        write_file_atomically(folder / name, data)
    total = sum(tally(intents).values())
    click.echo(f"{count(total, 'delivery', 'deliveries')}; nothing was sent. Some are in {folder}.")
    return exits.DONE


def _resolve(house: House, site: Site, resolution: Literal["sent", "resend"], keys: Sequence[str]) -> int:
    office = Office(house, site)
    state: Literal["SENT", "PLANNED"] = "SENT" if resolution == "sent" else "PLANNED"
    with closing(ledger_of(house, need_operations(house, site))) as opened, opened as ledger:
        unknown = [key for key in keys if not ledger.resolve(key, state, office.clock())]
    if unknown:
        raise Stop(f"neither ambiguous nor failed: {', '.join(unknown)}")
    then = "" if resolution == "sent" else "; `heliograph send` tries them again"
    click.echo(f"{count(len(keys), 'delivery', 'deliveries')} resolved{then}.")
    return exits.DONE
