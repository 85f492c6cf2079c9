"""What machines know things by, for ever: ids, addresses and the instant of the newest word."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from heliograph.render.editions import folder
from heliograph.view import Incident, Maintenance, View

Happening = Incident | Maintenance
"""Anything that updates are about."""

NOTHING_YET: Final = datetime(2005, 1, 1, tzinfo=UTC)
"""The instant given where a format insists on one and nothing has happened yet; the year that stands in all tags."""


def host(view: View) -> str:
    """Give the host of the public page: the same for every reader, so that ids differ by reader alone."""
    return urlsplit(view.about.public_url).hostname or "localhost"


def scoped(view: View, name: str) -> str:
    """Put the reader before a name, because feed readers and calendars merge what has the same id.

    `Incident/x` stays so for the public, and becomes `internal/Incident/x` or `strategic/globex/Incident/x`;
    in a further language of the site `de/Incident/x`.
    """
    scope = [] if view.reader == "public" else [view.reader]
    if view.customer is not None:
        scope.append(view.customer.id)
    if folder(view.about):
        scope.append(folder(view.about))
    return "/".join([*scope, name.removeprefix("/")]) if scope else name


def tag(view: View, name: str) -> str:
    """Name a feed or an entry by a tag URI, in Statuspage's form: `tag:HOST,2005:Incident/<id>`."""
    return f"tag:{host(view)},2005:{scoped(view, name)}"


def site_name(view: View) -> str:
    """Name the site; where others may read a page of the same name, with the reader."""
    return view.about.name if view.reader == "public" else f"{view.about.name} ({view.reader})"


def address(view: View, happening: Happening) -> str:
    """Give the page of an incident or maintenance: absolute, or from the root where the site's address is unknown."""
    folder = "maintenance" if isinstance(happening, Maintenance) else "incidents"
    return f"{view.about.url}/{folder}/{happening.id}/"


def spoken_at(happening: Happening) -> datetime:
    """Tell when the newest message on something was given."""
    account = happening.postmortem if isinstance(happening, Incident) else None
    spoken = [happening.updates[0].at] if happening.updates else [happening.updated_at]
    return max([*spoken, account.at] if account is not None else spoken)


def heard_at(happening: Happening) -> datetime:
    """Tell when the newest message on something was given, or a message last corrected."""
    fixes = (correction.at for update in happening.updates for correction in update.corrections)
    return max([spoken_at(happening), *fixes])


def happenings(view: View) -> list[Happening]:
    """Give all incidents, then all maintenances."""
    return [*view.incidents, *view.maintenances]


def updated_at(view: View) -> datetime:
    """Tell when anything in a view last changed; `NOTHING_YET` if nothing ever happened."""
    return max((max(one.updated_at, heard_at(one)) for one in happenings(view)), default=NOTHING_YET)


def written(instant: datetime) -> str:
    """Write an instant for machines: UTC with milliseconds, `2026-11-21T14:20:00.000Z`."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{instant.microsecond // 1000:03}Z"
