"""Webhooks against real servers: what is sent, what is believed of the reply, and where nothing is ever sent."""

from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import socket
import ssl
import threading
from contextlib import contextmanager
from http import HTTPStatus

import pytest
import trustme

from heliograph import outward
from heliograph.message import Chat
from heliograph.operations import Secret, Webhook
from heliograph.send.courier import Parcel
from heliograph.send.webhook import WebhookCourier, chat_body, refusal, signature

CHAT = Chat(
    title="Some payments failing",
    text="Cause found.\nSince 14:02 UTC",
    url="https://status.example.com/incidents/k3x9q2mf/",
)
BODY = chat_body("generic", CHAT, "DELIVERYKEY", audience="public", number=2)
PARCEL = Parcel("DELIVERYKEY", "room", BODY)
TOKEN = "T000SECRETTOKEN"


class Hook:
    """A server that keeps what it gets; `answer` takes the handler and does what a receiver would."""

    def __init__(self, answer):
        self.answer = answer
        self.got = []
        self.connections = 0
        self.url = ""


@contextmanager
def hook(answer=200, context=None):
    """Run a receiver that answers with a status, or as the given function does."""
    state = Hook(answer)

    class Handler(http.server.BaseHTTPRequestHandler):
        def setup(self):
            state.connections += 1
            super().setup()

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.got.append((self.path, dict(self.headers), body))
            if callable(state.answer):
                state.answer(self)
                return
            self.send_response(state.answer)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request, address):
            pass

    server = Server(("127.0.0.1", 0), Handler)
    scheme = "http"
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        scheme = "https"
    state.url = f"{scheme}://hooks.example:{server.server_address[1]}/services/{TOKEN}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def local(host, port):
    return ("127.0.0.1",)


def webhook(url, kind="generic", **more):
    return Webhook(id="room", audience="public", kind=kind, url=Secret(url), **{"allow_private": True, **more})


def courier(url, kind="generic", resolve=local, seconds=20.0, **more):
    return WebhookCourier(webhook(url, kind, **more), resolve=resolve, seconds=seconds, clock=lambda: 1_795_271_400.9)


def yes():
    return True


def handed(url, **more):
    return courier(url, **more).hand_over(PARCEL, yes)


# ── What is sent ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_generic_receiver_gets_a_closed_set_of_fields_and_a_key_that_it_can_know_again():
    with hook() as state:
        assert handed(state.url).state == "SENT"
    path, headers, body = state.got[0]
    assert path == f"/services/{TOKEN}"
    assert json.loads(body) == {
        "key": "DELIVERYKEY",
        "audience": "public",
        "number": 2,
        "title": CHAT.title,
        "text": CHAT.text,
        "url": CHAT.url,
    }
    assert headers["Idempotency-Key"] == "DELIVERYKEY"
    assert headers["Host"].startswith("hooks.example:")
    assert set(headers) == {"Host", "User-Agent", "Content-Type", "Content-Length", "Idempotency-Key", "Connection"}


def test_what_is_sent_is_signed_with_the_time_when_there_is_a_secret():
    with hook() as state:
        handed(state.url, secret=Secret("shared"))
    _, headers, body = state.got[0]
    expected = hmac.new(b"shared", b"1795271400." + body, hashlib.sha256).hexdigest()
    assert headers["Heliograph-Signature"] == f"t=1795271400,v1={expected}"
    assert signature("shared", 1, b"a") != signature("shared", 2, b"a") != signature("other", 2, b"a")


def test_slack_gets_blocks_and_neither_our_key_nor_a_signature():
    with hook() as state:
        handed(state.url, kind="slack", secret=Secret("shared"))
    headers = state.got[0][1]
    assert "Idempotency-Key" not in headers
    assert "Heliograph-Signature" not in headers


def test_slacks_message_has_a_header_the_words_and_where_to_read_on():
    told = json.loads(chat_body("slack", CHAT, "k", audience="public", number=1))
    assert [block["type"] for block in told["blocks"]] == ["header", "section", "context"]
    assert told["blocks"][0]["text"] == {"type": "plain_text", "text": CHAT.title, "emoji": False}
    assert told["blocks"][2]["elements"][0]["text"] == f"<{CHAT.url}>"
    assert told["text"].startswith("Some payments failing\nCause found.")
    without = json.loads(chat_body("slack", Chat(title="a", text="b"), "k", audience="public", number=1))
    assert [block["type"] for block in without["blocks"]] == ["header", "section"]


PINGS = [
    "<!channel>",
    "<!here>",
    "<!everyone>",
    "<!subteam^S1|team>",
    "<@U123>",
    "<#C123>",
    "<https://evil.example|https://bank.example>",
]


@pytest.mark.parametrize("words", PINGS)
@pytest.mark.parametrize("field", ["title", "text"])
def test_no_authored_words_call_anyone_or_hide_where_a_link_leads(words, field):
    chat = Chat(**{"title": "t", "text": "x", field: f"Hello {words}"})
    assert called(json.loads(chat_body("slack", chat, "k", audience="public", number=1))) == []


def test_the_test_above_finds_what_is_not_escaped():
    assert called({"blocks": [{"text": {"type": "mrkdwn", "text": "Hello <!channel>"}}]}) == ["Hello <!channel>"]


def called(told):
    """All strings of a payload that hold a control sequence of Slack's."""
    if isinstance(told, dict):
        return [found for value in told.values() for found in called(value)]
    if isinstance(told, list):
        return [found for value in told for found in called(value)]
    return [told] if isinstance(told, str) and ("<" in told or ">" in told) else []


def test_names_are_not_looked_for_in_the_words():
    told = json.loads(chat_body("slack", CHAT, "k", audience="public", number=1))
    assert (told["parse"], told["link_names"], told["mrkdwn"]) == ("none", False, False)
    assert all(block["text"]["verbatim"] for block in told["blocks"] if block["type"] == "section")


@pytest.mark.parametrize("letter", ["a", "&", "<", "“", "😀"])
def test_slacks_limits_hold_whatever_must_be_escaped(letter):
    told = json.loads(
        chat_body("slack", Chat(title=letter * 150, text=letter * 1200), "k", audience="public", number=1)
    )
    assert len(told["blocks"][0]["text"]["text"]) <= 150
    assert len(told["blocks"][1]["text"]["text"]) <= 3000
    assert "&l…" not in str(told), "an escaped character was cut through"


# ── What is believed of the reply ────────────────────────────────────────────────────────────────────────────────────

STATES = {
    200: "SENT", 201: "SENT", 202: "SENT", 204: "SENT", 301: "FAILED", 302: "AMBIGUOUS", 303: "AMBIGUOUS", 307: "FAILED", 308: "FAILED",
    400: "FAILED", 401: "FAILED", 403: "FAILED", 404: "FAILED", 408: "DEFERRED", 410: "FAILED", 413: "FAILED", 425: "DEFERRED",
    429: "DEFERRED", 500: "AMBIGUOUS", 502: "AMBIGUOUS", 503: "DEFERRED", 504: "AMBIGUOUS", 599: "AMBIGUOUS",
}  # fmt: skip


@pytest.mark.parametrize(("status", "state"), STATES.items())
def test_a_reply_says_what_became_of_it(status, state):
    with hook(status) as server:
        verdict = handed(server.url)
    assert verdict.state == state
    assert verdict.reply.startswith(str(status))


def test_a_redirect_is_not_followed():
    def elsewhere(handler):
        handler.send_response(307)
        handler.send_header("Location", "/other")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with hook(elsewhere) as state:
        assert handed(state.url).state == "FAILED"
    assert len(state.got) == 1


def hang_up(handler):
    handler.connection.shutdown(socket.SHUT_RDWR)


def nonsense(handler):
    handler.wfile.write(b"\x00\xff not http at all\r\n\r\n")
    handler.wfile.flush()
    hang_up(handler)


def endless_head(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500)
    handler.wfile.flush()
    hang_up(handler)


@pytest.mark.parametrize("answer", [hang_up, nonsense, endless_head])
def test_without_a_reply_nobody_knows(answer):
    with hook(answer) as state:
        assert handed(state.url).state == "AMBIGUOUS"
    assert len(state.got) == 1


def waits(seconds):
    def answer(handler):
        handler.wfile.write(b"HTTP/1.1 2")
        handler.wfile.flush()
        threading.Event().wait(seconds)

    return answer


@pytest.mark.slow
def test_a_receiver_that_stalls_is_not_waited_for():
    with hook(waits(6)) as state:
        assert handed(state.url, seconds=0.5).state == "AMBIGUOUS"


@pytest.mark.slow
def test_a_receiver_that_drips_is_given_up_though_each_byte_came_in_time():
    stopped = threading.Event()

    def drips(handler):
        for letter in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 80:
            if stopped.wait(0.05):
                return
            handler.wfile.write(bytes([letter]))
            handler.wfile.flush()

    with hook(drips) as state:
        assert handed(state.url, seconds=0.6).state == "AMBIGUOUS"
        stopped.set()


def test_of_a_long_body_no_more_is_read_than_is_of_use():
    sent = []

    def endless(handler):
        handler.send_response(404)
        handler.end_headers()
        try:
            while len(sent) < 4_000:
                handler.wfile.write(b"x" * 65_536)
                sent.append(1)
        except OSError:
            return

    with hook(endless) as state:
        verdict = handed(state.url, kind="slack")
    assert (verdict.state, verdict.reply) == ("FAILED", "404 Not Found")
    assert len(sent) < 4_000


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"invalid_payload", "400 Bad Request: invalid_payload"),
        (b"no_service", "400 Bad Request: no_service"),
        (TOKEN.encode(), "400 Bad Request"),
        (b"Some payments failing", "400 Bad Request"),
        (b"a\r\nb", "400 Bad Request"),
        (b"\xff\xfe", "400 Bad Request"),
    ],
)
def test_of_what_slack_answers_only_its_own_words_are_repeated(body, said):
    def answer(handler):
        handler.send_response(400)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    with hook(answer) as state:
        assert handed(state.url, kind="slack").reply == said


# ── The ledger hears of it first ─────────────────────────────────────────────────────────────────────────────────────


def test_commit_is_asked_when_there_is_a_connection_and_before_a_byte_is_sent():
    seen = []
    server = socket.create_server(("127.0.0.1", 0))

    def receive():
        line, _ = server.accept()
        with line:
            line.settimeout(20)
            committed.wait(20)
            seen.append(line.recv(65_536))
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    committed = threading.Event()
    thread = threading.Thread(target=receive)
    thread.start()

    def commit():
        seen.append("commit")
        committed.set()
        return True

    with server:
        verdict = courier(f"http://hooks.example:{server.getsockname()[1]}/").hand_over(PARCEL, commit)
        thread.join()
    assert verdict.state == "SENT"
    assert seen[0] == "commit"
    assert seen[1].startswith(b"POST / HTTP/1.1\r\n")


def test_nothing_is_sent_when_commit_says_no():
    with hook() as state:
        assert courier(state.url).hand_over(PARCEL, lambda: False).state == "PLANNED"
    assert state.got == []


def never():
    raise AssertionError("commit was asked though there was no connection")


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def nobody(host, port):
    raise socket.gaierror(socket.EAI_NONAME, f"{host} is not known")


def test_without_a_connection_nothing_was_sent_and_commit_is_not_asked():
    assert courier(f"http://hooks.example:{closed_port()}/").hand_over(PARCEL, never).state == "DEFERRED"
    assert courier("https://hooks.example/", resolve=nobody).hand_over(PARCEL, never).state == "DEFERRED"
    assert courier("https://hooks.example/", resolve=lambda host, port: ()).hand_over(PARCEL, never).state == "DEFERRED"


def test_the_next_address_is_tried_when_one_does_not_answer():
    with hook() as state:
        verdict = handed(state.url, resolve=lambda host, port: ("127.9.9.9", "127.0.0.1"))
    assert verdict.state == "SENT"


# ── TLS ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


def served_by(authority, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.fixture(scope="module")
def ca_file(authority, tmp_path_factory):
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


def test_over_tls_the_name_is_checked_though_the_address_was_connected_to(authority, ca_file):
    with hook(context=served_by(authority, "hooks.example")) as state:
        assert handed(state.url, ca_file=ca_file).state == "SENT"
    assert state.got[0][2] == BODY


def test_a_certificate_of_another_name_or_of_a_stranger_is_not_trusted(authority, ca_file):
    with hook(context=served_by(authority, "other.example")) as state:
        other = courier(state.url, ca_file=ca_file).hand_over(PARCEL, never)
    with hook(context=served_by(authority, "hooks.example")) as state:
        stranger = courier(state.url).hand_over(PARCEL, never)
    assert {other.state, stranger.state} == {"DEFERRED"}
    assert other.reply == stranger.reply == "the certificate is not trusted"


def test_a_receiver_that_speaks_no_tls_gets_nothing():
    with hook() as state:
        verdict = courier(state.url.replace("http:", "https:")).hand_over(PARCEL, never)
    assert verdict.state == "DEFERRED"
    assert state.got == []


def test_a_missing_file_of_certificates_is_no_reason_to_trust_others(tmp_path):
    verdict = courier("https://hooks.example/", ca_file=tmp_path / "none.pem").hand_over(PARCEL, never)
    assert (verdict.state, verdict.reply) == ("DEFERRED", "the file of trusted certificates cannot be read")


# ── Where nothing is sent ────────────────────────────────────────────────────────────────────────────────────────────

PRIVATE = [
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "169.254.0.1",
    "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "198.18.0.1", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%lo", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "::ffff:10.0.0.1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1",
    "2001:db8::1", "2001::1",
]  # fmt: skip
PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_inside_are_not_connected_to(address):
    verdict = courier("https://hooks.example/x", resolve=lambda host, port: (address,), allow_private=False).hand_over(
        PARCEL, never
    )
    assert (verdict.state, verdict.reply) == ("DEFERRED", "E512 the host has a private address")


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_outside_may_be_connected_to(address):
    assert refusal(webhook("https://hooks.example/x", allow_private=False), lambda host, port: (address,)) is None


SPELLINGS = [
    "http://127.0.0.1/", "https://127.0.0.1/", "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/", "https://127.1/",
    "https://0/", "https://0.0.0.0/", "https://[::1]/", "https://[::]/", "https://[::ffff:10.0.0.1]/", "https://[::ffff:7f00:1]/",
    "https://localhost/", "https://LOCALHOST/", "https://169.254.169.254/latest/meta-data/", "https://2852039166/", "https://10.1/",
    "https://[fd00:ec2::254]/", "https://192.168.1.1:8443/", "https://0300.0250.1.1/", "https://user@127.0.0.1/",
    "https://hooks.slack.com@127.0.0.1/", "https://127.0.0.1\\@hooks.slack.com/", "https://127.0.0.1#@hooks.slack.com/",
    "https://１２７.0.0.1/", "https://loc\u00adalhost/", "https://127.0.0.1%2f@hooks.slack.com/", "file:///etc/passwd", "ftp://127.0.0.1/",
    "gopher://127.0.0.1/", "https:///x", "https://", "//127.0.0.1/", "https://127.0.0.1:99999/", "https://127.0.0.1:x/", "https://[::1/",
    "https://a b/", "https://127.0.0.1/\r\nX: y", "https://127.0.0.1/ HTTP/1.1",
]  # fmt: skip


@pytest.mark.parametrize("url", SPELLINGS)
def test_however_an_inner_address_is_spelt_nothing_goes_there(url):
    """These ask the system's own resolver, which reads all the old ways to write a number."""
    found = refusal(webhook(url, allow_private=False))
    assert found is not None
    assert found[0] in ("E512", "E136", "E411")
    assert WebhookCourier(webhook(url, allow_private=False)).hand_over(PARCEL, never).state == "DEFERRED"


def test_one_private_address_among_public_ones_is_enough():
    assert (
        refusal(webhook("https://hooks.example/", allow_private=False), lambda host, port: ("8.8.8.8", "10.0.0.1"))[0]
        == "E512"
    )


def test_words_do_not_cross_the_open_network_as_anyone_can_read_them():
    for allowed in (True, False):
        hooked = webhook("http://hooks.example/", allow_private=allowed)
        assert refusal(hooked, lambda host, port: ("8.8.8.8",))[0] == "E513"


def test_a_second_answer_of_the_dns_changes_nothing():
    """The name leads to where we look first, and inside the second time: we look once, and go where we looked."""
    asked = []

    def rebinding(host, port):
        asked.append(host)
        return ("127.0.0.1",) if len(asked) == 1 else ("127.0.0.9",)

    with hook() as state:
        assert handed(state.url, resolve=rebinding).state == "SENT"
    assert asked == ["hooks.example"]


def test_a_client_that_looks_twice_is_led_elsewhere():
    """The careless variant of the above: judge what a name leads to, then connect to the name."""
    answers = iter([("127.0.0.9",), ("127.0.0.1",)])

    def rebinding(host, port):
        return next(answers)

    with hook() as state:
        to = outward.way(state.url)
        outward.judged(to, rebinding, allow_private=True)
        line = outward.Line(to, rebinding(to.host, to.port), None, outward.Deadline(20))
        line.ask("POST", {"Content-Length": "0"}).close()
        line.hang_up()
    assert len(state.got) == 1, "the second answer, which nobody judged, was connected to"


def test_proxies_of_the_environment_are_not_asked(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    with hook() as state:
        assert handed(state.url).state == "SENT"


# ── What is secret stays so ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("answer", [200, 404, 500, hang_up, nonsense])
def test_no_verdict_repeats_the_address(answer):
    with hook(answer) as state:
        verdict = handed(state.url, kind="slack")
    assert TOKEN not in repr(verdict)
    assert "hooks" not in repr(verdict)


@pytest.mark.parametrize(
    "url",
    [f"https://[::1/{TOKEN}", f"https://a:{TOKEN}/", f"https://{TOKEN} x/", f"ftp://{TOKEN}/", f"https://{TOKEN}@a/"],
)
def test_neither_does_what_is_said_of_an_address_that_is_none(url):
    hooked = webhook(url)
    assert TOKEN not in repr(hooked)
    assert TOKEN not in repr(refusal(hooked))
    assert TOKEN not in repr(WebhookCourier(hooked).hand_over(PARCEL, never))


def test_exceptions_carry_no_address_in_their_chain():
    with pytest.raises(outward.WayRefused) as refused:
        outward.way(f"https://a:{TOKEN}/")
    assert refused.value.__suppress_context__
    assert TOKEN not in str(refused.value)


def test_replies_are_one_line_of_printable_characters():
    for status in HTTPStatus:
        if status >= 200:
            with hook(int(status)) as state:
                reply = handed(state.url).reply
            assert reply.isprintable()
            assert len(reply) <= 200


def test_close_never_raises():
    assert courier("https://hooks.example/").close() is None
