"""Digests for colleagues: business, engineering, and any other audience inside."""

from __future__ import annotations

from collections.abc import Iterator

from heliograph.render import sentences, words
from heliograph.render.digests import rows
from heliograph.render.digests.case import Matter, matters
from heliograph.render.digests.compose import compose, letterhead, subject
from heliograph.render.digests.sheet import Row, Section, Sheet, plain, worded
from heliograph.render.layouts import Layouts
from heliograph.render.mail import Mail
from heliograph.render.tongue import N_
from heliograph.view import Desk, View

_ENDING = N_("Please do not join the call unless you were asked to.")


def business(view: View, desk: Desk, layouts: Layouts) -> Mail | None:
    """Make the mail of those who sell and promise: what to pause, what may be said, when to go on.

    It speaks of a problem by the title customers know.
    """
    found = matters(view, desk)
    sections = (Section(heading=matter.heading, rows=tuple(_business_rows(matter))) for matter in found)
    return _mail(found, [matter.headline for matter in found], tuple(sections), layouts) if found else None


def engineering(view: View, desk: Desk, layouts: Layouts) -> Mail | None:
    """Make the mail of those who may have to help: condition, needs, who leads, and where to look."""
    found = matters(view, desk)
    sections = (Section(heading=matter.own_heading, rows=tuple(_engineering_rows(matter))) for matter in found)
    return _mail(found, [matter.own_heading for matter in found], tuple(sections), layouts) if found else None


def general(view: View, desk: Desk, layouts: Layouts) -> Mail | None:
    """Make the mail of any other audience inside."""
    found = matters(view, desk)
    sections = (Section(heading=matter.own_heading, rows=tuple(_general_rows(matter))) for matter in found)
    return _mail(found, [matter.own_heading for matter in found], tuple(sections), layouts) if found else None


def _mail(found: tuple[Matter, ...], headlines: list[str], sections: tuple[Section, ...], layouts: Layouts) -> Mail:
    view, desk = found[0].view, found[0].desk
    sheet = Sheet(
        greeting="",
        sections=sections,
        closing=(rows.all_open(found, found[0].tongue.gettext("ALL OPEN")),),
        notice=view.about.notice,
    )
    head = letterhead(
        view,
        audience=desk.reader,
        name=desk.name,
        subject=_subject(found, headlines),
        preheader=" ".join(sections[0].rows[0].text.split()),
        at=max(matter.incident.updated_at for matter in found),
    )
    return compose(layouts, "digest", head, sheet)


def _subject(found: tuple[Matter, ...], headlines: list[str]) -> str:
    first, *others = found
    name = first.desk.name
    if others:
        opened = first.tongue.gettext("%(num)s open", num=len(found))
        return subject(f"{name}: {opened}", headlines, parting=": ")
    until = first.incident.next_update
    promised = until is not None and not first.incident.late
    promise = first.tongue.gettext("next word by %(when)s", when=first.at(until)) if until and promised else ""
    return subject(f"{name}: {headlines[0]}", [first.phrase, promise], f" ({first.count})")


def _business_rows(matter: Matter) -> Iterator[Row]:
    say = matter.tongue.gettext
    own = list(rows.own_words(matter, say("FOR YOU")))
    yield from own or [plain(say("FOR YOU"), say("No words of your own yet; what follows holds for everyone."))]
    yield _happening(matter)
    yield rows.state(matter)
    yield from rows.facts(matter)
    labels = {row.label for row in own}
    if labels.isdisjoint(("SAY", say("SAY"))):
        yield _to_say(matter)
    yield from rows.customers_read(matter)
    if labels.isdisjoint(("RESUME", say("RESUME"))):
        yield plain(say("RESUME"), say("When we write that it is solved, and not before."))
    yield from rows.asks_of_me(matter)
    yield rows.next_word(matter)


def _happening(matter: Matter) -> Row:
    """Tell the problem in a sentence, then in the words for everyone."""
    said = matter.said_now or matter.shared_words()
    told = sentences.told_since(matter.tongue, matter.public_title, matter.at(matter.incident.started_at))
    said = sentences.without_echo(matter.public_title, said)
    return worded(matter.tongue.gettext("WHAT HAPPENS"), sentences.lead_in(sentences.literal(told), said))


def _to_say(matter: Matter) -> Row:
    say = matter.tongue.gettext
    if matter.dossier.title_public is None:
        return plain(say("SAY"), say("Nothing: customers were not told of this."))
    return plain(say("SAY"), say("What customers read on the public page, and no more; no cause, no time of your own."))


def _engineering_rows(matter: Matter) -> Iterator[Row]:
    say = matter.tongue.gettext
    own = list(rows.own_words(matter, say("CONDITION")))
    yield from own
    yield from _internal_words(matter, say("BESIDES") if own else say("CONDITION"))
    yield rows.state(matter)
    yield from rows.asks(matter)
    yield from rows.decision(matter)
    yield rows.people(matter, matter.tongue.gettext(_ENDING))
    yield from _owners(matter)
    yield from _links(matter)
    yield from rows.facts(matter)
    yield rows.we_said(matter)
    yield rows.next_word(matter)
    yield from rows.earlier_own_words(matter)


def _internal_words(matter: Matter, label: str) -> Iterator[Row]:
    """Give the newest words that are neither for customers nor for engineers alone."""
    said = [one.markdown for one in matter.dossier.said]
    for update in matter.incident.updates:
        inside = [
            one for one in update.passages if not one.addressed and not any(one.markdown in told for told in said)
        ]
        if inside:
            yield worded(label, words.joined(inside), matter.age(update.at))
            return


def _owners(matter: Matter) -> Iterator[Row]:
    """Name who keeps each affected part, and where its papers are."""
    affected, nobody = matter.incident.affected, matter.tongue.gettext("no owner named")
    lines = [
        sentences.sentence(f"{matter.names[one.component]}: {one.owner or nobody}")
        + "".join(f"\n- {address}" for address in (one.runbook, *one.dashboards) if address)
        for one in matter.desk.owners
        if one.component in affected
    ]
    if lines:
        yield plain(matter.tongue.gettext("KEPT BY"), "\n".join(lines))


def _links(matter: Matter) -> Iterator[Row]:
    if matter.incident.links:
        yield plain(
            matter.tongue.gettext("LINKS"), "\n".join(f"{link.name}: {link.url}" for link in matter.incident.links)
        )


def _general_rows(matter: Matter) -> Iterator[Row]:
    yield from rows.own_words(matter, matter.tongue.gettext("FOR YOU"))
    yield _happening(matter)
    yield rows.state(matter)
    yield from rows.facts(matter)
    yield from rows.decision(matter)
    yield from rows.asks(matter)
    yield rows.we_said(matter)
    yield from rows.told(matter)
    yield rows.next_word(matter)
    yield rows.people(matter, matter.tongue.gettext(_ENDING))
    yield from _links(matter)
