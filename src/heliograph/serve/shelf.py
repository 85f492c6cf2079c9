"""One build, in memory: what each port hands out, found by exact lookup and never by a path on disk.

A shelf is lazy, because nobody who has just saved a file waits for the thousand pages that nobody looks at. Its trees
make their files in the order of a build, as far as somebody asks for one, and hand out none before the second wall has
read it and all that was made before it. The rest is made while nobody waits (`make_some`), and only then does the wall
say its last word on the whole. So every file that is handed out is the one a build would write, and has passed what it
would have to pass; but a shelf may be found wanting later, by a page nobody has looked at. Then it refuses everything,
and whoever handed it out goes back to one that has been made whole. All files of a shelf are of the same sources.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from msgspec import Struct

from heliograph.egress import Part
from heliograph.egress.wall import Wall
from heliograph.problems import Problem, Refused
from heliograph.serve import previews
from heliograph.tree.artifact import Artifact

PREVIEWS: Final = "previews"
_PREVIEWED: Final = ("mail", "macros")
_AT_ONCE: Final = 16
"""So many files are made between two looks at who is waiting."""


class Offer(Struct, frozen=True):
    """A build to be shelved: the files of its trees by reader, not made yet, and what readers are called.

    `warnings` are what was found in the sources; `holds_until` gives the instant from which a build would differ.
    """

    trees: Mapping[str, Iterable[Part]]
    names: Mapping[str, str]
    warnings: tuple[Problem, ...] = ()
    holds_until: Callable[[], datetime | None] = lambda: None


class Tree:
    """The files of one reader; `files`, by path, are those the wall has read. Not for several threads at once."""

    def __init__(self, name: str, parts: Iterable[Part]) -> None:
        self.files: dict[str, Artifact] = {}
        self.is_whole = False
        self._name = name
        self._walls: list[Wall] = []
        self._made = self._make(parts)
        self._unread: dict[str, Artifact] = {}

    def _make(self, parts: Iterable[Part]) -> Iterator[Artifact]:
        for part in parts:
            self._walls.append(Wall(part.watch))
            for artifact in part.artifacts:
                self._walls[-1].take(artifact)
                yield artifact

    def make(self, names: Iterable[str]) -> None:
        """Make files until there is one of these names, or no more. Raises Refused for what must not be shown."""
        wanted = set(names)
        if wanted.isdisjoint(self._unread):
            for artifact in self._made:
                self._unread[artifact.path] = artifact
                if artifact.path in wanted:
                    break
            else:
                self._judge()
                self.is_whole = True
                return
        self._judge()

    def make_some(self) -> None:
        """Make some more files; at the end, judge all that were not judged yet. Raises as `make`."""
        for _ in range(_AT_ONCE):
            artifact = next(self._made, None)
            if artifact is None:
                self._judge()
                self.is_whole = True
                return
            self._unread[artifact.path] = artifact

    def _judge(self) -> None:
        found = [problem for wall in self._walls for problem in wall.verdict(self._name)]
        if found:
            raise Refused(found)
        self.files.update(self._unread)
        self._unread.clear()
        del self._walls[:-1]


class Shelf:
    """All trees of one build, in the order of their ports; mail and macros share one."""

    def __init__(self, offer: Offer) -> None:
        self.warnings, self.holds_until = offer.warnings, offer.holds_until
        self._trees = {name: Tree(name, parts) for name, parts in offer.trees.items()}
        shown = sorted(
            self._trees.keys() - set(_PREVIEWED), key=lambda name: (name != "public", name != "internal", name)
        )
        self.readers = {**{name: offer.names.get(name, name) for name in shown}, PREVIEWS: "Mails and macros"}
        self._names = offer.names
        self._turns = _Turns()
        self._fault: Exception | None = None

    def find(self, tree: str, path: str) -> Artifact | None:
        """Find what a request path means: the file itself, or the index of a folder; None if there is no such file.

        Raises Refused if the file, or what was made on the way to it, must not be shown.
        """
        name = path.lstrip("/")
        folder = name if not name or name.endswith("/") else f"{name}/"
        names = (name, f"{folder}index.html")
        return self._preview(names) if tree == PREVIEWS else self._file(tree, names)

    def missing(self, tree: str) -> Artifact | None:
        """Give a tree's own page for what is not there. Raises as `find`."""
        return None if tree == PREVIEWS else self._file(tree, ("404.html",))

    def make_some(self) -> bool:
        """Make some files that nobody has asked for yet, after all who ask; False if there are none left."""
        waiting = (
            tree for name in (*self.readers, *_PREVIEWED) if (tree := self._trees.get(name)) and not tree.is_whole
        )
        tree = next(waiting, None)
        if tree is not None:
            with self._turns.last(), self._soundly():
                tree.make_some()
        return tree is not None

    def _file(self, tree: str, names: tuple[str, ...]) -> Artifact | None:
        stock = self._trees.get(tree)
        if stock is None:
            return None
        if not stock.is_whole and not any(name in stock.files for name in names):
            with self._turns.first(), self._soundly():
                stock.make(names)
        return next((stock.files[name] for name in names if name in stock.files), None)

    @contextmanager
    def _soundly(self) -> Iterator[None]:
        """Raise what was raised before; a tree that stopped half-way must not be taken for a whole one."""
        if self._fault is not None:
            raise self._fault
        try:
            yield
        except Exception as error:
            self._fault = error
            raise

    def _preview(self, names: tuple[str, ...]) -> Artifact | None:
        """Find a mail or macro, a page that shows one, or the page that lists them all."""
        if "index.html" in names:
            return previews.contents(self._all("mail"), self._all("macros"), self._names)
        for name in names:
            top, _, rest = name.partition("/")
            if top in _PREVIEWED:
                shown = rest.removesuffix("/index.html")
                found = self._file(top, (rest, shown))
                if found is not None:
                    return found if found.path == rest else previews.page(found, top)
        return None

    def _all(self, tree: str) -> Mapping[str, Artifact]:
        self._file(tree, ("",))
        return self._trees[tree].files if tree in self._trees else {}


class _Turns:
    """A lock. Whoever asks for the first turn does not wait for those who can be last, but for what they are at."""

    def __init__(self) -> None:
        self._free = threading.Condition()
        self._taken = False
        self._asking = 0

    @contextmanager
    def first(self) -> Iterator[None]:
        with self._free:
            self._asking += 1
            self._free.wait_for(lambda: not self._taken)
            self._asking -= 1
            self._taken = True
        try:
            yield
        finally:
            self._release()

    @contextmanager
    def last(self) -> Iterator[None]:
        with self._free:
            self._free.wait_for(lambda: not (self._taken or self._asking))
            self._taken = True
        try:
            yield
        finally:
            self._release()

    def _release(self) -> None:
        with self._free:
            self._taken = False
            self._free.notify_all()
