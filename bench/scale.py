"""Measure the sizes and counts that docs/scale.md is reckoned from; prints Markdown tables, and never a time.

Sites of several sizes are made by corpus.py and built; nginx serves the public tree with the recipe of docs/hosting, so
that header fields, compression and 304 are those of a real server; one update is added and built to see what it
changes; a list is written to, on both kinds of ledger. Then the figures of docs/scale.md are reckoned from that.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from unittest import mock

import send

TESTS = Path(__file__).resolve().parent.parent / "tests"
sys.path.insert(0, str(TESTS))

from faulty_store import FaultyStore  # noqa: E402
from heliograph.publish.plan import plan_publish  # noqa: E402
from heliograph.stores import client  # noqa: E402
from heliograph.tree.manifest import Manifest, encode_manifest, read_manifest  # noqa: E402
from hosts_up import Line, Reply, public_nginx  # noqa: E402
from s3_store import ACCESS, SECRET, running  # noqa: E402

CORPUS = Path(__file__).with_name("corpus.py")
HELIOGRAPH = Path(sys.executable).with_name("heliograph")
INCIDENT = "2026-11-01-checkout-errors"
FAR = 100_000
"""Incidents; this many are not built but reckoned from the two largest sites, as if all went on in a straight line."""
TREES = ("public", "internal")
STATUSES = ("identified", "resolved")
REGISTER_PUTS = 3
GROWING = "one month, largest"
"""The only file that grows for ever: the others hold so and so many of the newest, or one incident."""
FILES: Mapping[str, str] = {
    "front page": "index.html",
    "style sheet": "assets/style.*.css",
    "script": "assets/page.*.js",
    "incident, median": "incidents/*/index.html",
    "component, median": "components/*/index.html",
    "one month, largest": "history/*/index.html",
    "list of months": "history/index.html",
    "`status.json`": "status.json",
    "`api/v2/status.json`": "api/v2/status.json",
    "`api/v2/summary.json`": "api/v2/summary.json",
    "`api/v2/incidents.json`": "api/v2/incidents.json",
    "`history.atom`": "history.atom",
    "`updates.json`": "updates.json",
    "`embed.js`": "embed.js",
    "`badge.svg`": "badge.svg",
}
MINUTES, UPDATES = 120, 12
"""Of the outage."""
MILLION = 1_000_000
REQUEST_PRICE, FUNCTION_PRICE, GIGABYTE_PRICE = 0.01 / 10_000, 0.10 / MILLION, 0.085
"""Dollars at CloudFront, as docs/scale.md has them."""
BUCKET_LEDGER = """\
bucket = "ledger"
endpoint = "{way}"
access_key = "{access}"
secret_key = "{secret}"
"""


@dataclass(frozen=True)
class Sent:
    """Bytes of one file: as it lies there; as nginx sends it packed, and the fields before; of a 304 all in all."""

    plain: int
    packed: int
    head: int
    unchanged: int


@dataclass(frozen=True)
class Tree:
    """A tree's files, their bytes, its manifest's, and those of the gzip that a publication keeps of it."""

    files: int
    size: int
    manifest: int
    record: int


@dataclass(frozen=True)
class Change:
    """What one update puts: files by kind, and their bytes."""

    kinds: Counter[str]
    size: int


@dataclass(frozen=True)
class Reader:
    """What one reader asks for during the outage: how often each file comes whole, and how often it is a 304."""

    name: str
    whole: Mapping[str, int]
    unchanged: Mapping[str, int]

    @property
    def requests(self) -> int:
        """All that is asked."""
        return sum(self.whole.values()) + sum(self.unchanged.values())

    def size(self, files: Mapping[str, Sent]) -> int:
        """Bytes of all answers, with their fields as HTTP/1.1 writes them."""
        whole = sum(times * (files[name].head + files[name].packed) for name, times in self.whole.items())
        return whole + sum(times * files[name].unchanged for name, times in self.unchanged.items())


SUMMARY, ATOM, GLANCE = "`api/v2/summary.json`", "`history.atom`", "`status.json`"
PAGE = {"front page": 1, "style sheet": 1, "script": 1}
HALF_MINUTES = 2 * MINUTES
READERS = (
    Reader("looks in for 5 minutes", PAGE, {GLANCE: 5}),
    Reader(
        "stays, shows each update", PAGE | {"front page": 1 + UPDATES, GLANCE: UPDATES}, {GLANCE: MINUTES - UPDATES}
    ),
    Reader("script, each 30 s, asks if changed", {SUMMARY: UPDATES}, {SUMMARY: HALF_MINUTES - UPDATES}),
    Reader("script, each 30 s, always whole", {SUMMARY: HALF_MINUTES}, {}),
    Reader("feed reader, each 60 s, asks if changed", {ATOM: UPDATES}, {ATOM: MINUTES - UPDATES}),
    Reader("feed reader, each 60 s, always whole", {ATOM: MINUTES}, {}),
    Reader("page elsewhere with `embed.js`, opened once", {"`embed.js`": 1, SUMMARY: 1}, {}),
)


@dataclass(frozen=True)
class Scale:
    """A site of one size: files by their name in `FILES`, trees by name, changes by the tree's and by what was said."""

    files: dict[str, Sent]
    trees: dict[str, Tree]
    changes: dict[tuple[str, str], Change]


def site(folder: Path, incidents: int) -> Scale:
    """Make a site with an incident that is open, build it, and measure; add an update to it, build, and compare."""
    make = [sys.executable, str(CORPUS), "--incidents", str(incidents), "--out", str(folder / "site")]
    subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
    do(
        folder,
        "new",
        "incident",
        "Checkout errors",
        "--severity=sev2",
        "--component=api=partial_outage",
        "-m=Some fail.",
    )
    do(folder, "build")
    before = {name: manifest(folder, name) for name in TREES}
    with served(folder) as line:
        files = {name: sent(line, folder / "site/dist/public", pattern) for name, pattern in FILES.items()}
    trees = {name: tree(found) for name, found in before.items()}
    changes: dict[tuple[str, str], Change] = {}
    for status in STATUSES:
        do(folder, "update", INCIDENT, status, "-m=We have found the cause and rolled out a fix.")
        do(folder, "build")
        after = {name: manifest(folder, name) for name in TREES}
        changes |= {(name, status): change(before[name], after[name]) for name in TREES}
        before = after
    return Scale(files, trees, changes)


def do(folder: Path, *words: str) -> None:
    """Run one of our own commands in the site, which has to succeed."""
    subprocess.run([HELIOGRAPH, "--site", folder / "site", "-q", *words], check=True, stdout=subprocess.DEVNULL)


def manifest(folder: Path, name: str) -> Manifest:
    """Read what is in a tree."""
    found = read_manifest(folder / "site/dist" / name)
    if found is None:
        raise SystemExit(f"no tree {name}")
    return found


@contextmanager
def served(folder: Path) -> Iterator[Line]:
    """Serve the public tree by nginx as docs/hosting has it."""
    with public_nginx(folder / "nginx", folder / "site/dist/public") as server, server.line() as line:
        yield line


def sent(line: Line, root: Path, pattern: str) -> Sent:
    """Ask for the file that a pattern means, for it again, and see what comes."""
    path = chosen(root, pattern)
    address = f"/{path.relative_to(root).as_posix()}".removesuffix("index.html")
    whole = line.ask(address, accept_encoding="gzip")
    again = line.ask(address, accept_encoding="gzip", if_none_match=whole.fields["etag"])
    if (whole.status, again.status, again.data) != (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED, b""):
        raise SystemExit(f"{address} answers {whole.status}, then {again.status}")
    return Sent(path.stat().st_size, len(whole.data), head(whole), head(again))


def chosen(root: Path, pattern: str) -> Path:
    """Give the file of middle size, of months the largest."""
    found = sorted(root.glob(pattern), key=lambda path: (path.stat().st_size, path))
    return found[-1] if pattern.startswith("history/") else found[len(found) // 2]


def head(reply: Reply) -> int:
    """Count the bytes of a status line and fields, as HTTP/1.1 writes them."""
    status = HTTPStatus(reply.status)
    lines = [f"HTTP/1.1 {reply.status} {status.phrase}", *(f"{name}: {value}" for name, value in reply.fields.items())]
    return len("\r\n".join([*lines, "", ""]).encode())


def tree(found: Manifest) -> Tree:
    """Sum up a tree."""
    data = encode_manifest(found)
    return Tree(len(found.files), sum(one.size for one in found.files), len(data), len(gzip.compress(data, mtime=0)))


def change(before: Manifest, after: Manifest) -> Change:
    """Say what publishing the later tree over the earlier one puts."""
    puts = [step for step in plan_publish(after.files, before.files, before.paths).steps if step.action == "put"]
    return Change(Counter(step.path.rpartition(".")[2] for step in puts), sum(step.size for step in puts))


# The ledger


@dataclass(frozen=True)
class Told:
    """Writing to a list: a mail's bytes, the ledger's on SQLite, and what the same costs in a bucket."""

    recipients: int
    mail: float
    sqlite: int
    delivery_puts: int
    other_requests: int
    objects: int
    bucket: int

    def __str__(self) -> str:
        """Give the table's row."""
        return (
            f"| {self.recipients:,} | {self.mail:,.0f} | {self.sqlite:,} | {self.delivery_puts:,} "
            f"| {self.other_requests:,} | {self.objects:,} | {self.bucket:,} |"
        )


def told(recipients: int) -> Told:
    """Tell a list twice, once on each kind of ledger."""
    with tempfile.TemporaryDirectory(prefix="heliograph-scale-") as work:
        send.measure(str(HELIOGRAPH), recipients, 4, Path(work))
        mails = [json.loads(line)["bytes"] for line in (Path(work) / "book").read_text("utf-8").splitlines()]
        file = sum(path.stat().st_size for path in Path(work).glob("ledger.db*"))
    return Told(recipients, statistics.mean(mails), file, *in_bucket(recipients))


def in_bucket(recipients: int) -> tuple[int, int, int, int]:
    """Give PUTs of deliveries, all other requests from the ledger's first day on, objects, and their bytes."""
    with ExitStack() as opened:
        work, store = (Path(opened.enter_context(tempfile.TemporaryDirectory())) for _ in range(2))
        server = opened.enter_context(running(store))
        bucket = client(server.place())
        bucket.create_bucket(Bucket="ledger")
        way = opened.enter_context(FaultyStore(server.addresses["http"]).answering())
        place = BUCKET_LEDGER.format(way=way.address, access=ACCESS, secret=SECRET)
        operator = send.OPERATOR.replace('path = "ledger.db"\n', place)
        opened.enter_context(mock.patch.object(send, "OPERATOR", operator))
        with way.struck() as log:
            send.measure(str(HELIOGRAPH), recipients, 4, work)
        pages = bucket.get_paginator("list_objects_v2").paginate(Bucket="ledger")
        sizes = [one["Size"] for page in pages for one in page.get("Contents", ())]
    puts = sum(one.method == "PUT" and "/deliveries/" in one.path for one in log.asked)
    return puts, log.requests - puts, len(sizes), sum(sizes)


# What is printed


def tables(scales: Mapping[int, Scale]) -> Iterator[str]:
    """Give all tables of sites, line by line."""
    yield from sizes(scales)
    yield from answers(scales[max(scales)], max(scales))
    yield from readers(scales[max(scales)].files)
    yield from trees(scales)
    yield from changes(scales)


def sizes(scales: Mapping[int, Scale]) -> Iterator[str]:
    """Give the bytes of each file by the number of incidents, and packed, as nginx sends them."""
    columns = [f"{number:,} incidents" for number in scales]
    yield from header("file: bytes (packed)", *columns, *([f"{FAR:,}, reckoned"] if len(scales) > 1 else []))
    for name in FILES:
        plain = {number: scale.files[name].plain for number, scale in scales.items()}
        packed = {number: scale.files[name].packed for number, scale in scales.items()}
        cells = [f"{one:,.0f} ({other:,.0f})" for one, other in zip(reckoned(plain), reckoned(packed), strict=True)]
        yield row(name, *(cells if name == GROWING or len(scales) == 1 else [*cells[:-1], "bounded"]))


def answers(scale: Scale, incidents: int) -> Iterator[str]:
    """Give what an answer weighs, fields and all."""
    yield from header(f"answer, at {incidents:,} incidents", "fields", "fields and packed body", "304")
    for name, one in scale.files.items():
        yield row(name, *(f"{number:,}" for number in (one.head, one.head + one.packed, one.unchanged)))


def readers(files: Mapping[str, Sent]) -> Iterator[str]:
    """Give what a million readers of each kind ask for during the outage, and what CloudFront bills for it."""
    yield from header("a million of these", "requests, millions", "GB", "dollars")
    for reader in READERS:
        gigabytes = reader.size(files) * MILLION / 1e9
        dollars = reader.requests * MILLION * (REQUEST_PRICE + FUNCTION_PRICE) + gigabytes * GIGABYTE_PRICE
        yield row(reader.name, str(reader.requests), f"{gigabytes:,.0f}", f"{dollars:,.0f}")


def trees(scales: Mapping[int, Scale]) -> Iterator[str]:
    """Give how much lies in the trees, and what a publication keeps of them."""
    yield from header("tree", "incidents", "files", "MB", "manifest, bytes", "its record, bytes")
    for name in TREES:
        found = {number: scale.trees[name] for number, scale in scales.items()}
        fields = [
            reckoned({number: getattr(one, field) for number, one in found.items()})
            for field in ("files", "size", "manifest", "record")
        ]
        numbers = [*map("{:,}".format, scales), *([f"{FAR:,}, reckoned"] if len(scales) > 1 else [])]
        for number, files, size, plain, record in zip(numbers, *fields, strict=True):
            yield row(name, number, f"{files:,.0f}", f"{size / 1e6:,.1f}", f"{plain:,.0f}", f"{record:,.0f}")


def changes(scales: Mapping[int, Scale]) -> Iterator[str]:
    """Give what one more update of an open incident puts."""
    yield from header("tree", "said", "incidents", "files that change", "which", "bytes", "PUTs with the register's")
    for name, status in ((name, status) for name in TREES for status in STATUSES):
        for number, scale in scales.items():
            one = scale.changes[name, status]
            total = one.kinds.total()
            kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(one.kinds.items()))
            yield row(name, status, f"{number:,}", str(total), kinds, f"{one.size:,}", str(total + REGISTER_PUTS))


def reckoned(measured: Mapping[int, int]) -> Sequence[float]:
    """Give what was measured and, on the line through the last two, what 100,000 incidents would come to."""
    values: list[float] = list(measured.values())
    if len(measured) > 1:
        (few, low), (many, high) = sorted(measured.items())[-2:]
        values.append(high + (high - low) / (many - few) * (FAR - many))
    return values


def header(*names: str) -> Iterable[str]:
    """Begin a table."""
    return ("", row(*names), "|---|" + "---:|" * (len(names) - 1))


def row(*cells: str) -> str:
    """Write one row."""
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Read the command line, measure, and print."""
    parser = argparse.ArgumentParser(description="Measure sizes and counts by the number of incidents and recipients.")
    parser.add_argument("--incidents", type=int, nargs="*", default=[100, 1_000, 10_000], metavar="N")
    parser.add_argument("--recipients", type=int, nargs="*", default=[500, 2_000], metavar="N")
    parser.add_argument("--work", type=Path, help="the folder in which sites are made (default: temporary)")
    arguments = parser.parse_args()
    scales: dict[int, Scale] = {}
    for incidents in sorted(arguments.incidents):
        with tempfile.TemporaryDirectory(prefix="heliograph-scale-", dir=arguments.work) as work:
            scales[incidents] = site(Path(work), incidents)
    if scales:
        print("\n".join(tables(scales)))
    if arguments.recipients:
        columns = ("mail, bytes", "SQLite, bytes", "PUTs of deliveries", "other requests", "objects", "their bytes")
        print("\n".join(header("recipients", *columns)))
    for recipients in arguments.recipients:
        print(told(recipients), flush=True)


if __name__ == "__main__":
    main()
