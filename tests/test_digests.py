"""Each audience's mail for one incident, word for word, and the rules its lines follow.

The goldens in `golden/` are the exact text parts for `sites/sample` at its clock. After a deliberate change of words,
write them anew with `HELIOGRAPH_GOLDEN=write pytest tests/test_digests.py` and read each aloud before committing.
"""

from __future__ import annotations

import html
import os
import re
from datetime import timedelta
from functools import cache
from pathlib import Path

import msgspec
import pytest

import view_samples as samples
from heliograph import view as v
from heliograph.gate import MACROS_READER, PUBLIC_READER, Gate, Reader
from heliograph.load import load_site
from heliograph.record import Record, Told
from heliograph.render import digests
from heliograph.render.digests.answers import answers
from heliograph.render.digests.compose import subject
from heliograph.render.layouts import Layouts
from heliograph.render.macros import macro_artifacts, macros
from heliograph.render.mail import SUBJECT_LIMIT, Mail, message_bytes, place

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


@cache
def gate() -> Gate:
    site = load_site(HERE / "sites" / "sample")
    assert site.settings.clock is not None
    return Gate(site, site.settings.clock, RECORD)


def seat(audience: str) -> tuple[v.View, v.Desk]:
    reader = Reader(audience)
    return gate().view_of(reader), gate().desk_of(reader)


@cache
def sample_mails() -> dict[str, Mail]:
    """All mails of the sample, by the name of their golden."""
    replies = macros(gate().view_of(MACROS_READER))
    (globex,) = digests.customer(gate().view_of(Reader("strategic", "globex")), LAYOUTS)
    (public,) = digests.subscribers(gate().view_of(PUBLIC_READER), LAYOUTS)
    found = {
        "exec": digests.executive(*seat("exec"), LAYOUTS),
        "support": digests.support(*seat("support"), replies, LAYOUTS),
        "business": digests.business(*seat("business"), LAYOUTS),
        "engineering": digests.engineering(*seat("engineering"), LAYOUTS),
        "internal": digests.general(*seat("internal"), LAYOUTS),
        "globex": globex,
        "subscribers": public,
    }
    assert all(found.values())
    return {name: mail for name, mail in found.items() if mail}


def compare(name: str, text: str) -> None:
    """Compare with a golden, or write it when asked to."""
    path = GOLDEN / name
    if os.environ.get("HELIOGRAPH_GOLDEN") == "write":
        path.write_bytes(text.encode())
    assert text.encode() == path.read_bytes(), f"{name} differs; see this module's docstring"


MAILS = ("exec", "support", "business", "engineering", "internal", "globex", "subscribers")


@pytest.mark.parametrize("name", MAILS)
def test_the_sample_incident_is_told_word_for_word(name):
    mail = sample_mails()[name]
    compare(f"{name}.txt", f"Subject: {mail.subject}\n\n{mail.text}")


def test_the_sample_macro_is_told_word_for_word():
    found = {artifact.path: artifact for artifact in macro_artifacts(gate().view_of(MACROS_READER), LAYOUTS)}
    compare("macro.txt", found["k3x9q2mf/reply.txt"].data.decode())


def test_the_goldens_are_all_compared():
    assert sorted(path.name for path in GOLDEN.iterdir()) == sorted([*(f"{name}.txt" for name in MAILS), "macro.txt"])


@pytest.mark.parametrize("name", MAILS)
def test_text_and_html_say_the_same(name):
    mail = sample_mails()[name]
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
    page = sample_mails()[name].html
    assert not re.search(r"<(img|link|script|iframe|object)|url\(|@import|@font-face|var\(|src=", page)
    assert page.encode().index(b'<meta charset="utf-8">') < 1024
    assert "prefers-color-scheme: dark" in page
    assert "max-width: 600px" in page


@pytest.mark.parametrize("name", MAILS)
def test_lines_keep_to_the_width_of_their_form(name):
    mail = sample_mails()[name]
    width = 78 if name in ("globex", "subscribers") else 100
    prose = mail.text
    if name == "support":
        prose = prose.replace(macros(gate().view_of(MACROS_READER))[0].text, "").partition("\n")[2]
    long = [line for line in prose.split("\n") if len(line) > width and " " in line.strip()]
    assert long == []


@pytest.mark.parametrize("name", MAILS)
def test_every_sample_mail_can_be_sent(name):
    mail = sample_mails()[name]
    assert message_bytes(mail)
    assert len(mail.subject) <= SUBJECT_LIMIT
    assert mail.at == samples.at("14:20")


def test_previews_stand_by_audience_customer_and_incident():
    places = {name: place(mail) for name, mail in sample_mails().items()}
    assert places["exec"] == ("exec", "digest")
    assert places["globex"] == ("strategic/globex", "k3x9q2mf")
    assert places["subscribers"] == ("public", "k3x9q2mf")


def test_customers_read_no_insider_words_and_no_word_meant_for_others():
    for name in ("globex", "subscribers"):
        mail = sample_mails()[name]
        for hidden in ("SEV", "db-7", "DBA", "revenue", "commander", "Refund", "tag", "corp.example", "1,240"):
            assert hidden not in mail.text + mail.html + mail.subject
    assert "settlement" not in sample_mails()["subscribers"].text


# --- executives -----------------------------------------------------------------------------------


def exec_mail(incident: v.Incident | None = None, desk: v.Desk | None = None) -> Mail:
    seen = samples.exec_view()
    if incident is not None:
        seen = replace(seen, incidents=(incident, *seen.incidents[1:]))
    mail = digests.executive(seen, desk or samples.exec_desk(), LAYOUTS)
    assert mail is not None
    return mail


def exec_incident(**changes: object) -> v.Incident:
    return replace(samples.exec_view().incidents[0], **changes)


def row(mail: Mail, label: str) -> str:
    """Find one row of a digest's text by its label, unwrapped."""
    found = re.search(rf"^{label} +(.*(?:\n +.*)*)", mail.text, re.MULTILINE)
    assert found, f"no row {label} in\n{mail.text}"
    return " ".join(found.group(1).split())


def test_silence_when_nothing_open_concerns_the_audience():
    quiet = replace(samples.exec_desk(), relevant=())
    assert digests.executive(samples.exec_view(), quiet, LAYOUTS) is None
    assert digests.support(samples.support_view(), replace(samples.support_desk(), relevant=()), (), LAYOUTS) is None
    for mail in (digests.business, digests.engineering, digests.general):
        assert mail(samples.internal_view(), replace(samples.internal_desk(), relevant=()), LAYOUTS) is None


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
    assert mail.subject.endswith("(2)"), "a note is no status update"


def test_what_is_asked_of_executives_stands_first():
    ask = v.Ask(what="approve paid overtime", of="exec", since=samples.at("14:20"), met_at=None)
    decision = v.Decision(
        what="tell the regulator", at=samples.at("15:00"), who="executives", said_at=samples.at("14:20")
    )
    mail = exec_mail(exec_incident(asks=(ask,), decision=decision))
    assert row(mail, "FROM YOU") == "Decide by 15:00 UTC: tell the regulator. Approve paid overtime, since 14:20."


def test_a_met_ask_is_told_once():
    ask = samples.exec_view().incidents[0].asks[0]
    now = exec_mail(exec_incident(asks=(replace(ask, since=samples.at("14:09"), met_at=samples.at("14:20")),)))
    assert row(now, "OPEN ASK") == "One DBA, of engineering, since 14:09; met at 14:20. *new"
    before = exec_mail(exec_incident(asks=(replace(ask, met_at=samples.at("14:15")),)))
    assert "OPEN ASK" not in before.text


def test_nothing_is_claimed_of_deliveries_without_a_record():
    desk = samples.exec_desk()
    quiet = replace(desk, dossiers=(replace(desk.dossiers[0], told=()), *desk.dossiers[1:]))
    assert "TOLD" not in exec_mail(desk=quiet).text
    assert row(sample_mails()["exec"], "TOLD") == "Globex 14:14, 14:20 · Support 14:19 · Public 14:20"


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
    mail = digests.executive(replace(seen, incidents=(*seen.incidents, other)), both, LAYOUTS)
    assert mail is not None
    assert mail.subject == "2 open: SEV1 Search down (2); SEV2 Some payments in Europe failing (2)"
    assert mail.text.index("SEV1 Search is down") < mail.text.index("SEV2 Some payments in Europe are failing")
    assert row(mail, "ALL OPEN").startswith("2 incidents.")


def test_the_closing_mail_tells_length_and_cost():
    over = samples.mail_delay()
    cost = v.Fact(id="cost", name="Final cost", value="none", unit="", as_of=samples.at("10:00", "2026-11-05"))
    mail = digests.executive_closing(samples.exec_view(), samples.exec_desk(), replace(over, facts=(cost,)), LAYOUTS)
    assert row(mail, "BOTTOM LINE") == "Solved 3 Nov, 08:53 UTC, after 42 min."
    assert row(mail, "FINAL COST").startswith("None.")
    assert place(mail) == ("exec", "h5c2p8wa")


# --- colleagues -----------------------------------------------------------------------------------


def test_bold_labels_become_lines_and_other_bold_words_stay():
    assert answers("**Pause:** all **paid** campaigns. **Say:** *nothing*.\n\nMore of that.\n\n**Resume:** later") == {
        "Pause": "All **paid** campaigns.",
        "Say": "*nothing*.\n\nMore of that.",
        "Resume": "Later",
    }
    assert answers("We **must:** wait.") == {"": "We **must:** wait."}


def test_support_keeps_the_newest_answer_to_each_question():
    mail = sample_mails()["support"]
    assert "try again;" not in mail.text, "the first update's advice was replaced by the second's"
    assert row(mail, "Do not say").startswith("Cause, a time it will work, other customers.")


def test_support_is_told_to_say_nothing_where_customers_were_told_nothing():
    mail = digests.support(samples.support_view(), samples.support_desk(), (), LAYOUTS)
    assert mail is not None
    assert row(mail, "Reply").startswith("Nothing was told to customers yet")
    assert "{{" not in mail.text


def test_support_words_without_labels_say_what_to_do():
    seen = samples.support_view()
    incident = seen.incidents[0]
    plain = replace(incident.updates[0], passages=(samples.passage("Do not promise a date.", addressed=True),))
    incident = replace(incident, updates=(plain, *incident.updates[1:]))
    mail = digests.support(replace(seen, incidents=(incident,)), samples.support_desk(), (), LAYOUTS)
    assert mail is not None
    assert row(mail, "Do") == "Tag inc-k3x9q2mf. Do not promise a date. *new"
    assert row(mail, "Not this") == "Whatever began before 14:02 UTC."


# --- customers ------------------------------------------------------------------------------------

GLOBEX = v.Customer(
    id="globex", name="Globex", components=("checkout", "api", "login"), locale="en-US",
    timezone="America/New_York", notice=timedelta(minutes=15), owner="account-owner-americas",
)  # fmt: skip


def letters(*incidents: v.Incident, **changes: object) -> list[Mail]:
    seen = replace(samples.public_view(), reader="strategic", customer=replace(GLOBEX, **changes), incidents=incidents)
    return list(digests.customer(seen, LAYOUTS))


def test_a_customer_hears_only_of_what_touches_it():
    assert letters(samples.payments(), components=("docs",)) == []
    assert len(letters(samples.payments(), components=("docs", "api"))) == 1
    addressed = samples.payments("You use none of this.", addressed=True)
    assert len(letters(addressed, components=("docs",))) == 1


def test_a_customer_without_a_notice_or_another_clock_reads_of_neither():
    (mail,) = letters(samples.payments(), notice=None, timezone="Etc/UTC")
    assert "Notice" not in mail.text
    assert "Next message to you: by 14:50 UTC, sooner" in mail.text


def test_local_time_names_its_day_where_that_is_another():
    (mail,) = letters(samples.payments(), timezone="Pacific/Kiritimati")
    assert "by 14:50 UTC (22 Nov, 04:50 Kiritimati)" in " ".join(mail.text.split())


def test_an_ask_of_the_customer_is_what_it_needs_to_do():
    ask = v.Ask(what="send us one failed payment's number", of="globex", since=samples.at("14:20"), met_at=None)
    (mail,) = letters(replace(samples.payments(), asks=(ask,)))
    assert "send us one failed payment's number (asked at 14:20 UTC)" in " ".join(mail.text.split())


def test_products_that_work_are_said_to_work_only_if_they_all_do():
    (mail,) = letters(samples.payments(), components=("checkout", "api"))
    assert "Products you use: Checkout degraded · API degraded.\n" in mail.text
    (other,) = letters(samples.payments("For you.", addressed=True), components=("docs", "login"))
    assert "Products you use: all your products work normally." in other.text


def test_a_closed_problem_gets_one_closing_letter():
    (mail,) = letters(samples.mail_delay(), components=("mail",))
    assert mail.subject == "Globex: e-mail arrives late: solved, account published (3)"
    assert "Next message to you: none about this; it is solved." in mail.text
    assert "Products you use" not in mail.text, "what is degraded today has nothing to do with it"


def test_a_late_word_is_called_late_to_customers_too():
    late = replace(samples.payments(), late=True)
    (mail,) = letters(late)
    assert "late; it was due by 14:50 UTC (09:50 New York)." in " ".join(mail.text.split())
    (notice,) = digests.subscribers(replace(samples.public_view(), incidents=(late,)), LAYOUTS)
    assert "The next update is late. It was due by 14:50 UTC." in notice.text
    assert "14:50" not in notice.subject


def test_a_customers_view_is_asked_for():
    with pytest.raises(ValueError, match="no customer"):
        list(digests.customer(samples.public_view(), LAYOUTS))


def test_a_correction_of_the_newest_words_is_told():
    incident = samples.payments()
    fixed = replace(incident.updates[0], corrections=(v.Correction(at=samples.at("14:23"), was="All payments fail."),))
    incident = replace(incident, updates=(fixed, *incident.updates[1:]), updated_at=samples.at("14:23"))
    (mail,) = digests.subscribers(replace(samples.public_view(), incidents=(incident,)), LAYOUTS)
    assert 'Corrected at 14:23 UTC: before, it said: "All payments fail."' in mail.text


# --- form -----------------------------------------------------------------------------------------


def test_authored_words_cannot_become_markup_or_template():
    hostile = samples.payments("{{ 7 * 7 }} <script>alert(1)</script>", title="<b>{{ 7 * 7 }}</b> {% raw %}")
    mails = [*digests.subscribers(replace(samples.public_view(), incidents=(hostile,)), LAYOUTS), *letters(hostile)]
    mails.append(exec_mail(replace(hostile, updates=hostile.updates)))
    for mail in mails:
        assert "<script" not in mail.html
        assert "<b>" not in mail.html
        assert "49" not in mail.text.replace("14:49", "")


def test_a_subject_takes_what_fits_in_order_and_always_its_ending():
    assert subject("a" * 100, ["b" * 50, "c" * 20], " (2)") == "a" * 100 + "; " + "c" * 20 + " (2)"
    long = subject("word " * 60, ["never"], " (12)")
    assert len(long) <= SUBJECT_LIMIT
    assert long.endswith("… (12)")
    assert subject("a =?utf-8?q?b?=\u2028c", []) == "a = ?utf-8?q?b?= c"


def test_a_title_that_looks_like_a_header_trick_is_told_harmlessly():
    tricky = samples.payments(title="Outage =?utf-8?q?=0D=0ABcc:_evil@example.net?=")
    (mail,) = digests.subscribers(replace(samples.public_view(), incidents=(tricky,)), LAYOUTS)
    assert b"\r\nBcc" not in message_bytes(mail)


def test_hundreds_of_open_problems_make_a_mail_each_and_no_fault():
    assert len(list(digests.subscribers(samples.crowded_view(60), LAYOUTS))) == 60
