"""How one open problem stands, for insiders, in rows of one line each; what is not known takes no row."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec
from markupsafe import Markup

from heliograph.render.markup import to_line
from heliograph.render.sentences import shortened
from heliograph.render.tongue import Tongue
from heliograph.render.voice import Voice
from heliograph.render.words import part_state, role_name, state_word, worst_first
from heliograph.view import Ask, Claim, Dossier, Due, Incident

_OLDER: Final = 1
"""So many public updates are repeated in part besides the newest."""
_OLDER_LENGTH: Final = 90


class Row(msgspec.Struct, frozen=True):
    """One line: what it is about, what is so, and as of when (None where the words say that)."""

    name: str
    words: Markup
    as_of: datetime | None = None


class Standing(msgspec.Struct, frozen=True):
    """An open problem, what the desk knows of it, the name of its severity, and for whom and how it is told."""

    incident: Incident
    dossier: Dossier
    severity: str
    reader: str
    voice: Voice

    @property
    def tongue(self) -> Tongue:
        """The language it is told in."""
        return self.voice.tongue

    def time(self, instant: datetime) -> Markup:
        """Say an instant beside the problem's beginning."""
        return self.voice.beside(instant, self.incident.started_at)


def from_you(standing: Standing, names: Iterable[str]) -> Row:
    """Say what is asked of the reader itself, known by any of `names` (lower case), else `Nothing now.`."""
    mine = set(names)
    asked = [ask.what for ask in _unmet(standing) if ask.of.casefold() in mine]
    say = standing.tongue.gettext
    return Row(say("From you"), Markup("{}.").format("; ".join(asked) or say("Nothing now")))


def rows(standing: Standing) -> tuple[Row, ...]:
    """Say facts, state, decision, asks, what the public was told and when, what comes next, and who is at it."""
    say = standing.tongue.gettext
    said = (
        *_facts(standing),
        Row(say("State"), _state(standing)),
        Row(say("Decision"), _decision(standing)),
        *(Row(say("Open ask"), _ask(standing, ask)) for ask in _unmet(standing)),
        Row(say("We said"), _said(standing)),
        Row(say("Told"), _told(standing)),
        Row(say("Next word"), _next_word(standing)),
        Row(say("People"), _people(standing)),
    )
    return tuple(row for row in said if row.words)


def _unmet(standing: Standing) -> list[Ask]:
    return [ask for ask in standing.incident.asks if ask.met_at is None]


def _facts(standing: Standing) -> list[Row]:
    return [
        Row(fact.name, Markup("{}").format(f"{fact.value} {fact.unit}".rstrip()), fact.as_of)
        for fact in standing.incident.facts
    ]


def _state(standing: Standing) -> Markup:
    started, voice = standing.incident.started_at, standing.voice
    since = voice.tongue.marked("Since %(clock)s (%(day)s).", clock=voice.clock(started), day=voice.day(started))
    changes = [_change(voice, claim) for claim in worst_first(standing.incident.claims)]
    return Markup(" ").join([since, *changes])


def _change(voice: Voice, claim: Claim) -> str:
    if claim.was in (claim.state, "operational"):
        return f"{part_state(voice.tongue, voice.names[claim.component], claim.state)}."
    before, now = state_word(voice.tongue, claim.was), state_word(voice.tongue, claim.state)
    name = voice.names[claim.component]
    return voice.tongue.gettext("%(part)s: %(before)s → %(now)s", part=name, before=before, now=now) + "."


def _decision(standing: Standing) -> Markup:
    decision = standing.incident.decision
    if decision is None:
        return Markup()
    when, what = standing.time(decision.at), f"{decision.what.rstrip('.')}."
    return standing.tongue.marked("%(when)s, %(who)s: %(what)s", when=when, who=decision.who, what=what)


def _ask(standing: Standing, ask: Ask) -> Markup:
    what = ask.what[:1].upper() + ask.what[1:]
    since = standing.time(ask.since)
    return standing.tongue.marked("%(what)s, of %(who)s, since %(when)s; not met.", what=what, who=ask.of, when=since)


def _said(standing: Standing) -> Markup:
    """Repeat the newest public words whole, and the beginning of those before."""
    said = standing.dossier.said
    if not said:
        return standing.tongue.marked("Nothing in public")
    newest = Markup("{} “{}”").format(standing.time(said[0].at), to_line(said[0].markdown))
    older = [
        Markup("{} “{}”").format(standing.time(one.at), shortened(to_line(one.markdown), _OLDER_LENGTH))
        for one in said[1 : 1 + _OLDER]
    ]
    return Markup("<br>").join([newest, *older])


def _told(standing: Standing) -> Markup:
    return Markup(" · ").join(
        Markup("{} {}").format(audience, standing.time(at)) for audience, at in standing.dossier.told
    )


def _next_word(standing: Standing) -> Markup:
    """Say when the public and the reader of this screen hear next, or were to hear."""
    owed = sorted(
        (due for due in standing.dossier.due if due.audience in ("public", standing.reader)),
        key=lambda due: (due.by, due.audience != "public"),
    )
    if not owed:
        due = standing.incident.next_update
        if due is None:
            return standing.tongue.marked("None is promised")
        return standing.tongue.marked("By %(when)s", when=standing.time(due))
    by_instant: dict[datetime, list[Due]] = {}
    for one in owed:
        by_instant.setdefault(one.by, []).append(one)
    return Markup("; ").join(_owed(standing, by, together) for by, together in by_instant.items())


def _owed(standing: Standing, by: datetime, together: list[Due]) -> Markup:
    tongue = standing.tongue
    names = dict.fromkeys(
        tongue.gettext("public") if one.audience == "public" else tongue.gettext("this screen") for one in together
    )
    whom, when = tongue.listing(names), standing.time(by)
    whom = whom[0].upper() + whom[1:]
    if not any(one.overdue for one in together):
        return tongue.marked("%(whom)s by %(when)s", whom=whom, when=when)
    if len(together) == 1:
        return tongue.marked("%(whom)s was due by %(when)s: <strong>late</strong>", whom=whom, when=when)
    return tongue.marked("%(whom)s were due by %(when)s: <strong>late</strong>", whom=whom, when=when)


def _people(standing: Standing) -> Markup:
    spoken = ", ".join(f"{role_name(standing.tongue, role)} {who}" for role, who in standing.dossier.roles)
    return Markup("{}").format(spoken[:1].upper() + spoken[1:])
