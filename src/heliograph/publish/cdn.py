"""CloudFront: have it forget what changed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote

from heliograph.operations import BucketPlace
from heliograph.publish.plan import Plan
from heliograph.store_faults import refusing
from heliograph.stores import ATTEMPTS, is_foreign, session

MOST_PATHS: Final = 15
"""From more on, everything is forgotten: it costs as much as one path."""

_INDEX: Final = "/index.html"
_UNESCAPED: Final = "/@+"
_ANSWERS: Final = {
    "NoSuchDistribution": "there is no such distribution in this account",
    "AccessDenied": "access is denied; the credentials need leave for cloudfront:CreateInvalidation",
    "TooManyInvalidationsInProgress": "too many invalidations are under way; what it keeps goes stale by itself",
    "InvalidationBatchAlreadyExists": "this release was invalidated before, with other paths",
}


def stale(plan: Plan) -> tuple[str, ...]:
    """List the paths of which a CDN may keep something else: all that a plan changes but files named by their digest.

    New ones are among them, since a CDN also keeps, for a while, that something is not there.
    """
    return tuple(step.path for step in plan.steps if step.phase != "assets")


def addresses(paths: Iterable[str], below: str = "") -> tuple[str, ...]:
    """Write paths as CloudFront wants them, sorted, or `/*` where they are many; an index also as its folder.

    `below` is the path of the address under which the tree is served, such as `/status`.
    """
    base = f"/{below.strip('/')}" if below.strip("/") else ""
    found = {f"{base}/{path}" for path in paths}
    found |= {path.removesuffix(_INDEX) + "/" for path in found if path.endswith(_INDEX)}
    if len(found) > MOST_PATHS:
        return (quote(f"{base}/", safe=_UNESCAPED) + "*",)
    return tuple(sorted(quote(path, safe=_UNESCAPED) for path in found))


def invalidate(
    distribution: str, paths: Iterable[str], reference: str, place: BucketPlace | None = None, below: str = ""
) -> str:
    """Have a distribution forget paths of a tree; the invalidation's id, "" if there was no path.

    Asked again with the same `reference` and paths, CloudFront does it once. `place` lends its credentials if it is
    Amazon's own. Raises StoreRefused E617 in plain words.
    """
    wanted = addresses(paths, below)
    if not wanted:
        return ""
    named = f"CloudFront distribution {distribution}"
    batch = {"Paths": {"Quantity": len(wanted), "Items": list(wanted)}, "CallerReference": reference}
    with refusing(named, _ANSWERS), contextlib.closing(_client(place)) as client:
        reply = client.create_invalidation(DistributionId=distribution, InvalidationBatch=batch)
    return str(reply.get("Invalidation", {}).get("Id", ""))


def _client(place: BucketPlace | None) -> Any:
    from botocore.config import Config  # noqa: PLC0415 -- takes a third of a second, which only those who use it wait

    own = place if place is not None and not is_foreign(place) else None
    config = Config(retries={"mode": "standard", "total_max_attempts": ATTEMPTS}, connect_timeout=5, read_timeout=20)
    return session(own).client("cloudfront", region_name="us-east-1", config=config)
