"""The public site, read the way a browser and a screen reader do: parsed, walked and followed."""

from __future__ import annotations

import functools
import gzip
import itertools
import posixpath
import re
from datetime import timedelta

import msgspec
import pytest
from lxml import etree, html

import view_samples as samples
from heliograph import gate, resources
from heliograph import view as v
from heliograph.load import load_site
from heliograph.render import pages, public
from heliograph.render.front import front
from heliograph.render.layouts import Layouts

LAYOUTS = Layouts()
HOSTILE = '</title><script>alert("1")</script> & {{ 7*7 }} "quoted" <b>'
BESIDE = {"maintenance.ics", "api/v2/summary.json", *(path for path, _, _ in pages.FEEDS)}


@functools.cache
def example():
    """What everyone may see of the site that comes with the tool."""
    site = load_site(resources.defaults())
    return gate.project(site, gate.PUBLIC_READER, site.settings.clock)[0]


VIEWS = {
    "example": example,
    "open": samples.public_view,
    "well": samples.all_well_view,
    "empty": samples.empty_view,
    "crowded": lambda: samples.crowded_view(30),
}


def changed(thing, **changes):
    return msgspec.structs.replace(thing, **changes)


def built(view):
    """All artifacts by path; two on one path would be a fault."""
    found = {}
    for artifact in public.site(view, LAYOUTS):
        assert artifact.path not in found
        found[artifact.path] = artifact.data
    return found


def tree(data):
    return html.fromstring(data.decode())


def text(node):
    """The words of a node as they are read, without the difference of line ends."""
    blocks = {"p", "li", "dt", "dd", "td", "th", "div", "summary", *(f"h{level}" for level in range(1, 7))}
    pieces = []
    for event, part in etree.iterwalk(node, events=("start", "end")):
        if event == "start":
            pieces.append(part.text or "")
        else:
            pieces.append(" " if part.tag in blocks else "")
            pieces.append(part.tail or "" if part is not node else "")
    return " ".join("".join(pieces).split())


def main_text(view, path="index.html"):
    return text(tree(built(view)[path]).get_element_by_id("main"))


def in_order(whole, *pieces):
    """Tell whether all pieces stand in a text, each after the one before."""
    place = 0
    for piece in pieces:
        found = whole.find(piece, place)
        assert found >= 0, f"{piece!r} is missing, or stands too early, in {whole!r}"
        place = found + len(piece)
    return True


def with_incident(**changes):
    view = samples.public_view()
    return changed(view, incidents=(changed(view.incidents[0], **changes), *view.incidents[1:]))


# --- the first page ------------------------------------------------------------------------------


def test_an_open_problem_is_told_first_and_in_the_agreed_order():
    said = main_text(samples.public_view())
    assert in_order(
        said,
        "Some payments in Europe are failing",
        "Checkout and API degraded",
        samples.IDENTIFIED,
        "Since 14:02 UTC · updated 14:20 · next update by 14:50 UTC",
        "Affected: Checkout (degraded), API (degraded).",
        "Working normally: the other 10 parts",
        "All updates Get updates Contact support",
        "Planned work",
        "Database upgrade",
        "Wed 2 Dec, 02:00–03:30 UTC",
        "Reports are read-only during that time; everything else works. You need to do nothing.",
        "Parts",
        "Past problems",
        "E-mail arrives late",
    )
    assert said.startswith("Some payments in Europe are failing")


def test_the_headline_is_the_problem_and_the_promise_is_emphasised():
    page = tree(built(samples.public_view())["index.html"])
    assert text(page.xpath("//h1")[0]) == "Some payments in Europe are failing"
    assert text(page.xpath("//title")[0]).startswith("Some payments in Europe are failing")
    assert text(page.xpath('//p[@class="course"]/strong')[0]) == "next update by 14:50 UTC"


def test_several_problems_are_counted_and_each_is_told():
    view = samples.public_view()
    second = changed(samples.slow_search(), id="second00", status="investigating", resolved_at=None)
    said = main_text(samples.arranged(view, incidents=(second, *view.incidents[:2])))
    assert said.startswith("2 problems now")
    assert in_order(
        said, "Search answers slowly", "Some payments in Europe are failing", "Working normally: the other 10 parts"
    )


def test_the_gravest_problem_comes_first_even_when_it_is_older():
    view = samples.public_view()
    grave = changed(samples.slow_search(), id="second00", impact="critical", resolved_at=None)
    said = main_text(samples.arranged(view, incidents=(*view.incidents[:2], grave)))
    assert in_order(said, "2 problems now", "Search answers slowly", "Some payments in Europe are failing")


def test_a_late_update_says_so_and_does_not_promise_again():
    said = main_text(with_incident(late=True))
    assert "This update is late. It was due by 14:50 UTC." in said
    assert "next update by" not in said


def test_all_well_names_the_last_problem_the_next_work_and_whom_to_ask():
    said = main_text(samples.all_well_view())
    assert in_order(
        said,
        "No known problems",
        "Last problem: E-mail arrives late, 3 Nov 2026, 42 min.",
        "Planned: 2 Dec 2026, 02:00 UTC, Database upgrade.",
        "Something wrong for you? Contact support.",
        "Parts",
    )
    assert "Working normally" not in said


def test_work_under_way_is_the_headline_when_nothing_is_broken():
    view = samples.all_well_view()
    now = changed(samples.upgrade(), status="in_progress", started_at=samples.at("02:01", "2026-12-02"))
    said = main_text(samples.arranged(view, maintenances=(now,)))
    assert in_order(
        said,
        "Planned work: Database upgrade",
        "In progress: Reports",
        "Reports are read-only",
        "Wed 2 Dec, 02:00–03:30 UTC. Started at 02:01 UTC.",
        "No known problems besides.",
    )


def test_each_of_several_problems_leads_to_all_its_updates():
    view = samples.crowded_view(3)
    page = tree(built(view)["index.html"])
    led = page.xpath("//article[contains(@class, 'problem')]//a[.='All updates']/@href")
    assert led == [f"incidents/{one.id}/index.html" for one in front(view).problems]


def test_what_is_over_is_titled_in_the_past():
    known = samples.payments()
    over = changed(known, status="resolved", resolved_at=known.updated_at, next_update=None, claims=())
    files = built(samples.arranged(samples.public_view(), incidents=(over,)))
    assert (
        tree(files[f"incidents/{over.id}/index.html"]).xpath("string(//h1)") == "Some payments in Europe were failing"
    )
    assert b"Europe are failing" not in files["index.html"]


def test_finished_work_says_by_how_much_it_was_early():
    assert "Finished at 03:12 UTC, 18 minutes early" in main_text(samples.public_view())
    told = main_text(samples.public_view(), "maintenance/c6v8b2n4/index.html")
    assert "Finished at 03:12 UTC, 18 minutes early." in told
    assert "Completed. Finished" not in told


@pytest.mark.parametrize("view", ["open", "well", "empty", "crowded"])
def test_no_page_rolls_everything_up_or_apologises(view):
    for path, data in built(VIEWS[view]()).items():
        if path.endswith(".html"):
            said = text(tree(data)).lower()
            assert not re.search(r"all systems|system outage|sorry|apolog|inconvenience", said), path


def test_the_first_page_stays_small_with_500_open_problems():
    page = built(samples.crowded_view(500))["index.html"]
    said = text(tree(page))
    assert "500 problems now" in said
    assert "490 more now" in said
    assert said.count(samples.IDENTIFIED) == 10


def test_the_first_page_does_not_grow_with_history():
    view = samples.all_well_view()
    old = tuple(changed(samples.slow_search(), id=f"old{number:05d}") for number in range(300))
    page = built(samples.arranged(view, incidents=(*view.incidents, *old)))["index.html"]
    assert len(tree(page).xpath('//section[@aria-labelledby="past"]//li')) == 11  # ten problems, one finished work


def test_a_problem_without_components_and_a_site_without_any_are_told_all_the_same():
    view = with_incident(claims=(), affected=(), updates=())
    said = main_text(samples.arranged(view, components=(), groups=(), maintenances=(), incidents=view.incidents[:1]))
    assert "Affected" not in said
    assert "Since 14:02 UTC" in said


def test_a_problem_of_several_days_says_each_day():
    said = main_text(with_incident(started_at=samples.at("22:10", "2026-11-20")))
    assert "Since 20 Nov 2026, 22:10 UTC · updated 21 Nov, 14:20 UTC · next update by 21 Nov, 14:50 UTC" in said


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_the_first_page_and_its_stylesheet_fit_in_14_kilobytes(view):
    found = built(view())
    style = next(data for path, data in found.items() if path.endswith(".css"))
    assert len(gzip.compress(found["index.html"])) + len(gzip.compress(style)) < 14_000


# --- the other pages -----------------------------------------------------------------------------


def test_a_solved_problem_says_when_and_after_how_long():
    said = main_text(samples.public_view(), "incidents/h5c2p8wa/index.html")
    assert in_order(
        said,
        "E-mail arrives late",
        "Resolved on 3 Nov 2026, 08:53 UTC, after 42 min.",
        "Affected: E-mail delivery.",
        "How to resend an e-mail",
        "Postmortem",
        "What happened",
        "Updates",
        "Resolved 08:53 UTC",
        "Monitoring 08:40 UTC",
        "Investigating 08:15 UTC",
    )


def test_an_open_problems_page_tells_states_changes_and_corrections():
    said = main_text(samples.public_view(), "incidents/k3x9q2mf/index.html")
    assert in_order(
        said,
        "Identified: Checkout and API degraded",
        "next update by 14:50 UTC",
        "Identified 14:20 UTC",
        "Checkout: degraded (before: partial outage)",
        "Investigating 14:09 UTC",
        "Corrected at 14:12 UTC. It said: “We are investigating payments that fail everywhere.”",
    )


def test_a_correction_that_took_words_back_does_not_repeat_them():
    view = samples.public_view()
    newest = changed(view.incidents[0].updates[0], corrections=(v.Correction(at=samples.at("14:31"), was=""),))
    said = main_text(with_incident(updates=(newest,)), "incidents/k3x9q2mf/index.html")
    assert "Corrected at 14:31 UTC." in said
    assert "It said" not in said


def test_facts_carry_the_time_they_were_given():
    fact = v.Fact(id="n", name="Customers", value="1,240", unit="accounts", as_of=samples.at("14:20"))
    said = main_text(with_incident(facts=(fact,)), "incidents/k3x9q2mf/index.html")
    assert "Customers 1,240 accounts as of 14:20 UTC" in said


def test_updates_can_be_linked_to():
    page = tree(built(samples.public_view())["incidents/k3x9q2mf/index.html"])
    assert [item.get("id") for item in page.xpath('//ol[@class="updates"]/li')] == [
        "update-7qm4tz2c",
        "update-2nd8vw4k",
    ]


def test_a_months_page_lists_that_month_only():
    found = built(samples.public_view())
    said = text(tree(found["history/2026-11/index.html"]).get_element_by_id("main"))
    assert "E-mail arrives late" in said
    assert "Search answers slowly" not in said
    assert in_order(said, "November 2026", "October 2026", "December 2026")


def test_the_history_counts_each_month_newest_first():
    said = main_text(samples.public_view(), "history/index.html")
    assert in_order(
        said, "2026", "December 2026", "1 piece of planned work", "November 2026 2 problems", "September 2026 1 problem"
    )


def test_who_is_affected_is_told_by_component_and_by_region():
    view = samples.public_view()
    components = tuple(changed(part, regions=("eu", "us", "apac")) for part in view.components)
    one = changed(view.incidents[0], regions=("eu",))
    felt = changed(view, components=components, incidents=(one, *view.incidents[1:]))
    assert in_order(
        main_text(felt, f"incidents/{one.id}/index.html"),
        "Am I affected? If you use it is in the regions Checkout degraded eu API degraded eu",
        "Regions that are not known to be touched: us, apac.",
        "Nothing else is known to be touched by this problem.",
    )
    assert "in the regions" not in main_text(view, f"incidents/{one.id}/index.html")


def test_a_components_page_tells_its_own_past_and_how_uptime_is_counted():
    said = main_text(samples.public_view(), "components/api/index.html")
    assert in_order(
        said,
        "API",
        "Degraded",
        "99.99 % in 90 days; 2 days with problems",
        "20 Oct 2026 outage for 7 min",
        "An outage counts fully, a partial outage 30 %, degraded service and planned work not at all.",
        "Some payments in Europe are failing",
    )
    assert "E-mail arrives late" not in said


def test_a_components_page_is_bounded():
    view = samples.all_well_view()
    old = tuple(changed(samples.slow_search(), id=f"old{number:05d}") for number in range(120))
    page = tree(built(samples.arranged(view, incidents=old))["components/search/index.html"])
    assert len(page.xpath('//section[@aria-labelledby="past"]//li')) == pages.OWN_PAST
    assert "70 older in the history" in text(page)


def test_the_feeds_are_explained_and_announced():
    found = built(samples.public_view())
    page = tree(found["subscribe/index.html"])
    linked = {link.get("href") for link in page.xpath("//main//a")}
    assert {f"../{path}" for path, _, _ in pages.FEEDS} <= linked
    assert "../maintenance.ics" in linked
    announced = tree(found["incidents/k3x9q2mf/index.html"]).xpath('//link[@rel="alternate"]/@href')
    assert announced == [f"../../{path}" for path, _, _ in pages.FEEDS]


def test_the_notice_stands_at_the_top_of_every_page():
    view = changed(samples.public_view(), about=samples.about(notice="This is an example."))
    for path, data in built(view).items():
        if path.endswith(".html"):
            assert in_order(
                data.decode(), '<aside class="notice" aria-label="Notice">This is an example.</aside>', "<main"
            ), path


# --- what holds for every page -------------------------------------------------------------------


def destinations(path, page):
    """Where the links of a page lead within the site: path and fragment."""
    for link in page.xpath("//a/@href | //link/@href"):
        if re.match(r"(https?|mailto|tel|data):", link):
            continue
        where, _, fragment = link.partition("#")
        if where.startswith("/"):
            assert path == "404.html", f"{path} links to {link} from the host"
            yield where.removeprefix("/"), fragment
        else:
            yield posixpath.normpath(posixpath.join(posixpath.dirname(path), where)) if where else path, fragment


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_every_link_leads_somewhere(view):
    found = built(view())
    trees = {path: tree(data) for path, data in found.items() if path.endswith(".html")}
    for path, page in trees.items():
        for where, fragment in destinations(path, page):
            if where in BESIDE or re.fullmatch(r"components/[a-z0-9-]+/updates\.atom", where):
                continue
            assert where in found, f"{path} links to {where}, which is not made"
            if fragment:
                assert trees[where].xpath("//*[@id=$id]", id=fragment), f"{path} links to {where}#{fragment}"


def test_every_page_can_be_reached_from_the_first():
    found = built(samples.public_view())
    reached, waiting = set(), ["index.html"]
    while waiting:
        path = waiting.pop()
        if path in reached or not path.endswith(".html"):
            continue
        reached.add(path)
        waiting.extend(where for where, _ in destinations(path, tree(found[path])) if where in found)
    assert {path for path in found if path.endswith(".html")} - reached == {"404.html"}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_every_page_has_the_frame_a_reader_needs(view):
    found = built(view())
    for path, data in found.items():
        if not path.endswith(".html"):
            continue
        page = tree(data)
        assert data.startswith(b"<!doctype html>"), path
        assert len(page.xpath("//h1")) == 1, path
        assert len(page.xpath("//main")) == len(page.xpath("//body/header")) == len(page.xpath("//body/footer")) == 1, (
            path
        )
        assert page.get("lang") == "en", path
        assert page.xpath('//body/a[@class="skip"]/@href') == ["#main"], path
        assert not page.xpath("//script[not(@src)] | //style | //@style | //img | //form"), path
        assert [
            posixpath.normpath(posixpath.join(posixpath.dirname(path), one)) for one in page.xpath("//script/@src")
        ] == [one.lstrip("/") for one in found if one.endswith(".js")] or path == "404.html", path
        ids = page.xpath("//@id")
        assert len(ids) == len(set(ids)), path
        policy = page.xpath('//meta[@http-equiv="Content-Security-Policy"]/@content')
        assert policy == [
            (
                "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
                "base-uri 'none'; form-action 'none'"
            )
        ], path
        levels = [int(heading.tag[1]) for heading in page.xpath("//h1|//h2|//h3|//h4|//h5|//h6")]
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), (path, levels)


def test_no_page_of_a_problem_links_to_another_problem():
    found = built(samples.public_view())
    for path, data in found.items():
        if path.startswith("incidents/"):
            others = [
                where for where, _ in destinations(path, tree(data)) if where.startswith("incidents/") and where != path
            ]
            assert others == []


def test_the_stylesheet_is_named_by_its_content():
    import hashlib

    path, data = next((path, data) for path, data in built(samples.public_view()).items() if path.endswith(".css"))
    assert path == f"assets/style.{hashlib.sha256(data).hexdigest()[:12]}.css"


def test_the_page_for_wrong_addresses_knows_where_the_site_lives():
    view = changed(samples.public_view(), about=samples.about(url="https://example.com/status"))
    page = tree(built(view)["404.html"])
    assert "/status/index.html" in page.xpath("//a/@href")
    assert page.xpath('//link[@rel="stylesheet"]/@href')[0].startswith("/status/assets/style.")


def test_hostile_words_stay_words():
    view = samples.public_view()
    one = changed(
        view.incidents[0],
        title=HOSTILE,
        links=(v.Link(name=HOSTILE, url="javascript:alert(1)"),),
        facts=(v.Fact(id="n", name=HOSTILE, value=HOSTILE, unit=HOSTILE, as_of=samples.NOW),),
        updates=(
            samples.update(
                "x1",
                samples.NOW,
                None,
                samples.passage(HOSTILE),
                corrections=(v.Correction(at=samples.NOW, was=HOSTILE),),
            ),
        ),
    )
    component = changed(view.components[0], name=HOSTILE, description=HOSTILE, regions=(HOSTILE,))
    about = changed(samples.about(notice=HOSTILE), name=HOSTILE, support_url="javascript:alert(2)")
    work = changed(samples.upgrade(), title=HOSTILE)
    hostile = changed(
        view,
        about=about,
        incidents=(one, changed(samples.mail_delay(), title=HOSTILE)),
        components=(component, *view.components[1:]),
        groups=(v.Group(id="payments", name=HOSTILE),),
        maintenances=(work, samples.moved_store()),
        months=view.months[:3],
        pages=(v.Page(id="about", title=HOSTILE, passages=(samples.passage(HOSTILE),)),),
    )
    for path, data in built(hostile).items():
        if path.endswith(".html"):
            page = tree(data)
            assert not page.xpath("//script[not(@src)] | //b"), path
            assert not [link for link in page.xpath("//a/@href") if link.startswith("javascript")], path
            assert "49" not in text(page.xpath("//title")[0]), path
    assert HOSTILE in text(tree(built(hostile)["index.html"]))


def test_the_same_view_gives_the_same_bytes():
    assert built(samples.public_view()) == built(samples.public_view())


def test_times_are_marked_up_for_machines():
    page = tree(built(samples.public_view())["index.html"])
    assert page.xpath('//p[@class="course"]/time/@datetime')[:2] == ["2026-11-21T14:02Z", "2026-11-21T14:20Z"]


def test_times_are_said_in_the_sites_zone():
    view = changed(samples.public_view(), about=changed(samples.about(), timezone="Europe/Berlin"))
    said = main_text(view)
    assert "Since 15:02 CET · updated 15:20 · next update by 15:50 CET" in said


def test_a_young_component_does_not_claim_ninety_days():
    view = samples.public_view()
    young = changed(view.components[0], days=view.components[0].days[-1:], uptime=0.5)
    assert "50.00 % in 1 day; 1 day with problems" in main_text(changed(view, components=(young, *view.components[1:])))


def test_no_layout_lets_raw_markup_through_or_asks_who_reads():
    folder = resources.defaults() / "layouts"
    layouts = sorted([*folder.glob("web/**/*.html"), *folder.glob("brief/**/*.html")])
    assert len(layouts) > 15
    for layout in layouts:
        words = layout.read_text()
        assert not re.search(r"\|\s*safe|autoescape|if\s+internal|reader\s*==", words), layout


def channels(colour):
    figures = colour.removeprefix("#")
    figures = "".join(figure * 2 for figure in figures) if len(figures) == 3 else figures
    return [int(figures[place : place + 2], 16) / 255 for place in (0, 2, 4)]


def luminance(colour):
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_colour_of_words_has_the_contrast_of_wcag_aa(scheme):
    blocks = re.findall(r":root \{(.*?)\}", LAYOUTS.source("web/style.css"), re.DOTALL)
    colours = dict(re.findall(r"--([a-z]+): (#[0-9a-f]+)", blocks[scheme]))
    for name in ("ink", "soft", "accent", "ok", "plan", "degraded", "partial", "outage"):
        for ground in ("ground", "sheet"):
            assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)


def test_a_day_is_drawn_by_height_as_well_as_colour():
    from heliograph.render.bars import bar

    drawn = html.fromstring(str(bar(samples.days((samples.TODAY, "major_outage", timedelta(hours=1))))))
    tops = {path.get("class"): path.get("d").split("v")[0] for path in drawn.iter("path")}
    assert tops["operational"].startswith("M0 8")
    assert tops["major_outage"] == "M356 0"
