"""Nothing of a tree gets to a host that is not ours, nor anything for insiders to one that strangers can read.

Each misconfiguration is a real one, on real servers. Each is refused, and let pass once the check that refuses it is
taken away: so much is known to rest on that check.
"""

import contextlib
import json
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import gateway
import moto_store
import static_host
from gateway import front_door
from heliograph.buckets import Bucket
from heliograph.operations import BucketPlace, FolderPlace, Host, Secret
from heliograph.publish import exposure, to_bucket
from heliograph.publish.built import open_built
from heliograph.publish.edition import Edition
from heliograph.publish.exposure import check_folder_closed, check_marker, findings
from heliograph.publish.folder_shelf import FolderShelf
from heliograph.publish.objects import MARKER, Marker, Objects
from heliograph.publish.outside import Answer
from heliograph.publish.prepare import prepare
from heliograph.publish.publication import Terms
from heliograph.publish.register import Register
from heliograph.store_faults import StoreRefused
from heliograph.stores import client
from heliograph.tree.artifact import text_artifact
from heliograph.tree.fsio import WriteRefused
from heliograph.tree.write import TreePlan, write_trees
from s3_store import BUCKET

SITE = "acme"
EDITION = Edition(as_of=datetime(2026, 11, 21, 14, 20, tzinfo=UTC), revision="", version="1")
PAGES = {
    "index.html": "<p>Replica lag on db-7</p>",
    "incidents/k3x9q2mf/index.html": "<p>db-7</p>",
    "api/status.json": "{}",
    "updates.atom": "<feed/>",
    "badge.svg": "<svg/>",
}
ALL_ON = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)


def tree(out, boundary="internal", pages=PAGES):
    name = "internal" if boundary == "internal" else "public"
    artifacts = [text_artifact(path, text) for path, text in pages.items()]
    write_trees(out, [TreePlan(name=name, boundary=boundary, site=SITE, artifacts=artifacts)])
    return out / name


class Rig:
    """A bucket of its own, a state, a built tree; what a test opens besides is closed with it."""

    def __init__(self, server, folder, opened):
        self.server, self.folder, self.opened = server, folder, opened
        self.name = f"x-{uuid.uuid4().hex[:16]}"
        self.place = server.place(bucket=self.name)
        self.urls = None
        self.boundary = "internal"
        self.adopt = True
        self.store = client(self.place)
        opened.callback(self.store.close)
        self.store.create_bucket(Bucket=self.name)

    def at(self, place):
        """Take another store, with a bucket of the same name."""
        self.place = place
        self.store = client(place)
        self.opened.callback(self.store.close)
        self.store.create_bucket(Bucket=self.name)

    def serve(self, guard, place=None):
        """Serve what is there through a gateway; gives its address."""
        return self.opened.enter_context(gateway.gateway(place or self.place, guard))

    def through(self, denies):
        """Reach the store by a front door that denies what `denies` says."""
        from msgspec.structs import replace

        self.place = replace(self.place, endpoint=self.opened.enter_context(front_door(self.place.endpoint, denies)))

    def mark(self, **other):
        """Leave a mark there as another run would have."""
        what = {"site": SITE, "tree": "internal", "boundary": "internal", "lineage": "a" * 32, **other}
        with Objects(self.place, "internal") as objects:
            objects.put_marker(Marker(**what))

    def host(self):
        urls = (self.serve(gateway.asks_for_a_password),) if self.urls is None else self.urls
        name = "internal" if self.boundary == "internal" else "public"
        return Host(id="inside", tree=name, place=self.place, urls=urls)

    def publish(self, pages=PAGES):
        host = self.host()
        self.urls = host.urls
        shelf = Bucket(self.server.place(bucket=BUCKET, prefix=f"state-{self.name}"))
        self.opened.callback(shelf.close)
        built = open_built(tree(self.folder / "dist", self.boundary, pages))
        register = Register(shelf, SITE, host.id)
        publication = prepare(host, built, EDITION, register, Terms(adopt=self.adopt))
        return publication, publication.carry_out(lambda: datetime.now(UTC), lambda step: None)

    def content(self):
        """What of any tree is in the bucket now."""
        found = self.store.list_objects_v2(Bucket=self.name).get("Contents", ())
        return sorted(one["Key"] for one in found if one["Key"] in PAGES)


@pytest.fixture
def rig(s3_server, tmp_path):
    with contextlib.ExitStack() as opened:
        yield Rig(s3_server, tmp_path, opened)


@pytest.fixture(scope="module")
def moto():
    with moto_store.mocked() as address:
        yield address


def policy(rig, what="*"):
    allow = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{rig.name}/{what}",
    }
    rig.store.put_bucket_policy(Bucket=rig.name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))


# --- misconfigurations


def public_policy(rig, _):
    policy(rig)


def public_policy_of_a_folder(rig, _):
    policy(rig, "incidents/*")


def public_access_list(rig, _):
    rig.store.put_bucket_acl(Bucket=rig.name, ACL="public-read")


def public_policy_that_the_store_keeps_quiet(rig, _):
    """A store without these questions, as many are."""
    policy(rig)
    rig.monkeypatch.setattr(Bucket, "_setting", lambda *_: "not offered")


def blocks_partly_off(rig, moto):
    """Of the mock, whose address is not Amazon's."""
    on_amazon(rig, moto, {**ALL_ON, "RestrictPublicBuckets": False})
    rig.monkeypatch.setattr(exposure, "_is_amazon", lambda _: True)


def website(rig, moto):
    on_amazon(rig, moto, ALL_ON)
    rig.store.put_bucket_website(Bucket=rig.name, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})


def on_amazon(rig, moto, blocks):
    """Use the mock of Amazon's, which lists to strangers unless it is kept from it."""
    rig.at(moto_store.place(moto, rig.name))
    rig.store.put_public_access_block(Bucket=rig.name, PublicAccessBlockConfiguration=blocks)
    rig.through(lambda request: "Authorization" not in request.headers)


def a_setting_that_amazon_must_have(rig, _):
    rig.monkeypatch.setattr(exposure, "_is_amazon", lambda _: True)


def settings_denied(subresource):
    def denied(rig, _):
        rig.through(lambda request: request.command == "GET" and subresource in request.path)

    denied.__name__ = f"{subresource}_denied"
    return denied


def served_to_strangers(rig, _):
    rig.urls = (rig.serve(gateway.OPEN),)


def a_second_address_left_open(rig, _):
    rig.urls = (rig.serve(gateway.asks_for_a_password), rig.serve(gateway.OPEN))


def pages_guarded_but_nothing_else(rig, _):
    rig.urls = (rig.serve(gateway.guards_pages_only),)


def no_address(rig, _):
    rig.urls = ()


def an_address_where_nobody_answers(rig, _):
    rig.urls = ("http://127.0.0.1:9",)


def an_address_that_fails(rig, _):
    rig.urls = (rig.serve(gateway.fails),)


def an_address_that_knows_nothing(rig, _):
    rig.urls = (rig.serve(gateway.knows_nothing),)


def an_address_that_redirects_to_itself(rig, _):
    rig.urls = (rig.serve(gateway.sends_to_itself),)


def an_address_that_tests_for_robots(rig, _):
    rig.urls = (rig.serve(gateway.tests_for_robots),)


def secure_only_in_name(rig, _):
    """Send plain requests to another address, where everybody is let in."""
    elsewhere = rig.serve(gateway.OPEN).replace("127.0.0.1", "localhost")
    rig.urls = (rig.serve(lambda path: (301, {"Location": f"{elsewhere}/{path}"})),)


def insiders_tree_at_the_public_bucket(rig, _):
    rig.mark(tree="public", boundary="external")


def public_tree_at_the_insiders_bucket(rig, _):
    rig.boundary = "external"
    rig.mark()


def another_tree_for_insiders(rig, _):
    rig.mark(tree="exec")


def another_site(rig, _):
    rig.mark(site="globex")


def another_register(rig, _):
    rig.mark()
    rig.adopt = False


def somebody_elses_objects(rig, _):
    rig.store.put_object(Bucket=rig.name, Key="payroll.xlsx", Body=b"x")


def somebody_elses_objects_unasked(rig, _):
    rig.boundary = "external"
    rig.adopt = False
    rig.store.put_object(Bucket=rig.name, Key="payroll.xlsx", Body=b"x")


def an_empty_bucket_unasked(rig, _):
    rig.adopt = False


def another_account(rig, _):
    from msgspec.structs import replace

    rig.through(lambda request: request.headers.get("x-amz-expected-bucket-owner", "111111111111") != "111111111111")
    rig.place = replace(rig.place, account="222222222222")


def _no_probes(monkeypatch):
    monkeypatch.setattr(to_bucket, "probes", lambda _: ())


def _no_settings(monkeypatch):
    monkeypatch.setattr(exposure, "_check_settings", lambda _: ())


def _no_questions(monkeypatch):
    monkeypatch.setattr(exposure, "findings", lambda *_: ())


def _no_urls_needed(monkeypatch):
    monkeypatch.setattr(exposure, "_require_urls", lambda _: None)


def _no_marks(monkeypatch):
    monkeypatch.setattr(to_bucket, "check_marker", lambda *_, **__: None)


def _no_owner(monkeypatch):
    monkeypatch.setattr(Bucket, "_call", lambda self, method, **what: method(Bucket=self.place.bucket, **what))


CASES = [
    (public_policy, "E607", (_no_settings, _no_questions)),
    (public_policy_of_a_folder, "E607", (_no_settings, _no_probes)),
    (public_access_list, "E607", (_no_settings, _no_questions)),
    (public_policy_that_the_store_keeps_quiet, "E608", (_no_questions,)),
    (blocks_partly_off, "E607", (_no_settings,)),
    (a_setting_that_amazon_must_have, "E632", (_no_settings,)),
    (website, "E607", (_no_settings,)),
    (settings_denied("policyStatus"), "E632", (_no_settings,)),
    (settings_denied("publicAccessBlock"), "E632", (_no_settings,)),
    (settings_denied("acl"), "E632", (_no_settings,)),
    (settings_denied("website"), "E632", (_no_settings,)),
    (served_to_strangers, "E608", (_no_questions,)),
    (a_second_address_left_open, "E608", (_no_questions,)),
    (pages_guarded_but_nothing_else, "E608", (_no_questions,)),
    (no_address, "E632", (_no_urls_needed,)),
    (an_address_where_nobody_answers, "E632", (_no_questions,)),
    (an_address_that_fails, "E632", (_no_questions,)),
    (an_address_that_knows_nothing, "E632", (_no_questions,)),
    (an_address_that_redirects_to_itself, "E632", (_no_questions,)),
    (an_address_that_tests_for_robots, "E632", (_no_questions,)),
    (secure_only_in_name, "E608", (_no_questions,)),
    (insiders_tree_at_the_public_bucket, "E606", (_no_marks,)),
    (public_tree_at_the_insiders_bucket, "E606", (_no_marks,)),
    (another_tree_for_insiders, "E606", (_no_marks,)),
    (another_site, "E605", (_no_marks,)),
    (another_register, "E633", (_no_marks,)),
    (somebody_elses_objects, "E633", (_no_marks,)),
    (somebody_elses_objects_unasked, "E633", (_no_marks,)),
    (an_empty_bucket_unasked, "E633", (_no_marks,)),
    (another_account, "E636", (_no_owner,)),
]


def _named(case):
    return getattr(case, "__name__", None) or (case if isinstance(case, str) else "")


@pytest.mark.slow
@pytest.mark.parametrize(("misconfigured", "code", "guards"), CASES, ids=_named)
def test_a_misconfiguration_is_refused_before_any_content(rig, moto, monkeypatch, misconfigured, code, guards):
    rig.monkeypatch = monkeypatch
    misconfigured(rig, moto)

    with pytest.raises((WriteRefused, StoreRefused)) as refused:
        rig.publish()

    assert refused.value.code == code
    assert rig.content() == []


@pytest.mark.slow
@pytest.mark.parametrize(("misconfigured", "code", "guards"), CASES, ids=_named)
def test_without_its_check_the_misconfiguration_would_pass(rig, moto, monkeypatch, misconfigured, code, guards):
    rig.monkeypatch = monkeypatch
    misconfigured(rig, moto)
    monkeypatch.setattr(to_bucket, "confirm", lambda *_, **__: ())
    for remove in guards:
        remove(monkeypatch)

    rig.publish()

    assert rig.content() == sorted(PAGES)


# --- what is closed


def sends_to_its_own_login(path):
    return 302, {"Location": f"/accounts/login/?next=/{path}"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "guard", [gateway.asks_for_a_password, gateway.forbids, gateway.sends_to_login, sends_to_its_own_login], ids=_named
)
def test_insiders_pages_go_where_every_stranger_is_turned_away(rig, guard):
    rig.urls = (rig.serve(guard),)

    publication, _ = rig.publish()

    assert rig.content() == sorted(PAGES)
    assert publication.confirm(lambda: datetime.now(UTC), timedelta(0)) == ()
    assert not publication.is_live


@pytest.mark.slow
def test_what_the_store_cannot_be_asked_is_told(rig):
    rig.publish()
    publication, _ = rig.publish({**PAGES, "index.html": "<p>Second</p>"})

    assert [note.rpartition(": ")[2] for note in publication.notes] == [
        "the store cannot be asked for its block of public access"
    ]


@pytest.mark.slow
def test_a_folder_opened_later_is_found_before_the_next_page_goes_there(rig, monkeypatch):
    monkeypatch.setattr(Bucket, "_setting", lambda *_: "not offered")
    rig.publish()
    policy(rig, "incidents/*")

    with pytest.raises(WriteRefused, match=r"E608 .*incidents/k3x9q2mf/"):
        rig.publish({**PAGES, "incidents/n3w/index.html": "<p>db-8</p>"})


@pytest.mark.slow
def test_a_list_of_names_that_strangers_get_is_enough(rig, monkeypatch):
    monkeypatch.setattr(Bucket, "_setting", lambda *_: "not offered")
    listing = {"Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{rig.name}"}
    rig.store.put_bucket_policy(Bucket=rig.name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [listing]}))

    with pytest.raises(WriteRefused, match=r"E608 .*list-type=2"):
        rig.publish()

    assert rig.content() == []


@pytest.mark.slow
def test_before_the_first_pages_their_folders_are_tried(rig, monkeypatch):
    monkeypatch.setattr(Bucket, "_setting", lambda *_: "not offered")
    policy(rig, "incidents/*")

    with pytest.raises(
        WriteRefused, match=r"E608 .*incidents/k3x9q2mf/heliograph-probe.html answers 200 to a stranger"
    ):
        rig.publish()

    assert rig.content() == []


@pytest.mark.slow
def test_pages_that_are_out_all_the_same_are_reported_loudly(rig, monkeypatch):
    monkeypatch.setattr(Bucket, "_setting", lambda *_: "not offered")
    publication, _ = rig.publish()
    policy(rig, "incidents/*")

    with pytest.raises(
        WriteRefused, match=r"E608 .*published.*incidents/k3x9q2mf/index.html answers 200 to a stranger"
    ):
        publication.confirm(lambda: datetime.now(UTC), timedelta(0))


class FolderRig:
    """A folder for insiders' pages that a web server on this machine shows to everybody, or to nobody yet."""

    def __init__(self, folder, url):
        self.folder, self.url = folder, url

    def publish(self, pages=PAGES):
        host = Host(id="inside", tree="internal", place=FolderPlace(self.folder / "www"), urls=(self.url,))
        shelf = FolderShelf(self.folder / "state")
        built = open_built(tree(self.folder / "dist", "internal", pages))
        prepare(host, built, EDITION, Register(shelf, SITE, host.id), Terms()).carry_out(
            lambda: datetime.now(UTC), lambda step: None
        )

    def content(self):
        return sorted(path for path in PAGES if (self.folder / "www" / path).exists())


def test_insiders_pages_do_not_go_to_a_folder_that_is_served_to_strangers(tmp_path):
    with static_host.served(tmp_path / "www") as address:
        folder = FolderRig(tmp_path, address)
        with pytest.raises(WriteRefused, match="E608"):
            folder.publish()
    assert folder.content() == []


def test_they_go_to_one_where_strangers_are_turned_away_until_they_no_longer_are(tmp_path, rig):
    folder = FolderRig(tmp_path, rig.serve(gateway.asks_for_a_password))
    folder.publish()
    assert folder.content() == sorted(PAGES)

    with static_host.served(tmp_path / "www") as folder.url, pytest.raises(WriteRefused, match="E608"):
        folder.publish({**PAGES, "updates.rss": "<rss/>"})
    assert not (tmp_path / "www" / "updates.rss").exists()


OURS = Marker(site="acme", tree="internal", boundary="internal", lineage="a")
PUBLIC = Marker(site="acme", tree="public", boundary="external", lineage="a")
ELSEWHERE = Marker(site="globex", tree="internal", boundary="internal", lineage="a")
OTHER_REGISTER = Marker(site="acme", tree="internal", boundary="internal", lineage="b")


@pytest.mark.parametrize(
    ("found", "ours", "is_empty", "plain", "adopting"),
    [
        (OURS, OURS, False, "", ""),
        (PUBLIC, PUBLIC, False, "", ""),
        (ELSEWHERE, OURS, False, "E605", "E605"),
        (PUBLIC, OURS, False, "E606", "E606"),
        (OURS, PUBLIC, False, "E606", "E606"),
        (OTHER_REGISTER, OURS, False, "E633", ""),
        (None, OURS, True, "E633", ""),
        (None, PUBLIC, True, "E633", ""),
        (None, OURS, False, "E633", "E633"),
        (None, PUBLIC, False, "E633", ""),
    ],
)
def test_init_takes_what_is_nobodys_and_never_what_is_anothers(found, ours, is_empty, plain, adopting):
    for adopt, code in ((False, plain), (True, adopting)):
        try:
            check_marker(found, ours, is_empty=is_empty, adopt=adopt)
            refused = ""
        except WriteRefused as error:
            refused = error.code
        assert refused == code


def answers(table):
    """A stranger's internet: a status, or a status and a location, by address without its query."""

    def asked(url, *, ca_file=None, seconds=0):
        said = table.get(url.partition("?confirm=")[0], 401)
        status, location = said if isinstance(said, tuple) else (said, "")
        return Answer(status=status, location=location)

    return asked


FOLDER = Host(id="inside", tree="internal", place=FolderPlace(Path("x")), urls=("https://in.acme.example/s",))


@pytest.mark.parametrize(
    ("first", "then", "code"),
    [
        (401, {}, ""),
        (403, {}, ""),
        ((302, "https://idp.example/login"), {}, ""),
        ((302, "https://auth.example/?rd=https%3A%2F%2Fin.acme.example%2Fs%2F"), {}, ""),
        ((302, "/.auth/login/aad?post_login_redirect_uri=/s/"), {}, ""),
        ((302, "/s/login.html"), {}, ""),
        ((301, "https://www.acme.example/s/"), {"https://www.acme.example/s/": 401}, ""),
        (200, {}, "E608"),
        (206, {}, "E608"),
        (304, {}, "E608"),
        ((301, "https://www.acme.example/s/"), {"https://www.acme.example/s/": 200}, "E608"),
        ((301, "https://in2.acme.example/s/index.html"), {"https://in2.acme.example/s/index.html": 200}, "E608"),
        ((302, "/s/en/"), {"https://in.acme.example/s/en/": 200}, "E608"),
        ((302, "/s/en/"), {"https://in.acme.example/s/en/": (302, "https://idp.example/login")}, ""),
        ((302, "/s/"), {}, "E632"),
        ((302, ""), {}, "E632"),
        ((302, "http://["), {}, "E632"),
        ((302, "mailto:x"), {"mailto:x": 0}, "E632"),
        (0, {}, "E632"),
        (400, {}, "E632"),
        (404, {}, "E632"),
        (405, {}, "E632"),
        (410, {}, "E632"),
        (429, {}, "E632"),
        (500, {}, "E632"),
        (503, {}, "E632"),
    ],
)
def test_only_being_turned_away_or_sent_to_a_login_counts_as_closed(first, then, code):
    table = {"https://in.acme.example/s/": first, **then}
    try:
        check_folder_closed(FOLDER, ["updates.atom"], answers(table))
        refused = ""
    except WriteRefused as error:
        refused = error.code

    assert refused == code


@pytest.mark.parametrize("words", [b"AccessDenied", b""])
def test_a_store_that_wants_a_signature_is_closed_and_other_bad_requests_are_not(words):
    def asked(url, *, ca_file=None, seconds=0):
        unsigned = b"<Error><Code>InvalidArgument</Code><Message>Authorization</Message></Error>"
        return Answer(status=400, data=words or unsigned)

    found = {finding.verdict for finding in findings(FOLDER, [], asked)}

    assert found == ({"unclear"} if words else {"closed"})


def asked_for(host, keys):
    seen = []

    def asked(url, *, ca_file=None, seconds=0):
        seen.append(url.partition("?confirm=")[0])
        return Answer(status=403)

    findings(host, keys, asked)
    return set(seen)


def test_at_amazon_a_bucket_is_tried_by_name_by_path_and_as_a_website():
    place = BucketPlace(bucket="acme-in", prefix="s", region="eu-west-1", access_key="a", secret_key=Secret("b"))
    host = Host(id="inside", tree="internal", place=place, urls=("https://in.acme.example",))

    assert asked_for(host, ["index.html", "incidents/a/index.html", "incidents/b/index.html"]) == {
        *(
            f"https://acme-in.s3.eu-west-1.amazonaws.com/s/{key}"
            for key in (MARKER, "index.html", "incidents/a/index.html")
        ),
        *(f"https://s3.eu-west-1.amazonaws.com/acme-in/s/{key}" for key in (MARKER, "index.html")),
        *(f"http://acme-in.s3-website-eu-west-1.amazonaws.com/s/{key}" for key in (MARKER, "index.html")),
        *(f"http://acme-in.s3-website.eu-west-1.amazonaws.com/s/{key}" for key in (MARKER, "index.html")),
        "https://acme-in.s3.eu-west-1.amazonaws.com/?list-type=2&prefix=s/",
        "https://s3.eu-west-1.amazonaws.com/acme-in/?list-type=2&prefix=s/",
        "http://acme-in.s3-website-eu-west-1.amazonaws.com/?list-type=2&prefix=s/",
        "http://acme-in.s3-website.eu-west-1.amazonaws.com/?list-type=2&prefix=s/",
        *(f"https://in.acme.example/{path}" for path in ("", MARKER, "index.html", "incidents/a/")),
    }


def test_of_every_folder_and_every_kind_of_file_one_is_tried():
    keys = ["a.svg", "b.svg", "index.html", "updates.atom", "api/x.json", "api/y.json", "assets/s.css", "404.html"]

    assert asked_for(FOLDER, keys) == {
        f"https://in.acme.example/s/{path}"
        for path in ("", "index.html", "a.svg", "updates.atom", "api/x.json", "assets/s.css")
    }
