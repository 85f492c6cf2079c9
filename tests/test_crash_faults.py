"""Builds and publishes killed, or refused by the system, within calls that write; `proof.crashes` does every one."""

import errno
import os
import sys
import tempfile
from pathlib import Path

import pytest

from heliograph.tree import fsio
from heliograph.tree.fsio import Folder
from proof import scenes
from proof.calls import Call, failing, in_a_child, kill, noted, tapped
from proof.crashes import DONE, FAILED, UNCONFIRMED, in_place, in_turn, interrupt
from proof.scenes import Scene

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="paths are told by descriptor"),
]


@pytest.fixture(scope="module")
def room():
    """A folder in memory where there is one: hundreds of builds should not wait for a disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def made(room):
    old = scenes.few(scenes.made_of(scenes.site_before(room / "old")))
    new = scenes.few(scenes.made_of(scenes.site_after(scenes.site_before(room / "new"))))
    return old, new


@pytest.fixture(scope="module")
def build(room, made):
    return scenes.build_scene(room / "build", *made)


@pytest.fixture(scope="module")
def first(room, made):
    return scenes.first_scene(room / "first", made[1])


@pytest.fixture(scope="module")
def publish(room, made):
    return scenes.publish_scene(room / "publish", *made)


@pytest.fixture(scope="module")
def command(room, made):
    return scenes.command_scene(room / "command", *made)


@pytest.mark.parametrize(
    ("name", "every", "least"), [("build", 2, 45), ("first", 3, 25), ("publish", 2, 24), ("command", 5, 20)]
)
def test_interrupted_anywhere_the_old_site_stands_or_the_new_one_and_what_is_said_is_true(name, every, least, request):
    tally = interrupt(request.getfixturevalue(name), in_turn(every))
    assert tally.bad == []
    assert tally.kills + tally.errors >= least


def test_writing_in_place_is_noticed(build):
    broken = Scene("in place", build.root, build.places, in_place(build), build.before, build.after)
    assert interrupt(broken, in_turn(6)).broken > 2


def test_an_exit_code_that_claims_too_much_is_noticed(build):
    def lying():
        try:
            build.work()
        except OSError:
            sys.stderr.write("all is well")

    liar = Scene("liar", build.root, build.places, lying, build.before, build.after)
    assert interrupt(liar, in_turn(10)).broken > 2


def test_leftovers_of_a_killed_run_are_noticed_if_the_next_one_leaves_them(build, monkeypatch):
    monkeypatch.setattr("heliograph.tree.write.mend", lambda parent: None)
    tally = interrupt(build, lambda calls: iter([(calls // 2, 0)]))
    assert any(".heliograph-stage-" in said for said in tally.bad)


def calls_of(scene):
    """Note all calls of a run, also those that are meant to fail."""
    scene.reset()
    calls = []
    with tapped(lambda call, real: (calls.append(call), real())[1]):
        scene.run()
    return calls


def number_of(calls, wanted, last=False):
    found = [nth for nth, call in enumerate(calls, 1) if wanted(call)]
    return found[-1] if last else found[0]


def test_an_error_after_the_swap_exits_as_not_confirmed_and_says_so(command):
    nth = number_of(calls_of(command), lambda call: call.name == "fsync" and "/dist" in call.path, last=True)
    command.reset()
    ended = in_a_child(command.run, nth, failing(errno.EIO))
    assert (ended.code, command.stands()) == (UNCONFIRMED, ["new", "new"])
    assert "not known to be durable" in ended.said


def test_an_error_before_the_swap_names_the_path_and_changes_nothing(command):
    nth = number_of(calls_of(command), lambda call: call.name == "write" and call.path.endswith("/index.html"))
    for number in (errno.ENOSPC, errno.EIO, errno.EDQUOT):
        command.reset()
        ended = in_a_child(command.run, nth, failing(number))
        assert (ended.code, command.stands()) == (FAILED, ["old", "old"])
        assert ended.said.startswith(f"heliograph: {os.strerror(number)}: /")
        assert ended.said.strip().endswith("/index.html")


def test_what_cannot_be_remembered_is_said_and_the_build_is_done_all_the_same(command):
    nth = number_of(calls_of(command), lambda call: call.name == "open" and "/last-good/" in call.path)
    command.reset()
    ended = in_a_child(command.run, nth, failing(errno.ENOSPC))
    assert (ended.code, command.stands()) == (DONE, ["new", "new"])
    assert "could not be kept" in ended.said


def test_killed_while_remembering_the_next_build_remembers(command):
    calls = calls_of(command)
    store = command.root / "site" / ".heliograph" / "last-good"
    points = [nth for nth, call in enumerate(calls, 1) if "/.heliograph/" in call.path]
    whole = {path.name: path.read_bytes() for path in store.iterdir()}
    assert len(whole) == 2
    assert len(points) > 8
    for nth in points[::3]:
        command.reset()
        assert in_a_child(command.run, nth, kill).killed
        command.run()
        assert {path.name: path.read_bytes() for path in store.iterdir()} == whole


# A new source file


def new_file(folder):
    fsio.create_new(folder / "incidents" / "2026-11-21-x" / "1405-investigating.md", b"words " * 200)


def test_a_source_file_killed_anywhere_is_not_there_or_whole(room):
    total = in_a_child(lambda: new_file(room / "files-0")).calls
    assert total > 12
    for nth in range(1, total + 1):
        folder = room / f"files-{nth}"
        assert in_a_child(lambda folder=folder: new_file(folder), nth).killed
        found = [path for path in folder.rglob("*.md") if path.is_file()]
        assert [path.read_bytes() for path in found] in ([], [b"words " * 200])


def test_a_call_is_noted_with_its_whole_path(tmp_path):
    with noted() as calls:
        fsio.create_new(tmp_path / "a" / "new.md", b"words")
    names = [call.name for call in calls]
    assert names == ["mkdir", "fchmod", "fsync", "open", "fchmod", "write", "fsync", "close", "link", "unlink", "fsync"]
    assert calls[0] == Call("mkdir", str(tmp_path / "a"), mode=0o755)
    assert calls[5].data == b"words"
    assert calls[8].path == str(tmp_path / "a" / "new.md")


def test_nothing_stands_in_any_more_afterwards(tmp_path):
    with noted():
        pass
    assert fsio.os is os
    with Folder.open(tmp_path) as folder:
        folder.create("x", b"y")
    assert (tmp_path / "x").read_bytes() == b"y"
