"""What a site remembers of its ledger, in a file of its own: an older copy put in the ledger's place is noticed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from heliograph.send.ledger import LedgerRefused
from heliograph.tree.fsio import make_folder, write_file_atomically

BASELINE: Final = "`heliograph send --baseline`"
TAKEN_UP: Final = "an older ledger was taken up: this may have been sent since"


class Remembered(Struct, frozen=True, forbid_unknown_fields=True):
    """Which ledger it was (`lineage`), how many senders had begun, and how much they had done.

    `progress` counts messages planned and, where that is cheap, attempts made; neither it nor `epoch` ever falls.
    """

    lineage: str
    epoch: int
    progress: int

    def behind(self, remembered: Remembered) -> str:
        """Say what is wrong with a ledger that stands here; empty if it has come as far as is remembered."""
        if self.lineage != remembered.lineage:
            return "is not the one that was sent from here"
        is_older = self.epoch < remembered.epoch or self.progress < remembered.progress
        return "is older than what was sent from here" if is_older else ""


def recall(path: Path) -> Remembered | None:
    """Read what is remembered, None where nothing is. Raises LedgerRefused for a file that is damaged."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Remembered)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise LedgerRefused(
            f"{path} cannot be read, so nobody knows whether the ledger is the newest; if it is, remove that file, "
            "else put both back"
        ) from error


def remember(path: Path, now: Remembered) -> None:
    """Write it down, whole or not at all. Raises OSError."""
    make_folder(path.parent)
    write_file_atomically(path, msgspec.json.encode(now) + b"\n")
