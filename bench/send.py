"""Time one update to many subscribers, from the command to the last mail taken; prints a Markdown table.

The example's newest update is told by `heliograph send`, on its SQLite ledger, to a mail server of the tests that errs
nowhere and runs, like the page's web server, in a process of its own. See README.md here.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent / "tests"
NEWEST = "incidents/2026-11-21-checkout-errors"
OPERATOR = """\
site = "example-pay"
secret = "0123456789abcdef0123456789abcdef"
[smtp]
host = "127.0.0.1"
port = {port}
security = "none"
sender = "bounces@example.com"
connections = {connections}
[ledger]
path = "ledger.db"
[send]
mail_domain = "example.com"
senders = ["status@example.com"]
page = "http://127.0.0.1:{page}"
unsubscribe = "https://example.com/u?t={{token}}"
[recipients]
public = "subscribers.csv"
silent = ["business", "engineering", "exec", "internal", "strategic", "support"]
"""


@dataclass(frozen=True)
class Sending:
    """One run: seconds until the first mail could go and from there to the last one, of CPU, and the peak in MiB."""

    recipients: int
    planning: float
    delivering: float
    cpu: float
    memory: float

    def __str__(self) -> str:
        """Give the table's row."""
        rate = self.recipients / self.delivering
        return (
            f"| {self.recipients:,} | {self.planning:.1f} | {self.delivering:.1f} | {rate:.0f} | {self.cpu:.1f} "
            f"| {self.memory:.0f} |"
        )


@contextlib.contextmanager
def running(command: Sequence[str], folder: Path) -> Iterator[None]:
    """Run a server beside the block."""
    with (folder / "servers.log").open("ab") as said:
        server = subprocess.Popen(command, cwd=TESTS, stdout=said, stderr=said)
        try:
            yield
        finally:
            server.kill()
            server.wait()


def prepare(heliograph: str, work: Path, recipients: int, connections: int) -> None:
    """Write the example, a list and the operator's file; all but the newest update is taken for told, then built."""
    addresses = (f"subscriber-{number}@reader-{number % 97}.example" for number in range(recipients))
    (work / "subscribers.csv").write_text("\n".join(["address", *addresses]) + "\n", encoding="utf-8")
    places = {"port": int(awaited(work / "port")), "page": int(awaited(work / "page-port"))}
    operator = work / "operator.toml"
    operator.write_text(OPERATOR.format(**places, connections=connections), encoding="utf-8")
    operator.chmod(0o600)
    subprocess.run([heliograph, "init", str(work / "site"), "--example"], check=True, stdout=subprocess.DEVNULL)
    held = {path: path.read_bytes() for path in (work / "site" / NEWEST).glob("1420*")}
    for path in held:
        path.unlink()
    said = subprocess.run([heliograph, "send", "--baseline"], **at(work), check=False, capture_output=True)
    if said.returncode:
        raise SystemExit(said.stderr.decode())
    for path, data in held.items():
        path.write_bytes(data)
    subprocess.run([heliograph, "build"], **at(work), check=True, capture_output=True)


def at(work: Path) -> dict:
    """Give what commands are run with."""
    return {"cwd": work / "site", "env": {**os.environ, "HELIOGRAPH_OPERATOR": str(work / "operator.toml")}}


def awaited(file: Path) -> str:
    """Read what a server writes once it listens."""
    for _ in range(200):
        if file.exists():
            return file.read_text(encoding="utf-8")
        time.sleep(0.05)
    raise SystemExit(f"no server wrote {file.name}")


def send(heliograph: str, work: Path, recipients: int) -> Sending:
    """Tell all; a failing command ends the whole with what it said."""
    told: dict[str, float] = {}
    lines: list[str] = []
    start = time.perf_counter()
    command = [heliograph, "send", "--expect", str(recipients)]
    process = subprocess.Popen(command, **at(work), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        lines.append(line)
        told["page live" if "page live" in line else "last"] = time.perf_counter() - start
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    taken = len((work / "book").read_bytes().splitlines())
    if process.returncode or taken != recipients or "page live" not in told:
        raise SystemExit(
            f"send ended with {process.returncode}, {taken} of {recipients} taken:\n{''.join(lines)[-2000:]}"
        )
    planning = told["page live"]
    cpu = used.ru_utime + used.ru_stime
    return Sending(recipients, planning, told["last"] - planning, cpu, used.ru_maxrss / 1024)


def measure(heliograph: str, recipients: int, connections: int, work: Path) -> Sending:
    """Do all of it in one folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        page = free.getsockname()[1]
    (work / "page-port").write_text(str(page), encoding="utf-8")
    lab = [sys.executable, "-m", "smtp_lab", "--port-file", str(work / "port"), "--log", str(work / "book")]
    pages = [
        sys.executable,
        "-m",
        "http.server",
        str(page),
        "--bind",
        "127.0.0.1",
        "-d",
        str(work / "site/dist/public"),
    ]
    with running(lab, work), running(pages, work):
        prepare(heliograph, work, recipients, connections)
        return send(heliograph, work, recipients)


def main() -> None:
    """Read the command line, time, and print the table."""
    parser = argparse.ArgumentParser(description="Time one update to many subscribers.")
    parser.add_argument("--recipients", type=int, nargs="+", default=[1000, 10000], metavar="N")
    parser.add_argument("--connections", type=int, default=4, help="to the mail server at once (default 4)")
    parser.add_argument("--heliograph", default="heliograph", help="the command or its path")
    parser.add_argument("--work", type=Path, help="a folder on the disk whose speed is meant (default: temporary)")
    arguments = parser.parse_args()
    heliograph = shutil.which(arguments.heliograph)
    if heliograph is None:
        raise SystemExit(f"no command {arguments.heliograph}")
    print("| recipients | planned after s | delivered in s | mails/s | CPU s | largest process MiB |")
    print("|---|---|---|---|---|---|")
    for recipients in arguments.recipients:
        with tempfile.TemporaryDirectory(prefix="heliograph-bench-", dir=arguments.work) as work:
            print(measure(heliograph, recipients, arguments.connections, Path(work)), flush=True)


if __name__ == "__main__":
    main()
