"""TOML files as a tree of nodes: the standard library reads the values, and a scanner finds where they stand."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

import msgspec

from heliograph.load.nodes import DEPTH_LIMIT, Kind, Mapping, Node, Scalar, Sequence
from heliograph.problems import Place, Problems

_Path = tuple[str | int, ...]
_Spot = tuple[int, int]

_STRINGS: Final = r'"""(?:[^\\]|\\.)*?"{3,5}(?!")|' + r"'''.*?'{3,5}(?!')|" + r'"(?:[^"\\\n]|\\.)*"|' + r"'[^'\n]*'"
_TOKEN: Final = re.compile(
    rf"(?P<string>{_STRINGS})|(?P<comment>\#[^\n]*)|(?P<mark>[\[\]{{}}=,.\n])|(?P<word>[^\s\[\]{{}}=,.\"'\#]+)",
    re.DOTALL,
)
_WHERE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_TWICE: Final = ("Cannot overwrite", "Cannot declare", "Duplicate inline table key", "Cannot redefine", "Cannot mutate")


def parse(text: str, file: str, problems: Problems) -> Mapping | None:
    """Read one TOML file; None if it cannot be read, and why is noted.

    Depth is limited before the values are read: the standard library's parser recurses.
    """
    tokens = list(_tokens(text))
    if not _shallow(tokens, file, problems):
        return None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        _explain(error, text, file, problems)
        return None
    except (ValueError, RecursionError):
        problems.add(Place(file, *_longest_number(tokens)), "E119", "this is not a usable number")
        return None
    node = _node(data, (), _Scanner(tokens).scan())
    assert isinstance(node, Mapping)
    return node


class _Token(msgspec.Struct, frozen=True, gc=False):
    text: str
    is_mark: bool
    line: int
    column: int


def _tokens(text: str) -> Iterator[_Token]:
    """Cut the text into strings, words and the marks between them; a newline is a mark, comments vanish."""
    line, start, counted = 1, 0, 0
    for found in _TOKEN.finditer(text):
        at = found.start()
        breaks = text.count("\n", counted, at)
        if breaks:
            line += breaks
            start = text.rfind("\n", 0, at) + 1
        counted = at
        if found.lastgroup != "comment":
            yield _Token(found.group(), found.lastgroup == "mark", line, at - start + 1)


def _shallow(tokens: list[_Token], file: str, problems: Problems) -> bool:
    depth = 0
    for token in tokens:
        if token.is_mark:
            depth = max(0, depth + (token.text in "[{") - (token.text in "]}"))
        if depth > DEPTH_LIMIT:
            message = f"nested more than {DEPTH_LIMIT} levels deep"
            problems.add(Place(file, token.line, token.column), "E117", message)
            return False
    return True


def _longest_number(tokens: list[_Token]) -> _Spot:
    longest = max(tokens, key=lambda token: len(token.text) if token.text.strip("+-_").isdigit() else 0)
    return longest.line, longest.column


def _explain(error: tomllib.TOMLDecodeError, text: str, file: str, problems: Problems) -> None:
    said = str(error)
    found = _WHERE.search(said)
    if found and found.group(1):
        line, column = int(found.group(1)), int(found.group(2))
    else:
        line, column = text.count("\n") + 1, 1
    reason = said[: found.start()] if found else said
    if reason.startswith(_TWICE):
        problems.add(Place(file, line, column), "E106", "the key or table in this line has been given before")
    else:
        problems.add(Place(file, line, column), "E618", f"this cannot be read as TOML: {reason.split(':')[0]}")


class _Scanner:
    """Finds where each key and each value of a well-formed document stands."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._counts: dict[_Path, int] = {}
        self.keys: dict[_Path, _Spot] = {}
        self.values: dict[_Path, _Spot] = {}

    def scan(self) -> _Scanner:
        """Go through the whole document."""
        table: _Path = ()
        while self._at < len(self._tokens):
            if self._is("\n"):
                self._at += 1
            elif self._is("["):
                table = self._header()
            else:
                self._pair(table)
        return self

    def _is(self, mark: str) -> bool:
        if self._at >= len(self._tokens):
            return False
        token = self._tokens[self._at]
        return token.is_mark and token.text == mark

    def _header(self) -> _Path:
        self._at += 1
        many = self._is("[")
        self._at += many
        spot = self._spot()
        names = self._names()
        self._at += 1 + many
        path: _Path = ()
        for name in names[:-1]:
            path = self._newest((*path, name))
        path = (*path, names[-1])
        self.keys.setdefault(path, spot)
        if many:
            self._counts[path] = self._counts.get(path, -1) + 1
            path = (*path, self._counts[path])
        self.values.setdefault(path, spot)
        return path

    def _newest(self, path: _Path) -> _Path:
        count = self._counts.get(path)
        return path if count is None else (*path, count)

    def _names(self) -> list[str]:
        names = [self._name()]
        while self._is("."):
            self._at += 1
            names.append(self._name())
        return names

    def _name(self) -> str:
        text = self._tokens[self._at].text
        self._at += 1
        return next(iter(tomllib.loads(f"{text}=0"))) if text[0] in "\"'" else text

    def _spot(self) -> _Spot:
        token = self._tokens[self._at]
        return token.line, token.column

    def _pair(self, table: _Path) -> None:
        spot = self._spot()
        path = table
        for name in self._names():
            path = (*path, name)
            self.keys.setdefault(path, spot)
        self._at += 1
        self._value(path)

    def _value(self, path: _Path) -> None:
        self.values[path] = self._spot()
        if self._is("["):
            self._list(path)
        elif self._is("{"):
            self._table(path)
        else:
            while self._at < len(self._tokens) and not any(map(self._is, "\n,]}")):
                self._at += 1

    def _list(self, path: _Path) -> None:
        self._at += 1
        count = 0
        while not self._is("]"):
            if self._is(",") or self._is("\n"):
                self._at += 1
            else:
                self._value((*path, count))
                count += 1
        self._at += 1

    def _table(self, path: _Path) -> None:
        self._at += 1
        while not self._is("}"):
            if self._is(",") or self._is("\n"):
                self._at += 1
            else:
                self._pair(path)
        self._at += 1


def _node(value: Any, path: _Path, found: _Scanner) -> Node:
    line, column = found.values.get(path) or found.keys.get(path) or (1, 1)
    if isinstance(value, dict):
        pairs: dict[str, tuple[Scalar, Node]] = {}
        for key, inner in value.items():
            below = (*path, key)
            pairs[key] = (Scalar(key, *found.keys.get(below, (line, column))), _node(inner, below, found))
        return Mapping(pairs, line, column)
    if isinstance(value, list):
        return Sequence(tuple(_node(inner, (*path, i), found) for i, inner in enumerate(value)), line, column)
    text, kind = _written(value)
    return Scalar(text, line, column, kind)


def _written(value: Any) -> tuple[str, Kind]:
    match value:
        case str():
            found: tuple[str, Kind] = value, "text"
        case bool():
            found = str(value).lower(), "boolean"
        case int():
            found = str(value), "integer"
        case datetime() if value.tzinfo is not None:
            found = value.isoformat(), "instant"
        case date() if not isinstance(value, datetime):
            found = value.isoformat(), "day"
        case _:
            found = str(value), "other"
    return found
