"""One HTTP exchange with a host that others name: to an address that was looked at, over TLS, and never for long.

The standard client opens no connection here: names are resolved once, judged, and what was judged is connected to, so
that a second answer of the DNS changes nothing. Proxies of the environment are not asked, redirects not followed.
"""

from __future__ import annotations

import io
import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

from msgspec import Struct

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Resolve = Callable[[str, int], Sequence[str]]
"""Gives the addresses of a host as text; OSError where there are none."""

_REFUSED: Final = tuple(
    map(ip_network, ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "fec0::/10", "5f00::/16"))
)
"""Addresses of clouds' own services, and of private networks, that the standard library takes for public."""

_NAT64: Final = ip_network("64:ff9b::/96")
_HOST: Final = re.compile(r"[A-Za-z0-9._:-]{1,253}", re.ASCII)
_TARGET: Final = re.compile(r"[!-~]*", re.ASCII)
_CONNECT_SECONDS: Final = 10.0
"""How long one address is tried."""


class WayRefused(Exception):  # noqa: N818 -- it is an answer, not a fault
    """An address that nothing is sent to: `code` says why, and neither it nor the message repeats the address."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class NotConnected(Exception):  # noqa: N818 -- it is an answer, not a fault
    """Nothing was sent, because there was no connection; the message says why, without the address."""


class NoAnswer(Exception):  # noqa: N818 -- it is an answer, not a fault
    """A request was sent, at least in part, and no reply to it could be read."""


class Way(Struct, frozen=True, kw_only=True):
    """An address taken apart: where it leads, and what is asked for there."""

    secure: bool
    host: str
    port: int
    target: str

    @property
    def origin(self) -> str:
        """What the header `Host` says: the host, with its port where that is an unusual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def way(url: str) -> Way:
    """Take an address apart. Raises WayRefused: E136 for what is none, E411 for one with a user's name."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise WayRefused("E136", "this is not a whole address") from None
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if parts.scheme not in ("https", "http") or not _HOST.fullmatch(host) or not _TARGET.fullmatch(url):
        raise WayRefused("E136", "this is not a whole address in ASCII that begins with https:")
    if "@" in parts.netloc or "\\" in url:
        raise WayRefused("E411", "an address must not hold a user name or password")
    secure = parts.scheme == "https"
    return Way(secure=secure, host=host, port=port or (443 if secure else 80), target=target)


def is_address(host: str) -> bool:
    """Tell whether a host is written as an IP address rather than a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_public(address: str) -> bool:
    """Tell whether an address belongs to a host of the open network: not to this machine, a local one or a cloud's.

    An IPv6 address that stands for an IPv4 one is judged as that.
    """
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv4Address):
        return _is_public(ip)
    if ip in _NAT64:
        return _is_public(IPv4Address(int(ip) & 0xFFFF_FFFF))
    if ip.ipv4_mapped is not None:
        return _is_public(ip.ipv4_mapped)
    return _is_public(ip) and (ip.sixtofour is None or _is_public(ip.sixtofour))


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    if not ip.is_global or ip.is_multicast or ip.is_reserved or ip.is_unspecified:
        return False
    return not any(ip in network for network in _REFUSED)


def resolved(host: str, port: int) -> tuple[str, ...]:
    """Ask the system for the addresses of a host, in its order."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


def judged(to: Way, resolve: Resolve, *, allow_private: bool) -> tuple[str, ...]:
    """Give the addresses of a host, all of which may be connected to.

    Raises WayRefused: E512 if any is private and that is not allowed, E513 if words would go over the open network
    as anyone can read them; NotConnected if there are none.
    """
    try:
        found = tuple(resolve(to.host, to.port))
    except (OSError, UnicodeError):
        raise NotConnected("the host's name cannot be resolved") from None
    if not found:
        raise NotConnected("the host's name has no address")
    public = [is_public(address) for address in found]
    if not allow_private and not all(public):
        raise WayRefused("E512", "the host has a private address")
    if not to.secure and any(public):
        raise WayRefused("E513", "the address is not HTTPS")
    return found


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """Give the system's trust, and that in a file besides. Raises NotConnected if the file is not usable."""
    context = ssl.create_default_context()
    try:
        if ca_file is not None:
            context.load_verify_locations(ca_file)
    except (OSError, ssl.SSLError):
        raise NotConnected("the file of trusted certificates cannot be read") from None
    return context


class Deadline:
    """An instant after which nothing is waited for."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Give the seconds left. Raises TimeoutError if there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class Line:
    """A connection to one host, with the whole of what may be waited for; close it in the end."""

    def __init__(self, to: Way, addresses: Sequence[str], context: ssl.SSLContext | None, deadline: Deadline) -> None:
        """Connect to the first address that answers. Raises NotConnected."""
        self._to = to
        self._deadline = deadline
        self._socket = _connected(to, addresses, context, deadline)

    def ask(self, method: Literal["GET", "POST"], headers: Mapping[str, str], body: bytes = b"") -> HTTPResponse:
        """Send a request and read the head of its reply. Raises NoAnswer."""
        client = HTTPConnection(self._to.host, self._to.port)
        client.auto_open = 0
        client.sock = self
        try:
            client.putrequest(method, self._to.target, skip_host=True, skip_accept_encoding=True)
            for name, value in {"Host": self._to.origin, **headers, "Connection": "close"}.items():
                client.putheader(name, value)
            client.endheaders(body or None)
            return client.getresponse()
        except (OSError, HTTPException, ValueError):
            raise NoAnswer from None

    def sendall(self, data: bytes) -> None:
        """Send bytes as long as there is time."""
        self._socket.settimeout(self._deadline.left())
        self._socket.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Read what comes as long as there is time, however slowly it drips."""
        return io.BufferedReader(_Reader(self._socket, self._deadline))

    def close(self) -> None:
        """Leave the connection open for who reads the reply; `hang_up` closes it."""

    def hang_up(self) -> None:
        """Close the connection; never raises."""
        try:
            self._socket.close()
        except OSError:
            return


def body_of(reply: HTTPResponse, limit: int) -> bytes | None:
    """Read a reply's body; None if it is longer than `limit` bytes, or does not come whole in time."""
    try:
        found = reply.read(limit + 1)
    except (OSError, HTTPException, ValueError):
        return None
    is_whole = len(found) <= limit and not reply.length
    return found if is_whole else None


class _Reader(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._socket = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        self._socket.settimeout(self._deadline.left())
        return self._socket.recv_into(buffer)


def _connected(to: Way, addresses: Sequence[str], context: ssl.SSLContext | None, deadline: Deadline) -> socket.socket:
    """Open a connection, and TLS over it unless no context is given. Raises NotConnected with the last reason."""
    why = "no address"
    for address in addresses:
        try:
            seconds = min(_CONNECT_SECONDS, deadline.left())
            plain = socket.create_connection((address, to.port), seconds)
        except TimeoutError:
            why = "no connection in time"
            continue
        except OSError:
            why = "no connection"
            continue
        try:
            plain.settimeout(min(_CONNECT_SECONDS, deadline.left()))
            return context.wrap_socket(plain, server_hostname=to.host) if context else plain
        except ssl.SSLCertVerificationError:
            why = "the certificate is not trusted"
        except (OSError, ValueError):
            why = "no secure connection"
        plain.close()
    raise NotConnected(why)
