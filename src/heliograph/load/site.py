"""A whole site: the configuration, then every folder by itself, then what must fit together."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Final

import msgspec

from heliograph.load import files, translations
from heliograph.load.config import read_config
from heliograph.load.files import Image, Snapshot, Source
from heliograph.load.incidents import Folder, read_folder
from heliograph.load.resolve import Labels, refuse_twins
from heliograph.load.updates import Names, read_page
from heliograph.model import Incident, Maintenance, Page, Site
from heliograph.parallel import Run, in_turn, results
from heliograph.problems import Problem, Problems, Refused

_CONFIGURATION: Final = ("site_src", "audiences")
_INCIDENTS: Final = "incidents/"
_PAGES: Final = "site_src/pages/"
_SHARE: Final = 250
"""How many folders one process reads at a time."""


class Reading(msgspec.Struct, frozen=True):
    """What became of the files: the site as far as it could be read (None without its settings), and all findings.

    A folder with an error is left out of `site`; the path of each stands in `left_out`. `twins` are pairs of files that
    share an id: it is noted at the second, but either may be the one that took it.
    """

    site: Site | None
    problems: tuple[Problem, ...]
    left_out: tuple[str, ...]
    twins: tuple[tuple[str, str], ...] = ()


class Share(msgspec.Struct, frozen=True):
    """What was read of some folders. Between processes it travels as MessagePack, which costs less than pickling."""

    incidents: tuple[Incident, ...]
    maintenances: tuple[Maintenance, ...]
    problems: tuple[Problem, ...]

    def __reduce__(self) -> tuple[object, ...]:
        """Say how to send it to another process."""
        return _share_of, (msgspec.msgpack.encode(self),)


def _share_of(data: bytes) -> Share:
    return msgspec.msgpack.decode(data, type=Share)


def load_site(root: Path) -> Site:
    """Read the site below `root`. Raises Refused with every problem at once; warnings do not refuse."""
    return load_site_with_warnings(root)[0]


def load_site_with_warnings(root: Path, run: Run = in_turn) -> tuple[Site, tuple[Problem, ...]]:
    """Read the site below `root`, with what is odd about it but does no harm. Raises Refused as `load_site`.

    `run` says whether folders are read one after the other or at once.
    """
    with _no_cycle_collection():
        reading = read_site(files.take(root), run)
    if reading.site is None or any(problem.level == "error" for problem in reading.problems):
        raise Refused(reading.problems)
    return reading.site, reading.problems


def load_configuration(root: Path) -> Site:
    """Read the site below `root` without its incidents. Raises Refused for errors in what is read."""
    reading = read_site(files.take(root, tops=_CONFIGURATION))
    errors = [one for one in reading.problems if one.level == "error"]
    if reading.site is None or errors:
        raise Refused(errors)
    return reading.site


def read_site(snapshot: Snapshot, run: Run = in_turn) -> Reading:
    """Read everything that can be read; never raises for what the files hold."""
    problems = Problems()
    problems.extend(snapshot.problems)
    config = read_config(snapshot, problems)
    names = Names(config.vocabulary, Labels(config.vocabulary), config.settings.languages if config.settings else None)
    incidents, maintenances = _read_folders(tuple(_folders(snapshot)), names, problems, run)
    twins = refuse_twins((*incidents, *maintenances), problems)
    read = _read_pages(snapshot, names, problems)
    told = problems.found
    left_out = {folder_of(problem.place.file) for problem in told if problem.level == "error"} - {""}
    if config.settings is None:
        return Reading(None, told, tuple(sorted(left_out)), twins)
    site = Site(
        settings=config.settings,
        groups=config.groups,
        components=config.components,
        facts=config.facts,
        severities=config.severities,
        audiences=config.audiences,
        incidents=tuple(one for one in incidents if folder_of(one.place.file) not in left_out),
        maintenances=tuple(one for one in maintenances if folder_of(one.place.file) not in left_out),
        pages=read,
        targets=config.targets,
    )
    return Reading(site, told, tuple(sorted(left_out)), twins)


def _read_pages(snapshot: Snapshot, names: Names, problems: Problems) -> tuple[Page, ...]:
    """Read the site's own pages, with their translations."""
    present = {path.removeprefix(_PAGES) for path in snapshot.spoilt if path.startswith(_PAGES)}
    sources = {one.path.removeprefix(_PAGES): one for one in snapshot.sources if one.path.startswith(_PAGES)}
    foreign = translations.sort_out(sources, present | sources.keys(), names, problems)
    found = []
    for name, source in sources.items():
        page = read_page(source, names, problems) if translations.parted(name) is None else None
        if page is not None:
            found.append(translations.of_page(page, foreign.get(name, ()), names, problems))
    return tuple(found)


def _read_folders(
    folders: tuple[Folder, ...], names: Names, problems: Problems, run: Run
) -> tuple[list[Incident], list[Maintenance]]:
    """Read all folders in shares, for `run` to spread."""
    starts = range(0, len(folders), _SHARE)
    shares = results(run([partial(_read_share, folders[start : start + _SHARE], names) for start in starts]))
    for share in shares:
        problems.extend(share.problems)
    return [one for share in shares for one in share.incidents], [one for share in shares for one in share.maintenances]


def _read_share(folders: tuple[Folder, ...], names: Names) -> Share:
    problems = Problems()
    stories = [read_folder(folder, names, problems) for folder in folders]
    incidents = tuple(story for story in stories if isinstance(story, Incident))
    maintenances = tuple(story for story in stories if isinstance(story, Maintenance))
    return Share(incidents, maintenances, problems.found)


@contextmanager
def _no_cycle_collection() -> Iterator[None]:
    """Keep Python from looking for cycles among objects that have none: a quarter of the time at 10,000 incidents."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def folder_of(path: str) -> str:
    """Name the incident's folder that a path lies in; empty for other paths."""
    return "/".join(path.split("/")[:2]) if path.startswith(_INCIDENTS) else ""


def _folders(snapshot: Snapshot) -> Iterator[Folder]:
    """Gather files by incident, in order of path."""
    spoilt: dict[str, set[str]] = {}
    for path in snapshot.spoilt:
        folder, _, name = path.rpartition("/")
        if folder.startswith(_INCIDENTS):
            spoilt.setdefault(folder, set()).add(name)
    read = (source for source in snapshot.sources if source.path.startswith(_INCIDENTS))
    sources: dict[str, tuple[Source, ...]] = {
        path: tuple(group) for path, group in groupby(read, key=lambda source: source.path.rpartition("/")[0])
    }
    images: dict[str, list[Image]] = {}
    for image in snapshot.images:
        if image.path.startswith(_INCIDENTS):
            images.setdefault(image.path.rpartition("/")[0], []).append(image)
    for path in sorted(sources.keys() | spoilt.keys() | images.keys()):
        yield Folder(path, sources.get(path, ()), frozenset(spoilt.get(path, ())), tuple(images.get(path, ())))
