"""The calendar of planned work, read back by the library that calendars are read with."""

import icalendar
from msgspec.structs import replace

import view_samples as samples
from heliograph import view as v
from heliograph.render.calendar import calendar


def written(view):
    (artifact,) = calendar(view)
    assert artifact.path == "maintenance.ics"
    return artifact.data


def events(view):
    book = icalendar.Calendar.from_ical(written(view))
    assert not book.errors
    return {str(event["uid"]): event for event in book.walk("VEVENT")}


def with_work(**changes):
    view = samples.public_view()
    return replace(view, maintenances=(replace(samples.upgrade(), **changes), *view.maintenances[1:]))


def test_every_maintenance_is_one_event_soonest_first():
    assert list(events(samples.public_view())) == ["c6v8b2n4@status.example.com", "m4d7x2qe@status.example.com"]


def test_an_event_tells_when_what_and_where_to_read_more():
    event = events(samples.public_view())["m4d7x2qe@status.example.com"]
    assert event["dtstart"].dt == samples.at("02:00", "2026-12-02")
    assert event["dtend"].dt == samples.at("03:30", "2026-12-02")
    assert event["summary"] == "Database upgrade"
    assert event["url"] == "https://status.example.com/maintenance/m4d7x2qe/"
    assert event["status"] == "CONFIRMED"
    assert event["description"] == (
        "Affected: Reports.\n\nReports are read-only during that time; everything else works. You need to do nothing."
    )


def test_each_further_update_raises_the_sequence_and_its_date_and_keeps_the_uid():
    before = events(samples.public_view())["m4d7x2qe@status.example.com"]
    news = samples.update("n1", samples.at("14:00"), None, samples.passage("It will be *shorter*."))
    after = events(with_work(updates=(news, *samples.upgrade().updates)))["m4d7x2qe@status.example.com"]
    assert (before["sequence"], after["sequence"]) == (0, 1)
    assert before["dtstamp"].dt == before["last-modified"].dt == samples.at("09:00", "2026-11-18")
    assert after["dtstamp"].dt == after["last-modified"].dt == samples.at("14:00")
    assert after["description"].endswith("It will be shorter.")


def test_a_correction_makes_the_event_newer():
    fixed = replace(samples.upgrade().updates[0], corrections=(v.Correction(at=samples.at("10:00"), was=""),))
    event = events(with_work(updates=(fixed,)))["m4d7x2qe@status.example.com"]
    assert event["last-modified"].dt == samples.at("10:00")


def test_cancelled_work_is_cancelled_in_calendars():
    event = events(with_work(status="cancelled", completed_at=samples.at("14:00")))["m4d7x2qe@status.example.com"]
    assert event["status"] == "CANCELLED"


def test_insiders_events_have_uids_of_their_own():
    assert list(events(samples.internal_view())) == [
        "internal/c6v8b2n4@status.example.com",
        "internal/m4d7x2qe@status.example.com",
    ]


def test_lines_end_and_fold_as_the_format_asks():
    long = "Wörk; planned, " * 12 + r"C:\new" + """ <b>&"'"""
    data = written(with_work(title=long))
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert max(len(line) for line in data.split(b"\r\n")) <= 75
    assert events(with_work(title=long))["m4d7x2qe@status.example.com"]["summary"] == long


def test_all_that_is_ahead_is_shown_and_the_newest_fifty_of_the_past():
    ahead = [replace(samples.upgrade(), id=f"ahead{number}") for number in range(60)]
    past = [replace(samples.moved_store(), id=f"past{number:02d}") for number in range(60)]
    shown = events(replace(samples.public_view(), maintenances=(*ahead, *past)))
    assert sum(uid.startswith("ahead") for uid in shown) == 60
    assert [uid for uid in shown if uid.startswith("past")] == [f"past{n:02d}@status.example.com" for n in range(50)]


def test_an_empty_calendar_is_still_one_and_the_bytes_are_the_same_twice():
    assert events(samples.empty_view()) == {}
    assert written(samples.public_view()) == written(samples.public_view())


def test_an_event_without_a_known_address_has_no_link():
    view = samples.internal_view()
    nowhere = replace(view, about=replace(view.about, url=""))
    assert all("url" not in event for event in events(nowhere).values())
