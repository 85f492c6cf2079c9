"""A power cut behind any call of a real build leaves the old site or the new one, whole; on a disk that forgives nothing."""

import os
import random
import tempfile
from pathlib import Path

import pytest

from proof import scenes
from proof.calls import noted
from proof.crashes import VARIANTS, cut, no_syncfs
from proof.weak_disk import Disk, Recording, disk_of, is_tree, judged

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="paths are told by descriptor"),
]


@pytest.fixture(scope="module")
def room():
    """A folder in memory where there is one: the disk that matters here is a model."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def all_scenes(room):
    old = scenes.made_of(scenes.site_before(room / "old"))
    new = scenes.made_of(scenes.site_after(scenes.site_before(room / "new")))
    return (
        scenes.build_scene(room / "build", old, new),
        scenes.first_scene(room / "first", new),
        scenes.publish_scene(room / "publish", old, new),
    )


def test_over_five_thousand_crash_states_none_is_broken_and_without_either_sync_many_are(all_scenes):
    found = [one for scene in all_scenes for one in cut(scene, samples=3)]
    states = {variant: sum(one.states for one in found if one.variant == variant) for variant in VARIANTS}
    bad = {variant: [said for one in found if one.variant == variant for said in one.bad] for variant in VARIANTS}
    assert bad[""] == []
    assert states[""] >= 5000
    assert all(len(said) > 100 for variant, said in bad.items() if variant)


def test_where_everything_is_synced_one_by_one_it_is_the_same(all_scenes):
    with no_syncfs():
        found = [one for scene in (all_scenes[0], all_scenes[2]) for one in cut(scene, samples=2)]
    assert [said for one in found if not one.variant for said in one.bad] == []
    assert all(one.bad for one in found if one.variant)


def test_a_swap_before_the_sync_is_noticed(all_scenes, monkeypatch):
    monkeypatch.setattr("heliograph.tree.write.seal", lambda stage: stage.set_mode(0o755))
    assert next(iter(cut(all_scenes[2], samples=3))).bad == []
    assert next(iter(cut(all_scenes[0], samples=3))).bad


def test_swapping_outsiders_first_is_noticed(all_scenes, monkeypatch):
    from heliograph.tree import write

    def outsiders_first(staged):
        for tree in sorted(staged, key=lambda tree: tree.manifest.tree, reverse=True):
            write.swap(tree)

    monkeypatch.setattr(write, "_swap_all", outsiders_first)
    assert any("outsiders" in said for said in next(iter(cut(all_scenes[0], samples=1))).bad)


# The disk itself, on runs so small that every state can be told


def states_of(tmp_path, run):
    before = disk_of(tmp_path)
    with noted() as calls:
        run()
    recording = Recording(tmp_path, calls, before)
    dice = random.Random(3)
    return [state for _ in range(20) for state in recording.states(dice, 9) if state.at == len(calls)]


def test_a_file_that_was_never_synced_may_be_missing_empty_torn_or_whole(tmp_path):
    from heliograph.tree.fsio import Folder

    with Folder.open(tmp_path) as folder:
        states = states_of(tmp_path, lambda: folder.create("new", b"0123456789"))
    found = {state.disk.read("new") for state in states}
    assert {None, b"", b"0123456789"} < found
    assert any(data and len(data) < 10 for data in found)


def test_a_synced_file_in_a_synced_folder_is_certain(tmp_path):
    from heliograph.tree.fsio import write_file_atomically

    (tmp_path / "state").write_bytes(b"old")
    states = states_of(tmp_path, lambda: write_file_atomically(tmp_path / "state", b"new"))
    assert {state.disk.read("state") for state in states} == {b"new"}


def test_a_new_source_file_is_certain_once_it_is_said_to_be_written_with_its_folder(tmp_path):
    from heliograph.tree.fsio import create_new

    states = states_of(tmp_path, lambda: create_new(tmp_path / "a" / "b" / "new.md", b"words"))
    assert {state.disk.read("a/b/new.md") for state in states} == {b"words"}


def test_a_disk_reads_as_what_stands(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_bytes(b"1")
    (tmp_path / "a" / "x").chmod(0o644)
    (tmp_path / "a").chmod(0o755)
    disk = disk_of(tmp_path)
    assert is_tree(disk.look("a"), {"x": b"1"})
    assert not is_tree(disk.look("a"), {"x": b"2"})
    assert not is_tree(disk.look("b"), {})
    assert isinstance(disk, Disk)


def test_a_judge_that_finds_fault_is_heard(all_scenes, tmp_path):
    with noted() as calls:
        (tmp_path / "x").mkdir()
    assert judged(Recording(tmp_path, calls, disk_of(tmp_path)), lambda state: "bad", random.Random(1), 1)[1]
