"""Replies that support can paste, made of words any customer may read: per problem and phase, in many desks' forms."""

from heliograph.render.macros.desks import DESKS, placed
from heliograph.render.macros.files import headline, macro_artifacts
from heliograph.render.macros.macro import (
    CLOSED_KEPT,
    PHONE_LIMIT,
    REQUESTER,
    SHORT_LIMIT,
    Macro,
    Phase,
    Withdrawn,
    defused,
)
from heliograph.render.macros.phases import macros
from heliograph.render.macros.told import called, incident_address
from heliograph.render.macros.withdrawn import withdrawn

__all__ = [
    "CLOSED_KEPT",
    "DESKS",
    "PHONE_LIMIT",
    "REQUESTER",
    "SHORT_LIMIT",
    "Macro",
    "Phase",
    "Withdrawn",
    "called",
    "defused",
    "headline",
    "incident_address",
    "macro_artifacts",
    "macros",
    "placed",
    "withdrawn",
]
