"""Compares what a reader gets of two worlds that it must not be able to tell apart."""

from __future__ import annotations

import contextlib
import difflib
import random
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from heliograph.model import Site
from heliograph.problems import Refused
from proof.readers import Received, load, reasons, received
from proof.vary import vary
from worlds import World, generate

_EXCERPT = 600


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
    first: Difference | None = None
    codes: Counter[str] = msgspec.field(default_factory=Counter)


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


def _prove_all(seed: str, tallies: dict[str, Tally]) -> None:
    world, site = usable(seed, next(iter(tallies.values())))
    for tally in tallies.values():
        _prove_one(world, site, seed, tally)


def _prove_one(world: World, site: Site, seed: str, tally: Tally) -> None:
    _, other = varied(world, tally.reader, seed, tally)
    at = world["at"]
    one, two = received(site, at, tally.reader), received(other, at, tally.reader)
    tally.worlds += 1
    tally.artifacts += len(one.artifacts)
    for path, excerpt, size in compare(one, two):
        tally.differing_bytes += size
        if tally.first is None:
            tally.first = Difference(reader=tally.reader, seed=seed, turn=0, path=path, excerpt=excerpt, size=size)
