"""Which of many strings occur in long texts: one automaton, all strings at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate
from typing import Final

from ahocorasick_rs import AhoCorasick

_PIECE: Final = 1 << 18
"""About so many characters are searched at a time, because each match found is an object."""


class Matcher:
    """Finds any of its strings, also where they overlap. None of them may be empty or hold a line feed."""

    def __init__(self, strings: Collection[str]) -> None:
        self._strings = list(strings)
        self._automaton = AhoCorasick(self._strings, store_patterns=True)

    def found(self, text: str) -> set[str]:
        """Give those of the strings that occur in a text."""
        found: set[str] = set()
        for _, piece in _pieces(text) if self._strings else ():
            found.update(self._automaton.find_matches_as_strings(piece, overlapping=True))
            if len(found) == len(self._strings):
                break
        return found

    def lines(self, lines: Sequence[str]) -> Iterator[tuple[str, int]]:
        """Give each occurrence of any of the strings in lines of text, with the number of its line, from 0."""
        if not self._strings:
            return
        starts = [0, *accumulate(len(line) + 1 for line in lines)]
        for start, piece in _pieces("\n".join(lines)):
            for number, at, _ in self._automaton.find_matches_as_indexes(piece, overlapping=True):
                yield self._strings[number], bisect_right(starts, start + at) - 1


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Cut a text at line feeds into pieces of about equal length, each with where it begins."""
    start = 0
    while start < len(text):
        end = text.find("\n", start + _PIECE)
        end = len(text) if end < 0 else end + 1
        yield start, text[start:end]
        start = end
