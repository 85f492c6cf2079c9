"""Other tools' Markdown made ours: no comments, no raw HTML, no images, no shortcodes, absolute links, no markers.

Every step keeps the number of lines as far as it can, so that findings name the line in the source.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple
from urllib.parse import urljoin

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdownify import markdownify

from heliograph.addresses import link_fault
from heliograph.importers.defuse import defused
from heliograph.importers.report import Notes

Shortcode = Callable[[str, str, int], str | None]
"""Takes a shortcode's name, its arguments and line; gives the words to stand in its place, None if it knows none."""

_MASK: Final = "\ue000{}\ue001"
_MASKED: Final = re.compile("\ue000(\\d+)\ue001")
_CONTROLS: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u2069\ud800-\udfff\ue000-\ue00f\ufeff\ufffe\uffff]"
)
_CODE_SPAN: Final = re.compile(r"(?<![\\`])(`+)(?!`)((?:(?!\n[ \t]*\n).)*?[^`])\1(?!`)", re.DOTALL)
_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_SHORTCODE: Final = re.compile(r"\{\{([<%])\s*(/?\s*[A-Za-z][\w/.-]*)\s*(.*?)\s*/?\s*[>%]\}\}", re.DOTALL)
_SCRIPT: Final = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_AUTOLINK: Final = re.compile(r"<([A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*)>")
_MAIL: Final = re.compile(r"<[\w.+-]+@[\w-]+(?:\.[\w-]+)+>", re.ASCII)
_ELEMENT: Final = re.compile(
    r"<(a|b|strong|i|em|del|s|h[1-6]|p|blockquote)(?:\s[^<>]*)?>(?:(?!</?\1\b|\n[ \t]*\n).)*</\1\s*>",
    re.DOTALL | re.IGNORECASE,
)
_BREAK: Final = re.compile(r"[ \t]*<br\s*/?>[ \t]*\n?", re.IGNORECASE)
_IMG: Final = re.compile(r"<img\s[^<>]*>", re.IGNORECASE)
_TAG: Final = re.compile(r"</?([A-Za-z][A-Za-z0-9-]*)(?:\s[^<>]*)?/?>")
_LESS: Final = re.compile(r"(?<!\\)<(?=[A-Za-z/!?])")
_DESTINATION: Final = (
    r"\(\s*<?((?:[^\s()<>]|\((?:[^\s()]|\([^\s()]*\))*\))*)>?(?:\s+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?\s*\)"
)
_IMAGE: Final = re.compile(r"!\[([^\[\]]*)\]" + _DESTINATION)
_IMAGE_BY_NAME: Final = re.compile(r"!(?=\[[^\[\]]*\]\[[^\[\]]*\])")
_PICTURE_LINK: Final = re.compile(r"\[\s*!\[([^\[\]]*)\]" + _DESTINATION + r"\s*\](?=\()")
_LINK: Final = re.compile(r"(?<!\\)\[((?:[^\[\]\\]|\\.)*)\]" + _DESTINATION)
_OTHER_LINK: Final = re.compile(r"\]" + _DESTINATION)
_DEFINITION: Final = re.compile(
    r"^ {0,3}\[([^\[\]^][^\[\]]*)\]:[ \t]*<?([^\s<>]+)>?(?:[ \t]+[\"'(].*)?[ \t]*$", re.MULTILINE
)
_PLACEHOLDER: Final = re.compile(r"\[\[([^\n]*?)\]\]")
_BLANKS: Final = re.compile(r"\n(?:[ \t]*\n){2,}")
_VISIBLE: Final = re.compile(
    "[^\\s\u00ad\u034f\u115f\u1160\u180e\u200b-\u200f\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0]"
)
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_HTML_NAMES: Final = frozenset(
    {
        *("a", "abbr", "acronym", "address", "article", "aside", "b", "big", "blockquote", "body", "br", "button"),
        *("caption", "center", "cite", "code", "col", "colgroup", "dd", "del", "details", "dfn", "dir", "div", "dl"),
        *("dt", "em", "fieldset", "figcaption", "figure", "font", "footer", "form", "h1", "h2", "h3", "h4", "h5"),
        *("h6", "head", "header", "hr", "html", "i", "iframe", "img", "input", "ins", "kbd", "label", "legend", "li"),
        *("link", "main", "map", "mark", "menu", "meta", "nav", "noscript", "object", "ol", "optgroup", "option", "p"),
        *("param", "picture", "pre", "q", "s", "samp", "section", "select", "small", "source", "span", "strike"),
        *("strong", "sub", "summary", "sup", "svg", "table", "tbody", "td", "textarea", "tfoot", "th", "thead"),
        *("time", "tr", "tt", "u", "ul", "var", "video", "wbr"),
    }
)
_PARSER: Final = MarkdownIt("commonmark")


class Source(NamedTuple):
    """What cleaning must know of where a text comes from and goes to.

    `base` is the address relative links start from (empty: they become words), `labels` the labels of our site.
    """

    base: str
    labels: frozenset[str]


def clean(body: str, source: Source, notes: Notes, shortcode: Shortcode) -> str:
    """Make Markdown that our reader takes and that says the same; what is changed or dropped is noted by line."""
    text, masked = _mask_code(_shortcodes(_without_controls(body, notes), notes, shortcode))
    text = _COMMENT.sub(lambda found: _dropped(text, found, notes, "comment", "a hidden comment was left out"), text)
    text = _html(text, notes)
    text = _images(text, source.base, notes)
    text = _PLACEHOLDER.sub(r"[\[\1\]]", _links(text, source.base, notes))
    text = defused(_unmasked(text, masked), source.labels, notes)
    return _BLANKS.sub("\n\n", text).strip("\n").rstrip()


def definitions(text: str) -> tuple[str, dict[str, str]]:
    """Take link definitions (`[name]: address`) out of a text; give it and the definition lines by name."""
    found = {match[1].casefold(): match[0].strip() for match in _DEFINITION.finditer(text)}
    return _DEFINITION.sub("", text), found


def with_definitions(text: str, known: dict[str, str]) -> str:
    """Put below a text the definitions it uses, so that it stands alone."""
    used = [line for name, line in known.items() if f"[{name}]" in text.casefold()]
    return "\n\n".join([text.strip("\n"), "\n".join(used)]) if used else text


def plain_words(text: str) -> str:
    """Make one line of a title or name: no controls, no doubled blanks, no placeholder, no encoded mail header."""
    words = _CONTROLS.sub(" ", text).replace("=?", "= ?")
    while "[[" in words or "]]" in words:
        words = words.replace("[[", "[").replace("]]", "]")
    words = " ".join(words.split())
    return words if _VISIBLE.search(words) else ""


def cut(text: str, limit: int) -> str:
    """Shorten a text to so many characters, with an ellipsis in place of what is gone."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def words_of(markdown: str) -> str:
    """Make one plain line of a Markdown text's words; links and emphasis lose their marks."""
    blocks = (token.children or [] for token in _PARSER.parse(markdown) if token.type == "inline")
    parts = (
        "".join(child.content for child in children if child.type in {"text", "code_inline"}) for children in blocks
    )
    return plain_words(" ".join(parts))


def absolute(address: str, base: str) -> str:
    """Give the absolute address of a link, or nothing if it leads nowhere a reader may go."""
    if _may_follow(address):
        return address
    if not base or not address or _SCHEME.match(address) or "\\" in address:
        return ""
    joined = urljoin(base, address)
    return joined if _may_follow(joined) else ""


def _may_follow(address: str) -> bool:
    return link_fault(address) is None


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _dropped(text: str, found: re.Match[str], notes: Notes, kind: str, message: str) -> str:
    notes.add(_line(text, found.start()), kind, message)
    return "\n" * found[0].count("\n")


def _without_controls(body: str, notes: Notes) -> str:
    text = body.replace("\r\n", "\n").replace("\r", "\n")
    odd = _CONTROLS.search(text)
    if odd:
        notes.add(_line(text, odd.start()), "control", "invisible control characters were left out")
    return _CONTROLS.sub("", text)


def _mask_code(text: str) -> tuple[str, list[str]]:
    """Put numbered masks in place of lines of code blocks and of code spans."""
    masked: list[str] = []

    def mask(code: str) -> str:
        masked.append(code)
        return _MASK.format(len(masked) - 1)

    lines = text.split("\n")
    for token in _PARSER.parse(text):
        if token.type in {"fence", "code_block"} and token.map:
            for index in range(token.map[0], min(token.map[1], len(lines))):
                if lines[index].strip() and not _MASKED.search(lines[index]):
                    lines[index] = mask(lines[index])
    return _CODE_SPAN.sub(lambda found: mask(found[0]), "\n".join(lines)), masked


def _unmasked(text: str, masked: list[str]) -> str:
    while _MASKED.search(text):
        text = _MASKED.sub(lambda found: masked[int(found[1])], text)
    return text


def _shortcodes(text: str, notes: Notes, shortcode: Shortcode) -> str:
    def replaced(found: re.Match[str]) -> str:
        line = _line(text, found.start())
        name = found[2].replace(" ", "")
        words = None if name.startswith("/") else shortcode(name, found[3], line)
        if words is None:
            if not name.startswith("/"):
                notes.add(line, "shortcode", f"the shortcode {name} has no counterpart and was left out")
            return "\n" * found[0].count("\n")
        return words

    return _SHORTCODE.sub(replaced, text)


def _html(text: str, notes: Notes) -> str:
    if "<" not in text:
        return text
    text = _SCRIPT.sub(lambda found: _dropped(text, found, notes, "html", "a script or style was left out"), text)
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(found[0])
        return f"\ue004{len(kept) - 1}\ue005"

    text = _MAIL.sub(keep, _AUTOLINK.sub(lambda found: _autolink(text, found, notes, keep), text))
    text = _inline_html(_html_blocks(text, notes), notes)
    if any(token.type == "html_block" or _has_html(token.children) for token in _PARSER.parse(text)):
        text = _LESS.sub(r"\\<", text)
    return re.sub("\ue004(\\d+)\ue005", lambda found: kept[int(found[1])], text)


def _has_html(children: Sequence[Token] | None) -> bool:
    return any(child.type == "html_inline" for child in children or ())


def _autolink(text: str, found: re.Match[str], notes: Notes, keep: Callable[[re.Match[str]], str]) -> str:
    if _may_follow(found[1]):
        return keep(found)
    notes.add(_line(text, found.start()), "link", "a link of a kind our pages do not have became words")
    return found[1]


def _html_blocks(text: str, notes: Notes) -> str:
    lines = text.split("\n")
    for token in reversed(_PARSER.parse(text)):  # from the end, so that what is above keeps its line numbers
        if token.type != "html_block" or token.level or not token.map:
            continue
        first, last = token.map
        chunk = "\n".join(lines[first:last])
        names = {name.lower() for name in _TAG.findall(chunk)}
        if not names or not names <= _HTML_NAMES:
            continue
        notes.add(first + 1, "html", "raw HTML was turned into Markdown")
        made = markdownify(chunk, heading_style="ATX", bullets="-").strip("\n")
        lines[first:last] = _padded(made, last - first)
    return "\n".join(lines)


def _padded(made: str, height: int) -> list[str]:
    """Give lines of at least a height, so that line numbers below stay true; more only if there is more to say."""
    lines = made.split("\n")
    return lines + [""] * (height - len(lines))


def _inline_html(text: str, notes: Notes) -> str:
    def element(found: re.Match[str]) -> str:
        notes.add(_line(text, found.start()), "html", "raw HTML was turned into Markdown")
        return markdownify(found[0], escape_asterisks=False, escape_underscores=False, heading_style="ATX").strip("\n")

    def tag(found: re.Match[str]) -> str:
        if found[1].lower() not in _HTML_NAMES:
            notes.add(
                _line(text, found.start()), "angle-bracket", "words in angle brackets were escaped, not read as HTML"
            )
            return "\\" + found[0]
        notes.add(_line(text, found.start()), "html", "raw HTML was turned into Markdown")
        return ""

    before = None
    while before != text:
        before, text = text, _ELEMENT.sub(element, text)
    text = _IMG.sub(element, text)
    text = _BREAK.sub("  \n", text)
    return _TAG.sub(tag, text)


def _images(text: str, base: str, notes: Notes) -> str:
    def picture(found: re.Match[str]) -> str:
        notes.add(_line(text, found.start()), "image", "an image became a link, or its words where it has no address")
        words = found[1].strip() or "image"
        address = absolute(found[2], base)
        return f"[{words}]({address})" if address else words

    def words_only(found: re.Match[str]) -> str:
        notes.add(_line(text, found.start()), "image", "an image inside a link became its words")
        return f"[{found[1].strip() or 'image'}]"

    text = _PICTURE_LINK.sub(words_only, text)
    text = _IMAGE.sub(picture, text)
    named = _IMAGE_BY_NAME.search(text)
    if named:
        notes.add(_line(text, named.start()), "image", "an image became a link")
    return _IMAGE_BY_NAME.sub("", text)


def _links(text: str, base: str, notes: Notes) -> str:
    def link(found: re.Match[str]) -> str:
        if not found[2] or _may_follow(found[2]):
            return found[0]
        address = absolute(found[2], base)
        _note_link(text, found, notes, address)
        return f"[{found[1]}]({address})" if address else f"{found[1]} ({found[2]})"

    def other(found: re.Match[str]) -> str:
        if not found[1] or _may_follow(found[1]):
            return found[0]
        address = absolute(found[1], base)
        _note_link(text, found, notes, address)
        return f"]({address})" if address else f"] ({found[1]})"

    def definition(found: re.Match[str]) -> str:
        address = absolute(found[2], base)
        if address != found[2]:
            _note_link(text, found, notes, address)
        return f"[{found[1]}]: {address}" if address else ""

    return _DEFINITION.sub(definition, _OTHER_LINK.sub(other, _LINK.sub(link, text)))


def _note_link(text: str, found: re.Match[str], notes: Notes, address: str) -> None:
    message = "a relative link was made absolute" if address else "a link that leads nowhere for readers became words"
    notes.add(_line(text, found.start()), "link", message)
