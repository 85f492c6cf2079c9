"""The last good source of every incident, in `.heliograph/last-good/` of the site's folder: never in any tree.

One file per incident, named by its digest, and an index that says whose it is. The index is renamed into place last, so
that it never names a file that is not there whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from heliograph.load.files import Image, Source
from heliograph.load.site import folder_of
from heliograph.problems import Place, Problem
from heliograph.tree.fsio import Folder, Locked, locked, make_folder, put_file
from heliograph.tree.swap import LOCK, mend

STATE: Final = ".heliograph"
STORE: Final = f"{STATE}/last-good"
_INDEX: Final = "index.json"
_IGNORED: Final = (".gitignore", b"*\n")
"""What is kept for one machine is nothing to commit."""

_SUFFIX: Final = ".msgpack"
_Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class Story(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that was read of one incident's folder: its texts and pictures, each in order of path."""

    sources: tuple[Source, ...] = ()
    images: tuple[Image, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """Where all of it lay."""
        return (*(source.path for source in self.sources), *(image.path for image in self.images))


NOTHING: Final = Story()


class _Index(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Incidents' folders, each with the digest that names its file; `sha256` is that of the table."""

    schema: Literal[1]
    sha256: _Digest
    folders: dict[str, _Digest]


class Memory(msgspec.Struct, frozen=True):
    """What to remember once the build is done: all folders with their digests, and the bytes not yet kept."""

    folders: dict[str, str]
    fresh: dict[str, bytes]


class LastGood:
    """What is remembered of a site. Reads only; what is damaged counts as not remembered, and `problems` says so."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.problems: tuple[Problem, ...] = ()
        self.folders: dict[str, str] = {}
        self._names: frozenset[str] = frozenset()
        self._read_index()

    @property
    def is_tidy(self) -> bool:
        """Tell whether just the files that the index names are there."""
        return self._names == {_INDEX, *map(_name, self.folders.values())}

    def recall(self, folder: str) -> Story:
        """Give an incident's last good source; NOTHING if there is none."""
        digest = self.folders.get(folder)
        if digest is None:
            return NOTHING
        try:
            with Folder.open(self._root / STATE) as state, state.folder("last-good") as store:
                story = _decoded(store.read(_name(digest)), digest)
        except (OSError, ValueError, msgspec.MsgspecError):
            story = NOTHING
        if not story.sources or any(folder_of(path) != folder for path in story.paths):
            self._damaged(f"what is kept of {folder} is missing or damaged")
            return NOTHING
        return story

    def with_(self, good: Mapping[str, Story], kept: Collection[str]) -> Memory:
        """Tell what to remember now: the stories of `good`, and of `kept` folders what was remembered before.

        A file that the index does not name counts as not kept: a killed run may have left half of it.
        """
        encoded = {folder: msgspec.msgpack.encode(story) for folder, story in good.items()}
        digests = {folder: hashlib.sha256(data).hexdigest() for folder, data in encoded.items()}
        known = {digest for digest in self.folders.values() if _name(digest) in self._names}
        fresh = {digests[folder]: data for folder, data in encoded.items() if digests[folder] not in known}
        before = {folder: digest for folder, digest in self.folders.items() if folder in kept}
        return Memory(before | digests, fresh)

    def _read_index(self) -> None:
        try:
            with Folder.open(self._root / STATE) as state, state.folder("last-good") as store:
                self._names = frozenset(store.names())
                index = msgspec.json.decode(store.read(_INDEX), type=_Index)
            if index.sha256 != _digest(index.folders):
                raise ValueError(_INDEX)  # noqa: TRY301 -- told as the others are
        except FileNotFoundError:
            return
        except (OSError, ValueError, msgspec.MsgspecError):
            self._damaged("the list of what is kept is damaged")
        else:
            self.folders = index.folders

    def _damaged(self, what: str) -> None:
        hint = "remove the folder; the next good build keeps everything anew"
        self.problems += (Problem(Place(STORE), "W645", what, hint),)


def remember(root: Path, memory: Memory) -> bool:
    """Keep what a good build was made of; False if another run is just doing so. OSError if the disk refuses.

    Nothing is written where nothing changed.
    """
    now = LastGood(root)
    if not memory.fresh and now.folders == memory.folders and now.is_tidy:
        return True
    make_folder(root / STORE)
    with Folder.open(root / STATE) as state:
        try:
            with locked(root / STATE / LOCK), state.folder("last-good") as store:
                if state.kind(_IGNORED[0]) == "nothing":
                    put_file(state, *_IGNORED)
                _keep(store, memory)
        except Locked:
            return False
    return True


def _keep(store: Folder, memory: Memory) -> None:
    mend(store)
    for digest, data in sorted(memory.fresh.items()):
        name = _name(digest)
        if not store.holds(name, data):
            if store.kind(name) != "nothing":
                store.remove(name)
            store.create(name, data)
    store.flush_tree()
    index = _Index(schema=1, sha256=_digest(memory.folders), folders=dict(sorted(memory.folders.items())))
    put_file(store, _INDEX, msgspec.json.encode(index) + b"\n")
    wanted = set(map(_name, memory.folders.values()))
    for name in store.names():
        if name.endswith(_SUFFIX) and name not in wanted:
            store.remove(name)


def _name(digest: str) -> str:
    return f"{digest}{_SUFFIX}"


def _decoded(data: bytes, digest: str) -> Story:
    if hashlib.sha256(data).hexdigest() != digest:
        raise ValueError(digest)
    return msgspec.msgpack.decode(data, type=Story)


def _digest(folders: Mapping[str, str]) -> str:
    return hashlib.sha256(msgspec.json.encode(sorted(folders.items()))).hexdigest()
