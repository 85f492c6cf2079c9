"""Who may read what: the only module that makes clearances. Those of outsiders stand here, in code."""

from __future__ import annotations

from functools import cached_property

import msgspec

from heliograph.model import CUSTOMER_PREFIX, MACROS, PUBLIC, SAY, STRATEGIC, Audience, Site
from heliograph.terms import Boundary, Shows


class Reader(msgspec.Struct, frozen=True, order=True):
    """An audience, or one customer of `strategic`; `macros` stands for whoever support pastes an answer to."""

    audience: str
    customer: str = ""

    def __str__(self) -> str:
        return f"{CUSTOMER_PREFIX}{self.customer}" if self.customer else self.audience


PUBLIC_READER = Reader(PUBLIC)
MACROS_READER = Reader(MACROS)


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """One reader's rights and taste: labels it may read, those addressed to it alone, and how titles rank for it.

    `language` is a further language of the site in which it is told; empty for the main one.
    """

    reader: Reader
    boundary: Boundary
    clearance: frozenset[str]
    addressed: frozenset[str]
    ranking: tuple[str, ...]
    shows: Shows
    language: str = ""

    def reads(self, label: str) -> bool:
        """Answer the question everything else depends on."""
        return label in self.clearance


class Readership:
    """All readers of one site with their policies."""

    def __init__(self, site: Site) -> None:
        self._customers = tuple(customer.id for customer in site.customers)
        self.policies = tuple(self._policies(site))
        self._by_reader = {policy.reader: policy for policy in self.policies}
        self._readers_of: dict[tuple[str, ...], tuple[Reader, ...]] = {}

    def policy(self, reader: Reader) -> Policy:
        """Look one reader up; KeyError if the site has no such reader."""
        return self._by_reader[reader]

    @cached_property
    def readers(self) -> tuple[Reader, ...]:
        """All readers: outsiders first, then insiders in the order of their files."""
        return tuple(policy.reader for policy in self.policies)

    def readers_of(self, *labels: str) -> tuple[Reader, ...]:
        """All who may read something that carries every one of these labels."""
        if labels not in self._readers_of:
            self._readers_of[labels] = tuple(one.reader for one in self.policies if all(map(one.reads, labels)))
        return self._readers_of[labels]

    def _policies(self, site: Site) -> list[Policy]:
        outsiders = [_outsider(PUBLIC_READER, (), "own-or-public"), _outsider(MACROS_READER, (SAY,), "public-and-own")]
        outsiders += [
            _outsider(Reader(STRATEGIC, customer), (f"{CUSTOMER_PREFIX}{customer}", STRATEGIC), "public-and-own")
            for customer in self._customers
        ]
        return outsiders + [self._insider(audience) for audience in site.audiences if audience.boundary == "internal"]

    def _insider(self, audience: Audience) -> Policy:
        seen = [label for named in audience.sees for label in self._seen_by_name(named)]
        return Policy(
            reader=Reader(audience.id),
            boundary="internal",
            clearance=frozenset((PUBLIC, audience.id, *seen)),
            addressed=frozenset((audience.id,)),
            ranking=(audience.id, *seen, PUBLIC) if audience.shows == "all" else (audience.id, PUBLIC, *seen),
            shows=audience.shows,
        )

    def _seen_by_name(self, named: str) -> tuple[str, ...]:
        if named != STRATEGIC:
            return (named,)
        return (STRATEGIC, *(f"{CUSTOMER_PREFIX}{customer}" for customer in self._customers))


def _outsider(reader: Reader, addressed: tuple[str, ...], shows: Shows) -> Policy:
    """Fix an outsider's clearance: what is public, and what is addressed to it. No configuration comes in here."""
    return Policy(
        reader=reader,
        boundary="external",
        clearance=frozenset((PUBLIC, *addressed)),
        addressed=frozenset(addressed),
        ranking=(*addressed, PUBLIC),
        shows=shows,
    )
