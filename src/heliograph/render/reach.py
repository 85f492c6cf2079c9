"""Whom an open problem touches, by component and by region: what a reader asks first."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from heliograph.view import Claim, Component, Incident


class Reach(msgspec.Struct, frozen=True):
    """What an open problem touches: each component, its state and where; `spared` are regions where nothing is known.

    Regions are named only where somebody said in which of them it is felt.
    """

    touched: tuple[tuple[Claim, tuple[str, ...]], ...]
    spared: tuple[str, ...]


def reach(incident: Incident, components: Mapping[str, Component]) -> Reach:
    """Sort out whom an incident touches; `components` are those its reader knows, by id."""
    claims = [claim for claim in incident.claims if claim.state != "operational"]
    regions = [region for claim in claims for region in components[claim.component].regions]
    return Reach(
        touched=tuple(
            (claim, tuple(one for one in components[claim.component].regions if one in incident.regions))
            for claim in claims
        ),
        spared=tuple(dict.fromkeys(one for one in regions if incident.regions and one not in incident.regions)),
    )
