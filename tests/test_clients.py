"""The machine surfaces as strangers' programs meet them: over HTTP, from a host that knows nothing of us.

Unmodified clients run too where `HELIOGRAPH_CLIENTS` names a folder in which they are installed, with a `run_all.sh`
that takes the site's address and those of its feeds.
"""

import json
import os
import subprocess
import urllib.request
from itertools import chain
from pathlib import Path

import feedparser
import pytest

import view_samples as samples
from heliograph.render import calendar, feeds, small, statuspage
from static_host import laid_out, served

CLIENTS = os.environ.get("HELIOGRAPH_CLIENTS", "")
FEEDS = ("history.atom", "history.rss", "updates.atom", "updates.rss", "components/checkout/updates.atom")


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    view = samples.public_view()
    written = (make(view) for make in (feeds.feeds, statuspage.api, calendar.calendar, small.public))
    folder = laid_out(tmp_path_factory.mktemp("site"), chain.from_iterable(written))
    with served(folder) as found:
        yield found


@pytest.mark.parametrize("path", sorted(artifact.path for artifact in statuspage.api(samples.empty_view())))
def test_each_endpoint_answers_head_and_get_as_json_to_any_origin(address, path):
    for method in ("HEAD", "GET"):
        with urllib.request.urlopen(urllib.request.Request(f"{address}/{path}", method=method)) as answer:
            assert answer.headers["Content-Type"] == "application/json"
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            if method == "GET":
                assert json.load(answer)["page"]["id"] == "example"


@pytest.mark.parametrize("feed", FEEDS)
def test_a_feed_reader_finds_whole_entries_with_ids_links_and_dates(address, feed):
    parsed = feedparser.parse(f"{address}/{feed}")
    assert not parsed.bozo
    assert len({entry.id for entry in parsed.entries}) == len(parsed.entries) > 0
    assert all(entry.link.startswith(samples.ADDRESS) for entry in parsed.entries)
    assert all(entry.published_parsed for entry in parsed.entries)


if CLIENTS:

    def test_unmodified_clients_read_us(address, tmp_path):
        expected = {
            "EXPECT_COMPONENTS": "15",
            "EXPECT_UNRESOLVED": "1",
            "EXPECT_INDICATOR": "minor",
            "EXPECT_UPCOMING": "1",
            "EXPECT_ACTIVE": "0",
        }
        ran = subprocess.run(
            [Path(CLIENTS) / "run_all.sh", address, *(f"{address}/{feed}" for feed in FEEDS)],
            env={**os.environ, **expected, "OUT": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout
