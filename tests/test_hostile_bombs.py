"""Texts made to take for ever: each is refused, or becomes a page and a mail, within two seconds of work."""

from __future__ import annotations

import gc
import resource
import time

import pytest

from heliograph.load import passages, prose
from heliograph.load.frontmatter import Body
from heliograph.load.resolve import Labels, Vocabulary
from heliograph.problems import Problems
from heliograph.render import mail, markup
from hostile.bombs import BOMBS, ROOM

SECONDS = 2
LABELS = Labels(Vocabulary(audiences=frozenset({"public", "internal"}), customers=None, components=None, facts=None))
MAIL = '<!doctype html><html><head><meta charset="utf-8"><style>p {{ color: red }}</style></head><body>{}</body></html>'


def read(words):
    problems = Problems()
    found = passages.read(Body("x.md", 1, words), "public", LABELS, problems)
    return found, [problem.code for problem in problems.errors]


def test_there_are_sixty_and_each_fits_into_a_passage():
    assert len(BOMBS) >= 60
    assert [name for name, words in BOMBS.items() if len(words) > ROOM + 2_000] == []


@pytest.fixture(autouse=True)
def _no_cycle_collection():
    """Build as the command does, which does not collect cycles."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_or_read_and_rendered_at_once_and_rendered_even_if_it_was_refused(name):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.thread_time()
    found, refused = read(BOMBS[name])
    told = time.thread_time() - start
    html = markup._render(BOMBS[name], 3)
    text = markup.to_text(BOMBS[name])
    shown = time.thread_time() - start - told
    mail.inlined(MAIL.format(html))
    assert told < SECONDS
    assert shown < SECONDS * (2 if refused else 1)
    assert refused or (found and max(len(html), len(text)) < 60 * ROOM)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 300_000, "KiB; what other tests took before does not count"


def test_a_longer_text_is_refused_for_its_length():
    assert read("a " * (prose.SIZE_LIMIT // 2 + 1))[1] == ["E420"]
    assert read("a " * (prose.SIZE_LIMIT // 2 - 1))[1] == []


@pytest.mark.parametrize("words", ["**a** " * 400, "*a _b_ **c**.* " * 60, "_a_\n\n" * 200, "a_b_c_d " * 900])
def test_much_emphasis_side_by_side_is_fine(words):
    assert read(words)[1] == []


@pytest.mark.parametrize(
    "words",
    [
        "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 1_000,
        ("a | b | c\n--|--|--\n" + "1 | 2 | 3\n" * 20 + "\nText.\n\n") * 60,
    ],
)
def test_ordinary_tables_are_fine(words):
    assert read(words)[1] == []
