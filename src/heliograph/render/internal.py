"""Colleagues' pages: the same site, with what only the desk knows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final

import msgspec

from heliograph.render import pages
from heliograph.render.layouts import Layouts
from heliograph.tree.artifact import Artifact, text_artifact
from heliograph.view import Desk, Dossier, Due, Line, Owner, View

_OWN: Final[frozenset[pages.Kind]] = frozenset({"index", "incident", "maintenance", "component"})
"""Kinds of pages on which colleagues read more than everyone does; they have layouts of their own."""


class Backroom(msgspec.Struct, frozen=True):
    """What insiders' pages look up, made once per build: dossiers, owners and severities by id.

    `newest` are the lines last said of each incident or maintenance; `owed` the words due, those of one incident and
    instant together, the longest overdue first.
    """

    dossiers: dict[str, Dossier]
    owners: dict[str, Owner]
    severities: dict[str, tuple[str, str]]
    newest: dict[str, tuple[Line, ...]]
    owed: tuple[tuple[Due, ...], ...]


def backroom(desk: Desk) -> Backroom:
    """Index a desk."""
    return Backroom(
        dossiers={dossier.id: dossier for dossier in desk.dossiers},
        owners={owner.component: owner for owner in desk.owners},
        severities={identity: (name, meaning) for identity, name, meaning in desk.severities},
        newest={dossier.id: _newest_lines(dossier) for dossier in desk.dossiers},
        owed=_owed(desk.dossiers),
    )


def _newest_lines(dossier: Dossier) -> tuple[Line, ...]:
    return next((entry.lines for entry in dossier.timeline if entry.lines), ())


def _owed(dossiers: tuple[Dossier, ...]) -> tuple[tuple[Due, ...], ...]:
    due = sorted(
        (one for dossier in dossiers for one in dossier.due), key=lambda one: (one.by, one.incident, one.audience)
    )
    return tuple(tuple(together) for _, together in groupby(due, key=lambda one: (one.by, one.incident, one.overdue)))


def site(view: View, desk: Desk, layouts: Layouts) -> Iterator[Artifact]:
    """Yield every page of the internal site, its stylesheet and its icon; feeds and the API are made elsewhere."""
    style = pages.stylesheet(layouts.source("web/style.css") + layouts.source("web/internal/style.css"))
    press = pages.Press(pages.frame(view, style), layouts, "web/internal/chrome")
    known = backroom(desk)
    yield style
    yield text_artifact("favicon.svg", layouts.source("web/favicon.svg"))
    for sheet in pages.sheets(view):
        if sheet.kind in _OWN:
            yield press.page(sheet, f"web/internal/{sheet.kind}.html", **_added(sheet, known))
        else:
            yield press.page(sheet, f"web/{sheet.kind}.html")


def _added(sheet: pages.Sheet, known: Backroom) -> dict[str, object]:
    return {
        "backroom": known,
        "dossier": known.dossiers.get(sheet.subject),
        "owner": known.owners.get(sheet.subject),
    }
