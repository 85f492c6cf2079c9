"""What stands on the bench: the newest pages that may be shown, what is wrong, and who is looking at what."""

from __future__ import annotations

import gc
import secrets
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from msgspec import Struct, structs

from heliograph.problems import Place, Problem, Refused
from heliograph.serve.shelf import Offer, Shelf
from heliograph.tree.artifact import Artifact

Make = Callable[[frozenset[str] | None], Offer]
"""Reads what lies at the paths that changed, None for everything, and offers a build. Raises Refused."""
Tell = Callable[[str], None]

_CALM: Final = 0.25
"""Seconds to leave to browsers, that load what was just made, before the rest is made."""


class Standing(Struct, frozen=True):
    """All that a request sees, swapped whole.

    Two pages of the same `version` are from the same shelf, which is None while there was nothing good yet.
    `is_current` tells whether the shelf is of the newest sources, `is_checked` whether all of it has been made.
    """

    version: int = 0
    shelf: Shelf | None = None
    problems: tuple[Problem, ...] = ()
    is_current: bool = False
    is_checked: bool = False


class Answer(Struct, frozen=True):
    """What a request gets, and what stood when it came; `is_found` is false for a page that says there is none."""

    standing: Standing
    artifact: Artifact | None = None
    is_found: bool = False


class Workshop:
    """Makes shelves, shows the newest good one, and goes back to one that is good throughout when it has to."""

    def __init__(self, make: Make, tell: Tell) -> None:
        self.now = Standing()
        self.run = secrets.token_hex(4)
        """Told apart from other runs, whose versions count from nothing, too."""
        self._make, self._tell = make, tell
        self._good: Shelf | None = None
        self._until: datetime | None = None
        self._looking: Counter[tuple[str, str]] = Counter()
        self._news = threading.Condition()
        self._revision = 0
        self._closed = False

    def renew(self, changed: frozenset[str] | None) -> None:
        """Build again after changes; on problems say so and keep what there is.

        What is being looked at is made, and has passed the wall, before anything is swapped.
        """
        try:
            shelf = Shelf(self._make(changed))
            for tree, path in self._looked_at():
                shelf.find(tree, path)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the last good pages stay up
            self._swap(structs.replace(self.now, problems=_problems_of(error), is_current=False))
        else:
            self._swap(Standing(self.now.version + 1, shelf, shelf.warnings, is_current=True))

    def find(self, tree: str, path: str) -> Answer:
        """Find a file on the newest shelf that may show it, or else the tree's own page for what is not there."""
        while True:
            now = self.now
            if now.shelf is None:
                return Answer(now)
            try:
                found = now.shelf.find(tree, path)
                return Answer(now, found or now.shelf.missing(tree), is_found=found is not None)
            except Exception as error:  # noqa: BLE001 -- as in `renew`
                self.refuse(now.shelf, error)

    def refuse(self, shelf: Shelf, error: Exception) -> None:
        """Take a shelf away that was found wanting, if it still stands there."""
        with self._news:
            if self._good is shelf:
                self._good = None
            if self.now.shelf is shelf:
                problems = _problems_of(error)
                self._swap(Standing(self.now.version + 1, self._good, problems, is_checked=self._good is not None))

    def prove(self) -> None:
        """Make all of what is shown, again and again, while nothing newer comes; until `close`."""
        while (shelf := self._unproven()) is not None:
            self._calm()
            try:
                while self.now.shelf is shelf and not self._closed and shelf.make_some():
                    pass
                until = shelf.holds_until() if self.now.shelf is shelf else None
            except Exception as error:  # noqa: BLE001 -- as in `renew`
                self.refuse(shelf, error)
                continue
            with self._news:
                if self.now.shelf is shelf and not self._closed:
                    self._good, self._until = shelf, until
                    self._swap(structs.replace(self.now, is_checked=True))
            gc.collect()

    def is_due(self, instant: datetime) -> bool:
        """Tell whether what stands here would be otherwise if it were made at an instant, and only for that."""
        return self.now.is_checked and self._until is not None and self._until <= instant

    def _unproven(self) -> Shelf | None:
        """Wait for a shelf that is not known to be whole; None at the end."""
        with self._news:
            self._news.wait_for(lambda: self._closed or (self.now.shelf is not None and not self.now.is_checked))
            return None if self._closed else self.now.shelf

    def _calm(self) -> None:
        with self._news:
            self._news.wait_for(lambda: self._closed, _CALM)

    def wait(self, revision: int, timeout: float) -> int | None:
        """Wait until something differs from what stood at a `revision`; give the newest, None at the end."""
        with self._news:
            self._news.wait_for(lambda: self._closed or self._revision != revision, timeout)
            return None if self._closed else self._revision

    def announce(self) -> None:
        """Wake whoever waits for something to differ."""
        with self._news:
            self._revision += 1
            self._news.notify_all()

    def close(self) -> None:
        """Wake whoever waits, for the last time."""
        with self._news:
            self._closed = True
            self._news.notify_all()

    @contextmanager
    def looking(self, tree: str, path: str) -> Iterator[None]:
        """Note that somebody looks at a page for a while."""
        with self._news:
            self._looking[tree, path] += 1
        try:
            yield
        finally:
            with self._news:
                self._looking[tree, path] -= 1

    def _looked_at(self) -> list[tuple[str, str]]:
        with self._news:
            self._looking = +self._looking
            return sorted(self._looking)

    def _swap(self, standing: Standing) -> None:
        """Put something else in place, and tell of problems that were not known."""
        with self._news:
            known, self.now = self.now, standing
            if standing.problems != known.problems:
                self._report(standing, known.problems)
            self.announce()

    def _report(self, standing: Standing, known: Iterable[Problem]) -> None:
        for problem in standing.problems:
            if problem.level == "error" or problem not in known:
                self._tell(str(problem))
        if not standing.is_current:
            self._tell(
                "The last good pages stay up." if standing.shelf else "Nothing can be shown before that is mended."
            )


def _problems_of(error: Exception) -> tuple[Problem, ...]:
    """Say what was wrong. The text of an unforeseen error is not shown: it may quote a passage."""
    if isinstance(error, Refused):
        return error.problems
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return (Problem(Place("."), "E901", f"an error of Heliograph's own ({type(error).__name__}{where})"),)
