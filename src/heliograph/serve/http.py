"""One small server for each reader, on loopback only."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import unquote, urlsplit

from heliograph.serve.shelf import Shelf
from heliograph.tree.artifact import Artifact

ADDRESS: Final = "127.0.0.1"
_NAMES: Final = frozenset({ADDRESS, "localhost"})


class ReaderServer(ThreadingHTTPServer):
    """Hands out one tree of the newest good build."""

    daemon_threads = True

    def __init__(self, port: int, tree: str, newest: Callable[[], Shelf]) -> None:
        super().__init__((ADDRESS, port), _Handler)
        self.tree = tree
        self.newest = newest

    @property
    def url(self) -> str:
        """Where a browser finds it."""
        return f"http://{ADDRESS}:{self.server_port}/"

    def start(self) -> None:
        """Serve in a thread that ends with the program."""
        threading.Thread(target=self.serve_forever, name=f"serve {self.tree}", daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    server: ReaderServer
    server_version = "heliograph"
    sys_version = ""

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        host = (self.headers.get("Host") or "").rsplit(":", 1)[0]
        if host not in _NAMES:
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST, "This server answers to localhost only")
            return
        shelf = self.server.newest()
        found = shelf.find(self.server.tree, unquote(urlsplit(self.path).path))
        if found is not None:
            self._send(HTTPStatus.OK, found, with_body)
        elif missing := shelf.missing(self.server.tree):
            self._send(HTTPStatus.NOT_FOUND, missing, with_body)
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def _send(self, status: HTTPStatus, artifact: Artifact, with_body: bool) -> None:
        self.send_response(status)
        self.send_header("Content-Type", artifact.media_type)
        self.send_header("Content-Length", str(len(artifact.data)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if with_body:
            self.wfile.write(artifact.data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's name
        """Say nothing: requests are not news."""
