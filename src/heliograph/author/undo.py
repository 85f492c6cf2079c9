"""Taking back the newest update: its files go to `.heliograph/undone` of the site, where nothing reads them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from heliograph.model import Site, Story, Update
from heliograph.tree.fsio import create_new, take_back

UNDONE: Final = ".heliograph/undone"


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
    files = [path for path in sorted(_files(root, taken)) if path.is_file() and not path.is_symlink()]
    for path in files:
        create_new(kept / path.relative_to(root), path.read_bytes())
    for path in files:
        take_back(path)
    folder = root / "incidents" / taken.folder
    if not any(folder.iterdir()):
        take_back(folder)
    return kept


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
