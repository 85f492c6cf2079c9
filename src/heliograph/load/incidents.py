"""Incidents and maintenances: one folder each, read on its own, so that a bad one does not stop the others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final, TypeVar

import msgspec
from msgspec.structs import replace

from heliograph.load import translations
from heliograph.load.fields import Fields, Wrong
from heliograph.load.files import Image, Source
from heliograph.load.nodes import Node
from heliograph.load.pictures import Shelf
from heliograph.load.shown import shown
from heliograph.load.updates import Names, Sibling, Told, need_id, open_file, read_postmortem, read_update
from heliograph.model import Incident, Link, Maintenance, Postmortem, Repeat, Text, Update
from heliograph.problems import Place, Problems
from heliograph.terms import CLOSED_MAINTENANCE, INCIDENT_STATUSES, MAINTENANCE_STATUSES, RESOLVED

_INCIDENT: Final = "incident.md"
_MAINTENANCE: Final = "maintenance.md"
_POSTMORTEM: Final = "postmortem.md"
_HEADS: Final = (_INCIDENT, _MAINTENANCE)
_SIBLING: Final = re.compile(r"([^+]*)\+(.*)\.md")

_Story = TypeVar("_Story", Incident, Maintenance)
_Message = TypeVar("_Message", Update, Postmortem)


class Folder(msgspec.Struct, frozen=True):
    """One incident's files: the folder's path, what could be read of it, and the names of the rest."""

    path: str
    sources: tuple[Source, ...]
    spoilt: frozenset[str]
    images: tuple[Image, ...] = ()


def read_folder(folder: Folder, names: Names, problems: Problems) -> Incident | Maintenance | None:
    """Read one folder; None if it cannot be used, and why is noted. Other folders are not looked at."""
    everything = {source.path.rpartition("/")[2]: source for source in folder.sources}
    foreign = translations.sort_out(everything, everything.keys() | folder.spoilt, names, problems)
    present = {name: source for name, source in everything.items() if translations.parted(name) is None}
    siblings = _siblings(present, folder, problems)
    head = _head(folder, present, problems)
    is_work = head == _MAINTENANCE
    if head == _INCIDENT and not any(map(_is_update, present.keys() | folder.spoilt)):
        problems.add(
            Place(f"{folder.path}/{head}"), "E216", "nothing has been said of this incident; it needs an update"
        )
    statuses = MAINTENANCE_STATUSES if is_work else INCIDENT_STATUSES
    shelf = Shelf(folder.images, problems)
    finish = _Finish(foreign, shelf, names, problems)
    told = [
        replace(one, update=finish.passages_of(one.update))
        for one in _updates(present, siblings, statuses, names, problems)
    ]
    account = None
    if _POSTMORTEM in present:
        account = read_postmortem(present[_POSTMORTEM], siblings.get(_POSTMORTEM, ()), names, problems)
        account = account and finish.passages_of(account)
    if is_work and _POSTMORTEM in present:
        problems.add(
            Place(present[_POSTMORTEM].path), "E318", "a postmortem belongs to an incident, not to planned work"
        )
    if head not in present:
        return None
    fields = open_file(present[head], names, problems)
    if fields.body.text.strip():
        message = "this file says what the incident is; text belongs into an update"
        problems.add(Place(fields.body.file, fields.body.line), "E132", message)
    if fields.fields is None:
        return None
    if is_work:
        work = _maintenance(fields.fields, told)
        return work and finish.titles_of(work, head)
    incident = _incident(fields.fields, told, account, names)
    return incident and finish.titles_of(incident, head)


class _Finish:
    """Hangs translations and pictures on what was read of one folder."""

    def __init__(self, foreign: translations.Found, shelf: Shelf, names: Names, problems: Problems) -> None:
        self._foreign, self._shelf, self._names, self._problems = foreign, shelf, names, problems

    def titles_of(self, story: _Story, head: str) -> _Story:
        """Hang their translations on the titles."""
        files = self._foreign.get(head, ())
        return replace(story, titles=translations.of_titles(story.titles, files, self._names, self._problems))

    def passages_of(self, told: _Message) -> _Message:
        """Hang their translations on the passages of an update or account, and on all of them their pictures."""
        files = self._foreign.get(told.place.file.rpartition("/")[2], ())
        texts = translations.of_passages(told.passages, told.audience, files, self._names, self._problems)
        return replace(told, passages=self._shelf.illustrate(texts))


def _is_update(name: str) -> bool:
    return (
        name not in _HEADS
        and name != _POSTMORTEM
        and _SIBLING.fullmatch(name) is None
        and translations.parted(name) is None
    )


def _head(folder: Folder, present: dict[str, Source], problems: Problems) -> str:
    """Name the file that says what this folder is; empty if that is not clear."""
    heads = [name for name in _HEADS if name in present or name in folder.spoilt]
    if len(heads) == 1:
        return heads[0]
    which = "both incident.md and maintenance.md" if heads else "neither incident.md nor maintenance.md"
    problems.add(Place(folder.path), "E317", f"this folder holds {which}")
    return ""


def _siblings(present: dict[str, Source], folder: Folder, problems: Problems) -> dict[str, list[Sibling]]:
    """Find the passages that other authors added for a customer, by the name of the file they belong to."""
    found: dict[str, list[Sibling]] = {}
    for name, source in present.items():
        parts = _SIBLING.fullmatch(name)
        if parts is None:
            continue
        base = f"{parts.group(1)}.md"
        if base in _HEADS or not (base in present or base in folder.spoilt):
            problems.add(Place(source.path), "E316", f"there is no update {shown(base)} to which this could be added")
        found.setdefault(base, []).append((parts.group(2), source))
    return found


def _updates(
    present: dict[str, Source],
    siblings: dict[str, list[Sibling]],
    statuses: tuple[str, ...],
    names: Names,
    problems: Problems,
) -> list[Told]:
    """Read all updates, oldest first."""
    found: list[Told] = []
    for name, source in present.items():
        if not _is_update(name):
            continue
        told = read_update(source, siblings.get(name, ()), statuses, names, problems)
        if told is not None:
            found.append(told)
    found.sort(key=lambda told: (told.update.at, told.update.place.file))
    _judge_order(found, problems)
    return found


def _judge_order(found: Sequence[Told], problems: Problems) -> None:
    """Note updates that open what was closed without saying so."""
    closed: dict[str, str] = {}
    for told in found:
        status, audience = told.update.status, told.update.audience
        if status is None:
            continue
        before = closed.get(audience)
        if before and status != before and not told.reopens:
            message = f"this follows an update for the same audience that said {before}"
            problems.add(told.status, "E208", message, "add `reopen: true`, or correct `at` or `status`")
        closed[audience] = status if status == RESOLVED or status in CLOSED_MAINTENANCE else ""


def _incident(fields: Fields, told: Sequence[Told], account: Postmortem | None, names: Names) -> Incident | None:
    values = fields.values
    identity, titles = need_id(fields), _titles(fields)
    started_at = fields.need("started_at", values.instant)
    region = values.declared(names.vocabulary.regions, "a region of a component", "E219")
    regions = fields.read("regions", values.list_of(region)) or ()
    tags, links = _tags(fields), _links(fields)
    fields.done()
    _judge_dates(told, started_at, values.problems)
    if identity is None or not titles or started_at is None:
        return None
    return Incident(
        id=identity,
        titles=titles,
        started_at=started_at,
        tags=tags,
        links=links,
        updates=tuple(one.update for one in told),
        postmortem=account,
        place=fields.place("id"),
        regions=regions,
    )


def _judge_dates(told: Sequence[Told], started_at: datetime | None, problems: Problems) -> None:
    for one in told:
        if started_at is not None and one.update.at < started_at:
            problems.add(one.at, "W204", "this update is dated before the incident began")


def _maintenance(fields: Fields, told: Sequence[Told]) -> Maintenance | None:
    values = fields.values
    identity, titles = need_id(fields), _titles(fields)
    window = _window(fields)
    repeat = fields.read("repeat", values.fields)
    again = None if repeat is None else _repeat(repeat)
    auto = fields.read("auto", values.yes_or_no)
    tags, links = _tags(fields), _links(fields)
    fields.done()
    if identity is None or not titles or window is None:
        return None
    return Maintenance(
        id=identity,
        titles=titles,
        start=window[0],
        end=window[1],
        repeat=again,
        auto=auto is not False,
        tags=tags,
        links=links,
        updates=tuple(one.update for one in told),
        place=fields.place("id"),
    )


def _window(outer: Fields) -> tuple[datetime, datetime] | None:
    values = outer.values
    if outer.node("window") is None:
        values.refuse(outer.mapping, "E211", "planned work needs a window", "window: {start: …, end: …}")
        return None
    fields = outer.read("window", values.fields)
    if fields is None:
        return None
    start, end = fields.need("start", values.instant), fields.need("end", values.instant)
    fields.done()
    if start is None or end is None:
        return None
    if end <= start:
        values.refuse(fields.node("end") or fields.mapping, "E203", "the window ends before it starts")
    return start, end


def _repeat(fields: Fields) -> Repeat | None:
    values = fields.values

    def days(node: Node) -> int:
        span = values.span(node)
        if span.seconds:
            raise Wrong(node, "E217", "planned work repeats after whole days, such as 7d")
        return span.days

    every, until = fields.need("every", days), fields.need("until", values.day)
    fields.done()
    return None if every is None or until is None else Repeat(every_days=every, until=until)


def _titles(fields: Fields) -> tuple[Text, ...]:
    """Read the titles, by label."""
    values = fields.values
    found: list[Text] = []
    for key, node in fields.need("title", values.pairs) or ():
        label, words = values.attempt(values.label, key), values.attempt(values.title, node)
        if label is not None and words is not None:
            found.append(Text(label=label, words=words, place=values.place(node)))
    return tuple(found)


def _tags(fields: Fields) -> tuple[str, ...]:
    return fields.read("tags", fields.values.list_of(fields.values.line)) or ()


def _links(fields: Fields) -> tuple[Link, ...]:
    values = fields.values
    found: list[Link] = []
    for table in fields.tables("links"):
        label = table.need("audience", values.label)
        name, url = table.need("name", values.title), table.need("url", values.address())
        table.done()
        if label is not None and name is not None and url is not None:
            found.append(Link(label=label, name=name, url=url, place=values.place(table.mapping)))
    return tuple(found)
