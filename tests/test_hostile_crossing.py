"""Passages are documents of their own: nothing one of them begins, defines or names reaches into another."""

from __future__ import annotations

import re

import pytest

from heliograph.gate.labels import Policy, Reader
from heliograph.gate.release import words_for
from heliograph.load import passages
from heliograph.load.frontmatter import Body
from heliograph.load.resolve import Labels, Vocabulary
from heliograph.model import Text
from heliograph.problems import Place, Problems
from heliograph.render import entries, markup
from heliograph.view import Passage
from hostile.crossing import CROSSINGS, OPEN, SECRET

LABELS = Labels(
    Vocabulary(
        audiences=frozenset({"public", "internal"}), customers=frozenset(), components=frozenset(), facts=frozenset()
    )
)
PUBLIC = Policy(
    reader=Reader("public"),
    boundary="external",
    clearance=frozenset({"public"}),
    addressed=frozenset(),
    ranking=("public",),
    shows="own-or-public",
)


def filled(piece: str, word: str) -> str:
    """Put a passage's word wherever it belongs; braces stay where they mean something else."""
    return piece.replace("{}", word)


def bodies(name: str) -> list[str]:
    """The construct begun in public and ended in secret, the other way round, and with other passages between."""
    one, two = CROSSINGS[name]
    return [
        f"{filled(one, OPEN)}\n::: internal\n{filled(two, SECRET)}\n",
        f"{filled(two, OPEN)}\n\n::: internal\n{filled(one, SECRET)}\n",
        f"::: internal\n{filled(one, SECRET)}\n::: public\n{filled(two, OPEN)}\n",
        f"::: internal\n{filled(two, SECRET)}\n\n::: public\n{filled(one, OPEN)}\n",
        f"{filled(one, OPEN)}\n::: internal\n{filled(two, SECRET)}\n:::\n::: public\n{filled(two, OPEN)}\n",
    ]


def told(found: tuple[Text, ...]) -> str:
    """All that the public gets of some passages: page, text, one line, and joined as feeds join them."""
    got = words_for(PUBLIC, found)
    forms = [form(passage.markdown) for passage in got for form in (markup.to_html, markup.to_text, markup.to_line)]
    return "\n".join([*forms, entries._words(got)])


@pytest.mark.parametrize("which", range(5))
@pytest.mark.parametrize("name", CROSSINGS)
def test_nothing_of_one_passage_reaches_another(name, which):
    problems = Problems()
    found = passages.read(Body("x.md", 1, bodies(name)[which]), "public", LABELS, problems)
    assert SECRET not in "".join(map(str, problems.found))
    assert SECRET not in told(found)
    if not problems.errors:
        assert OPEN in told(found)


@pytest.mark.parametrize("which", range(5))
@pytest.mark.parametrize("name", CROSSINGS)
def test_the_words_of_the_public_are_rendered_as_if_nothing_else_were_there(name, which):
    problems = Problems()
    found = passages.read(Body("x.md", 1, bodies(name)[which]), "public", LABELS, problems)
    alone = tuple(passage for passage in found if passage.label == "public")
    assert told(found) == told(alone)


def test_passages_parsed_as_one_document_would_leak():
    leaks = 0
    for name in CROSSINGS:
        for body in bodies(name):
            whole = "\n".join(line for line in body.split("\n") if not line.startswith(":::"))
            leaks += SECRET in told((Text(label="public", words=whole, place=Place("x.md")),))
    assert leaks > 100


def test_the_passages_of_one_reader_are_joined_without_running_into_each_other():
    for one, two in CROSSINGS.values():
        joined = entries._words([Passage(markdown=filled(piece, "x"), addressed=False) for piece in (one, two)])
        assert joined.count("<blockquote>") == joined.count("</blockquote>")
        assert re.findall(r"<(script|iframe|img)", joined) == []
