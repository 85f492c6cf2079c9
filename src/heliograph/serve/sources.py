"""The site as it was last read. After a save only the folders that were touched are read again."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final, Protocol, TypeVar

from msgspec import structs

from heliograph.check import check
from heliograph.load import files, read_site
from heliograph.load.resolve import refuse_twins
from heliograph.load.site import Reading, folder_of
from heliograph.problems import Place, Problem, Problems, Refused, in_order

_ALWAYS: Final = ("site_src", "audiences", "layouts")
"""What is read after every save: it is little."""
_APART: Final = re.compile(r"layouts(/.*)?|site_src/(?:site\.toml|(?:pages|templates|assets)(?:/.*)?)", re.DOTALL)
"""What of it says nothing on which the reading of incidents depends."""
_FEW: Final = 16
"""More folders than these are read with all the others."""


class _Story(Protocol):
    @property
    def place(self) -> Place:
        """Where it stands."""


T = TypeVar("T", bound=_Story)


class Sources:
    """Reads a site, and again what of it has changed.

    A folder below `incidents` is read by itself and depends on nothing but the configuration. So as long as only such
    folders change, the site is what it was but for them; what one reading gives, and what is wrong, is what reading
    all of it would give. Where anything cannot be read, or two folders share an id, all is read: one mistake can hide
    another.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._reading: Reading | None = None
        self._found: tuple[Problem, ...] = ()

    def read(self, changed: Iterable[str] | None) -> tuple[Reading, tuple[Problem, ...]]:
        """Read what lies at the `changed` paths, None for all; give the site with all findings.

        Raises Refused, with all findings, if there is an error among them.
        """
        folders = None if changed is None else self._folders(changed)
        if folders is None or not self._read_some(folders):
            reading = self._reading = read_site(files.take(self._root))
            self._found = () if reading.site is None or _has_errors(reading.problems) else check(reading.site)
        assert self._reading is not None
        problems = in_order([*self._reading.problems, *self._found])
        if self._reading.site is None or _has_errors(problems):
            raise Refused(problems)
        return self._reading, problems

    def _folders(self, changed: Iterable[str]) -> frozenset[str] | None:
        """Name the incidents' folders that changed; None if anything else did that is read."""
        folders = frozenset(folder_of(path) for path in changed if not _APART.fullmatch(path))
        places = (self._root / folder for folder in folders)
        if "" in folders or any(_is_no_folder(path) or path.parent.is_symlink() for path in places):
            return None
        return folders

    def _read_some(self, folders: Collection[str]) -> bool:
        """Read some folders and put them in place of what they were; False if that would not be enough."""
        known, self._reading = self._reading, None  # whatever is raised now, all is read the next time
        if known is None or known.site is None or _has_errors(known.problems) or len(folders) > _FEW:
            return False
        fresh = read_site(files.take(self._root, tops=(*_ALWAYS, *sorted(folders))))
        if fresh.site is None or _has_errors(fresh.problems):
            return False
        merged = _merged(known, fresh, folders)
        assert merged.site is not None
        if refuse_twins(merged.site.stories, Problems()):
            return False
        found = (*_elsewhere(self._found, folders), *check(fresh.site))
        if _has_errors([*self._found, *found]):  # which decide what else is looked at
            found = check(merged.site)
        self._reading, self._found = merged, found
        return True


def _has_errors(problems: Iterable[Problem]) -> bool:
    return any(problem.level == "error" for problem in problems)


def _is_no_folder(path: Path) -> bool:
    """Tell whether there is something else, such as a file or a link, where a folder should be."""
    return path.is_symlink() or (path.exists() and not path.is_dir())


def _merged(known: Reading, fresh: Reading, folders: Collection[str]) -> Reading:
    """Take `folders` and all that is no folder from `fresh`, other folders from `known`."""
    assert known.site is not None
    assert fresh.site is not None
    site = structs.replace(
        fresh.site,
        incidents=_placed(known.site.incidents, fresh.site.incidents, folders),
        maintenances=_placed(known.site.maintenances, fresh.site.maintenances, folders),
    )
    return Reading(site, in_order([*_elsewhere(known.problems, folders), *fresh.problems]), left_out=())


def _placed(known: Iterable[T], fresh: Iterable[T], folders: Collection[str]) -> tuple[T, ...]:
    """Put what is fresh in its place among the others, in the order of folders."""
    kept = (one for one in known if folder_of(one.place.file) not in folders)
    return tuple(sorted([*kept, *fresh], key=lambda one: folder_of(one.place.file)))


def _elsewhere(problems: Iterable[Problem], folders: Collection[str]) -> list[Problem]:
    """Keep what was found in other incidents' folders; what is not in any is found afresh each time."""
    return [one for one in problems if folder_of(one.place.file) not in ("", *folders)]
