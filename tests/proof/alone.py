"""What a reader gets must not depend on whom else was built for before, in the same process and of the same site.

`python -m proof.alone READER SEED` prints the digest of what a reader gets when it is built for alone; with `--last`,
after every other tree of the same site has been made.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
from collections.abc import Mapping

from proof.compare import usable
from proof.readers import TESTS, Received, build_all, load, received
from worlds import World


def digest(got: Received) -> str:
    """Name what a reader got by all its paths and bytes."""
    running = hashlib.sha256()
    for path in sorted(got.artifacts):
        running.update(f"{path}\0{len(got.artifacts[path])}\0".encode() + got.artifacts[path])
    return running.hexdigest()


def depends_on_company(reader: str, seed: str, environment: Mapping[str, str]) -> bool:
    """Tell whether a reader gets something else once everybody else has been built for."""
    command = [sys.executable, "-m", "proof.alone", reader, seed]
    found = [
        subprocess.run([*command, *more], cwd=TESTS, env=dict(environment), capture_output=True, text=True, check=True)
        for more in ((), ("--last",))
    ]
    return found[0].stdout != found[1].stdout


def referring(world: World) -> World:
    """Let every passage refer to a page by the same name, each to one of its own: what is shared would show."""
    told = [update for story in world["stories"] for update in story["updates"]]
    for number, passage in enumerate(passage for update in told for passage in update["passages"]):
        passage["words"] += f"\n\nSee [this][this].\n\n[this]: https://docs.example.com/{number}"
    return world


def main() -> None:
    """Build, and print the digest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reader")
    parser.add_argument("seed")
    parser.add_argument("--last", action="store_true")
    options = parser.parse_args()
    world, _ = usable(options.seed)
    site = load(referring(world))
    if options.last:
        build_all(site, world["at"])
    sys.stdout.write(digest(received(site, world["at"], options.reader)))


if __name__ == "__main__":
    main()
