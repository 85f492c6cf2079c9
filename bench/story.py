"""The invented past that benchmarks are written from: the same number and seed give the same incidents."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

GROUPS = {
    "product": ("Product", ("api", "web", "mobile", "search", "reports", "imports")),
    "identity": ("Identity", ("auth", "sso")),
    "money": ("Money", ("billing",)),
    "messages": ("Messages", ("webhooks", "email", "sms", "support")),
    "platform": ("Platform", ("cdn", "dns", "db-eu", "db-us", "queue", "storage", "media")),
}
COMPONENTS = {
    "api": "Public API",
    "web": "Web Dashboard",
    "auth": "Authentication",
    "billing": "Billing",
    "search": "Search",
    "webhooks": "Webhooks",
    "cdn": "CDN",
    "dns": "DNS",
    "email": "Email Delivery",
    "sms": "SMS Gateway",
    "db-eu": "Database EU",
    "db-us": "Database US",
    "queue": "Job Queue",
    "storage": "Object Storage",
    "media": "Media Proxy",
    "mobile": "Mobile Backend",
    "reports": "Reporting",
    "sso": "Single Sign-On",
    "imports": "Imports",
    "support": "Support Desk",
}
STATUSES = ("investigating", "identified", "monitoring", "resolved")
STATES = {"sev1": "major_outage", "sev2": "partial_outage", "sev3": "degraded_performance"}
SYMPTOMS = (
    *("elevated error rates", "slow responses", "failed logins", "delayed jobs", "timeouts", "stale data"),
    *("intermittent 502 responses", "missing notifications", "degraded throughput", "connection resets"),
)
CAUSES = (
    *("a misconfigured load balancer", "an expired certificate", "a failed database failover", "a bad deploy"),
    *("an upstream provider outage", "a full disk on one shard", "a runaway query", "lock contention"),
    *("a routing change", "a faulty feature flag"),
)
OUTER_TEXT = (
    "we are seeing customers may experience requests from some regions while our engineers work on recovery and "
    "traffic has been moved to healthy capacity error budgets remain within limits after the rollback completed "
    "queues are draining normally and no data was lost during this period please retry failed operations we will "
    "share another update within thirty minutes thank you for your patience as the team continues to observe"
)
INNER_TEXT = (
    "replica lag grew past the alarm and oncall paged the storage crew who drained the primary before failing over "
    "pager notes say config change 8841 went out unreviewed by mistake so finance wants figures on refunds owed and "
    "legal asked nobody to name the vendor until counsel answers while headcount for the bridge stays at nine people"
)
WORDS, INNER_WORDS = OUTER_TEXT.split(), INNER_TEXT.split()
END = datetime(2026, 10, 31, 23, tzinfo=UTC)
SPAN = 5 * 365 * 24 * 60


@dataclass(frozen=True)
class Update:
    """One message: what everyone reads, and (label, words) for narrower readers."""

    status: str
    at: datetime
    public: str
    passages: tuple[tuple[str, str], ...]
    affected: int | None


@dataclass(frozen=True)
class Incident:
    """One incident; `number` counts from the oldest. It is open if its last update does not resolve it."""

    number: int
    title: str
    inner_title: str
    severity: str
    components: tuple[str, ...]
    start: datetime
    updates: tuple[Update, ...]

    @property
    def name(self) -> str:
        return f"{self.start:%Y-%m-%d}-{self.number:05d}"


def incidents(count: int, seed: int) -> list[Incident]:
    """Invent incidents, oldest first; the newest two are still open."""
    dice = random.Random(seed)
    minutes = sorted(dice.sample(range(SPAN), count))
    return [_incident(dice, number, minute, number >= count - 2) for number, minute in enumerate(minutes)]


def _incident(dice: random.Random, number: int, minute: int, still_open: bool) -> Incident:
    start = END - timedelta(minutes=SPAN - minute)
    lasted = dice.choice((12, 25, 40, 55, 90, 180, 400))
    chosen = dice.sample(sorted(COMPONENTS), dice.choice((1, 1, 2, 3)))
    symptom, cause = dice.choice(SYMPTOMS), dice.choice(CAUSES)
    severity = dice.choice(tuple(STATES))
    name = COMPONENTS[chosen[0]]
    updates = tuple(
        Update(
            status,
            start + timedelta(minutes=lasted * step // 3),
            _public(dice, status, symptom, cause, name),
            tuple(_passages(dice, severity)),
            dice.randrange(10, 9000) if dice.random() < 0.25 else None,
        )
        for step, status in enumerate(STATUSES[:3] if still_open else STATUSES)
    )
    inner = f"Bridge {dice.randrange(1000, 9999)}: {_sentence(dice, 4, INNER_WORDS)[:-1].lower()}"
    return Incident(number, f"{name}: {symptom} ({number})", inner, severity, tuple(chosen), start, updates)


def _sentence(dice: random.Random, length: int, words: list[str] = WORDS) -> str:
    first = dice.randrange(len(words) - length)
    return words[first].capitalize() + " " + " ".join(words[first + 1 : first + length]) + "."


def _public(dice: random.Random, status: str, symptom: str, cause: str, name: str) -> str:
    """Write about 63 words with emphasis, code and a link; every second time with a list."""
    code, page = dice.choice((200, 429, 502, 503)), dice.randrange(999)
    head = f"We are **{status}** {symptom} on *{name}*, traced to {cause}. {_sentence(dice, 18)}"
    tail = f"See [the guide](https://docs.example.com/{page}) and check `status={code}`. {_sentence(dice, 10)}"
    if dice.random() < 0.5:
        middle = f"- {_sentence(dice, 6)}\n- Use `retry-after` headers\n- {_sentence(dice, 5)}"
        return f"{head}\n\n{middle}\n\n{tail}"
    return f"{head}\n\n{tail} {_sentence(dice, 14)}"


def _passages(dice: random.Random, severity: str) -> Iterator[tuple[str, str]]:
    """Give one update of four a passage for insiders, and some a word for support, customers or executives."""
    if dice.random() < 0.08:
        yield "say", _sentence(dice, 9)
    if dice.random() < 0.1:
        yield "support", f"Tag `case-{dice.randrange(10**6)}`. {_sentence(dice, 10, INNER_WORDS)}"
    if dice.random() < 0.25:
        host = f"shard-{dice.randrange(10**4)}.corp.example"
        yield "internal", f"Host `{host}`: {_sentence(dice, 16, INNER_WORDS)} {_sentence(dice, 9, INNER_WORDS)}"
    if severity != "sev3" and dice.random() < 0.15:
        yield "exec", f"About {dice.randrange(2, 60)} % of orders wait. {_sentence(dice, 10, INNER_WORDS)}"
    if dice.random() < 0.03:
        yield "customer:globex", f"For Globex: batch {dice.randrange(10**6)} runs late. {_sentence(dice, 8)}"
