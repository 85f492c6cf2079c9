"""Which digests belong together, which number each bears, and what in it counts as new."""

from __future__ import annotations

from datetime import datetime

import msgspec

import view_samples as samples
from heliograph import view as v
from heliograph.message import Message
from heliograph.render import digests
from heliograph.render.layouts import Layouts
from heliograph.render.mail import SUBJECT_LIMIT
from test_digests import row

LAYOUTS = Layouts()
replace = msgspec.structs.replace


def incident(identity: str, first: str, *more: str, end: str = "", title: str = "") -> v.Incident:
    """One problem with a word at each clock time of the sample day; `end` is the last of them, when it is over."""
    times = (first, *more, *([end] if end else []))
    updates = [
        samples.update(
            f"{identity}-{time}",
            samples.at(time),
            "resolved" if time == end else "identified",
            samples.passage(f"Words of {time}."),
        )
        for time in reversed(times)
    ]
    return replace(
        samples.payments(title=title or f"Problem {identity}"),
        id=identity,
        status="resolved" if end else "identified",
        started_at=samples.at(first),
        updated_at=samples.at(times[-1]),
        resolved_at=samples.at(end) if end else None,
        next_update=None,
        claims=(),
        updates=tuple(updates),
    )


def messages(*incidents: v.Incident, heard: tuple[v.Heard, ...] = (), ignored: tuple[str, ...] = ()) -> list[Message]:
    """What executives are told of these, all closed ones being of late; they did not ask for what is `ignored`."""
    dossier = samples.exec_desk().dossiers[0]
    desk = replace(
        samples.exec_desk(),
        dossiers=tuple(
            replace(dossier, id=one.id, title_public=one.title, said=(), due=(), told=()) for one in incidents
        ),
        relevant=tuple(one.id for one in incidents if one.is_open and one.id not in ignored),
        recent=tuple(one.id for one in incidents if not one.is_open and one.id not in ignored),
    )
    newest_first = tuple(sorted(incidents, key=lambda one: one.started_at, reverse=True))
    return list(digests.executive(replace(samples.exec_view(), incidents=newest_first), desk, heard, LAYOUTS))


def heard(*told: tuple[str, ...]) -> tuple[v.Heard, ...]:
    """Messages that arrived a minute after the newest update each of them told."""
    return tuple(v.Heard(at=_instant(ids[-1]), updates=ids) for ids in told)


def _instant(identity: str) -> datetime:
    return samples.at(identity.rpartition("-")[2])


def places(found: list[Message]) -> list[tuple[str, str, int]]:
    return [(message.kind, message.thread, message.number) for message in found]


def test_one_thread_holds_all_that_overlaps_and_is_named_by_its_first():
    a, b = incident("a", "08:00", "09:00"), incident("b", "10:00")
    assert places(messages(a, b)) == [("digest", "exec/a", 3)]


def test_a_new_thread_begins_after_all_was_well():
    a, b = incident("a", "08:00", end="09:00"), incident("b", "10:00", "10:30")
    assert places(messages(a, b)) == [("closing", "exec/a", 2), ("digest", "exec/b", 2)]
    touching = incident("b", "09:00")
    assert places(messages(a, touching))[1] == ("digest", "exec/b", 1), "it began as the other ended"


def test_what_only_a_third_one_joins_is_one_thread():
    a, b, c = incident("a", "08:00", end="09:00"), incident("b", "08:30", end="11:00"), incident("c", "10:00")
    assert {message.thread for message in messages(a, b, c)} == {"exec/a"}


def test_what_this_reader_did_not_ask_for_neither_joins_nor_names_a_thread():
    a, b = incident("a", "08:00"), incident("b", "10:00")
    assert places(messages(a, b, ignored=("a",))) == [("digest", "exec/b", 1)]


def test_a_thread_keeps_its_name_when_its_first_is_forgotten_by_the_desk():
    a, b = incident("a", "08:00", end="11:00"), incident("b", "10:00", "12:00")
    told = heard(("a-08:00",), ("a-08:00", "b-10:00"), ("a-11:00",))
    assert places(messages(a, b, heard=told, ignored=("a",))) == [("digest", "exec/a", 4)]


def test_a_thread_keeps_its_name_when_an_older_problem_comes_to_concern_its_reader():
    a, b = incident("a", "08:00", "12:00"), incident("b", "10:00")
    assert places(messages(a, b, heard=heard(("b-10:00",)))) == [("digest", "exec/b", 2)]


def test_the_number_counts_the_messages_heard_not_the_updates():
    a = incident("a", "08:00", "08:10", "08:20", "08:30")
    assert places(messages(a, heard=heard(("a-08:00",)))) == [("digest", "exec/a", 2)]
    assert places(messages(a)) == [("digest", "exec/a", 4)], "nobody knows: as if each had been told"


def test_messages_about_other_things_do_not_count():
    a = incident("a", "08:00", "08:10")
    other = (
        v.Heard(at=samples.at("07:00"), updates=("weekly-2026-11-16",)),
        v.Heard(at=samples.at("07:00"), updates=("x",)),
    )
    assert places(messages(a, heard=(*other, *heard(("a-08:00",))))) == [("digest", "exec/a", 2)]


def test_what_was_told_already_keeps_its_number():
    a, b = incident("a", "08:00", end="09:00"), incident("b", "08:30", "09:30")
    told = heard(("a-08:00",), ("a-08:00", "b-08:30"), ("a-08:00", "a-09:00"))
    assert places(messages(a, b, heard=told)) == [("closing", "exec/a", 3), ("digest", "exec/a", 4)]


def test_two_messages_of_one_moment_have_two_numbers():
    a, b = incident("a", "08:00", end="09:00"), incident("b", "08:30", "09:00")
    told = heard(("a-08:00",), ("a-08:00", "b-08:30"))
    assert places(messages(a, b, heard=told)) == [("closing", "exec/a", 3), ("digest", "exec/a", 4)]


def test_news_stand_oldest_first_and_belong_to_the_thread():
    a, b = incident("a", "08:00", "10:00"), incident("b", "09:00")
    (message,) = messages(a, b)
    assert message.news == ("a-08:00", "b-09:00", "a-10:00")
    assert message.opens == ("a-08:00", "b-09:00")
    assert message.mails[0].thread == message.thread


def test_the_subject_ends_in_one_number_however_long_it_is():
    several = [incident(f"long{number}", "08:00", title="Very " * 40 + str(number)) for number in range(4)]
    (message,) = messages(*several)
    subject = message.mails[0].subject
    assert len(subject) <= SUBJECT_LIMIT
    assert subject.endswith(" (1)")
    assert subject.count("(1)") == 1


# --- what is new ------------------------------------------------------------------------------------


def payments(*heard_of: str) -> str:
    """The executives' text about three updates of the sample incident, after hearing some."""
    one = samples.exec_view().incidents[0]
    claims = (
        samples.claim("checkout", "operational", "degraded_performance"),
        samples.claim("api", "partial_outage", "degraded_performance"),
    )
    third = samples.update(
        "third000", samples.at("14:30"), "monitoring", samples.passage("It works.", addressed=True), claims=claims
    )
    later = replace(one, updates=(third, *one.updates), claims=claims[1:], updated_at=third.at, status="monitoring")
    known = tuple(v.Heard(at=samples.at("14:31"), updates=(identity,)) for identity in heard_of)
    seen = replace(samples.exec_view(), incidents=(later,))
    (message,) = digests.executive(seen, samples.exec_desk(), known, LAYOUTS)
    return message


def test_all_that_came_since_the_last_message_is_marked():
    mail = payments("2nd8vw4k").mails[0]
    assert row(mail, "CUSTOMERS").endswith("as of 14:20 *new")
    assert row(mail, "OPEN ASK").endswith("*new")
    assert row(mail, "BOTTOM LINE").endswith("*changed")
    told = payments("2nd8vw4k", "7qm4tz2c").mails[0]
    assert row(told, "CUSTOMERS").endswith("as of 14:20")
    assert "*new" not in told.text


def test_states_are_set_beside_those_of_the_last_message_heard():
    state = "Since 14:02 UTC. API: degraded → partial outage. Checkout: partial outage → working normally. *changed"
    assert row(payments("2nd8vw4k").mails[0], "STATE").replace("*changed ", "") == state.replace("*changed", "").strip()
    since_second = row(payments("2nd8vw4k", "7qm4tz2c").mails[0], "STATE")
    assert "Checkout: degraded → working normally" in since_second.replace("*changed ", "")


def test_nothing_is_marked_in_a_first_message_but_a_problem_that_joins_others_is():
    a, b = incident("a", "08:00"), incident("b", "09:00", "09:10")
    (first,) = messages(b, heard=heard(("elsewhere-07:00",)))
    assert "*" not in first.mails[0].text
    (joined,) = messages(a, b, heard=heard(("a-08:00",)))
    assert "SEV2 Problem b · *new" in joined.mails[0].text
    assert "SEV2 Problem a\n" in joined.mails[0].text


def test_a_figure_is_news_only_to_those_whose_digest_tells_it():
    one = samples.payments()
    figure = samples.update("f1gure00", samples.at("14:30"), None)
    fact = v.Fact(id="customers_affected", name="Customers", value="2,000", unit="", as_of=samples.at("14:30"))
    ask = v.Ask(what="one DBA", of="engineering", since=samples.at("14:35"), met_at=None)
    asking = samples.update("asking00", samples.at("14:35"), None)
    known = replace(one, facts=(fact,), asks=(ask,), updates=(asking, figure, *one.updates))
    seen = replace(samples.exec_view(), incidents=(known,))
    told = {
        "exec": digests.executive(seen, samples.exec_desk(), (), LAYOUTS),
        "support": digests.support(seen, samples.support_desk(), (), (), LAYOUTS),
        "business": digests.business(seen, replace(samples.exec_desk(), reader="business"), (), LAYOUTS),
    }
    brought = {name: {"f1gure00", "asking00"}.intersection(next(iter(found)).news) for name, found in told.items()}
    assert brought == {"exec": {"f1gure00", "asking00"}, "support": set(), "business": {"f1gure00"}}


def test_what_was_told_before_anything_was_recorded_counts():
    (open_,) = messages(incident("a", "14:00", "14:10", "14:20"), heard=heard(("a-14:10",)))
    assert open_.number == 3, "14:00 was told before there was a ledger, 14:10 is on record"


def test_an_update_that_was_taken_back_still_counts_among_what_was_heard():
    told = (*heard(("a-14:00",)), v.Heard(at=samples.at("14:11"), updates=("gone",), thread="exec/a"))
    (open_,) = messages(incident("a", "14:00", "14:20"), heard=told)
    assert open_.number == 3
