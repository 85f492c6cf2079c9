"""The operator's file itself: who may read it, which variables it wants, what is wrong in it."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from heliograph.doctor.finding import Finding, Level
from heliograph.operations import BucketPlace, Operations
from heliograph.problems import Problem

SUBJECT: Final = "operator file"

_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]{0,99})\}", re.ASCII)
_UNSET: Final = "E615"
_OTHERS_WRITE: Final = 0o022
_OTHERS_READ: Final = 0o044
_LONGEST: Final = 256 * 1024
_MOST: Final = 12
"""So many problems of the file are listed; the rest is counted."""


def no_file(variable: str) -> Iterator[Finding]:
    """Say that there is none: then nobody is written to, and nothing leaves this machine."""
    yield Finding(
        "note",
        SUBJECT,
        f"{variable} names none: nobody is written to, and only folders inside the site are published to",
    )


def check_file(path: Path) -> Iterator[Finding]:
    """Look at who may read and who may change the file, and the folder it lies in."""
    try:
        status = os.lstat(path)
    except OSError as error:
        yield Finding("bad", SUBJECT, f"{path}: {error.strerror}", "HELIOGRAPH_OPERATOR names the operator's file")
        return
    if not stat.S_ISREG(status.st_mode):
        yield Finding("bad", SUBJECT, f"{path} is not an ordinary file", "name the file itself")
        return
    if status.st_mode & _OTHERS_WRITE:
        yield Finding("bad", SUBJECT, f"others on this machine may change {path}", f"chmod 600 {path}")
    elif status.st_mode & _OTHERS_READ:
        yield Finding("warn", SUBJECT, f"others on this machine may read {path}", f"chmod 600 {path}")
    folder = path.absolute().parent
    mode = folder.stat().st_mode
    if mode & _OTHERS_WRITE and not mode & stat.S_ISVTX:
        yield Finding("bad", SUBJECT, f"others may put another file in its place: {folder}", f"chmod 700 {folder}")


def check_variables(path: Path, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Name all variables that the file wants and the environment lacks, whatever else is wrong in it."""
    names = sorted(set(_names(path)))
    lacking = [name for name in names if not environment.get(name, "").strip()]
    if lacking:
        yield Finding("bad", SUBJECT, f"environment variables not set: {', '.join(lacking)}", "set them, and run again")


def _names(path: Path) -> Iterator[str]:
    try:
        with path.open("rb") as file:
            tree = tomllib.loads(file.read(_LONGEST).decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return  # said elsewhere, with the place
    for text in _texts(tree):
        yield from _VARIABLE.findall(text)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def check_reading(path: Path, operations: Operations | None, problems: Sequence[Problem]) -> Iterator[Finding]:
    """Say what the file holds, or what is wrong in it; unset variables are named apart, all in one line."""
    telling = [problem for problem in problems if problem.code not in (_UNSET, "W629")]
    for problem in telling[:_MOST]:
        level: Level = "bad" if problem.level == "error" else "warn"
        yield Finding(level, SUBJECT, str(problem))
    if len(telling) > _MOST:
        yield Finding("bad", SUBJECT, f"and {len(telling) - _MOST} more")
    if operations is not None:
        yield Finding("ok", SUBJECT, f"{path}: {', '.join(_contents(operations))}")


def _contents(operations: Operations) -> Iterator[str]:
    number = len(operations.hosts)
    yield f"{number} {'target' if number == 1 else 'targets'}" if number else "no target"
    if operations.can_send:
        yield "mail" if operations.smtp else "no mail"
        if operations.webhooks:
            yield "chat"
        yield "ledger in a bucket" if isinstance(operations.ledger, BucketPlace) else "ledger"
    else:
        yield "nobody is written to"
