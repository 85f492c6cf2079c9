"""Several pure steps, one after the other or on all processors at once: whoever builds chooses which."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from heliograph.problems import Refused

T = TypeVar("T")

_jobs: Sequence[Callable[[], Any]] = ()
"""What forked workers find on their side; results come back pickled, the jobs themselves need not be."""


class Run(Protocol):
    """A way to run jobs: gives each one's result or the exception it raised, in order, as they come."""

    def __call__(self, jobs: Sequence[Callable[[], T]], /) -> Iterator[T | Exception]:
        """Run all jobs."""


def in_turn(jobs: Sequence[Callable[[], T]], /) -> Iterator[T | Exception]:
    """Run jobs one after the other, here."""
    return map(_attempt, jobs)


def at_once(jobs: Sequence[Callable[[], T]], /) -> Iterator[T | Exception]:
    """Run jobs on all processors, each in a fork of this process; in turn where there is one, or no fork."""
    workers = min(len(jobs), _processors())
    if workers < 2 or not sys.platform.startswith("linux"):  # noqa: PLR2004 -- two make a crowd
        yield from in_turn(jobs)
        return
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 -- 40 ms that small builds save
    from multiprocessing import get_context  # noqa: PLC0415 -- as above

    global _jobs  # noqa: PLW0603 -- forked workers inherit memory, not arguments
    _jobs = jobs
    try:
        with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
            yield from pool.map(_run, range(len(jobs)))
    finally:
        _jobs = ()


def results(outcomes: Iterable[T | Exception]) -> list[T]:
    """Take all results; if any job failed, raise what the first raised, with all that any of them refused."""
    taken = list(outcomes)
    refused = [problem for outcome in taken if isinstance(outcome, Refused) for problem in outcome.problems]
    if refused:
        raise Refused(refused)
    for outcome in taken:
        if isinstance(outcome, Exception):
            raise outcome
    return [outcome for outcome in taken if not isinstance(outcome, Exception)]


def _run(index: int) -> Any:
    return _attempt(_jobs[index])


def _attempt(job: Callable[[], T]) -> T | Exception:
    try:
        return job()
    except Exception as error:  # noqa: BLE001 -- whoever asked decides what it means
        return error


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
