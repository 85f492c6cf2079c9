"""What every command needs: the site's folder, its content, the instant it speaks for, and how loud to be."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, TypeVar

import click
import msgspec

from heliograph.cli import exits
from heliograph.model import Site
from heliograph.problems import Problem, Refused
from heliograph.times import TimeError, read_instant

T = TypeVar("T")


class Stop(Exception):  # noqa: N818 -- it is an answer, not a fault
    """Ends a command with plain words and an exit code."""

    def __init__(self, message: str, code: int = exits.REFUSED) -> None:
        super().__init__(message)
        self.code = code


class Bar(Protocol):
    """What moves while long work goes on."""

    def update(self, n_steps: int) -> None:
        """Move on."""


class House(msgspec.Struct, frozen=True):
    """One site's folder, and how loud to be about it."""

    root: Path
    quiet: bool = False
    verbose: int = 0

    def load(self) -> tuple[Site, tuple[Problem, ...]]:
        """Read and check the whole site; give it with its warnings. Raises Refused with every error."""
        from heliograph.check import check
        from heliograph.load import load_site_with_warnings

        if not (self.root / "site_src" / "site.toml").is_file():
            raise Stop(f"there is no site at {self.root} (no site_src/site.toml); heliograph init DIR makes one")
        site, warnings = load_site_with_warnings(self.root)
        found = check(site)
        errors = [problem for problem in found if problem.level == "error"]
        if errors:
            raise Refused([*warnings, *found])
        return site, (*warnings, *found)

    def say(self, text: str) -> None:
        """Print progress or advice on stderr, unless asked to be quiet."""
        if not self.quiet:
            click.echo(text, err=True)

    @contextlib.contextmanager
    def progress(self, label: str, length: int) -> Iterator[Bar | None]:
        """Show a bar on stderr while long work goes on and a person watches."""
        if self.quiet or not sys.stderr.isatty():
            yield None
            return
        with click.progressbar(length=length, label=label, file=sys.stderr) as bar:
            yield bar


def watched(items: Iterable[T], bar: Bar | None) -> Iterator[T]:
    """Pass items on, moving a bar one step for each."""
    for item in items:
        yield item
        if bar is not None:
            bar.update(1)


def instant_for(site: Site, given: datetime | None) -> datetime:
    """Tell for which instant a command speaks: the one named, else the site's fixed clock, else now."""
    return given or site.settings.clock or datetime.now(UTC)


class Instant(click.ParamType[datetime]):
    """An instant on the command line, written as in files."""

    name = "instant"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read ISO 8601 with a zone."""
        if isinstance(value, datetime):
            return value
        try:
            return read_instant(str(value))
        except TimeError as error:
            self.fail(str(error), param, ctx)


def as_json(value: object) -> str:
    """Write any of our frozen types as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
