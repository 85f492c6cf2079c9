"""One output file, before it is anywhere."""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

MEDIA_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "atom": "application/atom+xml; charset=utf-8",
    "rss": "application/rss+xml; charset=utf-8",
    "ics": "text/calendar; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "txt": "text/plain; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "eml": "message/rfc822",
    "csv": "text/csv; charset=utf-8",
    "_headers": "text/plain; charset=utf-8",
    "_redirects": "text/plain; charset=utf-8",
}


class Artifact(msgspec.Struct, frozen=True):
    """A relative path with forward slashes, and the bytes that belong there."""

    path: str
    data: bytes

    @property
    def media_type(self) -> str:
        """The Content-Type by the path's last extension, or by the whole name of a file that has none."""
        return MEDIA_TYPES[self.path.rsplit(".", 1)[-1]]

    @property
    def sha256(self) -> str:
        """Digest of the bytes, in hex."""
        return hashlib.sha256(self.data).hexdigest()


def text_artifact(path: str, text: str) -> Artifact:
    """Make an artifact of text in UTF-8."""
    return Artifact(path, text.encode())
