"""The shapes of Statuspage's API, version 2: each type's fields are the keys of one object, in the order served.

Instants are text in UTC with milliseconds and `Z`; ids are ours.
"""

from __future__ import annotations

import msgspec


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all shapes."""


class Page(Shape, frozen=True, kw_only=True):
    """What stands at the head of every file."""

    id: str
    name: str
    url: str
    time_zone: str
    updated_at: str


class Status(Shape, frozen=True, kw_only=True):
    """The whole site in one word and one phrase."""

    indicator: str
    description: str


class Component(Shape, frozen=True, kw_only=True):
    """A component. `position` counts from 1 within its group, or among components and groups without one."""

    id: str
    name: str
    status: str
    created_at: str
    updated_at: str
    position: int
    description: str | None
    showcase: bool
    start_date: str | None
    group_id: str | None
    page_id: str
    group: bool
    only_show_if_degraded: bool


class Group(Component, frozen=True, kw_only=True):
    """A group: a component with members, as grave as its gravest."""

    components: tuple[str, ...]


class AffectedComponent(Shape, frozen=True, kw_only=True):
    """What one update said of one component."""

    code: str
    name: str
    old_status: str
    new_status: str


class Update(Shape, frozen=True, kw_only=True):
    """One update, in plain text; a note has the status that held when it was written."""

    id: str
    status: str
    body: str
    incident_id: str
    created_at: str
    updated_at: str
    display_at: str
    affected_components: tuple[AffectedComponent, ...] | None
    deliver_notifications: bool
    custom_tweet: None
    tweet_id: None


class Incident(Shape, frozen=True, kw_only=True):
    """One incident, its updates newest first."""

    id: str
    name: str
    status: str
    created_at: str
    updated_at: str
    monitoring_at: str | None
    resolved_at: str | None
    impact: str
    shortlink: str
    started_at: str
    page_id: str
    incident_updates: tuple[Update, ...]
    components: tuple[Component, ...]


class Maintenance(Incident, frozen=True, kw_only=True):
    """Planned work: an incident with a window, of impact `maintenance`. One that was cancelled counts as completed."""

    scheduled_for: str
    scheduled_until: str
