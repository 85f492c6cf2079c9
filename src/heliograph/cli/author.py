"""Commands that write sources: new, update, note. What the reader would refuse is not left behind."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from heliograph.author.document import NewIncident, NewMaintenance, NewPostmortem, NewUpdate, Unwritable
from heliograph.author.ids import random_id
from heliograph.author.new import add_update, new_incident, new_maintenance, new_postmortem
from heliograph.cli.house import House, Instant, Stop, instant_for
from heliograph.cli.inspect import choose
from heliograph.gate import usual_span
from heliograph.model import Incident, Site, Story
from heliograph.problems import Refused, did_you_mean
from heliograph.terms import (
    CLOSED,
    COMPONENT_STATES,
    IMPACTS,
    INCIDENT_STATUSES,
    MAINTENANCE_STATUSES,
    SEVERITIES,
    ComponentState,
)
from heliograph.times import TimeError, read_span
from heliograph.tree.fsio import take_back

Pairs = tuple[tuple[str, str], ...]
Command = TypeVar("Command", bound=Callable[..., Any])

STOCK_WORDS = {
    "investigating": "We are looking into this problem.",
    "identified": "We have found the cause and are working on a fix.",
    "monitoring": "A fix is in place and we are watching it.",
    "resolved": "This problem is solved.",
    "scheduled": "We have planned work at this time.",
}
"""What an update says when its author gives no words, so that a first word can go out at once."""


class Span(click.ParamType[timedelta]):
    """A span on the command line, such as 30m."""

    name = "span"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read a span."""
        if isinstance(value, timedelta):
            return value
        try:
            return read_span(str(value))
        except TimeError as error:
            self.fail(str(error), param, ctx)


def _pair(_: click.Context, param: click.Parameter, values: Sequence[str]) -> Pairs:
    pairs = tuple((name, rest) for name, _, rest in (value.partition("=") for value in values))
    bad = next((value for value, (_, rest) in zip(values, pairs, strict=True) if not rest), None)
    if bad is not None:
        raise click.BadParameter(f"{bad!r} is not of the form {param.metavar}", param=param)
    return pairs


def _words(command: Command) -> Command:
    """Add the options that say something to somebody."""
    options = (
        click.option("-m", "--message", help="Words for the public. [default: a sentence that fits the status]"),
        click.option("--say", help="What support may tell a customer who asks."),
        click.option("--support", help="Words for support's own eyes."),
        click.option("--internal", help="Words for colleagues."),
        click.option(
            "--for",
            "others",
            multiple=True,
            metavar="LABEL=TEXT",
            callback=_pair,
            help="Words for another label, such as exec=… or customer:globex=…",
        ),
        click.option(
            "--component",
            multiple=True,
            metavar="ID=STATE",
            callback=_pair,
            help=f"A component's state now: {', '.join(COMPONENT_STATES)}.",
        ),
        click.option("--severity", type=click.Choice(SEVERITIES), help="How grave it is; always internal."),
        click.option("--impact", type=click.Choice(IMPACTS), help="Instead of what the components' states make it."),
        click.option("--next", "next_", type=Span(), help="How soon the next word comes: 30m. [default: the cadence]"),
        click.option("--at", type=Instant(), help="When this is said. [default: now]"),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group()
def new() -> None:
    """Write a new incident, maintenance or postmortem."""


@new.command()
@click.argument("title", required=False)
@click.option("--title-public", help="The title for customers; the same as TITLE.")
@click.option("--title-internal", help="The title for colleagues.")
@click.option("--started-at", type=Instant(), help="When it began. [default: the same as --at]")
@click.option("--status", type=click.Choice(INCIDENT_STATUSES), default="investigating", show_default=True)
@click.option("--region", multiple=True, help="Where it is felt, if not everywhere.")
@click.option("--tag", multiple=True, help="An internal tag.")
@_words
@click.pass_obj
def incident(
    house: House,
    /,
    title: str | None,
    title_public: str | None,
    title_internal: str | None,
    started_at: datetime | None,
    status: str,
    region: tuple[str, ...],
    tag: tuple[str, ...],
    **said: Any,
) -> None:
    """Write a new incident with its first update. Without a public title customers are told nothing."""
    site, _ = house.load()
    title_public = title_public or title
    if not title_public and not title_internal:
        title_public = _ask("What can customers not do (public title)?")
    titles = tuple((label, words) for label, words in (("public", title_public), ("internal", title_internal)) if words)
    update_ = _update(site, None, status, audience=titles[0][0], **said)
    started = started_at or update_.at
    first = NewIncident(id=random_id(), titles=titles, started_at=started, regions=region, tags=tag)
    folder = _written(house, lambda: new_incident(house.root, first, [update_]))
    click.echo(f"Wrote {_short(house, folder)} ({first.id}).")
    _say_stock_words(house, update_)
    house.say(f'Next:  heliograph update {first.id} identified -m "…"   or edit {_short(house, folder)}')


@new.command()
@click.argument("title")
@click.option("--start", type=Instant(), required=True, help="When work begins.")
@click.option("--end", type=Instant(), required=True, help="When work ends.")
@click.option("--title-internal", help="The title for colleagues.")
@_words
@click.pass_obj
def maintenance(
    house: House, /, title: str, start: datetime, end: datetime, title_internal: str | None, **said: Any
) -> None:
    """Write planned work with its announcement."""
    site, _ = house.load()
    titles = (("public", title), *((("internal", title_internal),) if title_internal else ()))
    planned = NewMaintenance(id=random_id(), titles=titles, start=start, end=end)
    update_ = _update(site, None, "scheduled", audience="public", **said)
    folder = _written(house, lambda: new_maintenance(house.root, planned, [update_]))
    click.echo(f"Wrote {_short(house, folder)} ({planned.id}).")


@new.command()
@click.argument("incident", required=False)
@click.option("-m", "--message", required=True, help="The account, in Markdown; it can be edited in its file.")
@click.option("--at", type=Instant(), help="When it is published. [default: now]")
@click.pass_obj
def postmortem(house: House, incident: str | None, message: str, at: datetime | None) -> None:
    """Write the account published after an incident."""
    site, _ = house.load()
    chosen = choose(site, incident)
    account = NewPostmortem(id=random_id(), at=instant_for(site, at), passages=(("public", message),))
    path = _written(house, lambda: new_postmortem(house.root, _folder(chosen), account))
    click.echo(f"Wrote {_short(house, path)}.")


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="[INCIDENT] STATUS")
@_words
@click.option("--audience", default="public", show_default=True, help="Who is told the status.")
@click.pass_obj
def update(house: House, /, words: tuple[str, ...], audience: str, **said: Any) -> None:
    """Write an update with a status, for an incident or planned work.

    INCIDENT is an id, a folder or words of the title; it may be left out while only one is open.
    """
    *named, status = words
    site, _ = house.load()
    chosen = choose(site, " ".join(named) or None)
    known = INCIDENT_STATUSES if isinstance(chosen, Incident) else MAINTENANCE_STATUSES
    if status not in known:
        raise click.UsageError(f"{status!r} is no status of this ({did_you_mean(status, known)})")
    written = _update(site, chosen, status, audience=audience, **said)
    path = _written(house, lambda: add_update(house.root, _folder(chosen), written))
    click.echo(f"Wrote {_short(house, path)}.")
    _say_stock_words(house, written)


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="[INCIDENT] TEXT")
@click.option("--audience", default="internal", show_default=True, help="Who may read it.")
@click.option("--at", type=Instant(), help="When this is said. [default: now]")
@click.pass_obj
def note(house: House, words: tuple[str, ...], audience: str, at: datetime | None) -> None:
    """Write a note: words without a status, for colleagues unless --audience says otherwise.

    INCIDENT is an id, a folder or words of the title; it may be left out while only one is open.
    """
    *named, text = words
    site, _ = house.load()
    chosen = choose(site, " ".join(named) or None)
    written = NewUpdate(id=random_id(), at=instant_for(site, at), audience=audience, passages=((audience, text),))
    path = _written(house, lambda: add_update(house.root, _folder(chosen), written))
    click.echo(f"Wrote {_short(house, path)}.")


def _update(
    site: Site,
    story: Story | None,
    status: str,
    *,
    audience: str,
    message: str | None,
    say: str | None,
    support: str | None,
    internal: str | None,
    others: Pairs,
    component: Pairs,
    severity: str | None,
    impact: str | None,
    next_: timedelta | None,
    at: datetime | None,
) -> NewUpdate:
    when = instant_for(site, at)
    spoken = (("public", message), ("say", say), ("support", support), ("internal", internal), *others)
    blank = next((label for label, words in spoken if words is not None and not words.strip()), None)
    if blank is not None:
        raise click.UsageError(f"the words for {blank} are blank; leave the option out, or say something")
    passages = tuple((label, words) for label, words in spoken if words)
    if not any(label == audience for label, _ in passages):
        passages = ((audience, STOCK_WORDS.get(status, "")), *passages)
    states = _states(component)
    promise = next_ or (None if status in CLOSED else usual_span(site, audience, story, states, severity))
    closed = story is not None and _newest_status(story, audience) in CLOSED
    return NewUpdate(
        id=random_id(),
        at=when,
        audience=audience,
        status=status,
        severity=severity,
        impact=impact,
        components=component,
        next_update=promise,
        reopen=closed and status not in CLOSED,
        passages=passages,
    )


def _say_stock_words(house: House, written: NewUpdate) -> None:
    """Show the words its author did not choose, before anybody reads them."""
    for label, words in written.passages:
        if words in STOCK_WORDS.values():
            house.say(f'It tells {label}: "{words}"   Your own words: -m, or edit the file.')


def _states(claims: Pairs) -> list[ComponentState]:
    known: dict[str, ComponentState] = {state: state for state in COMPONENT_STATES}
    for _, state in claims:
        if state not in known:
            raise click.UsageError(f"{state!r} is no state of a component ({did_you_mean(state, known)})")
    return [known[state] for _, state in claims]


def _newest_status(story: Story, audience: str) -> str | None:
    """Tell what was last said to an audience of how a story stands."""
    said = (update.status for update in reversed(story.updates) if update.audience == audience)
    return next(filter(None, said), None)


def _written(house: House, write: Callable[[], Path]) -> Path:
    """Write, then read the site again; what the reader refuses is taken back, and nothing has changed."""
    try:
        made = write()
    except Unwritable as error:
        raise Stop(str(error)) from error
    except FileExistsError as error:
        raise Stop(f"{error.filename} is there already; edit it") from error
    try:
        house.load()
    except Refused:
        take_back(made)
        raise
    return made


def _ask(question: str) -> str:
    """Ask at a terminal; elsewhere say which option was missing."""
    if not sys.stdin.isatty():
        raise click.UsageError("name the incident: --title-public TEXT (or --title-internal TEXT)")
    answer: str = click.prompt(question, err=True)
    return answer


def _folder(story: Story) -> str:
    return story.place.file.split("/")[1]


def _short(house: House, path: Path) -> str:
    return path.relative_to(house.root).as_posix() if path.is_relative_to(house.root) else str(path)
