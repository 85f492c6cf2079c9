"""E-mail as bytes: a fixed list of headers, one text and one HTML part, and nothing fetched from anywhere.

Without a recipient's own headers it is a preview: no `To` and no `Message-ID`, so the same words give the same bytes.
"""

from __future__ import annotations

import hashlib
import re
from binascii import b2a_qp
from collections.abc import Iterator, Mapping
from datetime import UTC
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import Header
from email.headerregistry import Address, HeaderRegistry
from email.policy import SMTP, compat32
from email.utils import format_datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from css_inline import CSSInliner
from markupsafe import Markup
from msgspec import structs

from heliograph.message import Mail
from heliograph.render.tongue import tongue
from heliograph.tree.artifact import Artifact, text_artifact

SUBJECT_LIMIT: Final = 150
"""Subjects are composed to at most so many characters; most clients show far fewer."""

SIZE_LIMIT: Final = 100 * 1024
"""A mail has at most so many bytes: some programs cut off what comes after."""

_OWN_ROOM: Final = 4 * 1024
"""What headers and a last line made for one recipient may add to a preview."""

_NO_MORE: Final[Mapping[str, str]] = MappingProxyType({})
_ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")
_NAME: Final = re.compile(r"(?!Content-|MIME-)[A-Za-z][A-Za-z0-9-]{0,63}", re.IGNORECASE)
_FORBIDDEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|=\?.*\?=")
_FOOT: Final = Markup(
    '<table class="sheet" role="presentation" style="border-collapse: collapse; width: 100%; '
    'background-color: #ffffff;"><tr><td class="sheet" style="padding: 0 16px 16px; background-color: #ffffff;">'
    '<table class="page" role="presentation" style="border-collapse: collapse; width: 100%; max-width: 760px; '
    'margin: 0 auto;"><tr><td class="foot" style="padding: 12px 0 0; border-top: 1px solid #cccccc; '
    'font: 14px/1.5 Arial, Helvetica, sans-serif; color: #555555;">{}</td></tr></table></td></tr></table>\n'
)
"""Set as `mail/base.html` sets a page's foot; its rules for dark and narrow screens hold here, too."""

_CHARSET: Final = '<meta charset="utf-8">'


_LINE_LIMIT: Final = 998

POLICY: Final = SMTP.clone(max_line_length=_LINE_LIMIT)
"""How headers are read back."""

_HEADERS: Final = HeaderRegistry()
_STRUCTURAL: Final = ("MIME-Version", "Content-Type")


class HeaderRefused(ValueError):  # noqa: N818 -- it is an answer, as problems.Refused is
    """A header would not arrive as it was meant; `name` says which, the value is never repeated."""

    def __init__(self, name: str) -> None:
        super().__init__(f"this text cannot stand in the mail header {name}")
        self.name = name


def mail_artifacts(folder: str, name: str, mail: Mail) -> Iterator[Artifact]:
    """Write a preview three times: the message itself, its HTML part and its text part."""
    stem = f"{folder}/{name}" if folder else name
    yield Artifact(f"{stem}.eml", message_bytes(mail))
    yield text_artifact(f"{stem}.html", mail.html)
    yield text_artifact(f"{stem}.txt", mail.text)


def message_bytes(mail: Mail, own: Mapping[str, str] = _NO_MORE) -> bytes:
    """Write a message with CRLF line ends; `own` are the headers made for one recipient, by name.

    Raises HeaderRefused rather than write a header that was not meant, or one that stands there already.
    """
    structure, body = _content(mail.text, mail.html)
    try:
        headers = _headers(mail, own)
        *first, last = [_line(name, value) for name, value in headers.items()]
        shared = b"".join(line for name, line in zip(headers, (*first, last), strict=True) if name not in own)
        _read_back(shared + structure, tuple((name, value) for name, value in headers.items() if name not in own))
    except HeaderRefused:
        raise
    except (ValueError, IndexError, LookupError, HeaderParseError) as error:
        # The library reads what it is given, and not all of its ways to fail are foreseen by itself.
        raise HeaderRefused("list") from error
    head = b"".join((*first, structure, last))
    _look_over(head, headers)
    return b"".join((head, b"\r\n", body))


def too_large(mail: Mail) -> bool:
    """Tell whether a mail would be larger than `SIZE_LIMIT` once it is made out to somebody."""
    return len(message_bytes(mail)) + _OWN_ROOM > SIZE_LIMIT


def ending_in(mail: Mail, way: str, shown: str) -> Mail:
    """Add as last line how to stop these mails: `way` is the link that leads there, `shown` its words."""
    spoken = tongue(mail.language)
    line = spoken.gettext("To stop these mails: %(address)s", address=shown)
    link = Markup('<a href="{}" style="color: #0b57a4; word-break: break-word;">{}</a>').format(way, shown)
    foot = str(_FOOT.format(spoken.marked("To stop these mails: %(address)s", address=link)))
    # However its layout is built, a page ends with its body.
    end = mail.html.rfind("</body>")
    end = len(mail.html) if end < 0 else end
    return structs.replace(
        mail, text=f"{mail.text.rstrip()}\n\n{line}\n", html=mail.html[:end] + foot + mail.html[end:]
    )


def is_plain_address(text: str) -> bool:
    """Tell whether a text is one address, in a form that nothing can be hidden in."""
    return _ADDRESS.fullmatch(text) is not None


def _line(name: str, value: str) -> bytes:
    """Write one header: ASCII as it is on one line, other letters as short encoded words (RFC 2047).

    The library's own folding turns long addresses into encoded words, and loses spaces between two of those.
    """
    if name == "From":
        return _HEADERS(name, value).fold(policy=POLICY).encode("ascii")
    if not value.isascii():
        value = Header(value, "utf-8", header_name=name).encode(maxlinelen=76, linesep="\r\n")
    elif len(name) + len(value) + 2 > _LINE_LIMIT:
        raise HeaderRefused(name)
    return f"{name}: {value}\r\n".encode("ascii")


@lru_cache(maxsize=8)
def _content(text: str, html: str) -> tuple[bytes, bytes]:
    """Encode both parts: the headers that say so, and the body."""
    boundary = _boundary(text, html)
    structure = f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{boundary}"\r\n'
    parts = (_part(boundary, "plain", text), _part(boundary, "html", html))
    return structure.encode(), b"".join((*parts, f"--{boundary}--\r\n".encode()))


def _part(boundary: str, subtype: str, words: str) -> bytes:
    """Encode one part as quoted-printable (RFC 2045, 6.7), of lines of at most 76 characters."""
    head = f'--{boundary}\r\nContent-Type: text/{subtype}; charset="utf-8"\r\n'
    ended = words if words.endswith("\n") else f"{words}\n"
    encoded = b2a_qp(ended.replace("\r", "").replace("\n", "\r\n").encode(), istext=True)
    return b"".join((head.encode(), b"Content-Transfer-Encoding: quoted-printable\r\n\r\n", encoded, b"\r\n"))


def _headers(mail: Mail, own: Mapping[str, str]) -> dict[str, str]:
    """Say every header but those of MIME, in the order in which they stand."""
    if _FORBIDDEN.search(mail.from_name):
        raise HeaderRefused("From")
    theirs = {
        "From": str(Address(mail.from_name, addr_spec=_address("From", mail.from_))),
        "Reply-To": _address("Reply-To", mail.reply_to) if mail.reply_to else "",
        "Subject": mail.subject,
        "Date": format_datetime(mail.at.astimezone(UTC)),
        "List-Id": mail.list_id,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    headers = {name: value for name, value in (*theirs.items(), *own.items()) if value}
    if len({name.lower() for name in (*theirs, *own)}) < len(theirs) + len(own):
        raise HeaderRefused("list")
    headers["Content-Language"] = mail.language
    for name, value in headers.items():
        if _FORBIDDEN.search(value) or (name in own and not _NAME.fullmatch(name)):
            raise HeaderRefused(name if _NAME.fullmatch(name) else "list")
    return headers


def _address(name: str, text: str) -> str:
    """Accept one plain address and nothing that could be read as two."""
    if not is_plain_address(text):
        raise HeaderRefused(name)
    return text


def _boundary(text: str, html: str) -> str:
    """Part the alternatives by a line made from what they say."""
    digest = hashlib.sha256(f"{text}\0{html}".encode()).hexdigest()
    return f"=_{digest[:32]}"


@lru_cache(maxsize=32)
def _read_back(head: bytes, meant: tuple[tuple[str, str], ...]) -> None:
    """Parse what all copies of a mail share as a receiver would, and require exactly the headers that were meant."""
    found = [(name, str(value)) for name, value in message_from_bytes(head + b"\r\n", policy=POLICY).items()]
    told = [(name, value) for name, value in found if name not in _STRUCTURAL]
    for (name, value), (meant_name, meant_value) in zip(told, meant, strict=False):
        if (name, value) != (meant_name, meant_value):
            raise HeaderRefused(meant_name)
    if len(found) != len(meant) + len(_STRUCTURAL):
        raise HeaderRefused("list")


def _look_over(head: bytes, meant: Mapping[str, str]) -> None:
    """Require of each copy that another parser finds exactly the headers that were meant, letter by letter if ASCII."""
    found = message_from_bytes(head + b"\r\n", policy=compat32).items()
    told = [(name, value) for name, value in found if name not in _STRUCTURAL]
    if [name for name, _ in told] != list(meant) or len(found) != len(meant) + len(_STRUCTURAL):
        raise HeaderRefused("list")
    for (name, value), wanted in zip(told, meant.values(), strict=True):
        if name != "From" and wanted.isascii() and value != wanted:
            raise HeaderRefused(name)


@lru_cache(maxsize=1)
def _inliner() -> CSSInliner:
    return CSSInliner(load_remote_stylesheets=False, keep_style_tags=False, keep_at_rules=True)


def inlined(page: str) -> str:
    """Move a page's styles into its elements, as mail programs want them; rules for dark and narrow screens stay.

    The character set is named first again, because it must stand within the first 1,024 bytes.
    """
    inline = _inliner().inline(page)
    return inline.replace(_CHARSET, "", 1).replace("<head>", f"<head>{_CHARSET}", 1)
