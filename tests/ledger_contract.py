"""What every ledger must do, whatever keeps it: functions that take `new`, which opens the same ledger anew each time.

`new()` gives a ledger that is to be entered; `new(create=True)` makes it where there is none.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from heliograph.message import Chat, Message
from heliograph.send.ledger import Addressee, LedgerRefused, Planned
from heliograph.tree.fsio import Locked

AT = datetime(2026, 11, 21, 14, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
STATES = ("SENT", "DEFERRED", "FAILED", "AMBIGUOUS", "SUPPRESSED", "EXPIRED")


def planned(number=1, outcome="planned"):
    """A planned message; those with higher numbers are later."""
    message = Message(
        audience="exec", kind="chat", topics=(), news=(f"u{number}",), at=AT, thread="t", chat=Chat(title="Ü", text="…")
    )
    return Planned(id=f"m{number}", at=AT + number * MINUTE, outcome=outcome, fresh=(f"u{number}",), message=message)


def addressees(count=3, number=1):
    """Recipients of that message, with keys such as `m1-0`."""
    return [Addressee(key=f"m{number}-{n}", address=f"r{n}@example.com", language="de") for n in range(count)]


def state_of(ledger, key):
    return next(one for one in ledger.deliveries() if one.key == key)


def begun(new, count=3):
    """A ledger with one message in it, not open."""
    with new(create=True) as ledger:
        ledger.plan(planned(), addressees(count))
    return new


def what_was_planned_is_there_again_later(new):
    with begun(new)() as ledger:
        assert ledger.planned() == (planned(),)
        assert [(one.key, one.message, one.address, one.language) for one in ledger.deliveries()] == [
            (f"m1-{n}", "m1", f"r{n}@example.com", "de") for n in range(3)
        ]
        assert {(one.state, one.attempts, one.reply) for one in ledger.deliveries()} == {("PLANNED", 0, "")}


def messages_come_oldest_first_whatever_the_order_they_were_planned_in(new):
    with new(create=True) as ledger:
        for number in (1, 2, 11):
            ledger.plan(planned(number), addressees(2, number))
        assert [one.id for one in ledger.planned()] == ["m1", "m2", "m11"]
        assert [one.key for one in ledger.deliveries()] == ["m1-0", "m1-1", "m2-0", "m2-1", "m11-0", "m11-1"]
        assert [one.key for one in ledger.deliveries("m2")] == ["m2-0", "m2-1"]
        assert [*ledger.deliveries("nobody's")] == []


def what_was_planned_before_an_instant_is_left_out_if_one_asks_for_that(new):
    with new(create=True) as ledger:
        for number in (1, 2, 11):
            ledger.plan(planned(number), addressees(2, number))
    with new() as ledger:
        second = planned(2).at
        assert [one.id for one in ledger.planned(second)] == ["m2", "m11"]
        assert [one.id for one in ledger.planned(second.astimezone(timezone(timedelta(hours=-9))))] == ["m2", "m11"]
        assert [one.id for one in ledger.planned(second + timedelta(microseconds=1))] == ["m11"]
        assert ledger.planned(AT + 12 * MINUTE) == ()
        assert len([*ledger.deliveries()]) == 6
        assert ledger.commit("m1-0", AT)


def it_may_be_closed_more_than_once(new):
    begun(new)
    ledger = new()
    assert len(ledger.planned()) == 1
    ledger.close()
    ledger.close()


def a_message_that_is_known_is_left_as_it_is(new):
    with begun(new)() as ledger:
        ledger.commit("m1-0", AT)
        ledger.plan(planned(), addressees(1))
        ledger.plan(Planned(id="m1", at=AT + 9 * MINUTE, outcome="expired", fresh=(), message=planned().message), ())
        assert ledger.planned() == (planned(),)
        assert [one.state for one in ledger.deliveries()] == ["COMMITTING", "PLANNED", "PLANNED"]


def a_baseline_has_no_deliveries(new):
    with new(create=True) as ledger:
        ledger.plan(planned(1, "baseline"), ())
        assert [one.outcome for one in ledger.planned()] == ["baseline"]
        assert [*ledger.deliveries()] == []


def one_commit_passes_and_no_other(new):
    with begun(new)() as ledger:
        assert ledger.commit("m1-0", AT)
        assert not ledger.commit("m1-0", AT)
        assert not ledger.commit("nobody's", AT)
        assert state_of(ledger, "m1-0").state == "COMMITTING"
        assert state_of(ledger, "m1-0").attempts == 1


def what_became_of_a_delivery_stays(new):
    with begun(new, len(STATES))() as ledger:
        for number, state in enumerate(STATES):
            assert ledger.commit(f"m1-{number}", AT)
            ledger.settle(f"m1-{number}", state, f"250 said {number}", AT + MINUTE)
    with new() as ledger:
        assert [(one.state, one.reply, one.at) for one in ledger.deliveries()] == [
            (state, f"250 said {number}", AT + MINUTE) for number, state in enumerate(STATES)
        ]
        assert [one.state for one in ledger.deliveries(states=("FAILED", "SENT"))] == ["SENT", "FAILED"]


def only_what_waits_is_committed(new):
    with begun(new, len(STATES))() as ledger:
        for number, state in enumerate(STATES):
            ledger.commit(f"m1-{number}", AT)
            ledger.settle(f"m1-{number}", state, "", AT)
    with new() as ledger:
        assert [ledger.commit(f"m1-{number}", AT) for number in range(len(STATES))] == [s == "DEFERRED" for s in STATES]
        assert state_of(ledger, "m1-1").attempts == 2


def what_is_settled_is_not_settled_again(new):
    with begun(new)() as ledger:
        ledger.commit("m1-0", AT)
        ledger.settle("m1-0", "SENT", "250 ok", AT)
        ledger.settle("m1-0", "FAILED", "550 no", AT)
        assert state_of(ledger, "m1-0").state == "SENT"


def one_that_waits_is_settled_without_commit(new):
    with begun(new)() as ledger:
        ledger.settle("m1-0", "DEFERRED", "451 later", AT)
        ledger.settle("m1-1", "EXPIRED", "too old", AT)
        assert [one.state for one in ledger.deliveries()] == ["DEFERRED", "EXPIRED", "PLANNED"]
        ledger.settle("m1-0", "SUPPRESSED", "unsubscribed", AT)
        assert state_of(ledger, "m1-0").state == "SUPPRESSED"


def nothing_is_sent_or_ambiguous_that_was_not_committed(new):
    with begun(new)() as ledger:
        ledger.settle("m1-0", "SENT", "", AT)
        ledger.settle("m1-1", "AMBIGUOUS", "", AT)
        assert {one.state for one in ledger.deliveries()} == {"PLANNED"}


def attempts_are_counted_once_each(new):
    with begun(new)() as ledger:
        ledger.settle("m1-0", "DEFERRED", "no connection", AT)
        ledger.commit("m1-0", AT)
        ledger.settle("m1-0", "DEFERRED", "451 later", AT)
        ledger.settle("m1-0", "EXPIRED", "too old", AT)
        assert state_of(ledger, "m1-0").attempts == 2


def an_ambiguous_one_is_committed_where_that_is_safe(new):
    with begun(new)() as ledger:
        ledger.commit("m1-0", AT)
        ledger.settle("m1-0", "AMBIGUOUS", "no reply", AT)
        assert not ledger.commit("m1-0", AT)
        assert ledger.commit("m1-0", AT, again=True)
        assert not ledger.commit("m1-0", AT, again=True)
        ledger.settle("m1-0", "SENT", "250 ok", AT)
        assert not ledger.commit("m1-0", AT, again=True)
        assert ledger.commit("m1-1", AT, again=True)


def a_key_belongs_to_one_delivery(new):
    with begun(new)() as ledger:
        list(ledger.deliveries())
        ledger.plan(planned(2), addressees(2, 1) + addressees(1, 2))
        assert [one.key for one in ledger.deliveries("m2")] == ["m2-0"]


def what_a_dead_sender_left_is_ambiguous(new):
    with begun(new)() as ledger:
        ledger.commit("m1-0", AT)
        first = ledger.epoch
    with new() as ledger:
        assert ledger.epoch == first + 1
        assert [one.state for one in ledger.deliveries()] == ["AMBIGUOUS", "PLANNED", "PLANNED"]
        assert not ledger.commit("m1-0", AT)


def a_hand_settles_only_what_is_ambiguous_or_failed(new):
    with begun(new, len(STATES))() as ledger:
        for number, state in enumerate(STATES):
            ledger.commit(f"m1-{number}", AT)
            ledger.settle(f"m1-{number}", state, "", AT)
        assert [ledger.resolve(f"m1-{number}", "PLANNED", AT) for number in range(len(STATES))] == [
            state in ("FAILED", "AMBIGUOUS") for state in STATES
        ]
        assert not ledger.resolve("nobody's", "SENT", AT)
        assert ledger.commit("m1-2", AT)
        ledger.settle("m1-2", "AMBIGUOUS", "", AT)
        assert ledger.resolve("m1-2", "SENT", AT)
        assert state_of(ledger, "m1-2").state == "SENT"


def one_sender_at_a_time(new):
    with begun(new)(), pytest.raises(Locked), new():
        pass
    with new() as ledger:
        assert len([*ledger.deliveries()]) == 3


def a_ledger_that_is_not_there_is_refused(new):
    with pytest.raises(LedgerRefused, match="--baseline"), new():
        pass


def making_what_is_there_keeps_it(new):
    with begun(new)(create=True) as ledger:
        assert ledger.planned() == (planned(),)


CONTRACT = (
    what_was_planned_is_there_again_later,
    messages_come_oldest_first_whatever_the_order_they_were_planned_in,
    what_was_planned_before_an_instant_is_left_out_if_one_asks_for_that,
    it_may_be_closed_more_than_once,
    a_message_that_is_known_is_left_as_it_is,
    a_baseline_has_no_deliveries,
    one_commit_passes_and_no_other,
    what_became_of_a_delivery_stays,
    only_what_waits_is_committed,
    what_is_settled_is_not_settled_again,
    one_that_waits_is_settled_without_commit,
    nothing_is_sent_or_ambiguous_that_was_not_committed,
    attempts_are_counted_once_each,
    an_ambiguous_one_is_committed_where_that_is_safe,
    a_key_belongs_to_one_delivery,
    what_a_dead_sender_left_is_ambiguous,
    a_hand_settles_only_what_is_ambiguous_or_failed,
    one_sender_at_a_time,
    a_ledger_that_is_not_there_is_refused,
    making_what_is_there_keeps_it,
)
