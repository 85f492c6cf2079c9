"""Every call by which the product writes: noted, made to fail, or the process killed within it.

The one module that writes, `tree.fsio`, is given a stand-in for `os` and for the C library; so is `shutil`, which
removes folders for it. Linux only: paths are told by descriptor.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import shutil
import signal
import stat
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from heliograph.tree import fsio

WRITERS = ("open", "write", "mkdir", "fchmod", "link", "rename", "unlink", "rmdir", "fsync", "close")
LIBRARY = {"renameat2": "exchange", "syncfs": "syncfs"}
ERRORS = (errno.ENOSPC, errno.EIO, errno.EMFILE, errno.EDQUOT)
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
FOLDER = -1
"""As the mode of a sync: that of a folder."""


class Call(NamedTuple):
    """One call: its name, the whole path it is about, that of what it takes (link, rename, exchange), bytes, mode."""

    name: str
    path: str
    source: str = ""
    data: bytes = b""
    mode: int = 0


Answer = Callable[[Call, Callable[[], Any]], Any]
"""Decides what becomes of a call: it is given the call and a way to really make it, and gives the result."""


def make_it(_: Call, real: Callable[[], Any]) -> Any:
    """Let a call happen."""
    return real()


@contextlib.contextmanager
def tapped(answer: Answer) -> Iterator[None]:
    """Ask `answer` about every call that writes, as long as this lasts."""
    before = fsio.os, fsio._LIBC, shutil.os
    fsio.os = shutil.os = _Stand(os, answer)
    fsio._LIBC = _Library(fsio._LIBC, answer)
    try:
        yield
    finally:
        fsio.os, fsio._LIBC, shutil.os = before


@contextlib.contextmanager
def noted() -> Iterator[list[Call]]:
    """Note every call that writes and succeeds, in order."""
    calls: list[Call] = []

    def note(call: Call, real: Callable[[], Any]) -> Any:
        result = real()
        calls.append(call)
        return result

    with tapped(note):
        yield calls


class _Stand:
    """Stands in for the module `os`."""

    def __init__(self, module: Any, answer: Answer) -> None:
        self._module = module
        self._answer = answer

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._module, name)
        if name not in WRITERS:
            return real

        def asked(*args: Any, **kwargs: Any) -> Any:
            call = _told(name, args, kwargs)
            return real(*args, **kwargs) if call is None else self._answer(call, lambda: real(*args, **kwargs))

        return asked


class _Library:
    """Stands in for the C library: an error becomes what the library would answer."""

    def __init__(self, library: Any, answer: Answer) -> None:
        self._library = library
        self._answer = answer

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._library, name)
        return (lambda *args: self._asked(name, real, args)) if name in LIBRARY else real

    def _asked(self, name: str, real: Callable[..., int], args: tuple[Any, ...]) -> int:
        if name == "syncfs":
            call = Call("syncfs", _of(args[0]))
        else:
            call = Call("exchange", f"{_of(args[2])}/{os.fsdecode(args[3])}", f"{_of(args[0])}/{os.fsdecode(args[1])}")
        try:
            return int(self._answer(call, lambda: real(*args)))
        except OSError as error:
            ctypes.set_errno(error.errno or errno.EIO)
            return -1


def _of(descriptor: int) -> str:
    return str(Path(f"/proc/self/fd/{descriptor}").readlink()).removesuffix(" (deleted)")


def _at(name: Any, folder: int | None) -> str:
    path = os.fsdecode(name)
    return path if path.startswith("/") else f"{Path.cwd() if folder is None else _of(folder)}/{path}"


def _told(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call | None:
    """Put a call of `os` in our words; None for one that only reads."""
    if name == "open":
        flags = args[1]
        mode = args[2] if len(args) > 2 else kwargs.get("mode", 0o777)
        return Call(name, _at(args[0], kwargs.get("dir_fd")), mode=mode) if flags & _WRITES else None
    if name in ("link", "rename"):
        taken, put = _at(args[0], kwargs.get("src_dir_fd")), _at(args[1], kwargs.get("dst_dir_fd"))
        return Call(name, put, taken)
    if name in ("mkdir", "unlink", "rmdir"):
        return Call(name, _at(args[0], kwargs.get("dir_fd")), mode=kwargs.get("mode", 0o777))
    if name == "close":
        return Call(name, _of(args[0])) if _is_written(args[0]) else None
    if name == "fsync":
        return Call(name, _of(args[0]), mode=FOLDER if stat.S_ISDIR(os.fstat(args[0]).st_mode) else 0)
    data = bytes(args[1]) if name == "write" else b""
    return Call(name, _of(args[0]), data=data, mode=args[1] if name == "fchmod" else 0)


def _is_written(descriptor: int) -> bool:
    lines = Path(f"/proc/self/fdinfo/{descriptor}").read_text().splitlines()
    flags = next(int(line.split()[1], 8) for line in lines if line.startswith("flags:"))
    return bool(flags & (os.O_WRONLY | os.O_RDWR)) and stat.S_ISREG(os.fstat(descriptor).st_mode)


# Faults


class Fault:
    """An answer that lets all calls but the `nth` happen, and does `harm` there. `made` counts the calls."""

    def __init__(self, nth: int, harm: Answer) -> None:
        self._nth, self._harm = nth, harm
        self.made = 0
        self.hit: Call | None = None

    def __call__(self, call: Call, real: Callable[[], Any]) -> Any:
        self.made += 1
        if self.made != self._nth:
            return real()
        self.hit = call
        return self._harm(call, real)


def kill(call: Call, real: Callable[[], Any]) -> Any:
    """Kill this process within a call; a write gets half its bytes onto the disk."""
    if call.name == "write":
        _write_half(real, call)
    os.kill(os.getpid(), signal.SIGKILL)


def _write_half(real: Callable[[], Any], call: Call) -> None:
    descriptor = os.open(call.path, os.O_WRONLY)
    os.write(descriptor, call.data[: len(call.data) // 2])
    os.close(descriptor)


def failing(number: int) -> Answer:
    """Make a call fail with an error of the system; a file is closed all the same, as systems do."""

    def fail(call: Call, real: Callable[[], Any]) -> Any:
        if call.name == "close":
            real()
        raise OSError(number, os.strerror(number))

    return fail


class Ended(NamedTuple):
    """How a child ended: killed or not, its exit code, what it wrote to stderr, how many calls that write it made."""

    killed: bool
    code: int
    said: str
    calls: int


def in_a_child(work: Callable[[], object], nth: int = 0, harm: Answer = kill) -> Ended:
    """Run `work` in a process of its own, with `harm` done at its `nth` call that writes.

    Its exit code is 0, that of a SystemExit, or 99 for any other exception, of which the last line is what it said.
    """
    said, calls = os.memfd_create("said"), os.memfd_create("calls")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        _live(work, Fault(nth, harm), said, calls)
    status = os.waitpid(child, 0)[1]
    try:
        told = os.pread(said, 100_000, 0).decode(errors="replace")
        made = int(os.pread(calls, 20, 0) or 0)
    finally:
        os.close(said)
        os.close(calls)
    return Ended(os.WIFSIGNALED(status), os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else -1, told, made)


def _live(work: Callable[[], object], fault: Fault, said: int, calls: int) -> None:
    """Be the child; never returns."""
    code = 0
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(said, 2)
        import sys

        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
        with tapped(fault):
            work()
    except SystemExit as exit_:
        code = int(exit_.code or 0)
    except BaseException as error:  # noqa: BLE001 -- told to the parent
        os.write(said, f"{type(error).__name__}: {error}".encode())
        code = 99
    finally:
        import sys

        with contextlib.suppress(Exception):
            sys.stderr.flush()
        os.pwrite(calls, str(fault.made).encode(), 0)
        os._exit(code)
