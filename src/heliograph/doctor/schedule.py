"""Whether anything builds by the clock: pages change by themselves when planned work begins or a promise runs out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import yaml

from heliograph.doctor.finding import Finding

SUBJECT: Final = "schedule"

_WORKFLOWS: Final = Path(".github/workflows")
_LONGEST: Final = 256 * 1024
_MOST: Final = 100
_WORDS: Final = ("heliograph", "schedule", "cron")
_SWITCH: Final = re.compile(r"vars\.([A-Z_]{1,40}) == 'on'")
_BRACKETS: Final = 2_000
"""Of a file with more the reader of YAML would not come back for minutes."""


def check_schedule(root: Path) -> Iterator[Finding]:
    """Look for a workflow that publishes on a schedule, in the site's folder or the repository it lies in."""
    waiting = list[Finding]()
    for path in _workflows(root):
        crons = _crons(path)
        if not crons:
            continue
        said, switch = f"{path.name} publishes at {', '.join(crons)}", _switch(path)
        if not switch:
            yield Finding("ok", SUBJECT, said)
            return
        waiting.append(Finding("note", SUBJECT, f"{said}, once the variable {switch} is `on` at GitHub"))
    if waiting:
        yield from waiting
        return
    yield Finding(
        "note",
        SUBJECT,
        "no workflow here publishes on a schedule",
        "let a timer run `heliograph build && heliograph publish` every few minutes, if none does",
    )


def _workflows(root: Path) -> Sequence[Path]:
    for folder in (root.absolute(), *root.absolute().parents):
        found = sorted([*(folder / _WORKFLOWS).glob("*.yml"), *(folder / _WORKFLOWS).glob("*.yaml")])
        if found or (folder / ".git").exists():
            return found[:_MOST]
    return ()


def _crons(path: Path) -> list[str]:
    """Give the times at which a workflow runs that builds or publishes; none if it does not, or cannot be read."""
    try:
        with path.open("rb") as file:
            text = file.read(_LONGEST).decode("utf-8")
        is_one = all(word in text for word in _WORDS) and text.count("[") + text.count("{") < _BRACKETS
        tree = yaml.safe_load(text) if is_one else None
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return []
    if not isinstance(tree, dict):
        return []
    triggers = tree.get("on", tree.get(True))  # YAML 1.1 reads the key `on` as a yes
    times = triggers.get("schedule") if isinstance(triggers, dict) else None
    entries = times if isinstance(times, list) else []
    return [_plain(one["cron"]) for one in entries if isinstance(one, dict) and "cron" in one]


def _switch(path: Path) -> str:
    """Name the variable that a workflow waits for, as those of `init` do; "" if it waits for none."""
    with path.open(encoding="utf-8", errors="replace") as file:
        found = _SWITCH.search(file.read(_LONGEST))
    return found[1] if found else ""


def _plain(cron: object) -> str:
    return "".join(letter for letter in str(cron)[:40] if letter.isprintable())
