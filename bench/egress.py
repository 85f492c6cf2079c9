"""Measure the second wall: what it finds, what it refuses without need, and what it costs.

`python bench/egress.py` prints three tables in Markdown. Real incidents are read from `../shared/data` beside the
repository, or from the folder that HELIOGRAPH_SHARED names; without them the second table is left out.
"""

from __future__ import annotations

import argparse
import gc
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from msgspec import structs

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

import egress_cases as cases  # noqa: E402 -- the same cases as in the tests
from heliograph.egress import Part, guarded, wall  # noqa: E402
from heliograph.load import load_site, load_site_with_warnings  # noqa: E402
from heliograph.parallel import at_once  # noqa: E402
from heliograph.pipeline import Build  # noqa: E402
from heliograph.problems import Refused  # noqa: E402
from heliograph.render.layouts import Layouts  # noqa: E402
from heliograph.tree.artifact import text_artifact  # noqa: E402
from heliograph.tree.write import write_trees  # noqa: E402

SHARED = Path(os.environ.get("HELIOGRAPH_SHARED", HERE.parent.parent / "shared"))
NO_LIMIT = 1 << 30


def detections(count: int) -> Iterator[str]:
    """Write each secret in each way, look for each alone, and give the rows."""
    secrets = cases.sentences(count)
    yield f"| {count} secrets, each written as | found |\n|---|---:|"
    total = 0
    for name, way in cases.WRITTEN.items():
        found = sum(bool(cases.told([one], [file])) for one, file in zip(*cases.written(way, secrets), strict=True))
        total += found
        yield f"| {name} | {found} |"
    yield f"| **all {len(cases.WRITTEN)} ways** | **{total} of {count * len(cases.WRITTEN)}** |"
    missed = sum(
        not cases.told([one], [file]) for one, file in zip(*cases.written(cases.sorted_tokens, secrets), strict=True)
    )
    yield f"| sorted words (not text any more; non-interference covers it) | {count - missed} |"


def on_real_incidents(folder: Path) -> Iterator[str]:
    """Add harmless notes to real incidents and build; then tell a secret on the page of each."""
    incidents = cases.history(SHARED / "data")
    notes = cases.annotated(folder, incidents)
    site = load_site(folder)
    build = Build(site, Layouts(), site.settings.clock)
    refused = {problem.place.file.split("/")[1] for draft in build.drafts() for problem in _judged(draft.parts)}
    yield "| real incidents | harmless notes | refused without need | secrets told, one each | found |"
    yield "|---:|---:|---:|---:|---:|"
    secrets, files = cases.written(cases.WRITTEN["verbatim"], cases.sentences(len(incidents), "real"))
    public = next(draft for draft in build.drafts() if draft.name == "public")
    (part,) = public.parts
    watch = structs.replace(part.watch, hidden=lambda: secrets)
    found = {
        problem.place for problem in _judged([Part(watch, [*files, text_artifact("index.html", "<p>Nothing</p>")])])
    }
    yield f"| {len(incidents)} | {len(notes)} | {len(refused)} | {len(secrets)} | {len(found)} |"


def _judged(parts) -> tuple:
    try:
        for _ in guarded("x", parts):
            pass
    except Refused as refused:
        return refused.problems
    return ()


def costs(sizes: list[int], runs: int, work: Path) -> Iterator[str]:
    """Build synthetic sites with the wall and without it, in turns, and give the rows."""
    yield "| incidents | build without it (CPU) | with it | more | MiB without | with |"
    yield "|---:|---:|---:|---:|---:|---:|"
    for size in sizes:
        site = work / str(size)
        corpus = [sys.executable, str(HERE / "corpus.py"), "--incidents", str(size), "--out", str(site)]
        subprocess.run(corpus, check=True, stdout=sys.stderr)
        taken: dict[str, list[tuple[float, float, float]]] = {"without": [], "with": []}
        for _ in range(runs):
            for how, figures in taken.items():
                figures.append(_timed(site, how))
                print(f"{size} incidents {how}: {figures[-1]}", file=sys.stderr)
        yield _row(size, *(zip(*taken[how], strict=True) for how in ("without", "with")))


def _row(size: int, without: Iterator[tuple[float, ...]], with_: Iterator[tuple[float, ...]]) -> str:
    bare, full = (list(map(statistics.median, figures)) for figures in (without, with_))
    more = f"{full[0] / bare[0] - 1:.0%} ({full[1] / bare[1] - 1:.0%})"
    times = " | ".join(f"{one[0]:.2f} s ({one[1]:.1f} s)" for one in (bare, full))
    return f"| {size:,} | {times} | {more} | {bare[2]:.0f} | {full[2]:.0f} |"


def _timed(site: Path, how: str) -> tuple[float, float, float]:
    """Give wall-clock seconds, processor seconds, and MiB of the largest process."""
    command = [sys.executable, str(HERE / "egress.py"), "--build", how, str(site)]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return time.perf_counter() - start, used.ru_utime + used.ru_stime, int(said) / 1024


def build_once(how: str, root: Path) -> None:
    """Build as the command does, but for the wall where it is left out; print the KiB of the largest worker.

    The process itself cannot tell: what its parent held when it was started counts as its own.
    """
    gc.disable()
    site, _ = load_site_with_warnings(root, at_once)
    clock = site.settings.clock
    build = Build(site, Layouts(), clock)
    build.render_ahead(at_once)
    bare = (build.plan(draft, (one for part in draft.parts for one in part.artifacts)) for draft in build.drafts())
    with tempfile.TemporaryDirectory() as out:
        write_trees(Path(out), build.trees() if how == "with" else bare, at_once)
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)


def main() -> None:
    """Read the command line, measure, and print the tables."""
    parser = argparse.ArgumentParser(description="Measure the second wall.")
    parser.add_argument("--secrets", type=int, default=300)
    parser.add_argument("--incidents", type=int, nargs="*", default=[1000, 10000], metavar="N")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--build", nargs=2, metavar=("HOW", "SITE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.build:
        build_once(arguments.build[0], Path(arguments.build[1]))
        return
    wall._AT_MOST = NO_LIMIT  # noqa: SLF001 -- a measurement counts what a person need not read
    print(*detections(arguments.secrets), "", sep="\n")
    with tempfile.TemporaryDirectory() as folder:
        if (SHARED / "data/statuspage/github-history").is_dir():
            print(*on_real_incidents(Path(folder)), "", sep="\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        print(*costs(arguments.incidents, arguments.runs, Path(folder)), sep="\n")


if __name__ == "__main__":
    main()
