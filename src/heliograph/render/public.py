"""The public's pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from heliograph.render import pages
from heliograph.render.editions import folder, in_all_languages, within
from heliograph.render.layouts import Layouts
from heliograph.tree.artifact import Artifact, text_artifact
from heliograph.view import View


def site(view: View, layouts: Layouts, told_in: Callable[[str], View] | None = None) -> Iterator[Artifact]:
    """Yield every page of the public site in each of its languages, and what they share; feeds are made elsewhere.

    `told_in` gives what the public sees in a language; without it, authored texts are in the main one everywhere.
    """
    style = pages.stylesheet(layouts.source("web/style.css"), view.about.theme)
    script = pages.script(layouts)
    yield style
    yield script
    yield text_artifact("favicon.svg", layouts.source("web/favicon.svg"))
    editions = tuple(in_all_languages(view, told_in))
    yield from pages.pictures(*editions)
    for told in editions:
        press = pages.Press(pages.frame(told, style, script), layouts, "web/chrome")
        yield from within(folder(told.about), _printed(press, told))


def _printed(press: pages.Press, view: View) -> Iterator[Artifact]:
    for sheet in pages.sheets(view):
        yield press.page(sheet, f"web/{sheet.kind}.html")
