"""What a YAML or TOML document is made of: values that know where they stand, in one kind of tree for both."""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal["written", "text", "integer", "boolean", "instant", "day", "other"]
"""`written` is a YAML scalar, whose field decides what it is; the others are the types TOML distinguishes."""


class Scalar(msgspec.Struct, frozen=True, gc=False):
    """One value as text; line and column count from 1."""

    value: str
    line: int
    column: int
    kind: Kind = "written"


class Sequence(msgspec.Struct, frozen=True):
    """A list."""

    items: tuple[Node, ...]
    line: int
    column: int


class Mapping(msgspec.Struct, frozen=True):
    """Keys and values in the order written; each key once."""

    pairs: dict[str, tuple[Scalar, Node]]
    line: int
    column: int


Node = Scalar | Sequence | Mapping

DEPTH_LIMIT = 20
