"""A plain static host on the loopback: knows the usual types, lets other origins read, rewrites nothing."""

import functools
import http.server
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from heliograph.tree.artifact import Artifact


class _Host(http.server.SimpleHTTPRequestHandler):
    extensions_map = {  # noqa: RUF012 -- the library's own hook
        ".html": "text/html",
        ".js": "text/javascript",
        ".json": "application/json",
        ".atom": "application/atom+xml",
        ".rss": "application/rss+xml",
        ".svg": "image/svg+xml",
    }

    def end_headers(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on a free port; gives the address without a slash at its end."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Host, directory=folder))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def laid_out(folder: Path, artifacts: Iterable[Artifact]) -> Path:
    """Write artifacts below a folder, which is given back."""
    for artifact in artifacts:
        path = folder / artifact.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(artifact.data)
    return folder
