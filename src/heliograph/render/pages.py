"""Which pages a site has and what each is given; how one is printed. Nothing here knows for which reader."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final, Literal, TypeVar
from urllib.parse import quote, urlsplit

import msgspec
from markupsafe import Markup

from heliograph.render import words
from heliograph.render.bars import bar, day_words, troubled, uptime_line, weights_line
from heliograph.render.editions import editions, folder, foreign, main_language
from heliograph.render.front import front
from heliograph.render.layouts import Layouts
from heliograph.render.reach import reach
from heliograph.render.shelves import Shelf, shelves
from heliograph.render.tongue import N_, Tongue, tongue
from heliograph.render.voice import Voice, link, look, newest_words
from heliograph.theme import Theme, to_css
from heliograph.tree.artifact import Artifact, text_artifact
from heliograph.view import About, Incident, Maintenance, Month, Page, Passage, View

_T = TypeVar("_T")
Kind = Literal[
    "index", "incident", "maintenance", "month", "history", "component", "subscribe", "accessibility", "page", "404"
]

FEEDS: Final = (
    ("history.atom", "application/atom+xml", N_("Problems and planned work, one entry each (Atom)")),
    ("history.rss", "application/rss+xml", N_("Problems and planned work, one entry each (RSS)")),
    ("updates.atom", "application/atom+xml", N_("Every update, one entry each (Atom)")),
    ("updates.rss", "application/rss+xml", N_("Every update, one entry each (RSS)")),
    ("updates.json", "application/feed+json", N_("Every update, one entry each (JSON Feed)")),
)
"""Path, media type and title of the feeds that every site carries; pages point to them."""

_PLAIN: Final = "/:=,;()!@-"
"""What may stand in such an address as it is; fewer escapes compress better."""

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
    shared: str
    stylesheet: str
    script: str
    shelves: tuple[Shelf, ...]
    planned: dict[str, Maintenance]
    is_open: bool
    incidents: dict[str, Incident]
    maintenances: dict[str, Maintenance]
    months: tuple[Month, ...]
    pages: tuple[Page, ...]
    weights: str
    feeds: tuple[tuple[str, str, str], ...]


class Sheet(msgspec.Struct, frozen=True):
    """One page to print: its path in the tree, its kind, and what its layout is given besides the frame."""

    path: str
    kind: Kind
    subject: str
    given: dict[str, object]


def stylesheet(text: str, theme: Theme) -> Artifact:
    """Make the stylesheet's file, the site's own colours last, named by its content so that it may be kept for ever."""
    text += to_css(theme)
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return text_artifact(f"assets/style.{digest}.css", text)


def script(layouts: Layouts) -> Artifact:
    """Make the script's file, named like the stylesheet's. Pages say all they have to say without it."""
    text = layouts.source("web/page.js")
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return text_artifact(f"assets/page.{digest}.js", text)


def icon(layouts: Layouts) -> str:
    """Write the site's icon as an address that holds it all, so that no page has to ask for it."""
    return f"data:image/svg+xml,{quote(layouts.source('web/favicon.svg').strip(), safe=_PLAIN)}"


def pictures(*views: View) -> Iterator[Artifact]:
    """Yield the site's logo and each picture that some passage of the views refers to, once."""
    shown: dict[str, bytes] = {}
    for view in views:
        told = _passages(view)
        shown |= logos(view.about) | {picture.file: picture.data for passage in told for picture in passage.pictures}
    for file, data in sorted(shown.items()):
        yield Artifact(f"assets/{file}", data)


def _passages(view: View) -> Iterator[Passage]:
    updates = [update for incident in view.incidents for update in incident.updates]
    updates += (update for work in view.maintenances for update in work.updates)
    yield from (passage for update in updates for passage in update.passages)
    yield from (passage for one in view.incidents if one.postmortem for passage in one.postmortem.passages)


def logos(about: About) -> dict[str, bytes]:
    """Give the bytes of the picture at the top of every page, and of the one for the dark, by file."""
    drawn = (about.logo.picture, about.logo.dark) if about.logo else ()
    return {picture.file: picture.data for picture in drawn if picture}


def frame(view: View, style: Artifact, running: Artifact) -> Frame:
    """Make what all pages of a site share."""
    names = {component.id: component.name for component in view.components}
    spoken = tongue(view.about.language)
    return Frame(
        about=view.about,
        voice=Voice(view.about.timezone, names, spoken, foreign(view.about), main_language(view.about)),
        shared="../" if folder(view.about) else "",
        stylesheet=style.path,
        script=running.path,
        shelves=shelves(view),
        planned=_next_work(view),
        is_open=bool(view.open_incidents),
        incidents={incident.id: incident for incident in view.incidents},
        maintenances={work.id: work for work in view.maintenances},
        months=view.months,
        pages=view.pages,
        weights=weights_line(spoken),
        feeds=tuple((path, kind, spoken.gettext(title)) for path, kind, title in FEEDS),
    )


def _next_work(view: View) -> dict[str, Maintenance]:
    """Find the next planned work on each component that works normally now."""
    found: dict[str, Maintenance] = {}
    for work in view.maintenance_in("upcoming"):
        for claim in work.claims:
            found.setdefault(claim.component, work)
    return found


def sheets(view: View) -> Iterator[Sheet]:
    """Name every page of a site, first page first."""
    yield Sheet("index.html", "index", "", {"front": front(view)})
    components = {component.id: component for component in view.components}
    for incident in view.incidents:
        given: dict[str, object] = {"incident": incident, "reach": reach(incident, components)}
        yield Sheet(f"incidents/{incident.id}/index.html", "incident", incident.id, given)
    for work in view.maintenances:
        yield Sheet(f"maintenance/{work.id}/index.html", "maintenance", work.id, {"work": work})
    yield Sheet("history/index.html", "history", "", {"years": _years(view.months)})
    yield from _month_sheets(view.months)
    yield from _component_sheets(view)
    yield Sheet("subscribe/index.html", "subscribe", "", {})
    yield Sheet("accessibility/index.html", "accessibility", "", {})
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


def month_title(tongue: Tongue, month: Month) -> str:
    """Name a month: `November 2026`."""
    said = tongue.month_of(month.year, month.month)
    return said[:1].upper() + said[1:]


def month_words(tongue: Tongue, month: Month) -> str:
    """Count what a month holds: `3 problems, 1 piece of planned work`."""
    problems, works = len(month.incidents), len(month.maintenances)
    told = [words.problems(tongue, problems)] if problems else []
    if works:
        told.append(tongue.ngettext("%(num)s piece of planned work", "%(num)s pieces of planned work", works))
    return ", ".join(told) or tongue.gettext("no problem")


def picked(things: Mapping[str, _T], identities: Sequence[str]) -> tuple[_T, ...]:
    """Look up several by id, in the order asked for."""
    return tuple(things[identity] for identity in identities)


def _help(tongue: Tongue) -> Mapping[str, object]:
    """Give the sentences and drawings a layout may ask for, besides its subject and the frame."""
    return {
        "bar": bar,
        "date_words": tongue.date,
        "day_words": partial(day_words, tongue),
        "link": link,
        "look": look,
        "month_path": month_path,
        "month_title": partial(month_title, tongue),
        "month_words": partial(month_words, tongue),
        "newest_words": newest_words,
        "picked": picked,
        "state_words": words.state_words(tongue),
        "troubled": troubled,
        "uptime_line": partial(uptime_line, tongue),
    }


class Press:
    """Prints the sheets of one site; `folder` holds the layouts of its chrome."""

    def __init__(self, shared: Frame, layouts: Layouts, folder: str) -> None:
        self._shared = shared
        self._layouts = layouts
        self._tongue = shared.voice.tongue
        self._help = _help(self._tongue)
        self._is_public = bool(shared.about.url) and shared.about.url == shared.about.public_url
        self._top = base_path(shared.about.url)
        self._chrome = {root: self._chrome_at(root, folder) for root in ("", "../", "../../", self._top)}

    def _chrome_at(self, root: str, folder: str) -> Chrome:
        given = {
            "frame": self._shared,
            "root": root,
            "top": f"{root}{self._shared.shared}",
            "link": link,
            "icon": icon(self._layouts),
        }
        pieces = (
            self._layouts.render(f"{folder}/{piece}.html", self._tongue, **given) for piece in ("head", "top", "foot")
        )
        return Chrome(*(Markup(piece.rstrip("\n")) for piece in pieces))  # noqa: S704 -- what a layout renders is markup

    def page(self, sheet: Sheet, layout: str, **more: object) -> Artifact:
        """Print one page. `root` leads from it to the top of the pages in its language, `top` to that of the site.

        The page for wrong addresses must work at any depth, so that it alone starts from the host.
        """
        root = self._top if sheet.kind == "404" else "../" * sheet.path.count("/")
        text = self._layouts.render(
            layout,
            self._tongue,
            **self._help,
            **sheet.given,
            **more,
            frame=self._shared,
            voice=self._shared.voice,
            chrome=self._chrome[root],
            root=root,
            top=f"{root}{self._shared.shared}",
            editions=editions(self._shared.about, sheet.path) if self._is_public and sheet.kind != "404" else (),
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
