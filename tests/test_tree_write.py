"""Whole trees on a real disk: whole or not at all, untouched where nothing changed, and never over what is not ours."""

import errno
import os
import random
import resource
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import warnings
from datetime import UTC, datetime
from pathlib import Path

import pytest

from heliograph.tree.artifact import Artifact, text_artifact
from heliograph.tree.fsio import Folder, Locked, Uncertain, WriteRefused, locked
from heliograph.tree.manifest import make_manifest, manifest_path, read_manifest
from heliograph.tree.swap import LOCK, check_output_root
from heliograph.tree.write import TreePlan, stage, swap, write_trees

V1 = {
    "index.html": "front one",
    "same.html": "same",
    "incidents/a/index.html": "a",
    "incidents/gone/index.html": "gone",
}
V2 = {"index.html": "front two", "same.html": "same", "incidents/a/index.html": "A", "api/v2/new.json": "{}"}


def plan(files, name="public", boundary="external", site="example", until=None):
    artifacts = (text_artifact(path, text) for path, text in files.items())
    return TreePlan(name=name, boundary=boundary, site=site, artifacts=artifacts, next_change_at=until)


def write(out, files, **how):
    return write_trees(out, [plan(files, **how)])[0]


def on_disk(tree):
    return {str(path.relative_to(tree)): path.read_text() for path in sorted(tree.rglob("*")) if path.is_file()}


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def ours(out):
    return sorted(name for name in names(out) if name != LOCK)


def test_a_first_build_and_a_second_one_hold_just_their_files(tmp_path):
    first = write(tmp_path / "dist", V1)
    assert on_disk(tmp_path / "dist" / "public") == V1
    second = write(tmp_path / "dist", V2)
    assert on_disk(tmp_path / "dist" / "public") == V2
    assert ours(tmp_path / "dist") == ["public", "public.manifest.json"]
    assert (first.files, first.written, first.linked, first.removed, first.changed) == (4, 4, 0, 0, True)
    assert (second.files, second.written, second.linked, second.removed, second.changed) == (4, 3, 1, 1, True)
    assert not (tmp_path / "dist" / "public" / "incidents" / "gone").exists()


def test_the_manifest_tells_what_is_there(tmp_path):
    until = datetime(2026, 11, 21, 15, tzinfo=UTC)
    write(tmp_path, V2, until=until)
    manifest = read_manifest(tmp_path / "public")
    assert manifest.paths == V2.keys()
    assert (manifest.tree, manifest.boundary, manifest.site, manifest.next_change_at) == (
        "public",
        "external",
        "example",
        until,
    )
    assert [entry.path for entry in manifest.files] == sorted(V2)
    assert all(entry.size == len(V2[entry.path]) for entry in manifest.files)


def test_unchanged_files_keep_their_inode_and_times(tmp_path):
    write(tmp_path, V1)
    kept = tmp_path / "public" / "same.html"
    os.utime(kept, ns=(1, 10**18))
    before = kept.stat()
    write(tmp_path, V2)
    after = kept.stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_nlink) == (before.st_ino, 10**18, 1)


def snapshot(folder, *fields):
    return {
        str(path.relative_to(folder)): tuple(
            getattr(path.lstat(), field) for field in ("st_ino", "st_mtime_ns", *fields)
        )
        for path in (folder, *folder.rglob("*"))
    }


def test_a_build_that_changes_nothing_touches_nothing(tmp_path):
    write(tmp_path, V1)
    before = snapshot(tmp_path, "st_ctime_ns")
    counts = write(tmp_path, dict(reversed(V1.items())))
    assert snapshot(tmp_path, "st_ctime_ns") == before
    assert (counts.changed, counts.linked, counts.written) == (False, 4, 0)


def test_a_new_date_of_change_alone_renews_the_manifest_and_no_tree(tmp_path):
    write(tmp_path, V1)
    before = snapshot(tmp_path / "public")
    until = datetime(2026, 11, 21, 15, tzinfo=UTC)
    assert write(tmp_path, V1, until=until).changed is False
    assert snapshot(tmp_path / "public") == before
    assert read_manifest(tmp_path / "public").next_change_at == until


@pytest.mark.parametrize("harm", ["same size", "mode", "stray", "missing", "link", "stray folder"])
def test_a_tree_harmed_by_hand_is_made_whole(tmp_path, harm):
    write(tmp_path, V1)
    tree = tmp_path / "public"
    if harm == "same size":
        (tree / "same.html").write_text("SAME")
    elif harm == "mode":
        (tree / "same.html").chmod(0o600)
    elif harm == "stray":
        (tree / "stray.txt").write_text("left here")
    elif harm == "missing":
        (tree / "same.html").unlink()
    elif harm == "link":
        (tmp_path / "copy").write_text("same")
        (tree / "same.html").unlink()
        (tree / "same.html").symlink_to(tmp_path / "copy")
    else:
        (tree / "empty").mkdir()
    assert write(tmp_path, V1).changed
    assert on_disk(tree) == V1
    assert not (tree / "empty").exists()
    assert not (tree / "same.html").is_symlink()
    assert stat.S_IMODE((tree / "same.html").stat().st_mode) == 0o644


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_the_umask_decides_nothing(tmp_path, umask):
    before = os.umask(umask)
    try:
        write(tmp_path / "dist", V1)
    finally:
        os.umask(before)
    paths = [tmp_path / "dist", *(path for path in (tmp_path / "dist").rglob("*") if path.name != LOCK)]
    modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in paths}
    assert modes == {(True, 0o755), (False, 0o644)}


def test_an_empty_tree_is_a_tree_too(tmp_path):
    assert write(tmp_path, {}, name="macros", boundary="internal").changed
    assert not write(tmp_path, {}, name="macros", boundary="internal").changed
    assert write(tmp_path, {"a.txt": "x"}, name="macros", boundary="internal").changed
    assert write(tmp_path, {}, name="macros", boundary="internal").removed == 1
    assert on_disk(tmp_path / "macros") == {}


# Several trees


def test_nothing_is_swapped_when_a_later_tree_cannot_be_made(tmp_path):
    write_trees(tmp_path, [plan(V1), plan(V1, name="internal", boundary="internal")])
    before = snapshot(tmp_path)

    def leaky():
        yield text_artifact("index.html", "fine so far")
        raise WriteRefused("E999", "a leak was found")

    with pytest.raises(WriteRefused, match="a leak"):
        write_trees(
            tmp_path,
            [
                plan(V2),
                plan(V2, name="internal", boundary="internal"),
                TreePlan(name="zz-last", boundary="external", site="example", artifacts=leaky()),
            ],
        )
    after = snapshot(tmp_path)
    assert {**after, ".": None} == {**before, ".": None}


def test_insiders_trees_are_swapped_before_outsiders(tmp_path, monkeypatch):
    swapped = []
    real = Folder.rename
    monkeypatch.setattr(Folder, "rename", lambda self, old, new: (swapped.append(new), real(self, old, new))[1])
    counts = write_trees(
        tmp_path, [plan(V1), plan(V1, name="zebra", boundary="internal"), plan(V1, name="mail", boundary="internal")]
    )
    assert [name for name in swapped if "." not in name] == ["mail", "zebra", "public"]
    assert [tree.tree for tree in counts] == ["mail", "public", "zebra"]


def test_a_swap_that_fails_half_way_says_which_trees_are_new(tmp_path, monkeypatch):
    plans = [plan(V1), plan(V1, name="internal", boundary="internal")]
    real = Folder.rename

    def fail(self, old, new):
        if new == "public":
            raise OSError(5, "Input/output error", new)
        real(self, old, new)

    monkeypatch.setattr(Folder, "rename", fail)
    with pytest.raises(Uncertain, match="only internal could be put in place"):
        write_trees(tmp_path, plans)
    assert not (tmp_path / "public").exists()
    assert on_disk(tmp_path / "internal") == V1


def test_an_error_after_the_swap_never_claims_success(tmp_path, monkeypatch):
    write(tmp_path, V1)
    real = Folder.flush
    calls = []

    def fail(self):
        calls.append(self.path)
        if on_disk(tmp_path / "public") == V2:
            raise OSError(5, "Input/output error")
        real(self)

    monkeypatch.setattr(Folder, "flush", fail)
    with pytest.raises(Uncertain, match="not known to be durable"):
        write(tmp_path, V2)
    monkeypatch.undo()
    write(tmp_path, V2)
    assert on_disk(tmp_path / "public") == V2
    assert ours(tmp_path) == ["public", "public.manifest.json"]


def test_two_builds_at_once_one_is_told(tmp_path):
    with locked(tmp_path / LOCK), pytest.raises(Locked):
        write(tmp_path, V1)
    assert ours(tmp_path) == []


def test_stage_and_swap_work_one_by_one(tmp_path):
    staged = stage(tmp_path, plan(V1))
    assert not (tmp_path / "public").exists()
    assert swap(staged).written == 4
    assert on_disk(tmp_path / "public") == V1


def test_everything_is_flushed_before_the_swap_and_the_swap_after_it(tmp_path, monkeypatch):
    write(tmp_path, V1)
    order = []

    def note(name, label):
        real = getattr(Folder, name)

        def noted(self, *args):
            order.append(label)
            return real(self, *args)

        monkeypatch.setattr(Folder, name, noted)

    note("flush_tree", "tree on disk")
    note("exchange", "swap")
    note("flush", "folder on disk")
    note("remove_tree", "old tree removed")
    write(tmp_path, V2)
    assert order[:4] == ["tree on disk", "swap", "folder on disk", "old tree removed"]


# What is refused


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("index.html", "index.html"),
        ("a/Index.html", "a/index.html"),
        ("a.html", "a.html/b.html"),
        ("a.html/b.html", "a.html"),
        ("a/x.html", "A/y.html"),
        ("a/B/x.html", "a/b/y.html"),
        ("a/B.html", "a/b.html/y.html"),
    ],
)
def test_two_artifacts_never_meet(tmp_path, first, second):
    both = (Artifact(first, b"1"), Artifact(second, b"2"))
    with pytest.raises(WriteRefused, match="E641"):
        write_trees(tmp_path, [TreePlan(name="public", boundary="external", site="s", artifacts=both)])
    assert ours(tmp_path) == []


def test_a_hostile_path_leaves_nothing_behind(tmp_path):
    artifacts = (Artifact("fine.html", b"1"), Artifact("../escaped.html", b"2"))
    with pytest.raises(WriteRefused, match="E640"):
        write_trees(tmp_path / "d", [TreePlan(name="public", boundary="external", site="s", artifacts=artifacts)])
    assert not (tmp_path / "escaped.html").exists()
    assert ours(tmp_path / "d") == []


def test_a_foreign_folder_is_never_replaced(tmp_path):
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "thesis.txt").write_text("years of work")
    with pytest.raises(WriteRefused, match="E603"):
        write(tmp_path, V1)
    assert on_disk(tmp_path / "public") == {"thesis.txt": "years of work"}
    assert names(tmp_path) == ["public"]


@pytest.mark.parametrize("other", [{"site": "another"}, {"boundary": "internal"}])
def test_where_a_tree_of_another_kind_stands_not_even_a_lock_is_left(tmp_path, other):
    write(tmp_path, V1, **other)
    (tmp_path / LOCK).unlink()
    before = sorted(names(tmp_path))
    with pytest.raises(WriteRefused, match=r"E60[56]"):
        write(tmp_path, V1)
    assert sorted(names(tmp_path)) == before


def test_where_a_run_was_killed_a_folder_of_ours_is_mended_before_it_is_judged(tmp_path):
    write(tmp_path, V1)
    (tmp_path / "public").rename(tmp_path / ".heliograph-old-public")
    write(tmp_path, V1)
    assert on_disk(tmp_path / "public") == V1


def test_an_empty_folder_may_become_a_tree(tmp_path):
    (tmp_path / "public").mkdir()
    write(tmp_path, V1)
    assert on_disk(tmp_path / "public") == V1


def test_a_tree_place_that_is_a_link_or_a_file_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "public").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "internal").write_text("a file")
    with pytest.raises(WriteRefused, match="E603"):
        write(tmp_path, V1)
    with pytest.raises(WriteRefused, match="E603"):
        write(tmp_path, V1, name="internal", boundary="internal")
    assert names(tmp_path / "elsewhere") == []


def test_trees_of_another_site_or_side_or_name_are_refused(tmp_path):
    write(tmp_path, V1)
    for code, how in (("E605", {"site": "other"}), ("E606", {"boundary": "internal"})):
        with pytest.raises(WriteRefused, match=code):
            write(tmp_path, V2, **how)
    (tmp_path / "public").rename(tmp_path / "press")
    (tmp_path / "public.manifest.json").rename(tmp_path / "press.manifest.json")
    with pytest.raises(WriteRefused, match="E606"):
        write(tmp_path, V2, name="press")
    assert on_disk(tmp_path / "press") == V1


def test_a_damaged_manifest_is_refused_with_a_way_out(tmp_path):
    write(tmp_path, V1)
    listed = manifest_path(tmp_path / "public")
    listed.write_bytes(listed.read_bytes()[:-40])
    with pytest.raises(WriteRefused, match=r"E612 .* remove it together with the folder"):
        write(tmp_path, V2)
    assert on_disk(tmp_path / "public") == V1


def test_a_tree_inside_a_tree_is_refused(tmp_path):
    write(tmp_path, V1)
    with pytest.raises(WriteRefused, match="E602"):
        write(tmp_path / "public", V1, name="inner")


def test_a_link_put_into_the_stage_is_not_followed(tmp_path):
    (tmp_path / "outside").mkdir()

    def artifacts():
        yield Artifact("a/one.html", b"1")
        staged = next(path for path in (tmp_path / "dist").iterdir() if "stage" in path.name)
        (staged / "b").symlink_to(tmp_path / "outside")
        yield Artifact("b/two.html", b"2")

    with pytest.raises(OSError, match="b"):
        write_trees(tmp_path / "dist", [TreePlan(name="public", boundary="external", site="s", artifacts=artifacts())])
    assert names(tmp_path / "outside") == []
    assert ours(tmp_path / "dist") == []


def test_a_file_put_into_the_stage_by_hand_is_noticed(tmp_path):
    def artifacts():
        yield Artifact("a/one.html", b"1")
        staged = next(path for path in tmp_path.iterdir() if "stage" in path.name)
        (staged / "stray.html").write_text("not ours")

    with pytest.raises(WriteRefused, match="E613"):
        write_trees(tmp_path, [TreePlan(name="public", boundary="external", site="s", artifacts=artifacts())])
    assert ours(tmp_path) == []


@pytest.fixture
def site(tmp_path):
    root = tmp_path / "home" / "site"
    for name in ("site_src/pages", "incidents/2026-x", "audiences", "layouts", ".git", ".heliograph"):
        (root / name).mkdir(parents=True)
    return root


@pytest.mark.parametrize(
    "place",
    [
        *("", ".", "..", "../..", "incidents", "incidents/2026-x", "incidents/new/deep", "site_src", "site_src/pages"),
        *(
            "layouts/out",
            "audiences",
            ".git",
            ".git/x",
            ".heliograph/out",
            "dist/../incidents",
            "link/out",
            "deep/../../site",
        ),
    ],
)
def test_output_never_goes_over_sources(site, place):
    (site / "link").symlink_to(site / "incidents")
    with pytest.raises(WriteRefused, match=r"E60[23]"):
        check_output_root(site / place, site)


@pytest.mark.parametrize("place", ["/", "/home/..", "~", "~/.."])
def test_output_never_goes_over_home_or_the_machine(site, place, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with pytest.raises(WriteRefused, match="E603"):
        check_output_root(Path(place).expanduser(), tmp_path / "elsewhere")


@pytest.mark.parametrize(
    "place", ["dist", "dist/deep", "build/incidents", "../other", "incidents-built", "../site_dist"]
)
def test_a_folder_of_its_own_is_welcome(site, place):
    check_output_root(site / place, site)


def test_a_second_name_of_a_source_folder_is_known_by_identity(site, monkeypatch):
    real = os.path.samestat
    monkeypatch.setattr(os.path, "samestat", lambda one, other: real(one, other) or other.st_ino == alias)
    (site / "INCIDENTS").mkdir()
    alias = (site / "INCIDENTS").stat().st_ino
    with pytest.raises(WriteRefused, match="E602"):
        check_output_root(site / "INCIDENTS" / "out", site)


# Killed, out of space, and read while it is written

CALLS = ("open", "write", "mkdir", "fchmod", "link", "rename", "unlink", "rmdir", "fsync", "close")


def site_files(version):
    return {
        "index.html": f"front {version}",
        "same.html": "same in both",
        **{f"incidents/i{number}/index.html": f"{number} {version}" * 3 for number in range(4)},
        f"incidents/only-{version}/index.html": version,
        f"api/{version}.json": "{}",
    }


OLD, NEW = site_files("one"), site_files("two")


def interpose(put, nth, instead):
    """Note the calls that write, by `put(owner, name, wrapper)`; the `nth` is given to `instead(name, real, args)`."""
    seen = []

    def wrap(name, real):
        def called(*args, **kwargs):
            seen.append(name)
            if len(seen) == nth:
                instead(name, real, args)
            return real(*args, **kwargs)

        return called

    for owner, names in ((os, CALLS), (Folder, ("exchange", "flush_tree"))):
        for name in names:
            put(owner, name, wrap(name, getattr(owner, name)))
    return seen


def die(name, real, args):
    """Be killed within a call; a write gets half its bytes onto the disk."""
    if name == "write":
        real(args[0], bytes(args[1])[: len(args[1]) // 2])
    os.kill(os.getpid(), signal.SIGKILL)


def fork():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def in_a_child(work, fatal):
    """Run `work` in a process that is killed at one call; tells whether it was, and how many calls it made."""
    reader, writer = os.pipe()
    real_write, real_exit = os.write, os._exit
    child = fork()
    if child == 0:
        seen = interpose(setattr, fatal, die)
        try:
            work()
            real_write(writer, str(len(seen)).encode())
        finally:
            real_exit(0)
    os.close(writer)
    calls = os.read(reader, 20)
    os.close(reader)
    status = os.waitpid(child, 0)[1]
    return os.WIFSIGNALED(status), int(calls or 0)


def in_place(out, files):
    """Write the way most builders do; kept to show that these tests notice."""
    for path, text in files.items():
        target = out / "public" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.write(descriptor, text.encode())
        os.close(descriptor)
    for path in set(OLD) - set(files):
        (out / "public" / path).unlink()


def some(count):
    return lambda total: random.Random(42).sample(range(1, total + 1), min(total, count))


def killed_at_many_points(out, work, points, each):
    """Count the points at which neither the old site nor the new one stood whole; `each` runs after every kill."""
    total = in_a_child(lambda: work(out, NEW), 0)[1]
    assert total > 20
    broken = 0
    for fatal in points(total):
        shutil.rmtree(out)
        write(out, OLD)
        died, _ = in_a_child(lambda: work(out, NEW), fatal)
        assert died
        broken += on_disk(out / "public") not in (OLD, NEW)
        each()
    return broken


@pytest.fixture
def in_memory():
    """A folder in memory where there is one: hundreds of builds should not wait for a disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


@pytest.fixture
def built(in_memory):
    write(in_memory / "dist", OLD)
    return in_memory / "dist"


@pytest.mark.slow
def test_a_build_killed_anywhere_leaves_the_old_site_or_the_new_and_the_next_run_mends(built):
    def next_run():
        write(built, NEW)
        assert on_disk(built / "public") == NEW
        assert read_manifest(built / "public").paths == NEW.keys()
        assert ours(built) == ["public", "public.manifest.json"]

    assert killed_at_many_points(built, write, some(40), next_run) == 0


@pytest.mark.slow
def test_a_build_killed_anywhere_lets_the_old_content_come_back(built):
    def back_to_the_old():
        write(built, OLD)
        assert on_disk(built / "public") == OLD
        assert ours(built) == ["public", "public.manifest.json"]

    assert killed_at_many_points(built, write, some(25), back_to_the_old) == 0


@pytest.mark.slow
def test_a_first_build_killed_anywhere_is_made_good_by_the_next(in_memory):
    out = in_memory / "dist"
    total = in_a_child(lambda: write(out, NEW), 0)[1]
    for fatal in random.Random(3).sample(range(1, total + 1), 25):
        shutil.rmtree(out, ignore_errors=True)
        assert in_a_child(lambda: write(out, NEW), fatal)[0]
        assert not (out / "public").exists() or on_disk(out / "public") == NEW
        write(out, NEW)
        assert on_disk(out / "public") == NEW
        assert ours(out) == ["public", "public.manifest.json"]


def test_without_exchange_a_kill_may_leave_no_site_but_never_half_of_one(built, monkeypatch):
    monkeypatch.setattr(Folder, "exchange", lambda self, one, other: False)
    states = []
    with monkeypatch.context() as patch:
        calls = interpose(patch.setattr, 0, die)
        write(built, NEW)
    renames = [nth for nth, name in enumerate(calls, 1) if name == "rename"]
    assert len(renames) == 3

    def next_run():
        states.append((built / "public").exists())
        write(built, NEW)
        assert on_disk(built / "public") == NEW
        assert ours(built) == ["public", "public.manifest.json"]

    broken = killed_at_many_points(
        built, write, lambda total: sorted({*renames, *(nth + 1 for nth in renames)}), next_run
    )
    assert broken == states.count(False)
    assert broken == 1


def test_writing_in_place_would_be_noticed(built):
    assert killed_at_many_points(built, in_place, some(12), lambda: None) > 4


def test_an_error_at_any_call_is_told_as_what_it_is(in_memory, monkeypatch):
    def fail(name, real, args):
        failed.append(name)
        if name == "close":
            real(*args)
        number = (errno.EIO, errno.ENOSPC, errno.EMFILE)[nth % 3]
        raise OSError(number, os.strerror(number))

    told, failed, nth = [], [], 0
    while True:
        nth += 1
        shutil.rmtree(in_memory / "dist", ignore_errors=True)
        write(in_memory / "dist", OLD)
        with monkeypatch.context() as patch:
            seen = interpose(patch.setattr, nth, fail)
            try:
                write(in_memory / "dist", NEW)
            except Uncertain:
                told.append((NEW, "uncertain"))
            except OSError:
                told.append((OLD, "nothing changed"))
            else:
                told.append((NEW, "done"))
        if len(seen) < nth:
            break
        assert on_disk(in_memory / "dist" / "public") == told[-1][0], (told[-1][1], failed[-1])
        write(in_memory / "dist", NEW)
        assert on_disk(in_memory / "dist" / "public") == NEW
        assert ours(in_memory / "dist") == ["public", "public.manifest.json"]
    assert {words for _, words in told} == {"uncertain", "nothing changed", "done"}


def test_a_reader_never_meets_a_missing_or_empty_front_page(tmp_path):
    files = [{**OLD, "index.html": f"front {number} " * 50} for number in range(2)]
    write(tmp_path, files[1])
    wrong, loads, stop = [], [0], threading.Event()

    def read_on():
        while not stop.is_set():
            loads[0] += 1
            try:
                text = (tmp_path / "public" / "index.html").read_text()
            except OSError as error:
                wrong.append(error)
            else:
                if text not in (files[0]["index.html"], files[1]["index.html"]):
                    wrong.append(text)

    reader = threading.Thread(target=read_on)
    reader.start()
    try:
        for number in range(60):
            assert write(tmp_path, files[number % 2]).changed
    finally:
        stop.set()
        reader.join()
    assert wrong == []
    assert loads[0] > 60


def test_a_file_too_large_for_the_limit_leaves_the_old_site_and_names_the_file(built):
    reader, writer = os.pipe()
    child = fork()
    if child == 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
        try:
            write(built, {**NEW, "incidents/big/index.html": "x" * 9000})
        except OSError as error:
            os.write(writer, str(error).encode())
        os._exit(0)
    os.close(writer)
    told = os.read(reader, 500).decode()
    os.close(reader)
    os.waitpid(child, 0)
    assert told.startswith("[Errno 27] File too large: '")
    assert told.endswith("/incidents/big/index.html'")
    assert on_disk(built / "public") == OLD
    assert ours(built) == ["public", "public.manifest.json"]


@pytest.fixture
def small_disk(tmp_path):
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=192k", "tmpfs", str(place)]
    if os.geteuid() != 0 or shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small file system needs the right to mount")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("size", [20_000, 60_000, 90_000, 110_000])
def test_a_full_disk_leaves_the_old_site_whole(small_disk, size):
    old = {"index.html": "o" * 60_000, "a/b.html": "old"}
    write(small_disk, old)
    new = {"index.html": "n" * size, "a/b.html": "new", **{f"p/{n}.html": "x" * 3000 for n in range(8)}}
    try:
        write(small_disk, new)
    except OSError as error:
        assert error.errno == 28
        assert error.filename
        assert on_disk(small_disk / "public") == old
    else:
        assert on_disk(small_disk / "public") == new
    assert ours(small_disk) == ["public", "public.manifest.json"]


def test_equal_input_gives_equal_trees_and_lists(tmp_path):
    write(tmp_path / "one", V2)
    write(tmp_path / "two", V1)
    write(tmp_path / "two", dict(reversed(V2.items())))
    assert on_disk(tmp_path / "one" / "public") == on_disk(tmp_path / "two" / "public")
    lists = [(tmp_path / name / "public.manifest.json").read_bytes() for name in ("one", "two")]
    assert lists[0] == lists[1]


def test_make_manifest_takes_an_empty_tree():
    assert make_manifest("macros", "internal", "s", [], None).files == ()
