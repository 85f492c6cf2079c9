"""Publishing to a folder: planned purely, refused where it would expose or destroy, swapped whole, read again."""

import os
import random
import shutil
import signal
import tempfile
import warnings
from pathlib import Path

import pytest

from heliograph.publish.directory import carry_out, prepare
from heliograph.publish.plan import PHASES, plan_publish
from heliograph.tree.artifact import Artifact, text_artifact
from heliograph.tree.fsio import Folder, Locked, Uncertain, WriteRefused, locked
from heliograph.tree.manifest import Entry, entry_of, make_manifest, read_manifest
from heliograph.tree.swap import LOCK
from heliograph.tree.write import TreePlan, write_trees

CSS = b"body{color:#111}"
STAMPED = f"assets/site.{Artifact('x.css', CSS).sha256[:12]}.css"
V1 = {
    "index.html": "front one",
    "same.html": "same",
    "incidents/a/index.html": "a",
    "incidents/gone/index.html": "gone",
    "history/2026-11/index.html": "november",
    "updates.atom": "<feed/>",
}
V2 = {
    **{path: text for path, text in V1.items() if "gone" not in path},
    "index.html": "front two",
    "incidents/a/index.html": "A",
    "incidents/new/index.html": "new",
    "history/2026-12/index.html": "december",
    "updates.atom": "<feed>2</feed>",
    STAMPED: CSS.decode(),
}


def build(out, files, name="public", boundary="external", site="example"):
    artifacts = [text_artifact(path, text) for path, text in files.items()]
    write_trees(out, [TreePlan(name=name, boundary=boundary, site=site, artifacts=artifacts)])
    return out / name


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def publish(source, target):
    return carry_out(prepare(source, target))


def on_disk(tree):
    return {str(path.relative_to(tree)): path.read_text() for path in sorted(tree.rglob("*")) if path.is_file()}


def snapshot(folder):
    return {
        str(path.relative_to(folder)): (path.lstat().st_ino, path.lstat().st_mtime_ns, path.lstat().st_ctime_ns)
        for path in (folder, *folder.rglob("*"))
    }


@pytest.fixture
def source(tmp_path):
    return build(tmp_path / "dist", V1)


@pytest.fixture
def target(tmp_path):
    return tmp_path / "www" / "status"


def entries(files):
    return [entry_of(text_artifact(path, text)) for path, text in files.items()]


# The plan


def test_the_plan_puts_what_is_pointed_at_before_what_points():
    plan = plan_publish(entries(V2), entries(V1), V1)
    assert [str(step) for step in plan.steps] == [
        f"put {STAMPED}: not at the target",
        "put history/2026-12/index.html: not at the target",
        "put incidents/new/index.html: not at the target",
        "put incidents/a/index.html: bytes differ",
        "put updates.atom: bytes differ",
        "put index.html: bytes differ",
        "delete incidents/gone/index.html: not in this tree any more",
    ]
    assert [step.phase for step in plan.steps] == sorted((step.phase for step in plan.steps), key=PHASES.index)
    assert plan.unchanged == 2
    assert plan.steps[0].size == len(CSS)


def test_the_plan_is_empty_for_equal_trees_and_blind_to_order():
    assert plan_publish(entries(V1), entries(V1)[::-1], V1).steps == ()
    assert plan_publish(entries(V2)[::-1], entries(V1)[::-1], V1) == plan_publish(entries(V2), entries(V1), V1)


def test_the_plan_tells_headers_and_strangers_apart():
    entry = entries({"index.html": "x"})[0]
    other = Entry(entry.path, entry.sha256, entry.size, "text/plain", entry.cache)
    assert plan_publish([entry], [other], ["index.html"]).steps[0].reason == "headers differ"
    assert plan_publish([], [entry], []).steps[0].reason == "never published by us"


# Publishing


def test_a_tree_is_published_and_published_again(tmp_path, source, target):
    assert publish(source, target)
    assert on_disk(target) == V1
    build(tmp_path / "dist", V2)
    assert publish(source, target)
    assert on_disk(target) == V2
    assert read_manifest(target) == read_manifest(source)
    assert names(target.parent) == [LOCK, "status", "status.manifest.json"]


def test_what_did_not_change_keeps_its_inode_and_times(tmp_path, source, target):
    publish(source, target)
    os.utime(target / "same.html", ns=(1, 10**18))
    before = (target / "same.html").stat().st_ino
    build(tmp_path / "dist", V2)
    publish(source, target)
    assert ((target / "same.html").stat().st_ino, (target / "same.html").stat().st_mtime_ns) == (before, 10**18)


def test_source_and_target_share_no_file(source, target):
    publish(source, target)
    assert not {path.stat().st_ino for path in source.rglob("*")} & {path.stat().st_ino for path in target.rglob("*")}


def test_publishing_the_same_again_touches_nothing(source, target):
    publish(source, target)
    before = snapshot(target.parent)
    assert publish(source, target) is False
    assert snapshot(target.parent) == before


def test_a_plan_alone_touches_nothing(tmp_path, source, target):
    release = prepare(source, target)
    assert len(release.plan.steps) == len(V1)
    assert not target.parent.exists()


def test_a_target_changed_by_hand_is_planned_for_and_made_whole(source, target):
    publish(source, target)
    (target / "same.html").write_text("SAME")
    (target / "stray.bin").write_text("?")
    (target / "link.html").symlink_to("/etc/passwd")
    (target / "updates.atom").unlink()
    release = prepare(source, target)
    assert [str(step) for step in release.plan.steps] == [
        "put updates.atom: not at the target",
        "put same.html: bytes differ",
        "delete link.html: never published by us",
        "delete stray.bin: never published by us",
    ]
    assert carry_out(release)
    assert on_disk(target) == V1


# Refusals


@pytest.mark.parametrize("harm", ["edited", "added", "missing", "link", "manifest", "no manifest"])
def test_a_source_that_is_not_as_built_is_refused(source, target, harm):
    if harm == "edited":
        (source / "index.html").write_text("FRONT ONE")
    elif harm == "added":
        (source / "draft.html").write_text("x")
    elif harm == "missing":
        (source / "index.html").unlink()
    elif harm == "link":
        (source / "index.html").unlink()
        (source / "index.html").symlink_to("same.html")
    elif harm == "manifest":
        listed = source.with_name("public.manifest.json")
        listed.write_bytes(listed.read_bytes().replace(b"index.html", b"indes.html", 1))
    else:
        source.with_name("public.manifest.json").unlink()
    codes = {"edited": "E612", "manifest": "E612", "no manifest": "E603"}
    with pytest.raises(WriteRefused, match=codes.get(harm, "E613")):
        publish(source, target)
    assert not target.exists()


def test_outsiders_and_insiders_never_share_a_target(tmp_path, target):
    public = build(tmp_path / "dist", V1)
    internal = build(tmp_path / "dist", V2, name="internal", boundary="internal")
    publish(public, target)
    with pytest.raises(WriteRefused, match="E606"):
        publish(internal, target)
    assert on_disk(target) == V1
    publish(internal, tmp_path / "www" / "inside")
    with pytest.raises(WriteRefused, match="E606"):
        publish(public, tmp_path / "www" / "inside")
    assert on_disk(tmp_path / "www" / "inside") == V2


def test_another_tree_of_the_same_side_is_refused(tmp_path, target):
    publish(build(tmp_path / "dist", V1, name="internal", boundary="internal"), target)
    with pytest.raises(WriteRefused, match="E606"):
        publish(build(tmp_path / "dist", V2, name="exec", boundary="internal"), target)


def test_another_sites_target_is_refused(tmp_path, source, target):
    publish(source, target)
    with pytest.raises(WriteRefused, match=r"E605 .*example.*other"):
        publish(build(tmp_path / "other", V2, site="other"), target)
    assert on_disk(target) == V1


def test_a_foreign_folder_is_refused_and_an_empty_one_taken(source, target):
    target.mkdir(parents=True)
    (target / "thesis.txt").write_text("years of work")
    with pytest.raises(WriteRefused, match="E603"):
        publish(source, target)
    (target / "thesis.txt").unlink()
    assert publish(source, target)


@pytest.mark.parametrize("place", ["", "..", "inside", "inside/deeper", "../public"])
def test_a_target_in_or_around_or_on_the_source_is_refused(source, place):
    with pytest.raises(WriteRefused, match=r"E60[23]"):
        prepare(source, source / place)


def test_a_target_inside_another_published_tree_is_refused(tmp_path, source, target):
    publish(source, target)
    internal = build(tmp_path / "dist", V2, name="internal", boundary="internal")
    with pytest.raises(WriteRefused, match="E602"):
        publish(internal, target / "inside")
    assert on_disk(target) == V1


def test_a_sibling_whose_name_begins_alike_is_no_nesting(source):
    assert publish(source, source.with_name("public_site"))


def test_links_the_root_and_home_are_no_targets(tmp_path, source, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home" / "me"))
    (tmp_path / "home" / "me").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "home")
    for place in (Path("/"), tmp_path / "home", tmp_path / "home" / "me", tmp_path / "link"):
        with pytest.raises(WriteRefused, match=r"E60[23]"):
            prepare(source, place)


def test_a_damaged_list_at_the_target_is_refused(source, target):
    publish(source, target)
    target.with_name("status.manifest.json").write_text("{}")
    with pytest.raises(WriteRefused, match="E612"):
        publish(source, target)


def test_a_source_rebuilt_after_the_plan_is_not_published_half(tmp_path, source, target):
    publish(source, target)
    build(tmp_path / "dist", V2)
    release = prepare(source, target)
    build(tmp_path / "dist", {**V2, "index.html": "front three"})
    with pytest.raises(WriteRefused, match="E612"):
        carry_out(release)
    assert on_disk(target) == V1
    assert names(target.parent) == [LOCK, "status", "status.manifest.json"]


def test_a_target_published_to_after_the_plan_is_not_overwritten(tmp_path, source, target):
    publish(source, target)
    build(tmp_path / "dist", V2)
    stale = prepare(source, target)
    publish(build(tmp_path / "later", {**V2, "index.html": "later"}), target)
    with pytest.raises(WriteRefused, match="E642"):
        carry_out(stale)
    assert (target / "index.html").read_text() == "later"


def test_two_publishers_at_once_one_is_told(source, target):
    target.parent.mkdir()
    with locked(target.parent / LOCK), pytest.raises(Locked):
        publish(source, target)
    assert not target.exists()


def test_what_does_not_read_back_is_never_called_done(source, target, monkeypatch):
    real = Folder.read
    monkeypatch.setattr(Folder, "read", lambda self, name: real(self, name) + (b"!" if self.path == target else b""))
    with pytest.raises(Uncertain, match="does not read back"):
        publish(source, target)


def killed_at(fatal, work):
    """Run `work` in a process of its own, killed at its `fatal`-th call that writes; tells whether it was."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        left = [fatal]

        def wrap(real):
            def called(*args, **kwargs):
                left[0] -= 1
                if not left[0]:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*args, **kwargs)

            return called

        for name in ("write", "mkdir", "link", "rename", "unlink", "rmdir", "fsync", "fchmod"):
            setattr(os, name, wrap(getattr(os, name)))
        Folder.exchange = wrap(Folder.exchange)
        try:
            work()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.fixture
def in_memory():
    """A folder in memory where there is one: dozens of runs should not wait for a disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


def test_publishing_killed_anywhere_leaves_one_whole_tree_and_the_next_run_finishes(in_memory):
    older, newer, target = build(in_memory / "older", V1), build(in_memory / "newer", V2), in_memory / "www" / "status"
    kills = 0
    for fatal in random.Random(5).sample(range(1, 40), 24):
        shutil.rmtree(target.parent, ignore_errors=True)
        publish(older, target)
        kills += killed_at(fatal, lambda: publish(newer, target))
        assert on_disk(target) in (V1, V2)
        publish(newer, target)
        assert on_disk(target) == V2
        assert names(target.parent) == [LOCK, "status", "status.manifest.json"]
    assert kills > 12


def test_a_first_publish_killed_anywhere_is_finished_by_the_next(in_memory):
    source, target = build(in_memory / "dist", V1), in_memory / "www" / "status"
    for fatal in random.Random(6).sample(range(1, 40), 16):
        shutil.rmtree(target.parent, ignore_errors=True)
        killed_at(fatal, lambda: publish(source, target))
        publish(source, target)
        assert on_disk(target) == V1


def test_a_manifest_written_by_hand_does_not_open_a_target(source, target):
    target.mkdir(parents=True)
    (target / "thesis.txt").write_text("years of work")
    fake = make_manifest("public", "internal", "example", [], None)
    target.with_name("status.manifest.json").write_text(str(fake))
    with pytest.raises(WriteRefused, match="E612"):
        publish(source, target)
