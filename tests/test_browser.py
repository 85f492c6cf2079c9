"""The pages in a real browser, opened from disk: Debian's Chromium, without a network and without JavaScript."""

from __future__ import annotations

import pytest

import view_samples as samples
from heliograph.render import brief, internal, public
from heliograph.render.layouts import Layouts
from heliograph.render.macros import macros

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = (
    "public/index.html",
    "public/incidents/k3x9q2mf/index.html",
    "public/incidents/h5c2p8wa/index.html",
    "public/maintenance/m4d7x2qe/index.html",
    "public/history/index.html",
    "public/history/2026-11/index.html",
    "public/components/api/index.html",
    "public/subscribe/index.html",
    "public/pages/about/index.html",
    "well/index.html",
    "long/index.html",
    "long/incidents/k3x9q2mf/index.html",
    "internal/index.html",
    "internal/incidents/k3x9q2mf/index.html",
    "exec/index.html",
    "support/index.html",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Write every tree to disk as it would be built."""
    top = tmp_path_factory.mktemp("dist")
    layouts = Layouts()
    long = samples.public_view()
    title = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2
    words = samples.passage(
        f"`{title}`\n\n    {title}\n\n| a | b |\n|-|-|\n| {title} | {title} |\n\nhttps://example.com/{title}"
    )
    one = samples.changed(long.incidents[0], title=title, updates=(samples.update("x1", samples.NOW, None, words),))
    trees = {
        "public": public.site(samples.public_view(), layouts),
        "well": public.site(samples.all_well_view(), layouts),
        "long": public.site(samples.arranged(long, incidents=(one, *long.incidents[1:])), layouts),
        "internal": internal.site(samples.internal_view(), samples.internal_desk(), layouts),
        "exec": brief.executive(samples.exec_view(), samples.exec_desk(), layouts),
        "support": brief.support(
            samples.support_view(),
            samples.support_desk(),
            macros(samples.changed(samples.public_view(), reader="macros")),
            layouts,
        ),
    }
    for name, artifacts in trees.items():
        for artifact in artifacts:
            file = top / name / artifact.path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(artifact.data)
    return top


def visit(chromium, site, path, *, script, width=360, scheme="light"):
    """Open a page and gather what went wrong: console messages, requests that failed or left the disk."""
    context = chromium.new_context(
        viewport={"width": width, "height": 780}, color_scheme=scheme, java_script_enabled=script
    )
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("requestfailed", lambda request: wrong.append(f"failed {request.url}"))
    page.on("request", lambda request: None if request.url.startswith(site.as_uri()) else wrong.append(request.url))
    page.goto((site / path).as_uri())
    return context, page, wrong


@pytest.mark.parametrize("path", PAGES)
def test_a_page_opens_from_disk_without_errors_requests_or_sideways_scrolling(chromium, site, path):
    context, page, wrong = visit(chromium, site, path, script=True)
    assert wrong == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate("getComputedStyle(document.querySelector('main h1')).fontWeight") == "650"
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_without_javascript(chromium, site, path):
    context, page, wrong = visit(chromium, site, path, script=False)
    assert wrong == []
    assert page.locator("h1").count() == 1
    assert page.locator("h1").is_visible()
    assert page.locator("meta[http-equiv='Content-Security-Policy']").count() == 1
    context.close()


def test_the_problem_and_the_next_promise_are_above_the_fold_of_a_phone(chromium, site):
    context, page, _ = visit(chromium, site, "public/index.html", script=False)
    for words in ("next update by 14:50 UTC", "Affected: Checkout (degraded), API (degraded).", "Contact support"):
        box = page.get_by_text(words).first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 780, words
    context.close()


def test_the_executives_screen_is_one_screen(chromium, site):
    context, page, _ = visit(chromium, site, "exec/index.html", script=True, width=1280)
    assert page.evaluate("document.querySelector('article').getBoundingClientRect().bottom") < 780
    context.close()


def test_the_policy_stops_a_script_that_got_in(chromium, site):
    context, page, wrong = visit(chromium, site, "public/index.html", script=True)
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'}))"
    )
    assert page.evaluate("window.ran") is None
    assert any("Content Security Policy" in message for message in wrong)
    context.close()


def test_working_parts_can_be_shown_without_javascript(chromium, site):
    context, page, _ = visit(chromium, site, "public/index.html", script=False)
    part = page.locator("details.working a").first
    assert not part.is_visible()
    page.locator("details.working summary").click()
    assert part.is_visible()
    part.click()
    assert page.locator("h1").inner_text() == "Payouts"
    context.close()


def test_dark_mode_has_a_dark_ground(chromium, site):
    grounds = []
    for scheme in ("light", "dark"):
        context, page, _ = visit(chromium, site, "public/index.html", script=True, scheme=scheme)
        grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        context.close()
    assert grounds == ["rgb(251, 250, 247)", "rgb(19, 21, 22)"]


def test_the_keyboard_reaches_the_content_first(chromium, site):
    context, page, _ = visit(chromium, site, "public/index.html", script=True)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    assert page.locator("a.skip").bounding_box()["x"] >= 0
    context.close()
