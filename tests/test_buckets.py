"""What is asked of a store, and what is said when it does not answer as it should."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from heliograph.buckets import ATTEMPTS, Bucket, client
from heliograph.operations import BucketPlace, Secret
from heliograph.store_faults import StoreRefused
from odd_store import OddStore, answering
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
