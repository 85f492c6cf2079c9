"""What the accessibility page promises: axe-core on each kind of page in each way of looking at it."""

from __future__ import annotations

import itertools
import re

import pytest

from axe import COLOURS, EVERYTHING, WAYS, violations
from heliograph import resources
from heliograph.load import load_site
from heliograph.pipeline import Build
from heliograph.render.layouts import Layouts
from static_host import served

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TREES = ("public", "internal", "exec", "support")


@pytest.fixture(scope="module")
def hosts(tmp_path_factory):
    """The example's trees, each on a host of its own, as its readers reach it: tree to (address, page of each kind)."""
    top = tmp_path_factory.mktemp("dist")
    site = load_site(resources.defaults())
    pages = {tree: {} for tree in TREES}
    for plan in Build(site, Layouts(), site.settings.clock).trees():
        for artifact in plan.artifacts:
            file = top / plan.name / artifact.path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(artifact.data)
            if plan.name in pages and artifact.path.endswith(".html"):
                pages[plan.name].setdefault(re.sub(r"/[^/]+/index", "/x/index", artifact.path), artifact.path)
    return top, pages


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("tree", TREES)
def test_no_page_breaks_a_rule_of_accessibility(chromium, hosts, tree, way):
    top, pages = hosts
    found = {}
    rules = COLOURS if way in ("dark", "forced") else EVERYTHING
    with served(top / tree) as address:
        context = chromium.new_context(**WAYS[way])
        page = context.new_page()
        for path in pages[tree].values():
            page.goto(f"{address}/{path}")
            found |= {f"{path}: {line}": page.viewport_size["width"] for line in violations(page, rules)}
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found[f"{path}: scrolls sideways"] = page.viewport_size["width"]
        context.close()
    assert found == {}


def test_the_checker_would_find_what_is_wrong(chromium):
    page = chromium.new_page()
    page.set_content("<html><body><img src='x.png'><p style='color:#aaa;background:#fff'>pale</p></body></html>")
    rules = {line.split(" ")[0] for line in violations(page)}
    page.close()
    assert {"image-alt", "color-contrast", "html-has-lang", "document-title"} <= rules


def test_the_keyboard_goes_through_a_page_in_the_order_of_reading(chromium, hosts):
    top, _ = hosts
    with served(top / "public") as address:
        page = chromium.new_page()
        page.goto(f"{address}/index.html")
        count = page.locator("a[href]:visible, summary:visible, button:visible").count()
        tops = []
        for _ in range(count):
            page.keyboard.press("Tab")
            tops.append(page.evaluate("document.activeElement.getBoundingClientRect().top + scrollY"))
            style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert style != "none"
        page.close()
    assert all(after >= before - 40 for before, after in itertools.pairwise(tops))
