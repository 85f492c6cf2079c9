"""A shelf in a folder: compare and swap is one step, whoever writes at the same moment; nothing odd is followed."""

import errno
import os
import random
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from heliograph.publish import folder_shelf
from heliograph.publish.folder_shelf import FolderShelf
from heliograph.store_faults import StoreRefused

RAISE = """
import sys
from pathlib import Path
from heliograph.publish.folder_shelf import FolderShelf
shelf, raised = FolderShelf(Path(sys.argv[1])), 0
while raised < int(sys.argv[3]):
    found = shelf.read("h/n")
    more = b"%d %s.%d" % (int(found.data.split()[0]) + 1, sys.argv[2].encode(), raised)
    raised += shelf.put_if_match("h/n", more, found.etag) is not None
"""


@pytest.fixture
def shelf(tmp_path):
    return FolderShelf(tmp_path / "state")


def test_nothing_is_read_where_nothing_is_and_no_folder_is_made_for_it(shelf, tmp_path):
    assert shelf.read("a/b") is None
    assert [*shelf.listing("")] == []
    shelf.remove("a/b")
    assert not (tmp_path / "state").exists()


def test_what_was_written_is_read_and_private(shelf, tmp_path):
    etag = shelf.put_if_absent("a/b/c.json", b"1")
    found = shelf.read("a/b/c.json")
    assert (found.data, found.etag) == (b"1", etag)
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in (tmp_path / "state").rglob("*")) == [".heliograph-lock", "a", "b", "c.json"]


def test_the_first_to_write_wins(shelf):
    assert shelf.put_if_absent("a", b"1")
    assert shelf.put_if_absent("a", b"2") is None
    assert shelf.read("a").data == b"1"


def test_only_what_was_read_is_written_over(shelf):
    first = shelf.put_if_absent("a", b"1")
    second = shelf.put_if_match("a", b"2", first)
    assert second is not None
    assert shelf.put_if_match("a", b"3", first) is None
    assert shelf.put_if_match("a", b"2", first) == second, "our own words, said before"
    assert shelf.put_if_match("nothing", b"3", first) is None
    assert shelf.read("a").data == b"2"


def test_the_same_bytes_written_again_are_another_object(shelf):
    seen = set()
    for turn in range(60):
        shelf.put("a", b"%d" % (turn % 2))
        seen.add(shelf.read("a").etag)
    assert len(seen) == 60


def test_on_a_clock_that_stands_still_it_waits_for_the_next_tick(shelf, monkeypatch):
    waited, real = [], folder_shelf._read

    def coarse(folder, name):
        data, etag, written = real(folder, name)
        tick = written if waited or not name.startswith(".heliograph") else real(folder, "a")[2]
        return data, etag, tick

    shelf.put("a", b"1")
    monkeypatch.setattr(folder_shelf, "_read", coarse)
    monkeypatch.setattr(folder_shelf.time, "sleep", waited.append)
    shelf.put("a", b"2")
    assert waited
    assert shelf.read("a").data == b"2"


def test_of_many_threads_one_wins(shelf):
    with ThreadPoolExecutor(8) as pool:
        won = [etag for etag in pool.map(lambda n: shelf.put_if_absent("a", b"%d" % n), range(24)) if etag]
    assert len(won) == 1


@pytest.mark.slow
def test_a_counter_that_processes_raise_loses_no_count(shelf, tmp_path):
    shelf.put("h/n", b"0 0")
    run = [sys.executable, "-c", RAISE, tmp_path / "state"]
    crew = [subprocess.Popen([*run, str(me), "15"], stderr=subprocess.PIPE) for me in range(3)]
    for one in crew:
        assert one.communicate(timeout=60)[1] == b""
    assert shelf.read("h/n").data.startswith(b"45 ")


def test_without_the_lock_counts_would_be_lost(shelf, monkeypatch):
    shelf.put("n", b"0 0")
    real, both = folder_shelf._replace, threading.Barrier(2, timeout=10)
    monkeypatch.setattr(FolderShelf, "_lock", lambda self: folder_shelf.contextlib.nullcontext())
    monkeypatch.setattr(folder_shelf, "_replace", lambda *what: (both.wait(), real(*what)))
    etag = shelf.read("n").etag
    with ThreadPoolExecutor(2) as pool:
        won = [*pool.map(lambda me: shelf.put_if_match("n", b"1 %d" % me, etag), range(2))]
    assert None not in won


def test_its_age_is_by_the_file_systems_clock(shelf, tmp_path):
    shelf.put("a", b"1")
    assert timedelta(0) <= shelf.read("a").age < timedelta(minutes=1)
    os.utime(tmp_path / "state/a", (1, 1))
    assert shelf.read("a").age > timedelta(days=365)


def test_where_nothing_may_be_written_nothing_ages(shelf, tmp_path, monkeypatch):
    def refuse(self, name, data):
        raise OSError(errno.EROFS, "Read-only file system", name)

    shelf.put("a", b"1")
    os.utime(tmp_path / "state/a", (1, 1))
    monkeypatch.setattr(folder_shelf.Folder, "create", refuse)
    assert shelf.read("a").age == timedelta(0)


def test_a_listing_gives_what_lies_below_a_prefix_and_nothing_of_ours(shelf, tmp_path):
    for key in ("b", "a/2", "a/1", "a/c/1"):
        shelf.put(key, b"x")
    (tmp_path / "state/a/.heliograph-write-1").write_bytes(b"left")
    assert [one.key for one in shelf.listing("a/")] == ["a/1", "a/2", "a/c/1"]
    assert {one.etag for one in shelf.listing("b")} == {shelf.read("b").etag}
    shelf.put("a/1", b"y")
    assert not (tmp_path / "state/a/.heliograph-write-1").exists(), "what a killed writer left goes"
    shelf.remove("a/1")
    assert shelf.read("a/1") is None


@pytest.mark.parametrize(
    "key", ["", "..", "../a", "a//b", "/a", "a/", ".heliograph-lock", "A", "a\0", "a\n", "x" * 200]
)
def test_a_key_that_could_mean_something_else_is_refused(shelf, key):
    shelf.put("a", b"1")
    for call in (shelf.read, shelf.remove, lambda key: shelf.put(key, b"x")):
        with pytest.raises(StoreRefused, match="nothing can be kept"):
            call(key)


def test_symbolic_links_are_refused_wherever_they_are(shelf, tmp_path):
    shelf.put("a/b", b"1")
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "elsewhere/b").write_bytes(b"other")
    (tmp_path / "state/a/link").symlink_to(tmp_path / "elsewhere/b")
    (tmp_path / "state/way").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "door").symlink_to(tmp_path / "state")
    for here, key in ((shelf, "a/link"), (shelf, "way/b"), (FolderShelf(tmp_path / "door"), "a/b")):
        with pytest.raises(StoreRefused, match="E617"):
            here.read(key)
        with pytest.raises(StoreRefused, match="E617"):
            here.put(key, b"x")
    assert (tmp_path / "elsewhere/b").read_bytes() == b"other"
    assert shelf.read("a/b").data == b"1"


@pytest.mark.parametrize("what", ["folder", "pipe"])
def test_what_is_no_file_is_refused(shelf, tmp_path, what):
    shelf.put("b", b"1")
    where = tmp_path / "state/a"
    where.mkdir() if what == "folder" else os.mkfifo(where)
    with pytest.raises(StoreRefused, match="E617"):
        shelf.read("a")
    with pytest.raises(StoreRefused, match="E617"):
        shelf.put("a", b"1")


def test_a_folder_that_others_may_enter_is_refused(shelf, tmp_path):
    shelf.put("a", b"1")
    (tmp_path / "state").chmod(0o750)
    for call in (lambda: shelf.read("a"), lambda: shelf.put("a", b"2"), lambda: [*shelf.listing("")]):
        with pytest.raises(StoreRefused, match="chmod 700"):
            call()


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "state").write_bytes(b"")
    with pytest.raises(StoreRefused, match="E617"):
        FolderShelf(tmp_path / "state").read("a")
    with pytest.raises(StoreRefused, match="E617"):
        FolderShelf(tmp_path / "state/deeper").put("a", b"1")


def test_conditions_are_seen_to_be_kept_and_one_without_locks_is_refused(shelf, monkeypatch):
    shelf.check_conditions("h/probe.json")
    monkeypatch.setattr(folder_shelf, "locked", lambda path: folder_shelf.contextlib.nullcontext())
    with pytest.raises(StoreRefused, match="E631"):
        shelf.check_conditions("h/probe.json")


def test_whoever_holds_the_lock_for_ever_is_named(shelf, tmp_path, monkeypatch):
    shelf.put("a", b"1")
    monkeypatch.setattr(folder_shelf, "_PATIENCE", 0.05)
    with folder_shelf.locked(tmp_path / "state/.heliograph-lock"), pytest.raises(StoreRefused, match="heliograph-lock"):
        shelf.put("a", b"2")
    assert shelf.read("a").data == b"1"


@pytest.mark.slow
def test_a_writer_killed_at_any_moment_leaves_the_old_or_the_new(shelf, tmp_path):
    old, new = b"old" * 9000, b"new" * 9000
    again = "from pathlib import Path; from heliograph.publish.folder_shelf import FolderShelf; import sys\n"
    again += "s = FolderShelf(Path(sys.argv[1])); print('up', flush=True)\n"
    again += "while True: s.put('a', b'old' * 9000); s.put('a', b'new' * 9000)"
    chance = random.Random(3)
    for _ in range(6):
        writer = subprocess.Popen([sys.executable, "-c", again, tmp_path / "state"], stdout=subprocess.PIPE)
        writer.stdout.readline()
        threading.Event().wait(chance.uniform(0.005, 0.08))
        writer.kill()
        writer.communicate()
        found = shelf.read("a")
        assert found is None or found.data in (old, new)
    shelf.put("a", b"after")
    left = sorted(path.name for path in Path(tmp_path / "state").iterdir())
    assert left == [".heliograph-lock", "a"]
