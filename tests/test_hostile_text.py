"""What others wrote is text: for the loader, in feeds, answers to programs and mail, and to every layout."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from email import message_from_bytes, policy
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path

import feedparser
import msgspec
import pytest
from jinja2 import nodes
from lxml import etree

from heliograph import resources
from heliograph.gate import PUBLIC_READER, Gate
from heliograph.load import load_site, passages
from heliograph.load.fields import Values, Wrong
from heliograph.load.files import decode
from heliograph.load.frontmatter import whole
from heliograph.load.nodes import Scalar
from heliograph.load.resolve import Labels, Vocabulary
from heliograph.pipeline import trees
from heliograph.problems import Problems
from heliograph.render import feeds, markup, statuspage
from heliograph.render.layouts import Layouts
from heliograph.render.tongue import ENGLISH
from heliograph.tree.artifact import Artifact
from hostile.documents import documents
from hostile.poison import poisoned, texts, titles
from hostile.vectors import ATTRIBUTES, ELSEWHERE, MARKUP, SCHEMES, TEMPLATES, VECTORS

LAYOUTS = resources.defaults() / "layouts"
LABELS = Labels(
    Vocabulary(
        audiences=frozenset({"public", "internal"}), customers=frozenset(), components=frozenset(), facts=frozenset()
    )
)


def refusals(words: str) -> list[str]:
    """The codes with which the loader refuses a text as a file's only passage."""
    problems = Problems()
    source = decode("x.md", words.encode("utf-8", "surrogatepass"), problems)
    if source is not None:
        passages.read(whole(source), "public", LABELS, problems)
    return [problem.code for problem in problems.errors]


# --- the loader ---------------------------------------------------------------------------------------------------


class Links(HTMLParser):
    """Gathers where links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ("href", "src")]


def links_of(words: str) -> list[str]:
    links = Links()
    links.feed(markup._render(words, 3))
    return links.found


def test_there_are_at_least_a_hundred_and_twenty_vectors_and_no_two_alike():
    assert len(set(VECTORS)) == len(VECTORS) >= 120


@pytest.mark.parametrize("vector", [*SCHEMES, *ELSEWHERE, *ATTRIBUTES])
def test_a_vector_is_refused_or_leads_to_nowhere_but_a_whole_address(vector):
    if not refusals(vector):
        assert [
            link for link in links_of(vector) if not re.match(r"(?:https?://[^/@]+(?:/|$)|mailto:|tel:)", link)
        ] == []


class Elements(HTMLParser):
    """Gathers the elements and attributes that a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.mark.parametrize("vector", MARKUP)
def test_html_is_refused_or_stays_words(vector):
    if not refusals(vector):
        elements = Elements()
        elements.feed(markup._render(vector, 3))
        assert elements.found <= {"p", "pre", "code", "h2", "h3", "blockquote", "ul", "li"}


def test_most_html_is_refused():
    assert sum(not refusals(vector) for vector in MARKUP) < len(MARKUP) / 5


def test_templates_are_ordinary_words():
    assert [vector for vector in TEMPLATES if set(refusals(vector)) - {"E408", "E423"}] == []


# --- schemes, addresses and directions of writing ------------------------------------------------------------------

PHISHING = [vector for vector in ELSEWHERE if "evil" in vector or "xn--" in vector or "\u0430" in vector]


@pytest.mark.parametrize("vector", PHISHING)
def test_no_link_shows_one_host_and_leads_to_another_unseen(vector):
    """Refused; or the address that is followed is plain ASCII, with the host it really leads to before the first slash."""
    if not refusals(vector):
        for link in links_of(vector):
            host = re.match(r"https?://([^/?#]*)|(?:mailto|tel):", link)
            assert host is not None
            assert link.isascii()
            assert "@" not in (host.group(1) or "")
            assert "\\" not in link


SPOOFS = [
    template.format(chr(number))
    for number in (
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
        *range(0x2028, 0x202A),
        0x85,
        0x00,
        0x07,
        0x1B,
        0x7F,
        0x9B,
        0xFFFE,
        0xFFFF,
    )
    for template in (
        "pay{}ments",
        "{}payments",
        "payments{}",
        "{0}a{0}",
        "a b {} c",
        "`{}`",
        "[a{}](https://x.example)",
        "1 {} 2",
    )
]


def test_nothing_that_turns_or_hides_text_is_accepted_anywhere():
    values = Values("x.md", Problems(), LABELS)
    assert len(SPOOFS) > 140
    for spoof in SPOOFS:
        assert refusals(spoof), ascii(spoof)
        with pytest.raises(Wrong):
            values.title(Scalar(spoof, 1, 1))


@pytest.mark.parametrize(
    "word",
    [
        "checkоut",
        "сheckout",
        "check\u200bout",
        "check\u00adout",
        "ｃheckout",
        "checkout\u0301",
        "CHECKOUT",
        "check out",
    ],
)
def test_a_look_alike_is_no_id(word):
    values = Values("x.md", Problems(), LABELS)
    with pytest.raises(Wrong):
        values.identity(Scalar(word, 1, 1))


# --- every output of a poisoned site -------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def built() -> tuple[tuple[str, Artifact], ...]:
    """Every file of the poisoned example, by tree."""
    site = poisoned()
    return tuple(
        (tree.name, artifact) for tree in trees(site, Layouts(), site.settings.clock) for artifact in tree.artifacts
    )


def of_kind(*endings: str) -> Iterator[tuple[str, Artifact]]:
    return ((f"{tree}/{artifact.path}", artifact) for tree, artifact in built() if artifact.path.endswith(endings))


@pytest.mark.slow
def test_every_feed_of_a_poisoned_site_parses_and_its_titles_are_text():
    hostile = set(titles())
    seen = 0
    for path, artifact in of_kind(".atom", ".rss"):
        root = etree.fromstring(artifact.data, etree.XMLParser(resolve_entities=False, no_network=True))
        assert {
            element.tag
            for element in root.iter()
            if isinstance(element.tag, str) and element.tag.rpartition("}")[2] in ("script", "img", "svg")
        } == set()
        parsed = feedparser.parse(artifact.data)
        assert not parsed.bozo, path
        found = {re.sub(r"^\[[\w ]+\] ", "", element.text or "") for element in root.iter("{*}title", "title")}
        seen += bool(found & hostile)
    assert seen > 5


@pytest.mark.slow
def test_every_json_of_a_poisoned_site_parses_and_holds_the_titles_as_they_were_written():
    hostile = set(titles())
    found: set[str] = set()
    for _, artifact in of_kind(".json"):
        found |= hostile & set(strings(json.loads(artifact.data)))
    assert len(found) > 8


def strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for inner in value.values():
                yield from strings(inner)
        case list():
            for inner in value:
                yield from strings(inner)


@pytest.mark.slow
def test_every_mail_of_a_poisoned_site_has_two_parts_and_the_headers_that_were_meant():
    seen = 0
    for path, artifact in of_kind(".eml"):
        message = message_from_bytes(artifact.data, policy=policy.default)
        assert [part.get_content_type() for part in message.walk()] == [
            "multipart/alternative",
            "text/plain",
            "text/html",
        ], path
        assert set(message.keys()) <= {
            *("From", "Reply-To", "Subject", "Date", "List-Id", "Auto-Submitted", "X-Auto-Response-Suppress"),
            *("Content-Language", "MIME-Version", "Content-Type"),
        }
        html = message.get_body(("html",)).get_content()
        elements = Elements()
        elements.feed(html)
        assert not elements.found & {
            "script",
            "iframe",
            "object",
            "embed",
            "base",
            "form",
            "svg",
            "math",
            "img",
            "link",
        }, path
        assert not [name for name in elements.attributes if name.startswith("on") or name in ("src", "background")], (
            path
        )
        seen += 1
    assert seen > 15


@pytest.mark.slow
def test_calendars_and_plain_texts_of_a_poisoned_site_gain_no_lines_of_their_own():
    for path, artifact in of_kind(".ics"):
        lines = artifact.data.decode().replace("\r\n ", "").split("\r\n")
        assert [line for line in lines if line and not re.match(r"[A-Z-]+[:;]", line)] == [], path
    for path, artifact in of_kind("_headers", "robots.txt"):
        assert "hit(" not in artifact.data.decode(), path


@pytest.mark.slow
def test_pictures_of_a_poisoned_site_are_well_formed_and_still():
    for path, artifact in of_kind(".svg"):
        root = etree.fromstring(artifact.data, etree.XMLParser(resolve_entities=False, no_network=True))
        names = {element.tag.rpartition("}")[2] for element in root.iter() if isinstance(element.tag, str)}
        assert names <= {"svg", "g", "rect", "path", "text", "title", "circle", "line", "desc", "style"}, path
        assert not [
            name for element in root.iter() for name in element.attrib if name.startswith("on") or "href" in name
        ], path


# --- policy and templates ------------------------------------------------------------------------------------------

POLICY = re.compile(
    r'<meta http-equiv="Content-Security-Policy" content="default-src \'none\';[^"]*base-uri \'none\'; form-action \'none\'[^"]*">'
)


@pytest.mark.slow
def test_every_page_of_every_tree_has_the_policy_before_anything_it_governs():
    seen = 0
    for path, artifact in of_kind(".html"):
        if path.startswith(("mail/", "macros/")):
            continue
        html = artifact.data.decode()
        found = POLICY.search(html)
        assert found is not None, path
        assert re.search(r"<(?:link|script|style|img|body|title)\b", html[: found.start()]) is None, path
        assert "unsafe-" not in found.group(), path
        seen += 1
    assert seen > 90


def templates() -> list[Path]:
    return sorted(
        path for path in LAYOUTS.rglob("*") if path.is_file() and path.suffix in (".html", ".txt", ".md", ".svg")
    )


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.relative_to(LAYOUTS).as_posix())
def test_no_layout_turns_escaping_off_or_takes_its_source_from_a_view(path):
    tree = Layouts()._speaking(ENGLISH).parse(path.read_text("utf-8"))
    assert "safe" not in {found.name for found in tree.find_all(nodes.Filter)}
    assert list(tree.find_all((nodes.ScopedEvalContextModifier, nodes.EvalContextModifier))) == []
    for used in (
        *tree.find_all(nodes.Include),
        *tree.find_all(nodes.Extends),
        *tree.find_all(nodes.Import),
        *tree.find_all(nodes.FromImport),
    ):
        assert isinstance(used.template, nodes.Const), path


def test_no_code_makes_a_template_of_text():
    package = Path(markup.__file__).parents[1]
    making = re.compile(r"from_string|\bTemplate\(|\beval\(|\bexec\(|\b__import__\(|\.compile_expression|\|\s*safe\b")
    assert {path.name for path in package.rglob("*.py") if making.search(path.read_text("utf-8"))} == set()


@pytest.mark.parametrize("expression", [one for one in TEMPLATES if len(one) <= 140])
def test_an_expression_stays_what_it_is_in_every_field_and_every_output(expression):
    site = poisoned([expression], lines=[expression])
    view = Gate(site, site.settings.clock).view_of(PUBLIC_READER)
    assert expression in set(texts(view))
    history = next(artifact for artifact in feeds.feeds(view) if artifact.path == "history.atom")
    named = {element.text for element in etree.fromstring(history.data).iter("{*}title")}
    assert expression in named
    answers = [
        set(strings(json.loads(artifact.data)))
        for artifact in statuspage.api(view)
        if artifact.path.endswith("summary.json")
    ]
    assert answers
    assert all(expression in answer for answer in answers)


@pytest.mark.slow
def test_a_poisoned_build_runs_nothing_imports_nothing_from_the_site_and_opens_no_connection(tmp_path):
    program = """
import sys
sys.path.insert(0, sys.argv[1])
from hostile.poison import poisoned
from heliograph.pipeline import trees
from heliograph.render.layouts import Layouts
from heliograph.render.tongue import ENGLISH
site = poisoned()
for tree in trees(site, Layouts(), site.settings.clock):
    for artifact in tree.artifacts: pass
seen = []
watched = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "socket.connect", "socket.getaddrinfo", "socket.bind", "exec", "import", "ctypes.dlopen", "os.putenv")
sys.addaudithook(lambda event, arguments: seen.append((event, repr(arguments)[:120])) if event in watched else None)
for tree in trees(site, Layouts(), site.settings.clock):
    for artifact in tree.artifacts: pass
site = poisoned()
print([one for one in seen if not (one[0] == "exec" and "layouts/" in one[1])])
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(Path(__file__).parent)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


# --- ten thousand titles -------------------------------------------------------------------------------------------

EACH = 50


def fuzzed_titles(seed: int, count: int) -> list[str]:
    """Titles of scraps, marks and characters from all over Unicode, lone surrogates left out."""
    source = random.Random(seed)
    scraps = [one for document in documents(seed, 40) for one in document.split("\n")]
    found = []
    for _ in range(count):
        letters = "".join(
            chr(
                source.choice(
                    (
                        source.randrange(0x20),
                        source.randrange(0x2FF),
                        source.randrange(0xD800),
                        source.randrange(0xE000, 0x110000),
                    )
                )
            )
            for _ in range(source.randint(0, 8))
        )
        found.append((source.choice(scraps)[: source.randint(0, 60)] + letters) or "x")
    return found


@pytest.mark.slow
@pytest.mark.parametrize("share", range(4))
def test_whatever_the_titles_every_feed_and_answer_parses_again(share):
    site = load_site(resources.defaults())
    view = Gate(site, site.settings.clock).view_of(PUBLIC_READER)
    told_once = tuple(msgspec.structs.replace(update, claims=()) for update in view.incidents[0].updates[:1])
    base = msgspec.structs.replace(view.incidents[0], claims=(), affected=(), updates=told_once, postmortem=None)
    only = msgspec.structs.replace(view, components=(), maintenances=(), pages=(), months=())
    for seed in range(share * 50, share * 50 + 50):
        words = fuzzed_titles(seed, EACH)
        told = tuple(msgspec.structs.replace(base, id=f"i{number}", title=title) for number, title in enumerate(words))
        poisoned_view = msgspec.structs.replace(only, incidents=told)
        for artifact in feeds.feeds(poisoned_view):
            if artifact.path in ("history.atom", "updates.rss"):
                root = etree.fromstring(
                    artifact.data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
                )
                entries = [*root.iter("{*}entry"), *root.iter("item")]
                assert len(entries) == EACH
                assert all(
                    entry.findtext("{*}title") is not None or entry.findtext("title") is not None for entry in entries
                )
            elif artifact.path.endswith(".json"):
                assert {item["title"].partition("] ")[2] for item in json.loads(artifact.data)["items"]} <= set(words)
