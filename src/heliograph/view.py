"""The site as one reader may see it: frozen, complete, and the only thing a renderer for outsiders is given.

No label, severity, source path, author or hidden count is in a View. All instants are UTC. What only insiders'
surfaces add is a `Desk`, a type of its own, so that an external renderer cannot take one by mistake.
Incidents, maintenances and updates stand newest first; components in the order of components.toml.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal

from msgspec import Struct

from heliograph.terms import ComponentState, Impact
from heliograph.theme import Theme

Instead = Literal["missing", "stale"] | None
"""Why words stand in the main language where another is wanted: not translated, or only in an older version."""


class Picture(Struct, frozen=True, kw_only=True):
    """A picture that Markdown refers to by `name`: its bytes, pixels only, and the file name made of their digest."""

    name: str
    file: str
    data: bytes
    width: int
    height: int


class Passage(Struct, frozen=True, kw_only=True):
    """A run of Markdown. `addressed` tells words written for this reader alone from words for everyone.

    `language` is the tag of a further language that it was translated into, empty for the site's main one; `instead` is
    set where it is the original in place of a translation.
    """

    markdown: str
    addressed: bool
    pictures: tuple[Picture, ...] = ()
    language: str = ""
    instead: Instead = None


class Claim(Struct, frozen=True, kw_only=True):
    """What an update says of a component, and what was said before it within the same incident."""

    component: str
    state: ComponentState
    was: ComponentState


class Correction(Struct, frozen=True, kw_only=True):
    """An update's words were changed at `at`; `was` is empty when the old words may not be repeated."""

    at: datetime
    was: str


class Update(Struct, frozen=True, kw_only=True):
    """One message. `status` is None for a note."""

    id: str
    at: datetime
    status: str | None
    passages: tuple[Passage, ...]
    claims: tuple[Claim, ...]
    corrections: tuple[Correction, ...]


class Fact(Struct, frozen=True, kw_only=True):
    """The newest value of a declared fact, with the instant it was given."""

    id: str
    name: str
    value: str
    unit: str
    as_of: datetime

    @property
    def measured(self) -> str:
        """The value in its unit, unless the name says that already: `Support tickets` are 23."""
        unit = "" if self.unit.casefold() in self.name.casefold() else self.unit
        return f"{self.value} {unit}".strip()


class Ask(Struct, frozen=True, kw_only=True):
    """What is needed of whom, since when; `met_at` is None while it is open."""

    what: str
    of: str
    since: datetime
    met_at: datetime | None


class Decision(Struct, frozen=True, kw_only=True):
    """What will be decided at `at` and by whom; `said_at` is when we learned of it."""

    what: str
    at: datetime
    who: str
    said_at: datetime


class Link(Struct, frozen=True, kw_only=True):
    """A named address."""

    name: str
    url: str


class Postmortem(Struct, frozen=True, kw_only=True):
    """The account published after an incident."""

    id: str
    at: datetime
    passages: tuple[Passage, ...]


class Incident(Struct, frozen=True, kw_only=True):
    """One incident as this reader may know it.

    `status` is the newest one said (`postmortem` once one is published); `claims` are the states it holds now (empty
    when closed); `affected` every component it ever named; `regions` where it is felt, empty when nobody said;
    `next_update` the promise not yet kept, `late` whether its time has passed. `title_language` and `title_instead`
    tell of the title what a passage's tell of it.
    """

    id: str
    title: str
    status: str
    impact: Impact
    started_at: datetime
    updated_at: datetime
    monitoring_at: datetime | None
    resolved_at: datetime | None
    next_update: datetime | None
    late: bool
    claims: tuple[Claim, ...]
    affected: tuple[str, ...]
    facts: tuple[Fact, ...]
    asks: tuple[Ask, ...]
    decision: Decision | None
    links: tuple[Link, ...]
    updates: tuple[Update, ...]
    postmortem: Postmortem | None
    regions: tuple[str, ...] = ()
    title_language: str = ""
    title_instead: Instead = None

    @property
    def is_open(self) -> bool:
        """Tell whether it still goes on."""
        return self.resolved_at is None


class Maintenance(Struct, frozen=True, kw_only=True):
    """Planned work. `start` and `end` are those of the current, else the next, else the last occurrence.

    `completed_at` is set once it is over (also when cancelled); `repeats` tells the rhythm in days, 0 for once.
    `claims` is what it names, whether or not work goes on now; `worked` when it went on within the days that bars show.
    `title_language` and `title_instead` are as an incident's.
    """

    id: str
    title: str
    status: str
    start: datetime
    end: datetime
    repeats: int
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    claims: tuple[Claim, ...]
    affected: tuple[str, ...]
    links: tuple[Link, ...]
    updates: tuple[Update, ...]
    worked: tuple[tuple[datetime, datetime], ...] = ()
    title_language: str = ""
    title_instead: Instead = None

    @property
    def phase(self) -> Literal["upcoming", "active", "past"]:
        """Tell where it stands in time."""
        if self.completed_at is not None:
            return "past"
        return "upcoming" if self.status == "scheduled" else "active"


class Day(Struct, frozen=True, kw_only=True):
    """One civil day of one component: the worst state in it, and how long each counted state lasted."""

    date: date
    worst: ComponentState
    partial: timedelta
    major: timedelta


class Component(Struct, frozen=True, kw_only=True):
    """A part of the product. `days` are the last 90 civil days, oldest first; fewer if it is younger.

    `uptime` is a share between 0 and 1 by the weights of `terms.DOWNTIME_WEIGHT`, planned work left out.
    """

    id: str
    name: str
    description: str
    group: str | None
    regions: tuple[str, ...]
    since: date | None
    state: ComponentState
    days: tuple[Day, ...]
    uptime: float | None


class Group(Struct, frozen=True, kw_only=True):
    """A heading over the components that name it; never empty."""

    id: str
    name: str


class Month(Struct, frozen=True, kw_only=True):
    """A calendar month of the site's zone and the ids of what began in it, newest first."""

    year: int
    month: int
    incidents: tuple[str, ...]
    maintenances: tuple[str, ...]


class Page(Struct, frozen=True, kw_only=True):
    """A page of the site's own. `title_language` and `title_instead` are as an incident's."""

    id: str
    title: str
    passages: tuple[Passage, ...]
    title_language: str = ""
    title_instead: Instead = None


class Logo(Struct, frozen=True, kw_only=True):
    """The picture at the top of every page, the one that takes its place in the dark, and what it says in words."""

    picture: Picture
    dark: Picture | None
    alt: str


class About(Struct, frozen=True, kw_only=True):
    """The site itself. `url` is where this reader's pages live, without a slash at its end; empty when unknown.

    `language` is the one that is written, `languages` are those of the public pages, the main one first; `clock` is
    set where time stands still, as in an example that always tells the same story.
    """

    id: str
    name: str
    url: str
    public_url: str
    timezone: str
    language: str
    support_url: str
    mail_from: str
    notice: str
    languages: tuple[str, ...] = ()
    clock: datetime | None = None
    theme: Theme = Theme()
    logo: Logo | None = None
    links: tuple[Link, ...] = ()


class Customer(Struct, frozen=True, kw_only=True):
    """The strategic customer this view was made for; `components` are those it uses and may know."""

    id: str
    name: str
    components: tuple[str, ...]
    locale: str
    timezone: str
    notice: timedelta | None
    owner: str


class View(Struct, frozen=True, kw_only=True):
    """Everything one reader may see. `reader` is the audience's id (`public`, `strategic`, `macros`, `exec` …).

    A view made for a further language holds translations where there are any; which of them, the gate decides alone.
    """

    reader: str
    about: About
    groups: tuple[Group, ...]
    components: tuple[Component, ...]
    incidents: tuple[Incident, ...]
    maintenances: tuple[Maintenance, ...]
    months: tuple[Month, ...]
    pages: tuple[Page, ...]
    customer: Customer | None
    valid_until: datetime | None

    @property
    def open_incidents(self) -> tuple[Incident, ...]:
        """Those that still go on, newest first."""
        return tuple(incident for incident in self.incidents if incident.is_open)

    def maintenance_in(self, phase: Literal["upcoming", "active", "past"]) -> tuple[Maintenance, ...]:
        """Planned work in one phase: what is upcoming soonest first, the rest newest first."""
        found = tuple(work for work in self.maintenances if work.phase == phase)
        return found[::-1] if phase == "upcoming" else found


class Line(Struct, frozen=True, kw_only=True):
    """One passage on an insiders' timeline, with its label and the names of all who may read it."""

    label: str
    markdown: str
    readers: tuple[str, ...]
    pictures: tuple[Picture, ...] = ()


class Entry(Struct, frozen=True, kw_only=True):
    """One update as insiders see it: to whom it is addressed, and its lines in authored order."""

    update: str
    at: datetime
    status: str | None
    audience: str
    lines: tuple[Line, ...]
    next_update: datetime | None


class Said(Struct, frozen=True, kw_only=True):
    """What customers were told: the words of one public update."""

    at: datetime
    status: str | None
    markdown: str


class Due(Struct, frozen=True, kw_only=True):
    """A word owed to an audience by an instant; `overdue` once that has passed. `why` says which rule asks for it."""

    incident: str
    audience: str
    owner: str
    by: datetime
    overdue: bool
    why: Literal["promised", "first", "every"]


class Pending(Struct, frozen=True, kw_only=True):
    """An update that waits for a role's approval before an audience sees it (or sees its newest words)."""

    update: str
    audience: str
    role: str
    shown: Literal["nothing", "sealed words"]


class Coverage(Struct, frozen=True, kw_only=True):
    """Whether an audience has its own word in the newest phase of an incident."""

    audience: str
    name: str
    words: Literal["own", "public", "none"]
    last_at: datetime | None


class Dossier(Struct, frozen=True, kw_only=True):
    """What insiders know of one incident or maintenance beyond its View.

    `told` are names of audiences and customers with the instants at which messages reached them; `agreed` are
    customers it concerns, by name, with how soon they were to be told and the instant at which that ran out.
    """

    id: str
    title_public: str | None
    severity: str | None
    severity_since: datetime | None
    tags: tuple[str, ...]
    roles: tuple[tuple[str, str], ...]
    timeline: tuple[Entry, ...]
    said: tuple[Said, ...]
    coverage: tuple[Coverage, ...]
    due: tuple[Due, ...]
    pending: tuple[Pending, ...]
    told: tuple[tuple[str, datetime], ...]
    agreed: tuple[tuple[str, timedelta, datetime], ...] = ()


class Owner(Struct, frozen=True, kw_only=True):
    """Who keeps a component, and where its papers are."""

    component: str
    owner: str
    runbook: str
    dashboards: tuple[str, ...]


class Desk(Struct, frozen=True, kw_only=True):
    """What only insiders' surfaces add.

    `dossiers` covers each incident and maintenance of the View, in the same order; for an audience without a page
    of its own, only those incidents that are open or closed of late. `relevant` are the ids of open incidents this
    audience asked to hear of (its `when` rule), `recent` those of the last days' closed ones; `open` are the ids of
    incidents that go on as far as any reader knows: colleagues may have closed theirs while customers still wait for a
    word.
    """

    reader: str
    name: str
    dossiers: tuple[Dossier, ...]
    relevant: tuple[str, ...]
    severities: tuple[tuple[str, str, str], ...]
    owners: tuple[Owner, ...]
    open: tuple[str, ...] = ()
    recent: tuple[str, ...] = ()

    def dossier(self, identity: str) -> Dossier:
        """Find the dossier of an incident or maintenance by id; KeyError if the reader has none."""
        for dossier in self.dossiers:
            if dossier.id == identity:
                return dossier
        raise KeyError(identity)


class Heard(Struct, frozen=True, kw_only=True):
    """One message that reached this reader: when the first copy was accepted, and the updates it told, oldest first.

    `thread` tells what it belonged to, also where what it told was taken back since.
    """

    at: datetime
    updates: tuple[str, ...]
    thread: str = ""
