"""What every command needs: the site's folder, its content, the instant it speaks for, and how loud to be."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import click
import msgspec

from heliograph.cli import exits
from heliograph.model import Site
from heliograph.parallel import Run, at_once, in_turn
from heliograph.problems import Problem, Refused
from heliograph.times import TimeError, read_instant

T = TypeVar("T")

_LARGE = 300
"""From so many incidents on, forking pays."""


class Stop(Exception):  # noqa: N818 -- it is an answer, not a fault
    """Ends a command with plain words and an exit code."""

    def __init__(self, message: str, code: int = exits.REFUSED) -> None:
        super().__init__(message)
        self.code = code


class House(msgspec.Struct, frozen=True):
    """One site's folder, and how loud to be about it."""

    root: Path
    quiet: bool = False
    verbose: int = 0

    @property
    def is_large(self) -> bool:
        """Tell whether there is so much to read and build that forking pays."""
        incidents = self.root / "incidents"
        return incidents.is_dir() and sum(1 for _ in incidents.iterdir()) >= _LARGE

    def load(self, run: Run = in_turn) -> tuple[Site, tuple[Problem, ...]]:
        """Read and check the whole site; give it with its warnings. Raises Refused with every error."""
        from heliograph.check import check
        from heliograph.load import load_site_with_warnings

        self.require_site()
        site, warnings = load_site_with_warnings(self.root, run)
        found = check(site)
        errors = [problem for problem in found if problem.level == "error"]
        if errors:
            raise Refused([*warnings, *found])
        return site, (*warnings, *found)

    def require_site(self) -> None:
        """Stop where there is no site."""
        if not (self.root / "site_src" / "site.toml").is_file():
            raise Stop(f"there is no site at {self.root} (no site_src/site.toml); heliograph init DIR makes one")

    def say(self, text: str) -> None:
        """Print progress or advice on stderr, unless asked to be quiet."""
        if not self.quiet:
            click.echo(text, err=True)

    @property
    def watched(self) -> bool:
        """Tell whether a person watches stderr and wants to."""
        return not self.quiet and sys.stderr.isatty()

    @contextlib.contextmanager
    def progress(self) -> Iterator[Run]:
        """Give a way to run many jobs that fits the site's size and shows how far they are while a person watches."""
        run = at_once if self.is_large else in_turn
        if not (self.is_large and self.watched):
            yield run
            return
        labels = iter(("Reading", "Rendering", "Writing"))

        def shown(jobs: Sequence[Callable[[], T]], /) -> Iterator[T | Exception]:
            with click.progressbar(run(jobs), length=len(jobs), label=next(labels, ""), file=sys.stderr) as outcomes:
                yield from outcomes

        yield shown


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
