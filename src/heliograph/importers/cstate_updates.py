"""A cState post's prose as our updates: split where it is dated, else whole, and closed when it was resolved."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from heliograph.author.document import NewUpdate
from heliograph.author.ids import digest_id
from heliograph.importers.cstate_issue import Issue
from heliograph.importers.defuse import defused
from heliograph.importers.moments import read_moment
from heliograph.importers.prose import Source, clean, definitions, with_definitions
from heliograph.importers.report import Findings, Notes
from heliograph.terms import IMPACT_OF_STATE, RESOLVED
from heliograph.times import write_instant

_TRACK: Final = re.compile("\ue002(\\d+)\ue003")
_RULES: Final = re.compile(
    r"\A(?:\s*(?:-{3,}|\*{3,}|_{3,})[ \t]*(?:\n|\Z))+|(?:\n[ \t]*(?:-{3,}|\*{3,}|_{3,})[ \t]*)+\s*\Z"
)
_HEAD: Final = re.compile(
    r"^[ \t]*(?:\[([A-Za-z][A-Za-z ]{2,40})\](?![(\[:])|\*{1,2}([A-Za-z][A-Za-z ]{2,40})\*{1,2})[ \t]*:?", re.MULTILINE
)
_LAST_WORDS: Final = re.compile(r"(final|clos(e|ing)|resolved|end of)\b", re.IGNORECASE)
_FIRST_WORDS: Final = re.compile(r"(initial|open(ing)?)\b", re.IGNORECASE)
_LEAD: Final = re.compile(r"[\s*_\[]*([A-Za-z]+)")
_STATUS_OF_WORD: Final = {
    "investigating": "investigating",
    "identified": "identified",
    "monitoring": "monitoring",
}


class Entry(NamedTuple):
    """Words and when they were said; words may be empty where only a status is known."""

    at: datetime
    words: str
    status: str | None = None


class Manner(NamedTuple):
    """How posts of one site are taken over: its address, the zone of naive times, the new label, all labels."""

    base: str
    zone: ZoneInfo
    label: str
    labels: frozenset[str]


def updates_of(issue: Issue, manner: Manner, claims: Sequence[str], notes: Notes) -> list[NewUpdate]:
    """Make a post's updates, oldest first. `claims` are the ids of the components it says something of.

    `notes` counts lines from the first of the post's text.
    """
    entries = _entries(issue, manner, notes)
    staged = _staged(issue, entries, needs_opening=bool(issue.state))
    opening = next((index for index, entry in enumerate(staged) if entry.status not in {None, RESOLVED}), None)
    unheard = Findings().about(issue.path)  # a part may need what the whole did not; it is the same finding
    updates = []
    for index, entry in enumerate(staged):
        is_opening = index == opening
        same = sum(1 for before in staged[:index] if before.at == entry.at)
        update = NewUpdate(
            id=digest_id(manner.base, f"{issue.path}#{write_instant(entry.at)}#{same}"),
            at=entry.at,
            audience=manner.label,
            status=entry.status,
            impact=_impact(issue, claims, is_first=index == 0, is_opening=is_opening),
            components=tuple((part, issue.state) for part in claims) if is_opening and issue.state else (),
            passages=((manner.label, defused(entry.words, manner.labels, unheard)),),
        )
        updates.append(update)
    return updates


def _impact(issue: Issue, claims: Sequence[str], *, is_first: bool, is_opening: bool) -> str | None:
    """Say the impact only where the claims cannot: for announcements, and for posts that name no system."""
    if issue.is_informational:
        return "none" if is_first else None
    return IMPACT_OF_STATE[issue.state] if is_opening and issue.state and not claims else None


def _entries(issue: Issue, manner: Manner, notes: Notes) -> list[Entry]:
    """Give the post's words by the time they were said, oldest first."""
    moments: list[datetime] = []

    def shortcode(name: str, arguments: str, line: int) -> str | None:
        if name == "track":
            moment = read_moment(arguments.strip("\"'` "), manner.zone, line, notes)
            moments.append(moment or issue.date)
            return f"\ue002{len(moments) - 1}\ue003" if moment else ""
        return arguments.strip("\"'` ") if name in {"ref", "relref"} else None

    text = clean(issue.body, Source(f"{manner.base}/" if manner.base else "", manner.labels), notes, shortcode)
    if not _TRACK.search(text):
        return _undated(issue, text)
    dated = _dated(text, moments) or [_whole(issue, text, moments, notes)]
    if any(entry.at < issue.date for entry in dated):
        notes.add(1, "early", "words dated before the post's date were put at its date; their time stands behind them")
    return sorted((_not_before(issue.date, entry) for entry in dated), key=lambda entry: entry.at)


def _not_before(start: datetime, entry: Entry) -> Entry:
    return entry if entry.at >= start else Entry(start, f"{entry.words}\n\n{_in_words(entry.at)}")


def _in_words(moment: datetime) -> str:
    return f"({moment:%Y-%m-%d %H:%M} UTC)"


def _whole(issue: Issue, text: str, moments: Sequence[datetime], notes: Notes) -> Entry:
    notes.add(1, "not-split", "its times do not end paragraphs, so that the text was kept whole, at its date")
    words = _TRACK.sub(lambda found: _in_words(moments[int(found[1])]), text)
    return Entry(issue.date, words)


def _dated(text: str, moments: Sequence[datetime]) -> list[Entry]:
    """Split at times that end paragraphs; nothing if one stands elsewhere or words are left after the last."""
    text, known = definitions(text)
    pieces = _TRACK.split(text)
    rest = pieces.pop()
    if rest.strip():
        return []
    words, numbers = pieces[::2], pieces[1::2]
    if any(not re.match(r"[ \t]*(\n|\Z)[ \t]*(\n|\Z|-{3,})", after) for after in words[1:]):
        return []
    entries = [
        Entry(moments[int(number)], with_definitions(_RULES.sub("", said).strip("\n").rstrip(), known).rstrip())
        for said, number in zip(words, numbers, strict=True)
    ]
    times = [entry.at for entry in entries]
    if times != sorted(times):
        entries.reverse()
    return sorted((entry for entry in entries if entry.words), key=lambda entry: entry.at)


def _undated(issue: Issue, text: str) -> list[Entry]:
    """Give the words at the post's date, and those marked as final at its end if it has one."""
    final, rest = _final_words(text) if issue.end and issue.has_end else ("", text)
    entries = [Entry(issue.date, rest)] if rest.strip() else []
    if final and issue.end:
        entries.append(Entry(issue.end, final, RESOLVED))
    return entries


def _final_words(text: str) -> tuple[str, str]:
    """Part final words from the rest where a heading such as `[Final message]` or `*Resolved*` marks them."""
    heads = list(_HEAD.finditer(text))
    names = [head[1] or head[2] for head in heads]
    last = [index for index, name in enumerate(names) if _LAST_WORDS.match(name)]
    if len(last) != 1 or len(heads) == 1:
        return "", text
    text, known = definitions(text)
    heads = list(_HEAD.finditer(text))
    at = last[0]
    start = heads[at].start()
    end = heads[at + 1].start() if at + 1 < len(heads) else len(text)
    final = text[heads[at].end() if heads[at][1] else start : end]
    rest = (text[:start] + text[end:]).strip("\n")
    rest = _HEAD.sub(lambda head: "" if _FIRST_WORDS.match(head[1] or "") else head[0], rest).strip()
    if not final.strip() or not rest.strip():
        return "", text
    return with_definitions(final.strip(), known), with_definitions(rest, known)


def _staged(issue: Issue, entries: list[Entry], *, needs_opening: bool) -> list[Entry]:
    """Give each entry its status: one opens the post, one at `issue.end` closes it, words after that are notes."""
    end = issue.end
    if end is not None and not issue.has_end and entries:
        end = max(end, entries[-1].at)
    staged: list[Entry] = []
    opened = False
    for entry in entries:
        in_time = issue.date <= entry.at and (end is None or entry.at < end or (entry.at == end == issue.date))
        opens = in_time and not opened and not issue.is_informational and entry.status is None
        status = _said(entry.words) if in_time and not issue.is_informational else None
        staged.append(entry._replace(status=entry.status or (status or "investigating" if opens else status)))
        opened = opened or opens
    if not opened and not issue.is_informational and (needs_opening or end is None):
        staged.append(Entry(issue.date, "", "investigating"))
    if end is not None and not any(entry.status == RESOLVED for entry in staged):
        staged = _closed(staged, end)
    if not staged:
        staged = [Entry(issue.date, "", "investigating")]
    return sorted(staged, key=lambda entry: (entry.at, entry.status == RESOLVED))


def _said(words: str) -> str | None:
    lead = _LEAD.match(words)
    return _STATUS_OF_WORD.get(lead[1].lower()) if lead else None


def _closed(staged: list[Entry], end: datetime) -> list[Entry]:
    """Let the last words said at the end close the post; else close it without words."""
    at_end = [index for index, entry in enumerate(staged) if entry.at == end and entry.status is None]
    if not at_end:
        return [*staged, Entry(end, "", RESOLVED)]
    closing = at_end[-1]
    return [entry._replace(status=RESOLVED) if index == closing else entry for index, entry in enumerate(staged)]
