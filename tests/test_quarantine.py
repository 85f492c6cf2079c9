"""One bad incident stops no page: its last good words are read again, under the policy of today; nothing else changes."""

import os
import random
import shutil

import pytest

from command import run, snapshot
from heliograph.problems import Refused
from heliograph.quarantine import read_around, read_strictly
from heliograph.quarantine.store import STORE, LastGood
from sites import INCIDENT, TINY, UPDATE, write_site

FOLDER = "incidents/2026-11-21-checkout"
OTHER = "incidents/2026-11-20-mail"
SECOND = f"{FOLDER}/1420-identified.md"
OTHERS = {
    f"{OTHER}/incident.md": "---\nid: m4xq2k9f\ntitle:\n  public: Mail is late\nstarted_at: 2026-11-20T09:00Z\n---\n",
    f"{OTHER}/0905-investigating.md": (
        "---\nid: w8cn3d5r\naudience: public\nstatus: investigating\nat: 2026-11-20T09:05Z\nnext_update: 30m\n---\n"
        "Mail is late by an hour.\n"
    ),
}
BROKEN = (
    "---\nid: 9rn5vz3d\naudience: public\nstatus: identifed\nat: 2026-11-21T14:20Z\n---\nWe have found CANARYNEW.\n"
)
AT = ("--at", "2026-11-21T14:30Z")


@pytest.fixture
def site(tmp_path):
    return write_site(tmp_path / "site", OTHERS)


def build(capsys, site, *how):
    return run(capsys, "build", *AT, *how, site=site)


def trees(site):
    return {path: data for path, data in snapshot(site / "dist").items() if not path.startswith(".")}


def public(site):
    return snapshot(site / "dist" / "public")


def every_word(files):
    return b"\n".join(files.values())


def test_without_quarantine_a_bad_incident_refuses_the_build_and_nothing_changes(capsys, site):
    assert build(capsys, site).code == 0
    before = trees(site), snapshot(site / STORE)
    write_site(site, {SECOND: BROKEN})
    said = build(capsys, site)
    assert (said.code, trees(site), snapshot(site / STORE)) == (1, *before)
    assert "nothing was changed" in said.err


def test_the_last_good_words_stand_in_byte_for_byte_and_every_problem_is_told(capsys, site):
    build(capsys, site)
    before = trees(site)
    write_site(site, {SECOND: BROKEN})
    said = build(capsys, site, "--quarantine")
    assert said.code == 8
    assert trees(site) == before
    assert f"{SECOND}:4:9 E207" in said.err
    assert f"{FOLDER}:1:1 W643 set aside" in said.err
    assert f"Built around {FOLDER}" in said.err
    assert "nothing was changed" not in said.err
    assert "CANARYNEW" not in said.err + said.out


@pytest.mark.slow
def test_other_incidents_move_on_meanwhile(capsys, site):
    build(capsys, site)
    write_site(site, {SECOND: BROKEN, f"{OTHER}/0930-note.md": OTHERS[f"{OTHER}/0905-investigating.md"].replace("w8cn3d5r", "q2wn7h4k").replace("09:05", "09:30").replace("Mail is late by an hour.", "Mail is on time again.")})  # fmt: skip
    assert build(capsys, site, "--quarantine").code == 8
    words = every_word(public(site))
    assert b"Mail is on time again." in words
    assert b"We are looking into it." in words
    assert b"CANARYNEW" not in words


def test_without_anything_bad_it_is_an_ordinary_build(capsys, site):
    assert build(capsys, site).code == 0
    before = trees(site)
    assert build(capsys, site, "--quarantine").code == 0
    assert trees(site) == before


def test_an_incident_that_was_never_good_is_left_out_and_named(capsys, site):
    write_site(site, {SECOND: BROKEN})
    said = build(capsys, site, "--quarantine")
    assert said.code == 8
    assert f"{FOLDER}:1:1 W644 set aside and LEFT OUT: no reader gets anything of it" in said.err
    words = every_word(public(site))
    assert b"Mail is late" in words
    assert b"Some payments fail" not in words


@pytest.mark.slow
def test_mended_it_is_shown_again_and_remembered(capsys, site):
    build(capsys, site)
    write_site(site, {SECOND: BROKEN})
    build(capsys, site, "--quarantine")
    write_site(site, {SECOND: BROKEN.replace("identifed", "identified")})
    assert build(capsys, site).code == 0
    assert b"CANARYNEW" in every_word(public(site))
    write_site(site, {SECOND: BROKEN})
    build(capsys, site, "--quarantine")
    assert b"CANARYNEW" in every_word(public(site))


@pytest.mark.slow
def test_being_set_aside_twice_loses_nothing(capsys, site):
    build(capsys, site)
    write_site(site, {SECOND: BROKEN})
    before = trees(site)
    for _ in range(3):
        assert build(capsys, site, "--quarantine").code == 8
        assert trees(site) == before


def test_what_was_built_around_a_bad_incident_can_be_published(capsys, site):
    write_site(site, {"site_src/targets.toml": '[www]\ntree = "public"\ndirectory = "www"\n'})  # fmt: skip
    build(capsys, site)
    write_site(site, {SECOND: BROKEN, OTHERS_NOTE: OTHERS[f"{OTHER}/0905-investigating.md"].replace("w8cn", "q2wn").replace("09:05", "09:30")})  # fmt: skip
    build(capsys, site, "--quarantine")
    said = run(capsys, "publish", site=site)
    assert said.code == 0, said.err
    assert snapshot(site / "www") == public(site)


OTHERS_NOTE = f"{OTHER}/0930-note.md"


def test_publishing_still_refuses_a_bad_configuration(capsys, site):
    build(capsys, site)
    write_site(site, {"site_src/components.toml": "[[component]]\n"})
    assert run(capsys, "publish", site=site).code == 1


# What is bad


HARMS = {
    "not UTF-8": {UPDATE: b"---\nid: \xff\n"},
    "a link": {UPDATE: lambda path: (path.unlink(), path.symlink_to("/etc/hostname"))},
    "a pipe": {UPDATE: lambda path: (path.unlink(), os.mkfifo(path))},
    "a folder": {UPDATE: lambda path: (path.unlink(), path.mkdir())},
    "a stray file": {f"{FOLDER}/dump.sql": "x"},
    "a stray folder": {f"{FOLDER}/deep/x.md": "x"},
    "no head": {INCIDENT: lambda path: path.unlink()},
    "a head that cannot be read": {INCIDENT: "no front matter"},
    "an unknown label": {UPDATE: str(TINY[UPDATE]).replace("::: internal", "::: internl")},
    "an unclosed block": {UPDATE: str(TINY[UPDATE]) + "\n```\n"},
    "an update nobody can read": {
        UPDATE: str(TINY[UPDATE])
        .replace("audience: public", "audience: internal")
        .replace("::: internal", "::: public")
    },
    "two updates of one id": {SECOND: str(TINY[UPDATE])},
}


@pytest.mark.slow
@pytest.mark.parametrize("harm", HARMS)
def test_whatever_is_wrong_with_it_its_last_good_pages_stay(capsys, site, harm):
    build(capsys, site)
    before = trees(site)
    write_site_over(site, HARMS[harm])
    said = build(capsys, site, "--quarantine")
    assert said.code == 8, said.err
    assert trees(site) == before
    assert f"{FOLDER}:1:1 W643" in said.err


def write_site_over(site, files):
    """Write files over a site, leaving all others as they are."""
    for path, content in files.items():
        (site / path).parent.mkdir(exist_ok=True)
        if callable(content):
            content(site / path)
        else:
            (site / path).write_bytes(content if isinstance(content, bytes) else content.encode())


def test_a_stray_file_beside_the_incidents_is_set_aside_too(capsys, site):
    build(capsys, site)
    before = trees(site)
    (site / "incidents" / "notes.md").write_text("x")
    said = build(capsys, site, "--quarantine")
    assert (said.code, trees(site)) == (8, before)
    assert "incidents/notes.md:1:1 W644" in said.err


@pytest.mark.slow
@pytest.mark.parametrize(
    "files",
    [
        {"site_src/site.toml": "id = 1\n"},
        {"site_src/components.toml": "not toml"},
        {"audiences/public.toml": 'name = "Public"\nboundary = "internal"\n'},
        {"audiences/internal.toml": 'name = "X"\nboundary = "internal"\nseees = []\n'},
        {"site_src/pages/about.md": "no front matter"},
        {"site_src/nothing.toml": ""},
    ],
)
def test_errors_outside_the_incidents_still_refuse_and_all_are_told(capsys, site, files):
    build(capsys, site)
    before = trees(site)
    write_site_over(site, {"site_src/pages/.keep": "", **files, SECOND: BROKEN})
    said = build(capsys, site, "--quarantine")
    assert (said.code, trees(site)) == (1, before)
    assert f"{SECOND}:" in said.err
    assert next(iter(files)) in said.err


# Ids that two folders claim


def copied(site, name):
    shutil.copytree(site / FOLDER, site / "incidents" / name)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["2026-11-21-aaa", "2026-11-21-zzz"])
def test_a_copied_folder_is_set_aside_and_the_original_stays_wherever_it_sorts(capsys, site, name):
    build(capsys, site)
    before = trees(site)
    copied(site, name)
    said = build(capsys, site, "--quarantine")
    assert (said.code, trees(site)) == (8, before)
    assert f"Built around incidents/{name};" in said.err
    assert f"{FOLDER}:1:1" not in said.err


def test_a_renamed_folder_is_no_twin_of_what_was_remembered(capsys, site):
    build(capsys, site)
    before = trees(site)
    (site / FOLDER).rename(site / "incidents" / "2026-11-21-renamed")
    assert build(capsys, site, "--quarantine").code == 0
    assert trees(site) == before
    assert sorted(LastGood(site).folders) == [OTHER, "incidents/2026-11-21-renamed"]


# Nothing becomes public by it


@pytest.mark.slow
def test_last_good_words_are_read_under_the_policy_of_today(capsys, site):
    build(capsys, site)
    assert b"Checkout" in every_word(public(site))
    write_site(site, {SECOND: BROKEN, "site_src/components.toml": str(TINY["site_src/components.toml"]).replace('"public"', '"internal"')})  # fmt: skip
    assert build(capsys, site, "--quarantine").code == 8
    assert b"Some payments fail" in every_word(public(site))
    assert b"Checkout" not in every_word(public(site))


@pytest.mark.slow
def test_last_good_words_that_are_refused_today_are_left_out(capsys, site):
    customers = {f"{FOLDER}/1405-investigating+globex.md": "Your orders are safe.\n"}
    write_site(site, customers)
    build(capsys, site)
    write_site(site, {SECOND: BROKEN, "audiences/strategic.toml": 'name = "S"\nboundary = "external"\nsurfaces = []\n', **customers})  # fmt: skip
    said = build(capsys, site, "--quarantine")
    assert said.code == 8
    assert f"{FOLDER}:1:1 W644" in said.err
    assert "refused today (E114)" in said.err
    assert b"Some payments fail" not in every_word(public(site))
    assert FOLDER in LastGood(site).folders


CANARIES = {"CANARYOLD", "CANARYNEW", "CANARYTITLE", "CANARYHOST"}


def secretive(word, site_wide=""):
    update = str(TINY[UPDATE]).replace("Replica lag on db-7.", f"{word} {site_wide}")
    return {UPDATE: update + f"\n::: support\n{word}\n\n::: customer:globex\n{word}\n"}


@pytest.mark.slow
def test_nothing_internal_becomes_public_by_quarantine(capsys, site):
    write_site(site, {**secretive("CANARYOLD", "CANARYHOST"), INCIDENT: str(TINY[INCIDENT]).replace("Checkout 5xx", "CANARYTITLE")})  # fmt: skip
    build(capsys, site)
    good = public(site)
    write_site_over(site, {**secretive("CANARYNEW"), SECOND: BROKEN})
    said = build(capsys, site, "--quarantine")
    assert said.code == 8
    assert public(site) == good
    inside = every_word(snapshot(site / "dist" / "internal"))
    assert b"CANARYOLD" in inside
    for word in CANARIES:
        assert word.encode() not in every_word(public(site)) + every_word(snapshot(site / "dist" / "macros"))
        assert word not in said.err + said.out
    assert not {path for path in trees(site) if "last-good" in path}


def test_a_stand_in_is_projected_as_if_it_stood_there(capsys, site, tmp_path):
    """The same words give the same bytes, whether they are read from the folder or from what was kept."""
    build(capsys, site)
    write_site_over(site, {SECOND: BROKEN})
    around = read_around(site)
    (site / SECOND).unlink()
    assert around.site == read_strictly(site).site


# What is kept


def test_only_a_good_build_is_remembered(capsys, site):
    write_site(site, {SECOND: BROKEN})
    build(capsys, site)
    assert not (site / ".heliograph").exists()


def test_what_is_kept_lies_beside_the_sources_and_is_ignored_by_git(capsys, site):
    build(capsys, site)
    assert (site / ".heliograph" / ".gitignore").read_text() == "*\n"
    assert len(list((site / STORE).iterdir())) == 3


@pytest.mark.slow
def test_building_the_same_again_writes_nothing_there(capsys, site):
    build(capsys, site)
    before = {path: path.stat() for path in (site / ".heliograph").rglob("*")}
    build(capsys, site)
    assert {path: path.stat() for path in (site / ".heliograph").rglob("*")} == before


@pytest.mark.slow
def test_an_incident_that_is_gone_is_forgotten(capsys, site):
    build(capsys, site)
    shutil.rmtree(site / OTHER)
    build(capsys, site)
    assert list(LastGood(site).folders) == [FOLDER]
    assert len(list((site / STORE).iterdir())) == 2


@pytest.mark.slow
def test_no_output_goes_among_what_is_kept(capsys, site):
    build(capsys, site)
    assert build(capsys, site, "--output", site / ".heliograph" / "dist").code == 1
    assert build(capsys, site, "--output", site / STORE).code == 1


def test_where_nothing_can_be_kept_the_build_is_done_and_says_so(capsys, site):
    (site / ".heliograph").write_text("a file")
    said = build(capsys, site)
    assert said.code == 0
    assert "the last good words could not be kept" in said.err


@pytest.mark.slow
@pytest.mark.parametrize("harm", ["index", "story", "index gone", "story gone", "link"])
def test_what_is_damaged_is_told_and_never_read(capsys, site, harm):
    build(capsys, site)
    index = site / STORE / "index.json"
    story = site / STORE / f"{LastGood(site).folders[FOLDER]}.msgpack"
    if harm == "index":
        index.write_bytes(index.read_bytes()[:-9])
    elif harm == "story":
        story.write_bytes(story.read_bytes().replace(b"looking", b"LOOKING"))
    elif harm == "link":
        (site / "elsewhere").mkdir()
        shutil.rmtree(site / STORE)
        (site / STORE).symlink_to(site / "elsewhere")
    else:
        (index if "index" in harm else story).unlink()
    write_site(site, {SECOND: BROKEN})
    said = build(capsys, site, "--quarantine")
    assert said.code == 8
    assert f"{FOLDER}:1:1 W644" in said.err
    assert ("W645" in said.err) == (harm != "index gone")
    assert b"LOOKING" not in every_word(public(site))


def test_no_damage_to_what_is_kept_is_read_or_crashes(site):
    from heliograph.quarantine import remember

    remember(site, read_strictly(site).memory)
    dice = random.Random(11)
    good = LastGood(site).recall(FOLDER)
    assert good.sources
    files = sorted((site / STORE).iterdir())
    for _ in range(400):
        path = dice.choice(files)
        whole = path.read_bytes()
        harmed = bytearray(whole[: dice.randrange(len(whole))] if dice.random() < 0.3 else whole)
        if harmed:
            harmed[dice.randrange(len(harmed))] ^= 1 << dice.randrange(8)
        path.write_bytes(harmed)
        last = LastGood(site)
        assert last.recall(FOLDER) in (good, LastGood(site / "nowhere").recall(FOLDER))
        path.write_bytes(whole)


def test_a_story_that_claims_to_be_of_another_place_is_not_read(site):
    from heliograph.quarantine import remember
    from heliograph.quarantine.store import Memory

    memory = read_strictly(site).memory
    swapped = Memory({FOLDER: memory.folders[OTHER], OTHER: memory.folders[FOLDER]}, memory.fresh)
    remember(site, swapped)
    last = LastGood(site)
    assert last.recall(FOLDER).sources == ()
    assert [problem.code for problem in last.problems] == ["W645"]


def test_refusals_of_a_strict_reading_are_those_of_the_loader(site):
    write_site(site, {SECOND: BROKEN})
    with pytest.raises(Refused) as refused:
        read_strictly(site)
    assert [problem.code for problem in refused.value.problems if problem.level == "error"] == ["E207"]
