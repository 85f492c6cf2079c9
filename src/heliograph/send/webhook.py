"""Chat messages to webhooks: Slack's, and a generic one for any other receiver.

A generic webhook gets a POST with the JSON object `key, audience, title, text, url, number` and no other field, the
header `Idempotency-Key` that equals `key`, and if the operator set a secret, `Heliograph-Signature: t=SECONDS,v1=HEX`:
the HMAC-SHA256, under that secret, of the seconds since 1970 in decimal, a full stop, and the body's bytes.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import ssl
import time
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPResponse
from typing import Final, Literal

from heliograph import outward
from heliograph.message import Chat
from heliograph.operations import Webhook
from heliograph.outward import Deadline, Line, NoAnswer, NotConnected, Resolve, WayRefused
from heliograph.send.courier import Parcel, Verdict
from heliograph.send.ledger import State

SECONDS: Final = 30.0
"""How long one hand-over may take, from the look-up of the name to the reply."""

_REPLY_LIMIT: Final = 4_096
_HEADER_LIMIT: Final = 150
_SECTION_LIMIT: Final = 3_000
"""What Slack takes at most as a header's and as a section's text."""

_NOT_TAKEN: Final = (
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_ELSEWHERE: Final = (HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT)
_SLACKS_WORD: Final = re.compile(r"[a-z]{2,12}(?:_[a-z]{2,12}){0,4}")


def chat_body(kind: Literal["slack", "generic"], chat: Chat, key: str, *, audience: str, number: int) -> bytes:
    """Write what is posted. `key` is the delivery's; `number` counts the messages of one thread."""
    return _json(_slack(chat) if kind == "slack" else _generic(chat, key, audience, number))


def _generic(chat: Chat, key: str, audience: str, number: int) -> dict[str, object]:
    told = {"title": chat.title, "text": chat.text, "url": chat.url}
    return {"key": key, "audience": audience, "number": number, **told}


def _slack(chat: Chat) -> dict[str, object]:
    """Say it in blocks; no name in the words calls anyone, and none of them hides where a link leads."""
    blocks: list[dict[str, object]] = [
        {"type": "header", "text": {"type": "plain_text", "text": _escaped(chat.title, _HEADER_LIMIT), "emoji": False}},
        {"type": "section", "text": _words(_escaped(chat.text, _SECTION_LIMIT))},
    ]
    where = f"<{_escaped(chat.url.replace('|', '%7C'), _SECTION_LIMIT)}>" if chat.url else ""
    if where:
        blocks.append({"type": "context", "elements": [_words(where)]})
    told = "\n".join(part for part in (_escaped(chat.title), _escaped(chat.text), where) if part)
    return {"text": told, "blocks": blocks, "mrkdwn": False, "parse": "none", "link_names": False}


def _words(text: str) -> dict[str, object]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _escaped(text: str, limit: int = 40_000) -> str:
    """Write the three characters that Slack reads as its own by their names; cut a text that grows too long by it."""
    escaped = [{"&": "&amp;", "<": "&lt;", ">": "&gt;"}.get(letter, letter) for letter in text]
    if sum(map(len, escaped)) <= limit:
        return "".join(escaped)
    while escaped and sum(map(len, escaped)) >= limit:
        escaped.pop()
    return "".join(escaped) + "…"


def _json(told: dict[str, object]) -> bytes:
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def refusal(webhook: Webhook, resolve: Resolve = outward.resolved) -> tuple[str, str] | None:
    """Say as code and message why nothing would be sent to a webhook; None if something would, or nobody knows."""
    try:
        outward.judged(outward.way(webhook.url.revealed), resolve, allow_private=webhook.allow_private)
    except WayRefused as refused:
        return refused.code, str(refused)
    except NotConnected:
        return None
    return None


class WebhookCourier:
    """Posts chat messages to one webhook, a connection each. No verdict and no exception repeats its address."""

    def __init__(
        self,
        webhook: Webhook,
        *,
        resolve: Resolve = outward.resolved,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take `resolve` for the look-up of names and `clock` for the seconds since 1970 that are signed."""
        self._webhook = webhook
        self._resolve = resolve
        self._seconds = seconds
        self._clock = clock
        self._context: ssl.SSLContext | None = None

    def hand_over(self, parcel: Parcel, commit: Callable[[], bool]) -> Verdict:
        """Post a parcel, asking `commit` when there is a connection and before a byte of the request leaves."""
        try:
            line = self._connect()
        except WayRefused as refused:
            return Verdict("DEFERRED", f"{refused.code} {refused}")
        except (NotConnected, TimeoutError) as error:
            return Verdict("DEFERRED", str(error) or "no connection in time")
        try:
            return self._post(line, parcel) if commit() else Verdict("PLANNED", "not ours to send")
        finally:
            line.hang_up()

    def close(self) -> None:
        """Do nothing: each hand-over closes its connection."""

    def _connect(self) -> Line:
        deadline = Deadline(self._seconds)
        to = outward.way(self._webhook.url.revealed)
        addresses = outward.judged(to, self._resolve, allow_private=self._webhook.allow_private)
        if to.secure and self._context is None:
            self._context = outward.trust(self._webhook.ca_file)
        return Line(to, addresses, self._context if to.secure else None, deadline)

    def _post(self, line: Line, parcel: Parcel) -> Verdict:
        try:
            reply = line.ask("POST", self._headers(parcel), parcel.data)
        except NoAnswer:
            return Verdict("AMBIGUOUS", "sent, and no reply came")
        with reply:
            return Verdict(_state(reply.status), self._said(reply))

    def _headers(self, parcel: Parcel) -> dict[str, str]:
        headers = {"User-Agent": "Heliograph", "Content-Type": "application/json; charset=utf-8"}
        headers["Content-Length"] = str(len(parcel.data))
        if self._webhook.kind == "generic":
            headers["Idempotency-Key"] = parcel.key
        secret = self._webhook.secret.revealed
        if self._webhook.kind == "generic" and secret:
            headers["Heliograph-Signature"] = signature(secret, int(self._clock()), parcel.data)
        return headers

    def _said(self, reply: HTTPResponse) -> str:
        """Say how the reply went, in our words: its body could hold the message, or the secret address."""
        known = {status.value: status.phrase for status in HTTPStatus}
        said = f"{reply.status} {known.get(reply.status, '')}".strip()
        if self._webhook.kind != "slack" or reply.status < HTTPStatus.BAD_REQUEST:
            return said
        word = (outward.body_of(reply, _REPLY_LIMIT) or b"").decode("ascii", "replace")
        is_slacks = _SLACKS_WORD.fullmatch(word) and word not in self._webhook.url.revealed
        return f"{said}: {word}" if is_slacks else said


def signature(secret: str, at: int, body: bytes) -> str:
    """Sign a body: `t=1795271400,v1=…`, where `at` is in seconds since 1970."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={signed.hexdigest()}"


def _state(status: int) -> State:
    """Judge a reply: only a 2xx says that it was taken; what says that it was not, may be tried again or never."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return "SENT"
    if status in _NOT_TAKEN:
        return "DEFERRED"
    if status in _ELSEWHERE or HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return "FAILED"
    return "AMBIGUOUS"
