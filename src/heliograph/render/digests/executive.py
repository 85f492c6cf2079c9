"""The executives' digest: one mail for everything open, bottom line first, and a closing mail with the final cost."""

from __future__ import annotations

from collections.abc import Iterator

from heliograph.message import Message
from heliograph.render import markup, sentences
from heliograph.render.digests import rows, word
from heliograph.render.digests.answers import answer
from heliograph.render.digests.batch import Batch, batches
from heliograph.render.digests.case import CHANGED, Matter
from heliograph.render.digests.compose import subject
from heliograph.render.digests.sheet import Row, Section, plain
from heliograph.render.layouts import Layouts
from heliograph.render.tongue import N_
from heliograph.view import Desk, Heard, View

_ENDING = N_("Reply here; please do not join the call.")
_DEADLINE_FACT = "sla"
"""The id of the fact whose last clause stands in the subject: what runs out, and when."""


def executive(view: View, desk: Desk, heard: tuple[Heard, ...], layouts: Layouts) -> Iterator[Message]:
    """Make one mail for all open incidents this audience asked to hear of, and a last one for each that is over.

    Nothing, silence, if there are none.
    """
    for batch in batches(view, desk, heard):
        yield _last(batch, layouts) if batch.kind == "closing" else _all_open(batch, layouts)


def _all_open(batch: Batch, layouts: Layouts) -> Message:
    several = [Section(heading="", rows=tuple(map(_in_short, batch.matters)))] if len(batch.matters) > 1 else []
    return batch.message(
        layouts,
        subject=_subject(batch),
        preheader=_bottom_line(batch.first),
        sections=[*several, *(rows.section(matter.heading, matter, _rows(matter)) for matter in batch.matters)],
        closing=[rows.all_open(batch.matters, batch.first.tongue.gettext("ALL OPEN"))],
    )


def _last(batch: Batch, layouts: Layouts) -> Message:
    """Make the last mail about one incident: how long it was, what it cost, what was said."""
    matter = batch.first
    return batch.message(
        layouts,
        subject=subject(
            matter.headline,
            [*matter.ended, *_own_sentences(matter)],
            batch.place.ending,
            parting=f"{matter.tongue.colon} ",
        ),
        preheader=_bottom_line(matter),
        sections=[Section(heading=matter.heading_over, rows=tuple(_closing_rows(matter)))],
    )


def _in_short(matter: Matter) -> Row:
    """Say one of several problems in a line: its severity, its headline, and where it stands."""
    told = sentences.sentence(f"{sentences.headline(matter.public_title)}{matter.tongue.colon} {matter.phrase}")
    return plain(matter.severity, told, rows.heading_mark(matter) or matter.mark(matter.newest.at, CHANGED))


def _subject(batch: Batch) -> str:
    first, *others = batch.matters
    if others:
        opened = first.tongue.ngettext("%(num)s open", "%(num)s open", len(batch.matters))
        return subject(
            opened, [matter.headline for matter in batch.matters], batch.place.ending, parting=f"{first.tongue.colon} "
        )
    own = _own_sentences(first)
    if own and _begins_with_phrase(first, own[0]):
        details = [own[0], _deadline(first), *own[1:]]
    else:
        details = [first.phrase, *(own if len(own) == 1 else ()), _deadline(first)]
    return subject(first.headline, details, batch.place.ending, parting=f"{first.tongue.colon} ")


def _said_to_you(matter: Matter) -> tuple[str, str]:
    """Split the newest words for this reader: what is so, in one line, and what they ask of it, in Markdown."""
    told, asked = answer(matter.own_words(), matter.tongue.gettext("FROM YOU"))
    return markup.to_line(told), asked


def _own_sentences(matter: Matter) -> list[str]:
    told = sentences.sentences(_said_to_you(matter)[0]) if matter.own_words_hold else []
    return [sentences.mid_sentence(one.rstrip(".")) for one in told]


def _begins_with_phrase(matter: Matter, text: str) -> bool:
    return text.lower().startswith(matter.phrase.split(",")[0])


def _deadline(matter: Matter) -> str:
    """Say what runs out: the fact's name and the last clause of its value."""
    fact = next((fact for fact in matter.incident.facts if fact.id == _DEADLINE_FACT), None)
    if fact is None:
        return ""
    clause = fact.value.rsplit(";", 1)[-1].strip().rstrip(".")
    return f"{fact.name} {clause}" if clause[:1].islower() else f"{fact.name}: {clause}"


def _bottom_line(matter: Matter) -> str:
    """Give the words written for this reader; a single sentence, or none, is led by where things stand."""
    own = _said_to_you(matter)[0] if matter.own_words_hold else ""
    if matter.incident.is_open and own and (_begins_with_phrase(matter, own) or len(sentences.sentences(own)) > 1):
        return own
    return f"{_standing(matter)} {own}".strip()


def _standing(matter: Matter) -> str:
    incident = matter.incident
    if incident.resolved_at is not None:
        return rows.solved(matter)
    told = max(matter.dossier.said, key=lambda said: (said.status is not None, said.at), default=None)
    if told is not None and told.status == incident.status:
        return sentences.sentence(sentences.first_sentence(markup.to_line(told.markdown)))
    return sentences.sentence(matter.phrase)


def _rows(matter: Matter) -> Iterator[Row]:
    say = matter.tongue.gettext
    yield plain(say("BOTTOM LINE"), _bottom_line(matter), rows.changed(matter))
    yield rows.from_you(matter, _said_to_you(matter)[1])
    yield from rows.facts(matter)
    yield rows.state(matter)
    yield from rows.decision(matter)
    yield from rows.asks(matter)
    yield word.we_said(matter)
    yield from word.told(matter)
    yield word.next_word(matter)
    yield word.people(matter, say(_ENDING))
    yield from _older_words(matter)


def _older_words(matter: Matter) -> Iterator[Row]:
    """Give the newest words for this reader where others were said since, and the bottom line is made of those."""
    told, since = _said_to_you(matter)[0], matter.own_words_at
    if told and since and not matter.own_words_hold:
        yield plain(matter.tongue.gettext("LAST TO YOU"), told, matter.age(since))


def _closing_rows(matter: Matter) -> Iterator[Row]:
    say = matter.tongue.gettext
    yield plain(say("BOTTOM LINE"), _bottom_line(matter), rows.changed(matter))
    yield rows.from_you(matter, _said_to_you(matter)[1] if matter.own_words_hold else "")
    yield from rows.facts(matter)
    yield plain(say("WHEN"), matter.since())
    yield rows.affected(matter)
    yield from rows.asks(matter)
    yield word.we_said(matter)
    yield from word.told(matter)
    yield from word.owed_after_end(matter)
    yield word.account(matter)
    yield from word.customers_read(matter)
