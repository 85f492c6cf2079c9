"""Mails and macros to look at: a list of them all, and pages that show texts and sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from email import message_from_bytes
from email.policy import default
from html import escape
from itertools import groupby
from typing import Final

import msgspec

from heliograph.tree.artifact import Artifact, text_artifact

_VIEWS: Final = (("html", "HTML"), ("txt", "text"), ("eml", "source"), ("md", "Markdown"))
"""The forms a message may have, by extension, and what they are called."""
_STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 50rem; padding: 0 1rem; }
h1, li, pre { overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.125rem; margin-top: 2rem; }
ul { list-style: none; padding: 0; } li { border-top: 1px solid #8888; padding: .5rem 0; }
a { color: #0b5f7a; } li a { margin-inline-end: 1rem; }
pre { font: .875rem/1.5 ui-monospace, monospace; white-space: pre-wrap; }
@media (prefers-color-scheme: dark) { a { color: #7cc4dc; } }
"""


class _Macro(msgspec.Struct):
    """What the list of macros says of one."""

    incident: str
    title: str
    phase: str


def contents(mail: Mapping[str, Artifact], macros: Mapping[str, Artifact], names: Mapping[str, str]) -> Artifact:
    """List all messages: mails by audience, `names` giving its words, then macros. Files are by path in their tree."""
    parts = ["<h1>Mails and macros</h1>", *_mails(mail, names), *_macros(macros)]
    return _page("index.html", "Mails and macros", "\n".join(parts if len(parts) > 1 else [*parts, "<p>None now.</p>"]))


def page(shown: Artifact, top: str) -> Artifact:
    """Show a file as the text it is; `top` is the folder of its kind."""
    path = f"{top}/{shown.path}"
    text = escape(shown.data.decode("utf-8", "replace"))
    body = (
        f'<p><a href="/">Mails and macros</a> · <a href="/{escape(path)}">the file itself</a></p>\n'
        f"<h1>{escape(path)}</h1>\n<pre>{text}</pre>"
    )
    return _page(f"{path}/index.html", path, body)


def _mails(files: Mapping[str, Artifact], names: Mapping[str, str]) -> Iterator[str]:
    for audience, paths in groupby(
        sorted(path for path in files if not path.endswith(".json")), key=lambda path: path.split("/")[0]
    ):
        yield f"<h2>Mails: {escape(names.get(audience, audience))}</h2>\n<ul>"
        for message in sorted({path.rpartition(".")[0] for path in paths}):
            source = files.get(f"{message}.eml")
            subject = str(message_from_bytes(source.data, policy=default)["subject"]) if source else message
            customer = message.split("/")[1:-1]
            yield _item(files, "mail", message, ": ".join([*customer, subject]))
        yield "</ul>"


def _macros(files: Mapping[str, Artifact]) -> Iterator[str]:
    listed = files.get("index.json")
    if listed is None:
        return
    yield "<h2>Macros for support</h2>\n<ul>"
    for one in msgspec.json.decode(listed.data, type=list[_Macro]):
        yield _item(files, "macros", f"{one.incident}/{one.phase}", f"{one.title} ({one.phase})")
    yield "</ul>"


def _item(files: Mapping[str, Artifact], top: str, message: str, words: str) -> str:
    """Name a message, and lead to the forms it has: HTML as it is, others on a page that shows them."""
    links = (
        f'<a href="/{top}/{escape(message)}.{kind}{"" if kind == "html" else "/"}">{view}</a>'
        for kind, view in _VIEWS
        if f"{message}.{kind}" in files
    )
    return f"<li>{escape(words)}<br>\n{' '.join(links)}</li>"


def _page(path: str, title: str, body: str) -> Artifact:
    head = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="icon" href="data:,">\n<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n'
    )
    return text_artifact(path, f"{head}<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n")
