"""Commands that take saved words all the way to everyone, and back: ship, undo."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import msgspec

from heliograph.cli import exits
from heliograph.cli.build import OUTPUT, build_of, remember, write_all
from heliograph.cli.errors import list_problems
from heliograph.cli.hosts import Hosts
from heliograph.cli.house import House, Stop, instant_for
from heliograph.cli.ledgers import VARIABLE, ledger_of, operations_for
from heliograph.cli.office import Office, title_of
from heliograph.cli.publish import Prepared, carry_all, confirm_all, prepare_all, worst
from heliograph.cli.send import report
from heliograph.cli.telling import Outcome, Step, tell_all
from heliograph.gate import PUBLIC_READER, Gate, Reader
from heliograph.model import INTERNAL, Site
from heliograph.record import NOTHING_KNOWN
from heliograph.render.words import count

if TYPE_CHECKING:
    from datetime import datetime

    from heliograph.author.undo import Newest
    from heliograph.cli.publish import Carried, Fate
    from heliograph.operations import Operations
    from heliograph.pipeline import Build
    from heliograph.send.ledger import Ledger
    from heliograph.send.plan import Intent
    from heliograph.view import Update

_QUOTED: Final = 96
"""So much of the public words is shown before they go out."""
_UNSEEN: Final = "not seen from outside yet"
_NOT_OFF: Final = (
    "heliograph: it is not off every page yet. To go on: heliograph build && heliograph publish "
    "(another undo would take back another update)"
)
_LEFT: Final = (
    "whoever knows the address of its page still gets that, until `gc` removes it in a day or more; "
    "now: heliograph retract {}"
)


class Cargo(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is ready to go: what was built, where it goes, and who is to be told of it."""

    site: Site
    making: Build
    prepared: Prepared
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
    click.echo(f"Taken back: {last.update.place.file}, now in {kept.relative_to(house.root)}.")
    if told:
        click.echo(f"Told of it already: {', '.join(told)}. Say what holds with the next update, and ship that.")
    return _off_the_pages(house, output or house.root / OUTPUT, last)


def _off_the_pages(house: House, out: Path, last: Newest) -> int:
    """Build and publish without what was taken back. Where it stays to be read, say so, and how to go on."""
    is_off = False
    try:
        cargo = _loaded(house, out)
        steps = list(_published(house, cargo))
        is_off = not any(step.failed for step in steps)
    finally:
        if not is_off:
            click.echo(_NOT_OFF, err=True)
    for step in steps:
        click.echo(str(step), err=True) if step.failed else house.say(str(step))
    for one in cargo.prepared.publications:
        if any(last.story.id in path for path in one.left):
            click.echo(f"{one.host.id}: {_LEFT.format(last.story.id)}", err=True)
    return exits.DONE if is_off else exits.FAILED


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
        operations = operations_for(house, site)
        office = Office(house, site, (), operations) if opened and operations and operations.can_send else None
        ledger = opened.enter_context(closing(ledger_of(house, office.operations))) if opened and office else None
        if opened and ledger:
            opened.enter_context(ledger)
        making = build_of(house, site, when, record_of(ledger, when) if ledger else NOTHING_KNOWN)
        write_all(house, site, making, out, run, when)
    remember(house, content)
    return Cargo(
        site=site,
        making=making,
        prepared=_prepared(house, site, operations, out),
        office=office,
        ledger=ledger,
        intents=office.draw_up(ledger, making) if office and ledger else (),
    )


def _prepared(house: House, site: Site, operations: Operations | None, out: Path) -> Prepared:
    from heliograph.publish.publication import Terms

    hosts = Hosts(house, site, operations)
    prepared = prepare_all(house, hosts, hosts.all, out, Terms())
    for fate in prepared.failed:
        if fate.code == exits.REFUSED:  # such as older words; a host that only does not answer keeps nobody waiting
            raise Stop(f"{fate.target}: {fate.said}")
    return prepared


def _refuse_too_many(cargo: Cargo, expect: int | None) -> None:
    if cargo.office is not None:
        cargo.office.judge(cargo.intents, expect)


def _sent_off(house: House, cargo: Cargo) -> Outcome:
    """Tell insiders, publish, confirm, tell the rest; without an operator's file, publish."""
    if cargo.office is None or cargo.ledger is None:
        steps = tuple(_published(house, cargo))
        for step in steps:
            house.say(str(step))
        house.say(f"Nobody was written to: {VARIABLE} names no operator's file that says how (docs/operator.md).")
        return Outcome(steps=steps, unclear=())
    for intent in cargo.intents:
        cargo.ledger.plan(intent.planned, intent.addressees)
    return tell_all(cargo.office, cargo.ledger, lambda: _published(house, cargo))


def _published(house: House, cargo: Cargo) -> Iterator[Step]:
    """Put every tree where its readers look, insiders' first. Stops if no host took anything.

    Mail that leads to a page waits for that page itself: then it is looked at once only here, and that proves nothing.
    """
    from heliograph.publish.publication import WAIT

    awaited = cargo.office is not None and any(
        cargo.office.paces[intent.planned.message.audience].waits_for_page for intent in cargo.intents
    )
    carried: list[Carried] = []
    for one in carry_all(house, cargo.prepared):
        carried.append(one)
        yield _step(cargo, one.fate)
    fates = list(confirm_all(carried, timedelta(0) if awaited else WAIT))
    for one, fate in zip(carried, fates, strict=True):
        if fate.code != one.fate.code and not (awaited and fate.code == exits.UNCONFIRMED):
            yield _step(cargo, fate)
    if fates and all(fate.code not in (exits.DONE, exits.UNCONFIRMED) for fate in fates):
        raise Stop("nothing was published: " + "; ".join(f"{fate.target}: {fate.said}" for fate in fates), worst(fates))


def _step(cargo: Cargo, fate: Fate) -> Step:
    at = cargo.office.clock() if cargo.office else instant_for(cargo.site, None)
    if fate.code == exits.UNCONFIRMED:
        unseen = fate.said.partition(f"{_UNSEEN}: ")[2]
        return Step(what=f"{fate.target} {_UNSEEN}", at=at, note=unseen, unseen=True)
    failed = fate.code != exits.DONE
    what = "not published" if failed else "published" if fate.changed else "was live already"
    return Step(what=f"{fate.target} {what}", at=at, note=fate.said if failed else "", failed=failed)


def _manifest(cargo: Cargo) -> Iterator[str]:
    """Say who will read what, the public first: what a person checks in ten seconds before a yes."""
    update = _newest_public(cargo.making.gate)
    going = cargo.prepared.publications
    changes = any(one.manifest.boundary == "external" and not one.is_live for one in going)
    if update is not None and (changes or not going):
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
    if operations is None or not operations.can_send:
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
