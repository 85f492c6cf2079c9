"""Every mail and chat message of twenty customers: no word, name or address of another one, in any of them.

A world gets seventeen customers more than it has; each is given words of its own that no other text holds, in updates
all customers may know of. What each then gets is searched for every other's words, name and addresses: the messages
with all that decides when they are sent, and the bytes as they would leave.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from heliograph.correspondence import paces
from heliograph.message import Message
from heliograph.operations import Operations, Recipient, Secret, SqlitePlace
from heliograph.pipeline import Build
from heliograph.problems import Refused
from heliograph.render.layouts import Layouts
from heliograph.send.ledger import Delivery
from heliograph.send.plan import Intent, Terms, intend
from heliograph.send.wire import stamp, wire_bytes
from proof.readers import load
from proof.suite import Case, missing, passed
from proof.table import Line
from worlds import World, generate

CUSTOMERS = 20
REFUSED_AT_MOST = 0.05
"""Share of the worlds made that may be refused."""
BREAKS = ("test_post_proof::test_a_gate_that_lets_customers_read_each_other_s_words_is_noticed",)
_LAYOUTS = Layouts()


class Tally(NamedTuple):
    """What was looked at, what was found that must not be, and how many own words did arrive.

    `refused` names each world that did not build, with the codes it was refused for.
    """

    worlds: int = 0
    messages: int = 0
    mails: int = 0
    own: int = 0
    foreign: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    seconds: float = 0.0

    def __add__(self, other: Tally) -> Tally:  # type: ignore[override]
        """Add up field by field."""
        return Tally(*(one + more for one, more in zip(self, other, strict=True)))


def crowded(seed: str) -> World:
    """Make a world with twenty customers, each with words of its own."""
    world, rng = generate(seed), random.Random(seed)
    parts = [one["id"] for one in world["components"]]
    for number in range(CUSTOMERS - len(world["customers"])):
        customer = dict(world["customers"][number % len(world["customers"])])
        customer |= {"id": f"house-{number}", "name": f"Hq{number}zvix Works", "components": rng.sample(parts, 2)}
        world["customers"].append(customer)
    for story in world["stories"]:
        for update in story["updates"]:
            if any(label == "public" for label, _ in story["titles"]) and update["audience"] == "public":
                for customer in rng.sample(world["customers"], 6):
                    words = f"Only for you: {canary(customer['id'], rng)}."
                    update["passages"].append({"label": f"customer:{customer['id']}", "words": words})
    return world


def canary(customer: str, rng: random.Random) -> str:
    """Invent words that tell whose they are."""
    return f"zz{customer.replace('-', '')}zz{rng.getrandbits(40):x}"


def prove(seeds: Sequence[str]) -> Tally:
    """Search what each customer of each world gets."""
    return sum(map(_proved, seeds), start=Tally())


def _proved(seed: str) -> Tally:
    began = time.perf_counter()
    world = crowded(seed)
    try:
        site = load(world)
        messages = Build(site, _LAYOUTS, world["at"]).messages()
    except Refused as refusal:
        codes = sorted({problem.code for problem in refusal.problems})
        return Tally(refused=(f"{seed}: {' '.join(codes)}",), seconds=time.perf_counter() - began)
    return _searched(world, messages, paces(site))._replace(seconds=time.perf_counter() - began)


def prove_at_once(worlds: int, jobs: int, done: Callable[[int], None]) -> Tally:
    """Prove so many worlds on several processors; tells how many are done now and then."""
    total = Tally()
    with multiprocessing.get_context("fork").Pool(jobs, maxtasksperchild=20) as pool:
        for number, found in enumerate(pool.imap_unordered(_proved, map("post-{}".format, range(worlds))), 1):
            total += found
            if number % 50 == 0:
                done(number)
    return total


def _searched(world: World, messages: tuple[Message, ...], pace: Any) -> Tally:
    names = {one["id"]: one["name"] for one in world["customers"]}
    own, foreign, mails = 0, list[str](), 0
    for message in messages:
        text = _text(message)
        mine = _marks(text, names)
        own += message.customer.replace("-", "") in mine
        foreign += _foreign(message, text, mine, names)
    for intent in _intents(world, messages, pace):
        for delivery, data in _delivered(intent):
            mails += 1
            told = _decoded(data)
            addresses = set(re.findall(r"[a-z0-9-]+@box\.example", told))
            if addresses != {delivery.address}:
                foreign.append(f"{intent.planned.message.reader}: addresses {sorted(addresses)}")
            foreign += _foreign(intent.planned.message, told, _marks(told, names), names)
    return Tally(1, len(messages), mails, own, tuple(foreign))


def _marks(text: str, names: dict[str, str]) -> set[str]:
    """Name the customers whose words stand in a text; what merely looks alike, such as an id made by chance, is none."""
    known = {identity.replace("-", "") for identity in names}
    return {one for one in known if re.search(f"zz{one}zz[0-9a-f]", text)}


def _foreign(message: Message, text: str, marks: set[str], names: dict[str, str]) -> Iterator[str]:
    """Name what an outsider's message holds of any customer but its own. Colleagues may know all of them."""
    if message.audience not in ("strategic", "public"):
        return
    yield from (f"{message.reader}: words for {mark}" for mark in marks - {message.customer.replace("-", "")})
    for identity, name in names.items():
        if identity != message.customer and re.search(rf"\b{re.escape(name)}\b", text):
            yield f"{message.reader}: the name of {identity}"


def _text(message: Message) -> str:
    return msgspec.json.encode(message).decode()


def _decoded(data: bytes) -> str:
    """Read a mail as its recipient's program does: headers and both parts."""
    mail = message_from_bytes(data, policy=default)
    headers = "\n".join(f"{name}: {value}" for name, value in mail.items())
    bodies = [str(part.get_content()) for part in mail.walk() if part.get_content_maintype() == "text"]
    return "\n".join([headers, *bodies])


def _intents(world: World, messages: tuple[Message, ...], pace: Any) -> tuple[Intent, ...]:
    readers = {message.reader for message in messages if message.channel == "mail"}
    recipients = [
        Recipient(reader=reader, address=f"{reader.replace(':', '-')}-{number}@box.example")
        for reader in sorted(readers)
        for number in range(2)
    ]
    terms = Terms(site="s", secret=OPERATIONS.secret.revealed, paces=pace, max_age=timedelta(days=4000), channels={})
    return intend(messages, (), recipients, (), terms, world["at"])


def _delivered(intent: Intent) -> Iterator[tuple[Delivery, bytes]]:
    message = intent.planned.message
    for addressee in intent.addressees if message.mails else ():
        delivery = Delivery(
            key=addressee.key,
            message=intent.planned.id,
            address=addressee.address,
            language="",
            state="PLANNED",
            attempts=0,
            reply="",
            at=intent.planned.at,
        )
        for mail in (*message.mails, *message.alone):
            yield delivery, wire_bytes(mail, stamp(OPERATIONS, message, delivery))


OPERATIONS = Operations(
    site="s",
    secret=Secret("0123456789abcdef0123456789abcdef"),
    mail_domain="mail.example",
    smtp=None,
    ledger=SqlitePlace(Path("unused")),
    lists=(),
    domains=(),
    senders=(),
    contacts=(),
    silent=(),
    webhooks=(),
    unsubscribe="https://mail.example/u?t={token}",
    unsubscribe_mail="stop@mail.example",
    idempotency_header="",
    page="",
    page_ca_file=None,
    max_age=timedelta(days=4000),
    cap=500,
)


def line(found: Tally, asked: int, broken: Sequence[Case]) -> Line:
    """Say what was found. Worlds are those that build, and a word that reaches nobody would show nothing."""
    figures = (
        f"{len(found.foreign)} foreign words, names or addresses in {found.messages:,} messages and {found.mails:,} mails "
        f"of {found.worlds:,} worlds × {CUSTOMERS} customers; own words found in {found.own:,} messages"
    )
    wrong = [*found.foreign, *missing(broken, *BREAKS)]
    wrong += [f"{one.test}[{one.on}]" for one in broken if not one.passed]
    wrong += [] if found.own else ["no customer got words of its own"]
    if len(found.refused) > asked * REFUSED_AT_MOST:
        wrong += [f"{len(found.refused)} of {asked} worlds were refused", *found.refused]
    noticed = f"{passed(broken)}: a gate that lets customers read each other's words"
    return Line("Twenty customers", figures, noticed, found.seconds + sum(one.seconds for one in broken), tuple(wrong))


def main() -> None:
    """Prove many worlds on all processors, and print what was found."""
    parser = argparse.ArgumentParser(prog="proof.post")
    parser.add_argument("--worlds", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    found = prove_at_once(asked.worlds, asked.jobs, lambda done: sys.stderr.write(f"{done} worlds\n"))
    looked = f"{found.worlds} worlds of {asked.worlds}, {CUSTOMERS} customers each: {found.messages} messages, {found.mails} mails"
    sys.stdout.write(f"{looked}\nown words in {found.own}; foreign words, names, addresses: {len(found.foreign)}\n")
    sys.stdout.write("".join(f"{one}\n" for one in (*found.foreign[:20], *found.refused)))
    raise SystemExit(1 if found.foreign or not found.own else 0)


if __name__ == "__main__":
    main()
