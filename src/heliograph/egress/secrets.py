"""What is withheld from one reader, made ready to be looked for."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property

from heliograph.egress.letters import fold_each, without_targets
from heliograph.egress.matcher import Matcher
from heliograph.egress.needles import Needle, needle, needles_of
from heliograph.gate import Hidden
from heliograph.problems import Place


class Secrets:
    """Hidden texts, `folded` and how often each was written (`counts`), and the needles in them.

    `names` are needles by themselves, even where they are one word.
    """

    def __init__(self, hidden: Iterable[Hidden], names: Collection[str]) -> None:
        places: dict[str, Place] = {}
        self.counts: Counter[str] = Counter()
        for one in hidden:
            self.counts[one.words] += 1
            places.setdefault(one.words, one.place)
            places.setdefault(without_targets(one.words), one.place)
        self._names = names
        self._texts, self._places = list(places), list(places.values())
        self.folded = fold_each(self._texts)

    def places_of(self, shingles: Collection[str]) -> Iterator[tuple[str, Place]]:
        """Give each of some shingles with every place where it was written."""
        for shingle, line in Matcher(shingles).lines(self.folded):
            yield shingle, self._places[line]

    def needles_in(self, lines: Sequence[str]) -> Iterator[tuple[Needle, Place, int]]:
        """Give the needles that may stand in folded lines, each with its source and the number of the line."""
        for folded, line in self._matcher.lines(lines):
            for one, place in self._needles[folded].items():
                yield one, place, line

    def place_of(self, one: Needle) -> Place | None:
        """Find where a needle's words were first written; None where they stand in nothing hidden."""
        return next((place for text, place in zip(self._texts, self._places, strict=True) if one.stands_in(text)), None)

    @cached_property
    def _needles(self) -> dict[str, dict[Needle, Place]]:
        found: dict[str, dict[Needle, Place]] = defaultdict(dict)
        for text, place in zip(self._texts, self._places, strict=True):
            for one in needles_of(text):
                found[one.folded].setdefault(one, place)
            if text in self._names and (name := needle(text, "name")):
                found[name.folded].setdefault(name, place)
        return dict(found)

    @cached_property
    def _matcher(self) -> Matcher:
        return Matcher(self._needles)
