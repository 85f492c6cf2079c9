"""The one way from what was authored to what a reader may see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import cached_property
from typing import TypeVar

from heliograph import view
from heliograph.gate import desk as desks
from heliograph.gate import release, state
from heliograph.gate.incident import Labels, project_incident
from heliograph.gate.labels import Policy, Reader, Readership
from heliograph.gate.maintenance import edges, project_maintenance
from heliograph.model import INTERNAL, Incident, Site, Story
from heliograph.record import NOTHING_KNOWN, Record
from heliograph.times import civil_day, day_start, zone

T = TypeVar("T", view.Incident, view.Maintenance)


class Gate:
    """One site at one instant. Holds what several readers' projections share; every answer is a pure function of it."""

    def __init__(self, site: Site, at: datetime, record: Record = NOTHING_KNOWN) -> None:
        self._site, self._at, self._record = site, at, record
        self._labels = Labels(site)
        self._zone = zone(site.settings.timezone)
        self._slices: dict[tuple[object, ...], view.Incident | None] = {}
        self._used = {incident.id: _labels_used(incident, self._labels) for incident in site.incidents}
        self._views: dict[Reader, view.View] = {}
        self.readership = Readership(site)

    @property
    def readers(self) -> tuple[Reader, ...]:
        """All readers of the site."""
        return self.readership.readers

    def view_of(self, reader: Reader) -> view.View:
        """Project the site for one reader; KeyError if there is no such reader."""
        if reader not in self._views:
            self._views[reader] = self._project(self.readership.policy(reader))
        return self._views[reader]

    def desk_of(self, reader: Reader) -> view.Desk:
        """Add what an insider's surfaces show beyond its view; ValueError for an outsider."""
        policy = self.readership.policy(reader)
        if policy.boundary != "internal":
            raise ValueError(f"{reader} is an outsider and has no desk")
        return desks.make(self._site, self.readership, policy, self.view_of, self._at, self._record)

    @cached_property
    def next_change_at(self) -> datetime | None:
        """The next instant at which any reader's result would differ."""
        return min((until for reader in self.readers if (until := self.view_of(reader).valid_until)), default=None)

    def _project(self, policy: Policy) -> view.View:
        incidents = self._incidents(policy)
        works = self._maintenances(policy)
        components = self._components(policy, incidents, works)
        grouped = {component.group for component in components}
        return view.View(
            reader=policy.reader.audience,
            about=_about(self._site, policy),
            groups=tuple(
                view.Group(id=group.id, name=group.name) for group in self._site.groups if group.id in grouped
            ),
            components=components,
            incidents=incidents,
            maintenances=works,
            months=state.months(incidents, works, self._zone),
            pages=self._pages(policy),
            customer=self._customer(policy),
            valid_until=self._valid_until(policy, incidents),
        )

    def _incidents(self, policy: Policy) -> tuple[view.Incident, ...]:
        found = (self._incident(policy, incident) for incident in self._site.incidents)
        return _newest_first((one for one in found if one), lambda one: one.started_at)

    def _incident(self, policy: Policy, incident: Incident) -> view.Incident | None:
        """Project one incident, or reuse what a reader with the same rights over its labels was given."""
        used = self._used[incident.id]
        rights = tuple((policy.reads(label), label in policy.addressed) for label in used)
        titled = {title.label for title in incident.titles}
        ranking = tuple(label for label in policy.ranking if label in titled)
        approver = policy.reader if policy.reader.audience in self._labels.signoff else None
        key = (incident.id, rights, ranking, policy.shows, approver)
        if key not in self._slices:
            self._slices[key] = project_incident(policy, incident, self._labels, self._at)
        return self._slices[key]

    def _maintenances(self, policy: Policy) -> tuple[view.Maintenance, ...]:
        found = (
            project_maintenance(policy, work, self._labels, self._at, self._zone) for work in self._site.maintenances
        )
        return _newest_first((one for one in found if one), lambda one: one.start)

    def _components(
        self, policy: Policy, incidents: tuple[view.Incident, ...], works: tuple[view.Maintenance, ...]
    ) -> tuple[view.Component, ...]:
        calendar = state.Calendar(self._at, self._zone)
        recent = [one for one in incidents if one.resolved_at is None or one.resolved_at >= calendar.starts]
        states = state.current_states(recent, works)
        ledger = state.intervals(recent, works)
        shown = []
        for component in self._site.components:
            if not policy.reads(component.label):
                continue
            days, uptime = state.history(ledger.get(component.id, ()), calendar, component.since)
            shown.append(
                view.Component(
                    id=component.id,
                    name=component.name,
                    description=component.description,
                    group=component.group,
                    regions=component.regions,
                    since=component.since,
                    state=states.get(component.id, "operational"),
                    days=days,
                    uptime=uptime,
                )
            )
        return tuple(shown)

    def _pages(self, policy: Policy) -> tuple[view.Page, ...]:
        return tuple(
            view.Page(id=page.id, title=page.title, passages=passages)
            for page in self._site.pages
            if policy.reads(page.audience) and (passages := release.words_for(policy, page.passages))
        )

    def _customer(self, policy: Policy) -> view.Customer | None:
        for customer in self._site.customers:
            if customer.id == policy.reader.customer:
                known = {one.id for one in self._site.components if policy.reads(one.label)}
                return view.Customer(
                    id=customer.id,
                    name=customer.name,
                    components=tuple(component for component in customer.components if component in known),
                    locale=customer.locale,
                    timezone=customer.timezone,
                    notice=customer.notice,
                    owner=customer.owner,
                )
        return None

    def _valid_until(self, policy: Policy, incidents: tuple[view.Incident, ...]) -> datetime:
        """Find the next instant that matters to this reader, from nothing it may not read."""
        instants = [day_start(civil_day(self._at, self._zone) + timedelta(days=1), self._zone)]
        instants += [one.next_update for one in incidents if one.next_update]
        instants += (when for incident in self._site.incidents for when in _instants_ahead(policy, incident, self._at))
        for work in self._site.maintenances:
            instants += _instants_ahead(policy, work, self._at)
            if _titled(policy, work):
                instants += edges(work, self._at, self._zone)
        return min(when for when in instants if when > self._at)


def project(
    site: Site, reader: Reader, at: datetime, record: Record = NOTHING_KNOWN
) -> tuple[view.View, view.Desk | None]:
    """Give what `reader` may see of `site` at `at`: its View, and for insiders the Desk beside it."""
    gate = Gate(site, at, record)
    is_insider = gate.readership.policy(reader).boundary == "internal"
    return gate.view_of(reader), gate.desk_of(reader) if is_insider else None


def _titled(policy: Policy, of: Story) -> bool:
    return any(policy.reads(title.label) for title in of.titles)


def _instants_ahead(policy: Policy, of: Story, at: datetime) -> Iterator[datetime]:
    """Give the later instants at which something this reader may read will appear."""
    last = of.updates[-1].at if of.updates else at
    postmortem = of.postmortem if isinstance(of, Incident) else None
    corrected = any(update.corrected for update in of.updates)
    starts_later = isinstance(of, Incident) and of.started_at > at
    if (last <= at and not corrected and not starts_later and postmortem is None) or not _titled(policy, of):
        return
    if isinstance(of, Incident):
        yield of.started_at
    for update in of.updates:
        if policy.reads(update.audience):
            yield update.at
            yield from (fix.at for fix in update.corrected)
    if postmortem is not None and policy.reads(postmortem.audience):
        yield postmortem.at


def _labels_used(incident: Incident, labels: Labels) -> tuple[str, ...]:
    """Name every label that decides what a reader gets of an incident, in a fixed order."""
    used = {title.label for title in incident.titles} | {link.label for link in incident.links}
    for update in incident.updates:
        used.add(update.audience)
        used.update(passage.label for passage in update.passages)
        used.update(ask.label for ask in update.asks)
        used.update(labels.component[claim.component] for claim in update.claims)
        used.update(labels.fact[value.fact].label for value in update.facts)
        if update.decision:
            used.add(update.decision.label)
    if incident.postmortem:
        used.add(incident.postmortem.audience)
        used.update(passage.label for passage in incident.postmortem.passages)
    return tuple(sorted(used))


def _newest_first(found: Iterable[T], began: Callable[[T], datetime]) -> tuple[T, ...]:
    return tuple(sorted(sorted(found, key=lambda one: one.id), key=began, reverse=True))


def _about(site: Site, policy: Policy) -> view.About:
    settings = site.settings
    url = settings.url
    if policy.boundary == "internal":
        url = _insiders_url(site, policy.reader.audience)
    return view.About(
        id=settings.id,
        name=settings.name,
        url=url,
        public_url=settings.url,
        timezone=settings.timezone,
        language=settings.language,
        support_url=settings.support_url,
        mail_from=settings.mail_from,
        notice=settings.notice,
    )


def _insiders_url(site: Site, audience_id: str) -> str:
    """Say where an insider's own pages live; empty if it has none, or nobody said where."""
    base = site.settings.internal_url
    surfaces = next(audience.surfaces for audience in site.audiences if audience.id == audience_id)
    if not base or not {"page", "brief"}.intersection(surfaces):
        return ""
    return base if audience_id == INTERNAL else f"{base}/{audience_id}"
