"""Taking something off everything for good: no key, no version, no way back; and what is not gone yet is said."""

from __future__ import annotations

import contextlib
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from command import snapshot
from gateway import OPEN, asks_for_a_password, gateway
from heliograph.buckets import Bucket
from heliograph.message import Chat, Message, Topic
from heliograph.operations import BucketPlace, FolderPlace, Host
from heliograph.publish import retract
from heliograph.publish.folder_shelf import FolderShelf
from heliograph.publish.objects import Objects
from heliograph.publish.register import Register
from heliograph.publish.release import Edition
from heliograph.publish.retract import paths_of, purge, refuse_retracted
from heliograph.send.ledger import Addressee, Planned
from heliograph.send.sqlite import SqliteLedger
from heliograph.stores import client
from heliograph.tree.artifact import text_artifact
from heliograph.tree.fsio import WriteRefused
from heliograph.tree.manifest import entry_of, make_manifest
from s3_store import ACCESS, SECRET
from test_rollback import TARGETS, Repository, _git_of_its_own, settings  # noqa: F401 -- used as a fixture

pytestmark = pytest.mark.slow

CANARY = "quetzalcoatl"
LEAK = "incidents/2026-11-21-leak"
IDENTITY = "wq7xkm2p"
INCIDENT = {
    f"{LEAK}/incident.md": (
        f"---\nid: {IDENTITY}\ntitle:\n  public: The {CANARY} is slow\n  internal: {CANARY} on db-7\n"
        "started_at: 2026-11-21T14:02Z\n---\n"
    ),
    f"{LEAK}/1406-investigating.md": (
        "---\nid: up2date2\naudience: public\nstatus: investigating\nat: 2026-11-21T14:06Z\n"
        "components:\n  checkout: degraded_performance\nnext_update: 30m\n---\n"
        f"We look at the {CANARY}.\n\n::: internal\nThe {CANARY} of Globex.\n"
    ),
}
MORE = {
    f"{LEAK}/1420-identified.md": (
        "---\nid: up2date3\naudience: public\nstatus: identified\nat: 2026-11-21T14:20Z\nnext_update: 30m\n---\n"
        f"It is the {CANARY} again.\n"
    ),
}
MARK = CANARY.encode()


def test_a_tree_with_pages_of_what_was_retracted_is_known_by_its_paths():
    files = map(
        entry_of,
        [text_artifact(path, "x") for path in (f"incidents/{IDENTITY}/index.html", f"incidents/{IDENTITY}9/x.html")],
    )
    manifest = make_manifest("public", "external", "tiny", files, None)
    assert paths_of(manifest, {IDENTITY}) == (f"incidents/{IDENTITY}/index.html",)
    refuse_retracted(manifest, ["other"])
    with pytest.raises(WriteRefused, match="E638"):
        refuse_retracted(manifest, ["other", IDENTITY])


# Folders


def said_thrice(site):
    site.commit()
    site.publish()
    for minute, files in ((20, INCIDENT), (30, MORE)):
        site.write(**files, **{"site_src/site.toml": settings(14, minute), "site_src/targets.toml": TARGETS})
        site.commit()
        site.publish()


@pytest.fixture
def folders(tmp_path, capsys, tmp_path_factory):
    """A site in folders that was published twice with what is to be retracted, and committed each time."""
    return Repository.like(said_thrice, tmp_path / "repository", capsys, tmp_path_factory)


def hits(folder):
    """The files below a folder, by path, that hold what was retracted or are named after it."""
    found = snapshot(folder)
    return sorted(path for path, data in found.items() if MARK in data.lower() or IDENTITY in path)


def test_folders_hold_nothing_of_it_and_neither_does_what_was_built(folders):
    assert hits(folders.site / "published")
    assert hits(folders.site / "dist")
    said = folders.run("retract", IDENTITY, "--yes")
    assert said.code == 0, said.err
    assert hits(folders.site / "published") == hits(folders.site / "dist") == []
    assert not (folders.site / LEAK).exists()
    kept = folders.site / ".heliograph/retracted" / IDENTITY
    assert {path.name for path in (kept / LEAK).iterdir()} == {
        "incident.md",
        "1406-investigating.md",
        "1420-identified.md",
    }
    assert "feed readers" in said.out
    assert "history of Git" in said.out
    assert not [path for path in hits(folders.site / ".heliograph") if "retracted" not in path]


def test_a_folder_that_another_target_has_replaced_is_cleared_too(folders, tmp_path, monkeypatch):
    operator = tmp_path / "operator.toml"
    operator.write_text(
        f'site = "tiny"\n[target.elsewhere]\ntree = "public"\npath = "{tmp_path}/www"\nurls = ["http://127.0.0.1:9"]\n'
    )
    operator.chmod(0o600)
    monkeypatch.setenv("HELIOGRAPH_OPERATOR", str(operator))
    monkeypatch.setattr("heliograph.publish.to_folder.confirm", lambda *_, **__: ())
    assert hits(folders.site / "published")
    said = folders.run("retract", IDENTITY, "--yes")
    assert said.code == 0, said.err
    assert hits(folders.site / "published") == hits(tmp_path / "www") == []
    assert (tmp_path / "www/index.html").exists()


def test_no_way_leads_back_to_what_held_it_and_one_to_what_did_not(folders):
    folders.run("retract", IDENTITY, "--yes")
    newest, second, first = (release.id for release in folders.past())
    for release in (newest, second):
        said = folders.run("rollback", "public", release)
        assert said.code == 1
        assert "E638" in said.err
    assert hits(folders.site / "published") == []
    assert folders.run("rollback", "public", first).code == 0
    assert "can come back" in folders.run("rollback", "public").out.splitlines()[-1]


def test_again_by_its_id_it_is_done_again_without_harm(folders):
    assert folders.run("retract", IDENTITY, "--yes").code == 0
    published = snapshot(folders.site / "published")
    assert folders.run("retract", IDENTITY, "--yes").code == 0
    assert snapshot(folders.site / "published") == published
    assert folders.run("retract", LEAK, "--yes").code == 2


@pytest.mark.parametrize("name", [LEAK, LEAK.rpartition("/")[2]])
def test_its_folder_is_a_name_too(folders, name):
    assert folders.run("retract", name, "--yes").code == 0
    assert hits(folders.site / "published") == []


def test_unseen_it_is_named_without_doubt_or_nothing_is_done(folders):
    before = snapshot(folders.site)
    said = folders.run("retract", CANARY, "--yes")
    assert said.code == 2
    assert f"heliograph retract {IDENTITY} --yes" in said.err
    assert snapshot(folders.site) == before


def test_nobody_is_asked_where_nobody_is(folders):
    before = snapshot(folders.site)
    assert folders.run("retract", IDENTITY).code == 2
    assert snapshot(folders.site) == before


def test_one_host_that_is_held_keeps_no_other_and_is_named(folders):
    internal = folders.register("internal")
    seen = internal.look()
    turn = internal.begin(seen, seen.manifest, seen.current.edition)
    said = folders.run("retract", IDENTITY, "--yes")
    assert said.code == 4
    assert "NOT GONE YET  internal: E635" in said.err
    assert "NOT GONE YET  public" not in said.err
    assert hits(folders.site / "published/public") == []
    assert hits(folders.site / "published/internal")
    turn.give_up()
    assert folders.run("retract", IDENTITY, "--yes").code == 0
    assert hits(folders.site / "published") == []
    assert internal.look().retracted == (IDENTITY,)


def test_what_else_is_broken_is_built_around_if_that_is_asked_for(folders):
    folders.write(**INCIDENT, **{"site_src/site.toml": settings(14, 40), "site_src/targets.toml": TARGETS})
    (folders.site / "incidents/2026-11-21-checkout/1405-investigating.md").write_text("broken")
    assert folders.run("retract", IDENTITY, "--yes").code == 1
    assert hits(folders.site / "published")
    assert folders.run("retract", IDENTITY, "--yes", "--quarantine").code == 0
    assert hits(folders.site / "published") == []


def test_a_folder_beside_which_an_older_tree_lies_is_not_called_clean(tmp_path):
    host = Host(id="public", tree="public", place=FolderPlace(tmp_path / "www/public"))
    (tmp_path / "www/.heliograph-old-public").mkdir(parents=True)
    register = Register(FolderShelf(tmp_path / "shelf"), "tiny", "public")
    with pytest.raises(WriteRefused, match="E642"):
        purge(host, register, None)


def test_who_was_told_is_counted_and_what_waits_is_let_go(folders, tmp_path, monkeypatch):
    at = datetime(2026, 11, 21, 14, 20, tzinfo=UTC)
    operator = tmp_path / "operator.toml"
    operator.write_text(
        'site = "tiny"\nsecret = "0123456789abcdef0123456789abcdef"\n[smtp]\nhost = "127.0.0.1"\nport = 25\n'
        'security = "none"\nsender = "b@example.com"\n[ledger]\npath = "ledger.db"\n[send]\n'
        'mail_domain = "example.com"\nsenders = ["status@status.example.com"]\n[recipients]\nsilent = ["support", "customer:globex"]\n'
    )
    operator.chmod(0o600)
    monkeypatch.setenv("HELIOGRAPH_OPERATOR", str(operator))
    ledger = SqliteLedger(
        tmp_path / "ledger.db", "tiny", create=True, memory=folders.site / ".heliograph/ledger-seen.json"
    )
    topic = Topic(id=IDENTITY, components=(), impact="minor")
    message = Message(
        audience="exec", kind="chat", topics=(topic,), news=("up2date3",), at=at, thread="t",
        chat=Chat(title=CANARY, text=CANARY),
    )  # fmt: skip
    other = Message(
        audience="exec", kind="chat", topics=(), news=("7qm4tz2c",), at=at, thread="u", chat=Chat(title="x", text="x")
    )
    with contextlib.closing(ledger), ledger:
        for identity, one in (("m1", message), ("m2", other)):
            planned = Planned(id=identity, at=at, outcome="planned", fresh=one.news, message=one)
            ledger.plan(planned, [Addressee(key=f"{identity}-{n}", address=f"r{n}@example.com") for n in range(3)])
        assert ledger.commit("m1-0", at)
        ledger.settle("m1-0", "SENT", "250", at)
    said = folders.run("retract", IDENTITY, "--yes")
    assert said.code == 0, said.err
    assert "Written to of it already, by reader: exec 1." in said.out
    ledger = SqliteLedger(tmp_path / "ledger.db", "tiny", memory=folders.site / ".heliograph/ledger-seen.json")
    with contextlib.closing(ledger):
        states = {one.key: one.state for one in ledger.deliveries()}
    assert states == {
        "m1-0": "SENT",
        "m1-1": "SUPPRESSED",
        "m1-2": "SUPPRESSED",
        **{f"m2-{n}": "PLANNED" for n in range(3)},
    }


# Buckets that keep every version


@pytest.fixture
def versioned(s3_server):
    """A function that makes a bucket which keeps versions."""
    made = client(s3_server.place())

    def make():
        name = f"versions-{uuid.uuid4().hex[:12]}"
        made.create_bucket(Bucket=name)
        made.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return s3_server.place(bucket=name)

    yield make
    made.close()


def all_versions(place):
    """Everything a bucket holds: key, version and bytes; delete markers have None."""
    store, found = client(place), []
    for page in store.get_paginator("list_object_versions").paginate(Bucket=place.bucket):
        for one in page.get("Versions", []):
            got = store.get_object(Bucket=place.bucket, Key=one["Key"], VersionId=one["VersionId"])
            found.append((one["Key"], one["VersionId"], got["Body"].read()))
        found += [(one["Key"], one["VersionId"], None) for one in page.get("DeleteMarkers", [])]
    store.close()
    return found


def version_hits(place):
    return [key for key, _, data in all_versions(place) if IDENTITY in key or (data and MARK in data.lower())]


def test_no_key_and_no_version_at_a_store_holds_it(folders, versioned, tmp_path, monkeypatch):
    public, internal = versioned(), versioned()
    with gateway(public, OPEN) as open_, gateway(internal, asks_for_a_password) as closed:
        operator = tmp_path / "operator.toml"
        keys = f'endpoint = "{public.endpoint}"\naccess_key = "{ACCESS}"\nsecret_key = "{SECRET}"\n'
        operator.write_text(
            'site = "tiny"\n[state]\npath = "state"\n'
            f'[target.www]\ntree = "public"\nbucket = "{public.bucket}"\nurls = ["{open_}"]\n{keys}'
            f'[target.staff]\ntree = "internal"\nbucket = "{internal.bucket}"\nurls = ["{closed}"]\n{keys}'
        )
        operator.chmod(0o600)
        monkeypatch.setenv("HELIOGRAPH_OPERATOR", str(operator))
        folders.publish("--init")
        folders.write(
            **{**INCIDENT, **MORE}, **{"site_src/site.toml": settings(14, 50), "site_src/targets.toml": TARGETS}
        )
        folders.commit()
        folders.publish()
        assert len(version_hits(public)) > len(set(version_hits(public))) > 2
        assert version_hits(internal)
        assert folders.run("gc", "www", "--dry-run").code == 0
        assert folders.run("rollback", "www", "1").code == 0

        said = folders.run("retract", IDENTITY, "--yes")
        assert said.code == 0, said.err
        assert version_hits(public) == version_hits(internal) == []
        for place in (public, internal):
            assert all(data is not None for _, _, data in all_versions(place))
            assert len(all_versions(place)) == len({key for key, _, _ in all_versions(place)})

        held = Register(FolderShelf(tmp_path / "state"), "tiny", "www").look().past
        for release in held:
            assert "E638" in folders.run("rollback", "www", release.id).err
        assert folders.run("retract", IDENTITY, "--yes").code == 0


def test_it_shows_that_publishing_without_it_is_not_enough(versioned, tmp_path):
    """What is asserted above can fail: after a publish alone, the old pages and their versions are there."""
    place = versioned()
    host = Host(id="public", tree="public", place=place)
    register = Register(FolderShelf(tmp_path / "shelf"), "tiny", "public")
    at = datetime(2026, 11, 21, tzinfo=UTC)
    with Objects(place, "external") as objects:
        for words in (
            {"index.html": CANARY, f"incidents/{IDENTITY}/index.html": "x", ".well-known/x": "x"},
            {"index.html": "y"},
        ):
            files = [text_artifact(path, text) for path, text in words.items() if not path.startswith(".")]
            manifest = make_manifest("public", "external", "tiny", map(entry_of, files), None)
            turn = register.begin(register.look(), manifest, Edition(as_of=at, revision="", version="1"))
            for file in files:
                objects.put(entry_of(file), file.data)
            turn.commit(at := at + timedelta(hours=1))
        Bucket(place).put(".well-known/security.txt", b"mail us")
        assert set(version_hits(place)) == {"index.html", f"incidents/{IDENTITY}/index.html"}
        done = purge(host, register, objects)
        assert (done.removed, done.versions) == (1, 3)
        assert done.notes == (".well-known/security.txt is not of Heliograph's making, and was left",)
        assert version_hits(place) == []
        assert {key for key, _, _ in all_versions(place)} == {"index.html", ".well-known/security.txt"}
        assert purge(host, register, objects).removed == 0


def test_the_cdn_is_to_forget_pages_that_only_earlier_releases_named(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(retract, "invalidate", lambda *how: asked.append(how) or "I1")
    place = BucketPlace(bucket="b")
    host = Host(id="public", tree="public", place=place, urls=("https://x.example/status",), distribution="E2EXAMPLE")
    register = Register(FolderShelf(tmp_path / "shelf"), "tiny", "public")
    for paths in (["index.html", f"incidents/{IDENTITY}/index.html"], ["index.html"]):
        manifest = make_manifest(
            "public", "external", "tiny", [entry_of(text_artifact(path, "x")) for path in paths], None
        )
        at = datetime(2026, 11, 21, tzinfo=UTC)
        register.begin(register.look(), manifest, Edition(as_of=at, revision="", version="1")).commit(at)
    assert retract.forget(host, place, register) == "I1"
    assert retract.forget(structs.replace(host, distribution=""), place, register) == ""
    ((distribution, paths, _, lent, below),) = asked
    assert (distribution, lent, below) == ("E2EXAMPLE", place, "/status")
    assert paths == {"index.html", f"incidents/{IDENTITY}/index.html"}
