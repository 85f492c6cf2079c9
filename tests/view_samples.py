"""Views and desks made by hand: one afternoon of a company whose checkout is failing, as each reader may know it.

The clock stands at 14:24 UTC on 21 November 2026. Every function returns a fresh frozen value; change one with
`msgspec.structs.replace`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec

from heliograph import view as v
from heliograph.terms import ComponentState

NOW = datetime(2026, 11, 21, 14, 24, tzinfo=UTC)
TODAY = NOW.date()
ADDRESS = "https://status.example.com"

IDENTIFIED = (
    "We have found the cause and are rolling out a fix. Some payments in Europe still fail. "
    "A payment that failed was not charged."
)
INVESTIGATING = "We are investigating payments that fail in Europe."

COMPONENTS: tuple[tuple[str, str, str | None, str], ...] = (
    ("checkout", "Checkout", "payments", "Paying in the web shop"),
    ("api", "API", "payments", "The programming interface at api.example.com"),
    ("payouts", "Payouts", "payments", "Money on its way to your bank"),
    ("invoices", "Invoices", "payments", ""),
    ("dashboard", "Dashboard", "workspace", "Where you look after your shop"),
    ("reports", "Reports", "workspace", "Figures by day, week and month"),
    ("exports", "Exports", "workspace", ""),
    ("search", "Search", "workspace", ""),
    ("login", "Log-in", "accounts", "Signing in, also with your company's account"),
    ("webhooks", "Webhooks", "accounts", ""),
    ("mail", "E-mail delivery", "accounts", ""),
    ("docs", "Documentation", None, ""),
)
GROUPS = (
    v.Group(id="payments", name="Payments"),
    v.Group(id="workspace", name="Workspace"),
    v.Group(id="accounts", name="Accounts and messages"),
)


def at(clock: str, day: str = "2026-11-21") -> datetime:
    """Read `14:20` of the sample day, or of another, as UTC."""
    return datetime.fromisoformat(f"{day}T{clock}:00+00:00")


def passage(words: str, *, addressed: bool = False) -> v.Passage:
    return v.Passage(markdown=words, addressed=addressed)


def claim(component: str, state: ComponentState, was: ComponentState = "operational") -> v.Claim:
    return v.Claim(component=component, state=state, was=was)


def update(
    identity: str,
    when: datetime,
    status: str | None,
    *passages: v.Passage,
    claims: tuple[v.Claim, ...] = (),
    corrections: tuple[v.Correction, ...] = (),
) -> v.Update:
    return v.Update(id=identity, at=when, status=status, passages=passages, claims=claims, corrections=corrections)


def payments(
    words: str = IDENTIFIED, *, addressed: bool = False, title: str = "Some payments in Europe are failing"
) -> v.Incident:
    """WORDS.md's incident at 14:24: two updates, the next promised by 14:50."""
    now = (
        claim("checkout", "degraded_performance", "partial_outage"),
        claim("api", "degraded_performance", "degraded_performance"),
    )
    return v.Incident(
        id="k3x9q2mf",
        title=title,
        status="identified",
        impact="minor",
        started_at=at("14:02"),
        updated_at=at("14:20"),
        monitoring_at=None,
        resolved_at=None,
        next_update=at("14:50"),
        late=False,
        claims=now,
        affected=("checkout", "api"),
        facts=(),
        asks=(),
        decision=None,
        links=(),
        updates=(
            update("7qm4tz2c", at("14:20"), "identified", passage(words, addressed=addressed), claims=now),
            update(
                "2nd8vw4k",
                at("14:09"),
                "investigating",
                passage(INVESTIGATING),
                claims=(claim("checkout", "partial_outage"), claim("api", "degraded_performance")),
                corrections=(v.Correction(at=at("14:12"), was="We are investigating payments that fail everywhere."),),
            ),
        ),
        postmortem=None,
    )


def mail_delay() -> v.Incident:
    """A problem that is over, with the account published after it."""
    day = "2026-11-03"
    claims = (claim("mail", "partial_outage"),)
    return v.Incident(
        id="h5c2p8wa",
        title="E-mail arrives late",
        status="postmortem",
        impact="major",
        started_at=at("08:11", day),
        updated_at=at("10:00", "2026-11-05"),
        monitoring_at=at("08:40", day),
        resolved_at=at("08:53", day),
        next_update=None,
        late=False,
        claims=(),
        affected=("mail",),
        facts=(),
        asks=(),
        decision=None,
        links=(v.Link(name="How to resend an e-mail", url="https://help.example.com/resend"),),
        updates=(
            update(
                "r4t6y8u2",
                at("08:53", day),
                "resolved",
                passage("All e-mail has been delivered; none was lost."),
                claims=(claim("mail", "operational", "partial_outage"),),
            ),
            update(
                "q1w3e5r7",
                at("08:40", day),
                "monitoring",
                passage("The queue is emptying. The oldest e-mail waits 9 minutes."),
            ),
            update(
                "z2x4c6v8",
                at("08:15", day),
                "investigating",
                passage("E-mail leaves us up to 25 minutes late."),
                claims=claims,
            ),
        ),
        postmortem=v.Postmortem(
            id="p8w2c5rt",
            at=at("10:00", "2026-11-05"),
            passages=(
                passage(
                    "## What happened\n\nA certificate of the outgoing relay expired at 08:11 UTC. E-mail waited in the queue.\n\n"
                    "## What we change\n\n1. Certificates are renewed 30 days ahead.\n2. The queue's age raises an alarm after 5 minutes."
                ),
            ),
        ),
    )


def slow_search() -> v.Incident:
    day = "2026-09-14"
    return v.Incident(
        id="b7n3m9kd",
        title="Search answers slowly",
        status="resolved",
        impact="minor",
        started_at=at("21:30", day),
        updated_at=at("01:05", "2026-09-15"),
        monitoring_at=None,
        resolved_at=at("01:05", "2026-09-15"),
        next_update=None,
        late=False,
        claims=(),
        affected=("search", "dashboard"),
        facts=(),
        asks=(),
        decision=None,
        links=(),
        updates=(
            update("d9f7g5h3", at("01:05", "2026-09-15"), "resolved", passage("Search is as quick as before.")),
            update(
                "j1k3l5m7",
                at("21:42", day),
                "investigating",
                passage("Searches take up to ten seconds."),
                claims=(claim("search", "degraded_performance"), claim("dashboard", "degraded_performance")),
            ),
        ),
        postmortem=None,
    )


def upgrade() -> v.Maintenance:
    """WORDS.md's planned work, still ahead."""
    return v.Maintenance(
        id="m4d7x2qe",
        title="Database upgrade",
        status="scheduled",
        start=at("02:00", "2026-12-02"),
        end=at("03:30", "2026-12-02"),
        repeats=0,
        created_at=at("09:00", "2026-11-18"),
        updated_at=at("09:00", "2026-11-18"),
        started_at=None,
        completed_at=None,
        claims=(claim("reports", "under_maintenance"),),
        affected=("reports",),
        links=(),
        updates=(
            update(
                "u5i7o9p1",
                at("09:00", "2026-11-18"),
                "scheduled",
                passage("Reports are read-only during that time; everything else works. You need to do nothing."),
            ),
        ),
    )


def moved_store() -> v.Maintenance:
    """Planned work that is over, 18 minutes before its end."""
    day = "2026-10-07"
    return v.Maintenance(
        id="c6v8b2n4",
        title="New store for exports",
        status="completed",
        start=at("02:00", day),
        end=at("03:30", day),
        repeats=0,
        created_at=at("12:00", "2026-10-01"),
        updated_at=at("03:12", day),
        started_at=at("02:00", day),
        completed_at=at("03:12", day),
        claims=(),
        affected=("exports",),
        links=(),
        updates=(
            update("s1d3f5g7", at("03:12", day), "completed", passage("Exports work from the new store.")),
            update(
                "h2j4k6l8",
                at("12:00", "2026-10-01"),
                "scheduled",
                passage("Exports cannot be started during that time."),
            ),
        ),
    )


def days(*problems: tuple[date, ComponentState, timedelta]) -> tuple[v.Day, ...]:
    """The 90 civil days up to the sample day, all well but for those named."""
    known = {day: (state, span) for day, state, span in problems}
    found = []
    for back in range(89, -1, -1):
        day = TODAY - timedelta(days=back)
        state, span = known.get(day, ("operational", timedelta()))
        found.append(
            v.Day(
                date=day,
                worst=state,
                partial=span if state == "partial_outage" else timedelta(),
                major=span if state == "major_outage" else timedelta(),
            )
        )
    return tuple(found)


_PAST: dict[str, tuple[tuple[date, ComponentState, timedelta], ...]] = {
    "checkout": ((TODAY, "partial_outage", timedelta(minutes=11)),),
    "api": ((TODAY, "degraded_performance", timedelta()), (date(2026, 10, 20), "major_outage", timedelta(minutes=7))),
    "mail": ((date(2026, 11, 3), "partial_outage", timedelta(minutes=38)),),
    "search": (
        (date(2026, 9, 14), "degraded_performance", timedelta()),
        (date(2026, 9, 15), "degraded_performance", timedelta()),
    ),
    "exports": ((date(2026, 10, 7), "under_maintenance", timedelta()),),
}


def components() -> tuple[v.Component, ...]:
    """Twelve of them, two degraded."""
    found = []
    for identity, name, group, description in COMPONENTS:
        past = days(*_PAST.get(identity, ()))
        down = sum((day.major + 0.3 * day.partial for day in past), timedelta())
        found.append(
            v.Component(
                id=identity,
                name=name,
                description=description,
                group=group,
                regions=("eu", "us") if identity == "checkout" else (),
                since=date(2024, 1, 1) if identity == "checkout" else None,
                state="degraded_performance" if identity in ("checkout", "api") else "operational",
                days=past,
                uptime=1 - down / timedelta(days=90),
            )
        )
    return tuple(found)


def healthy() -> tuple[v.Component, ...]:
    """The same twelve, all working."""
    return tuple(
        v.Component(
            id=part.id, name=part.name, description=part.description, group=part.group, regions=part.regions,
            since=part.since, state="operational", days=part.days, uptime=part.uptime,
        )
        for part in components()
    )  # fmt: skip


def about(url: str = ADDRESS, notice: str = "") -> v.About:
    return v.About(
        id="example",
        name="Example Shop status",
        url=url,
        public_url=ADDRESS,
        timezone="UTC",
        language="en",
        support_url="https://help.example.com/contact",
        mail_from="status@status.example.com",
        notice=notice,
    )


def months() -> tuple[v.Month, ...]:
    return (
        v.Month(year=2026, month=12, incidents=(), maintenances=("m4d7x2qe",)),
        v.Month(year=2026, month=11, incidents=("k3x9q2mf", "h5c2p8wa"), maintenances=()),
        v.Month(year=2026, month=10, incidents=(), maintenances=("c6v8b2n4",)),
        v.Month(year=2026, month=9, incidents=("b7n3m9kd",), maintenances=()),
    )


def pages() -> tuple[v.Page, ...]:
    words = "We write here by hand, as soon as we know.\n\n## Whom to ask\n\n[Support](https://help.example.com/contact) answers at any hour."
    return (v.Page(id="about", title="About this page", passages=(passage(words),)),)


def public_view() -> v.View:
    """What everyone may see at 14:24."""
    return v.View(
        reader="public",
        about=about(),
        groups=GROUPS,
        components=components(),
        incidents=(payments(), mail_delay(), slow_search()),
        maintenances=(upgrade(), moved_store()),
        months=months(),
        pages=pages(),
        customer=None,
        valid_until=at("14:50"),
    )


def all_well_view() -> v.View:
    """The public's view on a day without problems."""
    return v.View(
        reader="public",
        about=about(),
        groups=GROUPS,
        components=healthy(),
        incidents=(mail_delay(), slow_search()),
        maintenances=(upgrade(), moved_store()),
        months=(months()[0], v.Month(year=2026, month=11, incidents=("h5c2p8wa",), maintenances=()), *months()[2:]),
        pages=pages(),
        customer=None,
        valid_until=None,
    )


def empty_view() -> v.View:
    """A site that has nothing to tell: no components, no past."""
    return v.View(
        reader="public", about=about(url=""), groups=(), components=(), incidents=(), maintenances=(),
        months=(), pages=(), customer=None, valid_until=None,
    )  # fmt: skip


def crowded_view(count: int = 500) -> v.View:
    """Very many open problems at once."""
    found = []
    for number in range(count):
        one = payments(title=f"Problem number {number + 1}")
        found.append(changed(one, id=f"open{number:04d}"))
    month = v.Month(year=2026, month=11, incidents=tuple(one.id for one in found), maintenances=())
    return changed(public_view(), incidents=tuple(found), months=(month,), maintenances=())


def arranged(view: v.View, **changes) -> v.View:
    """Change a view and put its months in order again, so that they name what it holds."""
    view = changed(view, **changes)
    begun = sorted(
        {(one.started_at.year, one.started_at.month) for one in view.incidents}
        | {(work.start.year, work.start.month) for work in view.maintenances}
    )
    months = tuple(
        v.Month(
            year=year,
            month=month,
            incidents=tuple(
                one.id for one in view.incidents if (one.started_at.year, one.started_at.month) == (year, month)
            ),
            maintenances=tuple(
                work.id for work in view.maintenances if (work.start.year, work.start.month) == (year, month)
            ),
        )
        for year, month in reversed(begun)
    )
    return changed(view, months=months)


def changed(thing, **changes):
    return msgspec.structs.replace(thing, **changes)


# --- insiders ------------------------------------------------------------------------------------

_FACTS = (
    v.Fact(id="customers_affected", name="Customers", value="1,240 of 31,000", unit="accounts", as_of=at("14:20")),
    v.Fact(id="sla", name="SLA", value="EU availability 99.93 %; breach at 15:10 UTC", unit="", as_of=at("14:20")),
)
_ASK = v.Ask(what="one DBA", of="engineering", since=at("14:20"), met_at=None)
_DECISION = v.Decision(
    what="fail over if the rollback has not worked", at=at("14:40"), who="commander", said_at=at("14:20")
)
_SEVERITIES = (
    ("sev1", "SEV1", "Most customers cannot do the main thing"),
    ("sev2", "SEV2", "Many customers are hindered"),
    ("sev3", "SEV3", "Some customers notice"),
)
_ROLES = (("commander", "platform-oncall"), ("customer_liaison", "support-lead"))


def _inside(incident: v.Incident) -> v.Incident:
    return changed(incident, facts=_FACTS, asks=(_ASK,), decision=_DECISION)


def _entry(
    identity: str, when: datetime, status: str | None, audience: str, *lines: v.Line, due: datetime | None = None
) -> v.Entry:
    return v.Entry(update=identity, at=when, status=status, audience=audience, lines=lines, next_update=due)


def _line(label: str, words: str, *readers: str) -> v.Line:
    return v.Line(label=label, markdown=words, readers=readers)


def _coverage() -> tuple[v.Coverage, ...]:
    return (
        v.Coverage(audience="public", name="Everyone", words="own", last_at=at("14:20")),
        v.Coverage(audience="support", name="Support", words="own", last_at=at("14:20")),
        v.Coverage(audience="exec", name="Executives", words="public", last_at=at("14:20")),
        v.Coverage(audience="business", name="Business", words="none", last_at=None),
    )


def _payments_dossier() -> v.Dossier:
    return v.Dossier(
        id="k3x9q2mf",
        title_public="Some payments in Europe are failing",
        severity="sev2",
        severity_since=at("14:05"),
        tags=("payments", "database"),
        roles=_ROLES,
        timeline=(
            _entry(
                "7qm4tz2c", at("14:20"), "identified", "public",
                _line("public", IDENTIFIED, "Everyone", "Internal", "Executives", "Support"),
                _line("support", "Refund requests: tag `inc-k3x9q2mf`; do not promise a date.", "Support", "Internal"),
                _line("internal", "Replica lag on db-7 after failover; rolling back config 8841.", "Internal", "Executives"),
                due=at("14:50"),
            ),
            _entry("5jk2hg8f", at("14:16"), None, "internal", _line("internal", "Two nodes out of the pool.", "Internal")),
            _entry("2nd8vw4k", at("14:09"), "investigating", "public", _line("public", INVESTIGATING, "Everyone", "Internal", "Executives", "Support")),
        ),
        said=(
            v.Said(at=at("14:20"), status="identified", markdown=IDENTIFIED),
            v.Said(at=at("14:09"), status="investigating", markdown=INVESTIGATING),
        ),
        coverage=_coverage(),
        due=(
            v.Due(incident="k3x9q2mf", audience="business", owner="sales-lead", by=at("14:17"), overdue=True, why="first"),
            v.Due(incident="k3x9q2mf", audience="public", owner="communications-lead", by=at("14:50"), overdue=False, why="promised"),
            v.Due(incident="k3x9q2mf", audience="exec", owner="communications-lead", by=at("14:50"), overdue=False, why="every"),
        ),
        pending=(v.Pending(update="7qm4tz2c", audience="strategic", role="commander", shown="sealed words"),),
        told=(("support", at("14:19")), ("public", at("14:20"))),
    )  # fmt: skip


def _quiet_dossier(identity: str, title: str, severity: str | None = None) -> v.Dossier:
    return v.Dossier(
        id=identity, title_public=title, severity=severity, severity_since=None, tags=(), roles=(), timeline=(),
        said=(), coverage=(), due=(), pending=(), told=(),
    )  # fmt: skip


def _desk(reader: str, name: str) -> v.Desk:
    return v.Desk(
        reader=reader,
        name=name,
        dossiers=(
            _payments_dossier(),
            _quiet_dossier("h5c2p8wa", "E-mail arrives late", "sev3"),
            _quiet_dossier("b7n3m9kd", "Search answers slowly"),
            _quiet_dossier("m4d7x2qe", "Database upgrade"),
            _quiet_dossier("c6v8b2n4", "New store for exports"),
        ),
        relevant=("k3x9q2mf",),
        severities=_SEVERITIES,
        owners=(
            v.Owner(component="checkout", owner="payments-oncall", runbook="https://wiki.corp.example/checkout", dashboards=("https://grafana.corp.example/d/checkout",)),
            v.Owner(component="api", owner="platform-oncall", runbook="", dashboards=()),
        ),
    )  # fmt: skip


def internal_view() -> v.View:
    """What colleagues may see at 14:24."""
    one = _inside(payments(title="Checkout 5xx after db-7 failover"))
    room = v.Link(name="War room", url="https://chat.corp.example/c/123")
    return changed(
        public_view(),
        reader="internal",
        about=about(url="https://status.corp.example"),
        incidents=(changed(one, links=(room,)), mail_delay(), slow_search()),
    )


def internal_desk() -> v.Desk:
    return _desk("internal", "Colleagues")


EXEC_WORDS = "Cause found, fix rolling out. About 4 % of EU revenue is delayed, none lost."


def exec_view() -> v.View:
    """What executives may see at 14:24."""
    one = _inside(payments(EXEC_WORDS, addressed=True))
    return changed(
        public_view(),
        reader="exec",
        about=about(url="https://status.corp.example/exec"),
        incidents=(one, mail_delay(), slow_search()),
    )


def exec_desk() -> v.Desk:
    return _desk("exec", "Executives")


SUPPORT_WORDS = (
    "**Is it this?** A payment in Europe failing since 14:02 UTC, at checkout or by API. **Not this:** log-in, payments before 14:02.\n\n"
    "**Do:** tag `inc-k3x9q2mf`. Refund asked: same tag, no date.\n\n"
    "**Do not say:** the cause, a time it will work, other customers."
)


def support_view() -> v.View:
    """What support may see at 14:24: everyone's words and its own."""
    one = payments()
    newest = update(
        "7qm4tz2c",
        at("14:20"),
        "identified",
        passage(IDENTIFIED),
        passage(SUPPORT_WORDS, addressed=True),
        claims=one.claims,
    )
    return changed(
        public_view(),
        reader="support",
        about=about(url="https://status.corp.example/support"),
        incidents=(changed(one, updates=(newest, *one.updates[1:])), mail_delay(), slow_search()),
    )


def support_desk() -> v.Desk:
    return _desk("support", "Support")
