"""Which incident is meant, when a person names it loosely."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePath

import msgspec


class Choice(msgspec.Struct, frozen=True, order=True):
    """One incident or maintenance a person may mean: its id, folder name, all its titles, and whether it is open."""

    id: str
    folder: str
    titles: tuple[str, ...]
    open: bool

    def __str__(self) -> str:
        state = "open" if self.open else "closed"
        return f"{self.id}  {state}  {self.folder}  {' / '.join(self.titles)}"


class Unclear(LookupError):  # noqa: N818 -- it is an answer, not a fault
    """No incident or more than one is meant; `choices` are those it could be, `str()` lists them line by line."""

    def __init__(self, why: str, choices: Iterable[Choice]) -> None:
        self.choices = tuple(sorted(choices, key=lambda choice: choice.folder, reverse=True))
        super().__init__("\n  ".join([why, *map(str, self.choices)]))


def pick(word: str | None, rows: Sequence[Choice]) -> Choice:
    """Find the one that is meant: by id, by path, else by words of a title; without a word the only open one.

    An open incident goes before closed ones whose titles share the word. Raises Unclear with the choices.
    """
    if word is None or not word.strip():
        return _only([row for row in rows if row.open], "no incident is open", "several are open; name one of", ())
    exact = [row for row in rows if word == row.id] or [row for row in rows if row.folder in PurePath(word).parts]
    if exact:
        return _only(exact, "", "several have this name", ())
    found = [row for row in rows if _says(row, word, whole=True)] or [
        row for row in rows if _says(row, word, whole=False)
    ]
    nearest = [row for row in found if row.open] or found
    offered = [row for row in rows if row.open] or rows
    return _only(nearest, f"nothing is called {word!r}; there is", f"{word!r} could be any of", offered)


def _says(row: Choice, word: str, *, whole: bool) -> bool:
    edge = r"\b" if whole else ""
    pattern = re.compile(edge + re.escape(word.strip()) + edge, re.IGNORECASE)
    return any(pattern.search(title) for title in row.titles)


def _only(found: Sequence[Choice], none: str, many: str, offered: Sequence[Choice]) -> Choice:
    if len(found) == 1:
        return found[0]
    raise Unclear(many, found) if found else Unclear(none, offered)
