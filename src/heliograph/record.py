"""What is durably known of the past: what was sent to whom, and when. Empty unless given; reaches only the desk."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Told(msgspec.Struct, frozen=True, order=True):
    """One audience, or one customer of `strategic`, was told of one update at an instant, in a message."""

    at: datetime
    audience: str
    update: str
    customer: str = ""
    message: str = ""
    thread: str = ""


class Record(msgspec.Struct, frozen=True):
    """The ledger's answer as far as a build needs it."""

    told: tuple[Told, ...] = ()


NOTHING_KNOWN = Record()
