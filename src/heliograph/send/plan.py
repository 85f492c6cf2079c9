"""Who is to be told what now: messages with news nobody had told their reader, and the addresses each goes to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

from msgspec import Struct

from heliograph.mailbox import folded
from heliograph.message import Message, Pace, Topic
from heliograph.operations import Recipient
from heliograph.send.ledger import Addressee, Outcome, Planned
from heliograph.send.wire import delivery_key

REMEMBERED: Final = timedelta(days=60)
"""So far back the ledger is asked who was told; whatever is older is news to nobody, and tells no times of delivery."""

WEEKLY_AGE: Final = timedelta(days=1)
"""A week's digest is worth sending for so long, whatever the greatest age of other messages is."""


_BROADEST: Final = (9, 0)


class Terms(Struct, frozen=True, kw_only=True):
    """What holds for a whole run: whose messages they are, how each audience is paced, and what is too old to tell.

    `channels` name, by audience, the webhooks that its chat goes to.
    """

    site: str
    secret: str
    paces: Mapping[str, Pace]
    max_age: timedelta
    channels: Mapping[str, tuple[str, ...]]


class Intent(Struct, frozen=True, kw_only=True):
    """A message to be written into the ledger with its addressees; `spared` had a more specific message of the same."""

    planned: Planned
    addressees: tuple[Addressee, ...]
    spared: int = 0


class Reached(Struct, frozen=True):
    """That an address was told news before, in a message that is in the ledger."""

    address: str
    message: Message
    news: tuple[str, ...]


def intend(
    messages: Iterable[Message],
    known: Sequence[Planned],
    recipients: Sequence[Recipient],
    reached: Sequence[Reached],
    terms: Terms,
    now: datetime,
) -> tuple[Intent, ...]:
    """Decide what to plan, most specific readers first. News that pacing holds back stay fresh for the next run.

    `known` is what was planned since `REMEMBERED`, or all that ever was where `need_all` says so; `reached` what
    addresses were told under other readers' lists.
    """
    due = [due for message in messages if (due := _due(message, known, terms, now)) is not None]
    sizes = _sizes(recipients)
    told: dict[tuple[str, str], tuple[int, int]] = {}
    for one in reached:
        for news in one.news:
            key = folded(one.address), news
            told[key] = min(_breadth(one.message, sizes), told.get(key, _BROADEST))
    found = []
    for planned in sorted(due, key=lambda one: (_breadth(one.message, sizes), one.message.at, one.id)):
        breadth = _breadth(planned.message, sizes)
        already = {one for one, how in told.items() if how <= breadth}
        intent = _addressed(planned, recipients, already, terms)
        told |= {(folded(one.address), news): breadth for one in intent.addressees for news in planned.fresh}
        found.append(intent)
    return tuple(found)


def baseline(messages: Iterable[Message], known: Sequence[Planned], now: datetime) -> tuple[Planned, ...]:
    """Take all that could be told now for told: what existed before the first run is sent to nobody."""
    young = (message for message in messages if not _is_past(message, now))
    return tuple(_planned(message, fresh, "baseline", now) for message in young if (fresh := _fresh(message, known)))


def need_all(messages: Iterable[Message], recent: Sequence[Planned], now: datetime) -> bool:
    """Tell whether what was planned of late is not enough to know what is fresh.

    A message whose first of several news seems fresh may go on with something that was told longer ago.
    """
    young = (message for message in messages if not _is_past(message, now))
    return any(len(message.news) > 1 and message.news[0] in _fresh(message, recent) for message in young)


def _is_past(message: Message, now: datetime) -> bool:
    """Tell whether a message is so old that nobody is told of it, nor is that recorded: it may have been already."""
    return message.at < now - REMEMBERED


def mark(what: Literal["begun", "done"], now: datetime) -> Planned:
    """Make the entry that stands in a ledger where a baseline begins, or ends: it tells nobody anything."""
    nothing = Message(audience="", kind="digest", topics=(), news=(), at=now, thread="")
    return Planned(id=f"baseline-{what}-{now.isoformat()}", at=now, outcome="baseline", fresh=(), message=nothing)


def is_unfinished(known: Iterable[Planned]) -> bool:
    """Tell whether the last baseline was begun and did not end: what it did not get to would all be news."""
    marks = [one.id for one in known if not one.fresh and one.id.startswith("baseline-")]
    return bool(marks) and marks[-1].startswith("baseline-begun-")


def _due(message: Message, known: Sequence[Planned], terms: Terms, now: datetime) -> Planned | None:
    fresh = () if _is_past(message, now) else _fresh(message, known)
    if not fresh:
        return None
    oldest = max(terms.max_age, WEEKLY_AGE) if message.kind == "weekly" else terms.max_age
    if message.at < now - oldest:
        return _planned(message, fresh, "expired", now)
    pace = terms.paces[message.audience]
    return _planned(message, fresh, "planned", now) if _may_go(message, fresh, pace, known, now) else None


def _fresh(message: Message, known: Sequence[Planned]) -> tuple[str, ...]:
    """Find what nobody had told this reader by this way: of a planned message all news, since then, have been."""
    told = {news for one in known if _same_way(one.message, message) for news in one.message.news}
    return tuple(news for news in message.news if news not in told)


def _same_way(one: Message, other: Message) -> bool:
    return (one.reader, one.channel) == (other.reader, other.channel)


def _may_go(message: Message, fresh: Sequence[str], pace: Pace, known: Sequence[Planned], now: datetime) -> bool:
    """Judge by the audience's pace. The first word of an incident and its last never wait to be told with others."""
    if message.channel == "chat" or message.kind == "weekly" or pace.mode == "each-update":
        return True
    if not set(message.opens).isdisjoint(fresh):
        return True
    if pace.mode == "first-and-last" or pace.every is None:
        return False
    earlier = [one.at for one in known if _same_way(one.message, message) and one.outcome == "planned"]
    return not earlier or max(earlier) <= now - pace.every


def _planned(message: Message, fresh: tuple[str, ...], outcome: Outcome, now: datetime) -> Planned:
    told = "\0".join((message.reader, message.channel, message.kind, *sorted(fresh)))
    identity = hashlib.sha256(told.encode()).hexdigest()[:32]
    return Planned(id=identity, at=now, outcome=outcome, fresh=fresh, message=message)


def _sizes(recipients: Sequence[Recipient]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for one in recipients:
        sizes[one.reader] = sizes.get(one.reader, 0) + 1
    return sizes


def _breadth(message: Message, sizes: Mapping[str, int]) -> tuple[int, int]:
    """Rank how specific a message is: to one customer, to colleagues by the length of their list, to everyone."""
    rank = 0 if message.customer else 2 if message.outside else 1
    return rank, sizes.get(message.reader, 0)


def _addressed(planned: Planned, recipients: Sequence[Recipient], told: set[tuple[str, str]], terms: Terms) -> Intent:
    if planned.outcome != "planned":
        return Intent(planned=planned, addressees=())
    message = planned.message
    if message.channel == "chat":
        hooks = terms.channels.get(message.audience, ())
        return Intent(planned=planned, addressees=tuple(_addressee(planned, hook, "", terms) for hook in hooks))
    wanting = [one for one in recipients if one.reader == message.reader and _wants(one, message.topics)]
    left = [one for one in wanting if not all((folded(one.address), news) in told for news in planned.fresh)]
    addressees = tuple(_addressee(planned, one.address, one.language, terms) for one in left)
    return Intent(planned=planned, addressees=addressees, spared=len(wanting) - len(left))


def _addressee(planned: Planned, address: str, language: str, terms: Terms) -> Addressee:
    message = planned.message
    key = delivery_key(terms.secret, terms.site, message.reader, message.kind, planned.fresh, 1, address)
    return Addressee(key=key, address=address, language=language)


def _wants(recipient: Recipient, topics: Iterable[Topic]) -> bool:
    """Tell whether a message tells of anything a recipient asked for; a week's digest is for everyone on the list."""
    topics = tuple(topics)
    return not topics or any(_is_about(recipient, topic) for topic in topics)


def _is_about(recipient: Recipient, topic: Topic) -> bool:
    return (
        (not recipient.components or not set(recipient.components).isdisjoint(topic.components))
        and (not recipient.impacts or topic.impact in recipient.impacts)
        and (not recipient.severities or topic.severity in recipient.severities)
    )
