"""The settings that close a bucket, and those that open it, on a store that enforces them: Ceph's gateway."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest

import gateway
from heliograph.buckets import Bucket
from heliograph.publish import to_bucket
from heliograph.publish.outside import ask
from heliograph.store_faults import StoreRefused
from heliograph.tree.fsio import WriteRefused
from test_exposure import ALL_ON, PAGES, Rig, _no_questions, _no_settings, policy

pytest_plugins = ["rgw_store"]
pytestmark = [pytest.mark.slow, pytest.mark.ceph]


@pytest.fixture
def ceph(s3_server, rgw, tmp_path):
    with contextlib.ExitStack() as opened:
        rig = Rig(s3_server, tmp_path, opened)
        rig.at(rgw.place(rig.name))
        yield rig


def block(rig, **other):
    rig.store.put_public_access_block(Bucket=rig.name, PublicAccessBlockConfiguration={**ALL_ON, **other})


def notes(publication):
    return [note.rpartition(": ")[2] for note in publication.notes]


def public_policy(ceph):
    policy(ceph)


def public_policy_older_than_the_block(ceph):
    """Here, other than at Amazon, a block does not cut off a policy that was there before."""
    policy(ceph)
    block(ceph, BlockPublicAcls=False)


def public_policy_of_a_folder(ceph):
    policy(ceph, "incidents/*")


def public_access_list(ceph):
    ceph.store.put_bucket_acl(Bucket=ceph.name, ACL="public-read")


def website(ceph):
    index = {"IndexDocument": {"Suffix": "index.html"}}
    ceph.store.put_bucket_website(Bucket=ceph.name, WebsiteConfiguration=index)


CASES = [public_policy, public_policy_older_than_the_block, public_policy_of_a_folder, public_access_list, website]


@pytest.mark.parametrize("misconfigured", CASES, ids=lambda case: case.__name__)
def test_a_bucket_that_is_open_is_refused_and_would_not_be_without_the_checks(ceph, monkeypatch, misconfigured):
    misconfigured(ceph)

    with pytest.raises(WriteRefused, match="E607"):
        ceph.publish()
    assert ceph.content() == []

    monkeypatch.setattr(to_bucket, "confirm", lambda *_, **__: ())
    _no_settings(monkeypatch)
    _no_questions(monkeypatch)
    ceph.publish()
    assert ceph.content() == sorted(PAGES)


def test_a_bucket_whose_list_of_names_is_open_is_found_by_asking(ceph, monkeypatch):
    """Here a public access list of a bucket opens the list of names, and no object."""
    public_access_list(ceph)
    _no_settings(monkeypatch)

    with pytest.raises(WriteRefused, match=r"E608 .*list-type=2"):
        ceph.publish()
    assert ceph.content() == []


def test_a_closed_bucket_takes_insiders_pages_and_says_that_it_could_be_blocked(ceph):
    ceph.publish()
    publication, _ = ceph.publish({**PAGES, "index.html": "<p>Second</p>"})

    assert publication.confirm(lambda: datetime.now(UTC), timedelta(0)) == ()
    assert ceph.content() == sorted(PAGES)
    assert notes(publication) == ["not all four parts of its block of public access are on"]


def test_a_blocked_bucket_cannot_be_opened(ceph):
    block(ceph, BlockPublicAcls=False)

    ceph.publish()

    assert ceph.content() == sorted(PAGES)
    with pytest.raises(ceph.store.exceptions.ClientError, match="AccessDenied"):
        policy(ceph)


def test_why_a_block_that_is_wholly_on_is_not_asked_for_here(ceph):
    """This version takes no object at all then, whatever its access list: if that passes one day, ask for it."""
    block(ceph)

    with pytest.raises(StoreRefused, match=r"E617 .*access is denied"):
        ceph.publish()


def test_a_bucket_served_as_a_website_is_found_by_asking(ceph, rgw, monkeypatch):
    """Shown with settings that nobody can be asked for, and pages that really are served."""
    website(ceph)
    policy(ceph)
    ceph.store.put_object(Bucket=ceph.name, Key="index.html", Body=b"served", ContentType="text/html")
    assert ask(f"{rgw.website(ceph.name)}/", resolve=lambda *_: ["127.0.0.1"]).data == b"served"
    ceph.store.delete_object(Bucket=ceph.name, Key="index.html")
    monkeypatch.setattr(Bucket, "_setting", lambda *_: "not offered")
    ceph.urls = (ceph.serve(gateway.asks_for_a_password),)

    with pytest.raises(WriteRefused, match=r"E608 .*heliograph.json answers 200 to a stranger"):
        ceph.publish()
    assert ceph.content() == []
