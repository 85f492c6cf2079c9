"""What hostile or hurried authors once got past us: each test is one defect, told by its name."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from command import run, snapshot
from heliograph.check import check
from heliograph.gate import PUBLIC_READER, Gate
from heliograph.load import load_site
from heliograph.pipeline import Build
from heliograph.problems import Refused
from heliograph.render.layouts import Layouts
from heliograph.times import read_instant
from heliograph.view import View
from sites import INCIDENT, UPDATE, Content, write_site

FOLDER = INCIDENT.rpartition("/")[0]
NOW = "2026-11-21T14:10Z"
EXTERNAL = ("public/", "macros/", "mail/strategic/", "mail/public/")


def told(root: Path, files: dict[str, Content], at: str = NOW) -> dict[str, bytes]:
    """All that outsiders get of a site at an instant, by path."""
    site = load_site(write_site(root, files))
    plans = Build(site, Layouts(), read_instant(at)).trees()
    made = {f"{plan.name}/{one.path}": one.data for plan in plans for one in plan.artifacts}
    return {path: data for path, data in made.items() if path.startswith(EXTERNAL)}


def seen(root: Path, files: dict[str, Content], at: str) -> View:
    return Gate(load_site(write_site(root, files)), read_instant(at)).view_of(PUBLIC_READER)


def update(identity: str, at: str, text: str = "Words.", *, audience: str = "public", more: str = "") -> str:
    return f"---\nid: {identity}\naudience: {audience}\nat: {at}\n{more}---\n{text}\n"


def planned(at: str, *, more: str = "") -> dict[str, Content]:
    """Planned work on checkout from 02:00 to 03:30, announced at an instant."""
    head = "---\nid: wq8n4t2d\ntitle:\n  public: Database upgrade\nwindow: {start: 2026-12-02T02:00Z, end: 2026-12-02T03:30Z}\n"
    claim = "status: scheduled\ncomponents: {checkout: under_maintenance}\n"
    return {
        "incidents/upgrade/maintenance.md": f"{head}{more}---\n",
        "incidents/upgrade/1.md": update("wq8n4t2e", at, more=claim),
    }


@pytest.mark.parametrize(
    "silent",
    [
        {f"{FOLDER}/1420-note.md": update("nt1", "2026-11-21T14:20Z", "::: internal\nDraft.")},
        {f"{FOLDER}/1420-note.md": update("nt1", "2026-11-21T14:20Z", "", more="components: {ledger: major_outage}\n")},
        {
            f"{FOLDER}/1407-note.md": update(
                "nt1", "2026-11-21T14:07Z", "::: internal\nDraft.", more="corrected: [{at: 2026-11-21T14:20Z}]\n"
            )
        },
    ],
    ids=["a passage for colleagues", "a claim of an inner component", "a correction of words for colleagues"],
)
def test_what_will_say_nothing_to_the_public_does_not_move_its_next_change(
    tmp_path: Path, silent: dict[str, Content]
) -> None:
    assert told(tmp_path / "with", silent) == told(tmp_path / "without", {})


def test_planned_work_not_yet_announced_to_the_public_does_not_move_its_next_change(tmp_path: Path) -> None:
    work = planned("2026-11-20T09:00Z")
    work["incidents/upgrade/maintenance.md"] = (
        "---\nid: wq8n4t2d\ntitle:\n  public: Database upgrade\n"
        "window: {start: 2026-11-21T14:20Z, end: 2026-11-21T14:30Z}\n---\n"
    )
    work["incidents/upgrade/1.md"] = update(
        "wq8n4t2e", "2026-11-20T09:00Z", audience="internal", more="status: scheduled\n"
    )
    assert told(tmp_path / "with", work) == told(tmp_path / "without", {})


def test_old_words_of_a_silent_update_are_not_repeated_to_the_public(tmp_path: Path) -> None:
    """An update may have a public status and words for colleagues only; `was` are then theirs."""
    more = "status: identified\ncorrected: [{at: 2026-11-21T14:08Z, was: the standby froze}]\n"
    files: dict[str, Content] = {
        f"{FOLDER}/1407-identified.md": update("nt1", "2026-11-21T14:07Z", "::: internal\nNew.", more=more)
    }
    try:
        made = told(tmp_path, files)
    except Refused:
        return
    assert [path for path, data in made.items() if b"standby froze" in data] == []


def test_a_sensitive_term_reaches_no_outsider(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = 'id = "tiny"\nname = "Tiny"\nurl = "https://status.example.com"\nsensitive_terms = ["zebra77"]\n'
    files: dict[str, Content] = {
        "site_src/site.toml": site,
        f"{FOLDER}/1407-note.md": update("nt1", "2026-11-21T14:07Z", "We restarted zebra77."),
    }
    root = write_site(tmp_path, files)
    said = run(capsys, "build", site=root)
    assert said.code == 3
    assert "E802" in said.err
    assert "zebra77" not in said.err
    assert not (root / "dist" / "public").exists()


def test_an_audience_may_not_take_the_name_of_another_tree(tmp_path: Path) -> None:
    audience = 'name = "Mail room"\nboundary = "internal"\nsurfaces = ["page"]\n'
    with pytest.raises(Refused):
        load_site(write_site(tmp_path, {"audiences/mail.toml": audience}))


def test_work_that_an_update_finishes_early_still_began_by_the_clock(tmp_path: Path) -> None:
    files = planned("2026-11-30T09:00Z")
    files["incidents/upgrade/2.md"] = update("wq8n4t2f", "2026-12-02T03:12Z", more="status: completed\n")
    (work,) = seen(tmp_path, files, "2026-12-02T03:13Z").maintenances
    start, end = read_instant("2026-12-02T02:00Z"), read_instant("2026-12-02T03:12Z")
    assert (work.started_at, work.completed_at, work.worked) == (start, end, ((start, end),))


def test_work_announced_only_after_its_window_is_not_under_way_for_ever(tmp_path: Path) -> None:
    (work,) = seen(tmp_path, planned("2026-12-03T09:00Z"), "2026-12-05T00:00Z").maintenances
    assert work.status == "completed"


def test_work_that_overran_keeps_the_beginning_it_was_shown_with(tmp_path: Path) -> None:
    files = planned("2026-11-30T09:00Z")
    files["incidents/upgrade/2.md"] = update("wq8n4t2f", "2026-12-02T03:40Z", more="status: in_progress\n")
    files["incidents/upgrade/3.md"] = update("wq8n4t2g", "2026-12-02T05:00Z", more="status: completed\n")
    (work,) = seen(tmp_path, files, "2026-12-02T06:00Z").maintenances
    assert work.started_at == read_instant("2026-12-02T02:00Z")


@pytest.mark.parametrize("account_at", ["2026-11-21T14:30Z", "2026-11-21T15:30Z"], ids=["before", "after"])
def test_a_postmortem_does_not_turn_back_when_an_incident_was_updated(tmp_path: Path, account_at: str) -> None:
    files: dict[str, Content] = {
        f"{FOLDER}/1500-resolved.md": update("nt1", "2026-11-21T15:00Z", more="status: resolved\n"),
        f"{FOLDER}/1600-note.md": update("nt2", "2026-11-21T16:00Z"),
        f"{FOLDER}/postmortem.md": update("pm1", account_at),
    }
    page = told(tmp_path, files, "2026-11-21T18:00Z")["public/api/v2/incidents.json"]
    (incident,) = json.loads(page)["incidents"]
    newest = max(one["created_at"] for one in incident["incident_updates"])
    assert incident["updated_at"] == newest
    times = [one["created_at"] for one in incident["incident_updates"]]
    assert times == sorted(times, reverse=True)


def test_the_first_day_of_a_component_has_a_year_of_four_digits(tmp_path: Path) -> None:
    component = '[[component]]\nid = "checkout"\nname = "Checkout"\naudience = "public"\nsince = 0001-01-01\n'
    component += '[[component]]\nid = "ledger"\nname = "Ledger"\naudience = "internal"\n'
    try:
        made = told(tmp_path, {"site_src/components.toml": component})
    except Refused:
        return
    (one,) = json.loads(made["public/api/v2/components.json"])["components"]
    assert len(one["created_at"]) == len("2026-11-21T14:05:00.000Z")


def test_the_machine_s_own_time_zone_is_no_time_zone(tmp_path: Path) -> None:
    site = 'id = "tiny"\nname = "Tiny"\nurl = "https://status.example.com"\ntimezone = "localtime"\n'
    with pytest.raises(Refused):
        load_site(write_site(tmp_path, {"site_src/site.toml": site}))


def test_what_is_solved_for_colleagues_alone_stays_on_the_board(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files: dict[str, Content] = {
        f"{FOLDER}/1407-resolved.md": update(
            "nt1", "2026-11-21T14:07Z", audience="internal", more="status: resolved\n"
        ),
        "site_src/site.toml": 'id = "tiny"\nname = "Tiny"\nurl = "https://status.example.com"\nclock = 2026-11-21T15:00:00Z\n',
    }
    root = write_site(tmp_path, files)
    assert seen(tmp_path, files, NOW).open_incidents
    assert "k3x9q2mf" in run(capsys, site=root).out
    assert "k3x9q2mf" in run(capsys, "due", site=root).out
    assert run(capsys, "update", "monitoring", "-m", "We are watching it.", site=root).code == 0


def test_words_that_are_no_text_leave_nothing_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A terminal of another encoding gives Python half characters."""
    root = write_site(tmp_path)
    before = snapshot(root)
    said = run(capsys, "new", "incident", "Search \udcff down", "-m", "x", site=root)
    assert said.code in (1, 2)
    assert snapshot(root) == before
    assert not [path for path in (root / "incidents").iterdir() if path.name != FOLDER.rpartition("/")[2]]


def test_blank_words_are_not_replaced_by_stock_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`-m "$TEXT"` with TEXT unset must not tell customers that the cause was found."""
    root = write_site(tmp_path)
    assert run(capsys, "update", "identified", "-m", "", site=root).code == 2
    assert len(list((root / FOLDER).iterdir())) == 2


def test_a_refused_build_leaves_a_standing_tree_as_it_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write_site(tmp_path)
    assert run(capsys, "build", site=root).code == 0
    before = snapshot(root / "dist" / "public")
    assert run(capsys, "build", "--output", root / "dist" / "public", site=root).code == 1
    assert snapshot(root / "dist" / "public") == before


def test_a_broken_layout_is_named_by_file_and_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write_site(tmp_path, {"layouts/web/index.html": "\n{% block x %}"})
    said = run(capsys, "build", site=root)
    assert said.code == 1
    assert "layouts/web/index.html:2" in said.err


def test_what_a_resolving_update_claims_is_not_dropped_in_silence(tmp_path: Path) -> None:
    """Histories often hold one word per incident: that it is over, and what had failed."""
    only = update("nt1", "2026-11-21T15:00Z", more="status: resolved\ncomponents: {checkout: major_outage}\n")
    root = write_site(tmp_path, {UPDATE: None, f"{FOLDER}/1500-resolved.md": only})
    site = load_site(root)
    (incident,) = Gate(site, read_instant("2026-11-22T00:00Z")).view_of(PUBLIC_READER).incidents
    warned = [problem for problem in check(site) if problem.place.file.endswith("1500-resolved.md")]
    assert warned or incident.affected == ("checkout",)


def test_a_table_of_a_few_kilobytes_does_not_become_megabytes(tmp_path: Path) -> None:
    columns = 400
    table = f"|{'a|' * columns}\n|{'-|' * columns}\n" + "x\n" * 1_000
    try:
        made = told(tmp_path, {UPDATE: None, f"{FOLDER}/1.md": update("nt1", "2026-11-21T14:05Z", table)})
    except Refused:
        return
    assert sum(map(len, made.values())) < 5_000_000


def test_a_promise_is_kept_apart_from_the_end_of_the_day(tmp_path: Path) -> None:
    """Holds: the next change is the promise of 14:35, not the end of the civil day."""
    view = seen(tmp_path, {}, NOW)
    assert view.valid_until == read_instant("2026-11-21T14:05Z") + timedelta(minutes=30)
