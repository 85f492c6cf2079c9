"""One word for the whole site, in Statuspage's terms. It follows from components alone, never from incidents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from heliograph.terms import OPERATIONAL, ComponentState, gravity

_WORDS: Final[dict[ComponentState, tuple[str, str]]] = {
    "operational": ("none", "All Systems Operational"),
    "under_maintenance": ("maintenance", "Service Under Maintenance"),
    "degraded_performance": ("minor", "Partially Degraded Service"),
    "partial_outage": ("minor", "Minor Service Outage"),
    "major_outage": ("major", "Partial System Outage"),
}


def indicator(states: Sequence[ComponentState]) -> tuple[str, str]:
    """Give Statuspage's indicator and description for the states of all components, groups left out.

    The gravest state decides. `critical` is never said: no state of components is known to bring it about.
    """
    return _WORDS[max(states, key=gravity, default=OPERATIONAL)]
