"""Hostile words in a real browser: nothing runs, nothing is fetched, nothing leads where links may not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from email import message_from_bytes, policy
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from heliograph import resources
from heliograph.load import load_site
from heliograph.model import Site
from heliograph.pipeline import trees
from heliograph.render import markup
from heliograph.render.layouts import Layouts
from hostile.browser import POLICY, TEXT_ATTRIBUTES, TEXT_ELEMENTS, Watch, chromium
from hostile.documents import documents
from hostile.poison import poisoned
from hostile.vectors import MARKUP, VECTORS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OWN_FILE_MISSING = re.compile(r"^console: Failed to load resource: net::ERR_FILE_NOT_FOUND$")
"""Only the pages are written here, without the stylesheet they name."""
SCHEMES = ["http:", "https:", "mailto:", "tel:"]
BATCH = 500
BATCHES = 20
NEVER = {
    "iframe",
    "object",
    "embed",
    "base",
    "math",
    "video",
    "audio",
    "frame",
    "frameset",
    "applet",
    "template",
    "noscript",
}


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@pytest.fixture
def watch(browser, tmp_path, record_property):
    watching = Watch(browser, tmp_path)
    yield watching
    watching.close()
    record_property("pages", watching.seen)
    for name in ("ran", "handler", "request"):
        record_property(name, sum(bool(re.search(rf"(?:^|: ){name}\b", wrong)) for wrong in watching.wrong))


def page_of(texts: Iterable[str], folder: Path, name: str, *, guarded: bool) -> Path:
    """Write a page of many rendered texts, each in an article of its own; `guarded` by the pages' policy or not."""
    articles = "\n".join(f"<article>{markup._render(text, 3)}</article>" for text in texts)
    head = POLICY if guarded else ""
    file = folder / f"{name}.html"
    html = f'<!doctype html><html lang="en"><head><meta charset="utf-8">{head}<title>x</title></head><body><main>{articles}</main></body></html>'
    file.write_text(html, "utf-8", "surrogatepass")
    return file


def look_at_texts(watch: Watch, texts: list[str], folder: Path, name: str, *, guarded: bool) -> None:
    file = page_of(texts, folder, name, guarded=guarded)
    watch.look(file, TEXT_ELEMENTS, TEXT_ATTRIBUTES, SCHEMES, "main > article")
    assert watch.count("main > article") == len(texts)
    assert watch.count("body > *") == 1
    assert watch.wrong == []


@pytest.mark.parametrize("guarded", [True, False], ids=["with the policy", "by the sanitiser alone"])
def test_no_vector_runs_loads_or_leads_anywhere(watch, tmp_path, guarded, record_property):
    record_property("vectors", len(VECTORS))
    look_at_texts(watch, list(VECTORS), tmp_path, "vectors", guarded=guarded)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_of_five_hundred_random_documents_none_does_either(watch, tmp_path, batch, record_property):
    texts = list(documents(batch, BATCH))
    record_property("documents", len(texts))
    look_at_texts(watch, texts, tmp_path, "guarded", guarded=True)
    look_at_texts(watch, texts, tmp_path, "bare", guarded=False)


BROKEN = {
    "an image that runs": "<img src=x onerror=hit(1)>",
    "a script": "<script>hit(1)</script>",
    "a scheme": '<a href="java&Tab;script:hit(1)">x</a>',
    "a picture from elsewhere": '<img src="https://evil.example/x.gif">',
    "a way out": "</article></main><p>x</p>",
    "a style": '<p style="color: red">x</p>',
    "a frame": '<iframe srcdoc="x"></iframe>',
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_watch_notices(watch, tmp_path, monkeypatch, name):
    monkeypatch.setattr(markup, "_render", lambda text, top: text)
    with pytest.raises(AssertionError):
        look_at_texts(watch, [BROKEN[name]], tmp_path, "broken", guarded=False)


def test_without_sanitiser_and_caution_vectors_do_run(watch, tmp_path, monkeypatch):
    parser = MarkdownIt("commonmark", {"html": True})
    monkeypatch.setattr(markup, "_render", lambda text, top: parser.render(text))
    for number, vector in enumerate(MARKUP[:30]):
        file = page_of([vector], tmp_path, f"broken-{number}", guarded=False)
        watch.look(file, TEXT_ELEMENTS, TEXT_ATTRIBUTES, SCHEMES, "main > article")
    assert sum("ran" in wrong for wrong in watch.wrong) > 10
    assert any("request" in wrong for wrong in watch.wrong)


def html_of(site: Site, wanted: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Build a site; give the path and the text of every HTML file of some trees, and of the mails' HTML parts."""
    for tree in trees(site, Layouts(), site.settings.clock):
        for artifact in tree.artifacts if tree.name in wanted else ():
            path = f"{tree.name}/{artifact.path}"
            if path.endswith(".html") and not path.endswith("/404.html"):
                yield path, artifact.data.decode()
            if path.endswith(".eml"):
                part = message_from_bytes(artifact.data, policy=policy.default).get_body(("html",))
                yield f"{path}.html", part.get_content()


class Names(HTMLParser):
    """Gathers the names of all elements and attributes that pages are made of."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}


def made_of(wanted: Sequence[str]) -> Names:
    """Say what the pages of the example are made of while nobody is hostile."""
    names = Names()
    for _, html in html_of(load_site(resources.defaults()), wanted):
        names.feed(html)
    assert not names.elements & NEVER
    assert not [name for name in names.attributes if name.startswith("on")]
    return names


TREES = {
    "internal": (("internal",), True),
    "public": (("public",), True),
    "public, without its policy": (("public",), False),
    "the rest": (("mail", "macros", "exec", "support"), True),
}


@pytest.mark.parametrize("case", TREES)
def test_a_poisoned_page_mail_or_macro_is_made_of_nothing_that_a_clean_one_is_not(watch, tmp_path, case):
    wanted, guarded = TREES[case]
    known = made_of(wanted)
    for path, html in html_of(poisoned(), wanted):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(
            html if guarded else re.sub(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "", html), "utf-8"
        )
    for file in sorted(tmp_path.rglob("*.html")):
        watch.look(file, [*TEXT_ELEMENTS, *known.elements], [*TEXT_ATTRIBUTES, *known.attributes], [*SCHEMES, "file:"])
    assert {wrong for wrong in watch.wrong if not OWN_FILE_MISSING.search(wrong)} == set()
    assert watch.seen > 40
