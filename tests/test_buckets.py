"""What is asked of a store, and what is said when it does not answer as it should."""

import base64
import hashlib
import http.client
import json
import socket
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import ClassVar
from urllib.parse import urlsplit

import pytest
from msgspec import structs

from heliograph.buckets import Bucket
from heliograph.operations import BucketPlace, Secret
from heliograph.store_faults import StoreRefused, StoreSilent
from heliograph.stores import ATTEMPTS, client
from moto_store import mocked
from moto_store import place as mock_place
from odd_store import EMPTY, OddStore, _Quiet, answering, losing
from s3_store import ACCESS, SECRET, free_ports

pytestmark = pytest.mark.slow


@pytest.fixture
def bucket(place):
    one = Bucket(place)
    yield one
    one.close()


def test_the_first_to_write_wins(bucket):
    assert bucket.put_if_absent("a", b"1")
    assert bucket.put_if_absent("a", b"2") is None
    assert bucket.read("a").data == b"1"


def test_writing_the_same_again_is_our_own_success(bucket):
    assert bucket.put_if_absent("a", b"1") == bucket.put_if_absent("a", b"1")


def test_of_many_at_once_one_wins(bucket):
    with ThreadPoolExecutor(8) as pool:
        won = [etag for etag in pool.map(lambda n: bucket.put_if_absent("a", b"%d" % n), range(24)) if etag]
    assert len(won) == 1


def test_only_what_was_read_is_written_over(bucket):
    first = bucket.put_if_absent("a", b"1")
    second = bucket.put_if_match("a", b"2", first)
    assert second is not None
    assert bucket.put_if_match("a", b"3", first) is None
    assert bucket.put_if_match("a", b"2", first) == second, "our own words, said before"
    assert bucket.put_if_match("nothing", b"3", first) is None
    assert bucket.read("a").data == b"2"


def test_a_counter_that_many_raise_loses_no_count(bucket):
    bucket.put("n", b"0 0")

    def add(me):
        for turn in range(200):
            found = bucket.read("n")
            more = b"%d %d.%d" % (int(found.data.split()[0]) + 1, me, turn)
            if bucket.put_if_match("n", more, found.etag):
                return 1
        return 0

    with ThreadPoolExecutor(6) as pool:
        added = sum(pool.map(add, range(24)))
    assert added == 24
    assert bucket.read("n").data.startswith(b"24 ")


def test_nothing_is_read_where_nothing_is(bucket):
    assert bucket.read("a") is None
    assert [*bucket.listing("")] == []


def test_a_listing_goes_on_to_its_end(bucket):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: bucket.put(f"a/{n % 3}/ü {n:02}", b"x"), range(25)))
    bucket.put("b/1", b"x")
    assert sorted(one.key for one in bucket.listing("a/", page=4)) == sorted(f"a/{n % 3}/ü {n:02}" for n in range(25))
    assert [*bucket.folders("a/", page=2)] == ["a/0/", "a/1/", "a/2/"]
    assert {one.etag for one in bucket.listing("a/")} == {bucket.read("a/0/ü 00").etag}


def test_age_is_told_by_the_stores_clock(bucket):
    bucket.put("a", b"1")
    assert timedelta(0) <= bucket.read("a").age < timedelta(minutes=1)


def test_a_real_store_keeps_conditions(bucket):
    bucket.check_conditions("probe")
    bucket.check_conditions("probe")


def test_prefixes_keep_two_ledgers_apart(s3_server, http_place):
    one, other = Bucket(http_place), Bucket(s3_server.place("http", http_place.prefix + "-2"))
    one.put("a", b"1")
    assert other.read("a") is None
    assert [*other.listing("")] == []


def test_what_is_written_is_private(http_place):
    bucket = Bucket(http_place)
    sent = []
    bucket._client.meta.events.register("before-send.s3.PutObject", lambda request, **_: sent.append(request.headers))
    bucket.put("a", b"1")
    bucket.put_if_absent("b", b"1")
    assert [str(one.get("Content-Type"), "ascii") for one in sent] == ["application/json"] * 2
    assert not [name for one in sent for name in one if "acl" in name.lower() or "checksum" in name.lower()]


def odd(address, **other):
    what = {"bucket": "b", "endpoint": address, "access_key": "a", "secret_key": Secret("s")}
    return Bucket(BucketPlace(**{**what, **other}))


def test_a_store_that_wants_bare_etags_gets_them():
    with answering(OddStore("bare").handler()) as address:
        bucket = odd(address)
        etag = bucket.put_if_absent("a", b"1")
        etag = bucket.put_if_match("a", b"2", etag)
        stale, etag = etag, bucket.put_if_match("a", b"3", etag)
        assert bucket.put_if_match("a", b"4", stale) is None
        assert bucket.put_if_match("a", b"4", etag)


def test_who_is_told_to_wait_asks_again():
    with answering(OddStore("busy").handler()) as address:
        assert odd(address).put_if_absent("a", b"1")


def test_a_store_without_etags_is_refused():
    with answering(OddStore("no etag").handler()) as address, pytest.raises(StoreRefused, match=r"E631 .* no ETag"):
        odd(address).put_if_absent("a", b"1")


def test_a_listing_that_never_ends_is_refused():
    with answering(OddStore("endless").handler()) as address, pytest.raises(StoreRefused, match=r"E617 .* breaks off"):
        list(odd(address).listing(""))


WRONG = {
    "nobody there": ({"endpoint": "http://127.0.0.1:{free}"}, "nobody answers there"),
    "no such name": ({"endpoint": "http://store.invalid"}, "nobody answers there"),
    "not an address": ({"endpoint": "store"}, "not written as an address"),
    "wrong secret": ({"secret_key": Secret("another-secret")}, "the secret key is wrong"),
    "unknown key": ({"access_key": "AKIAUNKNOWN"}, "access key is unknown|access is denied"),
    "no such bucket": ({"bucket": "there-is-no-such-bucket"}, "no such bucket"),
    "not a bucket": ({"bucket": "Not A Bucket"}, "not written as one"),
    "untrusted": ({"ca_file": None}, "TLS failed"),
    "no authority": ({"ca_file": "/nowhere/ca.pem"}, "TLS failed"),
    "no TLS": ({"endpoint": "https://127.0.0.1:{http}"}, "TLS failed"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_in_one_line_without_secrets(s3_server, case):
    other, said = WRONG[case]
    http = s3_server.addresses["http"].rpartition(":")[2]
    known = {"free": str(free_ports(1)[0]), "http": http}
    filled_in = {name: value.format_map(known) if name == "endpoint" else value for name, value in other.items()}
    with pytest.raises(StoreRefused, match=said) as refused:
        Bucket(s3_server.place("https", "x", **filled_in)).reach()
    text = f"{refused.value} {refused.value!r}"
    assert str(refused.value).startswith("E617 s3://")
    assert "\n" not in text
    assert not [secret for secret in (SECRET, ACCESS, "another-secret", "AKIAUNKNOWN") if secret in text]


def test_missing_credentials_are_said_to_be_missing(s3_server, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    place = s3_server.place("http", "x", access_key="", secret_key=Secret(""))
    with pytest.raises(StoreRefused, match="no credentials"):
        Bucket(place).reach()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    Bucket(place).reach()
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(StoreRefused, match="AWS_PROFILE"):
        Bucket(place)


@pytest.mark.slow
def test_one_who_never_answers_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        threading.Thread(target=_keep, args=(mute,), daemon=True).start()
        with pytest.raises(StoreRefused, match="no reply came in time"):
            odd(f"http://127.0.0.1:{mute.getsockname()[1]}").reach()


def _keep(mute):
    kept = []
    while True:
        try:
            kept.append(mute.accept())
        except OSError:
            return


def test_the_first_question_ends_within_half_a_minute_and_all_others_are_bounded():
    asked = []
    from heliograph import buckets

    place = BucketPlace(bucket="b", endpoint="http://127.0.0.1:1", access_key="a", secret_key=Secret("s"))
    asked = client(place, attempts=2, read_timeout=buckets._FIRST_READ).meta.config
    longest_pause = 1
    assert 2 * (asked.connect_timeout + asked.read_timeout) + longest_pause < 30
    config = client(place).meta.config
    assert config.retries == {"mode": "standard", "total_max_attempts": ATTEMPTS}
    assert (config.connect_timeout, config.read_timeout, config.signature_version) == (5, 20, "s3v4")
    assert config.s3["addressing_style"] == "path"
    assert config.request_checksum_calculation == config.response_checksum_validation == "when_required"


def test_amazon_is_asked_as_it_wants():
    config = client(BucketPlace(bucket="b", access_key="a", secret_key=Secret("s"))).meta.config
    assert config.s3["addressing_style"] == "auto"
    assert config.request_checksum_calculation == "when_supported"


# Files for readers


def sha(data):
    return {"sha256": hashlib.sha256(data).hexdigest()}


PAGE = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "public, max-age=30"}


def test_a_file_is_described_as_it_was_put(bucket):
    assert bucket.put_file("a/index.html", b"four", PAGE, sha(b"four")) == f'"{hashlib.md5(b"four").hexdigest()}"'
    found = bucket.head("a/index.html")
    assert (found.size, found.sha256) == (4, sha(b"four")["sha256"])
    assert {"Content-Type": found.media_type, "Cache-Control": found.cache_control} == PAGE
    assert found.etag == bucket.read("a/index.html").etag
    assert bucket.head("a") is None
    assert [(one.key, one.size) for one in bucket.listing("")] == [("a/index.html", 4)]


def test_what_arrives_otherwise_than_it_was_sent_is_refused(bucket):
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    events = bucket._client.meta.events
    events.register("provide-client-params.s3.PutObject", lambda params, **_: {**params, "ContentMD5": wrong})
    with pytest.raises(StoreRefused, match=r"E617 .* what arrived there is not what was sent"):
        bucket.put_file("a", b"1", PAGE, sha(b"1"))
    assert bucket.read("a") is None


class Says(_Quiet):
    """Answers a PUT with header fields that a test chooses."""

    fields: ClassVar = {}

    def do_PUT(self):  # noqa: N802
        self.body()
        self.reply(200, **self.fields)


@pytest.mark.parametrize(
    ("fields", "is_refused"),
    [
        ({"ETag": '"' + hashlib.md5(b"other").hexdigest() + '"'}, True),
        ({"ETag": '"' + hashlib.md5(b"1").hexdigest() + '"'}, False),
        ({"ETag": '"' + hashlib.md5(b"other").hexdigest() + '-2"'}, False),
        ({"ETag": '"00000000000000001"'}, False),
        ({"ETag": '"' + hashlib.md5(b"other").hexdigest() + '"', "x-amz-server-side-encryption": "aws:kms"}, False),
        ({"ETag": '"' + hashlib.md5(b"other").hexdigest() + '"', "x-amz-server-side-encryption": "AES256"}, True),
        ({}, False),
    ],
)
def test_only_an_etag_that_is_an_md5_is_held_against_a_store(fields, is_refused):
    with answering(type("Handler", (Says,), {"fields": fields})) as address:
        if is_refused:
            with pytest.raises(StoreRefused, match=r"keeps other bytes of a than were sent"):
                odd(address).put_file("a", b"1", PAGE, sha(b"1"))
        else:
            assert odd(address).put_file("a", b"1", PAGE, sha(b"1")) == fields.get("ETag", "")


@contextmanager
def losing_all(place, before=False):
    """A bucket on the way to which no PUT is ever answered; with `before`, none gets there either."""

    target = urlsplit(place.endpoint).netloc

    class Handler(losing(target, [], lambda path, turn: True)):
        def do_HEAD(self):  # noqa: N802
            upstream = http.client.HTTPConnection(target, timeout=30)
            upstream.request("HEAD", self.path, headers=dict(self.headers))
            answer = upstream.getresponse()
            self.reply(answer.status, **dict(answer.getheaders()))
            upstream.close()

        def do_PUT(self):  # noqa: N802
            if before:
                self.body()
                self.close_connection = True
            else:
                self.pass_on()

    with answering(Handler) as address:
        bucket = Bucket(structs.replace(place, endpoint=address))
        bucket._client = client(bucket.place, attempts=1)
        yield bucket


def test_a_file_whose_reply_was_lost_is_known_to_be_there(http_place):
    with losing_all(http_place) as bucket:
        assert bucket.put_file("a", b"1", PAGE, sha(b"1")) == Bucket(http_place).read("a").etag


@pytest.mark.parametrize("there", [None, b"2", b"1 and more"])
def test_a_file_that_never_got_there_is_not_taken_for_one_that_did(http_place, there):
    if there is not None:
        Bucket(http_place).put_file("a", there, PAGE, sha(there if there == b"2" else b"1"))
    with losing_all(http_place, before=True) as bucket, pytest.raises(StoreSilent, match="E617"):
        bucket.put_file("a", b"1", PAGE, sha(b"1"))


# Settings


@pytest.fixture(scope="module")
def mock():
    with mocked() as address:
        yield address


@pytest.fixture(params=["http", "https"])
def own(s3_server, request):
    """A bucket whose settings are a test's own, and the store's own client."""
    where = s3_server.place(request.param, bucket=f"settings-{uuid.uuid4().hex}")
    store = client(where)
    store.create_bucket(Bucket=where.bucket)
    yield Bucket(where), store
    store.close()


def open_policy(bucket, who="*"):
    allowed = {"Effect": "Allow", "Principal": who, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [allowed]})


def asked_for(bucket):
    return (
        bucket.public_access_blocked(),
        bucket.policy_is_public(),
        bucket.grants_strangers(),
        bucket.has_website(),
        bucket.keeps_versions(),
    )


def test_a_bucket_that_nobody_opened_is_told_apart_from_one_that_somebody_did(own):
    bucket, store = own
    assert asked_for(bucket) == ("not offered", "no", "no", "no", "no"), "SeaweedFS has no blocks of public access"
    store.put_bucket_policy(Bucket=bucket.place.bucket, Policy=open_policy(bucket.place.bucket))
    assert bucket.policy_is_public() == "yes"
    store.put_bucket_acl(Bucket=bucket.place.bucket, ACL="public-read")
    assert bucket.grants_strangers() == "yes"
    store.put_bucket_versioning(Bucket=bucket.place.bucket, VersioningConfiguration={"Status": "Suspended"})
    assert bucket.keeps_versions() == "yes"
    assert [*bucket.listing("")] == [], "asking for a web site made nothing"


ALL_ON = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)


def test_only_all_four_blocks_are_a_block(mock):
    bucket = Bucket(mock_place(mock, "blocks"))
    store = client(bucket.place)
    store.create_bucket(Bucket="blocks")
    assert bucket.public_access_blocked() == "no", "none was ever set"
    for one in ALL_ON:
        store.put_public_access_block(Bucket="blocks", PublicAccessBlockConfiguration={**ALL_ON, one: False})
        assert bucket.public_access_blocked() == "no"
    store.put_public_access_block(Bucket="blocks", PublicAccessBlockConfiguration=ALL_ON)
    assert bucket.public_access_blocked() == "yes"


def test_a_web_site_in_any_form_is_one(mock):
    bucket = Bucket(mock_place(mock, "sites"))
    store = client(bucket.place)
    store.create_bucket(Bucket="sites")
    assert bucket.has_website() == "no"
    for form in ({"IndexDocument": {"Suffix": "index.html"}}, {"RedirectAllRequestsTo": {"HostName": "x.example"}}):
        store.put_bucket_website(Bucket="sites", WebsiteConfiguration=form)
        assert bucket.has_website() == "yes"


@pytest.mark.parametrize("group", ["AllUsers", "AuthenticatedUsers"])
def test_a_grant_to_everybody_with_an_account_is_one_to_strangers(mock, group):
    bucket = Bucket(mock_place(mock, f"grants-{group.lower()}"))
    store = client(bucket.place)
    store.create_bucket(Bucket=bucket.place.bucket)
    assert bucket.grants_strangers() == "no"
    uri = f"http://acs.amazonaws.com/groups/global/{group}"
    store.put_bucket_acl(Bucket=bucket.place.bucket, GrantWrite=f"uri={uri}")
    assert bucket.grants_strangers() == "yes"


class Store(_Quiet):
    """Answers everything alike: `status` and `data` are a test's."""

    status, data = 200, EMPTY

    def answer(self):
        self.body()
        self.reply(self.status, b"" if self.command == "HEAD" else self.data)

    do_GET = do_PUT = do_HEAD = do_DELETE = answer  # noqa: N815


def error(code):
    return f"<Error><Code>{code}</Code><Message>said by the store</Message></Error>".encode()


@pytest.mark.parametrize(
    ("status", "data", "told"),
    [
        (501, error("NotImplemented"), "not offered"),
        (405, error("MethodNotAllowed"), "not offered"),
        (400, error("InvalidArgument"), "not offered"),
        (404, b"", "not offered"),
        (403, error("AccessDenied"), "denied"),
        (403, b"", "denied"),
        (200, EMPTY, "not offered"),
    ],
)
def test_what_a_store_cannot_be_asked_is_never_taken_for_an_answer(status, data, told):
    with answering(type("Handler", (Store,), {"status": status, "data": data})) as address:
        found = asked_for(odd(address))
    assert set(found[:4]) == {told}, "a store that does not know the question may answer with a list of its objects"
    assert found[4] == ("no" if status == 200 else told)


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (404, "NoSuchBucket", "no such bucket"),
        (403, "InvalidAccessKeyId", "the access key is unknown"),
        (403, "SignatureDoesNotMatch", "the secret key is wrong"),
        (400, "AuthorizationHeaderMalformed", "the region is wrong"),
    ],
)
def test_what_is_wrong_with_ourselves_is_no_answer_either(status, code, said):
    with answering(type("Handler", (Store,), {"status": status, "data": error(code)})) as address:
        for ask in (Bucket.public_access_blocked, Bucket.policy_is_public, Bucket.grants_strangers, Bucket.has_website):
            with pytest.raises(StoreRefused, match=said):
                ask(odd(address))


# Whose it is


class Owned(_Quiet):
    """A bucket of account 111111111111, which notes whose it was expected to be, and may deny everybody everything."""

    closed, asked = False, None

    def answer(self):
        self.body()
        expected = self.headers.get("x-amz-expected-bucket-owner")
        self.asked.append((self.command, expected))
        if self.closed or expected not in (None, "111111111111"):
            return self.reply(403, b"" if self.command == "HEAD" else error("AccessDenied"))
        if self.command == "GET" and "?" not in self.path:
            return self.reply(404, error("NoSuchKey"))
        return self.reply(200, EMPTY if self.command == "GET" else b"", ETag='"1"')

    do_GET = do_PUT = do_HEAD = do_DELETE = answer  # noqa: N815


def everything(bucket):
    """All that is asked of a bucket, each by its own name."""
    return {
        "reach": bucket.reach,
        "read": lambda: bucket.read("a"),
        "listing": lambda: [*bucket.listing("")],
        "folders": lambda: [*bucket.folders("")],
        "versions": lambda: [*bucket.versions("")],
        "put": lambda: bucket.put("a", b"1"),
        "put_if_absent": lambda: bucket.put_if_absent("a", b"1"),
        "put_if_match": lambda: bucket.put_if_match("a", b"1", '"1"'),
        "put_file": lambda: bucket.put_file("a", b"1", PAGE, sha(b"1")),
        "head": lambda: bucket.head("a"),
        "remove": lambda: bucket.remove("a"),
        "remove_version": lambda: bucket.remove_version("a", "1"),
        "public_access_blocked": bucket.public_access_blocked,
        "policy_is_public": bucket.policy_is_public,
        "grants_strangers": bucket.grants_strangers,
        "has_website": bucket.has_website,
        "keeps_versions": bucket.keeps_versions,
    }


@contextmanager
def owned(closed=False, **other):
    asked = []
    with answering(type("Handler", (Owned,), {"closed": closed, "asked": asked})) as address:
        yield odd(address, **other), asked


def test_nothing_is_asked_without_saying_whose_the_bucket_should_be():
    public = {name for name, one in vars(Bucket).items() if callable(one) and not name.startswith("_")}
    with owned(account="111111111111") as (bucket, asked):
        assert set(everything(bucket)) == public - {"close", "check_conditions", "asking"}
        for ask in everything(bucket).values():
            ask()
    assert len(asked) == len(everything(bucket))
    assert {expected for _, expected in asked} == {"111111111111"}


def test_the_bucket_of_another_account_is_refused_whatever_is_asked():
    with owned(account="222222222222") as (bucket, asked):
        for name, ask in everything(bucket).items():
            with pytest.raises(StoreRefused, match=r"E636 s3://b/ .* does not belong to account 222222222222"):
                ask()
            assert [command for command, expected in asked if expected is None] == ["HEAD"], name
            asked.clear()


def test_who_is_denied_for_another_reason_is_not_told_of_another_account():
    with owned(closed=True, account="111111111111") as (bucket, _):
        with pytest.raises(StoreRefused, match=r"E617 .* access is denied"):
            bucket.put_file("a", b"1", PAGE, sha(b"1"))
        assert bucket.policy_is_public() == "denied"
    with owned(closed=True) as (bucket, asked), pytest.raises(StoreRefused, match=r"E617 .* access is denied"):
        bucket.read("a")
    assert asked == [("GET", None)]
