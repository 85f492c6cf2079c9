"""What the people who run a site know and its authors need not: servers, secrets, addresses. Never part of the site."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal

from msgspec import Struct

Security = Literal["starttls", "tls", "none"]


class Secret(Struct, frozen=True):
    """A text that no log, traceback or listing repeats; `revealed` is the text."""

    revealed: str

    def __repr__(self) -> str:
        """Say only whether there is one."""
        return "<Secret>" if self.revealed else "<no secret>"


NO_SECRET = Secret("")


class Smtp(Struct, frozen=True, kw_only=True):
    """The server that takes our mail. `security` is `none` on loopback only; `ca_file` adds to what is trusted.

    `sender` is the envelope's, where bounces go; `connections` how many are used at once.
    """

    host: str
    port: int
    security: Security
    sender: str
    username: str = ""
    password: Secret = NO_SECRET
    ca_file: Path | None = None
    helo: str = ""
    connections: int = 4


class SqlitePlace(Struct, frozen=True):
    """A ledger in a file on this machine."""

    path: Path


class FolderPlace(Struct, frozen=True):
    """A folder on this machine."""

    path: Path


class BucketPlace(Struct, frozen=True, kw_only=True):
    """A bucket, or what lies under a prefix of it; credentials are the environment's unless given.

    `account` is the AWS account that has to own it, empty where nobody says.
    """

    bucket: str
    prefix: str = ""
    account: str = ""
    endpoint: str = ""
    region: str = ""
    access_key: str = ""
    secret_key: Secret = NO_SECRET
    ca_file: Path | None = None


class Webhook(Struct, frozen=True, kw_only=True):
    """A channel that an audience reads; `secret` signs what generic ones get. Private addresses only if allowed."""

    id: str
    audience: str
    kind: Literal["slack", "generic"]
    url: Secret
    secret: Secret = NO_SECRET
    allow_private: bool = False
    ca_file: Path | None = None


class Host(Struct, frozen=True, kw_only=True):
    """Where one tree is published to, and where its readers look.

    `urls` are all addresses (no slash at the end) under which the tree is served: pages for everyone are confirmed at
    the first, and for insiders' pages none of them may answer a stranger. `distribution` is a CloudFront one.
    """

    id: str
    tree: str
    place: BucketPlace | FolderPlace
    urls: tuple[str, ...] = ()
    ca_file: Path | None = None
    distribution: str = ""


class Operations(Struct, frozen=True, kw_only=True):
    """The operator's file, read and checked.

    `secret` makes the ids of messages; `mail_domain` stands behind their @. `lists` are recipients' files by reader
    (`exec`, `customer:globex`), `domains` the mail domains allowed by audience, `contacts` addresses by role (an
    account's owner answers its customer). `silent` are audiences nobody is written to on purpose. `unsubscribe` is an
    HTTPS address with `{token}` in it, `unsubscribe_mail` a mailbox. `page` is where the public page is confirmed to
    be live, empty where nobody can look. `hosts` are the targets, and `state` the private place that knows what was
    published to them (None: the site's own folder for such things). `product_urls` are addresses of what the site
    reports on, with which its pages should share nothing.

    A file that only says where to publish has no `secret`, no lists and no webhooks, and nobody is written to.
    """

    site: str
    secret: Secret
    mail_domain: str
    smtp: Smtp | None
    ledger: SqlitePlace | BucketPlace
    lists: tuple[tuple[str, Path], ...]
    domains: tuple[tuple[str, tuple[str, ...]], ...]
    senders: tuple[str, ...]
    contacts: tuple[tuple[str, str], ...]
    silent: tuple[str, ...]
    webhooks: tuple[Webhook, ...]
    unsubscribe: str
    unsubscribe_mail: str
    idempotency_header: str
    page: str
    page_ca_file: Path | None
    max_age: timedelta
    cap: int
    hosts: tuple[Host, ...] = ()
    state: BucketPlace | FolderPlace | None = None
    product_urls: tuple[str, ...] = ()

    @property
    def can_send(self) -> bool:
        """Tell whether the file says how anybody is written to."""
        return bool(self.secret.revealed)


class Recipient(Struct, frozen=True, kw_only=True):
    """One address of one reader's list, with what it asked for; empty tuples ask for everything.

    `severities` are given for insiders only. `place` is where it stands, `file:line`.
    """

    reader: str
    address: str
    name: str = ""
    language: str = ""
    components: tuple[str, ...] = ()
    impacts: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    place: str = ""
