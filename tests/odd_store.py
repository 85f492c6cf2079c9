"""Stores that are not quite S3, and a way to one on which replies get lost; each is a small HTTP server."""

from __future__ import annotations

import hashlib
import http.client
import threading
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

EMPTY = b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"


class _Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Say nothing."""

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def reply(self, status, data=b"", **headers):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)


class OddStore:
    """Keeps objects in memory. `ways` are what it does otherwise than S3: `deaf` (to all conditions),
    `deaf to If-Match`, `bare` (compares bare ETags), `busy` (first answers 409), `no etag`, `endless` (listings)."""

    def __init__(self, *ways):
        self.ways = ways
        self.objects = {}
        self.asked = Counter()
        self.lock = threading.Lock()

    def may_put(self, path, headers):
        if "deaf" in self.ways:
            return True
        if headers.get("If-None-Match") == "*" and path in self.objects:
            return False
        wanted = headers.get("If-Match")
        if wanted is None or "deaf to If-Match" in self.ways:
            return True
        have = self.etag(path)
        return wanted == (have.strip('"') if "bare" in self.ways else have)

    def etag(self, path):
        return '"' + hashlib.md5(self.objects.get(path, b"")).hexdigest() + '"'

    def handler(self):
        store = self

        class Handler(_Quiet):
            def do_PUT(self):
                data, path = self.body(), urlsplit(self.path).path
                with store.lock:
                    store.asked[path] += 1
                    if "busy" in store.ways and store.asked[path] == 1:
                        return self.reply(409, b"<Error><Code>ConditionalRequestConflict</Code></Error>")
                    if not store.may_put(path, self.headers):
                        return self.reply(412, b"<Error><Code>PreconditionFailed</Code></Error>")
                    store.objects[path] = data
                    return self.reply(200, **({} if "no etag" in store.ways else {"ETag": store.etag(path)}))

            def do_GET(self):
                url = urlsplit(self.path)
                if "list-type" in parse_qs(url.query):
                    return self.reply(200, EMPTY.replace(b"false", b"true") if "endless" in store.ways else EMPTY)
                if url.path not in store.objects:
                    return self.reply(404, b"<Error><Code>NoSuchKey</Code></Error>")
                return self.reply(200, store.objects[url.path], ETag=store.etag(url.path))

        return Handler


def losing(target, lost, wanted):
    """A way to `target`, a `host:port`, on which the reply to a PUT is lost if `wanted` of its path and turn."""
    turns, lock = Counter(), threading.Lock()

    class Handler(_Quiet):
        def pass_on(self):
            data = self.body()
            upstream = http.client.HTTPConnection(target, timeout=30)
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name not in ("Connection", "Expect"):
                    upstream.putheader(name, value)
            upstream.endheaders(data)
            answer = upstream.getresponse()
            content = answer.read()
            headers = {
                name: value for name, value in answer.getheaders() if name not in ("Content-Length", "Connection")
            }
            upstream.close()
            with lock:
                turns[self.command, self.path] += 1
                if self.command == "PUT" and wanted(self.path, turns[self.command, self.path]):
                    lost.append(self.path)
                    self.close_connection = True
                    return
            self.reply(answer.status, content, **headers)

        def do_GET(self):
            self.pass_on()

        def do_PUT(self):
            self.pass_on()

    return Handler


@contextmanager
def answering(handler):
    """Run such a server on loopback; gives its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
