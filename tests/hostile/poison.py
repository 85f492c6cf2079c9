"""The example site with hostile words in every text that people write, past the loader: the renderer's own walls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from typing import Any

import msgspec

from heliograph import resources
from heliograph.load import load_site
from heliograph.load.fields import Values, Wrong
from heliograph.load.nodes import Scalar
from heliograph.load.resolve import Labels, Vocabulary
from heliograph.model import (
    Ask,
    Component,
    Correction,
    Customer,
    Decision,
    FactKind,
    FactValue,
    Group,
    Link,
    Page,
    Settings,
    Severity,
    Site,
    Text,
)
from heliograph.problems import Problems
from hostile.vectors import VECTORS

_NOTHING = Vocabulary(audiences=frozenset(), customers=None, components=None, facts=None)

WRITTEN: dict[type, tuple[str, ...]] = {
    Settings: ("name", "notice"),
    Group: ("name",),
    Component: ("name", "description", "owner"),
    FactKind: ("name", "unit"),
    FactValue: ("value",),
    Severity: ("name", "meaning"),
    Customer: ("name", "owner"),
    Ask: ("what", "of"),
    Decision: ("what", "who"),
    Link: ("name",),
    Page: ("title",),
    Correction: ("was",),
}
"""The texts of one line, or that are never Markdown; titles and passages are seen to apart."""


def titles(vectors: Sequence[str] = VECTORS) -> list[str]:
    """The vectors that the loader takes for a title: these can stand wherever a title can."""
    values = Values("x.md", Problems(), Labels(_NOTHING))
    return [vector for vector in vectors if _accepts(values, vector)]


def _accepts(values: Values, vector: str) -> bool:
    try:
        values.title(Scalar(vector, 1, 1))
    except Wrong:
        return False
    return True


def poisoned(passages: Sequence[str] = VECTORS, *, lines: Sequence[str] = ()) -> Site:
    """Put the next vector wherever someone wrote something; a passage gets as many as spread them all over the site."""
    site = load_site(resources.defaults())
    short, long = cycle(lines or titles()), cycle(passages)
    count = -(-len(passages) // 20)

    def passage() -> str:
        return "\n\n".join(next(long) for _ in range(count))

    made = _rewritten(site, lambda: next(short), passage)
    assert isinstance(made, Site)
    return made


def _rewritten(value: Any, line: Callable[[], str], passage: Callable[[], str]) -> Any:
    if isinstance(value, tuple):
        return tuple(_rewritten(one, line, passage) for one in value)
    if not isinstance(value, msgspec.Struct):
        return value
    changes = {name: _rewritten(getattr(value, name), line, passage) for name in value.__struct_fields__}
    if isinstance(value, Text):
        changes["words"] = line() if _is_title(value) else passage()
    for name in WRITTEN.get(type(value), ()):
        if changes[name]:
            changes[name] = line()
    return msgspec.structs.replace(value, **changes)


def _is_title(text: Text) -> bool:
    return text.place.file.endswith(("/incident.md", "/maintenance.md"))


def texts(value: Any) -> Iterator[str]:
    """Every string anywhere in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from texts(one)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from texts(getattr(value, name))
