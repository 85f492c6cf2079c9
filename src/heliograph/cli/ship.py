"""Commands that take saved words all the way to everyone, and back: ship, undo."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import msgspec

from heliograph.cli import exits
from heliograph.cli.deliver import OUTPUT, build_of, releases_of, remember, write_all
from heliograph.cli.errors import list_problems
from heliograph.cli.house import House, Stop, instant_for
from heliograph.cli.ledgers import VARIABLE, ledger_of, operations_for
from heliograph.cli.office import Office, title_of
from heliograph.cli.send import report
from heliograph.cli.telling import Outcome, Step, tell_all
from heliograph.gate import PUBLIC_READER, Gate, Reader
from heliograph.model import INTERNAL, Site, Target
from heliograph.record import NOTHING_KNOWN
from heliograph.render.words import count

if TYPE_CHECKING:
    from datetime import datetime

    from heliograph.author.undo import Newest
    from heliograph.pipeline import Build
    from heliograph.publish.directory import Release
    from heliograph.send.ledger import Ledger
    from heliograph.send.plan import Intent
    from heliograph.view import Update

_QUOTED: Final = 96
"""So much of the public words is shown before they go out."""


class Cargo(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is ready to go: what was built, where it goes, and who is to be told of it."""

    site: Site
    making: Build
    releases: list[tuple[Target, Release]]
    office: Office | None
    ledger: Ledger | None
    intents: tuple[Intent, ...]


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask: for CI, or whoever has looked already.")
@click.option("--expect", type=click.IntRange(min=0), metavar="N", help="Go only if exactly N would be written to.")
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), help=f"Where to build. [default: {OUTPUT}]")
@click.option("--json", "json_", is_flag=True, help="Print the outcome as JSON.")
@click.pass_obj
def ship(house: House, yes: bool, expect: int | None, output: Path | None, json_: bool) -> int:
    """Take what is saved to everyone: check, build, tell support, publish, confirm, tell the rest.

    Shows first who would be told what. At a terminal nobody hears of it before a y; e opens the words in an editor,
    and anything else leaves them as they are, saved.
    """
    with ExitStack() as opened:
        cargo = _loaded(house, output or house.root / OUTPUT, opened)
        _refuse_too_many(cargo, expect)
        for line in _manifest(cargo):
            house.say(line)
        if not yes and not _agreed(house, cargo):
            house.say("Nothing was published and nobody was told; what you wrote is saved.")
            return exits.DONE
        outcome = _sent_off(house, cargo)
        house.say(_next_due(cargo.making.gate, instant_for(cargo.site, None)))
        if cargo.office is None and not json_:
            return outcome.code  # that nobody was written to has been said, and why
        return report(outcome, json_=json_)


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), help=f"Where to build. [default: {OUTPUT}]")
@click.pass_obj
def undo(house: House, yes: bool, output: Path | None) -> int:
    """Take back the last update: out of the site, off the pages; and say who had been told of it.

    Its files are kept. Mail cannot be called back: who got it is told again with the next update.
    """
    from heliograph.author.undo import newest, take_away

    site, _ = house.load()
    last = newest(site)
    if last is None:
        raise Stop("there is no update to take back")
    told = _told(house, site, last)
    if not yes and not _confirmed(last, told):
        raise Stop("nothing was taken back")
    kept = take_away(house.root, last)
    cargo = _loaded(house, output or house.root / OUTPUT)
    for step in _published(cargo):
        house.say(str(step))
    click.echo(f"Taken back: {last.update.place.file}, now in {kept.relative_to(house.root)}.")
    if told:
        click.echo(f"Told of it already: {', '.join(told)}. Say what holds with the next update, and ship that.")
    return exits.DONE


def _loaded(house: House, out: Path, opened: ExitStack | None = None) -> Cargo:
    """Check and build everything, and find out what would be published and told; nobody outside notices.

    The ledger is held until `opened` is closed, so that nobody tells meanwhile what was drawn up here, or ships
    another build; without `opened` nobody is to be told anything.
    """
    from heliograph.dispatch import record_of
    from heliograph.quarantine import read_strictly

    with house.progress() as run:
        house.require_site()
        content = read_strictly(house.root, run)
        list_problems(content.problems)
        site, when = content.site, instant_for(content.site, None)
        office = Office(house, site) if opened and os.environ.get(VARIABLE) else None
        ledger = opened.enter_context(closing(ledger_of(house, office.operations))) if opened and office else None
        if opened and ledger:
            opened.enter_context(ledger)
        making = build_of(house, site, when, record_of(ledger, when) if ledger else NOTHING_KNOWN)
        write_all(making, out, run)
    remember(house, content)
    return Cargo(
        site=site,
        making=making,
        releases=releases_of(house, site, out, None) if site.targets else [],
        office=office,
        ledger=ledger,
        intents=office.draw_up(ledger, making) if office and ledger else (),
    )


def _refuse_too_many(cargo: Cargo, expect: int | None) -> None:
    if cargo.office is not None:
        cargo.office.judge(cargo.intents, expect)


def _sent_off(house: House, cargo: Cargo) -> Outcome:
    """Tell insiders, publish, confirm, tell the rest; without an operator's file, publish."""
    if cargo.office is None or cargo.ledger is None:
        steps = tuple(_published(cargo))
        for step in steps:
            house.say(str(step))
        house.say("Nobody was written to: HELIOGRAPH_OPERATOR names no operator's file (docs/operator.md).")
        return Outcome(steps=steps, unclear=())
    for intent in cargo.intents:
        cargo.ledger.plan(intent.planned, intent.addressees)
    return tell_all(cargo.office, cargo.ledger, lambda: _published(cargo))


def _published(cargo: Cargo) -> Iterator[Step]:
    """Put every tree where its readers look, insiders' first."""
    from heliograph.publish.directory import carry_out

    for target, release in cargo.releases:
        changed = carry_out(release)
        at = cargo.office.clock() if cargo.office else instant_for(cargo.site, None)
        yield Step(what=f"{target.id} {'published' if changed else 'was live already'}", at=at)


def _manifest(cargo: Cargo) -> Iterator[str]:
    """Say who will read what, the public first: what a person checks in ten seconds before a yes."""
    update = _newest_public(cargo.making.gate)
    changes = any(release.manifest.boundary == "external" and not release.is_live for _, release in cargo.releases)
    if update is not None and (changes or not cargo.releases):
        words = " ".join(" ".join(passage.markdown for passage in update.passages).split())
        shown = words if len(words) <= _QUOTED else f"{words[:_QUOTED].rsplit(' ', 1)[0]} …"
        yield f' PUBLIC  everyone  "{shown}"  ({count(len(words.split()), "word", "words")})'
    else:
        yield " PUBLIC  nothing new on the public page"
    width = max((len(intent.planned.message.reader) for intent in cargo.intents), default=0)
    for intent in cargo.intents:
        yield _line(cargo, intent, max(width, len("PUBLIC")))


def _line(cargo: Cargo, intent: Intent, width: int) -> str:
    assert cargo.office is not None
    message, planned = intent.planned.message, intent.planned
    title = title_of(message)
    if planned.outcome == "expired":
        return f" {message.reader:<{width}}  nobody: too old to be told  {title}"
    pace = cargo.office.paces[message.audience]
    when = "after the page" if pace.waits_for_page else "after " + ", ".join(pace.after) if pace.after else "at once"
    return f" {message.reader:<{width}} {len(intent.addressees):>6} by {message.channel}  {when:<14}  {title}"


def _agreed(house: House, cargo: Cargo) -> bool:
    """Ask the person at the terminal; `e` opens the newest words in an editor and leaves it at that."""
    if not sys.stdin.isatty():
        raise Stop("nobody is there to say yes; --yes goes ahead without", exits.USAGE)
    answer = click.prompt(" Publish?  [y] now   [e] edit   [d] draft", default="", show_default=False, err=True)
    if answer.strip().lower() == "e":
        from heliograph.author.undo import newest

        last = newest(cargo.site)
        if last is not None:
            click.edit(filename=str(house.root / last.update.place.file))
            house.say("Saved. Run `heliograph ship` again to see it as everyone will.")
    return bool(answer.strip().lower() == "y")


def _newest_public(gate: Gate) -> Update | None:
    seen = gate.view_of(PUBLIC_READER)
    said = [update for one in seen.incidents for update in one.updates]
    said += [update for one in seen.maintenances for update in one.updates]
    return max((update for update in said if update.passages), key=lambda update: update.at, default=None)


def _next_due(gate: Gate, now: datetime) -> str:
    dues = [due for dossier in gate.desk_of(Reader(INTERNAL)).dossiers for due in dossier.due if due.by > now]
    soonest = min(dues, key=lambda due: due.by, default=None)
    return f"next word due {soonest.by:%H:%M} UTC, {soonest.audience}" if soonest else "no further word is due"


def _told(house: House, site: Site, last: Newest) -> list[str]:
    """Count who was mailed an update already, by audience."""
    from heliograph.send.ledger import LedgerFailed, LedgerRefused

    operations = operations_for(house, site)
    if operations is None:
        return []
    try:
        return _reached(ledger_of(house, operations), instant_for(site, None), last)
    except (LedgerRefused, LedgerFailed) as refused:
        house.say(f"Who was told of it cannot be found out: {refused}")  # words come off the pages all the same
        return []


def _reached(opened: Ledger, now: datetime, last: Newest) -> list[str]:
    from heliograph.send.plan import REMEMBERED

    since, numbers = now - REMEMBERED, dict[str, int]()
    with closing(opened) as ledger:
        for planned in ledger.planned(since):
            if last.update.id in planned.fresh and planned.outcome == "planned":
                reached = sum(1 for _ in ledger.deliveries(planned.id, ("SENT", "AMBIGUOUS")))
                numbers[planned.message.reader] = numbers.get(planned.message.reader, 0) + reached
    return [f"{reader} {number}" for reader, number in numbers.items() if number]


def _confirmed(last: Newest, told: Sequence[str]) -> bool:
    if not sys.stdin.isatty():
        raise Stop("nobody is there to say yes; --yes goes ahead without", exits.USAGE)
    what = "the incident and its only update" if last.is_only else "the last update"
    reached = f" Mail reached {', '.join(told)} and cannot be called back." if told else ""
    answer = click.prompt(
        f"Take back {what}, {last.update.place.file}?{reached}  [y]", default="", show_default=False, err=True
    )
    return bool(answer.strip().lower() == "y")
