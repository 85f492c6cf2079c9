"""The commands, used as their users use them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from command import environment, run, snapshot
from heliograph.cli.main import COMMANDS


@pytest.fixture
def fresh(tmp_path, capsys):
    """A small site, just initialised."""
    site = tmp_path / "status"
    said = run(capsys, "init", site)
    assert said.code == 0, said.err
    return site


def test_init_writes_a_site_that_checks_builds_and_says_what_is_next(fresh, capsys):
    assert run(capsys, "check", site=fresh).out.strip() == "Nothing is wrong."
    built = run(capsys, "build", site=fresh)
    assert built.code == 0
    assert (fresh / "dist/public/index.html").is_file()
    assert (fresh / "dist/internal/index.html").is_file()
    assert "No known problems" in (fresh / "dist/public/index.html").read_text()


def test_init_leaves_a_folder_alone_that_is_not_empty(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    said = run(capsys, "init", tmp_path)
    assert said.code == 1
    assert "not empty" in said.err
    assert snapshot(tmp_path) == {"mine.txt": b"mine"}


def test_the_example_is_a_whole_company_without_a_problem(tmp_path, capsys):
    site = tmp_path / "company"
    assert run(capsys, "init", site, "--example").code == 0
    assert run(capsys, "check", "--strict", site=site).code == 0


def test_an_incident_goes_from_first_word_to_resolved(fresh, capsys):
    said = run(capsys, "new", "incident", "Checkout errors", "--component", "api=major_outage", site=fresh)
    assert said.code == 0, said.err
    run(capsys, "build", site=fresh)
    front = (fresh / "dist/public/index.html").read_text()
    assert "Checkout errors" in front
    assert "We are looking into this problem." in front
    assert run(capsys, "update", "identified", "-m", "We know why.", "--next", "20m", site=fresh).code == 0
    assert run(capsys, "note", "Rolling back 8841.", site=fresh).code == 0
    assert run(capsys, "update", "checkout", "resolved", "-m", "It works again.", site=fresh).code == 0
    run(capsys, "build", site=fresh)
    front = (fresh / "dist/public/index.html").read_text()
    assert "No known problems" in front
    public = b"".join(snapshot(fresh / "dist/public").values())
    assert b"8841" not in public
    assert b"8841" in b"".join(snapshot(fresh / "dist/internal").values())


def test_an_update_needs_to_say_which_incident_when_two_are_open(fresh, capsys):
    run(capsys, "new", "incident", "Checkout errors", site=fresh)
    run(capsys, "new", "incident", "Slow sign-in", site=fresh)
    said = run(capsys, "update", "resolved", site=fresh)
    assert said.code == 2
    assert "Checkout errors" in said.err
    assert "Slow sign-in" in said.err
    assert run(capsys, "update", "slow", "resolved", site=fresh).code == 0


def test_what_the_reader_would_refuse_is_not_left_behind(fresh, capsys):
    before = snapshot(fresh)
    said = run(capsys, "new", "incident", "Checkout errors", "--component", "nothing=major_outage", site=fresh)
    assert said.code == 1
    assert "nothing" in said.err
    assert snapshot(fresh) == before


def test_a_wrong_status_is_answered_with_the_right_one(fresh, capsys):
    run(capsys, "new", "incident", "Checkout errors", site=fresh)
    said = run(capsys, "update", "resolvd", site=fresh)
    assert said.code == 2
    assert "did you mean resolved?" in said.err


def test_the_board_tells_what_is_open_and_the_next_command(fresh, capsys):
    assert "No known problems." in run(capsys, site=fresh).out
    run(capsys, "new", "incident", "Checkout errors", "--severity", "sev2", site=fresh)
    board = run(capsys, site=fresh).out
    assert "Checkout errors" in board
    assert "SEV2" in board
    assert "Next:  heliograph update" in board
    assert json.loads(run(capsys, "--json", site=fresh).out)["open"][0]["severity"] == "sev2"


def test_check_lists_problems_as_text_json_and_annotations(fresh, capsys):
    (fresh / "incidents/x").mkdir()
    (fresh / "incidents/x/incident.md").write_text("---\nid: abcd2345\ntitel: x\n---\n")
    text = run(capsys, "check", site=fresh)
    assert text.code == 1
    assert "incidents/x/incident.md:3:1 E107" in text.out
    assert "did you mean title?" in text.out
    rows = json.loads(run(capsys, "check", "--format", "json", site=fresh).out)
    assert {"file", "line", "column", "code", "level", "message", "hint"} == set(rows[0])
    assert "::error file=incidents/x/incident.md,line=3" in run(capsys, "check", "--format", "github", site=fresh).out


def test_a_refused_build_leaves_the_old_trees_as_they_are(fresh, capsys):
    run(capsys, "new", "incident", "Checkout errors", site=fresh)
    run(capsys, "build", site=fresh)
    before = snapshot(fresh / "dist")
    assert before
    (fresh / "site_src/components.toml").write_text("[[component]]\nid = 3\n")
    said = run(capsys, "build", site=fresh)
    assert said.code == 1
    assert "site_src/components.toml:2" in said.err
    assert snapshot(fresh / "dist") == before


def test_building_twice_writes_nothing_the_second_time(fresh, capsys):
    run(capsys, "build", "--at", "2026-11-21T14:00Z", site=fresh)
    again = json.loads(run(capsys, "build", "--json", "--at", "2026-11-21T14:00Z", site=fresh).out)
    assert [tree["changed"] for tree in again] == [False] * len(again)


def test_publish_puts_a_built_tree_into_its_folder_and_says_what_it_would_do_first(fresh, capsys):
    (fresh / "site_src/targets.toml").write_text('[www]\ntree = "public"\ndirectory = "published/www"\n')
    run(capsys, "build", site=fresh)
    plan = run(capsys, "publish", "www", "--dry-run", site=fresh)
    assert "put index.html" in plan.out
    assert not (fresh / "published").exists()
    assert run(capsys, "publish", site=fresh).code == 0
    assert snapshot(fresh / "published/www") == snapshot(fresh / "dist/public")
    again = run(capsys, "publish", site=fresh).err
    assert "was live already" in again
    assert "Nothing new was built" in again
    assert "nothing would be put" in run(capsys, "publish", "www", "--dry-run", site=fresh).err


def test_a_target_of_insiders_is_never_given_the_public_tree(fresh, capsys):
    targets = fresh / "site_src/targets.toml"
    targets.write_text('[www]\ntree = "public"\ndirectory = "published/www"\n')
    run(capsys, "build", site=fresh)
    run(capsys, "publish", site=fresh)
    targets.write_text('[www]\ntree = "internal"\ndirectory = "published/www"\n')
    before = snapshot(fresh / "published")
    said = run(capsys, "publish", site=fresh)
    assert said.code == 3
    assert "E606" in said.err
    assert snapshot(fresh / "published") == before


def test_explain_says_who_may_read_each_part(fresh, capsys):
    run(capsys, "new", "incident", "Checkout errors", "-m", "We look.", "--internal", "db-7", site=fresh)
    lines = run(capsys, "explain", site=fresh).out.splitlines()
    assert any("passage, public: public, macros, internal" in line for line in lines)
    assert any(line.endswith("passage, internal: internal") for line in lines)
    assert "internal" not in {
        row["label"] for row in json.loads(run(capsys, "explain", "--audience", "public", "--json", site=fresh).out)
    }


def test_due_exits_with_seven_when_a_word_is_overdue(fresh, capsys):
    run(capsys, "new", "incident", "Checkout errors", "--at", "2026-11-21T14:00Z", "--next", "30m", site=fresh)
    assert run(capsys, "due", "--exit-code", "--at", "2026-11-21T14:29Z", site=fresh).code == 0
    late = run(capsys, "due", "--exit-code", "--at", "2026-11-21T14:30Z", site=fresh)
    assert late.code == 7
    assert "OVERDUE" in late.out
    assert late.out.count("OVERDUE") == 1, "one promise, however many wait for it"


def test_an_audience_can_be_added_once(fresh, capsys):
    assert run(capsys, "add", "audience", "exec", site=fresh).code == 0
    assert run(capsys, "check", site=fresh).code == 0
    assert run(capsys, "add", "audience", "exec", site=fresh).code == 1
    assert run(capsys, "add", "audience", "exce", site=fresh).code == 2


@pytest.mark.parametrize("name", ["business", "engineering", "exec", "strategic", "support"])
def test_each_audience_fits_a_fresh_site_as_it_is_shipped(fresh, capsys, name):
    run(capsys, "add", "audience", name, site=fresh)
    said = run(capsys, "check", "--strict", site=fresh)
    assert (said.code, said.out) == (0, "Nothing is wrong.\n")


def test_words_an_author_did_not_choose_are_shown(fresh, capsys):
    run(capsys, "new", "incident", "Checkout errors", "-m", "We look.", site=fresh)
    assert 'It tells public: "A fix is in place' in run(capsys, "update", "monitoring", site=fresh).err
    assert "It tells" not in run(capsys, "update", "resolved", "-m", "All works.", site=fresh).err


def test_a_folder_without_a_site_is_told_so(tmp_path, capsys):
    said = run(capsys, "build", site=tmp_path)
    assert said.code == 1
    assert "heliograph init" in said.err


def test_a_mistyped_command_is_answered_with_the_right_one(capsys):
    said = run(capsys, "bulid")
    assert said.code == 2
    assert "did you mean build?" in said.err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name, capsys):
    said = run(capsys, name, "--help")
    assert said.code == 0
    assert said.out.startswith("Usage: heliograph")


def test_help_imports_nothing_heavy():
    """What `--help` costs is what it imports; the figure itself stands in bench/."""
    probe = "import sys; sys.argv=['heliograph','--help']\ntry:\n from heliograph.cli.main import main; main()\nexcept SystemExit: pass\nprint(sorted(m for m in sys.modules if m.split('.')[0] in HEAVY))"
    heavy = {
        "jinja2",
        "markdown_it",
        "yaml",
        "boto3",
        "feedgen",
        "babel",
        "lxml",
        "msgspec",
        "watchdog",
        "nh3",
        "icalendar",
    }
    out = subprocess.run(
        [sys.executable, "-c", f"HEAVY={heavy!r}\n{probe}"], capture_output=True, text=True, check=True
    ).stdout
    assert out.splitlines()[-1] == "[]"


@pytest.mark.slow
def test_build_py_stands_for_the_command_in_its_folder():
    root = Path(__file__).parent.parent
    done = subprocess.run(
        [sys.executable, root / "build.py", "check"], capture_output=True, text=True, env=environment(), cwd="/"
    )
    assert done.returncode == 0, done.stderr
    assert "Nothing is wrong." in done.stdout
