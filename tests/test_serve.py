"""`serve`: each reader on a port of its own, on loopback only, the newest good build, nothing found by a path on disk."""

import http.client
import socket
import threading
import time
from urllib.parse import quote

import pytest

from heliograph.problems import Place, Problem, Refused
from heliograph.serve import run as serve
from heliograph.serve.http import ReaderServer
from heliograph.serve.shelf import PREVIEWS, Shelf, stock
from heliograph.tree.artifact import text_artifact
from heliograph.tree.write import TreePlan


def plans(words):
    """A public tree of two pages and one mail."""
    pages = [text_artifact("index.html", words), text_artifact("404.html", "none"), text_artifact("a/index.html", "a")]
    yield TreePlan(name="mail", boundary="internal", site="x", artifacts=[text_artifact("exec/digest.txt", "mail")])
    yield TreePlan(name="public", boundary="external", site="x", artifacts=pages)


def ask(server, path, method="GET", host="localhost"):
    """One request, its path sent as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host)
    connection.endheaders()
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


@pytest.fixture(scope="module")
def server():
    shelf = stock(plans("hello"))
    found = ReaderServer(0, "public", lambda: shelf)
    found.start()
    yield found
    found.shutdown()
    found.server_close()


def test_files_and_folders_are_found_and_anything_else_gets_the_trees_own_page(server):
    assert ask(server, "/") == (200, "hello")
    assert ask(server, "/a/") == (200, "a")
    assert ask(server, "/a") == (200, "a")
    assert ask(server, "/b") == (404, "none")
    assert ask(server, "/", method="HEAD") == (200, "")


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/a/../../index.html", "/..%2findex.html",
        "/mail/exec/digest.txt", "/%00", "/a%00.html", "/.heliograph", "/\\..\\x", "/" + quote("‥/index.html"),
    ],
)  # fmt: skip
def test_no_path_reaches_anything_that_was_not_built(server, path):
    assert ask(server, path)[0] == 404


def test_other_hosts_names_are_not_answered(server):
    assert ask(server, "/", host="evil.example")[0] == 421
    assert ask(server, "/", host="127.0.0.1:1")[0] == 200


def test_only_loopback_is_listened_on(server):
    assert server.server_address[0] == "127.0.0.1"


def test_mails_and_macros_share_a_reader_and_outsiders_come_first():
    assert list(stock(plans("x")).trees) == ["public", PREVIEWS]
    assert Shelf({}).find("public", "/") is None


def answer(port):
    """What the first reader's front page says; nothing while nobody listens."""

    class Port:
        server_port = port

    try:
        return ask(Port, "/")[1]
    except OSError:
        return None


def within_a_minute(true):
    """Wait for something that is seldom more than a blink away; a busy machine gets its time."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False


def free_ports():
    """A port with a free one after it."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.mark.slow
def test_saving_a_source_makes_the_pages_anew_and_problems_keep_the_old_ones(tmp_path):
    (tmp_path / "incidents").mkdir()
    source = tmp_path / "incidents" / "words.md"
    source.write_text("one")
    told: list[str] = []

    def make():
        words = source.read_text()
        if words == "bad":
            raise Refused([Problem(Place("incidents/words.md", 1, 1), "E101", "no")])
        return stock(plans(words))

    port = free_ports()
    threading.Thread(target=serve.run, args=(make, tmp_path, port, told.append), daemon=True).start()

    def eventually(words):
        return within_a_minute(lambda: answer(port) == words)

    assert eventually("one")
    source.write_text("two")
    assert eventually("two")
    source.write_text("bad")
    assert within_a_minute(lambda: "The last good pages stay up." in told)
    assert "incidents/words.md:1:1 E101 no" in told
    assert answer(port) == "two"


@pytest.mark.slow
def test_what_is_saved_while_the_first_build_runs_is_not_missed(tmp_path, monkeypatch):
    monkeypatch.setattr(serve, "_REFRESH", 3600)
    (tmp_path / "incidents").mkdir()
    source = tmp_path / "incidents" / "words.md"
    source.write_text("one")

    def make():
        words = source.read_text()
        if words == "one":
            source.write_text("two")
        return stock(plans(words))

    port = free_ports()
    threading.Thread(target=serve.run, args=(make, tmp_path, port, lambda line: None), daemon=True).start()
    assert within_a_minute(lambda: answer(port) == "two")
