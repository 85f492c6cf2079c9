"""A publisher for tests, as a process of its own: `python register_runner.py NAME CONTENT TURNS WAYS`, the shelf in its
environment.

It publishes a tree of its own TURNS times into the folder CONTENT, file by file, and prints the id of each release it
committed; it looks again while another publishes. WAYS are words: `careless` publishers do not ask for the lease, and
commit whatever is there; `killed` ones end in the middle of their first turn.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from heliograph.buckets import Bucket
from heliograph.operations import BucketPlace, Secret
from heliograph.publish.folder_shelf import FolderShelf
from heliograph.publish.plan import plan_publish
from heliograph.publish.register import Busy, Overtaken, Register, Turn
from heliograph.publish.release import Edition
from heliograph.tree.artifact import Artifact
from heliograph.tree.manifest import entry_of, make_manifest

PATHS = ("index.html", "a.html", "b.html", "c.html", "data.json")
EDITION = Edition(as_of=datetime(2026, 11, 21, 14, 30, tzinfo=UTC), revision="", version="0")


def manifest_of(words, site="acme"):
    """The manifest of a tree whose files say these words, by path."""
    entries = [entry_of(Artifact(path, word.encode())) for path, word in words.items()]
    return make_manifest("public", "external", site, entries, None)


def described(place):
    """What a process has to be told about a shelf, for its environment."""
    if isinstance(place, Path):
        return {"SHELF": str(place)}
    bucket = {"bucket": place.bucket, "prefix": place.prefix, "endpoint": place.endpoint, "key": place.access_key}
    return {"SHELF_BUCKET": json.dumps({**bucket, "secret": place.secret_key.revealed, "ca": str(place.ca_file or "")})}


def shelf_from(environment):
    """The shelf that `described` told of."""
    if "SHELF" in environment:
        return FolderShelf(Path(environment["SHELF"]))
    told = json.loads(environment["SHELF_BUCKET"])
    ca_file = Path(told["ca"]) if told["ca"] else None
    where = {"bucket": told["bucket"], "prefix": told["prefix"], "endpoint": told["endpoint"], "ca_file": ca_file}
    return Bucket(BucketPlace(**where, access_key=told["key"], secret_key=Secret(told["secret"])))


def publish(register, words, content, pause=0.0):
    """Publish a tree as everybody does; gives what was committed."""
    manifest, seen = manifest_of(words), register.look()
    there = seen.manifest.everything if seen.manifest else ()
    plan = plan_publish(manifest.everything, there, (), seen.unsettled)
    turn = register.begin(seen, manifest, EDITION)
    for step in plan.steps:
        if step.action == "put":
            turn.hold()
            (content / step.path).write_text(words[step.path])
            time.sleep(pause)
    return turn.commit(datetime.now(UTC))


def careless():
    """Let everybody publish at any time, and write over whatever another wrote."""
    Register._probed = lambda self, head: head
    Register._refuse_busy = lambda self, head, found: None
    Turn.hold = lambda self: None
    for kind in (FolderShelf, Bucket):
        kind.put_if_match = lambda self, key, data, etag: self.put(key, data) or self.read(key).etag


def main(name, content, turns, ways):
    if "careless" in ways:
        careless()
    register = Register(
        shelf_from(os.environ), "acme", "public", timedelta(seconds=float(os.environ.get("TTL", "600")))
    )
    chance, done = random.Random(name), 0
    while done < turns:
        words = {path: f"{name} {done}" for path in PATHS if path != "c.html" or chance.random() < 0.5}
        try:
            if "killed" in ways:
                Path.write_text = lambda self, text, **_: os.kill(os.getpid(), 9)
            sys.stdout.write(f"{publish(register, words, content, chance.uniform(0, 0.01)).id}\n")
            done += 1
        except (Busy, Overtaken):
            time.sleep(chance.uniform(0.01, 0.05))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
