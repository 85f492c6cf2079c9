"""The public's pages."""

from __future__ import annotations

from collections.abc import Iterator

from heliograph.render import pages
from heliograph.render.layouts import Layouts
from heliograph.tree.artifact import Artifact, text_artifact
from heliograph.view import View


def site(view: View, layouts: Layouts) -> Iterator[Artifact]:
    """Yield every page of the public site, its stylesheet and its icon; feeds and the API are made elsewhere."""
    style = pages.stylesheet(layouts.source("web/style.css"))
    yield style
    yield text_artifact("favicon.svg", layouts.source("web/favicon.svg"))
    yield from pages.pictures(view)
    press = pages.Press(pages.frame(view, style), layouts, "web/chrome")
    for sheet in pages.sheets(view):
        yield press.page(sheet, f"web/{sheet.kind}.html")
