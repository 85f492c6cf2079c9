"""E-mail for every audience, each from what that reader may see and nothing else."""

from heliograph.render.digests.business import business
from heliograph.render.digests.colleagues import engineering, general
from heliograph.render.digests.executive import executive
from heliograph.render.digests.letters import customer, subscribers
from heliograph.render.digests.support import support

__all__ = [
    "business",
    "customer",
    "engineering",
    "executive",
    "general",
    "subscribers",
    "support",
]
