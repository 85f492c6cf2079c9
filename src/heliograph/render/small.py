"""The small files beside the pages: badges, a glance at the state, the embed script, rules for robots and hosts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from typing import Final

import msgspec

from heliograph.caching import FOREVER, FRESH, JSON_FEED, PRIVATE
from heliograph.render.badges import badges
from heliograph.render.identity import Happening, address, updated_at, written
from heliograph.render.tongue import tongue
from heliograph.tree.artifact import MEDIA_TYPES, Artifact, text_artifact
from heliograph.view import Incident, View

Rules = Mapping[str, Mapping[str, str]]
"""HTTP header fields by path, in the `_headers` form that Netlify and Cloudflare Pages read."""

_OPEN: Final = {"Access-Control-Allow-Origin": "*", "Cache-Control": FRESH}
_GUARDED: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_TYPES: Final = {
    "/history.atom": MEDIA_TYPES["atom"],
    "/history.rss": MEDIA_TYPES["rss"],
    "/updates.atom": MEDIA_TYPES["atom"],
    "/updates.rss": MEDIA_TYPES["rss"],
    "/updates.json": JSON_FEED,
    "/components/:id/updates.atom": MEDIA_TYPES["atom"],
    "/components/:id/updates.rss": MEDIA_TYPES["rss"],
    "/maintenance.ics": MEDIA_TYPES["ics"],
}

# Hosts join the fields of all rules that fit a path, so that no path may meet the same field in two rules.
_PUBLIC_RULES: Final[dict[str, Mapping[str, str]]] = {
    "/*": _GUARDED,
    "/assets/*": {"Cache-Control": FOREVER},
    "/api/*": {"Content-Type": MEDIA_TYPES["json"], **_OPEN},
    "/status.json": _OPEN,
    **{path: {"Content-Type": kind, "Cache-Control": FRESH} for path, kind in _TYPES.items()},
}
_INTERNAL_RULES: Final[Rules] = {
    "/*": {
        **_GUARDED,
        "Cache-Control": PRIVATE,
        "X-Robots-Tag": "noindex, nofollow, noarchive",
        "Cross-Origin-Resource-Policy": "same-origin",
    },
    **{path: {"Content-Type": kind} for path, kind in _TYPES.items()},
}

_ELSEWHERE: Final = {
    "/rss": "/history.rss 301",
    "/feed": "/history.rss 301",
    "/feed.xml": "/history.rss 301",
    "/index.xml": "/history.rss 301",
    "/feed.rss": "/updates.rss 301",
    "/feed.atom": "/updates.atom 301",
    "/feed.json": "/updates.json 301",
    "/uptime": "/ 302",
    **{f"/{folder}{end}": "/history/ 302" for folder in ("incidents", "maintenance") for end in ("", "/")},
    **{f"/components{end}": "/ 302" for end in ("", "/")},
}
"""What readers type or kept from another status page, and where it is here, in the `_redirects` form of the same hosts.

Nothing here may be a file or the folder of an `index.html`: some hosts would redirect all the same.
"""


def public(view: View) -> Iterator[Artifact]:
    """Write what stands beside the public pages; other sites may read the API and run `embed.js`."""
    yield from badges(view)
    yield _glance(view)
    yield _embedded(view)
    yield text_artifact("robots.txt", "User-agent: *\nAllow: /\n")
    yield text_artifact("_headers", _written_rules({**_PUBLIC_RULES, **_in_folders(view.about.languages[1:])}))
    yield text_artifact("_redirects", "".join(f"{path} {where}\n" for path, where in _ELSEWHERE.items()))


def _embedded(view: View) -> Artifact:
    """Write the script for other people's pages, whose few words are in the site's language."""
    script = files(__package__).joinpath("embed.js").read_text("utf-8")
    more = tongue(view.about.language).gettext("and %(number)s more", number="{number}")
    said = msgspec.json.encode(more).decode()
    return text_artifact("embed.js", script.replace('"and {number} more"', said))


def _in_folders(languages: Iterable[str]) -> Rules:
    """Say for the feeds of further languages what is said of those of the main one."""
    return {f"/{language}{path}": _PUBLIC_RULES[path] for language in languages for path in _TYPES}


def internal(view: View) -> Iterator[Artifact]:
    """Write what stands beside pages for insiders: kept by no cache, found by no robot, read by no other site."""
    yield from badges(view)
    yield _glance(view)
    yield text_artifact("robots.txt", "User-agent: *\nDisallow: /\n")
    yield text_artifact("_headers", _written_rules(_INTERNAL_RULES))


def _glance(view: View) -> Artifact:
    """Write `status.json`.

    `updated_at` is when anything last changed, `next_change_at` when these files will be out of date unless made anew
    (null: not before someone writes), `open` the incidents and maintenances that go on now, newest first.
    """
    under_way: list[Happening] = [*view.open_incidents, *view.maintenance_in("active")]
    glance = {
        "updated_at": written(updated_at(view)),
        "next_change_at": written(view.valid_until) if view.valid_until else None,
        "open": [_line(view, happening) for happening in under_way],
    }
    return Artifact("status.json", msgspec.json.encode(glance))


def _line(view: View, happening: Happening) -> dict[str, str]:
    return {
        "id": happening.id,
        "kind": "incident" if isinstance(happening, Incident) else "maintenance",
        "title": happening.title,
        "status": happening.status,
        "url": address(view, happening),
    }


def _written_rules(rules: Rules) -> str:
    return "".join(
        f"{path}\n" + "".join(f"  {field}: {value}\n" for field, value in fields.items())
        for path, fields in rules.items()
    )
