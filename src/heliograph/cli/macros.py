"""`heliograph macros`: the replies that support may paste, taken from what a build makes and what passed its walls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import click
import msgspec

from heliograph.author.pick import Choice, Unclear, pick
from heliograph.cli import exits
from heliograph.cli.house import House, Instant, Stop, as_json, instant_for
from heliograph.model import Site, Story
from heliograph.pipeline import MACROS, Build
from heliograph.render.layouts import Layouts
from heliograph.render.macros import DESKS, Macro, headline, placed
from heliograph.render.tongue import ENGLISH, tongue

_INDEX = "index.json"
_CLOSED = "closing"


@click.group(invoke_without_command=True)
@click.pass_context
def macros(ctx: click.Context) -> None:
    """List the replies that support may paste, or print one."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_)


@macros.command("list")
@click.option("--at", type=Instant(), help="Speak for this instant instead of now.")
@click.option("--json", "json_", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_(house: House, at: datetime | None = None, json_: bool = False) -> None:
    """List all replies.

    Each with its problem, its phase, the update it was made from, and until when it is good.
    """
    site, found = _made(house, at)
    if json_:
        click.echo(as_json([_row(macro) for macro in found]))
        return
    for macro in found:
        click.echo(_line(macro, site.settings.timezone))
    if not found:
        house.say("No replies: nothing is open and nothing was closed lately.")


@macros.command()
@click.argument("incident", required=False)
@click.argument("phase", required=False)
@click.option("--html", is_flag=True, help="Print HTML instead of plain text.")
@click.option(
    "--desk",
    type=click.Choice([*DESKS, "none"]),
    help="Whose field for the customer's first name to write; none greets without. [default: zendesk]",
)
@click.option("--at", type=Instant(), help="Speak for this instant instead of now.")
@click.pass_obj
def show(
    house: House, incident: str | None, phase: str | None, html: bool, desk: str | None, at: datetime | None
) -> None:
    """Print one reply, ready to be copied.

    INCIDENT is an id, a folder or words of the title; it may be left out while only one is open. PHASE is one that
    `macros list` shows, such as reply; without it the first.
    What the reply is, and how long it is good, goes to stderr.
    """
    site, found = _made(house, at)
    macro = _of_phase(_of_incident(site, found, incident), phase)
    house.say(headline(ENGLISH, macro, site.settings.timezone))
    text = str(macro.html) if html else macro.text
    click.echo(placed(tongue(macro.language), text, desk) if desk else text, nl=False)


def _made(house: House, at: datetime | None) -> tuple[Site, list[Macro]]:
    """Make the tree of macros as a build does, and read its index; raises Refused if any file of it may not leave."""
    site, _ = house.load()
    build = Build(site, Layouts(house.root / "layouts"), instant_for(site, at))
    plan = next(plan for plan in build.trees() if plan.name == MACROS)
    files = {artifact.path: artifact.data for artifact in plan.artifacts}
    return site, msgspec.json.decode(files[_INDEX], type=list[Macro], dec_hook=lambda kind, text: kind(text))


def _of_incident(site: Site, found: Sequence[Macro], word: str | None) -> list[Macro]:
    """Choose the replies about what a person means, or stop with the choices."""
    known = {macro.incident: macro.phase != _CLOSED for macro in found}
    rows = [_choice(story, known[story.id]) for story in site.stories if story.id in known]
    try:
        chosen = pick(word, rows)
    except Unclear as unclear:
        raise Stop(str(unclear), exits.USAGE) from unclear
    return [macro for macro in found if macro.incident == chosen.id]


def _choice(story: Story, is_open: bool) -> Choice:
    titles = tuple(title.words for title in story.titles)
    return Choice(id=story.id, folder=story.place.file.split("/")[1], titles=titles, open=is_open)


def _of_phase(found: Sequence[Macro], phase: str | None) -> Macro:
    """Choose by phase; without one, the first, which is what an agent wants most."""
    for macro in found:
        if phase in (None, macro.phase):
            return macro
    raise Stop(f"there is no reply {phase!r} now; there is {', '.join(macro.phase for macro in found)}", exits.USAGE)


def _line(macro: Macro, timezone: str) -> str:
    source = f"from update {macro.source}, {ENGLISH.moment(macro.source_at, timezone)}"
    holds = ""
    if macro.good_until:
        until = ENGLISH.moment_beside(macro.good_until, macro.source_at, timezone)
        holds = f", late since {until}" if macro.late else f", good until {until}"
    return f"{macro.incident}  {macro.phase:<10}  {macro.title}\n{'':<22}{source}{holds}"


def _row(macro: Macro) -> dict[str, object]:
    return {
        "incident": macro.incident,
        "phase": macro.phase,
        "title": macro.title,
        "good_until": macro.good_until,
        "late": macro.late,
        "source": macro.source,
        "source_at": macro.source_at,
    }
