"""A real browser that looks over pages: what ran, what was fetched, and what stands in them that should not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)
POLICY = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'\">"

TEXT_ELEMENTS = [
    "p",
    "br",
    "em",
    "strong",
    "s",
    "code",
    "pre",
    "blockquote",
    "ul",
    "ol",
    "li",
    "hr",
    "a",
    "img",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
]
TEXT_ATTRIBUTES = ["href", "title", "start", "src", "alt", "width", "height"]

_LOOK = """
([elements, attributes, schemes, roots]) => {
  const wrong = [];
  const isIcon = one => one.matches('head > link[rel=icon]') && one.getAttribute('href').startsWith('data:image/svg+xml,%3Csvg%20');
  const knownElements = new Set(elements), knownAttributes = new Set(attributes), knownSchemes = new Set(schemes);
  for (const root of document.querySelectorAll(roots)) for (const one of [root, ...root.querySelectorAll('*')]) {
    if (one !== root && !knownElements.has(one.localName)) wrong.push('element ' + one.localName);
    if (one.namespaceURI !== 'http://www.w3.org/1999/xhtml' && !knownElements.has('svg')) wrong.push('namespace');
    for (const attribute of one.attributes) {
      if (/^on/i.test(attribute.name)) wrong.push('handler ' + attribute.name);
      if (one !== root && !knownAttributes.has(attribute.name.toLowerCase())) wrong.push('attribute ' + attribute.name);
    }
    for (const name of ['href', 'src', 'action', 'formaction', 'data', 'poster', 'background', 'xlink:href'])
      if (one.hasAttribute(name) && one.getAttribute(name) !== '' && !isIcon(one)) {
        let scheme = 'unreadable:';
        try { scheme = new URL(one.getAttribute(name), document.baseURI).protocol; } catch {}
        if (!knownSchemes.has(scheme)) wrong.push('scheme ' + scheme);
      }
  }
  return wrong;
}
"""
_ROUND_TRIP = "roots => { for (const root of document.querySelectorAll(roots)) root.innerHTML = root.innerHTML; }"
_PROVOKE = """
roots => {
  for (const root of document.querySelectorAll(roots)) for (const one of root.querySelectorAll('*'))
    for (const kind of ['mouseover', 'focus', 'error', 'load', 'toggle', 'animationstart', 'pointerenter'])
      one.dispatchEvent(new Event(kind, {bubbles: true, cancelable: true}));
}
"""


@contextmanager
def chromium() -> Iterator[Any]:
    """Start the browser, or say which part is missing; where CI is set, a missing part is a failure."""
    path = shutil.which("chromium")
    if path is None:
        message = "chromium is not installed (Debian package chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


class Watch:
    """One page that is led from file to file; `wrong` gathers everything that should not have happened."""

    def __init__(self, browser: Any, folder: Path) -> None:
        self.wrong: list[str] = []
        self.seen = 0
        self._here = folder.as_uri()
        self._context = browser.new_context()
        self._context.add_init_script("window.hits = []; window.hit = number => window.hits.push(number)")
        self._page = self._context.new_page()
        self._page.on("request", self._requested)
        self._page.on("console", lambda message: self.wrong.append(f"console: {message.text[:200]}"))
        self._page.on("pageerror", lambda error: self.wrong.append(f"error: {str(error)[:200]}"))
        self._page.on("dialog", lambda dialog: (self.wrong.append("dialog"), dialog.dismiss()))
        self._page.on("popup", lambda _: self.wrong.append("popup"))

    def _requested(self, request: Any) -> None:
        if not request.url.startswith(self._here):
            self.wrong.append(f"request {request.url[:200]}")

    def look(
        self, file: Path, elements: list[str], attributes: list[str], schemes: list[str], roots: str = "html"
    ) -> None:
        """Open a file and look it over; then again as it would be after a script had copied its parts."""
        self._page.goto(file.as_uri())
        closed = [elements, attributes, schemes, roots]
        self.wrong += [f"{file.name}: {found}" for found in self._page.evaluate(_LOOK, closed)]
        self._page.evaluate(_PROVOKE, roots)
        if roots != "html":
            self._page.evaluate(_ROUND_TRIP, roots)
            self.wrong += [f"{file.name}, copied: {found}" for found in self._page.evaluate(_LOOK, closed)]
        self.wrong += [f"{file.name}: ran {hit}" for hit in self._page.evaluate("window.hits")]
        if self._page.url != file.as_uri():
            self.wrong.append(f"{file.name}: led to {self._page.url[:200]}")
        self.seen += 1

    def count(self, selector: str) -> int:
        """Count elements of the page that is open."""
        return int(self._page.locator(selector).count())

    def close(self) -> None:
        self._context.close()
