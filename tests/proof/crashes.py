"""Interrupts builds and publishes at every call that writes, and cuts the power: `python -m proof.crashes`.

Prints its lines of the table, and ends with 1 if anything was ever neither the old site nor the new one, or if a variant that is
broken on purpose was not noticed.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar
from unittest import mock

from heliograph.parallel import Run, results
from heliograph.parallel import in_turn as in_turn_here
from heliograph.tree import carry, fsio
from proof import loads, scenes
from proof.calls import ERRORS, FOLDER, Call, Ended, failing, in_a_child, kill, noted
from proof.scenes import Scene
from proof.table import Line, to_text
from proof.weak_disk import Disk, Recording, disk_of, judged, without

T = TypeVar("T")
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


# All of it, as jobs that may run side by side


class Found(NamedTuple):
    """What one job found for one claim: as the product is, or in a `variant` that is broken on purpose.

    Something was wrong `broken` times, at first as `bad` says.
    """

    claim: str
    variant: str
    counts: Counter[str]
    broken: int
    bad: tuple[str, ...]


Job = Callable[[], list[Found]]
FAULTS, CUTS, LOADS = "Write calls interrupted", "Power cuts", "Pages loaded during swaps"


def jobs(root: Path, every: int = 1, samples: int = 6, swaps: int = 500) -> list[Job]:
    """Give everything to be done: at every so many calls, with so many states for each cut, during so many swaps."""
    old = scenes.made_of(scenes.site_before(root / "old"))
    new = scenes.made_of(scenes.site_after(scenes.site_before(root / "new")))
    points = everything if every == 1 else in_turn(every)
    faulty = _scenes_of(root / "f", scenes.few(old), scenes.few(new))
    work: list[Job] = [partial(_page_loads, root, swaps)]
    work += [partial(_faults, scene, points) for scene in faulty]
    work.append(partial(_written_in_place, _scenes_of(root / "i", scenes.few(old), scenes.few(new))[0], max(every, 5)))
    work += [partial(_cuts, scene, samples) for scene in _scenes_of(root / "c", old, new)[:3]]
    work += [partial(_cuts_without_syncfs, scene, samples // 2) for scene in _scenes_of(root / "s", old, new)[:3]]
    return work


def _scenes_of(root: Path, old: scenes.Made, new: scenes.Made) -> tuple[Scene, ...]:
    return (
        scenes.build_scene(root / "build", old, new),
        scenes.first_scene(root / "first", new),
        scenes.publish_scene(root / "publish", old, new),
        scenes.command_scene(root / "command", old, new),
    )


def _faults(scene: Scene, points: Callable[[int], Iterator[tuple[int, int]]]) -> list[Found]:
    tally = interrupt(scene, points)
    counts = Counter(calls=tally.calls, killed=tally.kills, failed=tally.errors, scenes=1)
    return [Found(FAULTS, "", counts, tally.broken, tuple(tally.bad))]


def _written_in_place(scene: Scene, every: int) -> list[Found]:
    broken = Scene("in place", scene.root, scene.places, in_place(scene), scene.before, scene.after)
    tally = interrupt(broken, in_turn(every))
    counts = Counter(runs=tally.kills + tally.errors)
    return [Found(FAULTS, "written in place", counts, tally.broken, tuple(tally.bad))]


def _cuts(scene: Scene, samples: int, seed: int = 1) -> list[Found]:
    found = cut(scene, samples, seed=seed)
    return [Found(CUTS, one.variant, Counter(states=one.states), len(one.bad), tuple(one.bad)) for one in found]


def _cuts_without_syncfs(scene: Scene, samples: int) -> list[Found]:
    with no_syncfs():
        return _cuts(scene, samples, seed=2)


def _page_loads(root: Path, swaps: int) -> list[Found]:
    found = page_loads(root / "l", swaps, 5)
    with mock.patch.object(carry, "GENERATIONS", 0):
        broken = page_loads(root / "l-nothing-carried", swaps, 1)
        across = _load_across_a_swap(root / "l-across")
    told = (*broken.wrong, *([across] if across else []))
    return [
        Found(LOADS, "", Counter(loads=found.count, swaps=swaps), found.bad, found.wrong),
        Found(LOADS, "nothing carried forward", Counter(loads=broken.count + 1), broken.bad + bool(across), told),
    ]


def _load_across_a_swap(out: Path) -> str:
    """Load a page that is swapped between its front page and its style sheet."""
    loads.build(out, 0, 0)
    return loads.load(out / "public", between=lambda: loads.build(out, 1, 1))


# The lines of the table


def lines(found: Sequence[Found], seconds: dict[str, float]) -> list[Line]:
    """Say what all jobs together found, claim by claim; `seconds` is what each claim took."""
    return [_line(claim, [one for one in found if one.claim == claim], seconds[claim]) for claim in _FIGURES]


def _line(claim: str, found: Sequence[Found], seconds: float) -> Line:
    whole = [one for one in found if not one.variant]
    counts = sum((one.counts for one in whole), Counter(broken=sum(one.broken for one in whole)))
    noticed = Counter({one.variant: 0 for one in found if one.variant})
    for one in found:
        noticed.update({one.variant: one.broken} if one.variant else {})
    told = "; ".join(f"{variant}: {times:,} broken" for variant, times in noticed.items())
    wrong = [said for one in whole for said in one.bad]
    wrong += [f"not noticed: {variant}" for variant, times in noticed.items() if not times]
    return Line(claim, _FIGURES[claim].format_map(counts), told, seconds, tuple(wrong))


_FIGURES = {
    FAULTS: "{calls:,} calls that write in {scenes} runs: {killed:,} times killed, {failed:,} times refused; {broken:,} broken",
    CUTS: "{states:,} states of the disk after a cut, of builds and publishes; {broken:,} neither old nor new",
    LOADS: "{loads:,} pages with their styles during {swaps:,} swaps; {broken:,} missing, empty or mixed",
}


def main(arguments: list[str] | None = None) -> int:
    """Do all of it in one process, and print the lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="interrupt at every so many calls, one harm each")
    parser.add_argument("--samples", type=int, default=6, help="random states for each power cut")
    parser.add_argument("--swaps", type=int, default=500)
    options = parser.parse_args(arguments)
    began = time.perf_counter()
    with memory() as root:
        found, seconds = worked_off(jobs(root, options.every, options.samples, options.swaps), in_turn_here)
    told = lines(found, seconds)
    sys.stdout.write(to_text(told, f"{time.perf_counter() - began:.0f} s"))
    return 1 if any(line.wrong for line in told) else 0


@contextlib.contextmanager
def memory() -> Iterator[Path]:
    """Give a folder in memory where there is one: thousands of builds should not wait for a disk."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if os.access(shared, os.W_OK) else None) as folder:
        yield Path(folder)


def worked_off(work: Sequence[Job], run: Run) -> tuple[list[Found], dict[str, float]]:
    """Do all jobs in a given way; give what they found, and how long each claim took."""
    seconds: dict[str, float] = dict.fromkeys(_FIGURES, 0.0)
    found: list[Found] = []
    for took, told in results(run([partial(timed, job) for job in work])):
        found += told
        seconds[told[0].claim] += took
    return found, seconds


def timed(job: Callable[[], T]) -> tuple[float, T]:
    """Do a job; give how long it took, in seconds, and its result."""
    began = time.perf_counter()
    result = job()
    return time.perf_counter() - began, result


if __name__ == "__main__":
    sys.exit(main())
