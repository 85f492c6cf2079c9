"""`serve` in a real browser: the page changes when a file is saved, and says what is wrong. Debian's Chromium."""

from __future__ import annotations

import re

import pytest

from heliograph.serve import dress
from serving import serving, within_a_minute
from sites import TINY, UPDATE, write_site

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MINUTE = 60_000
HIDEABLE = (
    "let hidden = false; Object.defineProperty(Document.prototype, 'hidden', {get: () => hidden});"
    "addEventListener('hide', (event) => {"
    " hidden = event.detail; document.dispatchEvent(new Event('visibilitychange')); });"
)
"""Headless tabs are never hidden by themselves."""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_site(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def served(root):
    with serving(root) as running:
        yield running


@pytest.fixture
def page(chromium, served, root):
    """A page of the public's, as the site was at first."""
    if (root / UPDATE).read_text() != TINY[UPDATE]:
        (root / UPDATE).write_text(TINY[UPDATE])
    assert within_a_minute(lambda: "We are looking into it." in served.get("Public")[1])
    context = chromium.new_context(viewport={"width": 1000, "height": 700})
    context.set_default_timeout(MINUTE)
    opened = context.new_page()
    opened.add_init_script(HIDEABLE)
    opened.wrong = []
    opened.on("console", lambda message: opened.wrong.append(message.text))
    opened.on("pageerror", lambda error: opened.wrong.append(str(error)))
    opened.goto(f"http://127.0.0.1:{served.port('Public')}/incidents/k3x9q2mf/")
    opened.locator("heliograph-bench nav a").first.wait_for(state="attached")
    assert within_a_minute(lambda: is_settled(opened))
    yield opened
    context.close()


def is_settled(page):
    """Tell whether all of a build has been made, and nothing newer has come for a while: no page will load anew."""
    done = page.locator("heliograph-bench[data-checked=true]")
    version = "document.querySelector('script[data-version]').dataset.version"
    before = page.evaluate(version)
    page.wait_for_timeout(700)
    return page.evaluate(version) == before and done.count() == 1


def save(root, words):
    """Save as editors do: beside the file, then into its place."""
    fresh = (root / UPDATE).with_name(".new.tmp")
    fresh.write_text(words)
    fresh.replace(root / UPDATE)


def test_the_page_changes_when_a_file_is_saved(page, root):
    for word in ("first", "second"):
        save(root, TINY[UPDATE].replace("looking into it", f"looking into the {word}"))
        page.get_by_text(f"We are looking into the {word}.").first.wait_for()
    assert page.wrong == []


def test_problems_stand_in_the_page_that_was_last_good_and_go_when_mended(page, root):
    save(root, TINY[UPDATE].replace("status: investigating", "status: investigted"))
    panel = page.locator("heliograph-bench details")
    panel.locator("li").first.wait_for()
    assert panel.locator("summary").inner_text() == "1 error; this is the last good page"
    told = panel.locator("li").first.inner_text()
    assert told.startswith(f"{UPDATE}:4:9 E207")
    assert "did you mean investigating?" in told
    assert page.get_by_text("We are looking into it.").first.is_visible()
    save(root, TINY[UPDATE].replace("looking into it", "looking again"))
    page.get_by_text("We are looking again.").first.wait_for()
    assert panel.is_hidden()


def test_a_hidden_tab_is_left_alone_until_it_is_looked_at(page, root, served):
    page.evaluate("() => dispatchEvent(new CustomEvent('hide', {detail: true}))")
    save(root, TINY[UPDATE].replace("looking into it", "looking elsewhere"))
    assert within_a_minute(lambda: "looking elsewhere" in served.get("Public")[1])
    assert page.get_by_text("We are looking into it.").first.is_visible()
    page.evaluate("() => dispatchEvent(new CustomEvent('hide', {detail: false}))")
    page.get_by_text("We are looking elsewhere.").first.wait_for()


def test_the_switcher_names_readers_in_words_and_leads_to_the_same_page(page):
    links = page.locator("heliograph-bench nav a")
    assert links.all_inner_texts() == ["Public", "Everyone here", "Support", "Mails and macros"]
    assert links.nth(0).get_attribute("aria-current") == "page"
    links.nth(1).focus()
    page.keyboard.press("Enter")
    page.get_by_text("Replica lag on db-7.").first.wait_for()
    assert page.url.partition("?")[0].endswith("/incidents/k3x9q2mf/")
    page.locator("heliograph-bench nav a", has_text="Support").click()
    page.locator("heliograph-bench nav a[aria-current]", has_text="Support").wait_for()
    assert page.url.endswith("/")
    page.locator("heliograph-bench nav a", has_text="Mails and macros").click()
    page.get_by_role("link", name="source").first.click()
    page.get_by_text("Auto-Submitted: auto-generated").wait_for()
    page.locator("heliograph-bench nav a[aria-current]", has_text="Mails and macros").wait_for()
    assert page.wrong == []


def test_the_bar_folds_by_keyboard_and_stays_folded(page):
    fold = page.locator("heliograph-bench button")
    readers = page.locator("heliograph-bench nav")
    fold.focus()
    page.keyboard.press("Enter")
    readers.wait_for(state="hidden")
    assert fold.get_attribute("aria-expanded") == "false"
    page.reload()
    fold.wait_for()
    assert readers.is_hidden()
    page.keyboard.press("Tab")
    fold.focus()
    page.keyboard.press("Space")
    readers.wait_for()


def test_the_bar_hides_nothing_and_fits_a_phone(page):
    page.set_viewport_size({"width": 320, "height": 640})
    page.evaluate("() => scrollTo(0, document.body.scrollHeight)")
    bar = page.locator("heliograph-bench section").bounding_box()
    last = page.locator("footer").last.bounding_box()
    assert last["y"] + last["height"] <= bar["y"]
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 320


def luminance(colour):
    """Relative luminance of #rrggbb, as WCAG 2 defines it."""
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_words_of_the_bar_are_told_from_their_ground_in_light_and_dark():
    css = dress.own_files()["/.bench/bench.css"].data.decode()
    schemes = [dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block)) for block in re.findall(r":host \{[^}]*\}", css)]
    schemes = [scheme for scheme in schemes if scheme]
    assert len(schemes) == 2
    for scheme in schemes:
        ground = luminance(scheme["ground"])
        for name in ("ink", "soft", "accent", "error", "warning"):
            pair = sorted((ground, luminance(scheme[name])))
            assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5, name
        pair = sorted((ground, luminance(scheme["line"])))
        assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 3
