"""Mistakes made on purpose, in the gate, in the pipeline and in reading: the worlds bring every one of them to light."""

from __future__ import annotations

import random

import pytest

from proof.compare import UNINFORMED, prove_by_record, usable
from proof.leaks import IN_COMPANY, LEAKS, Leak, changed, hunt, hunt_in_company
from proof.readers import READERS, received
from proof.vary import vary
from worlds import generate

NONE = Leak("no mistake", READERS, ())
SOWN = (*LEAKS, *IN_COMPANY)


@pytest.mark.slow
@pytest.mark.parametrize("leak", LEAKS, ids=[leak.slug for leak in LEAKS])
def test_the_worlds_catch(leak, tmp_path):
    outcome = hunt(leak, tmp_path)
    assert outcome.caught, outcome.output


@pytest.mark.slow
def test_the_worlds_hold_what_mail_and_chat_are_made_of():
    found = {reader: set[str]() for reader in ("public", "globex", "internal", "frontdesk")}
    for number in range(8):
        world, site = usable(f"ways-{number}")
        for reader, paths in found.items():
            paths |= {path for path in received(site, world["at"], reader).artifacts if path.startswith("mail/")}
    for reader, paths in found.items():
        assert any("/weekly" in path for path in paths), reader
        assert any(path.endswith("/index.json") for path in paths), reader
        assert any("/chat-" in path for path in paths) == (reader != "globex"), reader
        assert any(".unlinked." in path for path in paths) == (reader in ("public", "globex")), reader


def test_by_which_ways_others_are_told_changes_and_ones_own_stay():
    changed = 0
    for number in range(10):
        world = generate(f"ways-{number}")
        other = vary(world, "globex", random.Random(number))
        differing = {
            one["id"]
            for one, two in zip(world["audiences"], other["audiences"], strict=True)
            if (one["surfaces"], one["weekly"]) != (two["surfaces"], two["weekly"])
        }
        assert "strategic" not in differing
        changed += len(differing)
    assert changed >= 20


@pytest.mark.slow
def test_outsiders_and_the_frontdesk_get_the_same_bytes_whatever_others_were_told():
    tallies = prove_by_record([f"told-{number}" for number in range(10)], UNINFORMED)
    assert not [str(tally.first) for tally in tallies.values() if tally.first]
    assert all(tally.artifacts for tally in tallies.values())


@pytest.mark.slow
@pytest.mark.parametrize("leak", IN_COMPANY, ids=[leak.slug for leak in IN_COMPANY])
def test_building_for_others_before_catches(leak, tmp_path):
    assert hunt_in_company(leak, tmp_path)


@pytest.mark.slow
def test_a_copy_without_a_mistake_is_not_caught(tmp_path):
    outcome = hunt(NONE, tmp_path, worlds=8)
    assert not outcome.caught, outcome.output
    assert "differing bytes" in outcome.output


def test_every_leak_has_a_name_of_its_own():
    assert len({leak.name for leak in SOWN}) == len(SOWN) >= 100


def test_every_leak_still_applies_and_leaves_a_source_that_python_can_read():
    for leak in SOWN:
        for file, text in changed(leak).items():
            compile(text, file, "exec")


def test_a_leak_that_no_longer_applies_is_a_failure(tmp_path):
    gone = LEAKS[0]._replace(edits=(LEAKS[0].edits[0]._replace(old="words that stand nowhere"),))
    with pytest.raises(AssertionError, match="no longer holds"):
        hunt(gone, tmp_path)
