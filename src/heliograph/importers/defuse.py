"""The last step for foreign text: whatever our reader would refuse in a passage is disarmed so that it reads the same.

Nothing here knows the rules of passages; it asks the reader's own functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from markdown_it import MarkdownIt

from heliograph.importers.report import Notes
from heliograph.load.passages import begins_with_colons, holds_marker, label_alone
from heliograph.load.prose import BRACKET_LIMIT, inspect
from heliograph.model import PUBLIC, Text
from heliograph.problems import Place, Problems

_PARSER: Final = MarkdownIt("commonmark")
_COLONS: Final = re.compile(
    r"[^\w\s]*[:;\ufe13\ufe30\ufe54\ufe55\uff1a\uff1b\u2236\ua789\u02d0\u00b7][^\w]*[:;\ufe13\ufe30\ufe54\ufe55\uff1a\uff1b\u2236\ua789\u02d0\u00b7][^\w\s]*|[\u2237\u2e2c]+"
)
_NAMELESS: Final = re.compile(r"(?<!\\)\[(?=\^[^\[\]\s]+\])|(?<=\])\[(?=[^\[\]]*\])")
_SPECIAL: Final = re.compile(r"([\\\[\]<>`~!*_#|&])")


def defused(text: str, labels: frozenset[str], notes: Notes) -> str:
    """Give a text our reader takes as one passage. `labels` are the words it takes for labels when they stand alone.

    Colons that look like a marker and lone labels get an invisible difference; a code block is closed;
    Markdown the reader still refuses is kept as plain words. What was done is noted by line.
    """
    text = _without_markers(text, labels, notes)
    if accepted(text):
        return text
    milder = _NAMELESS.sub(r"\\[", _closed(text))
    if accepted(milder):
        return milder
    notes.add(1, "plain", "Markdown our pages do not take was kept as plain words")
    return _without_markers(_plain(text), labels, notes)


def accepted(text: str) -> bool:
    """Tell whether our reader finds nothing wrong with the Markdown of a text."""
    problems = Problems()
    inspect(Text(label=PUBLIC, words=text, place=Place("")), problems)
    return not problems.errors


def _without_markers(text: str, labels: frozenset[str], notes: Notes) -> str:
    lines = text.split("\n")
    suspects = list(_suspects(lines, labels))
    code = _code_lines(text) if suspects else frozenset()
    for index, word in suspects:
        if not word:
            notes.add(index + 1, "marker", "colons that look like a passage marker were told apart from one")
            lines[index] = _COLONS.sub("(colons)" if index in code else _as_numbers, lines[index])
        else:
            notes.add(index + 1, "marker", "a line that holds a label and nothing else was told apart from a marker")
            lines[index] = f"{lines[index]} (word)" if index in code else _disguised(lines[index])
    return "\n".join(lines)


def _suspects(lines: list[str], labels: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Find lines in which colons look like a marker (no word) or that hold one label and nothing else (that label)."""
    for index, line in enumerate(lines):
        if begins_with_colons(line) or holds_marker(line, labels):
            yield index, ""
            continue
        word = label_alone(line, begins=True)
        if word in labels:
            yield index, word or ""


def _as_numbers(found: re.Match[str]) -> str:
    """Write signs as their numbers, which Markdown shows as the signs."""
    return "".join(sign if sign.isspace() else f"&#{ord(sign)};" for sign in found.group())


def _disguised(line: str) -> str:
    """Write the first letter of a line as its number, which Markdown shows as the letter."""
    at = next(at for at, sign in enumerate(line) if sign.isalpha())
    return f"{line[:at]}&#{ord(line[at])};{line[at + 1 :]}"


def _code_lines(text: str) -> frozenset[int]:
    found: set[int] = set()
    for token in _PARSER.parse(text):
        if token.type in {"fence", "code_block"} and token.map:
            found.update(range(*token.map))
    return frozenset(found)


def _closed(text: str) -> str:
    """End a code block that the text leaves open."""
    fences = [token for token in _PARSER.parse(text) if token.type == "fence" and not token.level]
    if not fences or fences[-1].map is None:
        return text
    first, after = fences[-1].map
    is_open = fences[-1].content.count("\n") >= after - first - 1
    return f"{text.rstrip()}\n{fences[-1].markup}" if is_open else text


def _plain(text: str) -> str:
    """Keep the words and lines of a text and none of its Markdown."""
    if text.count("[") > BRACKET_LIMIT // 2 or text.count("<") > BRACKET_LIMIT // 2:
        text = text.translate(str.maketrans("[]<>", "()()"))
    return "\n".join(_SPECIAL.sub(r"\\\1", line.strip()) for line in text.split("\n"))
