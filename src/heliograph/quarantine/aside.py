"""Reading a site, and reading around the incidents in it that cannot be used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from heliograph.check import check
from heliograph.load.files import Image, Snapshot, Source, take
from heliograph.load.site import folder_of, read_site
from heliograph.model import Site
from heliograph.parallel import Run, in_turn
from heliograph.problems import Place, Problem, Problems, Refused, in_order
from heliograph.quarantine.store import NOTHING, LastGood, Memory, Story

T = TypeVar("T", Source, Image)

LAST_GOOD: Final = "W643"
LEFT_OUT: Final = "W644"


class Content(msgspec.Struct, frozen=True):
    """A site to build, all that was found in its files, and what to remember when the build is done.

    `set_aside` are the folders whose files as they stand were not used.
    """

    site: Site
    problems: tuple[Problem, ...]
    memory: Memory
    set_aside: tuple[str, ...] = ()


def read_strictly(root: Path, run: Run = in_turn) -> Content:
    """Read the site below `root`. Raises Refused with every problem if there is an error anywhere."""
    snapshot = take(root)
    found = _read(snapshot, run)
    if found.site is None or found.errors:
        raise Refused(found.problems)
    return Content(found.site, found.problems, LastGood(root).with_(_stories(snapshot), ()))


def read_around(root: Path, run: Run = in_turn) -> Content:
    """Read the site below `root`, each bad incident's last good source in place of its files, or without it.

    Raises Refused as `read_strictly` for an error outside the incidents: what is configured decides who reads what, so
    that nothing is guessed there.
    """
    snapshot, last = take(root), LastGood(root)
    found = _read(snapshot, run)
    told = Problems()
    told.extend(found.problems)
    stand_ins: dict[str, Story] = {}
    refused: dict[str, set[str]] = {}
    while found.errors:
        if found.site is None or "" in found.bad:
            raise Refused((*told.found, *found.problems))
        told.extend(problem for problem in found.problems if folder_of(problem.place.file) not in stand_ins)
        if any(stand_ins.get(folder) == NOTHING for folder in found.bad):
            raise Refused((*told.found, *found.problems))  # nothing is left to replace
        for folder in sorted(found.bad):
            if folder in stand_ins:
                refused[folder] = found.codes_of(folder)
            stand_ins[folder] = NOTHING if folder in stand_ins else last.recall(folder)
        found = _read(_replaced(snapshot, stand_ins), run)
    assert found.site is not None
    stories = _stories(snapshot)
    spoilt = _folders_with_errors(snapshot.problems)
    aside = tuple(sorted(one for one, story in stand_ins.items() if one in spoilt or story != stories.get(one)))
    told.extend(_said_of(folder, stand_ins[folder] != NOTHING, refused.get(folder, set())) for folder in aside)
    told.extend(last.problems)
    good = {folder: story for folder, story in stories.items() if folder not in stand_ins}
    return Content(found.site, told.found, last.with_(good, stand_ins), aside)


class _Found(msgspec.Struct, frozen=True):
    """One reading with its check: the site as far as it could be read, all findings, and where errors lie.

    `bad` are folders of incidents with an error; empty text stands for all other files.
    """

    site: Site | None
    problems: tuple[Problem, ...]
    bad: frozenset[str]

    @property
    def errors(self) -> bool:
        """Tell whether anything refuses a build."""
        return bool(self.bad)

    def codes_of(self, folder: str) -> set[str]:
        """Name what is wrong with one folder."""
        return {one.code for one in self.problems if one.level == "error" and folder_of(one.place.file) == folder}


def _read(snapshot: Snapshot, run: Run) -> _Found:
    reading = read_site(snapshot, run)
    problems = reading.problems
    bad = _folders_with_errors(problems)
    if reading.site is not None and "" not in bad:
        problems = in_order((*problems, *check(reading.site)))
        bad = _folders_with_errors(problems)
    twins = {folder_of(file) for pair in reading.twins for file in pair}
    return _Found(reading.site, problems, bad | twins)


def _folders_with_errors(problems: Iterable[Problem]) -> frozenset[str]:
    return frozenset(folder_of(problem.place.file) for problem in problems if problem.level == "error")


def _stories(snapshot: Snapshot) -> dict[str, Story]:
    """Gather what was read of incidents, which comes in order of path, by folder."""
    texts, pictures = _by_folder(snapshot.sources), _by_folder(snapshot.images)
    return {folder: Story(texts.get(folder, ()), pictures.get(folder, ())) for folder in texts.keys() | pictures.keys()}


def _by_folder(files: Iterable[T]) -> dict[str, tuple[T, ...]]:
    groups = {folder: tuple(group) for folder, group in groupby(files, key=lambda file: folder_of(file.path))}
    groups.pop("", None)
    return groups


def _replaced(snapshot: Snapshot, stand_ins: Mapping[str, Story]) -> Snapshot:
    """Put other files in the place of some folders' own, and forget what was wrong with those."""
    sources = [source for source in snapshot.sources if folder_of(source.path) not in stand_ins]
    sources += [source for story in stand_ins.values() for source in story.sources]
    images = [image for image in snapshot.images if folder_of(image.path) not in stand_ins]
    images += [image for story in stand_ins.values() for image in story.images]
    return Snapshot(
        sources=tuple(sorted(sources, key=lambda source: source.path)),
        images=tuple(sorted(images, key=lambda image: image.path)),
        spoilt=frozenset(path for path in snapshot.spoilt if folder_of(path) not in stand_ins),
        problems=tuple(one for one in snapshot.problems if folder_of(one.place.file) not in stand_ins),
    )


def _said_of(folder: str, stands_in: bool, refused: set[str]) -> Problem:
    if stands_in:
        return Problem(Place(folder), LAST_GOOD, "set aside: readers get the words of its last good build")
    why = f"these are refused today ({', '.join(sorted(refused))})" if refused else "there are none"
    return Problem(
        Place(folder), LEFT_OUT, f"set aside and LEFT OUT: no reader gets anything of it; last good words: {why}"
    )
