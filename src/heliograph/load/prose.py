"""Looks into the Markdown of passages for what may not stand there: HTML, comments, images, links that lead astray.

Each passage is a document of its own. Parsing is slow, so only passages that could hold such a thing are parsed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from heliograph.addresses import link_fault
from heliograph.limits import DEPTH_LIMIT, cells
from heliograph.load.fields import LINE_LIMIT
from heliograph.model import Text
from heliograph.problems import Place, Problems

BRACKET_LIMIT: Final = 1_000
"""How many `[` or `<` a passage may hold: nested ones take the parser quadratic time."""

SIZE_LIMIT: Final = 64 * 1024
"""How many characters a passage may have."""
CELL_LIMIT: Final = 10_000
"""How many cells a passage's tables may have."""

PICTURE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.(?:png|jpe?g|webp|svg)", re.ASCII | re.IGNORECASE)
"""How a file is named that lies beside an update and can be shown; SVG is refused by those who read it."""

_HARMLESS_MARKS: Final = 2 * DEPTH_LIMIT
"""Fewer marks of emphasis than this cannot nest too deep."""
_MAYBE: Final = re.compile(
    r"<[A-Za-z/!?]|\]\(|\]:|\]\[|!\[|\[\[|\[\^|```|~~~|^(?:[ \t]*(?:>|[-+*]|\d{1,9}[.)])){6}|^[ \t]{12}", re.MULTILINE
)
_PLAIN_LINK: Final = re.compile(
    r"(?<![!\\\]])\[[^\[\]<>`\\\n:.]+\]\(https?://[A-Za-z0-9.-]+(?:/[A-Za-z0-9/._~?&=+#-]{0,999})?\)(?!\[)"
)
_PLACEHOLDER: Final = re.compile(r"\[\[[A-Za-z][^\[\]\n]*\]\]")
_UNDEFINED: Final = re.compile(r"\]\[[^\[\]]*\]|\[\^[^\[\]\s]+\]")
_HOST_SHOWN: Final = re.compile(r"(?:https?://|www\.)(?:www\.)?([^/?#\s:]+)", re.IGNORECASE)
_POSITIONED: Final = ("link", "image", "autolink", "html_inline", "backticks")

_Finding = tuple[int, str, str, str]


def inspect(passage: Text, problems: Problems, *, marker: int | None = None, complete: bool = True) -> None:
    """Note what is wrong with the Markdown of one passage, by line.

    `marker` is the line of the marker that ends it, if one does; code blocks of an incomplete passage may be open.
    """
    place = passage.place
    fault = too_much(passage.words)
    if fault is not None:
        problems.add(place, "E420", *fault)
        return
    if not _may_hold_faults(passage.words):
        return
    for line, code, message, hint in _findings(passage.words):
        if code != "E401":
            problems.add(Place(place.file, place.line + line), code, message, hint)
        elif marker is not None:
            inside = f"a marker inside a code block: the one begun in line {place.line + line} is not closed"
            problems.add(Place(place.file, marker), "E405", inside, "close the block before the marker")
        elif complete:
            problems.add(Place(place.file, place.line + line), code, message, hint)


def _may_hold_faults(words: str) -> bool:
    if _MAYBE.search(words) is not None and _MAYBE.search(_PLAIN_LINK.sub("link", words)) is not None:
        return True
    return sum(map(words.count, "*_~")) >= _HARMLESS_MARKS


def too_much(words: str) -> tuple[str, str] | None:
    """Say why a passage is not even parsed, as message and hint: parsing and rendering it could take for ever."""
    if len(words) > SIZE_LIMIT:
        return f"this passage has more than {SIZE_LIMIT} characters", "shorten it, or link to the whole"
    if words.count("[") > BRACKET_LIMIT or words.count("<") > BRACKET_LIMIT:
        return f"this passage holds more than {BRACKET_LIMIT} brackets", "shorten it"
    if cells(words) > CELL_LIMIT:
        return f"the tables of this passage could have more than {CELL_LIMIT} cells", "make them smaller"
    return None


def _findings(words: str) -> Iterator[_Finding]:
    environment: dict[str, dict[str, dict[str, object]]] = {}
    tokens = _parser().parse(words + "\n", environment)
    if max((token.level for token in tokens), default=0) >= DEPTH_LIMIT:
        yield 0, "E420", "lists and quotes are nested too deep in this passage", "ten levels are enough"
    if any(child.level >= DEPTH_LIMIT for token in tokens for child in token.children or ()):
        yield 0, "E420", "emphasis is nested too deep in this passage", "two levels are enough"
    defined = environment.get("references", {})
    yield from _definitions(defined)
    known = {str(reference["href"]) for reference in defined.values()}
    line = 0
    for token in tokens:
        line = token.map[0] if token.map else line
        if token.type == "html_block":
            yield line, *_html(token.content)
        elif token.type == "fence" and _is_open(token):
            yield line, "E401", f"this code block is not closed; end it with a line {token.markup[:3]}", ""
        elif token.type == "inline":
            yield from _inline(token, line, known)
            yield from _disguised(token, line)


def _definitions(defined: dict[str, dict[str, object]]) -> Iterator[_Finding]:
    for reference in defined.values():
        fault = link_fault(str(reference["href"])) or _title_fault(reference)
        span = reference.get("map")
        if fault is not None:
            yield (span[0] if isinstance(span, list) else 0), *fault, ""


def _title_fault(link: Mapping[str, object]) -> tuple[str, str] | None:
    """Refuse a title so long that a link which is used often makes a page of megabytes."""
    count = len(str(link.get("title", "")))
    return (
        ("E122", f"this title has {count} characters; at most {LINE_LIMIT} are allowed") if count > LINE_LIMIT else None
    )


def _html(content: str) -> tuple[str, str, str]:
    if content.lstrip().startswith("<!--"):
        return "E407", "comments are not allowed: text is either said to someone or not written", ""
    return "E408", "HTML is not allowed here", "write Markdown, or put code in backticks"


def _is_open(fence: Token) -> bool:
    """Tell whether a code fence never ends: it spans one line besides its content, the opening one."""
    assert fence.map is not None
    first, after = fence.map
    return fence.content.count("\n") == after - first - 1


def _inline(block: Token, first: int, defined: set[str]) -> Iterator[_Finding]:
    line = first
    for token in block.children or ():
        if "line" in token.meta:
            line = first + token.meta["line"]
        if token.type in ("softbreak", "hardbreak"):
            line += 1
        elif token.type == "text":
            yield from _literal(token.content, line)
        else:
            yield from _element(token, line, defined)
        line = first + token.meta["after"] if "after" in token.meta else line


def _element(token: Token, line: int, defined: set[str]) -> Iterator[_Finding]:
    if token.type == "html_inline":
        yield line, *_html(token.content)
    elif token.type == "image":
        yield from _picture(str(token.attrs.get("src", "")), line)
    elif token.type == "link_open" and str(token.attrs.get("href", "")) not in defined:
        fault = link_fault(str(token.attrs.get("href", ""))) or _title_fault(token.attrs)
        if fault is not None:
            yield line, *fault, ""


def _picture(source: str, line: int) -> Iterator[_Finding]:
    """Note a picture that is not named as a file beside the text; whether that file is there is looked at later."""
    if link_fault(source) is None or source.startswith("//"):
        yield line, "E414", "pictures of other sites are not shown", "put the file beside the update"
    elif PICTURE_NAME.fullmatch(source) is None:
        advice = "name a PNG, JPEG or WebP file that lies beside the update, without a folder"
        yield line, "E415", "this names no picture that can be shown", advice


def pictures_named(words: str) -> Iterator[tuple[int, str]]:
    """Give the pictures a passage names, each with its line from 0."""
    line = 0
    for block in _parser().parse(words + "\n"):
        line = block.map[0] if block.map else line
        for token in block.children or ():
            if token.type == "image":
                yield line + token.meta.get("line", 0), str(token.attrs.get("src", ""))


def _disguised(block: Token, first: int) -> Iterator[_Finding]:
    """Find links whose words name one host and whose address another."""
    link, words = Token("", "", 0), ""
    for token in block.children or ():
        if token.type == "link_open":
            link, words = token, ""
        elif token.type != "link_close":
            words += token.content
        elif hosts := _HOST_SHOWN.search(words):
            leads = _HOST_SHOWN.search(str(link.attrs.get("href", "")))
            if leads is None or leads.group(1).casefold() != hosts.group(1).casefold():
                message = "the words of this link name another host than its address"
                yield first + link.meta.get("line", 0), "E425", message, "name the host it leads to"


def _literal(text: str, line: int) -> Iterator[_Finding]:
    if "<!--" in text:
        yield line, *_html("<!--")
    if _PLACEHOLDER.search(text) is not None:
        yield line, "E423", "a placeholder is left untouched", "replace it, brackets and all"
    elif _UNDEFINED.search(text) is not None:
        hint = "define it in the same passage; put code in backticks; there are no footnotes"
        yield line, "E413", "this refers to a link or footnote that this passage does not define", hint


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    options = {"html": True, "linkify": False, "typographer": False, "maxNesting": 100}
    parser = MarkdownIt("js-default", options)
    parser.disable("text_join")
    parser.validateLink = _any_address  # type: ignore[method-assign]
    parser.normalizeLink = str  # type: ignore[method-assign,assignment]  # as written: names in other letters stay so
    for rule in parser.inline.ruler.__rules__:
        if rule.name in _POSITIONED:
            parser.inline.ruler.at(rule.name, _positioned(rule.fn))
    return parser


def _any_address(url: str) -> bool:
    """Let every address into the tokens: all of them are looked at there, as a browser would."""
    return isinstance(url, str)


def _positioned(rule: Callable[[StateInline, bool], bool]) -> Callable[[StateInline, bool], bool]:
    """Wrap a rule so that its tokens know in which line of their block they begin, and the last where it ends."""

    def positioned(state: StateInline, silent: bool) -> bool:
        start, count = state.pos, len(state.tokens)
        if not rule(state, silent):
            return False
        if not silent and len(state.tokens) > count:
            begin = state.src.count("\n", 0, start)
            for token in state.tokens[count:]:
                token.meta.setdefault("line", begin)
            state.tokens[-1].meta["after"] = state.src.count("\n", 0, state.pos)
        return True

    return positioned
