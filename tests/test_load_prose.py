"""What Markdown may not hold, told at its line, and the plain passages that are never parsed."""

import re
from pathlib import Path

import pytest

from heliograph import codes
from heliograph.addresses import address_fault, link_fault
from heliograph.load import prose
from heliograph.model import Text
from heliograph.problems import Place, Problems
from heliograph.render import markup

SOURCES = Path(codes.__file__).parent


def found(words):
    problems = Problems()
    prose.inspect(Text(label="public", words=words, place=Place("x.md", 1)), problems)
    return [(p.code, p.place.line) for p in problems.found]


@pytest.mark.parametrize(
    ("words", "findings"),
    [
        ("One\ntwo <!-- three\nfour --> five", [("E407", 2)]),
        ("One.\n\n<!-- two -->", [("E407", 3)]),
        ("One <!-- never closed", [("E407", 1)]),
        ("One\n<script>alert(1)</script>", [("E408", 2), ("E408", 2)]),
        ("`a\nb` and\n<img src=x onerror=y>", [("E408", 3)]),
        ("One [a](javascript:alert(1))", [("E409", 1)]),
        ("[a](data:text/html,x) [b](vbscript:x)\n[c](file:///etc)\n[d](x:y)", [("E409", 1), ("E409", 2), ("E409", 3)]),
        ("[a](&#106;avascript:x)", [("E409", 1)]),
        ("[a](JaVaScRiPt:x)", [("E409", 1)]),
        ("[a](<java\tscript:x>)", [("E409", 1)]),
        ("[a](<\x01javascript:x>)", [("E409", 1)]),
        ("[a](javascript%3Ax)", [("E409", 1)]),
        ("[a](//evil.example) [b](<\\\\\\\\evil.example>)", [("E410", 1), ("E410", 1)]),
        ("[a](https://good.example@evil.example/)", [("E411", 1)]),
        ("[a](/internal/x)\n\n[b](other.md)", [("E419", 1), ("E419", 3)]),
        ("[a](https:evil.example)", [("E419", 1)]),
        ("See [one][two] and\n[three][] and x[^1]", [("E413", 1), ("E413", 2)]),
        ("[one][two]\n\n[two]: javascript:x", [("E409", 3)]),
        ("![a](https://x.example/y.png)\n![b](up/y.png)", [("E414", 1), ("E415", 2)]),
        ("One\n[[what happened]]", [("E423", 2)]),
        ("[" * 2_000, [("E420", 1)]),
        ("> " * 40 + "x", [("E420", 1)]),
    ],
)
def test_what_may_not_stand_in_a_passage_is_told_at_its_line(words, findings):
    told = found(words)
    assert sorted(set(told)) == sorted(set(findings))


@pytest.mark.parametrize(
    "words",
    [
        "2 < 3 and 5 > 4, a <b",
        "`<b>`, `[[x]]`, `a[0][1]` and `<!-- x -->`",
        "    <b>in a code block</b>\n    [[x]]",
        "[a](https://x.example/y?z=1#w), <https://x.example>, [m](mailto:a@x.example), [t](tel:+1)",
        "[one][two]\n\n[two]: https://x.example 'Title'",
        "An array \\[a\\]\\[b\\]",
        "| a | b |\n|---|---|\n| [x](https://x.example) | y |",
        "{{ config.SECRET }} {% include 'x' %}",
        "[x] done, [ ] open",
    ],
)
def test_ordinary_markdown_is_left_alone(words):
    assert found(words) == []


def test_a_plain_link_does_not_hide_what_stands_beside_it():
    assert found("[a](https://x.example/) ![b](https://x.example/) [c](x:y)") == [("E409", 1), ("E414", 1)]
    assert found("[a](https://x.example/)[b]") == []


ADDRESSES = [
    "https://x.example", "HTTPS://X.EXAMPLE/", "http://x.example:8080/a?b#c", "mailto:a@x.example", "tel:+49301234",
    "javascript:x", "java\nscript:x", " javascript:x", "data:,x", "//x.example", "\\\\x", "/x", "x", "", "https:x", "https:///x",
    "https://u:p@x.example", "https://x.example\\@evil", "ftp://x.example", "https://u%40x@y.example", "blob:x", "intent:x", "ms-msdt:x",
]  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_whatever_is_let_through_here_is_a_link_that_is_rendered(address):
    if link_fault(address) is None:
        assert markup.link_allowed(address)


def test_addresses_that_stand_alone_hold_no_spaces_or_quotes():
    assert address_fault("https://x.example/a b") == ("E136", "an address must not hold spaces, quotes or brackets")
    assert address_fault('https://x.example/"onclick') is not None
    assert address_fault("https://x.example/a%20b") is None


def test_every_code_in_the_source_is_in_the_table_and_every_one_there_is_used():
    used = set()
    for path in SOURCES.rglob("*.py"):
        if path.name != "codes.py":
            used |= set(re.findall(r'"([EW]\d{3})[" ]', path.read_text("utf-8")))
    assert used == set(codes.CODES)


def test_the_page_of_codes_is_the_table():
    page = SOURCES.parent.parent / "docs" / "errors.md"
    assert page.read_text("utf-8") == codes.to_markdown()
    assert set(re.findall(r"^### ([EW]\d{3}):", page.read_text("utf-8"), re.MULTILINE)) == set(codes.CODES)
