"""One SMTP connection that can neither hang nor swell: each phase has a deadline, and each answer an end."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import time
from ipaddress import ip_address
from typing import Any, Final

from msgspec import Struct

from heliograph.operations import Smtp

REPLY_LIMIT: Final = 200
"""Of a server's answer, and of our reasons, so many characters are kept."""

_LINE_LIMIT: Final = 4_096
_LINE_COUNT: Final = 100
_PIECE: Final = 16_384
_GREETED: Final = 250
_REPLY: Final = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?", re.DOTALL)

_LOST: Final = "the connection was lost"
_SLOW: Final = "E510 the server did not answer in time"
_GARBLED: Final = "E510 the server's answer makes no sense"
_ENDLESS: Final = "E510 the server's answer has no end"
_UNASKED: Final = "E510 the server spoke before it was asked"
_IN_CLEAR: Final = "E509 security is none, but the server is not on this machine"


class Patience(Struct, frozen=True, kw_only=True):
    """How many seconds each phase may take at most: `opening` ends with the log-in, `command` is each later answer's.

    `data` is for sending the whole of a message. `reply` is for the answer to the final dot: RFC 5321 wants ten
    minutes, because giving up earlier leaves more deliveries of which nobody knows what became of them.
    """

    opening: float = 60
    command: float = 60
    data: float = 180
    reply: float = 600
    goodbye: float = 5


class Unusable(Exception):  # noqa: N818 -- it is an answer, not a fault
    """The server cannot be used, or no longer on this connection; nothing but the final dot was ever at stake.

    `reply` is one line that says why: E509 where it would not be private, E510 where the server keeps to no rules.
    """

    def __init__(self, reply: str) -> None:
        self.reply = one_line(reply)
        super().__init__(self.reply)


class Answer(Struct, frozen=True):
    """What a server answered: three digits, and words in one line that begins with them."""

    code: int
    line: str


def one_line(text: str) -> str:
    """Make one short printable line of anything a server may say."""
    plain = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return plain[:REPLY_LIMIT]


class Session(smtplib.SMTP):
    """A conversation of commands and answers. A failed one closes itself and raises Unusable."""

    def __init__(self, host: str, port: int, *, helo: str, seconds: float, **more: Any) -> None:
        self._rest = bytearray()
        self.within(seconds)
        super().__init__(host, port, local_hostname=helo, timeout=seconds, **more)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def within(self, seconds: float) -> None:
        """Begin a phase: all that is sent and read from now on must be over in so many seconds."""
        self._deadline = time.monotonic() + seconds

    def ask(self, command: str, argument: str = "", *, seconds: float) -> Answer:
        """Send one command and give its answer."""
        self.within(seconds)
        code, words = self.docmd(command, argument)
        return _answer(code, words)

    def answered(self, *, seconds: float) -> Answer:
        """Wait for an answer."""
        self.within(seconds)
        return _answer(*self.getreply())

    def stirs(self) -> bool:
        """Tell whether the server said something unasked, or hung up."""
        if self._rest:
            return True
        try:
            self._socket.settimeout(0)
            self._rest += self._socket.recv(_LINE_LIMIT)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except OSError:
            return True
        return True

    def send(self, s: object) -> None:
        """Send bytes, or text as ASCII."""
        data = s.encode("ascii") if isinstance(s, str) else bytes(s)  # type: ignore[call-overload]
        try:
            for start in range(0, len(data), _PIECE):
                self._socket.settimeout(self._left())
                self._socket.sendall(data[start : start + _PIECE])
        except OSError as error:
            raise self._ended(_reason(error)) from None

    def docmd(self, cmd: str, args: str = "") -> tuple[int, bytes]:
        """Send a command and read its answer. More than one would be taken for another command's, or for a secret."""
        answer = super().docmd(cmd, args)
        if self._rest:
            raise self._ended(_UNASKED)
        return answer

    def putcmd(self, cmd: str, args: str = "") -> None:
        """Send a command. What was said before it cannot be its answer."""
        if self._rest:
            raise self._ended(_UNASKED)
        super().putcmd(cmd, args)

    def getreply(self) -> tuple[int, bytes]:
        """Read one answer, of few and short lines that bear the same digits."""
        code, words = b"", list[bytes]()
        while len(words) < _LINE_COUNT:
            found = _REPLY.fullmatch(self._line())
            if found is None or (code and found[1] != code):
                raise self._ended(_GARBLED)
            code = found[1]
            words.append(found[3] or b"")
            if found[2] != b"-":
                return int(code), b"\n".join(words)
        raise self._ended(_ENDLESS)

    def _line(self) -> bytes:
        while (end := self._rest.find(b"\n")) < 0 and len(self._rest) <= _LINE_LIMIT:
            self._rest += self._received()
        if not 0 <= end <= _LINE_LIMIT:
            raise self._ended(_ENDLESS)
        line = bytes(self._rest[:end])
        del self._rest[: end + 1]
        return line.removesuffix(b"\r")

    def _received(self) -> bytes:
        try:
            self._socket.settimeout(self._left())
            data = self._socket.recv(_LINE_LIMIT)
        except OSError as error:
            raise self._ended(_reason(error)) from None
        if not data:
            raise self._ended(_LOST)
        return data

    @property
    def _socket(self) -> socket.socket:
        if self.sock is None:
            raise Unusable(_LOST)
        return self.sock

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _ended(self, reply: str) -> Unusable:
        self.close()
        return Unusable(reply)


class _Wrapped(Session, smtplib.SMTP_SSL):
    """The same, private from its first byte."""


def opened(smtp: Smtp, patience: Patience) -> Session:
    """Connect, greet, make private and log in, all within `patience.opening`. Raises Unusable."""
    if smtp.security == "none":
        _check_clear(smtp)
    try:
        session = _dialled(smtp, patience.opening)
        try:
            _introduced(session, smtp)
        except BaseException:
            session.close()
            raise
    except smtplib.SMTPResponseException as refusal:
        raise Unusable(_answer(refusal.smtp_code, refusal.smtp_error).line) from None
    except UnicodeEncodeError:
        raise Unusable("user name and password may hold ASCII characters only") from None
    except ssl.SSLError as error:
        raise Unusable(f"E509 no private connection: {_tls_words(error)}") from None
    except OSError as error:
        raise Unusable(_reason(error)) from None
    return session


def _check_clear(smtp: Smtp) -> None:
    if smtp.host != "localhost" and not _is_loopback(smtp.host):
        raise Unusable(_IN_CLEAR)
    if smtp.username:
        raise Unusable("E509 a password is not sent in clear: use starttls or tls")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _dialled(smtp: Smtp, seconds: float) -> Session:
    helo = smtp.helo or smtp.sender.rpartition("@")[2]
    if smtp.security == "tls":
        return _Wrapped(smtp.host, smtp.port, helo=helo, seconds=seconds, context=_context(smtp))
    return Session(smtp.host, smtp.port, helo=helo, seconds=seconds)


def _introduced(session: Session, smtp: Smtp) -> None:
    # `localhost` is whatever the resolver says it is.
    if smtp.security == "none" and session.sock and not _is_loopback(session.sock.getpeername()[0]):
        raise Unusable(_IN_CLEAR)
    if smtp.security == "tls":
        _check_private(session)
    _greet(session)
    if smtp.security == "starttls":
        _start_tls(session, smtp)
        _check_private(session)
        _greet(session)
    if smtp.username:
        _log_in(session, smtp)


def _greet(session: Session) -> None:
    code, words = session.ehlo()
    if code != _GREETED:
        raise Unusable(_answer(code, words).line)


def _start_tls(session: Session, smtp: Smtp) -> None:
    if not session.has_extn("starttls"):
        raise Unusable("E509 the server offers no STARTTLS")
    try:
        session.starttls(context=_context(smtp))
    except smtplib.SMTPResponseException as refusal:
        raise Unusable(f"E509 {_answer(refusal.smtp_code, refusal.smtp_error).line}") from None


def _check_private(session: Session) -> None:
    """Look again: to a socket whose other end has gone the library gives no handshake, and speaks on in clear."""
    if not isinstance(session.sock, ssl.SSLSocket) or session.sock.version() is None:
        raise Unusable(_LOST)


def _log_in(session: Session, smtp: Smtp) -> None:
    """Try once, in the first way of ours that the server offers: further tries would only lock the account."""
    offered = session.esmtp_features.get("auth", "").upper().split()
    ways: dict[str, Any] = {"PLAIN": session.auth_plain, "LOGIN": session.auth_login, "CRAM-MD5": session.auth_cram_md5}
    way = next((name for name in ways if name in offered), None)
    if way is None:
        raise Unusable("the server does not let anybody log in")
    session.user, session.password = smtp.username, smtp.password.revealed
    session.auth(way, ways[way])


def _context(smtp: Smtp) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if smtp.ca_file is not None:
        context.load_verify_locations(cafile=smtp.ca_file)
    return context


def _answer(code: int, words: bytes | str) -> Answer:
    said = words if isinstance(words, str) else words.decode("ascii", "replace")
    return Answer(code, one_line(f"{code} {said}"))


def _tls_words(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    return (error.reason or "TLS failed").lower().replace("_", " ")


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return _SLOW
    if isinstance(error, socket.gaierror):
        return "the server's name is not known"
    if isinstance(error, ConnectionRefusedError):
        return "the server takes no connections"
    return _LOST
