"""How one open problem stands, for insiders, in rows of one line each; what is not known takes no row."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec
from markupsafe import Markup

from heliograph.render.markup import to_line
from heliograph.render.sentences import shortened
from heliograph.render.voice import Voice
from heliograph.render.words import STATE_WORDS, worst_first
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

    def time(self, instant: datetime) -> Markup:
        """Say an instant beside the problem's beginning."""
        return self.voice.beside(instant, self.incident.started_at)


def from_you(standing: Standing, names: Iterable[str]) -> Row:
    """Say what is asked of the reader itself, known by any of `names` (lower case), else `Nothing now.`."""
    mine = set(names)
    asked = [ask.what for ask in _unmet(standing) if ask.of.casefold() in mine]
    return Row("From you", Markup("{}.").format("; ".join(asked) or "Nothing now"))


def rows(standing: Standing) -> tuple[Row, ...]:
    """Say facts, state, decision, asks, what the public was told and when, what comes next, and who is at it."""
    said = (
        *_facts(standing),
        Row("State", _state(standing)),
        Row("Decision", _decision(standing)),
        *(Row("Open ask", _ask(standing, ask)) for ask in _unmet(standing)),
        Row("We said", _said(standing)),
        Row("Told", _told(standing)),
        Row("Next word", _next_word(standing)),
        Row("People", _people(standing)),
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
    started = standing.incident.started_at
    since = Markup("Since {} ({}).").format(standing.voice.clock(started), standing.voice.day(started))
    changes = [_change(claim, standing.voice.names) for claim in worst_first(standing.incident.claims)]
    return Markup(" ").join([since, *changes])


def _change(claim: Claim, names: dict[str, str]) -> str:
    before = "" if claim.was in (claim.state, "operational") else f"{STATE_WORDS[claim.was]} → "
    return f"{names[claim.component]}: {before}{STATE_WORDS[claim.state]}."


def _decision(standing: Standing) -> Markup:
    decision = standing.incident.decision
    if decision is None:
        return Markup()
    return Markup("{}, {}: {}").format(standing.time(decision.at), decision.who, f"{decision.what.rstrip('.')}.")


def _ask(standing: Standing, ask: Ask) -> Markup:
    what = ask.what[:1].upper() + ask.what[1:]
    return Markup("{}, of {}, since {}; not met.").format(what, ask.of, standing.time(ask.since))


def _said(standing: Standing) -> Markup:
    """Repeat the newest public words whole, and the beginning of those before."""
    said = standing.dossier.said
    if not said:
        return Markup("Nothing in public")
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
        return Markup("By {}").format(standing.time(due)) if due else Markup("None is promised")
    by_instant: dict[datetime, list[Due]] = {}
    for one in owed:
        by_instant.setdefault(one.by, []).append(one)
    return Markup("; ").join(_owed(standing, by, together) for by, together in by_instant.items())


def _owed(standing: Standing, by: datetime, together: list[Due]) -> Markup:
    names = ["Public" if one.audience == "public" else "this screen" for one in together]
    whom = " and ".join(dict.fromkeys(names))
    whom = whom[0].upper() + whom[1:]
    if any(one.overdue for one in together):
        return Markup("{} {} due by {}: <strong>late</strong>").format(
            whom, "was" if len(names) == 1 else "were", standing.time(by)
        )
    return Markup("{} by {}").format(whom, standing.time(by))


def _people(standing: Standing) -> Markup:
    spoken = ", ".join(f"{role.replace('_', ' ')} {who}" for role, who in standing.dossier.roles)
    return Markup("{}").format(spoken[:1].upper() + spoken[1:])
