"""The one way from what was authored to what a reader may see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TypeVar

from msgspec import structs

from heliograph import view
from heliograph.gate import desk as desks
from heliograph.gate import release, state
from heliograph.gate.incident import Labels, adds_particulars, known_updates, project_incident
from heliograph.gate.labels import MACROS_READER, Policy, Reader, Readership
from heliograph.gate.maintenance import edges, project_maintenance
from heliograph.gate.translations import title_of, words_of
from heliograph.gate.withheld import Hidden, withheld
from heliograph.model import INTERNAL, Incident, Logo, Site, Story
from heliograph.record import NOTHING_KNOWN, Record, Told
from heliograph.times import civil_day, day_start, zone

_END_OF_TIME = datetime.max.replace(tzinfo=UTC)

T = TypeVar("T", view.Incident, view.Maintenance)


class Gate:
    """One site at one instant. Holds what several readers' projections share; every answer is a pure function of it."""

    def __init__(self, site: Site, at: datetime, record: Record = NOTHING_KNOWN) -> None:
        self._site, self._at, self._record = site, at, record
        self._labels = Labels(site)
        self._zone = zone(site.settings.timezone)
        self._slices: dict[tuple[object, ...], view.Incident | None] = {}
        self._used = {incident.id: _labels_used(incident, self._labels) for incident in site.incidents}
        self._views: dict[tuple[Reader, str], view.View] = {}
        self._desks: dict[Reader, view.Desk] = {}
        self.readership = Readership(site)

    @property
    def readers(self) -> tuple[Reader, ...]:
        """All readers of the site."""
        return self.readership.readers

    def view_of(self, reader: Reader, language: str = "") -> view.View:
        """Project the site for one reader; KeyError if there is no such reader.

        Told in another language than the main one, it holds translations where they may be shown, and says where not.
        """
        further = "" if language == self._site.settings.language else language
        if (reader, further) not in self._views:
            policy = structs.replace(self.readership.policy(reader), language=further)
            self._views[reader, further] = self._project(policy)
        return self._views[reader, further]

    def desk_of(self, reader: Reader) -> view.Desk:
        """Add what an insider's surfaces show beyond its view; ValueError for an outsider."""
        policy = self.readership.policy(reader)
        if policy.boundary != "internal":
            raise ValueError(f"{reader} is an outsider and has no desk")
        if reader not in self._desks:
            self._desks[reader] = desks.make(self._site, self.readership, policy, self, self._at, self._record)
        return self._desks[reader]

    def heard_by(self, reader: Reader) -> tuple[view.Heard, ...]:
        """Tell which messages reached a reader, oldest first; of its own only, so that outsiders may be reminded."""
        told: dict[str, list[Told]] = {}
        for one in sorted(self._record.told):
            if Reader(one.audience, one.customer) == reader and one.at <= self._at:
                told.setdefault(one.message or one.update, []).append(one)
        return tuple(
            view.Heard(at=ones[0].at, updates=tuple(one.update for one in ones), thread=ones[0].thread)
            for ones in told.values()
        )

    def replies_for(self, reader: Reader) -> view.View | None:
        """Give what replies to customers are made of to a reader that may read all of it; None to others."""
        policies = self.readership.policy(reader), self.readership.policy(MACROS_READER)
        return self.view_of(MACROS_READER) if policies[1].clearance <= policies[0].clearance else None

    def holds_until(self, reader: Reader) -> datetime | None:
        """Tell until when all that a reader is shown stays as it is: its view, and for insiders the desk beside it.

        A desk tells of other audiences' words, too, and of what falls due to them.
        """
        seen = self.view_of(reader)
        policy = self.readership.policy(reader)
        if policy.boundary != "internal":
            return seen.valid_until
        ahead = [due.by for dossier in self.desk_of(reader).dossiers for due in dossier.due]
        if policy.reads(INTERNAL):
            known = {*(one.id for one in seen.incidents), *(one.id for one in seen.maintenances)}
            stories = (story for story in self._site.stories if story.id in known)
            ahead += (update.at for story in stories for update in story.updates)
        return min((when for when in (*ahead, seen.valid_until) if when and when > self._at), default=None)

    def withheld_from(self, reader: Reader) -> tuple[Hidden, ...]:
        """Give everything authored that a reader may not read by now; what the second wall looks for."""
        seen = self.view_of(reader)
        known = {*(one.id for one in seen.incidents), *(one.id for one in seen.maintenances)}
        return withheld(self._site, self.readership.policy(reader), self._labels, self._at, known)

    def open_for(self, reader: Reader) -> frozenset[str]:
        """Tell what goes on as far as anyone knows whose labels `reader` reads, by id.

        An incident may be closed for insiders while outsiders still wait to hear of it.
        """
        reads = self.readership.policy(reader).clearance
        views = [self.view_of(one.reader) for one in self.readership.policies if one.clearance <= reads]
        incidents = {one.id for seen in views for one in seen.open_incidents}
        return frozenset(incidents.union(one.id for seen in views for one in seen.maintenances if one.phase != "past"))

    @cached_property
    def next_change_at(self) -> datetime | None:
        """The next instant at which any reader's result would differ."""
        return min((until for reader in self.readers if (until := self.holds_until(reader))), default=None)

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
            valid_until=self._valid_until(policy, incidents, works),
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
        approver = policy.reader if self._labels.rules_for(policy.reader) else None
        key = (incident.id, rights, ranking, policy.shows, approver, policy.language)
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
            view.Page(
                id=page.id,
                title=title.text.words,
                passages=passages,
                title_language=title.language,
                title_instead=title.instead,
            )
            for page in self._site.pages
            if policy.reads(page.audience) and (passages := release.words_for(policy, page.passages))
            for title in (words_of(policy, title_of(page)),)
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

    def _valid_until(
        self, policy: Policy, incidents: tuple[view.Incident, ...], works: tuple[view.Maintenance, ...]
    ) -> datetime:
        """Find the next instant that matters to this reader, from nothing it may not read."""
        instants = [day_start(civil_day(self._at, self._zone) + timedelta(days=1), self._zone)]
        instants += [one.next_update for one in incidents if one.next_update]
        instants += (when for story in self._site.stories for when in self._instants_ahead(policy, story))
        shown = {work.id for work in works}
        for work in self._site.maintenances:
            if work.id in shown:
                instants += edges(work, self._at, self._zone)
        return min(when for when in instants if when > self._at)

    def _instants_ahead(self, policy: Policy, of: Story) -> Iterator[datetime]:
        """Give the later instants at which this reader will get something new; none for what stays silent."""
        if not _has_more(of, self._at) or not any(policy.reads(title.label) for title in of.titles):
            return
        known = known_updates(policy, of, self._labels, _END_OF_TIME)
        told = any(one.speaks for one in known)
        for one in known:
            if one.speaks or adds_particulars(policy, one.authored, self._labels):
                yield one.viewed.at
                yield from (fix.at for fix in one.viewed.corrections)
        if told and isinstance(of, Incident):
            yield of.started_at
            account = of.postmortem
            if account and policy.reads(account.audience) and release.words_for(policy, account.passages):
                yield account.at


def project(
    site: Site, reader: Reader, at: datetime, record: Record = NOTHING_KNOWN
) -> tuple[view.View, view.Desk | None]:
    """Give what `reader` may see of `site` at `at`: its View, and for insiders the Desk beside it."""
    gate = Gate(site, at, record)
    is_insider = gate.readership.policy(reader).boundary == "internal"
    return gate.view_of(reader), gate.desk_of(reader) if is_insider else None


def _has_more(of: Story, at: datetime) -> bool:
    """Tell whether anything of a story lies ahead of an instant, for whomever."""
    return any(when > at for when in _instants(of))


def _instants(of: Story) -> Iterator[datetime]:
    """Give every instant at which something of a story was or will be said, for whomever."""
    yield from (update.at for update in of.updates)
    yield from (fix.at for update in of.updates for fix in update.corrected)
    if isinstance(of, Incident):
        yield of.started_at
        if of.postmortem:
            yield of.postmortem.at


def _labels_used(incident: Incident, labels: Labels) -> tuple[str, ...]:
    """Name every label that decides what a reader gets of an incident, in a fixed order."""
    used = {title.label for title in incident.titles} | {link.label for link in incident.links}
    for region in incident.regions:
        used |= labels.of_region(region)
    for update in incident.updates:
        used.add(update.audience)
        used.update(passage.label for passage in update.passages)
        used.update(ask.label for ask in update.asks)
        used.update(fix.label for fix in update.corrected)
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
        languages=settings.languages,
        support_url=settings.support_url,
        mail_from=settings.mail_from,
        notice=settings.notice,
        clock=settings.clock,
        theme=settings.look.theme,
        logo=_logo(settings.look.logo),
        links=tuple(view.Link(name=link.name, url=link.url) for link in settings.look.links),
    )


def _logo(logo: Logo | None) -> view.Logo | None:
    if logo is None:
        return None
    dark = release.picture_of(logo.dark) if logo.dark else None
    return view.Logo(picture=release.picture_of(logo.picture), dark=dark, alt=logo.alt)


def _insiders_url(site: Site, audience_id: str) -> str:
    """Say where an insider's own pages live; empty if it has none, or nobody said where."""
    base = site.settings.internal_url
    surfaces = next(audience.surfaces for audience in site.audiences if audience.id == audience_id)
    if not base or not {"page", "brief"}.intersection(surfaces):
        return ""
    return base if audience_id == INTERNAL else f"{base}/{audience_id}"
