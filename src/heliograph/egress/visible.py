"""What a reader may see, as text to search: every string of what it is shown, and what titles become in sentences."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain, islice
from typing import Final, NamedTuple

import msgspec

from heliograph.egress.letters import fold, fold_each, without_targets
from heliograph.egress.shingles import TELLING
from heliograph.render.sentences import headline, past, since
from heliograph.view import Desk, View

_BACKSLASH: Final = "\x1e"
_QUOTE: Final = "\x1d"
_ESCAPES: Final = (("\\n", "\n"), ("\\t", "\t"), ("\\r", " "), (_QUOTE, '"'), (_BACKSLASH, "\\"))
_SAME_BLOCK: Final = re.compile(r"\n(?=[ \t]*[^\s\-*+>#|\d])")
_SAYS_THAT_IT_IS: Final = re.compile(r" (?:is|are) ")
_FIRST_SHARE: Final = 8
_SHARE: Final = 128
_BATCH: Final = 10_000
_TITLE: Final = 200


class Share(NamedTuple):
    """Some of the strings, and the same folded, each on its line."""

    strings: list[str]
    folded: list[str]

    @property
    def joined(self) -> str:
        """All folded strings, one a line."""
        return "\n".join(self.folded)


class Visible:
    """The strings of `shown`, frozen structures walked as JSON, but for those in `unmeant`; and those of `said`.

    `said` gives what pages say without an author. Nothing is kept: the whole is gone through at most a few times in a
    build, some hundred incidents at a time.
    """

    def __init__(self, shown: Iterable[object], said: Callable[[], Iterable[str]], unmeant: Container[str]) -> None:
        self._shown, self._said, self._unmeant = tuple(shown), said, unmeant

    def shares(self) -> Iterator[Share]:
        """Give all strings, those with links also without the targets: newest first, what pages say themselves last."""
        for strings in self._strings():
            linked = [one for one in strings if "](" in one]
            several = [*strings, *without_targets("\0".join(linked)).split("\0")]
            yield Share(several, fold_each(several))

    def edges(self) -> Iterator[list[str]]:
        """Give all strings, and all paragraphs, headings and list items in them, folded: what stands beside others."""
        for strings in self._strings():
            yield [*fold_each(strings), *_blocks(strings).split("\n")]

    def blocks(self) -> set[int]:
        """Give the hash of every paragraph, heading and list item, folded: what a page shows as one run of words.

        Only passages are looked at, because they are by far the most of what a page says.
        """
        found: set[int] = set()
        passages = _passages(self._shown)
        while batch := set(islice(passages, _BATCH)):
            found.update(map(hash, _blocks([one for one in batch if one not in self._unmeant]).split("\n")))
        return found

    def _strings(self) -> Iterator[list[str]]:
        for part in _parts(self._shown):
            yield [one for one in set(strings_of(part)) if one not in self._unmeant]
        yield list(self._said())


class Unmeant:
    """Hidden texts that stand in what a reader is shown, though nobody wrote the same for it: a mistake of the gate.

    A text is one if it is authored no more often than it is withheld, and long enough to tell anything. `withheld`
    counts what is hidden from the reader, `authored` is all that was written.
    """

    def __init__(self, withheld: Callable[[], Mapping[str, int]], authored: object) -> None:
        self._withheld, self._authored = withheld, authored

    def __contains__(self, text: object) -> bool:
        told = str(text)
        return len(told) >= TELLING and told in self._hidden and self._written[told] <= self._hidden[told]

    @cached_property
    def _hidden(self) -> Mapping[str, int]:
        return self._withheld()

    @cached_property
    def _written(self) -> Counter[str]:
        """Count only what is hidden somewhere, the first time that any of it is shown."""
        return Counter(one for part in _parts((self._authored,)) for one in strings_of(part) if one in self._hidden)


def _parts(shown: Iterable[object]) -> Iterator[object]:
    """Cut structures at their fields, and fields that hold many into shares: what is newest is mostly all it takes."""
    for one in shown:
        for value in msgspec.structs.astuple(one) if isinstance(one, msgspec.Struct) else (one,):
            if isinstance(value, tuple):
                yield from _shares(value)
            else:
                yield value


def _shares(many: tuple[object, ...]) -> Iterator[tuple[object, ...]]:
    start, size = 0, _FIRST_SHARE
    while start < len(many):
        yield many[start : start + size]
        start, size = start + size, min(2 * size, _SHARE)


def _passages(shown: Iterable[object]) -> Iterator[str]:
    for one in shown:
        if isinstance(one, View):
            told = chain((story.updates for story in one.incidents), (work.updates for work in one.maintenances))
            yield from (passage.markdown for updates in told for update in updates for passage in update.passages)
        elif isinstance(one, Desk):
            entries = (entry for dossier in one.dossiers for entry in dossier.timeline)
            yield from (line.markdown for entry in entries for line in entry.lines)


def strings_of(part: object) -> list[str]:
    """Give all strings in a structure, keys of fields among them: what stands between the quotes of its JSON."""
    written = msgspec.json.encode(part, enc_hook=str).decode().replace("\\\\", _BACKSLASH).replace('\\"', _QUOTE)
    joined = "\0".join(written.split('"')[1::2])
    for escape, meant in _ESCAPES:
        joined = joined.replace(escape, meant)
    return joined.split("\0")


def in_sentences(text: str) -> tuple[str, ...]:
    """Give what a title becomes where a sentence is made of it; nothing for any other text."""
    if len(text) < _TITLE and _SAYS_THAT_IT_IS.search(text):
        return headline(text), past(text), since(text, "")
    return ()


def _blocks(strings: Iterable[str]) -> str:
    return fold(_SAME_BLOCK.sub(" ", without_targets("\n\n".join(strings))))
