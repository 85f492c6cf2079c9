"""Updates of the example site, damaged around their markers and fences as hands, editors and tools damage them.

Every letter of a line of text is replaced by one character that no other line has. Whatever of a line reaches a
reader, a single letter is enough to tell which line it came from. Whose a line is after the damage is told by
`owners`, which knows nothing of the splitter: it follows each marker line through its damage.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from heliograph import resources

LABELS = frozenset(
    (
        "public",
        "internal",
        "exec",
        "support",
        "engineering",
        "business",
        "strategic",
        "say",
        "customer:globex",
        "customer:initech",
    )
)
NOBODY = "nobody"
_MARKS = " .,`*_~)]}>"
_FIRST = 0x4E00
_LINES = 0x5000
_COLONS = ":;：∶ː꞉﹕⁚׃"

TEXT, MARKER, CLOSER, OTHER = "text", "marker", "closer", "other"


class Line(NamedTuple):
    """One line, and what it was before any damage; a line made of two is a marker if either was."""

    text: str
    was: str = TEXT
    label: str = ""


def originals() -> list[list[Line]]:
    """Every text of the example site that holds a marker; text has one character per line for all its letters."""
    folder: Path = resources.defaults() / "incidents"
    found = []
    for path in sorted(folder.glob("*/*.md")):
        body = path.read_text("utf-8").partition("\n---\n")[2]
        if "\n::: " in body:
            found.append([_line(text, number) for number, text in enumerate(body.rstrip("\n").split("\n"))])
    return found


def _line(text: str, number: int) -> Line:
    if text.startswith("::: "):
        return Line(text, MARKER, text.removeprefix("::: "))
    return Line(_veiled(text, number), TEXT if text.strip() else OTHER)


def _veiled(text: str, number: int) -> str:
    return "".join(chr(_FIRST + number) if character.isalpha() else character for character in text)


def lines_of(text: str) -> list[int]:
    """Tell from which lines the veiled letters in a text came."""
    return [number for number in (ord(character) - _FIRST for character in set(text)) if 0 <= number < _LINES]


# --- whose is each line -------------------------------------------------------------------------------------------


def owners(lines: list[Line], label: str) -> list[str]:
    """Say for each line of a damaged text which label a careful human reader would say that it has."""
    found, due = [], label
    for number, line in enumerate(lines):
        due = _after(line, due, blank_before=number == 0 or not lines[number - 1].text.strip())
        found.append(due)
    return found


def _after(line: Line, due: str, *, blank_before: bool) -> str:
    text = line.text
    if text.startswith("::: ") and text[4:] in LABELS:
        return text[4:]
    if text == ":::":
        return NOBODY
    if line.was in (MARKER, CLOSER) and _is_recognisable(text, line.label, blank_before=blank_before):
        return NOBODY
    return due


def _is_recognisable(text: str, label: str, *, blank_before: bool) -> bool:
    """Tell whether what is left of a marker can still be seen to be one.

    It can where three colons stand together, whatever marks and spaces are between them, but for three that part two
    words; and where the whole label ends the line, after two colons or alone with one, or begins a paragraph alone.
    What became an item of a list has become text.
    """
    plain = "".join(":" if character in _COLONS else character for character in text)
    runs = ["".join(run) for is_word, run in groupby(plain, str.isalnum) if not is_word]
    if any(run.count(":") >= 3 and (run != ":::" or plain.startswith(":::")) for run in runs):
        return True
    if not label or not plain.rstrip(_MARKS).endswith(label):
        return False
    before = plain.rstrip(_MARKS).removesuffix(label)
    if before.strip() in ("-", "*", "+"):
        return False
    parts_words = before.endswith("::") and before[-3:-2].isalnum()
    is_alone = not any(map(str.isalnum, before))
    return (before.rstrip().endswith("::") and not parts_words) or (is_alone and (":" in before or blank_before))


# --- damage -------------------------------------------------------------------------------------------------------

Damage = Callable[[random.Random, list[Line]], None]


def damaged(source: random.Random, lines: list[Line]) -> list[Line]:
    """Damage a text in one to four places."""
    made = list(lines)
    for _ in range(source.choice((1, 1, 1, 2, 2, 3, 4))):
        source.choice(DAMAGES)(source, made)
    return made


def as_file(source: random.Random, lines: list[Line]) -> bytes:
    """Write the text as some editor would: mostly with LF, at times with CR LF, a lone CR or a byte order mark."""
    end = source.choices(("\n", "\r\n"), (12, 1))[0]
    text = end.join(line.text for line in lines) + end
    if source.random() < 0.01:
        at = source.randrange(len(text))
        text = text[:at] + source.choice(("\r", "\x00", "\u2028", "\u202e", "\x0b", "\x85")) + text[at:]
    return (b"\xef\xbb\xbf" if source.random() < 0.02 else b"") + text.encode()


def _spot(source: random.Random, lines: list[Line]) -> int:
    """Choose a line: mostly a marker or one beside it."""
    marks = [number for number, line in enumerate(lines) if line.was in (MARKER, CLOSER)]
    if not marks or source.random() < 0.1:
        return source.randrange(len(lines))
    return max(0, min(len(lines) - 1, source.choice(marks) + source.choice((0, 0, 0, 0, 0, -1, 1))))


def _put(lines: list[Line], number: int, text: str) -> None:
    lines[number] = lines[number]._replace(text=text)


def _delete_characters(source: random.Random, lines: list[Line]) -> None:
    number = _spot(source, lines)
    text = lines[number].text
    at = source.randrange(len(text)) if text else 0
    _put(lines, number, text[:at] + text[at + source.choice((1, 1, 1, 2, 3)) :])


def _insert_characters(source: random.Random, lines: list[Line]) -> None:
    number = _spot(source, lines)
    text = lines[number].text
    at = source.choice((0, len(text), source.randint(0, len(text)), min(3, len(text))))
    _put(lines, number, text[:at] + source.choice(SCRAPS) + text[at:])


def _swap_characters(source: random.Random, lines: list[Line]) -> None:
    number = _spot(source, lines)
    text = lines[number].text
    if len(text) > 1:
        at = source.randrange(len(text) - 1)
        _put(lines, number, text[:at] + text[at + 1] + text[at] + text[at + 2 :])


def _replace_colons(source: random.Random, lines: list[Line]) -> None:
    number = _spot(source, lines)
    other = source.choice(_COLONS[1:])
    _put(lines, number, lines[number].text.replace(":", other, source.choice((1, 2, 3))))


def _change_case(source: random.Random, lines: list[Line]) -> None:
    number = _spot(source, lines)
    _put(lines, number, source.choice((str.upper, str.title))(lines[number].text))


def _indent(source: random.Random, lines: list[Line]) -> None:
    first = _spot(source, lines)
    margin = source.choice(
        (" ", "  ", "   ", "    ", "\t", "> ", "> > ", "- ", "1. ", "* ", "| ", "# ", "\u00a0", "\u200b")
    )
    for number in range(first, min(len(lines), first + source.choice((1, 1, 2, 3, 5, 99)))):
        _put(lines, number, margin + lines[number].text)


def _delete_line(source: random.Random, lines: list[Line]) -> None:
    if len(lines) > 1:
        del lines[_spot(source, lines)]


def _double_line(source: random.Random, lines: list[Line]) -> None:
    number = _spot(source, lines)
    lines.insert(number, lines[number])


def _swap_lines(source: random.Random, lines: list[Line]) -> None:
    number = _spot(source, lines)
    if number + 1 < len(lines):
        lines[number], lines[number + 1] = lines[number + 1], lines[number]


def _insert_line(source: random.Random, lines: list[Line]) -> None:
    number = _spot(source, lines) + source.choice((0, 0, 1))
    lines.insert(number, source.choice(WHOLE_LINES))


def _enclose(source: random.Random, lines: list[Line]) -> None:
    first = _spot(source, lines)
    last = min(len(lines), first + source.choice((1, 2, 3, 6, 99)))
    begin, end = source.choice(
        (
            ("```", "```"),
            ("~~~", "~~~"),
            ("````", "```"),
            ("```", "~~~"),
            ("<!--", "-->"),
            ("<b>", "</b>"),
            ("$$", "$$"),
        )
    )
    lines.insert(last, Line(end, OTHER))
    lines.insert(first, Line(begin, OTHER))


def _join_lines(source: random.Random, lines: list[Line]) -> None:
    number = _spot(source, lines)
    if number + 1 >= len(lines):
        return
    one, two = lines[number], lines.pop(number + 1)
    marks = next((line for line in (one, two) if line.was in (MARKER, CLOSER)), one)
    lines[number] = Line(one.text + source.choice(("", "", " ")) + two.text, marks.was, marks.label)


def _break_line(source: random.Random, lines: list[Line]) -> None:
    number = _spot(source, lines)
    line = lines[number]
    at = source.randint(0, len(line.text))
    lines[number] = line._replace(text=line.text[:at])
    lines.insert(number + 1, line._replace(text=line.text[at:]))


DAMAGES: tuple[Damage, ...] = (
    *(_delete_characters, _delete_characters, _insert_characters, _insert_characters, _swap_characters),
    *(_replace_colons, _change_case, _indent, _delete_line, _double_line, _swap_lines, _insert_line, _enclose),
    *(_join_lines, _break_line),
)

SCRAPS = (
    *(
        ":",
        "::",
        ":::",
        " ",
        "  ",
        "\t",
        "：",
        "\u200b",
        "\u00a0",
        "\u00ad",
        "\ufeff",
        ".",
        ",",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
    ),
    *(
        "`",
        "``",
        "```",
        "*",
        "**",
        "_",
        "~",
        "#",
        ">",
        "<",
        "-",
        "+",
        "|",
        "\\",
        "/",
        "!",
        "&",
        "&#58;",
        "<!--",
        "-->",
        "<b>",
    ),
    *("[x]: ", "![", "](", "x", "internal", "public", "é", "\u0301", "і", " secret"),
)

WHOLE_LINES = (
    Line("```", OTHER), Line("~~~", OTHER), Line("````", OTHER), Line("    ```", OTHER), Line("> ```", OTHER), Line("- ```", OTHER),
    Line("", OTHER), Line("---", OTHER), Line("===", OTHER), Line("<!--", OTHER), Line("-->", OTHER), Line("<div>", OTHER),
    Line("[a]: https://x.example", OTHER), Line("[^1]: note", OTHER), Line("> ", OTHER), Line("- ", OTHER), Line("    ", OTHER),
    Line(":::", CLOSER), Line(":::", CLOSER), Line("::::", CLOSER), Line("::: ", CLOSER), Line(" :::", CLOSER), Line(":: :", CLOSER),
    Line("::: end", CLOSER), Line("/:::", CLOSER), Line("::: /", CLOSER), Line("::: internal", MARKER, "internal"),
    Line("::: public", MARKER, "public"), Line("::: intrenal", MARKER, "internal"), Line(":::internal", MARKER, "internal"),
    Line("::: Internal", MARKER, "internal"), Line("：：： internal", MARKER, "internal"), Line("::: internal only", MARKER, "internal"),
    Line("::: customer:globex", MARKER, "customer:globex"), Line("::: customer: globex", MARKER, "customer:globex"),
    Line("[internal]", MARKER, "internal"), Line("internal:", MARKER, "internal"), Line("{% endif %}", OTHER),
)  # fmt: skip


def updates(seed: int, count: int) -> Iterator[tuple[bytes, list[Line]]]:
    """Give damaged texts as files, each with its lines."""
    source = random.Random(seed)
    base = originals()
    for _ in range(count):
        lines = damaged(source, source.choice(base))
        yield as_file(source, lines), lines
