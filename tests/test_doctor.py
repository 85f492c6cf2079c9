"""The doctor: each thing that can be wrong is found with real parts, and nothing it meets makes it fall over."""

from __future__ import annotations

import http.server
import json
import socket
import threading
import time
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from pathlib import Path

import pytest
import trustme
from msgspec.structs import replace

from command import run, snapshot
from heliograph.buckets import Bucket
from heliograph.cli.main import COMMANDS, _Entry
from heliograph.doctor import amazon, operator
from heliograph.doctor.clock import check_clock
from heliograph.doctor.finding import Check, Finding, examine
from heliograph.doctor.independence import Resolved, check_independence, domain_of, looked_up
from heliograph.doctor.post import check_ledger, check_smtp
from heliograph.doctor.schedule import check_schedule
from heliograph.doctor.targets import Ward, check_outside, check_state, check_target
from heliograph.operations import BucketPlace, FolderPlace, Host, Secret, Smtp
from heliograph.problems import Place, Problem, Refused
from heliograph.publish.folder_shelf import FolderShelf
from heliograph.publish.objects import MARKER, Marker, Objects
from heliograph.publish.outside import ask
from heliograph.publish.register import Register
from heliograph.publish.release import Edition
from heliograph.send.ledger import Addressee
from heliograph.send.session import Patience
from heliograph.send.sqlite import SqliteLedger
from heliograph.store_faults import StoreRefused
from heliograph.stores import client
from heliograph.tree.artifact import Artifact
from heliograph.tree.fsio import WriteRefused
from heliograph.tree.manifest import encode_manifest, entry_of, make_manifest, manifest_path
from odd_store import OddStore, answering
from sites import write_site
from smtp_lab import Fault, Lab
from static_host import laid_out, served
from test_ledger import planned as a_message

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
EDITION = Edition(as_of=NOW - timedelta(hours=1), revision="", version="1")
PAGES = (Artifact("index.html", b"<p>All fine."), Artifact("404.html", b"<p>Nothing here."))
CANARY = "wallaby-0123456789abcdef0123456789"


def levels(findings):
    return [finding.level for finding in findings]


def said(findings):
    return "\n".join(f"{finding.level} {finding.subject}: {finding.said} → {finding.todo}" for finding in findings)


# --- running checks


def test_checks_run_at_once_and_findings_keep_their_order():
    together = threading.Barrier(3, timeout=20)

    def look(name):
        together.wait()
        yield Finding("ok", name, "well")

    found = examine([Check(name, lambda name=name: look(name)) for name in "cab"], seconds=30)
    assert [finding.subject for finding in found] == ["c", "a", "b"]
    assert levels(found) == ["ok"] * 3


def test_what_a_check_raises_is_a_finding_and_its_words_are_shown_only_if_they_are_ours():
    place = Place("operator.toml", 3, 1)
    for error, shown in (
        (StoreRefused("E617", "s3://b/: access is denied"), "E617 s3://b/: access is denied"),
        (WriteRefused("E606", "another tree"), "another tree"),
        (Refused([Problem(place, "E115", "not so"), Problem(place, "W629", "odd")]), "operator.toml:3:1 E115 not so"),
        (OSError(2, "No such file or directory", "/x"), "No such file or directory"),
        (ValueError(CANARY), "could not be looked into (ValueError)"),
        (RecursionError(CANARY), "could not be looked into (RecursionError)"),
    ):

        def look(error=error):
            yield Finding("ok", "it", "so far")
            raise error

        first, second = examine([Check("it", look)])
        assert (first.said, second.level) == ("so far", "bad")
        assert shown in second.said
        assert CANARY not in said([second])


def test_a_check_that_does_not_end_is_given_up_with_what_it_found():
    over = threading.Event()

    def look():
        yield Finding("ok", "slow", "so far")
        over.wait(60)

    found = examine([Check("slow", look), Check("quick", lambda: iter([Finding("ok", "quick", "well")]))], seconds=0.3)
    over.set()
    assert [(one.level, one.subject) for one in found] == [("ok", "slow"), ("bad", "slow"), ("ok", "quick")]
    assert "0.3 seconds" in found[1].said


# --- the operator's file


def test_a_file_that_others_may_change_or_read_is_named(tmp_path):
    path = tmp_path / "operator.toml"
    path.write_text("")
    for mode, level in ((0o600, []), (0o640, ["warn"]), (0o602, ["bad"]), (0o620, ["bad"])):
        path.chmod(mode)
        assert levels(operator.check_file(path)) == level, oct(mode)
    path.chmod(0o600)
    tmp_path.chmod(0o777)
    assert "another file in its place" in said(operator.check_file(path))
    tmp_path.chmod(0o1777)
    assert levels(operator.check_file(path)) == []


def test_a_file_that_is_not_there_or_no_file_is_named(tmp_path):
    assert levels(operator.check_file(tmp_path / "none.toml")) == ["bad"]
    (tmp_path / "door").symlink_to("/dev/zero")
    assert levels(operator.check_file(tmp_path / "door")) == ["bad"]
    assert levels(operator.check_file(tmp_path)) == ["bad"]


def test_all_unset_variables_are_named_at_once_without_any_value(tmp_path):
    path = tmp_path / "operator.toml"
    path.write_text(
        'site = "${A_SITE}"\nx = 1\n# ${IN_A_COMMENT}\n[smtp]\npassword = "${PASS} ${OTHER}"\n[[webhook]]\nurl = "${URL}"\n'
    )
    (finding,) = operator.check_variables(path, {"PASS": CANARY, "URL": " "})
    assert finding.said.endswith(": A_SITE, OTHER, URL")
    assert CANARY not in finding.said
    assert list(operator.check_variables(path, dict.fromkeys(("A_SITE", "PASS", "OTHER", "URL"), "x"))) == []


@pytest.mark.parametrize("data", [b"\xff", b"[", b"x = " + b"[" * 5_000, b'x = "${'], ids=range(4))
def test_a_file_that_cannot_be_read_names_no_variables_and_harms_nobody(tmp_path, data):
    (tmp_path / "operator.toml").write_bytes(data)
    assert list(operator.check_variables(tmp_path / "operator.toml", {})) == []


# --- targets


def tree(boundary="external", due=None, files=PAGES):
    name = "public" if boundary == "external" else "internal"
    return make_manifest(name, boundary, "tiny", map(entry_of, files), due)


def ward(tmp_path, place, boundary="external", **more):
    host = Host(id="web", tree="public" if boundary == "external" else "internal", place=place)
    host = replace(host, **{key: more.pop(key) for key in ("urls", "ca_file") if key in more})
    shelf = FolderShelf(tmp_path / "state")
    return Ward(host=host, boundary=boundary, site="tiny", shelf=shelf, now=NOW, ask=ask, **more)


def publish(one, manifest=None, files=PAGES, at=NOW - timedelta(hours=1)):
    """Publish as the real thing does, in short: the register, the mark, the files."""
    manifest = manifest or tree(one.boundary)
    register = Register(one.shelf, "tiny", "web")
    turn = register.begin(register.look(), manifest, EDITION)
    if isinstance(one.host.place, BucketPlace):
        with Objects(one.host.place, one.boundary) as objects:
            mark = Marker(site="tiny", tree=one.host.tree, boundary=one.boundary, lineage=turn.lineage)
            objects.put_marker(mark)
            for artifact in files:
                turn.hold()
                objects.put(entry_of(artifact), artifact.data)
    else:
        laid_out(one.host.place.path, files)
        manifest_path(one.host.place.path).write_bytes(encode_manifest(manifest))
    return turn.commit(at)


def folder_ward(tmp_path, boundary="external", **more):
    (tmp_path / "www").mkdir(exist_ok=True)
    return ward(tmp_path, FolderPlace(tmp_path / "www"), boundary, **more)


def test_a_folder_that_is_fresh_is_well(tmp_path):
    one = folder_ward(tmp_path)
    release = publish(one, tree(due=NOW + timedelta(hours=1)))
    (finding,) = check_target(one)
    assert finding.level == "ok"
    assert (release.id in finding.said, "good until 2026-11-22T13:00Z" in finding.said) == (True, True)


@pytest.mark.parametrize(("late", "level"), [(timedelta(minutes=1), "warn"), (timedelta(hours=1), "bad")])
def test_a_page_that_should_say_something_else_by_now_is_stale(tmp_path, late, level):
    one = folder_ward(tmp_path)
    publish(one, tree(due=NOW - late))
    (finding,) = check_target(one)
    assert (finding.level, "stale since" in finding.said, "schedule" in finding.todo) == (level, True, True)


def test_nothing_published_yet_is_worth_a_note(tmp_path):
    found = list(check_target(folder_ward(tmp_path)))
    assert (levels(found), found[0].todo) == (["note"], "heliograph publish web")


def test_another_sites_tree_and_anothers_files_are_bad(tmp_path):
    one = folder_ward(tmp_path)
    laid_out(tmp_path / "www", PAGES)
    assert "E603" in said(check_target(one))
    publish(one)
    assert "E605" in said(check_target(replace(one, site="other")))
    assert "E606" in said(check_target(replace(one, boundary="internal")))


def test_a_folder_that_holds_other_than_what_is_on_record_is_bad(tmp_path):
    one = folder_ward(tmp_path)
    publish(one)
    other = tree(files=(*PAGES, Artifact("more.html", b"x")))
    manifest_path(tmp_path / "www").write_bytes(encode_manifest(other))
    assert "is on record as published" in said(check_target(one))


def test_a_run_at_work_and_one_that_was_cut_off_are_told_apart(tmp_path):
    one = folder_ward(tmp_path)
    publish(one)
    register = Register(one.shelf, "tiny", "web")
    more = tree(files=(*PAGES, Artifact("more.html", b"x")))
    register.begin(register.look(), more, EDITION).hold()
    found = said(check_target(one))
    assert "is publishing; last sign" in found
    assert "note" in found.split("\n")[0]
    short = Register(one.shelf, "tiny", "second", timedelta(microseconds=1))
    short.begin(short.look(), more, EDITION)
    time.sleep(0.01)
    second = replace(one, host=replace(one.host, id="second"))
    found = said(check_target(second))
    assert "never ended" in found
    assert "heliograph publish second" in found


def test_damage_to_what_is_remembered_is_a_finding(tmp_path):
    one = folder_ward(tmp_path)
    publish(one)
    head = next((tmp_path / "state").rglob("head.json"))
    data = head.read_bytes()
    for broken in (b"", data[:-20], data.replace(b"tiny", b"tidy"), b"[" * 9_000):
        head.write_bytes(broken)
        found = list(check_target(one))
        assert "bad" in levels(found)
        assert "could not be looked into" not in said(found)


def test_strangers_see_what_was_published(tmp_path):
    with served(tmp_path / "www") as url:
        one = folder_ward(tmp_path, urls=(url, f"{url}/nowhere", "http://127.0.0.1:9"))
        publish(one)
        ok, lost, silent = check_outside(one)
        assert (ok.level, lost.level, silent.level) == ("ok", "bad", "bad")
        assert ("answers 404" in lost.said, "does not answer" in silent.said) == (True, True)
        (tmp_path / "www" / "index.html").write_bytes(b"something else")
        assert levels(check_outside(one))[0] == "bad"
        assert levels(check_outside(replace(one, now=NOW - timedelta(minutes=58))))[0] == "warn"


@contextmanager
def door(status=HTTPStatus.OK, **headers):
    """A web server that answers everything alike."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response_only(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *args):
            pass

    with answering(Handler) as url:
        yield url


def test_insiders_pages_must_be_closed_to_strangers(tmp_path):
    with door(HTTPStatus.UNAUTHORIZED) as closed, door() as opened:
        one = folder_ward(tmp_path, "internal", urls=(closed,))
        publish(one)
        assert levels(check_outside(one)) == ["ok"]
        both = replace(one, host=replace(one.host, urls=(closed, opened)))
        assert "E608" in said(examine([Check("web", lambda: check_outside(both))]))


def test_a_bucket_is_looked_at_whole(tmp_path, place):
    one = ward(tmp_path, place)
    empty = list(check_target(one))
    assert (levels(empty), empty[0].todo) == (["note"], "heliograph publish web --init")
    publish(one)
    found = list(check_target(one))
    assert (levels(found), "release 1-" in found[0].said) == (["ok"], True)
    assert "E606" in said(check_target(replace(one, host=replace(one.host, tree="other"))))
    other = replace(one, shelf=FolderShelf(tmp_path / "elsewhere"))
    publish(replace(other, host=replace(other.host, place=replace(place, prefix="aside"))))
    assert "E633" in said(check_target(other))


def test_insiders_pages_in_a_bucket_are_tried_by_strangers(tmp_path, http_place):
    place = replace(http_place, bucket=f"inside-{http_place.prefix[-12:]}", prefix="")
    with door(HTTPStatus.UNAUTHORIZED) as closed, closing(client(place)) as store:
        store.create_bucket(Bucket=place.bucket)
        one = ward(tmp_path, place, "internal", urls=(closed,))
        publish(one)
        found = list(check_outside(one))
        assert set(levels(found)) == {"note", "ok"}, said(found)
        assert "cannot be asked" in found[0].said
        statement = {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{place.bucket}/*",
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        store.put_bucket_policy(Bucket=place.bucket, Policy=policy)
        found = examine([Check("web", lambda: check_outside(one))], seconds=60)
        assert (levels(found), "E607" in said(found)) == (["bad"], True)


def test_a_bucket_without_our_mark_is_bad(tmp_path, http_place):
    one = ward(tmp_path, http_place)
    publish(one)
    with closing(Objects(http_place, "external")) as objects:
        objects.remove(MARKER)
    assert "E633" in said(check_target(one))


def test_a_bucket_that_cannot_be_reached_is_said_in_words_that_hold_no_secret(tmp_path, http_place):
    for change, words in (
        ({"secret_key": Secret(CANARY)}, "secret key is wrong"),
        ({"bucket": "no-such-bucket-here"}, "no such bucket"),
        ({"access_key": "nobody"}, "E617"),
    ):
        found = said(check_target(ward(tmp_path, replace(http_place, **change))))
        assert words in found
        assert "could not be looked into" not in found
        assert CANARY not in found


def test_a_place_that_keeps_conditions_is_well_and_one_that_does_not_is_named(tmp_path, http_place):
    with closing(Bucket(http_place)) as bucket:
        assert levels(check_state(bucket, is_used=True)) == ["ok"]
    assert levels(check_state(FolderShelf(tmp_path / "state"), is_used=True)) == ["ok"]
    assert levels(check_state(FolderShelf(tmp_path / "none"), is_used=False)) == []
    assert not (tmp_path / "none").exists()
    with answering(OddStore("deaf").handler()) as url:
        deaf = BucketPlace(bucket="bucket", endpoint=url, access_key="a", secret_key=Secret("b"))
        with closing(Bucket(deaf)) as bucket:
            found = examine([Check("state", lambda: check_state(bucket, is_used=True))], seconds=60)
    assert "E631" in said(found)


def test_a_folder_for_state_that_others_may_enter_is_bad(tmp_path):
    (tmp_path / "state").mkdir(mode=0o755)
    found = examine([Check("state", lambda: check_state(FolderShelf(tmp_path / "state"), is_used=True))])
    assert levels(found) == ["bad"]


# --- credentials


@contextmanager
def sts(body, status=HTTPStatus.OK):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    with answering(Handler) as url:
        yield url


def identity(arn):
    return (
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
        f"<Arn>{arn}</Arn><UserId>x</UserId><Account>123456789012</Account></GetCallerIdentityResult>"
        "</GetCallerIdentityResponse>"
    ).encode()


ROLE = "arn:aws:sts::123456789012:assumed-role/publisher/run"


@pytest.mark.parametrize(
    ("arn", "account", "level", "words"),
    [
        (ROLE, "123456789012", ["ok"], "acts as " + ROLE),
        (ROLE, "210987654321", ["note"], "on a bucket of the account 210987654321"),
        (ROLE, "", ["warn"], 'account = "123456789012"'),
        ("arn:aws:iam::123456789012:root", "123456789012", ["warn", "ok"], "may do anything"),
    ],
)
def test_whose_credentials_they_are_is_said(monkeypatch, arn, account, level, words):
    place = BucketPlace(bucket="bucket", account=account, access_key="a", secret_key=Secret(CANARY))
    with sts(identity(arn)) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        found = list(amazon.check_identity("target web", place))
    assert levels(found) == level
    assert words in said(found)
    assert CANARY not in said(found)


def test_expired_credentials_are_said_in_our_words(monkeypatch):
    body = f"<ErrorResponse><Error><Code>ExpiredToken</Code><Message>{CANARY}</Message></Error></ErrorResponse>"
    place = BucketPlace(bucket="bucket", access_key="a", secret_key=Secret("b"))
    with sts(body.encode(), HTTPStatus.FORBIDDEN) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        found = examine([Check("target web", lambda: amazon.check_identity("target web", place))], seconds=60)
    assert "the credentials have expired" in said(found)
    assert CANARY not in said(found)


# --- the clock


@pytest.mark.parametrize(
    ("ahead", "age", "level"),
    [(0, 0, "ok"), (4, 0, "ok"), (20, 0, "warn"), (-20, 0, "warn"), (90, 0, "bad"), (-90, 0, "bad"), (90, 90, "ok")],
)
def test_the_clock_is_compared_with_servers(ahead, age, level):
    """`ahead` seconds our clock is before the server's; what a cache has kept says so."""
    date = format_datetime(NOW - timedelta(seconds=ahead), usegmt=True)
    with door(HTTPStatus.FORBIDDEN, Date=date, Age=str(age)) as url:
        assert levels(check_clock([(url, None)], lambda: NOW)) == [level]


def test_a_server_that_agrees_is_believed_and_one_that_says_nothing_is_not():
    stale = format_datetime(NOW - timedelta(days=1), usegmt=True)
    right = format_datetime(NOW, usegmt=True)
    with door(Date=stale) as old, door(Date=right) as new, door(Date="yesterday", Age="x") as odd:
        sources = [(old, None), (odd, None), (new, None), ("http://127.0.0.1:9/", None), ("nonsense", None)]
        assert levels(check_clock(sources, lambda: NOW)) == ["ok"]
        assert levels(check_clock(sources[1:2], lambda: NOW)) == ["note"]


# --- what sending needs


def smtp(lab, **more):
    return Smtp(**{"host": "127.0.0.1", "port": lab.port, "security": "none", "sender": "b@example.com", **more})


QUICK = Patience(opening=20, command=20, goodbye=2)


def test_a_mail_server_is_greeted_and_offered_nothing(tmp_path):
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    tls = (tmp_path / "cert.pem", tmp_path / "key.pem")
    with Lab(tmp_path / "log", tls=tls, user="u", password=CANARY) as lab:
        private = smtp(
            lab,
            host="localhost",
            security="starttls",
            ca_file=tmp_path / "ca.pem",
            username="u",
            password=Secret(CANARY),
        )
        found = list(check_smtp(private, QUICK))
        heard = [line.split()[0].upper() for line in lab.heard]
        wrong = list(check_smtp(replace(private, password=Secret("other" + CANARY)), QUICK))
        untrusted = list(check_smtp(replace(private, ca_file=None), QUICK))
    assert (levels(found), "logged in" in found[0].said) == (["ok"], True)
    assert "NOOP" in heard
    assert not {"MAIL", "RCPT", "DATA"} & set(heard)
    assert (levels(wrong), wrong[0].todo) == (["bad"], "check `username` and `password`")
    assert (levels(untrusted), "E509" in untrusted[0].said) == (["bad"], True)
    assert CANARY not in said([*found, *wrong, *untrusted])
    assert lab.accepted == []


def test_a_mail_server_that_is_not_there_or_talks_nonsense_is_bad(tmp_path):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        closed = Smtp(host="127.0.0.1", port=silent.getsockname()[1], security="none", sender="b@example.com")
        assert levels(check_smtp(closed, QUICK)) == ["bad"]
    with Lab(tmp_path / "log", lambda number: Fault("banner", "garbage")) as lab:
        assert levels(check_smtp(smtp(lab), QUICK)) == ["bad"]


def planned_ledger(tmp_path, keys):
    ledger = SqliteLedger(tmp_path / "ledger.db", "tiny", create=True)
    with closing(ledger), ledger:
        one = a_message("m1")
        ledger.plan(replace(one, at=NOW), [Addressee(key=key, address=f"{key}@example.com") for key in keys])
        for key in keys[1:]:
            ledger.commit(key, NOW)
    return tmp_path / "ledger.db"


def test_a_ledger_is_only_read_and_what_waits_is_counted(tmp_path):
    path = planned_ledger(tmp_path, ["a", "b", "c"])
    before = path.read_bytes()
    found = list(check_ledger(lambda: SqliteLedger(path, "tiny"), NOW))
    assert "1 planned and not sent yet" in said(found)
    assert "of 2 deliveries nobody knows" in said(found)
    assert path.read_bytes() == before


def test_a_ledger_that_is_missing_is_bad_and_not_made(tmp_path):
    path = tmp_path / "ledger.db"
    found = examine([Check("ledger", lambda: check_ledger(lambda: SqliteLedger(path, "tiny"), NOW))])
    assert (levels(found), "E614" in found[0].said, path.exists()) == (["bad"], True, False)


# --- the schedule


WORKFLOW = (
    "on:\n  push:\n  schedule:\n    - cron: '*/5 * * * *'\njobs:\n  a:\n    steps:\n      - run: heliograph publish\n"
)


def test_a_workflow_that_publishes_by_the_clock_is_found(tmp_path):
    folder = tmp_path / ".github/workflows"
    folder.mkdir(parents=True)
    (tmp_path / "site").mkdir()
    (folder / "publish.yml").write_text(WORKFLOW)
    (finding,) = check_schedule(tmp_path / "site")
    assert (finding.level, finding.said) == ("ok", "publish.yml publishes at */5 * * * *")


def test_a_workflow_that_waits_to_be_switched_on_publishes_nothing_yet(tmp_path):
    folder = tmp_path / ".github/workflows"
    folder.mkdir(parents=True)
    (folder / "a.yml").write_text(WORKFLOW.replace("a:\n", "a:\n    if: vars.STATUS_PAGES == 'on' && true\n"))
    (finding,) = check_schedule(tmp_path)
    assert (finding.level, "once the variable STATUS_PAGES is `on`" in finding.said) == ("note", True)
    (folder / "b.yml").write_text(WORKFLOW)
    assert said(check_schedule(tmp_path)) == "ok schedule: b.yml publishes at */5 * * * * → "


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[ # schedule cron heliograph",
        "on: push\n# heliograph schedule cron",
        "on: {schedule: 1}\n# heliograph cron",
        "on: {schedule: [1, {x: y}]}\n# heliograph cron",
        WORKFLOW.replace("heliograph", "other"),
        "a: &a [*a] # schedule cron heliograph",
        "[" * 5_000 + WORKFLOW,
        "!!python/object/apply:os.system [x] # schedule cron heliograph",
        "\x00",
    ],
    ids=range(10),
)
def test_what_is_no_such_workflow_is_none(tmp_path, text):
    folder = tmp_path / ".github/workflows"
    folder.mkdir(parents=True)
    (folder / "x.yml").write_text(text)
    assert levels(check_schedule(tmp_path)) == ["note"]


# --- what is shared with the product


NAMES = {
    "status.example.com": Resolved(("203.0.113.7",), ("status.example.com",)),
    "www.example.com": Resolved(("203.0.113.7", "2001:db8:1:2::1"), ("www.example.com",)),
    "api.example.com": Resolved(("203.0.113.99",), ("api.example.com",)),
    "status.example.net": Resolved(("198.51.100.1",), ("d1.cloudfront.net", "status.example.net")),
    "shop.example.org": Resolved(("192.0.2.1",), ("d2.cloudfront.net",)),
    "alone.example.net": Resolved(("2001:db8:9:2::1",), ("alone.example.net",)),
}


def lookup(host):
    if host not in NAMES:
        raise OSError("not known")
    return NAMES[host]


@pytest.mark.parametrize(
    ("page", "product", "words"),
    [
        ("status.example.com", "www.example.com", ["same address", "own domain, example.com"]),
        ("status.example.com", "api.example.com", ["in one network", "own domain"]),
        ("status.example.net", "shop.example.org", ["both served by cloudfront.net"]),
        ("alone.example.net", "www.example.com", ["no address, provider's name or domain is shared"]),
        ("nowhere.example.net", "www.example.com", ["cannot be resolved"]),
    ],
)
def test_what_the_page_shares_with_the_product_is_said(page, product, words):
    found = list(check_independence([f"https://{page}/x"], [f"https://{product}"], lookup))
    assert [word for word in words if word not in said(found)] == []
    assert "not looked at: name servers" in said(found)
    assert ("warn" in levels(found)) == ("no address" not in words[0])


def test_without_a_product_there_is_nothing_to_compare():
    assert levels(check_independence(["https://status.example.com"], [], lookup)) == ["note"]
    assert levels(check_independence([], ["https://www.example.com"], lookup)) == ["note"]


def test_this_machine_is_looked_up_for_real():
    found = looked_up("localhost")
    assert "127.0.0.1" in found.addresses or "::1" in found.addresses
    assert "127.0.0.2 have addresses in one network" in said(
        check_independence(["http://127.0.0.1:1"], ["http://127.0.0.2:1"])
    )


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("status.example.com", "example.com"),
        ("a.b.example.co.uk", "example.co.uk"),
        ("example.de", "example.de"),
        ("d1.cloudfront.net.", "cloudfront.net"),
        ("co.uk", "co.uk"),
        ("localhost", "localhost"),
        ("127.0.0.1", "127.0.0.1"),
    ],
)
def test_the_registered_part_of_a_name(host, domain):
    assert domain_of(host) == domain


# --- the command


@pytest.fixture
def command(monkeypatch):
    monkeypatch.setitem(COMMANDS, "doctor", _Entry("heliograph.cli.doctor:doctor", "Look into everything."))
    monkeypatch.delenv("HELIOGRAPH_OPERATOR", raising=False)
    monkeypatch.setenv("PASS", CANARY)


def operators(tmp_path, text):
    path = tmp_path / "operator" / "operator.toml"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)
    return path


@pytest.mark.usefixtures("command")
def test_a_site_without_an_operators_file_is_well(tmp_path, capsys):
    site = write_site(tmp_path / "site")
    before = snapshot(site)
    found = run(capsys, "doctor", site=site)
    assert found.code == 0
    assert "✓ site           tiny: 1 incident read" in found.out
    assert "HELIOGRAPH_OPERATOR names none" in found.out
    assert snapshot(site) == before


@pytest.mark.usefixtures("command")
def test_everything_that_is_named_is_looked_at_in_one_screen(tmp_path, capsys, monkeypatch, s3_server, http_place):
    site = write_site(tmp_path / "site")
    with served(tmp_path / "www") as url, Lab(tmp_path / "log") as lab:
        bucket = (
            f'bucket = "{http_place.bucket}"\nendpoint = "{http_place.endpoint}"\naccess_key = "{http_place.access_key}"\n'
            f'secret_key = "${{PASS}}"\nprefix = "{http_place.prefix}'
        )
        monkeypatch.setenv("PASS", http_place.secret_key.revealed)
        monkeypatch.setenv("SECRET", CANARY)
        for name in ("support", "globex"):
            operators(tmp_path, "").with_name(f"{name}.csv").write_text("address\na@example.com\n")
        path = operators(
            tmp_path,
            f'site = "tiny"\nsecret = "${{SECRET}}"\n[smtp]\nhost = "127.0.0.1"\nport = {lab.port}\nsecurity = "none"\n'
            'sender = "b@example.com"\n[ledger]\npath = "ledger.db"\n[send]\nmail_domain = "example.com"\n'
            'senders = ["status@status.example.com"]\n[recipients]\nsupport = "support.csv"\n"customer:globex" = "globex.csv"\n'
            f'[domains]\nsupport = ["example.com"]\n[state]\n{bucket}/state"\n'
            f'[target.inside]\ntree = "internal"\n{bucket}/inside"\nurls = ["https://127.0.0.1:9"]\n'
            f'[target.web]\ntree = "public"\npath = "{tmp_path / "www"}"\nurls = ["{url}"]\n'
            '[doctor]\nproduct_urls = ["http://127.0.0.1:1"]\n',
        )
        monkeypatch.setenv("HELIOGRAPH_OPERATOR", str(path))
        found = run(capsys, "doctor", "--json", site=site)
        findings = json.loads(found.out)["findings"]
        lines = [f"{one['level']} {one['subject']}: {one['said']}" for one in findings]
        text = "\n".join(lines)
        assert (found.code, json.loads(found.out)["well"]) == (1, False), text
        for start in (
            "ok site: tiny",
            f"ok operator file: {path}: 2 targets, mail, ledger",
            "ok state: s3://",
            "note target inside: s3://",
            "note target web: nothing was published there yet",
            "bad ledger: E614",
            "ok lists: 2 recipients on 2 lists",
            "ok smtp: 127.0.0.1",
            "ok clock: agrees with",
            "warn independence: 127.0.0.1 and 127.0.0.1 have the same address",
            "note schedule",
        ):
            assert any(line.startswith(start) for line in lines), (start, text)
        assert CANARY not in text
        assert http_place.secret_key.revealed not in text
        assert len(run(capsys, "doctor", site=site).out.splitlines()) <= 24


@pytest.mark.usefixtures("command")
def test_all_that_is_wrong_in_the_file_is_said_at_once_and_without_a_value(tmp_path, capsys, monkeypatch):
    site = write_site(tmp_path / "site")
    text = f'site = "tiny"\nsecret = "{CANARY[:20]}"\nprot = 1\n[smtp]\nhost = "${{HOST}}"\n[ledger]\npath = "${{LEDGER}}"\n'
    path = operators(tmp_path, text)
    path.chmod(0o644)
    monkeypatch.setenv("HELIOGRAPH_OPERATOR", str(path))
    found = run(capsys, "doctor", site=site)
    assert found.code == 1
    for words in ("may read", "not set: HOST, LEDGER", "E609 unknown key `prot`", "E627", "to mend"):
        assert words in found.out
    assert CANARY[:20] not in found.out


@pytest.mark.usefixtures("command")
def test_offline_nobody_is_asked(tmp_path, capsys, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("asked")

    site = write_site(tmp_path / "site")
    bucket = 'bucket = "{}"\nendpoint = "http://127.0.0.1:9"\naccess_key = "a"\nsecret_key = "b"\n'
    text = f'site = "tiny"\n[state]\n{bucket.format("tiny-state")}[target.web]\ntree = "public"\n{bucket.format("tiny-status")}'
    path = operators(tmp_path, text + 'urls = ["https://status.example.com"]\n')
    monkeypatch.setenv("HELIOGRAPH_OPERATOR", str(path))
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    found = run(capsys, "doctor", "--offline", site=site)
    assert (found.code, "nothing was asked beyond this machine" in found.out) == (0, True), found.out


@pytest.mark.usefixtures("command")
@pytest.mark.parametrize(
    "data", [b"\xff\xfe", b"[", b"", b'site = "other"\n', b'site = "${X}"\n[target.a]\n[state]\n'], ids=range(5)
)
def test_a_broken_file_is_a_finding_and_never_a_fault(tmp_path, capsys, monkeypatch, data):
    site = write_site(tmp_path / "site", {"incidents/x/incident.md": "no front matter"})
    path = operators(tmp_path, "")
    path.write_bytes(data)
    monkeypatch.setenv("HELIOGRAPH_OPERATOR", str(path))
    found = run(capsys, "doctor", site=site)
    assert (found.code, found.err) == (1, "")
    assert "✗ operator file" in found.out
    assert "heliograph check lists them" in found.out


@pytest.mark.usefixtures("command")
def test_a_site_whose_configuration_is_broken_is_a_finding(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("HELIOGRAPH_OPERATOR", str(tmp_path / "none.toml"))
    found = run(capsys, "doctor", site=write_site(tmp_path / "site", {"site_src/site.toml": "["}))
    assert (found.code, "its configuration cannot be read" in found.out) == (1, True)
    assert Path("none.toml").name in found.out
