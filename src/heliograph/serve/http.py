"""One small server for each reader, on loopback only."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from heliograph.serve import dress
from heliograph.serve.shelf import PREVIEWS
from heliograph.serve.workshop import Standing, Workshop
from heliograph.tree.artifact import Artifact

ADDRESS: Final = "127.0.0.1"
_NAMES: Final = frozenset({ADDRESS, "localhost"})
_TEXT: Final = "text/plain; charset=utf-8"
_READ_AS_TEXT: Final = ("message/rfc822", "text/markdown")
"""What browsers would put into a file instead of showing it."""
_NAMED_BY_CONTENT: Final = re.compile(r"^assets/[^/]*[0-9a-f]{12}[^/]*$")
"""Files that browsers may keep while the page around them is loaded again."""
_PULSE: Final = 15.0
"""Seconds after which a silent stream is written to, to learn whether anybody still listens."""
_IDLE: Final = 20.0
"""Seconds to wait for a request on a connection that was opened."""

Ports = Callable[[], Mapping[str, tuple[str, int]]]
"""Gives each reader's words and port, by tree."""


class ReaderServer(ThreadingHTTPServer):
    """Hands out one tree of what stands in the workshop. `port` 0 takes any that is free."""

    daemon_threads = False  # closing waits for them

    def __init__(self, port: int, tree: str, workshop: Workshop, ports: Ports) -> None:
        super().__init__((ADDRESS, port), _Handler)
        self.tree, self.workshop, self.ports = tree, workshop, ports
        self.own = dress.own_files()
        self._connections: set[socket.socket] = set()
        self._serving = threading.Thread(target=self.serve_forever, args=(0.05,), name=f"serve {tree}", daemon=True)

    @property
    def url(self) -> str:
        """Where a browser finds it."""
        return f"http://{ADDRESS}:{self.server_port}/"

    def start(self) -> None:
        """Serve in a thread that ends with the program."""
        self._serving.start()

    def close(self) -> None:
        """Stop, and hang up on everybody."""
        self.shutdown()
        self._serving.join()
        for connection in tuple(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Keep the connection in mind, and answer in a thread of its own."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a browser that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: ReaderServer
    server_version = "heliograph"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = _IDLE

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        host = (self.headers.get("Host") or "").rsplit(":", 1)[0]
        if host not in _NAMES:
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST, "This server answers to localhost only")
            return
        address = urlsplit(self.path)
        path = unquote(address.path)
        own = self.server.own.get(path)
        if own is not None:
            self._send(HTTPStatus.OK, own.media_type, own.data, with_body, keep=True)
        elif path == dress.EVENTS:
            self._stream(parse_qs(address.query).get("page", ["/"])[0], with_body)
        else:
            self._answer_with_page(path, has_switched=address.query == "switched", with_body=with_body)

    def _answer_with_page(self, path: str, *, has_switched: bool, with_body: bool) -> None:
        answer = self.server.workshop.find(self.server.tree, path)
        standing, found = answer.standing, answer.artifact
        if has_switched and not answer.is_found and path != "/":
            self._redirect()
            return
        status = HTTPStatus.OK if answer.is_found else HTTPStatus.NOT_FOUND
        if not answer.is_found and (note := self._note(standing, has_page=found is not None)):
            status, found = note
        assert found is not None
        data = dress.dressed(found, self.server.tree, self._version(standing))
        as_text = self.server.tree == PREVIEWS and found.media_type.startswith(_READ_AS_TEXT)
        keep = answer.is_found and _NAMED_BY_CONTENT.search(found.path) is not None
        self._send(status, _TEXT if as_text else found.media_type, data, with_body, keep=keep)

    def _note(self, standing: Standing, *, has_page: bool) -> tuple[HTTPStatus, Artifact] | None:
        """Say why there is no page at all; None where the tree has one that says so."""
        if standing.shelf is None:
            words = "What is wrong stands below. This page shows itself when that is mended."
            return HTTPStatus.SERVICE_UNAVAILABLE, dress.notice("Nothing to show yet", words)
        if self.server.tree not in standing.shelf.readers:
            words = "The site no longer has pages for this audience."
            return HTTPStatus.GONE, dress.notice("This reader is gone", words)
        if has_page:
            return None
        return HTTPStatus.NOT_FOUND, dress.notice("Not found", "This reader has no such page.")

    def _version(self, standing: Standing) -> str:
        return f"{self.server.workshop.run}-{standing.version}"

    def _stream(self, page: str, with_body: bool) -> None:
        """Tell what stands, and again whenever that changes, as server-sent events, until somebody hangs up."""
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.close_connection = True
        self._send_common_headers()
        workshop, revision = self.server.workshop, -1
        with workshop.looking(self.server.tree, page):
            while with_body and (newest := workshop.wait(revision, _PULSE)) is not None:
                standing = workshop.now
                told = dress.news(standing, self._version(standing), self.server.ports())
                try:
                    self.wfile.write(b"data: " + told + b"\n\n" if newest != revision else b": still here\n\n")
                except OSError:
                    return
                revision = newest

    def _redirect(self) -> None:
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("Location", "/")
        self.send_header("Content-Length", "0")
        self._send_common_headers()

    def _send(self, status: HTTPStatus, media_type: str, data: bytes, with_body: bool, *, keep: bool) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(data)))
        self._send_common_headers(keep=keep)
        if with_body:
            self.wfile.write(data)

    def _send_common_headers(self, *, keep: bool = False) -> None:
        self.send_header("Cache-Control", "max-age=86400, immutable" if keep else "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's name
        """Say nothing: requests are not news."""
