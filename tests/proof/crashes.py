"""Interrupts builds and publishes at every call that writes, and cuts the power: `python -m proof.crashes`.

Prints a table, and ends with 1 if anything was ever neither the old site nor the new one, or if a variant that is
broken on purpose was not noticed.
"""

from __future__ import annotations

import argparse
import errno
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from unittest import mock

from heliograph.tree import carry, fsio
from proof import loads, scenes
from proof.calls import ERRORS, FOLDER, Call, Ended, failing, in_a_child, kill, noted
from proof.scenes import Scene
from proof.weak_disk import Disk, Recording, disk_of, judged, without

DONE, FAILED, UNCONFIRMED = 0, 4, 9


@dataclass
class Faults:
    """What became of one scene interrupted at many calls: at `broken` of them something went wrong, as `bad` says."""

    scene: str
    calls: int = 0
    kills: int = 0
    errors: int = 0
    broken: int = 0
    bad: list[str] = field(default_factory=list)


def interrupt(scene: Scene, points: Callable[[int], Iterator[tuple[int, int]]]) -> Faults:
    """Run a scene once for each of `points(calls)`: a call's number, and an error's number or 0 for a kill."""
    scene.reset()
    tally = Faults(scene.name, in_a_child(scene.run).calls)
    for nth, number in points(tally.calls):
        scene.reset()
        ended = in_a_child(scene.run, nth, failing(number) if number else kill)
        tally.errors += number != 0
        tally.kills += number == 0
        harm = errno.errorcode[number] if number else "killed"
        said = [f"{scene.name}, call {nth}, {harm}: {what}" for what in _judged(scene, ended, number)]
        tally.bad += said
        tally.broken += bool(said)
    return tally


def everything(calls: int) -> Iterator[tuple[int, int]]:
    """Kill at every call, and let every call fail in every way."""
    for nth in range(1, calls + 1):
        yield from ((nth, number) for number in (0, *ERRORS))


def in_turn(every: int, start: int = 1) -> Callable[[int], Iterator[tuple[int, int]]]:
    """At every so many calls do one harm, in turn."""
    harms = (0, *ERRORS, 0)

    def points(calls: int) -> Iterator[tuple[int, int]]:
        for count, nth in enumerate(range(start, calls + 1, every)):
            yield nth, harms[count % len(harms)]

    return points


def _judged(scene: Scene, ended: Ended, number: int) -> Iterator[str]:
    """Say what is wrong after one run: what stands, what was said of it, and what the next run makes of it."""
    stands = scene.stands()
    if any(name.startswith("broken") for name in stands):
        yield f"{stands}"
    if not scene.internal_first:
        yield f"outsiders ahead of insiders: {stands}"
    if number == 0 and not ended.killed:
        yield "was not killed"
    if number:
        yield from _untrue(stands, ended)
    after = in_a_child(scene.run)
    if after.code != DONE or set(scene.stands()) - {"new", "same"} or scene.leftovers():
        yield f"the next run: {after}, {scene.stands()}, {scene.leftovers()}"


def _untrue(stands: list[str], ended: Ended) -> Iterator[str]:
    """Compare the exit code and the message with what stands."""
    changed = {name for name in stands if name != "same"}
    true = {DONE: changed <= {"new"}, FAILED: changed <= {"old"}, UNCONFIRMED: "new" in changed}
    if not true.get(ended.code, False):
        yield f"exit code {ended.code} for {stands}: {ended.said}"
    lines = ended.said.strip().splitlines()
    if ended.code != DONE and (len(lines) != 1 or not lines[0].startswith("heliograph: ") or "/" not in lines[0]):
        yield f"said: {ended.said}"


def in_place(scene: Scene) -> Callable[[], None]:
    """Write as most builders do, over what stands; to show that this is noticed."""

    def write() -> None:
        for place in scene.places:
            for path, data in (scene.after[place][0] or {}).items():
                target = scene.root / place / path
                target.parent.mkdir(parents=True, exist_ok=True)
                descriptor = fsio.os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
                fsio.os.write(descriptor, data)
                fsio.os.close(descriptor)

    return write


# Power cuts


@dataclass
class Cuts:
    """States after a power cut, and what was wrong with some."""

    scene: str
    variant: str
    states: int
    bad: list[str]


VARIANTS: dict[str, Callable[[Call], bool]] = {
    "": lambda call: False,
    "no sync of files": lambda call: call.name == "syncfs" or (call.name == "fsync" and call.mode != FOLDER),
    "no sync of folders": lambda call: call.name == "fsync" and call.mode == FOLDER,
}
"""What is left out of a run; the first is the run as it is."""


def recorded(scene: Scene) -> tuple[Disk, list[Call]]:
    """Note all calls of a scene's run, and the disk before it."""
    scene.reset()
    before = disk_of(scene.root)
    with noted() as calls:
        scene.run()
    return before, calls


def cut(scene: Scene, samples: int, seed: int = 1) -> Iterator[Cuts]:
    """Cut the power behind each call of a scene, as it is and in each broken variant."""
    before, calls = recorded(scene)
    for variant, unwanted in VARIANTS.items():
        kept = without(calls, unwanted)
        recording = Recording(scene.root, kept, before)
        judge = partial(scene.judge, last=len(kept))
        yield Cuts(scene.name, variant, *judged(recording, judge, random.Random(seed), samples))


def no_syncfs() -> mock._patch[object]:
    """Let the C library lack `syncfs`, so that files and folders are synced one by one."""

    class Lacking:
        renameat2 = fsio._LIBC.renameat2

    return mock.patch.object(fsio, "_LIBC", Lacking())


# Page loads


def page_loads(out: Path, count: int, per_style: int) -> loads.Loads:
    """Load pages during `count` swaps."""
    loads.build(out, 0, 0)
    return loads.during(out / "public", lambda wait: loads.swap_often(out, count, per_style, wait))


# The table


def main(arguments: list[str] | None = None) -> int:
    """Do all of it and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="interrupt at every so many calls, one harm each")
    parser.add_argument("--samples", type=int, default=6, help="random states for each power cut")
    parser.add_argument("--swaps", type=int, default=500)
    options = parser.parse_args(arguments)
    began = time.perf_counter()
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        rows, bad = _rows(Path(folder), options.every, options.samples, options.swaps)
    width = max(len(row[0]) for row in rows)
    lines = [f"{what:<{width}} {figure:>8}  {verdict}" for what, figure, verdict in rows]
    lines += [*bad[:20], f"{time.perf_counter() - began:.0f} s"]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if bad else 0


Rows = list[tuple[str, int, str]]


def _rows(root: Path, every: int, samples: int, swaps: int) -> tuple[Rows, list[str]]:
    old = scenes.made_of(scenes.site_before(root / "old"))
    new = scenes.made_of(scenes.site_after(scenes.site_before(root / "new")))
    rows: Rows = []
    bad: list[str] = []
    for part in (_faults(root, old, new, every), _cuts(root, old, new, samples), _loads(root, swaps)):
        for row, said in part:
            rows.append(row)
            bad += said
    return rows, bad


Part = Iterator[tuple[tuple[str, int, str], list[str]]]


def _verdict(bad: list[str]) -> str:
    return f"{len(bad)} broken"


def _caught(what: str, count: int, noticed: int) -> tuple[tuple[str, int, str], list[str]]:
    said = [] if noticed else [f"{what}: not noticed"]
    return (f"  broken on purpose: {what}", count, f"{noticed} noticed"), said


def _faults(root: Path, old: scenes.Made, new: scenes.Made, every: int) -> Part:
    small_old, small_new = scenes.few(old), scenes.few(new)
    all_scenes = (
        scenes.build_scene(root / "f-build", small_old, small_new),
        scenes.first_scene(root / "f-first", small_new),
        scenes.publish_scene(root / "f-publish", small_old, small_new),
        scenes.command_scene(root / "f-command", small_old, small_new),
    )
    points = everything if every == 1 else in_turn(every)
    for scene in all_scenes:
        tally = interrupt(scene, points)
        yield (f"write calls killed: {scene.name}", tally.kills, f"of {tally.calls} calls"), []
        yield (f"errors injected: {scene.name}", tally.errors, f"{tally.broken} of all these broken"), tally.bad
    scene = all_scenes[0]
    broken = Scene("in place", scene.root, scene.places, in_place(scene), scene.before, scene.after)
    tally = interrupt(broken, in_turn(max(every, 5)))
    yield _caught("written in place", tally.kills + tally.errors, tally.broken)


def _cuts(root: Path, old: scenes.Made, new: scenes.Made, samples: int) -> Part:
    all_scenes = (
        scenes.build_scene(root / "c-build", old, new),
        scenes.first_scene(root / "c-first", new),
        scenes.publish_scene(root / "c-publish", old, new),
    )
    found = [one for scene in all_scenes for one in cut(scene, samples)]
    with no_syncfs():
        found += [one for scene in all_scenes for one in cut(scene, samples // 2, seed=2)]
    for variant in VARIANTS:
        these = [one for one in found if one.variant == variant]
        states, bad = sum(one.states for one in these), [said for one in these for said in one.bad]
        if variant:
            yield _caught(variant, states, len(bad))
        else:
            yield ("crash states", states, _verdict(bad)), bad


def _loads(root: Path, swaps: int) -> Part:
    found = page_loads(root / "l", swaps, 5)
    yield (f"page loads during {swaps} swaps", found.count, f"{found.bad} broken"), list(found.wrong)
    with mock.patch.object(carry, "GENERATIONS", 0):
        broken = page_loads(root / "l-nothing-carried", swaps, 1)
        broken_too = _load_across_a_swap(root / "l-across")
    yield _caught("nothing carried forward", broken.count + 1, broken.bad + bool(broken_too))


def _load_across_a_swap(out: Path) -> str:
    """Load a page that is swapped between its front page and its style sheet."""
    loads.build(out, 0, 0)
    return loads.load(out / "public", between=lambda: loads.build(out, 1, 1))


if __name__ == "__main__":
    sys.exit(main())
