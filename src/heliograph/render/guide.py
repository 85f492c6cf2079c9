"""What each layout is for, in a few words; for `layouts list`, and for `docs/layouts.md`, which a script writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PURPOSES: Final[Mapping[str, str]] = {
    "brief/base.html": "what surrounds every brief",
    "brief/parts.html": "pieces of briefs, as macros",
    "brief/screen.html": "one screen of all that is open, for executives and other insiders",
    "brief/style.css": "what briefs add to the stylesheet",
    "brief/support.html": "the support agents' screen: what happens, what to say, replies to copy",
    "macro/index.txt": "the list of all replies",
    "macro/macro.html": "one reply that support can paste, as HTML",
    "macro/macro.md": "the same as Markdown",
    "macro/macro.txt": "the same as plain text",
    "mail/base.html": "what surrounds every mail",
    "mail/digest.html": "colleagues' digests, as HTML",
    "mail/digest.txt": "the same as plain text",
    "mail/letter.html": "mails to customers and subscribers, as HTML",
    "mail/letter.txt": "the same as plain text",
    "web/404.html": "the page for addresses that lead nowhere",
    "web/accessibility.html": "the statement on accessibility",
    "web/base.html": "what surrounds every page",
    "web/chrome/foot.html": "the foot of every public page",
    "web/chrome/head.html": "the rest of every public page's head",
    "web/chrome/top.html": "the top of every public page: name or logo, links, the notice",
    "web/component.html": "a component with its days and its past",
    "web/favicon.svg": "the icon of tabs and bookmarks",
    "web/history.html": "the months of the history",
    "web/incident.html": "one problem with all its updates",
    "web/index.html": "the first page: what is wrong now, or that nothing is known to be",
    "web/internal/chrome/foot.html": "the foot of colleagues' pages",
    "web/internal/chrome/head.html": "the rest of the head of colleagues' pages",
    "web/internal/chrome/top.html": "the top of colleagues' pages",
    "web/internal/component.html": "colleagues' page of a component",
    "web/internal/incident.html": "colleagues' page of a problem",
    "web/internal/index.html": "colleagues' first page",
    "web/internal/maintenance.html": "colleagues' page of planned work",
    "web/internal/parts.html": "pieces of colleagues' pages, as macros",
    "web/internal/style.css": "what colleagues' pages add to the stylesheet",
    "web/maintenance.html": "one piece of planned work, before, during and after",
    "web/month.html": "what began in one month",
    "web/page.html": "a page of the site's own",
    "web/page.js": "the script: the reader's own zone, copying, freshness; pages say all without it",
    "web/parts.html": "pieces of pages, as macros",
    "web/style.css": "the stylesheet of all pages and briefs",
    "web/subscribe.html": "each feed and calendar, and what it brings",
}
"""Every shipped layout, in a few words."""
