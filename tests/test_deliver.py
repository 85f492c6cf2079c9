"""The engine that hands over what waits: once, or ambiguous and said to be; stopped in order by whatever stops it."""

import contextlib
import multiprocessing
import os
import resource
import signal
import sqlite3
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

import smtp_lab
from heliograph.operations import Smtp
from heliograph.send.courier import Verdict
from heliograph.send.deliver import BACK_OFF, Rules, deliver
from heliograph.send.ledger import LedgerFailed
from heliograph.send.report import masked
from heliograph.send.session import Patience
from heliograph.send.smtp import SmtpCourier
from heliograph.send.sqlite import SqliteLedger
from proof.deliveries import SavesBefore, make
from test_ledger import AT, SITE, addressees, planned, states

NOW = AT + timedelta(minutes=1)
RULES = Rules(max_age=timedelta(hours=6), connections=1, patience=timedelta(0))
SENT = Verdict("SENT", "250 queued")
LATER = Verdict("DEFERRED", "451 later")
NEVER = Verdict("FAILED", "550 no such user")
NOBODY_KNOWS = Verdict("AMBIGUOUS", "no answer", fatal=True)


class Clock:
    """Stands still unless moved."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


class Post:
    """Couriers that answer by a script: `answer(parcel, nth)` gives a verdict; a refusal comes before the dot."""

    def __init__(self, answer=lambda parcel, nth: SENT):
        self.answer = answer
        self.accepted = []
        self.asked = []
        self.opened = self.closed = 0

    def open(self):
        self.opened += 1
        return self

    def hand_over(self, parcel, commit):
        self.asked.append(parcel.key)
        verdict = self.answer(parcel, len(self.asked))
        if verdict.state in ("SENT", "AMBIGUOUS"):
            if not commit():
                return Verdict("PLANNED", "")
            self.accepted.append(parcel.key)
        return verdict

    def close(self):
        self.closed += 1


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger"


@contextlib.contextmanager
def sending(path, kind=SqliteLedger, **options):
    ledger = kind(path, SITE, create=True, **options)
    try:
        with ledger:
            yield ledger
    finally:
        ledger.close()


@pytest.fixture
def ledger(path):
    with sending(path) as found:
        yield found


def run(ledger, post, *, clock=lambda: NOW, rules=RULES, tell=lambda one: None, write=make):
    return deliver(ledger, ledger.planned(), write, post.open, clock=clock, rules=rules, tell=tell)


# When all goes well


def test_each_delivery_is_handed_over_once_and_told(ledger):
    ledger.plan(planned(), addressees(30))
    post, told = Post(), []
    report = run(ledger, post, tell=told.append)
    assert sorted(post.accepted) == sorted(states(ledger))
    assert {one.state for one in ledger.deliveries()} == {"SENT"}
    assert (report.accepted, report.stopped, report.listed, report.later) == (30, "", (), None)
    assert report.counts == {"m1": {"SENT": 30}}
    assert report.total == {"SENT": 30}
    assert sorted(told, key=lambda one: one.key) == sorted(ledger.deliveries(), key=lambda one: one.key)
    again = run(ledger, post)
    assert (again.accepted, again.total, len(post.accepted)) == (0, {"SENT": 30}, 30)


def test_the_oldest_message_goes_first(ledger):
    ledger.plan(planned("new", at=AT), addressees(2, "new"))
    ledger.plan(planned("old", at=AT - timedelta(hours=1)), addressees(2, "old"))
    post = Post()
    run(ledger, post)
    assert post.accepted == ["old0", "old1", "new0", "new1"]


def test_what_goes_is_what_was_frozen(ledger):
    ledger.plan(planned(words="the words of 14:20"), addressees(1))
    ledger.plan(planned(words="edited meanwhile"), addressees(1))
    seen = []
    run(ledger, Post(), write=lambda one, delivery: seen.append(one.message.mails[0].text) or b"")
    assert seen == ["the words of 14:20"]


def test_many_connections_share_the_work(ledger):
    ledger.plan(planned(), addressees(60))
    together, inside, lock = [], set(), threading.Lock()

    def answer(parcel, nth):
        with lock:
            inside.add(parcel.key)
            together.append(len(inside))
        time.sleep(0.01)
        with lock:
            inside.discard(parcel.key)
        return SENT

    post = Post(answer)
    talking = []

    def tell(one):
        talking.append(one)
        size = len(talking)
        time.sleep(0.001)
        assert len(talking) == size, "told by two threads at once"

    report = run(ledger, post, rules=Rules(max_age=timedelta(hours=6), connections=4), tell=tell)
    assert max(together) == 4
    assert Counter(post.accepted) == Counter(dict.fromkeys(states(ledger), 1))
    assert report.accepted == 60


def test_a_connection_is_used_for_so_many_mails_and_not_after_it_broke(ledger):
    ledger.plan(planned(), addressees(120))
    post = Post(lambda parcel, nth: Verdict("DEFERRED", "421 bye", fatal=True) if nth == 10 else SENT)
    run(ledger, post)
    assert (post.opened, post.closed) == (4, 4)  # 10, 50, 50, 10


def test_only_a_page_of_recipients_is_held_at_once(ledger, monkeypatch):
    ledger.plan(planned(), addressees(1600))
    pages = []
    real = SqliteLedger._page
    monkeypatch.setattr(SqliteLedger, "_page", lambda *given: pages.append(real(*given)) or pages[-1])
    next(ledger.deliveries())
    assert [len(page) for page in pages] == [500]


# Nothing without a durable COMMITTING


class Witness(Post):
    """Looks the delivery up in the file, by a connection of its own, at the instant of the final dot."""

    def __init__(self, path):
        super().__init__()
        self.path, self.seen = path, []

    def hand_over(self, parcel, commit):
        verdict = super().hand_over(parcel, commit)
        with contextlib.closing(sqlite3.connect(self.path)) as other:
            self.seen += other.execute("SELECT state FROM deliveries WHERE key = ?", (parcel.key,)).fetchone()
        return verdict


def test_at_the_final_dot_the_file_says_committing(path):
    with sending(path) as ledger:
        ledger.plan(planned(), addressees(12))
        witness = Witness(path)
        run(ledger, witness)
    assert witness.seen == ["COMMITTING"] * 12


def test_the_witness_would_notice_a_ledger_that_only_pretends(path):
    class Pretends(SqliteLedger):
        def commit(self, key, at, *, again=False):
            return True

    with sending(path, Pretends) as ledger:
        ledger.plan(planned(), addressees(3))
        witness = Witness(path)
        run(ledger, witness)
    assert witness.seen == ["PLANNED"] * 3


@pytest.mark.parametrize("failing", ["commit", "settle"])
def test_a_ledger_that_cannot_be_written_stops_before_the_next_dot(path, failing):
    """R20: what was accepted when its outcome could not be written is reported as ambiguous, and is so afterwards."""

    class Full(SqliteLedger):
        calls = 0

        def fails(self):
            Full.calls += 1
            if Full.calls > 3:
                raise LedgerFailed("the disk is full")

        def commit(self, key, at, *, again=False):
            if failing == "commit":
                self.fails()
            return super().commit(key, at, again=again)

        def settle(self, key, state, reply, at):
            if failing == "settle":
                self.fails()
            super().settle(key, state, reply, at)

    with sending(path, Full) as ledger:
        ledger.plan(planned(), addressees(10))
        post = Post()
        report = run(ledger, post)
    assert report.stopped == "the disk is full"
    handed = {"commit": ["k0", "k1", "k2"], "settle": ["k0", "k1", "k2", "k3"]}[failing]
    assert post.accepted == handed
    assert [one.key for one in report.listed] == handed[3:]
    with sending(path) as after:
        found = states(after)
        assert [key for key, state in found.items() if state != "PLANNED"] == handed
        assert [key for key, state in found.items() if state == "AMBIGUOUS"] == handed[3:]
        run(after, post)
    assert max(Counter(post.accepted).values()) == 1


def test_a_courier_that_asks_no_leave_is_put_on_record(ledger):
    class Hasty(Post):
        def hand_over(self, parcel, commit):
            return SENT

    ledger.plan(planned(), addressees(1))
    report = run(ledger, Hasty())
    assert (states(ledger), report.accepted) == ({"k0": "AMBIGUOUS"}, 0)


@pytest.mark.parametrize(("late", "state"), [(False, "DEFERRED"), (True, "AMBIGUOUS")])
def test_a_courier_that_fails_is_judged_by_whether_it_had_leave(ledger, late, state):
    class Breaks(Post):
        def hand_over(self, parcel, commit):
            if late:
                assert commit()
            raise KeyError("secret words")

    ledger.plan(planned(), addressees(1))
    post = Breaks()
    run(ledger, post)
    (one,) = ledger.deliveries()
    assert (one.state, one.reply, one.attempts) == (state, "KeyError", 1)
    assert post.closed == 1


def test_a_sender_that_was_overtaken_stops(path, ledger):
    ledger.plan(planned(), addressees(5))
    post = Post()

    def overtaken(parcel, nth):
        if nth == 3:
            next(path.parent.glob("*.lock")).unlink()
            other.__enter__()
        return SENT

    other = SqliteLedger(path, SITE)
    post.answer = overtaken
    report = run(ledger, post)
    assert (post.accepted, report.stopped) == (["k0", "k1"], "another sender has taken over")
    run(other, Post())
    assert set(states(other).values()) == {"SENT"}
    other.__exit__(None, None, None)
    other.close()


# What waits, and what has waited too long


def test_what_is_too_old_expires_and_is_counted(ledger):
    """R23: after an outage of the sender, nobody gets word of what is over."""
    ledger.plan(planned("old", at=NOW - timedelta(hours=7)), addressees(3, "old"))
    ledger.plan(planned("new"), addressees(2, "new"))
    ledger.plan(planned("week", at=NOW - timedelta(hours=7), kind="weekly"), addressees(1, "week"))
    post = Post()
    report = run(ledger, post)
    assert post.accepted == ["week0", "new0", "new1"]
    assert report.counts == {"old": {"EXPIRED": 3}, "new": {"SENT": 2}, "week": {"SENT": 1}}


def test_a_message_can_grow_too_old_during_a_run(ledger):
    ledger.plan(planned(), addressees(4))
    clock = Clock()

    def answer(parcel, nth):
        clock.now = AT + timedelta(hours=6, seconds=nth - 2)
        return SENT

    report = run(ledger, Post(answer), clock=clock)
    assert report.total == {"SENT": 3, "EXPIRED": 1}


def test_what_was_deferred_is_tried_again_when_its_time_has_come(ledger):
    ledger.plan(planned(), addressees(1))
    clock, post = Clock(), Post(lambda parcel, nth: LATER)
    waits = []
    for _ in range(5):
        report = run(ledger, post, clock=clock)
        waits.append(report.later - clock.now)
        clock.now = report.later - timedelta(seconds=1)
        before = len(post.asked)
        assert run(ledger, post, clock=clock).later == report.later
        assert len(post.asked) == before
        clock.now = report.later
    assert waits == [*BACK_OFF, BACK_OFF[-1]]
    assert next(ledger.deliveries()).attempts == 5


def test_a_run_waits_for_what_comes_due_while_its_patience_lasts(ledger):
    ledger.plan(planned(), addressees(3))
    rules = Rules(
        max_age=timedelta(days=9000), connections=2, back_off=(timedelta(seconds=0.05),), patience=timedelta(seconds=30)
    )
    post = Post(lambda parcel, nth: LATER if nth <= 3 else SENT)
    report = run(ledger, post, rules=rules, clock=lambda: datetime.now(UTC))
    assert report.total == {"SENT": 3}
    assert all(one.attempts == 2 for one in ledger.deliveries())


# What stops a run


@pytest.mark.parametrize("verdict", [LATER, NOBODY_KNOWS, Verdict("DEFERRED", "connection refused", fatal=True)])
def test_five_refusals_in_a_row_stop_it(ledger, verdict):
    ledger.plan(planned(), addressees(40))
    post = Post(lambda parcel, nth: SENT if nth <= 10 else verdict)
    report = run(ledger, post)
    assert len(post.asked) == 15
    assert report.stopped.startswith("5 refusals in a row")
    assert report.total == {"SENT": 10, verdict.state: 5, "PLANNED": 25}


def test_four_refusals_in_a_row_do_not(ledger):
    ledger.plan(planned(), addressees(40))
    report = run(ledger, Post(lambda parcel, nth: SENT if nth % 5 == 0 else LATER))
    assert (report.stopped, report.total) == ("", {"SENT": 8, "DEFERRED": 32})


def test_too_many_refused_for_good_stop_it(ledger):
    ledger.plan(planned(), addressees(100))
    post = Post(lambda parcel, nth: NEVER if nth % 10 == 0 else SENT)
    report = run(ledger, post)
    assert len(post.asked) == 20
    assert report.stopped == "2 of 20 were refused for good, the last: 550 no such user"
    assert report.total == {"SENT": 18, "FAILED": 2, "PLANNED": 80}


def test_a_mail_that_cannot_be_written_fails_by_its_reasons_name_and_stops_nobody_else(ledger):
    ledger.plan(planned("bad"), addressees(30, "bad"))
    ledger.plan(planned("good", at=AT + timedelta(seconds=1)), addressees(2, "good"))

    def write(one, delivery):
        if one.id == "bad":
            raise ValueError("the hidden words")
        return make(one, delivery)

    report = run(ledger, Post(), write=write)
    assert report.counts == {"bad": {"FAILED": 30}, "good": {"SENT": 2}}
    assert {one.reply for one in report.listed} == {"not sent: ValueError"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_lets_what_is_in_flight_end_and_leaves_the_rest(ledger, number):
    ledger.plan(planned(), addressees(20))
    before = signal.getsignal(number)

    def answer(parcel, nth):
        if nth == 4:
            os.kill(os.getpid(), number)
            time.sleep(0.05)
        return SENT

    report = run(ledger, Post(answer))
    assert report.stopped == "interrupted"
    assert report.total["SENT"] >= 4
    assert report.total["SENT"] + report.total["PLANNED"] == 20
    assert report.total["PLANNED"] > 10
    assert signal.getsignal(number) == before


def test_an_interrupt_ends_a_run_that_waits(ledger):
    ledger.plan(planned(), addressees(1))
    rules = Rules(max_age=timedelta(days=9000), back_off=(timedelta(minutes=9),), patience=timedelta(minutes=10))
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()
    report = run(ledger, Post(lambda parcel, nth: LATER), rules=rules, clock=lambda: datetime.now(UTC))
    timer.join()
    assert (report.stopped, report.total) == ("interrupted", {"DEFERRED": 1})


def test_a_fault_in_what_is_told_comes_after_what_is_on_record(ledger):
    ledger.plan(planned(), addressees(3))

    def tell(one):
        raise BrokenPipeError

    post = Post()
    with pytest.raises(BrokenPipeError):
        run(ledger, post, tell=tell)
    assert (post.accepted, states(ledger)) == (["k0"], {"k0": "SENT", "k1": "PLANNED", "k2": "PLANNED"})


# What nobody knows


def test_what_is_ambiguous_is_listed_and_never_sent_again_by_itself(ledger):
    ledger.plan(planned(), addressees(3))
    post = Post(lambda parcel, nth: NOBODY_KNOWS if parcel.key == "k1" else SENT)
    clock = Clock()
    for _ in range(4):
        report = run(ledger, post, clock=clock)
        clock.now += timedelta(minutes=40)
    (one,) = report.listed
    assert (one.key, one.address, one.state, one.reply) == ("k1", "r…@example.com", "AMBIGUOUS", "no answer")
    assert Counter(post.accepted) == {"k0": 1, "k1": 1, "k2": 1}


class Idempotent(Post):
    """A provider that knows what it accepted by its key; its answers are lost as `answer` says."""

    def __init__(self, answer):
        super().__init__(answer)
        self.inbox = set()

    def hand_over(self, parcel, commit):
        verdict = super().hand_over(parcel, commit)
        self.inbox |= set(self.accepted)
        return verdict


def test_where_the_server_knows_it_by_its_key_an_ambiguous_one_is_tried_again(ledger):
    """R19: exactly one copy."""
    ledger.plan(planned(), addressees(3))
    post = Idempotent(lambda parcel, nth: NOBODY_KNOWS if nth <= 3 else SENT)
    rules = Rules(max_age=timedelta(hours=6), connections=1, patience=timedelta(0), idempotent_for=timedelta(hours=24))
    clock = Clock()
    report = run(ledger, post, clock=clock, rules=rules)
    assert report.total == {"AMBIGUOUS": 3}
    assert report.later == clock.now + BACK_OFF[0]
    clock.now = report.later
    assert run(ledger, post, clock=clock, rules=rules).total == {"SENT": 3}
    assert len(post.inbox) == 3


def test_an_ambiguous_one_is_not_tried_again_once_the_server_may_have_forgotten_it(ledger):
    ledger.plan(planned(), addressees(1))
    post = Post(lambda parcel, nth: NOBODY_KNOWS)
    rules = Rules(max_age=timedelta(hours=60), patience=timedelta(0), idempotent_for=timedelta(hours=2))
    clock = Clock()
    for _ in range(12):
        run(ledger, post, clock=clock, rules=rules)
        clock.now += timedelta(minutes=31)
    assert 1 < len(post.accepted) <= 4
    assert states(ledger) == {"k0": "AMBIGUOUS"}


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("verdict", [LATER, NEVER])
def test_an_attempt_that_is_refused_does_not_unsay_an_earlier_one_that_may_have_been_accepted(ledger, verdict, late):
    class Refuses(Post):
        def hand_over(self, parcel, commit):
            self.asked.append(parcel.key)
            if len(self.asked) == 1 or late:
                assert commit()
            return NOBODY_KNOWS if len(self.asked) == 1 else verdict

    ledger.plan(planned(), addressees(1))
    post, clock = Refuses(), Clock()
    rules = Rules(max_age=timedelta(hours=6), patience=timedelta(0), idempotent_for=timedelta(hours=2))
    for _ in range(3):
        run(ledger, post, clock=clock, rules=rules)
        clock.now += timedelta(minutes=30)
    assert len(post.asked) > 1
    assert states(ledger) == {"k0": "AMBIGUOUS"}


@pytest.mark.parametrize(
    ("address", "shown"), [("ann@example.com", "a…@example.com"), ("@x.y", "…@x.y"), ("ops-channel", "ops-channel")]
)
def test_addresses_are_masked_and_names_of_channels_are_not(address, shown):
    assert masked(address) == shown


# Known accidents of others, with a real server and a process that is killed

FORK = multiprocessing.get_context("fork")
QUICK = Patience(opening=1, command=1, data=1, reply=1, goodbye=0.1)


def sender(path, port, kind, kill_after):
    """Send in a process that kills itself once so many were told of, or before any (0)."""
    told = 0

    def tell(one):
        nonlocal told
        told += 1
        if told == kill_after:
            os.kill(os.getpid(), signal.SIGKILL)

    smtp = Smtp(host="127.0.0.1", port=port, security="none", sender="bounces@example.com")
    with kind(path, SITE) as ledger:
        if kill_after == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        deliver(
            ledger,
            ledger.planned(),
            make,
            lambda: SmtpCourier(smtp, patience=QUICK),
            clock=lambda: NOW,
            rules=RULES,
            tell=tell,
        )


def sent_with_kills(path, lab, kills, kind=SqliteLedger):
    for kill_after in (*kills, None):
        process = FORK.Process(target=sender, args=(path, lab.port, kind, kill_after))
        process.start()
        process.join()
        assert process.exitcode == (0 if kill_after is None else -signal.SIGKILL)
    return Counter(entry["rcpt"].partition("@")[0].replace("r", "k") for entry in lab.accepted)


@pytest.fixture
def lab(tmp_path):
    with smtp_lab.Lab(tmp_path / "book") as served:
        yield served


def prepared(path, count):
    with sending(path) as ledger:
        ledger.plan(planned(), addressees(count))


def test_listmonk_2313_killed_half_way_it_does_not_begin_anew(path, lab):
    prepared(path, 20)
    accepted = sent_with_kills(path, lab, [10])
    assert accepted == Counter(f"k{number}" for number in range(20))


def test_listmonk_3022_killed_after_planning_all_are_still_delivered(path, lab):
    prepared(path, 12)
    accepted = sent_with_kills(path, lab, [0, 0])
    assert len(accepted) == 12


def test_listmonk_3022_a_place_saved_ahead_of_sending_would_lose_one(path, lab):
    class Ahead(SavesBefore):
        def commit(self, key, at, *, again=False):
            super().commit(key, at)
            if key == "k5" and not lab.accepted[5:]:
                os.kill(os.getpid(), signal.SIGKILL)
            return True

    prepared(path, 12)
    process = FORK.Process(target=sender, args=(path, lab.port, Ahead, None))
    process.start()
    process.join()
    accepted = sent_with_kills(path, lab, [], Ahead)
    assert len(accepted) == 11


def test_rss2email_killed_after_each_acceptance_at_most_one_is_ambiguous(path, lab):
    class DiesAfterAcceptance(SqliteLedger):
        def settle(self, key, state, reply, at):
            if state == "SENT":
                os.kill(os.getpid(), signal.SIGKILL)
            super().settle(key, state, reply, at)

    prepared(path, 6)
    for lives in range(1, 7):
        process = FORK.Process(target=sender, args=(path, lab.port, DiesAfterAcceptance, None))
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        with contextlib.closing(SqliteLedger(path, SITE)) as ledger:
            assert Counter(states(ledger).values())["COMMITTING"] == 1
            assert Counter(states(ledger).values())["AMBIGUOUS"] == lives - 1
    accepted = sent_with_kills(path, lab, [])
    assert set(accepted.values()) == {1}
    assert len(accepted) == 6


def test_with_a_disk_that_fills_up_under_the_ledger_nothing_goes_that_is_not_on_record(path, lab):
    """R20, with the real parts: the limit on file sizes stands for the disk."""

    def limited():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
        sender(path, lab.port, SqliteLedger, None)

    prepared(path, 80)
    process = FORK.Process(target=limited)
    process.start()
    process.join()
    assert process.exitcode == 0
    accepted = Counter(entry["rcpt"].partition("@")[0].replace("r", "k") for entry in lab.accepted)
    assert 0 < len(accepted) < 80
    with sending(path) as ledger:
        assert {key for key, state in states(ledger).items() if state != "PLANNED"} == set(accepted)
    accepted = sent_with_kills(path, lab, [])
    assert set(accepted.values()) == {1}
    assert len(accepted) == 80


# Every point at which a server may fail


@pytest.mark.slow
@pytest.mark.parametrize("point", sorted(smtp_lab.POINTS))
@pytest.mark.parametrize("how", ["drop", "4xx", "5xx", "421", "stall", "garbage"])
def test_wherever_a_server_fails_nothing_is_accepted_twice_or_missing(tmp_path, path, point, how):
    """R18: all that is on record agrees with the server's book, after one run and after all could be tried again."""
    if point == "stored" and how in ("4xx", "5xx", "421"):
        how = "drop"  # one that stores a mail and says that it did not has its reader told twice, whoever sends

    def script(number):
        return smtp_lab.Fault(point, how) if number in (0, 3, 4, 11) else None

    smtp_patience = Patience(opening=0.3, command=0.3, data=0.3, reply=0.3, goodbye=0.1)
    clock = Clock()
    with smtp_lab.Lab(tmp_path / "book", script, stall=0.4) as lab, sending(path) as ledger:
        ledger.plan(planned(), addressees(12))
        smtp = Smtp(host="127.0.0.1", port=lab.port, security="none", sender="bounces@example.com")
        for _ in range(4):
            deliver(
                ledger,
                ledger.planned(),
                make,
                lambda: SmtpCourier(smtp, patience=smtp_patience),
                clock=clock,
                rules=RULES,
                tell=lambda one: None,
            )
            accepted = Counter(entry["rcpt"].partition("@")[0].replace("r", "k") for entry in lab.accepted)
            for key, state in states(ledger).items():
                allowed = {"SENT": {1}, "AMBIGUOUS": {0, 1}}.get(state, {0})
                assert accepted[key] in allowed, (key, state)
            clock.now += timedelta(minutes=40)
        assert set(states(ledger).values()) <= {"SENT", "FAILED", "AMBIGUOUS"}
