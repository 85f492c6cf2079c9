"""The digest of those who sell and promise: what to pause, what to say, when to resume."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from heliograph.message import Message
from heliograph.render.digests import plan, rows, word
from heliograph.render.digests.batch import batches, facts_and_mine
from heliograph.render.digests.case import Matter
from heliograph.render.digests.plan import Plan
from heliograph.render.digests.sheet import Row, plain
from heliograph.render.layouts import Layouts
from heliograph.view import Desk, Heard, View


def business(view: View, desk: Desk, heard: tuple[Heard, ...], layouts: Layouts) -> Iterator[Message]:
    """Make the mails of those who sell and promise: what to pause, what to say, when to go on, and that it is over.

    They speak of a problem by the title customers know.
    """
    for batch in batches(view, desk, heard):
        yield plan.told(batch, _BUSINESS, layouts)


def _business_rows(matter: Matter) -> Iterator[Row]:
    say = matter.tongue.gettext
    own = list(rows.own_words(matter, say("FOR YOU")))
    yield from own or [plain(say("FOR YOU"), say("No words of your own yet; what follows holds for everyone."))]
    yield plan.happening(matter)
    yield rows.state(matter)
    yield from rows.facts(matter)
    labels = {row.label for row in own}
    if labels.isdisjoint(("SAY", say("SAY"))):
        yield _to_say(matter)
    yield from word.customers_read(matter)
    if labels.isdisjoint(("RESUME", say("RESUME"))):
        yield plain(say("RESUME"), say("When we write that it is solved, and not before."))
    yield from rows.wanted_of_me(matter, say("FROM YOU"))
    yield word.next_word(matter)


def _business_closing(matter: Matter) -> Iterator[Row]:
    say = matter.tongue.gettext
    own = list(rows.own_words(matter, say("FOR YOU"))) if matter.own_words_hold else []
    labels = {row.label for row in own}
    if labels.isdisjoint(("RESUME", say("RESUME"))):
        yield plain(say("RESUME"), say("Now, what you paused for this: it is solved."), rows.changed(matter))
    yield from own
    if labels.isdisjoint(("SAY", say("SAY"))):
        yield _to_say(matter)
    yield plan.happened(matter)
    yield from rows.facts(matter)
    yield from rows.wanted_of_me(matter, say("FROM YOU"))
    yield from word.owed_after_end(matter)
    yield word.account(matter)
    yield from word.customers_read(matter)


def _to_say(matter: Matter) -> Row:
    say = matter.tongue.gettext
    if matter.dossier.title_public is None:
        return plain(say("SAY"), say("Nothing: customers were not told of this."))
    return plain(say("SAY"), say("What customers read on the public page, and no more; no cause, no time of your own."))


_BUSINESS: Final = Plan(by_own_title=False, open=_business_rows, closing=_business_closing, particulars=facts_and_mine)
