"""The words of the field, each written once. Order in a tuple is order of gravity or of time."""

from __future__ import annotations

from typing import Final, Literal

ComponentState = Literal["operational", "under_maintenance", "degraded_performance", "partial_outage", "major_outage"]
Impact = Literal["none", "minor", "major", "critical"]
Boundary = Literal["external", "internal"]
Surface = Literal["page", "brief", "feed", "api", "digest", "macros", "chat"]
Shows = Literal["own-or-public", "public-and-own", "all"]

OPERATIONAL: Final = "operational"
UNDER_MAINTENANCE: Final = "under_maintenance"

COMPONENT_STATES: Final[tuple[ComponentState, ...]] = (
    "operational",
    "under_maintenance",
    "degraded_performance",
    "partial_outage",
    "major_outage",
)
"""Least grave first."""

INCIDENT_STATUSES: Final = ("investigating", "identified", "monitoring", "resolved")
MAINTENANCE_STATUSES: Final = ("scheduled", "in_progress", "verifying", "completed", "cancelled")
IMPACTS: Final[tuple[Impact, ...]] = ("none", "minor", "major", "critical")
SEVERITIES: Final = ("sev1", "sev2", "sev3", "sev4", "sev5")
SURFACES: Final[tuple[Surface, ...]] = ("page", "brief", "feed", "api", "digest", "macros", "chat")

RESOLVED: Final = "resolved"
CLOSED_MAINTENANCE: Final = ("completed", "cancelled")
CLOSED: Final = (RESOLVED, *CLOSED_MAINTENANCE)

DOWNTIME_WEIGHT: Final[dict[ComponentState, float]] = {
    "operational": 0.0,
    "under_maintenance": 0.0,
    "degraded_performance": 0.0,
    "partial_outage": 0.3,
    "major_outage": 1.0,
}
"""How much of an interval in this state counts as downtime; printed on every page that prints an uptime."""

IMPACT_OF_STATE: Final[dict[ComponentState, Impact]] = {
    "operational": "none",
    "under_maintenance": "none",
    "degraded_performance": "minor",
    "partial_outage": "major",
    "major_outage": "critical",
}


def gravity(state: ComponentState) -> int:
    """Rank a component state: 0 is operational, 4 a major outage."""
    return COMPONENT_STATES.index(state)
