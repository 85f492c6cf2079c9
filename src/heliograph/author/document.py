"""Source files as text: front matter and passages, written so that a person would have written them so."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from heliograph.author.scalars import flow_list, flow_map, scalar
from heliograph.model import INTERNAL, PUBLIC, SAY
from heliograph.times import write_instant, write_span

_SUPPORT: Final = "support"
_FIRST_LABELS: Final = (PUBLIC, SAY, _SUPPORT, INTERNAL)
_SHIPPED_LABELS: Final = frozenset({*_FIRST_LABELS, "exec", "engineering", "business", "strategic"})
_MARKS: Final = re.compile(r"^[\s\-*+>#_~\\|.)(0-9\[{<=!/@\u200b-\u200f\u2060\ufeff]+|[\s\u200b-\u200f\u2060\ufeff]+")
_COMMENT: Final = "<!--"

Pairs = tuple[tuple[str, str], ...]


class Unwritable(ValueError):  # noqa: N818 -- it is an answer, not a fault
    """Text that cannot stand in a source file as it is; the message says why, never the text."""


class NewLink(msgspec.Struct, frozen=True, kw_only=True):
    """A named address under one label."""

    name: str
    url: str
    audience: str


class NewAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Something needed of someone; `met` closes an earlier ask of the same words."""

    what: str
    of: str
    audience: str = INTERNAL
    met: bool = False


class NewDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What will be decided, when, by which role."""

    what: str
    at: datetime
    who: str
    audience: str = INTERNAL


class NewIncident(msgspec.Struct, frozen=True, kw_only=True):
    """incident.md. `titles` are pairs of label and words."""

    id: str
    titles: Pairs
    started_at: datetime
    regions: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    links: tuple[NewLink, ...] = ()


class NewMaintenance(msgspec.Struct, frozen=True, kw_only=True):
    """maintenance.md. `repeat` is how often it comes again and the last day, or None for once."""

    id: str
    titles: Pairs
    start: datetime
    end: datetime
    repeat: tuple[timedelta, date] | None = None
    auto: bool = True
    tags: tuple[str, ...] = ()
    links: tuple[NewLink, ...] = ()


class NewUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """One update; without `status` a note. Passages, components, facts and roles are pairs.

    `next_update` is a span after `at` or an instant. A passage is a label and Markdown; the one under `audience`
    is written above the first marker.
    """

    id: str
    at: datetime
    audience: str = PUBLIC
    status: str | None = None
    severity: str | None = None
    impact: str | None = None
    components: Pairs = ()
    next_update: timedelta | datetime | None = None
    facts: Pairs = ()
    asks: tuple[NewAsk, ...] = ()
    decision: NewDecision | None = None
    roles: Pairs = ()
    reopen: bool = False
    passages: Pairs = ()


class NewPostmortem(msgspec.Struct, frozen=True, kw_only=True):
    """postmortem.md; passages as in an update."""

    id: str
    at: datetime
    audience: str = PUBLIC
    passages: Pairs = ()


Document = NewIncident | NewMaintenance | NewUpdate | NewPostmortem


def write_document(document: Document) -> str:
    """Write a source file's whole text, ending in a newline. Raises Unwritable."""
    match document:
        case NewIncident():
            return _front(_incident_lines(document))
        case NewMaintenance():
            return _front(_maintenance_lines(document))
        case NewUpdate():
            return _front(_update_lines(document)) + write_passages(document.audience, document.passages)
        case NewPostmortem():
            head = [f"id: {scalar(document.id)}", f"audience: {scalar(document.audience)}"]
            head.append(f"at: {write_instant(document.at)}")
            return _front(head) + write_passages(document.audience, document.passages)


def write_passages(audience: str, passages: Iterable[tuple[str, str]]) -> str:
    """Write passages below front matter: that of `audience` first and bare, the others under their markers.

    Order: public, say, support, internal, then the others as given. Empty passages are left out, those under one
    label are joined. Raises Unwritable for words that would read as a marker or a hidden comment.
    """
    texts: dict[str, list[str]] = {}
    for label, words in passages:
        if words.strip():
            texts.setdefault(label, []).append(_checked(words))
    parts = []
    for label in sorted(texts, key=lambda label: _rank(label, audience)):
        marker = "" if label == audience else f"::: {label}\n"
        parts.append(marker + "\n\n".join(texts[label]) + "\n")
    return "\n".join(parts)


def looks_like_marker(text: str) -> bool:
    """Tell whether any line of a text could be taken for a passage marker: by its colons, or for a label alone."""
    bare = (_MARKS.sub("", unicodedata.normalize("NFKC", line)) for line in text.split("\n"))
    return any(line.startswith("::") or line.strip(":_*\"'()[]{}").casefold() in _SHIPPED_LABELS for line in bare)


def _rank(label: str, audience: str) -> int:
    if label == audience:
        return -1
    return _FIRST_LABELS.index(label) if label in _FIRST_LABELS else len(_FIRST_LABELS)


def _checked(words: str) -> str:
    text = words.replace("\r\n", "\n").replace("\r", "\n").strip("\n").rstrip()
    if looks_like_marker(text):
        raise Unwritable(
            "a line would read as a passage marker (colons first, or a label alone); give each passage by its own"
        )
    if _COMMENT in text:
        raise Unwritable("a comment would hide words in the file; leave it out")
    return text


def _front(lines: Iterable[str]) -> str:
    return "---\n" + "\n".join(lines) + "\n---\n"


def _identity_lines(document: NewIncident | NewMaintenance) -> list[str]:
    return [f"id: {scalar(document.id)}", "title:", *_block(document.titles)]


def _incident_lines(document: NewIncident) -> list[str]:
    started = f"started_at: {write_instant(document.started_at)}"
    regions = [f"regions: {flow_list(document.regions)}"] if document.regions else []
    return [*_identity_lines(document), started, *regions, *_tag_and_link_lines(document)]


def _maintenance_lines(document: NewMaintenance) -> list[str]:
    window = (("start", write_instant(document.start)), ("end", write_instant(document.end)))
    lines = [*_identity_lines(document), f"window: {flow_map(window)}"]
    if document.repeat:
        every, until = document.repeat
        lines.append(f"repeat: {flow_map((('every', write_span(every)), ('until', until.isoformat())))}")
    if not document.auto:
        lines.append("auto: false")
    return lines + _tag_and_link_lines(document)


def _tag_and_link_lines(document: NewIncident | NewMaintenance) -> list[str]:
    lines = [f"tags: {flow_list(document.tags)}"] if document.tags else []
    links = [flow_map((("name", link.name), ("url", link.url), ("audience", link.audience))) for link in document.links]
    return [*lines, *(["links:"] if links else []), *(f"  - {link}" for link in links)]


def _update_lines(update: NewUpdate) -> list[str]:
    pairs = (
        ("id", update.id),
        ("audience", update.audience),
        ("status", update.status),
        ("at", write_instant(update.at)),
        ("severity", update.severity),
        ("impact", update.impact),
    )
    lines = [f"{key}: {scalar(value)}" for key, value in pairs if value]
    lines += _named_block("components", update.components)
    if update.next_update:
        lines.append(f"next_update: {_when(update.next_update)}")
    lines += _named_block("facts", update.facts) + _ask_lines(update.asks)
    if update.decision:
        lines.append(f"decision: {_decision(update.decision)}")
    lines += _named_block("roles", update.roles)
    return [*lines, "reopen: true"] if update.reopen else lines


def _when(when: timedelta | datetime) -> str:
    return write_instant(when) if isinstance(when, datetime) else write_span(when)


def _ask_lines(asks: Iterable[NewAsk]) -> list[str]:
    lines = []
    for ask in asks:
        pairs = [("what", ask.what), ("of", ask.of), ("audience", ask.audience)]
        if ask.met:
            pairs.append(("met", "true"))
        lines.append(f"  - {flow_map(tuple(pairs))}")
    return ["asks:", *lines] if lines else []


def _decision(decision: NewDecision) -> str:
    pairs = (("what", decision.what), ("at", write_instant(decision.at)), ("who", decision.who))
    return flow_map((*pairs, ("audience", decision.audience)))


def _named_block(name: str, pairs: Pairs) -> list[str]:
    return [f"{name}:", *_block(pairs)] if pairs else []


def _block(pairs: Pairs) -> list[str]:
    return [f"  {scalar(key)}: {scalar(value)}" for key, value in pairs]
