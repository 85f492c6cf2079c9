"""YAML front matter as a tree of nodes, composed from the parser's events.

Nothing is given a type here: every scalar is the text that was typed. What YAML offers beyond mappings, lists and
text (anchors, aliases, merge keys, tags, directives, further documents) is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NoReturn

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from heliograph.load.nodes import DEPTH_LIMIT, Mapping, Node, Scalar, Sequence
from heliograph.load.shown import shown
from heliograph.problems import Place, Problems

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse(text: str, file: str, first_line: int, problems: Problems, loader: Any = _LOADER) -> Mapping | None:
    """Read one mapping; `first_line` is where `text` begins in `file`. None if there is none, and why is noted."""
    tab = text.find("\t")
    if tab >= 0:
        line = first_line + text.count("\n", 0, tab)
        problems.add(Place(file, line, tab - text.rfind("\n", 0, tab)), "E105", "a tab; YAML is indented with spaces")
        return None
    composer = _Composer(file, first_line - 1, problems)
    try:
        root = composer.compose(loader(text).get_event)
    except _Stopped:
        return None
    except yaml.YAMLError as error:
        composer.explain(error)
        return None
    if not isinstance(root, Mapping):
        line, column = (root.line, root.column) if root else (first_line, 1)
        problems.add(Place(file, line, column), "E108", "lines of the form `key: value` are wanted here")
        return None
    return root


class _Stopped(Exception):  # noqa: N818 -- the reason is already noted
    pass


class _Open:
    """A mapping or list whose end has not come yet."""

    __slots__ = ("column", "is_mapping", "items", "key", "line", "pairs")

    def __init__(self, is_mapping: bool, line: int, column: int) -> None:
        self.is_mapping = is_mapping
        self.line = line
        self.column = column
        self.pairs: dict[str, tuple[Scalar, Node]] = {}
        self.items: list[Node] = []
        self.key: Scalar | None = None

    def close(self) -> Node:
        if self.is_mapping:
            return Mapping(self.pairs, self.line, self.column)
        return Sequence(tuple(self.items), self.line, self.column)


class _Composer:
    """Builds the tree without recursion, so that depth costs nothing but a list."""

    def __init__(self, file: str, offset: int, problems: Problems) -> None:
        self._file = file
        self._offset = offset + 1
        self._problems = problems
        self._open: list[_Open] = []
        self._root: Node | None = None

    def compose(self, next_event: Callable[[], Event]) -> Node | None:
        """Take all events; the root node, or None for an empty document."""
        while True:
            event = next_event()
            kind = type(event)
            if kind is ScalarEvent:
                self._scalar(event)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self._start(event, kind is MappingStartEvent)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self._add(self._open.pop().close())
            elif kind is DocumentStartEvent:
                self._document(event)
            elif kind is AliasEvent:
                self._stop(event, "E115", "aliases are not allowed; write the value again")
            elif kind is StreamEndEvent:
                return self._root

    def explain(self, error: yaml.YAMLError) -> None:
        """Note why the parser gave up, where the author can see it."""
        said = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "")
        mark = getattr(error, "problem_mark", None)
        if "could not find expected ':'" in said:
            mark = getattr(error, "context_mark", None) or mark
            code, message = "E108", "this line is not of the form `key: value`"
        elif "mapping values are not allowed" in said:
            code, message = "E109", "a second colon; put a value that holds one in quotes"
        elif "escape" in said:
            code, message = "E121", "this escape sequence stands for no character"
        elif "control characters" in said or "special characters" in said or "character not allowed" in said:
            code, message = "E121", "a control character is not allowed"
        else:
            code, message = "E109", f"this cannot be read as YAML: {said.partition(', but')[0] or 'not well formed'}"
        line, column = (mark.line, mark.column) if mark else (0, 0)
        self._problems.add(Place(self._file, line + self._offset, column + 1), code, message)

    def _scalar(self, event: Any) -> None:
        if event.anchor is not None or event.tag is not None:
            self._plain_only(event)
        mark = event.start_mark
        self._add(Scalar(event.value, mark.line + self._offset, mark.column + 1))

    def _start(self, event: Any, is_mapping: bool) -> None:
        if event.anchor is not None or event.tag is not None:
            self._plain_only(event)
        if len(self._open) >= DEPTH_LIMIT:
            self._stop(event, "E117", f"nested more than {DEPTH_LIMIT} levels deep")
        mark = event.start_mark
        self._open.append(_Open(is_mapping, mark.line + self._offset, mark.column + 1))

    def _document(self, event: Any) -> None:
        if event.version or event.tags:
            self._stop(event, "E116", "YAML directives are not allowed")
        if self._root is not None:
            self._stop(event, "E127", "front matter is one YAML document; a second one begins here")

    def _add(self, node: Node) -> None:
        if not self._open:
            self._root = node
            return
        top = self._open[-1]
        if not top.is_mapping:
            top.items.append(node)
        elif top.key is None:
            top.key = self._key(node)
        else:
            self._pair(top, top.key, node)
            top.key = None

    def _key(self, node: Node) -> Scalar:
        if not isinstance(node, Scalar):
            self._stop_at(node.line, node.column, "E108", "a key must be a single word")
        if node.value == "<<":
            self._stop_at(node.line, node.column, "E115", "merge keys are not allowed; write the values again")
        return node

    def _pair(self, top: _Open, key: Scalar, node: Node) -> None:
        earlier = top.pairs.get(key.value)
        if earlier is None:
            top.pairs[key.value] = (key, node)
            return
        message = f"`{shown(key.value)}` is written twice; the first is in line {earlier[0].line}"
        self._problems.add(Place(self._file, key.line, key.column), "E106", message)

    def _plain_only(self, event: Any) -> NoReturn:
        if event.anchor is not None:
            self._stop(event, "E115", "anchors are not allowed; write the value again where it is needed")
        self._stop(event, "E116", "tags are not allowed; every value is the text you type")

    def _stop(self, event: Any, code: str, message: str) -> NoReturn:
        self._stop_at(event.start_mark.line + self._offset, event.start_mark.column + 1, code, message)

    def _stop_at(self, line: int, column: int, code: str, message: str) -> NoReturn:
        self._problems.add(Place(self._file, line, column), code, message)
        raise _Stopped
