"""The clock of this machine, compared with those of servers: signatures, leases and "as of" depend on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPResponse
from pathlib import Path
from typing import Final

from heliograph import outward
from heliograph.doctor.finding import Finding
from heliograph.outward import Deadline, Line, NoAnswer, NotConnected, WayRefused
from heliograph.publish.outside import at_once, past_caches

SUBJECT: Final = "clock"
ODD: Final = timedelta(seconds=5)
WRONG: Final = timedelta(seconds=60)

_HEADERS: Final = {"User-Agent": "Heliograph", "Accept": "*/*", "Cache-Control": "no-cache", "Pragma": "no-cache"}
_SECONDS: Final = 8.0
_GRAIN: Final = timedelta(seconds=1)
"""Headers tell whole seconds."""

Clock = Callable[[], datetime]
Source = tuple[str, Path | None]
"""An address, and a file of certificates that are trusted besides."""


def check_clock(sources: Sequence[Source], clock: Clock = lambda: datetime.now(UTC)) -> Iterator[Finding]:
    """Compare the clock with what servers say; who agrees best is believed, since caches keep old times."""
    found = [skew for skew in at_once(lambda source: skew_to(*source, clock), sources) if skew is not None]
    if not found:
        yield Finding("note", SUBJECT, "no server told the time")
        return
    skew = min(found, key=abs)
    said = f"{abs(skew).total_seconds():.0f} s {'ahead' if skew > timedelta(0) else 'behind'}"
    if abs(skew) > WRONG:
        yield Finding(
            "bad", SUBJECT, said, "set this machine's clock, and keep it right (NTP): stores refuse its signatures"
        )
    elif abs(skew) > ODD:
        yield Finding("warn", SUBJECT, said, "let this machine keep its clock right (NTP)")
    else:
        yield Finding("ok", SUBJECT, f"agrees with {len(found)} {'server' if len(found) == 1 else 'servers'}")


def skew_to(url: str, ca_file: Path | None, clock: Clock) -> timedelta | None:
    """Tell how far our clock is ahead of a server's, at least, however long it took; None if it did not say."""
    try:
        to = outward.way(past_caches(url))
        context = outward.trust(ca_file) if to.secure else None
        line = Line(to, outward.resolved(to.host, to.port), context, Deadline(_SECONDS))
    except (OSError, UnicodeError, WayRefused, NotConnected):
        return None
    try:
        before = clock()
        reply = line.ask("GET", _HEADERS)
        after = clock()
    except (NoAnswer, OSError):
        return None
    finally:
        line.hang_up()
    there = _told(reply)
    if there is None:
        return None
    if there + _GRAIN < before:
        return before - there - _GRAIN
    return after - there if there > after else timedelta(0)


def _told(reply: HTTPResponse) -> datetime | None:
    """Read the time that a server gives, which a cache has kept for as long as `Age` says."""
    try:
        age = timedelta(seconds=max(0, int(reply.getheader("Age", "0"))))
        there = parsedate_to_datetime(reply.getheader("Date", ""))
        return there.replace(tzinfo=there.tzinfo or UTC).astimezone(UTC) + age
    except (ValueError, TypeError, OverflowError):
        return None
