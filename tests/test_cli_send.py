"""Telling everyone by the commands: real mail to a real server, the page looked at, nobody told twice."""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import os
import pty
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from email import message_from_string
from pathlib import Path

import pytest

from command import run
from smtp_lab import Fault, Lab

pytestmark = pytest.mark.slow

SECRET = "0123456789abcdef0123456789abcdef"
NEWEST = "incidents/2026-11-21-checkout-errors"


class Company:
    """The example company with an operator's file, a mail server, and its pages served."""

    def __init__(self, folder: Path, lab: Lab, page: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.lab, self.page, self._capsys = folder, lab, page, capsys
        self.site = folder / "site"
        self.connections = 2
        self.lists = {
            "exec": ["eva@example.com"],
            "support": [f"agent{number}@example.com" for number in range(3)],
            "engineering": ["eng@example.com"],
            "business": ["biz@example.com"],
            "public": ["sub@reader.example", "ann@globex.example"],
            "customer:globex": ["ann@globex.example"],
            "customer:initech": ["ann@initech.example"],
            "customer:umbrella": ["ann@umbrella.example"],
        }
        self.write()

    def write(self, **more: str) -> None:
        """Write the operator's file and the lists."""
        (self.folder / "lists").mkdir(exist_ok=True)
        for reader, addresses in self.lists.items():
            (self.folder / "lists" / f"{reader.replace(':', '-')}.csv").write_text(
                "\n".join(["address", *addresses]) + "\n"
            )
        lines = [
            'site = "example-pay"',
            f'secret = "{SECRET}"',
            "[smtp]",
            'host = "127.0.0.1"',
            f"port = {self.lab.port}",
            'security = "none"',
            'sender = "bounces@example.com"',
            f"connections = {self.connections}",
            "[ledger]",
            'path = "ledger.db"',
            "[send]",
            'mail_domain = "example.com"',
            'senders = ["status@example.com"]',
            f'page = "{self.page}"',
            *more.get("send", "").splitlines(),
            "[recipients]",
            *(f'"{reader}" = "lists/{reader.replace(":", "-")}.csv"' for reader in self.lists),
            "[domains]",
            *(f'{name} = ["example.com"]' for name in ("exec", "support", "engineering", "business")),
            "[contacts]",
            'account-owner-americas = "globex-team@example.com"',
            "[[webhook]]",
            'id = "incidents"',
            'audience = "internal"',
            'kind = "generic"',
            f'url = "{self.page}/hook"',
            "allow_private = true",
        ]
        path = self.folder / "operator.toml"
        path.write_text("\n".join(lines) + "\n")
        path.chmod(0o600)

    def run(self, *args: object):
        return run(self._capsys, *args, site=self.site)

    def accepted(self) -> list[tuple[str, str]]:
        """Recipient and subject of everything the server took, in order."""
        return [(one["rcpt"], message_from_string(one["data"])["Subject"]) for one in self.lab.accepted]

    def numbers(self) -> Counter[str]:
        return Counter(one["rcpt"] for one in self.lab.accepted)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, *given: object) -> None:
        super().__init__(*given)
        self.posted: list[dict] = []


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves what is published, and takes what is posted."""

    def do_POST(self) -> None:
        """Keep what a webhook gets."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.append(json.loads(body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def company(tmp_path, capsys, monkeypatch) -> Iterator[Company]:
    """The example before its newest update is told: everything up to 14:09 is taken for told, 14:20 is new."""
    assert run(capsys, "init", tmp_path / "site", "--example").code == 0
    published = tmp_path / "site/published/public"
    published.mkdir(parents=True)
    published.rmdir()
    handler = functools.partial(_Quiet, directory=str(published))
    with _Server(("127.0.0.1", 0), handler) as pages, Lab(tmp_path / "smtp.log", keep_data=True) as lab:
        thread = threading.Thread(target=pages.serve_forever, daemon=True)
        thread.start()
        found = Company(tmp_path, lab, f"http://127.0.0.1:{pages.server_port}", capsys)
        found.posted = pages.posted
        monkeypatch.setenv("HELIOGRAPH_OPERATOR", str(tmp_path / "operator.toml"))
        held = {path: path.read_bytes() for path in (found.site / NEWEST).glob("1420*")}
        for path in held:
            path.unlink()
        assert found.run("send", "--baseline").code == 0
        for path, data in held.items():
            path.write_bytes(data)
        yield found
        pages.shutdown()
        thread.join()


EVERYONE = {
    *("eva@example.com", "agent0@example.com", "agent1@example.com", "agent2@example.com", "eng@example.com"),
    *("sub@reader.example", "ann@globex.example", "ann@umbrella.example"),
}


def test_ship_tells_support_publishes_confirms_and_tells_the_rest(company):
    said = company.run("ship", "--yes", "--json")
    assert said.code == 0, said.err
    steps = [step["what"] for step in json.loads(said.out)["steps"]]
    assert steps.index("support") < steps.index("public published") < steps.index("page live") < steps.index("public")
    assert company.numbers() == Counter(EVERYONE)
    order = [rcpt for rcpt, _ in company.accepted()]
    assert max(order.index(f"agent{n}@example.com") for n in range(3)) < min(
        map(order.index, EVERYONE - {f"agent{n}@example.com" for n in range(3)})
    )
    assert "next word due" in said.err


def test_colleagues_hear_in_their_channel_after_support_and_once(company):
    company.run("ship", "--yes")
    company.run("send")
    (told,) = company.posted
    assert told["audience"] == "internal"
    assert "Checkout 5xx after db-7 failover" in told["title"]
    assert "About 4 % of EU revenue" not in json.dumps(told), "what is for executives is not for the channel"


def test_an_address_on_two_lists_gets_the_customer_s_letter_only(company):
    company.run("ship", "--yes")
    assert [subject for rcpt, subject in company.accepted() if rcpt == "ann@globex.example"] == [
        "Globex: some payments in Europe failing since 14:02 UTC; cause found (2)"
    ]


def test_nothing_is_told_a_second_time_by_whatever_command(company):
    company.run("ship", "--yes")
    before = company.numbers()
    assert "Nobody was told anything" in company.run("send").out
    assert company.run("ship", "--yes").code == 0
    assert company.numbers() == before


def test_send_by_itself_waits_for_the_page_and_then_writes_without_a_link(company, monkeypatch):
    from datetime import timedelta

    monkeypatch.setattr("heliograph.dispatch.WAIT", timedelta(seconds=1))
    said = company.run("send")
    assert said.code == 9, said.err
    assert "waiting for http://127.0.0.1" in said.err
    assert "page not confirmed" in said.err
    letters = [message_from_string(one["data"]) for one in company.lab.accepted if "globex" in one["rcpt"]]
    text = letters[0].get_payload(0).get_payload(decode=True).decode()
    assert "cannot be reached" in text
    assert "https://status.example.com" not in text
    digests = [message_from_string(one["data"]) for one in company.lab.accepted if one["rcpt"] == "eva@example.com"]
    assert "Cause found" in digests[0].get_payload(0).get_payload(decode=True).decode()


def test_a_dry_run_says_who_gets_what_writes_mails_to_look_at_and_sends_none(company):
    said = company.run("send", "--dry-run")
    assert said.code == 0
    assert "public  1 by mail, 1 told elsewhere" in said.out
    assert "sub@reader.example" not in said.out, "addresses are masked"
    assert company.accepted() == []
    assert len(list((company.site / ".heliograph/outbox").rglob("*.eml"))) == len(EVERYONE)
    assert company.run("send", "--dry-run").out == said.out


def test_capital_letters_make_no_other_address(company):
    company.lists["public"] = ["sub@reader.example", "Ann@Globex.example"]
    company.write()
    assert "public  1 by mail, 1 told elsewhere" in company.run("send", "--dry-run").out


def test_a_first_run_without_a_ledger_sends_nothing_and_says_how_to_begin(company):
    (company.folder / "ledger.db").unlink()
    said = company.run("send")
    assert said.code == 1
    assert "--baseline" in said.err
    assert company.accepted() == []


def test_more_recipients_than_allowed_are_refused_unless_a_person_expects_so_many(company):
    company.lists["support"] = [f"agent{number}@example.com" for number in range(201)]
    company.write()
    said = company.run("send")
    assert (said.code, company.accepted()) == (1, [])
    assert "E506 201 would be written to; the max_recipients of support is 200" in said.err
    wrong = company.run("send", "--expect", "7")
    assert (wrong.code, company.accepted()) == (1, [])
    total = int(said.err.split("--expect ")[1].split()[0])
    assert company.run("ship", "--yes", "--expect", total).code == 0
    assert len(company.accepted()) + len(company.posted) == total


def test_the_cap_of_one_run_holds_for_all_audiences_together(company):
    company.write(send="cap = 5")
    said = company.run("send")
    assert (said.code, company.accepted()) == (1, [])
    assert "the cap of one run is 5" in said.err


def test_one_audience_may_be_told_by_itself_and_the_others_later(company):
    assert company.run("send", "--audience", "exec").code == 0
    assert company.numbers() == Counter({"eva@example.com": 1})
    company.run("ship", "--yes")
    assert company.numbers() == Counter(EVERYONE)
    assert company.run("send", "--audience", "exce").code == 2


@pytest.mark.parametrize(("point", "how"), [("rcpt", "5xx"), ("stored", "drop")])
def test_what_is_refused_or_ambiguous_is_reported_and_resolved_by_hand(company, point, how):
    company.lab.script = lambda number: Fault(point, how) if number == 1 else None
    said = company.run("send", "--audience", "exec")
    assert said.code == 6, said.err
    state = "AMBIGUOUS" if point == "stored" else "FAILED"
    line = next(line for line in said.out.splitlines() if line.startswith(state))
    assert "e…@example.com" in line
    assert "eva@example.com" not in said.out + said.err
    before = company.numbers()
    assert company.run("send", "--audience", "exec").code == (6 if state == "AMBIGUOUS" else 0)
    assert company.numbers() == before, "it is not tried again by itself"
    key = line.split()[-1]
    resolution = "sent" if state == "AMBIGUOUS" else "resend"
    assert company.run("send", "--resolve", resolution, key).code == 0
    assert company.run("send", "--resolve", resolution, key).code == 1, "it is neither any more"
    assert company.run("send", "--audience", "exec").code == 0
    assert company.numbers() == Counter({"eva@example.com": 1})


def test_a_server_that_is_down_keeps_no_page_from_being_published_and_what_waits_goes_next_time(company):
    company.lab.script = lambda _: Fault("banner", "421")
    said = company.run("ship", "--yes")
    assert said.code == 4, said.err
    assert (company.site / "published/public/index.html").is_file()
    assert "certainly not accepted" in said.out
    assert company.accepted() == []


def test_what_waited_goes_with_the_next_run_but_not_to_who_has_left_the_list_since(company, monkeypatch):
    company.lists["exec"] = ["eva@example.com", "gone@example.com"]
    company.write()
    company.lab.script = lambda _: Fault("banner", "421")
    assert company.run("send", "--audience", "exec").code == 4
    company.lab.script = lambda _: None
    company.lists["exec"] = ["eva@example.com"]
    company.write()
    from datetime import timedelta

    from heliograph.cli.office import Office

    real = Office.clock
    monkeypatch.setattr(Office, "clock", lambda self: real(self) + timedelta(minutes=5))
    said = company.run("send", "--audience", "exec")
    assert said.code == 0, said.out
    assert "1 recipient left a list" in said.err
    assert company.numbers() == Counter({"eva@example.com": 1})


def test_without_an_operator_s_file_ship_publishes_and_says_that_nobody_was_written_to(company, monkeypatch):
    monkeypatch.delenv("HELIOGRAPH_OPERATOR")
    said = company.run("ship", "--yes")
    assert said.code == 0
    assert "Nobody was written to" in said.err
    assert "nothing is new" not in said.out, "there is; it is not known to whom"
    assert (company.site / "published/public/index.html").is_file()
    assert company.run("send").code == 1


def test_nothing_goes_out_where_nobody_says_yes(company):
    said = company.run("ship")
    assert said.code == 2
    assert "--yes" in said.err
    assert company.accepted() == []
    assert not (company.site / "published").exists() or not list((company.site / "published").rglob("*.html"))


def at_terminal(company, answer: str, *args: str) -> tuple[int, str]:
    """Run a command with a terminal of its own, and type an answer when it asks."""
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "heliograph", "--site", str(company.site), *args]
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, close_fds=True)
    os.close(slave)
    said = b""
    with contextlib.suppress(OSError):
        while piece := os.read(master, 65536):
            said += piece
            if b"Publish?" in said or b"Tell " in said or b"Take back" in said:
                os.write(master, answer.encode())
                answer = ""
    os.close(master)
    return process.wait(timeout=60), said.decode()


@pytest.mark.parametrize("answer", ["\n", "d\n", "yes please\n"])
def test_only_a_y_makes_words_public(company, answer):
    code, said = at_terminal(company, answer, "ship")
    assert code == 0, said
    assert "Nothing was published and nobody was told" in said
    assert company.accepted() == []
    assert not (company.site / "published/public/index.html").exists()


def test_a_y_at_the_terminal_ships_and_a_bar_shows_how_far_a_long_sending_is(company):
    company.lists["engineering"] = [f"eng{number}@example.com" for number in range(40)]
    company.write()
    code, said = at_terminal(company, "y\n", "ship")
    assert code == 0, said
    assert '"We have found the cause and are rolling out a fix.' in said
    assert "Telling engineering" in said
    assert len(company.accepted()) == len(EVERYONE) + 39


def test_send_asks_at_a_terminal_too(company):
    code, said = at_terminal(company, "\n", "send", "--audience", "exec")
    assert (code, company.accepted()) == (1, []), said
    code, said = at_terminal(company, "y\n", "send", "--audience", "exec")
    assert code == 0, said
    assert company.numbers() == Counter({"eva@example.com": 1})


def test_undo_takes_the_last_update_off_the_pages_and_says_who_was_told(company):
    company.run("ship", "--yes")
    page = company.site / "published/public/incidents/k3x9q2mf/index.html"
    # The newest of all is the note of 14:32 on another incident; take it back first.
    assert company.run("undo", "--yes").code == 0
    assert "rolling out a fix" in page.read_text()
    said = company.run("undo", "--yes")
    assert said.code == 0, said.err
    assert "rolling out a fix" not in page.read_text()
    assert "Told of it already:" in said.out
    assert "support 3" in said.out
    kept = company.site / ".heliograph/undone"
    assert len(list(kept.rglob("1420-identified*.md"))) == 2
    assert company.run("check").code == 0


def test_undo_of_what_was_put_back_keeps_both_copies(company):
    assert company.run("undo", "--yes").code == 0
    (kept,) = (company.site / ".heliograph/undone").iterdir()
    for path in (one for one in kept.rglob("*.md")):
        (company.site / path.relative_to(kept)).write_bytes(path.read_bytes())
    assert company.run("undo", "--yes").code == 0
    assert len(list((company.site / ".heliograph/undone").iterdir())) == 2


def test_a_baseline_that_did_not_end_is_no_ground_to_send_on(company, monkeypatch):
    from heliograph.send.sqlite import SqliteLedger

    (company.folder / "ledger.db").unlink()
    (company.site / ".heliograph/ledger-seen.json").unlink(missing_ok=True)
    plan, planned = SqliteLedger.plan, []

    def once(self, one, addressees):
        if planned:
            raise KeyboardInterrupt
        planned.append(one)
        plan(self, one, addressees)

    monkeypatch.setattr(SqliteLedger, "plan", once)
    assert company.run("send", "--baseline").code == 4
    monkeypatch.setattr(SqliteLedger, "plan", plan)
    said = company.run("ship", "--yes")
    assert (said.code, company.accepted()) == (1, [])
    assert "baseline was begun" in said.err
    assert company.run("send", "--baseline").code == 0
    assert company.run("send").code == 0


def test_logs_that_anyone_may_read_hold_no_words_for_executives(company):
    said = company.run("ship", "--yes")
    assert "digest k3x9q2mf" in said.err
    assert "EU revenue" not in said.out + said.err


def test_build_knows_from_the_ledger_who_was_told(company):
    company.run("ship", "--yes")
    company.run("build")
    page = (company.site / "dist/internal/incidents/k3x9q2mf/index.html").read_text()
    assert "Globex" in page


def test_preview_lists_and_shows_messages(company):
    listed = company.run("preview").out.split()
    assert {"exec/digest", "strategic/globex/k3x9q2mf", "public/k3x9q2mf"} <= set(listed)
    assert company.run("preview", "exec").out.startswith("SEV2")
    assert "Hello" in company.run("preview", "globex/k3x9q2mf", "--text").out
    assert company.run("preview", "globex").code == 1
    assert "did you mean" in company.run("preview", "exec/digset").err
