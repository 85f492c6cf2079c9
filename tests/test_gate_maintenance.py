"""Planned work runs by the clock unless an update says otherwise."""

from datetime import date, timedelta

import pytest

from heliograph.gate import PUBLIC_READER, Gate
from heliograph.model import Repeat
from proof.authored import SECOND, at, days, planned, seen, site, states, update, work

ON = {"checkout": "under_maintenance"}
TOLD = update("20:00", "scheduled", claims=ON)


def standing(of, when):
    found = planned(of, when)
    return found.status, found.phase


@pytest.mark.parametrize(
    ("when", "status", "phase"),
    [
        ("21:59", "scheduled", "upcoming"),
        ("22:00", "in_progress", "active"),
        ("22:59", "in_progress", "active"),
        ("23:00", "completed", "past"),
        ("23:30", "completed", "past"),
    ],
)
def test_the_clock_starts_and_finishes_it_at_its_edges(when, status, phase):
    of = site(work(TOLD))
    assert standing(of, when) == (status, phase)
    assert states(of, when)["checkout"] == ("under_maintenance" if phase == "active" else "operational")


def test_its_times_are_those_of_the_window():
    done = planned(site(work(TOLD)), "23:30")
    assert (done.created_at, done.started_at, done.completed_at, done.updated_at) == (
        at("20:00"),
        at("22:00"),
        at("23:00"),
        at("23:00"),
    )


@pytest.mark.parametrize("when", ["21:59", "22:30", "23:30"])
def test_without_auto_only_updates_move_it(when):
    of = site(work(TOLD, auto=False))
    assert standing(of, when) == ("scheduled", "upcoming")
    told = site(work(TOLD, update("22:10", "in_progress"), update("23:20", "completed"), auto=False))
    assert standing(told, "23:10") == ("in_progress", "active")
    assert (planned(told, "23:20").started_at, planned(told, "23:20").completed_at) == (at("22:10"), at("23:20"))


def test_it_may_start_early():
    of = site(work(TOLD, update("21:50", "in_progress")))
    assert standing(of, "21:49") == ("scheduled", "upcoming")
    assert standing(of, "21:50") == ("in_progress", "active")
    assert planned(of, "23:00").started_at == at("21:50")


def test_it_may_finish_early():
    of = site(work(TOLD, update("22:40", "completed")))
    assert standing(of, "22:40") == ("completed", "past")
    assert planned(of, "23:30").completed_at == at("22:40")
    assert states(of, "22:45")["checkout"] == "operational"


def test_an_update_after_the_end_extends_it_until_one_finishes_it():
    of = site(work(TOLD, update("23:05", "in_progress"), update("23:40", "completed")))
    assert standing(of, "23:00") == ("completed", "past")
    assert standing(of, "23:05") == ("in_progress", "active")
    assert standing(of, "23:39") == ("in_progress", "active")
    assert planned(of, "23:40").completed_at == at("23:40")


def test_verifying_is_still_under_way():
    assert standing(site(work(TOLD, update("22:30", "verifying"))), "22:45") == ("verifying", "active")


def test_what_is_cancelled_never_starts_and_claims_nothing():
    of = site(work(TOLD, update("21:00", "cancelled")))
    for when in ("21:00", "22:30", "23:30"):
        assert standing(of, when) == ("cancelled", "past")
        assert states(of, when)["checkout"] == "operational"
        assert planned(of, when).started_at is None
    assert planned(of, "23:30").worked == ()


def test_a_note_changes_nothing():
    assert standing(site(work(TOLD, update("22:10"))), "22:30") == ("in_progress", "active")


def test_what_a_reader_was_told_nothing_of_does_not_exist_for_it():
    assert seen(site(work(update("20:00", "scheduled", audience="internal"))), "22:30").maintenances == ()


def test_it_names_what_it_will_touch_before_it_starts():
    upcoming = planned(site(work(TOLD)), "21:00")
    assert [claim.component for claim in upcoming.claims] == ["checkout"]
    assert upcoming.affected == ("checkout",)


# Repeating


def weekly(**more):
    return work(
        update("2026-10-20T10:00Z", "scheduled", claims=ON),
        start="2026-10-22T04:00Z",
        end="2026-10-22T05:00Z",
        repeat=Repeat(every_days=7, until=date(2026, 11, 5)),
        **more,
    )


@pytest.mark.parametrize(
    ("when", "start", "status"),
    [
        ("2026-10-22T03:59Z", "2026-10-22T04:00Z", "scheduled"),
        ("2026-10-22T04:00Z", "2026-10-22T04:00Z", "in_progress"),
        ("2026-10-22T05:00Z", "2026-10-29T05:00Z", "scheduled"),
        ("2026-10-29T04:59Z", "2026-10-29T05:00Z", "scheduled"),
        ("2026-10-29T05:00Z", "2026-10-29T05:00Z", "in_progress"),
        ("2026-11-05T05:30Z", "2026-11-05T05:00Z", "in_progress"),
        ("2026-11-05T06:00Z", "2026-11-05T05:00Z", "completed"),
        ("2026-11-20T06:00Z", "2026-11-05T05:00Z", "completed"),
    ],
)
def test_it_comes_again_at_the_same_time_of_day_though_the_clock_changes(when, start, status):
    found = planned(site(weekly(), zone="Europe/Berlin"), when)
    assert (found.start, found.status, found.repeats) == (at(start), status, 7)
    assert found.end - found.start == timedelta(hours=1)


def test_cancelling_one_occurrence_leaves_the_next():
    of = site(weekly())
    (told,) = of.maintenances
    from msgspec.structs import replace

    cancelled = site(replace(told, updates=(*told.updates, update("2026-10-28T10:00Z", "cancelled"))))
    assert planned(cancelled, "2026-10-29T04:30Z").status == "cancelled"
    assert planned(cancelled, "2026-10-29T05:00Z").status == "scheduled"
    assert planned(cancelled, "2026-11-05T04:30Z").status == "in_progress"
    assert [start for start, _ in planned(cancelled, "2026-11-06T12:00Z").worked] == [
        at("2026-10-22T04:00Z"),
        at("2026-11-05T04:00Z"),
    ]


def test_every_occurrence_marks_its_day():
    marked = [
        day
        for day, one in days(site(weekly(), zone="Europe/Berlin"), "2026-11-10T12:00Z").items()
        if one.worst == "under_maintenance"
    ]
    assert marked == [date(2026, 10, 22), date(2026, 10, 29), date(2026, 11, 5)]


def test_its_last_change_never_moves_back():
    changes = [
        planned(site(weekly()), f"2026-10-22T{clock}Z").updated_at
        for clock in ("03:59", "04:00", "04:59", "05:00", "06:00")
    ]
    assert changes == sorted(changes)


# Validity


@pytest.mark.parametrize(("when", "until"), [("21:30", "22:00"), ("22:00", "23:00"), ("23:00", "22 00:00")])
def test_a_view_holds_until_the_next_edge_of_the_window(when, until):
    assert seen(site(work(TOLD)), when).valid_until == at(until)


def test_nothing_changes_between_two_edges():
    of = site(work(TOLD))
    for when in ("21:30", "22:00", "23:00"):
        now = seen(of, when)
        last = Gate(of, now.valid_until - SECOND).view_of(PUBLIC_READER)
        assert last == now
