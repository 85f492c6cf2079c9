"""Audiences: who reads, what is owed to them, and how soon. What outsiders may read is configured nowhere."""

from __future__ import annotations

import re
from collections.abc import Mapping as Dict
from datetime import timedelta
from typing import Final

from heliograph.load.fields import Fields, Values, Wrong, own_id_fault
from heliograph.load.nodes import Node
from heliograph.load.resolve import Vocabulary, refuse_repeated
from heliograph.model import (
    INTERNAL,
    MACROS,
    PUBLIC,
    SAY,
    STRATEGIC,
    Audience,
    Cadence,
    Customer,
    DigestPolicy,
    Weekly,
)
from heliograph.problems import Place, did_you_mean
from heliograph.terms import IMPACTS, SEVERITIES, SURFACES, Boundary, Impact, Shows, Surface

AUDIENCES: Final = "audiences/"

_EXTERNAL: Final = (PUBLIC, STRATEGIC)
_TAKEN: Final = (SAY, MACROS, "mail", "customer")
_BOUNDARIES: Final[tuple[Boundary, ...]] = ("external", "internal")
_SHOWS: Final[tuple[Shows, ...]] = ("own-or-public", "public-and-own", "all")
_MODES: Final = ("each-update", "first-and-last", "batched")
_RECIPIENTS: Final = 50
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKLY: Final = re.compile(r"(?P<day>[a-z]+) (?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)", re.ASCII)
_LOCALE: Final = re.compile(r"[a-z]{2,3}(?:[_-][A-Z]{2})?", re.ASCII)


def audience_id(path: str) -> str:
    """Give the id of the audience that a file describes: the file's name."""
    return path.removeprefix(AUDIENCES).removesuffix(".toml")


def read_audiences(files: Dict[str, Fields], vocabulary: Vocabulary) -> tuple[Audience, ...]:
    """Read all audiences, in order of id; those that cannot be read are noted and left out."""
    found = [_Reading(audience_id(path), fields, vocabulary).audience() for path, fields in sorted(files.items())]
    audiences = tuple(audience for audience in found if audience is not None)
    _refuse_circles(audiences, files)
    return audiences


class _Reading:
    """Reads one audience's file."""

    def __init__(self, identity: str, fields: Fields, vocabulary: Vocabulary) -> None:
        self._id = identity
        self._fields = fields
        self._values = fields.values
        self._vocabulary = vocabulary
        self._external = identity in _EXTERNAL

    def audience(self) -> Audience | None:
        """Read all of it."""
        fields, values = self._fields, self._values
        self._judge_name()
        name = fields.need("name", values.title)
        boundary = self._boundary()
        surfaces = self._surfaces()
        shows = fields.read("shows", values.one_of(_SHOWS, "a way to choose passages"))
        when = self._when()
        wait_for = fields.read("wait_for", values.one_of(("nothing", "page"), "something to wait for"))
        sees, after = self._sees(), self._after()
        owner = fields.read("owner", values.line) or ""
        cadence, signoff = self._cadence(), self._signoff()
        digest, customers = self._digest(), self._customers()
        fields.done()
        if name is None or boundary is None or surfaces is None:
            return None
        return Audience(
            id=self._id,
            name=name,
            boundary=boundary,
            sees=sees,
            shows=shows or ("all" if self._id == INTERNAL else "own-or-public"),
            surfaces=surfaces,
            owner=owner,
            when_severity=when[0],
            when_impact=when[1],
            when_components=when[2],
            wait_for=wait_for or ("page" if self._external else "nothing"),
            after=after,
            cadence=cadence,
            signoff=signoff,
            digest=digest,
            customers=customers,
            place=Place(values.file),
        )

    def _surfaces(self) -> tuple[Surface, ...] | None:
        values, node = self._values, self._fields.node("surfaces")
        surfaces = self._fields.need("surfaces", values.list_of(values.one_of(SURFACES, "a surface")))
        if node is not None and self._id == STRATEGIC and set(surfaces or ()) - {"digest"}:
            values.refuse(node, "E131", "strategic customers are written to one by one; they have the digest only")
        return surfaces

    def _judge_name(self) -> None:
        fault = own_id_fault(self._id)
        if fault is None and self._id in _TAKEN:
            fault = "E302", f"`{self._id}` is a label of its own and cannot be an audience"
        if fault is not None:
            self._values.refuse(self._fields.mapping, *fault)

    def _boundary(self) -> Boundary | None:
        boundary = self._fields.need("boundary", self._values.one_of(_BOUNDARIES, "a boundary"))
        node = self._fields.node("boundary")
        if node is None or boundary is None:
            return None
        if boundary == "external" and not self._external:
            message = "only public and strategic are external: what outsiders may read is fixed"
            self._values.refuse(node, "E619", message)
        if boundary == "internal" and self._external:
            self._values.refuse(node, "E619", f"{self._id} is read outside the company; its boundary is external")
        return boundary

    def _sees(self) -> tuple[str, ...]:
        node = self._fields.node("sees")
        if node is not None and self._external:
            self._values.refuse(node, "E620", "what an external audience sees is fixed and cannot be widened")
            return ()
        others = (self._vocabulary.audiences | {SAY, STRATEGIC, PUBLIC}) - {self._id}
        reader = self._values.list_of(self._values.declared(others, "a label an internal audience may see", "E112"))
        return self._fields.read("sees", reader) or ()

    def _after(self) -> tuple[str, ...]:
        others = self._vocabulary.audiences - {self._id}
        reader = self._values.list_of(self._values.declared(others, "another audience", "E112"))
        return self._fields.read("after", reader) or ()

    def _when(self) -> tuple[tuple[str, ...], tuple[Impact, ...], tuple[str, ...]]:
        fields, values = self._fields.read("when", self._values.fields), self._values
        if fields is None:
            return (), (), ()
        severity = fields.node("severity")
        if severity is not None and self._external:
            values.refuse(severity, "E621", "severities are internal; for outsiders use impact or components")
        known = self._vocabulary.components
        found = (
            fields.read("severity", values.list_of(values.one_of(SEVERITIES, "a severity"))) or (),
            fields.read("impact", values.list_of(values.one_of(IMPACTS, "an impact"))) or (),
            fields.read("components", values.list_of(values.declared(known, "a component", "E210"))) or (),
        )
        fields.done()
        return found

    def _keys(self, table: str) -> tuple[tuple[str, Node], ...]:
        """Go through a table by severity, or by impact for outsiders."""
        known: tuple[str, ...] = IMPACTS if self._external else SEVERITIES
        found: list[tuple[str, Node]] = []
        for key, node in self._fields.pairs(table):
            if key.value in known:
                found.append((key.value, node))
            elif self._external and key.value in SEVERITIES:
                message = "severities are internal; for outsiders name an impact"
                self._values.refuse(key, "E621", message, did_you_mean("", known))
            else:
                what = "an impact" if self._external else "a severity"
                self._values.refuse(key, "E131", f"this is not {what}", did_you_mean(key.value, known))
        return tuple(sorted(found, key=lambda item: known.index(item[0])))

    def _cadence(self) -> tuple[tuple[str, Cadence], ...]:
        read = ((key, self._values.attempt(self._rhythm, node)) for key, node in self._keys("cadence"))
        return tuple((key, rhythm) for key, rhythm in read if rhythm is not None)

    def _rhythm(self, node: Node) -> Cadence | None:
        fields = self._values.fields(node)
        first, every = fields.need("first", self._values.span), fields.need("every", self._values.span)
        fields.done()
        return None if first is None or every is None else Cadence(first=first, every=every)

    def _signoff(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        reader = self._values.list_of(self._values.name)
        read = ((key, self._values.attempt(reader, node)) for key, node in self._keys("signoff"))
        return tuple((key, roles) for key, roles in read if roles)

    def _digest(self) -> DigestPolicy:
        fields, values = self._fields.read("digest", self._values.fields), self._values
        if fields is None:
            return DigestPolicy(mode=_MODES[0], every=None, max_recipients=_RECIPIENTS)
        mode = fields.read("mode", values.one_of(_MODES, "a mode")) or _MODES[0]
        every = fields.read("every", values.span)
        most = fields.read("max_recipients", values.count) or _RECIPIENTS
        weekly = fields.read("weekly", lambda node: _weekly(values, node))
        fields.done()
        if (mode == "batched") != (fields.node("every") is not None):
            values.refuse(fields.mapping, "E628", "`every` belongs to the mode batched, and batched needs it")
        return DigestPolicy(mode=mode, every=every, max_recipients=most, weekly=weekly)

    def _customers(self) -> tuple[Customer, ...]:
        node = self._fields.node("customer")
        if node is not None and self._id != STRATEGIC:
            self._values.refuse(node, "E624", "customers stand in audiences/strategic.toml only")
            return ()
        found = [self._customer(table) for table in self._fields.tables("customer")]
        customers = tuple(customer for customer in found if customer is not None)
        refuse_repeated(customers, self._values.problems)
        return customers

    def _customer(self, fields: Fields) -> Customer | None:
        values = self._values
        known = values.declared(self._vocabulary.components, "a component", "E210")
        identity, name = fields.need("id", values.identity), fields.need("name", values.title)
        components = fields.read("components", values.list_of(known)) or ()
        locale = fields.read("locale", lambda node: _locale(values, node)) or ""
        timezone = fields.read("timezone", values.zone) or "UTC"
        notice = fields.read("notice", values.span)
        owner = fields.read("owner", values.line) or ""
        fields.done()
        if identity is None or name is None:
            return None
        return Customer(
            id=identity,
            name=name,
            components=components,
            locale=locale,
            timezone=timezone,
            notice=notice,
            owner=owner,
            place=values.place(fields.mapping),
        )


def _locale(values: Values, node: Node) -> str:
    text = values.line(node)
    if _LOCALE.fullmatch(text) is None:
        raise Wrong(node, "E131", "a locale is written like en or de_DE")
    return text


def _weekly(values: Values, node: Node) -> Weekly:
    found = _WEEKLY.fullmatch(values.line(node))
    if found is None or found["day"] not in _DAYS:
        hint = did_you_mean(found["day"], _DAYS) if found else ""
        raise Wrong(node, "E131", "a week's digest comes on a day at a time, such as monday 08:00", hint)
    at = timedelta(hours=int(found["hour"]), minutes=int(found["minute"]))
    return Weekly(_DAYS.index(found["day"]), at)


def _refuse_circles(audiences: tuple[Audience, ...], files: Dict[str, Fields]) -> None:
    """Note audiences that wait for each other, so that none would ever be told."""
    after = {audience.id: audience.after for audience in audiences}
    for audience in audiences:
        waiting, seen = list(audience.after), set[str]()
        while waiting:
            other = waiting.pop()
            if other not in seen:
                seen.add(other)
                waiting.extend(after.get(other, ()))
        if audience.id in seen:
            values = files[audience.place.file].values
            node = files[audience.place.file].node("after")
            assert node is not None
            values.refuse(node, "E630", "these audiences wait for each other; nobody would be told first")
