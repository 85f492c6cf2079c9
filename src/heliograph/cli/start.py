"""Commands that begin things: a site, an audience."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Final

import click
import msgspec

from heliograph import resources
from heliograph.cli.house import House, Stop
from heliograph.tree.fsio import create_new, make_folder

EXAMPLE_PARTS = ("site_src", "audiences", "incidents")
_AFTER = re.compile(r"after\s*=")
_QUOTED = re.compile(r'"([^"]*)"')
_WORKFLOWS: Final = ".github"
_TOOL: Final = ".github/heliograph.txt"
"""Says to the workflows which Heliograph to install."""
_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--example", is_flag=True, help="The whole example company instead of a small start.")
def init(folder: Path, example: bool) -> None:
    """Start a site in a new or empty FOLDER.

    Writes workflows for GitHub, too, in .github: they check changes, and publish nothing until they are told to.
    """
    if folder.exists() and any(folder.iterdir()):
        raise Stop(f"{folder} is not empty; a site starts in a folder of its own")
    files = dict(_example() if example else _small())
    files[_TOOL] += _requirement(_installed_from()).encode()
    for name, data in sorted(files.items()):
        create_new(folder / name, data)
    make_folder(folder / "incidents")
    make_folder(folder / "layouts")
    click.echo(f"Wrote {len(files)} files: {_contents(files)}. Edit site_src/site.toml for your name.")
    click.echo(f"Next:  cd {folder} && heliograph serve")


def _installed_from() -> Mapping[str, object]:
    """Give what pip noted of where this very Heliograph came from (PEP 610); nothing where it came from an index."""
    try:
        noted = metadata.distribution("heliograph").read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return {}
    return msgspec.json.decode(noted, type=dict[str, object]) if noted else {}


def _requirement(source: Mapping[str, object]) -> str:
    """Name this Heliograph for pip by its commit; empty unless it came from a repository that others reach, too."""
    url, how = str(source.get("url", "")), source.get("vcs_info")
    commit = str(how.get("commit_id", "")) if isinstance(how, Mapping) and how.get("vcs") == "git" else ""
    is_fit = url.startswith("https://") and url.isprintable() and not re.search(r"[\s@]", url)
    return f"\nheliograph @ git+{url}@{commit}\n" if is_fit and _COMMIT.fullmatch(commit) else ""


def _example() -> Iterator[tuple[str, bytes]]:
    for part in EXAMPLE_PARTS:
        yield from _files(resources.defaults() / part, resources.defaults())
    yield from ((name, data) for name, data in _small() if "/" not in name or name.startswith(f"{_WORKFLOWS}/"))


def _small() -> Iterator[tuple[str, bytes]]:
    yield from _files(resources.start(), resources.start())


def _files(folder: Path, base: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(base).as_posix(), path.read_bytes()


def _contents(files: Iterable[str]) -> str:
    names = list(files)
    incidents = sum(name.endswith("/incident.md") for name in names)
    pages = "a public page, an internal page, 3 components"
    return f"{incidents} incidents and everything around them" if incidents else pages


@click.group()
def add() -> None:
    """Add something to a site."""


@add.command()
@click.argument("name")
@click.pass_obj
def audience(house: House, name: str) -> None:
    """Add a shipped audience to this site.

    NAME is business, engineering, exec, strategic or support. Writes audiences/NAME.toml, with the roles, times and
    limits of the example company to begin with.
    """
    shipped = resources.defaults() / "audiences"
    known = sorted(path.stem for path in shipped.glob("*.toml"))
    if name not in known:
        raise click.UsageError(f"no audience {name!r} is shipped; known: {', '.join(known)}")
    target = house.root / "audiences" / f"{name}.toml"
    try:
        create_new(target, _fitted((shipped / f"{name}.toml").read_text(encoding="utf-8"), house).encode())
    except FileExistsError as error:
        raise Stop(f"audiences/{name}.toml is there already") from error
    click.echo(f"Wrote audiences/{name}.toml. Read it once: roles and times are an example's. Then: heliograph check")


def _fitted(text: str, house: House) -> str:
    """Comment out what only the example company has: its customers, and audiences that are not in this site."""
    head, customer, rest = text.partition("[[customer]]")
    present = {path.stem for path in (house.root / "audiences").glob("*.toml")}
    lines = [
        f"# {line}" if _AFTER.match(line) and not present.issuperset(_QUOTED.findall(line)) else line
        for line in head.splitlines(keepends=True)
    ]
    return "".join([*lines, *(f"# {line}" if line.strip() else line for line in (customer + rest).splitlines(True))])
