"""Input that strains a page: nothing runs over its edge or vanishes, on the narrowest screen and on a wide one."""

from __future__ import annotations

import pytest

import view_samples as samples
from heliograph import view as v
from heliograph.render import brief, internal, public
from heliograph.render.layouts import Layouts
from heliograph.render.macros import macros

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WIDE = "支払い" * 46 + "失敗"
LONG_WORD = "Zahlungsabwicklungsschnittstellenverbindungsfehlermeldung" * 3
ADDRESS = "https://example.com/" + "a-very-long-path-without-a-break" * 8
TABLE = "| " + " | ".join(f"column {n}" for n in range(12)) + " |\n" + "|-" * 12 + "|\n" + "| value " * 12 + "|"
PASSAGES = {
    "6,000 characters": "All is not well. " * 353,
    "a table": TABLE,
    "code": "```\n" + "x = y; " * 60 + "\n```\n\n    " + "z" * 300,
    "a long address": f"See {ADDRESS} and <{ADDRESS}>.",
    "emoji": "🔥👩‍👩‍👧‍👦🇩🇪" * 80,
    "both directions": "أوقفنا المدفوعات عند 14:02 UTC (api.example.com) \u202edetsaW\u202c نعم",
    "a word without end": LONG_WORD,
    "a deep list": "\n".join("  " * depth + f"- level {depth} {LONG_WORD}" for depth in range(8)),
    "a deep quote": ">" * 8 + " " + LONG_WORD,
}


def one_open(**changes):
    """The sample's open problem alone, changed."""
    view = samples.public_view()
    one = samples.changed(view.incidents[0], **changes)
    return samples.arranged(view, incidents=(one, *view.incidents[1:]))


def many_components():
    view = samples.public_view()
    states = ("operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance")
    extra = tuple(
        samples.changed(view.components[0], id=f"part{n}", name=f"{LONG_WORD[:40]} number {n}", state=states[n % 5])
        for n in range(40)
    )
    return samples.changed(view, components=(*view.components, *extra))


def many_updates():
    said = tuple(samples.update(f"u{n}", samples.NOW, "identified", samples.passage(f"Word {n}.")) for n in range(30))
    return one_open(updates=said)


VIEWS = {
    "a title of 140 wide letters": lambda: one_open(title=WIDE),
    "40 components with long names": many_components,
    "30 updates": many_updates,
    "no components": lambda: one_open(claims=(), affected=()),
    "500 open problems": samples.crowded_view,
    "nothing at all": samples.empty_view,
    **{
        name: lambda words=words: one_open(
            updates=(samples.update("x1", samples.NOW, "identified", samples.passage(words)),)
        )
        for name, words in PASSAGES.items()
    },
}


def page_of(artifacts, path):
    """One page with its stylesheet inside it, so that it can be looked at without a host."""
    found = {artifact.path: artifact.data.decode() for artifact in artifacts if not artifact.path.endswith(".webp")}
    style = next(text for name, text in found.items() if name.endswith(".css"))
    head, policy, rest = found[path].partition('<meta http-equiv="Content-Security-Policy"')
    return f"{head}<style>{style}</style>{rest.partition('>')[2] if policy else rest}"


def overflowing(page):
    """What stands out over the page's edge, unless it scrolls by itself."""
    return page.evaluate(
        """() => [...document.querySelectorAll('main *')].filter(part => {
            const box = part.getBoundingClientRect();
            return box.width && (box.right > innerWidth + 1 || box.left < -1) && !part.closest('pre, .scroll, .skip');
        }).slice(0, 3).map(part => part.outerHTML.slice(0, 120))"""
    )


@pytest.fixture(scope="module")
def sheet(chromium):
    page = chromium.new_page()
    yield page
    page.close()


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("name", VIEWS)
def test_nothing_runs_over_the_edge(sheet, name, width):
    view = VIEWS[name]()
    sheet.set_viewport_size({"width": width, "height": 800})
    paths = ["index.html", *(f"incidents/{one.id}/index.html" for one in view.incidents[:1])]
    artifacts = list(public.site(view, Layouts()))
    for path in paths:
        sheet.set_content(page_of(artifacts, path))
        assert overflowing(sheet) == [], path
        assert sheet.evaluate("document.documentElement.scrollWidth") <= width, path
        assert sheet.locator("h1").inner_text().strip()


@pytest.mark.parametrize("width", [320, 1280])
def test_nor_on_colleagues_pages_and_screens(sheet, width):
    hard = "\n\n".join(PASSAGES.values())
    desk = samples.internal_desk()
    lines = tuple(v.Line(label=label, markdown=hard, readers=("Everyone",) * 12) for label in ("public", "internal"))
    first = desk.dossiers[0]
    entry = samples.changed(first.timeline[0], lines=lines)
    crowded = samples.changed(desk, dossiers=(samples.changed(first, timeline=(entry,)), *desk.dossiers[1:]))
    view = samples.internal_view()
    replies = macros(samples.changed(one_open(title=WIDE), reader="macros"))
    sheet.set_viewport_size({"width": width, "height": 800})
    told = {
        "index.html": internal.site(view, crowded, Layouts(), replies),
        f"incidents/{first.id}/index.html": internal.site(view, crowded, Layouts(), replies),
    }
    for path, artifacts in told.items():
        sheet.set_content(page_of(artifacts, path))
        assert overflowing(sheet) == [], path
    support = brief.support(samples.support_view(), samples.support_desk(), replies, Layouts())
    sheet.set_content(page_of(support, "index.html"))
    assert overflowing(sheet) == []


def test_what_runs_over_would_be_noticed(sheet):
    sheet.set_viewport_size({"width": 320, "height": 800})
    sheet.set_content("<main><p style='width: 900px'>wide</p></main>")
    assert overflowing(sheet) != []
