"""Writes a world as the files people write, in one of many ways that mean the same.

The world's `style` decides everything that no reader may ever notice: names of files and folders, zones in which
instants are written, spans or instants, markers that could be left out, files beside an update.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from PIL import Image

from worlds import Fields, World

CLOSING = ("resolved", "completed", "cancelled")


Content = str | bytes
"""What a file holds: text, or a picture."""


def regions_of(story: Fields) -> list[str]:
    """Choose where an incident is felt, from its id alone: so it is the same in every variation that keeps it."""
    dice = random.Random(f"regions of {story['id']}")
    return dice.sample(("eu", "us", "apac"), dice.choice((0, 1, 1, 2)))


def files(world: World) -> dict[str, Content]:
    """Give the content of every source file by its path within the site."""
    regions = frozenset(region for component in world["components"] for region in component["regions"])
    style = _Style(random.Random(world["style"]), regions)
    found: dict[str, Content] = {
        "site_src/site.toml": _toml(world["site"]),
        "site_src/components.toml": _tables("group", world["groups"]) + _tables("component", world["components"]),
        "site_src/facts.toml": _tables("fact", world["facts"]),
        "site_src/severities.toml": "".join(_table(one["id"], one) for one in world["severities"]),
        "site_src/targets.toml": "".join(_table(one["id"], one) for one in world["targets"]),
    }
    for audience in world["audiences"]:
        found[f"audiences/{audience['id']}.toml"] = _audience(audience, world["customers"])
    for page in world["pages"]:
        head = {"title": page["title"], "audience": page["audience"]}
        found[f"site_src/pages/{page['id']}.md"] = style.document(head, page["passages"], page["audience"])
        if world["site"]["languages"]:
            found |= style.german(f"site_src/pages/{page['id']}", page, page["audience"], page["title"])
    for story in world["stories"]:
        found |= style.folder(story, translated=bool(world["site"]["languages"]))
    return found


def write(world: World, root: Path) -> None:
    """Write a world below `root`, which must be empty."""
    for path, content in files(world).items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)


def picture(token: str) -> bytes:
    """Draw a PNG of one colour, made from a token."""
    red, green, blue = hashlib.sha256(token.encode()).digest()[:3]
    out = io.BytesIO()
    Image.new("RGB", (3, 2), (red, green, blue)).save(out, "PNG")
    return out.getvalue()


class _Style:
    """One way to write things."""

    def __init__(self, rng: random.Random, regions: frozenset[str]) -> None:
        self._rng, self._regions = rng, regions

    def folder(self, story: Fields, *, translated: bool) -> dict[str, Content]:
        """Give an incident's or a maintenance's files. Names sort as the updates do, so that equal times keep their order."""
        place = f"incidents/{story['folder']}"
        found: dict[str, Content] = {f"{place}/{story['kind']}.md": f"---\n{_yaml(self._head(story))}---\n"}
        if translated:
            found |= self.german(f"{place}/{story['kind']}", story, "")
        updates = sorted(story["updates"], key=lambda update: update["at"])
        names = sorted({f"{self._rng.randrange(2400):04}-{self._rng.getrandbits(40):x}" for _ in updates})
        closed: dict[str, str | None] = {}
        for name, update in zip(names, updates, strict=True):
            head = self._update(update)
            if update["status"]:
                before = closed.get(update["audience"])
                if before and update["status"] != before:
                    head["reopen"] = True
                closed[update["audience"]] = update["status"] if update["status"] in CLOSING else None
            found |= self._told(f"{place}/{name}", head, update)
            if translated:
                found |= self.german(f"{place}/{name}", update, update["audience"])
        if story["postmortem"]:
            account = story["postmortem"]
            head = {"id": account["id"], "audience": account["audience"], "at": self._at(account["at"])}
            found |= self._told(f"{place}/postmortem", head, account)
            if translated:
                found |= self.german(f"{place}/postmortem", account, account["audience"])
        return found

    def _head(self, story: Fields) -> Fields:
        head: Fields = {"id": story["id"], "title": dict(story["titles"])}
        if story["kind"] == "incident":
            head["started_at"] = self._at(story["started_at"])
            head["regions"] = [region for region in regions_of(story) if region in self._regions]
        else:
            start, end = story["window"]
            head["window"] = {"start": self._at(start), "end": self._at(end)}
            if story["repeat"]:
                days, until = story["repeat"]
                head["repeat"] = {"every": f"{days}d", "until": until.isoformat()}
            head["auto"] = story["auto"]
        return head | {"tags": story["tags"], "links": story["links"]}

    def _update(self, update: Fields) -> Fields:
        head = {key: update[key] for key in ("id", "audience", "status", "severity", "impact")}
        head["at"] = self._at(update["at"])
        head["components"] = dict(update["components"])
        head["facts"] = dict(update["facts"])
        head["roles"] = dict(update["roles"])
        head["asks"] = update["asks"]
        if update["next_update"]:
            span = update["next_update"] - update["at"]
            spelled = f"{span // timedelta(minutes=1)}m"
            head["next_update"] = self._rng.choice((spelled, self._at(update["next_update"])))
        if update["decision"]:
            head["decision"] = {**update["decision"], "at": self._at(update["decision"]["at"])}
        head["corrected"] = [_lean({**fix, "at": self._at(fix["at"])}) for fix in update["corrected"]]
        return head

    def _told(self, stem: str, head: Fields, told: Fields) -> dict[str, Content]:
        """Write a message; a last passage for one customer may stand in a file beside it."""
        passages = list(told["passages"])
        found: dict[str, Content] = {}
        for token in [one["picture"] for one in passages if "picture" in one]:
            found[f"{stem.rpartition('/')[0]}/{token}.png"] = picture(token)
        if passages and passages[-1]["label"].startswith("customer:") and self._rng.random() < 0.5:
            last = passages.pop()
            found[f"{stem}+{last['label'].removeprefix('customer:')}.md"] = last["words"] + "\n"
        return {f"{stem}.md": self.document(head, passages, told["audience"]), **found}

    def german(self, stem: str, thing: Fields, own: str, title: str | None = None) -> dict[str, Content]:
        """Write the translation of a file, in any order of labels; nothing if nothing is translated."""
        labels = list(thing["german"]["labels"].items())
        self._rng.shuffle(labels)
        titles = {label: one["title"] for label, one in labels if one["title"]}
        head: Fields = {"of": {label: _digest(thing, label, own, title, one) for label, one in labels}}
        head["title"] = next(iter(titles.values()), None) if title else titles
        head["draft"] = True if thing["german"]["draft"] else None
        passages = [{"label": label, **words} for label, one in labels for words in one["words"]]
        found: dict[str, Content] = {}
        for token in [one["picture"] for one in passages if "picture" in one]:
            found[f"{stem.rpartition('/')[0]}/{token}.png"] = picture(token)
        return found | ({f"{stem}.de.md": self.document(head, passages, own)} if labels else {})

    def document(self, head: Fields, passages: Sequence[Fields], own: str) -> str:
        """Write front matter and passages; the first needs no marker where it has the document's own label."""
        text = f"---\n{_yaml(head)}---\n"
        for index, passage in enumerate(passages):
            bare = index == 0 and passage["label"] == own and self._rng.random() < 0.9
            text += passage["words"] + "\n" if bare else f"\n::: {passage['label']}\n{passage['words']}\n"
            text += ":::\n" if not bare and self._rng.random() < 0.2 else ""
        return text

    def _at(self, instant: datetime) -> str:
        hours = self._rng.choice((0, 0, 1, -5))
        if hours == 0:
            return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
        return instant.astimezone(timezone(timedelta(hours=hours))).isoformat(timespec="minutes")


def _digest(thing: Fields, label: str, own: str, title: str | None, translation: Fields) -> str:
    """Give the digest of what stands under a label, or of other words if the translation is of those."""
    words = [title] if title and label == own else []
    words += [told for titled, told in thing.get("titles", ()) if titled == label]
    words += [one["words"] for one in thing.get("passages", ()) if one["label"] == label]
    words += ["Older words."] if translation["stale"] else []
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:12]


def _lean(fields: Mapping[str, Any]) -> Fields:
    """Leave out what is empty: an empty field is not written at all."""
    return {key: value for key, value in fields.items() if value is not None and value not in ("", [], {})}


def _yaml(head: Mapping[str, Any]) -> str:
    """Write front matter; JSON is YAML, so that values need no further care."""
    return "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in _lean(head).items())


def _toml(fields: Mapping[str, Any]) -> str:
    return "".join(f"{key} = {_value(value)}\n" for key, value in _lean(fields).items())


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_value(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, (str, int)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _table(name: str, fields: Mapping[str, Any]) -> str:
    return f"[{name}]\n" + _toml({key: value for key, value in fields.items() if key != "id"})


def _tables(name: str, many: Sequence[Mapping[str, Any]]) -> str:
    return "".join(f"[[{name}]]\n{_toml(fields)}" for fields in many)


def _audience(audience: Fields, customers: Sequence[Fields]) -> str:
    external = audience["boundary"] == "external"
    plain = {
        key: audience[key] for key in ("name", "boundary", "sees", "surfaces", "owner", "wait_for", "after", "when")
    }
    shows = {} if external else {"shows": audience["shows"]}
    rhythm = {key: {"first": first, "every": every} for key, (first, every) in audience["cadence"].items()}
    digest: Fields = {"mode": audience["mode"], "max_recipients": audience["max_recipients"]}
    if audience["mode"] == "batched":
        digest["every"] = "2h"
    if audience["weekly"]:
        digest["weekly"] = audience["weekly"]
    text = _toml({**plain, **shows, "cadence": rhythm, "signoff": audience["signoff"], "digest": digest})
    return text + (_tables("customer", customers) if audience["id"] == "strategic" else "")
