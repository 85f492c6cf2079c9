"""E-mail for every audience, each from what that reader may see and nothing else."""

from heliograph.render.digests.colleagues import business, engineering, general
from heliograph.render.digests.executive import executive, executive_closing
from heliograph.render.digests.letters import customer, subscribers
from heliograph.render.digests.support import support

__all__ = [
    "business",
    "customer",
    "engineering",
    "executive",
    "executive_closing",
    "general",
    "subscribers",
    "support",
]
