"""The ledger in a bucket, on a real S3 server: what all ledgers do, and what only senders on many machines can do wrong."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import bucket_runner
from heliograph.buckets import Bucket
from heliograph.operations import BucketPlace, Secret
from heliograph.send.bucket import BucketLedger
from heliograph.send.lease import KEY, Lease, LeaseHeld
from heliograph.send.ledger import LedgerFailed, LedgerRefused
from heliograph.send.plans import Plans
from heliograph.send.remembered import recall
from heliograph.store_faults import StoreRefused
from ledger_contract import AT, CONTRACT, MINUTE, addressees, planned, state_of
from odd_store import OddStore, answering, losing

pytestmark = pytest.mark.slow

RUNNER = Path(bucket_runner.__file__)
KILLS = int(os.environ.get("HELIOGRAPH_KILLS", "1"))
"""How often all senders are killed while they send; 3 and more take their time, and are for a machine of one's own."""
OVER_TLS = (
    "what_was_planned_is_there_again_later",
    "what_became_of_a_delivery_stays",
    "a_hand_settles_only_what_is_ambiguous_or_failed",
)
"""What is asked over https as well, where botocore sends other bytes: all ways of writing are among it."""


def opener(place, **other):
    return lambda create=False: BucketLedger(place, "acme", create=create, **other)


def filled(place, count):
    """A ledger with so many deliveries in two messages, not open."""
    with BucketLedger(place, "acme", create=True) as ledger:
        ledger.plan(planned(1), addressees(count // 2, 1))
        ledger.plan(planned(2), addressees(count - count // 2, 2))
    return place


def keys(count):
    return {f"m1-{n}" for n in range(count // 2)} | {f"m2-{n}" for n in range(count - count // 2)}


def runner(place, log, *ways):
    """Start a sender as a process of its own."""
    environment = {
        **os.environ,
        "PLACE_BUCKET": place.bucket,
        "PLACE_ENDPOINT": place.endpoint,
        "PLACE_ACCESS": place.access_key,
        "PLACE_SECRET": place.secret_key.revealed,
        "PLACE_CA": str(place.ca_file or ""),
    }
    command = [sys.executable, RUNNER, place.prefix, log, *ways]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def accepted(log):
    """How often each key was accepted."""
    return Counter(log.read_text().split()) if log.exists() else Counter()


def wait_until(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def finish(process):
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err.decode()
    return out


def final_states(place):
    """The state of every delivery, once no sender is left to write one."""
    with BucketLedger(place, "acme", ttl=timedelta(0)) as ledger:
        return {one.key: one.state for one in ledger.deliveries()}


@pytest.mark.parametrize("demand", CONTRACT, ids=lambda demand: demand.__name__)
def test_it_keeps_the_ledgers_contract(http_place, demand):
    demand(opener(http_place))


@pytest.mark.parametrize("name", OVER_TLS)
def test_it_keeps_it_over_tls(s3_server, name):
    demand = next(demand for demand in CONTRACT if demand.__name__ == name)
    demand(opener(s3_server.place("https", f"tls-{name}")))


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "ways"), [("http", ()), ("https", ("careless",))], ids=["lease", "no-lease"])
def test_runners_that_are_killed_again_and_again_tell_nobody_twice_and_forget_nobody(
    s3_server, tmp_path, scheme, ways, record_property
):
    place = s3_server.place(scheme, f"killed-{scheme}")
    total, log, chance = 25 + 45 * KILLS, tmp_path / "log", random.Random(5)
    filled(place, total)
    crew = [runner(place, log, *ways) for _ in range(2)]
    for kill in range(KILLS):
        wait_until(lambda enough=40 * (kill + 1): sum(accepted(log).values()) >= enough)
        time.sleep(chance.uniform(0, 0.03))
        for one in crew:
            one.kill()
            one.communicate()
        crew = [runner(place, log, *ways) for _ in range(2)]
    for one in crew:
        finish(one)
    told, states = accepted(log), final_states(place)
    count = Counter(states.values())
    for name, number in {"deliveries": total, "kills": 6, "ambiguous": count["AMBIGUOUS"]}.items():
        record_property(name, number)
    record_property("twice", sum(number > 1 for number in told.values()))
    assert max(told.values()) == 1
    assert set(states) == keys(total)
    assert set(count) <= {"SENT", "AMBIGUOUS"}
    assert {key for key, state in states.items() if state == "SENT"} <= set(told)
    assert set(told) <= set(states)
    assert count["AMBIGUOUS"] <= 2 * KILLS


@pytest.mark.slow
def test_without_conditions_two_runners_would_tell_people_twice(http_place, tmp_path):
    filled(http_place, 24)
    crew = [runner(http_place, tmp_path / "log", "careless", "blind", "slow") for _ in range(2)]
    for one in crew:
        finish(one)
    assert max(accepted(tmp_path / "log").values()) == 2


@pytest.mark.slow
def test_a_sender_that_sleeps_through_its_lease_tells_nobody_twice(http_place, tmp_path):
    place = http_place
    filled(place, 30)
    log = tmp_path / "log"
    sleeper = runner(place, log, "slow")
    wait_until(lambda: len(accepted(log)) >= 10)
    sleeper.send_signal(signal.SIGSTOP)
    finish(runner(place, log))
    sleeper.send_signal(signal.SIGCONT)
    finish(sleeper)
    told, states = accepted(log), final_states(place)
    assert max(told.values()) == 1
    assert set(states) == keys(30)
    assert Counter(states.values())["SENT"] >= 29
    assert set(states.values()) <= {"SENT", "AMBIGUOUS"}


def way_that_loses(http_place, lost):
    """A way on which the first reply to each delivery's first write is lost, and the first to its second."""
    return answering(
        losing(urlsplit(http_place.endpoint).netloc, lost, lambda path, turn: "/deliveries/" in path and turn in (1, 3))
    )


def send_over(place, log):
    """Deliver all, ten at a time; how often the ledger said no."""
    with BucketLedger(place, "acme") as ledger:
        accept = bucket_runner.courier(log)

        def one(key):
            if not ledger.commit(key, AT):
                return False
            accept(key)
            ledger.settle(key, "SENT", "250 ok", AT)
            return True

        waiting = [delivery.key for delivery in ledger.deliveries()]
        with ThreadPoolExecutor(10) as pool:
            return list(pool.map(one, waiting)).count(False)


@pytest.mark.slow
def test_our_own_success_is_known_when_its_reply_was_lost(http_place, tmp_path):
    filled(http_place, 20)
    lost = []
    with way_that_loses(http_place, lost) as address:
        refused = send_over(BucketPlace(**{**_fields(http_place), "endpoint": address}), tmp_path / "log")
    assert len(lost) >= 20
    assert refused == 0
    assert accepted(tmp_path / "log") == Counter(keys(20))
    assert set(final_states(http_place).values()) == {"SENT"}


@pytest.mark.slow
def test_a_ledger_that_did_not_know_its_own_words_would_forget_people(http_place, tmp_path, monkeypatch):
    monkeypatch.setattr(Bucket, "_ours", lambda *_: None)
    filled(http_place, 10)
    with way_that_loses(http_place, []) as address:
        assert send_over(BucketPlace(**{**_fields(http_place), "endpoint": address}), tmp_path / "log") == 10


def _fields(place):
    return {name: getattr(place, name) for name in place.__struct_fields__}


def test_of_two_senders_without_a_lease_one_commits(http_place, monkeypatch):
    place = filled(http_place, 20)
    monkeypatch.setattr(Lease, "lost", property(lambda self: False))
    monkeypatch.setattr(Lease, "take", lambda *_: None)
    with BucketLedger(place, "acme") as one, BucketLedger(place, "acme") as other:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda key: (one.commit(key, AT), other.commit(key, AT)), sorted(keys(20))))
        assert {sum(pair) for pair in answers} == {1}
        assert not one.resolve("m1-0", "SENT", AT)


class HalfListed(Plans):
    """As it once was: a list is given while it is being made."""

    def _listed(self):
        if self._by_message is None:
            self._by_message = {}
            for name in sorted(entry.key for entry in self._bucket.listing("plans/")):
                self._by_message.setdefault(name.partition("Z-")[2].removesuffix(".json"), []).append(name)
        return self._by_message


@pytest.mark.parametrize(("kind", "passed"), [(Plans, 8), (HalfListed, 1)])
def test_threads_that_begin_before_the_plans_are_listed_all_find_theirs(http_place, monkeypatch, kind, passed):
    filled(http_place, 8)
    listing = Bucket.listing

    def slow(self, prefix, page=1000):
        found = [*listing(self, prefix, page)]
        if prefix == "plans/":
            time.sleep(0.3)
        return iter(found)

    monkeypatch.setattr(Bucket, "listing", slow)
    with BucketLedger(http_place, "acme") as ledger:
        ledger._plans = kind(ledger._bucket)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda key: ledger.commit(key, AT), sorted(keys(8))))
    assert sum(answers) == passed


def test_who_lost_the_lease_changes_nothing_any_more(http_place):
    filled(http_place, 4)
    with BucketLedger(http_place, "acme", ttl=timedelta(seconds=1)) as ledger:
        assert ledger.commit("m1-0", AT)
        Bucket(http_place).put(KEY, b'{"nonce":"x","turn":0,"epoch":9,"owner":"x","ttl":600}')
        wait_until(lambda: ledger._lease._lost, 10)
        assert not ledger.commit("m1-1", AT)
        ledger.settle("m1-0", "SENT", "250 ok", AT)
        ledger.settle("m1-1", "EXPIRED", "too old", AT)
        assert [one.state for one in ledger.deliveries("m1")] == ["COMMITTING", "PLANNED"]
        assert not ledger.resolve("m1-0", "SENT", AT)
        with pytest.raises(LedgerFailed, match="taken over"):
            ledger.plan(planned(3), addressees(2, 3))
    assert b'"owner":"x"' in Bucket(http_place).read(KEY).data, "another's lease is not given back for it"


def test_a_lease_is_renewed_so_that_nobody_takes_it_over(http_place):
    filled(http_place, 2)
    with BucketLedger(http_place, "acme", ttl=timedelta(seconds=3)) as ledger:
        first = Bucket(http_place).read(KEY)
        wait_until(lambda: Bucket(http_place).read(KEY).etag != first.etag, 10)
        with pytest.raises(LeaseHeld, match=r"E616 .* is sending"), BucketLedger(http_place, "acme"):
            pass
        assert ledger.commit("m1-0", AT)


@pytest.mark.slow
def test_a_lease_that_ran_out_is_taken_over_by_the_stores_clock(http_place):
    filled(http_place, 2)
    left = BucketLedger(http_place, "acme", ttl=timedelta(seconds=1))
    left._lease._bucket = left._bucket
    left.__enter__()
    left._lease._over.set()
    wait_until(lambda: Bucket(http_place).read(KEY).age > timedelta(seconds=1), 10)
    with BucketLedger(http_place, "acme") as ledger:
        assert ledger.commit("m1-0", AT)
    left.__exit__(None, None, None)


def test_a_lease_that_cannot_be_read_is_somebodys(http_place):
    filled(http_place, 2)
    Bucket(http_place).put(KEY, b"?")
    with pytest.raises(LeaseHeld), BucketLedger(http_place, "acme"):
        pass


def test_a_message_is_planned_whole_or_not_at_all(http_place, monkeypatch):
    filled(http_place, 2)
    with BucketLedger(http_place, "acme") as ledger:

        def broken(*_):
            raise StoreRefused("E617", "gone")

        monkeypatch.setattr(Bucket, "put_if_absent", broken)
        with pytest.raises(LedgerFailed):
            ledger.plan(planned(3), addressees(500, 3))
        monkeypatch.undo()
        assert [one.id for one in ledger.planned()] == ["m1", "m2"]
        ledger.plan(planned(3), addressees(500, 3))
        assert len([*ledger.deliveries("m3")]) == 500


def test_two_plans_of_one_message_count_all_their_addressees_once(http_place):
    filled(http_place, 4)
    bucket = Bucket(http_place)
    with BucketLedger(http_place, "acme") as ledger:
        name = next(one.key for one in bucket.listing("plans/") if "-m1" in one.key)
        more = bucket.read(name).data.replace(b'"m1-1"', b'"m1-7"')
        bucket.put(name.replace("T1421", "T1521"), more)
        ledger._plans._by_message = None
        assert [one.key for one in ledger.deliveries("m1")] == ["m1-0", "m1-1", "m1-7"]
        assert [one.id for one in ledger.planned()] == ["m1", "m2"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ledger.json", "plans/", "deliveries/m1/"])
def test_what_is_damaged_is_refused_in_one_line(http_place, name):
    filled(http_place, 4)
    with BucketLedger(http_place, "acme") as ledger:
        ledger.commit("m1-0", AT)
    bucket = Bucket(http_place)
    (one, *_) = [found.key for found in bucket.listing(name)]
    sound = bucket.read(one).data
    for damage in (b"", b"{}", b"\xff\x00", b'{"schema":1', b"[" * 100_000, b"null"):
        bucket.put(one, damage)
        with pytest.raises(LedgerRefused) as refused:
            list(BucketLedger(http_place, "acme").deliveries())
        assert "\n" not in str(refused.value)
        assert re.search("damaged", str(refused.value))
    with pytest.raises(LedgerRefused), BucketLedger(http_place, "acme") as ledger:
        list(ledger.deliveries())
    bucket.put(one, sound)
    with BucketLedger(http_place, "acme") as ledger:
        assert len([*ledger.deliveries()]) == 4


def test_a_damaged_summary_is_no_loss(http_place):
    filled(http_place, 4)
    with BucketLedger(http_place, "acme") as ledger:
        ledger.commit("m1-0", AT)
        ledger.settle("m1-0", "FAILED", "550 no", AT)
    bucket = Bucket(http_place)
    assert bucket.read("summaries/m1.json") is not None
    bucket.put("summaries/m1.json", b"?")
    with BucketLedger(http_place, "acme") as ledger:
        assert state_of(ledger, "m1-0").reply == "550 no"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((b'"schema":1', b'"schema":2,"new":0'), "newer than this program"),
        ((b'"site":"acme"', b'"site":"other"'), "another site's"),
    ],
)
def test_another_ledger_is_refused(http_place, change, said):
    filled(http_place, 2)
    bucket = Bucket(http_place)
    bucket.put("ledger.json", bucket.read("ledger.json").data.replace(*change))
    with pytest.raises(LedgerRefused, match=said), BucketLedger(http_place, "acme"):
        pass


def test_a_head_older_than_what_was_sent_is_refused(http_place):
    filled(http_place, 2)
    bucket = Bucket(http_place)
    old = bucket.read("ledger.json").data
    for key in ("m1-0", "m2-0"):
        with BucketLedger(http_place, "acme") as ledger:
            ledger.commit(key, AT)
    bucket.put("ledger.json", old)
    with pytest.raises(LedgerRefused, match="older than what was sent"), BucketLedger(http_place, "acme"):
        pass


def test_a_lost_head_is_not_made_anew(http_place):
    filled(http_place, 2)
    bucket = Bucket(http_place)
    bucket._client.delete_object(Bucket=http_place.bucket, Key=f"{http_place.prefix}/ledger.json")
    with pytest.raises(LedgerRefused, match="put it back"), BucketLedger(http_place, "acme", create=True):
        pass


# An older one in its place


def objects(place):
    """All that a ledger's bucket holds, as a snapshot of it would."""
    bucket = Bucket(place)
    return {one.key: bucket.read(one.key).data for one in bucket.listing("")}


def put_back(place, snapshot):
    bucket = Bucket(place)
    for one in [*bucket.listing("")]:
        if one.key not in snapshot:
            bucket._client.delete_object(Bucket=place.bucket, Key=f"{place.prefix}/{one.key}")
    for key, data in snapshot.items():
        bucket.put(key, data)


@pytest.mark.slow
@pytest.mark.parametrize("copied", ["between runs", "before a plan"])
def test_a_restored_bucket_is_refused_until_it_is_taken_up(http_place, tmp_path, copied):
    memory = tmp_path / "memory.json"
    with BucketLedger(http_place, "acme", create=True, memory=memory) as ledger:
        ledger.plan(planned(1), addressees(2, 1))
        snapshot = objects(http_place)
        if copied == "before a plan":
            ledger.plan(planned(2), addressees(2, 2))
            ledger._memory = None  # killed: what comes with the end of a run is not written any more
    if copied == "between runs":
        snapshot = objects(http_place)
        with BucketLedger(http_place, "acme", memory=memory) as ledger:
            bucket_runner.deliver(ledger, lambda key: None)
    put_back(http_place, {**snapshot, KEY: Bucket(http_place).read(KEY).data})
    for use in (lambda ledger: ledger.__enter__(), lambda ledger: ledger.planned()):
        with pytest.raises(LedgerRefused, match=r"older than what was sent from here.*--baseline"):
            use(BucketLedger(http_place, "acme", memory=memory))
    assert {one.state for one in BucketLedger(http_place, "acme").deliveries()} == {"PLANNED"}, "who has no memory"
    seen = recall(memory).epoch
    with BucketLedger(http_place, "acme", create=True, memory=memory) as taken:
        assert {one.state for one in taken.deliveries()} == {"AMBIGUOUS"}
        assert taken.epoch == seen + 1
    with BucketLedger(http_place, "acme", memory=memory) as after:
        assert after.epoch == seen + 2


def test_another_bucket_s_ledger_in_its_place_is_refused(s3_server, http_place, tmp_path):
    memory = tmp_path / "memory.json"
    with BucketLedger(http_place, "acme", create=True, memory=memory):
        pass
    other = filled(s3_server.place("http", f"{http_place.prefix}-other"), 2)
    with pytest.raises(LedgerRefused, match="not the one"), BucketLedger(other, "acme", memory=memory):
        pass


def test_old_messages_are_not_read_for_what_is_new(http_place, monkeypatch):
    with BucketLedger(http_place, "acme", create=True) as ledger:
        for number in range(1, 9):
            ledger.plan(planned(number), addressees(1, number))
    read, seen = Bucket.read, []
    monkeypatch.setattr(Bucket, "read", lambda self, key: (seen.append(key), read(self, key))[1])
    with BucketLedger(http_place, "acme") as ledger:
        assert [one.id for one in ledger.planned(planned(8).at)] == ["m8"]
        assert len([key for key in seen if key.startswith("plans/")]) == 1


def test_nothing_is_written_where_there_is_no_ledger(http_place):
    with pytest.raises(LedgerRefused), BucketLedger(http_place, "acme"):
        pass
    assert [*Bucket(http_place).listing("")] == []


def test_it_can_be_read_while_another_sends(http_place):
    filled(http_place, 4)
    with BucketLedger(http_place, "acme") as ledger:
        ledger.commit("m1-0", AT)
        reader = BucketLedger(http_place, "acme")
        assert (reader.epoch, reader.lineage) == (ledger.epoch, ledger.lineage)
        assert [one.state for one in reader.deliveries()] == ["COMMITTING", *["PLANNED"] * 3]
        assert len(reader.planned()) == 2


@pytest.mark.slow
def test_a_message_that_is_done_is_read_at_once_ever_after(http_place, monkeypatch):
    filled(http_place, 40)
    with BucketLedger(http_place, "acme") as ledger:
        bucket_runner.deliver(ledger, lambda key: None)
    asked = []
    ask = Bucket._ask
    monkeypatch.setattr(Bucket, "_ask", lambda self, what, **more: (asked.append(what), ask(self, what, **more))[1])
    with BucketLedger(http_place, "acme") as ledger:
        assert {one.state for one in ledger.deliveries()} == {"SENT"}
        assert not any(ledger.commit(key, AT + MINUTE) for key in ("m1-0", "m2-3"))
    assert len(asked) < 25


@pytest.mark.parametrize(
    ("ways", "said"), [(("deaf",), "ignores If-None-Match"), (("deaf to If-Match",), "ignores If-Match")]
)
def test_a_store_that_ignores_conditions_is_refused_by_name(ways, said):
    with answering(OddStore(*ways).handler()) as address:
        place = BucketPlace(bucket="b", endpoint=address, access_key="a", secret_key=Secret("s"))
        with pytest.raises(LedgerRefused, match=f"E631 s3://b/ at {address}: the store {said}"):
            BucketLedger(place, "acme", create=True).__enter__()


def test_a_store_that_does_not_answer_is_said_to_fail_in_one_line():
    place = BucketPlace(bucket="b", endpoint="http://127.0.0.1:1", access_key="a", secret_key=Secret("s3cret"))
    for use in (BucketLedger.__enter__, BucketLedger.planned, lambda ledger: [*ledger.deliveries()]):
        with pytest.raises(LedgerFailed, match=r"E617 s3://b/ at http://127.0.0.1:1: nobody answers there") as failed:
            use(BucketLedger(place, "acme"))
        assert "\n" not in str(failed.value)


def test_a_store_that_keeps_them_is_not():
    with answering(OddStore("bare", "busy").handler()) as address:
        place = BucketPlace(bucket="b", endpoint=address, access_key="a", secret_key=Secret("s"))
        with BucketLedger(place, "acme", create=True) as ledger:
            ledger.plan(planned(), addressees())
            assert ledger.commit("m1-0", datetime.now(UTC))
            ledger.settle("m1-0", "DEFERRED", "451", AT)
            assert ledger.commit("m1-0", AT)
