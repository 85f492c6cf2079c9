"""The order of a sending: who hears before whom, and who waits until the public page is confirmed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from msgspec import Struct

from heliograph.message import Pace
from heliograph.send.ledger import Planned


class Stage(Struct, frozen=True):
    """Messages that may go at the same time; `waits` tells that their page must be confirmed first."""

    waits: bool
    planned: tuple[Planned, ...]

    @property
    def audiences(self) -> tuple[str, ...]:
        """Who is told in this stage, by id, in the order of their messages."""
        return tuple(dict.fromkeys(one.message.audience for one in self.planned))


def stages(planned: Iterable[Planned], paces: Mapping[str, Pace]) -> tuple[Stage, ...]:
    """Sort messages into stages: those who wait for no page first, and nobody before whom they are to come after.

    Those whom others wait for are told before all who are not: support hears first.
    """
    awaited = {other for pace in paces.values() for other in pace.after}

    def place(one: Planned) -> tuple[bool, int, bool]:
        return (*_place(one.message.audience, paces), one.message.audience not in awaited)

    ordered = sorted(planned, key=lambda one: (place(one), one.at, one.message.at, one.id))
    return tuple(Stage(waits=key[0], planned=tuple(group)) for key, group in groupby(ordered, key=place))


def pages(planned: Sequence[Planned]) -> tuple[tuple[str, str], ...]:
    """Name the pages that must be live, each with the update it must show, once."""
    return tuple(dict.fromkeys((one.message.page, one.message.shows) for one in planned if one.message.page))


def _place(audience: str, paces: Mapping[str, Pace]) -> tuple[bool, int]:
    """Place an audience: whether it, or anyone it comes after, waits for the page; how many come before it."""
    pace = paces.get(audience)
    if pace is None:
        return False, 0
    before = [_place(other, paces) for other in pace.after]
    return (
        pace.waits_for_page or any(waits for waits, _ in before),
        1 + max((depth for _, depth in before), default=-1),
    )
