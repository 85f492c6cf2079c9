"""The automatic checker of accessibility, axe-core, run in a page; and the ways in which a page is looked at."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

WAYS: Final[dict[str, dict[str, Any]]] = {
    "light": {"viewport": {"width": 1280, "height": 900}},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "forced": {"viewport": {"width": 1280, "height": 900}, "forced_colors": "active"},
    "phone": {"viewport": {"width": 320, "height": 780}},
}
"""The narrowest is what 400 % of zoom leave of an ordinary screen."""

EVERYTHING: Final = {
    "type": "tag",
    "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
COLOURS: Final = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
"""What may differ when nothing but the colours does."""


@functools.cache
def _source() -> str:
    package = Path(str(files("axe_playwright_python")))
    return next(iter(sorted(package.rglob("axe.min.js")))).read_text(encoding="utf-8")


def violations(page: Any, rules: Mapping[str, Any] = EVERYTHING) -> list[str]:
    """Examine an open page; one line for each rule broken, with the first element that breaks it."""
    page.evaluate(_source())
    options = {"runOnly": rules, "resultTypes": ["violations"]}
    found = page.evaluate("options => axe.run(document, options).then(result => result.violations)", options)
    return [f"{one['id']} ({len(one['nodes'])}): {one['nodes'][0]['html'][:200]}" for one in found]
