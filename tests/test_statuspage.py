"""The Statuspage API: its eight files, key by key, and the one word it has for the whole site."""

import itertools
import json
import os
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

import view_samples as samples
from heliograph import view as v
from heliograph.render import statuspage
from heliograph.render.rollup import indicator
from heliograph.terms import COMPONENT_STATES

SHARED = Path(os.environ.get("HELIOGRAPH_SHARED", Path(__file__).resolve().parents[2] / "shared"))
REAL = SHARED / "data" / "statuspage"
REAL_TABLE = sorted(REAL.glob("rollup-truth-table-top40.json"))
REAL_FILES = sorted(REAL.glob("served-site/api/v2/**/*.json")) + sorted(REAL.glob("github-summaries/*.json"))

PAGE = ["id", "name", "url", "time_zone", "updated_at"]
STATUS = ["indicator", "description"]
COMPONENT = [
    *("id", "name", "status", "created_at", "updated_at", "position", "description", "showcase", "start_date"),
    *("group_id", "page_id", "group", "only_show_if_degraded"),
]  # fmt: skip
INCIDENT = [
    *("id", "name", "status", "created_at", "updated_at", "monitoring_at", "resolved_at", "impact", "shortlink"),
    *("started_at", "page_id", "incident_updates", "components"),
]  # fmt: skip
MAINTENANCE = [*INCIDENT, "scheduled_for", "scheduled_until"]
UPDATE = [
    *("id", "status", "body", "incident_id", "created_at", "updated_at", "display_at", "affected_components"),
    *("deliver_notifications", "custom_tweet", "tweet_id"),
]  # fmt: skip
AFFECTED = ["code", "name", "old_status", "new_status"]
KEYS = {
    "summary.json": ["page", "components", "incidents", "scheduled_maintenances", "status"],
    "status.json": ["page", "status"],
    "components.json": ["page", "components"],
    "incidents.json": ["page", "incidents"],
    "incidents/unresolved.json": ["page", "incidents"],
    "scheduled-maintenances.json": ["page", "scheduled_maintenances"],
    "scheduled-maintenances/upcoming.json": ["page", "scheduled_maintenances"],
    "scheduled-maintenances/active.json": ["page", "scheduled_maintenances"],
}


def served(view):
    return {artifact.path.removeprefix("api/v2/"): json.loads(artifact.data) for artifact in statuspage.api(view)}


def with_incident(**changes):
    """The public view whose first incident has been changed."""
    view = samples.public_view()
    return replace(view, incidents=(replace(view.incidents[0], **changes), *view.incidents[1:]))


def with_work(**changes):
    """The public view whose first maintenance has been changed."""
    view = samples.public_view()
    return replace(view, maintenances=(replace(view.maintenances[0], **changes), *view.maintenances[1:]))


def key_lists(answer) -> Iterator[tuple[str, list[str]]]:
    """Name every kind of object in an answer, with its keys in the order served."""
    yield "page", list(answer["page"])
    if "status" in answer:
        yield "status", list(answer["status"])
    for component in answer.get("components", ()):
        yield ("group" if component["group"] else "component"), list(component)
    for kind in ("incidents", "scheduled_maintenances"):
        for incident in answer.get(kind, ()):
            yield kind, list(incident)
            yield from (("component", list(component)) for component in incident["components"])
            for update in incident["incident_updates"]:
                yield "update", list(update)
                yield from (("affected", list(one)) for one in update["affected_components"] or ())


WANTED = {
    "page": PAGE,
    "status": STATUS,
    "component": COMPONENT,
    "group": [*COMPONENT, "components"],
    "incidents": INCIDENT,
    "scheduled_maintenances": MAINTENANCE,
    "update": UPDATE,
    "affected": AFFECTED,
}


def test_all_eight_files_are_served_with_their_keys_in_order():
    found = served(samples.public_view())
    assert {path: list(answer) for path, answer in found.items()} == KEYS
    seen = set()
    for answer in found.values():
        for kind, keys in key_lists(answer):
            assert keys == WANTED[kind]
            seen.add(kind)
    assert seen == set(WANTED)


@pytest.mark.parametrize("path", REAL_FILES, ids=lambda path: path.stem)
def test_the_keys_are_those_of_real_pages(path):
    for kind, keys in key_lists(json.loads(path.read_bytes())):
        assert keys == WANTED[kind]


def test_every_instant_has_milliseconds_and_a_zone_that_strict_clients_read():
    instants = re.findall(r'"(?:\w+_at|scheduled_\w+)":"([^"]*)"', _text(samples.public_view()))
    assert len(instants) > 100
    for instant in instants:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", instant)
        assert datetime.strptime(instant, "%Y-%m-%dT%H:%M:%S.%f%z").utcoffset() == timedelta()


def _text(view):
    return "".join(artifact.data.decode() for artifact in statuspage.api(view))


def test_the_page_is_dated_by_the_newest_word_or_its_correction():
    assert served(samples.public_view())["status.json"]["page"] == {
        "id": "example",
        "name": "Example Shop status",
        "url": "https://status.example.com",
        "time_zone": "UTC",
        "updated_at": "2026-11-21T14:20:00.000Z",
    }
    view = samples.public_view()
    newest = replace(view.incidents[0].updates[0], corrections=(v.Correction(at=samples.at("14:31"), was=""),))
    fixed = served(with_incident(updates=(newest, *view.incidents[0].updates[1:])))
    assert fixed["status.json"]["page"]["updated_at"] == "2026-11-21T14:31:00.000Z"
    assert served(samples.empty_view())["status.json"]["page"]["updated_at"] == "2005-01-01T00:00:00.000Z"


def test_open_incidents_are_unresolved_and_closed_ones_are_not():
    found = served(samples.public_view())
    assert [one["id"] for one in found["incidents/unresolved.json"]["incidents"]] == ["k3x9q2mf"]
    assert found["summary.json"]["incidents"] == found["incidents/unresolved.json"]["incidents"]
    assert [one["id"] for one in found["incidents.json"]["incidents"]] == ["k3x9q2mf", "h5c2p8wa", "b7n3m9kd"]


def test_the_newest_fifty_are_listed_and_all_that_are_open():
    found = served(samples.crowded_view(60))
    assert [one["id"] for one in found["incidents.json"]["incidents"]] == [f"open{n:04d}" for n in range(50)]
    assert len(found["incidents/unresolved.json"]["incidents"]) == 60


def test_an_incident_says_what_the_view_says():
    incident = served(samples.public_view())["incidents.json"]["incidents"][0]
    assert incident["shortlink"] == "https://status.example.com/incidents/k3x9q2mf/"
    assert (incident["status"], incident["impact"], incident["resolved_at"]) == ("identified", "minor", None)
    assert incident["started_at"] == "2026-11-21T14:02:00.000Z"
    assert incident["created_at"] == "2026-11-21T14:09:00.000Z"
    assert [one["id"] for one in incident["components"]] == ["checkout", "api"]
    newest = incident["incident_updates"][0]
    assert newest["body"] == samples.IDENTIFIED
    assert newest["affected_components"][0] == {
        "code": "checkout",
        "name": "Payments - Checkout",
        "old_status": "partial_outage",
        "new_status": "degraded_performance",
    }


def test_an_incident_with_a_postmortem_is_resolved_and_tells_it_first():
    incident = served(samples.public_view())["incidents.json"]["incidents"][1]
    assert (incident["status"], incident["resolved_at"]) == ("postmortem", "2026-11-03T08:53:00.000Z")
    assert incident["monitoring_at"] == "2026-11-03T08:40:00.000Z"
    account = incident["incident_updates"][0]
    assert (account["status"], account["id"]) == ("postmortem", "p8w2c5rt")
    assert account["body"].startswith("What happened\n\nA certificate of")


def test_bodies_are_plain_text():
    words = samples.passage("Read [the page](https://example.com/x) & *wait* <b>.\n\n- one\n- two")
    view = with_incident(updates=(samples.update("n1", samples.at("14:20"), "identified", words),))
    body = served(view)["incidents.json"]["incidents"][0]["incident_updates"][0]["body"]
    assert body == "Read the page (https://example.com/x) & wait <b>.\n\n- one\n- two"


def test_a_note_has_the_status_that_held_and_a_silent_update_says_its_claims():
    told = (
        samples.update("n3", samples.at("14:30"), None, samples.passage("Still so.")),
        samples.update("n2", samples.at("14:20"), "identified", claims=(samples.claim("api", "major_outage"),)),
        samples.update("n1", samples.at("14:10"), None, samples.passage("We hear of problems.")),
    )
    updates = served(with_incident(updates=told))["incidents.json"]["incidents"][0]["incident_updates"]
    assert [one["status"] for one in updates] == ["identified", "identified", "investigating"]
    assert updates[1]["body"] == "API: outage."
    assert updates[0]["affected_components"] is None


def test_planned_work_is_listed_by_where_it_stands():
    found = served(samples.public_view())
    upcoming = found["scheduled-maintenances/upcoming.json"]["scheduled_maintenances"]
    assert [one["id"] for one in upcoming] == ["m4d7x2qe"]
    assert found["scheduled-maintenances/active.json"]["scheduled_maintenances"] == []
    assert found["summary.json"]["scheduled_maintenances"] == upcoming
    assert [one["id"] for one in found["scheduled-maintenances.json"]["scheduled_maintenances"]] == [
        "m4d7x2qe",
        "c6v8b2n4",
    ]
    assert (upcoming[0]["impact"], upcoming[0]["scheduled_for"], upcoming[0]["scheduled_until"]) == (
        "maintenance",
        "2026-12-02T02:00:00.000Z",
        "2026-12-02T03:30:00.000Z",
    )


def test_work_under_way_is_active_and_leads_the_summary():
    view = with_work(status="in_progress", started_at=samples.at("14:00"))
    ahead = replace(samples.upgrade(), id="later")
    found = served(replace(view, maintenances=(ahead, *view.maintenances)))
    assert [one["id"] for one in found["scheduled-maintenances/active.json"]["scheduled_maintenances"]] == ["m4d7x2qe"]
    assert [one["id"] for one in found["summary.json"]["scheduled_maintenances"]] == ["m4d7x2qe", "later"]


def test_cancelled_work_has_a_status_that_statuspage_knows():
    cancelled = samples.update("x1", samples.at("14:00"), "cancelled", samples.passage("We will not do this."))
    view = with_work(
        status="cancelled", completed_at=samples.at("14:00"), updates=(cancelled, *samples.upgrade().updates)
    )
    work = served(view)["scheduled-maintenances.json"]["scheduled_maintenances"][0]
    assert (work["status"], work["resolved_at"]) == ("completed", "2026-11-21T14:00:00.000Z")
    assert [one["status"] for one in work["incident_updates"]] == ["completed", "scheduled"]


def test_a_group_stands_before_its_members_and_is_as_grave_as_the_gravest():
    components = served(samples.public_view())["components.json"]["components"]
    assert [(one["id"], one["position"], one["group_id"]) for one in components[:6]] == [
        ("payments", 1, None),
        ("checkout", 1, "payments"),
        ("api", 2, "payments"),
        ("payouts", 3, "payments"),
        ("invoices", 4, "payments"),
        ("workspace", 2, None),
    ]
    groups = {one["id"]: one for one in components if one["group"]}
    assert groups["payments"]["components"] == ["checkout", "api", "payouts", "invoices"]
    assert (groups["payments"]["status"], groups["workspace"]["status"]) == ("degraded_performance", "operational")
    assert components[-1]["position"] == 4


def test_members_that_stand_apart_in_the_site_come_together_under_their_group():
    view = samples.public_view()
    shuffled = (view.components[0], view.components[-1], *view.components[1:-1])
    components = served(replace(view, components=shuffled))["components.json"]["components"]
    assert [one["id"] for one in components[:6]] == ["payments", "checkout", "api", "payouts", "invoices", "docs"]


def test_a_components_instants_come_from_what_can_be_seen():
    components = {one["id"]: one for one in served(samples.public_view())["components.json"]["components"]}
    assert components["checkout"]["created_at"] == "2024-01-01T00:00:00.000Z"
    assert components["checkout"]["start_date"] == "2024-01-01"
    assert components["checkout"]["updated_at"] == "2026-11-21T14:20:00.000Z"
    assert components["docs"]["created_at"] == components["docs"]["updated_at"] == "2005-01-01T00:00:00.000Z"
    assert components["exports"]["updated_at"] == "2026-10-07T03:12:00.000Z"
    young = replace(samples.components()[0], since=date(2026, 12, 1))
    view = replace(samples.public_view(), components=(young, *samples.components()[1:]))
    newborn = served(view)["components.json"]["components"][1]
    assert newborn["updated_at"] == newborn["created_at"] == "2026-12-01T00:00:00.000Z"


def test_a_hostile_title_is_text_and_the_bytes_are_the_same_twice():
    title = """<b>&"'\u2028 ünïcødé"""
    view = with_incident(title=title)
    assert served(view)["summary.json"]["incidents"][0]["name"] == title
    assert list(statuspage.api(view)) == list(statuspage.api(with_incident(title=title)))


ROLLUP = [
    ({"operational": 11}, "none", "All Systems Operational"),
    ({}, "none", "All Systems Operational"),
    ({"operational": 10, "under_maintenance": 1}, "maintenance", "Service Under Maintenance"),
    ({"operational": 11, "degraded_performance": 1}, "minor", "Partially Degraded Service"),
    ({"operational": 10, "partial_outage": 1}, "minor", "Minor Service Outage"),
    ({"operational": 5, "partial_outage": 6}, "minor", "Minor Service Outage"),
    ({"under_maintenance": 1, "partial_outage": 1}, "minor", "Minor Service Outage"),
    ({"degraded_performance": 1, "partial_outage": 1}, "minor", "Minor Service Outage"),
    ({"under_maintenance": 1, "degraded_performance": 1}, "minor", "Partially Degraded Service"),
    ({"operational": 10, "major_outage": 1}, "major", "Partial System Outage"),
    ({"operational": 9, "partial_outage": 1, "major_outage": 1}, "major", "Partial System Outage"),
    ({"major_outage": 12}, "major", "Partial System Outage"),
]


@pytest.mark.parametrize(("components", "word", "description"), ROLLUP)
def test_the_gravest_component_decides_the_word_for_the_site(components, word, description):
    states = [state for state, count in components.items() for _ in range(count)]
    assert indicator(states) == (word, description)
    assert indicator(states[::-1]) == (word, description)


@pytest.mark.parametrize("path", REAL_TABLE, ids=lambda path: path.name)
def test_every_situation_seen_on_real_pages_gives_the_word_it_gave_there(path):
    for row in json.loads(path.read_bytes()):
        states = [state for state, count in row["components"].items() for _ in range(count)]
        assert indicator(states) == (row["indicator"], row["description"]), row


def test_critical_is_never_said():
    every_mix = itertools.chain.from_iterable(
        itertools.combinations(COMPONENT_STATES, count) for count in range(len(COMPONENT_STATES) + 1)
    )
    assert "critical" not in {indicator(states)[0] for states in every_mix}


def test_an_open_critical_incident_does_not_move_the_word():
    view = replace(samples.all_well_view(), incidents=(replace(samples.payments(), impact="critical"),))
    assert served(view)["status.json"]["status"] == {"indicator": "none", "description": "All Systems Operational"}
