"""Mail that survives the programs people read it with, by what is known of those (`caniemail/README.md`)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest

from heliograph import resources
from heliograph.load import load_site
from heliograph.pipeline import MAIL, Build
from heliograph.render.layouts import Layouts
from heliograph.render.mail import inlined

HERE = Path(__file__).parent
DATA = json.loads((HERE / "caniemail/support.json").read_text("utf-8"))
FEATURES: dict[str, str] = DATA["features"]

ALLOWED = {
    "@media": "wide and dark windows are served better; without it rows stand below each other, dark on white",
    "@media (prefers-color-scheme)": "who lacks it shows dark on white, or turns both colours round itself",
    "<style> element": "holds nothing but rules within @media; all else stands in the elements",
    "<body> element": "its margin and background only: the table within says the same again, and fonts and colours",
    "color-scheme meta tag": "tells Apple's programs that we have dark colours; others need none",
    "display:none": "Gmail in a phone's browser only: there the preheader is one pixel high, white on white",
    "white-space": "breaks long lines of code, and keeps labels and ages in one line",
    "word-break": "breaks long addresses in narrow windows; else that window scrolls sideways",
    "border-radius": "square corners say the same",
    "HTML5 doctype": "such programs put mail into a page of their own; nothing here looks otherwise in it",
}
"""What may be missing somewhere, because everything can be read without it; each with its reason."""

NEVER_IN_QUESTION = {
    "properties": {"color", "font-family", "font-style", "mso-hide",
        "mso-padding-alt", "border-top", "border-bottom", "border-left", "margin-top",
                   "margin-bottom", "margin-left", "margin-right", "padding-top", "padding-bottom", "padding-left", "padding-right"},
    "elements": {"html", "head", "meta", "title", "tbody", "thead", "tr", "td", "th", "a", "br", "em", "li", "s"},
    "attributes": {"style", "class", "content", "name", "charset", "href", "rel", "id", "start", "scope", "title", "type", "colspan"},
}  # fmt: skip
"""What the data does not speak of, and every program has shown since there is HTML mail; what begins with `mso-` is Outlook's own."""

VOID = {"meta", "br", "hr", "img", "link", "input", "wbr", "base", "col", "source", "track", "area", "embed"}


# ── Which features a mail uses ───────────────────────────────────────────────────────────────────────────────────────


def names_of(title: str) -> tuple[str, ...]:
    """Read the names of properties, elements or attributes off a feature's title."""
    special = {
        "HTML5 semantics": "article aside details figcaption figure footer header main mark nav section summary time",
        "<h1> to <h6> elements": "h1 h2 h3 h4 h5 h6",
        "<ul>, <ol> and <dl>": "ul ol dl dt dd",
        "srcset and sizes attributes": "srcset sizes",
        "Image maps": "map area",
        "Embedded <svg> image": "svg",
        "grid-template-* properties": "grid-template-columns grid-template-rows grid-template-areas grid-template",
        "css column properties": "columns column-width column-rule column-span column-fill",
        "color-scheme CSS property": "color-scheme",
        "font shorthand": "font",
    }
    if title in special:
        return tuple(special[title].split())
    if found := re.fullmatch(r"<(\w+)(?: type=.*)?>(?: element)?", title):
        return (found.group(1),)
    if found := re.fullmatch(r"([\w-]+) attribute", title):
        return (found.group(1),)
    plain = re.sub(r" (?:property|shorthand)$", "", title)
    return tuple(re.split(r", | & ", plain)) if re.fullmatch(r"[a-z, &-]+", plain) else ()


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Features by what shows that they are used."""
    kinds: dict[str, dict[str, str]] = {"properties": {}, "elements": {}, "attributes": {}}
    for title in FEATURES:
        if title.startswith("<") or title in ("HTML5 semantics", "Image maps", "Embedded <svg> image", "address"):
            kind = "elements"
        else:
            kind = "attributes" if title.endswith(("attribute", "attributes")) else "properties"
        kinds[kind].update(dict.fromkeys(names_of(title), title))
    return kinds


class Element:
    """One element with its styles, as far as mail needs them."""

    def __init__(self, tag: str, attributes: dict[str, str], parent: Element | None) -> None:
        self.tag = tag
        self.attributes = attributes
        self.classes = set(attributes.get("class", "").split())
        self.parent = parent
        self.text = ""
        self.styles = dict(declarations(attributes.get("style", "")))

    def matches(self, selector: str) -> bool:
        """Tell whether a selector of a tag, a class, or both, means this element."""
        tag, _, name = selector.strip().partition(".")
        return tag in ("", self.tag, "*") and (not name or name in self.classes)


class Reader(HTMLParser):
    """Reads a mail's elements, its style sheets and its comments."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.comments = 0
        self._open: list[Element] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        element = Element(tag, {name: value or "" for name, value in attrs}, self._open[-1] if self._open else None)
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag):
        while any(one.tag == tag for one in self._open) and self._open.pop().tag != tag:
            pass

    def handle_data(self, data):
        if self._open:
            self._open[-1].text += data

    def handle_comment(self, data):
        self.comments += 1

    @property
    def sheets(self) -> list[str]:
        return [one.text for one in self.elements if one.tag == "style"]


def declarations(styles: str) -> Iterator[tuple[str, str]]:
    for one in styles.split(";"):
        name, colon, value = one.partition(":")
        if colon:
            yield name.strip().lower(), value.strip().lower()


def rules(sheet: str) -> Iterator[tuple[str, str]]:
    """Give the rules of a sheet, each with what stands before its braces and within them; not what is for print."""
    depth, start, head = 0, 0, ""
    sheet = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    for place, letter in enumerate(sheet):
        if letter == "{":
            depth += 1
            if depth == 1:
                head, start = sheet[start:place].strip(), place + 1
        elif letter == "}":
            depth -= 1
            if depth == 0:
                if not re.match(r"@media\s+print\b", head):
                    yield head, sheet[start:place]
                start = place + 1


def used_in(page: str) -> set[str]:
    """Name the features that a mail uses."""
    mail = Reader(page)
    found = {"HTML5 doctype"} if page.lower().startswith("<!doctype html>") else set()
    found |= {"HTML comments"} if mail.comments else set()
    for element in mail.elements:
        found |= used_by(element)
    for sheet in mail.sheets:
        found |= set(used_by_sheet(sheet))
    return found


def used_by(element: Element) -> set[str]:
    kinds = catalogue()
    names = {("elements", element.tag), *(("attributes", name) for name in element.attributes)}
    found = {kinds[kind].get(name) or unknown(kind, name) for kind, name in names}
    if element.tag == "meta" and element.attributes.get("name") == "color-scheme":
        found.add("color-scheme meta tag")
    address = element.attributes.get("href", "")
    found |= {"mailto: links"} if address.startswith("mailto:") else set()
    found |= {"Local anchors"} if address.startswith("#") else set()
    for name, value in element.styles.items():
        found |= set(used_by_declaration(name, value))
    return found - {""}


def used_by_sheet(sheet: str) -> Iterator[str]:
    for head, body in rules(sheet):
        if head.startswith("@"):
            yield head.split()[0]
            yield from (f"@media ({name})" for name in re.findall(r"\((prefers-[\w-]+|hover|orientation)", head))
            yield from used_by_sheet(body)
        else:
            yield from used_by_selector(head)
            for name, value in declarations(body):
                yield from used_by_declaration(name, value)


def used_by_selector(selector: str) -> Iterator[str]:
    yield from (
        title
        for title in FEATURES
        if title.startswith(":") and re.search(re.escape(title.rstrip("()")) + r"(?![\w-])", selector)
    )
    for mark, title in {"*": "Universal selector *", ">": "Child combinator", "+": "Adjacent sibling combinator", "~": "General sibling combinator", "[": "Attribute selector", "#": "ID selector"}.items():  # fmt: skip
        if mark in selector:
            yield title
    for one in selector.split(","):
        if re.search(r"[\w\])] +[\w.#\[*:]", one.strip()):
            yield "Descendant combinator"
        if re.search(r"\.[\w-]+\.", one):
            yield "Chaining selectors"


def used_by_declaration(name: str, value: str) -> Iterator[str]:
    if name.startswith("--"):
        yield "CSS Variables (Custom Properties)"
        return
    yield catalogue()["properties"].get(name) or unknown("properties", name)
    for title in FEATURES:
        pair = re.fullmatch(r"([a-z-]+): ?([a-z-]+)", title)
        if pair and (name, value.removesuffix("!important").strip()) == pair.groups():
            yield title
    if "!important" in value:
        yield "!important keyword"
    for function in re.findall(r"([a-z-]+)\(", value):
        yield {"var": "CSS Variables (Custom Properties)", "calc": "CSS calc() function"}.get(function) or next(
            (title for title in FEATURES if f"{function}()" in title), f"the function {function}()"
        )
    for unit in re.findall(r"(?<![\w#])-?[\d.]+([a-z]+|%)", value):
        yield f"{unit} unit"


def unknown(kind: str, name: str) -> str:
    """Say that nobody knows whether programs support something, unless nobody doubts it."""
    return "" if name in NEVER_IN_QUESTION[kind] else f"{name}, of which nothing is known"


def unsupported(page: str) -> dict[str, list[str]]:
    """Name what a mail uses though some program does not know it, with those programs."""
    found = {}
    for title in sorted(used_in(page) - ALLOWED.keys() - {""}):
        support = FEATURES.get(title)
        if support is None:
            found[title] = ["nobody knows"]
        elif "n" in support:
            found[title] = [client for client, answer in zip(DATA["clients"], support, strict=True) if answer == "n"]
    return found


# ── The mails ────────────────────────────────────────────────────────────────────────────────────────────────────────


@cache
def mails() -> dict[str, str]:
    """Every mail of the example and of the sample, by its path."""
    found = {}
    for folder in (resources.defaults(), HERE / "sites" / "sample"):
        site = load_site(folder)
        (draft,) = (draft for draft in Build(site, Layouts(), site.settings.clock).drafts() if draft.name == MAIL)
        for part in draft.parts:
            pages = (artifact for artifact in part.artifacts if artifact.path.endswith(".html"))
            found.update({f"{folder.name}/{page.path}": page.data.decode() for page in pages})
    return found


BAD = """<!doctype html><html lang="en" dir="ltr"><head><meta charset="utf-8"><style>
:root { --ink: #111111; }
body { color: var(--ink); }
.row { display: flex; gap: 1rem; position: sticky; background-image: url(x.png); width: clamp(1px, 2vw, 3px); }
@supports (display: grid) { .row > p { inset: 0; } }
@media (max-width: 600px) { .row::before { content: "x"; } }
</style></head><body><main><section class="row"><p>Words</p><video></video></section></main></body></html>"""
"""What a page may do, and a mail may not."""


@pytest.mark.slow
def test_no_mail_needs_what_a_program_that_matters_does_not_know():
    found = {name: unsupported(page) for name, page in mails().items()}
    assert len(found) > 20
    assert {name: what for name, what in found.items() if what} == {}


@pytest.mark.parametrize(
    "feature",
    [
        "display:flex", "position", "background-image", "CSS Variables (Custom Properties)", "HTML5 semantics", "<video> element", "@supports",
        "Child combinator", "clamp()", "inset", "gap, column-gap, row-gap", "::before", "the function url()", "content, of which nothing is known",
    ],
)  # fmt: skip
def test_a_mail_made_like_a_page_is_found_out(feature):
    assert feature in unsupported(BAD)


@pytest.mark.parametrize("feature", ["display:flex", "position", "background-image", "HTML5 semantics"])
def test_it_is_found_out_once_its_styles_have_moved_into_its_elements_too(feature):
    assert feature in unsupported(inlined(BAD))


@pytest.mark.slow
def test_the_list_of_what_may_be_missing_holds_only_what_is_used_and_missing_somewhere():
    used = set().union(*map(used_in, mails().values())) | {"border-radius"}
    assert ALLOWED.keys() <= used
    assert all("n" in FEATURES[title] for title in ALLOWED)


def test_every_property_of_the_data_is_known_by_its_name():
    """Were titles misread, features would be taken for unknown or for harmless."""
    known = catalogue()
    assert known["properties"]["position"] == "position"
    assert known["properties"]["row-gap"] == "gap, column-gap, row-gap"
    assert known["properties"]["height"] == "height property"
    assert known["elements"]["main"] == "HTML5 semantics"
    assert known["elements"]["h3"] == "<h1> to <h6> elements"
    assert known["attributes"]["aria-hidden"] == "aria-hidden attribute"
    assert all(len(support) == len(DATA["clients"]) for support in FEATURES.values())


# ── What else a mail must be ─────────────────────────────────────────────────────────────────────────────────────────


def faults(page: str) -> set[str]:
    """Say what is wrong with a mail's bones."""
    mail = Reader(page)
    html = mail.elements[0]
    found = set()
    if b'<meta charset="utf-8">' not in page.encode()[:1024]:
        found.add("charset too late")
    if len(mail.sheets) != 1 or len(mail.sheets[0].encode()) > 8_192:
        found.add("not one style sheet of 8 KB at most")
    if not html.attributes.get("lang") or html.attributes.get("dir") not in ("ltr", "rtl"):
        found.add("no language or direction")
    if remote(mail, page):
        found.add("remote content")
    if any(head and not head.startswith("@media") for sheet in mail.sheets for head, _ in rules(sheet)):
        found.add("rules outside @media")
    if any(
        element.tag == "table" and is_for_looks(mail, element) and element.attributes.get("role") != "presentation"
        for element in mail.elements
    ):
        found.add("a table for looks alone is not called one")
    if len(page.encode()) > 100_000:
        found.add("too large")
    return found


def remote(mail: Reader, page: str) -> bool:
    fetching = {
        "img",
        "link",
        "script",
        "iframe",
        "object",
        "embed",
        "video",
        "audio",
        "source",
        "svg",
        "base",
        "form",
        "input",
    }
    attributes = {"src", "background", "srcset", "poster", "action"}
    return (
        "url(" in page
        or "@import" in page
        or any(one.tag in fetching or attributes & one.attributes.keys() for one in mail.elements)
    )


def is_for_looks(mail: Reader, table: Element) -> bool:
    """Tell tables that hold things in place from those that say something, which have headings."""
    cells = {one.tag for one in mail.elements if one.tag in ("th", "td") and within(one, table)}
    return cells == {"td"}


def within(element: Element | None, table: Element) -> bool:
    """Tell whether the nearest table around an element is that one."""
    while element is not None and element.tag != "table":
        element = element.parent
    return element is table


def test_every_mail_has_sound_bones():
    assert {name: what for name, page in mails().items() if (what := faults(page))} == {}


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ('<meta charset="utf-8">', "<!--" + "x" * 1024 + '--><meta charset="utf-8">', "charset too late"),
        ("</head>", "<style>@media print { a { color: red } }</style></head>", "not one style sheet of 8 KB at most"),
        ("</style>", "/*" + "x" * 8192 + "*/</style>", "not one style sheet of 8 KB at most"),
        (' dir="', ' data-dir="', "no language or direction"),
        ("</body>", '<img alt="x" src="https://status.example.com/x.png"></body>', "remote content"),
        ("<style>", "<style>a { background: url(https://status.example.com/x.png) }", "remote content"),
        ("<style>", "<style>a { color: red }", "rules outside @media"),
        ('role="presentation"', "", "a table for looks alone is not called one"),
        ("</body>", "x" * 100_000 + "</body>", "too large"),
    ],
)
def test_unsound_bones_are_found(before, after, fault):
    page = next(iter(mails().values()))
    assert fault in faults(page.replace(before, after))


def test_the_preheader_comes_first_is_hidden_and_is_followed_by_room():
    for name, page in mails().items():
        mail = Reader(page)
        first = next(one for one in mail.elements if one.parent is not None and one.parent.tag == "body")
        assert first.classes == {"preheader"}, name
        assert first.styles["display"] == "none"
        assert first.styles["font-size"] == "1px"
        words, gap, room = first.text.partition("\u034f")
        assert words.strip(), name
        assert gap
        assert len(room.replace("\u034f", "").replace("\u200c", "")) >= 85, "the words below would run into the preview"


def test_each_cell_says_its_own_font_and_colour():
    """Outlook for Windows does not hand them on from a body into a table."""
    for name, page in mails().items():
        for one in Reader(page).elements:
            if one.tag in ("td", "th"):
                assert {"font", "color"} <= one.styles.keys(), f"{name}: a cell without font or colour"


# ── Light and dark ───────────────────────────────────────────────────────────────────────────────────────────────────


def shown(element: Element, name: str, dark: list[tuple[str, dict[str, str]]]) -> str:
    """What a property of an element is: its own, or its nearest ancestor's; rules for the dark go before styles."""
    one: Element | None = element
    while one is not None:
        value = one.styles.get(name, "")
        for selector, styles in dark:
            if name in styles and any(one.matches(part) for part in selector.split(",")):
                value = styles[name]
        if value:
            return value.removesuffix("!important").strip()
        one = one.parent
    return ""


def dark_rules(page: str) -> list[tuple[str, dict[str, str]]]:
    sheet = Reader(page).sheets[0]
    bodies = [body for head, body in rules(sheet) if "prefers-color-scheme: dark" in head]
    return [(selector, dict(declarations(body))) for found in bodies for selector, body in rules(found)]


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def hard_to_read(page: str, *, dark: bool) -> set[str]:
    """Name elements whose words have less contrast than 4.5 to what they stand on."""
    rules_for_dark = dark_rules(page) if dark else []
    found = set()
    for one in Reader(page).elements:
        if one.text.strip() and one.tag not in ("title", "style") and "preheader" not in one.classes:
            colours = shown(one, "color", rules_for_dark), shown(one, "background-color", rules_for_dark)
            if not all(re.fullmatch(r"#[0-9a-f]{6}", colour) for colour in colours) or contrast(*colours) < 4.5:
                found.add(f"<{one.tag} class={sorted(one.classes)}> {colours}")
    return found


@pytest.mark.parametrize("dark", [False, True], ids=["light, or @media dropped", "dark"])
def test_all_words_can_be_read(dark):
    assert {name: what for name, page in mails().items() if (what := hard_to_read(page, dark=dark))} == {}


def test_words_that_cannot_be_read_in_the_dark_are_found():
    page = next(page for page in mails().values() if "<a " in page)
    without = re.sub(r"a \{ color: #8ab8f0 !important; \}", "", page)
    assert without != page
    assert hard_to_read(without, dark=True)
    assert not hard_to_read(without, dark=False)


def test_what_turns_the_background_turns_every_colour_on_it():
    """A program that keeps one rule of the dark and drops others would else show dark words on dark."""
    for page in mails().values():
        turned = {selector for selector, styles in dark_rules(page) if "background-color" in styles}
        assert turned, "no dark background at all"
        (sheet,) = (one for one in Reader(page).elements if one.tag == "table" and "sheet" in one.classes)
        assert any(sheet.matches(part) for selector in turned for part in selector.split(","))


# ── In a window ──────────────────────────────────────────────────────────────────────────────────────────────────────


def bare(page: str) -> str:
    """A mail as it is left by a program that drops style sheets and what stands on the body."""
    return re.sub(r"<body[^>]*>", "<body>", re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL))


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 800])
def test_no_mail_scrolls_sideways_with_its_style_sheet_or_without(chromium, width):
    window = chromium.new_page(viewport={"width": width, "height": 700})
    wide = []
    for name, page in mails().items():
        for shown_as in (page, bare(page)):
            window.set_content(shown_as)
            if window.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wide.append(name)
    window.set_content(f"<p style='white-space: nowrap'>{'word ' * 100}</p>")
    assert window.evaluate("document.documentElement.scrollWidth > innerWidth"), "a wide page would not be seen"
    window.close()
    assert wide == []
