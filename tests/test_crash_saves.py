"""A file saved half, while pages are made anew at every save: the last good pages stay, and the reason is told."""

import random

import pytest

from heliograph.problems import Refused
from heliograph.quarantine import read_strictly
from heliograph.serve.run import _Workshop
from heliograph.serve.shelf import Shelf
from heliograph.tree.artifact import text_artifact
from sites import INCIDENT, TINY, UPDATE, write_site

CONFIG = ("site_src/site.toml", "site_src/components.toml", "audiences/public.toml", "audiences/strategic.toml")


def half_saved(dice, whole):
    """What an editor, a copy or a full disk may leave of a file for a moment."""
    data = whole.encode()
    cut = dice.randrange(len(data))
    return dice.choice((data[:cut], data[:cut] + bytes(len(data) - cut), data + data[:cut], data[cut:], b""))


@pytest.mark.slow
def test_a_thousand_half_saved_files_are_read_or_refused_and_the_last_good_pages_stay(tmp_path):
    site = write_site(tmp_path / "site")
    told = []

    def make():
        content = read_strictly(site)
        words = "\n".join(
            text.words for one in content.site.incidents for update in one.updates for text in update.passages
        )
        return Shelf({"public": {"index.html": text_artifact("index.html", words)}})

    workshop = _Workshop(make, told.append)
    dice, stayed = random.Random(30), 0
    for _ in range(1000):
        path = dice.choice((UPDATE, UPDATE, INCIDENT, *CONFIG))
        (site / path).write_bytes(half_saved(dice, str(TINY[path])))
        before, said = workshop.newest(), len(told)
        workshop.renew()
        if len(told) > said:
            stayed += 1
            assert workshop.newest() is before
            assert told[-1] == "The last good pages stay up."
        (site / path).write_bytes(str(TINY[path]).encode())
    assert 300 < stayed < 1000
    workshop.renew()
    assert b"looking into it" in workshop.newest().trees["public"]["index.html"].data


def test_anything_but_a_refusal_would_be_noticed(tmp_path):
    def make():
        if made:
            raise RuntimeError("a traceback")
        made.append(1)
        return Shelf({})

    made = []
    with pytest.raises(RuntimeError):
        _Workshop(make, made.append).renew()


def test_a_first_build_that_is_refused_is_refused(tmp_path):
    site = write_site(tmp_path / "site", {UPDATE: "half"})
    with pytest.raises(Refused):
        _Workshop(lambda: read_strictly(site), print)
