"""Colleagues' pages: the same site, with what only the desk knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from heliograph.render import pages
from heliograph.render.layouts import Layouts
from heliograph.render.macros import Macro
from heliograph.render.owed import Promise, promises
from heliograph.render.tongue import Tongue, tongue
from heliograph.tree.artifact import Artifact, text_artifact
from heliograph.view import Desk, Dossier, Line, Owner, View

_OWN: Final[frozenset[pages.Kind]] = frozenset({"index", "incident", "maintenance", "component"})
"""Kinds of pages on which colleagues read more than everyone does; they have layouts of their own."""


class Backroom(msgspec.Struct, frozen=True):
    """What insiders' pages look up, made once per build: dossiers, owners and severities by id.

    `newest` are the lines last said of each incident or maintenance; `owed` the promises, the longest overdue first;
    `replies` what support may send about each incident.
    """

    dossiers: dict[str, Dossier]
    owners: dict[str, Owner]
    severities: dict[str, tuple[str, str]]
    newest: dict[str, tuple[Line, ...]]
    owed: tuple[Promise, ...]
    replies: dict[str, tuple[Macro, ...]]


def backroom(tongue: Tongue, desk: Desk, macros: Sequence[Macro] = ()) -> Backroom:
    """Index a desk."""
    return Backroom(
        dossiers={dossier.id: dossier for dossier in desk.dossiers},
        owners={owner.component: owner for owner in desk.owners},
        severities={identity: (name, meaning) for identity, name, meaning in desk.severities},
        newest={dossier.id: _newest_lines(dossier) for dossier in desk.dossiers},
        owed=promises(tongue, (due for dossier in desk.dossiers for due in dossier.due)),
        replies=_by_incident(macros),
    )


def _by_incident(macros: Sequence[Macro]) -> dict[str, tuple[Macro, ...]]:
    found: dict[str, tuple[Macro, ...]] = {}
    for macro in macros:
        found[macro.incident] = (*found.get(macro.incident, ()), macro)
    return found


def _newest_lines(dossier: Dossier) -> tuple[Line, ...]:
    return next((entry.lines for entry in dossier.timeline if entry.lines), ())


def site(view: View, desk: Desk, layouts: Layouts, macros: Sequence[Macro] = ()) -> Iterator[Artifact]:
    """Yield every page of the internal site, its stylesheet and its icon; feeds and the API are made elsewhere."""
    rules = layouts.source("web/style.css") + layouts.source("web/internal/style.css")
    style = pages.stylesheet(rules, view.about.theme)
    script = pages.script(layouts)
    press = pages.Press(pages.frame(view, style, script), layouts, "web/internal/chrome")
    spoken = tongue(view.about.language)
    known = backroom(spoken, desk, macros)
    yield style
    yield script
    yield text_artifact("favicon.svg", layouts.source("web/favicon.svg"))
    yield from pages.pictures(view)
    for sheet in pages.sheets(view):
        if sheet.kind in _OWN:
            yield press.page(sheet, f"web/internal/{sheet.kind}.html", **_added(spoken, sheet, known))
        else:
            yield press.page(sheet, f"web/{sheet.kind}.html")


def _added(tongue: Tongue, sheet: pages.Sheet, known: Backroom) -> dict[str, object]:
    dossier = known.dossiers.get(sheet.subject)
    return {
        "backroom": known,
        "dossier": dossier,
        "owed": promises(tongue, dossier.due) if dossier else (),
        "owner": known.owners.get(sheet.subject),
    }
