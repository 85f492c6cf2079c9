"""One update, postmortem or page: front matter, and passages by one or more authors."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Final

import msgspec

from heliograph.load import frontmatter, passages, prose
from heliograph.load.fields import Fields, Values, Wrong, own_id_fault
from heliograph.load.files import Source
from heliograph.load.frontmatter import Body
from heliograph.load.nodes import Node
from heliograph.load.resolve import Labels, Vocabulary
from heliograph.model import (
    CUSTOMER_PREFIX,
    INTERNAL,
    Ask,
    Claim,
    Correction,
    Decision,
    FactValue,
    Page,
    Postmortem,
    Text,
    Update,
)
from heliograph.problems import Place, Problems
from heliograph.terms import COMPONENT_STATES, IMPACTS, SEVERITIES

_SPAN: Final = re.compile(r"[0-9dhm]+", re.ASCII)
_ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"
_ID_LENGTH: Final = 8

Sibling = tuple[str, Source]
"""A customer's id as a file's name gives it, and the file."""


class Names(msgspec.Struct, frozen=True):
    """What files may refer to; the labels are prepared once for all of them.

    `languages` are those of the public pages, the main one first; None where site.toml could not be read.
    """

    vocabulary: Vocabulary
    labels: Labels
    languages: tuple[str, ...] | None = None


class Told(msgspec.Struct, frozen=True):
    """An update, whether its author says that it opens a closed incident again, and where it says when and what."""

    update: Update
    reopens: bool
    at: Place
    status: Place


class Opened(msgspec.Struct, frozen=True):
    """A Markdown file with its front matter ready to be read, if it can be."""

    fields: Fields | None
    body: Body


def open_file(source: Source, names: Names, problems: Problems) -> Opened:
    """Take a file apart."""
    tree, body = frontmatter.split(source, problems)
    values = Values(source.path, problems, names.labels)
    return Opened(None if tree is None else Fields(values, tree), body)


def need_id(fields: Fields) -> str | None:
    """Read the id of an incident or message; one that is missing is offered."""
    fresh = "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH)) if fields.node("id") is None else ""
    return fields.need("id", fields.values.own_identity, f"add a random one: `id: {fresh}`")


def read_update(
    source: Source, siblings: Iterable[Sibling], statuses: tuple[str, ...], names: Names, problems: Problems
) -> Told | None:
    """Read an update with what other authors added to it; None if it cannot be used, and why is noted."""
    opened = open_file(source, names, problems)
    fields = opened.fields
    label = None if fields is None else fields.need("audience", fields.values.label)
    text = _passages(opened.body, label, siblings, names, problems)
    if fields is None:
        return None
    told = _update(fields, label, text, statuses, names.vocabulary)
    if told is not None and _says_nothing(told.update):
        problems.add(Place(source.path), "E133", "this update says nothing", "write text, or delete the file")
    return told


def read_postmortem(source: Source, siblings: Iterable[Sibling], names: Names, problems: Problems) -> Postmortem | None:
    """Read a postmortem; None if it cannot be used, and why is noted."""
    opened = open_file(source, names, problems)
    fields = opened.fields
    label = None if fields is None else fields.need("audience", fields.values.label)
    text = _passages(opened.body, label, siblings, names, problems)
    if fields is None:
        return None
    identity, at = need_id(fields), fields.need("at", fields.values.instant)
    fields.done()
    if identity is None or label is None or at is None:
        return None
    return Postmortem(id=identity, audience=label, at=at, passages=text, place=fields.place("id"))


def read_page(source: Source, names: Names, problems: Problems) -> Page | None:
    """Read a page of the site's own, whose id is the file's name; None if it cannot be used, and why is noted."""
    opened = open_file(source, names, problems)
    fields = opened.fields
    identity = source.path.rpartition("/")[2].removesuffix(".md")
    fault = own_id_fault(identity)
    if fault is not None:
        problems.add(Place(source.path), *fault)
    label = None if fields is None else fields.need("audience", fields.values.label)
    text = passages.read(opened.body, label, names.labels, problems)
    if fields is None:
        return None
    title = fields.need("title", fields.values.title)
    fields.done()
    if title is None or label is None:
        return None
    return Page(id=identity, title=title, audience=label, passages=text, place=Place(source.path))


def _passages(
    body: Body, label: str | None, siblings: Iterable[Sibling], names: Names, problems: Problems
) -> tuple[Text, ...]:
    found = passages.read(body, label, names.labels, problems)
    for customer, source in siblings:
        word = CUSTOMER_PREFIX + customer
        fault = names.labels.fault(word)
        if fault is not None:
            problems.add(Place(source.path), *fault)
        if source.text.startswith("---\n"):
            problems.add(Place(source.path), "E134", "this file is one passage and has no front matter")
            continue
        found += passages.read_undivided(frontmatter.whole(source), word, names.labels, problems)
    return found


def _update(
    fields: Fields, label: str | None, text: tuple[Text, ...], statuses: tuple[str, ...], vocabulary: Vocabulary
) -> Told | None:
    values = fields.values
    identity, at = need_id(fields), fields.need("at", values.instant)
    status = fields.read("status", values.one_of(statuses, "a status here", "E207"))
    severity = fields.read("severity", values.one_of(SEVERITIES, "a severity"))
    impact = fields.read("impact", values.one_of(IMPACTS, "an impact"))
    claims, facts = _claims(fields, vocabulary), _facts(fields, vocabulary)
    next_update = _next_update(fields, at)
    asks = tuple(ask for ask in map(_ask, fields.tables("asks")) if ask is not None)
    decision = _decision(fields)
    roles, corrected = _roles(fields), _corrections(fields, label)
    reopens = fields.read("reopen", values.yes_or_no) or False
    fields.done()
    if identity is None or label is None or at is None:
        return None
    update = Update(
        id=identity,
        audience=label,
        at=at,
        status=status,
        severity=severity,
        impact=impact,
        claims=claims,
        next_update=next_update,
        facts=facts,
        asks=asks,
        decision=decision,
        roles=roles,
        corrected=corrected,
        passages=text,
        place=fields.place("id"),
    )
    return Told(update, reopens, fields.place("at"), fields.place("status"))


def _says_nothing(update: Update) -> bool:
    parts = (update.status, update.passages, update.facts, update.asks, update.decision, update.claims)
    return not any(parts) and update.next_update is None


def _claims(fields: Fields, vocabulary: Vocabulary) -> tuple[Claim, ...]:
    values = fields.values
    component = values.declared(vocabulary.components, "a component", "E210")
    state = values.one_of(COMPONENT_STATES, "a component's state")
    found: list[Claim] = []
    for key, node in fields.pairs("components"):
        named, said = values.attempt(component, key), values.attempt(state, node)
        if named is not None and said is not None:
            found.append(Claim(component=named, state=said, place=values.place(key)))
    return tuple(found)


def _facts(fields: Fields, vocabulary: Vocabulary) -> tuple[FactValue, ...]:
    values = fields.values
    declared = values.declared(vocabulary.facts, "a fact of facts.toml", "E215")
    found: list[FactValue] = []
    for key, node in fields.pairs("facts"):
        fact, value = values.attempt(declared, key), values.attempt(values.line, node)
        if fact is not None and value is not None:
            found.append(FactValue(fact=fact, value=value, place=values.place(key)))
    return tuple(found)


def _next_update(fields: Fields, at: datetime | None) -> datetime | None:
    """Read when the next word comes: an instant, or a span after this one. It must lie after this one."""
    values = fields.values

    def read(node: Node) -> datetime | None:
        if _SPAN.fullmatch(values.line(node)) is not None:
            span = values.span(node)
            return None if at is None else at + span
        due = values.instant(node)
        if at is not None and due <= at:
            raise Wrong(node, "E218", "the next update is promised for a time before this one")
        return due

    return fields.read("next_update", read)


def _ask(fields: Fields) -> Ask | None:
    values = fields.values
    what, of = fields.need("what", values.line), fields.need("of", values.line)
    label = fields.read("audience", values.label) or INTERNAL
    met = fields.read("met", values.yes_or_no) or False
    fields.done()
    if what is None or of is None:
        return None
    return Ask(label=label, what=what, of=of, met=met, place=values.place(fields.mapping))


def _decision(outer: Fields) -> Decision | None:
    values = outer.values
    fields = outer.read("decision", values.fields)
    if fields is None:
        return None
    what, at, who = fields.need("what", values.line), fields.need("at", values.instant), fields.need("who", values.line)
    label = fields.read("audience", values.label) or INTERNAL
    fields.done()
    if what is None or at is None or who is None:
        return None
    return Decision(label=label, what=what, at=at, who=who, place=values.place(fields.mapping))


def _roles(fields: Fields) -> tuple[tuple[str, str], ...]:
    values = fields.values
    read = (
        (values.attempt(values.name, key), values.attempt(values.line, node)) for key, node in fields.pairs("roles")
    )
    return tuple((role, who) for role, who in read if role is not None and who is not None)


def _words(values: Values, node: Node) -> str:
    """Read words that once were a passage: what is wrong with them is told, but not what nobody could render."""
    words = values.text(node)
    fault = prose.too_much(words)
    if fault is not None:
        raise Wrong(node, "E420", *fault)
    return words


def _corrections(fields: Fields, label: str | None) -> tuple[Correction, ...]:
    found: list[Correction] = []
    for table in fields.tables("corrected"):
        at, was = table.need("at", table.values.instant), table.read("was", partial(_words, table.values))
        whose = table.read("audience", table.values.label) or label
        table.done()
        if at is not None and whose is not None:
            found.append(Correction(label=whose, at=at, was=was or "", place=table.values.place(table.mapping)))
    return tuple(found)
