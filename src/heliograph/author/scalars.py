"""One text as YAML or TOML: plain where our reader gets the same text back, else in double quotes."""

from __future__ import annotations

import json
import re
from typing import Final

_PLAIN: Final = re.compile(
    r"[A-Za-z0-9/_(\u00c0-\u024f](?:[^\x00-\x1f\x7f-\xa0\u2000-\u200f\u2028-\u202f\ufe00-\uffff]*\S)?"
)
_ENDS_OR_COMMENTS: Final = re.compile(r":(?=\s|$)|\s#")
_FLOW: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._/%+@():-]*[A-Za-z0-9._/%+)])?")
_NOT_PRINTABLE: Final = re.compile(r"[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")


def quoted(text: str) -> str:
    """Write a text in double quotes so that YAML and TOML both read it back; invisible characters as escapes."""
    return _NOT_PRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


def scalar(text: str, *, flow: bool = False) -> str:
    """Write a text as a YAML scalar. Front matter has no implicit types, so `no` and `0123` stay plain.

    `flow` says that it will stand inside `[…]` or `{…}`, where commas, brackets and `://` want quotes too.
    """
    plain = (_FLOW if flow else _PLAIN).fullmatch(text) and not _ENDS_OR_COMMENTS.search(text)
    return text if plain and not (flow and "://" in text) else quoted(text)


def flow_list(texts: tuple[str, ...]) -> str:
    """Write texts as `[a, b]`."""
    return "[" + ", ".join(scalar(text, flow=True) for text in texts) + "]"


def flow_map(pairs: tuple[tuple[str, str], ...]) -> str:
    """Write pairs as `{a: b, c: d}`."""
    return "{" + ", ".join(f"{scalar(key, flow=True)}: {scalar(value, flow=True)}" for key, value in pairs) + "}"
