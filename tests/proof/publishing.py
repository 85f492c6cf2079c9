"""Publishes to a real S3 server while requests go wrong and publishers die: `python -m proof.publishing`, from the folder tests.

After each interruption a visitor follows every link of what lies in the bucket; then the same publish is run again. What is
published are sites that the product built. Two orders that are wrong on purpose, and publishers without a register, show
that this would notice.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import ssl
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import groupby
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal, NamedTuple

from msgspec.structs import replace

import s3_store
from crawl import FRONT, Crawl, crawl, is_mixed, matching
from faulty_store import FAULTS, Asked, Fault, FaultyStore, Kind, Log, Window
from heliograph.buckets import Bucket
from heliograph.load import load_site
from heliograph.operations import BucketPlace
from heliograph.pipeline import PUBLIC, Build
from heliograph.publish.built import Built, open_built
from heliograph.publish.objects import MARKER, Objects
from heliograph.publish.plan import Step, plan_publish
from heliograph.render.layouts import Layouts
from heliograph.stores import client
from heliograph.tree.artifact import Artifact, text_artifact
from heliograph.tree.write import TreePlan, write_trees
from proof.table import Line, to_markdown, to_text
from publish_runner import Job, Publisher, Said, all_ended
from sites import TINY, write_site

SITE = "https://status.example.com"
Files = dict[str, bytes]


# What is published


def _incident(day: str, ids: tuple[str, str], title: str, component: str) -> dict[str, str]:
    folder, at = f"incidents/{day}-{component}", f"{day}T14:05Z"
    return {
        f"{folder}/incident.md": f"---\nid: {ids[0]}\ntitle:\n  public: {title}\nstarted_at: {at}\n---\n",
        f"{folder}/1405-investigating.md": (
            f"---\nid: {ids[1]}\naudience: public\nstatus: investigating\nat: {at}\nseverity: sev2\n"
            f"components:\n  {component}: degraded_performance\nnext_update: 30m\n---\nWe are looking into it.\n"
        ),
    }


_NEWER: dict[str, str] = {
    **_incident("2026-12-01", ("k3x9q2mh", "7qm4tz2h"), "Refunds are late", "refunds"),
    "incidents/2026-11-21-checkout/1420-identified.md": (
        "---\nid: 9rn5vz3d\naudience: public\nstatus: identified\nat: 2026-11-21T14:20Z\n"
        "components:\n  refunds: degraded_performance\nnext_update: 30m\n---\nWe have found the cause.\n"
    ),
    "site_src/components.toml": (
        f'{TINY["site_src/components.toml"]}\n[[component]]\nid = "refunds"\nname = "Refunds"\naudience = "public"\n'
    ),
    "layouts/web/style.css": "body { color: #123 }\n",
}
_SPEAKING = {"site_src/site.toml": f'{TINY["site_src/site.toml"]}languages = ["en", "de"]\n'}


class Tree(NamedTuple):
    """A public tree as built, and its files."""

    name: str
    built: Built
    at: datetime
    files: Files

    @property
    def digests(self) -> dict[str, str]:
        """The SHA-256 of each file."""
        return {entry.path: entry.sha256 for entry in self.built.manifest.files}


def make(root: Path, name: str, at: datetime, files: Mapping[str, str]) -> Tree:
    """Build the public tree of the tiny site with `files` besides."""
    site = write_site(root / f"{name}-site", files)
    build = Build(load_site(site), Layouts(site / "layouts"), at)
    write_trees(root / name, [plan for plan in build.trees() if plan.name == PUBLIC])
    built = open_built(root / name / PUBLIC)
    return Tree(name, built, at, {one.path: (built.folder / one.path).read_bytes() for one in built.manifest.files})


class Trees(NamedTuple):
    """What follows one another: another update and incident, a component, other styles, a month, and an incident gone;
    then a language besides."""

    older: Tree
    newer: Tree
    speaking: Tree


def make_trees(root: Path) -> Trees:
    """Build them; each speaks for a later instant."""
    gone = _incident("2026-11-10", ("k3x9q2mg", "7qm4tz2d"), "Payments are slow", "checkout")
    return Trees(
        make(root, "older", datetime(2026, 11, 21, 14, 30, tzinfo=UTC), gone),
        make(root, "newer", datetime(2026, 12, 1, 14, 30, tzinfo=UTC), _NEWER),
        make(root, "speaking", datetime(2026, 12, 1, 14, 40, tzinfo=UTC), {**_NEWER, **_SPEAKING}),
    )


# Orders, without a store: what a visitor finds after each single step


class Walk(NamedTuple):
    """Points at which a publish was stopped; at `broken` of them `dangling` of the `references` led to nothing."""

    points: int = 0
    broken: int = 0
    references: int = 0
    dangling: int = 0

    def plus(self, found: Crawl) -> Walk:
        """Count one point more."""
        lost = len(found.dangling)
        return Walk(self.points + 1, self.broken + bool(lost), self.references + found.references, self.dangling + lost)

    @property
    def share(self) -> float:
        """The share of points that were broken."""
        return self.broken / self.points if self.points else 0.0


def in_planned_order(steps: Sequence[Step], chance: random.Random) -> list[Step]:
    """As we do it: phase by phase, in any order inside each, and without deletes."""
    puts = [step for step in steps if step.action == "put"]
    phases = [list(some) for _, some in groupby(puts, key=lambda step: step.phase)]
    return [step for some in phases for step in chance.sample(some, len(some))]


def alphabetically(steps: Sequence[Step], _: random.Random) -> list[Step]:
    """Wrong on purpose: all in one go by name, as `aws s3 sync` lists them, deletes among them."""
    return sorted(steps, key=lambda step: step.path)


def deletes_first(steps: Sequence[Step], chance: random.Random) -> list[Step]:
    """Wrong on purpose: what is gone goes first; then as we do it."""
    gone = [step for step in steps if step.action == "delete"]
    return gone + in_planned_order(steps, chance)


def at_random(steps: Sequence[Step], chance: random.Random) -> list[Step]:
    """Wrong on purpose: everything at once."""
    return chance.sample(steps, len(steps))


Order = Callable[[Sequence[Step], random.Random], list[Step]]
ORDERS: dict[str, Order] = {
    "as planned": in_planned_order,
    "alphabetical": alphabetically,
    "deletes first": deletes_first,
    "random": at_random,
}


def walked(order: Order, before: Tree | None, after: Tree, seed: int = 1) -> Walk:
    """Go from one tree to another step by step, and look after each but the last."""
    there = dict(before.files) if before else {}
    old = before.built.manifest.files if before else ()
    plan = plan_publish(after.built.manifest.files, old, there)
    walk = Walk()
    for step in order(plan.steps, random.Random(seed))[:-1]:
        if step.action == "put":
            there[step.path] = after.files[step.path]
        else:
            there.pop(step.path)
        walk = walk.plus(seen_by_visitors(there, before))
    return walk


def walked_again(before: Tree, cut_off: Tree, after: Tree, seed: int = 1, *, ignorant: bool = False) -> Walk:
    """Stop on the way from one tree to another after each step, then go to a third, and look after each step of that.

    `ignorant` does not know that a run was cut off, nor what that run may have put.
    """
    old, middle, new = (one.built.manifest.files for one in (before, cut_off, after))
    unsettled = frozenset() if ignorant else frozenset(entry.path for entry in set(old) ^ set(middle))
    first = in_planned_order(plan_publish(middle, old, before.files).steps, random.Random(seed))
    walk = Walk()
    for stop in range(1, len(first) + 1):
        there = {**before.files, **{step.path: cut_off.files[step.path] for step in first[:stop]}}
        steps = plan_publish(new, old, before.files, unsettled).steps
        for step in in_planned_order(steps, random.Random(seed + stop)):
            there[step.path] = after.files[step.path]
            walk = walk.plus(seen_by_visitors(there, before))
    return walk


def seen_by_visitors(there: Files, before: Tree | None) -> Crawl:
    """Follow every link from the front page, and from all that anybody may have kept the address of."""
    kept = before.files if before else {}
    return crawl(there.get, SITE, sorted({FRONT, *kept}))


# On a store


class Scene(NamedTuple):
    """A place of its own in the bucket: its name, and where a publisher goes, by the way on which things go wrong."""

    name: str
    place: BucketPlace
    shelf: BucketPlace
    url: str


class Ground:
    """A store, the way to it, and what lies there, seen without that way."""

    def __init__(self, direct: Callable[[str], BucketPlace], way: FaultyStore, window: Window, ca: Path | None) -> None:
        self.way = way
        self._window = window
        self.direct = direct
        self._ca = ca
        self._all = Bucket(direct(""))
        self._pool = ThreadPoolExecutor(8)
        self._known: dict[str, bytes] = {}

    def close(self) -> None:
        """Close connections."""
        self._pool.shutdown()
        self._all.close()

    def know(self, trees: Iterable[Tree]) -> None:
        """Learn files by heart, so that their ETags alone tell what lies there."""
        for data in (data for tree in trees for data in tree.files.values()):
            self._known[f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'] = data

    def scene(self) -> Scene:
        """Give a place where nothing is."""
        name = uuid.uuid4().hex
        www, state = (
            replace(self.direct(f"{name}/{part}"), endpoint=self.way.address, ca_file=self._ca)
            for part in ("www", "state")
        )
        return Scene(name, www, state, f"{self._window.address}/{name}/www")

    def job(self, scene: Scene, tree: Tree, **other: Any) -> Job:
        """Give the task to publish a tree there."""
        what = {"at": tree.at, **other}
        return Job(tree.built.folder, scene.place, scene.shelf, (scene.url,), what.pop("at"), **what)

    def beside(self, scene: Scene) -> dict[str, BucketPlace]:
        """Give the same place as publishers find it that do not go by the way."""
        return {"place": self.direct(f"{scene.name}/www"), "shelf": self.direct(f"{scene.name}/state")}

    def files(self, scene: Scene) -> Files:
        """Read what lies there, but for the mark."""
        below = f"{scene.name}/www/"
        found = {one.key.removeprefix(below): one for one in self._all.listing(below)}
        found.pop(MARKER, None)
        unknown = [one for one in found.values() if one.etag not in self._known]
        for one, stored in zip(unknown, self._pool.map(lambda one: self._all.read(one.key), unknown), strict=True):
            if stored is not None:
                self._known[one.etag] = stored.data
        return {path: self._known[one.etag] for path, one in found.items()}

    def head(self, scene: Scene) -> dict[str, Any]:
        """Read the register's head as it lies there; empty if there is none."""
        found = self._all.read(f"{scene.name}/state/public/head.json")
        return {} if found is None else json.loads(found.data)["head"]

    def state(self, scene: Scene) -> dict[str, bytes]:
        """Read what the register holds, and the mark."""
        keys = [one.key for one in self._all.listing(f"{scene.name}/state/")]
        keys.append(f"{scene.name}/www/{MARKER}")
        read = zip(keys, map(self._all.read, keys), strict=True)
        return {key.removeprefix(scene.name): found.data for key, found in read if found is not None}

    def published(self, tree: Tree) -> dict[str, bytes]:
        """Publish a tree to a place of its own, and give what the register holds then."""
        scene = self.scene()
        said = Publisher(self.job(scene, tree)).ended()
        assert said.how == "done", said
        return self.state(scene)

    def scene_with(self, tree: Tree, state: Mapping[str, bytes]) -> Scene:
        """Give a place where a tree was published, as `published` knows of it."""
        scene = self.scene()
        objects = Objects(self.direct(f"{scene.name}/www"), "external")
        jobs = [lambda key=key, data=data: self._all.put(f"{scene.name}{key}", data) for key, data in state.items()]
        entries = tree.built.manifest.files
        jobs += [lambda entry=entry: objects.put(entry, tree.files[entry.path]) for entry in entries]
        list(self._pool.map(lambda job: job(), jobs))
        objects.close()
        return scene


@contextmanager
def ground(server: Any, scheme: Literal["http", "https"] = "http") -> Iterator[Ground]:
    """Stand between publishers and a server of `s3_store`; they come over http or https."""
    way = FaultyStore(server.addresses["http"], _tls(server.ca_file.parent) if scheme == "https" else None)
    window = Window(server.place())
    with ExitStack() as stack:
        stack.enter_context(way.answering())
        stack.enter_context(window.answering())
        ca = server.ca_file if scheme == "https" else None
        found = Ground(lambda prefix: server.place(prefix=prefix), way, window, ca)
        stack.callback(found.close)
        yield found


def _tls(folder: Path) -> ssl.SSLContext:
    """Take the certificate that `s3_store` has made for its server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


# One publish that something happens to


class Struck(NamedTuple):
    """What came of one publish: what it said, what met the fault, what visitors found, and what is not as promised."""

    fault: Fault
    stage: str
    said: Said
    again: Said
    crawl: Crawl
    wrong: tuple[str, ...]


class Passage(NamedTuple):
    """From one tree (None: from nothing) to another; `state` is what the register holds before."""

    before: Tree | None
    after: Tree
    state: Mapping[str, bytes] = {}

    @property
    def name(self) -> str:
        """Say from what to what."""
        return f"{self.before.name if self.before else 'nothing'} to {self.after.name}"

    def stage_of(self, scene: Scene, asked: Asked) -> str:
        """Say what a request was for: a phase of the plan, or what is before and after."""
        old = self.before.built.manifest.files if self.before else ()
        plan = plan_publish(self.after.built.manifest.files, old, ())
        phases = {step.path: step.phase for step in plan.steps}
        key = asked.path.partition(f"{scene.name}/")[2]
        return phases.get(key.removeprefix("www/"), key if asked.writes else f"read {key}")


def passage(ground: Ground, before: Tree | None, after: Tree) -> Passage:
    """Make ready for passages from one tree to another."""
    return Passage(before, after, {} if before is None else ground.published(before))


def _start(ground: Ground, way: Passage) -> Scene:
    return ground.scene() if way.before is None else ground.scene_with(way.before, way.state)


def requests(ground: Ground, way: Passage) -> tuple[Scene, Log]:
    """Publish without a fault, and give all that was asked."""
    scene = _start(ground, way)
    with ground.way.struck() as log:
        said = Publisher(ground.job(scene, way.after)).ended()
    wrong = tuple(_wrong_after(ground, scene, way, said))
    assert not wrong, wrong
    return scene, log


def strike(ground: Ground, way: Passage, fault: Fault) -> Struck:
    """Publish, let one request meet a fault or the publisher die at it; look; then publish again."""
    scene = _start(ground, way)
    publisher = Publisher(ground.job(scene, way.after, delay=0.0))
    with ground.way.struck(fault, publisher.process.kill) as log:
        said = publisher.ended()
    found = seen_by_visitors(there := ground.files(scene), way.before)
    wrong = list(_wrong_meanwhile(there, way, found, fault, log, said))
    if said.is_done:
        wrong += _wrong_after(ground, scene, way, said)
    again = Publisher(ground.job(scene, way.after, ways=("patient",))).ended()
    wrong += (f"again: {one}" for one in _wrong_after(ground, scene, way, again))
    stage = way.stage_of(scene, log.strikes[0]) if log.strikes else ""
    named = tuple(f"{way.name}, {fault} ({stage}): {one}" for one in wrong)
    return Struck(fault, stage, said, again, found, named)


def _wrong_meanwhile(there: Files, way: Passage, found: Crawl, fault: Fault, log: Log, said: Said) -> Iterator[str]:
    if found.dangling:
        yield f"{len(found.dangling)} of {found.references} references dangle: {found.dangling[0]}"
    if way.before is not None and way.before.files.keys() - there.keys():
        yield "something was deleted"
    if not log.strikes:
        yield "nothing was struck"
    ends = ("killed",) if fault.kind == "kill" else ("StoreRefused", "StoreSilent") if fault.lasting else ("done",)
    if said.how not in ends:
        yield f"it ended with {said}"


def _wrong_after(ground: Ground, scene: Scene, way: Passage, said: Said) -> Iterator[str]:
    """Compare what lies there with the tree once it was said to be there."""
    if not said.is_done or said.unconfirmed:
        yield f"it ended with {said}"
        return
    there, head = ground.files(scene), ground.head(scene)
    kept = way.before.files if way.before else {}
    if any(there.get(path) != data for path, data in way.after.files.items()) or there.keys() - {
        *way.after.files,
        *kept,
    }:
        yield "what lies there is not the tree"
    if head["current"]["tree_sha256"] != way.after.built.manifest.tree_sha256:
        yield "the register has another release for the current one"
    if head["begun"] or head["turn"] or head["adrift"]:
        yield f"the register still knows of others: {head}"
    if (found := seen_by_visitors(there, None)).dangling:
        yield f"references dangle: {found.dangling}"


# Several at once


def racing_trees(root: Path, count: int) -> list[Tree]:
    """Make small trees that differ in each file; each has one that no other has."""
    return [_racing_tree(root / f"racer-{number}", number) for number in range(count)]


def _racing_tree(out: Path, number: int) -> Tree:
    style = f"body {{ order: {number} }}\n".encode()
    sheet = f"assets/style.{hashlib.sha256(style).hexdigest()[:12]}.css"
    pages = (FRONT, "404.html", "incidents/a/index.html", "incidents/b/index.html", "history/index.html")
    text = {
        **{path: f'<html><link href="/{sheet}">{path} {number}</html>' for path in pages},
        f"incidents/only-{number}/index.html": f"<html>{number}</html>",
        "status.json": f"[{number}]",
        "updates.atom": f"<feed>{number}</feed>",
    }
    artifacts = [Artifact(sheet, style), *(text_artifact(path, words) for path, words in text.items())]
    write_trees(out, [TreePlan(name=PUBLIC, boundary="external", site="tiny", artifacts=artifacts)])
    built = open_built(out / PUBLIC)
    at = datetime(2026, 12, 1, tzinfo=UTC)
    return Tree(out.name, built, at, {one.path: (built.folder / one.path).read_bytes() for one in built.manifest.files})


class Race(NamedTuple):
    """How many set out, what each said, and what is not as promised; `mixed` tells that no tree lies there whole."""

    publishers: int
    said: tuple[Said, ...]
    mixed: bool
    wrong: tuple[str, ...]


def race(ground: Ground, trees: Sequence[Tree], chance: random.Random, *ways: str) -> Race:
    """Let several publishers with different trees go for one place at once, each after a delay of its own."""
    scene = ground.scene()
    some = chance.sample(trees, chance.randint(2, len(trees)))
    spread = 0.0 if ways else chance.choice((0.0, 0.05, 0.3))
    jobs = [ground.job(scene, one, delay=chance.uniform(0, spread), ways=ways) for one in some]
    said = tuple(all_ended([job._replace(urls=()) for job in jobs]))
    hashes = {path: hashlib.sha256(data).hexdigest() for path, data in ground.files(scene).items()}
    mixed = is_mixed(hashes, (one.built.manifest for one in some))
    return Race(len(some), said, mixed, tuple(_wrong_in_race(ground.head(scene), some, said, hashes)))


def _wrong_in_race(
    head: Mapping[str, Any], trees: Sequence[Tree], said: Sequence[Said], hashes: Mapping[str, str]
) -> Iterator[str]:
    whole = [one.tree_sha256 for one in matching(hashes, (tree.built.manifest for tree in trees))]
    if whole != [head["current"]["tree_sha256"]]:
        yield f"{len(whole)} trees lie there whole, and the register names {head['current']['id']}"
    done = [tree for tree, one in zip(trees, said, strict=True) if one.is_done]
    if hashes.keys() - {path for tree in done for path in tree.files}:
        yield "a publisher that lost has left something"
    for one in said:
        if not one.is_done and (one.how not in ("Busy", "Overtaken") or one.puts):
            yield f"a publisher that lost says {one}"
    if head["turn"] or head["begun"]:
        yield f"the register knows of others: {head}"


class Slept(NamedTuple):
    """What came of a publisher that slept past its lease.

    `late` is what it wrote there after it woke; `spoilt` tells whether what lies there is no longer the tree of its rival,
    and `mended` whether it is once that publishes again.
    """

    said: Said
    rival: Said
    late: tuple[str, ...]
    spoilt: bool
    mended: bool


def sleep_through(ground: Ground, trees: Sequence[Tree], at: int, ttl: float = 3.0, *ways: str) -> Slept:
    """Stop a publisher after its `at`-th write, let its lease run out and another publish, and wake it.

    As real stores do, the way cuts off in less than a lease's time what does not arrive whole.
    """
    ground.way.patience = ttl / 3
    scene = ground.scene()
    sleeper, rival = trees[:2]
    process = Publisher(ground.job(scene, sleeper, ttl=ttl, ways=ways)._replace(urls=()))
    pid = process.process.pid or 0
    asleep = threading.Event()

    def stop() -> None:
        os.kill(pid, signal.SIGSTOP)
        asleep.set()

    with ground.way.struck(Fault("pause", at, of_writes=True), stop) as log:
        assert asleep.wait(60), "it ended before that"
        beside = ground.job(scene, rival)._replace(urls=(), **ground.beside(scene))
        while (other := Publisher(beside).ended()).how == "Busy":
            time.sleep(0.2)
        ground.way.quiet()
        before = len(log.asked)
        os.kill(pid, signal.SIGCONT)
        said = process.ended()
        woken = (one for one in log.asked[before:] if one.writes and one.status == HTTPStatus.OK)
        late = tuple(one.path for one in woken if f"/{scene.name}/www/" in one.path)
    spoilt = not _is_whole(ground, scene, rival)
    again = Publisher(beside).ended()
    return Slept(said, other, late, spoilt, again.is_done and _is_whole(ground, scene, rival))


def _is_whole(ground: Ground, scene: Scene, tree: Tree) -> bool:
    there = ground.files(scene)
    return all(there.get(path) == data for path, data in tree.files.items())


# The table


class Size(NamedTuple):
    """How much is done: one of `every` strikes, so many races, and publishers that sleep."""

    every: int = 12
    races: int = 10
    sleepers: int = 2


FULL = Size(every=1, races=100, sleepers=12)
ALONE = 7
"""The first file's write of a race's tree: it has a phase to itself, so that no other is on its way with it."""
FILES_LEFT = 7
"""So many follow it before the last."""


def orders_line(trees: Trees) -> Line:
    """Walk from each tree to each other in each order, and to a third after a run that was cut off."""
    began = time.perf_counter()
    ways = [(None, trees.older), *((one, other) for one in trees for other in trees if one is not other)]
    walks = {
        name: _sum(walked(order, one, other, seed) for one, other in ways for seed in range(3))
        for name, order in ORDERS.items()
    }
    sound = walks.pop("as planned")
    others = ((trees.older, trees.newer, trees.speaking), (trees.newer, trees.older, trees.speaking))
    again = _sum(walked_again(*three) for three in others)
    ignorant = _sum(walked_again(*three, ignorant=True) for three in others)
    figures = (
        f"stopped after each of {sound.points:,} steps: {sound.dangling} of {sound.references:,} references dangle; after each "
        f"of {again.points:,} steps to another tree than that of a run cut off before: {again.dangling} of {again.references:,}"
    )
    noticed = [
        f"{name}: {walk.share:.0%} of {walk.points:,} steps leave dangling references" for name, walk in walks.items()
    ]
    noticed.append(f"who knows nothing of the run cut off: {ignorant.share:.0%}")
    wrong = [f"{walk.dangling} references dangle" for walk in (sound, again) if walk.dangling]
    wrong += [f"{name} was not found out" for name, walk in walks.items() if not walk.broken]
    wrong += ["ignorance was not found out"] if not ignorant.broken else []
    return Line("Order of files", figures, "; ".join(noticed), time.perf_counter() - began, tuple(wrong))


def _sum(walks: Iterable[Walk]) -> Walk:
    return Walk(*map(sum, zip(*walks, strict=True)))


def all_strikes(ground: Ground, trees: Trees) -> Iterator[tuple[Passage, Fault]]:
    """Give everything that can befall a publish onwards, and a first one."""
    for way in (passage(ground, trees.older, trees.newer), passage(ground, None, trees.older)):
        _, log = requests(ground, way)
        yield from ((way, Fault("kill", at, of_writes=True)) for at in range(1, log.writes + 1))
        yield from ((way, Fault(kind, at)) for at in range(1, log.requests + 1) for kind in FAULTS)
        yield from ((way, Fault(kind, at, lasting=True)) for at in range(1, log.requests + 1, 4) for kind in OUTAGES)


OUTAGES: tuple[Kind, ...] = ("503", "drop before", "drop after")
"""How a store fails that does not come back."""


def strikes_line(grounds: Sequence[Ground], trees: Trees, every: int) -> Line:
    """Let all of it happen, as many at once as there are grounds."""
    began = time.perf_counter()
    work = list(all_strikes(grounds[0], trees))[::every]
    free = SimpleQueue[Ground]()
    for one in grounds:
        free.put(one)

    def do(what: tuple[Passage, Fault]) -> Struck:
        ground = free.get()
        try:
            return strike(ground, *what)
        finally:
            free.put(ground)

    with ThreadPoolExecutor(len(grounds)) as pool:
        found = list(pool.map(do, work))
    kills = sum(one.fault.kind == "kill" for one in found)
    outages = sum(one.fault.lasting for one in found)
    lost = [one for one in found if one.fault.kind == "drop after" and not one.fault.lasting]
    conflicts = sum(one.said.how in ("Busy", "Overtaken") for one in lost)
    ended = sum(one.said.is_done for one in found)
    figures = (
        f"{kills} publishers killed, one after each write; {len(found) - kills - outages} requests met {' / '.join(FAULTS)}; "
        f"{outages} outages that lasted; {len(lost)} lost replies, {conflicts} of them taken for a conflict: "
        f"{sum(len(one.crawl.dangling) for one in found)} of {sum(one.crawl.references for one in found):,} references dangle, "
        f"{ended} runs got there all the same, {sum(one.again.is_done for one in found)} of {len(found)} when run again"
    )
    wrong = tuple(wrong for one in found for wrong in one.wrong)
    return Line("Interrupted publishes", figures, "the orders above", time.perf_counter() - began, wrong)


def races_line(ground: Ground, trees: Sequence[Tree], size: Size) -> Line:
    """Let publishers race, and without a register; let some sleep, and some not ask when they wake."""
    began = time.perf_counter()
    races = [race(ground, trees, random.Random(seed)) for seed in range(size.races)]
    lawless = [race(ground, trees, random.Random(seed), "lawless", "slow") for seed in range(max(4, size.races // 10))]
    slept = [sleep_through(ground, trees, ALONE) for _ in range(max(1, size.sleepers // 4))]
    busy = [sleep_through(ground, trees, ALONE + 1 + number % FILES_LEFT) for number in range(size.sleepers)]
    careless = sleep_through(ground, trees, ALONE, 3.0, "careless")
    said = Counter(one.how for found in races for one in found.said)
    figures = (
        f"{len(races)} races of {said.total()} publishers: {sum(one.mixed for one in races)} mixed trees; {said['done']} published, "
        f"{said['Busy']} found it busy, {said['Overtaken']} were overtaken; {len(slept)} slept past their lease between two "
        f"writes: {sum(len(one.late) for one in slept)} writes after; {len(busy)} in the middle of writing: "
        f"{sum(len(one.late) for one in busy)}, which were on their way, {sum(one.spoilt for one in busy)} trees spoilt by them, "
        f"{sum(one.mended for one in busy)} of {len(busy)} whole with the next publish"
    )
    mixed = sum(one.mixed for one in lawless)
    noticed = (
        f"without a register: {mixed} of {len(lawless)} mixed; who does not ask on waking: {len(careless.late)} writes"
    )
    wrong = [wrong for one in races for wrong in one.wrong]
    wrong += [f"a sleeper wrote {one.late}" for one in slept if one.late or one.spoilt or one.said.how != "Overtaken"]
    wrong += ["a spoilt tree was not mended" for one in (*busy, careless) if not one.mended]
    wrong += ["without a register nothing was mixed"] if not mixed else []
    wrong += ["who does not ask was not found out"] if not careless.late else []
    return Line("Publishers at once", figures, noticed, time.perf_counter() - began, tuple(wrong))


def lines(size: Size) -> Iterator[Line]:
    """Start a store, make the trees, and do it all, one line after the other."""
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (root / "store").mkdir()
        server = stack.enter_context(s3_store.running(root / "store"))
        with closing(client(server.place())) as first:
            first.create_bucket(Bucket=s3_store.BUCKET)
        grounds = [stack.enter_context(ground(server)) for _ in range(1 + (os.cpu_count() or 1))]
        trees, racers = make_trees(root), racing_trees(root, 8)
        for one in grounds:
            one.know((*trees, *racers))
        yield orders_line(trees)
        yield races_line(grounds[0], racers, size)
        yield strikes_line(grounds, trees, size.every)


def main(arguments: list[str] | None = None) -> int:
    """Do it, and print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="every request, every fault, 100 races: some ten minutes")
    size = FULL if parser.parse_args(arguments).full else Size()
    done = []
    for line in lines(size):
        done.append(line)
        sys.stderr.write(to_text([line], ""))
    sys.stdout.write(to_markdown(done, f"{sum(line.seconds for line in done) / 60:.1f} minutes."))
    for line in done:
        sys.stdout.writelines(f"{line.what}: {wrong}\n" for wrong in line.wrong)
    return 1 if any(line.wrong for line in done) else 0


if __name__ == "__main__":
    sys.exit(main())
