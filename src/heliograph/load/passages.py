"""Cuts a body into passages, on raw lines and before any Markdown.

The splitter is total: whatever the lines are, each belongs to at most one passage, a line with something on it is
either in a passage or noted, and below a marker no line ever has another label unless an exact marker gives it one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from heliograph.load import prose
from heliograph.load.frontmatter import Body
from heliograph.load.resolve import Labels
from heliograph.model import Text
from heliograph.problems import Place, Problems, did_you_mean

_MARKER: Final = re.compile(r"::: ([a-z][a-z0-9-]*(?::[a-z0-9-]+)?)", re.ASCII)
_CLOSER: Final = ":::"

_ONE: Final = (
    ":;\uff1a\ufe55\ufe13\u2236\u02d0\ua789\u02f8\u0589\u05c3\u0703\u0704\u0705\u0706\u0707\u0708\u0709\u16ec\u1365\u1366"
    "\u1804\u2982\ufe30\u205a\uff1b\ufe54\ufe14\u037e\u061b\u204f\ua4fd\u1361"
)
_SEVERAL: Final = "\u2237\u2a74\u205d\u22ee\ufe19"
_FILLERS: Final = "\u115f\u1160\u3164\uffa0\u2800"
_AS_COLONS: Final = str.maketrans({**dict.fromkeys(_ONE, ":"), **dict.fromkeys(_SEVERAL, "::")})
_MAYBE_COLONS: Final = re.compile(rf"[{_ONE}](?:[^\w\n]|[{_FILLERS}])*[{_ONE}]|[{_SEVERAL}]")
_LETTERS_LIKE_COLONS: Final = "\u02d0\ua4fd"
_MAYBE_LABEL: Final = re.compile(rf"^(?:[^\w\n]|[{_LETTERS_LIKE_COLONS}])*+[\w:-]++[^\w\n]*+$", re.MULTILINE)
_MARKS_BEFORE: Final = "-*+>#_~\\|.)(0123456789[{<=!/@"
_ITEM: Final = re.compile(r"[ ]{0,3}(?:[-*+]|\d{1,9}[.)])[ ]+[^\W_][\w-]*(?<!_)[.,;]?\s*")
_LAST_WORD: Final = re.compile(r"\s*[^\W_][\w-]*(?<!_)[.,;!?)]*\s*")
_WORD: Final = re.compile(r"[a-z][a-z0-9:-]*")
_CODE_SPAN: Final = re.compile(
    rf"(?<!`)(`+)(?!`)(?: ?:+ ?[\w:-]{{0,40}} ?|(?![\s{_ONE}{_SEVERAL}]).{{1,40}}?)(?<!`)\1(?![`\w])"
)
_RUN: Final = re.compile(r":(?:(?:[^\w:]|_)*:)+")
_TABLE_LINE: Final = re.compile(r"[\s>]*+\|?(?:\s*+:?-++:?\s*+\|)*+\s*+(?::?-++:?)?+\s*+")
_SOCKET: Final = re.compile(r"[0-9]|\*(?![^\s:])")
_THREE: Final = 3
_LABEL_ROOM: Final = 100
"""No label with marks around it takes so many characters."""
_CLOSE: Final = 0.75

_ADVICE: Final = (
    "a marker is `::: LABEL` at the very start of a line; to write about one, put it in backticks within a sentence"
)


def read(body: Body, label: str | None, labels: Labels, problems: Problems) -> tuple[Text, ...]:
    """Cut a body into passages and look into each; text above the first marker is under `label`. Blank ones vanish.

    Where the label could not be read (None) the text above the first marker is left out.
    """
    if label is not None and _MAYBE_COLONS.search(body.text) is None and _MAYBE_LABEL.search(body.text) is None:
        only = _passage(body, label, body.text.split("\n"), 0)
        if only is None:
            return ()
        prose.inspect(only, problems)
        return (only,)
    splitter = _Splitter(body, labels, problems)
    splitter.go(label)
    return tuple(splitter.passages)


def read_undivided(body: Body, label: str, labels: Labels, problems: Problems) -> tuple[Text, ...]:
    """Take a body that is one passage as a whole; markers in it are refused."""
    passages = read(body, label, labels, problems)
    for line, text in enumerate(body.text.split("\n"), body.line):
        if text == _CLOSER or _MARKER.fullmatch(text):
            message = "this file is one passage for one customer and holds no markers"
            problems.add(Place(body.file, line), "E424", message)
    return tuple(passage for passage in passages[:1] if passage.label == label)


def _passage(body: Body, label: str, lines: list[str], first: int) -> Text | None:
    """Make a passage of lines, without the blank ones around them; None if all are blank."""
    start, end = 0, len(lines)
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    if start == end:
        return None
    return Text(label=label, words="\n".join(lines[start:end]), place=Place(body.file, body.line + first + start))


class _Splitter:
    """Goes through the lines of one body. `_label` is None where no text may stand."""

    def __init__(self, body: Body, labels: Labels, problems: Problems) -> None:
        self.passages: list[Text] = []
        self._body = body
        self._labels = labels
        self._problems = problems
        self._lines = body.text.split("\n")
        self._label: str | None = None
        self._first = 0
        self._closed = False

    def go(self, label: str | None) -> None:
        """Split all lines."""
        self._label = label
        opened = False
        for number, line in enumerate(self._lines):
            found = _MARKER.fullmatch(line)
            if found is not None:
                self._begin(number, found.group(1))
                opened = True
            elif line == _CLOSER:
                self._close(number, opened=opened)
                opened = False
            elif self._resembles_marker(number, line):
                self._end(number, complete=False)
            elif self._closed and line.strip():
                self._stray(number)
        self._end(len(self._lines))

    def _begin(self, number: int, word: str) -> None:
        self._end(number, marker=number)
        fault = self._labels.fault(word)
        if fault is not None:
            self._note(number, *fault)
        self._label = word if fault is None else None
        self._first = number + 1
        self._closed = False

    def _close(self, number: int, *, opened: bool) -> None:
        if not opened:
            self._note(number, "E402", "this closes a passage, but none is open")
        self._end(number, marker=number)
        self._closed = True

    def _stray(self, number: int) -> None:
        self._note(number, "E422", "this text follows a closed passage; give it a marker of its own")
        self._closed = False

    def _end(self, number: int, *, marker: int | None = None, complete: bool = True) -> None:
        """End the passage that goes on, if any does; what follows belongs to nobody until a marker says so."""
        if self._label is None:
            return
        passage = _passage(self._body, self._label, self._lines[self._first : number], self._first)
        self._label = None
        if passage is not None:
            at = None if marker is None else self._body.line + marker
            prose.inspect(passage, self._problems, marker=at, complete=complete)
            self.passages.append(passage)

    def _resembles_marker(self, number: int, line: str) -> bool:
        """Note a line that looks like a marker and is not exactly one."""
        if begins_with_colons(line) or holds_marker(line, self._labels.recognised):
            word = _WORD.search(unicodedata.normalize("NFKC", line).casefold().translate(_AS_COLONS))
            meant = did_you_mean(word.group().rstrip(":"), self._labels.known) if word else ""
            hint = f"{meant} {_ADVICE}".strip()
            self._note(number, "E404", "this looks like a passage marker and is not one", hint)
            return True
        blank_before = number == 0 or not self._lines[number - 1].strip()
        label = label_alone(line, begins=blank_before)
        if label is None or label not in self._labels.recognised:
            return False
        self._note(
            number,
            "E404",
            "this line holds a label and nothing else, as a marker would",
            f"did you mean ::: {label}? {_ADVICE}",
        )
        return True

    def _note(self, number: int, code: str, message: str, hint: str = "") -> None:
        self._problems.add(Place(self._body.file, self._body.line + number), code, message, hint)


def begins_with_colons(line: str) -> bool:
    """Tell whether a line, seen by a hasty reader, begins with two colons or more, whatever they are made of."""
    if _MAYBE_COLONS.search(line) is None:
        return False
    return "".join(_visible(line.translate(_AS_COLONS))).lstrip(_MARKS_BEFORE).startswith("::")


def holds_marker(line: str, labels: Collection[str]) -> bool:
    """Tell whether a marker stands behind other text in a line, as when a line break before it was lost.

    Three colons are one, unless they belong to an address (`:::22`) or part two words of code; two are where nothing
    but a label follows, right or nearly. What stands in backticks is not looked at.
    """
    if _MAYBE_COLONS.search(line) is None or _TABLE_LINE.fullmatch(line):
        return False
    plain = "".join(_seen(_CODE_SPAN.sub("`", line).translate(_AS_COLONS))).casefold().translate(_AS_COLONS)
    return any(_is_marker(plain, run, labels) for run in _RUN.finditer(plain))


def _is_marker(plain: str, run: re.Match[str], labels: Collection[str]) -> bool:
    before, after = plain[max(0, run.start() - 1) : run.start()], plain[run.end() : run.end() + _LABEL_ROOM]
    colons = run.group().count(":")
    within_a_word = len(run.group()) == colons <= _THREE and before.isalnum() and after[:1].isalnum()
    if colons < _THREE:
        alone = "" if within_a_word or len(after) == _LABEL_ROOM else after.strip(_around(after))
        return bool(get_close_matches(alone, labels, n=1, cutoff=_CLOSE))
    word = _WORD.match(after)
    is_label = word is not None and bool(get_close_matches(word.group(), labels, n=1, cutoff=_CLOSE))
    return is_label or not (within_a_word or _SOCKET.match(after))


def label_alone(line: str, *, begins: bool) -> str | None:
    """Give the word of a line that has nothing else but marks around it; None for other lines.

    A word that merely ends a paragraph, or a plain list item, is no label. `begins`: the line before is blank.
    """
    if _MAYBE_LABEL.fullmatch(line) is None or _ITEM.fullmatch(line):
        return None
    if not begins and _LAST_WORD.fullmatch(line):
        return None
    plain = "".join(_visible(line)).casefold()
    return plain.translate(_AS_COLONS).strip(_around(plain)) or None


@lru_cache(maxsize=1024)
def _around(plain: str) -> str:
    return "".join({character for character in plain if not character.isalnum()}) + ":_"


def _visible(line: str) -> list[str]:
    """Give the characters of a line as a reader tells them apart, without spaces and what cannot be seen."""
    return [character for character in _seen(line) if not character.isspace()]


def _seen(line: str) -> list[str]:
    """Give the characters of a line as a reader tells them apart, without what cannot be seen but for spaces."""
    return [
        character
        for character in unicodedata.normalize("NFKD", line)
        if character == "\t"
        or (character not in _FILLERS and unicodedata.category(character) not in ("Cf", "Mn", "Me", "Cc"))
    ]
