"""No reader can tell two sites apart that differ only in what it may not read: not by one byte, path or instant."""

from __future__ import annotations

import ast
import copy
import os
import random
from itertools import combinations, pairwise
from pathlib import Path

import pytest

from proof.alone import depends_on_company
from proof.compare import compare, prove, usable, varied
from proof.readers import READERS, load, received
from proof.source import files
from proof.vary import vary
from worlds import READS, generate, readers_of

CHUNKS = 12
WORLDS = 6


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_reader_gets_the_same_bytes_whatever_is_written_that_it_may_not_read(chunk):
    tallies = prove([f"proof-{chunk}-{number}" for number in range(WORLDS)], READERS)
    assert not [str(tally.first) for tally in tallies.values() if tally.first]
    assert all(tally.worlds == WORLDS and tally.artifacts for tally in tallies.values())
    assert sum(tally.refused for tally in tallies.values()) <= WORLDS * len(READERS) * 0.05


@pytest.mark.slow
def test_what_the_public_gets_does_not_depend_on_whom_was_built_for_before():
    assert not any(depends_on_company("public", f"company-{number}", os.environ) for number in range(3))


@pytest.mark.slow
@pytest.mark.parametrize("reader", ["public", "globex", "macros", "frontdesk"])
def test_worlds_alike_to_an_outsider_do_differ_for_colleagues(reader):
    differing = 0
    for number in range(4):
        seed = f"alike-{number}"
        world, site = usable(seed)
        _, other = varied(world, reader, seed)
        differing += any(
            True for _ in compare(received(site, world["at"], "internal"), received(other, world["at"], "internal"))
        )
    assert differing == 4


@pytest.mark.slow
def test_worlds_alike_to_colleagues_do_differ_for_executives():
    differing = 0
    for number in range(8):
        seed = f"alike-{number}"
        world, site = usable(seed)
        _, other = varied(world, "internal", seed)
        differing += any(
            True for _ in compare(received(site, world["at"], "exec"), received(other, world["at"], "exec"))
        )
    assert differing >= 4


@pytest.mark.slow
@pytest.mark.parametrize("field", ["title", "passage", "component", "status"])
def test_a_change_in_what_a_reader_may_read_is_seen(field):
    seen = 0
    for number in range(8):
        world, site = usable(f"seen-{number}")
        other = copy.deepcopy(world)
        change_what_is_public(other, field)
        seen += any(
            True for _ in compare(received(site, world["at"], "public"), received(load(other), world["at"], "public"))
        )
    assert seen >= 2


def change_what_is_public(world, field):
    for story in world["stories"]:
        if field == "title":
            story["titles"] = [
                (label, words + " too" if label == "public" else words) for label, words in story["titles"]
            ]
        for update in story["updates"]:
            if (
                field == "status"
                and update["audience"] == "public"
                and update["status"] in (None, "investigating")
                and story["kind"] == "incident"
            ):
                update["status"] = "identified"
            for passage in update["passages"]:
                if field == "passage" and passage["label"] == "public":
                    passage["words"] += "\n\nOne thing more."
    for component in world["components"]:
        if field == "component" and component["audience"] == "public":
            component["name"] += " too"


def test_a_variation_agrees_in_every_public_word_and_differs_in_most_others():
    for number in range(10):
        world = generate(f"words-{number}")
        other = vary(world, "public", random.Random(number))
        here, there = labelled_words(world), labelled_words(other)
        assert {words for label, words in here if label == "public"} == {
            words for label, words in there if label == "public"
        }
        hidden = {words for label, words in here if label != "public"}
        assert len(hidden & {words for label, words in there if label != "public"}) <= 0.35 * len(hidden)


def labelled_words(world):
    """Every title and passage that can be found under a title, with its label."""
    found = set()
    for story in world["stories"]:
        found |= set(story["titles"])
        found |= {(one["label"], one["words"]) for update in story["updates"] for one in update["passages"]}
    return found


def test_worlds_hold_what_the_proof_is_about():
    worlds = [generate(f"kinds-{number}") for number in range(40)]
    stories = [story for world in worlds for story in world["stories"]]
    statuses = [[update["status"] for update in story["updates"]] for story in stories]
    assert sum("resolved" in said for said in statuses) > 40
    assert sum("resolved" not in said for said in statuses) > 40
    assert (
        sum(
            any(one == "resolved" and two not in ("resolved", None) for one, two in pairwise(said)) for said in statuses
        )
        > 10
    )
    assert (
        sum(update["at"] > world["at"] for world in worlds for story in world["stories"] for update in story["updates"])
        > 100
    )
    assert sum(bool(update["next_update"]) for story in stories for update in story["updates"]) > 100
    assert sum(bool(story["kind"] == "maintenance" and story["repeat"]) for story in stories) > 10
    assert sum(bool(story["postmortem"]) for story in stories) > 20
    assert sum(overlap(world) for world in worlds) > 30


def overlap(world):
    """Tell whether two stories say something of one component."""
    named = [
        {component for update in story["updates"] for component, _ in update["components"]}
        for story in world["stories"]
    ]
    return any(one & two for one, two in combinations(named, 2))


def test_the_table_says_who_reads_what():
    assert READS["public"] == {"public"}
    assert readers_of("say") == {"macros", "support", "internal"}
    assert readers_of("customer:globex") == {"globex", "internal"}
    assert readers_of("exec") == {"exec"}


def test_a_world_may_be_written_in_many_ways():
    world = generate("styles")
    assert files(world) == files(world)
    assert files(world) != files(world | {"style": world["style"] + 1})
    assert set(files(world)) != set(files(world | {"style": world["style"] + 1}))


def test_the_generator_knows_nothing_of_the_gate():
    here = Path(__file__).parent
    for name in ("worlds.py", "proof/vary.py", "proof/source.py"):
        tree = ast.parse((here / name).read_text(encoding="utf-8"))
        named = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        named |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not {module for module in named if module.split(".")[0] == "heliograph"}, name
