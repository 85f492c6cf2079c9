# ruff: noqa: INP001 -- a script, run by `make gallery`
"""Take pictures of the example as its readers see it: all of them into gallery/, one for the README into docs/images/.

Needs Debian's Chromium. Pages are opened from disk, with every way to the network closed.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from markupsafe import Markup
from playwright.sync_api import Browser, Page, sync_playwright

from heliograph.cli.main import cli

ROOT: Final = Path(__file__).resolve().parent.parent
GALLERY: Final = ROOT / "gallery"
PICTURES: Final = ROOT / "docs" / "images"
PICTURE_LIMIT: Final = 300_000
"""So many bytes a picture of the README may have."""

BEFORE_LATE: Final = "2026-11-21T14:24Z"
"""The instant of the README's pictures: the example's own clock stands where a promise has just been missed."""

PAGES: Final = {
    "index": "public/index.html",
    "incident": "public/incidents/k3x9q2mf/index.html",
    "postmortem": "public/incidents/d3j7rz8c/index.html",
    "maintenance": "public/maintenance/8wd3km6z/index.html",
    "history": "public/history/index.html",
    "month": "public/history/2026-11/index.html",
    "component": "public/components/checkout/index.html",
    "subscribe": "public/subscribe/index.html",
    "accessibility": "public/accessibility/index.html",
    "page": "public/pages/about/index.html",
    "internal-index": "internal/index.html",
    "internal-incident": "internal/incidents/k3x9q2mf/index.html",
    "internal-component": "internal/components/checkout/index.html",
    "exec": "exec/index.html",
    "support": "support/index.html",
}
"""What is shown, by name: its place below the folder of all trees."""


class Way(NamedTuple):
    """One way to look at a page: what the browser is told of its screen, and of paper."""

    name: str
    context: dict[str, Any]
    media: Literal["screen", "print"] = "screen"
    direction: str = "ltr"


WAYS: Final = (
    Way("phone", {"viewport": {"width": 360, "height": 780}, "device_scale_factor": 2}),
    Way("desktop", {"viewport": {"width": 1280, "height": 900}}),
    Way("dark", {"viewport": {"width": 360, "height": 780}, "device_scale_factor": 2, "color_scheme": "dark"}),
    Way("print", {"viewport": {"width": 794, "height": 1123}}, media="print"),
    Way("no-script", {"viewport": {"width": 360, "height": 780}, "java_script_enabled": False}),
    Way("right-to-left", {"viewport": {"width": 360, "height": 780}, "device_scale_factor": 2}, direction="rtl"),
)

CHROMIUM: Final = "/usr/bin/chromium"
ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--font-render-hinting=none",
)

OVERVIEW: Final = Markup("""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Gallery</title>
<style>body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem }} img {{ height: 420px; border: 1px solid #999 }}
figure {{ display: inline-block; margin: 0 1rem 1rem 0; vertical-align: top }}</style>
<h1>The example, as its readers see it</h1>
{}
</html>
""")
_FIGURE: Final = Markup('<figure><a href="{0}"><img src="{0}" alt="{1}"></a><figcaption>{1}</figcaption></figure>')
_SECTION: Final = Markup("<h2>{}</h2>\n{}\n")


class Pair(NamedTuple):
    """A picture of the README: what two readers see side by side, each with a line that says who it is."""

    file: str
    phone: tuple[str, str]
    screen: tuple[str, str]


PAIRS: Final = (
    Pair("two-readers.png", ("A customer, on a phone", "incident"), ("An executive, on one screen", "exec")),
    Pair("two-colleagues.png", ("A customer, on the first page", "index"), ("A support agent", "support")),
)

PAIR: Final = Markup("""<!doctype html>
<html lang="en"><meta charset="utf-8"><style>
body {{ margin: 0; padding: 24px; background: #e9e6e0; color: #1d1c1a; font: 600 17px/1.4 "Noto Sans", sans-serif }}
main {{ display: grid; grid-template-columns: 360px 820px; gap: 28px }}
p {{ margin: 0 0 10px }}
iframe {{ display: block; width: 100%; height: 596px; border: 1px solid #c9c4bb; border-bottom: 0 }}
div {{ position: relative }}
div::after {{ content: ""; position: absolute; inset: auto 0 0; height: 36px; }}
div::after {{ background: linear-gradient(#fcfbf900, #e9e6e0) }}
</style>
<main>
<div><p>{0[0]}</p><iframe src="{0[1]}" scrolling="no"></iframe></div>
<div><p>{1[0]}</p><iframe src="{1[1]}" scrolling="no"></iframe></div>
</main></html>
""")


def main() -> None:
    """Build the example, look at it in every way, and compose the README's pictures."""
    shutil.rmtree(GALLERY, ignore_errors=True)
    GALLERY.mkdir()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        trees = Path(folder) / "trees"
        _build(trees)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        for way in WAYS:
            _look(browser, trees, way)
        earlier = Path(folder) / "earlier"
        _build(earlier, "--at", BEFORE_LATE)
        for pair in PAIRS:
            _compose(browser, earlier, pair)
        browser.close()
    (GALLERY / "index.html").write_text(_overview(), encoding="utf-8")


def _build(trees: Path, *options: str) -> None:
    cli.main(["--quiet", "--site", str(ROOT), "build", "--output", str(trees), *options], standalone_mode=False)


def _opened(browser: Browser, context: dict[str, Any], page: Path) -> Page:
    """Open a page from disk; what is not on disk is refused."""
    sheet = browser.new_context(**context).new_page()
    sheet.route(lambda url: not url.startswith("file:"), lambda route: route.abort())
    sheet.goto(page.as_uri())
    return sheet


def _look(browser: Browser, trees: Path, way: Way) -> None:
    for name, place in PAGES.items():
        sheet = _opened(browser, way.context, trees / place)
        sheet.emulate_media(media=way.media)
        if way.direction == "rtl":
            sheet.evaluate("document.documentElement.dir = 'rtl'")
        sheet.screenshot(path=GALLERY / f"{name}-{way.name}.png", full_page=True)
        sheet.context.close()


def _compose(browser: Browser, trees: Path, pair: Pair) -> None:
    """Set what two readers see side by side."""
    page = trees / "pair.html"
    sides = [(words, PAGES[name]) for words, name in (pair.phone, pair.screen)]
    page.write_text(PAIR.format(*sides), encoding="utf-8")
    still = {"java_script_enabled": False}  # the example's clock would tell its script that it is later
    sheet = _opened(browser, {"viewport": {"width": 1256, "height": 678}, "device_scale_factor": 1.5, **still}, page)
    PICTURES.mkdir(exist_ok=True)
    sheet.screenshot(path=PICTURES / pair.file, full_page=True)
    size = (PICTURES / pair.file).stat().st_size
    if size > PICTURE_LIMIT:
        raise SystemExit(f"{pair.file} has {size:,} bytes, more than {PICTURE_LIMIT:,}")


def _overview() -> Markup:
    return OVERVIEW.format(Markup("").join(_SECTION.format(name, _figures(name)) for name in PAGES))


def _figures(name: str) -> Markup:
    return Markup("\n").join(_FIGURE.format(f"{name}-{way.name}.png", f"{name}, {way.name}") for way in WAYS)


if __name__ == "__main__":
    main()
