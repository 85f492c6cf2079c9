"""Messages as files to look at: each mail three times, and what goes to chat as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

import msgspec

from heliograph.message import Chat, Mail, Message, Topic
from heliograph.render.mail import mail_artifacts
from heliograph.tree.artifact import Artifact, text_artifact

_STEMS: Final = {"digest": "digest", "weekly": "weekly", "closing": "closing-{}", "chat": "chat-{}"}


def folder(message: Message) -> str:
    """Say where previews for its reader lie: `exec`, or `strategic/globex`."""
    return f"{message.audience}/{message.customer}" if message.customer else message.audience


def stem(message: Message) -> str:
    """Name its preview in that folder: `digest`, `closing-k3x9q2mf`, or `k3x9q2mf` for a letter about one incident."""
    return _STEMS.get(message.kind, "{}").format(message.topics[0].id if message.topics else "")


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One message in the list of a reader's messages: all that decides whether and when it is sent, and its files."""

    file: str
    kind: str
    title: str
    at: datetime
    thread: str
    number: int
    news: tuple[str, ...]
    opens: tuple[str, ...]
    topics: tuple[Topic, ...]
    page: str
    shows: str
    owner: str
    outside: bool
    languages: tuple[str, ...]


def previews(messages: Iterable[Message]) -> Iterator[Artifact]:
    """Write one reader's messages in each language they are told in, and a list of them as `index.json`.

    The main language's files have no language in their names. What goes when the public page cannot be reached has
    `.unlinked` in them.
    """
    listed = list[Listed]()
    for message in messages:
        listed.append(_listed(message))
        if message.chat is not None:
            yield text_artifact(f"{folder(message)}/{stem(message)}.txt", chat_text(message.chat))
        yield from _mails(message, message.mails, "")
        yield from _mails(message, message.alone, ".unlinked")
    if listed:
        place = listed[0].file.rpartition("/")[0]
        yield Artifact(f"{place}/index.json", msgspec.json.format(msgspec.json.encode(listed), indent=2) + b"\n")


def _listed(message: Message) -> Listed:
    return Listed(
        file=f"{folder(message)}/{stem(message)}",
        kind=message.kind,
        title=message.chat.title if message.chat else message.mails[0].subject,
        at=message.at,
        thread=message.thread,
        number=message.number,
        news=message.news,
        opens=message.opens,
        topics=message.topics,
        page=message.page,
        shows=message.shows,
        owner=message.owner,
        outside=message.outside,
        languages=tuple(mail.language for mail in message.mails),
    )


def chat_text(chat: Chat) -> str:
    """Set what goes to chat as plain lines."""
    return "\n".join(part for part in (chat.title, chat.text, chat.url) if part) + "\n"


def _mails(message: Message, mails: tuple[Mail, ...], ending: str) -> Iterator[Artifact]:
    for number, mail in enumerate(mails):
        language = f".{mail.language}" if number else ""
        yield from mail_artifacts(folder(message), f"{stem(message)}{ending}{language}", mail)
