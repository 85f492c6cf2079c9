"""The objects of a host: what is really stored, who may have them, and in which order they get there."""

import hashlib
import http.client
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

import msgspec
import pytest

from heliograph.publish.built import Reading, open_built
from heliograph.publish.objects import AT_ONCE, MARKER, Checked, Marker, Objects, write
from heliograph.publish.plan import PHASES, Plan, plan_publish
from heliograph.store_faults import StoreLacks, StoreRefused
from heliograph.stores import client
from heliograph.tree.artifact import Artifact, text_artifact
from heliograph.tree.fsio import WriteRefused
from heliograph.tree.manifest import entry_of
from heliograph.tree.write import TreePlan, write_trees
from moto_store import place as elsewhere
from odd_store import _Quiet, answering
from s3_store import BUCKET

pytestmark = pytest.mark.slow

CSS = b"body{color:#111}"
STAMPED = f"assets/site.{Artifact('x.css', CSS).sha256[:12]}.css"
MARK = Marker(site="example", tree="public", boundary="external", lineage="0123456789abcdef")
FRESH = "public, max-age=30, stale-while-revalidate=60, stale-if-error=86400"


@pytest.fixture
def objects(place):
    with Objects(place, "external") as found:
        yield found


@pytest.fixture
def here(http_place):
    with Objects(http_place, "external") as found:
        yield found


def artifact(path, text="x"):
    return text_artifact(path, text)


def put(objects, *artifacts):
    for one in artifacts:
        objects.put(entry_of(one), one.data)


def raw(objects):
    """The store's own client, and how to name a key of these objects to it."""
    return client(objects.bucket.place), lambda path: {
        "Bucket": BUCKET,
        "Key": f"{objects.bucket.place.prefix}/{path}",
    }


# What is stored


def test_a_file_is_stored_with_its_bytes_headers_and_digest(objects):
    page = artifact("updates.json", '{"ü": 1}')
    put(objects, page, Artifact(STAMPED, CSS))
    store, at = raw(objects)
    found = store.get_object(**at("updates.json"))
    assert found["Body"].read() == page.data
    assert (found["ContentType"], found["CacheControl"]) == ("application/feed+json; charset=utf-8", FRESH)
    assert found["Metadata"] == {"sha256": page.sha256}
    found = store.head_object(**at(STAMPED))
    assert (found["ContentType"], found["CacheControl"]) == (
        "text/css; charset=utf-8",
        "public, max-age=31536000, immutable",
    )


def test_what_is_for_insiders_is_stored_as_private(http_place):
    with Objects(http_place, "internal") as objects:
        put(objects, Artifact(STAMPED, CSS))
        assert objects.bucket.head(STAMPED).cache_control == "private, no-store"


def test_nothing_that_is_sent_asks_for_an_acl_and_all_of_it_carries_its_md5(objects):
    sent = []
    events = objects.bucket._client.meta.events
    events.register("before-send.s3.PutObject", lambda request, **_: sent.append(request.headers))
    put(objects, artifact("index.html"))
    objects.put_marker(MARK)
    names = [{name.lower() for name in headers} for headers in sent]
    assert len(names) == 2
    assert all("content-md5" in found for found in names)
    assert not [name for found in names for name in found if "acl" in name or "grant" in name]


# Marks


def test_a_mark_says_whose_a_bucket_is(objects):
    assert objects.marker() is None
    objects.put_marker(MARK)
    assert objects.marker() == MARK
    found = objects.bucket.head(MARKER)
    assert (found.media_type, found.cache_control) == ("application/json", "private, no-store")


DAMAGED = {
    "empty": b"",
    "cut": MARK.encode()[:-9],
    "reformatted": MARK.encode().replace(b":", b": "),
    "another schema": MARK.encode().replace(b":1,", b":2,"),
    "no side of the wall": MARK.encode().replace(b"external", b"extern"),
    "one field more": MARK.encode().replace(b"}", b',"more":1}'),
    "no site": MARK.encode().replace(b'"example"', b'""'),
    "no UTF-8": b'{"site":"\xff"}',
    "no object": b"[]",
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_mark_is_refused(case):
    with pytest.raises(WriteRefused, match=r"E612 s3://b/heliograph\.json is not a mark"):
        Marker.decode(DAMAGED[case], "s3://b/heliograph.json")


def test_a_damaged_mark_in_a_bucket_is_never_taken_for_none(here):
    here.bucket.put(MARKER, DAMAGED["cut"])
    with pytest.raises(WriteRefused, match="E612"):
        here.marker()


def test_a_bucket_is_empty_until_something_of_anybodys_is_in_it(here):
    assert here.is_empty()
    here.put_marker(MARK)
    assert here.is_empty()
    here.bucket.put("zz-not-ours", b"1")
    assert not here.is_empty()
    here.bucket.remove("zz-not-ours")
    here.bucket.put("a-not-ours", b"1")
    assert not here.is_empty()


# What is there


def test_files_are_listed_with_their_sizes_and_without_the_mark(objects):
    objects.put_marker(MARK)
    put(objects, artifact("index.html", "four"), artifact("a/index.html", "seven!!"))
    assert [(one.key, one.size) for one in objects.listing()] == [("a/index.html", 7), ("index.html", 4)]
    objects.remove("index.html")
    objects.remove("index.html")
    assert [one.key for one in objects.listing()] == ["a/index.html"]


@pytest.mark.parametrize("boundary", ["external", "internal"])
def test_what_was_put_is_observed_as_the_entries_that_it_was(http_place, boundary):
    tree = [artifact(f"incidents/{n}/index.html", str(n)) for n in range(20)]
    tree += [artifact("updates.json"), artifact("404.html"), artifact("_headers"), Artifact(STAMPED, CSS)]
    with Objects(http_place, boundary) as objects:
        put(objects, *tree)
        objects.put_marker(MARK)
        assert objects.observe() == tuple(sorted(map(entry_of, tree)))
        assert not objects.check(map(entry_of, tree))


def test_what_others_put_is_never_observed_as_ours(here):
    ours = [entry_of(artifact(path)) for path in ("a.html", "b.html", "c.html", "d.html", "e.html", "f.html")]
    data, store_and_at = b"x", raw(here)
    store, at = store_and_at
    good = {"Body": data, "ContentType": ours[0].media_type, "CacheControl": FRESH}
    digest = {"Metadata": {"sha256": ours[0].sha256}}
    store.put_object(**at("a.html"), **good, **digest)
    store.put_object(**at("b.html"), **good)
    store.put_object(**at("c.html"), **{**good, "ContentType": "text/html"}, **digest)
    store.put_object(**at("d.html"), **{**good, "CacheControl": "max-age=3600"}, **digest)
    store.put_object(**at("e.html"), **{**good, "Body": b"xx"}, **digest)
    store.put_object(**at("stray.bin"), Body=data, **digest)
    seen = {entry.path: entry for entry in here.observe()}
    assert [entry.path for entry in ours if seen.get(entry.path) == entry] == ["a.html"]
    assert seen["stray.bin"].media_type == ""
    assert here.check(ours) == Checked(("f.html",), ("b.html", "c.html", "d.html", "e.html"))
    plan = plan_publish(ours, here.observe(), [])
    assert [str(step) for step in plan.steps] == [
        "put f.html: not at the target",
        "put b.html: bytes differ",
        "put c.html: headers differ",
        "put d.html: headers differ",
        "put e.html: headers differ",
        "delete stray.bin: never published by us",
    ]


# Versions


@pytest.fixture(params=["http", "https"])
def versioned(s3_server, request):
    """Objects in a bucket of their own that keeps versions."""
    where = s3_server.place(request.param, "site", bucket=f"versions-{uuid.uuid4().hex}")
    with Objects(where, "external") as objects:
        store = client(where)
        store.create_bucket(Bucket=where.bucket)
        store.put_bucket_versioning(Bucket=where.bucket, VersioningConfiguration={"Status": "Enabled"})
        store.close()
        for text in ("1", "2", "3"):
            put(objects, artifact("kept.html", text), artifact("gone.html", text), artifact("kept.html2.txt", text))
        objects.remove("gone.html")
        yield objects


def versions(objects):
    found = sorted((one.key, one.is_latest, one.is_delete_marker) for one in objects.bucket.versions(""))
    return [f"{key}{' current' * latest}{' marker' * marker}" for key, latest, marker in found]


def test_of_one_file_all_that_is_not_current_goes_and_no_other_is_touched(versioned):
    assert versioned.bucket.keeps_versions() == "yes"
    others = [one for one in versions(versioned) if not one.startswith("kept.html ") and one != "kept.html"]
    assert versioned.remove_versions("kept.html") == 2
    assert versions(versioned) == sorted([*others, "kept.html current"])
    assert versioned.bucket.read("kept.html").data == b"3"
    assert versioned.remove_versions("kept.html") == 0


def test_a_removed_file_goes_wholly_and_never_comes_back_on_the_way(versioned):
    came_back = []
    remove = versioned.bucket.remove_version

    def watched(key, version_id):
        remove(key, version_id)
        came_back.append(versioned.bucket.read("gone.html"))

    versioned.bucket.remove_version = watched
    assert versioned.remove_versions("gone.html") == 4
    assert came_back == [None] * 4
    assert not [one for one in versions(versioned) if one.startswith("gone")]


def test_the_check_above_sees_a_file_come_back(versioned):
    marker = next(one for one in versioned.bucket.versions("gone.html") if one.is_delete_marker)
    versioned.bucket.remove_version(marker.key, marker.id)
    assert versioned.bucket.read("gone.html").data == b"3"


def test_of_all_files_only_what_is_current_stays(versioned):
    assert versioned.remove_versions() == 2 + 2 + 4
    assert versions(versioned) == ["kept.html current", "kept.html2.txt current"]


def test_pages_of_the_list_of_versions_are_put_together(versioned):
    assert sorted(versioned.bucket.versions("", page=3), key=str) == sorted(versioned.bucket.versions(""), key=str)
    assert len(versions(versioned)) == 10


def test_where_no_versions_are_kept_there_are_none_to_remove(objects):
    put(objects, artifact("index.html", "1"))
    put(objects, artifact("index.html", "2"))
    assert objects.remove_versions() == 0
    assert objects.bucket.read("index.html").data == b"2"


def test_a_store_that_cannot_list_versions_is_not_taken_for_one_without():
    class Handler(_Quiet):
        def do_GET(self):  # noqa: N802
            self.reply(501, b"<Error><Code>NotImplemented</Code></Error>")

    with answering(Handler) as address, pytest.raises(StoreLacks, match="does not offer that"):
        Objects(elsewhere(address, "b"), "external").remove_versions()


# Writing: a way to the store that notes when each PUT came and when it was answered


class Way:
    """Passes requests on. `before` is called with the path of each PUT; what it returns is the reply, if anything."""

    def __init__(self, target, before=lambda path: None):
        self.target, self.before = target, before
        self.log, self.lock = [], threading.Lock()

    def note(self, what, path):
        with self.lock:
            self.log.append((what, path))

    @property
    def begun(self):
        return [path for what, path in self.log if what == "begun"]

    @property
    def most_at_once(self):
        going = most = 0
        for what, _ in self.log:
            going += 1 if what == "begun" else -1
            most = max(most, going)
        return most

    def handler(self):
        way = self

        class Handler(_Quiet):
            def passed_on(self):
                data = self.body()
                upstream = http.client.HTTPConnection(way.target, timeout=30)
                upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    if name not in ("Connection", "Expect"):
                        upstream.putheader(name, value)
                upstream.endheaders(data)
                answer = upstream.getresponse()
                content = answer.read()
                upstream.close()
                dull = ("Content-Length", "Connection", "Transfer-Encoding")
                return answer.status, content, {n: v for n, v in answer.getheaders() if n not in dull}

            def do_PUT(self):  # noqa: N802
                path = unquote(urlsplit(self.path).path).split("/", 3)[-1]
                way.note("begun", path)
                refusal = way.before(path)
                if refusal:
                    self.body()
                status, content, headers = refusal or self.passed_on()
                way.note("answered", path)
                self.reply(status, content, **headers)

            def do_GET(self):  # noqa: N802
                status, content, headers = self.passed_on()
                self.reply(status, content, **headers)

        return Handler


@contextmanager
def on_the_way(place, before=lambda path: None):
    """Objects reached by way of such a thing, and the thing."""
    way = Way(urlsplit(place.endpoint).netloc, before)
    with (
        answering(way.handler()) as address,
        Objects(msgspec.structs.replace(place, endpoint=address), "external") as objects,
    ):
        objects.bucket._client = client(objects.bucket.place, attempts=1)
        yield objects, way


class Turn:
    """Ours for as long as it is told."""

    def __init__(self, holds=10**9):
        self.held, self.holds = 0, holds

    def hold(self):
        if self.held == self.holds:
            raise Lost
        self.held += 1


class Lost(Exception):  # noqa: N818 -- it is an answer
    """Somebody else's turn."""


V1 = {
    "index.html": "1",
    "fr/index.html": "1",
    "history/index.html": "1",
    "fr/components/api/index.html": "1",
    "components/api/updates.atom": "1",
    "updates.json": "1",
    "gone/index.html": "1",
    **{f"incidents/{n}/index.html": "1" for n in range(30)},
}
V2 = {
    **{path: "2" for path in V1 if "gone" not in path},
    "de/index.html": "2",
    "de/history/index.html": "2",
    "components/new/index.html": "2",
    "components/new/updates.atom": "2",
    STAMPED: CSS.decode(),
    **{f"incidents/new-{n}/index.html": "2" for n in range(20)},
}


@pytest.fixture
def built(tmp_path):
    artifacts = [artifact(path, text) for path, text in V2.items()]
    write_trees(tmp_path, [TreePlan(name="public", boundary="external", site="example", artifacts=artifacts)])
    return open_built(tmp_path / "public")


def planned(built):
    return plan_publish(built.manifest.files, [entry_of(artifact(path, text)) for path, text in V1.items()], V1)


def written(plan, built, objects, turn=None, tell=lambda step: None):
    with Reading(built) as reading:
        write(plan, built.manifest, reading, objects, turn or Turn(), tell)


def too_early(log, phase_of):
    """PUTs that were begun before all of an earlier phase were answered."""
    total = {phase: sum(one == phase for one in phase_of.values()) for phase in PHASES}
    answered = dict.fromkeys(PHASES, 0)
    early = []
    for what, path in log:
        phase = phase_of[path]
        if what == "answered":
            answered[phase] += 1
        elif any(answered[one] < total[one] for one in PHASES[: PHASES.index(phase)]):
            early.append(path)
    return early


def slow_ones(path):
    """Make some wait, so that those of the next phase would overtake them if they could."""
    if hashlib.sha256(path.encode()).digest()[0] % 3 == 0:
        time.sleep(0.05)


def phases(plan):
    return {step.path: step.phase for step in plan.steps if step.action == "put"}


def test_each_file_comes_in_its_phase_and_none_before_the_last_of_the_phase_before(here, built):
    plan, told = planned(built), []
    with on_the_way(here.bucket.place, slow_ones) as (objects, way):
        written(plan, built, objects, tell=told.append)
    assert too_early(way.log, phases(plan)) == []
    assert sorted(way.begun) == sorted(V2)
    assert {step.path for step in told} == set(V2)
    assert len(told) == len(V2)
    assert 1 < way.most_at_once <= AT_ONCE
    assert {one.key: here.bucket.read(one.key).data.decode() for one in here.listing()} == V2


def test_the_phases_are_these(built):
    found = phases(planned(built))
    assert found[STAMPED] == "assets"
    assert {path for path in found if found[path] == "new files"} == {
        "components/new/index.html",
        "components/new/updates.atom",
        "de/history/index.html",
        *(path for path in V2 if "new-" in path),
    }
    assert [path for path in found if found[path] == "new front pages"] == ["de/index.html"]
    assert {path for path in found if found[path] == "data"} == {"components/api/updates.atom", "updates.json"}
    assert {path for path in found if found[path] == "indexes"} == {
        "history/index.html",
        "fr/components/api/index.html",
    }
    assert [path for path in found if found[path] == "front pages"] == ["fr/index.html", "index.html"]
    first = plan_publish(built.manifest.files, [], [])
    assert first.steps[-1].path == "index.html", "nobody is led anywhere before all is there"


def test_without_barriers_the_check_above_fails(here, built):
    plan = planned(built)
    puts = [msgspec.structs.replace(step, phase="data") for step in plan.steps if step.action == "put"]
    for order in (puts, puts[::-1]):
        with on_the_way(here.bucket.place, slow_ones) as (objects, way):
            written(Plan(tuple(order), 0), built, objects)
        assert too_early(way.log, phases(plan)) != []


def test_nothing_is_deleted(here, built):
    put(here, artifact("gone/index.html", "1"))
    plan = planned(built)
    assert plan.steps[-1].action == "delete"
    written(plan, built, here)
    assert here.bucket.read("gone/index.html").data == b"1"


def test_the_first_failure_stops_everything_and_what_is_on_its_way_is_awaited(here, built):
    plan = planned(built)
    failing = next(step.path for step in plan.steps if step.phase == "changed pages")

    def before(path):
        if path == failing:
            return 500, b"<Error><Code>InternalError</Code></Error>", {}
        time.sleep(0.3 if phase_of[path] == "changed pages" else 0)
        return None

    phase_of = phases(plan)
    with on_the_way(here.bucket.place, before) as (objects, way):
        with pytest.raises(StoreRefused, match="InternalError"):
            written(plan, built, objects)
        assert way.log.count(("answered", failing)) == 1
        assert len(way.begun) * 2 == len(way.log), "all that was begun has ended"
    later = [path for path in way.begun if PHASES.index(phase_of[path]) > PHASES.index("changed pages")]
    assert later == []
    assert sum(phase_of[path] == "changed pages" for path in way.begun) <= AT_ONCE < 30


def test_what_failed_while_the_turn_was_being_held_stops_the_next(here, built, monkeypatch):
    futures = []

    class Noting(ThreadPoolExecutor):
        def submit(self, *what):
            futures.append(super().submit(*what))
            return futures[-1]

    class Slow(Turn):
        def hold(self):
            super().hold()
            wait(futures)

    monkeypatch.setattr("heliograph.publish.objects.ThreadPoolExecutor", Noting)
    plan = Plan(tuple(step for step in planned(built).steps if step.phase == "new files"), 0)
    refusal = 500, b"<Error><Code>InternalError</Code></Error>", {}
    with on_the_way(here.bucket.place, lambda path: refusal) as (objects, way):
        with pytest.raises(StoreRefused, match="InternalError"):
            written(plan, built, objects, Slow())
        assert len(way.begun) == 1


def test_who_loses_the_turn_begins_nothing_more(here, built):
    plan = planned(built)
    with on_the_way(here.bucket.place) as (objects, way):
        turn = Turn(holds=7)
        with pytest.raises(Lost):
            written(plan, built, objects, turn)
        assert len(way.begun) == 7
        turn = Turn()
        written(plan, built, objects, turn)
        assert turn.held == len(V2)


def test_a_file_that_is_not_as_built_is_not_put(here, built):
    (built.folder / "updates.json").write_text("3")
    with on_the_way(here.bucket.place) as (objects, way), pytest.raises(WriteRefused, match="E612"):
        written(planned(built), built, objects)
    assert not {"updates.json", "history/index.html", "index.html"} & set(way.begun)


def test_files_are_read_when_their_turn_comes_and_few_are_held(here, built):
    """What has been read and not yet told is in memory."""
    held = most = 0

    class Counting(Reading):
        def read(self, entry):
            nonlocal held, most
            assert threading.current_thread() is threading.main_thread()
            held += 1
            most = max(most, held)
            return super().read(entry)

    def tell(step):
        nonlocal held
        assert threading.current_thread() is threading.main_thread()
        held -= 1

    with on_the_way(here.bucket.place, lambda path: time.sleep(0.02)) as (objects, _), Counting(built) as reading:
        write(planned(built), built.manifest, reading, objects, Turn(), tell)
    assert held == 0
    assert 1 < most <= AT_ONCE
