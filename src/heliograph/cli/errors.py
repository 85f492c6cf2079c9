"""Turns what commands raise into lines on stderr and an exit code. The only place that knows both sides."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from heliograph.cli import exits
from heliograph.cli.house import Stop
from heliograph.importers.report import ImportRefused
from heliograph.problems import Problem, Refused
from heliograph.publish.register import Busy, Overtaken
from heliograph.send.ledger import LedgerFailed, LedgerRefused
from heliograph.store_faults import StoreRefused
from heliograph.tree.fsio import Locked, Uncertain, WriteRefused

_EXPOSURE: Final = frozenset({"E606", "E607", "E608", "E632", "E633", "E636", "E801", "E802"})
_CODES: Final = {
    ImportRefused: exits.REFUSED,
    WriteRefused: exits.REFUSED,
    Locked: exits.LOCKED,
    Uncertain: exits.UNCONFIRMED,
    LedgerRefused: exits.REFUSED,
    LedgerFailed: exits.FAILED,
    StoreRefused: exits.FAILED,
    Busy: exits.LOCKED,
    Overtaken: exits.FAILED,
}
_LOUD: Final = ("-vv", "-vvv")


def report(error: Exception, argv: Sequence[str]) -> int:
    """Say what went wrong; give the exit code. The text of an unforeseen error is not shown: it may quote a passage."""
    if isinstance(error, Refused):
        show_problems(error.problems)
        exposed = any(problem.code in _EXPOSURE for problem in error.problems)
        return exits.EXPOSED if exposed else exits.REFUSED
    told = _told(error)
    if told is None:
        click.echo(f"heliograph: an error of its own ({_origin(error)}); nothing more was done", err=True)
        if any(flag in argv for flag in _LOUD):
            click.echo("".join(traceback.format_tb(error.__traceback__)), err=True)
        return exits.FAILED
    message, code = told
    click.echo(f"heliograph: {message}", err=True)
    return code


def _told(error: Exception) -> tuple[str, int] | None:
    """Put a foreseen error in words, with its exit code."""
    code = code_of(error)
    if code is None:
        return None
    if isinstance(error, OSError):
        return f"{error.strerror or type(error).__name__}: {error.filename or 'the folder you are in'}", code
    return str(error), code


def code_of(error: Exception) -> int | None:
    """Give the exit code of a foreseen error, None for any other."""
    if isinstance(error, OSError):
        return exits.FAILED
    if isinstance(error, Stop):
        return error.code
    if is_exposure(error):
        return exits.EXPOSED
    return next((code for kind, code in _CODES.items() if isinstance(error, kind)), None)


def is_exposure(error: Exception) -> bool:
    """Tell whether something was refused because strangers would have read what they must not."""
    return isinstance(error, (WriteRefused, StoreRefused)) and error.code in _EXPOSURE


def show_problems(problems: Sequence[Problem]) -> None:
    """List findings on stderr, each on its line, and how many there are."""
    list_problems(problems)
    errors = sum(problem.level == "error" for problem in problems)
    if errors:
        click.echo(f"{errors} {'error' if errors == 1 else 'errors'}; nothing was changed.", err=True)


def list_problems(problems: Sequence[Problem]) -> None:
    """List findings on stderr, each on its line."""
    for problem in problems:
        click.echo(str(problem), err=True)


def _origin(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1] if frames else None
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}" if last else type(error).__name__
