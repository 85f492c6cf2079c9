"""What was found by attacking the publisher as a whole: each test failed before it was mended."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from gateway import OPEN, asks_for_a_password, gateway
from heliograph.buckets import Bucket, client
from heliograph.operations import Host
from heliograph.publish import collect
from heliograph.publish.collect import remove_in_turn
from heliograph.publish.folder_shelf import FolderShelf
from heliograph.publish.objects import MARKER, Objects
from heliograph.publish.register import Overtaken, Register
from heliograph.publish.release import Edition
from heliograph.publish.retract import purge
from heliograph.tree.artifact import text_artifact
from heliograph.tree.manifest import entry_of, make_manifest
from s3_store import ACCESS, SECRET
from test_retract import IDENTITY, INCIDENT, MARK
from test_rollback import TARGETS, Repository, _git_of_its_own, settings  # noqa: F401 -- used as a fixture

pytestmark = pytest.mark.slow

NOWHERE = "http://127.0.0.1:1"
LATER = {"site_src/site.toml": settings(14, 20), "site_src/targets.toml": TARGETS}


@pytest.fixture
def buckets(tmp_path, capsys, monkeypatch, s3_server):
    """A site that publishes to two places in buckets, its operator's file, and those places."""
    site = Repository(tmp_path / "repository", capsys).begin()
    site.write(**LATER)
    made = client(s3_server.place())
    names = [f"attack-{uuid.uuid4().hex[:12]}-{side}" for side in ("out", "in")]
    for name in names:
        made.create_bucket(Bucket=name)
    public, inside = (s3_server.place(bucket=name) for name in names)
    operator = tmp_path / "operator.toml"
    keys = f'endpoint = "{public.endpoint}"\naccess_key = "{ACCESS}"\nsecret_key = "{SECRET}"\n'
    with gateway(public, OPEN) as open_, gateway(inside, asks_for_a_password) as closed:
        operator.write_text(
            'site = "tiny"\n[state]\npath = "state"\n'
            f'[target.public]\ntree = "public"\nbucket = "{public.bucket}"\nurls = ["{open_}"]\n{keys}'
            f'[target.internal]\ntree = "internal"\nbucket = "{inside.bucket}"\nurls = ["{closed}"]\n{keys}'
        )
        operator.chmod(0o600)
        monkeypatch.setenv("HELIOGRAPH_OPERATOR", str(operator))
        site.commit()
        site.publish("--init")
        yield site, operator, public
    made.close()


def keys_at(place):
    with Objects(place, "external") as objects:
        return {found.key for found in objects.listing()}


def test_undo_says_that_a_page_stays_and_retract_then_takes_it_off(buckets):
    site, _, public = buckets
    site.write(**INCIDENT)
    site.publish()
    page = f"incidents/{IDENTITY}/index.html"
    assert page in keys_at(public)
    said = site.run("undo", "--yes")
    assert said.code == 0, said.err
    assert "public: whoever knows the address of its page still gets that" in said.err
    assert f"heliograph retract {IDENTITY}" in said.err
    said = site.run("retract", IDENTITY, "--yes")
    assert said.code == 0, said.err
    assert page not in keys_at(public)


def cut_off(operator, public):
    """Name an address for the public target at which nobody answers."""
    text = operator.read_text()
    table = text.index("[target.public]")
    operator.write_text(text[:table] + text[table:].replace(public.endpoint, NOWHERE, 1))


def test_what_does_not_reach_a_target_fails_and_names_it(buckets):
    site, operator, public = buckets
    site.write(**INCIDENT)
    assert site.run("build").code == 0
    cut_off(operator, public)
    said = site.run("--quiet", "undo", "--yes")
    assert said.code == 4
    assert said.out.startswith("Taken back")
    assert "public not published" in said.err
    assert "another undo would take back another update" in said.err
    operator.write_text(operator.read_text().replace(public.endpoint, NOWHERE))
    said = site.run("ship", "--yes")
    assert said.code == 4
    for name in ("internal", "public"):
        assert f"{name}: E617" in said.err


def test_what_is_wrong_with_mark_or_record_is_told_in_words_and_once(buckets, tmp_path):
    site, _, public = buckets
    bucket, head = Bucket(public), tmp_path / "state/public/head.json"
    bucket.put("index.html", b"by hand")
    said = site.run("publish", "public")
    assert f"{public.endpoint}: index.html is not what was published" in said.err
    mark = bucket.read(MARKER).data
    bucket.put(MARKER, b"{}")
    assert f"{public.endpoint}: {MARKER} is not a mark" in site.run("publish", "public").err
    bucket.put(MARKER, mark)
    head.write_bytes(head.read_bytes()[:-9])
    said = site.run("doctor")
    assert said.out.count("E612") == 1
    assert "--verify" in said.out
    head.unlink()
    said = site.run("doctor")
    assert said.code == 1
    assert "was published to, and nothing is known of it" in said.out
    assert site.run("publish", "--init").code == 0
    bucket.close()


def test_doctor_notices_an_older_record_and_what_was_retracted_and_is_still_there(buckets, tmp_path):
    site, operator, public = buckets
    head = tmp_path / "state/public/head.json"
    before = head.read_bytes()
    site.write(**INCIDENT)
    site.publish()
    head.write_bytes(before)
    assert "older copy" in site.run("doctor").out
    assert site.run("publish", "--verify").code == 0
    with Objects(public, "external") as objects:
        assert MARK in objects.bucket.read("index.html").data.lower()

    text = operator.read_text()
    cut_off(operator, public)
    assert site.run("retract", IDENTITY, "--yes").code == 4
    operator.write_text(text)
    said = site.run("doctor")
    assert said.code == 1
    assert f"still holds what was retracted (incidents/{IDENTITY}/index.html)" in said.out
    assert "older copy" not in said.out
    assert site.run("retract", IDENTITY, "--yes").code == 0
    assert "still holds" not in site.run("doctor").out


@pytest.fixture
def repository(tmp_path, capsys):
    return Repository(tmp_path / "repository", capsys).begin()


def test_a_release_is_of_the_commit_that_was_built_and_not_of_what_is_checked_out_later(repository):
    built_from = repository.commit()
    assert repository.run("build").code == 0
    repository.commit()
    assert repository.run("publish").code == 0
    assert repository.register().look().current.edition.revision == built_from


def test_an_older_build_is_refused_though_the_newest_sources_are_checked_out_by_now(repository):
    repository.commit()
    assert repository.run("build", "--at", "2026-11-21T14:40:00Z", "--output", repository.folder / "older").code == 0
    repository.commit()
    repository.publish()
    said = repository.run("publish", "--output", repository.folder / "older")
    assert said.code == 1
    assert "E634" in said.err


def test_doctor_tells_of_a_release_from_the_future_that_keeps_all_others_out(repository):
    repository.commit()
    assert repository.run("build", "--at", "2026-11-23T14:10:00Z").code == 0
    assert repository.run("publish").code == 0
    said = repository.run("ship", "--yes")
    assert said.code == 1
    assert "--force-older" in said.err
    assert "✗ target public    release 1-" in repository.run("doctor", "--offline").out
    assert repository.run("publish", "--force-older").code == 0
    assert "speaks for" not in repository.run("doctor", "--offline").out


def test_no_brief_tells_again_of_what_was_retracted(repository):
    """A brief is one page, of which no path says what it tells of."""
    desk = TARGETS + '[desk]\ntree = "support"\ndirectory = "published/support"\n'
    repository.write(**{**INCIDENT, **LATER, "site_src/targets.toml": desk})
    repository.publish()
    old = repository.folder / "old"
    assert repository.run("build", "--output", old).code == 0
    assert MARK in b"".join(repository.pages("support").values()).lower()
    said = repository.run("retract", IDENTITY, "--yes")
    assert said.code == 0, said.err
    said = repository.run("publish", "desk", "--output", old)
    assert (said.code, "E638" in said.err) == (1, True)
    assert MARK not in b"".join(repository.pages("support").values()).lower()


# Places that others use


def files_of(*paths):
    files = [text_artifact(path, path) for path in paths]
    return files, make_manifest("public", "external", "tiny", map(entry_of, files), None)


def put(place, shelf, *paths):
    """Publish a tree of these files, in short."""
    register = Register(FolderShelf(shelf), "tiny", "public")
    files, manifest = files_of(*paths)
    at = datetime(2026, 11, 21, tzinfo=UTC)
    turn = register.begin(register.look(), manifest, Edition(as_of=at, revision="", version="1"))
    with Objects(place, "external") as objects:
        for file in files:
            objects.put(entry_of(file), file.data)
    turn.commit(at)
    return register


def test_what_another_site_published_within_the_prefix_outlives_a_retraction(http_place, tmp_path):
    theirs = structs.replace(http_place, prefix=f"{http_place.prefix}/eu")
    put(http_place, tmp_path / "ours", "index.html", "old.html")
    put(theirs, tmp_path / "theirs", "index.html", "about.html")
    register = put(http_place, tmp_path / "ours", "index.html")
    host = Host(id="public", tree="public", place=http_place)
    with Objects(http_place, "external") as objects:
        objects.bucket.put(f"eu/{MARKER}", b"whatever it says")
        done = purge(host, register, objects)
        assert done.removed == 1
        assert done.notes[:1] == ("eu/ bears a mark of its own, and was left",)
        assert {found.key for found in objects.listing()} == {
            "index.html", "eu/index.html", "eu/about.html", f"eu/{MARKER}",
        }  # fmt: skip
        objects.remove(f"eu/{MARKER}")
        assert purge(host, register, objects).removed == 2, "without their mark they are taken for old files of ours"


def test_a_machine_that_slept_removes_nothing_that_may_be_wanted_again(http_place, tmp_path, monkeypatch):
    put(http_place, tmp_path, "index.html", "old.html")
    register = put(http_place, tmp_path, "index.html")
    ticks = iter((0.0, 0.0, 1.0))
    monkeypatch.setattr(collect, "_now", lambda: next(ticks, timedelta(minutes=9).total_seconds()))
    with Objects(http_place, "external") as objects:
        with pytest.raises(Overtaken, match="E642"):
            list(remove_in_turn(register, register.look(), objects, ["old.html"]))
        assert {found.key for found in objects.listing()} == {"index.html", "old.html"}
        monkeypatch.undo()
        assert list(remove_in_turn(register, register.look(), objects, ["old.html"])) == ["old.html"]
