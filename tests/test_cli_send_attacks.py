"""Attacks on telling by the commands: stale plans, two at once, lost ledgers, pages that cannot be published."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections import Counter

import pytest

from smtp_lab import Fault
from test_cli_send import NEWEST, company  # noqa: F401 -- a fixture

pytestmark = pytest.mark.slow

LATER = """---
id: zzzz4mww
audience: public
status: monitoring
at: 2026-11-21T14:50Z
components: {checkout: operational, api: operational}
next_update: 30m
---
A fix is out and payments work; we are watching.
"""


def test_a_plan_that_waits_for_a_yes_cannot_be_overtaken_and_told_again(company):  # noqa: F811
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "heliograph", "--site", str(company.site), "ship"]
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, close_fds=True)
    os.close(slave)
    said = b""
    while b"Publish?" not in said:
        said += os.read(master, 65536)
    (company.site / NEWEST / "1450-monitoring.md").write_text(LATER)
    built = (company.site / "dist/internal.manifest.json").stat() if company.site.is_dir() else None
    other = company.run("ship", "--yes")
    assert (other.code, company.accepted()) == (5, []), other.err
    assert "E616" in other.err
    assert (company.site / "dist/internal.manifest.json").stat() == built, "what the first is about to publish"
    os.write(master, b"d\n")
    process.wait(timeout=60)
    os.close(master)
    assert company.run("ship", "--yes").code == 0
    assert set(company.numbers().values()) == {1}


def test_words_come_off_the_pages_though_the_ledger_is_lost(company):  # noqa: F811
    company.run("ship", "--yes")
    for path in company.folder.glob("ledger.db*"):
        path.unlink()
    company.run("undo", "--yes")
    said = company.run("undo", "--yes")
    assert said.code == 0, said.err
    assert "cannot be found out: E614" in said.err
    page = company.site / "published/public/incidents/k3x9q2mf/index.html"
    assert "rolling out a fix" not in page.read_text()


def test_what_was_refused_is_told_though_the_pages_cannot_be_published(company, monkeypatch):  # noqa: F811
    def broken(_release: object) -> bool:
        raise OSError(28, "No space left on device", "published")

    monkeypatch.setattr("heliograph.publish.directory.carry_out", broken)
    company.connections = 1  # so that the second thing the server is asked is the first mail
    company.write()
    company.lab.script = lambda number: Fault("rcpt", "5xx") if number == 1 else None
    said = company.run("ship", "--yes")
    assert said.code == 4
    assert "FAILED  support  a…@example.com" in said.err
    assert Counter(rcpt.partition("@")[2] for rcpt, _ in company.accepted()) == {"example.com": 4}


def test_warnings_of_the_operator_s_file_are_said_once_and_times_are_the_site_s(company, monkeypatch):  # noqa: F811
    (company.folder / "operator.toml").chmod(0o644)
    assert company.run("ship", "--yes").err.count("W629") == 1
    monkeypatch.delenv("HELIOGRAPH_OPERATOR")
    assert "public was live already 14:52:00" in company.run("ship", "--yes").err


def test_a_baseline_that_comes_to_nothing_leaves_no_ledger_by_which_all_would_be_news(company):  # noqa: F811
    (company.folder / "ledger.db").unlink()
    (company.site / ".heliograph/ledger-seen.json").unlink()
    assert company.run("send", "--baseline", "--dry-run").code == 1
    layout = company.site / "layouts/mail/digest.html"
    layout.parent.mkdir(parents=True)
    layout.write_text("{% nothing of this kind %}")
    assert company.run("send", "--baseline").code != 0
    layout.unlink()
    assert company.run("ship", "--yes").code == 1
    assert company.accepted() == []
