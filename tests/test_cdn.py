"""What CloudFront is asked to forget, and what is said when it will not."""

import uuid

import boto3
import pytest

from heliograph.operations import BucketPlace, Secret
from heliograph.publish.cdn import MOST_PATHS, addresses, invalidate, stale
from heliograph.publish.plan import plan_publish
from heliograph.store_faults import StoreRefused
from heliograph.tree.artifact import Artifact, text_artifact
from heliograph.tree.manifest import entry_of
from moto_store import mocked

pytestmark = pytest.mark.slow

CONFIG = {
    "Comment": "",
    "Enabled": True,
    "Origins": {
        "Quantity": 1,
        "Items": [{"Id": "o", "DomainName": "b.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}],
    },
    "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "https-only"},
}


@pytest.fixture(scope="module")
def address():
    with mocked() as where:
        yield where


@pytest.fixture
def cloudfront(address, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFRONT", address)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-for-logs")
    client = boto3.client("cloudfront", region_name="us-east-1")
    yield client
    client.close()


@pytest.fixture
def distribution(cloudfront):
    config = {**CONFIG, "CallerReference": uuid.uuid4().hex}
    return cloudfront.create_distribution(DistributionConfig=config)["Distribution"]["Id"]


def asked(cloudfront, distribution):
    found = cloudfront.list_invalidations(DistributionId=distribution)["InvalidationList"].get("Items", ())
    batches = [
        cloudfront.get_invalidation(DistributionId=distribution, Id=one["Id"])["Invalidation"]["InvalidationBatch"]
        for one in found
    ]
    return [(one["CallerReference"], one["Paths"]["Items"]) for one in batches]


def test_what_changed_is_forgotten_once_by_its_release(cloudfront, distribution):
    paths = ["index.html", "incidents/a/index.html", "updates.atom", "api/v2/summary.json"]
    assert invalidate(distribution, paths, "7-0a1b2c3d4e5f")
    assert asked(cloudfront, distribution) == [
        (
            "7-0a1b2c3d4e5f",
            [
                "/",
                "/api/v2/summary.json",
                "/incidents/a/",
                "/incidents/a/index.html",
                "/index.html",
                "/updates.atom",
            ],
        )
    ]


def test_many_changes_are_forgotten_as_one_path(cloudfront, distribution):
    invalidate(distribution, [f"a{n}.json" for n in range(16)], "8-0a1b2c3d4e5f")
    assert asked(cloudfront, distribution) == [("8-0a1b2c3d4e5f", ["/*"])]


def test_where_nothing_changed_nobody_is_asked(cloudfront, distribution):
    assert invalidate(distribution, [], "9") == ""
    assert asked(cloudfront, distribution) == []


def test_a_distribution_that_is_not_there_is_told_in_plain_words(cloudfront):
    with pytest.raises(StoreRefused) as refused:
        invalidate("ENOTHING", ["index.html"], "1")
    assert str(refused.value) == (
        "E617 CloudFront distribution ENOTHING: there is no such distribution in this account"
    )


def test_a_cdn_out_of_reach_is_told_in_plain_words(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFRONT", "http://127.0.0.1:1")
    monkeypatch.setattr("heliograph.publish.cdn.ATTEMPTS", 1)
    place = BucketPlace(bucket="b", access_key="a", secret_key=Secret("not-for-logs"))
    with pytest.raises(StoreRefused, match=r"E617 CloudFront distribution E1: nobody answers there") as refused:
        invalidate("E1", ["index.html"], "1", place)
    assert "not-for-logs" not in str(refused.value)


def test_a_bucket_of_amazons_lends_its_credentials_and_another_does_not(monkeypatch, cloudfront, distribution):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    own = BucketPlace(bucket="b", access_key="a", secret_key=Secret("s"))
    assert invalidate(distribution, ["index.html"], "1", own)
    another = BucketPlace(bucket="b", access_key="a", secret_key=Secret("s"), endpoint="https://store.example")
    with pytest.raises(StoreRefused, match="no credentials were found"):
        invalidate(distribution, ["index.html"], "2", another)


def test_addresses_are_written_as_browsers_send_them():
    assert addresses(["a@b+c_d.~é *?.json"]) == ("/a@b+c_d.~%C3%A9%20%2A%3F.json",)
    assert addresses(["index.html"], "/status/") == ("/status/", "/status/index.html")
    assert addresses([f"{n}.json" for n in range(MOST_PATHS)], "x")[0] == "/x/0.json"
    assert addresses([f"{n}.json" for n in range(MOST_PATHS + 1)], "x") == ("/x/*",)
    assert addresses(["history-index.html"]) == ("/history-index.html",)


def test_files_named_by_their_digest_are_never_stale_and_all_others_that_change_are():
    stamped = f"assets/site.{Artifact('x.css', b'1').sha256[:12]}.css"
    old = [entry_of(text_artifact(path, "0")) for path in ("index.html", "gone.html", "same.json")]
    new = [entry_of(text_artifact(path, "1")) for path in ("index.html", "new.html", stamped)]
    plan = plan_publish([*new, old[2]], old, ["gone.html"])
    assert sorted(stale(plan)) == ["gone.html", "index.html", "new.html"]
