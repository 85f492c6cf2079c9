"""Briefs: one screen for executives, one for support, and one for any other insiders."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

import view_samples as samples
from heliograph import view as v
from heliograph.render import brief, digests
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
        "State Since 21 Nov 2026, 14:02 UTC. Checkout: partial outage → degraded. API: degraded.",
        "Decision 14:40 UTC, commander: fail over if the rollback has not worked",
        "Open ask One DBA, of engineering, since 14:20 UTC; not met",
        f"We said 14:20 UTC “{samples.IDENTIFIED}”14:09 UTC “{samples.INVESTIGATING}”",
        "Told support 14:19 UTC · public 14:20 UTC",
        "Next word Public and this screen by 14:50 UTC, sooner if the state changes.",
        "People Commander platform-oncall, customer liaison support-lead.",
        "All open: 1 problem.",
    )


def test_what_is_asked_of_executives_is_told_to_them():
    view = samples.exec_view()
    ask = v.Ask(what="Approve a credit of one month", of="Executives", since=samples.at("14:21"), met_at=None)
    said = executive(changed(view, incidents=(changed(view.incidents[0], asks=(ask,)), *view.incidents[1:])))
    assert "From you Approve a credit of one month, since 14:21 UTC." in said


def with_first(view, **changes):
    return changed(view, incidents=(changed(view.incidents[0], **changes), *view.incidents[1:]))


def with_dossier(desk, **changes):
    return changed(desk, dossiers=(changed(desk.dossiers[0], **changes), *desk.dossiers[1:]))


def named_rows(artifacts):
    data = next(artifact.data for artifact in artifacts if artifact.path == "index.html")
    return [text(name) for name in tree(data).xpath("//dt")]


def test_the_screen_has_the_digests_rows_in_the_digests_order():
    view, desk = samples.exec_view(), samples.exec_desk()
    (message,) = digests.executive(view, desk, (), LAYOUTS)
    labels = [text(label).casefold() for label in tree(message.mails[0].html.encode()).xpath("//th")]
    assert (labels[0], labels[-1]) == ("bottom line", "all open"), "these two are the screen's own beginning and end"
    assert [name.casefold() for name in named_rows(brief.executive(view, desk, LAYOUTS))] == labels[1:-1]


def test_a_fact_is_not_told_in_a_unit_that_its_name_says_already():
    fact = v.Fact(id="tickets", name="Support tickets", value="23", unit="tickets", as_of=samples.at("14:20"))
    said = executive(with_first(samples.exec_view(), facts=(fact, changed(fact, id="x", name="Asked", value="9"))))
    assert "Support tickets 23 as of" in said
    assert "Asked 9 tickets as of" in said


def test_what_is_written_to_executives_as_wanted_of_them_stands_in_its_own_row_alone():
    words = f"{samples.EXEC_WORDS}\n\n**From you:** a word to the *regulator* by 18:00 UTC."
    said = executive(changed(samples.exec_view(), incidents=(samples.payments(words, addressed=True),)))
    assert in_order(said, samples.EXEC_WORDS, "From you A word to the regulator by 18:00 UTC.", "State")
    assert said.count("regulator") == 1
    assert "From you:" not in said


@pytest.mark.parametrize("who", ["exec", "Executives"])
def test_a_decision_of_executives_is_wanted_of_them_and_told_once(who):
    decision = changed(samples.exec_view().incidents[0].decision, who=who)
    said = executive(with_first(samples.exec_view(), decision=decision))
    assert "From you Decide by 14:40 UTC: Fail over if the rollback has not worked." in said
    assert "Decision" not in said
    assert "Nothing now" not in said


def test_words_for_executives_that_others_followed_carry_their_age():
    view = samples.exec_view()
    newer = v.Update(
        id="n3w3r0ne", at=samples.at("14:23"), status=None, claims=(), corrections=(),
        passages=(samples.passage("The fix reaches the last zone."),),
    )  # fmt: skip
    said = executive(with_first(view, updates=(newer, *view.incidents[0].updates)))
    assert in_order(
        said, "The fix reaches the last zone.", "People", f"Last to you {samples.EXEC_WORDS} as of 14:20 UTC"
    )
    assert "Last to you" not in executive()


def test_one_sentence_for_executives_is_led_by_where_things_stand():
    one = samples.payments("About 4 % of EU revenue is delayed.", addressed=True)
    assert "Cause found. About 4 % of EU revenue" in executive(changed(samples.exec_view(), incidents=(one,)))
    one = samples.payments("Cause found, the rest follows.", addressed=True)
    assert "Cause found. Cause found" not in executive(changed(samples.exec_view(), incidents=(one,)))


def test_who_was_told_is_listed_once_with_its_times_and_not_to_itself():
    start = samples.at("14:10")
    told = (
        ("Executives", start),
        ("Globex", samples.at("14:14")),
        ("Globex", samples.at("14:20")),
        ("Globex", samples.at("14:20")),
        *(("Public", start + timedelta(minutes=number)) for number in range(5)),
    )
    said = executive(desk=with_dossier(samples.exec_desk(), told=told))
    assert "Told Globex 14:14 UTC, 14:20 UTC · Public 14:10 UTC to 14:14 UTC, 5 times Next word" in said
    assert "Told" not in executive(desk=with_dossier(samples.exec_desk(), told=())).replace("Told of", "")


def test_older_public_words_are_counted():
    first = samples.exec_desk().dossiers[0]
    said = (*first.said, *(changed(first.said[-1], at=samples.at(f"14:0{minute}")) for minute in (3, 4)))
    told = executive(desk=with_dossier(samples.exec_desk(), said=said[::-1]))
    assert in_order(told, "We said 14:20 UTC", "14:09 UTC", "and 2 messages before.", "Next word")


def test_a_promise_that_only_the_problem_keeps_is_told_as_late_too():
    desk = with_dossier(samples.exec_desk(), due=())
    assert "Next word The next word by 14:50 UTC" in executive(desk=desk)
    assert "The next word was due by 14:50 UTC: late." in executive(with_first(samples.exec_view(), late=True), desk)


def test_other_insiders_read_what_is_wanted_of_them():
    view, desk = samples.exec_view(), changed(samples.exec_desk(), reader="engineering", name="Engineering")
    said = only_page(brief.general(view, desk, LAYOUTS))
    assert "From you One DBA, since 14:20 UTC." in said
    assert "Open ask" not in said


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
    assert in_order(
        said, "Business", "Some payments in Europe are failing", "State Since 21 Nov 2026, 14:02 UTC", "All open"
    )


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
        "[k3x9q2mf] reply · Some payments in Europe are failing",
        "tag inc-k3x9q2mf · from the public update of 14:20 UTC · good until 14:50 UTC",
        "Hi {{ticket.requester.first_name}},",
        "Phone Some payments in Europe are failing",
        "Short Some payments in Europe are failing",
        "https://status.example.com/incidents/k3x9q2mf/",
        "[k3x9q2mf] is-it-this · Some payments in Europe are failing",
        "[k3x9q2mf] follow-up · Some payments in Europe are failing",
        "Replies about planned work",
        "[m4d7x2qe] planned · ",
        "Replies about what is solved",
        "E-mail arrives late",
    )


def test_a_reply_stands_alone_so_that_it_can_be_selected_whole():
    told = macros(changed(samples.public_view(), reader="macros"))
    found = {a.path: a.data for a in brief.support(samples.support_view(), samples.support_desk(), told, LAYOUTS)}
    copied = tree(found["index.html"]).xpath('//pre[@class="copy"]')[0].text_content()
    assert copied.strip() == told[0].text.strip()
    assert samples.SUPPORT_WORDS not in copied


def support_page():
    told = macros(changed(samples.public_view(), reader="macros"))
    found = {a.path: a.data for a in brief.support(samples.support_view(), samples.support_desk(), told, LAYOUTS)}
    return tree(found["index.html"]), told


def test_the_first_reply_lies_open_and_the_others_are_folded_under_their_names():
    page, told = support_page()
    folded = [text(name) for name in page.xpath("//details/summary")]
    assert [name for name in folded if "k3x9q2mf" in name] == [
        macro.name for macro in told if macro.incident == "k3x9q2mf" and macro.phase != "reply"
    ]
    assert not page.xpath('//details//*[@id="reply-inc-k3x9q2mf"]')
    assert not page.xpath("//details[@open]")


def test_each_button_copies_the_words_it_names_and_no_others():
    page, told = support_page()
    words = {f"{macro.phase}-{macro.tag}": macro.text.strip() for macro in told}
    words |= {f"phone-{macro.tag}": macro.phone for macro in told} | {
        f"short-{macro.tag}": macro.short for macro in told
    }
    copied = page.xpath("//button/@data-copy")
    assert len(copied) == len(set(copied)) > len(told)
    for identity in copied:
        (element,) = page.xpath(f'//*[@id="{identity}"]')
        assert element.text_content().strip() == words[identity]


def test_replies_that_stand_beside_no_problem_say_their_times_in_full():
    page, _ = support_page()
    assert "update of 18 Nov 2026, 09:00 UTC · good until 2 Dec 2026, 03:30 UTC" in text(
        page.xpath('//section[@aria-labelledby="ahead"]')[0]
    )
    assert "update of 3 Nov 2026, 08:53 UTC" in text(page.xpath('//section[@aria-labelledby="closing"]')[0])


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
