"""What is said to caches and browsers of each kind of file, the same on every host."""

from __future__ import annotations

from typing import Final

FRESH: Final = "public, max-age=30, stale-while-revalidate=60, stale-if-error=86400"
"""Of pages, feeds and data. Without `s-maxage` on purpose: it forbids shared caches to serve anything stale, and with
it goes `stale-if-error`, which keeps the page up while its origin is down (RFC 9111, 5.2.2.10). As caches tell how old
their copy is, half a minute is all that browser and CDN take together."""
BRIEF: Final = "public, max-age=10"
"""Of the page for what is not there: it may be there in a moment."""
FOREVER: Final = "public, max-age=31536000, immutable"
"""Of files that carry their digest in their name."""
PRIVATE: Final = "private, no-store"
"""Of everything for insiders."""

JSON_FEED: Final = "application/feed+json; charset=utf-8"
"""The Content-Type of `updates.json`, which its extension does not tell."""
