"""How a staged folder takes a tree's place: whole at every instant, and only where a tree of ours may stand."""

from __future__ import annotations

import contextlib
import os
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Final

from heliograph.terms import Boundary
from heliograph.tree.fsio import (
    FOLDER_MODE,
    PREFIX,
    TEMPORARY,
    Folder,
    Uncertain,
    WriteRefused,
    new_name,
    temporary_file,
)
from heliograph.tree.manifest import Manifest, encode_manifest, manifest_name, manifest_path, read_manifest

_STAGE: Final = f"{PREFIX}stage-"
_ASIDE: Final = f"{PREFIX}old-"
_LEFT_BEHIND: Final = (_ASIDE, _STAGE, TEMPORARY)
LOCK: Final = f"{PREFIX}lock"
"""The file beside trees that a run holds while it writes any of them."""
PROBE: Final = "heliograph-probe.txt"
"""Stands for a moment where insiders' pages are to go, so that it can be tried whether strangers get it."""
_WHILE_BUILDING: Final = 0o700
_SOURCES: Final = frozenset({"site_src", "layouts", "audiences", "incidents"})


def check_output_root(out: Path, site_root: Path) -> None:
    """Refuse to put trees into `out` if that is no place for output (see `check_output_place`) or lies in a tree."""
    check_output_place(out, site_root)
    _refuse_inside_tree(out.resolve() / "any")


def check_output_place(out: Path, site_root: Path) -> None:
    """Refuse to write at `out` if that is the site, above it, among its sources, or no place for output at all.

    A folder of its own inside the site, such as `dist`, is welcome. No link may lead there; folders are compared by
    identity and without regard to case, so that no second name of one slips through. Raises WriteRefused E602 or E603.
    """
    _refuse_links(out, site_root)
    place, root = out.resolve(), site_root.resolve()
    _refuse_home_and_root(place)
    if _contains(place, root):
        raise WriteRefused(
            "E602", f"the output folder {out} is the site's own folder or holds it; choose one inside it"
        )
    inside = _below(place, root)
    hidden = any(part.startswith(".") for part in inside)
    among = bool(inside) and inside[0].casefold() in _SOURCES
    if hidden or among or any(_contains(root / name, place) for name in sorted(_SOURCES)):
        raise WriteRefused("E602", f"the output folder {out} lies among what the site is made from; choose another")


def _refuse_links(out: Path, site_root: Path) -> None:
    """Refuse an output folder that is a symbolic link, or reached through one that lies inside the site."""
    whole, root = out.absolute(), site_root.absolute()
    within = (folder for folder in whole.parents if folder != root and folder.is_relative_to(root))
    for folder in (whole, *within):
        if folder.is_symlink():
            raise WriteRefused("E603", f"{folder} is a symbolic link; name the folder itself")


def _refuse_home_and_root(place: Path) -> None:
    try:
        home = Path.home().resolve()
    except RuntimeError:
        home = Path("/")
    if _contains(place, home):
        raise WriteRefused("E603", f"{place} is no place for output; choose a folder of its own")


def _below(place: Path, root: Path) -> tuple[str, ...]:
    """Give the names that lead from the site's folder to a place inside it; none for a place elsewhere."""
    return place.relative_to(root).parts if place.is_relative_to(root) else ()


def _contains(outer: Path, inner: Path) -> bool:
    """Tell whether `inner` is `outer` or lies below it, under whatever name.

    Names that differ in case alone count as one: they are one on some disks, and a site moves from disk to disk.
    """
    if _one_case(inner).is_relative_to(_one_case(outer)):
        return True
    try:
        wanted = outer.stat()
    except OSError:
        return False
    return any(os.path.samestat(wanted, folder.stat()) for folder in (inner, *inner.parents) if folder.exists())


def _one_case(place: Path) -> Path:
    return Path(unicodedata.normalize("NFKC", str(place)).casefold())


def check_apart(one: Path, other: Path) -> None:
    """Refuse two trees' places that are the same or lie one in the other (E602)."""
    first, second = one.resolve(), other.resolve()
    if _contains(first, second) or _contains(second, first):
        raise WriteRefused("E602", f"{one} and {other} are the same folder, or one lies in the other")


def check_all_apart(places: Sequence[Path]) -> None:
    """Refuse any two places that are the same or lie one in the other (E602)."""
    for one, other in combinations(places, 2):
        check_apart(one, other)


def check_place(place: Path) -> None:
    """Refuse to put a tree at `place` if that is a link, not a folder, dangerous, or inside another tree."""
    if place.is_symlink():
        raise WriteRefused("E603", f"{place} is a symbolic link; name the folder itself")
    if place.exists() and not place.is_dir():
        raise WriteRefused("E603", f"{place} is not a folder")
    listed = manifest_path(place)
    if listed.is_symlink() or (listed.exists() and not listed.is_file()):
        raise WriteRefused("E603", f"{listed} is not an ordinary file; a tree's list belongs there")
    whole = place.parent.resolve() / place.name
    _refuse_home_and_root(whole)
    _refuse_inside_tree(whole)


def _refuse_inside_tree(place: Path) -> None:
    """Refuse a place below a folder that is a tree."""
    for folder in place.parents:
        if folder.name and manifest_path(folder).exists():
            raise WriteRefused("E602", f"{place} lies inside {folder}, which is a tree of its own")


def standing(place: Path, tree: str, boundary: Boundary, site: str) -> Manifest | None:
    """Give the list of the tree that stands at `place`, None where there is nothing; refuse all that is not ours.

    Raises WriteRefused E603 for a folder with something in it that no run of ours wrote, E605 for another site's
    tree, E606 for another tree of this site or one from the other side of the wall, E612 for a damaged list.
    """
    if not place.is_dir():
        return None
    found = read_manifest(place)
    if found is None:
        if any(path.name != PROBE for path in place.iterdir()):
            raise WriteRefused("E603", f"{place} holds files that are not a tree of ours; empty it or choose another")
        return None
    if found.site != site:
        raise WriteRefused("E605", f"{place} holds a tree of another site ({found.site}); this site is {site}")
    if found.boundary != boundary:
        raise WriteRefused("E606", f"{place} holds {found.boundary} pages; {tree} is {boundary}")
    if found.tree != tree:
        raise WriteRefused("E606", f"{place} holds the tree {found.tree}, not {tree}")
    return found


def new_stage(parent: Folder) -> Folder:
    """Make a folder beside a tree's place; nobody else may look in until it is complete."""
    return parent.new_folder(new_name(_STAGE), _WHILE_BUILDING)


def seal(stage: Folder) -> None:
    """Open a complete stage to readers and wait until it is on the disk."""
    stage.set_mode(FOLDER_MODE)
    stage.flush_tree()


def take_place(parent: Folder, stage: str, manifest: Manifest, name: str) -> None:
    """Put a sealed stage at `name`, and its list beside it; what stood there before is removed.

    A first tree's list comes before the tree, so that no tree of ours ever stands without one; a later tree's list
    comes after it. Killed in between, the next run compares bytes and notices. An OSError means that nothing has
    changed; Uncertain that the new tree stands, but its list may not, or a power cut may take it back.
    """
    with temporary_file(parent, encode_manifest(manifest)) as listed:
        if parent.kind(name) == "nothing" or _is_empty(parent, name):
            _put_list(parent, listed, name)
            parent.rename(stage, name)
            with _after_the_fact(name):
                parent.flush()
            return
        old = _exchange(parent, stage, name)
        with _after_the_fact(name):
            _put_list(parent, listed, name)
    parent.remove_tree(old)


def _put_list(parent: Folder, listed: str, name: str) -> None:
    parent.rename(listed, manifest_name(name))
    parent.flush()


@contextlib.contextmanager
def _after_the_fact(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Uncertain(f"the new {name} stands, but is not known to be durable: {error}") from error


def _is_empty(parent: Folder, name: str) -> bool:
    with parent.folder(name) as folder:
        return not folder.names()


def _exchange(parent: Folder, stage: str, name: str) -> str:
    """Let stage and tree change places; gives the name under which the old tree lies now.

    Where names cannot be exchanged there is no tree for an instant; `mend` repairs what a kill leaves then.
    """
    if parent.exchange(stage, name):
        return stage
    aside = f"{_ASIDE}{name}"
    parent.rename(name, aside)
    try:
        parent.rename(stage, name)
    except OSError:
        parent.rename(aside, name)
        raise
    return aside


def mend(parent: Folder) -> None:
    """Put back trees that killed runs had moved aside, and remove what else they left. Call it with the lock held."""
    for name in parent.names():
        tree = name.removeprefix(_ASIDE)
        if name != tree and parent.kind(tree) == "nothing":
            parent.rename(name, tree)
            parent.flush()
        elif name.startswith(_LEFT_BEHIND):
            _discard(parent, name)


def left_behind(folder: Path) -> bool:
    """Tell whether a killed run left something here that `mend` would see to; a run under way looks the same."""
    return folder.is_dir() and any(path.name.startswith(_LEFT_BEHIND) for path in folder.iterdir())


def _discard(parent: Folder, name: str) -> None:
    if parent.kind(name) == "folder":
        parent.remove_tree(name)
    else:
        with contextlib.suppress(OSError):
            parent.remove(name)
