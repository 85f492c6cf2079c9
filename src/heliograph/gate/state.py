"""What follows from what a reader may see: states of components, days, uptime, months. Takes viewed types only."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from heliograph import view
from heliograph.terms import DOWNTIME_WEIGHT, OPERATIONAL, UNDER_MAINTENANCE, ComponentState, gravity
from heliograph.times import civil_day, day_start

DAYS_SHOWN = 90


class Interval(NamedTuple):
    """A component was in a state from `start` to `end`; `end` is None while it goes on."""

    start: datetime
    end: datetime | None
    state: ComponentState
    planned: bool


def current_states(incidents: Iterable[view.Incident], works: Iterable[view.Maintenance]) -> dict[str, ComponentState]:
    """Give each component's state now: the worst newest claim of all that is open; unnamed ones are operational."""
    states: dict[str, ComponentState] = {}
    claims = [claim for incident in incidents if incident.is_open for claim in incident.claims]
    claims += [claim for work in works if work.phase == "active" for claim in work.claims]
    for claim in claims:
        states[claim.component] = max(states.get(claim.component, OPERATIONAL), claim.state, key=gravity)
    return states


def intervals(incidents: Iterable[view.Incident], works: Iterable[view.Maintenance]) -> dict[str, list[Interval]]:
    """Lay out, by component, when it was in which state; planned work is marked."""
    ledger: dict[str, list[Interval]] = defaultdict(list)
    for incident in incidents:
        for component, interval in _of_incident(incident):
            ledger[component].append(interval)
    for work in works:
        for component in work.affected:
            ledger[component] += (Interval(start, end, UNDER_MAINTENANCE, planned=True) for start, end in work.worked)
    return ledger


def _of_incident(incident: view.Incident) -> Iterator[tuple[str, Interval]]:
    """Walk one incident's claims in time; what its first words claim has been so since it started."""
    running: dict[str, tuple[datetime, ComponentState]] = {}
    oldest_first = incident.updates[::-1]
    for update in oldest_first:
        since = min(incident.started_at, update.at) if update is oldest_first[0] else update.at
        for claim in update.claims:
            if claim.component in running:
                start, state = running[claim.component]
                yield claim.component, Interval(start, since, state, planned=False)
            elif claim.was != OPERATIONAL:
                yield claim.component, Interval(incident.started_at, max(update.at, since), claim.was, planned=False)
            running[claim.component] = (since, claim.state)
    for component, (start, state) in running.items():
        if state != OPERATIONAL:
            yield component, Interval(start, None, state, planned=False)


class Calendar:
    """The civil days that bars show, up to the one that holds `at`."""

    def __init__(self, at: datetime, tz: ZoneInfo) -> None:
        today = civil_day(at, tz)
        self.days = tuple(today - timedelta(days=back) for back in range(DAYS_SHOWN - 1, -1, -1))
        self._edges = [day_start(day, tz) for day in (*self.days, today + timedelta(days=1))]
        self.ends = self._edges[-1]
        self.today_starts = self._edges[-2]
        self.starts = self._edges[0]

    def index(self, instant: datetime) -> int:
        """Tell which of `days` an instant within them falls on."""
        return bisect_right(self._edges, instant) - 1

    def edge(self, index: int) -> datetime:
        """Give the instant at which day number `index` begins."""
        return self._edges[index]


def history(
    found: Sequence[Interval], calendar: Calendar, since: date | None
) -> tuple[tuple[view.Day, ...], float | None]:
    """Make a component's days and its uptime over the full days among them.

    Today counts towards the bars but not the uptime, and what still goes on is counted up to the last midnight:
    so that nothing shown changes from minute to minute.
    """
    worst: list[ComponentState] = [OPERATIONAL] * DAYS_SHOWN
    lost = {state: [timedelta()] * DAYS_SHOWN for state in DOWNTIME_WEIGHT}
    planned = [timedelta()] * DAYS_SHOWN
    for start, end, state, is_planned in _segments(found, calendar):
        first, last = calendar.index(start), calendar.index(max(start, end - timedelta.resolution))
        for index in range(first, last + 1):
            length = min(end, calendar.edge(index + 1)) - max(start, calendar.edge(index))
            worst[index] = max(worst[index], state, key=gravity)
            (planned if is_planned else lost[state])[index] += length
    for interval in found:
        if interval.end is None:
            worst[-1] = max(worst[-1], interval.state, key=gravity)
    shown = [index for index, day in enumerate(calendar.days) if since is None or day >= since]
    days = tuple(
        view.Day(
            date=calendar.days[index],
            worst=worst[index],
            partial=lost["partial_outage"][index],
            major=lost["major_outage"][index],
        )
        for index in shown
    )
    return days, _uptime(shown, calendar, lost, planned)


def _segments(
    found: Sequence[Interval], calendar: Calendar
) -> Iterator[tuple[datetime, datetime, ComponentState, bool]]:
    """Cut overlapping intervals into stretches that each have one state: the gravest, planned work before all."""
    clipped = []
    for interval in found:
        start = max(interval.start, calendar.starts)
        end = min(interval.end or calendar.today_starts, calendar.ends)
        if start < end:
            clipped.append(Interval(start, end, interval.state, interval.planned))
    cuts = sorted({edge for interval in clipped for edge in interval[:2] if edge is not None})
    for start, end in pairwise(cuts):
        over = [one for one in clipped if one.start <= start and one.end is not None and one.end >= end]
        if over:
            is_planned = any(one.planned for one in over)
            yield start, end, max((one.state for one in over), key=gravity), is_planned


def _uptime(
    shown: Sequence[int],
    calendar: Calendar,
    lost: dict[ComponentState, list[timedelta]],
    planned: Sequence[timedelta],
) -> float | None:
    full_days = [index for index in shown if index < DAYS_SHOWN - 1]
    total = sum((calendar.edge(index + 1) - calendar.edge(index) - planned[index] for index in full_days), timedelta())
    if not total:
        return None
    down = sum(
        weight * lost[state][index].total_seconds() for state, weight in DOWNTIME_WEIGHT.items() for index in full_days
    )
    return 1 - down / total.total_seconds()


def months(
    incidents: Sequence[view.Incident], works: Sequence[view.Maintenance], tz: ZoneInfo
) -> tuple[view.Month, ...]:
    """Sort what happened by the calendar month in which it began, newest month first."""
    found: dict[tuple[int, int], tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for incident in incidents:
        began = civil_day(incident.started_at, tz)
        found[began.year, began.month][0].append(incident.id)
    for work in works:
        began = civil_day(work.start, tz)
        found[began.year, began.month][1].append(work.id)
    return tuple(
        view.Month(year=year, month=month, incidents=tuple(broken), maintenances=tuple(planned))
        for (year, month), (broken, planned) in sorted(found.items(), reverse=True)
    )
