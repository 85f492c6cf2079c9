"""Compares what a reader gets of two worlds that it must not be able to tell apart.

`python -m proof.compare --worlds 50 --seed demo`, from the folder tests, does so in one process.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import gc
import multiprocessing
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

import msgspec

from heliograph.model import Site
from heliograph.problems import Refused
from heliograph.record import Record, Told
from proof.readers import READERS, Received, load, reasons, received, received_by_each
from proof.vary import vary
from worlds import BY_NATURE, CUSTOMERS, MINUTE, READS, World, generate

_EXCERPT = 600
UNINFORMED = ("public", "globex", "frontdesk")
"""Readers who may not know what others are told."""

_BATCH = 10
"""Worlds that one process compares before another takes over, so that none grows."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """The first thing that betrays to `reader` which of two worlds it lives in; `seed` and `turn` make them again."""

    reader: str
    seed: str
    turn: int
    path: str
    excerpt: str
    size: int

    def __str__(self) -> str:
        return (
            f"{self.reader} can tell world {self.seed} from its variation {self.turn} by {self.path}:\n{self.excerpt}"
        )


class Tally(msgspec.Struct):
    """What one run found for one reader."""

    reader: str
    worlds: int = 0
    refused: int = 0
    artifacts: int = 0
    differing_bytes: int = 0
    leaks: int = 0
    """Worlds that the reader can tell from their variation."""
    seconds: float = 0.0
    first: Difference | None = None
    codes: Counter[str] = msgspec.field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Take over what another run found, which came after this one."""
        self.worlds += other.worlds
        self.refused += other.refused
        self.artifacts += other.artifacts
        self.differing_bytes += other.differing_bytes
        self.leaks += other.leaks
        self.seconds += other.seconds
        self.first = self.first or other.first
        self.codes.update(other.codes)


class Unusable(RuntimeError):  # noqa: N818 -- it is an answer, not a fault
    """Every world tried was refused by the loader or the checks."""


def compare(one: Received, other: Received) -> Iterator[tuple[str, str, int]]:
    """Give (path, excerpt, number of differing bytes) for everything that is not the same."""
    for path in sorted(one.artifacts.keys() | other.artifacts.keys()):
        was, now = one.artifacts.get(path), other.artifacts.get(path)
        if was != now:
            yield path, _excerpt(was, now), _distance(was or b"", now or b"")
    if one.changes_at != other.changes_at:
        yield "next_change_at", f"-{one.changes_at}\n+{other.changes_at}", 1


def _distance(was: bytes, now: bytes) -> int:
    return sum(a != b for a, b in zip(was, now, strict=False)) + abs(len(was) - len(now))


def _excerpt(was: bytes | None, now: bytes | None) -> str:
    if was is None or now is None:
        return "only in the variation" if was is None else "missing in the variation"
    lines = difflib.unified_diff(was.decode().splitlines(), now.decode().splitlines(), lineterm="", n=1)
    return "\n".join(line[:200] for line in lines)[:_EXCERPT]


def usable(seed: str, tally: Tally | None = None) -> tuple[World, Site]:
    """Generate the first world of a seed that loads without errors."""
    for turn in range(20):
        world = generate(f"{seed}.{turn}" if turn else seed)
        try:
            return world, load(world)
        except Refused as refused:
            _count(tally, refused)
    raise Unusable(f"no world of seed {seed} can be used")


def varied(world: World, reader: str, seed: str, tally: Tally | None = None) -> tuple[World, Site]:
    """Make the first variation of a world that loads without errors."""
    for turn in range(20):
        other = vary(world, reader, random.Random(f"{seed}/{reader}/{turn}"))
        try:
            return other, load(other)
        except Refused as refused:
            _count(tally, refused)
    raise Unusable(f"no variation of world {seed} for {reader} can be used")


def _count(tally: Tally | None, refused: Refused) -> None:
    if tally is not None:
        tally.refused += 1
        tally.codes.update(problem.code for problem in reasons(refused))


def prove(seeds: Iterable[str], readers: Iterable[str], *, stop_at_first: bool = False) -> dict[str, Tally]:
    """Compare each world of `seeds` with one variation for each reader."""
    tallies = {reader: Tally(reader) for reader in readers}
    for seed in seeds:
        with contextlib.suppress(Unusable):
            _prove_all(seed, tallies)
        if stop_at_first and any(tally.first for tally in tallies.values()):
            break
    return tallies


def prove_at_once(
    seeds: Sequence[str], readers: Sequence[str], told: Callable[[int], object] = lambda done: None
) -> dict[str, Tally]:
    """Compare as `prove` does, on all processors; `told` hears how many worlds are done. The result is the same."""
    batches = [seeds[start : start + _BATCH] for start in range(0, len(seeds), _BATCH)]
    tallies = {reader: Tally(reader) for reader in readers}
    prove(seeds[:1], readers)
    gc.freeze()
    with multiprocessing.get_context("fork").Pool(len(os.sched_getaffinity(0)), maxtasksperchild=1) as pool:
        for number, found in enumerate(pool.imap(partial(_prove_batch, readers), batches, chunksize=1)):
            for reader, tally in found.items():
                tallies[reader].add(tally)
            told(min(len(seeds), (number + 1) * _BATCH))
    gc.unfreeze()
    return tallies


def _prove_batch(readers: Sequence[str], seeds: Sequence[str]) -> dict[str, Tally]:
    """Compare a few worlds, in a process that ends soon and need not collect what is left over."""
    gc.disable()
    return prove(seeds, readers)


def _prove_all(seed: str, tallies: dict[str, Tally]) -> None:
    first = next(iter(tallies.values()))
    began = time.perf_counter()
    world, site = usable(seed, first)
    alone = len(tallies) == 1
    base = {one: received(site, world["at"], one) for one in tallies} if alone else received_by_each(site, world["at"])
    first.seconds += time.perf_counter() - began
    for tally in tallies.values():
        began = time.perf_counter()
        _prove_one(world, base[tally.reader], seed, tally)
        tally.seconds += time.perf_counter() - began


def _prove_one(world: World, base: Received, seed: str, tally: Tally) -> None:
    _, other = varied(world, tally.reader, seed, tally)
    _count_in(tally, seed, base, received(other, world["at"], tally.reader))


def _count_in(tally: Tally, seed: str, base: Received, other: Received) -> None:
    found = list(compare(base, other))
    tally.worlds += 1
    tally.artifacts += len(base.artifacts)
    tally.differing_bytes += sum(size for _, _, size in found)
    tally.leaks += bool(found)
    if found and tally.first is None:
        path, excerpt, size = found[0]
        tally.first = Difference(reader=tally.reader, seed=seed, turn=0, path=path, excerpt=excerpt, size=size)


def prove_by_record(seeds: Iterable[str], readers: Iterable[str], *, stop_at_first: bool = False) -> dict[str, Tally]:
    """Compare what a reader gets where others were told nothing, and where they were; it was told the same.

    It must be one that may not know what others are told: no insider who reads what is internal.
    """
    tallies = {reader: Tally(reader) for reader in readers}
    assert not any(BY_NATURE in READS[reader] for reader in tallies)
    for seed in seeds:
        world, site = usable(seed)
        for tally in tallies.values():
            own, others = deliveries(world, tally.reader, seed)
            found = [received(site, world["at"], tally.reader, Record(told)) for told in (own, (*own, *others))]
            _count_in(tally, seed, *found)
        if stop_at_first and any(tally.first for tally in tallies.values()):
            break
    return tallies


def deliveries(world: World, reader: str, seed: str) -> tuple[tuple[Told, ...], tuple[Told, ...]]:
    """Make up who was told of what: to this reader, and to others; to each only what it may read."""
    rng, own, others = random.Random(f"{seed} told to {reader}"), list[Told](), list[Told]()
    updates = [update for story in world["stories"] for update in story["updates"]]
    for other in (one for one in READS if one != "macros"):
        audience, customer = ("strategic", other) if other in CUSTOMERS else (other, "")
        for update in (one for one in updates if one["audience"] in READS[other] and rng.random() < 0.6):
            message = rng.choice(("", f"{other}-{update['id']}"))
            told = Told(update["at"] + rng.randint(0, 9) * MINUTE, audience, update["id"], customer, message)
            (own if other == reader else others).append(told)
    return tuple(own), tuple(others)


def told_apart(seed: str, alike_to: str = "public", by: str = "internal") -> bool:
    """Tell whether one reader can tell two worlds apart that are alike to another: else they would show nothing."""
    world, site = usable(seed)
    _, other = varied(world, alike_to, seed)
    return any(True for _ in compare(received(site, world["at"], by), received(other, world["at"], by)))


def table(tallies: dict[str, Tally]) -> str:
    """Lay the figures out, with the first difference of each reader below."""
    lines = [f"{'reader':<10} {'worlds':>6} {'refused':>7} {'artifacts':>9} {'differing bytes':>15}"]
    lines += [
        f"{one.reader:<10} {one.worlds:>6} {one.refused:>7} {one.artifacts:>9} {one.differing_bytes:>15}"
        for one in tallies.values()
    ]
    codes = {code for one in tallies.values() for code in one.codes}
    lines += [f"refused for {code}: {sum(one.codes[code] for one in tallies.values())}" for code in sorted(codes)]
    return "\n".join([*lines, *(str(one.first) for one in tallies.values() if one.first)])


def main(arguments: list[str] | None = None) -> int:
    """Compare, print a table, and end with 1 if any reader could tell two worlds apart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=20)
    parser.add_argument("--seed", default="proof")
    parser.add_argument("--reader", action="append", choices=READERS)
    parser.add_argument("--record", action="store_true", help="vary what others were told, and not the words")
    parser.add_argument("--first", action="store_true", help="stop at the first difference")
    options = parser.parse_args(arguments)
    seeds = (f"{options.seed}-{number}" for number in range(options.worlds))
    way, readers = (prove_by_record, UNINFORMED) if options.record else (prove, READERS)
    tallies = way(seeds, options.reader or readers, stop_at_first=options.first)
    sys.stdout.write(table(tallies) + "\n")
    return 1 if any(tally.first for tally in tallies.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
