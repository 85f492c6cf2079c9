"""What authors wrote, typed and checked for form, with the place of every part that carries a label.

Only loading, checking and the gate hold these types. Nothing that renders may import them.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal

from msgspec import Struct

from heliograph.problems import Place
from heliograph.terms import Boundary, ComponentState, Impact, Shows, Surface
from heliograph.theme import Theme

PUBLIC = "public"
SAY = "say"
STRATEGIC = "strategic"
MACROS = "macros"
INTERNAL = "internal"
CUSTOMER_PREFIX = "customer:"


class Picture(Struct, frozen=True, kw_only=True):
    """A picture that lies beside an update: the name authors use, the name and bytes it is published as."""

    name: str
    file: str
    data: bytes
    width: int
    height: int
    place: Place

    def __repr__(self) -> str:
        """Name the place only: pixels do not belong in a log."""
        return f"<Picture {self.place}>"


class Text(Struct, frozen=True, kw_only=True):
    """A run of words under one label: a title, a fact's value, or a passage (then Markdown, perhaps with pictures).

    `translations` say the same in further languages, at most once in each; they have none themselves.
    """

    label: str
    words: str
    place: Place
    pictures: tuple[Picture, ...] = ()
    translations: tuple[Translation, ...] = ()

    def __repr__(self) -> str:
        """Name the place only, so that no log or traceback repeats the words."""
        return f"<Text {self.label} {self.place}>"


class Translation(Struct, frozen=True, kw_only=True):
    """A text in another language, with a label of its own.

    Nobody is shown one that is of older words than the original's (`stale`), or that is not finished (`draft`).
    """

    language: str
    text: Text
    state: Literal["current", "stale", "draft"]


class Link(Struct, frozen=True, kw_only=True):
    """A named address, under one label."""

    label: str
    name: str
    url: str
    place: Place


class Claim(Struct, frozen=True, kw_only=True):
    """One update says that a component is in a state."""

    component: str
    state: ComponentState
    place: Place


class FactValue(Struct, frozen=True, kw_only=True):
    """A declared fact's newest value; its label and unit stand in facts.toml."""

    fact: str
    value: str
    place: Place


class Ask(Struct, frozen=True, kw_only=True):
    """Something needed of someone; repeated in every digest until an update says it is met."""

    label: str
    what: str
    of: str
    met: bool
    place: Place


class Decision(Struct, frozen=True, kw_only=True):
    """What will be decided, when, and by which role."""

    label: str
    what: str
    at: datetime
    who: str
    place: Place


class Correction(Struct, frozen=True, kw_only=True):
    """That an update was changed after it was told, and to whom. `was` is empty when the change removed a leak."""

    label: str
    at: datetime
    was: str
    place: Place


class Seal(Struct, frozen=True, kw_only=True):
    """A named role's approval, for one audience, of exactly these passages of an update."""

    audience: str
    role: str
    by: str
    at: datetime
    passages: tuple[Text, ...]
    place: Place


class Update(Struct, frozen=True, kw_only=True):
    """One authored message. Without a status it is a note."""

    id: str
    audience: str
    at: datetime
    status: str | None
    severity: str | None
    impact: Impact | None
    claims: tuple[Claim, ...]
    next_update: datetime | None
    facts: tuple[FactValue, ...]
    asks: tuple[Ask, ...]
    decision: Decision | None
    roles: tuple[tuple[str, str], ...]
    corrected: tuple[Correction, ...]
    passages: tuple[Text, ...]
    place: Place
    seals: tuple[Seal, ...] = ()


class Postmortem(Struct, frozen=True, kw_only=True):
    """The account published after an incident; its passages are labelled like an update's."""

    id: str
    audience: str
    at: datetime
    passages: tuple[Text, ...]
    place: Place


class Incident(Struct, frozen=True, kw_only=True):
    """Something broken or degraded: who it is, and all that was said of it, oldest update first.

    `regions` are those of its components' in which it is felt; none means that nobody said.
    """

    id: str
    titles: tuple[Text, ...]
    started_at: datetime
    tags: tuple[str, ...]
    links: tuple[Link, ...]
    updates: tuple[Update, ...]
    postmortem: Postmortem | None
    place: Place
    regions: tuple[str, ...] = ()


class Repeat(Struct, frozen=True, kw_only=True):
    """A maintenance comes again every so many civil days, at the same time of day, until a day."""

    every_days: int
    until: date


class Maintenance(Struct, frozen=True, kw_only=True):
    """Planned work. `auto` lets the clock start and finish it where no update says otherwise."""

    id: str
    titles: tuple[Text, ...]
    start: datetime
    end: datetime
    repeat: Repeat | None
    auto: bool
    tags: tuple[str, ...]
    links: tuple[Link, ...]
    updates: tuple[Update, ...]
    place: Place


Story = Incident | Maintenance


class Group(Struct, frozen=True, kw_only=True):
    """A heading over components."""

    id: str
    name: str
    place: Place


class Component(Struct, frozen=True, kw_only=True):
    """A part of the product that readers know; `owner`, `runbook` and `dashboards` are internal."""

    id: str
    name: str
    label: str
    group: str | None
    description: str
    regions: tuple[str, ...]
    since: date | None
    owner: str
    runbook: str
    dashboards: tuple[str, ...]
    place: Place


class FactKind(Struct, frozen=True, kw_only=True):
    """Declares a fact: who may read it, and in what unit it is given."""

    id: str
    name: str
    label: str
    unit: str
    place: Place


class Severity(Struct, frozen=True, kw_only=True):
    """What one of sev1 to sev5 means here; always internal."""

    id: str
    name: str
    meaning: str


class Cadence(Struct, frozen=True, kw_only=True):
    """How soon the first word is owed, and how often after it."""

    first: timedelta
    every: timedelta


class Customer(Struct, frozen=True, kw_only=True):
    """One strategic customer; its addresses stand elsewhere."""

    id: str
    name: str
    components: tuple[str, ...]
    locale: str
    timezone: str
    notice: timedelta | None
    owner: str
    place: Place


class Weekly(Struct, frozen=True):
    """When a week's digest goes out: a day of the week (Monday is 0) and a time of day, in the site's zone."""

    weekday: int
    at: timedelta


class DigestPolicy(Struct, frozen=True, kw_only=True):
    """How an audience's e-mail is paced: `each-update`, `first-and-last`, or `batched` every so long.

    `weekly` adds a digest of the week before.
    """

    mode: str
    every: timedelta | None
    max_recipients: int
    weekly: Weekly | None = None


class Audience(Struct, frozen=True, kw_only=True):
    """People with the same right to read. `keys` of cadence and sign-off are severities, or impacts for outsiders."""

    id: str
    name: str
    boundary: Boundary
    sees: tuple[str, ...]
    shows: Shows
    surfaces: tuple[Surface, ...]
    owner: str
    when_severity: tuple[str, ...]
    when_impact: tuple[Impact, ...]
    when_components: tuple[str, ...]
    wait_for: str
    after: tuple[str, ...]
    cadence: tuple[tuple[str, Cadence], ...]
    signoff: tuple[tuple[str, tuple[str, ...]], ...]
    digest: DigestPolicy
    customers: tuple[Customer, ...]
    place: Place


class Page(Struct, frozen=True, kw_only=True):
    """A page of the site's own, such as "About this page"."""

    id: str
    title: str
    audience: str
    passages: tuple[Text, ...]
    place: Place
    title_translations: tuple[Translation, ...] = ()


class Target(Struct, frozen=True, kw_only=True):
    """A directory inside the site's folder to which one tree is published."""

    id: str
    tree: str
    directory: str
    place: Place


class Logo(Struct, frozen=True, kw_only=True):
    """The picture at the top of every page, the one that takes its place in the dark, and what it says in words."""

    picture: Picture
    dark: Picture | None
    alt: str


class Look(Struct, frozen=True, kw_only=True):
    """What a site changes of the shipped look, and the links it adds to the top or foot of every page."""

    theme: Theme = Theme()
    logo: Logo | None = None
    links: tuple[Link, ...] = ()


class Settings(Struct, frozen=True, kw_only=True):
    """site.toml. `languages` are those of the public pages, the main one first."""

    id: str
    name: str
    url: str
    internal_url: str
    timezone: str
    language: str
    support_url: str
    mail_from: str
    notice: str
    clock: datetime | None
    sensitive_terms: tuple[str, ...]
    look: Look = Look()
    languages: tuple[str, ...] = ()


class Site(Struct, frozen=True, kw_only=True):
    """Everything authored, resolved and in order; the one input of the gate."""

    settings: Settings
    groups: tuple[Group, ...]
    components: tuple[Component, ...]
    facts: tuple[FactKind, ...]
    severities: tuple[Severity, ...]
    audiences: tuple[Audience, ...]
    incidents: tuple[Incident, ...]
    maintenances: tuple[Maintenance, ...]
    pages: tuple[Page, ...]
    targets: tuple[Target, ...]

    @property
    def stories(self) -> tuple[Story, ...]:
        """Everything that is told of: incidents, then maintenances."""
        return (*self.incidents, *self.maintenances)

    @property
    def customers(self) -> tuple[Customer, ...]:
        """All strategic customers, in the order written."""
        return tuple(customer for audience in self.audiences for customer in audience.customers)
