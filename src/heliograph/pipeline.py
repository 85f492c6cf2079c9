"""The whole way of a build: what each reader may see, made into the trees it reads. Pure: no clock, no disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from markupsafe import Markup

from heliograph.gate import MACROS_READER, PUBLIC_READER, Gate, Reader
from heliograph.model import INTERNAL, PUBLIC, STRATEGIC, Audience, Site
from heliograph.parallel import Run, results
from heliograph.record import NOTHING_KNOWN, Record
from heliograph.render import brief, calendar, digests, feeds, internal, markup, public, small, statuspage
from heliograph.render.layouts import Layouts
from heliograph.render.macros import Macro, macro_artifacts, macros
from heliograph.render.mail import Mail, mail_artifacts
from heliograph.tree.artifact import Artifact
from heliograph.tree.write import TreePlan
from heliograph.view import Desk, View

MAIL: Final = "mail"
MACROS: Final = "macros"


def trees(site: Site, layouts: Layouts, at: datetime, record: Record = NOTHING_KNOWN) -> Iterator[TreePlan]:
    """Make every tree of a site as of an instant."""
    return Build(site, layouts, at, record).trees()


class Build:
    """One build: the gate, and the choice of renderers by reader."""

    def __init__(self, site: Site, layouts: Layouts, at: datetime, record: Record = NOTHING_KNOWN) -> None:
        self.gate = Gate(site, at, record)
        self._site_id = site.settings.id
        self._layouts = layouts
        self._insiders = tuple(audience for audience in site.audiences if audience.boundary == "internal")
        self._outsiders = {audience.id: audience for audience in site.audiences if audience.boundary == "external"}
        self._customers = site.customers

    def trees(self) -> Iterator[TreePlan]:
        """Plan every tree: insiders' first, outsiders' last. Files are made as they are read from a plan."""
        yield from self._internal_trees()
        yield TreePlan(name=MAIL, boundary="internal", site=self._site_id, artifacts=self._mail())
        yield TreePlan(name=MACROS, boundary="external", site=self._site_id, artifacts=self._macro_files())
        yield self._public_tree()

    def render_ahead(self, run: Run) -> None:
        """Render the passages of the two largest trees in shares of a few hundred, for `run` to spread."""
        seen = [self.gate.view_of(reader) for reader in (PUBLIC_READER, Reader(INTERNAL))]
        passages = sorted({passage for view in seen for passage in _passages(view)})
        shares = [passages[start : start + _SHARE] for start in range(0, len(passages), _SHARE)]
        for share, rendered in zip(shares, results(run([partial(_rendered, share) for share in shares])), strict=True):
            markup.remember(share, rendered)

    def _public_tree(self) -> TreePlan:
        seen = self.gate.view_of(PUBLIC_READER)
        return TreePlan(
            name=PUBLIC,
            boundary="external",
            site=self._site_id,
            artifacts=self._public_files(seen),
            next_change_at=seen.valid_until,
        )

    def _public_files(self, seen: View) -> Iterator[Artifact]:
        yield from public.site(seen, self._layouts)
        yield from feeds.feeds(seen)
        yield from statuspage.api(seen)
        yield from calendar.calendar(seen)
        yield from small.public(seen)

    def _internal_trees(self) -> Iterator[TreePlan]:
        for audience in self._insiders:
            if files := self._files_for(audience):
                seen = self.gate.view_of(Reader(audience.id))
                yield TreePlan(
                    name=audience.id,
                    boundary="internal",
                    site=self._site_id,
                    artifacts=files,
                    next_change_at=seen.valid_until,
                )

    def _files_for(self, audience: Audience) -> Iterator[Artifact] | None:
        if "page" in audience.surfaces:
            return self._internal_files(audience)
        if "brief" in audience.surfaces:
            return self._brief_files(audience)
        return None

    def _internal_files(self, audience: Audience) -> Iterator[Artifact]:
        seen, desk = self._seat(audience)
        yield from internal.site(seen, desk, self._layouts)
        yield from feeds.feeds(seen)
        yield from statuspage.api(seen)
        yield from calendar.calendar(seen)
        yield from small.internal(seen)

    def _brief_files(self, audience: Audience) -> Iterator[Artifact]:
        seen, desk = self._seat(audience)
        if "macros" in audience.surfaces:
            return brief.support(seen, desk, self._macros(), self._layouts)
        return BRIEFS.get(audience.id, brief.general)(seen, desk, self._layouts)

    def _seat(self, audience: Audience) -> tuple[View, Desk]:
        reader = Reader(audience.id)
        return self.gate.view_of(reader), self.gate.desk_of(reader)

    def _macros(self) -> tuple[Macro, ...]:
        return macros(self.gate.view_of(MACROS_READER))

    def _macro_files(self) -> Iterator[Artifact]:
        return macro_artifacts(self.gate.view_of(MACROS_READER), self._layouts)

    def _mail(self) -> Iterator[Artifact]:
        for audience in self._insiders:
            if "digest" in audience.surfaces and (mail := self._digest(audience)):
                yield from mail_artifacts(audience.id, "digest", mail)
        if "digest" in self._surfaces(STRATEGIC):
            yield from self._customer_mails()
        if "digest" in self._surfaces(PUBLIC):
            for mail in digests.subscribers(self.gate.view_of(PUBLIC_READER), self._layouts):
                yield from mail_artifacts(PUBLIC, mail.incident, mail)

    def _digest(self, audience: Audience) -> Mail | None:
        seen, desk = self._seat(audience)
        if "macros" in audience.surfaces:
            return digests.support(seen, desk, self._macros(), self._layouts)
        return DIGESTS.get(audience.id, digests.general)(seen, desk, self._layouts)

    def _customer_mails(self) -> Iterator[Artifact]:
        for customer in self._customers:
            seen = self.gate.view_of(Reader(STRATEGIC, customer.id))
            for mail in digests.customer(seen, self._layouts):
                yield from mail_artifacts(f"{STRATEGIC}/{customer.id}", mail.incident, mail)

    def _surfaces(self, audience: str) -> tuple[str, ...]:
        return self._outsiders[audience].surfaces if audience in self._outsiders else ()


BRIEFS: Final[dict[str, Callable[[View, Desk, Layouts], Iterator[Artifact]]]] = {"exec": brief.executive}
DIGESTS: Final[dict[str, Callable[[View, Desk, Layouts], Mail | None]]] = {
    "exec": digests.executive,
    "business": digests.business,
    "engineering": digests.engineering,
}

_SHARE: Final = 500
"""How many passages one process renders at a time."""


def _passages(seen: View) -> Iterator[str]:
    for incident in seen.incidents:
        for update in incident.updates:
            yield from (passage.markdown for passage in update.passages)


def _rendered(passages: Sequence[str]) -> list[Markup]:
    return [markup.to_html(passage) for passage in passages]
