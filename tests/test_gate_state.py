"""What follows from what a reader may see of incidents: states, impact, promises, days, uptime, months."""

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from heliograph.gate import MACROS_READER, PUBLIC_READER
from proof.authored import (
    EXEC,
    GLOBEX,
    INTERNAL,
    SUPPORT,
    at,
    component,
    days,
    incident,
    only,
    seen,
    site,
    states,
    update,
    uptime,
    work,
)

MAJOR = {"checkout": "major_outage"}
PARTIAL = {"checkout": "partial_outage"}
DEGRADED = {"checkout": "degraded_performance"}
HOUR = timedelta(hours=1)


# The state of a component now


def test_a_component_is_in_the_worst_state_that_an_open_incident_claims():
    one = incident(update("14:05", "identified", claims=DEGRADED), id="one")
    two = incident(update("14:06", "identified", claims=MAJOR), id="two")
    assert states(site(one, two), "14:10")["checkout"] == "major_outage"
    assert states(site(two, one), "14:10")["checkout"] == "major_outage"


def test_what_nothing_names_is_operational():
    assert states(site(incident(update("14:05", claims=MAJOR))), "14:10")["api"] == "operational"


def test_resolving_clears_this_incidents_claims_and_no_others():
    one = incident(update("14:05", claims=DEGRADED), id="one")
    two = incident(update("14:06", claims=MAJOR), update("15:00", "resolved"), id="two")
    assert states(site(one, two), "14:59")["checkout"] == "major_outage"
    assert states(site(one, two), "15:00")["checkout"] == "degraded_performance"


def test_a_claim_holds_until_the_incident_claims_something_else_of_the_same_component():
    told = incident(
        update("14:05", claims={"checkout": "major_outage", "api": "partial_outage"}), update("14:20", claims=DEGRADED)
    )
    assert states(site(told), "14:30") == {
        "checkout": "degraded_performance",
        "api": "partial_outage",
        "reports": "operational",
    }


def test_an_incident_opened_again_claims_only_what_is_claimed_after_that():
    told = incident(
        update("14:05", claims={"checkout": "major_outage", "api": "major_outage"}),
        update("15:00", "resolved"),
        update("15:30", "identified", claims=PARTIAL),
    )
    assert only(site(told), "15:10").resolved_at == at("15:00")
    assert only(site(told), "15:30").resolved_at is None
    assert states(site(told), "15:30")["api"] == "operational"
    assert states(site(told), "15:30")["checkout"] == "partial_outage"


def test_resolving_says_that_everything_named_is_well_again():
    told = incident(update("14:05", claims=MAJOR), update("15:00", "resolved"))
    (newest, _) = only(site(told), "15:00").updates
    assert [(one.component, one.state, one.was) for one in newest.claims] == [
        ("checkout", "operational", "major_outage")
    ]
    assert only(site(told), "15:00").claims == ()
    assert only(site(told), "15:00").affected == ("checkout",)


def test_work_in_progress_is_milder_than_any_failure():
    on = work(update("20:00", "scheduled", claims={"checkout": "under_maintenance", "api": "under_maintenance"}))
    broken = incident(update("21:00", claims=DEGRADED), since="21:00")
    assert states(site(on, broken), "22:30") == {
        "checkout": "degraded_performance",
        "api": "under_maintenance",
        "reports": "operational",
    }


def test_an_update_still_to_come_changes_nothing():
    told = incident(update("14:05", "investigating", claims=DEGRADED), update("14:20", "identified", claims=MAJOR))
    assert only(site(told), "14:19").status == "investigating"
    assert only(site(told), "14:20").status == "identified"
    assert states(site(told), "14:19")["checkout"] == "degraded_performance"


def test_a_hidden_update_changes_neither_state_nor_status_nor_times():
    told = incident(
        update("14:05", "investigating", claims=DEGRADED),
        update("14:10", "resolved", audience="internal"),
        update("14:12", "monitoring", audience="internal", claims=MAJOR, promise="5m"),
        titles={"public": "Payments fail", "internal": "db-7"},
    )
    outside, inside = only(site(told), "14:30"), only(site(told), "14:30", INTERNAL)
    assert (outside.status, outside.updated_at, outside.next_update, len(outside.updates)) == (
        "investigating",
        at("14:05"),
        None,
        1,
    )
    assert outside.monitoring_at is None
    assert (inside.status, inside.updated_at, len(inside.updates)) == ("monitoring", at("14:12"), 3)
    assert states(site(told), "14:30")["checkout"] == "degraded_performance"
    assert states(site(told), "14:30", INTERNAL)["checkout"] == "major_outage"


# Impact


@pytest.mark.parametrize(
    ("state", "impact"),
    [
        ("operational", "none"),
        ("degraded_performance", "minor"),
        ("partial_outage", "major"),
        ("major_outage", "critical"),
    ],
)
def test_impact_is_that_of_the_gravest_claim_ever_made(state, impact):
    told = incident(update("14:05", claims={"checkout": state}), update("14:20", claims={"checkout": "operational"}))
    assert only(site(told), "14:30").impact == impact


def test_an_override_counts_more_than_claims_and_a_newer_override_more_than_an_older():
    told = incident(update("14:05", claims=MAJOR, impact="minor"), update("14:20", impact="none"))
    assert only(site(told), "14:10").impact == "minor"
    assert only(site(told), "14:20").impact == "none"


def test_a_claim_on_a_hidden_component_has_no_impact_outside():
    told = incident(update("14:05", claims={"ledger": "major_outage", "api": "degraded_performance"}))
    assert only(site(told), "14:10").impact == "minor"
    assert only(site(told), "14:10").affected == ("api",)
    assert only(site(told), "14:10", INTERNAL).impact == "critical"


# Promises


def test_a_promise_is_late_exactly_at_its_instant():
    told = site(incident(update("14:20", "identified", promise="30m")))
    assert (only(told, "14:49").next_update, only(told, "14:49").late) == (at("14:50"), False)
    assert only(told, "14:50").late


def test_the_next_update_keeps_the_promise_and_may_renew_it():
    told = site(incident(update("14:20", promise="30m"), update("14:40", promise="1h"), update("15:00")))
    assert only(told, "14:45").next_update == at("15:40")
    assert only(told, "15:00").next_update is None


def test_resolving_ends_every_promise():
    told = site(incident(update("14:20", promise="30m"), update("14:40", "resolved")))
    assert only(told, "14:45").next_update is None
    assert not only(told, "16:00").late


def test_each_audience_is_promised_its_own_next_word():
    told = site(
        incident(
            update("14:20", promise="2h"),
            update("14:25", audience="strategic", promise="15m"),
            update("14:30", audience="support", promise="5m"),
            titles={"public": "Payments fail"},
        )
    )
    assert only(told, "14:31").next_update == at("16:20")
    assert only(told, "14:31", GLOBEX).next_update == at("14:40")
    assert only(told, "14:31", SUPPORT).next_update == at("14:35")
    assert only(told, "14:31", EXEC).next_update == at("16:20")


INNER = ("internal", "For us.")


@pytest.mark.parametrize("reader", [PUBLIC_READER, MACROS_READER, GLOBEX, EXEC, SUPPORT, INTERNAL])
@pytest.mark.parametrize(
    "aside",
    [
        {"said": [INNER]},
        {"said": [("exec", "For the board.")]},
        {"said": [("customer:globex", "For Globex.")]},
        {"said": [("say", "If asked.")]},
        {"said": [INNER], "claims": {"ledger": "major_outage"}},
    ],
)
def test_a_word_to_some_does_not_keep_what_was_promised_to_all(reader, aside):
    said = aside["said"]
    told = site(incident(update("14:20", promise="30m"), update("14:30", None, *said, claims=aside.get("claims"))))
    assert (only(told, "14:45", reader).next_update, only(told, "14:55", reader).late) == (at("14:50"), True)


@pytest.mark.parametrize(
    "word",
    [
        update("14:30", None, ("public", "Still at it.")),
        update("14:30", "identified", INNER),
        update("14:30", None, INNER, claims=DEGRADED),
        update("14:30", None, ("exec", "For the board."), ("public", "Still at it.")),
    ],
)
def test_any_word_to_all_keeps_what_was_promised_to_all_for_everyone(word):
    told = site(incident(update("14:20", promise="30m"), word))
    for reader in (PUBLIC_READER, GLOBEX, EXEC, SUPPORT, INTERNAL):
        assert only(told, "14:45", reader).next_update is None


def test_a_word_to_an_audience_keeps_what_was_promised_to_it_alone():
    told = site(
        incident(
            update("14:20", promise="2h"),
            update("14:25", audience="support", promise="5m"),
            update("14:28", None, ("support", "Yes."), audience="support"),
        )
    )
    assert only(told, "14:40", SUPPORT).next_update == only(told, "14:40").next_update == at("16:20")


# Ninety days


def test_days_run_back_ninety_civil_days_and_today_is_the_last():
    shown = list(days(site(), "14:00"))
    assert (len(shown), shown[0], shown[-1]) == (90, date(2026, 8, 24), date(2026, 11, 21))


def test_a_day_begins_at_midnight_of_the_sites_zone():
    told = incident(update("20 14:05", claims=MAJOR), update("20 15:00", "resolved"), since="20 14:00")
    assert days(site(told), "14:00")[date(2026, 11, 20)].major == HOUR
    late = incident(update("20 23:30", claims=MAJOR), update("21 00:30", "resolved"), since="20 23:30")
    assert days(site(late), "14:00")[date(2026, 11, 20)].major == HOUR / 2
    berlin = days(site(late, zone="Europe/Berlin"), "14:00")
    assert berlin[date(2026, 11, 20)].major == timedelta()
    assert berlin[date(2026, 11, 21)].major == HOUR


def test_what_the_first_words_claim_has_been_so_since_the_incident_began():
    told = incident(update("20 14:30", claims=MAJOR), update("20 15:00", "resolved"), since="20 14:00")
    assert days(site(told), "14:00")[date(2026, 11, 20)].major == HOUR


def test_what_a_later_update_claims_has_been_so_since_that_update():
    told = incident(
        update("20 14:00"), update("20 14:30", claims=MAJOR), update("20 15:00", "resolved"), since="20 13:00"
    )
    assert days(site(told), "14:00")[date(2026, 11, 20)].major == HOUR / 2


def test_overlapping_incidents_count_once_and_at_the_heavier_weight():
    one = incident(update("20 10:00", claims=PARTIAL), update("20 12:00", "resolved"), since="20 10:00", id="one")
    two = incident(update("20 11:00", claims=MAJOR), update("20 13:00", "resolved"), since="20 11:00", id="two")
    day = days(site(one, two), "14:00")[date(2026, 11, 20)]
    assert (day.partial, day.major, day.worst) == (HOUR, 2 * HOUR, "major_outage")


def test_uptime_weighs_a_partial_outage_by_three_tenths_and_slowness_not_at_all():
    full = timedelta(days=89)
    for claims, weight in ((MAJOR, 1.0), (PARTIAL, 0.3), (DEGRADED, 0.0)):
        told = incident(update("20 10:00", claims=claims), update("20 12:00", "resolved"), since="20 10:00")
        assert uptime(site(told), "14:00") == pytest.approx(1 - weight * (2 * HOUR / full), abs=1e-12)


def test_planned_work_is_neither_up_nor_down():
    on = work(
        update("18 20:00", "scheduled", claims={"checkout": "under_maintenance"}), start="19 10:00", end="19 20:00"
    )
    broken = incident(update("19 12:00", claims=MAJOR), update("19 14:00", "resolved"), since="19 12:00")
    day = days(site(on, broken), "14:00")[date(2026, 11, 19)]
    assert (day.major, day.worst) == (timedelta(), "major_outage")
    assert uptime(site(on, broken), "14:00") == 1.0
    outside = incident(update("18 12:00", claims=MAJOR), update("18 14:00", "resolved"), since="18 12:00")
    assert uptime(site(on, outside), "14:00") == pytest.approx(1 - 2 * HOUR / (timedelta(days=89) - 10 * HOUR))


@pytest.mark.parametrize(
    ("today", "day", "hours"),
    [("2026-03-31T12:00Z", date(2026, 3, 29), 23), ("2026-10-27T12:00Z", date(2026, 10, 25), 25)],
)
def test_a_day_on_which_the_clock_changes_has_its_real_length(today, day, hours):
    eve, morrow = day - timedelta(days=1), day + timedelta(days=1)
    told = incident(
        update(f"{eve}T06:00Z", claims=MAJOR),
        update(f"{morrow}T06:00Z", "resolved"),
        since=f"{eve}T06:00Z",
    )
    of = site(told, zone="Europe/Berlin")
    assert days(of, today)[day].major == hours * HOUR
    lasted = at(f"{morrow}T06:00Z") - at(f"{eve}T06:00Z")
    shown = timedelta(days=89) + timedelta(hours=24 - hours) * -1
    assert uptime(of, today) == pytest.approx(1 - lasted / shown)


def test_what_still_goes_on_counts_up_to_the_last_midnight():
    told = incident(update("19 12:00", claims=MAJOR), since="19 12:00")
    morning, evening = days(site(told), "06:00"), days(site(told), "23:00")
    assert morning == evening
    assert [morning[date(2026, 11, day)].major for day in (19, 20, 21)] == [12 * HOUR, 24 * HOUR, timedelta()]
    assert morning[date(2026, 11, 21)].worst == "major_outage"
    assert uptime(site(told), "06:00") == pytest.approx(1 - 36 * HOUR / timedelta(days=89))


def test_today_shows_in_the_bars_and_does_not_count_in_the_uptime():
    told = incident(update("10:00", claims=MAJOR), update("12:00", "resolved"), since="10:00")
    assert days(site(told), "14:00")[date(2026, 11, 21)].major == 2 * HOUR
    assert uptime(site(told), "14:00") == 1.0


def test_a_young_component_has_no_days_before_it_began():
    young = (component("checkout", since=date(2026, 11, 19)),)
    told = incident(update("18 10:00", claims=MAJOR), update("19 01:00", "resolved"), since="18 10:00")
    of = site(told, components=young)
    assert list(days(of, "14:00")) == [date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 21)]
    assert uptime(of, "14:00") == pytest.approx(1 - HOUR / timedelta(days=2))
    assert uptime(site(components=(component("checkout", since=date(2026, 11, 21)),)), "14:00") is None


def test_what_ended_before_the_ninety_days_counts_no_more_and_what_reaches_into_them_counts_in_part():
    told = incident(
        update("2026-08-23T12:00Z", claims=MAJOR), update("2026-08-24T06:00Z", "resolved"), since="2026-08-23T12:00Z"
    )
    assert days(site(told), "14:00")[date(2026, 8, 24)].major == 6 * HOUR
    gone = incident(
        update("2026-08-22T12:00Z", claims=MAJOR), update("2026-08-23T06:00Z", "resolved"), since="2026-08-22T12:00Z"
    )
    assert uptime(site(gone), "14:00") == 1.0


# Months and order


def test_a_month_is_that_of_the_sites_zone():
    told = incident(update("2026-10-31T23:30Z", "resolved"), since="2026-10-31T23:30Z")
    assert [(one.year, one.month) for one in seen(site(told), "14:00").months] == [(2026, 10)]
    assert [(one.year, one.month) for one in seen(site(told, zone="Europe/Berlin"), "14:00").months] == [(2026, 11)]


def test_months_hold_what_a_reader_knows_of_and_nothing_else():
    hidden = incident(
        update("2026-09-02T10:00Z", audience="internal"),
        titles={"internal": "x"},
        since="2026-09-02T10:00Z",
        id="hidden",
    )
    known = incident(update("14:05"), id="known")
    assert [one.incidents for one in seen(site(hidden, known), "15:00").months] == [("known",)]
    assert [one.incidents for one in seen(site(hidden, known), "15:00", INTERNAL).months] == [("known",), ("hidden",)]


def test_incidents_stand_newest_first_and_those_of_one_instant_by_id():
    found = [
        incident(update("14:30"), id=identity, since=since)
        for identity, since in (("b", "14:00"), ("c", "14:00"), ("a", "14:10"))
    ]
    assert (
        [one.id for one in seen(site(*found), "15:00").incidents]
        == [one.id for one in seen(site(*found[::-1]), "15:00").incidents]
        == ["a", "b", "c"]
    )


def test_an_incident_that_is_to_begin_is_not_shown_yet():
    told = site(incident(update("14:05"), since="15:00"))
    assert seen(told, "14:59").incidents == ()
    assert len(seen(told, "15:00").incidents) == 1


def test_a_postmortem_shows_once_the_incident_is_over_and_its_time_has_come():
    from heliograph.model import Postmortem

    account = Postmortem(
        id="p", audience="public", at=at("22 10:00"), passages=update("14:05").passages, place=update("14:05").place
    )
    told = incident(update("14:05", claims=MAJOR), update("15:00", "resolved"), postmortem=account)
    assert only(site(told), "22 09:59").status == "resolved"
    shown = only(site(told), "22 10:00")
    assert (shown.status, shown.updated_at, shown.resolved_at) == ("postmortem", at("22 10:00"), at("15:00"))
    unresolved = replace(told, updates=told.updates[:1])
    assert only(site(unresolved), "22 10:00").postmortem is None
