"""How a colleague's digest is laid out: by which title it calls a problem, and which rows tell it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from heliograph.message import Message
from heliograph.render import sentences
from heliograph.render.digests import rows
from heliograph.render.digests.batch import Batch, Particulars, everything
from heliograph.render.digests.case import Matter
from heliograph.render.digests.compose import subject
from heliograph.render.digests.sheet import Row, Section, worded
from heliograph.render.layouts import Layouts


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of what is open and of what is over; a problem is called by the reader's own title or the public one.

    `particulars` are those facts, asks and decisions that the rows tell.
    """

    by_own_title: bool
    open: Callable[[Matter], Iterator[Row]]
    closing: Callable[[Matter], Iterator[Row]]
    particulars: Particulars = everything

    def headline(self, matter: Matter) -> str:
        """Name a problem in a subject line."""
        return matter.own_headline if self.by_own_title else matter.headline

    def heading(self, matter: Matter) -> str:
        """Name a problem above its rows."""
        if matter.incident.is_open:
            return matter.own_heading if self.by_own_title else matter.heading
        return matter.own_heading_over if self.by_own_title else matter.heading_over


def told(batch: Batch, plan: Plan, layouts: Layouts) -> Message:
    """Tell what is open, or one problem's end, by a plan."""
    return _last(batch, plan, layouts) if batch.kind == "closing" else _open(batch, plan, layouts)


def _open(batch: Batch, plan: Plan, layouts: Layouts) -> Message:
    sections = [rows.section(plan.heading(matter), matter, plan.open(matter)) for matter in batch.matters]
    return batch.message(
        layouts,
        subject=_subject(batch, [plan.headline(matter) for matter in batch.matters]),
        preheader=" ".join(sections[0].rows[0].text.split()),
        sections=sections,
        closing=[rows.all_open(batch.matters, batch.first.tongue.gettext("ALL OPEN"))],
        particulars=plan.particulars,
    )


def _last(batch: Batch, plan: Plan, layouts: Layouts) -> Message:
    matter = batch.first
    opening = f"{matter.desk.name}: {plan.headline(matter)}"
    return batch.message(
        layouts,
        subject=subject(opening, matter.ended, batch.place.ending, parting=f"{matter.tongue.colon} "),
        preheader=rows.solved(matter),
        sections=[Section(heading=plan.heading(matter), rows=tuple(plan.closing(matter)))],
        particulars=plan.particulars,
    )


def _subject(batch: Batch, headlines: list[str]) -> str:
    first, *others = batch.matters
    name = first.desk.name
    if others:
        opened = first.tongue.ngettext("%(num)s open", "%(num)s open", len(batch.matters))
        return subject(f"{name}: {opened}", headlines, batch.place.ending, parting=f"{first.tongue.colon} ")
    until = first.incident.next_update
    promised = until is not None and not first.incident.late
    promise = first.tongue.gettext("next word by %(when)s", when=first.at(until)) if until and promised else ""
    return subject(f"{name}: {headlines[0]}", [first.phrase, promise], batch.place.ending)


def happening(matter: Matter) -> Row:
    """Tell the problem in a sentence, then in the words for everyone."""
    said = matter.said_now or matter.shared_words()
    told = sentences.told_since(matter.tongue, matter.public_title, matter.at(matter.incident.started_at))
    said = sentences.without_echo(matter.public_title, said)
    return worded(matter.tongue.gettext("WHAT HAPPENS"), sentences.lead_in(sentences.literal(told), said))


def happened(matter: Matter) -> Row:
    """Tell what went on from when to when, then the last words for everyone."""
    said = matter.said_now or matter.shared_words()
    told = sentences.told_was(matter.tongue, matter.public_title, matter.period)
    said = sentences.without_echo(matter.public_title, said)
    return worded(matter.tongue.gettext("WHAT HAPPENED"), sentences.lead_in(sentences.literal(told), said))
