"""Other tools' front matter, read leniently: YAML or TOML between fences, or what is left of it."""

from __future__ import annotations

import re
import tomllib
from datetime import date, datetime, time
from typing import Any, Final

import msgspec
import yaml

from heliograph.importers.report import Notes

_LOADER: Final[type[yaml.BaseLoader]] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_FENCES: Final = {"---": "yaml", "+++": "toml"}
_KEY_LINE: Final = re.compile(r"""['"]?([A-Za-z][\w-]*)['"]?[ \t]*[:=](?:[ \t]+(.*)|$)""")
_ITEM_LINE: Final = re.compile(r"[ \t]*-[ \t]+(.*)")
_LIMIT: Final = 64_000
_FALSE: Final = frozenset({"false", "no", "off", "n"})
_TRUE: Final = frozenset({"true", "yes", "on", "y"})


class Field(msgspec.Struct, frozen=True):
    """One top-level value: its texts (one for a scalar), whether it was quoted, whether a list, its line from 1."""

    texts: tuple[str, ...]
    line: int
    is_quoted: bool = False
    is_list: bool = False

    @property
    def text(self) -> str:
        """The value as one text; the first of a list."""
        return self.texts[0] if self.texts else ""

    @property
    def boolean(self) -> bool | None:
        """Read an unquoted yes or no as YAML 1.1 does; None for anything else."""
        word = self.text.lower()
        if self.is_quoted or self.is_list or word not in _FALSE | _TRUE:
            return None
        return word in _TRUE


class Page(msgspec.Struct, frozen=True):
    """A content file taken apart: fields by lower-case name, the text below, and the line it starts on."""

    fields: dict[str, Field]
    body: str
    body_line: int

    def text(self, name: str) -> str:
        """Give a field's text, empty if it is missing."""
        return self.fields[name].text.strip() if name in self.fields else ""

    def line(self, name: str) -> int:
        """Give a field's line; 1 if it is missing."""
        return self.fields[name].line if name in self.fields else 1


def read_page(text: str, notes: Notes) -> Page | None:
    """Take a content file apart; None when it has no front matter at all. Faults are noted, never raised."""
    lines = text.split("\n")
    start = next((index for index, line in enumerate(lines) if line.strip()), 0)
    fence = lines[start].strip()
    if fence not in _FENCES:
        return _without_fence(lines, start, notes)
    end = next((index for index in range(start + 1, len(lines)) if lines[index].rstrip() == fence), None)
    if end is None:
        notes.add(start + 1, "missing-fence", f"the front matter opens with {fence} and never closes")
        end = _end_of_fields(lines, start + 1)
        below = end
    else:
        below = end + 1
    head = lines[start + 1 : end]
    read = _toml_fields if _FENCES[fence] == "toml" else _yaml_fields
    return Page(read(head, start + 2, notes), "\n".join(lines[below:]), below + 1)


def _without_fence(lines: list[str], start: int, notes: Notes) -> Page | None:
    end = _end_of_fields(lines, start)
    fields = _rough_fields(lines[start:end], start + 1)
    if "title" not in fields and "date" not in fields:
        return None
    notes.add(start + 1, "missing-fence", "the front matter does not open with a fence; read line by line")
    below = end + 1 if end < len(lines) and lines[end].strip() in _FENCES else end
    return Page(fields, "\n".join(lines[below:]), below + 1)


def _end_of_fields(lines: list[str], start: int) -> int:
    """Find where lines stop looking like `key: value`, list items, comments or their continuation."""
    for index in range(start, len(lines)):
        line = lines[index]
        if line.strip() in _FENCES or not line.strip():
            return index
        if not (_KEY_LINE.match(line) or _ITEM_LINE.match(line) or line.startswith(("#", " ", "\t"))):
            return index
    return len(lines)


def _yaml_fields(head: list[str], first_line: int, notes: Notes) -> dict[str, Field]:
    text = "\n".join(head)
    try:
        node = yaml.compose(text[:_LIMIT], Loader=_LOADER)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = first_line + (mark.line if mark else 0)
        notes.add(line, "broken-front-matter", "the front matter is no valid YAML from here; read line by line instead")
        return _rough_fields(head, first_line)
    if not isinstance(node, yaml.MappingNode):
        notes.add(first_line, "broken-front-matter", "the front matter holds no named values")
        return {}
    fields: dict[str, Field] = {}
    for key, value in node.value:
        name = key.value.lower() if isinstance(key, yaml.ScalarNode) else ""
        line = first_line + key.start_mark.line
        if name in fields:
            notes.add(line, "repeated-key", f"{name} stands twice; the last one counts")
        fields[name] = _field(value, line)
    return fields


def _field(node: yaml.Node, line: int) -> Field:
    if isinstance(node, yaml.ScalarNode):
        return Field((node.value,), line, is_quoted=node.style in {"'", '"'})
    items = node.value if isinstance(node, yaml.SequenceNode) else []
    return Field(tuple(item.value for item in items if isinstance(item, yaml.ScalarNode)), line, is_list=True)


def _rough_fields(head: list[str], first_line: int) -> dict[str, Field]:
    """Read `key: value` and `- item` lines one by one; what is neither is passed over."""
    fields: dict[str, Field] = {}
    current = ""
    for offset, line in enumerate(head):
        item = _ITEM_LINE.fullmatch(line)
        found = _KEY_LINE.fullmatch(line)
        if item and current:
            before = fields[current]
            texts = before.texts if before.is_list else ()
            fields[current] = Field((*texts, _unquoted(item[1])), before.line, is_list=True)
        elif found:
            current = found[1].lower()
            fields[current] = _rough_field(found[2] or "", first_line + offset)
    return fields


def _rough_field(value: str, line: int) -> Field:
    inner = re.fullmatch(r"\[(.*)\]", value.strip())
    if inner:
        texts = tuple(_unquoted(part) for part in inner[1].split(",") if part.strip())
        return Field(texts, line, is_list=True)
    return Field((_unquoted(value),), line, is_quoted=value.strip()[:1] in {"'", '"'})


def _unquoted(value: str) -> str:
    text = re.sub(r"\s+#.*$", "", value).strip()
    inner = re.fullmatch(r"""(['"])(.*)\1""", text)
    return inner[2] if inner else text


def _toml_fields(head: list[str], first_line: int, notes: Notes) -> dict[str, Field]:
    try:
        table = tomllib.loads("\n".join(head))
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        notes.add(first_line, "broken-front-matter", "the front matter is no valid TOML; read line by line instead")
        return _rough_fields(head, first_line)
    lines = {
        found[1].lower(): first_line + index for index, line in enumerate(head) if (found := _KEY_LINE.match(line))
    }
    return {name.lower(): _toml_field(value, lines.get(name.lower(), first_line)) for name, value in table.items()}


def _toml_field(value: Any, line: int) -> Field:
    if isinstance(value, list):
        return Field(tuple(_toml_text(item) for item in value), line, is_list=True)
    return Field((_toml_text(value),), line, is_quoted=isinstance(value, str))


def _toml_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date | datetime | time) else str(value)
