"""Atom, RSS and JSON Feed, read back by the programs that people read them with."""

import json
import os
import re
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import feedparser
import pytest
from lxml import etree
from msgspec.structs import replace

import view_samples as samples
from heliograph import view as v
from heliograph.render import feeds
from heliograph.render.entries import history

SHARED = Path(os.environ.get("HELIOGRAPH_SHARED", Path(__file__).resolve().parents[2] / "shared"))
REAL_FEEDS = sorted(SHARED.glob("data/feeds/*.atom"))
HOSTILE = """<b>&"' ]]> ünïcødé </title>"""
ATOM = "{http://www.w3.org/2005/Atom}"


def written(view):
    return {artifact.path: artifact.data for artifact in feeds.feeds(view)}


def entries_of(data):
    parsed = feedparser.parse(data)
    assert not parsed.bozo
    return parsed.entries


def busy_view(count):
    """A view of `count` closed incidents, two updates each, one a day."""
    found = []
    for number in range(count):
        day = samples.at("09:00") - timedelta(days=number)
        told = (
            samples.update(f"b{number}", day + timedelta(hours=1), "resolved", samples.passage("Over.")),
            samples.update(f"a{number}", day, "investigating", samples.passage("We look into it.")),
        )
        found.append(replace(samples.slow_search(), id=f"i{number}", updated_at=told[0].at, updates=told))
    return replace(samples.public_view(), incidents=tuple(found), maintenances=())


def with_update(**changes):
    """The public view in which the newest update of the first incident has been changed."""
    view = samples.public_view()
    first = view.incidents[0]
    updates = (replace(first.updates[0], **changes), *first.updates[1:])
    return replace(view, incidents=(replace(first, updates=updates), *view.incidents[1:]))


def test_every_feed_promised_is_written_and_no_other():
    view = samples.public_view()
    of_components = {f"components/{one.id}/updates.{end}" for one in view.components for end in ("atom", "rss")}
    promised = {"history.atom", "history.rss", "updates.atom", "updates.rss", "updates.json"} | of_components
    assert set(written(view)) == promised


def test_the_history_feed_names_itself_and_its_entries_as_statuspage_does():
    parsed = feedparser.parse(written(samples.public_view())["history.atom"])
    assert parsed.version == "atom10"
    assert parsed.feed.id == "tag:status.example.com,2005:/history"
    assert [entry.id for entry in parsed.entries] == [
        "tag:status.example.com,2005:Incident/k3x9q2mf",
        "tag:status.example.com,2005:Incident/m4d7x2qe",
        "tag:status.example.com,2005:Incident/h5c2p8wa",
        "tag:status.example.com,2005:Incident/c6v8b2n4",
        "tag:status.example.com,2005:Incident/b7n3m9kd",
    ]
    assert [entry.link.removeprefix(samples.ADDRESS) for entry in parsed.entries] == [
        "/incidents/k3x9q2mf/",
        "/maintenance/m4d7x2qe/",
        "/incidents/h5c2p8wa/",
        "/maintenance/c6v8b2n4/",
        "/incidents/b7n3m9kd/",
    ]


def test_a_history_entry_tells_all_updates_in_statuspages_exact_form_newest_first():
    view = with_update(passages=(samples.passage("Fixed & *watched*."),))
    assert history(view)[0].html == (
        "<p><small>Nov <var data-var='date'>21</var>, <var data-var='time'>14:20</var> UTC</small>"
        "<br><strong>Identified</strong> - Fixed &amp; <em>watched</em>.</p>"
        "<p><small>Nov <var data-var='date'>21</var>, <var data-var='time'>14:09</var> UTC</small>"
        "<br><strong>Investigating</strong> - We are investigating payments that fail in Europe.</p>"
    )


@pytest.mark.parametrize("path", REAL_FEEDS, ids=lambda path: path.name)
def test_one_pattern_reads_a_real_statuspage_feed_and_ours(path):
    message = re.compile(
        r"<p><small>[A-Z][a-z]{2} <var data-var='date'>[ \d]\d</var>, <var data-var='time'>\d\d:\d\d</var> UTC</small>"
        r"<br><strong>[A-Z][a-z ]+</strong> - "
    )
    for data in (path.read_bytes(), written(samples.public_view())["history.atom"]):
        feed = etree.fromstring(data)
        bodies = [entry.findtext(f"{ATOM}content") for entry in feed.iter(f"{ATOM}entry")]
        assert bodies
        assert all(message.match(body) for body in bodies)
        assert all(len(message.findall(body)) == body.count("<small>") for body in bodies)


def test_times_in_the_history_are_told_in_the_sites_zone():
    view = samples.public_view()
    there = replace(view, about=replace(view.about, timezone="Europe/Berlin"))
    assert "<var data-var='time'>15:20</var> CET</small>" in history(there)[0].html


def test_what_is_no_paragraph_follows_the_line_that_leads_it():
    listed = history(with_update(passages=(samples.passage("- first\n- second"),)))[0].html
    assert "<strong>Identified</strong> - </p><ul>\n<li>first</li>" in listed


def test_an_update_without_words_says_what_it_claims():
    view = with_update(passages=(), status=None)
    assert "<strong>Update</strong> - Checkout: degraded; API: degraded.</p>" in history(view)[0].html


def test_a_published_postmortem_leads_the_history_by_a_link_and_the_updates_in_full():
    all_feeds = written(samples.public_view())
    told = next(entry for entry in entries_of(all_feeds["history.atom"]) if entry.id.endswith("h5c2p8wa"))
    assert told.content[0].value.count("<strong>") == 4
    assert (
        '<strong>Postmortem</strong> - <a href="https://status.example.com/incidents/h5c2p8wa/">'
        in told.content[0].value
    )
    account = next(entry for entry in entries_of(all_feeds["updates.atom"]) if entry.id.endswith("Update/p8w2c5rt"))
    assert account.title == "[Postmortem] E-mail arrives late"
    assert "A certificate of the outgoing relay expired" in account.content[0].value


def test_updates_stand_newest_first_with_their_own_dates_and_titles():
    entries = entries_of(written(samples.public_view())["updates.atom"])
    assert [entry.published for entry in entries] == sorted((entry.published for entry in entries), reverse=True)
    assert (entries[0].title, entries[0].published) == (
        "[Identified] Some payments in Europe are failing",
        "2026-11-21T14:20:00+00:00",
    )
    assert "[Scheduled] Database upgrade" in [entry.title for entry in entries]
    assert "Checkout: degraded; API: degraded." in entries[0].content[0].value


@pytest.mark.parametrize("feed", ["updates.atom", "updates.rss"])
def test_a_correction_keeps_the_id_and_the_date_and_raises_updated(feed):
    before = entries_of(written(samples.public_view())[feed])[0]
    fixed = with_update(corrections=(v.Correction(at=samples.at("14:31"), was="old words"),))
    after = entries_of(written(fixed)[feed])[0]
    assert (after.id, after.published) == (before.id, before.published)
    assert "Corrected 21 Nov 2026, 14:31 UTC." in str(after)
    if feed.endswith("atom"):
        assert (before.updated, after.updated) == ("2026-11-21T14:20:00+00:00", "2026-11-21T14:31:00+00:00")
        assert feedparser.parse(written(fixed)[feed]).feed.updated == "2026-11-21T14:31:00+00:00"


@pytest.mark.parametrize(
    ("feed", "newest", "oldest"), [("history", "Incident/i0", "Incident/i49"), ("updates", "Update/b0", "Update/a24")]
)
def test_a_feed_holds_the_newest_fifty(feed, newest, oldest):
    ids = [entry.id for entry in entries_of(written(busy_view(60))[f"{feed}.rss"])]
    assert len(ids) == 50
    assert (ids[0], ids[-1]) == (f"tag:status.example.com,2005:{newest}", f"tag:status.example.com,2005:{oldest}")


def test_a_new_update_to_an_old_incident_comes_first():
    view = busy_view(60)
    late = samples.update("late", samples.at("14:00"), None, samples.passage("One more thing."))
    old = replace(view.incidents[-1], updates=(late, *view.incidents[-1].updates))
    changed = written(replace(view, incidents=(*view.incidents[:-1], old)))
    assert entries_of(changed["history.atom"])[0].id.endswith("Incident/i59")
    assert entries_of(changed["updates.atom"])[0].title.startswith("[Update] ")


def test_no_two_readers_share_an_id_and_no_reader_has_one_twice():
    customer = v.Customer(
        id="globex", name="Globex", components=(), locale="en", timezone="UTC", notice=None, owner="account-lead"
    )  # fmt: skip
    views = [
        samples.public_view(),
        samples.internal_view(),
        replace(samples.public_view(), reader="strategic", customer=customer),
        replace(samples.public_view(), reader="strategic", customer=replace(customer, id="initech")),
    ]
    seen: set[str] = set()
    for view in views:
        all_feeds = written(view)
        own = [entry.id for feed in ("history.atom", "updates.atom") for entry in entries_of(all_feeds[feed])]
        own += [feedparser.parse(data).feed.id for path, data in all_feeds.items() if path.endswith(".atom")]
        assert len(own) == len(set(own))
        assert seen.isdisjoint(own)
        seen.update(own)
    assert "tag:status.example.com,2005:internal/Incident/k3x9q2mf" in seen
    assert "tag:status.example.com,2005:strategic/globex/Update/7qm4tz2c" in seen


def test_rss_has_what_its_readers_insist_on():
    channel = etree.fromstring(written(samples.public_view())["updates.rss"]).find("channel")
    itself = channel.find(f"{ATOM}link")
    assert (itself.get("rel"), itself.get("href")) == ("self", "https://status.example.com/updates.rss")
    assert channel.findtext("link") == "https://status.example.com/"
    assert channel.findtext("description")
    assert parsedate_to_datetime(channel.findtext("lastBuildDate")) == samples.at("14:20")
    for item in channel.iter("item"):
        assert item.find("guid").get("isPermaLink") == "false"
        assert parsedate_to_datetime(item.findtext("pubDate")).tzinfo is not None
        assert item.findtext("link").startswith("https://status.example.com/")
        assert item.findtext("description")


def test_atom_has_what_its_readers_insist_on():
    for path, data in written(samples.public_view()).items():
        if not path.endswith(".atom"):
            continue
        feed = etree.fromstring(data)
        links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
        assert links == {"self": f"https://status.example.com/{path}", "alternate": "https://status.example.com/"}
        assert feed.findtext(f"{ATOM}author/{ATOM}name") == "Example Shop status"
        assert feed.findtext(f"{ATOM}generator") == "Heliograph"
        for entry in feed.iter(f"{ATOM}entry"):
            assert datetime.fromisoformat(entry.findtext(f"{ATOM}updated")).tzinfo is not None
            assert entry.find(f"{ATOM}content").get("type") == "html"


def test_a_components_feeds_tell_of_that_component_only():
    all_feeds = written(samples.public_view())
    told = [entry.title for entry in entries_of(all_feeds["components/reports/updates.atom"])]
    assert told == ["[Scheduled] Database upgrade"]
    everywhere = {entry.id: entry.content for entry in entries_of(all_feeds["updates.atom"])}
    for entry in entries_of(all_feeds["components/checkout/updates.atom"]):
        assert everywhere[entry.id] == entry.content


def test_a_feed_without_entries_is_whole_and_its_date_is_fixed():
    data = written(samples.empty_view())["history.atom"]
    parsed = feedparser.parse(data)
    assert not parsed.bozo
    assert parsed.feed.updated == "2005-01-01T00:00:00+00:00"
    assert b"Sat, 01 Jan 2005 00:00:00 +0000" in written(samples.empty_view())["history.rss"]


def test_where_the_address_is_unknown_links_start_at_the_root():
    view = samples.internal_view()
    nowhere = replace(view, about=replace(view.about, url=""))
    entry = etree.fromstring(written(nowhere)["history.atom"]).find(f"{ATOM}entry")
    assert entry.find(f"{ATOM}link").get("href") == "/incidents/k3x9q2mf/"


def test_a_hostile_title_stays_the_text_it_is():
    view = samples.public_view()
    first = replace(view.incidents[0], title=HOSTILE)
    about = replace(view.about, name=HOSTILE)
    all_feeds = written(replace(view, about=about, incidents=(first, *view.incidents[1:])))
    assert etree.fromstring(all_feeds["history.atom"]).findtext(f"{ATOM}entry/{ATOM}title") == HOSTILE
    assert etree.fromstring(all_feeds["history.rss"]).findtext("channel/item/title") == HOSTILE
    assert json.loads(all_feeds["updates.json"])["items"][0]["title"] == f"[Identified] {HOSTILE}"
    assert etree.fromstring(all_feeds["history.atom"]).findtext(f"{ATOM}author/{ATOM}name") == HOSTILE


def test_hostile_words_bring_no_element_of_their_own():
    view = with_update(
        passages=(samples.passage("<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=y>"),)
    )
    body = etree.fromstring(written(view)["updates.atom"]).findtext(f"{ATOM}entry/{ATOM}content")
    assert "<script" not in body
    assert "<img" not in body
    assert "href" not in body


@pytest.mark.parametrize("sign", ["\x00", "\x0b", "\x1f", "\ufffe"])
def test_a_sign_that_xml_cannot_hold_does_not_stop_a_feed(sign):
    view = samples.public_view()
    broken = written(replace(view, incidents=(replace(view.incidents[0], title=f"a{sign}b"),)))
    assert etree.fromstring(broken["history.atom"]).findtext(f"{ATOM}entry/{ATOM}title") == "a\ufffdb"
    assert etree.fromstring(broken["history.rss"]).findtext("channel/item/title") == "a\ufffdb"


def test_the_json_feed_says_the_same_as_the_others():
    all_feeds = written(samples.public_view())
    feed = json.loads(all_feeds["updates.json"])
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == "https://status.example.com/updates.json"
    assert [item["id"] for item in feed["items"]] == [entry.id for entry in entries_of(all_feeds["updates.atom"])]
    assert feed["items"][0]["date_published"] == "2026-11-21T14:20:00+00:00"
    assert "date_modified" not in feed["items"][0]
    assert feed["items"][1]["date_modified"] == "2026-11-21T14:12:00+00:00"


def test_the_same_view_gives_the_same_bytes_and_another_gives_others():
    assert written(samples.public_view()) == written(samples.public_view())
    assert written(with_update(status="monitoring"))["history.atom"] != written(samples.public_view())["history.atom"]
