"""Taking things back: their files go to `.heliograph/undone` or `/retracted` of the site, where nothing reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from heliograph.model import Site, Story, Update
from heliograph.tree.fsio import create_new, take_back

UNDONE: Final = ".heliograph/undone"
RETRACTED: Final = ".heliograph/retracted"


class Newest(msgspec.Struct, frozen=True):
    """The update said last, and the incident or maintenance it belongs to."""

    story: Story
    update: Update

    @property
    def folder(self) -> str:
        """The name of its folder below `incidents`."""
        return self.update.place.file.split("/")[1]

    @property
    def is_only(self) -> bool:
        """Tell whether nothing is left of the incident without it."""
        return len(self.story.updates) == 1


def newest(site: Site) -> Newest | None:
    """Find the update said last, of all that was ever said; None on a site without any."""
    said = [Newest(story, update) for story in site.stories for update in story.updates]
    return max(said, key=lambda one: (one.update.at, one.update.id), default=None)


def take_away(root: Path, taken: Newest) -> Path:
    """Move an update's files out of the site, and the incident's with it if it was all there was to say.

    Copies are on the disk before anything is removed. Gives the folder they lie in now: a new one each time.
    """
    kept = _free(root / UNDONE / taken.update.id)
    _move(root, _files(root, taken), kept)
    folder = root / "incidents" / taken.folder
    if not any(folder.iterdir()):
        take_back(folder)
    return kept


def take_off(root: Path, story: Story) -> Path:
    """Move an incident or maintenance with all its files out of the site, as above."""
    kept = _free(root / RETRACTED / story.id)
    folder = root / "incidents" / story.place.file.split("/")[1]
    _move(root, folder.rglob("*"), kept)
    take_back(folder)
    return kept


def taken_off(root: Path, identity: str) -> Path | None:
    """Find where something lies that was taken off before, and last; None if it never was."""
    first = root / RETRACTED / identity
    again = sorted(first.parent.glob(f"{identity}-*"), key=lambda path: (len(path.name), path.name))
    found = [path for path in (first, *again) if path.is_dir()]
    return found[-1] if found else None


def _move(root: Path, paths: Iterable[Path], kept: Path) -> None:
    files = [path for path in sorted(paths) if path.is_file() and not path.is_symlink()]
    for path in files:
        create_new(kept / path.relative_to(root), path.read_bytes())
    for path in files:
        take_back(path)


def _free(folder: Path) -> Path:
    """Give a name that is not taken: `7qm4tz2c`, else `7qm4tz2c-2` and so on."""
    names = (folder, *(folder.with_name(f"{folder.name}-{number}") for number in range(2, 1_000)))
    return next(name for name in names if not name.exists())


def _files(root: Path, taken: Newest) -> Iterator[Path]:
    """Find the update's own file with its additions and translations, or all of an incident's."""
    own = root / taken.update.place.file
    for path in own.parent.iterdir():
        if taken.is_only or path == own or path.name.startswith((f"{own.stem}+", f"{own.stem}.")):
            yield path
