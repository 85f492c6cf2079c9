"""The operator's file: servers, secrets, recipients' lists. It lies outside the site, and is as strict as the site."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping as Dict
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from heliograph.addresses import address_fault
from heliograph.load import toml
from heliograph.load.agreement import Stated, readers_of, refuse_gaps, roles_of
from heliograph.load.fields import Fields, Wrong
from heliograph.load.files import FILE_LIMIT, decode
from heliograph.load.hosts import Hosts, read_hosts
from heliograph.load.nodes import Mapping, Node, Sequence
from heliograph.load.operator_values import OperatorValues, is_loopback
from heliograph.load.places import matching, read_place, refuse_half
from heliograph.mailbox import folded
from heliograph.model import Site
from heliograph.operations import (
    NO_SECRET,
    BucketPlace,
    FolderPlace,
    Operations,
    Secret,
    Security,
    Smtp,
    SqlitePlace,
    Webhook,
)
from heliograph.problems import Place, Problem, Problems, Refused

SECRET_LENGTH: Final = 32
MAX_AGE: Final = timedelta(hours=6)
CAP: Final = 500
CONNECTIONS: Final = 4
_MOST_CONNECTIONS: Final = 16
_PORTS: Final[dict[Security, int]] = {"starttls": 587, "tls": 465, "none": 25}
_EMPTY: Final = Mapping({}, 1, 1)
_HEADER: Final = re.compile(r"(?=.*idempotency)[A-Za-z][A-Za-z0-9-]{0,63}", re.ASCII | re.IGNORECASE)
_KINDS: Final[tuple[Literal["slack", "generic"], ...]] = ("slack", "generic")
_RECIPIENT: Final = "{token}"
_OF_SENDING: Final = frozenset({"secret", "smtp", "ledger", "send", "recipients", "domains", "contacts", "webhook"})
_OF_PUBLISHING: Final = frozenset({"target", "state"})


def read_operations(path: Path, site: Site, environment: Dict[str, str], root: Path) -> Operations:
    """Read the operator's file for a site that lies at `root`. Raises Refused with every problem; warnings do not."""
    return read_operations_with_warnings(path, site, environment, root)[0]


def read_operations_with_warnings(
    path: Path, site: Site, environment: Dict[str, str], root: Path
) -> tuple[Operations, tuple[Problem, ...]]:
    """As `read_operations`, with what is odd about the file but keeps nobody from sending."""
    problems = Problems()
    values = OperatorValues(path, root, environment, problems)
    text, is_open = _read(path, problems)
    if text is not None and values.is_inside(path):
        message = "this file lies inside the site's folder, which holds content only; move it elsewhere"
        problems.add(Place(str(path)), "E610", message)
    tree = None if text is None else toml.parse(text, str(path), problems)
    operations = None if tree is None else _Reading(tree, values, site, _Around(path, root, environment)).operations()
    if is_open and values.in_clear:
        message = "others on this machine may read this file, and it holds a secret in clear"
        problems.add(values.in_clear[0], "W629", message, "chmod 600, or write ${NAME}")
    if operations is None or problems.errors:
        raise Refused(problems.found)
    return operations, problems.found


def _read(path: Path, problems: Problems) -> tuple[str | None, bool]:
    """Give the file's text (None if it cannot be had, and why is noted), and whether others may read it."""
    place = Place(str(path))
    try:
        with open(path, "rb", opener=_open) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                problems.add(place, "E306", "this is not an ordinary file")
                return None, False
            data = file.read(FILE_LIMIT + 1)
    except OSError as error:
        problems.add(place, *_closed(path, error))
        return None, False
    if len(data) > FILE_LIMIT:
        problems.add(place, "E309", f"this file is larger than {FILE_LIMIT // 1024} KB")
        return None, False
    source = decode(str(path), data, problems)
    return (None if source is None else source.text), bool(status.st_mode & 0o077)


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _closed(path: Path, error: OSError) -> tuple[str, str, str]:
    if path.is_symlink():
        return "E306", "this is a symbolic link", "name the file itself in HELIOGRAPH_OPERATOR"
    if isinstance(error, FileNotFoundError):
        return "E319", "there is no such file", "HELIOGRAPH_OPERATOR names the operator's file"
    if isinstance(error, IsADirectoryError):
        return "E306", "this is a folder", ""
    return "E307", f"this file cannot be read: {error.strerror}", ""


class _Sending(Struct, frozen=True):
    """What the table `send` says."""

    mail_domain: str
    senders: tuple[str, ...]
    unsubscribe: str
    unsubscribe_mail: str
    idempotency_header: str
    page: str
    page_ca_file: Path | None
    max_age: timedelta
    cap: int


class _Around(Struct, frozen=True):
    """Where the file lies, where its site does, and the environment."""

    path: Path
    root: Path
    environment: Dict[str, str]


class _Reading:
    """Reads the tables one by one; what cannot be read is noted, and something harmless stands in for it."""

    def __init__(self, tree: Mapping, values: OperatorValues, site: Site, around: _Around) -> None:
        self._fields = Fields(values, tree)
        self._values = values
        self._site = site
        self._readers = readers_of(site)
        self._around = around
        self._has_smtp = "smtp" in tree.pairs
        self._sends = not _OF_SENDING.isdisjoint(tree.pairs) or _OF_PUBLISHING.isdisjoint(tree.pairs)

    def operations(self) -> Operations | None:
        """Read everything. A file of another site is not held against this one."""
        fields = self._fields
        if fields.need("site", self._own_site) is None:
            return None
        secret, ledger = self._secret_and_ledger() if self._sends else (None, None)
        smtp = fields.read("smtp", self._smtp)
        send = self._send(self._table("send"))
        lists, silent = self._recipients(self._table("recipients"))
        domains = self._domains(self._table("domains"))
        contacts = self._contacts(self._table("contacts"))
        webhooks, hooked = self._webhooks()
        published = self._hosts(ledger, lists)
        product_urls = self._product_urls(self._table("doctor"))
        fields.done()
        if self._sends:
            refuse_gaps(Stated(frozenset(lists), frozenset(silent), hooked, frozenset(domains)), self._site, fields)
        return Operations(
            site=self._site.settings.id,
            secret=secret or NO_SECRET,
            mail_domain=send.mail_domain,
            smtp=smtp,
            ledger=ledger or SqlitePlace(Path()),
            lists=tuple(lists.items()),
            domains=tuple(domains.items()),
            senders=send.senders,
            contacts=contacts,
            silent=silent,
            webhooks=webhooks,
            unsubscribe=send.unsubscribe,
            unsubscribe_mail=send.unsubscribe_mail,
            idempotency_header=send.idempotency_header,
            page=send.page,
            page_ca_file=send.page_ca_file,
            max_age=send.max_age,
            cap=send.cap,
            hosts=published.hosts,
            state=published.state,
            product_urls=product_urls,
        )

    def _secret_and_ledger(self) -> tuple[Secret | None, SqlitePlace | BucketPlace | None]:
        """Read what nobody sends without; who only publishes needs neither."""
        secret = self._fields.need("secret", self._long_secret, "`openssl rand -hex 32` makes one")
        return secret, self._fields.need("ledger", self._ledger, 'such as [ledger] and path = "ledger.db"')

    def _hosts(self, ledger: SqlitePlace | BucketPlace | None, lists: Dict[str, Path]) -> Hosts:
        around = self._around
        files = {"the operator's file": around.path, "the site's folder": around.root}
        files |= {f"the list of `{reader}`": path for reader, path in lists.items() if path.name}
        if isinstance(ledger, SqlitePlace):
            files["the ledger"] = ledger.path
        bucket = ledger if isinstance(ledger, BucketPlace) else None
        return read_hosts(self._fields, self._values, self._site, around.environment, bucket, files)

    def _product_urls(self, fields: Fields) -> tuple[str, ...]:
        found = fields.read("product_urls", self._values.list_of(self._values.web)) or ()
        fields.done()
        return found

    def _table(self, key: str) -> Fields:
        return self._fields.read(key, self._values.fields) or Fields(self._values, _EMPTY)

    def _own_site(self, node: Node) -> str:
        if self._values.line(node) != self._site.settings.id:
            message = f"this file is for another site; this one is `{self._site.settings.id}`"
            raise Wrong(node, "E623", message, "HELIOGRAPH_OPERATOR names the file to use")
        return self._site.settings.id

    def _long_secret(self, node: Node) -> Secret:
        secret = self._values.secret(node)
        if len(secret.revealed) < SECRET_LENGTH:
            message = f"a secret of at least {SECRET_LENGTH} characters is wanted here"
            raise Wrong(node, "E627", message, "`openssl rand -hex 32` makes one")
        return secret

    def _smtp(self, node: Node) -> Smtp | None:
        values, fields = self._values, self._values.fields(node)
        host = fields.need("host", values.host)
        security = fields.read("security", values.choice(tuple(_PORTS), "one of starttls, tls and none")) or "starttls"
        port = fields.read("port", values.port) or _PORTS[security]
        sender = fields.need("sender", values.mailbox)
        username = fields.read("username", values.line) or ""
        password = fields.read("password", values.secret) or NO_SECRET
        ca_file = fields.read("ca_file", values.ordinary_file)
        helo = fields.read("helo", values.host) or ""
        connections = fields.read("connections", self._connections) or CONNECTIONS
        fields.done()
        refuse_half(fields, "username", "password")
        if security == "none" and host is not None and not is_loopback(host):
            message = "mail leaves this machine encrypted only; `none` is for servers on loopback"
            values.problems.add(fields.place("security"), "E509", message)
        if host is None or sender is None:
            return None
        return Smtp(
            host=host,
            port=port,
            security=security,
            sender=sender,
            username=username,
            password=password,
            ca_file=ca_file,
            helo=helo,
            connections=connections,
        )

    def _connections(self, node: Node) -> int:
        found = self._values.count(node)
        if found > _MOST_CONNECTIONS:
            raise Wrong(node, "E119", f"at most {_MOST_CONNECTIONS} connections are used at once")
        return found

    def _ledger(self, node: Node) -> SqlitePlace | BucketPlace | None:
        fields = self._values.fields(node)
        place = read_place(fields, self._values)
        fields.done()
        return SqlitePlace(place.path) if isinstance(place, FolderPlace) else place

    def _send(self, fields: Fields) -> _Sending:
        values = self._values
        many = values.list_of(values.mailbox)
        ask = fields.need if self._has_smtp else fields.read
        sending = _Sending(
            mail_domain=ask("mail_domain", values.domain) or "",
            senders=ask("senders", many) or (),
            unsubscribe=fields.read("unsubscribe", self._unsubscribe) or "",
            unsubscribe_mail=fields.read("unsubscribe_mail", values.mailbox) or "",
            idempotency_header=fields.read(
                "idempotency_header",
                matching(values, _HEADER, "a header whose name holds Idempotency is wanted here"),
            )
            or "",
            page=fields.read("page", values.web) or "",
            page_ca_file=fields.read("page_ca_file", values.ordinary_file),
            max_age=fields.read("max_age", values.span) or MAX_AGE,
            cap=fields.read("cap", values.count) or CAP,
        )
        fields.done()
        self._refuse_sender(fields, sending.senders)
        return sending

    def _refuse_sender(self, fields: Fields, senders: tuple[str, ...]) -> None:
        """Note that the site's own sender is not among those allowed, unless some of them could not be read."""
        node = fields.node("senders")
        whole = isinstance(node, Sequence) and len(node.items) == len(senders)
        if whole and folded(self._site.settings.mail_from) not in map(folded, senders):
            sender = self._site.settings.mail_from
            message = (
                f"mail comes from {sender} (`mail_from` in site_src/site.toml), which is not one of these addresses"
            )
            fields.values.problems.add(fields.place("senders"), "E508", message)

    def _unsubscribe(self, node: Node) -> str:
        text = self._values.line(node)
        if text.count(_RECIPIENT) != 1:
            raise Wrong(node, "E136", f"`{_RECIPIENT}` must stand in this address once: it says who unsubscribes")
        fault = address_fault(text.replace(_RECIPIENT, "t"), frozenset({"https"}))
        if fault is not None:
            raise Wrong(node, *fault)
        return text

    def _recipients(self, fields: Fields) -> tuple[dict[str, Path], tuple[str, ...]]:
        """Give the lists by reader (a wrong path counts as one, so that no gap is noted besides), and the silent."""
        values = self._values
        known = self._readers.keys() | {audience.id for audience in self._site.audiences}
        silent = fields.read("silent", values.list_of(values.choice(known, "an audience or customer"))) or ()
        lists: dict[str, Path] = {}
        for key, node in fields.mapping.pairs.values():
            if key.value == "silent":
                continue
            reader = values.key(key, self._readers, "an audience, or a customer written customer:<id>")
            path = values.attempt(values.ordinary_file, node)
            if path is not None and os.path.realpath(path) in map(os.path.realpath, lists.values()):
                values.refuse(node, "E505", "this is another reader's list already; each has one of its own")
            if reader is not None:
                lists[reader] = path or Path()
        if lists and not self._has_smtp:
            values.refuse(fields.mapping, "E128", "there are lists of recipients, but no table `smtp`")
        return lists, silent

    def _domains(self, fields: Fields) -> dict[str, tuple[str, ...]]:
        values = self._values
        read = values.list_of(values.domain)
        found: dict[str, tuple[str, ...]] = {}
        for key, node in fields.mapping.pairs.values():
            reader = values.key(key, self._readers, "an audience, or a customer written customer:<id>")
            domains = values.attempt(read, node)
            if reader is not None:
                found[reader] = domains or ()
        return found

    def _contacts(self, fields: Fields) -> tuple[tuple[str, str], ...]:
        values, roles = self._values, roles_of(self._site)
        read = [
            (values.key(key, roles, "the owner of an audience or customer"), values.attempt(values.mailbox, node))
            for key, node in fields.mapping.pairs.values()
        ]
        return tuple((role, address) for role, address in read if role is not None and address is not None)

    def _webhooks(self) -> tuple[tuple[Webhook, ...], frozenset[str]]:
        """Give the webhooks, and the audiences that any of them names, right or wrong otherwise."""
        found: dict[str, Webhook] = {}
        hooked: set[str] = set()
        for fields in self._fields.tables("webhook"):
            hook = self._webhook(fields, hooked)
            if hook is not None and found.setdefault(hook.id, hook) is not hook:
                self._values.problems.add(fields.place("id"), "E304", f"the id `{hook.id}` is already that of another")
        return tuple(found.values()), frozenset(hooked)

    def _webhook(self, fields: Fields, hooked: set[str]) -> Webhook | None:
        values = self._values
        channels = frozenset(one.id for one in self._site.audiences if one.id in self._readers)
        identity = fields.need("id", values.identity)
        audience = fields.need("audience", values.choice(channels, "an audience"))
        kind = fields.need("kind", values.choice(_KINDS, "slack or generic"))
        allow_private = fields.read("allow_private", values.yes_or_no) or False
        url = fields.need("url", values.hook(allow_private=allow_private))
        secret = fields.read("secret", values.secret) or NO_SECRET
        ca_file = fields.read("ca_file", values.ordinary_file)
        fields.done()
        hooked.update({audience} if audience else ())
        if identity is None or audience is None or kind is None or url is None:
            return None
        return Webhook(
            id=identity,
            audience=audience,
            kind=kind,
            url=url,
            secret=secret,
            allow_private=allow_private,
            ca_file=ca_file,
        )
