"""A mail server on loopback that errs on demand, and keeps an honest book of what it accepted.

As a command it serves other processes: `python -m smtp_lab --port-file F --log F --seed N --fault-rate 0.05`.
It writes its port once it listens, and runs until it is ended by a signal.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import os
import random
import re
import signal
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path
from typing import Final, NamedTuple, Self

POINTS: Final = {
    "connect": "as soon as the connection stands, before a word",
    "banner": "in place of the greeting",
    "ehlo": "in place of the answer to EHLO",
    "starttls": "in place of the answer to STARTTLS",
    "handshake": "after STARTTLS was granted, in place of TLS",
    "auth": "in place of the answer to AUTH",
    "mail": "in place of the answer to MAIL",
    "rcpt": "in place of the answer to RCPT",
    "data": "in place of the answer to DATA",
    "body": "after the first line of the message",
    "dot": "after the final dot, nothing stored",
    "stored": "after the message was stored, in place of the answer",
}
"""Where a fault can strike."""

HOWS: Final = ("drop", "4xx", "5xx", "421", "stall", "garbage", "long", "endless", "trickle", "late")
"""How: hang up, refuse for now, refuse for good, shut down, say nothing, talk nonsense, in a line of 64 KB, without
end, a letter at a time, or answer well but late."""

ON_CONNECTION: Final = ("connect", "banner", "ehlo", "starttls", "handshake", "auth")
REFUSALS: Final = ("4xx", "5xx", "421")
HARMLESS: Final = "late"

_FOUR: Final = {"auth": "454 4.7.0 temporary failure", "rcpt": "450 4.2.1 mailbox busy", "banner": "450 busy"}
_FIVE: Final = {
    "banner": "554 no mail here",
    "ehlo": "550 go away",
    "starttls": "554 TLS not available",
    "auth": "535 5.7.8 credentials invalid",
    "mail": "550 5.1.0 sender refused",
    "rcpt": "550 5.1.1 no such user",
    "data": "554 5.5.1 no valid recipients",
    "dot": "554 5.6.0 message refused",
}


class Fault(NamedTuple):
    """What goes wrong, and where."""

    point: str
    how: str
    words: str = ""
    """The answer to give in place of the usual one of a refusal."""

    @property
    def accepts(self) -> bool:
        """Tell whether the message is stored all the same (where it gets so far)."""
        return self.point == "stored" or self.how == HARMLESS


def seeded(seed: int, rate: float, points: tuple[str, ...] = tuple(POINTS), hows: tuple[str, ...] = HOWS):
    """Make a script by which a share of connections and transactions goes wrong, always the same ones."""

    def script(number: int) -> Fault | None:
        chance = random.Random(f"{seed}:{number}")
        if chance.random() >= rate:
            return None
        fault = Fault(chance.choice(points), chance.choice(hows))
        # Nobody can do right by a server that stores a message and says that it did not.
        return fault._replace(how="drop") if fault.point == "stored" and fault.how in REFUSALS else fault

    return script


class _HangUp(Exception):  # noqa: N818 -- nothing is wrong with it
    """This conversation is over."""


class Lab:
    """Serves on `port` of 127.0.0.1 within `with`. `script` is asked for each connection and for each MAIL, numbered
    through from 0, and says what goes wrong there; a fault of another place than asked for changes nothing.

    What is accepted stands in the log, one JSON object a line (`id`, `rcpt`, `from`, `bytes`, `tls`, `user`, `data`),
    and is on disk before the answer goes out. `heard` are all commands in order, for whoever wants to see them.
    """

    def __init__(
        self,
        log: Path,
        script: Callable[[int], Fault | None] = lambda number: None,
        *,
        tls: tuple[Path, Path] | None = None,
        implicit: bool = False,
        user: str = "",
        password: str = "",
        stall: float = 3,
        late: float = 0.05,
        keep_data: bool = True,
        port: int = 0,
    ) -> None:
        self.log, self.script, self.implicit, self.stall, self.late = log, script, implicit, stall, late
        self.user, self.password, self.keep_data = user, password, keep_data
        self.context: ssl.SSLContext | None = None
        if tls is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*tls)
        self.heard: list[str] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", port), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._asked = 0
        self._open: set[socket.socket] = set()
        self.over = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self.log.touch()
        self._start(self._listen)
        return self

    def __exit__(self, *raised: object) -> None:
        self.over.set()
        self._hang_up(self._listener)
        self._listener.close()
        self.hang_up_on_all()
        for thread in self._threads:
            thread.join(10)
        assert not any(thread.is_alive() for thread in self._threads), "a conversation did not end"

    @property
    def accepted(self) -> list[dict]:
        """What the log says was accepted."""
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines()]

    def hang_up_on_all(self) -> None:
        """End every conversation, as a server does that is stopped."""
        with self._lock:
            waiting = tuple(self._open)
        for one in waiting:
            self._hang_up(one)

    def fault(self, *points: str) -> Fault | None:
        """Ask the script, for one connection or one transaction."""
        with self._lock:
            number, self._asked = self._asked, self._asked + 1
        found = self.script(number)
        return found if found is not None and found.point in points else None

    def store(self, entry: dict) -> None:
        """Write an accepted message down, for good."""
        line = json.dumps(entry).encode() + b"\n"
        with self._lock:
            book = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(book, line)
                os.fsync(book)
            finally:
                os.close(book)

    def _start(self, work: Callable[..., None], *given: object) -> None:
        thread = threading.Thread(target=work, args=given, daemon=True)
        self._threads = [*(one for one in self._threads if one.is_alive()), thread]
        thread.start()

    def _listen(self) -> None:
        while not self.over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        talk = _Talk(self, connection)
        with self._lock:
            self._open.add(connection)
        with contextlib.suppress(_HangUp, OSError):
            talk.run()
        with self._lock:
            self._open.discard(connection)
        talk.close()

    def _hang_up(self, one: socket.socket) -> None:
        """End what others wait for on a socket; they close it."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(one, socket.SHUT_RDWR)


class _Talk:
    """One connection."""

    def __init__(self, lab: Lab, connection: socket.socket) -> None:
        self.lab, self.socket, self.raw = lab, connection, connection
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""
        self.tls = False
        self.user = ""
        self.sender = self.recipient = ""
        self.pending: Fault | None = lab.fault(*ON_CONNECTION)

    def close(self) -> None:
        for one in (self.socket, self.raw):
            with contextlib.suppress(OSError):
                one.close()

    def run(self) -> None:
        self.strikes("connect")
        if self.lab.implicit:
            self._wrap()
        if not self.strikes("banner"):
            self.say("220 lab.test ESMTP")
        while True:
            verb, _, argument = self.line().decode("latin-1").partition(" ")
            self.lab.heard.append(f"{verb.upper()} {argument}".rstrip())
            act = getattr(self, f"do_{verb.lower()}", None)
            if act is None:
                self.say("500 5.5.2 what?")
            else:
                act(argument)

    def say(self, *lines: str) -> None:
        self.socket.sendall(("\r\n".join(lines) + "\r\n").encode("latin-1"))

    def line(self) -> bytes:
        while b"\n" not in self.rest:
            data = self.socket.recv(65536)
            if not data:
                raise _HangUp
            self.rest += data
        line, _, self.rest = self.rest.partition(b"\n")
        return line.removesuffix(b"\r")

    # What goes wrong

    def strikes(self, point: str, refusal: str = "") -> bool:
        """Do what the script wants done here; True if an answer was given by that."""
        fault = self.pending
        if fault is None or fault.point != point:
            return False
        self.pending = None
        return bool(getattr(self, "_" + {"4xx": "four", "5xx": "five", "421": "shut"}.get(fault.how, fault.how))(fault))

    def _drop(self, fault: Fault) -> None:
        # With a linger of zero the other side sees a reset rather than an end. In the middle of STARTTLS the standard
        # library loses sight of a socket that is reset.
        with contextlib.suppress(OSError):
            self.socket.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", fault.point != "handshake", 0)
            )
        raise _HangUp

    def _four(self, fault: Fault) -> bool:
        self.say(fault.words or _FOUR.get(fault.point, "451 4.3.0 try later"))
        return self._done_with(fault)

    def _five(self, fault: Fault) -> bool:
        self.say(fault.words or _FIVE.get(fault.point, "550 5.0.0 no"))
        return self._done_with(fault)

    def _shut(self, fault: Fault) -> None:
        self.say("421 4.3.2 shutting down")
        raise _HangUp

    def _done_with(self, fault: Fault) -> bool:
        if fault.point in ("connect", "banner", "handshake", "body"):
            raise _HangUp
        return True

    def _stall(self, fault: Fault) -> None:
        self.lab.over.wait(self.lab.stall)
        raise _HangUp

    def _garbage(self, fault: Fault) -> bool:
        self.socket.sendall(b"\x00\xff<html>this is no mail server</html>\r\n")
        return True

    def _long(self, fault: Fault) -> bool:
        self.socket.sendall(b"250 " + b"x" * 65536 + b"\r\n")
        return True

    def _endless(self, fault: Fault) -> None:
        while not self.lab.over.is_set():
            self.socket.sendall(b"220-and another thing\r\n" * 50)
        raise _HangUp

    def _trickle(self, fault: Fault) -> None:
        for _ in range(int(self.lab.stall / 0.02)):
            self.socket.sendall(b"2")
            if self.lab.over.wait(0.02):
                break
        raise _HangUp

    def _late(self, fault: Fault) -> bool:
        self.lab.over.wait(self.lab.late)
        return False

    # What goes right

    def do_ehlo(self, argument: str) -> None:
        if self.strikes("ehlo"):
            return
        offers = ["lab.test greets " + argument[:60], "SIZE 600000", "8BITMIME"]
        if self.lab.context and not self.tls:
            offers.append("STARTTLS")
        if self.lab.user and (self.tls or not self.lab.context):
            offers.append("AUTH PLAIN LOGIN")
        self.say(*(f"250-{one}" for one in offers[:-1]), f"250 {offers[-1]}")

    def do_starttls(self, argument: str) -> None:
        if self.lab.context is None:
            self.say("502 5.5.1 not here")
            return
        if self.strikes("starttls"):
            return
        self.say("220 go ahead")
        if not self.strikes("handshake"):
            self._wrap()

    def _wrap(self) -> None:
        assert self.lab.context is not None
        self.socket = self.lab.context.wrap_socket(self.socket, server_side=True)
        with self.lab._lock:
            self.lab._open.add(self.socket)
        self.tls, self.rest = True, b""

    def do_auth(self, argument: str) -> None:
        if self.strikes("auth"):
            return
        method, _, first = argument.partition(" ")
        if method.upper() == "PLAIN":
            _, user, password = base64.b64decode(first or self._challenge("")).decode().split("\0")
        else:
            user = base64.b64decode(first or self._challenge("Username:")).decode()
            password = base64.b64decode(self._challenge("Password:")).decode()
        if (user, password) == (self.lab.user, self.lab.password):
            self.user = user
            self.say("235 2.7.0 welcome")
        else:
            self.say("535 5.7.8 credentials invalid")

    def _challenge(self, words: str) -> bytes:
        self.say("334 " + base64.b64encode(words.encode()).decode())
        return self.line()

    def do_mail(self, argument: str) -> None:
        self.pending = self.lab.fault(*(set(POINTS) - set(ON_CONNECTION)))
        if self.strikes("mail"):
            return
        if self.lab.user and not self.user:
            self.say("530 5.7.0 log in first")
            return
        found = re.fullmatch(r"FROM:<([^<>\s]*)>( \S+)*", argument)
        self.sender, self.recipient = (found[1] if found else ""), ""
        self.say("250 2.1.0 ok" if found else "501 5.5.4 what?")

    def do_rcpt(self, argument: str) -> None:
        if self.strikes("rcpt"):
            return
        found = re.fullmatch(r"TO:<([^<>\s]+)>", argument)
        if not self.sender or self.recipient:
            self.say("503 5.5.1 one recipient, after a sender")
            return
        self.recipient = found[1] if found else ""
        self.say("250 2.1.5 ok" if found else "501 5.5.4 what?")

    def do_data(self, argument: str) -> None:
        if self.strikes("data"):
            return
        if not self.recipient:
            self.say("503 5.5.1 for whom?")
            return
        self.say("354 go ahead")
        data = self._message()
        if self.strikes("dot"):
            return
        self._store(data)
        self.sender = self.recipient = ""
        if not self.strikes("stored"):
            self.say("250 2.0.0 stored")

    def _message(self) -> bytes:
        lines = [self.line()]
        self.strikes("body")
        while (line := self.line()) != b".":
            lines.append(line)
        return b"".join(one.removeprefix(b".") + b"\r\n" for one in lines)

    def _store(self, data: bytes) -> None:
        entry = {
            "id": str(message_from_bytes(data)["Message-ID"]),
            "from": self.sender,
            "rcpt": self.recipient,
            "bytes": len(data),
            "tls": self.tls,
            "user": self.user,
        }
        if self.lab.keep_data:
            entry["data"] = data.decode("latin-1")
        self.lab.store(entry)

    def do_rset(self, argument: str) -> None:
        self.sender = self.recipient = ""
        self.say("250 2.0.0 ok")

    def do_noop(self, argument: str) -> None:
        self.say("250 2.0.0 ok")

    def do_quit(self, argument: str) -> None:
        self.say("221 2.0.0 bye")
        raise _HangUp


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(prog="smtp_lab")
    parser.add_argument("--port-file", type=Path, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fault-rate", type=float, default=0.0)
    parser.add_argument("--tls", type=Path, nargs=2, metavar=("CERT", "KEY"))
    parser.add_argument("--user", default="")
    parser.add_argument("--password", default="")
    parser.add_argument("--stall", type=float, default=1.0, help="seconds of silence before it hangs up")
    parser.add_argument("--keep-data", action="store_true", help="log the messages themselves, too")
    asked = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with Lab(
        asked.log,
        seeded(asked.seed, asked.fault_rate),
        tls=tuple(asked.tls) if asked.tls else None,
        user=asked.user,
        password=asked.password,
        stall=asked.stall,
        keep_data=asked.keep_data,
        port=asked.port,
    ) as lab:
        fresh = asked.port_file.with_name(asked.port_file.name + ".new")
        fresh.write_text(str(lab.port))
        fresh.replace(asked.port_file)
        ended.wait()


if __name__ == "__main__":
    main()
