"""A whole site: the configuration, then every folder by itself, then what must fit together."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Final

import msgspec

from heliograph.load import files
from heliograph.load.config import read_config
from heliograph.load.files import Snapshot, Source
from heliograph.load.incidents import Folder, read_folder
from heliograph.load.resolve import Labels, refuse_twins
from heliograph.load.updates import Names, read_page
from heliograph.model import Incident, Maintenance, Site
from heliograph.problems import Problem, Problems, Refused

_INCIDENTS: Final = "incidents/"
_PAGES: Final = "site_src/pages/"


class Reading(msgspec.Struct, frozen=True):
    """What became of the files: the site as far as it could be read (None without its settings), and all findings.

    A folder with an error is left out of `site`; the path of each stands in `left_out`.
    """

    site: Site | None
    problems: tuple[Problem, ...]
    left_out: tuple[str, ...]


def load_site(root: Path) -> Site:
    """Read the site below `root`. Raises Refused with every problem at once; warnings do not refuse."""
    return load_site_with_warnings(root)[0]


def load_site_with_warnings(root: Path) -> tuple[Site, tuple[Problem, ...]]:
    """Read the site below `root`, with what is odd about it but does no harm. Raises Refused as `load_site`."""
    reading = read_site(files.take(root))
    if reading.site is None or any(problem.level == "error" for problem in reading.problems):
        raise Refused(reading.problems)
    return reading.site, reading.problems


def read_site(snapshot: Snapshot) -> Reading:
    """Read everything that can be read; never raises for what the files hold."""
    problems = Problems()
    problems.extend(snapshot.problems)
    config = read_config(snapshot, problems)
    names = Names(config.vocabulary, Labels(config.vocabulary))
    found = (read_folder(folder, names, problems) for folder in _folders(snapshot))
    work = tuple(item for item in found if item is not None)
    refuse_twins(work, problems)
    pages = (read_page(source, names, problems) for source in snapshot.sources if source.path.startswith(_PAGES))
    read = tuple(page for page in pages if page is not None)
    told = problems.found
    left_out = {_folder_of(problem.place.file) for problem in told if problem.level == "error"} - {""}
    usable = tuple(item for item in work if _folder_of(item.place.file) not in left_out)
    if config.settings is None:
        return Reading(None, told, tuple(sorted(left_out)))
    site = Site(
        settings=config.settings,
        groups=config.groups,
        components=config.components,
        facts=config.facts,
        severities=config.severities,
        audiences=config.audiences,
        incidents=tuple(item for item in usable if isinstance(item, Incident)),
        maintenances=tuple(item for item in usable if isinstance(item, Maintenance)),
        pages=read,
        targets=config.targets,
    )
    return Reading(site, told, tuple(sorted(left_out)))


def _folder_of(path: str) -> str:
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
    for path in sorted(sources.keys() | spoilt.keys()):
        yield Folder(path, sources.get(path, ()), frozenset(spoilt.get(path, ())))
