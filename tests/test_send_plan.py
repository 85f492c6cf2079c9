"""Who is told what: news once, in the pace asked for, the more specific mail only, narrowed as each list says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from heliograph.message import Chat, Message, Pace, Topic
from heliograph.operations import Recipient
from heliograph.send.ledger import Planned
from heliograph.send.plan import REMEMBERED, Intent, Reached, Terms, baseline, intend, is_unfinished, mark, need_all
from heliograph.send.stages import pages, stages

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
SAID = NOW - timedelta(minutes=5)


def message(audience: str, *news: str, customer: str = "", **more: object) -> Message:
    return Message(
        audience=audience,
        customer=customer,
        kind=more.pop("kind", "digest"),
        topics=more.pop("topics", (Topic(id="i1", components=("checkout",), impact="major"),)),
        news=news,
        at=more.pop("at", SAID),
        thread=f"{audience}/i1",
        outside=audience in ("public", "strategic"),
        **more,
    )


def pace(mode: str = "each-update", **more: object) -> Pace:
    given = {"every": None, "most": 50, "waits_for_page": False, "after": ()} | more
    return Pace(mode=mode, **given)


TERMS = Terms(
    site="s",
    secret="x" * 32,
    paces={name: pace() for name in ("exec", "business", "internal", "strategic", "public")},
    max_age=timedelta(hours=6),
    channels={"internal": ("ops", "war-room")},
)


def someone(reader: str, address: str, **more: object) -> Recipient:
    return Recipient(reader=reader, address=address, **more)


def plan(*messages: Message, known=(), recipients=(), reached=(), terms=TERMS, now=NOW) -> tuple[Intent, ...]:
    return intend(messages, known, recipients, reached, terms, now)


def kept(intents: tuple[Intent, ...]) -> tuple[Planned, ...]:
    return tuple(one.planned for one in intents)


def test_news_is_planned_for_everyone_on_the_list_and_for_nobody_else() -> None:
    lists = [someone("exec", "a@x.example"), someone("exec", "b@x.example"), someone("business", "c@x.example")]
    (intent,) = plan(message("exec", "u1"), recipients=lists)
    assert [one.address for one in intent.addressees] == ["a@x.example", "b@x.example"]
    assert intent.planned.fresh == ("u1",)


def test_what_was_planned_is_never_planned_again_whoever_joins_the_list() -> None:
    first = plan(message("exec", "u1"), recipients=[someone("exec", "a@x.example")])
    lists = [someone("exec", "a@x.example"), someone("exec", "new@x.example")]
    assert plan(message("exec", "u1"), known=kept(first), recipients=lists) == ()
    (second,) = plan(message("exec", "u1", "u2"), known=kept(first), recipients=lists)
    assert second.planned.fresh == ("u2",)
    assert len(second.addressees) == 2


def test_the_same_news_is_news_to_each_reader_and_to_each_channel() -> None:
    known = kept(plan(message("exec", "u1")))
    chat = message("exec", "u1", kind="chat", chat=Chat(title="t", text="x"))
    found = plan(message("business", "u1"), chat, message("exec", "u1"), known=known)
    assert {(one.planned.message.reader, one.planned.message.channel) for one in found} == {
        ("business", "mail"),
        ("exec", "chat"),
    }


def test_one_customer_s_news_is_not_another_s() -> None:
    known = kept(plan(message("strategic", "u1", customer="globex", kind="letter")))
    found = plan(
        message("strategic", "u1", customer="globex", kind="letter"),
        message("strategic", "u1", customer="initech", kind="letter"),
        known=known,
    )
    assert [one.planned.message.reader for one in found] == ["customer:initech"]


def test_keys_and_ids_depend_on_news_and_reader_not_on_words() -> None:
    lists = [someone("exec", "A@x.example")]
    (one,) = plan(message("exec", "u1"), recipients=lists)
    (other,) = plan(message("exec", "u1", at=NOW), recipients=lists)
    assert (one.planned.id, one.addressees[0].key) == (other.planned.id, other.addressees[0].key)
    (another,) = plan(message("exec", "u2"), recipients=lists)
    assert another.addressees[0].key != one.addressees[0].key


def test_what_is_older_than_the_greatest_age_is_recorded_as_expired_and_told_to_nobody() -> None:
    old = message("exec", "u1", at=NOW - timedelta(hours=7))
    (intent,) = plan(old, recipients=[someone("exec", "a@x.example")])
    assert (intent.planned.outcome, intent.addressees) == ("expired", ())
    assert plan(old, known=kept((intent,))) == ()


def test_a_week_s_digest_may_be_a_day_late() -> None:
    late = message("exec", "weekly-2026-11-16", kind="weekly", topics=(), at=NOW - timedelta(hours=20))
    (intent,) = plan(late, recipients=[someone("exec", "a@x.example", components=("search",))])
    assert intent.planned.outcome == "planned"
    assert len(intent.addressees) == 1, "narrowing does not hold back a digest of everything"


@pytest.mark.parametrize(
    ("fresh_opens", "since_last", "goes"),
    [((), timedelta(minutes=30), False), ((), timedelta(minutes=60), True), (("u2",), timedelta(minutes=1), True)],
)
def test_batches_wait_for_their_time_but_first_and_last_words_do_not(fresh_opens, since_last, goes) -> None:
    terms = structs.replace(TERMS, paces={"exec": pace("batched", every=timedelta(hours=1))})
    (first,) = plan(message("exec", "u1", opens=("u1",)), terms=terms, now=NOW - since_last)
    found = plan(message("exec", "u1", "u2", opens=("u1", *fresh_opens)), known=kept((first,)), terms=terms)
    assert bool(found) is goes


def test_held_back_news_is_told_with_the_next() -> None:
    terms = structs.replace(TERMS, paces={"exec": pace("first-and-last")})
    (first,) = plan(message("exec", "u1", opens=("u1",)), terms=terms)
    assert plan(message("exec", "u1", "u2", opens=("u1",)), known=kept((first,)), terms=terms) == ()
    (last,) = plan(message("exec", "u1", "u2", "u3", opens=("u1", "u3")), known=kept((first,)), terms=terms)
    assert last.planned.fresh == ("u2", "u3")


def test_an_address_on_two_lists_gets_the_more_specific_mail_only() -> None:
    lists = [
        someone("public", "ann@globex.example"),
        someone("public", "bob@other.example"),
        someone("customer:globex", "ann@globex.example"),
        someone("internal", "eve@x.example"),
        someone("internal", "fay@x.example"),
        someone("exec", "eve@x.example"),
    ]
    found = plan(
        message("public", "u1", kind="notice"),
        message("internal", "u1"),
        message("exec", "u1"),
        message("strategic", "u1", customer="globex", kind="letter"),
        recipients=lists,
    )
    got = {one.planned.message.reader: [a.address for a in one.addressees] for one in found}
    assert got == {
        "customer:globex": ["ann@globex.example"],
        "exec": ["eve@x.example"],
        "internal": ["fay@x.example"],
        "public": ["bob@other.example"],
    }
    assert {one.planned.message.reader: one.spared for one in found}["public"] == 1


def test_nobody_is_spared_news_that_the_more_specific_mail_did_not_tell() -> None:
    lists = [someone("public", "ann@globex.example"), someone("customer:globex", "ann@globex.example")]
    found = plan(
        message("public", "u1", "u2", kind="notice"),
        message("strategic", "u1", customer="globex", kind="letter"),
        recipients=lists,
    )
    assert all(len(one.addressees) == 1 for one in found)


def test_who_was_told_by_a_more_specific_mail_before_is_spared_and_by_a_broader_one_is_not() -> None:
    lists = [someone("public", "a@x.example"), someone("customer:globex", "a@x.example")]
    letter, notice = (
        message("strategic", "u1", customer="globex", kind="letter"),
        message("public", "u1", kind="notice"),
    )
    (spared,) = plan(notice, recipients=lists, reached=[Reached("a@x.example", letter, ("u1",))])
    assert (spared.addressees, spared.spared) == ((), 1)
    (told,) = plan(letter, recipients=lists, reached=[Reached("a@x.example", notice, ("u1",))])
    assert len(told.addressees) == 1


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({}, True),
        ({"components": ("checkout", "api")}, True),
        ({"components": ("search",)}, False),
        ({"impacts": ("major", "critical")}, True),
        ({"impacts": ("critical",)}, False),
        ({"components": ("checkout",), "impacts": ("minor",)}, False),
        ({"severities": ("sev1",)}, False),
        ({"severities": ("sev2",)}, True),
    ],
)
def test_recipients_narrow_what_they_get(asked, wanted) -> None:
    about = Topic(id="i1", components=("checkout",), impact="major", severity="sev2")
    (intent,) = plan(message("exec", "u1", topics=(about,)), recipients=[someone("exec", "a@x.example", **asked)])
    assert bool(intent.addressees) is wanted


def test_one_topic_must_meet_all_that_a_recipient_asked_for() -> None:
    about = (
        Topic(id="i1", components=("checkout",), impact="minor"),
        Topic(id="i2", components=("api",), impact="major"),
    )
    asked = someone("exec", "a@x.example", components=("checkout",), impacts=("major",))
    (intent,) = plan(message("exec", "u1", topics=about), recipients=[asked])
    assert intent.addressees == ()


def test_chat_goes_to_every_channel_of_its_audience() -> None:
    (intent,) = plan(message("internal", "u1", kind="chat", chat=Chat(title="t", text="x")))
    assert [one.address for one in intent.addressees] == ["ops", "war-room"]


def test_a_baseline_takes_all_that_is_there_for_told() -> None:
    marked = baseline([message("exec", "u1", "u2"), message("public", "u1", kind="notice")], (), NOW)
    assert {one.outcome for one in marked} == {"baseline"}
    assert plan(message("exec", "u1", "u2"), message("public", "u1", kind="notice"), known=marked) == ()
    assert len(plan(message("exec", "u1", "u2", "u3"), known=marked)) == 1


def test_what_the_ledger_is_not_asked_about_any_more_is_left_alone_in_silence() -> None:
    past = message("exec", "u1", at=NOW - REMEMBERED - timedelta(seconds=1))
    assert plan(past) == (), "it is found fresh in each run, and must not be recorded as expired each time"
    assert baseline([past], (), NOW) == ()
    young = structs.replace(past, at=NOW - REMEMBERED)
    assert [one.planned.outcome for one in plan(young)] == ["expired"]
    assert [one.outcome for one in baseline([young], (), NOW)] == ["baseline"]


def test_what_was_planned_of_late_says_what_was_told_before_it() -> None:
    first = plan(message("exec", "u1"))
    (second,) = plan(message("exec", "u1", "u2"), known=kept(first))
    assert plan(message("exec", "u1", "u2"), known=(second.planned,)) == ()
    (third,) = plan(message("exec", "u1", "u2", "u3"), known=(second.planned,))
    assert third.planned.fresh == ("u3",)


@pytest.mark.parametrize(
    ("news", "recent", "needed"),
    [
        (("u1",), (), False),
        (("u1", "u2"), (), True),
        (("u1", "u2", "u3"), ("u1", "u2"), False),
        (("u3", "u4"), ("u1", "u2"), True),
    ],
)
def test_all_that_was_ever_planned_is_read_only_for_what_may_have_begun_long_ago(news, recent, needed) -> None:
    known = kept(plan(message("exec", *recent))) if recent else ()
    assert need_all([message("exec", *news)], known, NOW) is needed
    assert not need_all([message("exec", *news, at=NOW - 2 * REMEMBERED)], known, NOW)


PACES = {
    "support": pace(),
    "exec": pace(),
    "public": pace(waits_for_page=True, after=("support",)),
    "strategic": pace(waits_for_page=True, after=("support",)),
    "press": pace(after=("public",)),
    "internal": pace(after=("support",)),
}


def test_support_hears_before_customers_and_who_comes_after_customers_waits_with_them() -> None:
    planned = [
        one.planned for one in plan(*(message(name, "u1") for name in PACES), terms=structs.replace(TERMS, paces=PACES))
    ]
    found = [(stage.waits, set(stage.audiences)) for stage in stages(planned, PACES)]
    assert found == [
        (False, {"support"}),
        (False, {"exec"}),
        (False, {"internal"}),
        (True, {"public"}),
        (True, {"strategic"}),
        (True, {"press"}),
    ]


def test_each_page_is_waited_for_once() -> None:
    page = "https://status.example.com/incidents/i1/"
    letters = [
        message("strategic", "u1", customer=name, kind="letter", page=page, shows="u1")
        for name in ("globex", "initech")
    ]
    planned = [one.planned for one in plan(*letters)]
    assert pages(planned) == ((page, "u1"),)


def test_a_baseline_that_was_begun_and_did_not_end_is_noticed_until_one_does():
    begun, later = mark("begun", NOW), NOW + timedelta(minutes=1)
    assert not is_unfinished(())
    assert is_unfinished([begun])
    assert not is_unfinished([begun, mark("done", NOW)])
    assert is_unfinished([begun, mark("done", NOW), mark("begun", later)])
    assert not is_unfinished([begun, mark("begun", later), mark("done", later)])
    assert plan(message("exec", "u1"), known=[begun]), "the mark itself takes nothing for told"
