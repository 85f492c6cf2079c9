"""`heliograph macros`: what is listed, what is printed to be pasted, and that nothing passes that a build would refuse."""

import json

import pytest

from command import run, snapshot
from sites import TINY, UPDATE, write_site

SAID = TINY[UPDATE] + "\n::: say\nYou can try again.\n"
AT = ("--at", "2026-11-21T14:10Z")


@pytest.fixture
def site(tmp_path):
    return write_site(tmp_path, {UPDATE: SAID})


def test_the_list_names_problem_phase_source_and_end(site, capsys):
    said = run(capsys, "macros", "list", *AT, site=site)
    assert said.code == 0
    assert said.out.splitlines() == [
        line
        for phase in ("reply     ", "is-it-this", "workaround")
        for line in (
            f"k3x9q2mf  {phase}  Some payments fail",
            "                      from update 7qm4tz2c, 21 Nov 2026, 14:05 UTC, good until 14:35 UTC",
        )
    ]
    assert "late since 14:35 UTC" in run(capsys, "macros", "list", "--at", "2026-11-21T15:00Z", site=site).out
    assert run(capsys, "macros", "--help", site=site).code == 0


def test_the_list_as_json(site, capsys):
    first, *_ = json.loads(run(capsys, "macros", "list", "--json", *AT, site=site).out)
    assert first == {
        "incident": "k3x9q2mf", "phase": "reply", "title": "Some payments fail", "good_until": "2026-11-21T14:35:00Z",
        "late": False, "source": "7qm4tz2c", "source_at": "2026-11-21T14:05:00Z",
    }  # fmt: skip


@pytest.mark.parametrize("word", ["k3x9q2mf", "incidents/2026-11-21-checkout", "payments", ""])
def test_a_reply_goes_to_stdout_and_what_it_is_to_stderr(site, capsys, word):
    said = run(capsys, "macros", "show", *([word] if word else []), *AT, site=site)
    assert said.out.startswith("Hi {{ticket.requester.first_name}},\n\nSince 14:02 UTC: Some payments fail.")
    assert said.out.endswith("when it is solved.\n")
    assert said.err == (
        "[k3x9q2mf] Some payments fail · REPLY WHILE OPEN · from public update 14:05 UTC · good until 14:35 UTC\n"
    )


def test_it_is_what_the_file_holds_between_its_rules(site, capsys, tmp_path):
    out = tmp_path / "out"
    assert run(capsys, "build", "--output", out, *AT, site=site).code == 0
    for phase in ("reply", "is-it-this", "workaround"):
        file = (out / "macros" / "k3x9q2mf" / f"{phase}.txt").read_text("utf-8")
        assert run(capsys, "macros", "show", "k3x9q2mf", phase, *AT, site=site).out == file.split("-" * 100 + "\n")[1]


def test_a_desk_has_its_own_placeholder_and_html_its_tags(site, capsys):
    assert "{{recipient.first_name}}" in run(capsys, "macros", "show", "--desk", "front", *AT, site=site).out
    said = run(capsys, "macros", "show", "k3x9q2mf", "workaround", "--html", "--desk", "none", *AT, site=site).out
    assert said.startswith("<p>Hello,</p>\n<p>Since 14:02 UTC")


def test_an_unknown_problem_or_phase_is_answered_with_those_there_are(site, capsys):
    said = run(capsys, "macros", "show", "database", *AT, site=site)
    assert (said.code, said.out) == (2, "")
    assert "k3x9q2mf  open" in said.err
    said = run(capsys, "macros", "show", "k3x9q2mf", "closing", *AT, site=site)
    assert (said.code, said.out) == (2, "")
    assert "there is reply, is-it-this, workaround" in said.err


def test_before_anything_is_public_there_is_nothing(site, capsys):
    assert run(capsys, "macros", "list", "--at", "2026-11-20T14:00Z", site=site).out == ""
    assert run(capsys, "macros", "show", "--at", "2026-11-20T14:00Z", site=site).code == 2


def test_nothing_is_written(site, capsys):
    before = snapshot(site)
    run(capsys, "macros", "list", *AT, site=site)
    run(capsys, "macros", "show", *AT, site=site)
    assert snapshot(site) == before


def test_what_the_second_wall_refuses_is_not_printed(site, capsys):
    layout = site / "layouts" / "macro" / "macro.txt"
    layout.parent.mkdir(parents=True)
    layout.write_text("{{ macro.text }}Replica lag on db-7.\n")
    for command in (("list",), ("show",)):
        said = run(capsys, "macros", *command, *AT, site=site)
        assert said.code == 3
        assert said.out == ""
        assert "E801" in said.err


def test_a_sensitive_term_is_not_printed(site, capsys):
    (site / "site_src" / "site.toml").write_text(TINY["site_src/site.toml"] + 'sensitive_terms = ["payments"]\n')
    said = run(capsys, "macros", "show", *AT, site=site)
    assert (said.code, said.out) == (3, "")
