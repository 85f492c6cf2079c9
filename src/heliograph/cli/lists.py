"""Whose lists the operator's file may name, and what their rows may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from heliograph.gate import Gate
from heliograph.model import Site
from heliograph.terms import SEVERITIES

if TYPE_CHECKING:
    from heliograph.operations import Operations
    from heliograph.send.recipients import Lists, Reader


def lists_for(gate: Gate, site: Site, operations: Operations) -> Lists:
    """Read all lists of a site. Raises Refused with everything that is wrong in any of them."""
    from heliograph.send.recipients import read_recipients

    return read_recipients(operations, _readers(gate, site, operations))


def _readers(gate: Gate, site: Site, operations: Operations) -> Iterator[Reader]:
    from heliograph.send.recipients import Reader

    domains, languages = dict(operations.domains), frozenset(site.settings.languages)
    audiences = {audience.id: audience for audience in site.audiences}
    for one in gate.readers:
        if one.audience in audiences:
            is_insider = audiences[one.audience].boundary == "internal"
            knows_severity = is_insider and bool(gate.desk_of(one).severities)
            yield Reader(
                id=str(one),
                is_insider=is_insider,
                domains=domains.get(str(one), ()),
                languages=languages,
                components=frozenset(component.id for component in gate.view_of(one).components),
                severities=frozenset(SEVERITIES) if knows_severity else frozenset(),
            )
