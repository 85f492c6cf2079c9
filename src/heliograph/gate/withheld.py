"""The words a reader must not get: what the second wall looks for in everything that leaves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Final

import msgspec

from heliograph.gate.incident import Labels, Told, Withheld, judged_updates
from heliograph.gate.labels import Policy
from heliograph.gate.translations import title_of
from heliograph.model import INTERNAL, Incident, Postmortem, Site, Story, Text, Update
from heliograph.problems import Place

_SETTINGS: Final = Place("site_src/site.toml")
_SEVERITIES: Final = Place("site_src/severities.toml")


class Hidden(msgspec.Struct, frozen=True):
    """Words one reader may not read, and where they were written."""

    words: str
    place: Place

    def __repr__(self) -> str:
        """Name the place only, so that no log or traceback repeats the words."""
        return f"<Hidden {self.place}>"


def withheld(site: Site, policy: Policy, labels: Labels, at: datetime, known: Collection[str]) -> tuple[Hidden, ...]:
    """Give everything authored that a reader may not read at an instant, in reading order.

    `known` are the ids of what exists for it by then: of the rest, its titles are withheld too.
    """
    found = [*_of_configuration(site, policy)]
    for of in site.stories:
        found += _Search(policy, of, labels, at, told=of.id in known).found()
    return tuple(hidden for hidden in found if hidden.words.strip())


def _of_configuration(site: Site, policy: Policy) -> Iterator[Hidden]:
    if policy.boundary == "external":
        yield Hidden(site.settings.internal_url, _SETTINGS)
        for customer in site.customers:
            if customer.id != policy.reader.customer:
                yield from _hidden((customer.name, customer.owner), customer.place)
    if not policy.reads(INTERNAL):
        yield from _internal_by_nature(site)
    yield from _of_components(site, policy)
    for kind in site.facts:
        if not policy.reads(kind.label):
            yield Hidden(kind.name, kind.place)
    for page in site.pages:
        readable = policy.reads(page.audience)
        yield from _unless_read(policy, title_of(page), is_read=readable)
        for text in page.passages:
            yield from _unless_read(policy, text, is_read=readable and policy.reads(text.label))


def _internal_by_nature(site: Site) -> Iterator[Hidden]:
    """Give what no label widens: who keeps a component, who owes an audience its word, what severities mean."""
    for component in site.components:
        yield from _hidden((component.owner, component.runbook, *component.dashboards), component.place)
    for audience in site.audiences:
        yield Hidden(audience.owner, audience.place)
    for severity in site.severities:
        yield from _hidden((severity.name, severity.meaning), _SEVERITIES)


def _of_components(site: Site, policy: Policy) -> Iterator[Hidden]:
    """Give the names of hidden components, and those of groups that hold no others."""
    hidden = [component for component in site.components if not policy.reads(component.label)]
    for component in hidden:
        yield from _hidden((component.name, component.description), component.place)
    shown = {component.group for component in site.components if policy.reads(component.label)}
    unshown = {component.group for component in hidden} - shown
    yield from (Hidden(group.name, group.place) for group in site.groups if group.id in unshown)


def _hidden(words: Iterable[str], place: Place) -> Iterator[Hidden]:
    return (Hidden(one, place) for one in words)


def _texts(texts: Iterable[Text]) -> Iterator[Hidden]:
    return (Hidden(one.words, one.place) for one in texts)


def _unless_read(policy: Policy, text: Text, *, is_read: bool, translated: bool = True) -> Iterator[Hidden]:
    """Give a text's words unless they are read, and the translations that are not shown to whoever reads them.

    Older words are among those: a correction may have taken out of the original what stands there still.
    """
    if not is_read:
        yield Hidden(text.words, text.place)
    for one in text.translations:
        if not (is_read and translated and one.state == "current" and policy.reads(one.text.label)):
            yield Hidden(one.text.words, one.text.place)


class _Search:
    """Goes through one incident or maintenance for one reader. `told` says whether it exists for that reader yet."""

    def __init__(self, policy: Policy, of: Story, labels: Labels, at: datetime, *, told: bool) -> None:
        self._policy, self._of, self._labels, self._at, self._told = policy, of, labels, at, told

    def found(self) -> Iterator[Hidden]:
        """Give all that is withheld of it."""
        policy, of = self._policy, self._of
        for title in of.titles:
            yield from _unless_read(policy, title, is_read=self._told and policy.reads(title.label))
        for link in of.links:
            if not (self._told and policy.reads(link.label)):
                yield from _hidden((link.name, link.url), link.place)
        if of.tags and not policy.reads(INTERNAL):
            yield from _hidden(of.tags, of.place)
        judged = self._judged()
        for update in of.updates:
            yield from self._of_update(update, judged.get(update.id))
        if isinstance(of, Incident) and of.postmortem:
            yield from self._of_account(of.postmortem)

    def _judged(self) -> dict[str, Told | Withheld]:
        """Find what became of each update where this reader's words need approval."""
        if not self._labels.rules_for(self._policy.reader):
            return {}
        return {one.authored.id: one for one in judged_updates(self._policy, self._of, self._labels, self._at)}

    def _may_read(self, label: str, at: datetime) -> bool:
        return self._told and at <= self._at and self._policy.reads(label)

    def _of_update(self, update: Update, judged: Told | Withheld | None) -> Iterator[Hidden]:
        readable = self._may_read(update.audience, update.at) and not isinstance(judged, Withheld)
        translated = not (isinstance(judged, Told) and judged.needs_approval)
        for text in update.passages:
            read = readable and self._policy.reads(text.label)
            yield from _unless_read(self._policy, text, is_read=read, translated=translated)
        if update.seals:
            yield from self._of_approvals(update, judged, readable=readable)
        for fix in update.corrected:
            if not (readable and self._may_read(fix.label, fix.at)):
                yield Hidden(fix.was, fix.place)
        if update.facts or update.asks or update.decision or update.roles:
            yield from self._of_particulars(update, readable=readable)

    def _of_approvals(self, update: Update, judged: Told | Withheld | None, *, readable: bool) -> Iterator[Hidden]:
        """Give approved words that are not shown, and where older ones are shown those that wait for approval."""
        kept = [text for text in update.passages if readable and self._policy.reads(text.label)]
        shown = {text.words for text in kept}
        if isinstance(judged, Told) and judged.missing:
            shown = {passage.markdown for passage in judged.viewed.passages}
        sealed = (text for seal in update.seals for text in seal.passages)
        yield from _texts(text for text in (*kept, *sealed) if text.words not in shown)

    def _of_particulars(self, update: Update, *, readable: bool) -> Iterator[Hidden]:
        policy = self._policy
        for fact in update.facts:
            if not (readable and policy.reads(self._labels.fact[fact.fact].label)):
                yield Hidden(fact.value, fact.place)
        for ask in update.asks:
            if not (readable and policy.reads(ask.label)):
                yield from _hidden((ask.what, ask.of), ask.place)
        decision = update.decision
        if decision and not (readable and policy.reads(decision.label)):
            yield from _hidden((decision.what, decision.who), decision.place)
        if not policy.reads(INTERNAL):
            yield from _hidden((holder for _, holder in update.roles), update.place)

    def _of_account(self, account: Postmortem) -> Iterator[Hidden]:
        readable = self._may_read(account.audience, account.at)
        for text in account.passages:
            yield from _unless_read(self._policy, text, is_read=readable and self._policy.reads(text.label))
