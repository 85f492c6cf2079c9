"""Reads typed fields from nodes. A value that cannot be read raises Wrong; Fields notes it and goes on with None."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import date, datetime, timedelta
from typing import Final, TypeVar

from heliograph import times
from heliograph.addresses import ADDRESS_LIMIT, SCHEMES, address_fault
from heliograph.load.files import control_fault
from heliograph.load.nodes import Mapping, Node, Scalar, Sequence
from heliograph.load.resolve import Labels
from heliograph.load.shown import alphabets, shown, spelled
from heliograph.problems import Place, Problems, did_you_mean

T = TypeVar("T")
Reader = Callable[[Node], T]

TITLE_LIMIT: Final = 140
LINE_LIMIT: Final = 500
TEXT_LIMIT: Final = 16 * 1024
NUMBER_LIMIT: Final = 12
_ID_LIMIT: Final = 64

_ID: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", re.ASCII)
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]*", re.ASCII)
_RESERVED: Final = frozenset(("index", "assets", "feed", "feed.xml", "404", "api", "robots.txt", "favicon.ico"))
_DEVICE: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?|.+[. ]", re.IGNORECASE | re.DOTALL)
_ENCODED_WORD: Final = re.compile(r"=\?[^?\s]*\?[bq]\?", re.IGNORECASE)
_ODD: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]")
_VISIBLE: Final = re.compile(
    "[^\\s\xad\u034f\u115f\u1160\u180e\u200b-\u200f\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0]"
)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_COUNT: Final = re.compile(r"0*[1-9]\d{0,11}", re.ASCII)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_YES_OR_NO: Final = {"true": True, "false": False}


class Wrong(Exception):  # noqa: N818 -- a finding, not a fault of the program
    """Why one value cannot be read."""

    def __init__(self, node: Node, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.node = node
        self.code = code
        self.message = message
        self.hint = hint


class Values:
    """Reads single values of one file. Every reader takes a node and gives the value, or raises Wrong."""

    def __init__(self, file: str, problems: Problems, labels: Labels) -> None:
        self.file = file
        self.problems = problems
        self.labels = labels
        self.unknown_key = "E609" if file.endswith(".toml") else "E107"

    def place(self, node: Node) -> Place:
        """Tell where a node stands."""
        return Place(self.file, node.line, node.column)

    def refuse(self, node: Node, code: str, message: str, hint: str = "") -> None:
        """Note what is wrong at a node."""
        self.problems.add(Place(self.file, node.line, node.column), code, message, hint)

    def attempt(self, how: Reader[T], node: Node) -> T | None:
        """Read a value; None if it cannot be, and why is noted."""
        try:
            return how(node)
        except Wrong as wrong:
            self.refuse(wrong.node, wrong.code, wrong.message, wrong.hint)
            return None

    def text(self, node: Node, limit: int = TEXT_LIMIT) -> str:
        """Read text, of several lines if need be; it must not be empty."""
        if not isinstance(node, Scalar):
            raise Wrong(node, "E120", "text is wanted here, not a list or a table")
        if node.kind not in ("written", "text"):
            raise Wrong(node, "E110", "text is wanted here; put it in quotes")
        value = node.value
        if _ODD.search(value) is not None:
            _refuse_odd(node)
        if not value.strip():
            raise Wrong(node, "E110", "text is wanted here; this is empty")
        if len(value) > limit:
            raise Wrong(node, "E122", f"this has {len(value)} characters; at most {limit} are allowed")
        return value

    def line(self, node: Node, limit: int = LINE_LIMIT) -> str:
        """Read text of one line."""
        value = self.text(node, limit).strip()
        if "\n" in value:
            raise Wrong(node, "E126", "this must be one line")
        return value

    def title(self, node: Node) -> str:
        """Read a title: one line of at most 140 characters that can be seen, and stand in a mail's subject."""
        value = self.line(node, TITLE_LIMIT)
        if _VISIBLE.search(value) is None:
            raise Wrong(node, "E123", "this holds nothing that can be seen")
        if _ENCODED_WORD.search(value) is not None:
            raise Wrong(node, "E125", "this looks like an encoded mail header; write the words themselves")
        return value

    def identity(self, node: Node) -> str:
        """Read an id."""
        return _matching(node, id_fault)

    def own_identity(self, node: Node) -> str:
        """Read the id of an incident or message, which is looked for among the site's own words."""
        return _matching(node, own_id_fault)

    def name(self, node: Node) -> str:
        """Read the name of a fact or a role: as an id, with underscores."""
        return _matching(node, name_fault)

    def instant(self, node: Node) -> datetime:
        """Read an instant, as UTC."""
        if isinstance(node, Scalar) and node.kind in ("other", "day"):
            raise Wrong(node, "E201", "this time has no zone; end it with Z for UTC, or an offset such as +01:00")
        if isinstance(node, Scalar) and node.kind == "instant":
            return _timed(node, node.value, times.read_instant)
        return _timed(node, self.line(node), times.read_instant)

    def span(self, node: Node) -> timedelta:
        """Read a span of time."""
        return _timed(node, self.line(node), times.read_span)

    def day(self, node: Node) -> date:
        """Read a calendar day."""
        text = node.value if isinstance(node, Scalar) and node.kind == "day" else self.line(node)
        if _DAY.fullmatch(text) is None:
            raise Wrong(node, "E201", "a day is written like 2026-11-21")
        try:
            found = date.fromisoformat(text)
        except ValueError as error:
            raise Wrong(node, "E202", "there is no such day") from error
        if found.year not in times.YEARS:
            raise Wrong(node, "E206", f"the year must lie between {times.YEARS.start} and {times.YEARS.stop - 1}")
        return found

    def zone(self, node: Node) -> str:
        """Read the name of a time zone."""
        return _timed(node, self.line(node), times.zone).key

    def yes_or_no(self, node: Node) -> bool:
        """Read `true` or `false`."""
        answer = (
            _YES_OR_NO.get(node.value) if isinstance(node, Scalar) and node.kind in ("written", "boolean") else None
        )
        if answer is None:
            raise Wrong(node, "E120", "true or false is wanted here")
        return answer

    def count(self, node: Node) -> int:
        """Read a whole number above zero."""
        if isinstance(node, Scalar) and node.kind in ("written", "integer") and _COUNT.fullmatch(node.value):
            return int(node.value)
        raise Wrong(node, "E119", f"a whole number above zero, of at most {NUMBER_LIMIT} digits, is wanted here")

    def label(self, node: Node) -> str:
        """Read a label that this site knows."""
        if not isinstance(node, Scalar):
            raise Wrong(node, "E111", "one label is wanted here, not several")
        text = self.line(node)
        fault = self.labels.fault(text)
        if fault is not None:
            raise Wrong(node, *fault)
        return text

    def one_of(self, known: Collection[T], what: str, code: str = "E131") -> Reader[T]:
        """Make a reader of one of some known words; the word comes back as it stands in `known`."""

        def read(node: Node) -> T:
            text = self.line(node)
            for word in known:
                if word == text:
                    return word
            raise Wrong(node, code, f"`{shown(text)}` is not {what}", did_you_mean(text, map(str, known)))

        return read

    def declared(self, known: frozenset[str] | None, what: str, code: str) -> Reader[str]:
        """Make a reader of a word declared elsewhere; any word will do if that file could not be read (None)."""

        def read(node: Node) -> str:
            text = self.line(node)
            if known is None or text in known:
                return text
            raise Wrong(node, code, f"`{shown(text)}` is not {what}", did_you_mean(text, known))

        return read

    def address(self, schemes: frozenset[str] = SCHEMES) -> Reader[str]:
        """Make a reader of a whole address of one of these schemes."""

        def read(node: Node) -> str:
            text = self.line(node, ADDRESS_LIMIT)
            fault = address_fault(text, schemes)
            if fault is not None:
                raise Wrong(node, *fault)
            return text

        return read

    def list_of(self, how: Reader[T]) -> Reader[tuple[T, ...]]:
        """Make a reader of a list, whose members that cannot be read are noted and left out."""

        def read(node: Node) -> tuple[T, ...]:
            if not isinstance(node, Sequence):
                raise Wrong(node, "E120", "a list is wanted here: [one, two]")
            found = [self.attempt(how, item) for item in node.items]
            return tuple(item for item in found if item is not None)

        return read

    def fields(self, node: Node) -> Fields:
        """Read a mapping, field by field."""
        if not isinstance(node, Mapping):
            raise Wrong(node, "E120", "keys with values are wanted here")
        return Fields(self, node)

    def pairs(self, node: Node) -> tuple[tuple[Scalar, Node], ...]:
        """Read a mapping whose keys are not fixed."""
        if not isinstance(node, Mapping):
            raise Wrong(node, "E120", "keys with values are wanted here")
        return tuple(node.pairs.values())


def _refuse_odd(node: Scalar) -> None:
    fault = control_fault(node.value)
    if fault is None and _SURROGATE.search(node.value):
        fault = "E121", "half a character (a lone surrogate) is not allowed"
    if fault is None and "\t" in node.value:
        fault = "E121", "a tab is not allowed here"
    if fault is not None:
        raise Wrong(node, *fault)


def _matching(node: Node, fault_of: Callable[[str], tuple[str, str] | None]) -> str:
    if not isinstance(node, Scalar) or node.kind not in ("written", "text"):
        raise Wrong(node, "E110", "text is wanted here")
    fault = fault_of(node.value)
    if fault is not None:
        raise Wrong(node, *fault)
    return node.value


def _timed(node: Node, text: str, read: Callable[[str], T]) -> T:
    try:
        return read(text)
    except times.TimeError as error:
        raise Wrong(node, error.code, str(error)) from error


def id_fault(word: str) -> tuple[str, str] | None:
    """Say why a word cannot be an id, as code and message: a device of Windows, too long, or its form."""
    return _name_fault(word, _ID, "an id is made of a-z, 0-9 and hyphens inside")


def own_id_fault(word: str) -> tuple[str, str] | None:
    """As `id_fault`; besides, the names of the site's own files are taken."""
    if word.casefold() in _RESERVED:
        return "E302", f"`{shown(word)}` is taken by the site's own files"
    return id_fault(word)


def name_fault(word: str) -> tuple[str, str] | None:
    """As `id_fault`, for the names of facts and roles, which may hold underscores."""
    return _name_fault(word, _NAME, "a name is made of a-z, 0-9, _ and hyphens")


def _name_fault(word: str, pattern: re.Pattern[str], rule: str) -> tuple[str, str] | None:
    if word.strip(".") and _DEVICE.fullmatch(word):
        return "E303", "Windows cannot hold a file of this name"
    if len(word) > _ID_LIMIT:
        return "E305", f"this has {len(word)} characters; an id has at most {_ID_LIMIT}"
    return None if pattern.fullmatch(word) else ("E301", rule)


class Fields:
    """One mapping being read: what was never asked for is unknown."""

    def __init__(self, values: Values, mapping: Mapping) -> None:
        self.values = values
        self.mapping = mapping
        self._asked: set[str] = set()

    def node(self, key: str) -> Node | None:
        """Give the value of a key as it stands; None if it is not there."""
        self._asked.add(key)
        pair = self.mapping.pairs.get(key)
        return None if pair is None else pair[1]

    def place(self, key: str) -> Place:
        """Tell where the value of a key stands; where the mapping does if there is none."""
        return self.values.place(self.node(key) or self.mapping)

    def read(self, key: str, how: Reader[T]) -> T | None:
        """Read an optional field; None if it is missing or wrong."""
        self._asked.add(key)
        pair = self.mapping.pairs.get(key)
        return None if pair is None else self.values.attempt(how, pair[1])

    def need(self, key: str, how: Reader[T], hint: str = "") -> T | None:
        """Read a required field; its absence is noted."""
        self._asked.add(key)
        pair = self.mapping.pairs.get(key)
        if pair is not None:
            return self.values.attempt(how, pair[1])
        self.values.refuse(self.mapping, "E128", f"`{key}` is missing", hint)
        return None

    def tables(self, key: str) -> tuple[Fields, ...]:
        """Read a list of mappings; empty if it is missing or wrong."""
        return self.read(key, self.values.list_of(self.values.fields)) or ()

    def pairs(self, key: str) -> tuple[tuple[Scalar, Node], ...]:
        """Read a mapping whose keys are not fixed; empty if it is missing or wrong."""
        return self.read(key, self.values.pairs) or ()

    def done(self) -> None:
        """Note every key that was never asked for."""
        for key, (place, _) in self.mapping.pairs.items():
            if key not in self._asked:
                self._unknown(key, place)

    def _unknown(self, key: str, place: Scalar) -> None:
        mixed = len(alphabets(key)) > 1
        message = f"unknown key `{spelled(key)}`" + (", which mixes letters of several alphabets" if mixed else "")
        self.values.refuse(place, self.values.unknown_key, message, did_you_mean(key, self._asked))
