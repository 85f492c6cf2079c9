"""Every write of the product: fixed modes, no links followed, nothing overwritten, never half a file."""

import os
import stat
import threading
from pathlib import Path

import pytest

from heliograph.tree import fsio
from heliograph.tree.fsio import Cursor, Folder, Locked, create_new, locked, write_file_atomically

FDS = Path("/proc/self/fd")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def mode(path):
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture
def folder(tmp_path):
    with Folder.open(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o027])
def test_modes_do_not_depend_on_the_umask(tmp_path, umask):
    before = os.umask(umask)
    try:
        create_new(tmp_path / "a" / "b" / "new.md", b"x")
        write_file_atomically(tmp_path / "a" / "small.json", b"{}")
    finally:
        os.umask(before)
    assert [mode(tmp_path / name) for name in ("a", "a/b")] == [0o755, 0o755]
    assert [mode(tmp_path / name) for name in ("a/b/new.md", "a/small.json")] == [0o644, 0o644]


def test_a_new_file_never_replaces_one_that_is_there(tmp_path, folder):
    (tmp_path / "kept").write_bytes(b"old")
    with pytest.raises(FileExistsError, match="kept"):
        create_new(tmp_path / "kept", b"new")
    with pytest.raises(FileExistsError):
        folder.create("kept", b"new")
    assert (tmp_path / "kept").read_bytes() == b"old"
    assert names(tmp_path) == ["kept"]


def test_a_new_file_is_not_written_through_a_link_that_leads_nowhere(tmp_path, folder):
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        folder.create("link", b"x")
    with pytest.raises(FileExistsError):
        create_new(tmp_path / "link", b"x")
    assert not (tmp_path / "elsewhere").exists()


def test_an_atomic_write_replaces_a_link_and_not_what_it_leads_to(tmp_path):
    (tmp_path / "victim").write_bytes(b"mine")
    (tmp_path / "link").symlink_to("victim")
    write_file_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "victim").read_bytes() == b"mine"
    assert (tmp_path / "link").read_bytes() == b"new"
    assert not (tmp_path / "link").is_symlink()


def test_short_writes_are_carried_on(tmp_path, folder, monkeypatch):
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, bytes(data)[:3]))
    folder.create("long", b"0123456789")
    assert (tmp_path / "long").read_bytes() == b"0123456789"


def test_bytes_that_do_not_read_back_are_an_error_with_the_path(tmp_path, folder, monkeypatch):
    monkeypatch.setattr(os, "pread", lambda descriptor, size, offset: b"other")
    with pytest.raises(OSError, match="differ") as caught:
        folder.create("bad", b"right")
    assert caught.value.filename == str(tmp_path / "bad")


def test_a_failed_atomic_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    (tmp_path / "state").write_bytes(b"old")

    def fail(descriptor):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output"):
        write_file_atomically(tmp_path / "state", b"new")
    assert (tmp_path / "state").read_bytes() == b"old"
    assert names(tmp_path) == ["state"]


def test_a_folder_that_is_a_link_is_not_entered(tmp_path, folder):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(OSError, match="link"):
        folder.folder("link", create=True)
    with pytest.raises(OSError, match="link"), Cursor(folder, create=True) as cursor:
        cursor.parent("link/inside/file")


def test_a_pipe_is_neither_read_nor_waited_for(tmp_path, folder):
    os.mkfifo(tmp_path / "pipe")
    assert not folder.holds("pipe", b"")
    with pytest.raises(OSError, match="not a regular file"):
        folder.read("pipe")


def test_holds_asks_for_the_same_bytes_and_our_mode(tmp_path, folder):
    folder.create("file", b"abc")
    assert folder.holds("file", b"abc")
    assert not folder.holds("file", b"abd")
    assert not folder.holds("file", b"abcd")
    assert not folder.holds("none", b"")
    (tmp_path / "file").chmod(0o666)
    assert not folder.holds("file", b"abc")


def test_a_cursor_reaches_files_in_any_order_and_closes_what_it_opened(tmp_path, folder):
    open_before = len(names(FDS)) if FDS.is_dir() else 0
    paths = ["a/b/one", "top", "a/c/two", "a/three", "d/e/f/four", "a/b/five"]
    with Cursor(folder, create=True) as cursor:
        for path in paths:
            inner, name = cursor.parent(path)
            inner.create(name, path.encode())
    assert {path: (tmp_path / path).read_text() for path in paths} == {path: path for path in paths}
    if open_before:
        assert len(names(FDS)) == open_before


def test_removing_a_tree_follows_no_link(tmp_path, folder):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "kept").write_bytes(b"x")
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    (tmp_path / "tree" / "sub" / "link").symlink_to(tmp_path / "outside")
    (tmp_path / "also").symlink_to(tmp_path / "outside")
    folder.remove_tree("tree")
    folder.remove_tree("also")
    assert not (tmp_path / "tree").exists()
    assert (tmp_path / "outside" / "kept").read_bytes() == b"x"


def test_exchange_swaps_two_folders_at_once(tmp_path, folder):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mark").write_text(name)
    if not folder.exchange("one", "two"):
        pytest.skip("this file system cannot exchange names")
    assert (tmp_path / "one" / "mark").read_text() == "two"
    assert (tmp_path / "two" / "mark").read_text() == "one"
    with pytest.raises(FileNotFoundError):
        folder.exchange("one", "missing")


def test_where_the_library_lacks_the_calls_other_ways_are_taken(tmp_path, folder, monkeypatch):
    (tmp_path / "sub").mkdir()
    folder.create("file", b"x")
    monkeypatch.setattr(fsio, "_LIBC", object())
    assert folder.exchange("file", "sub") is False
    synced = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))
    folder.flush_tree()
    assert sorted(synced) == sorted(path.stat().st_ino for path in (tmp_path, tmp_path / "sub", tmp_path / "file"))


def test_where_hard_links_are_refused_the_bytes_are_copied(tmp_path, folder, monkeypatch):
    (tmp_path / "other").mkdir()
    folder.create("file", b"abc")

    def refuse(*args, **kwargs):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with folder.folder("other") as other:
        other.link_from(folder, "file")
    assert (tmp_path / "other" / "file").read_bytes() == b"abc"


def test_a_lock_that_is_held_is_told_at_once_and_free_again_after(tmp_path):
    lock = tmp_path / "lock"
    seen = []

    def try_it():
        try:
            with locked(lock):
                seen.append("taken")
        except Locked as refusal:
            seen.append(refusal.path)

    with locked(lock):
        other = threading.Thread(target=try_it)
        other.start()
        other.join()
    try_it()
    assert seen == [lock, "taken"]
