"""What sending depends on: the ledger, the mail server, the lists. Nothing is sent, and nothing written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from itertools import islice
from typing import Final

from heliograph.doctor.finding import Finding
from heliograph.operations import Smtp
from heliograph.send.ledger import WAITING, Ledger, State
from heliograph.send.plan import REMEMBERED
from heliograph.send.recipients import Lists
from heliograph.send.session import Patience, Unusable, opened

_PATIENCE: Final = Patience(opening=8, command=4, goodbye=1)
_OPEN: Final[tuple[State, ...]] = (*WAITING, "COMMITTING", "AMBIGUOUS", "FAILED")
_MOST: Final = 10_000
"""So many open deliveries are counted."""
_FINE: Final = range(200, 300)


def check_ledger(open_ledger: Callable[[], Ledger], now: datetime) -> Iterator[Finding]:
    """Open the ledger to read, and count what is open in it. A missing one is a finding, and is not made."""
    with closing(open_ledger()) as ledger:
        planned = [one for one in ledger.planned(now - REMEMBERED) if one.outcome == "planned"]
        states = (delivery.state for one in planned for delivery in ledger.deliveries(one.id, _OPEN))
        numbers = Counter(islice(states, _MOST))
    waiting = sum(numbers[state] for state in WAITING)
    unclear = numbers["AMBIGUOUS"] + numbers["COMMITTING"]
    if unclear:
        said = f"of {unclear} {'delivery' if unclear == 1 else 'deliveries'} nobody knows whether it arrived"
        yield Finding("warn", "ledger", said, "heliograph send lists them; --resolve says what became of them")
    if numbers["FAILED"]:
        yield Finding("note", "ledger", f"{numbers['FAILED']} refused for good by the mail server")
    if waiting:
        yield Finding("warn", "ledger", f"{waiting} planned and not sent yet", "heliograph send")
    if not waiting and not unclear:
        yield Finding("ok", "ledger", f"readable; {len(planned)} messages on record, none waits")


def check_smtp(smtp: Smtp, patience: Patience = _PATIENCE) -> Iterator[Finding]:
    """Connect, greet, make private, log in, ask for nothing, take leave. No mail is offered."""
    try:
        session = opened(smtp, patience)
    except Unusable as unusable:
        yield Finding("bad", "smtp", f"{smtp.host}:{smtp.port}: {unusable.reply}", _advice(unusable.reply))
        return
    try:
        answer = session.ask("NOOP", seconds=patience.command)
        size = session.esmtp_features.get("size", "")
        session.ask("QUIT", seconds=patience.goodbye)
    except Unusable as unusable:
        yield Finding("warn", "smtp", f"{smtp.host}:{smtp.port} took the log-in, then: {unusable.reply}")
        return
    finally:
        session.close()
    if answer.code not in _FINE:
        yield Finding("warn", "smtp", f"{smtp.host}:{smtp.port} answers {answer.line}")
        return
    most = f", up to {int(size) // 1_000_000} MB" if size.isdigit() and int(size) >= 1_000_000 else ""  # noqa: PLR2004 -- a megabyte
    how = "in clear, on this machine" if smtp.security == "none" else smtp.security
    yield Finding("ok", "smtp", f"{smtp.host}:{smtp.port}: {how}{', logged in' if smtp.username else ''}{most}")


def _advice(reply: str) -> str:
    if reply.startswith("535"):
        return "check `username` and `password`"
    if reply.startswith("E509"):
        return "check `security` and `ca_file`"
    return "check `host`, `port` and what is open between here and there"


def check_lists(read: Callable[[], Lists]) -> Iterator[Finding]:
    """Read every list of recipients, as before a sending; what is wrong in them is raised all at once."""
    lists = read()
    yield from (Finding("warn", "lists", str(problem)) for problem in lists.warnings)
    readers = {one.reader for one in lists.recipients}
    yield Finding("ok", "lists", f"{len(lists.recipients)} recipients on {len(readers)} lists")
