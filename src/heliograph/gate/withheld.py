"""The words a reader must not get: what the second wall looks for in everything that leaves."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from heliograph.gate.labels import Policy, Reader, Readership
from heliograph.model import INTERNAL, Incident, Site, Story, Update
from heliograph.problems import Place


class Hidden(msgspec.Struct, frozen=True):
    """Words one reader may not read, and where they were written."""

    words: str
    place: Place

    def __repr__(self) -> str:
        """Name the place only, so that no log or traceback repeats the words."""
        return f"<Hidden {self.place}>"


def withheld(site: Site, reader: Reader) -> tuple[Hidden, ...]:
    """Give everything authored that `reader` may not read, whatever the instant, in reading order."""
    policy = Readership(site).policy(reader)
    found = [*_of_configuration(site, policy)]
    for of in site.stories:
        found += _of_incident(site, policy, of)
    return tuple(hidden for hidden in found if hidden.words.strip())


def _of_configuration(site: Site, policy: Policy) -> Iterator[Hidden]:
    for component in site.components:
        if not policy.reads(component.label):
            yield from (Hidden(words, component.place) for words in (component.name, component.description))
        if not policy.reads(INTERNAL):
            inner = (component.owner, component.runbook, *component.dashboards)
            yield from (Hidden(words, component.place) for words in inner)
    for customer in site.customers:
        if policy.boundary == "external" and customer.id != policy.reader.customer:
            yield Hidden(customer.name, customer.place)
    for page in site.pages:
        readable = policy.reads(page.audience)
        if not readable:
            yield Hidden(page.title, page.place)
        hidden = (one for one in page.passages if not (readable and policy.reads(one.label)))
        yield from (Hidden(one.words, one.place) for one in hidden)


def _of_incident(site: Site, policy: Policy, of: Story) -> Iterator[Hidden]:
    titled = any(policy.reads(title.label) for title in of.titles)
    yield from (Hidden(title.words, title.place) for title in of.titles if not policy.reads(title.label))
    for link in of.links:
        if not (titled and policy.reads(link.label)):
            yield from (Hidden(link.name, link.place), Hidden(link.url, link.place))
    if not policy.reads(INTERNAL):
        yield from (Hidden(tag, of.place) for tag in of.tags)
    for update in of.updates:
        yield from _of_update(site, policy, update, readable=titled and policy.reads(update.audience))
    if isinstance(of, Incident) and of.postmortem:
        readable = titled and policy.reads(of.postmortem.audience)
        for text in of.postmortem.passages:
            if not (readable and policy.reads(text.label)):
                yield Hidden(text.words, text.place)


def _of_update(site: Site, policy: Policy, update: Update, *, readable: bool) -> Iterator[Hidden]:
    for text in update.passages:
        if not (readable and policy.reads(text.label)):
            yield Hidden(text.words, text.place)
    for fix in update.corrected:
        if fix.was and not (readable and policy.reads(fix.label)):
            yield Hidden(fix.was, fix.place)
    yield from _of_particulars(site, policy, update, readable=readable)


def _of_particulars(site: Site, policy: Policy, update: Update, *, readable: bool) -> Iterator[Hidden]:
    facts = {fact.id: fact.label for fact in site.facts}
    for fact in update.facts:
        if not (readable and policy.reads(facts[fact.fact])):
            yield Hidden(fact.value, fact.place)
    for ask in update.asks:
        if not (readable and policy.reads(ask.label)):
            yield Hidden(ask.what, ask.place)
    if update.decision and not (readable and policy.reads(update.decision.label)):
        yield Hidden(update.decision.what, update.decision.place)
    if not policy.reads(INTERNAL):
        yield from (Hidden(holder, update.place) for _, holder in update.roles)
