"""Random sites as raw fields, and who may read which field, written out here a second time.

This is one half of the proof that no reader is told what it may not read. It knows the files people write and the
label table of docs/files.md and nothing else: it must never import the gate, or it would repeat the gate's mistakes.

A world is a plain dict: `at`, `style`, `site`, `groups`, `components`, `facts`, `severities`, `audiences`, `customers`,
`stories`, `pages`, `targets`, and `begun`, when stories began, so that some begin together. Instants are datetimes in UTC; everything else is text, lists and dicts.

Stories, updates, accounts and pages may be translated: `german` then holds whether that is a `draft`, and for each label
of `labels` its `words` (for the first so many passages), a `title` or None, and whether they are of older words, `stale`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

World = dict[str, Any]
Fields = dict[str, Any]

CUSTOMERS = ("globex", "globex-labs", "initech")
READS: dict[str, frozenset[str]] = {
    "public": frozenset({"public"}),
    "macros": frozenset({"public", "say"}),
    "globex": frozenset({"public", "strategic", "customer:globex"}),
    "globex-labs": frozenset({"public", "strategic", "customer:globex-labs"}),
    "initech": frozenset({"public", "strategic", "customer:initech"}),
    "exec": frozenset({"public", "exec", "internal"}),
    "support": frozenset({"public", "support", "internal", "say"}),
    "engineering": frozenset({"public", "engineering", "internal"}),
    "frontdesk": frozenset({"public", "frontdesk"}),
    "internal": frozenset(
        {
            *("public", "internal", "support", "engineering", "say", "strategic"),
            *(f"customer:{customer}" for customer in CUSTOMERS),
        }
    ),
}
"""Which labels each reader reads. `frontdesk` is an audience inside the company that is not told what is internal."""

LABELS: tuple[str, ...] = tuple(sorted(frozenset().union(*READS.values())))
OUTSIDERS = ("public", "macros", *CUSTOMERS)
BY_NATURE = "internal"
"""The label of severity, roles, tags, owners, runbooks, and of the fact that a message exists or is due."""

STATES = ("operational", "under_maintenance", "degraded_performance", "partial_outage", "major_outage")
IMPACTS = ("none", "minor", "major", "critical")
SEVERITIES = ("sev1", "sev2", "sev3", "sev4", "sev5")
STATUSES = {
    "incident": ("investigating", "identified", "monitoring", "resolved"),
    "maintenance": ("scheduled", "in_progress", "verifying", "completed", "cancelled"),
}
TITLES: tuple[tuple[str, ...], ...] = (
    *(("public",),) * 3,
    *(("public", "internal"),) * 3,
    *(("public", "customer:globex", "internal"),) * 2,
    ("public", "exec", "support"),
    ("public", "say"),
    ("public", "strategic", "frontdesk"),
    ("public", "customer:globex-labs", "customer:initech"),
    *(("internal",),) * 2,
    ("internal", "exec"),
    ("engineering", "internal"),
    ("exec",),
    ("support",),
    ("say",),
    ("frontdesk",),
    ("strategic", "internal"),
    ("customer:initech",),
    ("customer:globex",),
)
WORDS = (
    *("payments", "cards", "files", "reports", "orders", "messages", "exports", "sign-in", "invoices", "transfers"),
    *("fail", "wait", "arrive late", "are slow", "work again", "are refused", "come twice", "stand still"),
    *("in Europe", "for some", "for a while", "after a change", "in the app", "on phones", "at night", "by API"),
    *("we look", "we know why", "we turn it back", "nothing is lost", "please wait", "try again", "no action"),
)
NOUNS = ("Ledger", "Gateway", "Search", "Archive", "Mailer", "Router", "Vault", "Portal", "Queue", "Index")
ROLES = ("commander", "communications", "customer_liaison", "scribe")
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def readers_of(label: str) -> frozenset[str]:
    """All who read a label."""
    return frozenset(reader for reader, labels in READS.items() if label in labels)


def covers(outer: Collection[str], label: str) -> bool:
    """Tell whether all who read `label` read at least one of the `outer` labels."""
    return readers_of(label) <= frozenset().union(*map(readers_of, outer))


Allowed = Callable[[str], bool]


def anyone(_: str) -> bool:
    """Allow every label."""
    return True


class Maker:
    """Makes raw fields at random. `allowed` says which labels something new may carry."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def identity(self) -> str:
        return self.rng.choice("bcdfghjkmnpqrstvwxz") + "".join(self.rng.choices("23456789bcdfghjkmnpqrstvwxz", k=7))

    def token(self) -> str:
        return "".join(self.rng.choices("bdfgklmnprstvz", k=6))

    def line(self) -> str:
        """A few words of which one stands nowhere else."""
        return " ".join([*self.rng.sample(WORDS, self.rng.randint(2, 4)), self.token()]).capitalize()

    def prose(self) -> str:
        """Markdown, now and then with what could reach over into another passage: link definitions, lists, code."""
        shape = self.rng.choice((0, 1, 2, 3, 4, 4, 4, 5, 5, 6, 7, 8))
        line, more, token = self.line(), self.line(), self.token()
        name = self.rng.choice(("guide", "guide", "page"))
        return (
            f"{line}.",
            f"{line}, *{more}*.\n\n{self.line()}.",
            f"- {line}\n- {more}",
            f"{line}: [{token} notes](https://docs.example.com/{token}).",
            f"{line}. See the [{name}][{name}].\n\n[{name}]: https://docs.example.com/{token}",
            f'{line}.\n\n[{name}]: https://docs.example.com/{token} "{token}"',
            f"## {line}\n\n{more}.",
            f"> {line}\n\n1. {more}\n2. {token} and so on",
            f"```\n{line}\n```\n\n{more}.",
        )[shape]

    def labels(self, allowed: Allowed, outer: Collection[str], most: int) -> list[str]:
        """Choose up to `most` labels that are allowed and covered by `outer`."""
        usable = [label for label in LABELS if allowed(label) and covers(outer, label)]
        return self.rng.sample(usable, min(len(usable), self.rng.randint(0, most)))

    def component(self, label: str, groups: Sequence[Fields]) -> Fields:
        token = self.token()
        return {
            "id": f"{token}-{self.rng.randint(1, 9)}",
            "name": f"{self.rng.choice(NOUNS)} {token}",
            "audience": label,
            "group": self.rng.choice([None, *(group["id"] for group in groups)]),
            "description": self.line() if self.chance(0.5) else "",
            "regions": self.rng.sample(("eu", "us", "apac"), self.rng.randint(0, 2)),
            "since": None,
            **self.keepers(),
        }

    def keepers(self) -> Fields:
        """What is internal of a component."""
        return {
            "owner": f"{self.token()}-oncall" if self.chance(0.7) else "",
            "runbook": f"https://wiki.corp.example/{self.token()}" if self.chance(0.5) else "",
            "dashboards": [f"https://graphs.corp.example/{self.token()}"] if self.chance(0.4) else [],
        }

    def group(self) -> Fields:
        token = self.token()
        return {"id": token, "name": f"Parts of {token}"}

    def fact(self, label: str) -> Fields:
        token = self.token()
        return {
            "id": f"{token}_{self.rng.choice(('count', 'share', 'cost'))}",
            "name": f"Number of {token}",
            "audience": label,
            "unit": self.rng.choice(("", "accounts", "EUR")),
        }

    def severities(self) -> list[Fields]:
        return [
            {"id": one, "name": f"{one.upper()} {self.token()}", "meaning": self.line()}
            for one in SEVERITIES
            if self.chance(0.8)
        ]

    def claims(self, components: Iterable[Fields], most: int = 3) -> list[tuple[str, str]]:
        ids = [one["id"] for one in components]
        return [
            (one, self.rng.choice(STATES)) for one in self.rng.sample(ids, min(len(ids), self.rng.randint(0, most)))
        ]

    def links(self, allowed: Allowed, titles: Collection[str]) -> list[Fields]:
        return [
            {"name": self.line(), "url": f"https://chat.corp.example/{self.token()}", "audience": label}
            for label in self.labels(allowed, titles, 3)
        ]

    def tags(self) -> list[str]:
        return [self.token() for _ in range(self.rng.randint(0, 2))]

    def roles(self) -> list[tuple[str, str]]:
        return [(role, f"{self.token()}-team") for role in self.rng.sample(ROLES, self.rng.randint(0, 3))]

    def passages(self, allowed: Allowed, outer: Collection[str], least: int = 0) -> list[Fields]:
        """Choose labels that all may be read beside `outer`, in any order, now and then one twice; mostly its own."""
        labels = self.labels(allowed, outer, 4)
        labels += self.labels(allowed, outer, 1) if self.chance(0.2) else []
        own = [label for label in outer if allowed(label) and label not in labels]
        if own and (len(labels) < least or self.chance(0.6)):
            labels.insert(self.rng.randint(0, len(labels)), own[0])
        return [{"label": label, "words": self.prose()} for label in labels]

    def told(self, allowed: Allowed, outer: Collection[str], least: int = 0) -> list[Fields]:
        """Passages of a message, to which pictures may belong: a token that names the file and decides its pixels."""
        return [self.pictured(one) if self.chance(0.08) else one for one in self.passages(allowed, outer, least)]

    def pictured(self, passage: Fields) -> Fields:
        """Hang a picture of its own beside a passage."""
        token = self.token()
        return {**passage, "words": f"{passage['words']}\n\n![{self.line()}]({token}.png)", "picture": token}

    def ask(self, label: str) -> Fields:
        return {"what": self.line(), "of": f"{self.token()}-team", "audience": label, "met": False}

    def asks(self, allowed: Allowed, outer: Collection[str]) -> list[Fields]:
        return [{**self.ask(label), "met": self.chance(0.2)} for label in self.labels(allowed, outer, 2)]

    def decision(self, allowed: Allowed, outer: Collection[str], at: datetime) -> Fields | None:
        labels = self.labels(allowed, outer, 1) if self.chance(0.5) else []
        if not labels:
            return None
        when = at + self.rng.randint(5, 120) * MINUTE
        return {"what": self.line(), "at": when, "who": self.rng.choice(ROLES), "audience": labels[0]}

    def fact_values(self, facts: Iterable[Fields], outer: Collection[str]) -> list[tuple[str, str]]:
        usable = [fact["id"] for fact in facts if covers(outer, fact["audience"])]
        chosen = self.rng.sample(usable, min(len(usable), self.rng.randint(0, 2)))
        return [(fact, f"{self.rng.randint(1, 9999)} {self.token()}") for fact in chosen]

    def update(
        self, world: World, kind: str, titles: Collection[str], at: datetime, audience: str, allowed: Allowed
    ) -> Fields:
        """One message to `audience`, which every reader of it can also find by a title."""
        statuses = STATUSES[kind]
        status = self.rng.choice(statuses) if self.chance(0.7) else None
        closed = status in ("resolved", "completed", "cancelled")
        outer = (audience,)
        return {
            "id": self.identity(),
            "audience": audience,
            "status": status,
            "at": at,
            "severity": self.rng.choice(SEVERITIES) if self.chance(0.4) else None,
            "impact": self.rng.choice(IMPACTS) if self.chance(0.12) else None,
            "components": [] if closed else self.claims(world["components"]),
            "next_update": at + self.rng.choice((20, 30, 60, 240, 1500)) * MINUTE
            if self.chance(0.5) and not closed
            else None,
            "facts": self.fact_values([one for one in world["facts"] if allowed(one["audience"])], outer),
            "asks": self.asks(allowed, outer) if self.chance(0.4) else [],
            "decision": self.decision(allowed, outer, at),
            "roles": self.roles() if self.chance(0.4) else [],
            "corrected": self.corrections(allowed, audience, at) if self.chance(0.2) else [],
            "passages": self.told(allowed, outer, least=0 if status else 1),
        }

    def aside(
        self, world: World, kind: str, titles: Collection[str], at: datetime, audience: str, allowed: Allowed
    ) -> Fields | None:
        """One message to `audience` of which every word is for some of its readers only; None if there are none."""

        def narrower(label: str) -> bool:
            return label != audience and allowed(label)

        aside = self.update(world, kind, titles, at, audience, narrower)
        aside |= {"status": None, "next_update": None, "components": []}
        aside["passages"] = aside["passages"] or self.told(narrower, (audience,))
        return aside if aside["passages"] else None

    def corrections(self, allowed: Allowed, audience: str, at: datetime) -> list[Fields]:
        """Changes made to a message after it was told; each has a label of its own."""
        return [
            {
                "at": at + self.rng.randint(1, 90) * MINUTE,
                "was": self.line() if self.chance(0.6) else "",
                "audience": label,
            }
            for label in self.labels(allowed, (audience,), 2)
        ]

    def audience(self, titles: Collection[str], allowed: Allowed) -> str | None:
        """Choose whom an update is for: most are for everyone who may be, the rest for anybody."""
        usable = [label for label in LABELS if allowed(label) and covers(titles, label)]
        if "public" in usable and self.chance(0.55):
            return "public"
        return self.rng.choice(usable) if usable else None

    def updates(
        self, world: World, kind: str, titles: Collection[str], times: Sequence[datetime], allowed: Allowed = anyone
    ) -> list[Fields]:
        found = []
        for at in times:
            audience = self.audience(titles, allowed)
            if audience is None:
                continue
            aside = self.aside(world, kind, titles, at, audience, allowed) if self.chance(0.2) else None
            found.append(aside or self.update(world, kind, titles, at, audience, allowed))
        return found

    def times(self, since: datetime, count: int) -> list[datetime]:
        """Instants one after another: most close together, some hours apart."""
        found = []
        for _ in range(count):
            since += self.rng.choice((3, 10, 20, 45, 180, 700)) * MINUTE + self.rng.randint(0, 9) * MINUTE
            found.append(since)
        return found

    def since(self, at: datetime) -> datetime:
        """When something began: half of it today or yesterday, some later than the instant of the build."""
        back = self.rng.choice((0.02, 0.2, 1, 3, 30, 100)) * self.rng.random()
        return (at - back * DAY + self.rng.choice((0, 0, 0, 0, 90)) * MINUTE).replace(second=0, microsecond=0)

    def story(self, world: World, allowed: Callable[[Sequence[str]], bool], at: datetime) -> Fields:
        """An incident or a maintenance under titles of which `allowed` approves."""
        labels = self.rng.choice([labels for labels in TITLES if allowed(labels)])
        titles = [(label, self.line()) for label in labels]
        head = {
            "id": self.identity(),
            "folder": f"{self.rng.randint(2025, 2027)}-{self.token()}",
            "titles": titles,
            "tags": self.tags(),
            "links": self.links(anyone, labels),
        }
        since = self.rng.choice(world["begun"]) if world["begun"] and self.chance(0.35) else self.since(at)
        world["begun"].append(since)
        return head | (
            self.incident(world, labels, since) if self.chance(0.7) else self.maintenance(world, labels, since)
        )

    def incident(self, world: World, labels: Sequence[str], since: datetime) -> Fields:
        times = self.times(since, self.rng.randint(1, 6))
        updates = self.updates(world, "incident", labels, times)
        if self.chance(0.5):
            updates[-1] |= {"status": "resolved", "components": [], "next_update": None}
        told = times[-1] + self.rng.randint(5, 1500) * MINUTE
        return {
            "kind": "incident",
            "started_at": since,
            "updates": updates,
            "postmortem": self.postmortem(labels, told) if self.chance(0.5) else None,
        }

    def postmortem(self, titles: Collection[str], at: datetime, allowed: Allowed = anyone) -> Fields | None:
        audience = self.audience(titles, allowed)
        if audience is None:
            return None
        return {
            "id": self.identity(),
            "audience": audience,
            "at": at.replace(second=0, microsecond=0),
            "passages": self.told(allowed, (audience,), least=1),
        }

    def maintenance(self, world: World, labels: Sequence[str], since: datetime) -> Fields:
        start = since + self.rng.choice((-1, 0, 1)) * self.rng.randint(0, 300) * MINUTE
        end = start + self.rng.choice((30, 90, 240)) * MINUTE
        told = start - self.rng.randint(10, 4000) * MINUTE
        days = self.rng.choice((1, 7, 30))
        return {
            "kind": "maintenance",
            "window": (start, end),
            "repeat": (days, (start + days * DAY * self.rng.randint(1, 4)).date()) if self.chance(0.3) else None,
            "auto": self.chance(0.75),
            "updates": self.updates(
                world, "maintenance", labels, [told, *self.times(start - 20 * MINUTE, self.rng.randint(0, 3))]
            ),
            "postmortem": None,
        }

    def page(self, label: str) -> Fields:
        return {
            "id": self.token(),
            "title": self.line(),
            "audience": label,
            "passages": self.passages(anyone, (label,), least=1),
        }

    def customer(self, identity: str, components: Sequence[Fields]) -> Fields:
        ids = [one["id"] for one in components]
        return {
            "id": identity,
            "name": f"{identity.title()} {self.token()}",
            "components": self.rng.sample(ids, min(len(ids), self.rng.randint(1, 4))),
            "locale": self.rng.choice(("en-US", "de-DE", "ja-JP")),
            "timezone": self.rng.choice(("America/New_York", "Europe/Berlin", "Asia/Tokyo", "UTC")),
            "notice": self.rng.choice((None, "15m", "1h")),
            "owner": f"{self.token()}-owner",
        }

    def signoff(self, keys: Sequence[str]) -> Fields:
        """Ask for approval: by one or two roles, for some severities or impacts."""
        chosen = self.rng.sample(keys, self.rng.randint(1, 2))
        return {key: self.rng.sample(ROLES, self.rng.randint(1, 2)) for key in chosen}

    def german(self, labels: Sequence[str], titled: Collection[str], hidden: Allowed, kept: Fields) -> Fields:
        """Translate what stands under hidden labels; `kept` is what was translated before. Each label has its own state.

        Only messages, which have no titles of their own, have pictures.
        """
        was = kept.get("labels", {})
        present = dict.fromkeys([*labels, *titled])
        found = {label: was[label] for label in present if label in was and not hidden(label)}
        is_draft = kept["draft"] if found else self.chance(0.1)
        for label in present:
            if hidden(label) and self.chance(0.75):
                count = labels.count(label)
                words = [self.translated(drawn=not titled) for _ in range(self.rng.randint(1, count) if count else 0)]
                title = f"Es ist {self.line()}" if label in titled and (not words or self.chance(0.7)) else None
                found[label] = {"words": words, "title": title, "stale": self.chance(0.25)}
        return {"draft": is_draft, "labels": found}

    def translated(self, *, drawn: bool) -> Fields:
        """Give a German passage, now and then with a picture of its own."""
        passage = {"words": f"Auf Deutsch.\n\n{self.prose()}"}
        return self.pictured(passage) if drawn and self.chance(0.05) else passage

    def taste(self, identity: str) -> Fields:
        """Configuration of an audience that decides how and when it is told, never what it may read."""
        keys = IMPACTS[1:] if identity in ("public", "strategic") else SEVERITIES[:3]
        rhythm = {
            key: (self.rng.choice(("5m", "15m")), self.rng.choice(("20m", "1h", "4h")))
            for key in keys
            if self.chance(0.7)
        }
        return {
            "owner": f"{self.token()}-lead",
            "after": self.rng.choice(([], ["support"])) if identity in ("public", "strategic") else [],
            "wait_for": self.rng.choice(("nothing", "page")) if identity in ("public", "strategic") else "nothing",
            "cadence": rhythm,
            "max_recipients": self.rng.randint(1, 500),
        }

    def ways(self, audience: Fields) -> Fields:
        """Add ways by which an audience is told, and the hour of its week's digest; nothing of what it may read."""
        added = [way for way in MORE_SURFACES.get(audience["id"], ()) if self.chance(0.5)]
        day, hour = self.rng.choice(DAYS), self.rng.randrange(24)
        surfaces = [one for one in audience["surfaces"] if one not in MORE_SURFACES.get(audience["id"], ())]
        return {"surfaces": [*surfaces, *added], "weekly": f"{day} {hour:02}:00" if self.chance(0.6) else ""}


SHOWS = ("own-or-public", "public-and-own", "all")
SEES = {
    "exec": ["internal"],
    "support": ["internal", "say"],
    "engineering": ["internal"],
    "frontdesk": [],
    "internal": ["support", "engineering", "say", "strategic"],
}
SURFACES = {
    "public": ["page", "feed", "api", "digest"],
    "strategic": ["digest"],
    "exec": ["brief", "digest"],
    "support": ["brief", "digest", "macros"],
    "engineering": ["digest"],
    "frontdesk": ["brief", "digest"],
    "internal": ["page", "feed", "api"],
}

MORE_SURFACES = {
    "public": ("chat",),
    "frontdesk": ("chat", "macros"),
    "internal": ("chat", "digest"),
}
"""Further surfaces that some worlds give; `frontdesk` may not read all that replies are made of, so it gets none."""

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def audiences(make: Maker) -> list[Fields]:
    """All audiences of the table, each with tastes of its own."""
    found = []
    for identity, surfaces in SURFACES.items():
        external = identity in ("public", "strategic")
        keys = IMPACTS if external else SEVERITIES
        when: Fields = {}
        knows_severity = external or BY_NATURE in READS[identity]
        if make.chance(0.5):
            when = (
                {"severity": make.rng.sample(SEVERITIES, 3)}
                if knows_severity and not external
                else {"impact": ["major"]}
            )
        mode = make.rng.choice(("each-update", "first-and-last", "batched"))
        found.append(
            {
                "id": identity,
                "name": f"{identity.title()} {make.token()}",
                "boundary": "external" if external else "internal",
                "sees": SEES.get(identity, []),
                "shows": "all" if identity == "internal" else make.rng.choice(SHOWS),
                "surfaces": make.rng.choice((surfaces, ["page", "digest"])) if identity == "frontdesk" else surfaces,
                "when": when,
                "signoff": make.signoff(keys) if knows_severity and make.chance(0.25) else {},
                "mode": mode,
                **make.taste(identity),
            }
        )
    return found


def generate(seed: int | str) -> World:
    """Make one world. The instant `at` of the build lies among its events, so that some of them are still to come."""
    make = Maker(random.Random(seed))
    rng = make.rng
    anchor = datetime(2026, rng.randint(1, 12), rng.randint(1, 28), rng.randint(0, 23), rng.randint(0, 59), tzinfo=UTC)
    groups = [make.group() for _ in range(3)]
    labels = [*["public"] * rng.randint(2, 4), *rng.sample([one for one in LABELS if one != "public"], 4)]
    rng.shuffle(labels)
    components = [make.component(label, groups) for label in labels]
    for component in components:
        component["since"] = (anchor - rng.randint(1, 200) * DAY).date() if make.chance(0.4) else None
    fact_labels = [*rng.sample(LABELS, 5), "public", "internal"]
    world: World = {
        "at": anchor,
        "style": rng.getrandbits(32),
        "site": _site(make),
        "groups": groups,
        "components": components,
        "facts": [make.fact(label) for label in fact_labels],
        "severities": make.severities(),
        "audiences": audiences(make),
        "customers": [make.customer(customer, components) for customer in CUSTOMERS],
        "pages": [make.page(rng.choice(LABELS)) for _ in range(rng.randint(0, 3))],
        "targets": [{"id": "public", "tree": "public", "directory": f"published/{make.token()}"}],
    }
    world["begun"] = []
    world["stories"] = [make.story(world, lambda _: True, anchor) for _ in range(rng.randint(5, 9))]
    world["at"] = _instant(make, world)
    translator = Maker(random.Random(f"{seed} in German"))
    world["site"]["languages"] = ["de"] if translator.chance(0.6) else []
    translate(world, translator, anyone)
    writer = Maker(random.Random(f"{seed} by chat and week"))
    world["audiences"] = [one | writer.ways(one) for one in world["audiences"]]
    return world


def translate(world: World, make: Maker, hidden: Allowed) -> None:
    """Translate everything under hidden labels, some of it; what stands under others stays as it is."""
    for thing, titled in _translatable(world):
        labels = [one["label"] for one in thing.get("passages", ())]
        thing["german"] = make.german(labels, titled, hidden, thing.get("german", {}))


def _translatable(world: World) -> list[tuple[Fields, tuple[str, ...]]]:
    """Give everything that may have a translation, each with the labels of its titles."""
    found: list[tuple[Fields, tuple[str, ...]]] = []
    for story in world["stories"]:
        found.append((story, tuple(label for label, _ in story["titles"])))
        told = [*story["updates"], *([story["postmortem"]] if story["postmortem"] else ())]
        found += [(one, ()) for one in told]
    return found + [(page, (page["audience"],)) for page in world["pages"]]


def _site(make: Maker) -> Fields:
    return {
        "id": make.token(),
        "name": f"{make.token().title()} status",
        "url": f"https://status.{make.token()}.example",
        "internal_url": f"https://status.corp.{make.token()}.example",
        "timezone": make.rng.choice(("UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo")),
        "support_url": make.rng.choice(("", "mailto:help@example.com", "https://example.com/help")),
        "notice": make.rng.choice(("", make.line())),
        "sensitive_terms": [make.token()],
    }


def _instant(make: Maker, world: World) -> datetime:
    """Choose when to build: at an update, just before or after one, or while nothing happens."""
    told = [update["at"] for story in world["stories"] for update in story["updates"]]
    near = sorted(told, key=lambda at: abs(at - world["at"]))[:12]
    base: datetime = make.rng.choice(near or [world["at"]])
    return base + make.rng.choice((-1, 0, 0, 1, 7, 31)) * MINUTE
