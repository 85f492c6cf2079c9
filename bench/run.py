"""Time full and repeated builds of one synthetic corpus by Heliograph and by Pelican; prints a Markdown table.

Builds take turns (A B C A B C), so that a busy minute on the machine hits all of them alike. See README.md here.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Run:
    """One build: seconds on the wall and of CPU (children included), and the largest process in MiB."""

    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True)
class Case:
    """One thing to time: a command, where its output goes, and what to do before each run, untimed."""

    name: str
    command: Sequence[str]
    folder: Path
    output: Path
    before: Callable[[], None]
    runs: list[Run] = field(default_factory=list)


def timed(command: Sequence[str], folder: Path) -> Run:
    """Run a command to its end; a failing one ends the whole benchmark with what it said."""
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            tail = said.read().decode(errors="replace")[-2000:]
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{tail}")
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def cases(arguments: argparse.Namespace, work: Path) -> Iterator[Case]:
    """List what can be timed with the tools at hand, telling of any that is missing."""
    heliograph, pelican = shutil.which(arguments.heliograph), shutil.which(arguments.pelican)
    site, out = work / "site", work / "out"
    if heliograph:
        build = (heliograph, "--site", str(site), "build", "--output", str(out))
        yield Case("Heliograph, first build", build, site, out, lambda: remove(out))
        yield Case("Heliograph, nothing changed", build, site, out, lambda: None)
        yield Case("Heliograph, one update edited", build, site, out, lambda: edit(site))
    else:
        print(f"no command {arguments.heliograph}: Heliograph is left out", file=sys.stderr)
    if pelican:
        source, output = work / "pelican", work / "pelican-output"
        command = (pelican, "content", "-q", "-s", "pelicanconf.py", "-o", str(output))
        yield Case("Pelican, any build", command, source, output, lambda: remove(output))
    else:
        print(f"no command {arguments.pelican}: Pelican is left out (see bench/README.md)", file=sys.stderr)


def remove(output: Path) -> None:
    """Take earlier output away."""
    shutil.rmtree(output, ignore_errors=True)


def edit(site: Path) -> None:
    """Add a word to the newest incident's newest update."""
    newest = max((site / "incidents").iterdir())
    update = max(newest.glob("[0-9]-*.md"))
    head, mark, body = update.read_text(encoding="utf-8").partition("\n---\n")
    update.write_text(f"{head}{mark}Still. {body}", encoding="utf-8")


def measure(count: int, arguments: argparse.Namespace, work: Path) -> Iterator[str]:
    """Write one corpus, time every case on it, and give the table's rows."""
    corpus = [sys.executable, str(HERE / "corpus.py"), "--incidents", str(count), "--seed", str(arguments.seed)]
    subprocess.run(
        [*corpus, "--out", str(work / "site"), "--pelican", str(work / "pelican")], check=True, stdout=sys.stderr
    )
    timing = list(cases(arguments, work))
    for number in range(arguments.runs):
        for case in timing:
            case.before()
            case.runs.append(timed(case.command, case.folder))
            print(f"{count} incidents, run {number + 1}: {case.name}: {case.runs[-1].wall:.2f} s", file=sys.stderr)
    for case in timing:
        yield row(count, case)


def row(count: int, case: Case) -> str:
    """Sum one case up: medians, the range of wall times, and how much stands in the output folder."""
    walls = [run.wall for run in case.runs]
    cpu, memory = (statistics.median(getattr(run, name) for run in case.runs) for name in ("cpu", "memory"))
    sizes = [path.stat().st_size for path in case.output.rglob("*") if path.is_file()]
    return (
        f"| {count:,} | {case.name} | {statistics.median(walls):.2f} [{min(walls):.2f}-{max(walls):.2f}] | {cpu:.2f} "
        f"| {memory:.0f} | {len(sizes):,} | {sum(sizes) / 1e6:.1f} |"
    )


def main() -> None:
    """Read the command line, time, and print the table."""
    parser = argparse.ArgumentParser(description="Time Heliograph and Pelican on one synthetic corpus.")
    parser.add_argument("--incidents", type=int, nargs="+", default=[100, 1000], metavar="N")
    parser.add_argument("--runs", type=int, default=3, help="counted runs of each case (default 3)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--heliograph", default="heliograph", help="the command or its path")
    parser.add_argument("--pelican", default="pelican", help="the command or its path")
    parser.add_argument("--work", type=Path, default=Path("/dev/shm"), help="a folder in memory (default /dev/shm)")
    arguments = parser.parse_args()
    rows: list[str] = []
    for count in arguments.incidents:
        with tempfile.TemporaryDirectory(prefix="heliograph-bench-", dir=arguments.work) as work:
            rows += measure(count, arguments, Path(work))
    print("| incidents | build | wall s, median [range] | CPU s | largest process MiB | files | MB |")
    print("|---|---|---|---|---|---|---|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
