"""What is wrong with what people wrote: where, which code, in plain words, and what they may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Literal

import msgspec


class Place(msgspec.Struct, frozen=True, order=True):
    """A spot in a source file: path relative to the site, line and column from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Problem(msgspec.Struct, frozen=True):
    """One finding. `message` never quotes the text of a passage: logs are read by anyone."""

    place: Place
    code: str
    message: str
    hint: str = ""

    @property
    def level(self) -> Literal["error", "warning"]:
        """Tell errors, which refuse a build, from warnings, which do not (codes that begin with W)."""
        return "warning" if self.code.startswith("W") else "error"

    def __str__(self) -> str:
        return f"{self.place} {self.code} {self.message}" + (f" ({self.hint})" if self.hint else "")


class Refused(Exception):  # noqa: N818 -- it is an answer, not a fault
    """Content that cannot be used; carries every problem found, in reading order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = in_order(problems)
        super().__init__(f"{len(self.problems)} problems")

    def __reduce__(self) -> tuple[type[Refused], tuple[tuple[Problem, ...]]]:
        """Travel whole from one process to another."""
        return Refused, (self.problems,)


class Problems:
    """Collects findings while reading goes on, so that an author hears of all of them at once."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def add(self, place: Place, code: str, message: str, hint: str = "") -> None:
        """Note one finding."""
        self._found.append(Problem(place, code, message, hint))

    def extend(self, problems: Iterable[Problem]) -> None:
        """Note many."""
        self._found.extend(problems)

    def __len__(self) -> int:
        return len(self._found)

    @property
    def found(self) -> tuple[Problem, ...]:
        """All findings, by file and line."""
        return in_order(self._found)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Only those that refuse a build."""
        return tuple(problem for problem in self.found if problem.level == "error")


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Sort findings by place, then code; the same finding is told once."""
    return tuple(sorted(set(problems), key=lambda p: (p.place, p.code, p.message)))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Suggest the nearest known word, or list them all when they are few; empty when neither helps."""
    choices = sorted(known)
    near = difflib.get_close_matches(word.casefold(), choices, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]}?"
    return f"known: {', '.join(choices)}" if 0 < len(choices) <= 12 else ""  # noqa: PLR2004 -- one line's worth
