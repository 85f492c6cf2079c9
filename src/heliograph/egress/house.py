"""What the house says of itself: the layouts' own words, and those that renderers put around what was authored.

They are read from the renderers' own constants, so that no list of them can fall behind.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from types import CodeType, FunctionType, ModuleType
from typing import Final

from heliograph.egress.decode import unwrap
from heliograph.render.tongue import parted

_RENDERERS: Final = "heliograph.render."


def words(pieces: Iterable[str]) -> frozenset[str]:
    """Give all that is said without an author. `pieces` are the layouts' texts, with NUL where something is put in."""
    return frozenset(
        word
        for run in unwrap(dict.fromkeys([*pieces, *map(parted, _renderers_words())], ""))
        for word in run.split("\0")
    )


@cache
def _renderers_words() -> frozenset[str]:
    """Give every text constant of the renderers that were loaded for this build, in pieces as they stand in code."""
    modules = [module for name, module in sys.modules.items() if name.startswith(_RENDERERS)]
    return frozenset(text for module in modules for text in _constants(module))


def _constants(module: ModuleType) -> Iterator[str]:
    """Give what never changes: constants by name, and those in functions. Other names may hold what was rendered."""
    own = [one for one in vars(module).values() if isinstance(one, type) and one.__module__ == module.__name__]
    for value in (*vars(module).values(), *(member for kind in own for member in vars(kind).values())):
        function = inspect.unwrap(value) if callable(value) else getattr(value, "fget", None)
        if isinstance(function, FunctionType):
            yield from _said_by(function.__code__, function.__doc__)
    for name, value in vars(module).items():
        if name.isupper():
            yield from _texts(value)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (tuple, dict)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def _said_by(code: CodeType, doc: str | None) -> Iterator[str]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _said_by(constant, None)
        elif constant != doc:
            yield from _texts(constant)
