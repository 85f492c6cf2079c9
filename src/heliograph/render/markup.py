"""Markdown as readers get it: safe HTML, and plain text that says the same. Authored text is data, never a template."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from heliograph.addresses import SCHEMES, link_fault
from heliograph.limits import DEPTH_LIMIT, cells
from heliograph.view import Line, Passage, Picture

_PICTURE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.(?:png|jpe?g|webp)", re.ASCII | re.IGNORECASE)
_NAMED_PICTURE = re.compile(rf"!\[([^\[\]]*)\]\({_PICTURE_NAME.pattern}(?:\s[^()]*)?\)", re.ASCII | re.IGNORECASE)
_PICTURE_PLACE = re.compile(r"(?:\.\./)*assets/picture-[0-9a-f]{16}\.(?:png|jpg|webp)", re.ASCII)
_TAGS: Final = {
    *("p", "br", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "hr", "a", "img"),
    *("h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES: Final = {"a": {"href", "title"}, "ol": {"start"}, "img": {"src", "alt", "width", "height"}}


def link_allowed(url: str) -> bool:
    """Accept the addresses that readers of files accept; everything else stays words."""
    return link_fault(url) is None


def _may_be_parsed(url: str) -> bool:
    """Accept what a link or a picture may name; markdown-it asks this of both, the sanitiser tells them apart."""
    return link_allowed(url) or _PICTURE_NAME.fullmatch(url) is not None


def _kept(_tag: str, attribute: str, value: str) -> str | None:
    """Keep links that lead where links may, and pictures that lie among our own files."""
    if attribute == "href":
        return value if link_allowed(value) else None
    if attribute == "src":
        return value if _PICTURE_PLACE.fullmatch(value) else None
    return value


def _parser() -> MarkdownIt:
    parser = MarkdownIt("js-default", {"html": False, "linkify": False, "typographer": False, "maxNesting": 20})
    parser.validateLink = _may_be_parsed  # type: ignore[method-assign]  # the library's documented hook
    return parser


_PARSER: Final = _parser()
_WORDS_ONLY: Final = MarkdownIt("zero")
_CELL_LIMIT: Final = 200_000
_BRACKET_LIMIT: Final = 10_000
"""Both are more than the passages of a file may have together."""
_SANITISER: Final = nh3.Cleaner(
    tags=_TAGS, attributes=_ATTRIBUTES, attribute_filter=_kept, url_schemes=set(SCHEMES), link_rel=None
)


HIGHEST: Final = 3
"""The level of a passage's highest headings, where a page does not ask for another."""

NO_PICTURES: Final[Mapping[str, Picture]] = MappingProxyType({})

_MAY_HAVE_HEADINGS = re.compile(r"#|^[^\n\w]*[=-][ \t]*$", re.MULTILINE)
"""Only such text renders differently from one level to another; all other is rendered once for all pages."""

_rendered: dict[tuple[str, int], Markup] = {}


def to_html(markdown: str, top: int = HIGHEST) -> Markup:
    """Render one passage. Its highest headings become `<h{top}>`; what the sanitiser does not know is dropped."""
    key = (markdown, top if _MAY_HAVE_HEADINGS.search(markdown) else HIGHEST)
    if key not in _rendered:
        _rendered[key] = _render(*key)
    return _rendered[key]


def remember(passages: Sequence[str], rendered: Sequence[Markup]) -> None:
    """Take over what another process rendered, so that it is not rendered again."""
    _rendered.update(zip(((passage, HIGHEST) for passage in passages), rendered, strict=True))


def illustrated(passage: Passage | Line, base: str, top: int = HIGHEST) -> Markup:
    """Render one passage with its pictures, for a page from which `base` leads to the site's top (`../../`)."""
    if not passage.pictures:
        return for_page(passage.markdown, top)
    pictures = {picture.name: picture for picture in passage.pictures}
    return _scrolling(_render(passage.markdown, top, pictures, base))


def for_page(markdown: str, top: int = HIGHEST) -> Markup:
    """Render one passage for a page, where tables and code that are too wide scroll by themselves, by keyboard too."""
    return _scrolling(to_html(markdown, top))


_SCROLLED: Final = (
    (Markup("<table>"), Markup('<div class="scroll" tabindex="0"><table>')),
    (Markup("</table>"), Markup("</table></div>")),
    (Markup("<pre>"), Markup('<pre tabindex="0">')),
)


def _scrolling(rendered: Markup) -> Markup:
    for plain, scrolled in _SCROLLED:
        if plain in rendered:
            rendered = rendered.replace(plain, scrolled)
    return rendered


def _render(markdown: str, top: int, pictures: Mapping[str, Picture] = NO_PICTURES, base: str = "") -> Markup:
    tokens = _parsed(markdown)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, max(top, int(token.tag[1]) + top - 2))}"
        elif token.children and any(child.type == "image" for child in token.children):
            token.children = [_pictured(child, pictures, base) for child in token.children]
    rough = _PARSER.renderer.render(tokens, _PARSER.options, {})
    return Markup(_SANITISER.clean(rough))  # noqa: S704 -- the sanitiser has just been over it


def _parsed(markdown: str) -> list[Token]:
    """Parse a text; one that would take for ever, or nest so deep that it brings down whoever reads it, stays words."""
    if cells(markdown) <= _CELL_LIMIT and markdown.count("[") <= _BRACKET_LIMIT:
        tokens = _PARSER.parse(markdown)
        if not any(child.level > 2 * DEPTH_LIMIT for token in tokens for child in token.children or ()):
            return tokens
    return _WORDS_ONLY.parse(markdown)


def _pictured(token: Token, pictures: Mapping[str, Picture], base: str) -> Token:
    """Point an image at the file it is published as; where a surface shows none, say what it would have shown."""
    if token.type != "image":
        return token
    picture = pictures.get(str(token.attrs.get("src", "")))
    if picture is None:
        return Token("text", "", 0, content=_described(token))
    places = {"src": f"{base}assets/{picture.file}", "width": str(picture.width), "height": str(picture.height)}
    return Token("image", "img", 0, attrs={**places, "alt": ""}, children=token.children, content=token.content)


def _described(token: Token) -> str:
    words = _inline_text(token.children or [])
    return f"(picture: {words})" if words else "(picture)"


@cache
def to_text(markdown: str) -> str:
    """Render one passage as plain text: paragraphs apart by an empty line, links as `words (address)`."""
    plain = _Plain()
    for token in _parsed(markdown):
        plain.take(token)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(plain.lines)).strip("\n")


def without_pictures(markdown: str) -> str:
    """Put words where Markdown names a picture, for surfaces that carry none."""
    return _NAMED_PICTURE.sub(lambda found: f"(picture: {found.group(1)})" if found.group(1) else "(picture)", markdown)


def to_line(markdown: str) -> str:
    """Render one passage as a single line of plain text."""
    return " ".join(to_text(markdown).split())


class _Plain:
    """Writes block tokens as lines of text, with list marks and quote marks in the margin."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._margins: list[str] = []
        self._numbers: list[int | None] = []
        self._mark = ""
        self._row: list[str] | None = None

    def take(self, token: Token) -> None:
        """Write what one token adds."""
        step = getattr(self, f"_{token.type}", None)
        if step is not None:
            step(token)

    def _write(self, text: str) -> None:
        for line in text.split("\n"):
            self.lines.append("".join(self._margins) + self._mark + line)
            if self._mark:
                self._margins[-1] = " " * len(self._mark)
                self._mark = ""

    def _inline(self, token: Token) -> None:
        words = _inline_text(token.children or [])
        if self._row is None:
            self._write(words)
        else:
            self._row.append(words)

    def _paragraph_close(self, token: Token) -> None:
        if not token.hidden:
            self.lines.append("")

    def _heading_close(self, _: Token) -> None:
        self.lines.append("")

    def _fence(self, token: Token) -> None:
        self._write("\n".join("    " + line for line in token.content.rstrip("\n").split("\n")))
        self.lines.append("")

    _code_block = _fence

    def _hr(self, _: Token) -> None:
        self._write("---")
        self.lines.append("")

    def _bullet_list_open(self, _: Token) -> None:
        self._numbers.append(None)

    def _ordered_list_open(self, token: Token) -> None:
        self._numbers.append(int(token.attrs.get("start", 1)))

    def _list_item_open(self, _: Token) -> None:
        number = self._numbers[-1]
        self._mark = "- " if number is None else f"{number}. "
        if number is not None:
            self._numbers[-1] = number + 1
        self._margins.append("")

    def _list_item_close(self, _: Token) -> None:
        self._margins.pop()
        self._mark = ""

    def _bullet_list_close(self, _: Token) -> None:
        self._numbers.pop()
        if not self._numbers:
            self.lines.append("")

    _ordered_list_close = _bullet_list_close

    def _blockquote_open(self, _: Token) -> None:
        self._margins.append("> ")

    def _blockquote_close(self, _: Token) -> None:
        self._margins.pop()

    def _tr_open(self, _: Token) -> None:
        self._row = []

    def _tr_close(self, _: Token) -> None:
        row, self._row = self._row or [], None
        self._write(" | ".join(row))

    def _table_close(self, _: Token) -> None:
        self.lines.append("")


def _inline_text(tokens: Sequence[Token]) -> str:
    parts: list[str] = []
    links: list[tuple[int, str]] = []
    for token in tokens:
        match token.type:
            case "text" | "code_inline":
                parts.append(token.content)
            case "image":
                parts.append(_described(token))
            case "softbreak":
                parts.append(" ")
            case "hardbreak":
                parts.append("\n")
            case "link_open":
                links.append((len(parts), str(token.attrs.get("href", ""))))
            case "link_close":
                start, address = links.pop()
                shown = address.removeprefix("mailto:").removeprefix("tel:")
                if shown not in "".join(parts[start:]):
                    parts.append(f" ({shown})")
            case _:
                pass
    return "".join(parts)
