"""How a word that someone typed is repeated in a message: short, on one line, and harmless to a terminal."""

from __future__ import annotations

import unicodedata

_LIMIT = 40


def shown(word: str) -> str:
    """Cut a word to 40 characters and escape what is not printable, so that it cannot imitate or hide anything."""
    cut = word if len(word) <= _LIMIT else word[: _LIMIT - 1] + "…"
    return "".join(character if character.isprintable() else _escaped(character) for character in cut)


def alphabets(word: str) -> frozenset[str]:
    """Name the alphabets a word's letters come from, such as LATIN and CYRILLIC."""
    return frozenset(unicodedata.name(letter, "UNKNOWN").split()[0] for letter in word if letter.isalpha())


def spelled(word: str) -> str:
    """Show a word with every letter that is not ASCII written as its number, so that look-alikes are told apart."""
    return shown(word.encode("ascii", "backslashreplace").decode("ascii"))


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
