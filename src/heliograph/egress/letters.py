"""Text brought to the form in which it is compared: letters and digits only."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

_LOWER: Final = bytes(range(256)).lower()
_DROPPED: Final = bytes(code for code in range(128) if not chr(code).isalnum() and chr(code) != "\n")
_FOREIGN: Final = re.compile(r"[^\x00-\x7f\W]")
_DENSE: Final = re.compile(r"[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3\U00020000-\U0003ffff]")
_REST: Final = re.compile(r"[\W_]+")
_TARGET: Final = re.compile(r"\]\([^()\n]*\)")
_WORD: Final = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """Reduce every line of `text` to letters and digits, with compatible forms, case and accents made alike.

    Line feeds stay, so that many runs are folded at once. A character of a script that needs few of them for a word
    (kana, ideographs, Hangul) is written three times, so that a length means about the same in every script.
    """
    if text.isascii():
        return text.encode().translate(_LOWER, _DROPPED).decode()
    lines = text.split("\n")
    wide = [number for number, line in enumerate(lines) if not line.isascii()]
    plain = _plain("\n".join(lines[number] for number in wide)).split("\n")
    for number in wide:
        lines[number] = ""
    folded = fold("\n".join(lines)).split("\n")
    for number, line in zip(wide, plain, strict=True):
        folded[number] = line
    return "\n".join(folded)


def _plain(text: str) -> str:
    """Fold lines with other letters than those of ASCII."""
    alike = unicodedata.normalize("NFKD", text).casefold()
    if not _FOREIGN.search(alike):
        return alike.encode("ascii", "ignore").translate(_LOWER, _DROPPED).decode()
    return "\n".join(_fold_line(line) for line in alike.split("\n"))


def _fold_line(alike: str) -> str:
    if _FOREIGN.search(alike):
        dense = _DENSE.sub(r"\g<0>\g<0>\g<0>", unicodedata.normalize("NFKC", alike))
        return _REST.sub("", unicodedata.normalize("NFKD", dense))
    return alike.encode("ascii", "ignore").translate(_LOWER, _DROPPED).decode()


def fold_each(texts: Iterable[str]) -> list[str]:
    """Fold many texts, each to one line."""
    lines = [text.replace("\n", " ") for text in texts]
    return fold("\n".join(lines)).split("\n") if lines else []


def words_of(text: str) -> list[str]:
    """Give the words of a text as they are compared, in order."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def without_targets(markdown: str) -> str:
    """Give Markdown as a page shows it: words of links without the addresses they lead to."""
    return _TARGET.sub("]", markdown) if "](" in markdown else markdown
