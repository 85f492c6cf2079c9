"""Each audience's mail for one incident, word for word, and the rules its lines follow.

The goldens in `golden/` are the exact text parts for `sites/sample` at its clock. After a deliberate change of words,
write them anew with `HELIOGRAPH_GOLDEN=write pytest tests/test_digests.py` and read each aloud before committing.
"""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import msgspec
import pytest

import view_samples as samples
from heliograph import view as v
from heliograph.gate import MACROS_READER, PUBLIC_READER, Gate, Reader
from heliograph.load import load_site
from heliograph.message import Mail, Message, Topic
from heliograph.record import Record, Told
from heliograph.render import digests
from heliograph.render.digests.answers import answers
from heliograph.render.digests.compose import subject
from heliograph.render.layouts import Layouts
from heliograph.render.macros import macro_artifacts, macros
from heliograph.render.mail import SUBJECT_LIMIT, message_bytes
from heliograph.render.previews import folder, stem

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
LAYOUTS = Layouts()
replace = msgspec.structs.replace

RECORD = Record(
    told=(
        Told(at=samples.at("14:14"), audience="strategic", update="w5d8r2hx", customer="globex"),
        Told(at=samples.at("14:19"), audience="support", update="7qm4tz2c"),
        Told(at=samples.at("14:20"), audience="public", update="7qm4tz2c"),
        Told(at=samples.at("14:20"), audience="strategic", update="7qm4tz2c", customer="globex"),
    )
)
"""WORDS.md's deliveries."""

HEARD = (v.Heard(at=samples.at("14:11"), updates=("w5d8r2hx",)),)
"""The first update reached every insider."""


@cache
def gate() -> Gate:
    site = load_site(HERE / "sites" / "sample")
    assert site.settings.clock is not None
    return Gate(site, site.settings.clock, RECORD)


def seat(audience: str) -> tuple[v.View, v.Desk]:
    reader = Reader(audience)
    return gate().view_of(reader), gate().desk_of(reader)


@cache
def sample_mail(name: str) -> Mail:
    """Make one mail of the sample, by the name of its golden."""
    if name == "globex":
        return about_payments(digests.customer(gate().view_of(Reader("strategic", "globex")), (), LAYOUTS))
    if name == "subscribers":
        return about_payments(digests.subscribers((gate().view_of(PUBLIC_READER),), LAYOUTS))
    if name == "support":
        return only(digests.support(*seat("support"), HEARD, macros(gate().view_of(MACROS_READER)), LAYOUTS))
    make = {"exec": digests.executive, "business": digests.business, "engineering": digests.engineering}
    return only(make.get(name, digests.general)(*seat(name), HEARD, LAYOUTS))


def about_payments(messages: Iterable[Message]) -> Mail:
    """Give the one letter about the sample incident, which another about planned work may follow."""
    return only(message for message in messages if message.topics[0].id == "k3x9q2mf")


def only(messages: Iterable[Message]) -> Mail:
    """Give the one mail of the one message there is."""
    (message,) = messages
    (mail,) = message.mails
    assert mail.thread == message.thread
    return mail


def compare(name: str, text: str) -> None:
    """Compare with a golden, or write it when asked to."""
    path = GOLDEN / name
    if os.environ.get("HELIOGRAPH_GOLDEN") == "write":
        path.write_bytes(text.encode())
    assert text.encode() == path.read_bytes(), f"{name} differs; see this module's docstring"


MAILS = ("exec", "support", "business", "engineering", "internal", "globex", "subscribers")


@pytest.mark.parametrize("name", MAILS)
def test_the_sample_incident_is_told_word_for_word(name):
    mail = sample_mail(name)
    compare(f"{name}.txt", f"Subject: {mail.subject}\n\n{mail.text}")


def test_the_sample_macro_is_told_word_for_word():
    found = {artifact.path: artifact for artifact in macro_artifacts(gate().view_of(MACROS_READER), LAYOUTS)}
    compare("macro.txt", found["k3x9q2mf/reply.txt"].data.decode())


CLOSINGS = ("exec-closing", "support-closing", "business-closing", "engineering-closing")


@cache
def closing_mail(name: str) -> Mail:
    """Make the last mail about the late e-mail, by the name of its golden."""
    seen, desk = over()
    told = (v.Heard(at=samples.at("08:16", ENDED), updates=("z2x4c6v8",)),)
    if name == "support-closing":
        replies = macros(replace(samples.public_view(), incidents=seen.incidents))
        return only(digests.support(seen, replace(desk, reader="support", name="Support"), told, replies, LAYOUTS))
    audience = name.removesuffix("-closing")
    make = {"exec": digests.executive, "business": digests.business, "engineering": digests.engineering}
    return only(make[audience](seen, replace(desk, reader=audience, name=audience.title()), told, LAYOUTS))


@pytest.mark.parametrize("name", CLOSINGS)
def test_the_end_is_told_word_for_word(name):
    mail = closing_mail(name)
    compare(f"{name}.txt", f"Subject: {mail.subject}\n\n{mail.text}")


def test_the_goldens_are_all_compared():
    compared = [*MAILS, *CLOSINGS, "weekly-exec", "weekly-public", "macro"]
    assert sorted(path.name for path in GOLDEN.iterdir()) == sorted(f"{name}.txt" for name in compared)


@pytest.mark.parametrize("name", [*MAILS, *CLOSINGS])
def test_text_and_html_say_the_same(name):
    say_the_same(closing_mail(name) if name in CLOSINGS else sample_mail(name))


def say_the_same(mail: Mail) -> None:
    """Require the same words in the text part and in the HTML part, which may repeat its subject."""
    body = re.sub(r'(?s)<head>.*?</head>|<div class="preheader".*?</div>', " ", mail.html)
    shown = _words(html.unescape(re.sub(r"<[^>]+>", " ", body)))
    told = _words(re.sub(r"-{20,}", " ", mail.text))
    assert set(shown) - set(_words(mail.subject)) - set(told) == set()
    assert set(told) - set(shown) == set()


def _words(text: str) -> list[str]:
    """Compare words, not the marks that only one of the forms needs for its layout."""
    return re.findall(r"[^\W_][^\s]*[^\W_]|[^\W_]", text)


@pytest.mark.parametrize("name", MAILS)
def test_nothing_is_fetched_and_nothing_runs(name):
    page = sample_mail(name).html
    assert not re.search(r"<(img|link|script|iframe|object)|url\(|@import|@font-face|var\(|src=", page)
    assert page.encode().index(b'<meta charset="utf-8">') < 1024
    assert "prefers-color-scheme: dark" in page
    assert "-width: 60" in page


@pytest.mark.parametrize("name", MAILS)
def test_lines_keep_to_the_width_of_their_form(name):
    mail = sample_mail(name)
    width = 78 if name in ("globex", "subscribers") else 100
    prose = mail.text
    if name == "support":
        prose = re.sub(r"-{100}\n.*?\n-{100}\n", "", prose, flags=re.DOTALL).partition("\n")[2]
    long = [line for line in prose.split("\n") if len(line) > width and " " in line.strip()]
    assert long == []


@pytest.mark.parametrize("name", MAILS)
def test_every_sample_mail_can_be_sent(name):
    mail = sample_mail(name)
    assert message_bytes(mail)
    assert len(mail.subject) <= SUBJECT_LIMIT
    assert mail.at == samples.at("14:20")


@pytest.mark.parametrize(
    ("audience", "customer", "kind", "place"),
    [
        ("exec", "", "digest", "exec/digest"),
        ("exec", "", "closing", "exec/closing-k3x9q2mf"),
        ("exec", "", "weekly", "exec/weekly"),
        ("internal", "", "chat", "internal/chat-k3x9q2mf"),
        ("strategic", "globex", "letter", "strategic/globex/k3x9q2mf"),
        ("public", "", "notice", "public/k3x9q2mf"),
    ],
)
def test_previews_stand_by_audience_customer_kind_and_incident(audience, customer, kind, place):
    about = Topic(id="k3x9q2mf", components=(), impact="major")
    told = Message(
        audience=audience, customer=customer, kind=kind, topics=(about,), news=(), at=samples.at("14:20"), thread="t"
    )
    assert f"{folder(told)}/{stem(told)}" == place


def test_customers_read_no_insider_words_and_no_word_meant_for_others():
    for name in ("globex", "subscribers"):
        mail = sample_mail(name)
        for hidden in ("SEV", "db-7", "DBA", "revenue", "commander", "Refund", "tag", "corp.example", "1,240"):
            assert hidden not in mail.text + mail.html + mail.subject
    assert "settlement" not in sample_mail("subscribers").text


# --- executives -----------------------------------------------------------------------------------


def exec_mail(incident: v.Incident | None = None, desk: v.Desk | None = None) -> Mail:
    seen = samples.exec_view()
    if incident is not None:
        seen = replace(seen, incidents=(incident, *seen.incidents[1:]))
    return only(digests.executive(seen, desk or samples.exec_desk(), (), LAYOUTS))


def exec_incident(**changes: object) -> v.Incident:
    return replace(samples.exec_view().incidents[0], **changes)


def row(mail: Mail, label: str) -> str:
    """Find one row of a digest's text by its label, unwrapped."""
    found = re.search(rf"^{label} +(.*(?:\n +.*)*)", mail.text, re.MULTILINE)
    assert found, f"no row {label} in\n{mail.text}"
    return " ".join(found.group(1).split())


def test_silence_when_nothing_open_concerns_the_audience():
    quiet = replace(samples.exec_desk(), relevant=())
    assert list(digests.executive(samples.exec_view(), quiet, (), LAYOUTS)) == []
    calm = replace(samples.support_desk(), relevant=())
    assert list(digests.support(samples.support_view(), calm, (), (), LAYOUTS)) == []
    for mails in (digests.business, digests.engineering, digests.general):
        assert list(mails(samples.internal_view(), replace(samples.internal_desk(), relevant=()), (), LAYOUTS)) == []


def test_one_sentence_for_executives_is_led_by_where_things_stand():
    told = exec_mail(replace_words("About 4 % of EU revenue is delayed, none lost."))
    bottom_line = "We have found the cause and are rolling out a fix. About 4 % of EU revenue is delayed, none lost."
    assert row(told, "BOTTOM LINE").replace("*changed ", "") == bottom_line
    assert told.subject == (
        "SEV2 Some payments in Europe failing: cause found; about 4 % of EU revenue is delayed, none lost; "
        "SLA breach at 15:10 UTC (2)"
    )


def replace_words(words: str) -> v.Incident:
    incident = samples.exec_view().incidents[0]
    newest = replace(incident.updates[0], passages=(samples.passage(words, addressed=True),))
    return replace(incident, updates=(newest, *incident.updates[1:]))


def test_nothing_is_marked_in_a_first_mail_and_what_came_last_is_marked_later():
    first = exec_mail(exec_incident(updates=samples.exec_view().incidents[0].updates[:1]))
    assert "*new" not in first.text
    assert "*changed" not in first.text
    older = replace(samples.exec_view().incidents[0].facts[0], as_of=samples.at("14:09"))
    mail = exec_mail(exec_incident(facts=(older,)))
    assert row(mail, "CUSTOMERS") == "1,240 of 31,000 accounts. as of 14:09"
    assert row(mail, "DECISION").endswith("*new")
    assert row(mail, "STATE").endswith("*changed")


def test_a_state_that_did_not_change_now_shows_no_arrow():
    note = samples.update("n0te", samples.at("14:22"), None, samples.passage("Still so.", addressed=True))
    incident = samples.exec_view().incidents[0]
    mail = exec_mail(replace(incident, updates=(note, *incident.updates), updated_at=samples.at("14:22")))
    assert row(mail, "STATE") == "Since 14:02 UTC. Checkout: degraded. API: degraded."
    assert mail.subject.endswith("(3)"), "each thing told is one message"


def test_what_is_asked_of_executives_stands_first_and_once():
    ask = v.Ask(what="approve paid overtime", of="exec", since=samples.at("14:20"), met_at=None)
    decision = v.Decision(
        what="tell the regulator", at=samples.at("15:00"), who="executives", said_at=samples.at("14:20")
    )
    mail = exec_mail(exec_incident(asks=(ask,), decision=decision))
    assert row(mail, "FROM YOU") == "Decide by 15:00 UTC: tell the regulator. Approve paid overtime, since 14:20. *new"
    assert "OPEN ASK" not in mail.text
    assert "DECISION" not in mail.text


def test_words_to_executives_may_say_themselves_what_is_wanted():
    told = "Cause found. A fix is rolling out.\n\n**From you:** call the regulator by 16:00 UTC."
    mail = exec_mail(replace_words(told))
    assert row(mail, "BOTTOM LINE") == "Cause found. A fix is rolling out. *changed"
    assert row(mail, "FROM YOU") == "Call the regulator by 16:00 UTC. *new"


def test_words_to_executives_that_others_came_after_are_shown_with_their_age():
    incident = samples.exec_view().incidents[0]
    later = samples.update("la7er000", samples.at("14:40"), "monitoring", samples.passage("The fix is in place."))
    said = v.Said(at=samples.at("14:40"), status="monitoring", markdown="The fix is in place.")
    desk = samples.exec_desk()
    dossier = replace(desk.dossiers[0], said=(said, *desk.dossiers[0].said))
    changed = replace(incident, updates=(later, *incident.updates), status="monitoring", updated_at=later.at)
    mail = exec_mail(changed, replace(desk, dossiers=(dossier, *desk.dossiers[1:])))
    assert row(mail, "BOTTOM LINE") == "The fix is in place. *changed"
    assert row(mail, "LAST TO YOU").startswith("Cause found, fix rolling out.")
    assert "as of 14:20" in row(mail, "LAST TO YOU")
    assert "delayed" not in mail.subject


def test_a_met_ask_is_told_once():
    ask = samples.exec_view().incidents[0].asks[0]
    now = exec_mail(exec_incident(asks=(replace(ask, since=samples.at("14:09"), met_at=samples.at("14:20")),)))
    assert row(now, "ASK MET") == "One DBA, of engineering, since 14:09; met at 14:20. *new"
    assert "OPEN ASK" not in now.text
    before = exec_mail(exec_incident(asks=(replace(ask, met_at=samples.at("14:09")),)))
    assert "ASK MET" not in before.text


def test_nothing_is_claimed_of_deliveries_without_a_record():
    desk = samples.exec_desk()
    quiet = replace(desk, dossiers=(replace(desk.dossiers[0], told=()), *desk.dossiers[1:]))
    assert "TOLD" not in exec_mail(desk=quiet).text
    assert (
        row(sample_mail("exec"), "TOLD")
        == "Globex 14:14 (agreed 15 minutes: kept), 14:20 · Support 14:19 · Public 14:20"
    )


def test_a_late_word_is_called_late():
    desk = samples.exec_desk()
    due = tuple(replace(one, overdue=True) for one in desk.dossiers[0].due)
    late = replace(desk, dossiers=(replace(desk.dossiers[0], due=due), *desk.dossiers[1:]))
    assert row(exec_mail(desk=late), "NEXT WORD") == "Late: public and this digest were due by 14:50 UTC."


def test_several_open_incidents_share_one_mail_gravest_first():
    desk = samples.exec_desk()
    other = replace(samples.payments(title="Search is down"), id="other000")
    dossier = replace(desk.dossiers[0], id="other000", severity="sev1", title_public="Search is down", due=())
    both = replace(desk, dossiers=(*desk.dossiers, dossier), relevant=("k3x9q2mf", "other000"))
    seen = samples.exec_view()
    mail = only(digests.executive(replace(seen, incidents=(*seen.incidents, other)), both, (), LAYOUTS))
    assert mail.subject == "2 open: SEV1 Search down; SEV2 Some payments in Europe failing (2)"
    assert mail.text.index("SEV1 Search is down") < mail.text.index("SEV2 Some payments in Europe are failing")
    assert row(mail, "SEV1") == "Search down: cause found. *changed", "all is said in short above"
    assert row(mail, "ALL OPEN").startswith("2 incidents.")


def test_who_was_told_often_is_listed_by_first_and_last_and_the_reader_itself_not_at_all():
    desk = samples.exec_desk()
    often = tuple(("Public", samples.at(f"14:1{minute}")) for minute in range(5))
    told = (
        *often,
        ("Support", samples.at("14:19")),
        ("Support", samples.at("14:19")),
        ("Executives", samples.at("14:21")),
    )
    known = replace(desk, dossiers=(replace(desk.dossiers[0], told=told), *desk.dossiers[1:]))
    assert row(exec_mail(desk=known), "TOLD") == "Public 14:10 to 14:14, 5 times · Support 14:19"


# --- the end ----------------------------------------------------------------------------------------

ENDED = "2026-11-03"


def over(**changes: object) -> tuple[v.View, v.Desk]:
    """The executives' seat when the late e-mail is over and nothing else is open."""
    cost = v.Fact(id="cost", name="Final cost", value="none", unit="", as_of=samples.at("08:53", ENDED))
    late = replace(samples.mail_delay(), facts=(cost,), **changes)
    said = tuple(
        v.Said(at=update.at, status=update.status, markdown=update.passages[0].markdown)
        for update in late.updates
        if update.passages and not update.passages[0].addressed
    )
    told = (("Support", samples.at("08:14", ENDED)), ("Public", samples.at("08:15", ENDED)), ("Public", said[0].at))
    desk = samples.exec_desk()
    dossiers = tuple(replace(one, said=said, told=told) if one.id == late.id else one for one in desk.dossiers)
    desk = replace(desk, dossiers=dossiers, relevant=(), recent=("h5c2p8wa",))
    return replace(samples.exec_view(), incidents=(late, samples.slow_search())), desk


def test_the_closing_mail_tells_length_cost_and_whether_the_account_is_published():
    (message,) = digests.executive(*over(), (), LAYOUTS)
    (mail,) = message.mails
    assert message.kind == "closing"
    assert mail.subject == "SEV3 E-mail arrives late: solved after 42 min; account published (4)"
    assert row(mail, "BOTTOM LINE") == "Solved 3 Nov, 08:53 UTC, after 42 min."
    assert row(mail, "FINAL COST").startswith("None.")
    assert row(mail, "ACCOUNT") == "The account is published. *new"
    assert stem(message) == "closing-h5c2p8wa"
    unpublished = only(digests.executive(*over(postmortem=None, status="resolved"), (), LAYOUTS))
    assert row(unpublished, "BOTTOM LINE") == "Solved 3 Nov, 08:53 UTC, after 42 min. *changed"
    assert row(unpublished, "ACCOUNT") == "The account of it is not published yet."


def test_the_account_is_news_of_its_own_and_the_end_is_never_held_back():
    (message,) = digests.executive(*over(), (), LAYOUTS)
    assert message.news == ("z2x4c6v8", "q1w3e5r7", "r4t6y8u2", "p8w2c5rt")
    assert message.opens == ("z2x4c6v8", "r4t6y8u2")
    assert [topic.id for topic in message.topics] == ["h5c2p8wa"]


def test_every_insider_hears_the_end():
    seen, desk = over()
    mails = {
        "business": only(digests.business(seen, desk, (), LAYOUTS)),
        "engineering": only(digests.engineering(seen, desk, (), LAYOUTS)),
        "general": only(digests.general(seen, desk, (), LAYOUTS)),
    }
    assert row(mails["business"], "RESUME").startswith("Now, what you paused for this: it is solved.")
    assert row(mails["engineering"], "STATE").startswith("Solved 3 Nov, 08:53 UTC, after 42 min.")
    assert row(mails["general"], "WHAT HAPPENED").startswith("On 3 Nov 2026 from 08:11 to 08:53 UTC (42 min)")


def test_words_from_before_the_end_are_no_advice_after_it():
    advice = samples.passage("**Pause:** all newsletters. **Resume:** never.", addressed=True)
    late = samples.mail_delay()
    before = replace(late.updates[1], passages=(*late.updates[1].passages, advice))
    mail = only(digests.business(*over(updates=(late.updates[0], before, late.updates[2])), (), LAYOUTS))
    assert "newsletters" not in mail.text
    after = replace(
        late.updates[0], passages=(*late.updates[0].passages, samples.passage("**Resume:** now.", addressed=True))
    )
    assert row(
        only(digests.business(*over(updates=(after, before, late.updates[2])), (), LAYOUTS)), "RESUME"
    ).startswith("Now.")


def test_an_end_without_words_outdates_advice_too():
    late = samples.mail_delay()
    ended = replace(late.updates[0], passages=())
    advised = replace(late.updates[1], passages=(samples.passage("**Pause:** all newsletters.", addressed=True),))
    mail = only(digests.business(*over(updates=(ended, advised, late.updates[2])), (), LAYOUTS))
    assert "newsletters" not in mail.text


def test_support_gets_the_closing_reply_and_withdraws_the_open_one():
    seen, desk = over()
    replies = macros(replace(samples.public_view(), incidents=seen.incidents))
    mail = only(digests.support(seen, desk, (), replies, LAYOUTS))
    assert "The problem you wrote to us about is solved." in mail.text
    assert row(mail, "Do").startswith("Answer all requests tagged inc-h5c2p8wa with the reply below, then close them.")
    assert row(mail, "No longer").startswith("The reply while it was open is withdrawn")
    assert mail.subject.endswith("solved after 42 min; closing reply ready; account published (4)")
    silent = only(digests.support(seen, desk, (), (), LAYOUTS))
    assert "closing reply" not in silent.subject
    assert row(silent, "Reply").startswith("Nothing was told to customers")


def test_while_customers_wait_for_the_end_colleagues_read_that_they_do():
    seen, desk = over(postmortem=None, status="resolved")
    due = v.Due(
        incident="h5c2p8wa", audience="public", owner="communications-lead", by=samples.at("09:20", ENDED),
        overdue=False, why="promised",
    )  # fmt: skip
    dossiers = tuple(replace(one, due=(due,)) if one.id == "h5c2p8wa" else one for one in desk.dossiers)
    waiting = replace(desk, dossiers=dossiers, open=("h5c2p8wa",))
    told = row(only(digests.executive(seen, waiting, (), LAYOUTS)), "NEXT WORD")
    assert told == "Customers hear that it is solved by 3 Nov, 09:20 UTC."


# --- colleagues -----------------------------------------------------------------------------------


def test_bold_labels_become_lines_and_other_bold_words_stay():
    assert answers("**Pause:** all **paid** campaigns. **Say:** *nothing*.\n\nMore of that.\n\n**Resume:** later") == {
        "Pause": "All **paid** campaigns.",
        "Say": "*nothing*.\n\nMore of that.",
        "Resume": "Later",
    }
    assert answers("We **must:** wait.") == {"": "We **must:** wait."}


def test_support_keeps_the_newest_answer_to_each_question():
    mail = sample_mail("support")
    assert "try again;" not in mail.text, "the first update's advice was replaced by the second's"
    assert row(mail, "Do not say").startswith("Cause, a time it will work, other customers.")


def test_support_is_told_to_say_nothing_where_customers_were_told_nothing():
    mail = only(digests.support(samples.support_view(), samples.support_desk(), (), (), LAYOUTS))
    assert mail.subject == "Support: Some payments in Europe are failing; no reply yet (2)"
    assert row(mail, "Reply").startswith("Nothing was told to customers yet")
    assert "{{" not in mail.text


def test_support_words_without_labels_say_what_to_do():
    seen = samples.support_view()
    incident = seen.incidents[0]
    plain = replace(incident.updates[0], passages=(samples.passage("Do not promise a date.", addressed=True),))
    incident = replace(incident, updates=(plain, *incident.updates[1:]))
    mail = only(digests.support(replace(seen, incidents=(incident,)), samples.support_desk(), (), (), LAYOUTS))
    assert row(mail, "Do") == "Tag inc-k3x9q2mf. Do not promise a date. *new"
    assert row(mail, "Not this") == "Whatever began before 14:02 UTC."


# --- form -----------------------------------------------------------------------------------------


def test_authored_words_cannot_become_markup_or_template():
    hostile = samples.payments("{{ 7 * 7 }} <script>alert(1)</script>", title="<b>{{ 7 * 7 }}</b> {% raw %}")
    mail = exec_mail(hostile)
    assert "<script" not in mail.html
    assert "<b>" not in mail.html
    assert "49" not in mail.text.replace("14:49", "")


def test_a_subject_takes_what_fits_in_order_and_always_its_ending():
    assert subject("a" * 100, ["b" * 50, "c" * 20], " (2)") == "a" * 100 + "; " + "c" * 20 + " (2)"
    long = subject("word " * 60, ["never"], " (12)")
    assert len(long) <= SUBJECT_LIMIT
    assert long.endswith("… (12)")
    assert subject("a =?utf-8?q?b?=\u2028c", []) == "a = ?utf-8?q?b?= c"
