"""Planned work as one reader may know it, run by the clock unless an update says otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import NamedTuple
from zoneinfo import ZoneInfo

from heliograph import view
from heliograph.gate.incident import (
    Labels,
    Told,
    affected,
    known_updates,
    links_for,
    newest_instant,
    standing_claims,
    title_for,
)
from heliograph.gate.labels import Policy
from heliograph.model import Maintenance
from heliograph.terms import CLOSED_MAINTENANCE
from heliograph.times import civil_day, day_start

_DAYS_KEPT = timedelta(days=92)
_GOING_ON = ("in_progress", "verifying")


class Window(NamedTuple):
    """One occurrence of planned work."""

    start: datetime
    end: datetime


def occurrences(work: Maintenance, tz: ZoneInfo) -> Iterator[Window]:
    """Give the windows in order: one, or one every so many civil days at the same time of day until the last day."""
    yield Window(work.start, work.end)
    if work.repeat is None:
        return
    local = work.start.astimezone(tz)
    length = work.end - work.start
    while True:
        local = (local.replace(tzinfo=None) + timedelta(days=work.repeat.every_days)).replace(tzinfo=tz)
        start = local.astimezone(work.start.tzinfo)
        if civil_day(start, tz) > work.repeat.until:
            return
        yield Window(start, start + length)


class Course(NamedTuple):
    """How one occurrence goes: its window, its status at an instant, when it really began and was over."""

    window: Window
    status: str
    began: datetime | None
    over: datetime | None


def course_of(work: Maintenance, window: Window, said: Sequence[Told], at: datetime) -> Course:
    """Judge one occurrence by the statuses said of it, and by the clock if `auto`."""
    spoken = [(one.viewed.status, one.viewed.at) for one in said if one.viewed.status]
    status, status_at = spoken[-1] if spoken else ("scheduled", work.start)
    began = next((when for what, when in spoken if what in _GOING_ON), None)
    over = status_at if status in CLOSED_MAINTENANCE else None
    if work.auto and status != "cancelled" and window.start <= min(at, over or at):
        began = min(began or window.start, window.start)
    if work.auto and over is None and at >= window.start:
        is_overrun = status in _GOING_ON and status_at >= window.end
        if at >= window.end and not is_overrun:
            status, over = "completed", window.end
        elif status == "scheduled":
            status = "in_progress"
    return Course(window, status, began, over)


def project_maintenance(
    policy: Policy, work: Maintenance, labels: Labels, at: datetime, tz: ZoneInfo
) -> view.Maintenance | None:
    """Show planned work to one reader at an instant; None if for this reader it does not exist."""
    title = title_for(policy, work.titles)
    said = [one for one in known_updates(policy, work, labels, at) if one.speaks]
    if title is None or not said:
        return None
    courses = _courses(work, said, at, tz)
    now = courses[-1]
    moved = [when for one in courses for when in (one.began, one.over) if when]
    cancelled = now.status == "cancelled"
    return view.Maintenance(
        id=work.id,
        title=title.text.words,
        status=now.status,
        start=now.window.start,
        end=now.window.end,
        repeats=work.repeat.every_days if work.repeat else 0,
        created_at=said[0].viewed.at,
        updated_at=max([newest_instant(said), *moved]),
        started_at=None if cancelled else now.began,
        completed_at=now.over,
        claims=standing_claims([one for one in said if one.viewed.status not in CLOSED_MAINTENANCE], labels),
        affected=affected(said, labels),
        links=links_for(policy, work.links),
        updates=tuple(one.viewed for one in reversed(said)),
        worked=_worked(courses, day_start(civil_day(at, tz), tz) - _DAYS_KEPT),
        title_language=title.language,
        title_instead=title.instead,
    )


def edges(work: Maintenance, at: datetime, tz: ZoneInfo) -> Iterator[datetime]:
    """Give the next instants at which the clock changes this work: the edges of the first windows not yet over."""
    ahead = (edge for window in occurrences(work, tz) for edge in window if edge > at)
    for _, edge in zip(range(2), ahead, strict=False):
        yield edge


def _courses(work: Maintenance, said: Sequence[Told], at: datetime, tz: ZoneInfo) -> list[Course]:
    """Follow the occurrences up to the current one, else the next, else the last."""
    courses: list[Course] = []
    waiting = list(said)
    windows = occurrences(work, tz)
    window: Window | None = next(windows)
    while window is not None:
        following = next(windows, None)
        count = next((n for n, one in enumerate(waiting) if _is_of_next(one, window, following)), len(waiting))
        courses.append(course_of(work, window, waiting[:count], at))
        over = courses[-1].over
        if over is None or max(window.end, over) > at:
            break
        waiting, window = waiting[count:], following
    return courses


def _is_of_next(one: Told, window: Window, following: Window | None) -> bool:
    """Tell whether what was said after a window is about the next one: news of it, or anything once that has begun."""
    if following is None or one.viewed.at <= window.end:
        return False
    return one.viewed.at >= following.start or one.viewed.status in ("scheduled", "cancelled")


def _worked(courses: Sequence[Course], oldest: datetime) -> tuple[tuple[datetime, datetime], ...]:
    newest_first = takewhile(lambda course: course.window.end >= oldest, reversed(courses))
    spans = [
        (course.began, max(course.began, course.over or course.window.end))
        for course in newest_first
        if course.began and course.status != "cancelled"
    ]
    return tuple(reversed(spans))
