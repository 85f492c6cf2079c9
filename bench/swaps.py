"""Swap published trees under load, and count what readers of a real nginx lose.

`python bench/swaps.py --swaps 500` prints a table in Markdown. Two builds of the example whose style sheets differ take
each other's place in two folder targets, the public and the internal tree, while `wrk` loads the public front page and
all that the page names, and a stranger without a password asks for every path of the internal tree. `--in-place` has
the same trees overwritten file by file instead, as most uploaders do. Needs nginx; without wrk, Python reads.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

from hosts_up import Readers, Server, built, in_place, internal_nginx, public_nginx, published  # noqa: E402 -- as the tests do

MEMORY = Path("/dev/shm")
COLOURS = ("6a1b9a", "0b5f7a")

LUA = """\
-- Loads the front page, and what each page that came names.
local threads = {}
function setup(thread) threads[#threads + 1] = thread end
function init() loads, missing, mixed, assets, waiting = 0, 0, 0, 0, {} end
function request()
  local path = table.remove(waiting)
  return wrk.format("GET", path or "/")
end
function response(status, fields, body)
  local isPage = body:find("<!doctype html>", 1, true) == 1
  if status == 200 and isPage and body:find("</html>", 1, true) then
    loads = loads + 1
    for asset in body:gmatch('[hs]re?[fc]="(assets/[^"]+)"') do waiting[#waiting + 1] = "/" .. asset end
  elseif status == 200 and not isPage and #body > 0 then
    assets = assets + 1
  elseif status == 404 and isPage then
    -- The page for what is not there, in answer to a file that a page named (or to the front page, if that is gone).
    mixed = mixed + 1
  else
    missing = missing + 1
  end
end
function done()
  local sum = { loads = 0, missing = 0, mixed = 0, assets = 0 }
  for _, thread in ipairs(threads) do
    for name in pairs(sum) do sum[name] = sum[name] + thread:get(name) end
  end
  local row = 'JSON {"loads":%d,"missing":%d,"mixed":%d,"assets":%d}'
  print(string.format(row, sum.loads, sum.missing, sum.mixed, sum.assets))
end
"""


class Seen(NamedTuple):
    """What readers got: whole pages, files that pages name; answers that are no page, 404 for what a page names."""

    loads: int
    assets: int
    missing: int
    mixed: int


class Stranger:
    """Asks for all paths of an internal tree, over and over, and counts answers that are not 401 or 403."""

    def __init__(self, server: Server, paths: list[str]) -> None:
        self.asked = self.open = 0
        self._server, self._paths = server, paths
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._over.set()
        self._thread.join()

    def _ask(self):
        with self._server.line() as line:
            while not self._over.is_set():
                for path in self._paths:
                    self.asked += 1
                    self.open += line.ask(path).status not in {401, 403}
                    self._over.wait(0.001)


@contextmanager
def loaded(server: Server, folder: Path) -> Iterator[list[Seen]]:
    """Read until the block ends; then the list holds what was seen."""
    found: list[Seen] = []
    if shutil.which("wrk") is None:
        print("wrk is not here: Python reads", file=sys.stderr)
        with Readers(server) as readers:
            yield found
        found.append(Seen(readers.loads, 0, readers.missing, readers.mixed))
        return
    script = folder / "load.lua"
    script.write_text(LUA)
    command = ["wrk", "-t1", "-c8", "-d3600s", "-s", script, f"https://127.0.0.1:{server.port}"]
    load = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield found
    finally:
        load.send_signal(signal.SIGINT)
        said = load.communicate(timeout=30)[0]
    print(said, file=sys.stderr)
    found.append(Seen(**json.loads(said.rpartition("JSON ")[2])))


def measure(swaps: int, work: Path, *, overwrite: bool) -> str:
    """Swap so many times, and give a row of the table."""
    publish = in_place if overwrite else published
    made = [built(work / colour, accent=f"#{colour}") for colour in COLOURS]
    homes = {"public": work / "www" / "status", "internal": work / "www" / "status-internal"}
    for tree, home in homes.items():
        published(made[1] / tree, home)
    paths = sorted({f"/{path}" for out in made for path in _files(out / "internal")})
    taken = []
    with ExitStack() as running:
        public = running.enter_context(public_nginx(work / "nginx-public", homes["public"]))
        internal = running.enter_context(internal_nginx(work / "nginx-internal", homes["internal"]))
        stranger = running.enter_context(Stranger(internal, paths))
        with loaded(public, work) as seen:
            time.sleep(0.5)
            for number in range(swaps):
                started = time.perf_counter()
                for tree, home in homes.items():
                    publish(made[number % 2] / tree, home)
                taken.append(time.perf_counter() - started)
    (found,) = seen
    counts = (swaps, found.loads, found.assets, found.missing, found.mixed, stranger.asked, stranger.open)
    how = "overwritten in place" if overwrite else "swapped"
    return " | ".join([f"| {how}", *(f"{count:,}" for count in counts), f"{statistics.median(taken):.2f} |"])


def _files(tree: Path) -> list[str]:
    return [str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file()]


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--swaps", type=int, default=500)
    parser.add_argument("--in-place", action="store_true", help="overwrite the trees instead, to see what is lost")
    parser.add_argument("--work", type=Path, default=MEMORY if MEMORY.is_dir() else None)
    options = parser.parse_args()
    print("| both trees | times | pages | their assets | no page | mixed | internal, anonymous | open | s each |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory(dir=options.work) as work:
        print(measure(options.swaps, Path(work), overwrite=options.in_place))


if __name__ == "__main__":
    main()
