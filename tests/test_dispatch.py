"""One run of a site's sending on a real ledger and a real mail server: what is planned, what waits, what stops what."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec import structs

from heliograph.dispatch import IDEMPOTENT, MEMORY, Run, draw_up, open_ledger, record_of, waiting
from heliograph.message import Chat, Mail, Message, Pace
from heliograph.operations import Operations, Recipient, Secret, Smtp, SqlitePlace, Webhook
from heliograph.send.ledger import Addressee, LedgerRefused, Planned
from heliograph.send.plan import REMEMBERED
from heliograph.send.sqlite import SqliteLedger
from smtp_lab import Fault, Lab

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
PACES = {"exec": Pace(mode="each-update", every=None, most=50, waits_for_page=False, after=())}
EXEC = [Recipient(reader="exec", address=f"{name}@x.example") for name in ("ann", "bob")]


def operations(path: Path, **more: object) -> Operations:
    given = {
        "site": "s",
        "secret": Secret("x" * 32),
        "mail_domain": "mail.example.com",
        "smtp": None,
        "ledger": SqlitePlace(path / "ledger"),
        "webhooks": (),
        "unsubscribe": "",
        "unsubscribe_mail": "",
        "idempotency_header": "",
        "page": "",
        "page_ca_file": None,
        "max_age": timedelta(hours=6),
        "cap": 500,
        **dict.fromkeys(("lists", "domains", "senders", "contacts", "silent"), ()),
    }
    return Operations(**{**given, **more})


def message(*news: str, at: datetime = NOW, **more: object) -> Message:
    mail = Mail(
        audience="exec",
        subject="Payments",
        preheader="",
        text="Some fail.",
        html="<p>Some fail.</p>",
        at=at,
        thread="t",
        from_name="Status",
        from_="status@example.com",
        list_id="exec.status.example.com",
    )
    given = {"audience": "exec", "kind": "digest", "topics": (), "thread": "t", "mails": (mail,)}
    return Message(**{**given, "news": news, "at": at, **more})


def chat(*news: str) -> Message:
    return message(
        *news, at=NOW - timedelta(minutes=1), kind="chat", mails=(), chat=Chat(title="Payments", text="Some fail.")
    )


def drawn_up(ledger, *messages, now=NOW, operator):
    """Plan what is new, and give it."""
    intents = draw_up(messages, ledger, EXEC, operator, PACES, now)
    for intent in intents:
        ledger.plan(intent.planned, intent.addressees)
    return [one.planned for one in intents]


@contextlib.contextmanager
def begun(operator, tmp_path, *, create=True):
    with contextlib.closing(open_ledger(operator, tmp_path, create=create)) as opened, opened as ledger:
        yield ledger


def states(ledger):
    return sorted((one.address, one.state) for one in ledger.deliveries())


def dead_hooks(count):
    """Webhooks at a port where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = Secret(f"http://127.0.0.1:{taken.getsockname()[1]}/hook")
    return tuple(
        Webhook(id=f"room-{number}", audience="exec", kind="generic", url=url, allow_private=True)
        for number in range(count)
    )


def mail_server(lab, **more):
    return Smtp(host="127.0.0.1", port=lab.port, security="none", sender="bounces@example.com", connections=1, **more)


def run_of(operator, ledger, tell=lambda delivery: None):
    return Run(operator, ledger, "https://status.example.com", lambda: NOW, lambda seconds: None, tell)


def test_webhooks_that_are_dead_do_not_stop_the_mail(tmp_path):
    with Lab(tmp_path / "log") as lab:
        operator = operations(tmp_path, smtp=mail_server(lab), webhooks=dead_hooks(7))
        with begun(operator, tmp_path) as ledger:
            drawn_up(ledger, chat("u0"), message("u1"), operator=operator)
            (stage,) = waiting(ledger, operator, PACES, NOW)
            report = run_of(operator, ledger).deliver(stage)
            mails = {one.state for one in ledger.deliveries() if "@" in one.address}
        assert mails == {"SENT"}
        assert report.accepted == len(lab.accepted) == 2
        assert "refusals in a row" in report.stopped
        assert set(report.counts) == {one.id for one in stage.planned}
        assert not report.is_over


class Together(Run):
    """As it once was: all channels in one go."""

    def deliver(self, stage):
        return self._delivered(stage.planned, "mail")


def test_in_one_go_they_would_stop_it(tmp_path):
    with Lab(tmp_path / "log") as lab:
        operator = operations(tmp_path, smtp=mail_server(lab), webhooks=dead_hooks(7))
        with begun(operator, tmp_path) as ledger:
            drawn_up(ledger, chat("u0"), message("u1"), operator=operator)
            (stage,) = waiting(ledger, operator, PACES, NOW)
            Together(operator, ledger, "", lambda: NOW, lambda _: None, lambda _: None).deliver(stage)
            assert states(ledger)[:2] == [("ann@x.example", "PLANNED"), ("bob@x.example", "PLANNED")]


def test_a_run_that_was_interrupted_begins_nothing_else(tmp_path):
    heard = []

    def interrupt(delivery):
        heard.append(delivery)
        if len(heard) == 1:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.3)  # the main thread heeds it

    with Lab(tmp_path / "log") as lab:
        operator = operations(tmp_path, smtp=mail_server(lab), webhooks=dead_hooks(2))
        with begun(operator, tmp_path) as ledger:
            drawn_up(ledger, chat("u0"), message("u1"), operator=operator)
            (stage,) = waiting(ledger, operator, PACES, NOW)
            run = run_of(operator, ledger, interrupt)
            report = run.deliver(stage)
            assert (report.stopped, report.is_over, report.accepted) == ("interrupted", True, 1)
            assert run.deliver(stage).accepted == 0
            assert states(ledger)[1:] == [("bob@x.example", "PLANNED"), ("room-0", "PLANNED"), ("room-1", "PLANNED")]


@pytest.mark.parametrize(("header", "state"), [("", "AMBIGUOUS"), ("Idempotency-Key", "SENT")])
def test_what_is_ambiguous_is_tried_again_where_the_provider_knows_a_mail_by_its_key(tmp_path, header, state):
    with Lab(tmp_path / "log", script=lambda number: Fault("stored", "drop") if number == 1 else None) as lab:
        operator = operations(tmp_path, smtp=mail_server(lab), idempotency_header=header)
        with begun(operator, tmp_path) as ledger:
            drawn_up(ledger, message("u1"), operator=operator)
            run_of(operator, ledger).deliver(*waiting(ledger, operator, PACES, NOW))
            assert states(ledger) == [("ann@x.example", "AMBIGUOUS"), ("bob@x.example", "SENT")]
            later = NOW + timedelta(hours=1)
            for stage in waiting(ledger, operator, PACES, later):
                Run(operator, ledger, "", lambda: later, lambda _: None, lambda _: None).deliver(stage)
            assert states(ledger)[0] == ("ann@x.example", state)
            assert waiting(ledger, operator, PACES, NOW + IDEMPOTENT) == ()


def test_what_was_told_long_ago_is_not_told_again_when_the_ledger_is_asked_of_late_only(tmp_path):
    operator = operations(tmp_path)
    with begun(operator, tmp_path) as ledger:
        first = NOW - REMEMBERED - timedelta(days=9)
        drawn_up(ledger, message("u1", at=first), now=first, operator=operator)
        (second,) = drawn_up(ledger, message("u1", "u2"), operator=operator)
        assert second.fresh == ("u2",), "an incident that goes on for months begins once"
        for days in (1, 30, 59, 61, 200):
            assert drawn_up(ledger, message("u1", "u2"), now=NOW + timedelta(days=days), operator=operator) == []
        assert len(ledger.planned()) == 2


def test_the_record_tells_of_what_was_accepted_of_late(tmp_path):
    operator = operations(tmp_path)
    with begun(operator, tmp_path) as ledger:
        for number, at in enumerate((NOW - REMEMBERED - timedelta(seconds=1), NOW - REMEMBERED, NOW)):
            planned = Planned(id=f"m{number}", at=at, outcome="planned", fresh=(f"u{number}",), message=message("u"))
            ledger.plan(planned, [Addressee(key=f"k{number}", address="ann@x.example")])
            ledger.commit(f"k{number}", at)
            ledger.settle(f"k{number}", "SENT", "250", at)
        assert [one.update for one in record_of(ledger, NOW).told] == ["u1", "u2"]


def test_an_older_ledger_is_noticed_by_what_stands_in_the_sites_state(tmp_path):
    operator = operations(tmp_path)
    with begun(operator, tmp_path):
        assert (tmp_path / MEMORY).exists()
    with contextlib.closing(SqliteLedger(tmp_path / "other", "s", create=True)):
        moved = structs.replace(operator, ledger=SqlitePlace(tmp_path / "other"))
    with pytest.raises(LedgerRefused, match=r"^E614 the ledger .* is not the one"):
        open_ledger(moved, tmp_path)
