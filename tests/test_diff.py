"""`heliograph diff`: the words that a change gives one reader, and none that this reader may not read."""

import json
import subprocess

import pytest

from command import environment, run
from heliograph.diff import Change, Line, as_markdown, as_text
from sites import INCIDENT, TINY, UPDATE, write_site

SITE, PAGE = "site_src/site.toml", "site_src/pages/about.md"
FOLDER = INCIDENT.rpartition("/")[0]
NOTE, SOLVED = f"{FOLDER}/1406-note.md", f"{FOLDER}/1430-resolved.md"
CANARY = "hushword"
RESOLVED = (
    "---\nid: c2l3o4s5\naudience: public\nstatus: resolved\nat: 2026-11-21T14:30Z\n---\nIt is solved.\n\n"
    f"::: internal\n{CANARY} in the replica.\n\n::: customer:globex\nYour batch has run.\n"
)
QUIET = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
NOTHING = "Nothing a customer could read changes.\n"


def git(folder, *what):
    alone = environment(GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_SYSTEM="/dev/null")
    done = subprocess.run(
        ["git", "-C", folder, *QUIET, *what], check=True, env=alone, capture_output=True, text=True, timeout=60
    )
    return done.stdout.strip()


def commit(folder):
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "words")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path):
    """The tiny site in a folder of a repository, committed."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", "-b", "main")
    (folder / "other.txt").write_text("something else\n")
    write_site(folder / "status")
    commit(folder)
    return folder


@pytest.fixture
def site(repository):
    return repository / "status"


def test_a_new_update_is_told_as_its_customers_will_read_it(site, capsys):
    write_site(site, {SOLVED: RESOLVED})
    said = run(capsys, "diff", site=site)
    assert said.code == 0
    assert said.out == (
        "components changed\n"
        "- Checkout: partial outage\n"
        "+ Checkout: working normally\n"
        "\n"
        "incident k3x9q2mf changed: Some payments fail\n"
        "- status: Investigating\n"
        "+ status: Resolved\n"
        "- next update by: 2026-11-21T14:35Z\n"
        "- now Checkout: partial outage\n"
        "+ ended: 2026-11-21T14:30Z\n"
        "+ 2026-11-21T14:30Z Resolved\n"
        "+   It is solved.\n"
        "+   Checkout: working normally\n"
    )


def test_without_a_change_one_line_says_so(site, capsys):
    said = run(capsys, "diff", site=site)
    assert (said.code, said.out) == (0, NOTHING)
    assert "0 things differ" in said.err


HIDDEN = {
    "a passage": {UPDATE: TINY[UPDATE] + f"\n{CANARY}\n"},
    "a note": {NOTE: f"---\nid: n2o3t4e5\naudience: internal\nat: 2026-11-21T14:06Z\n---\n{CANARY}\n"},
    "a note for later": {NOTE: f"---\nid: n2o3t4e5\naudience: internal\nat: 2027-01-01T00:00Z\n---\n{CANARY}\n"},
    "a title": {INCIDENT: TINY[INCIDENT].replace("Checkout 5xx", f"{CANARY} 5xx")},
    "a component": {
        "site_src/components.toml": TINY["site_src/components.toml"].replace('"Ledger"', f'"{CANARY}"'),
    },
    "a page": {PAGE: f"---\ntitle: {CANARY}\naudience: internal\n---\n{CANARY}\n"},
    "a link": {
        INCIDENT: TINY[INCIDENT].replace(
            "started_at", f'links: [{{name: {CANARY}, url: "https://example.com", audience: internal}}]\nstarted_at'
        )
    },
    "words for one customer": {UPDATE: TINY[UPDATE] + f"\n::: customer:globex\n{CANARY}\n"},
    "an incident of its own": {
        "incidents/2026-11-22-quiet/incident.md": (
            f"---\nid: q2u3i4e5\ntitle:\n  internal: {CANARY}\nstarted_at: 2026-11-21T14:02Z\n---\n"
        ),
        "incidents/2026-11-22-quiet/1406-note.md": (
            f"---\nid: n2o3t4e5\naudience: internal\nat: 2026-11-21T14:06Z\nstatus: investigating\n---\n{CANARY}\n"
        ),
    },
}


@pytest.mark.parametrize("change", HIDDEN.values(), ids=HIDDEN)
def test_nothing_is_told_of_what_customers_may_not_read(site, capsys, change):
    write_site(site, change)
    for style in (("--format", "text"), ("--format", "markdown"), ("--json",)):
        said = run(capsys, "diff", *style, site=site)
        assert said.code == 0, said.err
        assert CANARY not in said.out + said.err
        assert said.out == NOTHING or json.loads(said.out)["changes"] == []


@pytest.mark.parametrize("name", [name for name in HIDDEN if "customer" not in name])
def test_the_same_changes_are_told_to_colleagues_so_that_silence_means_something(site, capsys, name):
    write_site(site, HIDDEN[name])
    assert CANARY in run(capsys, "diff", "--audience", "internal", site=site).out


def test_a_customer_reads_its_own_words_and_no_colleagues(site, capsys):
    write_site(site, {SOLVED: RESOLVED})
    said = run(capsys, "diff", "--audience", "customer:globex", site=site)
    assert "+   Your batch has run." in said.out
    assert CANARY not in said.out
    assert "Your batch" not in run(capsys, "diff", site=site).out


def test_words_that_are_taken_away_are_told_too(site, capsys):
    write_site(site, {UPDATE: TINY[UPDATE].replace("We are looking into it.", "Something is wrong.")})
    assert run(capsys, "diff", site=site).out == (
        "incident k3x9q2mf changed: Some payments fail\n"
        "  2026-11-21T14:05Z Investigating\n"
        "-   We are looking into it.\n"
        "+   Something is wrong.\n"
    )
    for path in (INCIDENT, UPDATE):
        (site / path).unlink()
    out = run(capsys, "diff", site=site).out
    assert "incident k3x9q2mf removed: Some payments fail\n- title: Some payments fail\n" in out
    assert "+ Checkout: working normally" in out
    assert CANARY not in out


def test_an_audience_that_may_read_more_is_told_what_it_gains(site, capsys):
    wider = TINY["audiences/support.toml"].replace("surfaces", 'sees = ["internal"]\nshows = "all"\nsurfaces')
    write_site(site, {"audiences/support.toml": wider})
    out = run(capsys, "diff", "--audience", "support", site=site).out
    assert "+   Replica lag on db-7." in out
    assert run(capsys, "diff", site=site).out == NOTHING


def test_a_reader_who_was_not_there_before_gains_everything(site, capsys):
    write_site(site, {"audiences/exec.toml": 'name = "Exec"\nboundary = "internal"\nsurfaces = ["brief"]\n'})
    out = run(capsys, "diff", "--audience", "exec", site=site).out
    assert "incident k3x9q2mf added: Some payments fail" in out
    assert "+   We are looking into it." in out


def test_words_for_tomorrow_are_told_today(site, capsys):
    write_site(site, {SOLVED: RESOLVED.replace("2026-11-21T14:30Z", "2126-11-21T14:30Z")})
    assert "+   It is solved." in run(capsys, "diff", site=site).out
    assert run(capsys, "diff", "--at", "2026-11-21T15:00Z", site=site).out == NOTHING


def test_translations_count_as_words(repository, site, capsys):
    from test_translations import IN_GERMAN

    settings = {SITE: f'{TINY[SITE]}languages = ["de"]\n'}
    write_site(site, settings)
    commit(repository)
    write_site(site, settings | IN_GERMAN)
    assert run(capsys, "diff", site=site).out == (
        "incident k3x9q2mf changed: Some payments fail\n"
        "+ title in de: Zahlungen schlagen fehl\n"
        "+ 2026-11-21T14:05Z Investigating, in de\n"
        "+   Wir sehen es uns an.\n"
    )


def test_by_default_a_branch_is_compared_with_where_it_left_the_default_branch(repository, site, capsys):
    git(repository, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(repository, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    write_site(site, {SOLVED: RESOLVED})
    commit(repository)
    assert "It is solved." in run(capsys, "diff", site=site).out
    assert run(capsys, "diff", "--against", "HEAD", site=site).out == NOTHING
    assert "It is solved." in run(capsys, "diff", "--against", "HEAD~1", site=site).out


def test_before_the_first_word_there_was_nothing(tmp_path, capsys):
    git(tmp_path, "init", "--quiet")
    first = commit(tmp_path)
    write_site(tmp_path)
    out = run(capsys, "diff", "--against", first, site=tmp_path).out
    assert out.startswith("site added: Tiny\n+ name: Tiny\n")
    assert "+   We are looking into it." in out
    assert "Replica" not in out


def test_what_stood_there_and_cannot_be_read_is_said_without_its_words(repository, site, capsys):
    write_site(site, {UPDATE: TINY[UPDATE].replace("status: investigating", f"status: {CANARY}")})
    (site / UPDATE).write_text((site / UPDATE).read_text() + f"\n{CANARY}\n")
    bad = commit(repository)
    write_site(site)
    said = run(capsys, "diff", site=site)
    assert said.code == 1
    assert f"what stood at {bad[:12]} cannot be read" in said.err
    assert f"{UPDATE}:4:" in said.err
    assert "Replica" not in said.err
    assert not said.out


@pytest.mark.parametrize("rev", ["nonsense", "--output=x", "-h", "HEAD:status"])
def test_a_revision_that_is_none_is_refused(site, capsys, rev):
    said = run(capsys, "diff", f"--against={rev}", site=site)
    assert said.code == 2
    assert "Git knows no revision" in said.err


def test_outside_git_there_is_nothing_to_compare_with(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    said = run(capsys, "diff", site=write_site(tmp_path))
    assert said.code == 1
    assert "not in Git" in said.err


def test_a_reader_that_is_unknown_is_named_with_those_that_are(site, capsys):
    said = run(capsys, "diff", "--audience", "everyone", site=site)
    assert said.code == 2
    assert "customer:globex" in said.err


def test_the_repository_and_the_work_in_it_stay_as_they_are(repository, site, capsys):
    write_site(site, {SOLVED: RESOLVED})
    git(repository, "add", "--all")
    write_site(site, {SOLVED: RESOLVED + "\nMore.\n"})
    before = git(repository, "status", "--porcelain", "--ignored"), git(repository, "count-objects", "-v")
    index = (repository / ".git/index").read_bytes()
    assert run(capsys, "diff", site=site).code == 0
    assert (repository / ".git/index").read_bytes() == index
    assert (git(repository, "status", "--porcelain", "--ignored"), git(repository, "count-objects", "-v")) == before


def test_it_works_within_a_hook_that_git_gives_an_index_of_its_own(repository, site, capsys, monkeypatch):
    write_site(site, {SOLVED: RESOLVED})
    monkeypatch.setenv("GIT_INDEX_FILE", str(repository / ".git/index"))
    monkeypatch.setenv("GIT_DIR", str(repository / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(repository))
    assert "It is solved." in run(capsys, "diff", site=site).out


def test_as_json_each_line_has_its_sign(site, capsys):
    write_site(site, {SOLVED: RESOLVED})
    told = json.loads(run(capsys, "diff", "--json", site=site).out)
    assert told["audience"] == "public"
    assert len(told["against"]) == 40
    (_, incident) = told["changes"]
    assert (incident["kind"], incident["id"], incident["fate"]) == ("incident", "k3x9q2mf", "changed")
    assert {"sign": "+", "text": "  It is solved."} in incident["lines"]
    assert run(capsys, "diff", "--json", "--limit", "500", site=site).code == 2


def test_a_comment_is_cut_between_lines_and_says_so(site, capsys):
    write_site(site, {SOLVED: RESOLVED.replace("It is solved.", "\n".join(["Zürich works."] * 400))})
    for style in ("text", "markdown"):
        whole = run(capsys, "diff", "--format", style, site=site).out
        cut = run(capsys, "diff", "--format", style, "--limit", "1000", site=site).out
        assert len(cut.encode()) <= 1001
        assert len(cut.encode()) > 900
        lines = [line for line in cut.splitlines() if "left out here" not in line]
        assert len(lines) == len(cut.splitlines()) - 1
        left_out = int(cut.partition("... and ")[2].split()[0])
        assert len(lines) + left_out == len(whole.splitlines())


def changed(*lines):
    return Change(kind="page", id="a", title="A", fate="changed", lines=tuple(Line("+", line) for line in lines))


@pytest.mark.parametrize("words", ["``` end", "`````````````", "~~~", "plain", "a `b` ``c``"])
def test_nothing_ends_the_fence(words):
    first, *inside, last = as_markdown([changed(words)]).split("\n")
    assert first == f"{last}diff"
    assert set(last) == {"`"}
    assert len(last) >= 3
    assert all(last not in line for line in inside)


def test_what_fits_is_not_cut():
    text = as_text([changed("a" * 100)])
    assert as_text([changed("a" * 100)], len(text.encode())) == text
    assert as_text([changed("a" * 100)], len(text.encode()) - 1) != text
