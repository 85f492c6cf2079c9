"""A file saved half, while pages are made anew at every save: the last good pages stay, and the reason is told."""

import random

import pytest

from heliograph.cli.house import House
from heliograph.cli.serve import Maker
from heliograph.serve.workshop import Workshop
from serving import offer
from sites import INCIDENT, TINY, UPDATE, write_site

CONFIG = ("site_src/site.toml", "site_src/components.toml", "audiences/public.toml", "audiences/strategic.toml")


def half_saved(dice, whole):
    """What an editor, a copy or a full disk may leave of a file for a moment."""
    data = whole.encode()
    cut = dice.randrange(len(data))
    return dice.choice((data[:cut], data[:cut] + bytes(len(data) - cut), data + data[:cut], data[cut:], b""))


def front_page(workshop):
    """What a reader gets now."""
    return workshop.find("public", "index.html").artifact.data


@pytest.mark.slow
def test_a_thousand_half_saved_files_are_read_or_refused_and_the_last_good_pages_stay(tmp_path):
    site = write_site(tmp_path / "site")
    told = []
    workshop = Workshop(Maker(House(root=site)), told.append)
    workshop.renew(None)
    dice, stayed = random.Random(30), 0
    for _ in range(1000):
        path = dice.choice((UPDATE, UPDATE, INCIDENT, *CONFIG))
        before = workshop.now.shelf
        (site / path).write_bytes(half_saved(dice, str(TINY[path])))
        workshop.renew(frozenset({path}))
        if not workshop.now.is_current:
            stayed += 1
            assert workshop.now.shelf is before
            assert workshop.now.problems
            assert all(problem.code != "E901" for problem in workshop.now.problems), workshop.now.problems
        (site / path).write_bytes(str(TINY[path]).encode())
        workshop.renew(frozenset({path}))
        assert workshop.now.is_current
        assert not workshop.now.problems
    assert 300 < stayed < 1000
    assert any("stay" in line for line in told)
    assert b"looking into it" in front_page(workshop)


def test_an_error_of_our_own_is_told_as_one_and_the_last_good_pages_stay():
    def make(changed):
        if changed is not None:
            raise RuntimeError("words of a passage")
        return offer("hello")

    told = []
    workshop = Workshop(make, told.append)
    workshop.renew(None)
    workshop.renew(frozenset({"x"}))
    assert front_page(workshop) == b"hello"
    assert [problem.code for problem in workshop.now.problems] == ["E901"]
    assert "words of a passage" not in "".join(told)


def test_while_nothing_good_has_been_read_yet_there_is_nothing_to_show(tmp_path):
    site = write_site(tmp_path / "site", {UPDATE: "half"})
    workshop = Workshop(Maker(House(root=site)), lambda line: None)
    workshop.renew(None)
    assert workshop.find("public", "index.html").artifact is None
    assert workshop.now.problems
