"""How one open problem stands, for insiders, in rows of one line each; what is not known takes no row.

The rows say what those of a digest say, for all time that the page is read: no row is marked as new.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Final

import msgspec
from markupsafe import Markup

from heliograph.render import sentences
from heliograph.render.digests.answers import answer
from heliograph.render.digests.case import Matter
from heliograph.render.digests.sheet import worded
from heliograph.render.digests.word import owed_to
from heliograph.render.markup import to_line
from heliograph.render.tongue import Tongue
from heliograph.render.voice import Voice
from heliograph.render.words import part_state, role_name, state_word, worst_first
from heliograph.view import Ask, Claim, Dossier, Incident, Passage

_OLDER: Final = 1
"""So many public updates are repeated in part besides the newest; those before are counted."""
_OLDER_LENGTH: Final = 90
_TIMES: Final = 3
"""So many times of being told are listed one by one."""


class Row(msgspec.Struct, frozen=True):
    """One line: what it is about, what is so, and as of when (None where the words say that)."""

    name: str
    words: Markup
    as_of: datetime | None = None


class Standing(msgspec.Struct, frozen=True):
    """An open problem with what the desk knows of it, and the voice it is told in."""

    matter: Matter
    voice: Voice

    @property
    def incident(self) -> Incident:
        """The problem."""
        return self.matter.incident

    @property
    def dossier(self) -> Dossier:
        """What the desk knows of it."""
        return self.matter.dossier

    @property
    def tongue(self) -> Tongue:
        """The language it is told in."""
        return self.voice.tongue

    def time(self, instant: datetime) -> Markup:
        """Say an instant beside the problem's beginning."""
        return self.voice.beside(instant, self.incident.started_at)


def lead(standing: Standing) -> str:
    """Say where it stands, for newest words that were written for this reader and do not: a single sentence of others.

    Empty otherwise.
    """
    matter = standing.matter
    told = to_line(_said_to_you(standing)[0]) if matter.own_words_hold else ""
    if not told or len(sentences.sentences(told)) > 1 or told.lower().startswith(matter.phrase.split(",")[0]):
        return ""
    return sentences.sentence(matter.phrase)


def passages(standing: Standing) -> tuple[Passage, ...]:
    """Give the newest words there are to read, less what they ask of this reader: `wanted` says that."""
    newest = next((update.passages for update in standing.incident.updates if update.passages), ())
    kept = (
        msgspec.structs.replace(one, markdown=_split(standing, one.markdown)[0]) if one.addressed else one
        for one in newest
    )
    return tuple(one for one in kept if one.markdown.strip())


def from_you(standing: Standing) -> Row:
    """Say what is wanted of this very reader; that nothing is, if so."""
    say = standing.tongue.gettext
    return next(wanted(standing), Row(say("From you"), Markup("{}").format(say("Nothing now."))))


def wanted(standing: Standing) -> Iterator[Row]:
    """Say what is wanted of this very reader: by decisions it has to take, by asks, by words written for it."""
    tongue, decision = standing.tongue, standing.incident.decision
    parts: list[Markup] = []
    if decision is not None and _is_mine(standing, decision.who):
        what = sentences.sentence(decision.what)
        parts.append(tongue.marked("Decide by %(when)s: %(what)s", when=standing.time(decision.at), what=what))
    for ask in _unmet(standing):
        if _is_mine(standing, ask.of):
            asked = tongue.marked("%(what)s, since %(when)s", what=_capital(ask.what), when=standing.time(ask.since))
            parts.append(asked + ".")
    authored = _said_to_you(standing)[1]
    if authored:
        parts.append(worded("", authored).html)
    if parts:
        yield Row(tongue.gettext("From you"), Markup(" ").join(parts))


def rows(standing: Standing) -> tuple[Row, ...]:
    """Say facts, state, decision, asks, what the public was told and when, what comes next, and who is at it.

    What is wanted of this very reader stands in `wanted`.
    """
    say = standing.tongue.gettext
    asks = [ask for ask in _unmet(standing) if not _is_mine(standing, ask.of)]
    said = (
        *_facts(standing),
        Row(say("State"), _state(standing)),
        Row(say("Decision"), _decision(standing)),
        *(Row(say("Open ask"), _ask(standing, ask)) for ask in asks),
        Row(say("We said"), _said(standing)),
        Row(say("Told"), _told(standing)),
        Row(say("Next word"), _next_word(standing)),
        Row(say("People"), _people(standing)),
        *_older_words(standing),
    )
    return tuple(row for row in said if row.words)


def _split(standing: Standing, markdown: str) -> tuple[str, str]:
    """Part words into what is so and what they ask of their reader, both in Markdown."""
    return answer(markdown, standing.tongue.gettext("FROM YOU"))


def _said_to_you(standing: Standing) -> tuple[str, str]:
    return _split(standing, standing.matter.own_words())


def _is_mine(standing: Standing, who: str) -> bool:
    return who.casefold() in standing.matter.my_names


def _unmet(standing: Standing) -> list[Ask]:
    return [ask for ask in standing.incident.asks if ask.met_at is None]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".")


def _facts(standing: Standing) -> list[Row]:
    return [Row(fact.name, Markup("{}").format(fact.measured), fact.as_of) for fact in standing.incident.facts]


def _state(standing: Standing) -> Markup:
    voice = standing.voice
    since = voice.since(voice.moment(standing.incident.started_at)) + "."
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
    if decision is None or _is_mine(standing, decision.who):
        return Markup()
    when, what = standing.time(decision.at), f"{decision.what.rstrip('.')}."
    return standing.tongue.marked("%(when)s, %(who)s: %(what)s", when=when, who=decision.who, what=what)


def _ask(standing: Standing, ask: Ask) -> Markup:
    what, since = _capital(ask.what), standing.time(ask.since)
    return standing.tongue.marked("%(what)s, of %(who)s, since %(when)s; not met.", what=what, who=ask.of, when=since)


def _said(standing: Standing) -> Markup:
    """Repeat the newest public words whole, the beginning of those before, and count what came earlier."""
    said, tongue = sorted(standing.dossier.said, key=lambda one: one.at, reverse=True), standing.tongue
    if not said:
        return tongue.marked("Nothing in public")
    newest, *before = said
    lines = [Markup("{} “{}”").format(standing.time(newest.at), to_line(newest.markdown))]
    lines += [
        Markup("{} “{}”").format(standing.time(one.at), sentences.shortened(to_line(one.markdown), _OLDER_LENGTH))
        for one in before[:_OLDER]
    ]
    if before[_OLDER:]:
        earlier = tongue.ngettext("and %(num)s message before.", "and %(num)s messages before.", len(before) - _OLDER)
        lines.append(Markup("{}").format(earlier))
    return Markup("<br>").join(lines)


def _told(standing: Standing) -> Markup:
    """Say who else was reached, and when; nothing where no record was kept."""
    reached: dict[str, list[Markup]] = {}
    for name, instant in standing.dossier.told:
        times, said = reached.setdefault(name, []), standing.time(instant)
        if name != standing.matter.desk.name and said not in times:
            times.append(said)
    return Markup(" · ").join(
        Markup("{} {}").format(name, _few(standing, times)) for name, times in reached.items() if times
    )


def _few(standing: Standing, times: Sequence[Markup]) -> Markup:
    """List the times of some messages, of many the first, the last and how many they were."""
    if len(times) <= _TIMES:
        return Markup(", ").join(times)
    number = standing.tongue.number(len(times))
    return standing.tongue.marked("%(first)s to %(last)s, %(num)s times", first=times[0], last=times[-1], num=number)


def _next_word(standing: Standing) -> Markup:
    """Say when the public and the reader of this screen hear next, or were to hear."""
    say, due = standing.tongue.gettext, standing.incident.next_update
    names = {"public": say("public"), standing.matter.desk.reader: say("this screen")}
    owed = owed_to(standing.dossier, names)
    if not owed and due is not None:
        owed[due, standing.incident.late] = [say("the next word")]
    if not owed:
        return standing.tongue.marked("None is promised")
    return Markup(" ").join(_owed(standing, by, late=late, names=owed[by, late]) for by, late in sorted(owed))


def _owed(standing: Standing, by: datetime, *, late: bool, names: Sequence[str]) -> Markup:
    tongue, when = standing.tongue, standing.time(by)
    whom = _capital(tongue.listing(names))
    if not late:
        said = tongue.marked("%(whom)s by %(when)s, sooner if the state changes", whom=whom, when=when)
    elif len(names) == 1:
        said = tongue.marked("%(whom)s was due by %(when)s: <strong>late</strong>", whom=whom, when=when)
    else:
        said = tongue.marked("%(whom)s were due by %(when)s: <strong>late</strong>", whom=whom, when=when)
    return said + "."


def _people(standing: Standing) -> Markup:
    spoken = ", ".join(f"{role_name(standing.tongue, role)} {who}" for role, who in standing.dossier.roles)
    return Markup("{}").format(f"{_capital(spoken)}." if spoken else "")


def _older_words(standing: Standing) -> Iterator[Row]:
    """Give the newest words for this reader where others were said since, with their age: those above are not they."""
    matter = standing.matter
    for markdown, since in islice(matter.all_own_words(), 1):
        told = _split(standing, markdown)[0]
        if told and not matter.own_words_hold:
            yield Row(standing.tongue.gettext("Last to you"), worded("", told).html, since)
