"""The pages' script in a real browser, with the clock moved: what it shows at which hour, and what stands without it."""

from __future__ import annotations

import os
import re
import time
from datetime import timedelta

import pytest

import view_samples as samples
from heliograph.render import brief, public
from heliograph.render.layouts import Layouts
from heliograph.render.macros import macros
from static_host import served

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WORK = next(work for work in samples.public_view().maintenances if work.phase == "upcoming")
PART = WORK.claims[0].component
BEFORE, DURING, AFTER = (
    WORK.start - timedelta(hours=3),
    WORK.start + timedelta(minutes=10),
    WORK.end + timedelta(hours=1),
)


def write(top, artifacts):
    for artifact in artifacts:
        file = top / artifact.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(artifact.data)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Pages as they were built when planned work was hours ahead and an update was promised for later."""
    top = tmp_path_factory.mktemp("site")
    write(top / "public", public.site(samples.public_view(), Layouts()))
    replies = macros(samples.changed(samples.public_view(), reader="macros"))
    write(top / "support", brief.support(samples.support_view(), samples.support_desk(), replies, Layouts()))
    return top


@pytest.fixture
def opened(chromium, site):
    """A way to open a page at an hour; all are closed at the end."""
    contexts = []

    def open_page(path, at, *, script=True, zone="UTC", base=None):
        context = chromium.new_context(java_script_enabled=script, timezone_id=zone, locale="en-GB")
        contexts.append(context)
        page = context.new_page()
        if script:
            page.clock.install(time=at)
        page.goto(f"{base or site.as_uri()}/{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()


def seen(page):
    """All words that can be seen, on one line."""
    return " ".join(page.locator("main").inner_text().split())


def row(page):
    part = page.locator(f".parts li.part:has(a[href='components/{PART}/index.html'])")
    part.evaluate("part => { const group = part.closest('details'); if (group) group.open = true; }")
    return part.inner_text()


def test_planned_work_is_told_truly_before_during_and_after_it_from_the_same_files(opened):
    before, during, after = (opened("public/index.html", at) for at in (BEFORE, DURING, AFTER))
    assert "(in 3 hours)" in seen(before)
    assert "under way now" not in seen(before)
    assert "working normally" in row(before)
    assert "under way now" in seen(during)
    assert "(in 3 hours)" not in seen(during)
    assert re.search(r"^planned work$", row(during), re.MULTILINE)
    assert "working normally" not in row(during)
    assert "was due to end" in seen(after)
    assert "under way now" not in seen(after)
    assert "working normally" in row(after)


def test_its_own_page_says_the_same(opened):
    path = f"public/maintenance/{WORK.id}/index.html"
    assert "under way now" in seen(opened(path, DURING))
    assert "was due to end" in seen(opened(path, AFTER))


@pytest.mark.parametrize("path", ["index.html", f"maintenance/{WORK.id}/index.html"])
def test_without_script_the_words_are_true_at_any_hour(opened, path):
    words = seen(opened(f"public/{path}", BEFORE, script=False))
    assert "02:00–03:30 UTC" in words
    for untrue in ("under way now", "was due to end", "(in ", "In progress", "This update is late"):
        assert untrue not in words


def test_a_promise_turns_into_a_missed_one_when_its_hour_passes(opened):
    due = samples.public_view().open_incidents[0].next_update
    page = opened("public/index.html", due - timedelta(minutes=2))
    assert "(in 2 minutes)" in seen(page)
    assert "This update is late" not in seen(page)
    page.clock.run_for(180_000)
    assert "This update is late. It was due by 14:50 UTC." in seen(page)


def test_times_get_the_readers_own_beside_them_only_where_they_differ(opened):
    at = samples.NOW
    abroad = seen(opened("public/index.html", at, zone="Asia/Kolkata"))
    assert "Since 14:02 UTC (19:32)" in abroad
    assert "02:00–03:30 UTC (07:30–09:00)" in abroad
    assert "Since 14:02 UTC ·" in seen(opened("public/index.html", at, zone="Europe/London"))
    page = opened("public/index.html", at, zone="America/Los_Angeles")
    assert "02:00–03:30 UTC (Tue 18:00–Tue 19:30)" in seen(page)
    assert page.locator(".yours").is_visible()


def test_an_example_whose_time_stands_still_is_not_late_years_after(chromium, opened, site):
    view = samples.public_view()
    still = samples.changed(view, about=samples.changed(view.about, clock=samples.NOW))
    write(site / "still", public.site(still, Layouts()))
    words = seen(opened("still/index.html", samples.NOW + timedelta(days=900)))
    assert "This update is late" not in words
    assert "(in 26 minutes)" in words


def test_a_page_left_open_says_when_it_was_last_known_to_be_new(opened):
    page = opened("public/index.html", samples.NOW, zone="UTC")
    note = page.locator("[data-fresh=stale]")
    page.clock.run_for(4 * 60_000)
    assert not note.is_visible()
    page.clock.run_for(2 * 60_000)
    assert note.is_visible()
    assert "This page was last refreshed at 14:24 UTC." in note.inner_text()


def test_a_page_left_open_says_that_something_new_was_said(opened, site):
    glance = site / "public" / "status.json"
    glance.write_text('{"open": 1}')
    os.utime(glance, (0, 0))
    with served(site) as base:
        page = opened("public/index.html", samples.NOW, base=base)
        new = page.locator("[data-fresh=new]")
        with page.expect_response("**/status.json"):
            page.clock.run_for(61_000)
        assert not new.is_visible()
        glance.write_text('{"open": 2}')
        os.utime(glance, (60, 60))
        page.clock.run_for(61_000)
        new.wait_for(state="visible")
        assert not page.locator("[data-fresh=stale]").is_visible()
        page.context.close()


def test_what_was_said_before_the_first_look_is_not_missed(opened, site):
    glance = site / "public" / "status.json"
    glance.write_text('{"open": 1}')
    with served(site) as base:
        page = opened("public/index.html", samples.NOW, base=base)
        later = time.time() + 30
        os.utime(glance, (later, later))
        page.clock.run_for(61_000)
        page.locator("[data-fresh=new]").wait_for(state="visible")
        page.context.close()


def test_a_page_asks_for_its_style_and_its_script_and_nothing_else(opened, site):
    asked = []
    with served(site) as base:
        page = opened("public/index.html", samples.NOW, base=base)
        page.on("request", lambda request: asked.append(request.url))
        page.reload()
        page.wait_for_load_state("networkidle")
        page.context.close()
    assert len(asked) == 3, asked


@pytest.mark.parametrize("where", ["disk", "host"])
def test_a_reply_is_copied_with_one_click_and_nothing_but_the_reply(opened, site, where):
    with served(site) as base:
        page = opened("support/index.html", samples.NOW, base=base if where == "host" else None)
        if where == "host":
            page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        button = page.locator("button[data-copy]").first
        wanted = page.locator(f"#{button.get_attribute('data-copy')}").text_content()
        button.click()
        page.locator("[role=status]", has_text="Copied").wait_for()
        if where == "host":
            assert page.evaluate("navigator.clipboard.readText()") == wanted
        page.context.close()


def test_without_script_no_button_is_shown_that_would_do_nothing(opened):
    page = opened("support/index.html", samples.NOW, script=False)
    assert page.locator("button:visible").count() == 0
    assert page.locator("pre.copy").first.is_visible()
