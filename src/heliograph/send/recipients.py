"""Recipients' lists: CSV files with one address a row, read row by row, and refused whole if one row is wrong.

No message repeats what stands in a cell: any might be somebody's address or name.
"""

from __future__ import annotations

import codecs
import csv
import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from msgspec import Struct

from heliograph.mailbox import Unfit, folded, lies_in, read_mailbox
from heliograph.operations import Operations, Recipient
from heliograph.problems import Place, Problem, Problems, Refused, did_you_mean
from heliograph.terms import IMPACTS

SIZE_LIMIT: Final = 64 * 1024 * 1024
LINE_LIMIT: Final = 16 * 1024
NAME_LIMIT: Final = 140
FINDINGS_LIMIT: Final = 100
"""After so many findings in one list the rest of it is not read."""

_COLUMNS: Final = ("address", "name", "language", "components", "impacts", "severities")
_SEPARATORS: Final = ",;\t"
_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")
_ODD: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffe\uffff]|=\\?|[@<>]")


class Reader(Struct, frozen=True, kw_only=True):
    """Whose list it is and what its rows may name; `id` is `exec` or `customer:globex`.

    `components` are those this reader may see. `severities` are empty for all who may not know them. An insider's
    addresses must lie in its `domains`; an outsider's only if there are any.
    """

    id: str
    is_insider: bool
    domains: tuple[str, ...]
    languages: frozenset[str]
    components: frozenset[str]
    severities: frozenset[str] = frozenset()


class Lists(Struct, frozen=True):
    """All recipients in the order of the lists, how many each reader has, and what is odd but does no harm."""

    recipients: tuple[Recipient, ...]
    counts: tuple[tuple[str, int], ...]
    warnings: tuple[Problem, ...]


def read_recipients(operations: Operations, readers: Iterable[Reader]) -> Lists:
    """Read the lists of these readers; those without one have none. Raises Refused with everything that is wrong."""
    paths, problems = dict(operations.lists), Problems()
    found: list[Recipient] = []
    counts: list[tuple[str, int]] = []
    for reader in readers:
        if reader.id in paths:
            before = len(found)
            found.extend(recipients_in(paths[reader.id], reader, problems))
            counts.append((reader.id, len(found) - before))
    if problems.errors:
        raise Refused(problems.found)
    return Lists(tuple(found), tuple(counts), problems.found)


def recipients_in(path: Path, reader: Reader, problems: Problems) -> Iterator[Recipient]:
    """Give a list's recipients one by one, each address once, noting what is wrong. Nothing may be sent if anything is.

    Of each row only the address is kept here, to tell when it comes again.
    """
    before, given = len(problems), 0
    with _opened(path, problems) as file:
        if file is None:
            return
        for recipient in _Rows(str(path), reader, problems).read(file):
            given += 1
            yield recipient
    if not given and len(problems) == before:
        problems.add(Place(str(path)), "E505", f"the list of `{reader.id}` is empty", "name it in `silent` instead")


@contextmanager
def _opened(path: Path, problems: Problems) -> Iterator[BinaryIO | None]:
    """Open an ordinary file without ever following a link or waiting; None if it is none, which is noted."""
    place = Place(str(path))
    try:
        file = open(path, "rb", opener=_open)  # noqa: SIM115 -- Path.open takes no opener; closed below
    except OSError as error:
        problems.add(place, *_closed(path, error))
        yield None
        return
    with file:
        before = os.fstat(file.fileno())
        fault = _fault(before)
        if fault is not None:
            problems.add(place, *fault)
            yield None
            return
        yield file
        after = os.fstat(file.fileno())
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            problems.add(place, "E308", "this list changed while it was being read; try again")


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _closed(path: Path, error: OSError) -> tuple[str, str]:
    if path.is_symlink():
        return "E306", "this is a symbolic link; name the file itself"
    if isinstance(error, IsADirectoryError):
        return "E306", "this is a folder"
    return "E307", f"this list cannot be read: {error.strerror}"


def _fault(status: os.stat_result) -> tuple[str, str] | None:
    if not stat.S_ISREG(status.st_mode):
        return "E306", "this is not an ordinary file"
    if status.st_size > SIZE_LIMIT:
        return "E309", f"this list is larger than {SIZE_LIMIT // 1024 // 1024} MB"
    return None


class _Rows:
    """Reads one list's rows."""

    def __init__(self, file: str, reader: Reader, problems: Problems) -> None:
        self._file = file
        self._reader = reader
        self._problems = problems
        self._allowance = len(problems) + FINDINGS_LIMIT
        self._separator = ","
        self._columns: tuple[str, ...] = ()
        self._seen: dict[str, int] = {}
        self._wishes: dict[tuple[object, ...], int] = {}
        self._again: list[int] = []

    def read(self, file: BinaryIO) -> Iterator[Recipient]:
        """Go through the rows below the header."""
        for number, line in self._lines(file):
            if not self._columns:
                self._columns = self._header(number, line)
                if not self._columns:
                    return
            elif (recipient := self._row(number, line)) is not None:
                yield recipient
            if len(self._problems) >= self._allowance:
                self._note(number, 1, "E507", "so much is wrong up to here that the rest of this list was not read")
                return
        self._warn()

    def _note(self, line: int, column: int, code: str, message: str, hint: str = "") -> None:
        self._problems.add(Place(self._file, line, column), code, message, hint)

    def _warn(self) -> None:
        if self._again:
            more = f", and so do {len(self._again) - 1} others" if self._again[1:] else ""
            message = f"this row repeats the address of an earlier one{more}; each address is written to once"
            self._note(self._again[0], 1, "W515", message)

    def _lines(self, file: BinaryIO) -> Iterator[tuple[int, str]]:
        """Give each line that is text, with its number and without its end; note those that are not."""
        number = 0
        while raw := file.readline(LINE_LIMIT):
            number += 1
            if len(raw) == LINE_LIMIT and not raw.endswith(b"\n"):
                self._note(number, 1, "E507", f"this line has {LINE_LIMIT // 1024} KB or more; no row is that long")
                _skip(file)
                continue
            if number == 1:
                raw = raw.removeprefix(codecs.BOM_UTF8)
            try:
                text = raw.decode("utf-8")
            except UnicodeDecodeError as error:
                self._note(number, 1, "E507", _encoding(raw, error.start))
                if number == 1:
                    return
                continue
            text = text.removesuffix("\n").removesuffix("\r")
            if text.strip():
                yield number, text

    def _header(self, number: int, line: str) -> tuple[str, ...]:
        """Read the names of the columns; empty if they cannot be read, and then nothing below can be."""
        separators = [mark for mark in _SEPARATORS if mark in line]
        self._separator = separators[0] if separators else ","
        cells = self._cells(number, line) if len(separators) <= 1 else None
        if cells is None or "@" in line:
            message = "the first line names the columns: address, then any of the others, one separator between them"
            self._note(number, 1, "E507", message, f"known: {', '.join(_COLUMNS)}")
            return ()
        faults = [self._column_fault(number, line, cells, index) for index in range(len(cells))]
        if "address" not in cells:
            self._note(number, 1, "E507", "there is no column `address`", f"known: {', '.join(_COLUMNS)}")
        return () if any(faults) or "address" not in cells else tuple(cells)

    def _column_fault(self, number: int, line: str, cells: Sequence[str], index: int) -> bool:
        """Note what is wrong with the name of a column, and tell whether rows cannot be read for it."""
        name, column = cells[index], self._column(line, index)
        if name not in _COLUMNS:
            self._note(number, column, "E507", "no column has this name", did_you_mean(name, _COLUMNS))
        elif name in cells[:index]:
            self._note(number, column, "E507", f"the column `{name}` is named twice")
        elif name == "severities" and not self._reader.severities:
            self._refuse_severities(number, column)
            return False
        else:
            return False
        return True

    def _refuse_severities(self, number: int, column: int) -> None:
        if self._reader.is_insider:
            self._note(number, column, "E622", "this audience does not see `internal`, and must not choose by severity")
        else:
            self._note(number, column, "E621", "severities are internal; outsiders choose by `impacts` or `components`")

    def _cells(self, number: int, line: str) -> list[str] | None:
        """Part a line; None if it cannot be, which is noted."""
        try:
            cells = next(csv.reader((line,), delimiter=self._separator, skipinitialspace=True, strict=True))
        except csv.Error as error:
            self._note_unparted(number, line, unclosed=str(error) == "unexpected end of data")
            return None
        return [cell.strip(" ") for cell in cells]

    def _note_unparted(self, number: int, line: str, *, unclosed: bool) -> None:
        cells = next(csv.reader((line.replace("\r", " "),), delimiter=self._separator, skipinitialspace=True))
        index = len(cells) - 1
        if unclosed and self._columns[index : index + 1] == ("address",):
            self._note(number, self._column(line, index), "E501", "an address is one line without control characters")
        else:
            message = "a cell's quotes do not fit" if '"' in line else "a carriage return stands alone"
            self._note(number, 1, "E507", f"{message}; a row is one line")

    def _column(self, line: str, index: int) -> int:
        """Tell at which column a cell begins."""
        left, quoted = index, False
        for at, letter in enumerate(line):
            if not left:
                return at + 1 + len(line[at:]) - len(line[at:].lstrip(" "))
            if letter == '"':
                quoted = not quoted
            elif letter == self._separator and not quoted:
                left -= 1
        return max(1, len(line) + (1 if left == 0 else 0))

    def _row(self, number: int, line: str) -> Recipient | None:
        cells = self._cells(number, line)
        if cells is None or not any(cells):
            return None
        if len(cells) != len(self._columns):
            self._note_uneven(number, line, cells)
            return None
        before = len(self._problems)
        row = _Row(number, line, dict(zip(self._columns, cells, strict=True)))
        address = self._address(row)
        recipient = Recipient(
            reader=self._reader.id,
            address=address,
            name=self._name(row),
            language=next(iter(self._words(row, "language", self._reader.languages, "a language of this site")), ""),
            components=self._words(row, "components", self._reader.components, "a component", "E210"),
            impacts=self._words(row, "impacts", IMPACTS, "an impact"),
            severities=self._words(row, "severities", self._reader.severities, "a severity"),
            place=f"{self._file}:{number}",
        )
        return recipient if len(self._problems) == before and self._is_new(row, recipient) else None

    def _note_uneven(self, number: int, line: str, cells: Sequence[str]) -> None:
        addresses = [index for index, cell in enumerate(cells) if "@" in cell]
        if len(addresses) > 1:
            self._note(number, self._column(line, addresses[1]), "E501", "exactly one address is wanted in a row")
            return
        message = f"this row has {len(cells)} cells, and the first line names {len(self._columns)} columns"
        self._note(number, 1, "E507", message, "quote cells that hold a separator")

    def _refuse(self, row: _Row, name: str, code: str, message: str, hint: str = "") -> None:
        self._note(row.number, self._column(row.line, self._columns.index(name)), code, message, hint)

    def _address(self, row: _Row) -> str:
        """Read a row's address; empty if it is none of this reader's."""
        try:
            address = read_mailbox(row.cells["address"])
        except Unfit as unfit:
            self._refuse(row, "address", unfit.code, str(unfit))
            return ""
        reader = self._reader
        if (reader.is_insider or reader.domains) and not lies_in(address, reader.domains):
            self._refuse(row, "address", "E504", f"this address lies outside the domains of `{reader.id}`")
        return address

    def _name(self, row: _Row) -> str:
        name = row.cells.get("name", "")
        if "@" in name:
            self._refuse(row, "name", "E501", "exactly one address is wanted in a row; this is the column of names")
        elif len(name) > NAME_LIMIT or _ODD.search(name):
            self._refuse(
                row,
                "name",
                "E507",
                f"a name has at most {NAME_LIMIT} characters, and no control characters, < > or =?",
            )
        return name

    def _words(self, row: _Row, name: str, known: Collection[str], what: str, code: str = "E131") -> tuple[str, ...]:
        """Read the words of a cell, each once. The column of severities was refused if nobody may use it."""
        words = tuple(dict.fromkeys(row.cells.get(name, "").split()))
        if not known and name == "severities":
            return ()
        unknown = [word for word in words if word not in known]
        if unknown:
            self._refuse(row, name, code, f"this is not {what}", did_you_mean(unknown[0], known))
        elif name == "language" and len(words) > 1:
            self._refuse(row, name, "E131", "one language is wanted here")
        return words

    def _is_new(self, row: _Row, found: Recipient) -> bool:
        """Tell whether an address comes for the first time; note if it asks for something else this time."""
        wish = (found.language, *map(frozenset, (found.components, found.impacts, found.severities)))
        mine = self._wishes.setdefault(wish, len(self._wishes))
        address = folded(found.address)
        if address not in self._seen:
            self._seen[address] = mine
            return True
        if self._seen[address] != mine:
            self._refuse(row, "address", "E505", "an earlier row has this address and asks for something else")
        else:
            self._again.append(row.number)
        return False


class _Row(Struct, frozen=True):
    """One row: its number, the line it is, its cells by column."""

    number: int
    line: str
    cells: dict[str, str]


def _skip(file: BinaryIO) -> None:
    """Go on behind the end of a line that is too long."""
    while (rest := file.readline(LINE_LIMIT)) and not rest.endswith(b"\n"):
        pass


def _encoding(raw: bytes, offset: int) -> str:
    if raw.startswith(_BOMS):
        return "this file is UTF-16; save it as UTF-8"
    return f"this line is not UTF-8: its byte at offset {offset} does not belong"
