"""Time from a save to the page that shows it, in real Chromium: `python bench/serve.py [--incidents 1000] [--runs 20]`.

A copy of the example site, or of a synthetic one, is served as `heliograph serve` does it. A browser looks at a page;
the newest update is given another word and moved into its place, as editors do, and the clock stops with the first
frame of the page that has the word. Saves are made when all pages of the one before have been checked, or with
`--hurry` as soon as it shows.
"""

from __future__ import annotations

import argparse
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")


SHOWN = "addEventListener('DOMContentLoaded', () => requestAnimationFrame(() => { window.shownAt = Date.now(); }));"
"""Notes when a page's first whole frame is about to be painted."""


def site(incidents: int | None, work: Path) -> Path:
    """Write the site to serve."""
    root = work / "site"
    if incidents is None:
        for name in ("site_src", "layouts", "audiences", "incidents"):
            shutil.copytree(ROOT / name, root / name)
    else:
        corpus = [sys.executable, str(ROOT / "bench/corpus.py"), "--incidents", str(incidents), "--out", str(root)]
        subprocess.run(corpus, check=True, stdout=subprocess.DEVNULL)
    return root


def newest(root: Path) -> tuple[Path, str]:
    """Find the latest update for the public of an incident that began last, and the incident's id."""
    heads = {path: path.read_text() for path in root.glob("incidents/*/incident.md")}
    head = max(heads, key=lambda path: re.search(r"^started_at: (\S+)", heads[path], re.MULTILINE)[1])
    identity = re.search(r"^id: (\S+)", heads[head], re.MULTILINE)[1]
    told = [
        path
        for path in head.parent.glob("[0-9]*.md")
        if "\naudience: public" in path.read_text() and "+" not in path.name
    ]
    return max(told), identity


def save(path: Path, text: str) -> None:
    """Save as editors do: beside it, then into its place."""
    fresh = path.with_name(f".{path.name}.tmp")
    fresh.write_text(text)
    fresh.replace(path)


def measure(page: Page, path: Path, runs: int, hurry: bool) -> list[float]:
    """Give milliseconds from a save to the page that shows it."""
    text = path.read_text()
    head, body = text.split("---\n", 2)[1:]
    first, _, rest = body.partition("\n\n")
    times = []
    for number in range(runs + 1):
        if not hurry:
            page.wait_for_selector("heliograph-bench[data-checked=true]", state="attached", timeout=60_000)
        word = f"word{number}x{time.monotonic_ns()}"
        start = time.time()
        save(path, f"---\n{head}---\n{first} {word}\n\n{rest}")
        page.get_by_text(word).first.wait_for(state="visible", timeout=60_000)
        times.append(page.evaluate("() => shownAt") - start * 1000)
    return times[1:]


def tell(name: str, times: list[float]) -> None:
    ordered = sorted(times)
    print(
        f"{name:<40} median {statistics.median(ordered):6.0f} ms   {ordered[0]:.0f} to {ordered[-1]:.0f} ms", flush=True
    )


def main() -> None:
    """Read the command line, serve, and measure."""
    parser = argparse.ArgumentParser(description="Time from a save to the page that shows it.")
    parser.add_argument("--incidents", type=int, metavar="N", help="a synthetic site of N incidents; else the example")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--hurry", action="store_true", help="save again as soon as the page shows the last save")
    parser.add_argument("--port", type=int, default=8700)
    parser.add_argument("--reader", default="Public", help="whose page to look at, as the switcher names it")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        root = site(arguments.incidents, Path(folder))
        path, identity = newest(root)
        command = [sys.executable, "-m", "heliograph", "--site", str(root), "serve", "--port", str(arguments.port)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as playwright:
            try:
                ports = {}
                for line in server.stdout:
                    if "Stop with" in line:
                        break
                    words, _, url = line.strip().rpartition(" ")
                    ports[words.strip()] = url
                browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(ARGUMENTS))
                page = browser.new_page()
                page.add_init_script(SHOWN)
                page.goto(f"{ports[arguments.reader]}incidents/{identity}/")
                times = measure(page, path, arguments.runs, arguments.hurry)
                size = "example" if arguments.incidents is None else f"{arguments.incidents} incidents"
                tell(f"{size}, {arguments.reader}{', in a hurry' if arguments.hurry else ''}", times)
                browser.close()
            finally:
                server.terminate()


if __name__ == "__main__":
    main()
