"""Builds, serves, and builds again when a source is saved; the last good build stays up while there are problems."""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path
from typing import Final

import click
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from heliograph.cli.errors import show_problems
from heliograph.cli.house import House, Stop, instant_for
from heliograph.pipeline import trees
from heliograph.problems import Refused
from heliograph.render.layouts import Layouts
from heliograph.serve.http import ReaderServer
from heliograph.serve.shelf import Shelf, stock

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
        if (
            event.event_type in _CHANGES
            and not name.startswith((".", "#"))
            and not name.endswith(("~", ".swp", ".tmp"))
        ):
            self._bell.set()


class _Workshop:
    """Keeps the newest good build."""

    def __init__(self, house: House, at: datetime | None) -> None:
        self._house, self._at = house, at
        self._shelf = self._make()

    def newest(self) -> Shelf:
        """Give the newest good build."""
        return self._shelf

    def renew(self) -> None:
        """Build again; on problems say so and keep what there is."""
        try:
            self._shelf = self._make()
            self._house.say("Made anew.")
        except Refused as refused:
            show_problems(refused.problems)
            self._house.say("The last good pages stay up.")

    def _make(self) -> Shelf:
        site, _ = self._house.load()
        return stock(trees(site, Layouts(self._house.root / "layouts"), instant_for(site, self._at)))


def run(house: House, port: int, at: datetime | None) -> None:
    """Serve until interrupted: the first reader on `port`, each further one on the next."""
    workshop = _Workshop(house, at)
    servers = _open_servers(workshop, port)
    for server in servers:
        server.start()
        click.echo(f"  {server.tree:<16} {server.url}")
    house.say("Pages are made anew when a file is saved. Stop with Ctrl-C.")
    bell = threading.Event()
    watcher = _watch(house.root, bell)
    try:
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
    try:
        return [ReaderServer(port + step, tree, workshop.newest) for step, tree in enumerate(workshop.newest().trees)]
    except OSError as error:
        raise Stop(
            f"port {port} or one of those after it is taken ({error.strerror}); choose another: --port N"
        ) from error


def _watch(root: Path, bell: threading.Event) -> BaseObserver:
    observer = Observer()
    for name in _SOURCES:
        if (root / name).is_dir():
            observer.schedule(_Saved(bell), str(root / name), recursive=True)
    observer.start()
    return observer
