"""Several publishers at one place: one wins, whole; who lost, slept or came with older words writes nothing more."""

import os
import random
from collections import Counter
from datetime import timedelta

import pytest

from heliograph.buckets import Bucket
from heliograph.operations import BucketPlace, Secret
from heliograph.publish.register import Register
from heliograph.publish.release import Edition
from heliograph.store_faults import StoreRefused
from odd_store import OddStore, answering
from proof import publishing
from proof.publishing import ALONE, race, racing_trees, sleep_through
from publish_runner import Publisher

pytestmark = pytest.mark.slow

RACES = int(os.environ.get("HELIOGRAPH_RACES", "6"))


@pytest.fixture(scope="module")
def trees(tmp_path_factory):
    return racing_trees(tmp_path_factory.mktemp("racers"), 8)


@pytest.fixture(scope="module")
def ground(s3_server, trees):
    with publishing.ground(s3_server) as found:
        found.know(trees)
        yield found


def test_of_publishers_at_once_one_wins_whole_and_the_others_write_nothing(ground, trees, record_property):
    races = [race(ground, trees, random.Random(seed)) for seed in range(RACES)]
    assert [wrong for one in races for wrong in one.wrong] == []
    assert not any(one.mixed for one in races)
    said = Counter(one.how for found in races for one in found.said)
    assert said["done"] >= RACES
    assert said["Busy"] + said["Overtaken"] >= RACES
    for name, number in {"races": RACES, "publishers": said.total(), "mixed": 0}.items():
        record_property(name, number)


def test_without_a_register_what_lies_there_is_mixed(ground, trees):
    assert any(race(ground, trees, random.Random(seed), "lawless", "slow").mixed for seed in range(4))


def test_who_sleeps_past_its_lease_writes_nothing_more(ground, trees):
    slept = sleep_through(ground, trees, at=ALONE)
    assert (slept.said.how, slept.rival.how, slept.late) == ("Overtaken", "done", ())
    assert not slept.spoilt


def test_who_does_not_ask_whether_it_is_still_its_turn_spoils_what_another_has_published(ground, trees):
    slept = sleep_through(ground, trees, ALONE, 3.0, "careless")
    assert slept.late
    assert slept.spoilt
    assert slept.mended, "it says so once it knows, and the next publish puts those files again"


def test_an_older_build_after_a_newer_one_is_refused_in_any_order(ground, trees):
    for seed in range(2):
        chance, scene = random.Random(seed), ground.scene()
        newest = trees[0].at - timedelta(hours=1)
        for tree in trees[:3]:
            at = trees[0].at + timedelta(minutes=chance.randint(-60, 60))
            with ground.way.struck() as log:
                said = Publisher(ground.job(scene, tree, at=at)._replace(urls=())).ended()
            if at >= newest:
                assert said.how == "done"
                newest = at
            else:
                assert (said.how, said.what[:4], log.writes) == ("WriteRefused", "E634", 0)


@pytest.mark.parametrize(("way", "header"), [("deaf", "If-None-Match"), ("deaf to If-Match", "If-Match")])
def test_a_store_that_ignores_conditions_is_refused_by_name_before_anything_is_written(trees, way, header):
    store = OddStore(way)
    with answering(store.handler()) as address:
        place = BucketPlace(bucket="b", endpoint=address, access_key="a", secret_key=Secret("s"))
        register = Register(Bucket(place), "tiny", "public")
        manifest = trees[0].built.manifest
        with pytest.raises(StoreRefused, match=f"E631 s3://b/ at {address}: the store ignores {header}"):
            register.begin(register.look(), manifest, Edition(as_of=trees[0].at, revision="", version="1"))
    assert set(store.objects) == {"/b/public/probe.json"}
