"""Serves, and builds again when a source is saved; the last good build stays up while there are problems."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from heliograph.problems import Refused
from heliograph.serve.http import ADDRESS, ReaderServer
from heliograph.serve.shelf import Shelf

Make = Callable[[], Shelf]
Tell = Callable[[str], None]

_SOURCES: Final = ("site_src", "layouts", "audiences", "incidents")
_CHANGES: Final = frozenset({"created", "modified", "moved", "deleted"})
_SETTLE: Final = 0.05
"""Seconds to wait after a save: editors write more than once."""
_REFRESH: Final = 30.0
"""Seconds after which a page that depends on the clock is made again."""


class _Saved(FileSystemEventHandler):
    """Rings when a source changes; reads and editors' temporaries do not count."""

    def __init__(self, bell: threading.Event) -> None:
        self._bell = bell

    def on_any_event(self, event: FileSystemEvent) -> None:
        name = Path(str(event.src_path)).name
        temporary = name.startswith((".", "#")) or name.endswith(("~", ".swp", ".tmp"))
        if event.event_type in _CHANGES and not temporary:
            self._bell.set()


class _Workshop:
    """Keeps the newest good build."""

    def __init__(self, make: Make, tell: Tell) -> None:
        self._make, self._tell = make, tell
        self._shelf = make()

    def newest(self) -> Shelf:
        """Give the newest good build."""
        return self._shelf

    def renew(self) -> None:
        """Build again; on problems say so and keep what there is."""
        try:
            self._shelf = self._make()
        except Refused as refused:
            for problem in refused.problems:
                self._tell(str(problem))
            self._tell("The last good pages stay up.")


def run(make: Make, root: Path, port: int, tell: Tell) -> None:
    """Serve until interrupted what `make` gives: the first reader on `port`, each further one on the next.

    `make` is called again whenever a source below `root` is saved, and may raise Refused. Raises Refused for a first
    build that fails, OSError for a port that is taken.
    """
    bell = threading.Event()
    watcher = _watch(root, bell)  # before the first build, so that nothing saved while it runs is missed
    servers: list[ReaderServer] = []
    try:
        workshop = _Workshop(make, tell)
        servers += _open_servers(workshop, port)
        for server in servers:
            server.start()
            tell(f"  {server.tree:<16} {server.url}")
        tell("Pages are made anew when a file is saved. Stop with Ctrl-C.")
        while True:
            if bell.wait(_REFRESH):
                threading.Event().wait(_SETTLE)
            bell.clear()
            workshop.renew()
    finally:
        watcher.stop()
        for server in servers:
            server.shutdown()


def _open_servers(workshop: _Workshop, port: int) -> list[ReaderServer]:
    servers: list[ReaderServer] = []
    for number, tree in enumerate(workshop.newest().trees, start=port):
        try:
            servers.append(ReaderServer(number, tree, workshop.newest))
        except OSError as error:
            raise OSError(
                error.errno, f"{error.strerror}; choose another with --port", f"{ADDRESS}:{number}"
            ) from error
    return servers


def _watch(root: Path, bell: threading.Event) -> BaseObserver:
    observer = Observer()
    for name in _SOURCES:
        if (root / name).is_dir():
            observer.schedule(_Saved(bell), str(root / name), recursive=True)
    observer.start()
    return observer
