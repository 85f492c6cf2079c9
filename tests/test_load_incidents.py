"""Incidents, maintenances, updates, postmortems and pages, as authors write them."""

from datetime import UTC, date, datetime

import pytest

from heliograph.load import files, load_site, load_site_with_warnings, read_site
from heliograph.model import Repeat
from heliograph.problems import Refused
from sites import INCIDENT, TINY, UPDATE, write_site

FOLDER = INCIDENT.rpartition("/")[0]
WORK = "incidents/2026-12-02-upgrade/maintenance.md"
PLANNED = (
    "---\nid: m4q8r2ts\ntitle: {public: Database upgrade}\n"
    "window: {start: 2026-12-02T02:00Z, end: 2026-12-02T03:30+00:00}\nrepeat: {every: 7d, until: 2027-03-31}\nauto: false\n---\n"
)
NOTE = "---\nid: n2o3t4e5\naudience: internal\nat: 2026-11-21T14:10Z\n---\n"


def at(hour, minute):
    return datetime(2026, 11, 21, hour, minute, tzinfo=UTC)


def refusals(tmp_path, changed):
    with pytest.raises(Refused) as refused:
        load_site(write_site(tmp_path, changed))
    return [(p.code, p.place.file, p.place.line) for p in refused.value.problems]


def test_an_incident_is_read_with_the_place_of_every_labelled_part(tmp_path):
    text = TINY[INCIDENT].replace(
        "started_at",
        'tags: [payments, eu]\nlinks: [{name: War room, url: "https://chat.example/c", audience: internal}]\nstarted_at',
    )
    incident = load_site(write_site(tmp_path, {INCIDENT: text})).incidents[0]
    assert [(t.label, t.words, str(t.place)) for t in incident.titles] == [
        ("public", "Some payments fail", f"{INCIDENT}:4:11"),
        ("internal", "Checkout 5xx", f"{INCIDENT}:5:13"),
    ]
    assert incident.started_at == at(14, 2)
    assert incident.tags == ("payments", "eu")
    assert (incident.links[0].label, incident.links[0].place.line) == ("internal", 7)


def test_an_update_is_read_whole(tmp_path):
    text = (
        "---\nid: full\naudience: public\nstatus: identified\nat: 2026-11-21T15:20+01:00\nseverity: sev1\nimpact: major\n"
        "components: {checkout: degraded_performance}\nnext_update: 2026-11-21T14:50Z\n"
        "facts:\n  customers_affected: 1,240 of 31,000\nasks: [{what: one DBA, of: engineering}, {what: x, of: y, audience: support, met: true}]\n"
        "decision: {what: fail over, at: 2026-11-21T14:40Z, who: commander}\nroles: {commander: platform-oncall}\n"
        "corrected: [{at: 2026-11-21T14:31Z, was: the old words}, {at: 2026-11-21T14:32Z}]\n---\nFixed soon.\n"
    )
    update = load_site(write_site(tmp_path, {f"{FOLDER}/1420-identified.md": text})).incidents[0].updates[1]
    assert (update.at, update.next_update) == (at(14, 20), at(14, 50))
    assert (update.severity, update.impact, update.claims[0].component) == ("sev1", "major", "checkout")
    assert (update.facts[0].value, update.facts[0].place.line) == ("1,240 of 31,000", 11)
    assert [(ask.label, ask.met) for ask in update.asks] == [("internal", False), ("support", True)]
    assert (update.decision.label, update.decision.at) == ("internal", at(14, 40))
    assert update.roles == (("commander", "platform-oncall"),)
    assert [(fix.label, fix.at, fix.was) for fix in update.corrected] == [
        ("public", at(14, 31), "the old words"),
        ("public", at(14, 32), ""),
    ]
    assert update.passages[0].place.line == 17


def test_a_span_until_the_next_update_counts_from_this_one(tmp_path):
    assert load_site(write_site(tmp_path)).incidents[0].updates[0].next_update == at(14, 35)


def test_updates_stand_in_order_of_time_then_of_name(tmp_path):
    named = {
        f"{FOLDER}/a.md": NOTE.replace("n2o3t4e5", "late").replace("14:10", "14:20") + "x\n",
        f"{FOLDER}/c.md": NOTE + "x\n",
        f"{FOLDER}/b.md": NOTE.replace("n2o3t4e5", "same-time") + "x\n",
    }
    updates = load_site(write_site(tmp_path, named)).incidents[0].updates
    assert [update.id for update in updates] == ["7qm4tz2c", "same-time", "n2o3t4e5", "late"]


def test_planned_work_is_read(tmp_path):
    work = load_site(write_site(tmp_path, {WORK: PLANNED})).maintenances[0]
    assert (work.start.hour, work.end.minute, work.auto) == (2, 30, False)
    assert work.repeat == Repeat(every_days=7, until=date(2027, 3, 31))


def test_a_customers_own_sentence_is_added_to_the_update_of_another_author(tmp_path):
    path = UPDATE.replace(".md", "+globex.md")
    update = load_site(write_site(tmp_path, {path: "Your file arrives late.\n"})).incidents[0].updates[0]
    assert [(p.label, str(p.place)) for p in update.passages] == [
        ("public", f"{UPDATE}:11:1"),
        ("internal", f"{UPDATE}:14:1"),
        ("customer:globex", f"{path}:1:1"),
    ]


def test_a_postmortem_and_a_page_are_read(tmp_path):
    account = (
        "---\nid: p8w2c5rt\naudience: public\nat: 2026-11-24T10:00Z\n---\n## What happened\n\n::: internal\nMore.\n"
    )
    about = "---\ntitle: About\naudience: public\n---\nHello.\n"
    site = load_site(write_site(tmp_path, {f"{FOLDER}/postmortem.md": account, "site_src/pages/about.md": about}))
    assert [p.label for p in site.incidents[0].postmortem.passages] == ["public", "internal"]
    assert (site.pages[0].id, site.pages[0].title, site.pages[0].passages[0].words) == ("about", "About", "Hello.")


def test_reopening_is_said(tmp_path):
    closed = TINY[UPDATE].replace("7qm4tz2c", "closed").replace("14:05", "14:30").replace("investigating", "resolved")
    again = (
        TINY[UPDATE]
        .replace("7qm4tz2c", "again")
        .replace("14:05", "14:40")
        .replace("severity", "reopen: true\nseverity")
    )
    site = load_site(write_site(tmp_path, {f"{FOLDER}/b.md": closed, f"{FOLDER}/c.md": again}))
    assert [update.status for update in site.incidents[0].updates] == ["investigating", "resolved", "investigating"]


def test_a_missing_id_is_refused_with_a_fresh_one_to_use(tmp_path):
    with pytest.raises(Refused) as refused:
        load_site(write_site(tmp_path, {UPDATE: TINY[UPDATE].replace("id: 7qm4tz2c\n", "")}))
    offered = refused.value.problems[0].hint.partition("`id: ")[2].rstrip("`")
    fixed = TINY[UPDATE].replace("7qm4tz2c", offered)
    assert load_site(write_site(tmp_path, {UPDATE: fixed})).incidents[0].updates[0].id == offered


@pytest.mark.parametrize(
    ("changed", "finding"),
    [
        ({UPDATE: None}, ("E216", INCIDENT, 1)),
        ({f"{FOLDER}/n.md": NOTE}, ("E133", f"{FOLDER}/n.md", 1)),
        ({f"{FOLDER}/n+globex.md": "x"}, ("E316", f"{FOLDER}/n+globex.md", 1)),
        ({f"{FOLDER}/incident+globex.md": "x"}, ("E316", f"{FOLDER}/incident+globex.md", 1)),
        ({UPDATE.replace(".md", "+initech.md"): "x"}, ("E114", UPDATE.replace(".md", "+initech.md"), 1)),
        ({UPDATE.replace(".md", "+.md"): "x"}, ("E113", UPDATE.replace(".md", "+.md"), 1)),
        ({UPDATE.replace(".md", "+globex.md"): NOTE + "x"}, ("E134", UPDATE.replace(".md", "+globex.md"), 1)),
        ({UPDATE.replace(".md", ".de.md"): TINY[UPDATE]}, ("E314", UPDATE.replace(".md", ".de.md"), 1)),
        ({UPDATE.replace(".md", ".seal.toml"): ""}, ("E315", UPDATE.replace(".md", ".seal.toml"), 1)),
        ({f"{FOLDER}/notes.txt": ""}, ("E313", f"{FOLDER}/notes.txt", 1)),
        ({f"{FOLDER}/old/x.md": ""}, ("E313", f"{FOLDER}/old", 1)),
        ({"incidents/x.txt": ""}, ("E313", "incidents/x.txt", 1)),
        ({f"{FOLDER}/maintenance.md": PLANNED}, ("E317", FOLDER, 1)),
        ({"incidents/zz/n.md": NOTE + "x"}, ("E317", "incidents/zz", 1)),
        ({WORK: PLANNED, WORK.replace("maintenance", "postmortem"): NOTE + "x"}, ("E318", WORK.replace("maintenance", "postmortem"), 1)),
        ({WORK: PLANNED.replace("7d", "36h")}, ("E217", WORK, 5)),
        ({WORK: PLANNED.replace("false", "maybe")}, ("E120", WORK, 6)),
        ({INCIDENT: TINY[INCIDENT] + "\nWords.\n"}, ("E132", INCIDENT, 8)),
        ({INCIDENT: TINY[INCIDENT].replace("started_at: 2026-11-21T14:02Z\n", "")}, ("E128", INCIDENT, 2)),
        ({INCIDENT: TINY[INCIDENT].replace("  internal:", "  intrenal:")}, ("E112", INCIDENT, 5)),
        ({INCIDENT: TINY[INCIDENT].replace("---\n", "---\nlinks: [{name: x, url: /wiki, audience: public}]\n", 1)}, ("E419", INCIDENT, 2)),
        ({INCIDENT: TINY[INCIDENT].replace("---\n", "---\nlinks: [{name: x, url: https://x.example}]\n", 1)}, ("E128", INCIDENT, 2)),
        ({UPDATE: TINY[UPDATE].replace("30m", "soon")}, ("E201", UPDATE, 9)),
        ({UPDATE: TINY[UPDATE].replace("30m", "0m")}, ("E213", UPDATE, 9)),
        ({UPDATE: TINY[UPDATE].replace("30m", "2026-11-21T14:00Z")}, ("E218", UPDATE, 9)),
        ({UPDATE: TINY[UPDATE].replace("partial_outage", "partial outage")}, ("E131", UPDATE, 8)),
        ({UPDATE: TINY[UPDATE].replace("severity: sev2", "facts: {clients: 3}")}, ("E215", UPDATE, 6)),
        ({UPDATE: TINY[UPDATE].replace("severity: sev2", "decision: {what: x}")}, ("E128", UPDATE, 6)),
        ({UPDATE: TINY[UPDATE].replace("severity: sev2", "asks: [one DBA]")}, ("E120", UPDATE, 6)),
        ({"site_src/pages/About.md": "---\ntitle: A\naudience: public\n---\nx"}, ("E301", "site_src/pages/About.md", 1)),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_where_it_stands(tmp_path, changed, finding):
    assert finding in refusals(tmp_path, changed)


def test_problems_of_front_matter_and_of_the_body_are_told_together(tmp_path):
    text = TINY[UPDATE].replace("status: investigating", "status: fixed").replace("::: internal", ":::internal")
    broken = TINY[UPDATE].replace("status:", "status").replace("::: internal", "::: intrenal")
    found = refusals(tmp_path, {UPDATE: text, f"{FOLDER}/b.md": broken})
    assert [(code, line) for code, _, line in found] == [("E207", 4), ("E404", 13), ("E108", 4), ("E112", 13)]


def test_one_bad_folder_does_not_stop_the_reading_of_the_others(tmp_path):
    root = write_site(
        tmp_path,
        {
            "incidents/zz/incident.md": "broken",
            WORK: PLANNED,
            "incidents/yy/incident.md": TINY[INCIDENT],
            "incidents/yy/1.md": NOTE + "x",
        },
    )
    reading = read_site(files.take(root))
    assert [incident.id for incident in reading.site.incidents] == ["k3x9q2mf"]
    assert len(reading.site.maintenances) == 1
    assert reading.left_out == ("incidents/yy", "incidents/zz")


def test_a_site_is_the_same_whatever_order_its_folders_are_listed_in(tmp_path, monkeypatch):
    import os

    root = write_site(tmp_path, {WORK: PLANNED})
    first = load_site(root)
    listing = os.scandir

    class Backwards(list):
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

    monkeypatch.setattr(
        os, "scandir", lambda folder: Backwards(sorted(listing(folder), key=lambda e: e.name, reverse=True))
    )
    assert load_site(root) == first


def test_warnings_do_not_refuse(tmp_path):
    site, warnings = load_site_with_warnings(write_site(tmp_path, {UPDATE: TINY[UPDATE].replace("14:05", "14:01")}))
    assert site.incidents[0].updates[0].at == at(14, 1)
    assert [warning.code for warning in warnings] == ["W204"]
