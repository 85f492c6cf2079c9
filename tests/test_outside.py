"""A stranger's request: nothing on it says who asks, and whatever comes of it is an answer, or none."""

import socket
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import trustme

from gateway import answering
from heliograph.publish import outside
from heliograph.publish.outside import SILENCE, Answer, ask, at_once, past_caches


@contextmanager
def saying(status, fields, data=b"", asked=None):
    """A server with one answer; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if asked is not None:
                asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            self.send_response(status)
            for name, value in fields.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    with answering(Handler) as address:
        yield address


@contextmanager
def raw(*sent, wait=0.0):
    """A server that sends these bytes, whatever it is asked, and hangs up; gives its address."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            caller, _ = listening.accept()
            with caller:
                caller.recv(65536)
                for part in sent:
                    caller.sendall(part)
                    done.wait(wait)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        finally:
            done.set()
            thread.join()


def test_an_answer_is_given_as_it_came():
    fields = {"Content-Type": "text/html; charset=utf-8", "Content-Length": "4"}
    with saying(200, fields, b"page") as address:
        assert ask(f"{address}/x") == Answer(status=200, media_type="text/html; charset=utf-8", data=b"page")


def test_a_redirect_is_told_and_not_followed():
    asked = []
    with saying(302, {"Location": "/login", "Content-Length": "0"}, asked=asked) as address:
        assert ask(f"{address}/x") == Answer(status=302, location="/login", data=b"")
    assert [path for path, _ in asked] == ["/x"]


def test_a_challenge_of_a_guard_against_robots_is_known_as_one():
    with saying(403, {"cf-mitigated": "challenge", "Content-Length": "0"}) as address:
        assert ask(address).is_challenge


def test_nothing_on_the_request_says_who_asks(monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("default login somebody password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    asked = []
    with saying(200, {"Set-Cookie": "session=1", "Content-Length": "0"}, asked=asked) as address:
        assert [ask(f"{address}/x").status for _ in range(2)] == [200, 200]
    names = {"host", "user-agent", "accept", "accept-encoding", "cache-control", "pragma", "connection"}
    assert [set(headers) for _, headers in asked] == [names, names]


def test_what_does_not_come_whole_has_a_status_and_no_data(monkeypatch):
    with saying(200, {"Content-Length": "9"}, b"page") as address:
        assert ask(address) == Answer(status=200)
    with saying(200, {"Content-Length": "4", "Content-Encoding": "br"}, b"page") as address:
        assert ask(address) == Answer(status=200)
    monkeypatch.setattr(outside, "LONGEST", 3)
    with saying(200, {"Content-Length": "4"}, b"page") as address:
        assert ask(address) == Answer(status=200)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/",
        "http://no-such-host.invalid/",
        "ftp://127.0.0.1/",
        "http://user:pw@127.0.0.1/",
        "http://127.0.0.1:99999/",
        "http://[",
        "http://127.0.0.1/ü",
        "",
    ],
)
def test_where_nobody_can_be_asked_there_is_silence(url):
    assert ask(url) == SILENCE


@pytest.mark.parametrize("sent", [b"", b"\x00\x01\x02", b"SSH-2.0-x\r\n", b"HTTP/1.1", b"HTTP/1.1 abc OK\r\n\r\n"])
def test_what_is_no_answer_is_silence(sent):
    with raw(sent) as address:
        assert ask(address) == SILENCE


def test_who_takes_too_long_is_silent():
    with raw(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", wait=30.0) as address:
        assert ask(address, seconds=0.2) == SILENCE


def test_who_drips_the_rest_of_a_page_has_answered_all_the_same():
    with raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\np", b"age", wait=30.0) as address:
        assert ask(address, seconds=0.2) == Answer(status=200)


def test_a_certificate_is_trusted_only_with_the_file_that_vouches_for_it(tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request, address):
            pass

    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        url = f"https://localhost:{server.server_address[1]}/"
        found = [ask(url, ca_file=file).status for file in (None, tmp_path / "ca.pem", tmp_path / "none.pem")]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert found == [0, 204, 0]


def test_an_address_past_caches_is_a_new_one_each_time():
    one, two = past_caches("https://x.example/"), past_caches("https://x.example/")
    assert one != two
    assert one.startswith("https://x.example/?confirm=")
    assert past_caches("https://x.example/?a=1").startswith("https://x.example/?a=1&confirm=")


def test_several_are_asked_at_once_and_answers_keep_their_order():
    together = threading.Barrier(8, timeout=30)

    def call(number):
        together.wait()
        return -number

    assert at_once(call, range(8)) == [0, -1, -2, -3, -4, -5, -6, -7]
    assert at_once(call, []) == []
