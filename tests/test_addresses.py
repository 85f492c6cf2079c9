"""Where a link may lead: one rule, asked when files are read and again when they are rendered."""

import re

import pytest

from heliograph.addresses import ADDRESS_LIMIT, SCHEMES, link_fault
from heliograph.load.prose import inspect
from heliograph.model import Text
from heliograph.problems import Place, Problems
from heliograph.render import markup

FOLLOWED = (
    "https://x.example",
    "HTTPS://X.EXAMPLE/Path?q=1#part",
    "http://x.example:8080/a/b",
    "https://x.example/a%20b/%C3%A9",
    "https://x.example/a@b?to=c@d",
    "https://x.example/a\\b",
    "https://xn--pple-43d.example/",
    "https://x.example/?next=javascript:x",
    "https://x.example/" + "\u65e5\u672c" * 400,
    "mailto:help@x.example",
    "tel:+49301234",
)
REFUSED = {
    # schemes
    "javascript:x": "E409",
    "JaVaScRiPt:x": "E409",
    "vbscript:x": "E409",
    "data:text/html,x": "E409",
    "file:///etc/passwd": "E409",
    "ftp://x.example/": "E409",
    "blob:https://x.example/1": "E409",
    "ms-msdt:x": "E409",
    # none, or none before what looks like one
    "//x.example/": "E410",
    "\\\\x.example\\a": "E410",
    "/\\x.example": "E410",
    "\\/x.example": "E410",
    "/a": "E419",
    "a/b": "E419",
    "?q": "E419",
    "": "E419",
    "https:x.example": "E419",
    "https:/x.example": "E419",
    "https:///x.example": "E419",
    "https:\\\\x.example": "E419",
    "https:/\\x.example": "E419",
    # hidden by what a browser drops, or decodes
    "java\tscript:x": "E409",
    "java\nscript:x": "E409",
    "java\r\nscript:x": "E409",
    "\x01javascript:x": "E409",
    " javascript:x": "E409",
    "java\u200bscript:x": "E409",
    "java\xadscript:x": "E409",
    "java%73cript:x": "E409",
    "javascript%3ax": "E409",
    "java%0ascript:x": "E409",
    "https%3a//x.example": "E419",
    "https:%2f%2fx.example": "E419",
    "javascript&#58;x": "E419",
    # other than they say
    "https://good.example@x.example/": "E411",
    "https://user:word@x.example/": "E411",
    "https://good.example%40x.example/": "E411",
    "https://good.example%2f@x.example/": "E411",
    "https://good.example%23@x.example/": "E411",
    "https://good.example\\@x.example/": "E411",
    "https://good.example%5c@x.example/": "E411",
    "https://x.example/" + "a" * ADDRESS_LIMIT: "E122",
}
REWRITTEN = {"https://good.example\\.x.example": "E411", "https://\u0430pple.example/": "E136"}
"""Refused too; but Markdown makes plain addresses of them, without the backslash or with `xn--`, before it asks."""
WRITTEN = {
    "java&Tab;script:x": "E409",
    "javascript&colon;x": "E409",
    "javascript&#58;x": "E409",
    "javascript&#x3a;x": "E409",
    "&#106;avascript:x": "E409",
    "&#x6a&#x61vascript:x": "E419",
    "https://good.example&commat;x.example/": "E411",
    "&sol;&sol;x.example": "E410",
}
"""As an author could write it in Markdown, where entities mean their character."""


@pytest.mark.parametrize("address", FOLLOWED)
def test_such_an_address_is_followed_whoever_is_asked(address):
    assert link_fault(address) is None
    assert markup.link_allowed(address)
    assert found(f"[a]({address})") == []
    assert len(links(f"[a]({address})")) == 1


@pytest.mark.parametrize("address", REFUSED)
def test_such_an_address_is_followed_nowhere(address):
    fault = link_fault(address)
    assert fault is not None
    assert fault[0] == REFUSED[address]
    assert not markup.link_allowed(address)
    assert links(f"[a](<{address}>)") == links(f"[a][b]\n\n[b]: <{address}>") == []


@pytest.mark.parametrize("address", REWRITTEN)
def test_such_an_address_is_refused_as_it_is_and_honest_once_it_is_rewritten(address):
    fault = link_fault(address)
    assert fault is not None
    assert fault[0] == REWRITTEN[address]
    assert not markup.link_allowed(address)
    assert all(link_fault(link) is None and link.isascii() for link in links(f"[a](<{address}>)"))


@pytest.mark.parametrize("written", WRITTEN)
def test_entities_hide_no_address(written):
    assert found(f"[a]({written})") == [WRITTEN[written]]
    assert links(f"[a]({written})") == []


def test_no_address_is_read_otherwise_once_it_is_rendered():
    for address in (*FOLLOWED, *REFUSED, *WRITTEN):
        if not found(f"[a](<{address}>)"):
            assert len(links(f"[a](<{address}>)")) == 1


def test_only_these_schemes_lead_anywhere():
    assert sorted(SCHEMES) == ["http", "https", "mailto", "tel"]


def found(words):
    problems = Problems()
    inspect(Text(label="public", words=words, place=Place("a.md")), problems)
    return [problem.code for problem in problems.found]


def links(words):
    return re.findall(r'href="([^"]*)"', markup.to_html(words))
