"""What names refer to: everything declared in the configuration, and ids that must be unlike each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, Protocol

import msgspec

from heliograph.load.shown import shown
from heliograph.model import CUSTOMER_PREFIX, PUBLIC, SAY, STRATEGIC, Incident, Maintenance
from heliograph.problems import Place, Problems, did_you_mean

SHIPPED: Final = ("public", "internal", "exec", "support", "engineering", "business", "strategic", "say")
"""Labels everyone knows, even where a site lacks the audience."""

_LABEL: Final = re.compile(r"[a-z][a-z0-9-]*(?::[a-z0-9-]+)?", re.ASCII)


class Vocabulary(msgspec.Struct, frozen=True):
    """The names a site declares. None where their file could not be read: then nothing is held against them."""

    audiences: frozenset[str]
    customers: frozenset[str] | None
    components: frozenset[str] | None
    facts: frozenset[str] | None
    regions: frozenset[str] | None = None

    @property
    def labels(self) -> frozenset[str]:
        """All labels that may be written."""
        customers = (CUSTOMER_PREFIX + customer for customer in self.customers or ())
        return frozenset((PUBLIC, SAY, STRATEGIC, *self.audiences, *customers))


class Labels:
    """Judges labels; asked very often, so that the set is made once."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.known = vocabulary.labels
        self.recognised = self.known | frozenset(SHIPPED)
        self._customers = vocabulary.customers

    def fault(self, word: str) -> tuple[str, str, str] | None:
        """Say what is wrong with a label, as code, message and hint; None if it is one."""
        if word in self.known:
            return None
        if not word.startswith(CUSTOMER_PREFIX):
            return "E112", f"`{shown(word)}` is not a label", did_you_mean(word, self.known)
        customer = word.removeprefix(CUSTOMER_PREFIX)
        if not customer or _LABEL.fullmatch(word) is None:
            return "E113", "a customer's label is written customer:<id>", did_you_mean(word, self.known)
        if self._customers is None:
            return None
        return "E114", f"`{shown(customer)}` is not a customer", did_you_mean(customer, self._customers)


def refuse_twins(work: Iterable[Incident | Maintenance], problems: Problems) -> tuple[tuple[str, str], ...]:
    """Note every id that two of all incidents, maintenances, updates and postmortems share; give the pairs of files."""
    first: dict[str, Place] = {}
    pairs: list[tuple[str, str]] = []
    for identity, place, code in sorted(_identities(work), key=lambda item: item[1]):
        earlier = first.setdefault(identity.casefold(), place)
        if earlier is not place:
            message = f"the id `{shown(identity)}` is already that of {earlier.file}"
            problems.add(place, code, message, "a copied file needs an id of its own")
            pairs.append((earlier.file, place.file))
    return tuple(pairs)


def _identities(work: Iterable[Incident | Maintenance]) -> Iterator[tuple[str, Place, str]]:
    for item in work:
        yield item.id, item.place, "E304"
        for update in item.updates:
            yield update.id, update.place, "E209"
        if isinstance(item, Incident) and item.postmortem is not None:
            yield item.postmortem.id, item.postmortem.place, "E209"


class Declared(Protocol):
    """Something of the configuration that has an id."""

    @property
    def id(self) -> str:
        """The id."""

    @property
    def place(self) -> Place:
        """Where it stands."""


def refuse_repeated(declared: Iterable[Declared], problems: Problems) -> None:
    """Note every id that is declared twice in one list."""
    first: dict[str, Declared] = {}
    for item in declared:
        earlier = first.setdefault(item.id, item)
        if earlier is not item:
            problems.add(
                item.place, "E304", f"the id `{shown(item.id)}` is already declared in line {earlier.place.line}"
            )
