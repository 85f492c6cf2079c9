"""Colleagues' site: everything the public's has, and what the desk knows."""

from __future__ import annotations

import msgspec
import pytest

import view_samples as samples
from heliograph.render import internal, pages
from heliograph.render.layouts import Layouts
from heliograph.render.macros import macros
from test_pages_public import built, changed, destinations, in_order, text, tree

LAYOUTS = Layouts()
ONE = "incidents/k3x9q2mf/index.html"


def inside(view=None, desk=None):
    site = internal.site(view or samples.internal_view(), desk or samples.internal_desk(), LAYOUTS)
    return {artifact.path: artifact.data for artifact in site}


def main_text(path, **given):
    return text(tree(inside(**given)[path]).get_element_by_id("main"))


def test_it_has_the_same_pages_as_the_public_site():
    def names(found):
        return {path for path in found if not path.endswith(".css")}

    assert names(inside()) == names(built(samples.public_view()))


def test_every_page_says_that_it_is_not_for_customers_and_keeps_out_of_search():
    for path, data in inside().items():
        if path.endswith(".html"):
            page = tree(data)
            assert text(page.xpath('//p[@class="reader"]')[0]) == "Internal: not for customers", path
            assert page.xpath('//meta[@name="robots"]/@content') == ["noindex"], path
            assert len(page.xpath("//h1")) == 1, path
            assert not page.xpath("//script[not(@src)] | //@style"), path


def test_nothing_of_colleagues_pages_is_in_the_publics_files():
    public = b"\n".join(built(samples.public_view()).values()).lower()
    for word in (b"internal", b"severity", b"overdue", b"runbook", b"commander", b"sev2"):
        assert word not in public


def test_an_incident_tells_severity_people_tags_and_what_customers_read():
    assert in_order(
        main_text(ONE),
        "Checkout 5xx after db-7 failover",
        "Severity SEV2 since 14:05 UTC: Many customers are hindered",
        "Commander platform-oncall",
        "Tags payments, database",
        "Customers read Some payments in Europe are failing",
        "Told support 14:19 UTC · public 14:20 UTC",
        "Customers 1,240 of 31,000 accounts as of 14:20 UTC",
        "Decision 14:40 UTC, commander: fail over if the rollback has not worked",
        "Open ask One DBA, of engineering, since 14:20 UTC",
        "War room",
    )


def page_with_replies(path):
    view = samples.public_view()
    first, *others = view.incidents
    newest, *before = first.updates
    newest = changed(newest, passages=(*newest.passages, samples.passage("Try again.", addressed=True)))
    first = changed(first, updates=(newest, *before))
    told = macros(changed(view, reader="macros", incidents=(first, *others)))
    site = internal.site(samples.internal_view(), samples.internal_desk(), LAYOUTS, told)
    return tree(next(artifact.data for artifact in site if artifact.path == path)), told


@pytest.mark.parametrize(("path", "incident"), [(ONE, "k3x9q2mf"), ("maintenance/m4d7x2qe/index.html", "m4d7x2qe")])
def test_replies_stand_under_their_names_the_first_open_and_the_others_folded(path, incident):
    page, told = page_with_replies(path)
    first, *others = [macro for macro in told if macro.incident == incident]
    section = page.xpath('//section[@aria-labelledby="replies"]')[0]
    assert [text(name) for name in section.xpath("h3")] == [first.name]
    assert [text(name) for name in section.xpath("details/summary")] == [macro.name for macro in others]
    assert in_order(text(section), first.name, " ".join(first.text.split()), "Phone", first.phone, "Short", first.short)
    assert section.xpath("pre")[0].text_content().strip() == first.text.strip()
    for macro in others:
        assert section.xpath(f'details/pre[@id="{macro.phase}-{macro.tag}"]')[0].text_content() == macro.text
    assert sorted(section.xpath(".//button/@data-copy")) == sorted(section.xpath('.//*[@class="copy"]/@id'))


def test_advice_is_as_old_as_what_may_be_said_and_not_as_the_public_words():
    page, _ = page_with_replies(ONE)
    (advice,) = page.xpath('//details[pre[starts-with(@id, "workaround")]]')
    assert "from what may be said since 14:20 UTC" in text(advice)
    assert "public update" not in text(advice)


def test_the_merged_timeline_says_who_reads_each_line():
    assert in_order(
        main_text(ONE),
        "All that was said",
        "Identified 14:20 UTC · for public · next by 14:50 UTC",
        "public read by Everyone, Internal, Executives and Support",
        samples.IDENTIFIED,
        "support read by Support and Internal",
        "internal read by Internal and Executives",
        "Checkout: degraded (before: partial outage)",
        "Update 14:16 UTC · for internal",
        "Two nodes out of the pool.",
        "Corrected at 14:12 UTC.",
    )


def test_what_is_owed_names_its_owner_and_tells_what_is_overdue():
    said = main_text(ONE)
    assert in_order(
        said,
        "Words owed",
        "first word, overdue since 21 Nov 2026, 14:17 UTC sales-lead to business",
        "promised, due by 21 Nov 2026, 14:50 UTC communications-lead to public",
    )
    assert "overdue since 21 Nov 2026, 14:50" not in said


def test_what_waits_for_approval_is_told_with_what_is_read_meanwhile():
    assert (
        "strategic waits for commander to approve update 7qm4tz2c; until then it reads the words approved before."
        in main_text(ONE)
    )


def test_the_matrix_tells_who_has_words_of_its_own():
    assert in_order(
        main_text(ONE),
        "Who has been told what",
        "Everyone its own 14:20 UTC",
        "Executives everyone’s 14:20 UTC",
        "Business none never",
    )


def test_the_first_page_keeps_the_problem_first_and_lists_what_is_owed_by_time():
    assert in_order(
        main_text("index.html"),
        "Checkout 5xx after db-7 failover",
        "Affected:",
        "SEV2",
        "platform-oncall",
        "Words owed",
        "overdue",
        "Planned work",
    )


def test_a_components_page_names_its_owner_and_papers():
    said = main_text("components/checkout/index.html")
    assert in_order(
        said,
        "Kept by payments-oncall",
        "Runbook https://wiki.corp.example/checkout",
        "Dashboard https://grafana.corp.example/d/checkout",
    )


def test_a_desk_that_knows_nothing_more_still_gives_every_page():
    quiet = changed(samples.internal_desk(), dossiers=(), owners=(), severities=())
    assert in_order(main_text(ONE, desk=quiet), "Checkout 5xx", "Updates", samples.IDENTIFIED)


def test_links_lead_somewhere_inside_too():
    found = inside()
    known = {*found, "maintenance.ics", "api/v2/summary.json", *(path for path, _, _ in pages.FEEDS)}
    for path, data in found.items():
        if path.endswith(".html"):
            missing = {where for where, _ in destinations(path, tree(data)) if where not in known}
            assert all(where.endswith("/updates.atom") for where in missing), (path, missing)


def test_hostile_desk_words_stay_words():
    words = "<script>alert(1)</script>"
    desk = samples.internal_desk()
    first = desk.dossiers[0]
    line = msgspec.structs.replace(first.timeline[0].lines[0], label=words, markdown=words, readers=(words,))
    entry = msgspec.structs.replace(first.timeline[0], lines=(line,), audience=words)
    first = msgspec.structs.replace(
        first, title_public=words, tags=(words,), roles=((words, words),), timeline=(entry,)
    )
    found = inside(desk=changed(desk, dossiers=(first, *desk.dossiers[1:])))
    assert not tree(found[ONE]).xpath("//script[not(@src)]")
    assert not tree(found["index.html"]).xpath("//script[not(@src)]")
