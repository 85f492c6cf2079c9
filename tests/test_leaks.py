"""Mistakes made on purpose, in the gate, in the pipeline and in reading: the worlds bring every one of them to light."""

from __future__ import annotations

import pytest

from proof.leaks import IN_COMPANY, LEAKS, Leak, hunt, hunt_in_company
from proof.readers import READERS

NONE = Leak("no mistake", READERS, ())


@pytest.mark.slow
@pytest.mark.parametrize("leak", LEAKS, ids=[leak.slug for leak in LEAKS])
def test_the_worlds_catch(leak, tmp_path):
    outcome = hunt(leak, tmp_path)
    assert outcome.caught, outcome.output


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
    assert len({leak.name for leak in LEAKS}) == len(LEAKS) >= 60


def test_a_leak_that_no_longer_applies_is_a_failure(tmp_path):
    gone = LEAKS[0]._replace(edits=(LEAKS[0].edits[0]._replace(old="words that stand nowhere"),))
    with pytest.raises(AssertionError, match="no longer holds"):
        hunt(gone, tmp_path)
