"""Authored types made by hand, each with as little as a test needs. One afternoon, 21 November 2026, in UTC."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from heliograph import model, view
from heliograph.gate import PUBLIC_READER, Gate, Reader
from heliograph.problems import Place
from heliograph.times import read_instant, read_span

SOMEWHERE = Place("incidents/one/1400-word.md")
GLOBEX = Reader("strategic", "globex")
INITECH = Reader("strategic", "initech")
INTERNAL = Reader("internal")
EXEC = Reader("exec")
SUPPORT = Reader("support")
VISITOR = Reader("frontdesk")
"""A reader inside the company that may not read `internal`."""


def at(text: str) -> datetime:
    """Read `14:20` of the day, `23 14:20` of the month, or a whole instant."""
    if "T" in text:
        return read_instant(text)
    day, _, clock = text.rpartition(" ")
    return datetime.fromisoformat(f"2026-11-{int(day or 21):02}T{clock}:00").replace(tzinfo=UTC)


def text(label: str, words: str) -> model.Text:
    return model.Text(label=label, words=words, place=SOMEWHERE)


def update(
    when: str,
    status: str | None = None,
    *passages: tuple[str, str],
    audience: str = "public",
    claims: Mapping[str, str] | None = None,
    promise: str | None = None,
    **more: Any,
) -> model.Update:
    """One message; a bare one says a public sentence. `promise` is a span or an instant."""
    said_at = at(when)
    due = None if promise is None else said_at + read_span(promise) if promise[-1] in "mhd" else at(promise)
    fields: dict[str, Any] = {
        "severity": None,
        "impact": None,
        "facts": (),
        "asks": (),
        "decision": None,
        "roles": (),
        "corrected": (),
        **more,
    }
    return model.Update(
        id=fields.pop("id", f"u{when.replace(' ', '-').replace(':', '')}{audience}"),
        audience=audience,
        at=said_at,
        status=status,
        claims=tuple(model.Claim(component=one, state=state, place=SOMEWHERE) for one, state in (claims or {}).items()),  # type: ignore[arg-type]
        next_update=due,
        passages=tuple(text(label, words) for label, words in passages or ((audience, "Words."),)),
        place=SOMEWHERE,
        **fields,
    )


def incident(
    *updates: model.Update, titles: Mapping[str, str] | None = None, since: str = "14:00", **more: Any
) -> model.Incident:
    return model.Incident(
        id=more.pop("id", "one"),
        titles=tuple(text(label, words) for label, words in (titles or {"public": "Payments fail"}).items()),
        started_at=at(since),
        updates=tuple(sorted(updates, key=lambda one: one.at)),
        place=Place("incidents/one/incident.md"),
        **{"tags": (), "links": (), "postmortem": None, **more},
    )


def work(*updates: model.Update, start: str = "22:00", end: str = "23:00", **more: Any) -> model.Maintenance:
    return model.Maintenance(
        id=more.pop("id", "work"),
        titles=tuple(text(label, words) for label, words in more.pop("titles", {"public": "Upgrade"}).items()),
        start=at(start),
        end=at(end),
        updates=updates,
        place=Place("incidents/upgrade/maintenance.md"),
        **{"tags": (), "links": (), "repeat": None, "auto": True, **more},
    )


def component(identity: str, label: str = "public", **more: Any) -> model.Component:
    return model.Component(
        id=identity,
        name=identity.title(),
        label=label,
        place=SOMEWHERE,
        **{
            "group": None,
            "description": "",
            "regions": (),
            "since": None,
            "owner": "",
            "runbook": "",
            "dashboards": (),
            **more,
        },
    )


def fact(identity: str, label: str) -> model.FactKind:
    return model.FactKind(id=identity, name=identity.title(), label=label, unit="", place=SOMEWHERE)


def value(identity: str, words: str) -> model.FactValue:
    return model.FactValue(fact=identity, value=words, place=SOMEWHERE)


def customer(identity: str, *components: str) -> model.Customer:
    return model.Customer(
        id=identity,
        name=identity.title(),
        components=components,
        locale="en-US",
        timezone="UTC",
        notice=None,
        owner="",
        place=SOMEWHERE,
    )


_INSIDERS: dict[str, tuple[tuple[str, ...], str]] = {
    "exec": (("internal",), "own-or-public"),
    "frontdesk": ((), "own-or-public"),
    "internal": (("support", "say", "strategic"), "all"),
    "support": (("internal", "say"), "public-and-own"),
}


def audience(identity: str, **more: Any) -> model.Audience:
    external = identity in ("public", "strategic")
    sees, shows = _INSIDERS.get(identity, ((), "own-or-public"))
    fields: dict[str, Any] = {
        "sees": sees,
        "shows": shows,
        "surfaces": ("page",),
        "owner": f"{identity}-owner",
        "when_severity": (),
        "when_impact": (),
        "when_components": (),
        "wait_for": "nothing",
        "after": (),
        "cadence": (),
        "signoff": (),
        "digest": model.DigestPolicy(mode="each-update", every=None, max_recipients=50),
        "customers": (customer("globex", "checkout"), customer("initech", "reports"))
        if identity == "strategic"
        else (),
        **more,
    }
    return model.Audience(
        id=identity, name=identity.title(), boundary="external" if external else "internal", place=SOMEWHERE, **fields
    )


def rhythm(first: str, every: str) -> model.Cadence:
    return model.Cadence(first=read_span(first), every=read_span(every))


def site(*stories: model.Story, zone: str = "UTC", audiences: Iterable[model.Audience] = (), **more: Any) -> model.Site:
    """A site with three public components and a hidden one; `audiences` replace those of the same id."""
    changed = {one.id: one for one in audiences}
    settings = model.Settings(
        id="tiny",
        name="Tiny",
        url="https://status.example.com",
        internal_url="",
        timezone=zone,
        language="en",
        support_url="",
        mail_from="status@example.com",
        notice="",
        clock=None,
        sensitive_terms=(),
    )
    components = (component("checkout"), component("api"), component("reports"), component("ledger", "internal"))
    return model.Site(
        settings=settings,
        incidents=tuple(one for one in stories if isinstance(one, model.Incident)),
        maintenances=tuple(one for one in stories if isinstance(one, model.Maintenance)),
        audiences=tuple(
            changed.get(one) or audience(one)
            for one in ("exec", "frontdesk", "internal", "public", "strategic", "support")
        ),
        **{"groups": (), "components": components, "facts": (), "severities": (), "pages": (), "targets": (), **more},
    )


def seen(of: model.Site, when: str, reader: Reader = PUBLIC_READER) -> view.View:
    return Gate(of, at(when)).view_of(reader)


def desk(of: model.Site, when: str, reader: Reader = INTERNAL) -> view.Desk:
    return Gate(of, at(when)).desk_of(reader)


def only(of: model.Site, when: str, reader: Reader = PUBLIC_READER) -> view.Incident:
    """The one incident that a reader knows of."""
    (found,) = seen(of, when, reader).incidents
    return found


def planned(of: model.Site, when: str, reader: Reader = PUBLIC_READER) -> view.Maintenance:
    """The one piece of planned work that a reader knows of."""
    (found,) = seen(of, when, reader).maintenances
    return found


def states(of: model.Site, when: str, reader: Reader = PUBLIC_READER) -> dict[str, str]:
    return {one.id: one.state for one in seen(of, when, reader).components}


def days(of: model.Site, when: str, identity: str = "checkout") -> dict[date, view.Day]:
    found = next(one for one in seen(of, when).components if one.id == identity)
    return {day.date: day for day in found.days}


def uptime(of: model.Site, when: str, identity: str = "checkout") -> float | None:
    return next(one.uptime for one in seen(of, when).components if one.id == identity)


SECOND = timedelta(seconds=1)
