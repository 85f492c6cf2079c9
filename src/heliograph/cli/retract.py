"""The command that takes something off everything for good."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import msgspec

from heliograph.cli import exits
from heliograph.cli.after import objects_of
from heliograph.cli.build import OUTPUT, build_of, remember, write_all
from heliograph.cli.errors import code_of, list_problems
from heliograph.cli.hosts import Hosts
from heliograph.cli.house import House, Stop, instant_for
from heliograph.cli.inspect import choose
from heliograph.cli.ledgers import ledger_of, record_for
from heliograph.cli.publish import Carried, carry_all, confirm_all, prepare_all
from heliograph.model import Site, Story
from heliograph.operations import BucketPlace, Host, Operations
from heliograph.problems import Refused
from heliograph.render.words import count

if TYPE_CHECKING:
    from heliograph.quarantine import Content
    from heliograph.send.ledger import Ledger

_SHOWN: Final = 20
_ID: Final = re.compile(r"^id:[ \t]*[\"']?([a-z0-9-]+)[\"']?[ \t]*$", re.MULTILINE)


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What is retracted: its id, the story if the site still has it, and the ids of its updates as far as known."""

    id: str
    story: Story | None
    updates: frozenset[str]

    @property
    def names(self) -> tuple[str, ...]:
        """What it is called without doubt: its id, and its folder."""
        folder = self.story.place.file.rpartition("/")[0] if self.story else ""
        return (self.id, folder, folder.rpartition("/")[2])


@click.command()
@click.argument("incident")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--quarantine", is_flag=True, help="Build around other incidents that are bad, with their last good words."
)
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), help=f"Where to build. [default: {OUTPUT}]")
@click.pass_obj
def retract(house: House, incident: str, yes: bool, quarantine: bool, output: Path | None) -> int:
    """Take an incident or maintenance off everything for good: pages, feeds, older versions, caches, and what waits.

    INCIDENT is an id, a folder or words of the title. Its files are moved to .heliograph/retracted. No release that
    holds it can be published again. Where a target could not be reached, run it again with the id.
    """
    from heliograph.publish.publication import WAIT

    content = _read(house, quarantine=quarantine)
    hosts = Hosts(house, content.site)
    case = _case(house, content.site, hosts, incident)
    if yes and incident not in case.names:
        raise Stop(f"nobody looks on, so name it by its id: heliograph retract {case.id} --yes", exits.USAGE)
    told = _told(house, hosts.operations, case)
    if not yes and not _confirmed(case, told):
        raise Stop("nothing was retracted")
    left = _noted(hosts, case)
    left += _silenced(house, hosts.operations, case)
    _take_out(house, case)
    out = output or house.root / OUTPUT
    _built(house, case, out, quarantine=quarantine)
    carried: list[Carried] = []
    for host in hosts.ever_used:
        left += _gone(house, hosts, host, out, carried)
    left += [f"{fate.target}: {fate.said}" for fate in confirm_all(carried, WAIT) if fate.code != exits.DONE]
    _say_what_stays(case, told)
    for line in left:
        click.echo(f"heliograph: NOT GONE YET  {line}", err=True)
    if left:
        click.echo(f"heliograph: run `heliograph retract {case.id}` again", err=True)
    return exits.FAILED if left else exits.DONE


def _read(house: House, *, quarantine: bool) -> Content:
    from heliograph.quarantine import read_around, read_strictly

    house.require_site()
    with house.progress() as run:
        return (read_around if quarantine else read_strictly)(house.root, run)


def _case(house: House, site: Site, hosts: Hosts, word: str) -> Case:
    """Find what is meant: in the site, else among what was retracted before."""
    from heliograph.author.undo import taken_off

    try:
        story = choose(site, word)
    except Stop:
        kept = taken_off(house.root, word) or _undone(house.root, word) if re.fullmatch(r"[a-z0-9-]+", word) else None
        known = kept is not None or any(word in hosts.register(host).look().retracted for host in hosts.ever_used)
        if not known:
            raise
        files = sorted(kept.rglob("*.md")) if kept else []
        found = (said for path in files for said in _ID.findall(path.read_text("utf-8", "replace"))[:1])
        return Case(id=word, story=None, updates=frozenset(found) - {word})
    return Case(id=story.id, story=story, updates=frozenset(update.id for update in story.updates))


def _undone(root: Path, word: str) -> Path | None:
    """Find where an incident lies that `undo` took back whole: its page may still lie in a bucket."""
    from heliograph.author.undo import UNDONE

    heads = sorted((root / UNDONE).glob("*/incidents/*/*.md"))
    found = (path.parents[2] for path in heads if word in _ID.findall(path.read_text("utf-8", "replace"))[:1])
    return next(found, None)


def _told(house: House, operations: Operations | None, case: Case) -> list[str]:
    """Count who was written to of it, by reader."""
    if operations is None or not operations.can_send:
        return []
    from heliograph.send.ledger import LedgerFailed, LedgerRefused

    numbers = dict[str, int]()
    try:
        with closing(ledger_of(house, operations)) as ledger:
            for planned, reader in _messages(ledger, case):
                reached = sum(1 for _ in ledger.deliveries(planned, ("SENT", "AMBIGUOUS")))
                numbers[reader] = numbers.get(reader, 0) + reached
    except (LedgerRefused, LedgerFailed) as refused:
        house.say(f"Who was told of it cannot be found out: {refused}")  # words come off the pages all the same
    return [f"{reader} {number}" for reader, number in sorted(numbers.items()) if number]


def _messages(ledger: Ledger, case: Case) -> Iterator[tuple[str, str]]:
    """Give id and reader of every message that ever told of it."""
    for planned in ledger.planned():
        message = planned.message
        topics = {topic.id for topic in message.topics}
        if planned.outcome == "planned" and (case.id in topics or not case.updates.isdisjoint(message.news)):
            yield planned.id, message.reader


def _confirmed(case: Case, told: Sequence[str]) -> bool:
    if not sys.stdin.isatty():
        raise Stop("nobody is there to say yes; --yes goes ahead without", exits.USAGE)
    what = f"{case.id}, {case.story.place.file.rpartition('/')[0]}" if case.story else case.id
    reached = f" {', '.join(told)} were written to, which cannot be called back." if told else ""
    question = f"Retract {what} for good?{reached}  [y]"
    return bool(click.prompt(question, default="", show_default=False, err=True).strip().lower() == "y")


def _noted(hosts: Hosts, case: Case) -> list[str]:
    """Have every register remember it first, so that nobody publishes or goes back to what holds it."""
    used = hosts.ever_used
    return [line for host in used for line in _tried(host, lambda one: hosts.register(one).note_retracted([case.id]))]


def _tried(host: Host, do: Callable[[Host], object]) -> list[str]:
    """Do something at one host; gives what went wrong, so that the others have their turn."""
    try:
        do(host)
    except Exception as error:
        if code_of(error) is None:
            raise
        said = str(error)
        return [said if f"{host.id}: " in said else f"{host.id}: {said}"]
    return []


def _silenced(house: House, operations: Operations | None, case: Case) -> list[str]:
    """Let go of every mail and chat message that tells of it and has not gone out."""
    if operations is None or not operations.can_send:
        return []
    from heliograph.send.ledger import WAITING, LedgerFailed, LedgerRefused
    from heliograph.tree.fsio import Locked

    try:
        with closing(ledger_of(house, operations)) as opened, opened as ledger:
            for planned, _ in _messages(ledger, case):
                for key in [one.key for one in ledger.deliveries(planned, WAITING)]:
                    ledger.settle(key, "SUPPRESSED", "retracted", datetime.now(UTC))
    except (LedgerRefused, LedgerFailed, Locked) as refused:
        return [f"what waits to be sent: {refused}"]
    return []


def _take_out(house: House, case: Case) -> None:
    from heliograph.author.undo import take_off

    if case.story is not None:
        kept = take_off(house.root, case.story)
        house.say(f"{case.id}: its files are in {kept.relative_to(house.root)} now.")


def _built(house: House, case: Case, out: Path, *, quarantine: bool) -> None:
    """Build without it."""
    from heliograph.tree.swap import check_output_root

    check_output_root(out, house.root)
    try:
        content = _read(house, quarantine=quarantine)
    except Refused as refused:
        list_problems(refused.problems)
        raise Stop(
            "the pages still hold it: mend what is named above (or leave it out by --quarantine), "
            f"then run `heliograph retract {case.id}` again"
        ) from None
    when = instant_for(content.site, None)
    with house.progress() as run:
        making = build_of(house, content.site, when, record_for(house, content.site, when))
        write_all(house, content.site, making, out, run, when)
    remember(house, content)


def _gone(house: House, hosts: Hosts, host: Host, out: Path, carried: list[Carried]) -> list[str]:
    """Publish without it to one host, and remove what is left of it there; gives what went wrong.

    What is to be looked at from outside is added to `carried`: the old words go first.
    """

    def publish_and_purge(host: Host) -> None:
        carried.append(_published(house, hosts, host, out))
        _purged(house, hosts, host)

    return _tried(host, publish_and_purge) or _tried(host, partial(_forgotten, hosts))


def _published(house: House, hosts: Hosts, host: Host, out: Path) -> Carried:
    from heliograph.publish.publication import Terms

    prepared = prepare_all(house, hosts, [host], out, Terms())
    (one,) = carry_all(house, prepared)
    if one.publication is None:
        raise Stop(one.fate.said, one.fate.code)
    return one


def _purged(house: House, hosts: Hosts, host: Host) -> None:
    from heliograph.publish.retract import purge

    with objects_of(host) as objects:
        purged = purge(host, hosts.register(host), objects)
    versions = f" and {count(purged.versions, 'older version', 'older versions')}" if purged.versions else ""
    house.say(f"{host.id}: gone; {count(purged.removed, 'file', 'files')}{versions} removed")
    for note in purged.notes[:_SHOWN]:
        click.echo(f"{host.id}: {note}", err=True)
    if purged.notes[_SHOWN:]:
        click.echo(f"{host.id}: and {len(purged.notes) - _SHOWN} more such", err=True)


def _forgotten(hosts: Hosts, host: Host) -> None:
    from heliograph.publish.retract import forget

    if isinstance(host.place, BucketPlace):
        forget(host, host.place, hosts.register(host))


def _say_what_stays(case: Case, told: Sequence[str]) -> None:
    """Say what no program can call back."""
    if told:
        click.echo(f"Written to of it already, by reader: {', '.join(told)}. Tell them what holds.")
    click.echo(
        "Nobody can call back what feed readers, caches outside your CDN and archives hold, nor what is in the history "
        "of Git: commit the removal now, and push it."
    )
    click.echo(f"Every target refuses a release that holds {case.id} from now on.")
