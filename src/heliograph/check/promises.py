"""Words for those who ask must not promise or claim what nobody told the public: what support pastes, a customer reads.

Compared are figures: times, days, lengths of time, shares, amounts and numbers. Who may read what, is the gate's
answer: words for those who ask are what the macros' reader may read and the public may not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from heliograph.check.figures import Figure, figures, of_instant, of_length, told
from heliograph.gate import MACROS_READER, PUBLIC_READER, Part, explain
from heliograph.model import Incident, Maintenance, Site, Story, Text, Update
from heliograph.problems import Place, Problem

_UTC = "UTC"


def promises(site: Site) -> Iterator[Problem]:
    """Find each figure that only those who ask would be told, in an update's words or in a title.

    It is fine where the public words of the same update or an earlier one hold it, or the times that pages print: of
    the beginning, of a window, of an update, of the next one promised, by UTC and by the site's own clocks.
    """
    asked: dict[str, bool] = {}
    for story in site.stories:
        labels = {text.label for text in _texts(story)}
        if all(asked.get(label) is False for label in labels):
            continue
        parts = _by_place(explain(site, story))
        for part in parts.values():
            asked[part.label] = asked.get(part.label, False) or _is_for_askers(part)
        if any(asked[label] for label in labels):
            yield from _Reading(site, story, parts).findings()


def _by_place(parts: tuple[Part, ...]) -> dict[tuple[Place, str], Part]:
    return {(part.place, part.what.split()[0]): part for part in parts}


def _is_for_askers(part: Part) -> bool:
    return str(MACROS_READER) in part.readers and str(PUBLIC_READER) not in part.readers


def _texts(story: Story) -> Iterator[Text]:
    yield from story.titles
    for update in story.updates:
        yield from update.passages


class _Reading:
    """Goes through one story in the order in which it was told, and remembers what the public knows by then."""

    def __init__(self, site: Site, story: Story, parts: dict[tuple[Place, str], Part]) -> None:
        self._story, self._parts = story, parts
        self._zones = (_UTC, site.settings.timezone)
        self._known: set[str] = set()

    def findings(self) -> Iterator[Problem]:
        """Give all findings, update by update; titles last, since they are read beside all of them."""
        asked = {update.id: list(self._figures(update.passages, "passage")) for update in self._story.updates}
        titles = list(self._figures(self._story.titles, "title"))
        if not titles and not any(asked.values()):
            return
        self._hear_frame()
        for update in self._story.updates:
            self._hear(update)
            yield from self._judged(asked[update.id])
        yield from self._judged(titles)

    def _figures(self, texts: Iterable[Text], what: str) -> Iterator[tuple[Text, Figure]]:
        """Find what is given in figures to those who ask, but for what is only supposed."""
        for text in _with_translations(texts):
            part = self._parts.get((text.place, what))
            if part is not None and _is_for_askers(part):
                yield from ((text, one) for one in figures(text.words) if not one.is_conditional)

    def _judged(self, found: Iterable[tuple[Text, Figure]]) -> Iterator[Problem]:
        yield from (_problem(text, one) for text, one in found if one.values.isdisjoint(self._known))

    def _hear_frame(self) -> None:
        """Take what pages print of the story itself: its title, and when it began, or its window."""
        self._hear_texts(self._story.titles, "title")
        match self._story:
            case Incident(started_at=start):
                self._known |= of_instant(start, *self._zones)
            case Maintenance(start=start, end=end):
                self._known |= of_instant(start, *self._zones) | of_instant(end, *self._zones)
                self._known |= of_length((end - start).total_seconds())

    def _hear(self, update: Update) -> None:
        """Take what an update tells the public: its words, the values of its facts, its own time and the next one's."""
        if not self._is_public(update.place, "update"):
            return
        self._known |= of_instant(update.at, *self._zones)
        if update.next_update:
            self._known |= of_instant(update.next_update, *self._zones)
            self._known |= of_length((update.next_update - update.at).total_seconds())
        self._hear_texts(update.passages, "passage")
        for fact in update.facts:
            if self._is_public(fact.place, "fact"):
                self._known |= told(fact.value)

    def _hear_texts(self, texts: Iterable[Text], what: str) -> None:
        for text in _with_translations(texts):
            if self._is_public(text.place, what):
                self._known |= told(text.words)

    def _is_public(self, place: Place, what: str) -> bool:
        part = self._parts.get((place, what))
        return part is not None and str(PUBLIC_READER) in part.readers


def _with_translations(texts: Iterable[Text]) -> Iterator[Text]:
    for text in texts:
        yield text
        yield from (translation.text for translation in text.translations)


def _problem(text: Text, figure: Figure) -> Problem:
    before = text.words[: figure.start]
    lines = before.count("\n")
    column = len(before) - (before.rfind("\n") + 1) + 1
    place = msgspec.structs.replace(
        text.place, line=text.place.line + lines, column=column if lines else text.place.column + column - 1
    )
    return Problem(
        place,
        "E427",
        f"this tells those who ask {figure.kind} that no public words up to then hold",
        "say it in the public words, too, or take it out",
    )
