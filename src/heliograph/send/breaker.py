"""Stops a run that is doing harm or getting nowhere: refusals in a row, or too many refused for good."""

from __future__ import annotations

import threading

from heliograph.send.courier import Verdict

ENOUGH = 20
"""So many must have been tried before a share of them means anything."""


class Breaker:
    """Counts what servers answered, over all connections; `why` says why no more is to be sent, empty while it may."""

    def __init__(self, refusals: int, failing: float) -> None:
        self._refusals = refusals
        self._failing = failing
        self._lock = threading.Lock()
        self._in_a_row = self._tried = self._failed = 0
        self.why = ""

    def note(self, verdict: Verdict) -> None:
        """Count one answer. No answer at all, or no connection, is a refusal here."""
        with self._lock:
            self._tried += 1
            self._failed += verdict.state == "FAILED"
            self._in_a_row = 0 if verdict.state == "SENT" else self._in_a_row + 1
            self.why = self.why or self._judged(verdict)

    def _judged(self, last: Verdict) -> str:
        if self._in_a_row >= self._refusals:
            return f"{self._in_a_row} refusals in a row, the last: {last.reply}"
        if self._tried >= ENOUGH and self._failed > self._tried * self._failing:
            return f"{self._failed} of {self._tried} were refused for good, the last: {last.reply}"
        return ""
