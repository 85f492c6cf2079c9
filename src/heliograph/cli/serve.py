"""The command that shows a site while it is written."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from heliograph.cli.house import House, Instant, instant_for

if TYPE_CHECKING:
    from heliograph.render.layouts import Layouts
    from heliograph.serve.shelf import Offer


@click.command()
@click.option(
    "--port",
    type=click.IntRange(1, 65000),
    default=8000,
    show_default=True,
    help="The public page's port; others follow.",
)
@click.option("--at", type=Instant(), help="Show this instant instead of now.")
@click.pass_obj
def serve(house: House, port: int, at: datetime | None) -> None:
    """Show each reader's site on this machine, each on a port of its own.

    Pages are made anew when a file is saved.
    """
    from heliograph.serve.run import run

    house.require_site()
    run(Maker(house, at), house.root, port, click.echo)


class Maker:
    """Makes builds of one site, reading and compiling again only what has changed."""

    def __init__(self, house: House, at: datetime | None = None) -> None:
        from heliograph.serve.sources import Sources

        self._root, self._at = house.root, at
        self._sources = Sources(house.root)
        self._layouts: Layouts | None = None

    def __call__(self, changed: frozenset[str] | None) -> Offer:
        """Offer a build after changes; None for all. Raises Refused with everything that is wrong with the sources."""
        from heliograph.pipeline import Build
        from heliograph.serve.shelf import Offer

        layouts = self._compiled(changed)
        reading, warnings = self._sources.read(changed)
        site = reading.site
        assert site is not None
        making = Build(site, layouts, instant_for(site, self._at))
        drafts = {draft.name: draft for draft in making.drafts()}
        is_fixed = self._at is not None or site.settings.clock is not None
        return Offer(
            trees={name: draft.parts for name, draft in drafts.items()},
            names={audience.id: audience.name for audience in site.audiences},
            warnings=warnings,
            holds_until=lambda: None if is_fixed else making.gate.next_change_at,
        )

    def _compiled(self, changed: frozenset[str] | None) -> Layouts:
        from heliograph.render.layouts import Layouts

        if self._layouts is None or changed is None or any(path.startswith("layouts") for path in changed):
            self._layouts = Layouts(self._root / "layouts")
        return self._layouts
