"""A hundred thousand damaged updates: each is refused, or no reader gets a letter of a line that is not for it."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

import pytest

from heliograph import resources
from heliograph.gate.labels import PUBLIC_READER, Policy, Readership
from heliograph.gate.release import words_for
from heliograph.load import load_site, passages
from heliograph.load.files import decode
from heliograph.load.frontmatter import whole
from heliograph.load.resolve import Labels, Vocabulary
from heliograph.model import Text
from heliograph.problems import Problems
from heliograph.render import markup
from hostile import mutations

CHUNKS = 10
EACH = 10_000

LABELS = Labels(
    Vocabulary(
        audiences=frozenset({"public", "internal", "exec", "support", "engineering", "business", "strategic"}),
        customers=frozenset({"globex", "initech"}),
        components=frozenset(),
        facts=frozenset(),
    )
)


@lru_cache(maxsize=1)
def policies() -> tuple[Policy, ...]:
    """What every reader of the example may read."""
    return Readership(load_site(resources.defaults())).policies


def read(data: bytes) -> tuple[Text, ...] | None:
    """Read one file as the loader does; None if it is refused."""
    problems = Problems()
    source = decode("x.md", data, problems)
    if source is None:
        return None
    found = passages.read(whole(source), "public", LABELS, problems)
    return None if problems.errors else found


def strangers(found: tuple[Text, ...], lines: list[mutations.Line], due: list[str]) -> list[str]:
    """Name each reader that gets a letter of a line that is not for it."""
    whose: dict[int, set[str]] = {}
    for line, label in zip(lines, due, strict=True):
        for number in mutations.lines_of(line.text):
            whose.setdefault(number, set()).add(label)
    wrong = []
    for policy in policies():
        got = [passage.markdown for passage in words_for(policy, found)]
        if policy.reader == PUBLIC_READER:
            got += [rendering for words in got for rendering in (markup.to_html(words), markup.to_text(words))]
        if any(policy.clearance.isdisjoint(whose[number]) for number in mutations.lines_of("".join(got))):
            wrong.append(str(policy.reader))
    return wrong


def run(seed: int, count: int) -> tuple[Counter[str], list[str]]:
    """Read so many damaged updates; give how many were refused and read, and every leak found."""
    tally, leaks = Counter[str](), []
    for data, lines in mutations.updates(seed, count):
        found = read(data)
        if found is None:
            tally["refused"] += 1
            continue
        tally["read"] += 1
        wrong = strangers(found, lines, mutations.owners(lines, "public"))
        if wrong:
            leaks.append(f"{','.join(wrong)}:\n" + "\n".join(repr(line) for line in lines))
    markup._rendered.clear()
    return tally, leaks


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_of_ten_thousand_damaged_updates_each_is_refused_or_nobody_gets_what_is_not_for_them(chunk, record_property):
    tally, leaks = run(chunk, EACH)
    for name, count in {**tally, "leaks": len(leaks)}.items():
        record_property(name, count)
    assert leaks == []
    assert tally["refused"] > EACH / 2
    assert tally["read"] > EACH / 5


def _reads_lookalikes_as_text(monkeypatch):
    monkeypatch.setattr(passages._Splitter, "_resembles_marker", lambda self, number, line: False)


def _looks_at_the_beginning_of_lines_only(monkeypatch):
    monkeypatch.setattr(passages, "holds_marker", lambda line, labels: False)


def _returns_to_the_first_label_after_a_closer(monkeypatch):
    def close(self, number, *, opened):
        self._end(number, marker=number)
        self._label, self._first = "public", number + 1

    monkeypatch.setattr(passages._Splitter, "_close", close)


def _keeps_the_label_of_the_text_before_where_one_is_unknown(monkeypatch):
    begin = passages._Splitter._begin

    def lenient(self, number, word):
        begin(self, number, word if self._labels.fault(word) is None else "public")

    monkeypatch.setattr(passages._Splitter, "_begin", lenient)


def _knows_no_other_colons(monkeypatch):
    monkeypatch.setattr(passages, "_AS_COLONS", {})


@pytest.mark.parametrize(
    "broken",
    [
        _reads_lookalikes_as_text,
        _looks_at_the_beginning_of_lines_only,
        _returns_to_the_first_label_after_a_closer,
        _keeps_the_label_of_the_text_before_where_one_is_unknown,
        _knows_no_other_colons,
    ],
)
def test_a_splitter_broken_in_this_way_is_caught(monkeypatch, broken):
    broken(monkeypatch)
    assert any(run(seed, 500)[1] for seed in range(10))


def test_the_damage_itself_is_harmless_to_a_text_that_is_not_damaged():
    for lines in mutations.originals():
        found = read("\n".join(line.text for line in lines).encode())
        assert found is not None
        assert strangers(found, lines, mutations.owners(lines, "public")) == []
        assert [text.label for text in found][1:] == [line.label for line in lines if line.was == mutations.MARKER]


def test_one_letter_is_enough_to_be_noticed():
    lines = mutations.originals()[0]
    found = read("\n".join(line.text for line in lines).encode())
    assert found is not None
    secret = next(
        line.text
        for line, due in zip(lines, mutations.owners(lines, "public"), strict=True)
        if due != "public" and line.was == "text"
    )
    letter = next(character for character in secret if mutations.lines_of(character))
    spoilt = (Text(label="public", words=f"{found[0].words} {letter}", place=found[0].place), *found[1:])
    assert "public" in strangers(spoilt, lines, mutations.owners(lines, "public"))
