"""Collecting what nobody can ask for any more: never what a page names that somebody may hold, whatever happened."""

from __future__ import annotations

import json
import random
import re
from datetime import UTC, datetime, timedelta

import pytest

from command import run
from heliograph.buckets import Entry as Found
from heliograph.publish import collect
from heliograph.publish.collect import (
    GENERATIONS,
    GRACE,
    History,
    Named,
    carry_out,
    orphans,
    prepare,
    refuse_too_many,
)
from heliograph.publish.folder_shelf import FolderShelf
from heliograph.publish.headers import fields
from heliograph.publish.objects import Marker, Objects
from heliograph.publish.register import Busy, Overtaken, Register
from heliograph.publish.release import Edition
from heliograph.tree.artifact import text_artifact
from heliograph.tree.fsio import WriteRefused
from heliograph.tree.manifest import Entry, entry_of, make_manifest
from sites import write_site

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MARKER = "heliograph.json"


def named(*paths, hours=None):
    """A release that named these, replaced so many hours ago."""
    return Named(frozenset(paths), None if hours is None else NOW - timedelta(hours=hours))


def later_ones(count):
    """So many releases since, that name nothing else."""
    return tuple(named("index.html", hours=30) for _ in range(count))


def judged(history, *keys, **rules):
    found = orphans([Found(key, '"e"', 1) for key in keys], history, NOW, **rules)
    return {one.key: one for one in found}


def goes(history, key="a.html", **how):
    return judged(history, key, **how)[key].goes


CURRENT = named("index.html")


def test_what_left_long_ago_goes():
    history = History(current=CURRENT, past=(*later_ones(5), named("a.html", hours=48)))
    assert goes(history)
    assert judged(history, "a.html")["a.html"].reason == "no release named it since 2026-11-20 12:00 UTC"


def test_what_the_current_release_names_is_not_even_judged_and_neither_is_the_marker():
    assert not judged(History(current=CURRENT), "index.html", MARKER)


@pytest.mark.parametrize("since", range(5))
def test_what_one_of_the_five_releases_before_names_stays_however_old_it_is(since):
    history = History(current=CURRENT, past=(*later_ones(since), named("a.html", hours=9000), *later_ones(9)))
    assert not goes(history)
    assert goes(history, generations=since)


def test_what_left_a_day_ago_goes_and_an_hour_earlier_stays():
    assert goes(History(current=CURRENT, past=(*later_ones(5), named("a.html", hours=24))))
    assert not goes(History(current=CURRENT, past=(*later_ones(5), named("a.html", hours=23))))
    assert goes(History(current=CURRENT, past=(*later_ones(5), named("a.html", hours=23))), grace=timedelta(0))


def test_the_last_release_that_named_it_counts_and_not_the_first():
    past = (*later_ones(5), named("a.html", hours=2), named("a.html", hours=400))
    assert not goes(History(current=CURRENT, past=past))


def test_what_an_unfinished_release_names_stays():
    history = History(current=CURRENT, past=(*later_ones(5), named("a.html", hours=48)), begun=(named("a.html"),))
    assert not goes(history)
    assert "begun" in judged(history, "a.html")["a.html"].reason


def test_what_an_abandoned_release_left_goes_once_it_is_old():
    assert goes(History(current=CURRENT, abandoned=(named("a.html", hours=24),)))
    assert not goes(History(current=CURRENT, abandoned=(named("a.html", hours=23),)))


def test_what_we_never_published_stays_and_is_told():
    found = judged(History(current=CURRENT), ".well-known/security.txt")[".well-known/security.txt"]
    assert not found.goes
    assert str(found) == "keep .well-known/security.txt: never published by us"


def test_the_grace_is_as_long_as_any_cache_may_show_a_page():
    page = Entry("index.html", "0" * 64, 1, "text/html; charset=utf-8", "short")
    said = fields(page, "external")["Cache-Control"]
    windows = {name: int(seconds) for name, seconds in re.findall(r"([a-z-]+)=(\d+)", said)}
    assert windows["max-age"] > 0
    fresh = max(windows["max-age"], windows.get("s-maxage", 0))
    assert timedelta(seconds=fresh + windows.get("stale-while-revalidate", 0)) <= GRACE
    assert timedelta(seconds=windows.get("stale-if-error", 0)) <= GRACE


@pytest.mark.parametrize(("going", "found"), [(25, 30), (25, 25), (200, 1000), (0, 0)])
def test_a_few_or_a_fifth_may_go_unasked(going, found):
    refuse_too_many(going, found, None)


@pytest.mark.parametrize(("going", "found", "allowed"), [(26, 30, None), (201, 1000, None), (201, 1000, 200)])
def test_more_is_refused_and_says_what_allows_it(going, found, allowed):
    with pytest.raises(WriteRefused, match=f"--allow-mass-delete {going}$") as refused:
        refuse_too_many(going, found, allowed)
    assert refused.value.code == "E639"
    refuse_too_many(going, found, going)


# Any history


class World:
    """A bucket and its register in memory, and what readers may hold: kept apart from what is tested."""

    PATHS = tuple(f"{name}.html" for name in "abcdefgh")

    def __init__(self, seed, **rules):
        self.dice, self.rules = random.Random(seed), rules
        self.now = NOW
        self.objects = {MARKER}
        self.committed = []  # (paths, when replaced), the current one last
        self.begun, self.abandoned = [], []
        self.lost = []
        self.deleted = 0

    def live(self):
        """Every path that somebody may ask for now."""
        wanted = {MARKER}
        for paths, _ in self.committed[-6:]:
            wanted |= paths
        for paths, replaced in self.committed:
            if replaced is None or self.now - replaced < timedelta(hours=24):
                wanted |= paths
        for paths in self.begun:
            wanted |= paths
        return wanted

    def publish(self):
        """Publish some paths; one in four runs is killed on the way."""
        paths = frozenset(path for path in self.PATHS if self.dice.random() < 0.2)
        at_hand = self.committed[-1][0] if self.committed else frozenset()
        puts = sorted(path for path in paths if path not in at_hand or self.dice.random() < 0.3)
        killed = self.dice.random() < 0.25
        self.begun.append(paths)
        for path in puts[: self.dice.randrange(len(puts) + 1)] if killed else puts:
            self.objects.add(path)
        if killed:
            return
        if self.committed:
            self.committed[-1] = (self.committed[-1][0], self.now)
        self.abandoned += [(given_up, self.now) for given_up in self.begun[:-1]]
        self.committed.append((paths, None))
        self.begun = []

    def history(self):
        *past, (paths, _) = self.committed
        return History(
            current=Named(paths),
            past=tuple(Named(*one) for one in reversed(past)),
            begun=tuple(map(Named, self.begun)),
            abandoned=tuple(Named(*one) for one in self.abandoned),
        )

    def collect(self):
        """Collect; one in four runs is killed on the way."""
        if not self.committed:
            return
        found = [Found(key, '"e"', 1) for key in self.objects]
        going = [one.key for one in orphans(found, self.history(), self.now, **self.rules) if one.goes]
        live = self.live()
        for key in going[: self.dice.randrange(len(going) + 1)] if self.dice.random() < 0.25 else going:
            self.objects.remove(key)
            self.deleted += 1
            self.lost += [key] if key in live else []

    def run(self, steps=24):
        for _ in range(steps):
            self.now += timedelta(hours=self.dice.choice((0, 0, 0, 1, 2, 25)))
            self.publish() if self.dice.random() < 0.7 else self.collect()
        return self


def histories(count, **rules):
    worlds = [World(seed, **rules).run() for seed in range(count)]
    return sum(bool(world.lost) for world in worlds), sum(world.deleted for world in worlds)


@pytest.mark.slow
def test_in_ten_thousand_histories_nothing_is_deleted_that_anyone_may_ask_for():
    lossy, deleted = histories(10_000)
    assert lossy == 0
    assert deleted > 10_000


@pytest.mark.parametrize("rules", [{"grace": timedelta(0)}, {"generations": 0}, {"generations": GENERATIONS - 1}])
def test_with_a_weaker_rule_something_is(rules):
    assert histories(300, **rules)[0] > 0


def test_without_the_record_of_unfinished_runs_something_is():
    class Forgetful(World):
        def history(self):
            known = super().history()
            return History(
                current=known.current, past=known.past, abandoned=tuple(Named(one.paths, NOW) for one in known.begun)
            )

    assert any(Forgetful(seed).run().lost for seed in range(1000))


def test_in_the_end_all_that_is_ours_and_nobody_names_goes():
    for seed in range(50):
        world = World(seed).run()
        world.dice.random = lambda: 0.9  # from now on nobody is killed, and no path is named
        for _ in range(GENERATIONS + 2):
            world.publish()
        world.now += timedelta(hours=25)
        world.collect()
        assert world.objects == {MARKER}


# At a real store


class Bucket:
    """A bucket with its register, published to by hand at any time."""

    def __init__(self, place, shelf):
        self.objects, self.shelf = Objects(place, "external"), shelf
        self.register = Register(FolderShelf(shelf), "tiny", "public")
        self.objects.put_marker(Marker(site="tiny", tree="public", boundary="external", lineage="x"))

    def publish(self, days_ago, *paths, put=None, commit=True):
        """Publish some paths so many days ago; `put` are those that get there, if not all."""
        files = [text_artifact(path, f"{path} {days_ago}") for path in (*paths, "index.html")]
        manifest = make_manifest("public", "external", "tiny", map(entry_of, files), None)
        at = NOW - timedelta(days=days_ago)
        turn = self.register.begin(self.register.look(), manifest, Edition(as_of=at, revision="", version="1"))
        for file in files if put is None else files[:put]:
            turn.hold()
            self.objects.put(entry_of(file), file.data)
        return turn.commit(at) if commit else turn.give_up()

    def there(self):
        return {found.key for found in self.objects.listing()}

    def collect(self, allowed=None):
        told = []
        found = prepare(self.register, self.objects, NOW)
        pruned = carry_out(found, self.register, self.objects, allowed, told.append)
        assert [one.key for one in told] == [one.key for one in found.going]
        return {one.key for one in told}, pruned


@pytest.fixture
def bucket(http_place, tmp_path):
    with (found := Bucket(http_place, tmp_path / "shelf")).objects:
        yield found


def test_a_bucket_keeps_what_anybody_may_ask_for_and_loses_the_rest(bucket):
    bucket.publish(30, "old.html", "kept.html")
    for day in range(20, 14, -1):
        bucket.publish(day, "kept.html", f"page-{day}.html")
    bucket.publish(10, "now.html")
    bucket.objects.bucket.put("by-hand.txt", b"x")
    assert bucket.collect()[0] == {"old.html", "page-20.html"}
    left = {f"page-{day}.html" for day in range(19, 14, -1)}
    assert bucket.there() == left | {"kept.html", "now.html", "index.html", "by-hand.txt"}
    assert bucket.objects.marker() is not None
    assert bucket.collect()[0] == set()


def test_a_release_that_was_cut_off_keeps_its_files_until_another_takes_its_place(bucket):
    bucket.publish(30, "a.html")
    for day in range(20, 13, -1):
        bucket.publish(day)
    bucket.publish(9, "a.html", "b.html", put=2, commit=False)
    assert bucket.collect()[0] == set()
    bucket.publish(8)
    assert bucket.collect()[0] == {"a.html"}


def test_collecting_leaves_no_trace_in_what_is_known(bucket):
    bucket.publish(30, "a.html")
    for day in range(20, 13, -1):
        bucket.publish(day)
    before = bucket.register.look()
    for _ in range(3):
        bucket.collect()
    after = bucket.register.look()
    assert (after.current, after.past, after.manifest) == (before.current, before.past, before.manifest)
    assert not after.unsettled


def test_nothing_is_collected_while_somebody_publishes_or_after_somebody_has(bucket):
    bucket.publish(30, "a.html")
    for day in range(20, 13, -1):
        bucket.publish(day)
    found = prepare(bucket.register, bucket.objects, NOW)
    seen = bucket.register.look()
    turn = bucket.register.begin(seen, seen.manifest, seen.current.edition)
    with pytest.raises(Busy):
        carry_out(found, bucket.register, bucket.objects, None, print)
    turn.commit(NOW)
    with pytest.raises(Overtaken):
        carry_out(found, bucket.register, bucket.objects, None, print)
    assert "a.html" in bucket.there()


def test_nobody_publishes_while_it_is_collected(bucket):
    bucket.publish(30, "a.html")
    for day in range(20, 13, -1):
        bucket.publish(day)
    with pytest.raises(Busy):
        carry_out(
            prepare(bucket.register, bucket.objects, NOW),
            bucket.register,
            bucket.objects,
            None,
            lambda _: bucket.publish(1),
        )
    bucket.publish(1)


def test_too_many_at_once_are_refused_before_any_goes(bucket):
    bucket.publish(30, *(f"p{number}.html" for number in range(30)))
    for day in range(20, 13, -1):
        bucket.publish(day)
    with pytest.raises(WriteRefused, match="--allow-mass-delete 30"):
        bucket.collect()
    assert len(bucket.there()) == 31
    assert len(bucket.collect(allowed=30)[0]) == 30


def test_without_the_record_of_a_release_that_counts_nothing_is_judged(bucket, tmp_path):
    bucket.publish(30, "a.html")
    release = bucket.publish(20)
    bucket.publish(19)
    (tmp_path / f"shelf/public/releases/{release.id}.json.gz").unlink()
    with pytest.raises(WriteRefused, match="E637"):
        prepare(bucket.register, bucket.objects, NOW)


def test_where_nobody_knows_what_was_begun_nothing_goes(bucket):
    bucket.publish(30, "a.html")
    for day in range(20, 13, -1):
        bucket.publish(day)
    bucket.publish(9, "b.html", put=1, commit=False)
    for record in bucket.shelf.glob("public/releases/9-*"):
        record.unlink()
    assert bucket.collect()[0] == set()
    bucket.publish(8)
    assert bucket.collect()[0] == {"a.html"}


def test_old_releases_are_forgotten_but_for_those_whose_files_are_there(bucket, monkeypatch):
    monkeypatch.setattr(collect, "RECORDS", 1)
    bucket.publish(30, "a.html")
    for day in range(20, 12, -1):
        bucket.publish(day, "b.html") if day == 13 else bucket.publish(day)
    bucket.publish(0.5)
    assert len(bucket.register.look().past) == 9
    assert bucket.collect() == ({"a.html"}, 8)  # one of them is that of the turn in which it was collected
    assert [one.id.partition("-")[0] for one in bucket.register.look().past] == ["9", "1"]
    assert bucket.collect() == (set(), 1)


def test_the_command_says_of_each_what_and_why(bucket, http_place, tmp_path, capsys, monkeypatch):
    write_site(tmp_path / "site", {"site_src/targets.toml": '[here]\ntree = "public"\ndirectory = "published"\n'})
    operator = tmp_path / "operator.toml"
    operator.write_text(
        f'site = "tiny"\n[state]\npath = "shelf"\n[target.public]\ntree = "public"\nbucket = "{http_place.bucket}"\n'
        f'prefix = "{http_place.prefix}"\nendpoint = "{http_place.endpoint}"\nurls = ["http://127.0.0.1:1"]\n'
        f'access_key = "{http_place.access_key}"\nsecret_key = "{http_place.secret_key.revealed}"\n'
    )
    operator.chmod(0o600)
    monkeypatch.setenv("HELIOGRAPH_OPERATOR", str(operator))
    bucket.publish(30, "a.html")
    for day in range(20, 13, -1):
        bucket.publish(day)
    bucket.objects.bucket.put("by-hand.txt", b"x")

    def gc(*more):
        return run(capsys, "gc", "public", *more, site=tmp_path / "site")

    asked = gc("--dry-run")
    assert asked.out.splitlines() == [
        "keep by-hand.txt: never published by us",
        "delete a.html: no release named it since 2026-11-02 12:00 UTC",
    ]
    assert "1 object would be deleted" in asked.err
    assert "a.html" in bucket.there()
    rows = json.loads(gc("--dry-run", "--json").out)["objects"]
    assert [(row["key"], row["goes"]) for row in rows] == [("a.html", True), ("by-hand.txt", False)]
    assert gc().out == "delete a.html: no release named it since 2026-11-02 12:00 UTC\n"
    assert bucket.there() == {"index.html", "by-hand.txt"}
    assert "holds nothing but what was published last" in run(capsys, "gc", "here", site=tmp_path / "site").err


def test_a_release_that_came_meanwhile_is_not_forgotten(bucket, monkeypatch):
    monkeypatch.setattr(collect, "RECORDS", 1)
    for day in range(20, 13, -1):
        bucket.publish(day)
    found = prepare(bucket.register, bucket.objects, NOW)
    bucket.publish(1)
    assert carry_out(found, bucket.register, bucket.objects, None, print) == 0
    assert len(bucket.register.look().past) == 7
