"""Serves, and builds again when a source is saved; the last good build stays up while there are problems."""

from __future__ import annotations

import gc
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from heliograph.serve.http import ADDRESS, ReaderServer
from heliograph.serve.watch import Changes, Watcher
from heliograph.serve.workshop import Make, Tell, Workshop

_GLANCE: Final = 1.0
"""Seconds after which to look whether the clock has changed what pages say."""
_FIRST: Final = {"public": "Public"}
"""Whose port is there while nothing good is."""
_HIGHEST: Final = 65535


class Ports:
    """The servers, one for each reader there has ever been: the first on `first`, each further one on the next."""

    def __init__(self, workshop: Workshop, first: int, tell: Tell) -> None:
        self._workshop, self._next, self._tell = workshop, first, tell
        self._servers: dict[str, ReaderServer] = {}
        self._gone: set[str] = set()
        self.numbers: Mapping[str, tuple[str, int]] = {}
        """The words and port of each reader, by tree; swapped whole."""

    def match(self, readers: Mapping[str, str]) -> None:
        """Open a port for each reader that has none, and say which are gone.

        Raises OSError if one of the first ports is taken; readers that come later then get another.
        """
        for tree, words in readers.items():
            if tree not in self._servers:
                server = self._servers[tree] = self._open(tree)
                server.start()
                self._tell(f"  {words:<16} {server.url}")
        for tree in sorted(self._servers.keys() - readers.keys() - self._gone):
            self._tell(f"  {self.numbers[tree][0]:<16} is gone; its port says so")
        self._gone = self._servers.keys() - readers.keys()
        order = [*readers, *(tree for tree in self._servers if tree not in readers)]
        known = {tree: words for tree, (words, _) in self.numbers.items()}
        self.numbers = {tree: ({**known, **readers}[tree], self._servers[tree].server_port) for tree in order}

    def _open(self, tree: str) -> ReaderServer:
        number = self._next
        try:
            server = ReaderServer(number, tree, self._workshop, lambda: self.numbers)
        except OSError as error:
            if self.numbers:  # an audience that was added takes what there is
                return ReaderServer(0, tree, self._workshop, lambda: self.numbers)
            why = f"{error.strerror}; choose another with --port"
            raise OSError(error.errno, why, f"{ADDRESS}:{number}") from error
        self._next = min(number + 1, _HIGHEST) if number else 0
        return server

    def close(self) -> None:
        """Close all servers."""
        for server in self._servers.values():
            server.close()


def run(make: Make, root: Path, port: int, tell: Tell, changes: Changes | None = None) -> None:
    """Serve until interrupted what `make` gives: the first reader on `port`, each further one on the next.

    `make` is called again whenever a source below `root` is saved, and when the clock changes what pages say; it may
    raise Refused. `port` 0 takes any that are free. `changes.stop()` ends it, too. Raises OSError for a port that is
    taken.
    """
    changes = changes or Changes()
    workshop = Workshop(make, tell)
    ports = Ports(workshop, port, tell)
    proving = threading.Thread(target=workshop.prove, name="prove", daemon=True)
    collecting = gc.isenabled()
    gc.disable()  # going through all that is kept would take longer than most builds; it is done when they are over
    with ExitStack() as stack:
        if collecting:
            stack.callback(gc.enable)
        watcher = Watcher(root, changes)  # before the first build, so that nothing saved while it runs is missed
        stack.callback(watcher.stop)
        stack.callback(ports.close)
        stack.callback(workshop.close)
        workshop.renew(None)
        _match(ports, workshop)
        proving.start()
        stack.callback(proving.join)
        stack.callback(workshop.close)
        tell("Pages are made anew when a file is saved. Stop with Ctrl-C.")
        while (changed := changes.take(_GLANCE)) is not None:
            if changed or workshop.is_due(datetime.now(UTC)):
                watcher.follow()
                workshop.renew(changed)
                _match(ports, workshop)


def _match(ports: Ports, workshop: Workshop) -> None:
    """Give every reader of what stands a port, and let open pages know; the first has one in any case."""
    shelf, before = workshop.now.shelf, ports.numbers
    if shelf is not None:
        ports.match(shelf.readers)
    elif not before:
        ports.match(_FIRST)
    if ports.numbers != before:
        workshop.announce()
