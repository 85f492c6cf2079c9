"""Which pages a site has and what each is given; how one is printed. Nothing here knows for which reader."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Final, Literal, TypeVar
from urllib.parse import urlsplit

import msgspec
from babel.dates import format_date
from markupsafe import Markup

from heliograph.render import words
from heliograph.render.bars import bar, day_words, troubled, uptime_line, weights_line
from heliograph.render.front import front, shelves
from heliograph.render.layouts import Layouts
from heliograph.render.voice import Voice, link, look, newest_words
from heliograph.render.words import STATE_WORDS
from heliograph.tree.artifact import Artifact, text_artifact
from heliograph.view import About, Component, Group, Incident, Maintenance, Month, Page, View

_T = TypeVar("_T")
Kind = Literal["index", "incident", "maintenance", "month", "history", "component", "subscribe", "page", "404"]

FEEDS: Final = (
    ("history.atom", "application/atom+xml", "Problems and planned work, one entry each (Atom)"),
    ("history.rss", "application/rss+xml", "Problems and planned work, one entry each (RSS)"),
    ("updates.atom", "application/atom+xml", "Every update, one entry each (Atom)"),
    ("updates.rss", "application/rss+xml", "Every update, one entry each (RSS)"),
    ("updates.json", "application/feed+json", "Every update, one entry each (JSON Feed)"),
)
"""Path, media type and title of the feeds that every site carries; pages point to them."""

OWN_PAST: Final = 50
"""So many problems a component's page lists; older ones stand in the history."""


class Chrome(msgspec.Struct, frozen=True):
    """What surrounds the content of every page of one depth: the rest of its head, its top and its foot."""

    head: Markup
    top: Markup
    foot: Markup


class Frame(msgspec.Struct, frozen=True):
    """What all pages of one site share, made once per build. Mappings are by id."""

    about: About
    voice: Voice
    stylesheet: str
    groups: tuple[tuple[Group | None, tuple[Component, ...]], ...]
    incidents: dict[str, Incident]
    maintenances: dict[str, Maintenance]
    months: tuple[Month, ...]
    pages: tuple[Page, ...]
    weights: str
    feeds: tuple[tuple[str, str, str], ...] = FEEDS


class Sheet(msgspec.Struct, frozen=True):
    """One page to print: its path in the tree, its kind, and what its layout is given besides the frame."""

    path: str
    kind: Kind
    subject: str
    given: dict[str, object]


def stylesheet(text: str) -> Artifact:
    """Make the stylesheet's file, named by its content so that it may be kept for ever."""
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return text_artifact(f"assets/style.{digest}.css", text)


def pictures(view: View) -> Iterator[Artifact]:
    """Yield each picture that some passage of the view refers to, once."""
    updates = [update for incident in view.incidents for update in incident.updates]
    updates += (update for work in view.maintenances for update in work.updates)
    told = [passage for update in updates for passage in update.passages]
    told += (passage for one in view.incidents if one.postmortem for passage in one.postmortem.passages)
    shown = {picture.file: picture.data for passage in told for picture in passage.pictures}
    for file, data in sorted(shown.items()):
        yield Artifact(f"assets/{file}", data)


def frame(view: View, style: Artifact) -> Frame:
    """Make what all pages of a site share."""
    names = {component.id: component.name for component in view.components}
    return Frame(
        about=view.about,
        voice=Voice(view.about.timezone, names),
        stylesheet=style.path,
        groups=shelves(view),
        incidents={incident.id: incident for incident in view.incidents},
        maintenances={work.id: work for work in view.maintenances},
        months=view.months,
        pages=view.pages,
        weights=weights_line(),
    )


def sheets(view: View) -> Iterator[Sheet]:
    """Name every page of a site, first page first."""
    yield Sheet("index.html", "index", "", {"front": front(view)})
    for incident in view.incidents:
        yield Sheet(f"incidents/{incident.id}/index.html", "incident", incident.id, {"incident": incident})
    for work in view.maintenances:
        yield Sheet(f"maintenance/{work.id}/index.html", "maintenance", work.id, {"work": work})
    yield Sheet("history/index.html", "history", "", {"years": _years(view.months)})
    yield from _month_sheets(view.months)
    yield from _component_sheets(view)
    yield Sheet("subscribe/index.html", "subscribe", "", {})
    for page in view.pages:
        yield Sheet(f"pages/{page.id}/index.html", "page", page.id, {"page": page})
    yield Sheet("404.html", "404", "", {})


def _years(months: Sequence[Month]) -> tuple[tuple[int, tuple[Month, ...]], ...]:
    newest_first = sorted(months, key=lambda one: (one.year, one.month), reverse=True)
    years = sorted({one.year for one in months}, reverse=True)
    return tuple((year, tuple(one for one in newest_first if one.year == year)) for year in years)


def month_path(month: Month) -> str:
    """Say where a month's page lies: `history/2026-11/index.html`."""
    return f"history/{month.year}-{month.month:02d}/index.html"


def _month_sheets(months: Sequence[Month]) -> Iterator[Sheet]:
    in_order = sorted(months, key=lambda one: (one.year, one.month))
    neighbours = zip([None, *in_order], in_order, [*in_order[1:], None], strict=False)
    for before, month, after in neighbours:
        given: dict[str, object] = {"month": month, "before": before, "after": after}
        yield Sheet(month_path(month), "month", "", given)


def _component_sheets(view: View) -> Iterator[Sheet]:
    problems: dict[str, list[Incident]] = {component.id: [] for component in view.components}
    works: dict[str, list[Maintenance]] = {component.id: [] for component in view.components}
    for incident in view.incidents:
        for identity in incident.affected:
            problems[identity].append(incident)
    for work in view.maintenances:
        for identity in work.affected:
            works[identity].append(work)
    for component in view.components:
        past = problems[component.id]
        given: dict[str, object] = {
            "component": component,
            "past": tuple(past[:OWN_PAST]),
            "older": len(past[OWN_PAST:]),
            "works": tuple(works[component.id][:OWN_PAST]),
        }
        yield Sheet(f"components/{component.id}/index.html", "component", component.id, given)


def month_title(month: Month) -> str:
    """Name a month: `November 2026`."""
    return format_date(date(month.year, month.month, 1), "MMMM yyyy", locale="en_GB")


def month_words(month: Month) -> str:
    """Count what a month holds: `3 problems, 1 piece of planned work`."""
    problems = words.count(len(month.incidents), "problem", "problems") if month.incidents else ""
    works = words.count(len(month.maintenances), "piece of planned work", "pieces of planned work")
    told = [problems, works if month.maintenances else ""]
    return ", ".join(one for one in told if one) or "no problem"


def date_words(day: date) -> str:
    """Say a civil day: `21 Nov 2026`."""
    return words.day(datetime(day.year, day.month, day.day, tzinfo=UTC), "UTC")


def picked(things: Mapping[str, _T], identities: Sequence[str]) -> tuple[_T, ...]:
    """Look up several by id, in the order asked for."""
    return tuple(things[identity] for identity in identities)


_HELP: Final[Mapping[str, object]] = {
    "bar": bar,
    "date_words": date_words,
    "day_words": day_words,
    "link": link,
    "look": look,
    "month_path": month_path,
    "month_title": month_title,
    "month_words": month_words,
    "newest_words": newest_words,
    "picked": picked,
    "state_words": STATE_WORDS,
    "troubled": troubled,
    "uptime_line": uptime_line,
}
"""The sentences and drawings a layout may ask for, besides its subject and the frame."""


class Press:
    """Prints the sheets of one site; `folder` holds the layouts of its chrome."""

    def __init__(self, shared: Frame, layouts: Layouts, folder: str) -> None:
        self._shared = shared
        self._layouts = layouts
        self._top = base_path(shared.about.url)
        self._chrome = {root: self._chrome_at(root, folder) for root in ("", "../", "../../", self._top)}

    def _chrome_at(self, root: str, folder: str) -> Chrome:
        pieces = (
            self._layouts.render(f"{folder}/{piece}.html", frame=self._shared, root=root, link=link).rstrip("\n")
            for piece in ("head", "top", "foot")
        )
        return Chrome(*map(Markup, pieces))  # what a layout renders is markup

    def page(self, sheet: Sheet, layout: str, **more: object) -> Artifact:
        """Print one page. `root` leads from it to the top of the site.

        The page for wrong addresses must work at any depth, so that it alone starts from the host.
        """
        root = self._top if sheet.kind == "404" else "../" * sheet.path.count("/")
        text = self._layouts.render(
            layout,
            **_HELP,
            **sheet.given,
            **more,
            frame=self._shared,
            voice=self._shared.voice,
            chrome=self._chrome[root],
            root=root,
        )
        return text_artifact(sheet.path, text)


def base_path(url: str) -> str:
    """Give the path under which a site lives on its host, with a slash at both ends: `/`, or `/status/`."""
    return f"{urlsplit(url).path.rstrip('/')}/"


__all__ = [
    "FEEDS",
    "OWN_PAST",
    "Chrome",
    "Frame",
    "Kind",
    "Press",
    "Sheet",
    "base_path",
    "frame",
    "month_path",
    "month_title",
    "pictures",
    "sheets",
    "stylesheet",
]
