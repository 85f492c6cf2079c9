"""Commands that look and change nothing: the board, check, explain, due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

import click

from heliograph.author.pick import Choice, Unclear, pick
from heliograph.cli import exits
from heliograph.cli.board import Board, board_lines, due_lines, make_board
from heliograph.cli.house import House, Instant, Stop, as_json, instant_for
from heliograph.gate import Gate, Part, Reader
from heliograph.gate import explain as explain_parts
from heliograph.model import INTERNAL, Site, Story
from heliograph.problems import Problem, Refused
from heliograph.render.words import count


def show_board(house: House, *, json_: bool) -> None:
    """Print what is open, who is due and what to type next."""
    board = _board(house, None)
    if json_:
        click.echo(as_json(board))
        return
    for line in board_lines(board):
        click.echo(line)


def _board(house: House, at: datetime | None) -> Board:
    site, _ = house.load()
    when = instant_for(site, at)
    gate, reader = Gate(site, when), Reader(INTERNAL)
    return make_board(gate.view_of(reader), gate.desk_of(reader), when)


@click.command()
@click.option("--format", "style", type=click.Choice(["text", "json", "github"]), default="text", help="How to print.")
@click.option("--strict", is_flag=True, help="Refuse warnings too.")
@click.pass_obj
def check(house: House, style: Literal["text", "json", "github"], strict: bool) -> None:
    """Say what is wrong with what was written: all of it at once."""
    try:
        site, found = house.load()
        incidents = count(len(site.incidents), "incident", "incidents")
        house.say(f"{incidents} and {count(len(site.maintenances), 'maintenance', 'maintenances')} read.")
    except Refused as refused:
        found = refused.problems
    for line in _check_lines(found, style):
        click.echo(line)
    if (strict and found) or any(problem.level == "error" for problem in found):
        raise click.exceptions.Exit(exits.REFUSED)


def _check_lines(found: tuple[Problem, ...], style: Literal["text", "json", "github"]) -> Iterator[str]:
    match style:
        case "json":
            yield as_json([_row(problem) for problem in found])
        case "github":
            for problem in found:
                place = problem.place
                where = f"file={place.file},line={place.line},col={place.column},title={problem.code}"
                yield f"::{problem.level} {where}::{_escaped(str(problem))}"
        case "text":
            yield from (str(problem) for problem in found)
            if not found:
                yield "Nothing is wrong."


def _row(problem: Problem) -> dict[str, object]:
    place = problem.place
    return {
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "code": problem.code,
        "level": problem.level,
        "message": problem.message,
        "hint": problem.hint,
    }


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


@click.command()
@click.argument("incident", required=False)
@click.option("--audience", help="Only what this reader gets: an audience, or customer:<id>.")
@click.option("--json", "json_", is_flag=True, help="Print JSON.")
@click.pass_obj
def explain(house: House, incident: str | None, audience: str | None, json_: bool) -> None:
    """Tell who may read each part of an incident, and why."""
    site, _ = house.load()
    parts = explain_parts(site, choose(site, incident))
    if audience is not None:
        readers = {str(reader) for reader in Gate(site, instant_for(site, None)).readers}
        if audience not in readers:
            raise click.UsageError(f"no reader is called {audience!r}; known: {', '.join(sorted(readers))}")
        parts = tuple(part for part in parts if audience in part.readers)
    if json_:
        click.echo(as_json([_part_row(part) for part in parts]))
        return
    for part in parts:
        click.echo(f"{part.place!s}  {part.what}, {part.label}: {', '.join(part.readers) or 'nobody'}")


def _part_row(part: Part) -> dict[str, object]:
    return {"place": str(part.place), "what": part.what, "label": part.label, "readers": part.readers}


@click.command()
@click.option("--at", type=Instant(), help="Speak for this instant instead of now.")
@click.option("--exit-code", is_flag=True, help=f"Exit with {exits.OVERDUE} when a word is overdue.")
@click.option("--json", "json_", is_flag=True, help="Print JSON.")
@click.pass_obj
def due(house: House, at: datetime | None, exit_code: bool, json_: bool) -> None:
    """List who is owed a word on what is open, and by when."""
    board = _board(house, at)
    if json_:
        click.echo(as_json(board.due))
    else:
        click.echo("\n".join(due_lines(board)) or "Nobody is owed a word.")
    if exit_code and any(entry.overdue for entry in board.due):
        raise click.exceptions.Exit(exits.OVERDUE)


def choose(site: Site, word: str | None) -> Story:
    """Find the incident or maintenance a person means, or stop with the choices."""
    known = Gate(site, instant_for(site, None)).open_for(Reader(INTERNAL))
    rows = [Choice(id=one.id, folder=_folder(one), titles=_titles(one), open=one.id in known) for one in site.stories]
    try:
        chosen = pick(word, rows)
    except Unclear as unclear:
        raise Stop(str(unclear), exits.USAGE) from unclear
    return next(story for story in site.stories if story.id == chosen.id)


def _folder(story: Story) -> str:
    return story.place.file.split("/")[1]


def _titles(story: Story) -> tuple[str, ...]:
    return tuple(title.words for title in story.titles)
