"""What a change gives one reader to read, and what it takes away: two views of a site, compared as plain lines.

Only what the gate has put into the views is compared. Words are shown as they were written, with the addresses of
their links; colours, bars and percentages are left out, since nobody approves those word by word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import chain, groupby
from typing import Final, Literal

from msgspec import Struct

from heliograph.render.tongue import ENGLISH
from heliograph.render.words import count, state_word, status_word
from heliograph.times import write_instant, write_span
from heliograph.view import (
    Claim,
    Component,
    Correction,
    Customer,
    Incident,
    Link,
    Maintenance,
    Page,
    Passage,
    Update,
    View,
)

Kind = Literal["site", "customer", "components", "incident", "maintenance", "page"]

_FACTS: Final = ""
"""The block without a heading: what is said of a thing beside its updates."""
_TICK: Final = "`"


class Line(Struct, frozen=True):
    """One line: `+` is new to the reader, `-` is taken away, a blank sign marks the heading of what changes below."""

    sign: Literal["+", "-", " "]
    text: str

    def __str__(self) -> str:
        return f"{self.sign} {self.text}"


class Change(Struct, frozen=True, kw_only=True):
    """What changes within one incident, maintenance or page; `id` is empty for what there is only one of."""

    kind: Kind
    id: str
    title: str
    fate: Literal["added", "changed", "removed"]
    lines: tuple[Line, ...]

    @property
    def heading(self) -> str:
        """Name it on one line: `incident k3x9q2mf changed: Some payments fail`."""
        named = " ".join(part for part in (self.kind, self.id, self.fate) if part)
        return f"{named}: {self.title}" if self.title else named


class _Section(Struct, frozen=True):
    """All that a reader gets of one thing: its title, and lines by block. A block begins with its heading."""

    title: str
    blocks: dict[str, list[str]]


_Sections = dict[tuple[Kind, str], _Section]


def compare(before: Sequence[View], after: Sequence[View]) -> tuple[Change, ...]:
    """Compare what one reader gets, told in the site's main language and then in further ones.

    Either side may be empty, where there was no such reader. In the order of pages: the site, its components, what
    happened newest first, pages; what is gone comes last.
    """
    old, new = _sections(before), _sections(after)
    found = (_change(key, old.get(key), new.get(key)) for key in (new | old))
    return tuple(change for change in found if change.lines)


def _change(key: tuple[Kind, str], old: _Section | None, new: _Section | None) -> Change:
    was, now = (old.blocks if old else {}), (new.blocks if new else {})
    blocks = (_compared(name, was.get(name, []), now.get(name, [])) for name in now | was)
    return Change(
        kind=key[0],
        id=key[1],
        title=(new or old or _NOTHING).title,
        fate="changed" if old and new else "added" if new else "removed",
        lines=tuple(chain.from_iterable(blocks)),
    )


def _compared(name: str, was: list[str], now: list[str]) -> Iterator[Line]:
    """Tell what changes in a block, below its heading if that stays; nothing if nothing does."""
    steps = [step for step in SequenceMatcher(None, was, now, autojunk=False).get_opcodes() if step[0] != "equal"]
    if steps and name != _FACTS and was[:1] == now[:1]:
        yield Line(" ", now[0])
    for _, old_start, old_end, new_start, new_end in steps:
        yield from (Line("-", text) for text in was[old_start:old_end])
        yield from (Line("+", text) for text in now[new_start:new_end])


def _sections(views: Sequence[View]) -> _Sections:
    """Turn what a reader gets into lines, section by section in the order of pages."""
    found: _Sections = {}
    for view in views[:1]:
        names = {component.id: component.name for component in view.components}
        found["site", ""] = _Section(view.about.name, {_FACTS: list(_of_site(view))})
        if view.customer:
            found["customer", view.customer.id] = _Section(
                view.customer.name, {_FACTS: list(_of_customer(view.customer, names))}
            )
        groups = {group.id: group.name for group in view.groups}
        found["components", ""] = _Section("", {one.id: list(_of_component(one, groups)) for one in view.components})
        found |= {("incident", one.id): _of_incident(one, names) for one in view.incidents}
        found |= {("maintenance", one.id): _of_maintenance(one, names) for one in view.maintenances}
        found |= {("page", one.id): _of_page(one) for one in view.pages}
    for view in views[1:]:
        _add_translations(found, view)
    return found


def _of_site(view: View) -> Iterator[str]:
    about = view.about
    yield f"name: {about.name}"
    yield from _named("address", about.url)
    yield from _named("public address", about.public_url if about.public_url != about.url else "")
    yield from _named("notice", about.notice)
    yield from _named("support", about.support_url)
    yield from _named("mail from", about.mail_from)
    yield f"time zone: {about.timezone}"
    yield f"languages: {', '.join(about.languages or (about.language,))}"
    yield from _links(about.links)
    if about.logo:
        dark = f", {about.logo.dark.file} in the dark" if about.logo.dark else ""
        yield f"logo: {about.logo.alt} ({about.logo.picture.file}{dark})"


def _of_customer(customer: Customer, names: Mapping[str, str]) -> Iterator[str]:
    yield f"name: {customer.name}"
    yield f"parts: {', '.join(names.get(one, one) for one in customer.components)}"
    yield f"told in: {customer.locale}, {customer.timezone}"
    yield from _named("told within", write_span(customer.notice) if customer.notice else "")
    yield from _named("looked after by", customer.owner)


def _of_component(component: Component, groups: Mapping[str, str]) -> Iterator[str]:
    yield f"{component.name}: {state_word(ENGLISH, component.state)}"
    yield from _indented(_words(component.description))
    if component.group:
        yield f"  in {groups.get(component.group, component.group)}"
    yield from _indented(_named("regions", ", ".join(component.regions)))
    yield from _indented(_named("since", str(component.since or "")))


def _of_incident(incident: Incident, names: Mapping[str, str]) -> _Section:
    blocks = {_FACTS: list(_facts_of_incident(incident, names))}
    if incident.postmortem:
        heading = f"{write_instant(incident.postmortem.at)} {status_word(ENGLISH, 'postmortem')}"
        blocks[incident.postmortem.id] = [heading, *_indented(_passages(incident.postmortem.passages))]
    return _Section(incident.title, blocks | _updates(incident.updates, names))


def _facts_of_incident(incident: Incident, names: Mapping[str, str]) -> Iterator[str]:
    yield f"title: {incident.title}"
    yield f"status: {status_word(ENGLISH, incident.status)}"
    yield f"impact: {incident.impact}"
    yield f"began: {write_instant(incident.started_at)}"
    yield from _named("ended", write_instant(incident.resolved_at) if incident.resolved_at else "")
    yield from _named("next update by", write_instant(incident.next_update) if incident.next_update else "")
    yield from (f"now {said}" for said in _claims(incident.claims, names))
    yield from _named("parts", ", ".join(names.get(one, one) for one in incident.affected))
    yield from _named("regions", ", ".join(incident.regions))
    yield from (f"fact, {fact.name}: {fact.measured} ({write_instant(fact.as_of)})" for fact in incident.facts)
    for ask in incident.asks:
        met = f", met {write_instant(ask.met_at)}" if ask.met_at else ""
        yield f"asked of {ask.of} since {write_instant(ask.since)}{met}: {ask.what}"
    if incident.decision:
        yield f"{incident.decision.who} decides at {write_instant(incident.decision.at)}: {incident.decision.what}"
    yield from _links(incident.links)


def _of_maintenance(work: Maintenance, names: Mapping[str, str]) -> _Section:
    blocks = {_FACTS: list(_facts_of_maintenance(work, names))}
    return _Section(work.title, blocks | _updates(work.updates, names))


def _facts_of_maintenance(work: Maintenance, names: Mapping[str, str]) -> Iterator[str]:
    yield f"title: {work.title}"
    yield f"status: {status_word(ENGLISH, work.status)}"
    yield f"from {write_instant(work.start)} to {write_instant(work.end)}"
    yield from _named("again", f"every {count(work.repeats, 'day', 'days')}" if work.repeats else "")
    yield from _named("began", write_instant(work.started_at) if work.started_at else "")
    yield from _named("ended", write_instant(work.completed_at) if work.completed_at else "")
    yield from _claims(work.claims, names)
    yield from _links(work.links)


def _of_page(page: Page) -> _Section:
    return _Section(page.title, {_FACTS: [f"title: {page.title}", *_passages(page.passages)]})


def _updates(updates: Sequence[Update], names: Mapping[str, str]) -> dict[str, list[str]]:
    return {update.id: list(_of_update(update, names)) for update in updates}


def _of_update(update: Update, names: Mapping[str, str]) -> Iterator[str]:
    yield f"{write_instant(update.at)} {status_word(ENGLISH, update.status)}"
    yield from _indented(_passages(update.passages))
    yield from _indented(_claims(update.claims, names))
    yield from _indented(chain.from_iterable(map(_of_correction, update.corrections)))


def _of_correction(correction: Correction) -> Iterator[str]:
    yield f"corrected {write_instant(correction.at)}" + (", it said before:" if correction.was else "")
    yield from _indented(_words(correction.was))


def _add_translations(found: _Sections, view: View) -> None:
    """Add what is told in a further language; where that is the original, it stands there already."""
    for incident in view.incidents:
        section = found.get(("incident", incident.id))
        if section:
            _translate_title(section, incident.title, incident.title_language)
            account = [(incident.postmortem.id, incident.postmortem.passages)] if incident.postmortem else []
            _translate(section, [*account, *((one.id, one.passages) for one in incident.updates)])
    for work in view.maintenances:
        section = found.get(("maintenance", work.id))
        if section:
            _translate_title(section, work.title, work.title_language)
            _translate(section, [(one.id, one.passages) for one in work.updates])
    for page in view.pages:
        section = found.get(("page", page.id))
        if section:
            _translate_title(section, page.title, page.title_language)
            _translate(section, [(page.id, page.passages)])


def _translate_title(section: _Section, title: str, language: str) -> None:
    if language:
        section.blocks[_FACTS].append(f"title in {language}: {title}")


def _translate(section: _Section, told: Sequence[tuple[str, Sequence[Passage]]]) -> None:
    for key, passages in told:
        translated = (passage for passage in passages if passage.language)
        for language, ones in groupby(translated, key=lambda passage: passage.language):
            heading = section.blocks.get(key, ["words"])[0]
            section.blocks[f"{language} {key}"] = [f"{heading}, in {language}", *_indented(_passages(list(ones)))]


def _passages(passages: Sequence[Passage]) -> Iterator[str]:
    for passage in passages:
        yield from _words(passage.markdown)
        yield from (f"[picture {one.name}: {one.file}, {one.width} x {one.height}]" for one in passage.pictures)


def _claims(claims: Sequence[Claim], names: Mapping[str, str]) -> Iterator[str]:
    return (f"{names.get(one.component, one.component)}: {state_word(ENGLISH, one.state)}" for one in claims)


def _links(links: Sequence[Link]) -> Iterator[str]:
    return (f"link: {link.name} <{link.url}>" for link in links)


def _named(name: str, value: str) -> Iterator[str]:
    if value:
        yield f"{name}: {' '.join(value.split())}"


def _words(markdown: str) -> Iterator[str]:
    """Give the lines of a text that hold anything."""
    return (line.rstrip() for line in markdown.split("\n") if line.strip())


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)


_NOTHING: Final = _Section("", {})


def as_text(changes: Sequence[Change], limit: int | None = None) -> str:
    """Print changes as lines, at most `limit` bytes of them in UTF-8; how many more there are is said in the end."""
    lines = list[str]()
    for change in changes:
        lines += ["", change.heading, *map(str, change.lines)]
    return _cut(lines[1:], limit)


def as_markdown(changes: Sequence[Change], limit: int | None = None) -> str:
    """Print changes as a block of code, fenced so that nothing in it can end the block; at most `limit` bytes."""
    text = as_text(changes)
    runs = (len(list(run)) for tick, run in groupby(text) if tick == _TICK)
    fence = _TICK * max(3, 1 + max(runs, default=0))
    around = len(fence) * 2 + len("diff\n\n")
    return f"{fence}diff\n{as_text(changes, None if limit is None else max(limit - around, 0))}\n{fence}"


def _cut(lines: Sequence[str], limit: int | None) -> str:
    text = "\n".join(lines)
    if limit is None or len(text.encode()) <= limit:
        return text
    kept, left = 0, limit - len(_more(len(lines)).encode())
    for line in lines:
        left -= len(line.encode()) + 1
        if left < 0:
            break
        kept += 1
    return "\n".join([*lines[:kept], _more(len(lines) - kept)])


def _more(left_out: int) -> str:
    return f"... and {count(left_out, 'more line', 'more lines')}, left out here"
