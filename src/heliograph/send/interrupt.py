"""Ending a run in order when somebody asks for it."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Final

INTERRUPTED: Final = "interrupted"
"""Why a run stopped that somebody ended."""


@contextlib.contextmanager
def interruptible(stop: Callable[[str], None]) -> Iterator[None]:
    """Let the first interrupt or SIGTERM end the run in order; a second one does what it always does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop(INTERRUPTED)
        restore()

    for number in before:
        signal.signal(number, ask)
    try:
        yield
    finally:
        restore()
