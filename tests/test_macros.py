"""Replies to paste: the newest words any customer may read, one placeholder, and nothing a help desk would expand."""

from __future__ import annotations

import re

import msgspec
import pytest

import view_samples as samples
from heliograph.render import sentences
from heliograph.render.layouts import Layouts
from heliograph.render.macros import (
    PHONE_LIMIT,
    REQUESTER,
    SHORT_LIMIT,
    Macro,
    headline,
    macro_artifacts,
    macros,
    withdrawn,
)
from heliograph.render.tongue import ENGLISH

replace = msgspec.structs.replace
NOW = samples.NOW


def view_with(*incidents, works=()):
    return replace(samples.public_view(), reader="macros", incidents=incidents, maintenances=works)


def with_say(incident, words, of=0):
    updates = list(incident.updates)
    updates[of] = replace(updates[of], passages=(*updates[of].passages, samples.passage(words, addressed=True)))
    return replace(incident, updates=tuple(updates))


def only(view, *phases) -> Macro:
    """The one macro of a phase: unless named, the one that says what there is to say."""
    (macro,) = [one for one in macros(view) if one.phase in (phases or ("reply", "closing", "planned"))]
    return macro


def phases(view):
    return [macro.phase for macro in macros(view)]


def test_an_open_incident_gets_the_reply_agents_need():
    macro = only(view_with(with_say(samples.payments(), "You can safely try the payment again.")))
    assert macro.text == (
        "Hi {{ticket.requester.first_name}},\n\n"
        "Since 14:02 UTC some payments in Europe have been failing. We have found the cause and are rolling out a fix. "
        "A payment that failed was not charged.\n\n"
        "You can safely try the payment again.\n\n"
        "Our next update comes by 14:50 UTC: https://status.example.com/incidents/k3x9q2mf/\n\n"
        "I have linked your request to this problem and will write to you when it is solved.\n"
    )
    assert (macro.phase, macro.tag) == ("reply", "inc-k3x9q2mf")
    assert (macro.source_at, macro.good_until) == (samples.at("14:20"), samples.at("14:50"))


def test_the_three_forms_say_the_same():
    macro = only(
        view_with(with_say(samples.payments("We *know* the [cause](https://example.com/why)."), "Try <again> & again."))
    )
    shown = re.sub(r"<[^>]+>", "", macro.html).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert shown.split() == macro.text.replace(" (https://example.com/why)", "").split()
    assert "*know*" in macro.markdown


def test_what_may_be_said_is_dropped_once_newer_public_words_stand():
    stale = with_say(samples.payments(), "We do not know whether trying again is safe.", of=1)
    assert "trying again" not in only(view_with(stale)).text


def test_what_may_be_said_later_than_the_public_words_is_added():
    incident = samples.payments()
    note = samples.update(
        "n0te", samples.at("14:22"), None, samples.passage("Refunds arrive on Monday.", addressed=True)
    )
    macro = only(view_with(replace(incident, updates=(note, *incident.updates), updated_at=samples.at("14:22"))))
    assert "Refunds arrive on Monday." in macro.text
    assert macro.source_at == samples.at("14:20")


def test_a_late_promise_is_not_made_again():
    text = only(view_with(replace(samples.payments(), late=True))).text
    assert "14:50" not in text
    assert "Our next update will be here: https://status.example.com/incidents/k3x9q2mf/" in text


def test_a_reply_says_when_newer_words_were_due():
    late = only(view_with(replace(samples.payments(), late=True)))
    assert headline(ENGLISH, late, "UTC").endswith("LATE: newer words were due by 14:50 UTC")


def test_a_closed_incident_gets_a_closing_reply():
    macro = only(view_with(samples.mail_delay()))
    assert macro.phase == "closing"
    assert macro.good_until is None
    assert "On 3 Nov 2026 from 08:11 to 08:53 UTC (42 min)" in macro.text
    assert "What happened, and what we change: https://status.example.com/incidents/h5c2p8wa/" in macro.text
    assert macro.phone == "Solved: E-mail arrives late. All e-mail has been delivered; none was lost."


def test_closing_replies_are_kept_for_the_newest_ten():
    closed = [replace(samples.slow_search(), id=f"old{number:02d}") for number in range(12)]
    assert [macro.incident for macro in macros(view_with(*closed))] == [f"old{number:02d}" for number in range(10)]


@pytest.mark.parametrize(
    "words",
    [
        "Your {{user.password}} is safe",
        r"Your \{\{user.password}} is safe",
        "Your &#123;&#123;user.password}} is safe",
        "Your `{{user.password}}` is safe",
        "Use {% if x %} and {!Contact.Name} and {#comment#} and {{{triple}}}",
        "[{{link}}](https://example.com/{{x}})",
    ],
)
def test_no_help_desk_expands_authored_words(words):
    for incident in (samples.payments(words), samples.payments(title=words), with_say(samples.payments(), words)):
        for macro in macros(view_with(incident, replace(samples.mail_delay(), title=words))):
            for form in (
                macro.markdown,
                macro.text,
                str(macro.html),
                macro.phone,
                macro.short,
                macro.title,
                macro.name,
            ):
                assert not re.search(r"\{[{%!#]", form.replace(REQUESTER, ""))
            assert macro.text.count(REQUESTER) == 1


def test_authored_markup_stays_data():
    macro = only(view_with(samples.payments("{{ 7 * 7 }} <script>alert(1)</script> {% raw %}")))
    assert "49" not in macro.text
    assert "<script" not in macro.html


def test_a_list_is_not_glued_to_the_opening_sentence():
    text = only(view_with(samples.payments("- Cards fail\n- Bank transfers work"))).text
    assert "have been failing.\n\n- Cards fail\n- Bank transfers work\n" in text


def test_the_phone_text_is_short_and_has_no_addresses():
    long = (
        "We are working on it (see [here](https://example.com/a/very/long/path)). "
        + "This sentence is one of many. " * 30
    )
    phone = only(view_with(samples.payments(long))).phone
    assert len(phone) <= PHONE_LIMIT
    assert "https" not in phone
    assert phone.startswith("Some payments in Europe are failing. We are working on it (see here).")


def test_the_files_stand_by_incident_and_phase_with_an_index():
    found = {
        artifact.path: artifact.data
        for artifact in macro_artifacts(view_with(samples.payments(), samples.mail_delay()), Layouts())
        if not artifact.path.startswith("desks/")
    }
    assert sorted(found) == [
        "h5c2p8wa/closing.html", "h5c2p8wa/closing.md", "h5c2p8wa/closing.txt", "index.json", "index.txt",
        *(f"k3x9q2mf/{phase}.{kind}" for phase in ("follow-up", "is-it-this", "reply") for kind in ("html", "md", "txt")),
    ]  # fmt: skip
    for macro in msgspec.json.decode(found["index.json"]):
        for form, kind in (("text", "txt"), ("markdown", "md"), ("html", "html")):
            assert macro[form] in found[f"{macro['incident']}/{macro['phase']}.{kind}"].decode()
    assert found["index.txt"].decode().splitlines() == [
        "[k3x9q2mf] Some payments in Europe are failing · REPLY WHILE OPEN · from public update 14:20 UTC · good until 14:50 UTC",
        "[k3x9q2mf] Some payments in Europe are failing · IS IT THIS? · from public update 14:20 UTC · good until 14:50 UTC",
        "[k3x9q2mf] Some payments in Europe are failing · FOLLOW-UP · from public update 14:20 UTC · good until 14:50 UTC",
        "[h5c2p8wa] Solved: E-mail arrives late · CLOSING REPLY · from public update 3 Nov 2026, 08:53 UTC",
        "",
        "No longer true; take these away wherever they were put:",
        "[h5c2p8wa] reply, is-it-this, follow-up",
    ]


def test_each_file_names_its_source_and_how_long_it_holds():
    for macro in macros(view_with(samples.payments())):
        assert (macro.source, macro.source_at, macro.good_until) == (
            "7qm4tz2c",
            samples.at("14:20"),
            samples.at("14:50"),
        )


def test_only_what_stands_between_the_rules_is_pasted():
    for artifact in macro_artifacts(view_with(with_say(samples.payments(), "Try again.")), Layouts()):
        if artifact.path.endswith("/reply.txt"):
            _, pasted, _ = artifact.data.decode().split("-" * 100 + "\n")
            assert pasted == only(view_with(with_say(samples.payments(), "Try again."))).text


def test_an_empty_site_has_an_index_that_says_so():
    found = {artifact.path: artifact.data for artifact in macro_artifacts(view_with(), Layouts())}
    assert found["index.txt"].startswith(b"No replies")
    assert found["index.json"] == b"[]\n"


# --- phases ---------------------------------------------------------------------------------------


def test_an_open_problem_has_a_reply_for_each_thing_an_agent_is_asked():
    assert phases(view_with(with_say(samples.payments(), "Try again."))) == [
        "reply",
        "is-it-this",
        "workaround",
        "follow-up",
    ]
    assert phases(view_with(samples.mail_delay())) == ["closing"]


def test_who_may_mean_another_problem_is_asked_what_when_and_where():
    assert only(view_with(samples.payments()), "is-it-this").text == (
        "Hi {{ticket.requester.first_name}},\n\n"
        "What you write about may be a problem that we know of.\n\n"
        "Since 14:02 UTC some payments in Europe have been failing.\n\n"
        "Is it this? Please tell us:\n\n"
        "- what you did and what you saw; the exact words of a message help most\n"
        "- when it happened, and in which time zone\n"
        "- whether it concerns Checkout or API, or something else\n\n"
        "If it began before 14:02 UTC, please say so: then we look for another cause.\n\n"
        "What we know so far: https://status.example.com/incidents/k3x9q2mf/\n"
    )


def test_a_problem_that_names_no_part_asks_for_none():
    nowhere = replace(samples.payments(), affected=())
    assert "whether it concerns" not in only(view_with(nowhere), "is-it-this").text


def test_a_workaround_is_what_may_be_said_and_nothing_without_it():
    assert "workaround" not in phases(view_with(samples.payments()))
    assert "workaround" not in phases(view_with(with_say(samples.payments(), "Not known yet.", of=1)))
    incident = samples.payments()
    note = samples.update("n0te", samples.at("14:22"), None, samples.passage("Pay by transfer.", addressed=True))
    macro = only(view_with(replace(incident, updates=(note, *incident.updates))), "workaround")
    assert (macro.source, macro.source_at) == ("n0te", samples.at("14:22"))
    assert macro.text == (
        "Hi {{ticket.requester.first_name}},\n\n"
        "Since 14:02 UTC some payments in Europe have been failing.\n\n"
        "Until it is solved, please note:\n\n"
        "Pay by transfer.\n\n"
        "Our next update comes by 14:50 UTC: https://status.example.com/incidents/k3x9q2mf/\n\n"
        "I will write to you when it is solved.\n"
    )
    assert "WORKAROUND · from what may be said since 14:22 UTC" in headline(ENGLISH, macro, "UTC")


def test_news_go_to_those_who_had_an_answer_and_only_where_there_was_one():
    first = replace(samples.payments(), updates=samples.payments().updates[-1:])
    assert "follow-up" not in phases(view_with(first))
    assert only(view_with(samples.payments()), "follow-up").text == (
        "Hi {{ticket.requester.first_name}},\n\n"
        "There is news on the problem you wrote to us about: some payments in Europe are failing.\n\n"
        "Our update of 14:20 UTC: We have found the cause and are rolling out a fix. Some payments in Europe still fail. "
        "A payment that failed was not charged.\n\n"
        "Our next update comes by 14:50 UTC: https://status.example.com/incidents/k3x9q2mf/\n\n"
        "I will write to you again when it is solved.\n"
    )


def test_planned_work_has_a_reply_until_it_is_over():
    upgrade = next(work for work in samples.public_view().maintenances if work.phase == "upcoming")
    macro = only(view_with(works=(upgrade,)))
    assert macro.phase == "planned"
    assert macro.good_until == upgrade.end
    assert "Planned work: Database upgrade. Wed 2 Dec, 02:00–03:30 UTC. " in macro.text
    assert f"Details, and any change of time: https://status.example.com/maintenance/{upgrade.id}/" in macro.text
    over = replace(upgrade, status="completed", completed_at=upgrade.end)
    assert phases(view_with(works=(over,))) == []


# --- short texts ----------------------------------------------------------------------------------


def test_a_short_text_has_the_promise_and_the_address():
    assert only(view_with(samples.payments())).short == (
        "Some payments in Europe are failing. We have found the cause and are rolling out a fix. A payment that failed was "
        "not charged. Next update by 14:50 UTC. https://status.example.com/incidents/k3x9q2mf/"
    )


@pytest.mark.parametrize("length", [1, 40, 90, 140, 200, 279, 280, 400])
@pytest.mark.parametrize(
    "words", ["Short. " * 60, "One sentence " + "without an end " * 30, "{{" * 120, "Ja. Nein! Was? " * 30]
)
def test_a_short_text_ends_where_a_sentence_does_and_within_its_limit(length, words):
    macro = only(view_with(samples.payments(words, title="T" * length)))
    assert len(macro.short) <= SHORT_LIMIT
    address = "https://status.example.com/incidents/k3x9q2mf/"
    assert macro.short.endswith(address)
    said = macro.short.removesuffix(address).strip()
    assert not said or said[-1] in ".!?"
    assert "…" not in said


def test_a_short_text_without_room_for_its_address_is_empty():
    about = replace(samples.public_view().about, public_url="https://status.example.com/" + "x" * 300)
    assert only(replace(view_with(samples.payments()), about=about)).short == ""


# --- what is over ---------------------------------------------------------------------------------


def gone(view):
    return {one.key for one in withdrawn(view, macros(view))}


def test_replies_of_its_time_are_withdrawn_when_a_problem_is_solved():
    assert gone(view_with(samples.payments())) == set()
    solved = replace(samples.payments(), resolved_at=samples.at("14:40"), status="resolved")
    assert gone(view_with(solved)) == {f"[k3x9q2mf] {phase}" for phase in ("reply", "is-it-this", "follow-up")}
    advised = with_say(solved, "Try again.")
    assert "[k3x9q2mf] workaround" in gone(view_with(advised))


def test_advice_that_newer_words_overtook_is_withdrawn():
    assert gone(view_with(with_say(samples.payments(), "Not known yet.", of=1))) == {"[k3x9q2mf] workaround"}


def test_a_problem_opened_again_takes_its_closing_reply_back():
    first, second = samples.payments().updates
    again = replace(samples.payments(), updates=(first, replace(second, status="resolved")))
    assert gone(view_with(again)) == {"[k3x9q2mf] closing"}


def test_closing_replies_are_withdrawn_when_they_are_kept_no_longer():
    def closed(number):
        last = replace(samples.slow_search().updates[0], status="resolved")
        return replace(samples.slow_search(), id=f"old{number:02d}", updates=(last, *samples.slow_search().updates[1:]))

    lost = gone(view_with(*map(closed, range(25))))
    assert {key for key in lost if key.endswith(" closing")} == {
        f"[old{number:02d}] closing" for number in range(10, 20)
    }


def test_planned_work_that_is_over_takes_its_reply_back():
    upgrade = next(work for work in samples.public_view().maintenances if work.phase == "upcoming")
    assert gone(view_with(works=(upgrade,))) == set()
    assert gone(view_with(works=(replace(upgrade, status="cancelled", completed_at=NOW),))) == {
        f"[{upgrade.id}] planned"
    }


def test_nothing_is_both_there_and_withdrawn():
    view = replace(samples.public_view(), reader="macros")
    assert gone(view).isdisjoint({macro.key for macro in macros(view)})


# --- languages ------------------------------------------------------------------------------------


def translated(view, words):
    """A view in German: the newest public words translated, or None where nobody did."""

    def passage(one):
        return replace(one, markdown=words, language="de") if words else replace(one, instead="missing")

    def update(one):
        return replace(one, passages=tuple(map(passage, one.passages)))

    incidents = tuple(replace(one, updates=tuple(map(update, one.updates))) for one in view.incidents)
    return replace(view, incidents=incidents)


def files(words):
    view = view_with(samples.payments())
    view = replace(view, about=replace(view.about, languages=("en", "de")))
    return {one.path: one.data for one in macro_artifacts(view, Layouts(), lambda _: translated(view, words))}


def test_replies_stand_in_each_language_that_has_all_their_words():
    found = files("Wir beheben es.")
    assert "Wir beheben es." in found["de/k3x9q2mf/reply.txt"].decode()
    assert "We have found the cause" in found["k3x9q2mf/reply.txt"].decode()
    assert "https://status.example.com/de/incidents/k3x9q2mf/" in found["de/k3x9q2mf/reply.txt"].decode()
    (first, *_) = msgspec.json.decode(found["de/index.json"])
    assert (first["key"], first["language"]) == ("[k3x9q2mf] reply (de)", "de")


def test_a_reply_in_two_languages_is_none_and_an_earlier_one_is_withdrawn():
    found = files(None)
    assert not [path for path in found if path.startswith("de/k3x9q2mf")]
    assert b"[k3x9q2mf] reply, is-it-this, follow-up" in found["de/index.txt"]
    assert "k3x9q2mf/reply.txt" in found


@pytest.mark.parametrize(
    ("title", "told"),
    [
        ("Some payments in Europe are failing", "Since 14:02 UTC some payments in Europe have been failing."),
        ("Search is slow.", "Since 14:02 UTC Search has been slow."),
        ("Log-in is not possible", "Since 14:02 UTC log-in has not been possible."),
        ("Users cannot log in", "Since 14:02 UTC: Users cannot log in."),
        ("Users who are in Europe see errors", "Since 14:02 UTC: Users who are in Europe see errors."),
        ("Checkout is slow and payments are failing", "Since 14:02 UTC: Checkout is slow and payments are failing."),
        ("Search is being rebuilt", "Since 14:02 UTC: Search is being rebuilt."),
        ("Checkout errors", "Since 14:02 UTC: Checkout errors."),
    ],
)
def test_a_title_becomes_a_sentence_only_where_it_cannot_be_misread(title, told):
    assert sentences.since(title, "14:02 UTC") == told


def test_what_is_over_is_told_as_past():
    slow = replace(samples.slow_search(), title="Some searches are slow")
    macro = only(view_with(slow))
    assert "15 Sep 2026, 01:05 UTC (3 h 35 min) some searches were slow. Search is as quick as before." in macro.text
    assert macro.phone == "Solved: some searches were slow. Search is as quick as before."


@pytest.mark.parametrize(
    ("title", "inside"),
    [
        ("Refunds are late", "refunds are late"),
        ("Downloads of reports are slow", "downloads of reports are slow"),
        ("Sign-in is failing", "sign-in is failing"),
        ("The dashboard is slow", "the dashboard is slow"),
        ("Visa payments are failing", "Visa payments are failing"),
        ("Jenkins is down", "Jenkins is down"),
        ("Paris is dark", "Paris is dark"),
        ("IT is down", "IT is down"),
        ("API calls fail", "API calls fail"),
    ],
)
def test_only_what_cannot_be_a_name_loses_its_capital_inside_a_sentence(title, inside):
    assert sentences.mid_sentence(title) == inside


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("We know why. Some payments in Europe still fail. None was charged.", "We know why. None was charged."),
        ("Some payments in Europe fail.\n\nNone was charged.", "None was charged."),
        ("Some payments in Europe no longer fail.", "Some payments in Europe no longer fail."),
        ("Payments in Europe fail.", "Payments in Europe fail."),
        (
            "- Some payments in Europe fail.\n- None was charged.",
            "- Some payments in Europe fail.\n- None was charged.",
        ),
    ],
)
def test_a_sentence_that_repeats_the_title_is_not_said_twice(words, left):
    assert sentences.without_echo("Some payments in Europe are failing", words) == left


def test_sentences_end_where_people_stop():
    text = 'About 99.93 % of it, e.g. Europe. He said "no." 1,240 of 31,000 accounts! Is it? Yes.'
    assert sentences.sentences(text) == [
        "About 99.93 % of it, e.g. Europe.", 'He said "no."', "1,240 of 31,000 accounts!", "Is it?", "Yes.",
    ]  # fmt: skip
