"""The whole way of a build: what each reader may see, made into the trees it reads. Pure: no clock, no disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import Final, NamedTuple

from markupsafe import Markup
from msgspec import structs

from heliograph.correspondence import Correspondence, Post
from heliograph.egress import CANARY, Part, Watch, guarded, house_words
from heliograph.gate import MACROS_READER, PUBLIC_READER, Gate, Reader
from heliograph.message import Message
from heliograph.model import INTERNAL, PUBLIC, Audience, Site
from heliograph.parallel import Run, results
from heliograph.record import NOTHING_KNOWN, Record
from heliograph.render import brief, calendar, feeds, internal, markup, public, small, statuspage
from heliograph.render.editions import folder, in_all_languages, within
from heliograph.render.layouts import Layouts
from heliograph.render.macros import macro_artifacts
from heliograph.render.previews import previews
from heliograph.terms import Boundary
from heliograph.tree.artifact import Artifact
from heliograph.tree.write import TreePlan
from heliograph.view import Desk, View

MAIL: Final = "mail"
MACROS: Final = "macros"


def trees(site: Site, layouts: Layouts, at: datetime, record: Record = NOTHING_KNOWN) -> Iterator[TreePlan]:
    """Make every tree of a site as of an instant, as renderers leave it: proofs of the gate alone hold on to this.

    What is shown or written comes from `Build.trees`, which nothing passes unread.
    """
    build = Build(site, layouts, at, record)
    for draft in build.drafts():
        yield build.plan(draft, (artifact for part in draft.parts for artifact in part.artifacts))


class Draft(NamedTuple):
    """A tree to be: its files by reader, not yet read against what is withheld from them.

    Nothing is projected or rendered before `parts` are gone through, or `holds_until` is asked.
    """

    name: str
    boundary: Boundary
    parts: Iterable[Part]
    holds_until: Callable[[], datetime | None] = lambda: None


class Build:
    """One build: the gate, and the choice of renderers by reader."""

    def __init__(self, site: Site, layouts: Layouts, at: datetime, record: Record = NOTHING_KNOWN) -> None:
        self.gate = Gate(site, at, record)
        self._site = site
        self._layouts = layouts
        self._correspondence = Correspondence(site, self.gate, layouts, at)
        self._insiders = tuple(audience for audience in site.audiences if audience.boundary == "internal")

    def trees(self) -> Iterator[TreePlan]:
        """Plan every tree: insiders' first, outsiders' last. Files are made as they are read from a plan.

        At the end of its files a plan raises Refused if any holds words that its reader may not read.
        """
        for draft in self.drafts():
            yield self.plan(draft, guarded(draft.name, draft.parts))

    def drafts(self) -> Iterator[Draft]:
        """Name every tree, in the same order."""
        yield from self._internal_trees()
        yield Draft(MAIL, "internal", self._mail())
        yield Draft(MACROS, "external", self._macro_files())
        yield Draft(PUBLIC, "external", self._public_tree(), partial(self.gate.holds_until, PUBLIC_READER))

    def plan(self, draft: Draft, artifacts: Iterable[Artifact]) -> TreePlan:
        """Plan to write `artifacts`, which are a draft's."""
        return TreePlan(
            name=draft.name,
            boundary=draft.boundary,
            site=self._site.settings.id,
            artifacts=artifacts,
            next_change_at=draft.holds_until(),
        )

    def _outside(self, reader: Reader, artifacts: Iterable[Artifact], *seen: View) -> Part:
        """Make a part of an outsider's files, made from what it sees in one or several languages."""
        watch = self._watch(reader, seen[0], seen)
        return Part(structs.replace(watch, terms=(*self._site.settings.sensitive_terms, CANARY)), artifacts)

    def _inside(self, audience: Audience, artifacts: Iterable[Artifact]) -> Part:
        seen, desk = self._seat(audience)
        shown = (seen, desk, self._correspondence.replies_for(audience))
        return Part(self._watch(Reader(audience.id), seen, shown), artifacts)

    def _watch(self, reader: Reader, seen: View, shown: tuple[object, ...]) -> Watch:
        components = (component.name for component in seen.components)
        return Watch(
            reader=str(reader),
            hidden=partial(self.gate.withheld_from, reader),
            authored=self._site,
            shown=shown,
            house=lambda: self._house,
            names=(seen.about.name, *components, *(group.name for group in seen.groups)),
            titles=tuple(title for one in shown if isinstance(one, View) for title in _titles(one)),
            customers=frozenset(customer.name for customer in self._site.customers),
        )

    @property
    def _languages(self) -> tuple[str, ...]:
        """All languages that anything of this build is written in."""
        customers = (customer.locale for customer in self._site.customers)
        return tuple(dict.fromkeys((*self._site.settings.languages, *customers)))

    @cached_property
    def _house(self) -> frozenset[str]:
        return house_words(self._layouts.words(self._languages))

    def render_ahead(self, run: Run) -> None:
        """Render the passages of the two largest trees and their translations in shares, for `run` to spread."""
        seen = [self.gate.view_of(reader) for reader in (PUBLIC_READER, Reader(INTERNAL))]
        seen += map(self._told_in, self._site.settings.languages[1:])
        passages = sorted({passage for view in seen for passage in _passages(view)})
        shares = [passages[start : start + _SHARE] for start in range(0, len(passages), _SHARE)]
        for share, rendered in zip(shares, results(run([partial(_rendered, share) for share in shares])), strict=True):
            markup.remember(share, rendered)

    def _public_tree(self) -> Iterator[Part]:
        seen = self.gate.view_of(PUBLIC_READER)
        further = map(self._told_in, seen.about.languages[1:])
        yield self._outside(PUBLIC_READER, self._public_files(seen), seen, *further)

    def _told_in(self, language: str) -> View:
        return self.gate.view_of(PUBLIC_READER, language)

    def _public_files(self, seen: View) -> Iterator[Artifact]:
        yield from public.site(seen, self._layouts, self._told_in)
        for told in in_all_languages(seen, self._told_in):
            yield from within(folder(told.about), feeds.feeds(told))
            yield from within(folder(told.about), calendar.calendar(told))
        yield from statuspage.api(seen)
        yield from small.public(seen)

    def _internal_trees(self) -> Iterator[Draft]:
        for audience in self._insiders:
            if not {"page", "brief"}.isdisjoint(audience.surfaces):
                until = partial(self.gate.holds_until, Reader(audience.id))
                yield Draft(audience.id, "internal", self._insiders_tree(audience), until)

    def _insiders_tree(self, audience: Audience) -> Iterator[Part]:
        is_site = "page" in audience.surfaces
        yield self._inside(audience, self._internal_files(audience) if is_site else self._brief_files(audience))

    def _internal_files(self, audience: Audience) -> Iterator[Artifact]:
        seen, desk = self._seat(audience)
        yield from internal.site(seen, desk, self._layouts, self._correspondence.replies_for(audience))
        yield from feeds.feeds(seen)
        yield from statuspage.api(seen)
        yield from calendar.calendar(seen)
        yield from small.internal(seen)

    def _brief_files(self, audience: Audience) -> Iterator[Artifact]:
        seen, desk = self._seat(audience)
        if "macros" in audience.surfaces:
            return brief.support(seen, desk, self._correspondence.replies_for(audience), self._layouts)
        return BRIEFS.get(audience.id, brief.general)(seen, desk, self._layouts)

    def _seat(self, audience: Audience) -> tuple[View, Desk]:
        reader = Reader(audience.id)
        return self.gate.view_of(reader), self.gate.desk_of(reader)

    def _macro_files(self) -> Iterator[Part]:
        seen = self.gate.view_of(MACROS_READER)
        told_in = partial(self.gate.view_of, MACROS_READER)
        further = map(told_in, seen.about.languages[1:])
        yield self._outside(MACROS_READER, macro_artifacts(seen, self._layouts, told_in), seen, *further)

    def messages(self) -> tuple[Message, ...]:
        """Give all that could be told to anyone now. Raises Refused if any holds words its reader may not read."""
        posts = [post._replace(messages=tuple(post.messages)) for post in self._correspondence.posts()]
        for _ in guarded(MAIL, map(self._posted, posts)):
            pass
        return tuple(message for post in posts for message in post.messages)

    def _mail(self) -> Iterator[Part]:
        yield from map(self._posted, self._correspondence.posts())

    def _posted(self, post: Post) -> Part:
        artifacts = previews(post.messages)
        if post.desk is None:
            return self._outside(post.reader, artifacts, *post.seen)
        return Part(self._watch(post.reader, post.seen[0], (*post.seen, post.desk, post.replies)), artifacts)


BRIEFS: Final[dict[str, Callable[[View, Desk, Layouts], Iterator[Artifact]]]] = {"exec": brief.executive}

_SHARE: Final = 500
"""How many passages one process renders at a time."""


def _titles(seen: View) -> Iterator[str]:
    yield from (one.title for one in seen.incidents)
    yield from (work.title for work in seen.maintenances)


def _passages(seen: View) -> Iterator[str]:
    for incident in seen.incidents:
        for update in incident.updates:
            yield from (passage.markdown for passage in update.passages)


def _rendered(passages: Sequence[str]) -> list[Markup]:
    return [markup.to_html(passage) for passage in passages]
