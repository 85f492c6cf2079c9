"""What was published is known and changed by one publisher at a time: on a folder, on a real S3 server, and in memory."""

import contextlib
import gzip
import hashlib
import json
import os
import random
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

import register_runner
from heliograph.buckets import Bucket, Entry, Stored
from heliograph.operations import BucketPlace, Secret
from heliograph.publish import register as module
from heliograph.publish import register_head
from heliograph.publish.folder_shelf import FolderShelf
from heliograph.publish.plan import plan_publish
from heliograph.publish.register import Busy, Overtaken, Register
from heliograph.publish.register_head import decode_head, encode_head
from heliograph.publish.release import Release
from heliograph.store_faults import StoreRefused
from heliograph.tree.fsio import WriteRefused
from odd_store import OddStore, answering, losing
from register_runner import EDITION, described, manifest_of, publish

AT = datetime(2026, 11, 21, 15, tzinfo=UTC)
ONE = manifest_of({"index.html": "1", "a.html": "1"})
TWO = manifest_of({"index.html": "2", "a.html": "1", "b.html": "2"})
THREE = manifest_of({"index.html": "3", "a.html": "1", "c.html": "3"})
HEAD = "public/head.json"


class Memory:
    """A shelf in memory, on a clock that tests set. `deaf` ones keep no conditions."""

    def __init__(self, deaf=False):
        self.now, self.turns, self.deaf = 1000.0, 0, deaf
        self.objects, self.asked = {}, []

    def read(self, key):
        self.asked.append(("read", key))
        data, etag, at = self.objects.get(key, (None, "", 0.0))
        return None if data is None else Stored(data, etag, timedelta(seconds=self.now - at))

    def listing(self, prefix):
        return iter([Entry(key, etag) for key, (_, etag, _) in sorted(self.objects.items()) if key.startswith(prefix)])

    def put(self, key, data):
        self.turns += 1
        self.asked.append(("put", key))
        self.objects[key] = data, str(self.turns), self.now
        return str(self.turns)

    def put_if_absent(self, key, data):
        return self.put(key, data) if self.deaf or key not in self.objects else None

    def put_if_match(self, key, data, etag):
        return self.put(key, data) if self.deaf or self.objects.get(key, (0, ""))[1] == etag else None

    def remove(self, key):
        self.objects.pop(key, None)

    def check_conditions(self, key):
        self.put(key, b"")

    def close(self):
        pass


@pytest.fixture
def memory(monkeypatch):
    """A shelf in memory; publishers' own clock is the same."""
    shelf = Memory()
    monkeypatch.setattr(module, "_now", lambda: shelf.now)
    return shelf


@pytest.fixture(params=["folder", *(pytest.param(way, marks=pytest.mark.slow) for way in ("http", "https"))])
def shelf(request, tmp_path):
    """Every kind of shelf there is."""
    if request.param == "folder":
        yield FolderShelf(tmp_path / "state")
        return
    server = request.getfixturevalue("s3_server")
    one = Bucket(server.place(request.param, f"r-{os.urandom(8).hex()}"))
    yield one
    one.close()


def registered(shelf, **other):
    return Register(shelf, **{"site": "acme", "host": "public", **other})


def put_through(register, *manifests):
    """Publish some trees, one after the other; gives the last release."""
    for manifest in manifests:
        release = register.begin(register.look(), manifest, EDITION).commit(AT)
    return release


def head_of(shelf):
    return decode_head(shelf.read(HEAD).data, HEAD, "acme", "public")


# What is published


def test_what_was_committed_is_what_is_seen(shelf):
    register = registered(shelf)
    assert register.look().etag is None
    first = put_through(register, ONE)
    assert first.id == f"1-{ONE.tree_sha256[:12]}"
    assert (first.at, first.edition, first.tree_sha256) == (AT, EDITION, ONE.tree_sha256)
    second = put_through(register, TWO)
    seen = registered(shelf).look()
    assert (seen.current, seen.manifest, seen.unsettled) == (second, TWO, frozenset())
    assert seen.past == (replace(first, replaced_at=AT),)
    assert register.manifest(first.id) == ONE


def test_it_costs_three_writes_and_two_reads_and_lists_nothing(memory):
    register = registered(memory)
    put_through(register, ONE)
    memory.asked.clear()
    seen = register.look()
    assert memory.asked == [("read", HEAD), ("read", f"public/releases/{seen.current.id}.json.gz")]
    memory.asked.clear()
    turn = register.begin(seen, TWO, EDITION)
    turn.hold()
    turn.commit(AT)
    assert memory.asked == [
        ("read", HEAD),
        ("put", f"public/releases/{turn.release.id}.json.gz"),
        ("put", HEAD),
        ("put", HEAD),
    ]


def test_an_id_is_never_given_twice(memory):
    register, ids = registered(memory), []
    for way in range(12):
        turn = register.begin(register.look(), ONE if way % 4 else TWO, EDITION)
        ids.append(turn.release.id)
        if way % 3 == 0:
            turn.hold()
        turn.give_up() if way % 3 else turn.commit(AT)
    assert len(set(ids)) == 12


def test_a_manifest_left_by_one_that_never_began_is_not_written_over(memory):
    register = registered(memory)
    left = f"public/releases/1-{ONE.tree_sha256[:12]}.json.gz"
    memory.put(left, b"of a run that was killed before its turn")
    assert put_through(register, ONE).id == f"2-{ONE.tree_sha256[:12]}"
    assert memory.read(left).data == b"of a run that was killed before its turn"
    assert register.look().manifest == ONE


def test_two_hosts_on_one_shelf_know_nothing_of_each_other(memory):
    put_through(registered(memory), ONE)
    other = registered(memory, host="mirror")
    assert other.look().current is None
    put_through(other, TWO)
    assert registered(memory).look().manifest == ONE


def test_the_past_is_kept_short(memory, monkeypatch):
    monkeypatch.setattr(register_head, "LONGEST_PAST", 3)
    register = registered(memory)
    put_through(register, *[ONE, TWO] * 4)
    assert [one.id.partition("-")[0] for one in register.look().past] == ["7", "6", "5"]


def test_a_head_with_all_it_remembers_stays_small():
    head = register_head.new_head("acme", "public")
    edition = replace(EDITION, revision="f" * 40)
    release = Release(id="123456-" + "a" * 12, at=AT, edition=edition, tree_sha256="a" * 64)
    for _ in range(300):
        head = register_head.committed(head, release)
    assert len(encode_head(head)) < 80_000


# One at a time


def test_while_one_publishes_another_is_told_whose_turn_it_is(shelf):
    register = registered(shelf)
    turn = register.begin(register.look(), ONE, EDITION)
    with pytest.raises(Busy, match=r"E635 .*is publishing; it gave its last sign \d+ s ago"):
        registered(shelf).begin(registered(shelf).look(), TWO, EDITION)
    turn.commit(AT)
    assert put_through(registered(shelf), TWO) == register.look().current


def test_what_changed_since_it_was_looked_at_is_noticed(shelf):
    register = registered(shelf)
    early = register.look()
    put_through(register, ONE)
    late = register.look()
    with pytest.raises(Overtaken, match="E642"):
        register.begin(early, TWO, EDITION)
    put_through(register, TWO)
    with pytest.raises(Overtaken, match="has changed"):
        register.begin(late, THREE, EDITION)
    assert register.look().manifest == TWO


def test_of_many_that_begin_at_once_one_does(shelf):
    register = registered(shelf)
    put_through(register, ONE)
    seen, together = register.look(), threading.Barrier(5)

    def begin(number):
        together.wait()
        try:
            return register.begin(seen, manifest_of({"index.html": str(number)}), EDITION)
        except (Busy, Overtaken):
            return None

    with ThreadPoolExecutor(5) as pool:
        (turn,) = (turn for turn in pool.map(begin, range(5)) if turn)
    assert turn.commit(AT).tree_sha256 == register.look().manifest.tree_sha256


def test_what_was_given_up_is_unsettled_if_it_was_written_and_only_then(shelf):
    register = registered(shelf)
    put_through(register, ONE)
    idle = register.begin(register.look(), TWO, EDITION)
    idle.give_up()
    idle.give_up()
    assert register.look().unsettled == frozenset()
    busy = register.begin(register.look(), TWO, EDITION)
    busy.hold()
    busy.give_up()
    for call in (busy.hold, lambda: busy.commit(AT)):
        with pytest.raises(Overtaken):
            call()
    assert register.look().unsettled == {"index.html", "b.html"}
    put_through(register, THREE)
    assert register.look().unsettled == frozenset()


def test_a_turn_that_was_committed_can_no_more_be_given_up(memory):
    register = registered(memory)
    turn = register.begin(register.look(), ONE, EDITION)
    turn.hold()
    turn.commit(AT)
    turn.give_up()
    assert register.look().current == turn.release
    with pytest.raises(Overtaken):
        turn.commit(AT)


def test_a_turn_that_ran_out_is_taken_over_and_its_holder_has_lost(shelf):
    is_folder = isinstance(shelf, FolderShelf)
    register = registered(shelf, ttl=timedelta(seconds=0.2 if is_folder else 1))
    put_through(register, ONE)
    asleep = register.begin(register.look(), TWO, EDITION)
    time.sleep(0.25 if is_folder else 2.2)
    seen = register.look()
    assert seen.unsettled == {"index.html", "b.html"}, "nobody knows how far it came"
    turn = register.begin(seen, THREE, EDITION)
    with pytest.raises(Overtaken, match="time was over"):
        asleep.hold()
    with pytest.raises(Overtaken):
        asleep.commit(AT)
    asleep.give_up()
    assert register.look().unsettled == {"index.html", "b.html", "c.html"}
    turn.commit(AT)
    seen = register.look()
    assert (seen.manifest, seen.unsettled, len(seen.past)) == (THREE, frozenset(), 1)


def test_one_that_never_asked_again_cannot_commit_over_another(memory):
    register = registered(memory)
    asleep = register.begin(register.look(), TWO, EDITION)
    memory.now += 601
    winner = put_through(register, THREE)
    with pytest.raises(Overtaken, match="E642"):
        asleep.commit(AT)
    assert register.look().current == winner


# Holding on


def test_to_hold_is_free_until_a_third_is_gone_and_then_renews_once(memory):
    turn = registered(memory).begin(registered(memory).look(), ONE, EDITION)
    memory.asked.clear()
    for _ in range(100):
        turn.hold()
    assert memory.asked == []
    memory.now += 201
    for _ in range(100):
        turn.hold()
    assert memory.asked == [("put", HEAD)]
    memory.now += 399
    turn.hold()
    turn.commit(AT)


def test_whoever_holds_on_is_not_taken_over_however_long_it_takes(memory):
    register = registered(memory)
    turn = register.begin(register.look(), ONE, EDITION)
    for _ in range(40):
        memory.now += 250
        turn.hold()
        with pytest.raises(Busy):
            register.begin(register.look(), TWO, EDITION)
    turn.commit(AT)


def test_it_stops_long_before_another_may_begin(memory):
    turn = registered(memory).begin(registered(memory).look(), ONE, EDITION)
    memory.now += 401
    with pytest.raises(Overtaken, match="time was over"):
        turn.hold()
    with pytest.raises(Busy, match="its turn ends in 199 s"):
        put_through(registered(memory), TWO)
    memory.now += 200
    put_through(registered(memory), TWO)


def test_a_store_that_is_silent_when_it_should_be_renewed_ends_the_turn(memory, monkeypatch):
    turn = registered(memory).begin(registered(memory).look(), ONE, EDITION)
    monkeypatch.setattr(memory, "put_if_match", silent)
    memory.now += 250
    with pytest.raises(Overtaken, match="could not be renewed: nobody answers"):
        turn.hold()
    with pytest.raises(Overtaken):
        turn.commit(AT)
    turn.give_up()


def silent(*_):
    raise StoreRefused("E617", "nobody answers")


def test_a_renewal_that_was_done_though_nobody_heard_of_it_is_given_up_all_the_same(memory, monkeypatch):
    register = registered(memory)
    put_through(register, ONE)
    turn, real = register.begin(register.look(), TWO, EDITION), memory.put_if_match
    monkeypatch.setattr(memory, "put_if_match", lambda *what: (real(*what), silent()))
    memory.now += 250
    with pytest.raises(Overtaken):
        turn.hold()
    monkeypatch.setattr(memory, "put_if_match", real)
    turn.give_up()
    assert head_of(memory).turn is None
    assert register.look().unsettled == {"index.html", "b.html"}


def test_sixteen_threads_hold_on_while_one_of_them_renews(memory, monkeypatch):
    turn = registered(memory).begin(registered(memory).look(), ONE, EDITION)
    asked, let_go, real = threading.Semaphore(0), threading.Event(), memory.put_if_match

    def slow(*what):
        asked.release()
        assert let_go.wait(20)
        return real(*what)

    monkeypatch.setattr(memory, "put_if_match", slow)
    memory.now += 250
    with ThreadPoolExecutor(16) as pool:
        renewing = pool.submit(turn.hold)
        assert asked.acquire(timeout=20)
        for other in [pool.submit(turn.hold) for _ in range(200)]:
            other.result(timeout=20)
        let_go.set()
        renewing.result(timeout=20)
    assert not asked.acquire(blocking=False), "one renewal"
    turn.commit(AT)


def test_the_clock_goes_on_while_the_machine_sleeps():
    assert getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC) == module._CLOCK
    assert module._now() <= module._now()


# Processes


def crew(place, content, names, turns, *ways, ttl=600):
    """Start publishers as processes of their own."""
    environment = {**os.environ, **described(place), "TTL": str(ttl)}
    command = [sys.executable, register_runner.__file__]
    return [
        subprocess.Popen(
            [*command, name, content, str(turns), *ways],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for name in names
    ]


def finished(processes):
    """What they committed, all of them."""
    said = [process.communicate(timeout=120) for process in processes]
    assert [err.decode() for _, err in said if err] == []
    return [line for out, _ in said for line in out.decode().split()]


def odd_files(register, content):
    """The files that are not as the current release has them."""
    entries = register.look().manifest.files
    return [one.path for one in entries if hashlib.sha256((content / one.path).read_bytes()).hexdigest() != one.sha256]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["folder", "http"])
def test_processes_that_race_publish_one_after_the_other(kind, tmp_path, request):
    place = tmp_path / "state" if kind == "folder" else request.getfixturevalue("http_place")
    content, turns = tmp_path / "www", 4
    content.mkdir()
    done = finished(crew(place, content, "abc", turns))
    register = Register(register_runner.shelf_from(described(place)), "acme", "public")
    seen = register.look()
    assert sorted(done) == sorted(one.id for one in (seen.current, *seen.past))
    assert len(done) == 3 * turns
    assert odd_files(register, content) == []


@pytest.mark.slow
def test_without_lease_and_conditions_they_would_mix(tmp_path):
    content = tmp_path / "www"
    content.mkdir()
    done = finished(crew(tmp_path / "state", content, "abc", 12, "careless"))
    register = registered(FolderShelf(tmp_path / "state"))
    seen = register.look()
    lost = set(done) - {one.id for one in (seen.current, *seen.past)}
    mixed = odd_files(register, content)
    assert lost or mixed or len(done) > len(set(done))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["folder", "http"])
def test_the_turn_of_a_killed_publisher_is_taken_over_and_what_it_wrote_is_put_again(kind, tmp_path, request):
    place = tmp_path / "state" if kind == "folder" else request.getfixturevalue("http_place")
    content = tmp_path / "www"
    content.mkdir()
    register = Register(register_runner.shelf_from(described(place)), "acme", "public")
    publish(register, dict.fromkeys(register_runner.PATHS, "whole"), content)
    (killed,) = crew(place, content, "k", 1, "killed", ttl=1)
    killed.communicate(timeout=60)
    assert killed.returncode == -9
    (content / "index.html").write_text("half")
    assert "index.html" in register.look().unsettled
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with contextlib.suppress(Busy):
            publish(register, dict.fromkeys(register_runner.PATHS, "whole"), content)
            break
        time.sleep(0.2)
    assert odd_files(register, content) == []
    assert register.look().unsettled == frozenset()


# Stores that are not what they should be


def bucket_at(endpoint):
    return Bucket(BucketPlace(bucket="b", endpoint=endpoint, region="x", access_key="a", secret_key=Secret("s")))


@pytest.mark.parametrize("way", ["deaf", "deaf to If-Match"])
def test_a_store_that_ignores_conditions_is_refused_before_anything_is_begun(way):
    store = OddStore(way)
    with answering(store.handler()) as endpoint:
        shelf = bucket_at(endpoint)
        with pytest.raises(StoreRefused, match="E631"):
            put_through(registered(shelf), ONE)
        shelf.close()
    assert set(store.objects) == {"/b/public/probe.json"}


def test_conditions_are_looked_at_once_a_day(memory):
    register = registered(memory)
    put_through(register, ONE, TWO, ONE)
    probes = memory.asked.count(("put", "public/probe.json"))
    found = memory.read(HEAD)
    old = replace(head_of(memory), probed_at=datetime.now(UTC) - timedelta(hours=25))
    memory.put_if_match(HEAD, encode_head(old), found.etag)
    put_through(register, TWO, ONE)
    assert (probes, memory.asked.count(("put", "public/probe.json"))) == (1, 2)


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "times"), [("http", 50)])
def test_lost_replies_are_never_taken_for_another_publisher(s3_server, scheme, times, record_property):
    lost, place = [], s3_server.place(scheme, f"lost-{os.urandom(6).hex()}")
    target = urlsplit(place.endpoint).netloc

    def wanted(path, turn):
        return path.endswith(("head.json", ".json.gz")) and turn % 3 != 0 and len(lost) < times

    with answering(losing(target, lost, wanted)) as endpoint:
        shelf = Bucket(
            BucketPlace(**{**{name: getattr(place, name) for name in place.__struct_fields__}, "endpoint": endpoint})
        )
        register, number = registered(shelf), 0
        while len(lost) < times:
            number += 1
            release = put_through(register, manifest_of({"index.html": str(number)}))
            assert register.look().current == release
        shelf.close()
    record_property("lost", len(lost))
    assert len(lost) == times
    assert len(register_state(place).past) == number - 1


def register_state(place):
    shelf = Bucket(place)
    try:
        return registered(shelf).look()
    finally:
        shelf.close()


# Damage


@pytest.mark.parametrize("key", ["head", "record"])
def test_damage_is_noticed_and_named_and_nothing_is_published_on_it(memory, key, record_property):
    register = registered(memory)
    release = put_through(register, ONE, TWO)
    where = HEAD if key == "head" else f"public/releases/{release.id}.json.gz"
    whole, seen, chance = memory.read(where).data, register.look(), random.Random(key)
    harmless = 0
    for turn in range(300):
        memory.put(where, damaged(whole, turn, chance))
        try:
            assert register.look().manifest == seen.manifest
            assert register.look().current == seen.current
            harmless += 1
        except WriteRefused as refusal:
            assert refusal.code in ("E612", "E637")
            assert "--init" in refusal.message or "newer" in refusal.message
        if key == "head":
            with pytest.raises((WriteRefused, Overtaken)):
                register.begin(seen, THREE, EDITION)
            with pytest.raises(WriteRefused):
                register.note_retracted(["x"])
    record_property("harmless", harmless)
    assert harmless <= (0 if key == "head" else 12), "a few bits of a gzip header mean nothing"
    memory.put(where, whole)
    assert register.look().manifest == TWO


def damaged(data, turn, chance):
    """Flip a bit, or cut it short."""
    if turn % 4 == 3:
        return data[: chance.randrange(len(data))]
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[" * 100_000, b"\xff\xfe", b'{"sha256":"","head":' + b"[" * 100_000, b"null"],
    ids=["nothing", "empty", "deep", "no text", "deep inside", "null"],
)
def test_what_is_no_head_at_all_is_refused_in_words(memory, data):
    memory.put(HEAD, data)
    with pytest.raises(WriteRefused, match=r"E612.*public/head.json.*edited or cut short; put its last sound version"):
        registered(memory).look()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        *(gzip.compress(text, mtime=0) for text in (b"[" * 100_000, b"{}")),
        gzip.compress(b"", mtime=0) * 2,
        b"\x1f\x8b" * 50,
    ],
    ids=["nothing", "deep", "empty", "twice", "head only"],
)
def test_what_is_no_manifest_at_all_is_refused_in_words(memory, data):
    release = put_through(registered(memory), ONE)
    memory.put(f"public/releases/{release.id}.json.gz", data)
    for call in (registered(memory).look, lambda: registered(memory).manifest(release.id)):
        with pytest.raises(WriteRefused, match="E637"):
            call()


def test_a_manifest_that_unpacks_without_end_is_refused(memory, monkeypatch):
    monkeypatch.setattr(module, "_LARGEST", 1000)
    release = put_through(registered(memory), manifest_of({f"{n}.html": "x" for n in range(20)}))
    with pytest.raises(WriteRefused, match="E637"):
        registered(memory).manifest(release.id)


def test_manifests_that_changed_places_are_noticed(memory):
    register = registered(memory)
    first, second = put_through(register, ONE), put_through(register, TWO)
    memory.put(f"public/releases/{second.id}.json.gz", memory.read(f"public/releases/{first.id}.json.gz").data)
    with pytest.raises(WriteRefused, match=r"E637.*another release"):
        register.look()


def test_a_head_of_a_newer_program_is_left_to_it(memory):
    put_through(registered(memory), ONE)
    inner = json.loads(memory.read(HEAD).data)["head"] | {"schema": 2, "new": 1}
    text = json.dumps(inner, separators=(",", ":"))
    memory.put(HEAD, f'{{"sha256":"{hashlib.sha256(text.encode()).hexdigest()}","head":{text}}}\n'.encode())
    with pytest.raises(WriteRefused, match="newer than this program"):
        registered(memory).look()


def test_another_sites_or_hosts_register_is_refused(memory):
    put_through(registered(memory), ONE)
    memory.put("mirror/head.json", memory.read(HEAD).data)
    for other in (registered(memory, site="globex"), registered(memory, host="mirror")):
        with pytest.raises(WriteRefused, match="E605"):
            other.look()
    with pytest.raises(WriteRefused, match="E605"):
        registered(memory).begin(registered(memory).look(), manifest_of({"index.html": "x"}, "globex"), EDITION)


@pytest.mark.parametrize("name", ["", "x", "../head", "1-abc", "9-000000000000", "1-00000000000g", "1-000000000000\n"])
def test_a_release_that_is_not_known_is_refused(memory, name):
    put_through(registered(memory), ONE)
    with pytest.raises(WriteRefused, match="E637"):
        registered(memory).manifest(name)


# Forgetting


def test_what_is_pruned_is_gone_and_what_is_needed_stays(shelf):
    register = registered(shelf)
    first, second = put_through(register, ONE), put_through(register, TWO)
    third = put_through(register, ONE)
    begun = register.begin(register.look(), THREE, EDITION)
    begun.hold()
    begun.give_up()
    idle = register.begin(register.look(), THREE, EDITION)
    idle.give_up()
    shelf.put("public/releases/99-0123456789ab.json.gz", b"of one that is just beginning")
    assert register.prune([first.id]) == 2
    assert [one.id for one in register.look().past] == [first.id]
    for gone in (second, idle.release):
        with pytest.raises(WriteRefused, match="E637"):
            register.manifest(gone.id)
    assert register.manifest(first.id) == ONE
    assert (register.look().current, register.look().unsettled) == (third, {"index.html", "c.html"})
    assert shelf.read("public/releases/99-0123456789ab.json.gz") is not None
    assert register.prune([first.id]) == 0


def test_a_current_manifest_that_was_removed_is_said_to_be_missing(memory):
    release = put_through(registered(memory), ONE)
    memory.remove(f"public/releases/{release.id}.json.gz")
    with pytest.raises(WriteRefused, match=r"E637.*--init"):
        registered(memory).look()


@pytest.mark.parametrize("way", ["gone", "damaged"])
def test_what_was_begun_by_a_manifest_that_is_lost_may_have_been_anything(memory, way):
    register = registered(memory)
    put_through(register, ONE)
    turn = register.begin(register.look(), TWO, EDITION)
    turn.hold()
    turn.give_up()
    record = f"public/releases/{turn.release.id}.json.gz"
    memory.remove(record) if way == "gone" else memory.put(record, b"?")
    assert register.look().unsettled == ONE.paths


def test_of_too_many_that_were_begun_it_is_remembered_that_they_were(memory):
    register = registered(memory)
    put_through(register, ONE)
    for number in range(30):
        turn = register.begin(register.look(), manifest_of({"index.html": f"x{number}", "a.html": "1"}), EDITION)
        turn.hold()
        turn.give_up()
        whole = number >= register_head.MOST_BEGUN
        assert register.look().unsettled == ({"index.html", "a.html"} if whole else {"index.html"})
    assert len(head_of(memory).begun) == register_head.MOST_BEGUN
    put_through(register, ONE)
    assert register.look().unsettled == frozenset()


def test_runs_that_begin_with_the_same_trees_again_and_again_leave_no_more_unknown_than_each_once(memory):
    register = registered(memory)
    put_through(register, ONE)
    for number in range(50):
        turn = register.begin(register.look(), (ONE, TWO, ONE)[number % 3], EDITION)
        turn.hold()
        turn.give_up()
        assert register.look().unsettled == ({"index.html", "b.html"} if number else set())
    assert len(head_of(memory).begun) <= register_head.MOST_BEGUN


def test_what_was_retracted_stays_known_and_changes_nothing_else(shelf):
    register = registered(shelf)
    register.note_retracted([])
    assert register.look().etag is None
    put_through(register, ONE)
    register.note_retracted(["b", "a"])
    register.note_retracted(["c", "a"])
    put_through(register, TWO)
    assert register.look().retracted == ("a", "b", "c")
    assert (register.look().manifest, len(register.look().past)) == (TWO, 1)


def test_nothing_is_noted_or_pruned_while_another_publishes(memory):
    register = registered(memory)
    put_through(register, ONE)
    turn = register.begin(register.look(), TWO, EDITION)
    for call in (lambda: register.note_retracted(["a"]), lambda: register.prune([])):
        with pytest.raises(Busy):
            call()
    turn.commit(AT)


def test_to_note_something_gives_a_dead_publisher_no_second_life(memory):
    register = registered(memory)
    put_through(register, ONE)
    dead = register.begin(register.look(), TWO, EDITION)
    dead.hold()
    memory.now += 601
    register.note_retracted(["a"])
    assert register.look().unsettled == {"index.html", "b.html"}
    put_through(register, THREE)


# Anything, in any order


class Killed(BaseException):
    """What ends a publisher wherever it is."""


class Stage:
    """A shelf on which everybody stops before each thing they ask, until it is their turn."""

    def __init__(self, shelf, pause):
        for name in ("read", "listing", "put", "put_if_absent", "put_if_match", "remove", "check_conditions"):
            setattr(self, name, self.stopping(getattr(shelf, name), pause))

    def stopping(self, call, pause):
        return lambda *what: (pause(), call(*what))[1]


class World:
    """Some publishers, what is at the host, and whatever may happen to them, all drawn from one seed: any order of all
    that they ask of the shelf and write to the host, with kills at each of these moments and time passing between."""

    LANDING = 199
    """Seconds a write may take to arrive, once it was allowed."""

    def __init__(self, shelf, seed, actors=3):
        self.shelf, self.chance = shelf, random.Random(seed)
        self.outside = registered(shelf)
        self.register = registered(Stage(shelf, self.pause))
        self.host, self.committed, self.faults, self.over = {}, [], [], False
        self.flights, self.doomed, self.asleep, self.now = {}, set(), [0] * actors, 0
        self.stopped, self.go = threading.Semaphore(0), [threading.Semaphore(0) for _ in range(actors)]
        self.me = threading.local()
        self.threads = [threading.Thread(target=self.live, args=(me,), daemon=True) for me in range(actors)]
        for thread in self.threads:
            thread.start()
            self.stopped.acquire()

    def pause(self):
        """Wait for one's turn, or one's end."""
        me = self.me.value
        self.stopped.release()
        self.go[me].acquire()
        if self.over or me in self.doomed:
            self.doomed.discard(me)
            raise Killed

    def live(self, me):
        """Publish again and again, in one life after the other."""
        self.me.value = me
        while not self.over:
            try:
                self.pause()
                self.note() if self.chance.random() < 0.1 else self.publish(me)
            except (Busy, Overtaken):
                self.asleep[me] = self.now + self.chance.randrange(20)
            except Killed:
                if me in self.flights and self.chance.random() < 0.5:
                    self.land(me)
            except BaseException as fault:  # noqa: BLE001 -- whatever it is, the test fails of it
                self.faults.append(fault)
            self.flights.pop(me, None)
        self.stopped.release()

    def publish(self, me):
        seen, tree = self.register.look(), self.tree()
        there = seen.manifest.everything if seen.manifest else ()
        wanted = {entry.path: entry for entry in tree.everything}
        turn = self.register.begin(seen, tree, EDITION)
        try:
            for step in plan_publish(tree.everything, there, (), seen.unsettled).steps:
                if step.action == "put":
                    self.pause()
                    turn.hold()
                    self.flights[me] = wanted[step.path], self.shelf.now + self.LANDING
                    self.pause()
                    self.land(me)
            if self.chance.random() < 0.8:
                self.commit(turn, seen, wanted)
        finally:
            if sys.exc_info()[0] is not Killed:
                turn.give_up()

    def land(self, me):
        entry, _ = self.flights.pop(me)
        self.host[entry.path] = entry

    def commit(self, turn, seen, wanted):
        release = turn.commit(AT)
        assert (seen.current.id if seen.current else None) == (self.committed[-1] if self.committed else None)
        self.committed.append(release.id)
        assert {path: self.host.get(path) for path in wanted} == wanted, "a mixed tree was committed"

    def note(self):
        self.register.note_retracted([self.chance.choice("pq")])
        self.register.prune(one.id for one in self.register.look().past[:2])

    def tree(self):
        """A tree over few paths and words, so that trees have much in common."""
        paths = [path for path in ("index.html", "a.html", "b.html", "c.html", "d.json") if self.chance.random() < 0.7]
        return manifest_of({path: self.chance.choice("xyz") for path in paths or ["index.html"]})

    def step(self):
        """Let time pass, or somebody go on or end; then look around."""
        if self.chance.random() < 0.1:
            latest = min((until for _, until in self.flights.values()), default=self.shelf.now + 10_000)
            self.shelf.now = min(self.shelf.now + self.chance.choice([1, 150, 250, 399, 410, 601, 900]), latest)
        self.now += 1
        awake = [one for one, until in enumerate(self.asleep) if until <= self.now]
        me = self.chance.choice(awake or range(len(self.go)))
        if self.chance.random() < 0.02:
            self.doomed.add(me)
        if self.chance.random() < 0.04:
            self.asleep[me] = self.now + self.chance.randrange(50)
            return
        self.go[me].release()
        self.stopped.acquire()
        if self.faults:
            raise self.faults[0]
        self.look_around()

    def look_around(self):
        """What is known at this moment is true."""
        seen = self.outside.look()
        assert (seen.current.id if seen.current else None) == (self.committed[-1] if self.committed else None)
        for entry in seen.manifest.everything if seen.manifest else ():
            assert entry.path in seen.unsettled or self.host[entry.path] == entry, "it is not there, and nobody knows"
        assert len(self.flights) <= 1, "two write at once"

    def end(self):
        """Let everybody go."""
        self.over = True
        for go, thread in zip(self.go, self.threads, strict=True):
            go.release()
            thread.join()


def lived(shelf, seed, steps=300):
    """Let a world go on for a while; gives how many releases it saw."""
    world = World(shelf, seed)
    try:
        for _ in range(steps):
            world.step()
    finally:
        world.end()
    return len(world.committed)


@pytest.mark.slow
def test_whatever_happens_what_is_known_is_true(monkeypatch, record_property):
    committed = [lived(timed(Memory(), monkeypatch), seed) for seed in range(30)]
    record_property("committed", sum(committed))
    assert sum(committed) > 100


def timed(shelf, monkeypatch):
    """Let publishers' own clock be the shelf's."""
    monkeypatch.setattr(module, "_now", lambda: shelf.now)
    return shelf


class OnDisk(Memory):
    """A folder, but for its clock."""

    def __init__(self, path):
        super().__init__()
        self.folder, self.at = FolderShelf(path), {}
        self.listing, self.check_conditions, self.remove = (
            self.folder.listing,
            self.folder.check_conditions,
            self.folder.remove,
        )

    def read(self, key):
        found = self.folder.read(key)
        age = timedelta(seconds=self.now - self.at.get(key, self.now))
        return found and Stored(found.data, found.etag, age)

    def put_if_absent(self, key, data):
        return self.dated(key, self.folder.put_if_absent(key, data))

    def put_if_match(self, key, data, etag):
        return self.dated(key, self.folder.put_if_match(key, data, etag))

    def dated(self, key, etag):
        if etag is not None:
            self.at[key] = self.now
        return etag


@pytest.mark.slow
def test_whatever_happens_it_is_so_in_a_folder_as_well(tmp_path, monkeypatch):
    assert lived(timed(OnDisk(tmp_path / "state"), monkeypatch), 1) > 0


def deaf(monkeypatch):
    """The store keeps no conditions, and nobody looks."""
    monkeypatch.setattr(Memory, "put_if_match", lambda self, key, data, etag: self.put(key, data))


def forgetful(monkeypatch):
    """What was begun and not committed is forgotten."""
    monkeypatch.setattr(module, "settled", lambda head: replace(head, turn=None))


def trusting(monkeypatch):
    """Whoever began may write for ever."""
    monkeypatch.setattr(module.Turn, "_is_live", lambda self: not self._ended)


def early(monkeypatch):
    """Others' turns are taken over long before they end."""
    monkeypatch.setattr(Register, "_refuse_busy", lambda self, head, found: None)


def blind(monkeypatch):
    """Nobody looks whether what they planned on is still so."""
    real = Register.begin

    def begin(self, seen, manifest, edition):
        found = self._shelf.read(HEAD)
        return real(self, replace(seen, etag=found.etag if found else None), manifest, edition)

    monkeypatch.setattr(Register, "begin", begin)


def hasty(monkeypatch):
    """Manifests are pruned that somebody is about to begin with."""
    monkeypatch.setattr(
        Register, "_is_over", lambda self, key, generation, kept: not any(one and one in key for one in kept)
    )


@pytest.mark.slow
@pytest.mark.parametrize("broken", [deaf, forgetful, trusting, early, blind, hasty])
def test_a_register_that_is_broken_is_found_out(monkeypatch, broken, record_property):
    broken(monkeypatch)
    for seed in range(100):
        try:
            lived(timed(Memory(), monkeypatch), seed)
        except (AssertionError, WriteRefused):
            record_property("found by seed", seed)
            return
    pytest.fail("nobody noticed")
