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

    class Port:
        server_port = port

    def eventually(words):
        for _ in range(100):
            try:
                if ask(Port, "/")[1] == words:
                    return True
            except OSError:
                pass
            time.sleep(0.05)
        return False

    assert eventually("one")
    source.write_text("two")
    assert eventually("two")
    source.write_text("bad")
    for _ in range(100):
        if "The last good pages stay up." in told:
            break
        time.sleep(0.05)
    assert "incidents/words.md:1:1 E101 no" in told
    assert ask(Port, "/")[1] == "two"
