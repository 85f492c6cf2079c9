"""Briefs: one screen for executives, one for support, and one for any other insiders."""

from __future__ import annotations

import msgspec

import view_samples as samples
from heliograph import view as v
from heliograph.render import brief
from heliograph.render.layouts import Layouts
from heliograph.render.macros import macros
from test_pages_public import changed, in_order, text, tree

LAYOUTS = Layouts()


def only_page(artifacts):
    found = {artifact.path: artifact.data for artifact in artifacts}
    assert sorted(path.split(".")[-1] for path in found) == ["css", "html", "js", "svg"]
    page = tree(found["index.html"])
    assert page.xpath('//link[@rel="stylesheet"]/@href')[0] in found
    assert len(page.xpath("//h1")) == 1
    assert not page.xpath("//script[not(@src)] | //@style")
    assert page.xpath('//meta[@name="robots"]/@content') == ["noindex"]
    assert page.xpath('//meta[@http-equiv="Content-Security-Policy"]')
    return text(page.xpath("//body")[0])


def executive(view=None, desk=None):
    return only_page(brief.executive(view or samples.exec_view(), desk or samples.exec_desk(), LAYOUTS))


def support(view=None):
    told = macros(changed(samples.public_view(), reader="macros"))
    return only_page(brief.support(view or samples.support_view(), samples.support_desk(), told, LAYOUTS))


def test_executives_read_the_bottom_line_and_then_what_they_ask_for():
    assert in_order(
        executive(),
        "SEV2 Some payments in Europe are failing",
        samples.EXEC_WORDS,
        "From you Nothing now.",
        "Customers 1,240 of 31,000 accounts as of 14:20 UTC",
        "SLA EU availability 99.93 %; breach at 15:10 UTC as of 14:20 UTC",
        "State Since 14:02 UTC (21 Nov 2026). Checkout: partial outage → degraded. API: degraded.",
        "Decision 14:40 UTC, commander: fail over if the rollback has not worked",
        "Open ask One DBA, of engineering, since 14:20 UTC; not met",
        f"We said 14:20 UTC “{samples.IDENTIFIED}”14:09 UTC “{samples.INVESTIGATING}”",
        "Told support 14:19 UTC · public 14:20 UTC",
        "Next word Public and this screen by 14:50 UTC",
        "People Commander platform-oncall, customer liaison support-lead",
        "All open: 1 problem.",
    )


def test_what_is_asked_of_executives_is_told_to_them():
    view = samples.exec_view()
    ask = v.Ask(what="Approve a credit of one month", of="Executives", since=samples.at("14:21"), met_at=None)
    said = executive(changed(view, incidents=(changed(view.incidents[0], asks=(ask,)), *view.incidents[1:])))
    assert "From you Approve a credit of one month." in said


def test_a_met_ask_is_no_longer_asked():
    view = samples.exec_view()
    ask = changed(view.incidents[0].asks[0], met_at=samples.at("14:22"))
    said = executive(changed(view, incidents=(changed(view.incidents[0], asks=(ask,)), *view.incidents[1:])))
    assert "Open ask" not in said


def test_a_missed_promise_to_the_public_is_told_as_late():
    desk = samples.exec_desk()
    missed = v.Due(
        incident="k3x9q2mf",
        audience="public",
        owner="communications-lead",
        by=samples.at("14:22"),
        overdue=True,
        why="promised",
    )
    first = changed(desk.dossiers[0], due=(missed,))
    assert "Public was due by 14:22 UTC: late" in executive(desk=changed(desk, dossiers=(first, *desk.dossiers[1:])))


def test_open_problems_outside_an_audiences_rule_are_named_only():
    view = samples.exec_view()
    small = changed(samples.slow_search(), id="small000", status="investigating", resolved_at=None)
    said = executive(changed(view, incidents=(small, *view.incidents)))
    assert in_order(
        said, "Some payments in Europe are failing", "Also open", "Search answers slowly", "All open: 2 problems."
    )
    nothing = executive(changed(view, incidents=(small, *view.incidents)), changed(samples.exec_desk(), relevant=()))
    assert in_order(nothing, "2 problems now", "Open", "Search answers slowly")
    assert samples.EXEC_WORDS not in nothing


def test_a_quiet_day_says_so_on_every_brief():
    quiet = changed(samples.all_well_view(), reader="exec")
    for said in (executive(quiet), support(changed(quiet, reader="support"))):
        assert in_order(
            said,
            "No known problems",
            "Last problem: E-mail arrives late, 3 Nov 2026, 42 min.",
            "Planned work",
            "All open: 0 problems.",
        )


def test_other_insiders_get_the_screen_without_what_is_asked_of_executives():
    said = only_page(
        brief.general(samples.exec_view(), changed(samples.exec_desk(), reader="business", name="Business"), LAYOUTS)
    )
    assert "From you" not in said
    assert in_order(said, "Business", "Some payments in Europe are failing", "State Since 14:02 UTC", "All open")


def test_agents_read_what_was_said_what_is_theirs_and_a_reply_to_copy():
    assert in_order(
        support(),
        "1 problem now",
        "Some payments in Europe are failing",
        "Checkout and API degraded",
        "next update by 14:50 UTC",
        "What customers were told 14:20 UTC",
        samples.IDENTIFIED,
        "For you alone",
        "Is it this? A payment in Europe failing since 14:02 UTC",
        "Do: tag inc-k3x9q2mf.",
        "Do not say: the cause",
        "Reply to copy tag inc-k3x9q2mf · from the public update of 14:20 UTC · good until 14:50 UTC",
        "Hi {{ticket.requester.first_name}},",
        "On the phone: “Some payments in Europe are failing",
        "Replies about what is solved",
        "E-mail arrives late",
    )


def test_a_reply_stands_alone_so_that_it_can_be_selected_whole():
    told = macros(changed(samples.public_view(), reader="macros"))
    found = {a.path: a.data for a in brief.support(samples.support_view(), samples.support_desk(), told, LAYOUTS)}
    copied = tree(found["index.html"]).xpath('//pre[@class="copy"]')[0].text_content()
    assert copied.strip() == told[0].text.strip()
    assert samples.SUPPORT_WORDS not in copied


def test_agents_without_advice_are_told_what_they_may_say():
    view = samples.support_view()
    bare = changed(view, incidents=samples.public_view().incidents)
    assert "No advice yet: say what customers were told, and no more." in support(bare)


def test_hostile_words_stay_words_on_a_brief():
    words = "<script>alert(1)</script>"
    view = samples.exec_view()
    fact = msgspec.structs.replace(view.incidents[0].facts[0], name=words, value=words)
    one = changed(
        view.incidents[0],
        title=words,
        facts=(fact,),
        decision=changed(view.incidents[0].decision, what=words, who=words),
    )
    assert executive(changed(view, incidents=(one, *view.incidents[1:]))).count(words) >= 4
