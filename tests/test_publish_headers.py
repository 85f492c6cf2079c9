"""The header fields of an object are those that the other recipes give the same file."""

import pytest

import view_samples as samples
from heliograph.publish.headers import fields
from heliograph.render import small
from heliograph.tree.artifact import Artifact, text_artifact
from heliograph.tree.manifest import entry_of

STAMPED = f"assets/site.{Artifact('x.css', b'x').sha256[:12]}.css"
FRESH = "public, max-age=30, stale-while-revalidate=60, stale-if-error=86400"
OUTSIDE = {
    "index.html": ("text/html; charset=utf-8", FRESH),
    "fr/incidents/a/index.html": ("text/html; charset=utf-8", FRESH),
    "404.html": ("text/html; charset=utf-8", "public, max-age=10"),
    "fr/404.html": ("text/html; charset=utf-8", "public, max-age=10"),
    "updates.json": ("application/feed+json; charset=utf-8", FRESH),
    "fr/updates.json": ("application/feed+json; charset=utf-8", FRESH),
    "components/api/updates.atom": ("application/atom+xml; charset=utf-8", FRESH),
    "history.rss": ("application/rss+xml; charset=utf-8", FRESH),
    "maintenance.ics": ("text/calendar; charset=utf-8", FRESH),
    "status.json": ("application/json", FRESH),
    "api/v2/summary.json": ("application/json", FRESH),
    "badge.svg": ("image/svg+xml", FRESH),
    "_headers": ("text/plain; charset=utf-8", FRESH),
    STAMPED: ("text/css; charset=utf-8", "public, max-age=31536000, immutable"),
    "assets/site.css": ("text/css; charset=utf-8", FRESH),
}


def served(path, boundary):
    found = fields(entry_of(text_artifact(path, "x")), boundary)
    assert list(found) == ["Content-Type", "Cache-Control"]
    return tuple(found.values())


@pytest.mark.parametrize("path", OUTSIDE)
def test_outsiders_get_each_kind_of_file_with_its_type_and_for_as_long_as_it_is_good(path):
    assert served(path, "external") == OUTSIDE[path]


@pytest.mark.parametrize("path", OUTSIDE)
def test_nothing_for_insiders_is_kept_by_anybody(path):
    assert served(path, "internal") == (OUTSIDE[path][0], "private, no-store")


def test_no_shared_cache_is_told_what_would_forbid_it_to_serve_a_page_whose_origin_is_down():
    told = {word.partition("=")[0].strip() for path in OUTSIDE for word in served(path, "external")[1].split(",")}
    assert not told & {"s-maxage", "must-revalidate", "proxy-revalidate", "no-cache"}


@pytest.mark.parametrize(("write", "boundary"), [(small.public, "external"), (small.internal, "internal")])
def test_hosts_that_read_a_file_of_rules_are_told_the_same(write, boundary):
    text = next(one.data.decode() for one in write(samples.public_view()) if one.path == "_headers")
    compared = 0
    for path in OUTSIDE:
        for field, value in told(text, path).items():
            if field in ("Content-Type", "Cache-Control"):
                assert served(path, boundary)[field == "Cache-Control"] == value
                compared += 1
    assert compared > 10


def told(text, path):
    """What a file of rules says of a path."""
    found, fits = {}, False
    for line in text.splitlines():
        if line.startswith("/"):
            parts = line.removesuffix("/*").split("/")
            wild = line.endswith("/*")
            mine = f"/{path}".split("/")
            fits = (len(mine) > len(parts) if wild else len(mine) == len(parts)) and all(
                rule in (part, ":id") for rule, part in zip(parts, mine, strict=False)
            )
        elif fits:
            field, _, value = line.strip().partition(": ")
            found[field] = value
    # The library's own files have their digest in their name: a rule for the whole folder is meant for them alone.
    return found if path != "assets/site.css" else {}
