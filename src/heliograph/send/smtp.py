"""Mail handed over by hand, so that it is always known on which side of the final dot something was lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Literal

from heliograph.operations import Smtp
from heliograph.render.mail import is_plain_address
from heliograph.send.courier import Parcel, Verdict
from heliograph.send.session import Answer, Patience, Session, Unusable, opened

MESSAGE_LIMIT: Final = 512 * 1024
"""A larger message is refused before anybody is asked to take it (E511)."""

MAILS_PER_CONNECTION: Final = 50
"""After so many a new connection is opened, as servers expect."""

Point = Literal["MAIL", "RCPT", "DATA", "."]

_SHUTTING_DOWN: Final = 421
_TOO_LARGE: Final = 552
_GO_AHEAD: Final = 354
_LINE_LIMIT: Final = 998
_LONE: Final = re.compile(rb"\r(?!\n)|(?<!\r)\n")
_DOT_FIRST: Final = re.compile(rb"^\.", re.MULTILINE)

_OURS: Final = frozenset({500, 501, 502, 503, 504, 521, 530, 534, 535, 538})
"""Answers about how we ask or who we are, wherever they come: syntax, order, no mail taken here, not logged in."""


class _Refused(Exception):  # noqa: N818 -- it is an answer
    """The server answered, and what was offered is certainly not accepted."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        super().__init__(verdict.reply)


class SmtpCourier:
    """Hands mails to one SMTP server over a connection that is opened when needed and used again."""

    def __init__(self, smtp: Smtp, *, patience: Patience = Patience()) -> None:  # noqa: B008 -- it is frozen
        self._smtp = smtp
        self._patience = patience
        self._session: Session | None = None
        self._handed = 0

    def open(self) -> None:
        """Connect now, rather than at the first parcel. Raises Unusable."""
        self._ready()

    def hand_over(self, parcel: Parcel, commit: Callable[[], bool]) -> Verdict:
        """Bring a parcel to the server, asking `commit` just before the final dot; see `judged` for what answers mean.

        Before the dot everything that goes wrong is DEFERRED, after it AMBIGUOUS, unless the server says otherwise.
        """
        fault = _fault(self._smtp.sender, parcel)
        if fault:
            return Verdict("FAILED", fault)
        try:
            return self._carried(self._ready(), parcel, commit)
        except _Refused as refusal:
            return self._recovered(refusal.verdict)
        except Unusable as lost:
            self._drop()
            return Verdict("DEFERRED", lost.reply, fatal=True)
        except BaseException:
            self._drop()
            raise

    def close(self) -> None:
        """Take leave of the server, if it is still there."""
        session, self._session = self._session, None
        if session is None:
            return
        try:
            session.ask("QUIT", seconds=self._patience.goodbye)
        except Unusable:
            pass
        finally:
            session.close()

    def _ready(self) -> Session:
        """Give a connection on which the server is silent, the present one if it may be used again."""
        if self._session is not None and (self._handed >= MAILS_PER_CONNECTION or self._session.stirs()):
            self.close()
        if self._session is None:
            self._session = opened(self._smtp, self._patience)
            self._handed = 0
        return self._session

    def _carried(self, session: Session, parcel: Parcel, commit: Callable[[], bool]) -> Verdict:
        self._handed += 1
        self._offer(session, parcel)
        session.within(self._patience.data)
        session.send(_stuffed(parcel.data))
        if session.stirs():
            raise Unusable(session.answered(seconds=self._patience.command).line)
        if not commit():
            self._drop()
            return Verdict("PLANNED", "not handed over: it does not wait any more", fatal=True)
        return self._ended(session)

    def _offer(self, session: Session, parcel: Parcel) -> None:
        """Say from whom and to whom, and be told to go ahead."""
        size = f" SIZE={len(parcel.data)}" if session.has_extn("size") else ""
        self._ask(session, "MAIL", f"FROM:<{self._smtp.sender}>{size}")
        self._ask(session, "RCPT", f"TO:<{parcel.address}>")
        self._ask(session, "DATA")

    def _ask(self, session: Session, point: Point, argument: str = "") -> None:
        verdict = judged(point, session.ask(point, argument, seconds=self._patience.command))
        if verdict is not None:
            raise _Refused(verdict)

    def _ended(self, session: Session) -> Verdict:
        """Send the final dot and wait. From here on silence means that nobody knows."""
        try:
            session.within(self._patience.command)
            session.send(b".\r\n")
            answer = session.answered(seconds=self._patience.reply)
        except Unusable as lost:
            self._drop()
            return Verdict("AMBIGUOUS", lost.reply, fatal=True)
        verdict = judged(".", answer)
        if verdict is None:
            return Verdict("SENT", answer.line)
        if verdict.fatal:
            self._drop()
        return verdict

    def _recovered(self, verdict: Verdict) -> Verdict:
        """Make the connection fit for the next parcel; whatever comes of that, the server's answer counts."""
        if verdict.fatal or self._session is None:
            self._drop()
            return verdict
        try:
            self._session.ask("RSET", seconds=self._patience.command)
        except Unusable:
            self._drop()
        return verdict

    def _drop(self) -> None:
        """Hang up without a word, so that an unfinished message is never taken for a finished one."""
        session, self._session = self._session, None
        if session is not None:
            session.close()


def connect(smtp: Smtp, *, patience: Patience = Patience()) -> SmtpCourier:  # noqa: B008 -- it is frozen
    """Give a courier whose connection is open. Raises Unusable, and its `reply` says why."""
    courier = SmtpCourier(smtp, patience=patience)
    courier.open()
    return courier


def judged(point: Point, answer: Answer) -> Verdict | None:
    """Say what an answer at one point means; None if it is the one hoped for.

    4xx is DEFERRED, and 421 ends the connection. 5xx is FAILED where it is about the recipient or the message. Where
    it is about ourselves it must not fail one recipient after another, and is DEFERRED: at MAIL (but for 552, a
    message too large), and at RCPT or DATA those codes that tell of our asking (fatal) or of policy (5.7.x, such as
    "relay access denied"). An answer of no sense is fatal: DEFERRED before the dot, AMBIGUOUS after it.
    """
    match answer.code // 100, point:
        case (2, "MAIL" | "RCPT" | "."):
            return None
        case (3, "DATA") if answer.code == _GO_AHEAD:
            return None
        case (4, _):
            return Verdict("DEFERRED", answer.line, fatal=answer.code == _SHUTTING_DOWN)
        case (5, "."):
            return Verdict("FAILED", answer.line)
        case (5, _):
            return _refused_for_good(point, answer)
    return Verdict("AMBIGUOUS" if point == "." else "DEFERRED", answer.line, fatal=True)


def _refused_for_good(point: Point, answer: Answer) -> Verdict:
    if point == "MAIL" and answer.code != _TOO_LARGE:
        return Verdict("DEFERRED", answer.line, fatal=True)
    if answer.code in _OURS:
        return Verdict("DEFERRED", answer.line, fatal=True)
    if answer.line[4:].startswith("5.7."):
        return Verdict("DEFERRED", answer.line)
    return Verdict("FAILED", answer.line)


def _fault(sender: str, parcel: Parcel) -> str:
    """Say why a parcel cannot be sent as it is, whoever takes it; nothing if it can."""
    if not (is_plain_address(sender) and is_plain_address(parcel.address)):
        return "the sender or the recipient is not one plain ASCII address"
    if len(parcel.data) > MESSAGE_LIMIT:
        return f"E511 the message has {len(parcel.data)} bytes; at most {MESSAGE_LIMIT} are sent"
    if _LONE.search(parcel.data) or not parcel.data.endswith(b"\r\n"):
        return "the message has line ends that are not CR LF"
    if not parcel.data.isascii() or b"\0" in parcel.data:
        return "the message is not plain ASCII"
    if max(map(len, parcel.data.split(b"\r\n"))) > _LINE_LIMIT:
        return f"the message has a line of more than {_LINE_LIMIT} bytes"
    return ""


def _stuffed(data: bytes) -> bytes:
    """Double the dot at the start of a line: alone on one it would end the message."""
    return _DOT_FIRST.sub(b"..", data)
