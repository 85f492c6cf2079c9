"""Values of the operator's file: filled in from the environment, and never repeated in a message."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Collection
from collections.abc import Mapping as Dict
from pathlib import Path
from typing import Final, TypeVar

from heliograph.load.fields import LINE_LIMIT, TEXT_LIMIT, Reader, Values, Wrong
from heliograph.load.nodes import Node, Scalar
from heliograph.load.resolve import Labels, Vocabulary
from heliograph.load.shown import shown
from heliograph.mailbox import Unfit, read_domain, read_mailbox
from heliograph.operations import Secret
from heliograph.problems import Place, Problems, did_you_mean

_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]{0,99})\}", re.ASCII)
_BEGIN: Final = "${"
_HOST: Final = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)*", re.ASCII)
_PORTS: Final = 65_535
_NO_LABELS: Final = Labels(Vocabulary(frozenset(), frozenset(), frozenset(), frozenset()))

T = TypeVar("T")


class OperatorValues(Values):
    """Reads single values of the operator's file. Text such as `${NAME}` in them is replaced from the environment.

    `in_clear` gathers where secrets stand that did not come from there. No message repeats a value: any might be a
    secret that was put under a wrong key.
    """

    def __init__(self, path: Path, root: Path, environment: Dict[str, str], problems: Problems) -> None:
        super().__init__(str(path), problems, _NO_LABELS)
        self.unknown_key = "E609"
        self.in_clear: list[Place] = []
        self._folder = path.parent
        self._root = os.path.realpath(root)
        self._environment = environment
        self._filled: set[Place] = set()

    def attempt(self, how: Reader[T], node: Node) -> T | None:
        """Fill a value in, then read it; None if either cannot be done, and why is noted."""

        def read(node: Node) -> T:
            return how(self._fill(node) if isinstance(node, Scalar) and _BEGIN in node.value else node)

        return super().attempt(read, node)

    def _fill(self, node: Scalar) -> Scalar:
        self._filled.add(self.place(node))
        if _BEGIN in _VARIABLE.sub("", node.value):
            raise Wrong(node, "E615", "`${` begins a variable's name, as in ${SMTP_PASSWORD}, and is nothing else here")
        text = _VARIABLE.sub(lambda found: self._value(node, found.group(1)), node.value)
        return Scalar(text, node.line, node.column, node.kind)

    def _value(self, node: Node, name: str) -> str:
        value = self._environment.get(name)
        if value is None:
            raise Wrong(node, "E615", f"the environment variable `{name}` is not set")
        if not value.strip():
            raise Wrong(node, "E615", f"the environment variable `{name}` is empty")
        return value

    def choice(self, known: Collection[T], what: str) -> Reader[T]:
        """Make a reader of one of some known words."""

        def read(node: Node) -> T:
            text = self.line(node)
            for word in known:
                if word == text:
                    return word
            raise Wrong(node, "E131", f"this is not {what}", did_you_mean(text, map(str, known)))

        return read

    def key(self, key: Scalar, known: Collection[str], what: str) -> str | None:
        """Read a key as one of some known words; None if it is not, which is noted."""
        if key.value in known:
            return key.value
        self.refuse(key, "E131", f"`{shown(key.value)}` is not {what}", did_you_mean(key.value, known))
        return None

    def secret(self, node: Node) -> Secret:
        """Read a secret of one line as it stands, spaces included."""
        text = self.text(node, TEXT_LIMIT)
        if "\n" in text:
            raise Wrong(node, "E126", "this must be one line; does the variable end with a line end?")
        if self.place(node) not in self._filled:
            self.in_clear.append(self.place(node))
        return Secret(text)

    def mailbox(self, node: Node) -> str:
        """Read one plain e-mail address."""
        try:
            return read_mailbox(self.line(node))
        except Unfit as unfit:
            raise Wrong(node, unfit.code, str(unfit)) from unfit

    def domain(self, node: Node) -> str:
        """Read a mail domain."""
        try:
            return read_domain(self.line(node))
        except Unfit as unfit:
            raise Wrong(node, unfit.code, str(unfit)) from unfit

    def host(self, node: Node) -> str:
        """Read the name or IP address of a server."""
        text = self.line(node)
        if _HOST.fullmatch(text) is None and _ip(text) is None:
            raise Wrong(node, "E136", "a server's name or IP address is wanted here, without scheme and port")
        return text

    def port(self, node: Node) -> int:
        """Read a port."""
        found = self.count(node)
        if found > _PORTS:
            raise Wrong(node, "E119", f"a port is a number from 1 to {_PORTS}")
        return found

    def web(self, node: Node) -> str:
        """Read a web address without its last slash: https, or http on this machine."""
        text = self.address(frozenset({"https", "http"}))(node).rstrip("/")
        host = text.partition("://")[2].split("/")[0]
        if text.lower().startswith("http:") and not is_loopback(re.sub(r":\d+$", "", host).strip("[]")):
            raise Wrong(node, "E136", "an address of this kind begins with https: except on this machine")
        return text

    def hook(self, *, allow_private: bool) -> Reader[Secret]:
        """Make a reader of a webhook's address, which lets in whoever knows it."""

        def read(node: Node) -> Secret:
            text = self.address(frozenset({"http", "https"}))(node)
            if not allow_private and not text.lower().startswith("https:"):
                raise Wrong(node, "E513", "this address must begin with https:")
            return self.secret(node)

        return read

    def path(self, node: Node) -> Path:
        """Read a path outside the site; a relative one starts at the operator's file."""
        path = self._folder / self.line(node, LINE_LIMIT)
        if self.is_inside(path):
            raise Wrong(node, "E610", "this lies inside the site's folder, which holds content only; move it elsewhere")
        return path

    def ordinary_file(self, node: Node) -> Path:
        """Read the path of an ordinary file that is there."""
        path = self.path(node)
        if os.path.islink(path) or (os.path.lexists(path) and not os.path.isfile(path)):  # noqa: PTH114, PTH113 -- never raise
            raise Wrong(node, "E306", "this is not an ordinary file")
        if not os.path.lexists(path):
            raise Wrong(node, "E319", "there is no such file", "relative paths start at the operator's file")
        return path

    def is_inside(self, path: Path) -> bool:
        """Tell whether a path leads into the site's folder, by whatever way."""
        return Path(os.path.realpath(path)).is_relative_to(self._root)


def is_loopback(host: str) -> bool:
    """Tell whether what is said to a host stays on this machine: 127.0.0.0/8, ::1 or `localhost`."""
    address = _ip(host)
    return host.lower() == "localhost" if address is None else address.is_loopback


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
