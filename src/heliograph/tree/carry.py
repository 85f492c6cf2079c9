"""Style sheets and scripts of earlier trees, kept a while: a page loaded just before a swap asks for them after it.

Only what pages need to be shown is kept, never a picture or anything else that people put there: what they remove is
gone with the next swap.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from heliograph.tree.artifact import MEDIA_TYPES
from heliograph.tree.fsio import Cursor, Folder
from heliograph.tree.manifest import Entry, Generations, Manifest

GENERATIONS: Final = 5
"""So many replacements of a style sheet or script an old one outlives. New words alone replace none."""

_KEPT: Final = frozenset({MEDIA_TYPES["css"], MEDIA_TYPES["js"]})


def carry(before: Manifest, files: Iterable[Entry]) -> Generations:
    """Tell which files of the tree `before` a tree of `files` still needs to hold for readers of older pages.

    The same tree again carries the same; a file that comes back is carried no more.
    """
    wanted = {entry.path.casefold() for entry in files}
    leaving = tuple(entry for entry in before.files if entry.cache == "immutable" and entry.media_type in _KEPT)
    generations = (
        tuple(entry for entry in generation if entry.path.casefold() not in wanted)
        for generation in (leaving, *before.carried)
    )
    return tuple(generation for generation in generations if generation)[:GENERATIONS]


def intact(tree: Folder, generations: Generations) -> Generations:
    """Leave out what is not there byte for byte as listed."""
    with Cursor(tree) as files:
        sound = (tuple(entry for entry in generation if _is_sound(files, entry)) for generation in generations)
        return tuple(generation for generation in sound if generation)


def _is_sound(files: Cursor, entry: Entry) -> bool:
    try:
        folder, name = files.parent(entry.path)
        data = folder.read(name)
    except OSError:
        return False
    return hashlib.sha256(data).hexdigest() == entry.sha256 and folder.holds(name, data)
