"""What an import took, what it changed on the way, and what it left behind: by file, line and reason."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec


class ImportRefused(Exception):  # noqa: N818 -- it is an answer, not a fault
    """The whole import makes no sense as asked (no such source, no such audience …); nothing was written."""


class Row(msgspec.Struct, frozen=True, order=True):
    """One finding: path within the source, line from 1, the kind of reason, and the reason in plain words."""

    file: str
    line: int
    kind: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.kind} {self.message}"


class Report(msgspec.Struct, frozen=True):
    """The account of one import.

    `imported` counts sources taken whole, `partly` those taken with something changed or dropped that a reader
    could miss, `left_out` those not taken, `present` those an earlier import had brought. `files` are the files
    written or extended, relative to the site's folder.
    """

    source: str
    imported: int
    partly: int
    left_out: int
    present: int
    rows: tuple[Row, ...]
    files: tuple[str, ...]

    @property
    def kinds(self) -> dict[str, int]:
        """How many rows there are of each kind, by name."""
        return dict(sorted(Counter(row.kind for row in self.rows).items()))

    @property
    def summary(self) -> str:
        """One line of counts."""
        parts = (
            (self.imported, "imported whole"),
            (self.partly, "imported with changes"),
            (self.left_out, "left out"),
            (self.present, "already there"),
        )
        return ", ".join(f"{count} {words}" for count, words in parts if count) or "nothing found"

    def plain(self) -> dict[str, Any]:
        """Give the report as plain dicts, lists, texts and numbers, for `--json`."""
        counts = {"imported": self.imported, "partly": self.partly, "left_out": self.left_out, "present": self.present}
        rows = [msgspec.to_builtins(row) for row in self.rows]
        return {"source": self.source, **counts, "kinds": self.kinds, "rows": rows, "files": list(self.files)}


class Findings:
    """Collects rows while one source after the other is read."""

    def __init__(self) -> None:
        self._rows: list[Row] = []

    def add(self, file: str, line: int, kind: str, message: str) -> None:
        """Note one finding."""
        self._rows.append(Row(file, line, kind, message))

    def about(self, file: str, first_line: int = 1) -> Notes:
        """Give a notebook for one file whose line 1 is line `first_line` of the source."""
        return Notes(self, file, first_line)

    def kinds_of(self, file: str) -> frozenset[str]:
        """Tell what kinds of finding there are about one file."""
        return frozenset(row.kind for row in self._rows if row.file == file)

    @property
    def rows(self) -> tuple[Row, ...]:
        """All findings by file, line and kind, each once."""
        return tuple(sorted(set(self._rows)))


class Notes:
    """The findings about one file, or one stretch of it."""

    def __init__(self, findings: Findings, file: str, first_line: int) -> None:
        self._findings = findings
        self._file = file
        self._first_line = first_line

    def add(self, line: int, kind: str, message: str) -> None:
        """Note one finding at a line of this stretch, counted from 1."""
        self._findings.add(self._file, self._first_line + line - 1, kind, message)


def relative_files(root: Path, paths: list[Path]) -> tuple[str, ...]:
    """Write paths relative to the site's folder, sorted, each once."""
    return tuple(sorted({path.relative_to(root).as_posix() for path in paths}))
