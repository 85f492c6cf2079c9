"""What insiders' surfaces add to a view: severity, roles, the timeline with its labels, coverage, what is due."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

from heliograph import view
from heliograph.gate import release
from heliograph.gate.cadence import Owed, first_owed, owed, rhythm
from heliograph.gate.incident import Labels, Told, Withheld, judged_updates
from heliograph.gate.labels import PUBLIC_READER, Policy, Reader, Readership
from heliograph.model import INTERNAL, Audience, Incident, Site, Story, Text, Update
from heliograph.record import Record

RECENT: Final = timedelta(days=15)
"""So long after its end an incident is still told of: in a closing mail, and in the digest of a week until the next."""


class Views(Protocol):
    """Where the views of other readers come from."""

    def view_of(self, reader: Reader) -> view.View:
        """Project the site for a reader, in its main language."""

    def open_for(self, reader: Reader) -> frozenset[str]:
        """Tell what goes on as far as anyone knows whose labels a reader reads."""


def make(site: Site, readership: Readership, policy: Policy, views: Views, at: datetime, record: Record) -> view.Desk:
    """Make an insider's desk. A reader that may not read `internal` gets no field that is internal by nature."""
    maker = _Maker(site, readership, policy, views, at, record)
    own = views.view_of(policy.reader)
    audience = next(audience for audience in site.audiences if audience.id == policy.reader.audience)
    open_ids = views.open_for(policy.reader)
    everything = "page" in audience.surfaces
    late = [one for one in own.incidents if one.resolved_at is not None and one.resolved_at > at - RECENT]
    kept = open_ids.union(one.id for one in late)
    incidents = [one for one in own.incidents if everything or one.id in kept]
    insider = policy.reads(INTERNAL)
    return view.Desk(
        reader=audience.id,
        name=audience.name,
        dossiers=(*map(maker.dossier, incidents), *map(maker.dossier, own.maintenances)),
        relevant=tuple(one.id for one in own.open_incidents if maker.concerns(audience, one)),
        recent=tuple(one.id for one in late if maker.concerns(audience, one)),
        open=tuple(one.id for one in own.incidents if one.id in open_ids),
        severities=tuple((one.id, one.name, one.meaning) for one in site.severities) if insider else (),
        owners=tuple(
            view.Owner(component=one.id, owner=one.owner, runbook=one.runbook, dashboards=one.dashboards)
            for one in site.components
            if insider and policy.reads(one.label) and (one.owner or one.runbook or one.dashboards)
        ),
    )


class _Maker:
    """Makes the dossiers of one insider."""

    def __init__(
        self, site: Site, readership: Readership, policy: Policy, views: Views, at: datetime, record: Record
    ) -> None:
        self._site, self._readership, self._policy, self._at = site, readership, policy, at
        self._views, self._record = views, record
        self._open = views.open_for(policy.reader)
        self._insider = policy.reads(INTERNAL)
        self._authored = {one.id: one for one in site.stories}
        self._names = {audience.id: audience.name for audience in site.audiences}
        self._customers = {customer.id: customer.name for customer in site.customers}
        self._shown: dict[Reader, dict[str, view.Incident]] = {}
        outside = views.view_of(PUBLIC_READER)
        self._titles_outside = {one.id: one.title for one in outside.incidents}
        self._titles_outside |= {one.id: one.title for one in outside.maintenances}
        self._labels = Labels(site)

    def dossier(self, one: view.Incident | view.Maintenance) -> view.Dossier:
        authored = self._authored[one.id]
        past = [update for update in authored.updates if update.at <= self._at]
        severities = [(update.severity, update.at) for update in past if update.severity] if self._insider else []
        is_open = isinstance(one, view.Incident) and one.id in self._open
        return view.Dossier(
            id=one.id,
            title_public=self._titles_outside.get(one.id),
            severity=severities[-1][0] if severities else None,
            severity_since=_since(severities),
            tags=authored.tags if self._insider else (),
            roles=_newest_roles(past) if self._insider else (),
            timeline=tuple(self._timeline(one, past)),
            said=self._said(authored),
            coverage=tuple(self._coverage(one.id)) if self._insider and is_open else (),
            due=tuple(self._due(authored)) if self._insider and is_open else (),
            pending=tuple(self._pending(authored)) if self._insider else (),
            told=self._told(past) if self._insider else (),
            agreed=tuple(self._agreed(authored)) if self._insider else (),
        )

    def concerns(self, audience: Audience, incident: view.Incident) -> bool:
        """Tell whether an open incident meets an audience's `when` rule."""
        severity = self._severity(self._authored[incident.id])
        return (
            (not audience.when_severity or severity in audience.when_severity)
            and (not audience.when_impact or incident.impact in audience.when_impact)
            and (not audience.when_components or not set(audience.when_components).isdisjoint(incident.affected))
        )

    def _incident_for(self, reader: Reader, identity: str) -> view.Incident | None:
        if reader not in self._shown:
            self._shown[reader] = {one.id: one for one in self._views.view_of(reader).incidents}
        return self._shown[reader].get(identity)

    def _timeline(self, one: view.Incident | view.Maintenance, past: Sequence[Update]) -> Iterator[view.Entry]:
        """Give what was said, newest first. That a message exists which says nothing to a reader is internal, too."""
        unreleased, told = self._unreleased(self._authored[one.id]), {update.id for update in one.updates}
        for update in reversed(past):
            if self._policy.reads(update.audience) and update.id not in unreleased:
                entry = self._entry(update)
                if self._insider or entry.lines or update.id in told:
                    yield entry

    def _entry(self, update: Update) -> view.Entry:
        return view.Entry(
            update=update.id,
            at=update.at,
            status=update.status,
            audience=update.audience,
            lines=tuple(self._line(update, text) for text in update.passages if self._policy.reads(text.label)),
            next_update=update.next_update,
        )

    def _line(self, update: Update, text: Text) -> view.Line:
        readers = self._readership.readers_of(update.audience, text.label)
        names = tuple(self._called(reader) for reader in readers if self._insider or reader == self._policy.reader)
        return view.Line(label=text.label, markdown=text.words, readers=names, pictures=release.pictures_of(text))

    def _called(self, reader: Reader) -> str:
        """Name a reader as colleagues do."""
        return self._customers.get(reader.customer) or self._names.get(reader.audience, "whoever asks support")

    def _said(self, of: Story) -> tuple[view.Said, ...]:
        """Give what customers were told, but for words this insider's own roles have yet to approve for it."""
        told, unreleased = self._incident_for(PUBLIC_READER, of.id), self._unreleased(of)
        return tuple(
            view.Said(at=update.at, status=update.status, markdown="\n\n".join(one.markdown for one in update.passages))
            for update in (told.updates if told else ())
            if update.passages and update.id not in unreleased
        )

    def _readers_for(self, audience: Audience) -> tuple[Reader, ...]:
        return tuple(reader for reader in self._readership.readers if reader.audience == audience.id)

    def _coverage(self, identity: str) -> Iterator[view.Coverage]:
        for audience in self._site.audiences:
            told = [self._incident_for(reader, identity) for reader in self._readers_for(audience)]
            newest = max((one.updates[0] for one in told if one), key=lambda update: update.at, default=None)
            passages = newest.passages if newest else ()
            yield view.Coverage(
                audience=audience.id,
                name=audience.name,
                words="own" if any(one.addressed for one in passages) else "public" if passages else "none",
                last_at=newest.at if newest else None,
            )

    def _due(self, incident: Story) -> Iterator[view.Due]:
        assert isinstance(incident, Incident)
        for audience in self._site.audiences:
            owing = (self._owed(audience, reader, incident) for reader in self._readers_for(audience))
            soonest = min((one for one in owing if one), default=None)
            if soonest:
                yield view.Due(
                    incident=incident.id,
                    audience=audience.id,
                    owner=audience.owner,
                    by=soonest.by,
                    overdue=self._at >= soonest.by,
                    why=soonest.why,
                )

    def _owed(self, audience: Audience, reader: Reader, incident: Incident) -> Owed | None:
        """Tell what one reader is owed: nothing if it may not know of the incident, or is not concerned."""
        policy = self._readership.policy(reader)
        told, own = self._incident_for(reader, incident.id), self._incident_for(self._policy.reader, incident.id)
        measure = told or own
        if measure is None or not any(policy.reads(title.label) for title in incident.titles):
            return None
        if not self.concerns(audience, measure) or not self._uses(reader, measure):
            return None
        cadence = rhythm(audience, self._severity(incident), measure.impact)
        if told is None:
            return first_owed(incident.started_at, cadence) if measure.is_open else None
        return owed(told, cadence) if told.is_open else None

    def _uses(self, reader: Reader, incident: view.Incident) -> bool:
        customer = next((one for one in self._site.customers if one.id == reader.customer), None)
        return customer is None or not set(customer.components).isdisjoint(incident.affected)

    def _severity(self, of: Story) -> str | None:
        return next((one.severity for one in reversed(of.updates) if one.severity and one.at <= self._at), None)

    def _pending(self, of: Story) -> Iterator[view.Pending]:
        for reader in (one for one in self._readership.readers if one.audience in self._labels.signoff):
            for one in self._judged(self._readership.policy(reader), of):
                shown: Literal["nothing", "sealed words"] = "nothing" if isinstance(one, Withheld) else "sealed words"
                for role in one.missing:
                    yield view.Pending(update=one.authored.id, audience=str(reader), role=role, shown=shown)

    def _judged(self, policy: Policy, of: Story) -> list[Told | Withheld]:
        return judged_updates(policy, of, self._labels, self._at)

    def _unreleased(self, of: Story) -> frozenset[str]:
        """Name the updates whose newest words this insider may not see yet; its own audience may ask for approval."""
        if self._policy.reader.audience not in self._labels.signoff:
            return frozenset()
        return frozenset(one.authored.id for one in self._judged(self._policy, of) if one.missing)

    def _agreed(self, of: Story) -> Iterator[tuple[str, timedelta, datetime]]:
        """Give the notice agreed with each customer who knows of an incident and uses what it affects."""
        for reader in self._readership.readers if isinstance(of, Incident) else ():
            customer = next((one for one in self._site.customers if one.id == reader.customer), None)
            told = self._incident_for(reader, of.id) if customer and customer.notice else None
            if customer and customer.notice and told and self._uses(reader, told):
                yield customer.name, customer.notice, told.started_at + customer.notice

    def _told(self, past: Sequence[Update]) -> tuple[tuple[str, datetime], ...]:
        """Give what the ledger knows: each delivery's audience (or customer) by name, and its instant."""
        ids = {update.id for update in past}
        return tuple(
            (self._called(Reader(told.audience, told.customer)), told.at)
            for told in sorted(self._record.told)
            if told.update in ids and told.at <= self._at
        )


def _since(severities: Sequence[tuple[str, datetime]]) -> datetime | None:
    """Tell since when the newest severity has held without a break."""
    since = None
    for severity, at in reversed(severities):
        if severity != severities[-1][0]:
            break
        since = at
    return since


def _newest_roles(past: Sequence[Update]) -> tuple[tuple[str, str], ...]:
    """Give who holds each role now, in the order first named."""
    held: dict[str, str] = {}
    for update in past:
        held.update(update.roles)
    return tuple(held.items())
