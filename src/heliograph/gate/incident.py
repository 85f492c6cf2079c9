"""One incident as one reader may know it: what it may read of the parts, and what follows from those alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec import structs

from heliograph import view
from heliograph.gate import release
from heliograph.gate.labels import MACROS_READER, Policy, Reader
from heliograph.gate.translations import Words, untranslated, words_of
from heliograph.model import PUBLIC, Incident, Link, Postmortem, Site, Story, Text, Update
from heliograph.terms import CLOSED, IMPACT_OF_STATE, OPERATIONAL, RESOLVED, ComponentState, Impact, gravity


class Labels:
    """The labels of what updates only name: components and facts. Resolved once per site."""

    def __init__(self, site: Site) -> None:
        self.component = {component.id: component.label for component in site.components}
        self.regions = {component.id: component.regions for component in site.components}
        self.fact = {fact.id: fact for fact in site.facts}
        self.position = {component.id: index for index, component in enumerate(site.components)}
        self.signoff = {audience.id: dict(audience.signoff) for audience in site.audiences if audience.signoff}

    def of_region(self, region: str) -> set[str]:
        """Give the labels of all components that are in a region."""
        return {self.component[component] for component, regions in self.regions.items() if region in regions}

    def rules_for(self, reader: Reader) -> dict[str, tuple[str, ...]]:
        """Give the approvals a reader's words need: what support pastes needs those of the page."""
        return self.signoff.get(PUBLIC if reader == MACROS_READER else reader.audience, {})


class Withheld(NamedTuple):
    """An update of which a reader gets nothing yet, because these roles have not approved it."""

    authored: Update
    missing: tuple[str, ...]


class Told(NamedTuple):
    """An authored update this reader may know of, beside what it gets of it.

    `missing` are the roles that have not approved the newest words, so that older ones are shown. Where words need
    approval, no translation is shown: nobody has approved that.
    """

    authored: Update
    viewed: view.Update
    missing: tuple[str, ...] = ()
    needs_approval: bool = False

    @property
    def speaks(self) -> bool:
        """Tell whether anything of it reaches the reader; a silent one leaves no trace of its time."""
        return bool(self.viewed.status or self.viewed.passages or self.viewed.claims or self.authored.next_update)


def title_for(policy: Policy, titles: Iterable[Text]) -> Words | None:
    """Choose the most specific title a reader may read, in its language if it can be; None if it may read none."""
    readable = {title.label: title for title in titles if policy.reads(title.label)}
    chosen = next((readable[label] for label in policy.ranking if label in readable), None)
    return words_of(policy, chosen) if chosen else None


def links_for(policy: Policy, links: Iterable[Link]) -> tuple[view.Link, ...]:
    """Keep the links a reader may read."""
    return tuple(view.Link(name=link.name, url=link.url) for link in links if policy.reads(link.label))


def project_incident(policy: Policy, incident: Incident, labels: Labels, at: datetime) -> view.Incident | None:
    """Show one incident to one reader at an instant; None if for this reader it does not exist."""
    title = title_for(policy, incident.titles)
    known = known_updates(policy, incident, labels, at)
    said = [one for one in known if one.speaks]
    if title is None or not said or incident.started_at > at:
        return None
    statuses = [(one.viewed.status, one.viewed.at) for one in said if one.viewed.status]
    status, status_at = statuses[-1] if statuses else ("investigating", None)
    resolved_at = status_at if status == RESOLVED else None
    postmortem = _postmortem(policy, incident.postmortem, at) if resolved_at else None
    promise = None if resolved_at else promised(policy, said, labels)
    return view.Incident(
        id=incident.id,
        title=title.text.words,
        status="postmortem" if postmortem else status,
        impact=_impact(said),
        started_at=incident.started_at,
        updated_at=max(newest_instant(said), postmortem.at if postmortem else said[0].viewed.at),
        monitoring_at=next((when for what, when in reversed(statuses) if what == "monitoring"), None),
        resolved_at=resolved_at,
        next_update=promise,
        late=promise is not None and at >= promise,
        claims=standing_claims(said, labels),
        affected=affected(said, labels),
        regions=_regions(policy, incident, labels),
        facts=_facts(policy, known, labels),
        asks=_asks(policy, known),
        decision=None if resolved_at else _decision(policy, known),
        links=links_for(policy, incident.links),
        updates=tuple(one.viewed for one in reversed(said)),
        postmortem=postmortem,
        title_language=title.language,
        title_instead=title.instead,
    )


def known_updates(policy: Policy, of: Story, labels: Labels, at: datetime) -> list[Told]:
    """Give the updates this reader may know of by now, oldest first; none that still waits for approval."""
    return [one for one in judged_updates(policy, of, labels, at) if isinstance(one, Told)]


def judged_updates(policy: Policy, of: Story, labels: Labels, at: datetime) -> list[Told | Withheld]:
    """Judge every update up to an instant whose audience this reader belongs to, oldest first."""
    judged: list[Told | Withheld] = []
    known: list[Told] = []
    states: dict[str, ComponentState] = {}
    severity: str | None = None
    for update in of.updates:
        if update.at > at:
            break
        severity = update.severity or severity
        if not policy.reads(update.audience):
            continue
        changed = dict(states)
        told = _told(policy, update, labels, changed, at)
        roles = _roles_asked(policy, told, labels, severity, known)
        if roles:
            words = release.words_for(policy, untranslated(update.passages))
            told = Told(update, structs.replace(told.viewed, passages=words), needs_approval=True)
        missing = release.missing_roles(policy, roles, update.seals, told.viewed.passages)
        sealed = release.newest_sealed(policy, roles, update.seals) if missing else None
        if missing and sealed is None:
            judged.append(Withheld(update, missing))
            continue
        if sealed is not None:
            told = Told(
                update, structs.replace(told.viewed, passages=sealed, corrections=()), missing, needs_approval=True
            )
        states = changed
        known.append(told)
        judged.append(told)
    return judged


def _told(policy: Policy, update: Update, labels: Labels, states: dict[str, ComponentState], at: datetime) -> Told:
    """Give what a reader would get of an update if nothing had to approve it; `states` are brought up to date."""
    words = release.words_for(policy, update.passages)
    viewed = view.Update(
        id=update.id,
        at=update.at,
        status=update.status,
        passages=words,
        claims=_claims(policy, update, labels, states),
        corrections=_corrections(policy, update, at) if words else (),
    )
    return Told(update, viewed)


def adds_particulars(policy: Policy, update: Update, labels: Labels) -> bool:
    """Tell whether an update brings this reader a fact, an ask or a decision, even where it says nothing else."""
    found = [labels.fact[value.fact].label for value in update.facts]
    found += [ask.label for ask in update.asks]
    found += [update.decision.label] if update.decision else []
    return any(policy.reads(label) for label in found)


def newest_instant(said: Sequence[Told]) -> datetime:
    """Tell when this reader last got a word, corrections included; nothing later than what it was shown."""
    return max(max([one.viewed.at, *(fix.at for fix in one.viewed.corrections)]) for one in said)


def promised(policy: Policy, said: Sequence[Told], labels: Labels) -> datetime | None:
    """Tell when the next word was promised: each audience's newest update keeps or renews that audience's promise.

    What was promised to everyone is kept by a word to everyone, for all who read the promise.
    """
    newest: dict[str, datetime | None] = {}
    for one in said:
        to_all = one.authored.audience == PUBLIC and _tells_all(one.authored, labels)
        if to_all or one.authored.audience in policy.addressed:
            newest[one.authored.audience] = one.authored.next_update
    return min((promise for promise in newest.values() if promise), default=None)


def _tells_all(update: Update, labels: Labels) -> bool:
    """Tell whether a public update tells the public anything: not one that speaks to some of its readers alone."""
    named = [labels.component[claim.component] for claim in update.claims]
    words = [text.label for text in update.passages]
    return bool(update.status or update.next_update) or PUBLIC in (*named, *words)


def standing_claims(said: Sequence[Told], labels: Labels) -> tuple[view.Claim, ...]:
    """Give each component's newest claim, in the site's order; a closing status clears them all."""
    standing: dict[str, view.Claim] = {}
    for one in said:
        if one.viewed.status in CLOSED:
            standing = {}
            continue
        standing.update((claim.component, claim) for claim in one.viewed.claims)
    return tuple(standing[component] for component in sorted(standing, key=labels.position.__getitem__))


def _roles_asked(
    policy: Policy, told: Told, labels: Labels, severity: str | None, before: Sequence[Told]
) -> tuple[str, ...]:
    """Give the roles that must approve an update for this reader.

    They go by severity inside; outside by the impact that this reader would see with this update among the others.
    """
    rules = labels.rules_for(policy.reader)
    if not rules:
        return ()
    key = severity if policy.boundary == "internal" else _impact([*(one for one in before if one.speaks), told])
    return rules.get(key or "", ())


def _claims(
    policy: Policy, update: Update, labels: Labels, states: dict[str, ComponentState]
) -> tuple[view.Claim, ...]:
    """Give what an update says of components this reader may know; closing says that all are well again."""
    said = {claim.component: claim.state for claim in update.claims if policy.reads(labels.component[claim.component])}
    if update.status in CLOSED:
        # What a closing update names for the first time was so until now: the whole past, told in one update.
        states.update((component, state) for component, state in said.items() if component not in states)
        said = dict.fromkeys((component for component, state in states.items() if state != OPERATIONAL), OPERATIONAL)
    claims = tuple(
        view.Claim(component=component, state=said[component], was=states.get(component, OPERATIONAL))
        for component in sorted(said, key=labels.position.__getitem__)
    )
    states.update(said)
    return claims


def _corrections(policy: Policy, update: Update, at: datetime) -> tuple[view.Correction, ...]:
    """Give the corrections made by now of words this reader may read."""
    return tuple(
        view.Correction(at=fix.at, was=fix.was) for fix in update.corrected if fix.at <= at and policy.reads(fix.label)
    )


def _postmortem(policy: Policy, postmortem: Postmortem | None, at: datetime) -> view.Postmortem | None:
    if postmortem is None or postmortem.at > at or not policy.reads(postmortem.audience):
        return None
    passages = release.words_for(policy, postmortem.passages)
    return view.Postmortem(id=postmortem.id, at=postmortem.at, passages=passages) if passages else None


def _impact(said: Sequence[Told]) -> Impact:
    """Give the newest override, else the gravest thing ever claimed."""
    overrides = [one.authored.impact for one in said if one.authored.impact]
    if overrides:
        return overrides[-1]
    states = (state for one in said for claim in one.viewed.claims for state in (claim.was, claim.state))
    return IMPACT_OF_STATE[max(states, key=gravity, default=OPERATIONAL)]


def affected(said: Sequence[Told], labels: Labels) -> tuple[str, ...]:
    """Give every component ever named, in the site's order."""
    named = {claim.component for one in said for claim in one.viewed.claims}
    return tuple(sorted(named, key=labels.position.__getitem__))


def _regions(policy: Policy, incident: Incident, labels: Labels) -> tuple[str, ...]:
    """Give where it is felt: those regions that this reader knows from components it may read of."""
    return tuple(region for region in incident.regions if any(map(policy.reads, labels.of_region(region))))


def _facts(policy: Policy, known: Sequence[Told], labels: Labels) -> tuple[view.Fact, ...]:
    newest: dict[str, view.Fact] = {}
    for one in known:
        for value in one.authored.facts:
            kind = labels.fact[value.fact]
            if policy.reads(kind.label):
                newest[kind.id] = view.Fact(
                    id=kind.id, name=kind.name, value=value.value, unit=kind.unit, as_of=one.authored.at
                )
    return tuple(newest[fact] for fact in labels.fact if fact in newest)


def _asks(policy: Policy, known: Sequence[Told]) -> tuple[view.Ask, ...]:
    """Give what was asked for, in the order first asked; asking again changes nothing, `met` closes it."""
    asked: dict[tuple[str, str], view.Ask] = {}
    for one in known:
        for ask in one.authored.asks:
            if not policy.reads(ask.label):
                continue
            first = asked.get((ask.what, ask.of))
            asked[ask.what, ask.of] = view.Ask(
                what=ask.what,
                of=ask.of,
                since=first.since if first else one.authored.at,
                met_at=one.authored.at if ask.met else None,
            )
    return tuple(asked.values())


def _decision(policy: Policy, known: Sequence[Told]) -> view.Decision | None:
    said = [(one.authored.decision, one.authored.at) for one in known if one.authored.decision]
    readable = [(decision, when) for decision, when in said if decision and policy.reads(decision.label)]
    if not readable:
        return None
    decision, when = readable[-1]
    return view.Decision(what=decision.what, at=decision.at, who=decision.who, said_at=when)
