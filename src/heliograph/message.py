"""What is told to people by mail or chat, before it has a recipient: frozen, so that it can be kept until sent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

Kind = Literal["digest", "closing", "letter", "notice", "weekly", "chat"]
"""A digest tells all that is open, a closing one incident's end; letters go to one customer, notices to subscribers."""

Channel = Literal["mail", "chat"]


class Mail(Struct, frozen=True, kw_only=True):
    """One e-mail before it has a recipient.

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


class Chat(Struct, frozen=True, kw_only=True):
    """A few lines for a channel that colleagues read: a title, plain words, and where to read on (or nothing)."""

    title: str
    text: str
    url: str = ""


class Topic(Struct, frozen=True, kw_only=True):
    """One incident or maintenance that a message tells of; recipients narrow what they get by these.

    `severity` is empty in all that goes to outsiders.
    """

    id: str
    components: tuple[str, ...]
    impact: str
    severity: str = ""


class Message(Struct, frozen=True, kw_only=True):
    """One thing to be told to one reader: what it is about, which news it brings, and in which words.

    `news` are the ids of all updates whose words it holds and that belong to its thread, oldest first: a message whose
    news have all been told is not told again. `opens` are those that begin or end an incident, which are never held
    back to be told together. `thread` is equal for all messages that belong together, `number` counts this message
    in it, from 1. `mails` say the same in each language, the main one first; `alone` the same without a link and with
    a word on the page that cannot be reached, in the same order (empty where nothing waits for a page). `page` is the
    public address that must show the update `shows` before it goes. `owner` is the role whose mailbox answers go to.
    `outside` tells messages to customers from those to colleagues. Chat has `chat` in place of mails.
    """

    audience: str
    customer: str = ""
    kind: Kind
    topics: tuple[Topic, ...]
    news: tuple[str, ...]
    opens: tuple[str, ...] = ()
    at: datetime
    thread: str
    number: int = 1
    mails: tuple[Mail, ...] = ()
    alone: tuple[Mail, ...] = ()
    chat: Chat | None = None
    page: str = ""
    shows: str = ""
    owner: str = ""
    outside: bool = False

    @property
    def reader(self) -> str:
        """Name the reader as operators do: `exec`, or `customer:globex`."""
        return f"customer:{self.customer}" if self.customer else self.audience

    @property
    def channel(self) -> Channel:
        """Tell by which way it goes."""
        return "mail" if self.chat is None else "chat"


class Pace(Struct, frozen=True, kw_only=True):
    """How an audience is told: at each update, at first and last, or batched `every` so long, in turn after others.

    `most` is the number of recipients beyond which nobody unattended writes to it.
    """

    mode: str
    every: timedelta | None
    most: int
    waits_for_page: bool
    after: tuple[str, ...]
