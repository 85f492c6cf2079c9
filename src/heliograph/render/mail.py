"""E-mail as bytes: a fixed list of headers, one text and one HTML part, and nothing fetched from anywhere.

What is written here are previews: no `To` and no `Message-ID`, so the same words always give the same bytes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from functools import lru_cache
from typing import Final

import msgspec
from css_inline import CSSInliner

from heliograph.tree.artifact import Artifact, text_artifact

SUBJECT_LIMIT: Final = 150
"""Subjects are composed to at most so many characters; most clients show far fewer."""

_FORBIDDEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|=\?.*\?=")
_CHARSET: Final = '<meta charset="utf-8">'


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One message before it has a recipient.

    `audience` and, where there is one, `customer` and `incident` say for whom and of what it is; `at` is the instant of
    the newest word in it; `thread` is equal for all messages that belong together; `from_` and `reply_to` are bare
    addresses (`reply_to` may be empty), `from_name` the words before the former.
    """

    audience: str
    customer: str = ""
    incident: str = ""
    subject: str
    preheader: str
    text: str
    html: str
    at: datetime
    thread: str
    from_name: str
    from_: str
    reply_to: str = ""
    list_id: str
    language: str = "en"


class _Lines(EmailPolicy):
    """Writes ASCII headers on one line, and others as short encoded words (RFC 2047).

    The library's own folding turns long addresses into encoded words, and loses spaces between two of those.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        """Write one header with its line end."""
        if value.isascii() or name == "From":
            return super().fold_binary(name, value)
        words = Header(str(value), "utf-8", header_name=name).encode(maxlinelen=76, linesep=self.linesep)
        return f"{name}: {words}{self.linesep}".encode("ascii")


POLICY: Final = _Lines(linesep="\r\n", max_line_length=998)
"""How headers are written, and every message read back."""

_BODY: Final = SMTP.clone(max_line_length=76)
"""How bodies are encoded: quoted-printable allows 76 columns."""


class HeaderRefused(ValueError):  # noqa: N818 -- it is an answer, as problems.Refused is
    """A header would not arrive as it was meant; `name` says which, the value is never repeated."""

    def __init__(self, name: str) -> None:
        super().__init__(f"this text cannot stand in the mail header {name}")
        self.name = name


def place(mail: Mail) -> tuple[str, str]:
    """Give folder and name of a preview: `("exec", "digest")`, `("strategic/globex", "k3x9q2mf")`."""
    folder = f"{mail.audience}/{mail.customer}" if mail.customer else mail.audience
    return folder, mail.incident or "digest"


def mail_artifacts(folder: str, name: str, mail: Mail) -> Iterator[Artifact]:
    """Write a preview three times: the message itself, its HTML part and its text part."""
    stem = f"{folder}/{name}" if folder else name
    yield Artifact(f"{stem}.eml", message_bytes(mail))
    yield text_artifact(f"{stem}.html", mail.html)
    yield text_artifact(f"{stem}.txt", mail.text)


def message_bytes(mail: Mail) -> bytes:
    """Write a message with CRLF line ends. Raises HeaderRefused rather than write a header that was not meant."""
    headers = _headers(mail)
    for name, value in headers.items():
        if _FORBIDDEN.search(value):
            raise HeaderRefused(name)
    message = EmailMessage(policy=_BODY)
    for name, value in headers.items():
        if not name.startswith("Content-"):
            message[name] = value
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    message.set_boundary(_boundary(mail))
    # Set last, because the library moves it into the first part when it makes a message of two.
    message["Content-Language"] = headers["Content-Language"]
    data = message.as_bytes(policy=POLICY)
    _read_back(data, headers)
    return data


def _headers(mail: Mail) -> dict[str, str]:
    """Say every header but those of MIME, in the order in which they stand."""
    if _FORBIDDEN.search(mail.from_name):
        raise HeaderRefused("From")
    headers = {
        "From": str(Address(mail.from_name, addr_spec=_address("From", mail.from_))),
        "Reply-To": _address("Reply-To", mail.reply_to) if mail.reply_to else "",
        "Subject": mail.subject,
        "Date": format_datetime(mail.at.astimezone(UTC)),
        "List-Id": mail.list_id,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "Content-Language": mail.language,
    }
    return {name: value for name, value in headers.items() if value}


def _address(name: str, text: str) -> str:
    """Accept one plain address and nothing that could be read as two."""
    if not re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}", text):
        raise HeaderRefused(name)
    return text


def _boundary(mail: Mail) -> str:
    """Part the alternatives by a line made from what they say."""
    digest = hashlib.sha256(f"{mail.text}\0{mail.html}".encode()).hexdigest()
    return f"=_{digest[:32]}"


def _read_back(data: bytes, meant: dict[str, str]) -> None:
    """Parse the bytes as a receiver would and require exactly the headers that were meant."""
    found = [(name, str(value)) for name, value in message_from_bytes(data, policy=POLICY).items()]
    structural = ("MIME-Version", "Content-Type")
    told = [(name, value) for name, value in found if name not in structural]
    for (name, value), (meant_name, meant_value) in zip(told, meant.items(), strict=False):
        if (name, value) != (meant_name, meant_value):
            raise HeaderRefused(meant_name)
    if len(found) != len(meant) + len(structural):
        raise HeaderRefused("list")


@lru_cache(maxsize=1)
def _inliner() -> CSSInliner:
    return CSSInliner(load_remote_stylesheets=False, keep_style_tags=False, keep_at_rules=True)


def inlined(page: str) -> str:
    """Move a page's styles into its elements, as mail programs want them; rules for dark and narrow screens stay.

    The character set is named first again, because it must stand within the first 1,024 bytes.
    """
    inline = _inliner().inline(page)
    return inline.replace(_CHARSET, "", 1).replace("<head>", f"<head>{_CHARSET}", 1)
