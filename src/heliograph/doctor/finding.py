"""What a check finds, and running many of them: each is guarded, and none is waited for longer than was allowed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal

from msgspec import Struct

from heliograph.problems import Refused
from heliograph.send.ledger import LedgerFailed, LedgerRefused
from heliograph.store_faults import StoreRefused
from heliograph.tree.fsio import Locked, WriteRefused

Level = Literal["ok", "note", "warn", "bad"]
"""`note` is worth knowing, `warn` worth looking at; `bad` must be mended, or readers go without."""

SECONDS: Final = 10.0
"""How long all checks together are waited for; they run at the same time."""

_FORESEEN: Final = (StoreRefused, WriteRefused, LedgerRefused, LedgerFailed, Locked)
"""Their words were written by us, and hold no secret."""


class Finding(Struct, frozen=True):
    """What was found of one subject, in one line, and what to do about it if anything is to be done."""

    level: Level
    subject: str
    said: str
    todo: str = ""


class Check(Struct, frozen=True):
    """One thing to look into. `look` may be given up in the midst of it; it changes nothing that anybody depends on."""

    subject: str
    look: Callable[[], Iterable[Finding]]


def examine(checks: Sequence[Check], seconds: float = SECONDS) -> tuple[Finding, ...]:
    """Run all checks at once; their findings come in the order of the checks, whatever goes wrong in any.

    What is not over in time is reported as that, with what it had found so far; what several found is said once. Never
    raises.
    """
    until = time.monotonic() + seconds
    lookings = [_Looking(check) for check in checks]
    for looking in lookings:
        looking.thread.start()
    for looking in lookings:
        looking.thread.join(max(0.0, until - time.monotonic()))
    found = (finding for looking in lookings for finding in looking.findings(seconds))
    return tuple(dict.fromkeys(found))


def guarded(subject: str, look: Callable[[], Iterable[Finding]]) -> Iterable[Finding]:
    """Give what a check finds; whatever it raises is a finding, too."""
    try:
        yield from look()
    except Refused as refused:
        yield from (Finding("bad", subject, str(problem)) for problem in refused.problems if problem.level == "error")
    except _FORESEEN as error:
        yield Finding("bad", subject, str(error))
    except OSError as error:
        yield Finding("bad", subject, f"{error.strerror or type(error).__name__}")
    except Exception as error:  # noqa: BLE001 -- what was not foreseen may quote anything, so its words are not shown
        yield Finding("bad", subject, f"could not be looked into ({type(error).__name__})", "please report this")


class _Looking:
    """A check on its way, in a thread that may be left behind."""

    def __init__(self, check: Check) -> None:
        self._subject = check.subject
        self._found: list[Finding] = []
        self.thread = threading.Thread(target=self._look, args=(check,), daemon=True)

    def _look(self, check: Check) -> None:
        for finding in guarded(check.subject, check.look):
            self._found.append(finding)

    def findings(self, seconds: float) -> Iterable[Finding]:
        is_over = not self.thread.is_alive()
        yield from tuple(self._found)
        if not is_over:
            said = f"not answered within {seconds:g} seconds"
            yield Finding("bad", self._subject, said, "is the network slow, or does something swallow requests?")
