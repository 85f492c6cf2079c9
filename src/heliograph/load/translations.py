"""Translations: files beside their originals that say the same words in another language, and never more.

A translation names for each label the digest of the original's words under that label, and of nothing else: so it goes
stale for a reader only by a change in words which that reader could read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from heliograph.load import nodes, passages
from heliograph.load.fields import Fields
from heliograph.load.files import Source
from heliograph.load.nodes import Node
from heliograph.load.shown import shown
from heliograph.load.updates import Names, Opened, open_file
from heliograph.model import Page, Text, Translation
from heliograph.problems import Place, Problems, did_you_mean

_NAME: Final = re.compile(r"(.+)\.([A-Za-z]{2,3}(?:[-_][A-Za-z]{2,4})?)\.md")
_DIGEST: Final = re.compile(r"[0-9a-f]{12}")
_DIGITS: Final = 12
_SITE: Final = "site_src/site.toml"
_OF_THE_ORIGINAL: Final = (
    *("id", "audience", "status", "at", "severity", "impact", "components", "next_update", "facts", "asks", "decision"),
    *("roles", "reopen", "corrected", "started_at", "window", "repeat", "auto", "tags", "links"),
)
"""Keys that files have which can be translated, and translations do not."""


class Foreign(msgspec.Struct, frozen=True):
    """A file that translates another one into a language."""

    language: str
    source: Source


Found = Mapping[str, Sequence[Foreign]]
"""Translations by the name of the file that they translate."""


def digest(words: Iterable[str]) -> str:
    """Give the digest of an original's words under one label: 12 hex digits."""
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:_DIGITS]


def digests(title: Text | None, texts: Iterable[Text]) -> dict[str, str]:
    """Give the digests of an original, by label: of all its passages, before them its title where it has but one."""
    return {label: digest(words) for label, words in _by_label((*([title] if title else ()), *texts)).items()}


def _by_label(texts: Iterable[Text]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in texts:
        found.setdefault(text.label, []).append(text.words)
    return found


def parted(name: str) -> tuple[str, str] | None:
    """Part the name of a translation into that of its original and its language; None for any other file."""
    found = _NAME.fullmatch(name)
    return None if found is None else (f"{found.group(1)}.md", found.group(2))


def sort_out(sources: Mapping[str, Source], present: Collection[str], names: Names, problems: Problems) -> Found:
    """Find the translations among the files of one folder; `present` are the names of all that lie there.

    What translates nothing, or into a language that the site has not, is noted.
    """
    found: dict[str, list[Foreign]] = {}
    for name, source in sources.items():
        parts = parted(name)
        if parts is None:
            continue
        fault = _name_fault(*parts, present, names.languages)
        if fault is not None:
            problems.add(Place(source.path), *fault)
        elif names.languages is not None:
            found.setdefault(parts[0], []).append(Foreign(parts[1], source))
    return found


def _name_fault(
    base: str, language: str, present: Collection[str], languages: tuple[str, ...] | None
) -> tuple[str, str, str] | None:
    if "+" in base:
        hint = "translate it in the update's own translation, below the marker of that customer"
        return "E320", "words that were added for one customer have no file of translations", hint
    if parted(base) is not None or base not in present:
        return (
            "E320",
            f"there is no original {shown(base)} that this could translate",
            did_you_mean(base, _originals(present)),
        )
    if languages is None or language in languages[1:]:
        return None
    if language == languages[0]:
        return "E314", f"`{language}` is the site's main language: the original is written in it", "remove the file"
    advice = did_you_mean(language[:2], languages[1:]) or f"name it in `languages` of {_SITE}"
    return "E314", f"`{shown(language)}` is not a further language of this site", advice


def _originals(present: Iterable[str]) -> Iterator[str]:
    return (name for name in present if parted(name) is None and "+" not in name)


def of_titles(titles: tuple[Text, ...], files: Iterable[Foreign], names: Names, problems: Problems) -> tuple[Text, ...]:
    """Hang their translations on the titles of an incident or maintenance; all that is wrong is noted."""
    for file in files:
        opened = open_file(file.source, names, problems)
        if opened.body.text.strip():
            message = "this translates titles; text belongs into the translation of an update"
            problems.add(Place(opened.body.file, opened.body.line), "E132", message)
        if opened.fields is not None:
            sheet = _Sheet(opened.fields, file.language, digests(None, titles))
            titles = sheet.hang(titles, _titles(opened.fields))
            sheet.done()
    return titles


def of_passages(
    texts: tuple[Text, ...], own: str, files: Iterable[Foreign], names: Names, problems: Problems
) -> tuple[Text, ...]:
    """Hang their translations on the passages of an update or account, whose first label is `own`."""
    for file in files:
        opened = open_file(file.source, names, problems)
        told = passages.read(opened.body, own, names.labels, problems)
        if opened.fields is not None:
            _refuse_key(opened.fields, "title", "titles are translated beside incident.md and maintenance.md")
            sheet = _Sheet(opened.fields, file.language, digests(None, texts))
            texts = sheet.hang(texts, told)
            sheet.done()
    return texts


def of_page(page: Page, files: Iterable[Foreign], names: Names, problems: Problems) -> Page:
    """Hang its translations on a page of the site's own: on its title, and on its passages."""
    title = Text(label=page.audience, words=page.title, place=page.place)
    texts = page.passages
    for file in files:
        opened = open_file(file.source, names, problems)
        told = passages.read(opened.body, page.audience, names.labels, problems)
        if opened.fields is not None:
            sheet = _Sheet(opened.fields, file.language, digests(title, page.passages))
            named = _title(opened, page.audience)
            title = sheet.hang((title,), named)[0]
            texts = sheet.hang(texts, told)
            sheet.done()
    return replace(page, passages=texts, title_translations=title.translations)


def _titles(fields: Fields) -> tuple[Text, ...]:
    """Read translated titles, by label."""
    values = fields.values
    read = (
        (values.attempt(values.label, key), values.attempt(values.title, node), node)
        for key, node in fields.pairs("title")
    )
    return tuple(
        Text(label=label, words=words, place=values.place(node)) for label, words, node in read if label and words
    )


def _title(opened: Opened, label: str) -> tuple[Text, ...]:
    assert opened.fields is not None
    words = opened.fields.read("title", opened.fields.values.title)
    return (Text(label=label, words=words, place=opened.fields.place("title")),) if words else ()


class _Sheet:
    """The front matter of one translation, held against its original, whose digests are `expected`."""

    def __init__(self, fields: Fields, language: str, expected: Mapping[str, str]) -> None:
        self._fields, self._language, self._expected = fields, language, expected
        self._is_draft = fields.read("draft", fields.values.yes_or_no) or False
        self._of = self._read_of()
        self._told: dict[str, None] = {}

    def _read_of(self) -> dict[str, Node]:
        values, node = self._fields.values, self._fields.node("of")
        pairs = node.pairs.values() if isinstance(node, nodes.Mapping) else ()
        return {label: value for key, value in pairs if (label := values.attempt(values.label, key))}

    def hang(self, originals: tuple[Text, ...], told: Iterable[Text]) -> tuple[Text, ...]:
        """Give each original the translation under its label: the first to the first, and so on."""
        waiting: dict[str, list[Text]] = {}
        for text in told:
            waiting.setdefault(text.label, []).append(text)
        self._told.update(dict.fromkeys(waiting))
        found = tuple(self._with(original, waiting.get(original.label)) for original in originals)
        for text in (text for left in waiting.values() for text in left):
            message = f"the original has nothing for {text.label} that this could translate"
            hint = "a translation says no more than its original; write it there first"
            self._fields.values.problems.add(text.place, "E426", message, hint)
        return found

    def _with(self, original: Text, waiting: list[Text] | None) -> Text:
        if not waiting:
            return original
        translation = Translation(language=self._language, text=waiting.pop(0), state=self._state(original.label))
        return replace(original, translations=(*original.translations, translation))

    def _state(self, label: str) -> Literal["current", "stale", "draft"]:
        if self._is_draft:
            return "draft"
        return "current" if _scalar(self._of.get(label)) == self._expected[label] else "stale"

    def done(self) -> None:
        """Note what is missing in the front matter, what does not belong there, and what is of older words."""
        values, mapping = self._fields.values, self._fields.mapping
        if not self._told:
            values.problems.add(
                Place(values.file), "E133", "this translation says nothing", "write text, or delete the file"
            )
        for label, node in self._of.items():
            self._judge(label, node)
        missing = [label for label in self._told if label in self._expected and label not in self._of]
        if missing:
            wanted = ", ".join(f"{label}: {self._expected[label]}" for label in self._told if label in self._expected)
            message = f"`of` does not tell which words for {missing[0]} this is a translation of"
            node = self._fields.node("of") or mapping
            values.refuse(node, "E137", message, f"if it is of those that stand there now: `of: {{{wanted}}}`")
        if self._is_draft:
            node, hint = self._fields.node("draft") or mapping, "remove `draft` once it is done"
            values.refuse(node, "W434", "this translation is a draft, which nobody is shown", hint)
        for key in _OF_THE_ORIGINAL:
            _refuse_key(self._fields, key, "it holds words alone; the original says the rest")
        self._fields.done()

    def _judge(self, label: str, node: Node) -> None:
        refuse, now = self._fields.values.refuse, self._expected.get(label, "")
        if label not in self._told:
            refuse(node, "E137", f"`of` names {label}, for which this file has no words", "remove it")
        elif _DIGEST.fullmatch(_scalar(node)) is None:
            refuse(
                node,
                "E137",
                "this is no digest: 12 digits of 0-9 and a-f",
                now and f"that of the present words is {now}",
            )
        elif now and _scalar(node) != now and not self._is_draft:
            message = f"the original's words for {label} have changed since; readers get the original"
            refuse(node, "W433", message, f"bring it up to date, then write `{label}: {now}`")


def _scalar(node: Node | None) -> str:
    return node.value if isinstance(node, nodes.Scalar) else ""


def _refuse_key(fields: Fields, key: str, hint: str) -> None:
    """Note a key that stands in originals alone."""
    pair = fields.mapping.pairs.get(key)
    if pair is not None:
        fields.node(key)
        fields.values.refuse(pair[0], "E107", f"the translation of this has no `{key}`", hint)
