"""`serve`: each reader on a port of its own, on loopback only, the newest good build, nothing found by a path on disk."""

import http.client
import json
import socket
import threading
from functools import partial
from urllib.parse import quote

import pytest

from heliograph.gate import Hidden
from heliograph.problems import Place, Problem, Refused
from heliograph.serve import dress
from heliograph.serve.http import ReaderServer
from heliograph.serve.run import run
from heliograph.serve.shelf import PREVIEWS, Offer, Shelf
from heliograph.serve.workshop import Workshop
from heliograph.tree.artifact import Artifact, text_artifact
from serving import ask, offer, part, serving, within_a_minute
from sites import TINY, UPDATE, write_site

SECRET = Hidden("Replica lag on db-7 is what broke the checkout for everybody.", Place("incidents/x/1.md", 9))
LEAK = text_artifact("z/index.html", f"<p>{SECRET.words}</p>")


@pytest.fixture
def workshop():
    """A workshop with something on the bench, and a way to open ports."""
    told: list[str] = []
    work = Workshop(lambda changed: offer("hello"), told.append)
    work.told = told
    work.renew(None)
    servers = []

    def open_port(tree):
        server = ReaderServer(0, tree, work, lambda: {"public": ("Public", 1), PREVIEWS: ("Mails and macros", 2)})
        server.start()
        servers.append(server)
        return server.server_port

    work.open_port = open_port
    yield work
    work.close()
    for server in servers:
        server.close()


@pytest.fixture
def port(workshop):
    return workshop.open_port("public")


def plain(text):
    """A page's text without what `serve` adds."""
    return text.partition("<script src=")[0].strip()


def test_files_and_folders_are_found_and_anything_else_gets_the_trees_own_page(port):
    for path, status, words in [("/", 200, "hello"), ("/a", 200, "<body>a hello"), ("/a/", 200, "<body>a hello")]:
        answer = ask(port, path)
        assert (answer[0], plain(answer[1])) == (status, words)
    assert ask(port, "/b")[0] == 404
    assert plain(ask(port, "/b")[1]) == "none"
    assert ask(port, "/", method="HEAD")[:2] == (200, "")


def test_several_requests_go_over_one_connection(port):
    connection = http.client.HTTPConnection("localhost", port, timeout=60)
    for path in ("/", "/a/", "/f.atom", "/none"):
        connection.request("GET", path)
        assert connection.getresponse().read()
    connection.close()


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/a/../../index.html", "/..%2findex.html",
        "/mail/exec/digest.txt", "/%00", "/a%00.html", "/.heliograph", "/\\..\\x", "/" + quote("‥/index.html"),
        "/.bench/", "/.bench/../http.py", "/.bench/shelf.py", "/.bench/%2e%2e/run.py",
    ],
)  # fmt: skip
def test_no_path_reaches_anything_that_was_not_built(port, path):
    assert ask(port, path)[0] == 404


def test_other_hosts_names_are_not_answered(port):
    for path in ("/", "/.bench/events", "/.bench/bench.js"):
        assert ask(port, path, host="evil.example")[0] == 421
        assert ask(port, path, host="")[0] == 421
    assert ask(port, "/", host="127.0.0.1:1")[0] == 200


def test_only_loopback_is_listened_on(workshop):
    with ReaderServer(0, "public", workshop, dict) as server:
        assert server.server_address[0] == "127.0.0.1"


def test_a_page_gets_one_script_and_everything_else_is_answered_as_it_is(workshop, port):
    page = ask(port, "/a/")[1]
    assert page.startswith('<body>a hello<script src="/.bench/bench.js?')
    assert page.endswith("</script>\n</body>")
    assert page.count("<script") == 1
    assert ask(port, "/f.atom")[1] == "<feed/>"
    assert ask(workshop.open_port(PREVIEWS), "/mail/exec/digest.txt")[1] == "mail"
    for name in ("bench.js", "bench.css"):
        assert ask(port, f"/.bench/{name}")[0] == 200


@pytest.mark.parametrize(
    ("policy", "amended"),
    [
        ("default-src &#39;none&#39;", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'"),
        (
            "default-src 'none'; script-src 'sha256-x'; img-src data:; connect-src 'none'; style-src 'self'",
            "default-src 'none'; script-src 'self' 'sha256-x'; img-src data:; connect-src 'self'; style-src 'self'",
        ),
        ("img-src 'none'", "img-src 'none'; script-src 'self' *; style-src 'self' *; connect-src 'self' *"),
    ],
)
def test_a_pages_policy_allows_the_script_and_stays_as_strict_otherwise(policy, amended):
    page = text_artifact("x.html", f'<meta http-equiv="Content-Security-Policy" content="{policy}"><body></body>')
    dressed = dress.dressed(page, "public", "r-1").decode()
    assert f'content="{amended}"' in dressed.replace("&#x27;", "'")


def test_the_first_readers_come_first_and_mails_and_macros_share_one():
    trees = dict.fromkeys(("mail", "exec", "internal", "macros", "public"), ())
    shelf = Shelf(Offer(trees=trees, names={"exec": "Executives"}))
    assert list(shelf.readers.items()) == [
        ("public", "public"),
        ("internal", "internal"),
        ("exec", "Executives"),
        (PREVIEWS, "Mails and macros"),
    ]
    assert shelf.find("nobody", "/") is None


def test_only_what_is_asked_for_is_made():
    made = []

    def files():
        for name in "abc":
            made.append(name)
            yield text_artifact(f"{name}.html", name)

    shelf = Shelf(Offer(trees={"public": [part(files())]}, names={}))
    assert shelf.find("public", "/b.html").data == b"b"
    assert shelf.find("public", "/a.html").data == b"a"
    assert made == ["a", "b"]
    assert shelf.find("public", "/none") is None
    assert made == ["a", "b", "c"]
    assert not any(shelf.make_some() for _ in range(2))


def leaky(first=()):
    """An offer whose last public page tells what is withheld."""
    files = [text_artifact("index.html", "leaky"), *first, LEAK]
    return Offer(trees={"public": [part(iter(files), (SECRET,))]}, names={"public": "Public"})


def test_a_page_the_wall_would_refuse_is_never_handed_out():
    offers = [leaky(), offer("good")]
    told: list[str] = []
    work = Workshop(lambda changed: offers.pop(), told.append)
    work.renew(None)
    prove(work)
    work.renew(frozenset())
    assert work.find("public", "/").artifact.data == b"leaky"
    answer = work.find("public", "/z/")
    assert not answer.is_found
    assert work.find("public", "/").artifact.data == b"good"
    assert [problem.code for problem in work.now.problems] == ["E801"]
    assert not work.now.is_current
    assert not any("db-7" in line for line in told)


def prove(work):
    """Have everything made that was not asked for."""
    thread = threading.Thread(target=work.prove)
    thread.start()
    assert within_a_minute(lambda: work.now.is_checked or not work.now.is_current)
    work.close()
    thread.join()
    work._closed = False


def test_a_leak_on_a_page_nobody_asked_for_is_found_and_the_last_whole_build_is_back():
    offers = [leaky(), offer("good")]
    work = Workshop(lambda changed: offers.pop(), lambda line: None)
    work.renew(None)
    prove(work)
    assert work.now.is_checked
    work.renew(frozenset())
    prove(work)
    assert work.find("public", "/").artifact.data == b"good"
    assert [problem.code for problem in work.now.problems] == ["E801"]


def test_what_is_looked_at_is_made_before_anything_is_swapped():
    offers = [leaky(), offer("good")]
    work = Workshop(lambda changed: offers.pop(), lambda line: None)
    work.renew(None)
    version = work.now.version
    with work.looking("public", "/z/"):
        work.renew(frozenset())
    assert work.now.version == version
    assert [problem.code for problem in work.now.problems] == ["E801"]


def test_a_mistake_of_our_own_keeps_the_last_good_pages_and_quotes_nothing():
    made = iter([lambda: offer("good"), lambda: {}["We are looking into it."]])
    told: list[str] = []
    work = Workshop(lambda changed: next(made)(), told.append)
    work.renew(None)
    work.renew(frozenset())
    assert work.find("public", "/").artifact.data == b"good"
    assert "KeyError" in told[0]
    assert "looking" not in "".join(told)


def test_a_shelf_that_broke_half_way_is_not_taken_for_whole():
    def files():
        yield text_artifact("index.html", "x")
        raise Refused([Problem(Place("layouts/x.html", 3), "E701", "no")])

    shelf = Shelf(Offer(trees={"public": [part(files())]}, names={}))
    assert shelf.find("public", "/").data == b"x"
    for _ in range(2):
        with pytest.raises(Refused):
            shelf.find("public", "/none")
        with pytest.raises(Refused):
            shelf.make_some()


@pytest.mark.slow
def test_no_request_sees_two_builds_at_once():
    number = 0

    def make(changed):
        nonlocal number
        number += 1
        files = [text_artifact("index.html", f"{number}"), Artifact("data.json", f"{number}".encode())]
        return Offer(trees={"public": [part(iter(files))]}, names={})

    work = Workshop(make, lambda line: None)
    work.renew(None)
    proving = threading.Thread(target=work.prove)
    proving.start()
    stop, wrong = threading.Event(), []

    def ask_again():
        while not stop.is_set():
            answer = work.find("public", "/")
            if answer.artifact.data != answer.standing.shelf.find("public", "/data.json").data:
                wrong.append(answer)

    asking = [threading.Thread(target=ask_again) for _ in range(3)]
    for thread in asking:
        thread.start()
    for _ in range(100):
        work.renew(frozenset())
    stop.set()
    work.close()
    for thread in (*asking, proving):
        thread.join()
    assert wrong == []


def read_event(stream):
    """The next event of a stream that says something."""
    while not (line := stream.readline()).startswith(b"data: "):
        assert line, "the stream ended"
    return json.loads(line.removeprefix(b"data: "))


def test_open_pages_are_told_what_stands_and_of_every_change(workshop, port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/.bench/events?page=%2Fa%2F")
    stream = connection.getresponse()
    first = read_event(stream)
    assert first["readers"][0] == {"tree": "public", "words": "Public", "port": 1, "is_gone": False}
    workshop.renew(frozenset())
    assert read_event(stream)["version"] != first["version"]
    workshop._make = lambda changed: (_ for _ in ()).throw(Refused([Problem(Place("x.md", 2, 3), "E101", "no", "yes")]))
    workshop.renew(frozenset())
    assert read_event(stream)["problems"] == [
        {"file": "x.md", "line": 2, "column": 3, "code": "E101", "message": "no", "hint": "yes", "level": "error"}
    ]
    workshop.close()
    assert stream.read().strip() == b""
    connection.close()


def test_saving_a_source_makes_the_pages_anew_and_problems_keep_the_old_ones(tmp_path):
    source = tmp_path / "incidents" / "words.md"
    source.parent.mkdir()
    source.write_text("one")

    def make(changed):
        words = source.read_text()
        if words == "bad":
            raise Refused([Problem(Place("incidents/words.md", 1, 1), "E101", "no")])
        return offer(words)

    with serving(tmp_path, make) as served:

        def shows(words):
            return within_a_minute(lambda: plain(served.get("Public")[1]) == words)

        assert shows("one")
        source.write_text("two")
        assert shows("two")
        source.write_text("bad")
        assert within_a_minute(lambda: "The last good pages stay up." in served.told)
        assert "incidents/words.md:1:1 E101 no" in served.told
        assert shows("two")
        fresh = source.with_name(".words.md.tmp")
        fresh.write_text("three")
        fresh.replace(source)
        assert shows("three")


def test_what_is_saved_while_the_first_build_runs_is_not_missed(tmp_path):
    source = tmp_path / "incidents" / "words.md"
    source.parent.mkdir()
    source.write_text("one")

    def make(changed):
        words = source.read_text()
        if words == "one":
            source.write_text("two")
        return offer(words)

    with serving(tmp_path, make) as served:
        assert within_a_minute(lambda: plain(served.get("Public")[1]) == "two")


def test_a_port_that_is_taken_is_said_with_what_to_do_and_nothing_is_left_open(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(OSError, match="choose another with --port"):
            run(lambda changed: offer("x"), tmp_path, other.getsockname()[1], lambda line: None)


def test_reading_and_editors_temporaries_make_nothing_anew(tmp_path):
    (tmp_path / "incidents").mkdir()
    seen: list[frozenset[str] | None] = []

    def make(changed):
        seen.append(changed)
        return offer("x")

    with serving(tmp_path, make):
        for name in (".a.md.swp", "a.md~", "#a.md#", ".#a.md", "4913", "a.md.tmp", "a.md.bak", ".git"):
            (tmp_path / "incidents" / name).write_text("x")
            (tmp_path / "incidents" / name).read_text()
        (tmp_path / "dist").mkdir()
        (tmp_path / "dist" / "index.html").write_text("x")
        (tmp_path / "incidents" / "a.md").write_text("x")
        assert within_a_minute(lambda: len(seen) > 1)
    assert {path for changed in seen[1:] for path in changed} == {"incidents/a.md"}


def test_folders_that_come_later_or_are_replaced_are_watched(tmp_path):
    seen: set[str] = set()

    def make(changed):
        seen.update(changed or ())
        return offer("x")

    with serving(tmp_path, make):
        for file in (tmp_path / "layouts/0.html", tmp_path / "layouts/1.html"):
            file.parent.mkdir()
            assert within_a_minute(lambda: "layouts" in seen)
            assert within_a_minute(partial(touched, file, seen))
            seen.clear()
            file.unlink()
            file.parent.rmdir()
            assert within_a_minute(lambda: "layouts" in seen)
            seen.clear()


def touched(path, seen):
    """Write a file; tell whether that was seen. A folder is watched a moment after it was."""
    path.write_text("x")
    return f"layouts/{path.name}" in seen


def test_a_site_that_cannot_be_built_says_why_in_the_page_and_shows_itself_when_mended(tmp_path):
    write_site(tmp_path, {UPDATE: TINY[UPDATE].replace("investigating", "investigted")})
    with serving(tmp_path) as served:
        status, text = served.get("Public")
        assert status == 503
        assert "/.bench/bench.js" in text
        assert any("did you mean investigating?" in line for line in served.told)
        (tmp_path / UPDATE).write_text(TINY[UPDATE])
        assert within_a_minute(lambda: "Some payments fail" in served.get("Public")[1])
        assert within_a_minute(lambda: any(line.strip().startswith("Everyone here ") for line in served.told))


def test_an_audience_that_is_added_gets_a_port_and_one_that_is_removed_says_so(tmp_path):
    write_site(tmp_path)
    executives = tmp_path / "audiences/exec.toml"
    words = 'name = "Executives"\nboundary = "internal"\nsurfaces = ["brief"]\n'
    with serving(tmp_path) as served:
        executives.write_text(words)
        assert within_a_minute(lambda: any("Executives" in line for line in served.told))
        assert served.get("Executives")[0] == 200
        executives.unlink()
        assert within_a_minute(lambda: served.get("Executives")[0] == 410)
        assert within_a_minute(lambda: any("Executives" in line and "is gone" in line for line in served.told))
        executives.write_text(words)
        assert within_a_minute(lambda: served.get("Executives")[0] == 200)
        assert served.get("Public")[0] == 200


def test_mails_and_macros_are_listed_by_audience_and_shown_as_html_text_and_source(tmp_path):
    write_site(tmp_path)
    with serving(tmp_path) as served:
        _, listed = served.get("Mails and macros")
        assert "<h2>Mails: Support</h2>" in listed
        assert "Globex" in listed or "globex" in listed
        assert "<h2>Macros for support</h2>" in listed
        for path in ("/mail/support/digest.html", "/mail/support/digest.txt/", "/mail/support/digest.eml/"):
            assert path in listed
            status, text = served.get("Mails and macros", path)
            assert status == 200
            assert "/.bench/bench.js" in text
        port = served.port("Mails and macros")
        assert ask(port, "/mail/support/digest.eml")[2]["Content-Type"] == "text/plain; charset=utf-8"
        assert "<script" not in ask(port, "/mail/support/digest.txt")[1]


def test_a_switch_to_a_reader_without_the_page_leads_to_its_first_one(tmp_path):
    write_site(tmp_path)
    with serving(tmp_path) as served:
        status, _, headers = ask(served.port("Support"), "/incidents/k3x9q2mf/?switched")
        assert (status, headers["Location"]) == (303, "/")
        assert ask(served.port("Everyone here"), "/incidents/k3x9q2mf/?switched")[0] == 200


def test_problems_never_hold_words_of_a_passage(tmp_path):
    write_site(tmp_path, {UPDATE: TINY[UPDATE] + "\n::: intrenal\nThe vault code is 4711.\n"})
    with serving(tmp_path) as served:
        connection = http.client.HTTPConnection("127.0.0.1", served.port("Public"), timeout=60)
        connection.request("GET", "/.bench/events")
        event = read_event(connection.getresponse())
        connection.close()
    assert event["problems"]
    assert event["problems"][0]["file"] == UPDATE
    assert "4711" not in json.dumps(event) + "".join(served.told)
