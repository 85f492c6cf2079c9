"""Mail waits until the public page shows what it tells: shown with real servers, old pages, new ones and none."""

from __future__ import annotations

import http.server
import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import trustme

import view_samples as sample
from heliograph.render import public
from heliograph.render.layouts import Layouts
from heliograph.send.page import WAIT, confirmed, looked_at, wait_for_page

OLD = b'<!doctype html><ol><li id="update-2nd8vw4k">We are investigating.</li></ol>'
NEW = b'<!doctype html><ol><li id="update-7qm4tz2c">Cause found.</li><li id="update-2nd8vw4k">We are investigating.</li></ol>'
SHOWS = "7qm4tz2c"
START = datetime(2026, 11, 21, 14, 20, tzinfo=UTC)


class Host:
    """A web server: `answer` is bytes of a page, or a function of the handler."""

    def __init__(self, answer):
        self.answer = answer
        self.asked = []
        self.url = ""


@contextmanager
def host(answer, context=None):
    state = Host(answer)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            state.asked.append((self.path, dict(self.headers)))
            answer = state.answer(self) if callable(state.answer) else state.answer
            if answer is not None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        def log_message(self, *args):
            pass

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request, address):
            pass

    server = Server(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    state.url = f"{'https' if context else 'http'}://status.example:{server.server_address[1]}/incidents/k3x9q2mf/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def local(name, port):
    return ("127.0.0.1",)


def looks(url, shows=SHOWS, **more):
    return confirmed(url, shows, **{"resolve": local, "seconds": 20.0, **more})


class Time:
    """A clock that moves when somebody sleeps."""

    def __init__(self):
        self.now = START
        self.slept = []

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


def test_a_page_that_holds_the_update_is_confirmed_and_an_older_one_is_not():
    with host(NEW) as state:
        assert looks(state.url)
    with host(OLD) as state:
        assert not looks(state.url)


@pytest.mark.parametrize("path", ["incidents/k3x9q2mf/index.html", "maintenance/m4d7x2qe/index.html"])
def test_our_own_pages_hold_their_updates(path):
    view = sample.public_view()
    page = next(one.data for one in public.site(view, Layouts()) if one.path == path)
    of = view.incidents[0] if "incidents" in path else view.maintenances[0]
    with host(page) as state:
        assert all(looks(state.url, update.id) for update in of.updates)
        assert not looks(state.url, "n0tth3re")


@pytest.mark.parametrize(
    "page",
    [
        b"<p>7qm4tz2c</p>",
        b"<!-- <li id='update-7qm4tz2c'> -->",
        b"<script>'<li id=\"update-7qm4tz2c\">'</script>",
        b'<li id="update-7qm4tz2cx">',
        b'<a href="#update-7qm4tz2c">',
        b'<li class="7qm4tz2c">',
        b"",
    ],
)
def test_only_an_element_of_the_update_counts(page):
    with host(page) as state:
        assert not looks(state.url)


@pytest.mark.parametrize(
    "page", [b'<li id="7qm4tz2c">', b'<section data-update="7qm4tz2c">', b"<LI ID=update-7qm4tz2c>"]
)
def test_an_update_may_be_marked_in_several_ways(page):
    with host(page) as state:
        assert looks(state.url)


def test_no_cache_can_answer_and_nothing_is_told_about_us():
    with host(NEW) as state:
        looks(state.url)
        looks(f"{state.url}?a=b#c")
    (first, headers), (second, _) = state.asked
    assert first.startswith("/incidents/k3x9q2mf/?confirm=")
    assert second.startswith("/incidents/k3x9q2mf/?a=b&confirm=")
    assert first.partition("=")[2] != second.rpartition("=")[2]
    assert set(headers) == {"Host", "User-Agent", "Accept", "Accept-Encoding", "Cache-Control", "Pragma", "Connection"}


@pytest.mark.parametrize("status", [204, 206, 304, 401, 403, 404, 410, 500, 503])
def test_only_a_page_that_readers_get_counts(status):
    def answer(handler):
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(NEW)))
        handler.end_headers()
        if status not in (204, 304):
            handler.wfile.write(NEW)

    with host(answer) as state:
        assert not looks(state.url)


def redirects(location, code=302):
    def answer(handler):
        if handler.path.startswith("/new/"):
            return NEW
        handler.send_response(code)
        handler.send_header("Location", location)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return None

    return answer


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_a_redirect_on_the_same_host_is_followed(code):
    with host(redirects("/new/", code)) as state:
        assert looks(state.url)


def test_a_redirect_to_another_host_is_not():
    with host(NEW) as other, host(None) as state:
        state.answer = redirects(other.url.replace("status.example", "other.example"))
        assert not looks(state.url)
        state.answer = redirects(other.url)
        assert not looks(state.url), "another port is another host"
        state.answer = redirects(f"//user@{other.url.partition('//')[2]}")
        assert not looks(state.url)
    assert other.asked == []


def test_redirects_in_a_circle_end():
    with host(redirects("/again/")) as state:
        assert not looks(state.url)
    assert len(state.asked) == 4


@pytest.mark.slow
def test_a_page_that_stalls_is_given_up():
    def stalls(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<p>")
        handler.wfile.flush()
        threading.Event().wait(5)

    with host(stalls) as state:
        assert not looks(state.url, seconds=0.5)


def test_a_page_without_end_is_not_read_to_it():
    def endless(handler):
        handler.send_response(200)
        handler.end_headers()
        try:
            for _ in range(2_000):
                handler.wfile.write(b'<li id="update-7qm4tz2c">' * 1_000)
        except OSError:
            return

    with host(endless) as state:
        assert not looks(state.url)


def test_a_page_cut_short_is_no_page():
    def cut(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(NEW) + 10))
        handler.end_headers()
        handler.wfile.write(NEW)

    with host(cut) as state:
        assert not looks(state.url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "status.example/",
        "https://[::1/",
        "ftp://status.example/",
        "https://user@status.example/",
        "http://status.example:1/",
    ],
)
def test_whatever_else_goes_wrong_it_is_only_not_confirmed(url):
    assert not looks(url)


def test_a_name_that_leads_nowhere_is_not_confirmed():
    def nobody(name, port):
        raise OSError

    assert not looks("https://status.example/", resolve=nobody)


def test_certificates_are_verified(tmp_path):
    authority = trustme.CA()
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("status.example").configure_cert(context)
    with host(NEW, context) as state:
        assert looks(state.url, ca_file=ca_file)
        assert not looks(state.url)
        assert not looks(state.url.replace("status.example", "other.example"), ca_file=ca_file)
        assert not looks(state.url, ca_file=tmp_path / "none.pem")


@pytest.mark.parametrize(
    ("root", "at", "address"),
    [
        ("https://a.example", "", "https://a.example/s/incidents/k/"),
        ("https://a.example", "https://b.example", "https://b.example/s/incidents/k/"),
        ("https://a.example/s", "https://b.example", "https://b.example/incidents/k/"),
        ("https://a.example/s/", "https://b.example/x/", "https://b.example/x/incidents/k/"),
        ("", "https://b.example", "https://b.example/s/incidents/k/"),
        ("https://other.example", "https://b.example", "https://b.example/s/incidents/k/"),
    ],
)
def test_a_page_can_be_looked_at_elsewhere_than_it_is_published(root, at, address):
    assert looked_at("https://a.example/s/incidents/k/", root, at) == address


def test_waiting_ends_when_the_new_page_is_there():
    """The host serves the old page at first, as a cache or a slow upload does, and then the new one."""
    time = Time()
    with host(lambda handler: OLD if len(state.asked) < 4 else NEW) as state:
        found = wait_for_page([(state.url, SHOWS)], START + WAIT, time.clock, time.sleep, look=looks)
    assert found == {(state.url, SHOWS)}
    assert len(state.asked) == 4
    assert time.slept == [1.0, 1.0, 2.0]


def test_waiting_ends_at_its_time_and_the_page_that_came_is_told_from_the_one_that_did_not():
    time = Time()
    with host(OLD) as old, host(NEW) as new:
        pages = [(old.url, SHOWS), (new.url, SHOWS)]
        found = wait_for_page(pages, START + WAIT, time.clock, time.sleep, look=looks)
    assert found == {(new.url, SHOWS)}
    assert time.now == START + WAIT
    assert len(new.asked) == 1, "what is confirmed is not asked for again"
    assert 20 <= len(old.asked) <= 40


def test_a_page_that_takes_its_time_does_not_make_the_wait_longer():
    time = Time()
    given = []

    def slow(page, shows, *, seconds):
        given.append(seconds)
        time.sleep(seconds)
        return False

    assert wait_for_page([("a", "1"), ("b", "2")], START + WAIT, time.clock, time.sleep, look=slow) == frozenset()
    assert time.now == START + WAIT
    assert max(given) == 10.0


def test_nothing_to_wait_for_takes_no_time():
    time = Time()
    assert wait_for_page([], START + WAIT, time.clock, time.sleep) == frozenset()
    assert time.slept == []


def test_when_the_time_is_over_nobody_looks():
    time = Time()
    with host(NEW) as state:
        assert wait_for_page([(state.url, SHOWS)], START, time.clock, time.sleep, look=looks) == frozenset()
    assert state.asked == []
