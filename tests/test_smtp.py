"""Handing over by SMTP, against a server that errs at every point: what we say of a mail is what became of it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from msgspec import structs

from heliograph.codes import CODES
from heliograph.operations import Secret, Smtp
from heliograph.send.courier import Parcel, Verdict
from heliograph.send.session import Answer, Patience, Unusable, one_line
from heliograph.send.smtp import MAILS_PER_CONNECTION, MESSAGE_LIMIT, SmtpCourier, connect, judged
from smtp_lab import Fault, Lab, seeded

HERE = Path(__file__).parent
LONG = Patience(opening=20, command=20, data=20, reply=20, goodbye=2)
SILENT = ("stall", "trickle")
SENDER = "bounces@status.example.com"
BODY = b"Message-ID: <%s@status.example.com>\r\nSubject: x\r\n\r\nSome payments fail.\r\n.hidden dot\r\n..\r\n.\r\nEnd.\r\n"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """A certificate for this machine, its key, and the authority that made it."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    issued.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    return folder


def lab(tmp_path: Path, fault: Fault | None = None, **more: object) -> Lab:
    """A lab at which one thing goes wrong, every time."""
    return Lab(tmp_path / "log", lambda number: fault, stall=2, **more)


def server(port: int, **more: object) -> Smtp:
    return Smtp(**{"host": "127.0.0.1", "port": port, "security": "none", "sender": SENDER, **more})


def private(port: int, certificates: Path, **more: object) -> Smtp:
    return server(port, **{"security": "starttls", "host": "localhost", "ca_file": certificates / "ca.pem", **more})


def patience_with(fault: Fault) -> Patience:
    """Wait long enough for a busy machine, but give up what never answers at once."""
    if fault.how not in SILENT:
        return LONG
    phase = {
        "mail": "command",
        "rcpt": "command",
        "data": "command",
        "dot": "reply",
        "stored": "reply",
        "body": "reply",
    }
    return structs.replace(LONG, **{phase.get(fault.point, "opening"): 0.3})


def listed(cases: dict[tuple[str, str], object]) -> list[object]:
    """The cases as pytest takes them; those that only pass time are slow, but for the two that matter most."""
    spared = (("rcpt", "stall"), ("dot", "stall"))
    return [
        pytest.param(
            case, wanted, id="-".join(case), marks=pytest.mark.slow if case[1] in SILENT and case not in spared else ()
        )
        for case, wanted in cases.items()
    ]


def parcel(key: str = "k1", address: str = "one@example.net") -> Parcel:
    return Parcel(key, address, BODY % key.encode())


def always() -> bool:
    return True


def handed(smtp: Smtp, patience: Patience = LONG, commit: Callable[[], bool] = always) -> Verdict:
    courier = SmtpCourier(smtp, patience=patience)
    try:
        return courier.hand_over(parcel(), commit)
    finally:
        courier.close()


# What became of a mail

BEFORE = {
    **{(point, how): "DEFERRED" for point in ("connect", "banner") for how in ("drop", "4xx", "5xx", "421", "stall")},
    **{(point, how): "DEFERRED" for point in ("ehlo", "mail") for how in ("drop", "4xx", "5xx", "421", "stall")},
    **{("rcpt", how): "DEFERRED" for how in ("drop", "4xx", "421", "stall")},
    **{("data", how): "DEFERRED" for how in ("drop", "4xx", "421", "stall")},
    ("rcpt", "5xx"): "FAILED",
    ("data", "5xx"): "FAILED",
}
AFTER = {
    ("dot", "4xx"): "DEFERRED",
    ("dot", "421"): "DEFERRED",
    ("dot", "5xx"): "FAILED",
    **{("dot", how): "AMBIGUOUS" for how in ("drop", "stall", "garbage", "long", "endless", "trickle")},
    **{("stored", how): "AMBIGUOUS" for how in ("drop", "stall", "garbage", "long", "endless", "trickle")},
}
LATE = {(point, "late"): "SENT" for point in ("banner", "ehlo", "mail", "rcpt", "data", "dot", "stored")}
NONSENSE = {
    (point, how): "DEFERRED"
    for point in ("banner", "ehlo", "mail", "rcpt", "data")
    for how in ("garbage", "long", "endless", "trickle")
}
MATRIX = {**BEFORE, **AFTER, **LATE, **NONSENSE}


@pytest.mark.parametrize(("where", "state"), listed(MATRIX))
def test_what_we_say_of_a_mail_is_what_became_of_it(tmp_path, where, state):
    fault = Fault(*where)
    committed = []
    with lab(tmp_path, fault) as served:
        verdict = handed(server(served.port), patience_with(fault), lambda: committed.append(1) or True)
    assert verdict.state == state, verdict
    stored = [entry["rcpt"] for entry in served.accepted]
    if verdict.state == "AMBIGUOUS":
        assert stored == ["one@example.net"] * fault.accepts
    else:
        assert stored == ["one@example.net"] * (verdict.state == "SENT")
    assert bool(committed) == (fault.point in ("dot", "stored") or fault.how == "late"), "asked once, before the dot"
    assert verdict.reply
    assert verdict.reply.isprintable()
    assert len(verdict.reply) <= 200
    assert "payments" not in verdict.reply


FATAL = {
    **dict.fromkeys([("mail", "4xx"), ("rcpt", "4xx"), ("rcpt", "5xx"), ("data", "4xx"), ("dot", "5xx")], False),
    **dict.fromkeys([("connect", "drop"), ("ehlo", "5xx"), ("mail", "5xx"), ("rcpt", "421"), ("dot", "421")], True),
    **dict.fromkeys([("stored", "drop"), ("rcpt", "garbage")], True),
}


@pytest.mark.parametrize(("where", "fatal"), FATAL.items(), ids=["-".join(key) for key in FATAL])
def test_only_what_is_about_the_connection_or_ourselves_is_fatal(tmp_path, where, fatal):
    with lab(tmp_path, Fault(*where)) as served:
        assert handed(server(served.port)).fatal is fatal


@pytest.mark.parametrize("how", ["drop", "4xx", "stall"])
def test_what_is_lost_within_the_message_is_never_said_to_be_accepted(tmp_path, how):
    """Whether the loss is seen before the dot or only after it, is for the network to say."""
    fault = Fault("body", how)
    with lab(tmp_path, fault) as served:
        verdict = handed(server(served.port), patience_with(fault))
    assert verdict.state in ("DEFERRED", "AMBIGUOUS"), verdict
    assert served.accepted == []


def test_a_server_that_speaks_up_before_the_dot_is_heard_before_anything_is_committed(tmp_path):
    committed = []
    with lab(tmp_path, Fault("data", "4xx", "354 go ahead\r\n421 4.3.2 shutting down")) as served:
        verdict = handed(server(served.port), commit=lambda: committed.append(1) or True)
    assert (verdict.state, verdict.fatal, committed, served.accepted) == ("DEFERRED", True, [], [])


def test_a_second_answer_is_not_taken_for_the_next_ones(tmp_path):
    """Else the answer to RCPT would be read after DATA, and that to DATA after the dot."""
    with lab(tmp_path, Fault("mail", "4xx", "250 ok\r\n250 ok\r\n354 ok\r\n250 ok")) as served:
        verdict = handed(server(served.port))
    assert (verdict.state, verdict.reply) == ("DEFERRED", "E510 the server spoke before it was asked")
    assert served.accepted == []


def test_an_answer_after_the_dot_that_is_followed_by_more_counts_and_the_connection_is_given_up(tmp_path):
    faults = iter([None, Fault("stored", "4xx", "250 2.0.0 stored\r\n250 again")])
    with Lab(tmp_path / "log", lambda number: next(faults, None)) as served:
        courier = SmtpCourier(server(served.port), patience=LONG)
        states = [courier.hand_over(parcel(key), always).state for key in ("k1", "k2")]
        courier.close()
        assert states == ["SENT", "SENT"]
        assert served.connections == 2
    assert [entry["id"] for entry in served.accepted] == [f"<{key}@status.example.com>" for key in ("k1", "k2")]


def test_a_server_that_is_not_there_has_accepted_nothing(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert handed(server(port)) == Verdict("DEFERRED", "the server takes no connections", fatal=True)
    with pytest.raises(Unusable, match="takes no connections"):
        connect(server(port), patience=LONG)


@pytest.mark.parametrize(
    ("point", "code", "state", "fatal"),
    [
        ("MAIL", 451, "DEFERRED", False),
        ("MAIL", 421, "DEFERRED", True),
        ("MAIL", 530, "DEFERRED", True),
        ("MAIL", 552, "FAILED", False),
        ("RCPT", 550, "FAILED", False),
        ("RCPT", 530, "DEFERRED", True),
        ("RCPT", 503, "DEFERRED", True),
        ("DATA", 250, "DEFERRED", True),
        ("DATA", 554, "FAILED", False),
        (".", 354, "AMBIGUOUS", True),
        (".", 552, "FAILED", False),
        (".", 421, "DEFERRED", True),
    ],
)
def test_answers_are_judged_by_where_they_come(point, code, state, fatal):
    verdict = judged(point, Answer(code, f"{code} words"))
    assert verdict == Verdict(state, f"{code} words", fatal)


def test_that_we_may_not_relay_does_not_fail_a_recipient_for_good():
    refusal = Answer(554, "554 5.7.1 <one@example.net>: Relay access denied")
    assert judged("RCPT", refusal) == Verdict("DEFERRED", refusal.line)


@pytest.mark.parametrize("said", ["250 \x1b[2J ok", "250 a\nb\u2028c", "250 " + "x" * 5000, "250 \x00"])
def test_what_a_server_says_is_kept_as_one_short_printable_line(said):
    line = one_line(said)
    assert line.isprintable()
    assert 3 <= len(line) <= 200


# What is put on the line


def test_a_mail_arrives_byte_for_byte_dots_and_all(tmp_path):
    with lab(tmp_path) as served:
        assert handed(server(served.port)) == Verdict("SENT", "250 2.0.0 stored")
    (entry,) = served.accepted
    assert entry["data"].encode("latin-1") == parcel().data
    assert (entry["from"], entry["rcpt"]) == (SENDER, "one@example.net")


def test_without_doubled_dots_a_message_would_end_early(tmp_path, monkeypatch):
    monkeypatch.setattr("heliograph.send.smtp._stuffed", lambda data: data)
    with lab(tmp_path) as served:
        handed(server(served.port))
    assert served.accepted[0]["data"].encode("latin-1") != parcel().data


def test_one_recipient_is_named_and_nothing_else_is_asked_for(tmp_path):
    with lab(tmp_path) as served:
        handed(server(served.port))
    size = len(parcel().data)
    assert served.heard == [
        "EHLO status.example.com",
        f"MAIL FROM:<{SENDER}> SIZE={size}",
        "RCPT TO:<one@example.net>",
        "DATA",
        "QUIT",
    ]


def test_the_name_we_greet_with_may_be_chosen(tmp_path):
    with lab(tmp_path) as served:
        handed(server(served.port, helo="mail.example.com"))
    assert served.heard[0] == "EHLO mail.example.com"


UNSENDABLE = {
    "a lone LF": BODY % b"k" + b"x\n.\nMAIL FROM:<a@example.net>\r\n",
    "a lone CR": BODY % b"k" + b"x\r.\rMAIL FROM:<a@example.net>\r\n",
    "LF CR": BODY % b"k" + b"x\n\r.\n\r\r\n",
    "no line end": b"Subject: x\r\n\r\nx",
    "nothing": b"",
    "NUL": b"Subject: x\r\n\r\n\0\r\n",
    "8 bits": "Subject: ü\r\n\r\n".encode(),
    "a long line": b"Subject: x\r\n\r\n" + b"x" * 999 + b"\r\n",
    "too large": b"Subject: x\r\n\r\n" + b"x" * 76 * MESSAGE_LIMIT + b"\r\n",
}


@pytest.mark.parametrize("data", UNSENDABLE.values(), ids=UNSENDABLE.keys())
def test_what_a_server_could_read_otherwise_is_not_offered_to_any(tmp_path, data):
    with lab(tmp_path) as served:
        courier = SmtpCourier(server(served.port), patience=LONG)
        verdict = courier.hand_over(Parcel("k", "one@example.net", data), always)
    assert (verdict.state, verdict.fatal, served.connections) == ("FAILED", False, 0)


def test_a_message_that_is_too_large_is_refused_by_its_code():
    data = b"Subject: x\r\n\r\n" + b"x\r\n" * (MESSAGE_LIMIT // 3)
    verdict = SmtpCourier(server(1), patience=LONG).hand_over(Parcel("k", "one@example.net", data), always)
    assert (verdict.state, verdict.reply[:4]) == ("FAILED", "E511")


@pytest.mark.parametrize(
    "address",
    [
        "a@example.net>\r\nRCPT TO:<evil@example.net",
        "a@example.net\nRCPT TO:<evil@example.net>",
        "a@example.net> ORCPT=x",
        "a@example.net,evil@example.net",
        "ü@example.net",
        "a@exämple.net",
        "",
        "@example.net",
        "<a@example.net>",
    ],
)
def test_an_address_cannot_say_more_than_who_it_is(tmp_path, address):
    with lab(tmp_path) as served:
        courier = SmtpCourier(server(served.port), patience=LONG)
        assert courier.hand_over(parcel(address=address), always).state == "FAILED"
        courier = SmtpCourier(server(served.port, sender=address), patience=LONG)
        assert courier.hand_over(parcel(), always).state == "FAILED"
        assert served.connections == 0


# Committing


def test_what_is_not_to_go_any_more_is_not_sent_and_the_next_one_goes(tmp_path):
    with lab(tmp_path) as served:
        courier = SmtpCourier(server(served.port), patience=LONG)
        assert courier.hand_over(parcel("k1"), lambda: False).state == "PLANNED"
        assert courier.hand_over(parcel("k2"), always).state == "SENT"
        courier.close()
    assert [entry["id"] for entry in served.accepted] == ["<k2@status.example.com>"]


def test_when_committing_fails_nothing_is_sent_and_the_fault_is_told(tmp_path):
    def full() -> bool:
        raise OSError(28, "No space left on device")

    with lab(tmp_path) as served:
        courier = SmtpCourier(server(served.port), patience=LONG)
        with pytest.raises(OSError, match="No space"):
            courier.hand_over(parcel("k1"), full)
        assert courier.hand_over(parcel("k2"), always).state == "SENT"
        courier.close()
    assert [entry["id"] for entry in served.accepted] == ["<k2@status.example.com>"]


def test_nothing_is_accepted_before_it_is_committed(tmp_path):
    seen = []
    with lab(tmp_path) as served:
        handed(server(served.port), commit=lambda: seen.append(list(served.accepted)) or True)
        assert seen == [[]]
        assert len(served.accepted) == 1


# One connection for many


def test_a_connection_is_used_again_also_after_a_refusal(tmp_path):
    faults = {2: Fault("rcpt", "5xx"), 4: Fault("dot", "4xx")}
    with Lab(tmp_path / "log", faults.get) as served:
        courier = SmtpCourier(server(served.port), patience=LONG)
        states = [courier.hand_over(parcel(f"k{n}"), always).state for n in range(5)]
        courier.close()
        assert states == ["SENT", "FAILED", "SENT", "DEFERRED", "SENT"]
        assert served.connections == 1
        assert served.heard.count("RSET") == 1, "a transaction that came to its end needs none"


def test_after_many_mails_a_new_connection_is_opened(tmp_path):
    with lab(tmp_path) as served:
        courier = SmtpCourier(server(served.port), patience=LONG)
        for number in range(MAILS_PER_CONNECTION + 1):
            assert courier.hand_over(parcel(f"k{number}"), always).state == "SENT"
        courier.close()
        assert served.connections == 2


@pytest.mark.parametrize("secured", [False, True])
def test_a_connection_that_was_left_to_die_is_replaced_without_anyone_noticing(tmp_path, certificates, secured):
    pair = (certificates / "cert.pem", certificates / "key.pem")
    with lab(tmp_path, tls=pair if secured else None) as served:
        smtp = private(served.port, certificates) if secured else server(served.port)
        courier = SmtpCourier(smtp, patience=LONG)
        assert courier.hand_over(parcel("k1"), always).state == "SENT"
        served.hang_up_on_all()
        assert courier.hand_over(parcel("k2"), always).state == "SENT"
        courier.close()
        assert served.connections == 2


def test_close_never_raises_whatever_the_server_does(tmp_path):
    with lab(tmp_path) as served:
        courier = connect(server(served.port), patience=LONG)
        served.hang_up_on_all()
        courier.close()
        courier.close()


# Privacy


def test_a_mail_goes_by_starttls_and_log_in(tmp_path, certificates):
    pair = (certificates / "cert.pem", certificates / "key.pem")
    with lab(tmp_path, tls=pair, user="ci", password="s3cret") as served:
        smtp = private(served.port, certificates, username="ci", password=Secret("s3cret"))
        assert handed(smtp).state == "SENT"
        assert [line.split()[0] for line in served.heard[:4]] == ["EHLO", "STARTTLS", "EHLO", "AUTH"]
    assert [(entry["tls"], entry["user"]) for entry in served.accepted] == [(True, "ci")]


def test_a_mail_goes_by_tls_from_the_first_byte(tmp_path, certificates):
    pair = (certificates / "cert.pem", certificates / "key.pem")
    with lab(tmp_path, tls=pair, implicit=True, user="ci", password="s3cret") as served:
        smtp = private(served.port, certificates, security="tls", username="ci", password=Secret("s3cret"))
        assert handed(smtp).state == "SENT"
    assert served.accepted[0]["tls"]


TLS_FAULTS = {
    ("starttls", "4xx"): "E509",
    ("starttls", "5xx"): "E509",
    ("starttls", "421"): "E509",
    ("starttls", "drop"): "the connection was lost",
    ("starttls", "stall"): "E510",
    ("starttls", "garbage"): "E510",
    ("handshake", "garbage"): "E5",
    ("handshake", "drop"): "",
    ("handshake", "stall"): "E510",
    ("auth", "4xx"): "454",
    ("auth", "5xx"): "535",
    ("auth", "drop"): "the connection was lost",
    ("auth", "stall"): "E510",
    ("auth", "garbage"): "E510",
}


@pytest.mark.parametrize(("where", "reply"), listed(TLS_FAULTS))
def test_nothing_is_said_in_clear_when_privacy_or_log_in_fails(tmp_path, certificates, where, reply):
    pair = (certificates / "cert.pem", certificates / "key.pem")
    with lab(tmp_path, Fault(*where), tls=pair, user="ci", password="s3cret") as served:
        smtp = private(served.port, certificates, username="ci", password=Secret("s3cret"))
        verdict = handed(smtp, patience_with(Fault(*where)))
    assert (verdict.state, verdict.fatal, served.accepted) == ("DEFERRED", True, [])
    assert verdict.reply.startswith(reply)
    assert "s3cret" not in verdict.reply
    assert not [line for line in served.heard if line.startswith("MAIL")]


def test_what_is_said_in_clear_behind_the_answer_to_starttls_is_not_taken_for_private(tmp_path, certificates):
    pair = (certificates / "cert.pem", certificates / "key.pem")
    with lab(tmp_path, Fault("starttls", "4xx", "220 go ahead\r\n250 AUTH PLAIN"), tls=pair) as served:
        verdict = handed(private(served.port, certificates))
    assert verdict == Verdict("DEFERRED", "E510 the server spoke before it was asked", fatal=True)


def test_a_server_without_starttls_gets_nothing(tmp_path, certificates):
    with lab(tmp_path) as served:
        verdict = handed(private(served.port, certificates))
        assert served.heard == ["EHLO status.example.com"]
    assert verdict == Verdict("DEFERRED", "E509 the server offers no STARTTLS", fatal=True)


@pytest.mark.parametrize("implicit", [False, True])
def test_a_certificate_of_an_unknown_authority_is_not_trusted_not_even_on_this_machine(
    tmp_path, certificates, implicit
):
    pair = (certificates / "cert.pem", certificates / "key.pem")
    with lab(tmp_path, tls=pair, implicit=implicit) as served:
        smtp = private(served.port, certificates, ca_file=None, security="tls" if implicit else "starttls")
        verdict = handed(smtp)
        assert served.accepted == []
    assert verdict.reply.startswith("E509 no private connection: its certificate is not trusted"), verdict


def test_a_certificate_of_another_host_is_not_trusted(tmp_path, certificates):
    other = trustme.CA()
    issued = other.issue_cert("mail.example.net")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    other.cert_pem.write_to_path(tmp_path / "ca.pem")
    with lab(tmp_path, tls=(tmp_path / "cert.pem", tmp_path / "key.pem")) as served:
        verdict = handed(private(served.port, tmp_path))
        assert served.accepted == []
    assert verdict.reply.startswith("E509"), verdict


@pytest.mark.parametrize("host", ["192.0.2.1", "mail.example.com", "10.0.0.1", "::2", "128.0.0.1"])
def test_without_privacy_no_other_machine_is_even_called(host):
    verdict = handed(server(1, host=host))
    assert verdict == Verdict("DEFERRED", "E509 security is none, but the server is not on this machine", fatal=True)


def test_a_password_is_not_sent_in_clear_not_even_on_this_machine(tmp_path):
    with lab(tmp_path, user="ci", password="s3cret") as served:
        verdict = handed(server(served.port, username="ci", password=Secret("s3cret")))
        assert served.connections == 0
    assert verdict.reply.startswith("E509")


def test_a_password_that_the_server_cannot_be_told_is_not_repeated(tmp_path, certificates):
    pair = (certificates / "cert.pem", certificates / "key.pem")
    with lab(tmp_path, tls=pair, user="ci", password="x") as served:
        verdict = handed(private(served.port, certificates, username="ci", password=Secret("pässword")))
    assert verdict.reply == "user name and password may hold ASCII characters only"


def test_a_server_that_lets_nobody_log_in_gets_nothing(tmp_path, certificates):
    pair = (certificates / "cert.pem", certificates / "key.pem")
    with lab(tmp_path, tls=pair) as served:
        verdict = handed(private(served.port, certificates, username="ci", password=Secret("x")))
        assert served.accepted == []
    assert verdict == Verdict("DEFERRED", "the server does not let anybody log in", fatal=True)


@pytest.mark.parametrize("code", ["E509", "E510", "E511"])
def test_codes_are_explained(code):
    assert code in CODES


# Many, at a server that errs


def many(tmp_path: Path, count: int, seed: int) -> tuple[dict[str, str], list[str]]:
    """Deliver many mails, each tried again while it is certainly not accepted; their states, and what was accepted."""
    hows = ("drop", "4xx", "5xx", "421", "garbage", "long", "late")
    states = {}
    with Lab(tmp_path / "log", seeded(seed, 0.3, hows=hows), late=0.01) as served:
        courier = SmtpCourier(server(served.port), patience=LONG)
        for number in range(count):
            verdict = Verdict("DEFERRED", "")
            while verdict.state == "DEFERRED":
                verdict = courier.hand_over(parcel(f"k{number}"), always)
            states[f"<k{number}@status.example.com>"] = verdict.state
        courier.close()
    return states, [entry["id"] for entry in served.accepted]


def check_many(states: dict[str, str], accepted: list[str]) -> None:
    assert len(accepted) == len(set(accepted)), "something was accepted twice"
    for key, state in states.items():
        if state != "AMBIGUOUS":
            assert (key in accepted) == (state == "SENT"), key


def test_of_many_mails_none_is_accepted_twice_and_none_is_missing(tmp_path):
    states, accepted = many(tmp_path, 100, seed=1)
    check_many(states, accepted)
    assert set(states.values()) == {"SENT", "FAILED", "AMBIGUOUS"}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_of_very_many_mails_none_is_accepted_twice_and_none_is_missing(tmp_path, seed):
    check_many(*many(tmp_path, 1_000, seed=100 + seed))


def test_who_takes_silence_for_refusal_sends_twice(tmp_path):
    """The check above is not idle: read an ambiguous end as deferred, as simple senders do, and it fails."""
    accepted = []
    faults = {1: Fault("stored", "drop")}
    with Lab(tmp_path / "log", faults.get) as served:
        courier = SmtpCourier(server(served.port), patience=LONG)
        for _ in range(2):
            if courier.hand_over(parcel(), always).state == "SENT":
                break
        courier.close()
        accepted = [entry["id"] for entry in served.accepted]
    with pytest.raises(AssertionError, match="twice"):
        check_many({}, accepted)


def test_the_lab_serves_other_processes_and_its_book_outlives_it(tmp_path, certificates):
    told = [tmp_path / "port", tmp_path / "log"]
    command = [sys.executable, "-m", "smtp_lab", "--port-file", told[0], "--log", told[1], "--seed", "3"]
    secured = ["--tls", certificates / "cert.pem", certificates / "key.pem", "--user", "ci", "--password", "s3cret"]
    process = subprocess.Popen([*command, "--fault-rate", "0", *secured], cwd=HERE)
    try:
        while not told[0].exists():
            assert process.poll() is None
            time.sleep(0.02)
        smtp = private(int(told[0].read_text()), certificates, username="ci", password=Secret("s3cret"))
        assert handed(smtp).state == "SENT"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    (entry,) = [json.loads(line) for line in told[1].read_text().splitlines()]
    assert (entry["id"], entry["rcpt"], entry["user"]) == ("<k1@status.example.com>", "one@example.net", "ci")


def test_a_script_made_from_a_seed_is_the_same_every_time():
    first, again, other = (seeded(seed, 0.5) for seed in (1, 1, 2))
    numbers = range(200)
    assert [first(n) for n in numbers] == [again(n) for n in numbers] != [other(n) for n in numbers]
    assert 60 < sum(first(n) is not None for n in numbers) < 140
