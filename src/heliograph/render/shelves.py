"""Components under their groups, as the first page shows them: what troubles a group, and its days taken together."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import msgspec

from heliograph.terms import ComponentState, gravity
from heliograph.view import Claim, Component, Day, Group, View


class Shelf(msgspec.Struct, frozen=True):
    """A group and its components; `group` is None for those that have none, which stand last."""

    group: Group | None
    components: tuple[Component, ...]

    @property
    def troubles(self) -> tuple[Claim, ...]:
        """Claims of all that does not work normally, for sentences."""
        return tuple(
            Claim(component=part.id, state=part.state, was=part.state)
            for part in self.components
            if part.state != "operational"
        )

    @property
    def worst(self) -> ComponentState:
        """The gravest state of all."""
        return max((part.state for part in self.components), key=gravity)

    @property
    def days(self) -> tuple[Day, ...]:
        """The days of all components taken together: each as bad as its worst."""
        return together(self.components)


def shelves(view: View) -> tuple[Shelf, ...]:
    """Sort components under their groups, in the site's order; those without a group come last."""
    known: tuple[Group | None, ...] = (*view.groups, None)
    found = (
        Shelf(group, tuple(part for part in view.components if part.group == (group.id if group else None)))
        for group in known
    )
    return tuple(shelf for shelf in found if shelf.components)


def together(components: Iterable[Component]) -> tuple[Day, ...]:
    """Lay the days of several components over one another, oldest first."""
    nothing = timedelta()
    worst: dict[object, Day] = {}
    for day in (day for component in components for day in component.days):
        known = worst.get(day.date)
        if known is None or gravity(day.worst) > gravity(known.worst):
            worst[day.date] = Day(date=day.date, worst=day.worst, partial=nothing, major=nothing)
    return tuple(sorted(worst.values(), key=lambda day: day.date))
