"""The week's digest: what happened, what goes on, what is due, for insiders and for outsiders."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import pytest

import view_samples as samples
from heliograph import view as v
from heliograph.message import Message
from heliograph.render.digests.weekly import weekly
from heliograph.render.layouts import Layouts
from test_digests import compare, row, say_the_same

LAYOUTS = Layouts()
END = samples.at("00:00", "2026-11-23")
replace = msgspec.structs.replace


def week(view: v.View, desk: v.Desk | None = None, end: datetime = END) -> Message | None:
    return weekly(view, desk, end - timedelta(days=7), end, LAYOUTS)


def text(view: v.View, desk: v.Desk | None = None, end: datetime = END) -> str:
    message = week(view, desk, end)
    assert message is not None
    (mail,) = message.mails
    assert (mail.thread, mail.at, mail.audience) == (message.thread, message.at, message.audience)
    return mail.text


def mail_of(view: v.View, desk: v.Desk | None = None, end: datetime = END):
    message = week(view, desk, end)
    assert message is not None
    return message.mails[0]


def closed_this_week(**changes: object) -> v.Incident:
    """The slow search, on Tuesday and Wednesday of this week."""
    start, end = samples.at("21:30", "2026-11-17"), samples.at("01:05", "2026-11-18")
    one = samples.slow_search()
    updates = (replace(one.updates[0], at=end), replace(one.updates[1], at=start))
    cost = v.Fact(id="cost", name="Credits", value="4,000 euro", unit="", as_of=end)
    return replace(
        one, started_at=start, resolved_at=end, updated_at=end, updates=updates, facts=(cost,), **changes
    )  # fmt: skip


def exec_seat(severity: str = "sev2") -> tuple[v.View, v.Desk]:
    desk = samples.exec_desk()
    dossiers = tuple(replace(one, severity=severity) if one.id == "b7n3m9kd" else one for one in desk.dossiers)
    seen = replace(samples.exec_view(), incidents=(samples.exec_view().incidents[0], closed_this_week()))
    return seen, replace(desk, dossiers=dossiers, recent=("b7n3m9kd",))


def test_an_insiders_week_says_what_is_open_what_happened_and_what_is_due():
    message = week(*exec_seat())
    assert message is not None
    mail = message.mails[0]
    assert (message.kind, message.thread, message.news) == ("weekly", "exec/weekly", ("weekly-2026-11-23",))
    assert mail.subject == "Executives, 16 Nov to 22 Nov: 1 open, 1 solved, 4 due"
    parts = ["IN SHORT", "Open now", "SEV2 Some payments", "What happened", "SEV2 Search answers slowly", "What is due"]
    places = [mail.text.index(part) for part in parts]
    assert places == sorted(places)
    assert [(topic.id, topic.severity) for topic in message.topics][:2] == [("k3x9q2mf", "sev2"), ("b7n3m9kd", "sev2")]


@pytest.mark.parametrize("name", ["weekly-exec", "weekly-public"])
def test_a_week_is_told_word_for_word_and_alike_in_both_forms(name):
    public = replace(samples.public_view(), incidents=(samples.payments(), closed_this_week()))
    mail = mail_of(*(exec_seat() if name == "weekly-exec" else (public,)))
    compare(f"{name}.txt", f"Subject: {mail.subject}\n\n{mail.text}")
    say_the_same(mail)


def test_what_is_over_is_told_with_its_length_its_end_and_its_cost():
    told = row(mail_of(*exec_seat()), "Tue 17 Nov")
    assert told == (
        "SEV2 Search answers slowly. 21:30 – Wed 18 Nov, 01:05 UTC, 3 h 35 min; solved. Credits: 4,000 euro. "
        "https://status.example.com/incidents/b7n3m9kd/"
    )


def test_what_is_due_stands_by_date_and_then_what_has_none():
    due = mail_of(*exec_seat()).text.partition("What is due\n")[2]
    labels = ["Sat 21 Nov, 14:50", "Wed 2 Dec", "OPEN ASK", "ACCOUNT"]
    assert sorted(labels, key=due.index) == labels
    assert "Planned work: Database upgrade, 02:00–03:30 UTC." in due
    assert "One DBA, of engineering, since Sat 21 Nov, 14:20 UTC." in due
    assert "SEV2 Search answers slowly: solved Wed 18 Nov, 01:05 UTC, not published yet." in " ".join(due.split())


def test_an_account_is_owed_of_what_was_grave_and_to_insiders_alone():
    assert "ACCOUNT" not in text(*exec_seat("sev3"))
    assert "ACCOUNT" not in text(replace(samples.public_view(), incidents=(closed_this_week(),)))


def test_a_decision_ahead_is_due_and_one_that_has_passed_is_not():
    seen, desk = exec_seat()
    assert "Decision" not in text(seen, desk), "14:40 on Saturday has passed"
    earlier = text(seen, desk, samples.at("00:00", "2026-11-21") + timedelta(days=1))
    assert "Decision" not in earlier
    ahead = v.Decision(what="end the contract", at=samples.at("10:00", "2026-11-24"), who="finance", said_at=END)
    later = replace(seen, incidents=(replace(seen.incidents[0], decision=ahead), *seen.incidents[1:]))
    assert row(mail_of(later, desk), "Tue 24 Nov, 10:00").startswith("Decision, finance: end the contract.")


def test_outsiders_read_no_severity_no_colleagues_and_no_count_of_what_is_kept_from_them():
    seen = replace(samples.public_view(), incidents=(samples.payments(), closed_this_week()))
    told = text(seen)
    for inside in ("SEV", "DBA", "Decision", "of a kind"):
        assert inside not in told
    message = week(seen)
    assert message is not None
    assert {topic.severity for topic in message.topics} == {""}
    assert message.thread == "public/weekly"
    assert row(message.mails[0], "Sat 21 Nov, 14:50") == "Next word: Some payments in Europe failing."


def test_a_customer_reads_of_what_touches_it_in_its_language_and_by_both_clocks():
    initech = v.Customer(
        id="initech", name="Initech", components=("reports",), locale="de-DE", timezone="Europe/Berlin",
        notice=None, owner="account-owner-europe",
    )  # fmt: skip
    seen = replace(samples.public_view(), reader="strategic", customer=initech)
    message = week(seen)
    assert message is not None
    assert message.thread == "strategic/initech/weekly"
    assert message.customer == "initech"
    assert message.mails[0].language == "de"
    assert "Some payments" not in message.mails[0].text
    assert "(03:00–04:30 Berlin)" in message.mails[0].text


def test_what_an_insider_did_not_ask_for_is_counted_only():
    seen, desk = exec_seat()
    told = mail_of(seen, replace(desk, recent=()))
    assert "ACCOUNT" not in told.text
    assert "Search" not in told.text
    assert row(told, "BESIDES") == "1 more problem, of a kind this digest does not tell of."


def test_what_the_desk_has_forgotten_is_told_without_a_severity():
    seen, desk = exec_seat()
    forgotten = replace(desk, recent=(), dossiers=desk.dossiers[:1])
    assert row(mail_of(seen, forgotten), "Tue 17 Nov").startswith("Search answers slowly.")


def test_a_desk_that_remembers_everything_does_not_hide_what_is_not_of_late():
    seen, desk = exec_seat()
    older = replace(seen, incidents=(*seen.incidents, samples.mail_delay()))
    assert row(mail_of(older, replace(desk, recent=())), "Tue 17 Nov").startswith("SEV2 Search answers slowly.")


def test_a_unit_that_the_name_says_is_not_said_again():
    tickets = v.Fact(id="tickets", name="Support tickets", value="23 since 11:40", unit="tickets", as_of=END)
    seen = replace(samples.public_view(), incidents=(replace(samples.payments(), facts=(tickets,)),))
    assert "Support tickets: 23 since 11:40." in text(seen)


@pytest.mark.parametrize(
    ("end", "is_told"), [("2026-11-17", False), ("2026-11-18", True), ("2026-11-25", True), ("2026-11-26", False)]
)
def test_the_week_ends_before_its_end_and_begins_with_its_start(end, is_told):
    seen = replace(samples.public_view(), incidents=(closed_this_week(),), maintenances=())
    message = week(seen, end=samples.at("00:00", end))
    assert (message is not None) == is_told


def test_an_account_published_in_the_week_is_told_of_what_was_over_before():
    seen = replace(samples.public_view(), incidents=(samples.mail_delay(),), maintenances=())
    message = week(seen, end=samples.at("00:00", "2026-11-11"))
    assert message is not None
    assert "solved, account published" in message.mails[0].text
    assert week(seen, end=samples.at("00:00", "2026-11-18")) is None


def test_an_account_published_after_the_week_is_no_part_of_it():
    seen = replace(samples.public_view(), incidents=(samples.mail_delay(),), maintenances=())
    day, next_day = samples.at("00:00", "2026-11-04"), samples.at("00:00", "2026-11-05")
    assert weekly(seen, None, day, next_day, LAYOUTS) is None
    assert weekly(seen, None, next_day, next_day + timedelta(days=1), LAYOUTS) is not None


def test_planned_work_is_told_when_done_and_up_to_two_weeks_ahead():
    quiet = replace(samples.public_view(), incidents=())
    assert row(mail_of(quiet, end=samples.at("00:00", "2026-10-12")), "Wed 7 Oct") == (
        "Planned work: New store for exports, 02:00–03:30 UTC. Finished at 03:12 UTC, 18 minutes early."
    )
    assert week(quiet, end=samples.at("00:00", "2026-11-18")) is None
    assert "Database upgrade" in text(quiet, end=samples.at("00:00", "2026-11-19"))


def test_silence_in_a_week_without_anything():
    assert week(samples.empty_view()) is None
    assert week(replace(samples.public_view(), incidents=(), maintenances=())) is None


def test_the_day_of_a_week_is_the_sites_own():
    seen = replace(samples.public_view(), about=replace(samples.about(), timezone="Europe/Berlin"))
    message = week(seen, end=samples.at("23:00", "2026-11-22"))
    assert message is not None
    assert message.news == ("weekly-2026-11-23",)
