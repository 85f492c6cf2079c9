"""Going back to a release: its commit gives the very same tree, or nothing is touched."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec import structs

import heliograph.pipeline
import heliograph.rollback
from command import run, snapshot
from heliograph.problems import Place, Problem, Refused
from heliograph.publish.folder_shelf import FolderShelf
from heliograph.publish.register import Register
from heliograph.record import NOTHING_KNOWN, Record, Told
from heliograph.rollback import rebuilt
from heliograph.tree.fsio import WriteRefused
from sites import TINY, UPDATE, write_site

TARGETS = (
    '[public]\ntree = "public"\ndirectory = "published/public"\n\n'
    '[internal]\ntree = "internal"\ndirectory = "published/internal"\n'
)
NEXT = "incidents/2026-11-21-checkout/1420-identified.md"
SECOND = "incidents/2026-11-21-slow/incident.md"


def settings(hour, minute=0):
    """The tiny site's settings with its clock at a time of that day."""
    return TINY["site_src/site.toml"] + f"clock = 2026-11-21T{hour:02}:{minute:02}:00Z\n"


def update(words, status="identified", identity="abcd2345", at="14:20"):
    return f"---\nid: {identity}\naudience: public\nstatus: {status}\nat: 2026-11-21T{at}Z\n---\n{words}\n"


MADE = {}


class Repository:
    """A site below a repository's folder, with its commands."""

    def __init__(self, folder: Path, capsys) -> None:
        self.folder, self.site, self._capsys = folder, folder / "status", capsys

    def begin(self):
        """Make the repository, with the tiny site in it and a folder that only has the name of one of the site's."""
        self.write(**{"site_src/site.toml": settings(14, 10), "site_src/targets.toml": TARGETS})
        (self.site / ".gitignore").write_text("dist/\npublished/\n.heliograph/\n")
        (self.folder / "incidents").mkdir()
        (self.folder / "incidents/README.md").write_text("not the site's\n")
        self.git("init", "--quiet")
        return self

    @classmethod
    def like(cls, make, folder, capsys, factory):
        """Give a copy of the one that `make` makes, which is made once."""
        if make not in MADE:
            MADE[make] = factory.mktemp("repository")
            make(cls(MADE[make], capsys).begin())
        shutil.copytree(MADE[make], folder, symlinks=True)
        return cls(folder, capsys)

    def git(self, *what):
        done = subprocess.run(["git", "-C", self.folder, *what], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def write(self, **files):
        write_site(self.site, files)

    def commit(self):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", "words")
        return self.git("rev-parse", "HEAD")

    def run(self, *args):
        return run(self._capsys, *args, site=self.site)

    def publish(self, *more):
        assert self.run("build").code == 0
        said = self.run("publish", *more)
        assert said.code == 0, said.err
        return self.pages()

    def pages(self, tree="public"):
        return snapshot(self.site / "published" / tree)

    def register(self, host="public"):
        return Register(FolderShelf(self.site / ".heliograph/published"), "tiny", host)

    def past(self, host="public"):
        return self.register(host).look().past


@pytest.fixture(autouse=True)
def _git_of_its_own(monkeypatch, tmp_path_factory):
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, os.devnull)
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Anna")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "anna@example.com")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "HELIOGRAPH_OPERATOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def repository(tmp_path, capsys):
    return Repository(tmp_path / "repository", capsys).begin()


def said_twice(repository):
    repository.commit()
    repository.publish()
    shutil.copytree(repository.site / "published/public", repository.folder / ".git/first")
    repository.write(**{NEXT: update("The card network is slow."), "site_src/site.toml": settings(14, 30)})
    repository.commit()
    repository.publish()


@pytest.fixture
def twice(tmp_path, capsys, tmp_path_factory):
    """A site that was published, said more, and was published again; with what its first pages were."""
    repository = Repository.like(said_twice, tmp_path / "repository", capsys, tmp_path_factory)
    repository.first, repository.second = snapshot(repository.folder / ".git/first"), repository.pages()
    assert repository.first != repository.second
    return repository


def test_a_release_comes_back_byte_for_byte(twice, monkeypatch, tmp_path):
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    before = snapshot(twice.site / "incidents"), twice.git("status", "--porcelain"), snapshot(twice.site / "dist")
    (first,) = twice.past()
    said = twice.run("rollback", "public", first.id)
    assert said.code == 0, said.err
    assert "published" in said.out
    assert twice.pages() == twice.first
    now = twice.register().look().current
    assert (now.tree_sha256, now.edition) == (first.tree_sha256, first.edition)
    assert now.id != first.id
    assert before == (
        snapshot(twice.site / "incidents"),
        twice.git("status", "--porcelain"),
        snapshot(twice.site / "dist"),
    )
    assert not list((tmp_path / "scratch").iterdir())


def test_and_forward_again_by_the_number_it_begins_with(twice):
    assert twice.run("rollback", "public", "1").code == 0
    assert twice.run("rollback", "public", "--to", "2").code == 0
    assert twice.pages() == twice.second


def test_the_next_publish_is_not_in_the_way_of_anything(twice):
    assert twice.run("rollback", "public", "1").code == 0
    assert twice.publish() == twice.second


def test_other_hosts_are_left_alone(twice):
    internal = twice.pages("internal")
    assert twice.run("rollback", "public", "1").code == 0
    assert twice.pages("internal") == internal


def test_the_list_says_what_could_come_back(twice):
    said = twice.run("rollback", "public")
    (first,), current = twice.past(), twice.register().look().current
    assert said.out.splitlines() == [
        f"{current.id}  as of 2026-11-21 14:30:00 UTC, commit {current.edition.revision[:10]}  live now",
        f"{first.id}  as of 2026-11-21 14:10:00 UTC, commit {first.edition.revision[:10]}  can come back",
    ]
    rows = json.loads(twice.run("rollback", "public", "--json").out)
    assert [(row["release"], row["current"], row["obstacle"]) for row in rows] == [
        (current.id, True, "live now"),
        (first.id, False, ""),
    ]
    assert rows[1]["commit"] == first.edition.revision


def refused(repository, code, words, release="1"):
    """Try to go back; nothing may have changed."""
    before = repository.pages(), repository.register().look()
    said = repository.run("rollback", "public", release)
    assert said.code == 1
    assert code in said.err
    assert words in said.err
    assert (repository.pages(), repository.register().look()) == before


def published_before_it_was_committed(repository):
    """Publish words that no commit holds, then commit and publish others."""
    repository.commit()
    changed = TINY[UPDATE].replace("looking into it", "looking")
    repository.write(**{UPDATE: changed, "site_src/site.toml": settings(14, 20)})
    repository.publish()
    repository.write(**{NEXT: update("Found."), "site_src/site.toml": settings(14, 30)})
    repository.commit()
    repository.publish()


def test_what_was_not_committed_then_does_not_come_back(repository):
    published_before_it_was_committed(repository)
    refused(repository, "E637", "no commit holds its sources")


def test_what_its_commit_does_not_give_does_not_come_back(repository, monkeypatch):
    monkeypatch.setattr(heliograph.revisions, "has_more", lambda _: False)
    published_before_it_was_committed(repository)
    refused(repository, "E637", "gives other pages than were published")


def test_without_git_it_says_what_else_to_do(tmp_path, capsys):
    repository = Repository(tmp_path, capsys)
    repository.write(**{"site_src/site.toml": settings(14, 10), "site_src/targets.toml": TARGETS})
    repository.publish()
    repository.write(**{NEXT: update("Found."), "site_src/site.toml": settings(14, 30)})
    repository.publish()
    assert "no commit holds its sources" in repository.run("rollback", "public").out
    refused(repository, "E637", "edit the site to what it said")


def test_a_commit_that_is_not_here_is_named(twice):
    other = twice.site / "gone"
    twice.folder.joinpath(".git").rename(other)
    assert "is not in Git here" in twice.run("rollback", "public").out
    refused(twice, "E637", "git fetch")


def test_another_program_does_not_guess(twice, monkeypatch):
    monkeypatch.setattr(heliograph.rollback, "__version__", "9.9.9")
    assert "this is 9.9.9" in twice.run("rollback", "public").out
    refused(twice, "E637", "install that one")


def test_what_was_retracted_does_not_come_back(twice):
    twice.register().note_retracted(["k3x9q2mf"])
    assert "E638 its commit holds something that was retracted" in twice.run("rollback", "public").out
    refused(twice, "E638", "k3x9q2mf")


def test_another_incident_that_was_retracted_is_in_nobodys_way(twice):
    twice.register().note_retracted(["zzzzzzz2"])
    assert "can come back" in twice.run("rollback", "public").out
    assert twice.run("rollback", "public", "1").code == 0


def test_an_unknown_release_and_the_one_that_is_live_are_refused(twice):
    refused(twice, "E637", "held no release 'nonsense'", "nonsense")
    assert "is live at public now" in twice.run("rollback", "public", "2").err


def test_what_is_broken_today_keeps_nothing_from_coming_back(twice):
    twice.write(**{NEXT: "broken"})
    assert twice.run("check").code == 1
    assert twice.run("rollback", "public", "1").code == 0
    assert twice.pages() == twice.first


def test_attributes_for_archives_leave_nothing_out(twice):
    (twice.folder / ".git/info").mkdir(exist_ok=True)
    (twice.folder / ".git/info/attributes").write_text("1405-investigating.md export-ignore\n")
    assert twice.run("rollback", "public", "1").code == 0
    assert twice.register().look().current.tree_sha256 == twice.past()[-1].tree_sha256


def test_links_in_a_commit_lead_nowhere(repository):
    repository.write(**{SECOND: lambda place: place.symlink_to("/etc/passwd")})
    commit = repository.commit()
    with heliograph.revisions.laid_out(repository.site, commit) as into:
        assert not any(path.is_symlink() for path in into.rglob("*"))
        assert (into / SECOND).read_text() == "/etc/passwd"
        assert (into / UPDATE).read_bytes() == (repository.site / UPDATE).read_bytes()
        assert {path.name for path in into.iterdir()} == {"audiences", "incidents", "site_src"}


def test_it_passes_the_wall_like_everything_else(twice, monkeypatch):
    def found(name, parts):
        raise Refused([Problem(Place("x.md"), "E801", "words of others")])

    monkeypatch.setattr(heliograph.pipeline, "guarded", found)
    before = twice.pages()
    said = twice.run("rollback", "public", "1")
    assert (said.code, twice.pages()) == (3, before)
    assert "E801" in said.err


def test_who_was_told_later_is_not_known_to_it(repository):
    repository.commit()
    repository.publish()
    (release,) = (repository.register("internal").look().current,)
    later = Told(at=release.edition.as_of + timedelta(minutes=1), audience="support", update="7qm4tz2c")
    earlier = structs.replace(later, at=datetime(2026, 11, 21, 14, 7, tzinfo=UTC))
    with rebuilt(repository.site, release, "internal", Record(told=(later,)), ()) as built:
        assert built.manifest.tree_sha256 == release.tree_sha256
    with (
        pytest.raises(WriteRefused, match="who was told is another"),
        rebuilt(repository.site, release, "internal", Record(told=(earlier,)), ()),
    ):
        pass


def test_a_tree_that_was_not_made_then_is_refused(twice):
    (release,) = twice.past()
    with (
        pytest.raises(WriteRefused, match="no tree called exec"),
        rebuilt(twice.site, release, "exec", NOTHING_KNOWN, ()),
    ):
        pass


def test_the_comparison_of_digests_is_what_refuses(repository):
    """Without it, what was never published would go out: here a release is said to be what it is not."""
    repository.commit()
    repository.publish()
    release = structs.replace(repository.register().look().current, tree_sha256="0" * 64)
    with (
        pytest.raises(WriteRefused, match="E637"),
        rebuilt(repository.site, release, "public", NOTHING_KNOWN, ()),
    ):
        pass


def test_words_that_were_not_committed_are_not_taken_off_by_a_clean_checkout(repository):
    """A laptop ships what it has not committed; the scheduled run, a checkout of the last commit, comes after it."""
    repository.commit()
    repository.publish()
    changed = TINY[UPDATE].replace("looking into it", "looking")
    (repository.site / UPDATE).write_text(changed)
    repository.publish()
    shipped = repository.pages()
    repository.git("checkout", "--quiet", ".")
    repository.run("build")

    said = repository.run("publish", "public")

    assert said.code == 1
    assert "E634" in said.err
    assert "not committed" in said.err
    assert repository.pages() == shipped
    (repository.site / UPDATE).write_text(changed)
    repository.commit()
    repository.publish()
    assert repository.run("publish", "public").code == 0
