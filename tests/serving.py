"""A running `serve` for tests: real folders, real events, real ports, and everything closed at the end."""

import http.client
import threading
import time
from contextlib import contextmanager

from heliograph.cli.house import House
from heliograph.cli.serve import Maker
from heliograph.egress import Part, Watch
from heliograph.serve.run import run
from heliograph.serve.shelf import Offer
from heliograph.serve.watch import Changes
from heliograph.tree.artifact import text_artifact


def within_a_minute(true):
    """Wait for something that is seldom more than a blink away; a busy machine gets its time."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False


def part(artifacts, hidden=()):
    """Files of one reader, from whom `hidden` is withheld."""
    return Part(Watch(reader="public", hidden=lambda: hidden, authored=(), shown=()), artifacts)


def offer(words, **more):
    """A public tree of three pages and a feed, and one mail."""
    pages = {"index.html": words, "404.html": "none", "a/index.html": f"<body>a {words}</body>", "f.atom": "<feed/>"}
    files = [text_artifact(path, text) for path, text in pages.items()]
    trees = {"mail": [part([text_artifact("exec/digest.txt", "mail")])], "public": [part(files)]}
    return Offer(trees=trees, names={"public": "Public", "exec": "Executives"}, **more)


class Served:
    """What is known of a running `serve`: all that it told, and where readers are."""

    def __init__(self):
        self.told: list[str] = []

    def tell(self, line):
        self.told.append(line)

    def port(self, words):
        """The port that was told for a reader."""
        return next(
            int(line.rstrip("/").rpartition(":")[2])
            for line in self.told
            if line.strip().startswith(f"{words} ") and "http" in line
        )

    def get(self, words, path="/"):
        """What a reader gets: status and text."""
        return ask(self.port(words), path)[:2]


def ask(port, path, method="GET", host="localhost"):
    """One request, its path sent as it is: status, text and headers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.putrequest(method, path, skip_host=True)
        connection.putheader("Host", host)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers
    finally:
        connection.close()


@contextmanager
def serving(root, make=None):
    """Serve a site, on ports that are free; what `make` gives, or what the command would make of it."""
    served, changes = Served(), Changes()
    arguments = (make or Maker(House(root=root)), root, 0, served.tell, changes)
    thread = threading.Thread(target=run, args=arguments)
    thread.start()
    try:
        assert within_a_minute(lambda: any("Stop with" in line for line in served.told))
        yield served
    finally:
        changes.stop()
        thread.join()
