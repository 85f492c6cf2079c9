"""Names that never change: drawn by chance for what people write, digests for what is imported."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Final

_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz"
_SIGNS: Final = _LETTERS + "23456789"
_LENGTH: Final = 8
_DIGEST_LENGTH: Final = 12


def random_id() -> str:
    """Draw an id of 8 signs: a letter first, then letters and digits, none that look alike (i l o 0 1)."""
    return secrets.choice(_LETTERS) + "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH - 1))


def digest_id(site: str, path: str) -> str:
    """Give what was imported an id of 12 signs that a second import gives again.

    `site` names the source (its address), `path` the thing within it. The two cannot run into each other.
    """
    digest = hashlib.sha256(f"{site}\0{path}".encode("utf-8", "surrogatepass")).digest()
    return base64.b32encode(digest).decode("ascii").lower()[:_DIGEST_LENGTH]
