"""Digests for colleagues: engineering, and any other audience inside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from heliograph.message import Message
from heliograph.render import sentences, words
from heliograph.render.digests import plan, rows, word
from heliograph.render.digests.batch import batches
from heliograph.render.digests.case import Matter
from heliograph.render.digests.plan import Plan
from heliograph.render.digests.sheet import Row, plain, worded
from heliograph.render.layouts import Layouts
from heliograph.render.tongue import N_
from heliograph.view import Desk, Heard, View

_ENDING = N_("Please do not join the call unless you were asked to.")


def engineering(view: View, desk: Desk, heard: tuple[Heard, ...], layouts: Layouts) -> Iterator[Message]:
    """Make the mails of those who may have to help: condition, needs, who leads, where to look; and what remains."""
    for batch in batches(view, desk, heard):
        yield plan.told(batch, _ENGINEERING, layouts)


def general(view: View, desk: Desk, heard: tuple[Heard, ...], layouts: Layouts) -> Iterator[Message]:
    """Make the mails of any other audience inside."""
    for batch in batches(view, desk, heard):
        yield plan.told(batch, _GENERAL, layouts)


def _engineering_rows(matter: Matter) -> Iterator[Row]:
    say = matter.tongue.gettext
    own = list(rows.own_words(matter, say("CONDITION")))
    yield from own
    yield from _internal_words(matter, say("BESIDES") if own else say("CONDITION"))
    yield from rows.wanted_of_me(matter, say("FROM YOU"))
    yield rows.state(matter)
    yield from rows.asks(matter)
    yield from rows.decision(matter)
    yield word.people(matter, matter.tongue.gettext(_ENDING))
    yield from _owners(matter)
    yield from _links(matter)
    yield from rows.facts(matter)
    yield word.we_said(matter)
    yield word.next_word(matter)
    yield from rows.earlier_own_words(matter)


def _engineering_closing(matter: Matter) -> Iterator[Row]:
    say = matter.tongue.gettext
    yield plain(say("STATE"), rows.solved(matter), rows.changed(matter))
    own = list(rows.own_words(matter, say("CONDITION"))) if matter.own_words_hold else []
    yield from own
    yield from _internal_words(matter, say("BESIDES") if own else say("CONDITION"))
    yield from rows.wanted_of_me(matter, say("FROM YOU"))
    yield from rows.asks(matter)
    yield rows.affected(matter)
    yield from _links(matter)
    yield from rows.facts(matter)
    yield word.we_said(matter)
    yield from word.owed_after_end(matter)
    yield word.account(matter)


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
        + "".join(f"\n{address}" for address in (one.runbook, *one.dashboards) if address)
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


def _to_others(matter: Matter) -> Iterator[Row]:
    """Give the newest words if they are for other colleagues alone: else nothing here would tell them."""
    newest = next((update for update in matter.incident.updates if update.passages), None)
    if newest is None or not matter.said_now or any(passage.addressed for passage in newest.passages):
        return
    said = "\n".join(one.markdown for one in matter.dossier.said)
    if not any(passage.markdown in said for passage in newest.passages):
        yield worded(matter.tongue.gettext("BESIDES"), words.joined(newest.passages), matter.age(newest.at))


def _general_rows(matter: Matter) -> Iterator[Row]:
    say = matter.tongue.gettext
    yield from rows.own_words(matter, say("FOR YOU"))
    yield plan.happening(matter)
    yield from _to_others(matter)
    yield from rows.wanted_of_me(matter, say("FROM YOU"))
    yield rows.state(matter)
    yield from rows.facts(matter)
    yield from rows.decision(matter)
    yield from rows.asks(matter)
    yield word.we_said(matter)
    yield from word.told(matter)
    yield word.next_word(matter)
    yield word.people(matter, say(_ENDING))
    yield from _links(matter)


def _general_closing(matter: Matter) -> Iterator[Row]:
    say = matter.tongue.gettext
    yield plain(say("STATE"), rows.solved(matter), rows.changed(matter))
    if matter.own_words_hold:
        yield from rows.own_words(matter, say("FOR YOU"))
    yield plan.happened(matter)
    yield from _to_others(matter)
    yield rows.affected(matter)
    yield from rows.facts(matter)
    yield from rows.wanted_of_me(matter, say("FROM YOU"))
    yield from rows.asks(matter)
    yield from word.told(matter)
    yield from word.owed_after_end(matter)
    yield word.account(matter)
    yield from _links(matter)


_ENGINEERING: Final = Plan(by_own_title=True, open=_engineering_rows, closing=_engineering_closing)
_GENERAL: Final = Plan(by_own_title=True, open=_general_rows, closing=_general_closing)
