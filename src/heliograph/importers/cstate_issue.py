"""One cState post as its author meant it, with notes on everything that could not be taken as written."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from heliograph.author.new import slug
from heliograph.importers.cstate_config import LONGEST_NAME, part_name
from heliograph.importers.frontmatter import Field, Page
from heliograph.importers.moments import read_moment
from heliograph.importers.prose import cut, plain_words
from heliograph.importers.report import Notes
from heliograph.terms import ComponentState

STATE_OF_SEVERITY: Final[dict[str, ComponentState]] = {
    "down": "major_outage",
    "disrupted": "partial_outage",
    "notice": "degraded_performance",
}
_NAMED_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")

Ending = Literal["open", "closed", "unsaid"]


class Issue(msgspec.Struct, frozen=True):
    """A post. `state` is what its severity claims of `affected` (None: nothing); `end` is None while it is open.

    `has_end` tells a written `resolvedWhen` from an end that had to be assumed.
    """

    path: str
    title: str
    date: datetime
    end: datetime | None
    has_end: bool
    state: ComponentState | None
    is_informational: bool
    affected: tuple[str, ...]
    affected_line: int
    body: str
    body_line: int


def read_issue(path: str, page: Page, zone: ZoneInfo, notes: Notes) -> Issue | None:
    """Read a post's fields; None if it must be left out (a draft, or without any date), which is noted."""
    if _flag(page, "draft"):
        notes.add(page.line("draft"), "draft", "a draft, which cState does not show either, was left out")
        return None
    date = _date(path, page, zone, notes)
    if date is None:
        return None
    informational = _flag(page, "informational")
    end, has_end = _end(page, date, zone, notes, informational=informational)
    _note_flags(page, notes, informational=informational)
    return Issue(
        path=path,
        title=_title(path, page, notes),
        date=date,
        end=end,
        has_end=has_end,
        state=None if informational else _state(page, notes),
        is_informational=informational,
        affected=_affected(page),
        affected_line=page.line("affected"),
        body=page.body,
        body_line=page.body_line,
    )


def _flag(page: Page, name: str) -> bool:
    return name in page.fields and page.fields[name].boolean is True


def _title(path: str, page: Page, notes: Notes) -> str:
    title = plain_words(page.text("title"))
    if not title:
        notes.add(page.line("title"), "no-title", "the post has no title; the words of its file name stand in")
        return slug(PurePosixPath(path).stem).replace("-", " ")
    if len(title) > LONGEST_NAME:
        notes.add(page.line("title"), "long-title", f"the title was cut to {LONGEST_NAME} characters")
    return cut(title, LONGEST_NAME)


def _date(path: str, page: Page, zone: ZoneInfo, notes: Notes) -> datetime | None:
    date = read_moment(page.text("date"), zone, page.line("date"), notes)
    named = _NAMED_DAY.match(PurePosixPath(path).name)
    if date is None and named:
        date = read_moment(named[0], zone, 1, notes)
        if date:
            notes.add(page.line("date"), "date-from-name", "the day in the file's name stands in for the date")
    if date is None:
        notes.add(page.line("date"), "no-date", "a post without a date cannot be placed and was left out")
    return date


def _ending(field: Field | None) -> Ending:
    """Read `resolved` as cState does: only a bare false is open; any other value, a quoted "false" too, is closed."""
    if field is None or not field.text:
        return "unsaid"
    return "open" if field.boolean is False else "closed"


def _end(
    page: Page, date: datetime, zone: ZoneInfo, notes: Notes, *, informational: bool
) -> tuple[datetime | None, bool]:
    ending = _ending(page.fields.get("resolved"))
    if ending == "open":
        return None, False
    if ending == "closed" and page.fields["resolved"].boolean is None:
        notes.add(
            page.line("resolved"), "odd-resolved", "resolved is no yes or no; cState takes it as resolved, so do we"
        )
    if ending == "unsaid" and not informational:
        notes.add(1, "no-resolved", "resolved is missing; cState counts the post neither open nor closed, we close it")
    if not page.text("resolvedwhen"):
        if not informational:
            notes.add(1, "no-end", "resolvedWhen is missing; the post is closed at its last known time")
        return date, False
    end = read_moment(page.text("resolvedwhen"), zone, page.line("resolvedwhen"), notes)
    if end is not None and end < date:
        message = "resolved before it began; closed at its date instead, or with its last dated words after that"
        notes.add(page.line("resolvedwhen"), "end-before-start", message)
        return date, False
    return end or date, end is not None


def _state(page: Page, notes: Notes) -> ComponentState | None:
    severity = page.text("severity")
    if severity not in STATE_OF_SEVERITY:
        message = "severity is none of down, disrupted, notice; nothing is claimed of the affected systems"
        notes.add(page.line("severity"), "severity", message)
    return STATE_OF_SEVERITY.get(severity)


def _affected(page: Page) -> tuple[str, ...]:
    field = page.fields.get("affected")
    names = (part_name(name) for name in field.texts) if field else ()
    return tuple(dict.fromkeys(name for name in names if name))


def _note_flags(page: Page, notes: Notes, *, informational: bool) -> None:
    if informational:
        notes.add(page.line("informational"), "informational", "an announcement: kept without impact on any part")
    if _flag(page, "pin"):
        notes.add(page.line("pin"), "pinned", "our pages have no pinned posts; it stands in the history by its date")
