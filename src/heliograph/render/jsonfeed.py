"""JSON Feed 1.1: the updates feed for programs that would rather not read XML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from heliograph.render.entries import Entry
from heliograph.render.identity import site_name
from heliograph.render.tongue import tongue
from heliograph.tree.artifact import Artifact
from heliograph.view import View

VERSION: Final = "https://jsonfeed.org/version/1.1"


def json_feed(view: View, path: str, entries: Sequence[Entry]) -> Artifact:
    """Write entries, newest first, as a JSON Feed at `path`; `date_modified` stands where an entry was corrected."""
    feed = {
        "version": VERSION,
        "title": tongue(view.about.language).gettext("%(site)s: updates", site=site_name(view)),
        "home_page_url": f"{view.about.url}/",
        "feed_url": f"{view.about.url}/{path}",
        "language": view.about.language,
        "items": [_item(entry) for entry in entries],
    }
    return Artifact(path, msgspec.json.encode(feed))


def _item(entry: Entry) -> dict[str, str]:
    item = {
        "id": entry.id,
        "url": entry.url,
        "title": entry.title,
        "content_html": entry.html,
        "date_published": entry.published.isoformat(),
    }
    if entry.updated != entry.published:
        item["date_modified"] = entry.updated.isoformat()
    return item
