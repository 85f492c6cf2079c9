"""A way to a store on which one chosen request goes wrong, or the publisher dies: HTTP/1.1, connections kept on both sides.

Requests are passed on as they came, with their `Host`: signatures cover that, and not where they went. They are counted
from each `struck` anew, all of them and those that write apart.
"""

from __future__ import annotations

import contextlib
import http.client
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Literal, NamedTuple
from urllib.parse import unquote, urlsplit

from heliograph.operations import BucketPlace
from heliograph.stores import client

Kind = Literal["500", "503", "drop before", "drop after", "stall", "truncated", "kill", "pause"]

FAULTS: Final[tuple[Kind, ...]] = ("500", "503", "drop before", "drop after", "stall", "truncated")
"""What a request can meet. A stalled one reaches the store after all, but only once its sender has given it up."""

WRITES: Final = frozenset({"PUT", "POST", "DELETE"})
STALL: Final = 1.2
"""Seconds for which a stalled request is held; clients that are to notice wait for less."""

_HOP: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "expect"})
_ERROR: Final = {
    "500": b"<Error><Code>InternalError</Code><Message>Struck.</Message></Error>",
    "503": b"<Error><Code>SlowDown</Code><Message>Struck.</Message></Error>",
}


class Fault(NamedTuple):
    """What happens to the `at`-th request, or the `at`-th that writes; `lasting`: to all that follow too."""

    kind: Kind
    at: int
    of_writes: bool = False
    lasting: bool = False

    def __str__(self) -> str:
        return f"{self.kind} {'from' if self.lasting else 'at'} {'write' if self.of_writes else 'request'} {self.at}"


class Asked(NamedTuple):
    """A request as it went through; `status` is the store's, 0 where it never got there."""

    method: str
    path: str
    query: str
    status: int
    struck: bool

    @property
    def writes(self) -> bool:
        """Tell whether it changes something."""
        return self.method in WRITES


class Log:
    """What went through since it was begun."""

    def __init__(self, fault: Fault | None, on_strike: Callable[[], None]) -> None:
        self.fault = fault
        self.on_strike = on_strike
        self.asked: list[Asked] = []
        self.requests = self.writes = 0
        self.is_dead = False
        """Whether the sender was killed: what it had sent and was not passed on yet is lost with it."""

    @property
    def strikes(self) -> list[Asked]:
        """The requests that met the fault: none if there were too few."""
        return [one for one in self.asked if one.struck]

    def count(self, *, writes: bool) -> bool:
        """Count a request; tell whether it is the one."""
        self.requests += 1
        self.writes += writes
        if self.fault is None or (self.fault.of_writes and not writes):
            return False
        number = self.writes if self.fault.of_writes else self.requests
        return number >= self.fault.at if self.fault.lasting else number == self.fault.at


class FaultyStore:
    """A way to a store, given by its http address; `address` is where it begins. `latency` in seconds is put in front of each request."""

    def __init__(self, store: str, context: ssl.SSLContext | None = None, latency: float = 0.0) -> None:
        self.target = urlsplit(store).netloc
        self._lock, self._one_at_a_time = threading.Lock(), threading.RLock()
        self._idle = threading.Condition(self._lock)
        self._busy = 0
        self.latency = latency
        self.patience = 60.0
        """Seconds after which a request that does not arrive whole is cut off, and a connection that is not used."""
        self.log = Log(None, lambda: None)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.request_queue_size = 64
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        scheme = "https" if context is not None else "http"
        self.address = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def answering(self) -> Iterator[FaultyStore]:
        """Answer until the block ends."""
        with _served(self._server):
            yield self

    @contextmanager
    def struck(self, fault: Fault | None = None, on_strike: Callable[[], None] = lambda: None) -> Iterator[Log]:
        """Count anew, and let one request meet `fault`; in the end wait for what is still under way.

        `on_strike` is called for `kill` and `pause` when the request has been passed on and not been answered.
        """
        log = Log(fault, on_strike)
        with self._lock:
            self.log = log
        try:
            yield log
        finally:
            self.quiet()
            with self._lock:
                self.log = Log(None, lambda: None)

    def quiet(self) -> None:
        """Wait until nothing is under way."""
        with self._idle:
            self._idle.wait_for(lambda: not self._busy, timeout=60)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        store = self

        class Handler(_PassingOn):
            way = store

            def setup(self) -> None:
                self.timeout = store.patience
                super().setup()

        return Handler

    @contextmanager
    def under_way(self) -> Iterator[Log]:
        """Hold that a request is being dealt with; gives the log that it belongs to."""
        with self._lock:
            self._busy += 1
            log = self.log
        try:
            yield log
        finally:
            with self._idle:
                self._busy -= 1
                self._idle.notify_all()

    @contextmanager
    def turn(self, log: Log, *, writes: bool) -> Iterator[bool]:
        """Count a request; tell whether it is struck.

        Those that write go one by one where the sender dies at one of them: so many have been done then, no more.
        """
        alone = writes and log.fault is not None and log.fault.kind in ("kill", "pause")
        if alone:
            self._one_at_a_time.acquire()
        try:
            with self._lock:
                struck = log.count(writes=writes)
            yield struck
        finally:
            if alone:
                self._one_at_a_time.release()


class _Reply(NamedTuple):
    status: int
    head: bytes
    body: bytes

    @property
    def data(self) -> bytes:
        return self.head + self.body


class _PassingOn(BaseHTTPRequestHandler):
    """One connection of a client, with one to the store."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    way: FaultyStore
    _upstream: http.client.HTTPConnection | None = None

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def finish(self) -> None:
        """Close both connections."""
        if self._upstream is not None:
            self._upstream.close()
        with contextlib.suppress(OSError):
            super().finish()

    def handle(self) -> None:
        """Serve until the client is gone."""
        with contextlib.suppress(OSError):
            super().handle()

    def do_PUT(self) -> None:
        """Take a request; all kinds alike. One whose sender died before the end of it never was."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length or self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            return
        with self.way.under_way() as log:
            time.sleep(self.way.latency)
            reply = self._dealt_with(log, body)
        self.connection.sendall(reply)

    do_GET = do_POST = do_DELETE = do_HEAD = do_PUT  # noqa: N815 -- the library's own names

    def _dealt_with(self, log: Log, body: bytes) -> bytes:
        """Do what is to happen; give the bytes to reply with. What is not a whole reply is the last on its connection."""
        with self.way.turn(log, writes=self.command in WRITES) as struck:
            kind = log.fault.kind if struck and log.fault is not None else None
            if log.is_dead:
                self.close_connection = True
                return b""
            if kind in _ERROR:
                return self._error(log, kind)
            if kind == "stall":
                time.sleep(STALL)
            reply = None if kind == "drop before" else self._passed_on(body)
            self._note(log, 0 if reply is None else reply.status, struck=struck)
            if kind in ("kill", "pause"):
                log.is_dead = kind == "kill"
                log.on_strike()
            self.close_connection = kind not in (None, "pause")
            return _what_comes_back(kind, reply)

    def _error(self, log: Log, kind: str) -> bytes:
        self._note(log, 0, struck=True)
        data = _ERROR[kind]
        head = f"HTTP/1.1 {kind} Struck\r\nContent-Type: application/xml\r\nContent-Length: {len(data)}\r\n\r\n"
        return head.encode() + (b"" if self.command == "HEAD" else data)

    def _note(self, log: Log, status: int, *, struck: bool) -> None:
        url = urlsplit(self.path)
        log.asked.append(Asked(self.command, unquote(url.path), url.query, status, struck))

    def _passed_on(self, body: bytes) -> _Reply:
        """Ask the store, once more where it has closed the connection that was kept."""
        for _ in range(3):
            try:
                return self._asked(body)
            except (http.client.RemoteDisconnected, ConnectionError):
                self._upstream = None
        raise AssertionError("the store does not answer")

    def _asked(self, body: bytes) -> _Reply:
        if self._upstream is None:
            self._upstream = http.client.HTTPConnection(self.way.target, timeout=30)
        upstream = self._upstream
        upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in _HOP:
                upstream.putheader(name, value)
        if body or self.command in ("PUT", "POST"):
            upstream.putheader("Content-Length", str(len(body)))
        upstream.endheaders(body or None)
        answer = upstream.getresponse()
        data = answer.read()
        lines = [f"HTTP/1.1 {answer.status} {answer.reason}"]
        lines += [f"{name}: {value}" for name, value in answer.getheaders() if name.lower() not in _HOP]
        length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(data))
        lines += [f"Content-Length: {length}"] if length is not None and answer.status not in (204, 304) else []
        return _Reply(answer.status, "\r\n".join([*lines, "", ""]).encode("latin-1"), data)


def _what_comes_back(kind: Kind | None, reply: _Reply | None) -> bytes:
    if reply is None or kind in ("drop after", "stall", "kill"):
        return b""
    if kind == "truncated":
        return reply.head + reply.body[: len(reply.body) // 2] if reply.body else reply.head[: len(reply.head) // 2]
    return reply.data


class Window:
    """Where strangers read what lies in a bucket, whatever its policy: as a CDN in front of it would answer them.

    `address` is that of the bucket; a folder is its `index.html`.
    """

    def __init__(self, place: BucketPlace) -> None:
        self._bucket = place.bucket
        self._client = client(place)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def answering(self) -> Iterator[Window]:
        """Answer until the block ends."""
        with _served(self._server):
            yield self
        self._client.close()

    def look(self, key: str) -> tuple[int, str, bytes]:
        """Give status, media type and bytes of an object."""
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=key)
        except self._client.exceptions.NoSuchKey:
            return 404, "text/plain", b"nothing\n"
        return 200, found["ContentType"], found["Body"].read()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        window = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                path = unquote(urlsplit(self.path).path).removeprefix("/")
                status, kind, data = window.look(f"{path}index.html" if path.endswith("/") else path)
                head = f"HTTP/1.1 {status} Seen\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n\r\n"
                self.connection.sendall(head.encode() + data)

        return Handler


@contextmanager
def _served(server: ThreadingHTTPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
