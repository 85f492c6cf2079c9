"""Replies to paste: the newest words any customer may read, one placeholder, and nothing a help desk would expand."""

from __future__ import annotations

import re

import msgspec
import pytest

import view_samples as samples
from heliograph.render import sentences
from heliograph.render.layouts import Layouts
from heliograph.render.macros import PHONE_LIMIT, REQUESTER, Macro, headline, macro_artifacts, macros
from heliograph.render.tongue import ENGLISH

replace = msgspec.structs.replace


def view_with(*incidents):
    return replace(samples.public_view(), reader="macros", incidents=incidents)


def with_say(incident, words, of=0):
    updates = list(incident.updates)
    updates[of] = replace(updates[of], passages=(*updates[of].passages, samples.passage(words, addressed=True)))
    return replace(incident, updates=tuple(updates))


def only(view) -> Macro:
    (macro,) = macros(view)
    return macro


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
        macro = only(view_with(incident))
        for form in (macro.markdown, macro.text, str(macro.html), macro.phone, macro.title):
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
    }
    assert sorted(found) == [
        "h5c2p8wa/closing.html", "h5c2p8wa/closing.md", "h5c2p8wa/closing.txt", "index.json", "index.txt",
        "k3x9q2mf/reply.html", "k3x9q2mf/reply.md", "k3x9q2mf/reply.txt",
    ]  # fmt: skip
    first, *_ = msgspec.json.decode(found["index.json"])
    assert first["text"] in found["k3x9q2mf/reply.txt"].decode()
    assert first["markdown"] in found["k3x9q2mf/reply.md"].decode()
    assert first["html"] in found["k3x9q2mf/reply.html"].decode()
    assert found["index.txt"].decode().splitlines()[0] == (
        "[k3x9q2mf] Some payments in Europe are failing · REPLY WHILE OPEN · from public update 14:20 UTC · good until 14:50 UTC"
    )


def test_an_empty_site_has_an_index_that_says_so():
    found = {artifact.path: artifact.data for artifact in macro_artifacts(view_with(), Layouts())}
    assert found["index.txt"].startswith(b"No replies")
    assert found["index.json"] == b"[]\n"


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
