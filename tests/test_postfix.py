"""Through a real mail server: Debian's Postfix, with STARTTLS and log-in, into a mailbox, and read back from there."""

from __future__ import annotations

import os
from email import message_from_bytes
from email.policy import SMTP, compat32

import pytest
import trustme
from msgspec import structs

import postfix
from heliograph.operations import Secret, Smtp
from heliograph.send.courier import Parcel
from heliograph.send.session import Unusable
from heliograph.send.smtp import SmtpCourier, connect
from heliograph.send.wire import wire_bytes
from mails import example_messages
from test_wire import STAMP

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A running Postfix, and how to reach it; where CI is set, a missing one is a failure."""
    if os.geteuid() != 0:
        pytest.skip("Postfix needs root")
    if absent := postfix.missing():
        say = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        say(f"not installed: {absent} (Debian packages postfix and sasl2-bin)")
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    issued.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    with postfix.running(folder / "cert.pem", folder / "key.pem") as running:
        yield (
            running,
            Smtp(
                host="localhost",
                port=running.port,
                security="starttls",
                sender="bounces@status.example.com",
                username=running.user,
                password=Secret(postfix.PASSWORD),
                ca_file=folder / "ca.pem",
            ),
        )


def letters():
    """One mail of each reader and kind of the example site."""
    found = {(message.reader, message.kind): message.mails[0] for message in example_messages() if message.mails}
    return list(found.values())


def test_mails_of_the_example_arrive_whole_by_starttls_and_log_in(server):
    running, smtp = server
    courier = connect(smtp)
    sent = {}
    for number, mail in enumerate(letters()):
        stamp = structs.replace(STAMP, key=f"key{number}", to=f"one@{postfix.DOMAIN}")
        data = wire_bytes(mail, stamp)
        verdict = courier.hand_over(Parcel(stamp.key, stamp.to, data), lambda: True)
        assert verdict.state == "SENT", verdict
        sent[f"<key{number}@{stamp.domain}>"] = data
    courier.close()
    arrived = {str(message_from_bytes(data)["Message-ID"]): data for data in running.delivered(len(sent))}
    assert arrived.keys() == sent.keys()
    for key, data in sent.items():
        check_arrived(data, arrived[key])


def check_arrived(data, arrived):
    """A server adds its own headers above ours, and changes nothing else."""
    crlf = arrived.replace(b"\n", b"\r\n")
    assert crlf.endswith(data)
    added = message_from_bytes(crlf.removesuffix(data) + b"\r\n", policy=compat32)
    assert set(added.keys()) == {"Return-Path", "X-Original-To", "Delivered-To", "Received"}
    assert added["Return-Path"] == "<bounces@status.example.com>"
    assert "with ESMTPSA" in added["Received"], "private, and logged in"
    assert "from status.example.com" in added["Received"], "greeted by the sender's domain"
    assert message_from_bytes(crlf, policy=SMTP)["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize(
    ("address", "state", "reply"),
    [
        (f"nobody@{postfix.DOMAIN}", "FAILED", "550 5.1.1"),
        (f"busy@{postfix.DOMAIN}", "DEFERRED", "450 4.2.1"),
    ],
)
def test_what_a_real_server_refuses_is_judged_as_it_was_meant(server, address, state, reply):
    _, smtp = server
    courier = SmtpCourier(smtp)
    data = wire_bytes(letters()[0], structs.replace(STAMP, to=address))
    verdict = courier.hand_over(Parcel("k", address, data), lambda: True)
    courier.close()
    assert (verdict.state, verdict.fatal) == (state, False)
    assert verdict.reply.startswith(reply)


def test_a_wrong_password_is_refused_and_not_repeated(server):
    _, smtp = server
    with pytest.raises(Unusable, match=r"^535 5\.7\.8") as refusal:
        connect(structs.replace(smtp, password=Secret("wrong-password")))
    assert "wrong-password" not in str(refusal.value)


def test_without_log_in_no_recipient_is_failed_for_good(server):
    _, smtp = server
    address = f"one@{postfix.DOMAIN}"
    courier = SmtpCourier(structs.replace(smtp, username=""))
    data = wire_bytes(letters()[0], structs.replace(STAMP, to=address))
    verdict = courier.hand_over(Parcel("k", address, data), lambda: True)
    courier.close()
    assert verdict.state == "DEFERRED", verdict
