"""What is saved below a site, gathered until it is quiet: which paths, and when to stop waiting for more."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path
from typing import Final

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import ObservedWatch

_TOPS: Final = ("site_src", "layouts", "audiences", "incidents")
_CHANGES: Final = frozenset({"created", "modified", "moved", "deleted"})
"""Merely reading a file makes events of other kinds."""
_TEMPORARY: Final = re.compile(
    r"\..*|#.*#?|.*~|\d+|.*\.(?:swp|swx|tmp|temp|bak|part)|.*___jb_(?:tmp|old)___", re.DOTALL
)
"""What editors leave beside a file for a moment; Vim tries out a folder with a file named by a number."""
_QUIET: Final = 0.01
"""Seconds without a change after which a save is taken to be over: editors write more than once."""
_PATIENCE: Final = 0.3
"""Seconds after which it is taken to be over in any case."""


class Changes:
    """Paths that changed, relative to the site with forward slashes, until somebody takes them."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._paths: set[str] = set()
        self._notes = 0
        self._stopped = False

    def note(self, path: str) -> None:
        """Add a path."""
        with self._news:
            self._paths.add(path)
            self._notes += 1
            self._news.notify_all()

    def stop(self) -> None:
        """Wake whoever waits, for the last time."""
        with self._news:
            self._stopped = True
            self._news.notify_all()

    def take(self, timeout: float | None) -> frozenset[str] | None:
        """Wait for changes and for the end of them; none after `timeout` seconds, None when it is time to stop."""
        with self._news:
            self._news.wait_for(lambda: self._paths or self._stopped, timeout)
            self._settle()
            taken, self._paths = frozenset(self._paths), set()
            return None if self._stopped else taken

    def _settle(self) -> None:
        end = time.monotonic() + _PATIENCE
        known = -1
        while self._paths and self._notes != known and not self._stopped and time.monotonic() < end:
            known = self._notes
            self._news.wait_for(lambda: self._stopped, _QUIET)


class Watcher:
    """Watches a site's folders, also those that come, go and come back."""

    def __init__(self, root: Path, changes: Changes) -> None:
        self._root, self._handler = root, _Handler(root, changes)
        self._watches: dict[str, tuple[int, ObservedWatch]] = {}
        self._observer = Observer()
        self._observer.schedule(self._handler, str(root), recursive=False)
        self._observer.start()
        self.follow()

    def follow(self) -> None:
        """Watch the folders that have appeared, or been replaced, since the last time."""
        for name in _TOPS:
            number = _number(self._root / name)
            known = self._watches.get(name)
            if known is not None and known[0] != number:
                self._observer.unschedule(known[1])
                del self._watches[name]
            if number and name not in self._watches:
                watch = self._observer.schedule(self._handler, str(self._root / name), recursive=True)
                self._watches[name] = (number, watch)

    def stop(self) -> None:
        """Stop watching."""
        self._observer.stop()
        self._observer.join()


class _Handler(FileSystemEventHandler):
    def __init__(self, root: Path, changes: Changes) -> None:
        self._root, self._changes = root, changes

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type not in _CHANGES or (event.is_directory and event.event_type == "modified"):
            return  # that a folder was modified says only that something in it was, which has events of its own
        for path in (event.src_path, event.dest_path):
            if isinstance(path, str) and path:
                self._note(Path(path).relative_to(self._root).parts)

    def _note(self, parts: tuple[str, ...]) -> None:
        """Note a source by its path in the site; nothing that is not read, and no editor's temporary."""
        if parts and parts[0] in _TOPS and not any(map(_TEMPORARY.fullmatch, parts)):
            self._changes.note("/".join(parts))


def _number(folder: Path) -> int:
    """Give the inode of a folder; 0 if there is none."""
    return folder.stat().st_ino if folder.is_dir() else 0
