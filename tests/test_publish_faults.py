"""Publishing to a bucket while requests go wrong and publishers die: no link ever dangles, and the next run finishes."""

import os
import random
from collections import Counter

import pytest

from crawl import crawl, is_mixed, matching, references_of
from faulty_store import FAULTS, Fault
from heliograph.publish.plan import plan_publish
from proof import publishing
from proof.publishing import ORDERS, SITE, Passage, make_trees, walked, walked_again

pytestmark = pytest.mark.slow

EVERY = int(os.environ.get("HELIOGRAPH_STRIKES", "0"))
"""With 1 every request meets every fault; with n one of n does. By default a few, so chosen that each phase meets one."""


@pytest.fixture(scope="module")
def trees(tmp_path_factory):
    return make_trees(tmp_path_factory.mktemp("trees"))


@pytest.fixture(scope="module")
def ground(s3_server, trees):
    with publishing.ground(s3_server) as found:
        found.know(trees)
        yield found


# The visitor


def test_a_visitor_follows_pages_styles_scripts_feeds_data_and_calendars():
    site = {
        "index.html": b'<a href="a/">a</a><link href="s.css"><script src="page.js"></script><img srcset="i.svg 2x">'
        b'<a href="https://elsewhere.example/">no</a><a href="#main">no</a><a href="mailto:a@b.example">no</a>',
        "a/index.html": b'<a href="../updates.atom">f</a><a href="/updates.json?x#y">j</a>',
        "s.css": b"body { background: url('picture.svg') }",
        "page.js": b'fetch(new URL("status.json", here))',
        "updates.atom": b'<feed><link href="https://status.example.com/c.ics"/><content>&lt;a href="https://status.'
        b'example.com/b/"&gt;</content></feed>',
        "updates.json": b'{"items":[{"url":"https://status.example.com/d/","note":"see https://status.example.com/e/"}]}',
        "status.json": b"[]",
        "c.ics": b"BEGIN:VEVENT\r\nURL:https://status.example.com/lo\r\n ng/\r\nEND:VEVENT\r\n",
    }
    found = crawl(site.get, SITE)
    assert {target for _, target in found.dangling} == {
        "i.svg",
        "picture.svg",
        "b/index.html",
        "d/index.html",
        "long/index.html",
    }
    assert found.objects == len(site)
    assert references_of("a/index.html", site["a/index.html"], SITE) == ("updates.atom", "updates.json")


def test_where_nothing_is_nothing_dangles_and_what_nobody_names_is_not_seen():
    assert crawl({}.get, SITE) == (0, 0, ())
    assert crawl({"lonely/index.html": b'<a href="gone.html">'}.get, SITE).dangling == ()
    assert crawl({"kept.html": b'<a href="gone.html">'}.get, SITE, ["kept.html"]).dangling == (
        ("kept.html", "gone.html"),
    )


def test_each_tree_as_built_is_whole_and_no_other(trees):
    manifests = [tree.built.manifest for tree in trees]
    for tree in trees:
        found = crawl(tree.files.get, SITE)
        assert found.references > 100
        assert found.dangling == ()
        assert matching(tree.digests, manifests) == [tree.built.manifest]
        assert not is_mixed(tree.digests, manifests)
    both = {**trees.older.digests, "index.html": trees.newer.digests["index.html"]}
    assert is_mixed(both, manifests)
    assert is_mixed({**trees.older.digests, "stray.html": ""}, manifests)


# Orders


@pytest.mark.parametrize("seed", range(3))
def test_in_the_planned_order_nothing_dangles_after_any_step(trees, seed, record_property):
    for before, after in ((None, trees.older), *((one, other) for one in trees for other in trees if one is not other)):
        walk = walked(ORDERS["as planned"], before, after, seed)
        assert walk.points > 5
        assert walk.dangling == 0
        record_property("points", walk.points)
        record_property("references", walk.references)


@pytest.mark.parametrize("name", [name for name in ORDERS if name != "as planned"])
def test_in_another_order_most_steps_leave_dangling_links(trees, name):
    assert walked(ORDERS[name], trees.older, trees.newer).share > 0.9


def test_after_a_run_that_was_cut_off_another_tree_leaves_nothing_dangling_either(trees):
    assert walked_again(trees.older, trees.newer, trees.speaking).dangling == 0
    assert walked_again(trees.newer, trees.older, trees.speaking).dangling == 0


def test_who_does_not_know_of_that_run_leaves_dangling_links(trees):
    assert walked_again(trees.older, trees.newer, trees.speaking, ignorant=True).broken > 0


# On a store


def chosen(log, scene, way, kinds):
    """Choose of all requests the first of each stage, with a kind of fault for each in turn."""
    first = {}
    for number, asked in enumerate(log.asked, 1):
        first.setdefault(way.stage_of(scene, asked), number)
    return [Fault(kinds[turn % len(kinds)], number) for turn, number in enumerate(first.values())]


def struck(ground, way, faults, record_property):
    """Let each fault happen; count what came of them."""
    found = [publishing.strike(ground, way, fault) for fault in faults]
    assert [wrong for one in found for wrong in one.wrong] == []
    for name, number in {
        "strikes": len(found),
        "references": sum(one.crawl.references for one in found),
        "dangling": sum(len(one.crawl.dangling) for one in found),
    }.items():
        record_property(name, number)
    return found


def faults(ground, way, kinds):
    """Give what is to happen: all, or a few."""
    scene, log = publishing.requests(ground, way)
    if EVERY:
        return [Fault(kind, at) for at in range(1, log.requests + 1) for kind in kinds][::EVERY]
    return chosen(log, scene, way, kinds)


@pytest.fixture(scope="module")
def onwards(ground, trees):
    return publishing.passage(ground, trees.older, trees.newer)


def test_whatever_befalls_a_request_nothing_dangles_and_the_same_run_gets_there(ground, onwards, record_property):
    found = struck(ground, onwards, faults(ground, onwards, FAULTS), record_property)
    assert {one.fault.kind for one in found} == set(FAULTS)
    assert {one.said.how for one in found} == {"done"}
    assert {"assets", "new files", "changed pages", "data", "indexes", "front pages"} <= {one.stage for one in found}


def test_when_the_store_is_gone_for_good_nothing_dangles_and_a_later_run_finishes(ground, onwards, record_property):
    wanted = [
        Fault("503", 12, lasting=True),
        Fault("drop before", 37, lasting=True),
        Fault("drop after", 6, lasting=True),
    ]
    struck(ground, onwards, wanted, record_property)


def test_over_tls_too(s3_server, trees, onwards, record_property):
    with publishing.ground(s3_server, "https") as ground:
        ground.know(trees)
        way = Passage(onwards.before, onwards.after, onwards.state)
        wanted = [Fault("drop after", 20), Fault("truncated", 36), Fault("500", 6), Fault("kill", 9, of_writes=True)]
        struck(ground, way, wanted, record_property)


@pytest.mark.parametrize("is_first", [False, True], ids=["onwards", "for the first time"])
def test_killed_after_any_write_nothing_dangles_and_the_next_run_finishes(
    ground, trees, onwards, is_first, record_property
):
    way = Passage(None, trees.older) if is_first else onwards
    scene, log = publishing.requests(ground, way)
    if EVERY:
        wanted = [Fault("kill", at, of_writes=True) for at in range(1, log.writes + 1)][::EVERY]
    else:
        stages = [way.stage_of(scene, asked) for asked in log.asked if asked.writes]
        lasts = {stage: at for at, stage in enumerate(stages, 1)}
        wanted = [Fault("kill", at, of_writes=True) for at in sorted(lasts.values())[:: -3 if is_first else -2]]
    found = struck(ground, way, wanted, record_property)
    assert Counter(one.said.how for one in found) == {"killed": len(found)}


def test_killed_on_the_way_to_one_tree_the_next_run_gets_to_another(ground, trees, onwards):
    for at in (8, 20, 33):
        scene = ground.scene_with(trees.older, onwards.state)
        publisher = publishing.Publisher(ground.job(scene, trees.newer))
        with ground.way.struck(Fault("kill", at, of_writes=True), publisher.process.kill):
            assert publisher.ended().how == "killed"
        cut_off = ground.files(scene)
        publisher = publishing.Publisher(ground.job(scene, trees.speaking, ways=("patient",)))
        with ground.way.struck(Fault("kill", random.Random(at).randint(3, 50), of_writes=True), publisher.process.kill):
            publisher.ended()
        assert publishing.seen_by_visitors(ground.files(scene), trees.older).dangling == ()
        said = publishing.Publisher(ground.job(scene, trees.speaking, ways=("patient",))).ended()
        assert said.how == "done"
        there = ground.files(scene)
        assert cut_off.keys() <= there.keys()
        assert {path: there[path] for path in trees.speaking.files} == trees.speaking.files
        assert ground.head(scene)["begun"] == []


def test_an_update_alone_is_a_few_writes_and_nothing_is_listed(ground, trees):
    way = publishing.passage(ground, trees.newer, trees.speaking)
    scene, log = publishing.requests(ground, way)
    plan = plan_publish(trees.speaking.built.manifest.files, trees.newer.built.manifest.files, ())
    assert log.writes == len([step for step in plan.steps if step.action == "put"]) + 3
    assert not [one for one in log.asked if "list" in one.query or one.method == "DELETE"]
    with ground.way.struck() as log:
        assert publishing.Publisher(ground.job(scene, trees.speaking)).ended().how == "live"
    assert log.writes == 0
