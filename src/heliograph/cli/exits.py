"""What a command's exit code means; scripts and CI depend on them."""

from __future__ import annotations

from typing import Final

DONE: Final = 0
REFUSED: Final = 1
"""Content was refused; nothing changed."""
USAGE: Final = 2
EXPOSED: Final = 3
"""A leak or an exposure was refused; nothing changed."""
FAILED: Final = 4
"""Writing, publishing or sending failed."""
LOCKED: Final = 5
UNCERTAIN_DELIVERY: Final = 6
OVERDUE: Final = 7
QUARANTINED: Final = 8
UNCONFIRMED: Final = 9
"""Visible, but not confirmed or not known to be durable."""
