"""Badges, the glance at the state, the embed script, and what hosts and robots are told."""

import json
import re

import pytest
from lxml import etree
from msgspec.structs import replace

import view_samples as samples
from heliograph.render import small, statuspage
from heliograph.render.badges import COLOURS, LABEL_COLOUR
from static_host import laid_out, served

HOSTILE = """<b>&"' </title><script>alert(1)</script>"""
SVG = "{http://www.w3.org/2000/svg}"


def public(view):
    return {artifact.path: artifact.data for artifact in small.public(view)}


def internal(view):
    return {artifact.path: artifact.data for artifact in small.internal(view)}


def rules(data):
    """Read a `_headers` file as hosts do: a path, then its indented fields."""
    found: dict[str, dict[str, str]] = {}
    path = ""
    for line in data.decode().splitlines():
        if line.startswith("  "):
            field, value = line.strip().split(": ", 1)
            assert field not in found[path]
            found[path][field] = value
        else:
            path = line
            found[path] = {}
    return found


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colour", [*COLOURS.values(), LABEL_COLOUR])
def test_white_words_can_be_read_on_every_colour(colour):
    assert 1.05 / (luminance(colour) + 0.05) >= 4.5


def badge(view, path="badge.svg"):
    return etree.fromstring(public(view)[path])


def test_the_badge_counts_what_is_open_in_a_word_and_a_colour():
    drawing = badge(samples.public_view())
    assert [text.text for text in drawing.iter(f"{SVG}text")] == ["status", "1 problem"]
    assert drawing.findtext(f"{SVG}title") == drawing.get("aria-label") == "Example Shop status: 1 problem"
    assert drawing.get("role") == "img"
    assert drawing.find(f"{SVG}rect").get("fill") == COLOURS["degraded_performance"]


def test_the_badge_never_claims_that_all_is_well():
    assert badge(samples.all_well_view()).findtext(f"{SVG}title") == "Example Shop status: no known problems"


def test_the_badge_tells_of_planned_work_only_when_nothing_is_broken():
    at_work = replace(samples.upgrade(), status="in_progress", started_at=samples.at("14:00"))
    quiet = replace(samples.all_well_view(), maintenances=(at_work,))
    assert badge(quiet).findtext(f"{SVG}title").endswith(": planned work")
    troubled = replace(samples.public_view(), maintenances=(at_work,))
    assert badge(troubled).findtext(f"{SVG}title").endswith(": 1 problem")


def test_an_open_problem_without_components_is_not_green():
    view = replace(samples.all_well_view(), incidents=(samples.payments(),))
    assert json.loads(public(view)["badge.json"])["color"] == COLOURS["degraded_performance"].removeprefix("#")


def test_every_component_has_its_badge_in_both_forms():
    files = public(samples.public_view())
    for component in samples.components():
        assert etree.fromstring(files[f"components/{component.id}/badge.svg"]).tag == f"{SVG}svg"
        assert json.loads(files[f"components/{component.id}/badge.json"])["label"] == component.name
    checkout = json.loads(files["components/checkout/badge.json"])
    assert checkout == {"schemaVersion": 1, "label": "Checkout", "message": "degraded", "color": "8a5a00"}


def test_a_longer_label_makes_a_wider_badge_and_a_hostile_one_stays_text():
    view = samples.public_view()
    named = replace(view, components=(replace(view.components[0], name=HOSTILE), *view.components[1:]))
    drawing = badge(named, "components/checkout/badge.svg")
    assert next(drawing.iter(f"{SVG}text")).text == HOSTILE
    assert drawing.find(f".//{SVG}script") is None
    assert int(drawing.get("width")) > int(badge(view, "components/checkout/badge.svg").get("width"))


def test_the_glance_tells_what_is_open_and_when_to_look_again():
    assert json.loads(public(samples.public_view())["status.json"]) == {
        "updated_at": "2026-11-21T14:20:00.000Z",
        "next_change_at": "2026-11-21T14:50:00.000Z",
        "open": [
            {
                "id": "k3x9q2mf",
                "kind": "incident",
                "title": "Some payments in Europe are failing",
                "status": "identified",
                "url": "https://status.example.com/incidents/k3x9q2mf/",
            }
        ],
    }
    assert json.loads(public(samples.empty_view())["status.json"]) == {
        "updated_at": "2005-01-01T00:00:00.000Z",
        "next_change_at": None,
        "open": [],
    }


def test_the_glance_names_work_under_way_after_incidents():
    at_work = replace(samples.upgrade(), status="in_progress", started_at=samples.at("14:00"))
    glance = json.loads(public(replace(samples.public_view(), maintenances=(at_work,)))["status.json"])
    assert [one["kind"] for one in glance["open"]] == ["incident", "maintenance"]


def test_the_public_may_be_read_by_other_sites_through_the_api_only():
    found = rules(public(samples.public_view())["_headers"])
    open_to_all = {path for path, fields in found.items() if "Access-Control-Allow-Origin" in fields}
    assert open_to_all == {"/api/*", "/status.json"}
    assert found["/*"]["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in found["/*"]["Content-Security-Policy"]
    assert found["/*"]["Referrer-Policy"] == "no-referrer"
    assert found["/api/*"]["Content-Type"] == "application/json"
    assert found["/history.atom"]["Content-Type"] == "application/atom+xml; charset=utf-8"


def test_no_public_path_gets_one_field_from_two_rules():
    found = rules(public(samples.public_view())["_headers"])
    everywhere = set(found.pop("/*"))
    assert all(everywhere.isdisjoint(fields) for fields in found.values())


def test_insiders_pages_are_kept_from_caches_robots_and_other_sites():
    files = internal(samples.internal_view())
    found = rules(files["_headers"])
    assert found["/*"]["Cache-Control"] == "private, no-store"
    assert found["/*"]["X-Robots-Tag"].startswith("noindex")
    assert b"Access-Control" not in files["_headers"]
    assert all("Cache-Control" not in fields for path, fields in found.items() if path != "/*")
    assert files["robots.txt"] == b"User-agent: *\nDisallow: /\n"
    assert "embed.js" not in files


def test_the_public_may_be_found():
    assert b"Disallow" not in public(samples.public_view())["robots.txt"]


def test_every_file_has_a_media_type_and_the_same_bytes_twice():
    for write in (small.public, small.internal):
        found = list(write(samples.public_view()))
        assert all(artifact.media_type for artifact in found)
        assert found == list(write(samples.public_view()))


def test_the_embed_script_sets_text_only_and_asks_no_third_party():
    script = public(samples.public_view())["embed.js"].decode()
    code = re.sub(r"/\*.*?\*/", "", script, flags=re.DOTALL)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval|https?://", code)
    assert "textContent" in code
    assert script.isascii(), "it runs in pages of any encoding"


@pytest.mark.browser
@pytest.mark.parametrize(("open_now", "words"), [(2, f"{HOSTILE} · and 1 more"), (1, HOSTILE), (0, None)])
def test_another_sites_page_shows_the_line_while_something_is_open(chromium, tmp_path, open_now, words):
    first = samples.payments(title=HOSTILE)
    found = (first, replace(first, id="other"))[:open_now]
    view = replace(samples.public_view(), incidents=found)
    laid_out(tmp_path / "status", [*statuspage.api(view), *small.public(view)])
    with served(tmp_path / "status") as status, served(tmp_path) as elsewhere:
        page = chromium.new_page()
        (tmp_path / "shop.html").write_text(f"<!doctype html><script src='{status}/embed.js'></script><p>Shop</p>")
        page.goto(f"{elsewhere}/shop.html", wait_until="networkidle")
        lines = page.locator("aside")
        assert (lines.all_inner_texts() or [None]) == [words]
        assert page.locator("aside script, aside b").count() == 0
        if open_now:
            assert page.locator("aside a").first.get_attribute("href") == f"{samples.ADDRESS}/incidents/k3x9q2mf/"
        page.close()
