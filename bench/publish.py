"""Time one new update from `publish` to confirmed, beside `aws s3 sync` and `hugo deploy`; prints Markdown tables.

A real store (SeaweedFS) runs behind a way that adds a latency to each request and counts them. All tools put the same
tree on it; what they change is counted, and, with `--kill`, what each leaves behind when it is killed at each write.
See README.md here.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent / "tests"
sys.path.insert(0, str(TESTS))

from crawl import crawl  # noqa: E402
from faulty_store import Fault, FaultyStore  # noqa: E402
from gateway import gateway  # noqa: E402
from heliograph.stores import client  # noqa: E402
from s3_store import ACCESS, SECRET, S3Server, running  # noqa: E402

CORPUS = Path(__file__).with_name("corpus.py")
HELIOGRAPH = Path(sys.executable).with_name("heliograph")
BUCKETS = ("hg-public", "hg-internal", "hg-state", "awscli", "hugo")
URL = "https://status.example.com"
OPERATOR = """\
site = "bench"
[state]
bucket = "hg-state"
endpoint = "{way}"
access_key = "{access}"
secret_key = "{secret}"
[target.public]
tree = "public"
bucket = "hg-public"
endpoint = "{way}"
access_key = "{access}"
secret_key = "{secret}"
urls = ["{public}"]
[target.internal]
tree = "internal"
bucket = "hg-internal"
endpoint = "{way}"
access_key = "{access}"
secret_key = "{secret}"
urls = ["{internal}"]
"""
HUGO = """\
baseURL = "/"
publishDir = "../site/dist/public"
[[deployment.targets]]
name = "store"
URL = "s3://hugo?endpoint={way}&use_path_style=true&region=us-east-1"
"""


@dataclass(frozen=True)
class Run:
    """Seconds of one publication, the PUTs that reached the store, and all requests."""

    seconds: float
    puts: int
    requests: int


class Bench:
    """A site, a store, a slow way to it, and the three tools."""

    def __init__(self, folder: Path, server: S3Server, way: FaultyStore, opened: ExitStack) -> None:
        self.site, self.way, self.server = folder / "site", way, server
        public = opened.enter_context(gateway(server.place(bucket="hg-public")))
        internal = opened.enter_context(gateway(server.place(bucket="hg-internal"), lambda _: (401, {})))
        self._operator = folder / "operator" / "operator.toml"
        self._operator.parent.mkdir()
        self._operator.write_text(
            OPERATOR.format(way=way.address, access=ACCESS, secret=SECRET, public=public, internal=internal)
        )
        self._operator.chmod(0o600)
        self._hugo = folder / "hugo"
        self._hugo.mkdir()
        (self._hugo / "hugo.toml").write_text(HUGO.format(way=way.address))
        self.tools: dict[str, list[str]] = {
            "heliograph, public": self._command("publish", "public"),
            "heliograph, internal": self._command("publish", "internal"),
            "aws s3 sync": self._found(
                "aws",
                "s3",
                "sync",
                "--only-show-errors",
                f"{self.site}/dist/public",
                "s3://awscli",
                f"--endpoint-url={way.address}",
            ),
            "hugo deploy": self._found("hugo", "deploy", "--source", str(self._hugo), "--maxDeletes", "0"),
        }

    def _command(self, *words: str) -> list[str]:
        return [str(HELIOGRAPH), "--site", str(self.site), "-q", *words]

    @staticmethod
    def _found(name: str, *words: str) -> list[str]:
        path = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        return [path, *words] if path else []

    @property
    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "HELIOGRAPH_OPERATOR": str(self._operator),
            "AWS_ACCESS_KEY_ID": ACCESS,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def do(self, *words: str) -> None:
        """Run one of our own commands, which has to succeed."""
        subprocess.run(self._command(*words), env=self._environment, check=True, stdout=subprocess.DEVNULL)

    def timed(self, command: Sequence[str]) -> Run:
        """Run a tool to its end."""
        with self.way.struck() as log:
            began = time.monotonic()
            subprocess.run(command, env=self._environment, check=True, stdout=subprocess.DEVNULL)
            seconds = time.monotonic() - began
        return Run(seconds, sum(one.method == "PUT" for one in log.asked), log.requests)

    def killed(self, command: Sequence[str], write: int) -> bool:
        """Run a tool and kill it once its n-th write has reached the store; False if it ended before."""
        process = subprocess.Popen(
            command, env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        with self.way.struck(
            Fault("kill", write, of_writes=True), lambda: os.killpg(process.pid, signal.SIGKILL)
        ) as log:
            process.wait()
        return bool(log.strikes)

    def holds(self, bucket: str) -> dict[str, bytes]:
        """Read a whole bucket."""
        store = client(self.server.place())
        pages = store.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        keys = [one["Key"] for page in pages for one in page.get("Contents", ())]
        return {key: store.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    def keep(self, bucket: str, files: dict[str, bytes]) -> None:
        """Bring a bucket back to what it held, with the header fields that matter to nobody here."""
        store = client(self.server.place())
        now = self.holds(bucket)
        for key in now.keys() - files.keys():
            store.delete_object(Bucket=bucket, Key=key)
        for key, data in files.items():
            if now.get(key) != data:
                store.put_object(Bucket=bucket, Key=key, Body=data)


@contextmanager
def bench(incidents: int) -> Iterator[Bench]:
    """Make a site of so many incidents, with one that is open, built."""
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="heliograph-bench-")))
        (folder / "store").mkdir()
        server = opened.enter_context(running(folder / "store"))
        first = client(server.place())
        for bucket in BUCKETS:
            first.create_bucket(Bucket=bucket)
        way = opened.enter_context(FaultyStore(server.addresses["http"]).answering())
        made = Bench(folder, server, way, opened)
        subprocess.run(
            [sys.executable, str(CORPUS), "--incidents", str(incidents), "--out", str(made.site)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        made.do(
            "new",
            "incident",
            "Checkout errors",
            "--severity",
            "sev2",
            "--component",
            "api=partial_outage",
            "-m",
            "Some calls fail.",
        )
        made.do("build")
        yield made


def one_update(incidents: int, runs: int, latency: float) -> Iterator[str]:
    """Publish everything once, then time one new update each run; give a row for each tool."""
    found: dict[str, list[Run]] = {}
    with bench(incidents) as made:
        made.do("publish", "--init")
        for name, command in made.tools.items():
            if command and not name.startswith("heliograph"):
                made.timed(command)
        made.way.latency = latency
        for run in range(runs):
            made.do("update", "2026-11-01-checkout-errors", "identified", "-m", f"We have found cause number {run}.")
            made.do("build")
            for name, command in made.tools.items():
                if command:
                    found.setdefault(name, []).append(made.timed(command))
    for name, several in found.items():
        seconds = [run.seconds for run in several]
        took = f"{statistics.median(seconds):.2f} ({min(seconds):.2f} to {max(seconds):.2f})"
        puts = statistics.median(run.puts for run in several)
        requests = statistics.median(run.requests for run in several)
        yield f"| {incidents:,} | {name} | {took} | {puts:.0f} | {requests:.0f} |"


def killed_everywhere(incidents: int) -> Iterator[str]:
    """Kill each tool at each of its writes of one new incident; give a row with what dangled."""
    with bench(incidents) as made:
        made.do("publish", "--init")
        tools = {name: command for name, command in made.tools.items() if command and "internal" not in name}
        buckets = dict(
            zip(("heliograph, public", "aws s3 sync", "hugo deploy"), ("hg-public", "awscli", "hugo"), strict=True)
        )
        for name in tools.keys() - {"heliograph, public"}:
            made.timed(tools[name])
        before = {name: made.holds(buckets[name]) for name in tools}
        made.do(
            "new",
            "incident",
            "Late webhooks",
            "--severity",
            "sev3",
            "--component",
            "web=degraded_performance",
            "-m",
            "Some are late.",
        )
        made.do("build")
        state = made.holds("hg-state")
        for name, command in tools.items():
            yield _row(made, name, command, buckets[name], before[name], state)


def _row(
    made: Bench, name: str, command: Sequence[str], bucket: str, before: dict[str, bytes], state: dict[str, bytes]
) -> str:
    points = broken = dangling = references = 0
    for write in range(1, 1000):
        made.keep(bucket, before)
        made.keep("hg-state", state)
        if not made.killed(command, write):
            break
        found = crawl(made.holds(bucket).get, URL)
        points, references = points + 1, references + found.references
        broken, dangling = broken + bool(found.dangling), dangling + len(found.dangling)
    return f"| {name} | {points} | {broken} | {dangling} of {references:,} |"


def main() -> None:
    """Read the command line, measure, and print."""
    parser = argparse.ArgumentParser(description="Time publishing to a store, beside other tools.")
    parser.add_argument("--incidents", type=int, nargs="+", default=[100, 1000], metavar="N")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--latency", type=float, default=0.03, help="seconds put in front of each request")
    parser.add_argument("--kill", type=int, metavar="N", help="instead: kill each tool at each write, on N incidents")
    arguments = parser.parse_args()
    if arguments.kill:
        print("| tool | killed at | broken then | dangling references |\n|---|---|---|---|")
        _print(killed_everywhere(arguments.kill))
        return
    print("| incidents | tool | seconds | PUTs | requests |\n|---|---|---|---|---|")
    for incidents in arguments.incidents:
        _print(one_update(incidents, arguments.runs, arguments.latency))


def _print(rows: Iterator[str]) -> None:
    for row in rows:
        print(row, flush=True)


if __name__ == "__main__":
    main()
