"""Where output may go and sources may come from: no link, pipe or device on the way, no folder in another, one run at a time."""

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from command import environment, run, snapshot
from heliograph.load import read_site
from heliograph.load.files import take
from heliograph.publish.directory import carry_out, prepare
from heliograph.tree.artifact import Artifact, text_artifact
from heliograph.tree.fsio import Locked, WriteRefused, locked
from heliograph.tree.swap import LOCK, check_all_apart, check_apart, check_output_place, check_output_root
from heliograph.tree.write import TreePlan, write_trees
from sites import INCIDENT, UPDATE, write_site

CSS = b"body {}"
STYLE = f"assets/style.{Artifact('x', CSS).sha256[:12]}.css"
FILES = {"index.html": "front", STYLE: CSS.decode(), "incidents/k3/index.html": "inside"}


@pytest.fixture(autouse=True)
def five_seconds():
    """Nothing may hang: opening a pipe does."""

    def stop(*_):
        raise TimeoutError("this hung")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def outside(tmp_path):
    """A stranger's folder, which nobody may touch."""
    folder = tmp_path / "outside"
    (folder / "deep").mkdir(parents=True)
    for name in ("thesis.txt", "index.html", "incident.md", "deep/public.toml"):
        (folder / name).write_text("years of work")
    return folder


def link_to_folder(place, outside):
    place.symlink_to(outside)


def link_to_file(place, outside):
    place.symlink_to(outside / "thesis.txt")


def dangling_link(place, outside):
    place.symlink_to(outside / "made-through-a-link")


def link_to_itself(place, outside):
    place.symlink_to(place.name)


def pipe(place, outside):
    os.mkfifo(place)


def device(place, outside):
    try:
        os.mknod(place, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("devices need the right to make them")


def listener(place, outside):
    here = Path.cwd()
    os.chdir(place.parent)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(place.name)
    finally:
        os.chdir(here)


SPECIAL = (link_to_folder, link_to_file, dangling_link, link_to_itself, pipe, device, listener)


def put(special, place, outside):
    """Put something special where something else stood."""
    if place.is_dir():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    special(place, outside)


def build(site, files=FILES):
    """Do what `heliograph build` does with its output."""
    check_output_root(site / "dist" / "deep", site)
    artifacts = [text_artifact(path, text) for path, text in files.items()]
    return write_trees(
        site / "dist" / "deep", [TreePlan(name="public", boundary="external", site="s", artifacts=artifacts)]
    )


OUTPUT = (
    "dist",
    "dist/deep",
    f"dist/deep/{LOCK}",
    "dist/deep/public",
    "dist/deep/public.manifest.json",
    "dist/deep/public/index.html",
    "dist/deep/public/assets",
    f"dist/deep/public/{STYLE}",
    "dist/deep/public/incidents/k3",
    "dist/deep/public/stray",
)


@pytest.mark.parametrize("special", SPECIAL)
@pytest.mark.parametrize("part", OUTPUT)
def test_nothing_special_on_the_way_of_a_build_is_followed(tmp_path, outside, part, special):
    site, before = tmp_path / "site", snapshot(outside)
    site.mkdir()
    build(site)
    put(special, site / part, outside)
    with contextlib.suppress(WriteRefused, OSError):
        build(site, {**FILES, "index.html": "front two"})
        tree = {path.relative_to(site / "dist/deep/public").as_posix(): path.lstat().st_mode for path in (site / "dist/deep/public").rglob("*")}  # fmt: skip
        assert all(stat.S_ISREG(mode) or stat.S_ISDIR(mode) for mode in tree.values()), tree
        assert (site / "dist/deep/public/index.html").read_text() == "front two"
    assert snapshot(outside) == before


@pytest.mark.parametrize("special", SPECIAL)
@pytest.mark.parametrize("part", ["dist", "dist/deep", "dist/deep/public"])
def test_on_the_way_to_a_tree_it_is_refused(tmp_path, outside, part, special):
    site = tmp_path / "site"
    site.mkdir()
    build(site)
    put(special, site / part, outside)
    with pytest.raises((WriteRefused, OSError)) as refused:
        build(site)
    assert part.rpartition("/")[2] in str(refused.value)


@pytest.mark.parametrize("special", SPECIAL)
@pytest.mark.parametrize("part", ["www", "www/status", f"www/{LOCK}", "www/status.manifest.json", "www/status/stray"])
def test_nothing_special_on_the_way_of_a_publish_is_followed(tmp_path, outside, part, special):
    site, before = tmp_path / "site", snapshot(outside)
    site.mkdir()

    def publish():
        check_output_place(site / "www/status", site)
        return carry_out(prepare(site / "dist/deep/public", site / "www/status"))

    build(site)
    publish()
    build(site, {**FILES, "index.html": "front two"})
    put(special, site / part, outside)
    with contextlib.suppress(WriteRefused, OSError):
        assert publish()
        assert (site / "www/status/index.html").read_text() == "front two"
        assert not (site / "www/status/stray").exists()
    assert snapshot(outside) == before


@pytest.mark.parametrize("special", SPECIAL)
@pytest.mark.parametrize("part", ["index.html", "assets", "stray"])
def test_nothing_special_in_a_built_tree_is_published(tmp_path, outside, part, special):
    site = tmp_path / "site"
    site.mkdir()
    build(site)
    put(special, site / "dist/deep/public" / part, outside)
    with pytest.raises(WriteRefused, match=r"E61[23]"):
        prepare(site / "dist/deep/public", site / "www")


SOURCES = (
    "incidents",
    "incidents/2026-11-21-checkout",
    INCIDENT,
    UPDATE,
    "incidents/2026-11-21-checkout/picture.png",
    "site_src",
    "site_src/site.toml",
    "site_src/pages",
    "site_src/pages/about.md",
    "site_src/assets/logo.png",
    "audiences",
    "audiences/public.toml",
    "layouts",
    "layouts/web",
    "layouts/web/index.html",
)


@pytest.mark.parametrize("special", SPECIAL)
@pytest.mark.parametrize("part", SOURCES)
def test_nothing_special_among_the_sources_is_read(tmp_path, outside, part, special):
    site = write_site(tmp_path / "site")
    put(special, site / part, outside)
    reading = read_site(take(site))
    assert any(p.place.file.startswith(part) and p.code in ("E306", "E307", "E312") for p in reading.problems), part
    assert not any("years of work" in str(problem) for problem in reading.problems)


def test_a_link_among_layouts_puts_no_file_of_this_machine_on_a_page(tmp_path, capsys, outside):
    site = write_site(tmp_path / "site")
    put(link_to_file, site / "layouts/web/style.css", outside)
    said = run(capsys, "build", site=site)
    assert said.code == 1
    assert "layouts/web/style.css:1:1 E306" in said.err


def test_taking_back_what_was_just_written_follows_no_link(tmp_path, outside):
    from heliograph.tree.fsio import take_back

    before = snapshot(outside)
    made = tmp_path / "made"
    made.mkdir()
    (made / "link").symlink_to(outside)
    (tmp_path / "alone").symlink_to(outside)
    take_back(made)
    take_back(tmp_path / "alone")
    assert (snapshot(outside), made.exists(), (tmp_path / "alone").exists()) == (before, False, False)


# Folders in folders

NESTED = [
    ("the same", "www", "www"),
    ("one in the other", "www", "www/inside"),
    ("the other in the one", "www/inside", "www"),
    ("deep inside", "www", "www/a/b/c"),
    ("another way to say it", "www", "a/../www"),
    ("through a link", "www", "link/inside"),
    ("another case", "www", "WWW"),
    ("another case, inside", "Www/public", "www"),
    ("one sign for two", "oﬃce", "office"),
    ("inside, with a dot", "www", "./www/./inside"),
    ("a link to it", "www", "link"),
    ("the way up", "www/a", "www/a/b/.."),
]


@pytest.mark.parametrize(("one", "other"), [row[1:] for row in NESTED], ids=[row[0] for row in NESTED])
def test_two_trees_never_lie_one_in_the_other(tmp_path, one, other):
    (tmp_path / "www").mkdir()
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to("www")
    with pytest.raises(WriteRefused, match="E602"):
        check_apart(tmp_path / one, tmp_path / other)
    with pytest.raises(WriteRefused, match="E602"):
        check_all_apart([tmp_path / "elsewhere", tmp_path / one, tmp_path / other])


@pytest.mark.parametrize(
    ("one", "other"), [("public", "public_internal"), ("a/public", "b/public"), ("www", "www2/www"), ("x", "x.y")]
)
def test_neighbours_are_no_nesting(tmp_path, one, other):
    check_all_apart([tmp_path / one, tmp_path / other])


@pytest.mark.parametrize(
    "place", ["Incidents", "INCIDENTS/out", "Site_Src/x", "LAYOUTS", "Audiences/deep/er", "SITE", "../SITE"]
)
def test_sources_are_known_in_any_case(tmp_path, place):
    site = write_site(tmp_path / "site")
    here = place if not place.endswith("SITE") else f"../{place.rpartition('/')[2]}"
    with pytest.raises(WriteRefused, match="E602"):
        check_output_root(site / here, site)


@pytest.mark.parametrize("place", ["out", "out/deep", "plain/out"])
def test_an_output_folder_that_is_a_link_or_behind_one_in_the_site_is_refused(tmp_path, place):
    site = write_site(tmp_path / "site")
    (tmp_path / "elsewhere").mkdir()
    (site / "plain").mkdir()
    (site / "out").symlink_to(tmp_path / "elsewhere")
    (site / "plain" / "out").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(WriteRefused, match=r"E603 .*/out is a symbolic link"):
        check_output_root(site / place, site)


def test_a_site_behind_a_link_is_a_site(tmp_path):
    write_site(tmp_path / "real" / "site")
    (tmp_path / "link").symlink_to("real")
    check_output_root(tmp_path / "link" / "site" / "dist", tmp_path / "link" / "site")
    check_output_root(tmp_path / "link" / "site" / "dist", tmp_path / "real" / "site")


@pytest.mark.parametrize(
    ("first", "second"), [("www", "www"), ("www", "www/inside"), ("www", "WWW"), ("dist/out", "www"), ("dist", "www")]
)
def test_targets_that_meet_each_other_or_what_is_built_are_refused_before_anything_is_done(
    tmp_path, capsys, first, second
):
    targets = f'[one]\ntree = "internal"\ndirectory = "{first}"\n\n[two]\ntree = "public"\ndirectory = "{second}"\n'
    site = write_site(tmp_path / "site")
    assert run(capsys, "build", site=site).code == 0
    write_site(site, {"site_src/targets.toml": targets})
    before = snapshot(site)
    for name in ((), ("one",), ("two",)):
        said = run(capsys, "publish", *name, site=site)
        assert said.code == 1
        assert "E602" in said.err
    assert snapshot(site) == before


def test_no_output_folder_is_a_tree_or_in_one_and_nothing_is_written_there(tmp_path, capsys):
    site = write_site(tmp_path / "site")
    run(capsys, "build", site=site)
    before = snapshot(site)
    for place in ("dist/public", "dist/public/deep/er"):
        said = run(capsys, "build", "--output", site / place, site=site)
        assert (said.code, snapshot(site)) == (1, before)
        assert "E602" in said.err


# What is there already

FOREIGN = {
    "somebody's files": lambda place: (place / "thesis.txt").write_text("years of work"),
    "a hidden file": lambda place: (place / ".env").write_text("secret"),
    "an empty folder inside": lambda place: (place / "photos").mkdir(),
    "a link inside": lambda place: (place / "latest").symlink_to("/"),
    "a page of another tool": lambda place: (place / "index.html").write_text("<html>"),
    "a git repository": lambda place: (place / ".git").mkdir(),
    "a list that is not ours": lambda place: place.with_name("public.manifest.json").write_text('{"files": []}'),
    "an empty list": lambda place: place.with_name("public.manifest.json").write_text(""),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_a_folder_that_is_not_ours_is_never_replaced(tmp_path, what):
    site = tmp_path / "site"
    place = site / "dist" / "deep" / "public"
    place.mkdir(parents=True)
    FOREIGN[what](place)
    before = sorted((path, path.is_file() and path.read_bytes()) for path in site.rglob("*") if path.name != LOCK)
    with pytest.raises(WriteRefused, match=r"E603|E612"):
        build(site)
    after = sorted((path, path.is_file() and path.read_bytes()) for path in site.rglob("*") if path.name != LOCK)
    assert after == before


# Two at once


def test_while_one_builds_the_other_exits_as_locked_and_changes_nothing(tmp_path, capsys):
    site = write_site(tmp_path / "site")
    assert run(capsys, "build", "--at", "2026-11-21T14:30Z", site=site).code == 0
    before = snapshot(site)
    with locked(site / "dist" / LOCK):
        said = run(capsys, "build", "--at", "2026-11-22T14:30Z", site=site)
    assert (said.code, snapshot(site)) == (5, before)
    assert said.err.splitlines()[-1] == f"heliograph: another run is writing here ({site / 'dist' / LOCK})"


def test_a_lock_held_by_a_killed_run_is_free(tmp_path):
    code = f"from heliograph.tree.fsio import locked; from pathlib import Path\nwith locked(Path({str(tmp_path / LOCK)!r})):\n print('held', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(Locked), locked(tmp_path / LOCK):
            pass
        other.kill()
        other.wait()
    with locked(tmp_path / LOCK):
        pass


@pytest.mark.slow
def test_of_builders_that_start_at_once_each_is_done_or_locked_out_and_one_tree_stands(tmp_path):
    site = write_site(tmp_path / "site")
    ends = []
    for _ in range(2):
        commands = [
            [sys.executable, "-m", "heliograph", "-q", "--site", site, "build", "--at", f"2026-11-21T14:{minute}Z"]
            for minute in (20, 30, 40)
        ]
        runs = [subprocess.Popen(one, env=environment(), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) for one in commands]  # fmt: skip
        ends += [(one.wait(), one.communicate()[1]) for one in runs]
    assert {code for code, _ in ends} <= {0, 5}
    assert any(code == 0 for code, _ in ends)
    assert all(b"another run is writing here" in said for code, said in ends if code == 5)
    assert prepare(site / "dist" / "public", tmp_path / "elsewhere").manifest.files
    left = {path.name for path in (site / "dist").iterdir() if path.name.startswith(".")}
    assert left == {LOCK}
