"""One run of a site's sending: from what could be told to what was, on its ledger, in order, by mail and chat."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from msgspec import structs

from heliograph.mailbox import folded
from heliograph.message import Channel, Mail, Message, Pace
from heliograph.operations import BucketPlace, Operations, Recipient
from heliograph.record import Record, Told
from heliograph.send.courier import Courier, Parcel, Verdict
from heliograph.send.deliver import Rules, deliver
from heliograph.send.ledger import WAITING, Delivery, Ledger, LedgerRefused, Planned, State
from heliograph.send.page import WAIT, confirmed, looked_at, wait_for_page
from heliograph.send.plan import REMEMBERED, Intent, Reached, Terms, intend, is_unfinished, need_all
from heliograph.send.report import Report, merged, state_of
from heliograph.send.smtp import connect
from heliograph.send.stages import Stage, pages, stages
from heliograph.send.webhook import WebhookCourier, chat_body
from heliograph.send.wire import stamp, wire_bytes

IDEMPOTENT: Final = timedelta(hours=20)
"""So long a mail provider that heeds idempotency keys is taken to know them; those that do say 24 hours."""

MEMORY: Final = "ledger-seen.json"
"""Beside the site's other state: how far the ledger was when it was last used here."""

_CHANNELS: Final[tuple[Channel, ...]] = ("mail", "chat")

Clock = Callable[[], datetime]


def open_ledger(operations: Operations, state: Path, *, create: bool = False) -> Ledger:
    """Open the ledger that the operator's file names. Raises LedgerRefused where it cannot be trusted."""
    if isinstance(operations.ledger, BucketPlace):
        from heliograph.send.bucket import BucketLedger  # noqa: PLC0415 -- boto3 takes a second to import

        return BucketLedger(operations.ledger, operations.site, create=create, memory=state / MEMORY)
    from heliograph.send.sqlite import SqliteLedger  # noqa: PLC0415 -- as above

    return SqliteLedger(operations.ledger.path, operations.site, create=create, memory=state / MEMORY)


def record_of(ledger: Ledger, now: datetime) -> Record:
    """Tell who was told what by mail, and when the first copy of each message was accepted."""
    told = list[Told]()
    for planned in ledger.planned(now - REMEMBERED):
        message = planned.message
        if planned.outcome != "planned" or message.channel != "mail":
            continue
        first = next(ledger.deliveries(planned.id, ("SENT",)), None)
        if first is not None:
            told += [
                Told(
                    at=first.at,
                    audience=message.audience,
                    update=news,
                    customer=message.customer,
                    message=planned.id,
                    thread=message.thread,
                )
                for news in planned.fresh
            ]
    return Record(told=tuple(sorted(told)))


def draw_up(
    messages: Iterable[Message],
    ledger: Ledger,
    recipients: Sequence[Recipient],
    operations: Operations,
    paces: Mapping[str, Pace],
    now: datetime,
) -> tuple[Intent, ...]:
    """Decide what is to be planned now; nothing is written."""
    messages = tuple(messages)
    known = ledger.planned(now - REMEMBERED)
    if is_unfinished(known):
        raise LedgerRefused(
            "a baseline was begun on this ledger and not finished; run `heliograph send --baseline` again"
        )
    if need_all(messages, known, now):
        known = ledger.planned()
    channels: dict[str, tuple[str, ...]] = {}
    for hook in operations.webhooks:
        channels[hook.audience] = (*channels.get(hook.audience, ()), hook.id)
    terms = Terms(
        site=operations.site,
        secret=operations.secret.revealed,
        paces=paces,
        max_age=operations.max_age,
        channels=channels,
    )
    recent = [one for one in known if one.outcome == "planned" and one.at > now - operations.max_age]
    reached = [
        Reached(delivery.address, one.message, one.fresh) for one in recent for delivery in ledger.deliveries(one.id)
    ]
    return intend(messages, known, recipients, reached, terms, now)


def waiting(
    ledger: Ledger, operations: Operations, paces: Mapping[str, Pace], now: datetime, only: Collection[str] = ()
) -> tuple[Stage, ...]:
    """Give everything planned that has not gone yet, from this run or an earlier one, in order; of some or all."""
    planned = (one for one in ledger.planned(now - REMEMBERED) if not only or one.message.audience in only)
    return stages((one for one in planned if _has_open(ledger, one, operations, now)), paces)


def spare_the_gone(ledger: Ledger, stages: Iterable[Stage], recipients: Iterable[Recipient], now: datetime) -> int:
    """Send nothing more to who was planned earlier and has left the list since; count them."""
    listed, spared = {(one.reader, folded(one.address)) for one in recipients}, 0
    for planned in (one for stage in stages for one in stage.planned if one.message.channel == "mail"):
        reader, waiting_ones = planned.message.reader, ledger.deliveries(planned.id, WAITING)
        for key in [one.key for one in waiting_ones if (reader, folded(one.address)) not in listed]:
            ledger.settle(key, "SUPPRESSED", "no longer on the list", now)
            spared += 1
    return spared


def _has_open(ledger: Ledger, planned: Planned, operations: Operations, now: datetime) -> bool:
    """Tell whether any of a message's deliveries may be tried."""
    is_known = now - planned.at < _idempotent_for(operations, planned.message.channel)
    states: Sequence[State] = (*WAITING, "AMBIGUOUS") if is_known else WAITING
    return next(ledger.deliveries(planned.id, states), None) is not None


def _idempotent_for(operations: Operations, channel: Channel) -> timedelta:
    """Tell how long what is AMBIGUOUS may be tried again: mail only, where the provider knows a mail by its key."""
    return IDEMPOTENT if operations.idempotency_header and channel == "mail" else timedelta(0)


class Run:
    """Delivers stages of one site. A page is waited for once in a run, whether it came or not."""

    def __init__(
        self,
        operations: Operations,
        ledger: Ledger,
        root: str,
        clock: Clock,
        sleep: Callable[[float], None],
        tell: Callable[[Delivery], None],
    ) -> None:
        """Take `root` for the public site's address: what mails link to begins with it."""
        self._operations, self._ledger, self._root = operations, ledger, root
        self._clock, self._sleep, self._tell = clock, sleep, tell
        self._live: frozenset[tuple[str, str]] = frozenset()
        self._seen: set[tuple[str, str]] = set()
        self._ended = ""

    def awaited(self, stage: Stage) -> tuple[str, ...]:
        """Name the pages that a stage waits for and that nobody has looked at yet, as they are looked at."""
        root, at = self._root, self._operations.page
        return tuple(
            looked_at(page, root, at) for page, shows in pages(stage.planned) if (page, shows) not in self._seen
        )

    def confirm(self, stage: Stage) -> tuple[str, ...]:
        """Wait until the pages of a stage are live; give those that were not, to which no mail will link."""
        wanted = [page for page in pages(stage.planned) if page not in self._seen]
        if wanted:
            self._live |= wait_for_page(wanted, self._clock() + WAIT, self._clock, self._sleep, look=self._look)
            self._seen |= set(wanted)
        return tuple(page for page, shows in wanted if (page, shows) not in self._live)

    def deliver(self, stage: Stage) -> Report:
        """Hand over all of a stage, mail first; channels that fail do not stop it, nor it them."""
        reports = list[Report]()
        for channel in _CHANNELS:
            planned = [one for one in stage.planned if one.message.channel == channel]
            reports.append(self._left(planned) if self._ended else self._delivered(planned, channel))
            self._ended = self._ended or (reports[-1].stopped if reports[-1].is_over else "")
        return merged(reports)

    def _left(self, planned: Sequence[Planned]) -> Report:
        """Report on what nothing is begun of any more: somebody interrupted the run, or its ledger is lost."""
        counts, listed = state_of(self._ledger, planned)
        return Report(counts=counts, listed=listed, accepted=0, stopped=self._ended, later=None, is_over=True)

    def _delivered(self, planned: Sequence[Planned], channel: Channel) -> Report:
        """Hand over what goes by one channel."""
        smtp = self._operations.smtp
        return deliver(
            self._ledger,
            planned,
            self._bytes_for,
            lambda: _Couriers(self._operations),
            clock=self._clock,
            rules=Rules(
                max_age=self._operations.max_age,
                connections=smtp.connections if smtp else 1,
                idempotent_for=_idempotent_for(self._operations, channel),
            ),
            tell=self._tell,
        )

    def _look(self, page: str, shows: str, *, seconds: float) -> bool:
        where = looked_at(page, self._root, self._operations.page)
        return confirmed(where, shows, ca_file=self._operations.page_ca_file, seconds=seconds)

    def _bytes_for(self, planned: Planned, delivery: Delivery) -> bytes:
        message = planned.message
        if message.chat is not None:
            hook = next(one for one in self._operations.webhooks if one.id == delivery.address)
            chat = message.chat if self._may_link(message) else structs.replace(message.chat, url="")
            return chat_body(hook.kind, chat, delivery.key, audience=message.audience, number=message.number)
        return wire_bytes(self._edition(message, delivery), stamp(self._operations, message, delivery))

    def _edition(self, message: Message, delivery: Delivery) -> Mail:
        """Choose a mail's language, and the one without a link where its page could not be confirmed."""
        mails = message.mails if self._may_link(message) or not message.alone else message.alone
        return in_language(mails, delivery.language)

    def _may_link(self, message: Message) -> bool:
        """Tell whether what a message would lead to is there."""
        return not message.page or (message.page, message.shows) in self._live


class _Couriers:
    """Takes mails to the mail server, and chat to the webhook whose id stands in place of an address."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._hooks = {hook.id: hook for hook in operations.webhooks}
        self._open: dict[str, Courier] = {}

    def hand_over(self, parcel: Parcel, commit: Callable[[], bool]) -> Verdict:
        """Bring a parcel by its way."""
        hook = self._hooks.get(parcel.address)
        way = hook.id if hook else ""
        if way not in self._open:
            self._open[way] = WebhookCourier(hook) if hook else self._to_server()
        return self._open[way].hand_over(parcel, commit)

    def close(self) -> None:
        """End all connections."""
        for courier in self._open.values():
            courier.close()

    def _to_server(self) -> Courier:
        if self._operations.smtp is None:
            raise LookupError("the operator's file names no mail server")
        return connect(self._operations.smtp)


def rehearsed(operations: Operations, intents: Iterable[Intent], most: int) -> Iterator[tuple[str, bytes]]:
    """Write the first mails of each message as they would leave, each with a name for its file; chat is left out."""
    for intent in intents:
        message = intent.planned.message
        for addressee in intent.addressees[:most] if message.mails else ():
            delivery = Delivery(
                key=addressee.key,
                message=intent.planned.id,
                address=addressee.address,
                language=addressee.language,
                state="PLANNED",
                attempts=0,
                reply="",
                at=intent.planned.at,
            )
            mail = in_language(message.mails, addressee.language)
            yield (
                f"{message.reader.replace(':', '-')}/{addressee.key}.eml",
                wire_bytes(mail, stamp(operations, message, delivery)),
            )


def in_language(mails: Sequence[Mail], language: str) -> Mail:
    """Choose the mail in a language, else the one in the main language."""
    return next((mail for mail in mails if mail.language == language), mails[0])
