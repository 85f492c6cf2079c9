"""The benchmark's public words as a Pelican site: a lean theme, an index by 50, a page per component, an RSS feed."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path

from story import COMPONENTS, Incident

CONFIGURATION = """SITENAME = 'Example Status'
SITEURL = 'https://status.example.com'
PATH = 'content'
ARTICLE_PATHS = ['incidents']
STATIC_PATHS = []
THEME = 'theme'
TIMEZONE = 'UTC'
DEFAULT_LANG = 'en'
DIRECT_TEMPLATES = ['index']
PAGINATED_TEMPLATES = {'index': 50}
DEFAULT_PAGINATION = 50
ARTICLE_URL = 'incidents/{slug}/'
ARTICLE_SAVE_AS = 'incidents/{slug}/index.html'
TAG_URL = 'services/{slug}/'
TAG_SAVE_AS = 'services/{slug}/index.html'
AUTHOR_SAVE_AS = ''
CATEGORY_SAVE_AS = ''
FEED_ALL_ATOM = None
FEED_ALL_RSS = 'index.xml'
CATEGORY_FEED_ATOM = None
TRANSLATION_FEED_ATOM = None
AUTHOR_FEED_ATOM = None
AUTHOR_FEED_RSS = None
FEED_MAX_ITEMS = 50
"""
STYLE = "".join(f".c{i}{{color:#{i * 7919 % 0xFFFFFF:06x};padding:{i}px}}" for i in range(24))
FOOT = '</main><footer><p>Times are UTC. <a href="/index.xml">Subscribe by RSS</a></p></footer></body></html>\n'
ROW = (
    '<li><a href="/{{ a.url }}">{{ a.title }}</a> <b>{{ a.severity }}</b> '
    '<time>{{ a.date.strftime("%Y-%m-%d %H:%M") }}</time></li>\n'
)
ARTICLE = (
    '<h2>{{ article.title }}</h2><p class="sev {{ article.severity }}">{{ article.severity }} '
    '<time>{{ article.date.strftime("%Y-%m-%d %H:%M") }}</time></p>\n'
    '<ul>{% for t in article.tags %}<li><a href="/{{ t.url }}">{{ t }}</a></li>{% endfor %}</ul>\n'
    "<article>{{ article.content }}</article>\n"
)
INDEX = (
    f"<ul>\n{{% for a in articles_page.object_list %}}{ROW}{{% endfor %}}</ul>"
    "<p>{{ articles_page.number }} / {{ articles_paginator.num_pages }}{% if articles_page.has_next() %} "
    '<a href="/{{ articles_next_page.url }}">older</a>{% endif %}</p>\n'
)
TAG = f"<h2>{{{{ tag }}}}</h2><ul>\n{{% for a in articles[:50] %}}{ROW}{{% endfor %}}</ul>\n"


def write_site(out: Path, told: Sequence[Incident]) -> None:
    """Write configuration, theme and one article per incident."""
    head = _head()
    pages = {
        "article.html": head.replace("@@T@@", "{{ article.title }}") + ARTICLE + FOOT,
        "index.html": head.replace("@@T@@", "{{ SITENAME }}") + INDEX + FOOT,
        "tag.html": head.replace("@@T@@", "{{ tag }}") + TAG + FOOT,
    }
    for folder in ("content/incidents", "theme/templates", "theme/static"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    (out / "pelicanconf.py").write_text(CONFIGURATION, encoding="utf-8")
    (out / "theme/static/.keep").write_text("", encoding="utf-8")
    for name, text in pages.items():
        (out / "theme/templates" / name).write_text(text, encoding="utf-8")
    for incident in told:
        (out / "content/incidents" / f"{incident.name}.md").write_text(_article(incident), encoding="utf-8")


def _head() -> str:
    menu = "".join(
        f'<li class="svc ok"><a href="/services/{identity}/"><span class="dot"></span>{html.escape(name)}</a></li>\n'
        for identity, name in COMPONENTS.items()
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        f'<link rel="alternate" type="application/rss+xml" href="/index.xml"><style>{STYLE}</style>\n'
        '<title>@@T@@</title></head>\n<body><header><h1><a href="/">Example Status</a></h1></header>\n'
        f"<nav><ul>\n{menu}</ul></nav><main>\n"
    )


def _article(incident: Incident) -> str:
    last = incident.updates[-1]
    body = "\n\n".join(
        f"### {update.status.capitalize()} - {update.at:%Y-%m-%d %H:%M} UTC\n\n{update.public}"
        for update in reversed(incident.updates)
    )
    resolved = f"{last.at:%Y-%m-%d %H:%M}" if last.status == "resolved" else ""
    return (
        f"Title: {incident.title}\nDate: {incident.start:%Y-%m-%d %H:%M}\nSlug: {incident.name}\n"
        f"Tags: {', '.join(incident.components)}\nSeverity: {incident.severity}\nResolved: {resolved}\n\n{body}\n"
    )
