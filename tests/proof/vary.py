"""Worlds that agree in everything one reader may read and differ in everything else that they can.

Insiders who read `internal` also know that a message exists, when, and that one is due. Within what they know of, only
words under labels that they cannot read are changed; what they do not know of at all is changed like anything else.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from worlds import (
    BY_NATURE,
    IMPACTS,
    LABELS,
    MINUTE,
    OUTSIDERS,
    READS,
    SEVERITIES,
    Fields,
    Maker,
    World,
    covers,
    translate,
)

STRATEGIC = ("globex", "globex-labs", "initech")


def vary(world: World, reader: str, rng: random.Random) -> World:
    """Give a second world that `reader` must not be able to tell from `world`."""
    return _Variation(copy.deepcopy(world), reader, rng).made()


class _Variation:
    """Changes one world for one reader."""

    def __init__(self, world: World, reader: str, rng: random.Random) -> None:
        self._world = world
        self._reader = reader
        self._make = Maker(rng)
        self._rng = rng
        self._reads = READS[reader]
        self._knows_of_messages = BY_NATURE in self._reads
        self._own_audience = "strategic" if reader in STRATEGIC else reader

    def made(self) -> World:
        world = self._world
        world["style"] = self._rng.getrandbits(32)
        world["components"] = self._components()
        world["groups"] = self._groups()
        self._settle_components()
        world["facts"] = self._facts()
        world["customers"] = self._customers()
        world["audiences"] = [self._audience(audience) for audience in world["audiences"]]
        world["severities"] = world["severities"] if self._knows_of_messages else self._make.severities()
        world["targets"] = [{**one, "directory": f"published/{self._make.token()}"} for one in world["targets"]]
        world["site"] = self._site()
        world["stories"] = self._stories()
        world["pages"] = self._pages()
        translate(world, self._make, self._hidden)
        world["audiences"] = [self._told_otherwise(audience) for audience in world["audiences"]]
        return world

    def _hidden(self, label: str) -> bool:
        return label not in self._reads

    def _hidden_labels(self) -> list[str]:
        return [label for label in LABELS if self._hidden(label)]

    def _mixed(self, visible: Sequence[Any], hidden: Sequence[Any]) -> list[Any]:
        """Put what is hidden anywhere among what is visible, whose order stays."""
        mixed = list(visible)
        for one in hidden:
            mixed.insert(self._rng.randint(0, len(mixed)), one)
        return mixed

    # The configuration

    def _components(self) -> list[Fields]:
        visible = [one for one in self._world["components"] if not self._hidden(one["audience"])]
        hidden = [one for one in self._world["components"] if self._hidden(one["audience"])]
        groups = self._world["groups"]
        if not self._knows_of_messages:
            visible = [one | self._make.keepers() for one in visible]
            hidden = [one for one in hidden if self._make.chance(0.7)]
        changed = []
        for one in hidden:
            fresh = self._make.component(one["audience"], groups)
            keeps_id = self._knows_of_messages or self._make.chance(0.5)
            changed.append(fresh | {"id": one["id"]} if keeps_id else fresh)
        labels = self._hidden_labels()
        added = [self._make.component(self._rng.choice(labels), groups) for _ in range(self._rng.randint(0, 2))]
        return self._mixed(visible, [*changed, *added])

    def _groups(self) -> list[Fields]:
        shown = {one["group"] for one in self._world["components"] if not self._hidden(one["audience"])}
        visible = [group for group in self._world["groups"] if group["id"] in shown]
        kept = [group for group in self._world["groups"] if group["id"] not in shown and self._make.chance(0.6)]
        hidden = [group | {"name": self._make.group()["name"]} for group in kept]
        hidden += [self._make.group() for _ in range(self._rng.randint(0, 1))]
        return self._mixed(visible, hidden)

    def _settle_components(self) -> None:
        """Give hidden components groups that exist."""
        ids = [group["id"] for group in self._world["groups"]]
        for one in self._world["components"]:
            if self._hidden(one["audience"]):
                one["group"] = self._rng.choice([None, *ids])

    def _facts(self) -> list[Fields]:
        visible = [fact for fact in self._world["facts"] if not self._hidden(fact["audience"])]
        hidden = [self._make.fact(self._rng.choice(self._hidden_labels())) for _ in range(self._rng.randint(0, 4))]
        return self._mixed(visible, hidden)

    def _customers(self) -> list[Fields]:
        """Change customers' data for outsiders; who knows of messages also knows to whom they are due."""
        if self._knows_of_messages:
            return list(self._world["customers"])
        components = self._world["components"]
        found = []
        for customer in self._world["customers"]:
            if customer["id"] == self._reader:
                found.append(customer | {"components": self._own_components(customer)})
            else:
                found.append(self._make.customer(customer["id"], components))
        if self._make.chance(0.5):
            found.append(self._make.customer("umbrella", components))
        self._rng.shuffle(found)
        return found

    def _own_components(self, customer: Fields) -> list[str]:
        labels = {one["id"]: one["audience"] for one in self._world["components"]}
        visible = [one for one in customer["components"] if one in labels and not self._hidden(labels[one])]
        others = [one for one, label in labels.items() if self._hidden(label)]
        return self._mixed(visible, self._rng.sample(others, self._rng.randint(0, min(2, len(others)))))

    def _audience(self, audience: Fields) -> Fields:
        if self._knows_of_messages:
            return audience
        external = audience["boundary"] == "external"
        fresh = self._make.taste(audience["id"]) | self._approvals(audience["id"])
        if audience["id"] == self._own_audience:
            return audience | fresh if external else audience
        changed = audience | fresh | {"name": f"Those {self._make.token()}", "mode": "each-update"}
        if not external:
            changed["shows"] = self._rng.choice(("own-or-public", "public-and-own", "all"))
            by_severity = BY_NATURE in READS[audience["id"]]
            changed["when"] = self._rng.choice(({}, {"severity": ["sev1"]} if by_severity else {"impact": ["minor"]}))
        return changed

    def _told_otherwise(self, audience: Fields) -> Fields:
        """Change by which ways others are told, and when; who knows of messages knows that, too."""
        is_own = audience["id"] in (self._own_audience, self._reader)
        return audience if self._knows_of_messages or is_own else audience | self._make.ways(audience)

    def _approvals(self, audience: str) -> Fields:
        """Change who must approve another audience's words, unless these are what this reader is told of."""
        insiders = audience not in ("public", "strategic")
        told = audience == self._own_audience or (audience == "public" and self._own_audience != "strategic")
        if told or (insiders and BY_NATURE not in READS[audience]):
            return {}
        return {"signoff": self._make.signoff(SEVERITIES if insiders else IMPACTS) if self._make.chance(0.5) else {}}

    def _site(self) -> Fields:
        if self._reader not in OUTSIDERS:
            return dict(self._world["site"])
        fresh = {
            "internal_url": f"https://inside.{self._make.token()}.example",
            "sensitive_terms": [self._make.token()],
        }
        return {**self._world["site"], **fresh}

    # Incidents and maintenances

    def _stories(self) -> list[Fields]:
        found = []
        for story in self._world["stories"]:
            known = any(not self._hidden(label) for label, _ in story["titles"])
            if known and self._knows_of_messages:
                found.append(self._reworded(story))
            elif known:
                found.append(self._retold(story))
            elif self._make.chance(0.3):
                found.append(self._unseen())
        found += [self._unseen() for _ in range(self._rng.randint(0, 3))]
        self._rng.shuffle(found)
        for story in found:
            story["folder"] = f"{self._rng.randint(2025, 2027)}-{self._make.token()}"
        return found

    def _unseen(self) -> Fields:
        """Make an incident or maintenance of which this reader reads no title, at any time."""
        when = self._world["at"] + self._rng.choice((-200, -40, 0, 0, 0, 0, 10)) * timedelta(days=1)
        return self._make.story(self._world, lambda labels: all(map(self._hidden, labels)), when)

    def _reworded(self, story: Fields) -> Fields:
        """Change only words: this reader knows of every message."""
        make = self._make
        titles = [(label, make.line() if self._hidden(label) else words) for label, words in story["titles"]]
        labels = [label for label, _ in titles]
        updates = [self._reworded_update(update) for update in story["updates"]]
        account = story["postmortem"]
        if account:
            account = account | {"passages": self._reworded_passages(account["passages"])}
        links = self._mixed(self._visible(story["links"]), make.links(self._hidden, labels))
        return story | {"titles": titles, "links": links, "updates": updates, "postmortem": account}

    def _reworded_update(self, update: Fields) -> Fields:
        return update | {**self._beside(update), "passages": self._reworded_passages(update["passages"])}

    def _reworded_passages(self, passages: Sequence[Fields]) -> list[Fields]:
        return [self._reworded_passage(one) if self._hidden(one["label"]) else one for one in passages]

    def _reworded_passage(self, passage: Fields) -> Fields:
        fresh = {"label": passage["label"], "words": self._make.prose()}
        return self._make.pictured(fresh) if self._make.chance(0.08) else fresh

    def _retold(self, story: Fields) -> Fields:
        """Change everything around what this reader may read of an incident or maintenance that it knows of."""
        make = self._make
        visible = [(label, words) for label, words in story["titles"] if not self._hidden(label)]
        hidden = self._rng.sample(self._hidden_labels(), self._rng.randint(0, 2))
        titles = self._mixed(visible, [(label, make.line()) for label in hidden])
        labels = [label for label, _ in titles]
        return story | {
            "titles": titles,
            "tags": make.tags(),
            "links": self._mixed(self._visible(story["links"]), make.links(self._hidden, labels)),
            "updates": self._retold_updates(story, labels),
            "postmortem": self._retold_account(story, labels),
        }

    def _retold_updates(self, story: Fields, titles: Sequence[str]) -> list[Fields]:
        readable = [one for one in story["updates"] if not self._hidden(one["audience"])]
        heard = [one for one in readable if not self._silent(one) or self._make.chance(0.5)]
        visible = [self._retold_update(one) for one in heard]
        hidden = [one for one in story["updates"] if self._hidden(one["audience"]) and self._make.chance(0.2)]
        kept = [self._moved(one) for one in hidden if covers(titles, one["audience"])]
        begin = story["started_at"] if story["kind"] == "incident" else story["window"][0] - timedelta(days=1)
        last = max([self._world["at"], *(one["at"] for one in visible)])
        minutes = max(5, (last - begin) // MINUTE + 60)
        times = [begin + self._rng.randint(0, minutes) * MINUTE for _ in range(self._rng.randint(0, 3))]
        times += [] if visible or kept or times else [begin + MINUTE]
        added = self._make.updates(self._world, story["kind"], titles, sorted(times), self._hidden)
        added += self._asides(story, [label for label in titles if not self._hidden(label)], begin, minutes)
        return sorted([*visible, *kept, *added], key=lambda update: update["at"])

    def _silent(self, update: Fields) -> bool:
        """Tell whether nothing of an update to this reader is for it: then it need not know that there is one."""
        components = {one["id"]: one["audience"] for one in self._world["components"]}
        facts = {fact["id"]: fact["audience"] for fact in self._world["facts"]}
        labels = [one["label"] for one in update["passages"]]
        labels += [components[one] for one, _ in update["components"] if one in components]
        labels += [facts[one] for one, _ in update["facts"] if one in facts]
        labels += [one["audience"] for one in (*update["asks"], *([update["decision"]] if update["decision"] else ()))]
        return not (update["status"] or update["next_update"]) and all(map(self._hidden, labels))

    def _asides(self, story: Fields, titles: Sequence[str], begin: datetime, minutes: int) -> list[Fields]:
        """Make updates to this reader of which every word is for others."""
        found = []
        for _ in range(self._rng.choice((0, 0, 1, 2))):
            at = begin + self._rng.randint(0, minutes) * MINUTE
            audience = self._rng.choice(titles)
            aside = self._make.aside(self._world, story["kind"], titles, at, audience, self._hidden)
            if aside:
                found.append(aside | {"components": self._claims([]), "impact": self._rng.choice((None, *IMPACTS))})
        return found

    def _moved(self, update: Fields) -> Fields:
        """Tell a hidden message again, at another time: what it refers to may have gone."""
        shift = self._rng.randint(0, 600) * MINUTE
        moved = self._retold_update(update | {"id": self._make.identity()})
        moved["at"] += shift
        moved["next_update"] = None
        return moved

    def _retold_update(self, update: Fields) -> Fields:
        make = self._make
        audience = update["audience"]
        visible = [one for one in update["passages"] if not self._hidden(one["label"])]
        bare = not update["status"] and not visible and not self._hidden(audience)
        hidden = make.told(self._hidden, (audience,))
        if bare and not hidden:
            hidden = self._reworded_passages(update["passages"][:1])
        closed = update["status"] in ("resolved", "completed", "cancelled")
        return update | {
            **self._beside(update),
            "severity": self._rng.choice((None, "sev1", "sev2", "sev3")),
            "roles": make.roles(),
            "components": [] if closed else self._claims(update["components"]),
            "passages": self._mixed(visible, hidden),
        }

    def _claims(self, claims: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        labels = {one["id"]: one["audience"] for one in self._world["components"]}
        visible = [claim for claim in claims if claim[0] in labels and not self._hidden(labels[claim[0]])]
        hidden = self._make.claims([one for one in self._world["components"] if self._hidden(one["audience"])])
        return self._mixed(visible, hidden)

    def _beside(self, update: Fields) -> Fields:
        """Change what has labels of its own: facts, asks, corrections and the decision."""
        make, outer = self._make, (update["audience"],)
        labels = {fact["id"]: fact["audience"] for fact in self._world["facts"]}
        facts = [value for value in update["facts"] if value[0] in labels and not self._hidden(labels[value[0]])]
        unread = [fact for fact in self._world["facts"] if self._hidden(fact["audience"])]
        decision = update["decision"]
        if decision is None or self._hidden(decision["audience"]):
            decision = make.decision(self._hidden, outer, update["at"])
        corrected = make.corrections(self._hidden, update["audience"], update["at"]) if make.chance(0.3) else []
        return {
            "corrected": self._mixed(self._visible(update["corrected"]), corrected),
            "facts": self._mixed(facts, make.fact_values(unread, outer)),
            "asks": self._mixed(self._visible(update["asks"]), make.asks(self._hidden, outer)),
            "decision": decision,
        }

    def _visible(self, parts: Sequence[Fields]) -> list[Fields]:
        return [one for one in parts if not self._hidden(one["audience"])]

    def _retold_account(self, story: Fields, titles: Sequence[str]) -> Fields | None:
        account = story["postmortem"]
        unheard = account and all(self._hidden(one["label"]) for one in account["passages"])
        if account and not self._hidden(account["audience"]) and not (unheard and self._make.chance(0.5)):
            visible = [one for one in account["passages"] if not self._hidden(one["label"])]
            hidden = self._make.told(self._hidden, (account["audience"],))
            return {**account, "passages": self._mixed(visible, hidden)}
        if story["kind"] != "incident" or self._make.chance(0.5):
            return None
        return self._make.postmortem(titles, story["started_at"] + self._rng.randint(1, 5000) * MINUTE, self._hidden)

    def _pages(self) -> list[Fields]:
        found = []
        for page in self._world["pages"]:
            if not self._hidden(page["audience"]):
                visible = [one for one in page["passages"] if not self._hidden(one["label"])]
                hidden = self._make.passages(self._hidden, (page["audience"],))
                found.append(page | {"passages": self._mixed(visible, hidden)})
        added = [self._make.page(self._rng.choice(self._hidden_labels())) for _ in range(self._rng.randint(0, 2))]
        return [*found, *added]
