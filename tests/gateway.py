"""What stands between readers and a bucket: gateways that let everybody in, or nobody, or do neither; and a store's
own front door that denies what a policy would."""

from __future__ import annotations

import http.client
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from heliograph.stores import client


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    """With the library's five, a caller who asks for eight things at once waits a second for some."""


@contextmanager
def answering(handler):
    """Run a server on loopback; gives its address."""
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


OPEN = None
"""A guard that lets everybody in; the others are functions of a path that give a status and header fields."""


def asks_for_a_password(_path):
    return 401, {"WWW-Authenticate": 'Basic realm="staff"'}


def forbids(_path):
    return 403, {}


def fails(_path):
    return 500, {}


def knows_nothing(_path):
    return 404, {}


def tests_for_robots(_path):
    return 403, {"cf-mitigated": "challenge"}


def sends_to_login(path):
    return 302, {"Location": f"https://login.example/authorize?next={path}"}


def sends_to_itself(path):
    return 302, {"Location": f"/{path}?again"}


def guards_pages_only(path):
    """Leave open what is no page: feeds, pictures, the API."""
    return None if path and not path.endswith(("/", ".html")) else (401, {})


@contextmanager
def gateway(place, guard=OPEN):
    """Serve what lies at a place in a bucket to whom `guard` lets in; gives the address."""
    store, prefix = client(place), f"{place.prefix.strip('/')}/" if place.prefix.strip("/") else ""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            path = unquote(urlsplit(self.path).path).lstrip("/")
            kept_out = guard(path) if guard else None
            if kept_out is not None:
                return self.reply(*kept_out)
            try:
                found = store.get_object(
                    Bucket=place.bucket, Key=prefix + path + "index.html" * (path[-1:] in ("", "/"))
                )
            except store.exceptions.ClientError:
                return self.reply(404, {})
            return self.reply(200, {"Content-Type": found["ContentType"]}, found["Body"].read())

        def reply(self, status, fields, data=b""):
            self.send_response(status)
            for name, value in {**fields, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            """Say nothing."""

    with answering(Handler) as address:
        yield address
    store.close()


@contextmanager
def front_door(endpoint, denies):
    """Pass requests on to a store, but answer 403 to those that `denies` (a function of the handler) is true of."""
    target = urlsplit(endpoint).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self):
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if denies(self):
                return self.reply(403, [], b"<Error><Code>AccessDenied</Code></Error>" * (self.command != "HEAD"))
            upstream = http.client.HTTPConnection(target, timeout=30)
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name not in ("Connection", "Expect"):
                    upstream.putheader(name, value)
            upstream.endheaders(data)
            answer = upstream.getresponse()
            fields = [
                one
                for one in answer.getheaders()
                if one[0] not in ("Content-Length", "Connection", "Transfer-Encoding")
            ]
            content = answer.read()
            upstream.close()
            return self.reply(answer.status, fields, content)

        def reply(self, status, fields, data):
            self.send_response(status)
            for name, value in [*fields, ("Content-Length", str(len(data)))]:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            """Say nothing."""

    for method in ("GET", "HEAD", "PUT", "POST", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.pass_on)
    with answering(Handler) as address:
        yield address
