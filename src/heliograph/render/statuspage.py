"""The eight files of Statuspage's API, version 2, so that what reads its pages reads ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Final, NamedTuple

import msgspec

from heliograph import view as v
from heliograph.render import markup, words
from heliograph.render.entries import names_of
from heliograph.render.identity import NOTHING_YET, Happening, address, happenings, heard_at, updated_at, written
from heliograph.render.rollup import indicator
from heliograph.render.statuspage_shapes import (
    AffectedComponent,
    Component,
    Group,
    Incident,
    Maintenance,
    Page,
    Status,
    Update,
)
from heliograph.render.tongue import ENGLISH
from heliograph.terms import ComponentState, gravity
from heliograph.tree.artifact import Artifact

NEWEST: Final = 50
"""How many incidents, and how many maintenances, the two lists of all of them hold."""


class _Known(NamedTuple):
    """What incidents repeat: the page's id, components by id, and their names with their group before them."""

    view: v.View
    components: Mapping[str, Component]
    titles: Mapping[str, str]
    names: dict[str, str]


def api(view: v.View) -> Iterator[Artifact]:
    """Write the eight files below `api/v2/`."""
    laid_out = _components(view)
    known = _known(view, laid_out)
    head: dict[str, object] = {"page": _page(view)}
    components: dict[str, object] = {"components": laid_out}
    unresolved: dict[str, object] = {"incidents": _incidents(known, view.open_incidents)}
    status: dict[str, object] = {"status": _status(view)}
    active = _maintenances(known, view.maintenance_in("active"))
    upcoming = _maintenances(known, view.maintenance_in("upcoming"))
    yield _file("summary", head | components | unresolved | {"scheduled_maintenances": active + upcoming} | status)
    yield _file("status", head | status)
    yield _file("components", head | components)
    yield _file("incidents", head | {"incidents": _incidents(known, view.incidents[:NEWEST])})
    yield _file("incidents/unresolved", head | unresolved)
    newest = _maintenances(known, view.maintenances[:NEWEST])
    yield _file("scheduled-maintenances", head | {"scheduled_maintenances": newest})
    yield _file("scheduled-maintenances/upcoming", head | {"scheduled_maintenances": upcoming})
    yield _file("scheduled-maintenances/active", head | {"scheduled_maintenances": active})


def _file(name: str, content: Mapping[str, object]) -> Artifact:
    return Artifact(f"api/v2/{name}.json", msgspec.json.encode(content))


def _written_or_none(instant: datetime | None) -> str | None:
    return None if instant is None else written(instant)


def _page(view: v.View) -> Page:
    about = view.about
    url = about.url or about.public_url
    return Page(id=about.id, name=about.name, url=url, time_zone=about.timezone, updated_at=written(updated_at(view)))


def _status(view: v.View) -> Status:
    word, description = indicator([component.state for component in view.components])
    return Status(indicator=word, description=description)


def _components(view: v.View) -> tuple[Component, ...]:
    """Lay components out in the site's order; a group stands where its first member does, its members behind it."""
    names = {group.id: group.name for group in view.groups}
    changed_at = _changes(view)
    laid_out: list[Component] = []
    for position, block in enumerate(_blocks(view.components), 1):
        group = block[0].group
        if group is None:
            laid_out.append(_component(view, block[0], position, changed_at))
        else:
            members = [_component(view, one, place, changed_at) for place, one in enumerate(block, 1)]
            worst = max((one.state for one in block), key=gravity)
            laid_out += [_group(group, names[group], worst, position, members), *members]
    return tuple(laid_out)


def _blocks(components: Iterable[v.Component]) -> list[list[v.Component]]:
    """Put the members of each group together; a component without a group stands alone."""
    blocks: dict[tuple[str | None, str], list[v.Component]] = {}
    for component in components:
        blocks.setdefault((component.group, "" if component.group else component.id), []).append(component)
    return list(blocks.values())


def _component(view: v.View, component: v.Component, position: int, changed_at: Mapping[str, datetime]) -> Component:
    since = datetime.combine(component.since, time(), UTC) if component.since else NOTHING_YET
    return Component(
        id=component.id,
        name=component.name,
        status=component.state,
        created_at=written(since),
        updated_at=written(max(since, changed_at.get(component.id, since))),
        position=position,
        description=component.description or None,
        showcase=component.uptime is not None,
        start_date=component.since.isoformat() if component.since else None,
        group_id=component.group,
        page_id=view.about.id,
        group=False,
        only_show_if_degraded=False,
    )


def _group(group: str, name: str, worst: ComponentState, position: int, members: Sequence[Component]) -> Group:
    return Group(
        id=group,
        name=name,
        status=worst,
        created_at=min(member.created_at for member in members),
        updated_at=max(member.updated_at for member in members),
        position=position,
        description=None,
        showcase=False,
        start_date=None,
        group_id=None,
        page_id=members[0].page_id,
        group=True,
        only_show_if_degraded=False,
        components=tuple(member.id for member in members),
    )


def _changes(view: v.View) -> dict[str, datetime]:
    """Tell when something was last claimed of each component, or planned work on it began or ended."""
    changed_at: dict[str, datetime] = {}

    def note(component: str, at: datetime) -> None:
        changed_at[component] = max(at, changed_at.get(component, at))

    for happening in happenings(view):
        for update in happening.updates:
            for claim in update.claims:
                note(claim.component, update.at)
    for work in view.maintenances:
        for at in filter(None, (work.started_at, work.completed_at)):
            for component in work.affected:
                note(component, at)
    return changed_at


def _known(view: v.View, laid_out: Iterable[Component]) -> _Known:
    groups = {group.id: f"{group.name} - " for group in view.groups}
    return _Known(
        view=view,
        components={component.id: component for component in laid_out if not component.group},
        titles={one.id: groups.get(one.group or "", "") + one.name for one in view.components},
        names=names_of(view),
    )


def _incidents(known: _Known, incidents: Iterable[v.Incident]) -> tuple[Incident, ...]:
    return tuple(_incident(known, incident) for incident in incidents)


def _incident(known: _Known, incident: v.Incident) -> Incident:
    told = _updates(known, incident, "investigating")
    if incident.postmortem is not None:
        account = _postmortem(incident.id, incident.postmortem)
        told = tuple(sorted((account, *told), key=lambda update: update.display_at, reverse=True))
    return Incident(
        id=incident.id,
        name=incident.title,
        status=incident.status,
        created_at=told[-1].created_at if told else written(incident.started_at),
        updated_at=written(max(incident.updated_at, heard_at(incident))),
        monitoring_at=_written_or_none(incident.monitoring_at),
        resolved_at=_written_or_none(incident.resolved_at),
        impact=incident.impact,
        shortlink=address(known.view, incident),
        started_at=written(incident.started_at),
        page_id=known.view.about.id,
        incident_updates=told,
        components=tuple(known.components[component] for component in incident.affected),
    )


def _maintenances(known: _Known, works: Iterable[v.Maintenance]) -> tuple[Maintenance, ...]:
    return tuple(_maintenance(known, work) for work in works)


def _maintenance(known: _Known, work: v.Maintenance) -> Maintenance:
    return Maintenance(
        id=work.id,
        name=work.title,
        status=_status_known_there(work.status),
        created_at=written(work.created_at),
        updated_at=written(max(work.updated_at, heard_at(work))),
        monitoring_at=None,
        resolved_at=_written_or_none(work.completed_at),
        impact="maintenance",
        shortlink=address(known.view, work),
        started_at=written(work.started_at or work.start),
        page_id=known.view.about.id,
        incident_updates=_updates(known, work, "scheduled"),
        components=tuple(known.components[component] for component in work.affected),
        scheduled_for=written(work.start),
        scheduled_until=written(work.end),
    )


def _status_known_there(status: str) -> str:
    """Statuspage cannot cancel: what will not happen any more is over."""
    return "completed" if status == "cancelled" else status


def _updates(known: _Known, happening: Happening, status: str) -> tuple[Update, ...]:
    """Write updates, newest first; a note has the status said before it, `status` if none was."""
    told: list[Update] = []
    for update in reversed(happening.updates):
        status = _status_known_there(update.status or status)
        body = markup.to_text(words.joined(update.passages))
        if not body and update.claims:
            body = words.claims_said(ENGLISH, update.claims, known.names)
        heard = max([update.at, *(correction.at for correction in update.corrections)])
        told.append(_update(happening.id, update.id, status, body, (update.at, heard), _affected(known, update.claims)))
    return tuple(reversed(told))


def _postmortem(incident: str, account: v.Postmortem) -> Update:
    body = markup.to_text(words.joined(account.passages))
    return _update(incident, account.id, "postmortem", body, (account.at, account.at), None)


def _update(
    incident: str,
    identity: str,
    status: str,
    body: str,
    said_and_heard: tuple[datetime, datetime],
    affected: tuple[AffectedComponent, ...] | None,
) -> Update:
    said, heard = map(written, said_and_heard)
    return Update(
        id=identity,
        status=status,
        body=body,
        incident_id=incident,
        created_at=said,
        updated_at=heard,
        display_at=said,
        affected_components=affected,
        deliver_notifications=True,
        custom_tweet=None,
        tweet_id=None,
    )


def _affected(known: _Known, claims: Iterable[v.Claim]) -> tuple[AffectedComponent, ...] | None:
    affected = tuple(
        AffectedComponent(
            code=claim.component, name=known.titles[claim.component], old_status=claim.was, new_status=claim.state
        )
        for claim in claims
    )
    return affected or None
