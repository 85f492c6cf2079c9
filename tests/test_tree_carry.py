"""Style sheets of earlier builds stay for readers of older pages; nothing that people put there does."""

import os
import tempfile
from pathlib import Path

import pytest

from heliograph.publish.directory import carry_out, prepare
from heliograph.tree import carry as carrying
from heliograph.tree.artifact import Artifact, text_artifact
from heliograph.tree.carry import GENERATIONS, carry
from heliograph.tree.fsio import WriteRefused
from heliograph.tree.manifest import decode_manifest, encode_manifest, entry_of, make_manifest, read_manifest
from heliograph.tree.write import TreePlan, write_trees
from proof import loads


def named(folder, stem, data, kind):
    return Artifact(f"{folder}{stem}.{Artifact('x', data).sha256[:12]}.{kind}", data)


def style(number):
    return named("assets/", "style", f"body {{ order: {number} }}".encode(), "css")


def listed(artifacts, carried=()):
    return make_manifest("public", "external", "s", map(entry_of, artifacts), None, carried)


def write(out, *artifacts):
    return write_trees(out, [TreePlan(name="public", boundary="external", site="s", artifacts=artifacts)])[0]


def page(number, words="front"):
    return text_artifact("index.html", f'{words} {number} <link href="{style(number).path}">')


def build(out, number, words="front"):
    return write(out, page(number, words), style(number))


def names(tree):
    return sorted(path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file())


def snapshot(folder):
    return {path: (path.lstat().st_ino, path.lstat().st_ctime_ns) for path in sorted(folder.rglob("*"))}


# What is carried


def test_a_replaced_style_sheet_is_carried_and_an_unchanged_one_is_not():
    before = listed([page(1), style(1)])
    assert carry(before, map(entry_of, [page(2), style(2)])) == ((entry_of(style(1)),),)
    assert carry(before, map(entry_of, [page(1, "more"), style(1)])) == ()


def test_generations_are_kept_newest_first_and_the_oldest_goes():
    manifest = listed([style(0)])
    for number in range(1, GENERATIONS + 3):
        files = [style(number)]
        manifest = listed(files, carry(manifest, map(entry_of, files)))
    kept = [entry.path for generation in manifest.carried for entry in generation]
    assert kept == [style(number).path for number in range(GENERATIONS + 1, 1, -1)]


def test_new_words_alone_make_no_generation_old():
    manifest = listed([style(1)], ((entry_of(style(0)),),))
    for number in range(50):
        files = [style(1), page(number)]
        manifest = listed(files, carry(manifest, map(entry_of, files)))
    assert manifest.carried == ((entry_of(style(0)),),)


def test_a_style_sheet_that_comes_back_is_a_file_again_and_carried_no_more():
    manifest = listed([style(2)], ((entry_of(style(1)),), (entry_of(style(0)),)))
    assert carry(manifest, map(entry_of, [style(1)])) == ((entry_of(style(2)),), (entry_of(style(0)),))


@pytest.mark.parametrize("kind", ["png", "svg", "html", "json"])
def test_what_people_put_there_is_gone_once_they_remove_it(kind):
    picture = named("incidents/k3/", "picture", b"a screenshot", kind)
    assert entry_of(picture).cache == "immutable"
    assert carry(listed([picture]), []) == ()


def test_a_style_sheet_without_its_digest_in_its_name_is_not_carried():
    assert carry(listed([text_artifact("assets/style.css", "body {}")]), []) == ()


# On disk


def test_the_old_style_sheet_stays_the_same_file_and_the_old_page_goes(tmp_path):
    build(tmp_path, 1)
    before = (tmp_path / "public" / style(1).path).stat()
    counts = build(tmp_path, 2)
    after = (tmp_path / "public" / style(1).path).stat()
    assert names(tmp_path / "public") == sorted(["index.html", style(1).path, style(2).path])
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert (counts.files, counts.written, counts.removed) == (2, 2, 0)


def test_equal_input_gives_an_equal_digest_whatever_was_carried(tmp_path):
    build(tmp_path / "one", 2)
    build(tmp_path / "two", 1)
    build(tmp_path / "two", 2)
    one, two = (read_manifest(tmp_path / name / "public") for name in ("one", "two"))
    assert (one.tree_sha256, one.files) == (two.tree_sha256, two.files)
    assert (one.carried, len(two.carried)) == ((), 1)


def test_a_second_build_of_the_same_changes_nothing(tmp_path):
    build(tmp_path, 1)
    build(tmp_path, 2)
    before = snapshot(tmp_path)
    assert not build(tmp_path, 2).changed
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("harm", ["edited", "mode", "missing", "link", "pipe"])
def test_what_was_harmed_by_hand_is_not_carried_on(tmp_path, harm):
    build(tmp_path, 1)
    build(tmp_path, 2)
    place = tmp_path / "public" / style(1).path
    if harm == "edited":
        place.write_bytes(place.read_bytes().replace(b"order", b"ORDER"))
    elif harm == "mode":
        place.chmod(0o600)
    else:
        place.unlink()
    if harm == "link":
        place.symlink_to("/etc/hostname")
    elif harm == "pipe":
        os.mkfifo(place)
    assert build(tmp_path, 2).changed == (harm != "missing")
    assert names(tmp_path / "public") == sorted(["index.html", style(2).path])
    assert read_manifest(tmp_path / "public").carried == ()


def test_a_list_without_anything_carried_is_written_as_before():
    assert b"carried" not in encode_manifest(listed([page(1), style(1)]))


def carried_by(path, sha256=None, cache="immutable"):
    entry = entry_of(style(1))
    return type(entry)(path, sha256 or entry.sha256, entry.size, entry.media_type, cache)


@pytest.mark.parametrize(
    "entry",
    [
        carried_by("../../escaped.css"),
        carried_by("/etc/x.css"),
        carried_by("assets/style.css"),
        carried_by("assets/style.0123456789ab.css"),
        carried_by(style(1).path, "0" * 64),
        carried_by(style(1).path, cache="short"),
        entry_of(style(2)),
        entry_of(page(2)),
    ],
)
def test_a_list_that_carries_what_it_cannot_is_damaged(entry):
    manifest = listed([page(2), style(2)], ((entry,),))
    with pytest.raises(WriteRefused, match="E612"):
        decode_manifest(encode_manifest(manifest), Path("x"))


def test_a_list_that_carries_reads_back():
    manifest = listed([style(2)], ((entry_of(style(1)),),))
    assert decode_manifest(encode_manifest(manifest), Path("x")) == manifest


# Published


def publish(tmp_path, number, words="front"):
    build(tmp_path / "dist", number, words)
    return carry_out(prepare(tmp_path / "dist" / "public", tmp_path / "www"))


def test_a_target_keeps_what_its_own_readers_may_hold_even_when_the_build_is_fresh(tmp_path):
    publish(tmp_path, 1)
    for path in (tmp_path / "dist", *(tmp_path / "dist").iterdir()):
        if path.name != "dist":
            path.rename(tmp_path / f"gone-{path.name}")
    publish(tmp_path, 2)
    assert style(1).path in names(tmp_path / "www")
    assert publish(tmp_path, 2) is False


def test_a_target_does_not_get_what_was_built_and_never_published(tmp_path):
    publish(tmp_path, 1)
    build(tmp_path / "dist", 2)
    publish(tmp_path, 3)
    assert names(tmp_path / "www") == sorted(["index.html", style(1).path, style(3).path])


def test_a_plan_says_nothing_of_what_is_carried(tmp_path):
    publish(tmp_path, 1)
    build(tmp_path / "dist", 2)
    plan = prepare(tmp_path / "dist" / "public", tmp_path / "www").plan
    assert [str(step) for step in plan.steps] == [
        f"put {style(2).path}: not at the target",
        "put index.html: bytes differ",
    ]


def test_a_carried_file_edited_at_the_target_is_removed(tmp_path):
    publish(tmp_path, 1)
    publish(tmp_path, 2)
    (tmp_path / "www" / style(1).path).write_text("body { display: none }")
    assert publish(tmp_path, 2)
    assert names(tmp_path / "www") == sorted(["index.html", style(2).path])


# Read while it is swapped


def test_a_page_loaded_across_swaps_finds_its_style_sheet(tmp_path):
    loads.build(tmp_path, 0, 0)
    for number in range(1, GENERATIONS + 1):
        step = lambda number=number: loads.build(tmp_path, number, number)  # noqa: E731
        assert loads.load(tmp_path / "public", between=step) == ""


def test_without_carrying_it_would_not(tmp_path, monkeypatch):
    monkeypatch.setattr(carrying, "GENERATIONS", 0)
    loads.build(tmp_path, 0, 0)
    said = loads.load(tmp_path / "public", between=lambda: loads.build(tmp_path, 1, 1))
    assert said == "no style sheet: No such file or directory"


@pytest.fixture
def in_memory():
    """A folder in memory where there is one: hundreds of swaps should not wait for a disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


@pytest.mark.slow
def test_no_page_load_during_five_hundred_swaps_is_missing_empty_or_mixed(in_memory):
    loads.build(in_memory, 0, 0)
    found = loads.during(in_memory / "public", lambda wait: loads.swap_often(in_memory, 500, 5, wait))
    assert found.wrong == ()
    assert found.count >= 200
    assert names(in_memory / "public") == sorted(
        ["about.html", "index.html", *(loads.pages(0, number)[1].path for number in range(100 - GENERATIONS, 101))]
    )


def test_a_page_that_is_written_in_place_is_noticed(tmp_path):
    loads.build(tmp_path, 0, 0)
    front = tmp_path / "public" / "index.html"
    other = loads.pages(1, 0)[0].data

    def in_place(wait):
        for _ in range(300):
            with front.open("wb") as file:
                file.write(other[: len(other) // 2])
                file.flush()
                file.write(other[len(other) // 2 :])

    assert loads.during(tmp_path / "public", in_place).wrong
