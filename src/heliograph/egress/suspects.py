"""What looks like a leak, and whether it is one: judged against everything the reader may see."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from heliograph.egress.matcher import Matcher
from heliograph.egress.needles import Needle
from heliograph.egress.seams import made_by_seams
from heliograph.egress.secrets import Secrets
from heliograph.egress.shingles import letter_runs
from heliograph.egress.visible import Visible
from heliograph.problems import Place


class Suspects:
    """Shingles, and needles with their sources, that were found; each with the first file that holds it."""

    def __init__(self) -> None:
        self.shingles: dict[str, str] = {}
        self.needles: dict[tuple[Needle, Place], str] = {}

    def judged(self, secrets: Secrets, visible: Visible, names: Collection[str]) -> dict[Place, str]:
        """Give the source of each hidden text that would be told, with a file that tells it."""
        if not (self.shingles or self.needles):
            return {}
        unseen = self._unseen(visible, names)
        found: dict[Place, str] = {}
        for place, path in (*self._by_shingles(unseen, secrets), *self._by_needles(unseen, visible)):
            found[place] = min(found.get(place, path), path)
        return found

    def _unseen(self, visible: Visible, names: Collection[str]) -> set[str]:
        """Of all that was found, give the runs of 12 letters and the whole needles that stand in no visible string."""
        whole = {one.folded for one, _ in self.needles}
        runs = {run for one in (*self.shingles, *whole) for run in letter_runs(one)}
        matcher = Matcher(whole | runs)
        unseen = whole | runs
        for share in visible.shares():
            unseen -= matcher.found(share.joined)
            if not unseen:
                break
        return unseen - made_by_seams(unseen - whole, names, visible.edges())

    def _by_shingles(self, unseen: set[str], secrets: Secrets) -> Iterator[tuple[Place, str]]:
        told = {one: path for one, path in self.shingles.items() if not unseen.isdisjoint(letter_runs(one))}
        for shingle, place in secrets.places_of(told) if told else ():
            yield place, told[shingle]

    def _by_needles(self, unseen: set[str], visible: Visible) -> Iterator[tuple[Place, str]]:
        """Hold a short text to the same measure as a shingle; names and tokens count unless they are seen whole."""
        seen = _seen_whole(visible, {one for one, _ in self.needles if one.folded not in unseen})
        for (one, place), path in self.needles.items():
            runs = set(letter_runs(one.folded)) if one.kind == "short" else set()
            if not (unseen.isdisjoint(runs) if runs else one in seen):
                yield place, path


def _seen_whole(visible: Visible, needles: Collection[Needle]) -> set[Needle]:
    """Give those needles that stand in a visible string, word for word."""
    waiting = {one.folded: {each for each in needles if each.folded == one.folded} for one in needles}
    seen: set[Needle] = set()
    matcher = Matcher(waiting)
    for share in visible.shares() if waiting else ():
        for folded, line in matcher.lines(share.folded):
            seen |= {one for one in waiting[folded] - seen if one.stands_in(share.strings[line])}
        if len(seen) == len(needles):
            break
    return seen
