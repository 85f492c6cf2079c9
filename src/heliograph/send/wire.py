"""A mail made out to one recipient: its bytes, and the ids in them that are the same on every attempt."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

import msgspec
from msgspec import Struct, structs

from heliograph.message import Mail, Message
from heliograph.operations import Operations
from heliograph.render.mail import HeaderRefused, ending_in, is_plain_address, message_bytes
from heliograph.send.ledger import Delivery

_ID_BYTES: Final = 16

_URL: Final = re.compile(r"https://[A-Za-z0-9._~:/?#@!$&*+;=%-]{1,700}")
_ONCE: Final = re.compile(
    r"(?!(?:To|Cc|Bcc|Sender|Date|From|Subject|Received|Precedence|(?:Resent|Return|Reply|In-Reply|Message|References|List|"
    r"Auto|DKIM|ARC|Authentication)(?:-.*)?)$)[A-Za-z][A-Za-z0-9-]{0,63}",
    re.IGNORECASE,
)
"""Names that a header by which a server knows mails apart may have."""


class Stamp(Struct, frozen=True, kw_only=True):
    """What a mail to one address bears besides its words.

    `to` is the address, `key` the delivery's, `thread` the id of its thread, and `domain` stands behind the @ of both.
    `reply_to` takes the place of the mail's own where it is given. `unsubscribe` is an HTTPS address that stops these
    mails at one click, `mailbox` one that does it by mail, `token` what that mail says; each may be empty. `outside`
    readers are told so in the mail's last line. `once` is the name of a header that bears the key, for servers that
    take no mail twice by it; none if empty.
    """

    to: str
    key: str
    thread: str
    domain: str
    reply_to: str = ""
    unsubscribe: str = ""
    mailbox: str = ""
    token: str = ""
    outside: bool = False
    once: str = ""


def stamp(operations: Operations, message: Message, delivery: Delivery) -> Stamp:
    """Make out a message to the address of one delivery, by what the operator set."""
    secret = operations.secret.revealed
    token = unsubscribe_token(secret, message.reader, delivery.address)
    return Stamp(
        to=delivery.address,
        key=delivery.key,
        thread=thread_id(secret, message.thread, delivery.address),
        domain=operations.mail_domain,
        reply_to=dict(operations.contacts).get(message.owner, "") if message.owner else "",
        unsubscribe=operations.unsubscribe.replace("{token}", token),
        mailbox=operations.unsubscribe_mail,
        token=token,
        outside=message.outside,
        once=operations.idempotency_header,
    )


def wire_bytes(mail: Mail, stamp: Stamp) -> bytes:
    """Write the bytes of a mail for one recipient. Raises HeaderRefused rather than write what was not meant."""
    if stamp.reply_to:
        mail = structs.replace(mail, reply_to=stamp.reply_to)
    if stamp.outside and (stamp.unsubscribe or stamp.mailbox):
        mail = ending_in(mail, stamp.unsubscribe or _mailto(stamp), stamp.unsubscribe or stamp.mailbox)
    return message_bytes(mail, _own_headers(stamp))


def delivery_key(secret: str, site: str, reader: str, kind: str, news: Iterable[str], notify: int, address: str) -> str:
    """Name one delivery for ever: who is told which news, for the how manieth time. Words may change; it does not."""
    return _id(secret, "delivery", site, reader, kind, *sorted(set(news)), str(notify), address.lower())


def thread_id(secret: str, thread: str, address: str) -> str:
    """Name one address's thread of mails, so that its mail program shows them together."""
    return _id(secret, "thread", thread, address.lower())


def unsubscribe_token(secret: str, reader: str, address: str) -> str:
    """Name who wants no more mails, and which, to those alone who know the secret and the list."""
    return _id(secret, "unsubscribe", reader, address.lower())


def _id(secret: str, *parts: str) -> str:
    """Give 26 letters and digits, 128 bits that nobody without the secret can tell from chance."""
    if not secret:
        raise ValueError("ids need a secret")
    # JSON, so that no two lists of parts read the same.
    digest = hmac.digest(secret.encode(), msgspec.json.encode(parts), hashlib.sha256)
    return base64.b32encode(digest[:_ID_BYTES]).decode().rstrip("=").lower()


def _own_headers(stamp: Stamp) -> dict[str, str]:
    thread = _message_id("References", stamp.thread, stamp.domain)
    headers = {
        "To": _plain("To", stamp.to),
        "Message-ID": _message_id("Message-ID", stamp.key, stamp.domain),
        "In-Reply-To": thread,
        "References": thread,
        "List-Unsubscribe": _ways_out(stamp),
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" if stamp.unsubscribe else "",
    }
    if stamp.once:
        if not _ONCE.fullmatch(stamp.once):
            raise HeaderRefused("list")
        headers[stamp.once] = stamp.key
    return headers


def _ways_out(stamp: Stamp) -> str:
    """List how to stop these mails, the easiest way first."""
    if stamp.unsubscribe and not _URL.fullmatch(stamp.unsubscribe):
        raise HeaderRefused("List-Unsubscribe")
    ways = [stamp.unsubscribe, _mailto(stamp) if stamp.mailbox else ""]
    return ", ".join(f"<{way}>" for way in ways if way)


def _mailto(stamp: Stamp) -> str:
    mailbox = quote(_plain("List-Unsubscribe", stamp.mailbox), safe="@")
    return f"mailto:{mailbox}?subject=unsubscribe%20{quote(stamp.token, safe='')}"


def _message_id(name: str, left: str, domain: str) -> str:
    if not re.fullmatch(r"[a-z0-9]{1,64}", left) or not is_plain_address(f"x@{domain}"):
        raise HeaderRefused(name)
    return f"<{left}@{domain}>"


def _plain(name: str, address: str) -> str:
    if not is_plain_address(address):
        raise HeaderRefused(name)
    return address
