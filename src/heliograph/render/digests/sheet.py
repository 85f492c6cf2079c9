"""What a mail says before it has a form: labelled rows in sections. Text and HTML are made from the same rows."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from markupsafe import Markup, escape

from heliograph.render import markup
from heliograph.render.macros import Macro

WIDTH: Final = 100
"""Columns of a digest's text part: it is read at a desk, as a table."""

LETTER_WIDTH: Final = 78
"""Columns of a letter's text part: it is read, and answered, in any mail program."""

_LABEL_WIDTH: Final = 20
_INDENT: Final = re.compile(r"\s*(?:- |\d+\. |> )*")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One thing said. `note` stands at the end of its line: how old it is, or that it is new."""

    label: str
    text: str
    html: Markup
    note: str = ""

    @property
    def is_block(self) -> bool:
        """Tell whether `html` holds paragraphs of its own, rather than a run of words."""
        return self.html.startswith(("<p", "<ul", "<ol", "<blockquote", "<table", "<h"))


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """Rows under a heading, which may be empty; support's also hold a macro, with rows that follow it."""

    heading: str
    rows: tuple[Row, ...]
    macro: Macro | None = None
    after: tuple[Row, ...] = ()


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """One mail's content: a greeting (may be empty), sections, closing rows, and a notice printed at the end."""

    greeting: str
    sections: tuple[Section, ...]
    closing: tuple[Row, ...]
    notice: str


def plain(label: str, text: str, note: str = "") -> Row:
    """Say something in plain words; line breaks stay."""
    lines = Markup("<br>").join(linked(line) for line in text.split("\n"))
    return Row(label=label, text=text, html=lines, note=note)


def worded(label: str, markdown: str, note: str = "") -> Row:
    """Say something in authored Markdown."""
    html = markup.to_html(markdown)
    if html.count("<p>") == 1 and html.startswith("<p>") and html.endswith("</p>\n"):
        html = Markup(html[3:-5])  # noqa: S704 -- the sanitiser's own, less one paragraph's tags
    return Row(label=label, text=markup.to_text(markdown), html=html, note=note)


def linked(text: str) -> Markup:
    """Escape plain text and make links of the addresses in it, each shown in full."""
    pieces = re.split(r"(https?://[^\s<>\"]+[^\s<>\".,;:!?)])", text)
    return Markup().join(
        Markup('<a href="{0}">{0}</a>').format(piece) if number % 2 else escape(piece)
        for number, piece in enumerate(pieces)
    )


def table(rows: Sequence[Row], label_width: int) -> str:
    """Set rows as text of `WIDTH` columns: labels left, words with a hanging indent, notes right."""
    return "".join(line + "\n" for row in rows for line in _table_row(row, label_width))


def label_width(sections: Iterable[Section]) -> int:
    """Give the width of the label column that all sections of one mail share."""
    rows = [row for section in sections for row in (*section.rows, *section.after)]
    fitting = [len(row.label) for row in rows if len(row.label) <= _LABEL_WIDTH]
    return max(fitting, default=0) + 2


def _table_row(row: Row, width: int) -> list[str]:
    body = wrapped(row.text, WIDTH - width - (len(row.note) + 2 if row.note else 0))
    label = row.label.ljust(width)
    lines = [label.rstrip()] if len(row.label) + 2 > width else []
    body_lines = [(" " * width + line).rstrip() for line in body]
    if not lines:
        body_lines[0] = (label + body[0]).rstrip()
    if row.note:
        body_lines[0] = body_lines[0].ljust(WIDTH - len(row.note)) + row.note
    return lines + body_lines


def letter(rows: Sequence[Row], colon: str) -> str:
    """Set rows as a letter of `LETTER_WIDTH` columns: `label: words` with a hanging indent."""
    return "".join(line + "\n" for row in rows for line in _letter_row(row, colon))


def _letter_row(row: Row, colon: str) -> list[str]:
    if not row.label:
        return wrapped(row.text, LETTER_WIDTH)
    first, *rest = row.text.split("\n")
    if _indent(first):
        first, rest = "", [first, *rest]
    lines = _fill(f"{row.label}{colon} {first}".rstrip(), LETTER_WIDTH, "  ")
    return lines + ["  " + line if line else "" for line in wrapped("\n".join(rest), LETTER_WIDTH - 2) if rest]


def wrapped(text: str, width: int) -> list[str]:
    """Wrap each line of a text at `width`, lists and quotes with a hanging indent; addresses stay whole."""
    lines: list[str] = []
    for line in text.split("\n"):
        lines += _fill(line, width, re.sub(r"[^>]", " ", _indent(line))) or [""]
    return lines


def _indent(line: str) -> str:
    found = _INDENT.match(line)
    return found.group() if found else ""


def _fill(line: str, width: int, hanging: str) -> list[str]:
    return textwrap.wrap(line, width, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False)
