"""What was published is confirmed from outside, by what comes there and nothing else; or it is said what was not."""

from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gateway import answering
from heliograph.operations import FolderPlace, Host
from heliograph.publish.confirm import confirm
from heliograph.publish.outside import ask
from heliograph.tree.artifact import Artifact, text_artifact
from heliograph.tree.fsio import WriteRefused
from heliograph.tree.manifest import entry_of, make_manifest

START = datetime(2026, 11, 21, 14, 20, tzinfo=UTC)
UNTIL = START + timedelta(seconds=120)


def _stamped(name, kind, text):
    return f"assets/{name}.{Artifact('x.css', text.encode()).sha256[:12]}.{kind}"


CSS, UNUSED = _stamped("site", "css", "body{}"), _stamped("other", "css", "p{}")
FILES = {
    "index.html": f'<link rel="stylesheet" href="{CSS}">',
    "history/index.html": "history",
    "incidents/k3x9q2mf/index.html": "incident",
    "incidents/old/index.html": "old",
    "maintenance.ics": "calendar",
    "updates.atom": "<feed/>",
    "updates.rss": "<rss/>",
    CSS: "body{}",
    UNUSED: "p{}",
}
STALE = b"a page that a cache kept"
CHANGED = ("history/index.html", "incidents/k3x9q2mf/index.html", "index.html", "updates.rss")


class Site:
    """A web host with the files of a tree; `served` may hold others by path: bytes, or status, fields and bytes."""

    def __init__(self):
        self.served = {path: text.encode() for path, text in FILES.items()}
        self.asked = []

    def reply(self, path, query):
        self.asked.append((path, bool(query)))
        found = self.served.get(f"{path}?", self.served.get(path)) if query else self.served.get(path)
        if isinstance(found, tuple):
            return found
        if found is None:
            return 404, {}, b""
        return 200, {"Content-Type": entry_of(Artifact(path, b"")).media_type.upper()}, found

    def handler(self):
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                url = urlsplit(self.path)
                path = url.path.lstrip("/")
                plain = path if path in site.served else f"{path}index.html" if path[-1:] in ("", "/") else path
                status, fields, data = site.reply(plain, url.query)
                self.send_response(status)
                for name, value in {**fields, "Content-Length": str(len(data))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        return Handler


class Time:
    """A clock that only sleep moves; `then` is done at an instant, in seconds from the start."""

    def __init__(self, **then):
        self.now, self.slept, self.then = START, [], then

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)
        if self.then and (self.now - START).total_seconds() >= self.then["at"]:
            self.then.pop("do")() if "do" in self.then else None


@pytest.fixture
def site():
    site = Site()
    with answering(site.handler()) as address:
        site.host = Host(id="public", tree="public", place=FolderPlace(Path("x")), urls=(address,))
        yield site


def manifest(boundary="external"):
    entries = [entry_of(text_artifact(path, text)) for path, text in FILES.items()]
    return make_manifest("public", boundary, "acme", entries, None)


def confirmed(site, time=None, changed=CHANGED, boundary="external", until=UNTIL):
    time = time or Time()
    said = confirm(site.host, manifest(boundary), changed, until, time.clock, time.sleep, ask=ask)
    return [line.removeprefix(f"{site.host.urls[0]}/") for line in said]


def test_what_stands_for_all_is_asked_for_once_where_everything_is_there(site):
    time = Time()

    assert confirmed(site, time) == []
    assert time.slept == []
    assert sorted(site.asked) == [
        (CSS, False),
        ("incidents/k3x9q2mf/index.html", False),
        ("index.html", False),
        ("index.html", True),
        ("updates.rss", False),
    ]


def test_a_feed_is_looked_at_even_if_none_changed(site):
    assert confirmed(site, changed=()) == []
    assert ("updates.atom", False) in site.asked


@pytest.mark.parametrize(
    ("path", "served", "said"),
    [
        ("index.html", STALE, [" gives other bytes than were published"]),
        ("index.html?", b"old page", [" gives other bytes than were published, past all caches"]),
        ("incidents/k3x9q2mf/index.html", None, ["incidents/k3x9q2mf/ answers 404"]),
        (
            "updates.rss",
            (200, {"Content-Type": "text/html"}, b"<rss/>"),
            ["updates.rss comes as text/html, not application/rss+xml"],
        ),
        ("updates.rss", (200, {}, b"<rss/>"), ["updates.rss comes as nothing, not application/rss+xml"]),
        ("updates.rss", (302, {"Location": "/updates.atom"}, b""), ["updates.rss answers 302"]),
        (CSS, None, [f"{CSS} answers 404"]),
        (CSS, b"body{color:red}", [f"{CSS} gives other bytes than were published"]),
        (CSS, (200, {"Content-Type": "text/plain"}, b"body{}"), [f"{CSS} comes as text/plain, not text/css"]),
        (CSS, (503, {}, b""), [f"{CSS} answers 503"]),
    ],
)
def test_what_is_wrong_at_one_address_is_named_when_the_time_is_over(site, path, served, said):
    site.served[path] = served
    if served == STALE:
        site.served["index.html?"] = FILES["index.html"].encode()
    time = Time()

    assert confirmed(site, time) == said
    assert sum(time.slept) == 120


@pytest.mark.parametrize(
    ("name", "careless", "path", "served"),
    [
        ("_essence", lambda _: "", "updates.rss", (200, {"Content-Type": "text/html"}, b"<rss/>")),
        ("_Looks._named", lambda *_: (), CSS, None),
        ("past_caches", lambda url: url, "index.html?", STALE),
        ("_is_incident", lambda path: not path.startswith("incidents/"), "incidents/k3x9q2mf/index.html", None),
    ],
)
def test_each_look_is_needed_to_notice(site, monkeypatch, name, careless, path, served):
    site.served[path] = served
    assert len(confirmed(site, until=START)) == 1

    monkeypatch.setattr(f"heliograph.publish.confirm.{name}", careless)
    assert confirmed(site, until=START) == []


def test_what_comes_late_is_waited_for_and_the_rest_is_not_asked_for_again(site):
    site.served["index.html"] = b"old page"
    new = FILES["index.html"].encode()
    time = Time(at=10, do=lambda: site.served.update({"index.html": new}))

    assert confirmed(site, time) == []
    assert 10 <= sum(time.slept) < 20
    assert site.asked.count(("updates.rss", False)) == 1
    assert site.asked.count((CSS, False)) == 1


def test_a_host_where_nobody_answers_is_looked_at_once_even_when_the_time_is_over():
    host = Host(id="public", tree="public", place=FolderPlace(Path("x")), urls=("http://127.0.0.1:9",))
    said = confirm(host, manifest(), (), START, Time().clock, Time().sleep, ask=ask)

    assert [line.rpartition("/")[2] for line in said] == [
        " does not answer, past all caches",
        " does not answer",
        "updates.atom does not answer",
    ]


def test_a_page_may_be_redirected_to_on_the_same_host_but_not_elsewhere(site):
    site.served["front"] = FILES["index.html"].encode()
    page = (200, {"Content-Type": "text/html"}, FILES["index.html"].encode())
    site.served.update({"index.html": (301, {"Location": "/front"}, b""), "front": page, "front?": page})
    assert confirmed(site) == []

    elsewhere = site.host.urls[0].replace("127.0.0.1", "localhost")
    site.served["index.html"] = (301, {"Location": f"{elsewhere}/front"}, b"")
    assert confirmed(site, until=START) == [" answers 301, past all caches", " answers 301"]


def test_a_host_without_addresses_has_nothing_to_confirm():
    host = Host(id="public", tree="public", place=FolderPlace(Path("x")))
    for boundary in ("external", "internal"):
        assert confirm(host, manifest(boundary), CHANGED, UNTIL, Time().clock, Time().sleep, ask=ask) == ()


def turned_away(site, status=401):
    site.served = {path: (status, {}, b"") for path in FILES}


def test_insiders_pages_are_confirmed_when_every_stranger_is_turned_away(site):
    turned_away(site)

    assert confirmed(site, boundary="internal") == []
    assert {path for path, _ in site.asked} >= {"index.html", UNUSED, "updates.atom", "history/index.html"}


def test_insiders_pages_that_a_stranger_gets_are_no_matter_of_waiting(site):
    turned_away(site)
    site.served["updates.atom"] = b"<feed/>"
    time = Time()

    with pytest.raises(WriteRefused, match=r"E608 .*updates.atom answers 200 to a stranger"):
        confirmed(site, time, boundary="internal")
    assert time.slept == []


def test_where_it_is_unclear_whether_strangers_are_kept_out_that_is_said(site):
    turned_away(site)
    site.served["index.html"] = (503, {}, b"")
    time = Time()

    lines = confirmed(site, time, boundary="internal", until=START + timedelta(seconds=1))

    assert {line.partition("?")[0].partition(" ")[0] for line in lines} == {"", "index.html"}
    assert all(line.endswith("answers 503 to a stranger") for line in lines)
    assert sum(time.slept) == 1
