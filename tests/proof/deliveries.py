"""Sends to a faulty mail server while being killed, again and again: `python -m proof.deliveries`, from the folder tests.

The server, a process of its own, keeps an honest book of what it accepted; the ledger says what became of each delivery.
They are compared in the end. Two variants that are wrong on purpose, one that saves what it did after each hand-over and
one that saves it before, show that this would notice.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

import smtp_lab
from heliograph.message import Mail, Message
from heliograph.operations import Smtp
from heliograph.send.deliver import Rules, deliver
from heliograph.send.ledger import WAITING, Addressee, LedgerFailed, Planned
from heliograph.send.session import Patience
from heliograph.send.smtp import SmtpCourier
from heliograph.send.sqlite import SqliteLedger
from heliograph.tree.fsio import Locked
from proof.table import Line, to_text

SITE = "status.example.com"
MESSAGES = 3
RULES = Rules(
    max_age=timedelta(days=1),
    back_off=(timedelta(milliseconds=20), timedelta(milliseconds=100)),
    patience=timedelta(seconds=1),
    failing=0.5,
)
PATIENCE = Patience(opening=1, command=1, data=1, reply=1, goodbye=0.1)
STALL = 0.3
"""Seconds for which the server says nothing where it stalls; then it hangs up."""

_LIES = frozenset({"4xx", "5xx", "421"})
"""What a server that has stored a mail never says: against one that does, nobody can do anything."""

_FORK = multiprocessing.get_context("fork")


# Three ways to keep a ledger


class SavesAfter(SqliteLedger):
    """Wrong on purpose: what was sent is written down once it was sent (rss2email, at the end of a run even)."""

    def commit(self, key, at, *, again=False):
        return True

    def settle(self, key, state, reply, at):
        kept = "DEFERRED" if state == "AMBIGUOUS" else state
        self._settle("state IN ('PLANNED', 'DEFERRED')", key, kept, reply, at, 1)


class SavesBefore(SqliteLedger):
    """Wrong on purpose: the place reached is written down before it is dealt with (listmonk 3022)."""

    def commit(self, key, at, *, again=False):
        return self._settle("state IN ('PLANNED', 'DEFERRED')", key, "SENT", "", at, 1)

    def settle(self, key, state, reply, at):
        self._settle("state IN ('PLANNED', 'DEFERRED')", key, "SENT", reply, at, 1)


VARIANTS: dict[str, type[SqliteLedger]] = {
    "durable before the dot": SqliteLedger,
    "naive: saved after": SavesAfter,
    "naive: saved before": SavesBefore,
}


class Outcome(NamedTuple):
    """What the server's book and the ledger say in the end, compared delivery by delivery."""

    name: str
    deliveries: int
    kills: int
    lives: int
    accepted: int
    twice: int
    missing: int
    """Not accepted, and the ledger says SENT or nothing final."""
    denied: int
    """Accepted, and the ledger says that it certainly was not."""
    ambiguous: int
    arrived: int
    """Of the ambiguous, those that were accepted."""
    failed: int
    seconds: float

    @property
    def wrong(self) -> int:
        """How many deliveries are not as promised."""
        return self.twice + self.missing + self.denied

    @property
    def naive(self) -> bool:
        """Tell whether it was wrong on purpose."""
        return self.name.startswith("naive")

    @property
    def figures(self) -> str:
        """Say what was counted."""
        killed = f", {self.kills} kills in {self.lives} lives" if self.kills else ""
        return (
            f"{self.deliveries:,} deliveries{killed}: {self.accepted:,} accepted, {self.twice} twice, "
            f"{self.missing} silently missing, {self.denied} denied; {self.ambiguous} ambiguous "
            f"({self.arrived} of them accepted), {self.failed} failed"
        )


class Size(NamedTuple):
    """How much is done."""

    deliveries: int = 1500
    kills: int = 200
    recipients: int = 2000
    senders: int = 8


# The two sides


@contextlib.contextmanager
def server(book: Path, seed: int, rate: float) -> Iterator[int]:
    """Serve in a process of its own; gives the port."""
    ours, theirs = _FORK.Pipe()
    process = _FORK.Process(target=_serve, args=(book, seed, rate, theirs), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.kill()
        process.join()


def _serve(book: Path, seed: int, rate: float, told) -> None:
    # It is asked about connections too, and half of all points are theirs.
    faulty = smtp_lab.seeded(seed, 2 * rate)

    def script(number: int) -> smtp_lab.Fault | None:
        fault = faulty(number)
        return None if fault and fault.point == "stored" and fault.how in _LIES else fault

    with smtp_lab.Lab(book, script, stall=STALL, keep_data=False) as lab:
        told.send(lab.port)
        lab.over.wait()


class Post(NamedTuple):
    """Where senders find what they need."""

    ledger: Path
    memory: Path
    port: int
    kept: type[SqliteLedger] = SqliteLedger


def send(post: Post, most: int = 0, pipe: int = -1) -> None:
    """Send what waits, as one process of many; with `most` end in order after so many hand-overs.

    Each delivery that is settled is told as a byte to the pipe, if there is one.
    """
    smtp = Smtp(host="127.0.0.1", port=post.port, security="none", sender="bounces@example.com")
    told = 0

    def tell(_) -> None:
        nonlocal told
        told += 1
        if pipe >= 0:
            os.write(pipe, b".")
        if told == most:
            os.kill(os.getpid(), signal.SIGTERM)

    ledger = post.kept(post.ledger, SITE, memory=post.memory)
    with ledger:
        deliver(
            ledger,
            ledger.planned(),
            make,
            lambda: SmtpCourier(smtp, patience=PATIENCE),
            clock=lambda: datetime.now(UTC),
            rules=RULES,
            tell=tell,
        )
    ledger.close()


def make(planned, delivery) -> bytes:
    """Write a mail whose Message-ID is its delivery's key."""
    mail = planned.message.mails[0]
    lines = (f"Message-ID: <{delivery.key}@example.com>", f"To: {delivery.address}", f"Subject: {mail.subject}", "")
    return "\r\n".join((*lines, mail.text, "")).encode()


def write_ledger(path: Path, memory: Path, deliveries: int) -> None:
    """Plan so many deliveries, of a few messages."""
    ledger = SqliteLedger(path, SITE, create=True, memory=memory)
    with ledger:
        for number in range(MESSAGES):
            keys = (f"k{one:05}" for one in range(number, deliveries, MESSAGES))
            ledger.plan(_planned(number), (Addressee(key=key, address=f"{key}@example.com") for key in keys))
    ledger.close()


def _planned(number: int) -> Planned:
    at = datetime.now(UTC)
    mail = Mail(
        audience="exec",
        subject="Some payments in Europe failing",
        preheader="",
        text="We have found the cause and are rolling out a fix.\r\n" * 20,
        html="",
        at=at,
        thread="t",
        from_name="Status",
        from_="status@example.com",
        list_id="exec.status.example.com",
    )
    news = (f"n{number}",)
    said = Message(audience="exec", kind="digest", topics=(), news=news, at=at, thread="t", mails=(mail,))
    return Planned(id=f"m{number}", at=at, outcome="planned", fresh=news, message=said)


# One sender that is killed and started anew


def killed_again_and_again(name: str, deliveries: int, kills: int, seed: int, rate: float = 0.05) -> Outcome:
    """Send with one process at a time, killed at random instants until so many kills are done, then left in peace."""
    began, chance = time.perf_counter(), random.Random(seed)
    with tempfile.TemporaryDirectory() as folder, server(Path(folder, "book"), seed, rate) as port:
        book = Path(folder, "book")
        post = Post(Path(folder, "ledger"), Path(folder, "memory"), port, VARIANTS[name])
        write_ledger(post.ledger, post.memory, deliveries)
        killed = lives = 0
        while waiting := _waiting(post):
            lives += 1
            share = 1.7 * waiting / max(kills - killed, 1)
            killed += _one_life(post, chance, int(share) if killed < kills else None)
        return _compared(name, post, book, deliveries, killed, lives, time.perf_counter() - began)


def _one_life(post: Post, chance: random.Random, most: int | None) -> bool:
    """Let a sender live, at the longest until somewhat after its so-manieth delivery; True if it was killed."""
    told, tells = os.pipe()
    process = _FORK.Process(target=send, args=(post, 0, tells))
    process.start()
    os.close(tells)
    if most is not None:
        wanted = chance.randint(0, most)
        while wanted > 0 and (some := os.read(told, wanted)):
            wanted -= len(some)
        time.sleep(chance.uniform(0, 0.01))
        process.kill()
    process.join()
    os.close(told)
    if process.exitcode not in (0, -signal.SIGKILL):
        raise AssertionError(f"a sender ended with {process.exitcode}")
    return process.exitcode == -signal.SIGKILL


def _waiting(post: Post) -> int:
    """Count what is not final. What is COMMITTING waits for the next sender to call it ambiguous."""
    with contextlib.closing(SqliteLedger(post.ledger, SITE, memory=post.memory)) as ledger:
        return sum(1 for _ in ledger.deliveries(states=(*WAITING, "COMMITTING")))


def _compared(name: str, post: Post, book: Path, deliveries: int, kills: int, lives: int, seconds: float) -> Outcome:
    accepted = Counter(entry["id"].strip("<>").partition("@")[0] for entry in entries(book))
    with contextlib.closing(SqliteLedger(post.ledger, SITE, memory=post.memory)) as ledger:
        states = {one.key: one.state for one in ledger.deliveries()}
    assert len(states) == deliveries
    assert accepted.keys() <= states.keys()
    by_state = Counter(states.values())
    return Outcome(
        name=name,
        deliveries=deliveries,
        kills=kills,
        lives=lives,
        accepted=sum(1 for key in states if accepted[key]),
        twice=sum(1 for count in accepted.values() if count > 1),
        missing=sum(1 for key, state in states.items() if state in _TOLD_OR_OPEN and not accepted[key]),
        denied=sum(1 for key, state in states.items() if state in ("FAILED", "EXPIRED", *WAITING) and accepted[key]),
        ambiguous=by_state["AMBIGUOUS"],
        arrived=sum(1 for key, state in states.items() if state == "AMBIGUOUS" and accepted[key]),
        failed=by_state["FAILED"],
        seconds=seconds,
    )


_TOLD_OR_OPEN = frozenset({"SENT", "PLANNED", "DEFERRED", "COMMITTING"})


def entries(book: Path) -> Iterator[dict]:
    """Read the server's book."""
    for line in book.read_text("utf-8").splitlines():
        yield json.loads(line)


# Many senders at once


def all_at_once(name: str, senders: int, recipients: int, seed: int, *, without_lease: bool = False) -> Outcome:
    """Let many processes send from one ledger, taking turns; with the lease's file removed again and again, not even that."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, server(Path(folder, "book"), seed, 0.0) as port:
        post = Post(Path(folder, "ledger"), Path(folder, "memory"), port)
        write_ledger(post.ledger, post.memory, recipients)
        processes = [_FORK.Process(target=_until_done, args=(post, seed + number)) for number in range(senders)]
        for process in processes:
            process.start()
        while any(process.is_alive() for process in processes):
            time.sleep(0.05)
            if without_lease:
                for lock in Path(folder).glob("*.lock"):
                    lock.unlink()
        assert [process.exitcode for process in processes] == [0] * senders
        return _compared(name, post, Path(folder, "book"), recipients, 0, senders, time.perf_counter() - began)


def _until_done(post: Post, seed: int) -> None:
    chance = random.Random(seed)
    while _waiting(post):
        with contextlib.suppress(Locked, LedgerFailed):
            send(post, most=chance.randrange(20, 120))
        time.sleep(chance.uniform(0, 0.02))


# The table


def line(outcome: Outcome) -> Line:
    """Say what was found; a naive variant must be found out."""
    wrong = ("was not found out",) if outcome.naive and not outcome.wrong else ()
    wrong = (f"{outcome.wrong} not as promised",) if not outcome.naive and outcome.wrong else wrong
    return Line(outcome.name, outcome.figures, "", outcome.seconds, wrong)


def jobs(size: Size, seed: int = 1) -> list[Callable[[], Outcome]]:
    """List all there is to do, each by itself."""
    return [
        *(partial(killed_again_and_again, name, size.deliveries, size.kills, seed) for name in VARIANTS),
        partial(all_at_once, f"{size.senders} senders", size.senders, size.recipients, seed),
        partial(
            all_at_once,
            f"{size.senders} senders, lease removed",
            size.senders,
            size.recipients,
            seed,
            without_lease=True,
        ),
    ]


def lines(outcomes: Sequence[Outcome]) -> list[Line]:
    """Say it in two lines: one sender that is killed, beside those that are wrong on purpose; and many at once."""
    alone = [one for one in outcomes if one.name in VARIANTS]
    (sound,) = (one for one in alone if not one.naive)
    naive = [one for one in alone if one.naive]
    many = [one for one in outcomes if one.name not in VARIANTS]
    return [
        Line("Deliveries", sound.figures, "; ".join(map(_found_out, naive)), _work(alone), _wrong(alone)),
        Line("Many senders", "; ".join(f"{one.name}: {one.figures}" for one in many), "", _work(many), _wrong(many)),
    ]


def _found_out(one: Outcome) -> str:
    return f"{one.name.removeprefix('naive: ')}: {one.twice:,} accepted twice, {one.missing:,} silently missing"


def _work(outcomes: Sequence[Outcome]) -> float:
    return sum(one.seconds for one in outcomes)


def _wrong(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    return tuple(f"{one.name}: {told}" for one in outcomes for told in line(one).wrong)


def main(arguments: list[str] | None = None) -> int:
    """Do all of it and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, number in Size()._asdict().items():
        parser.add_argument(f"--{name}", type=int, default=number)
    parser.add_argument("--seed", type=int, default=1)
    options = vars(parser.parse_args(arguments))
    seed = options.pop("seed")
    told = [line(job()) for job in jobs(Size(**options), seed)]
    sys.stdout.write(to_text(told, f"The whole took {sum(one.seconds for one in told) / 60:.1f} minutes."))
    return 1 if any(one.wrong for one in told) else 0


if __name__ == "__main__":
    sys.exit(main())
