"""The hosts a site is published to, and the registers that remember what each holds, as commands use them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from heliograph.cli.house import House, Stop
from heliograph.cli.ledgers import STATE, operations_for
from heliograph.model import Site
from heliograph.operations import BucketPlace, FolderPlace, Host
from heliograph.problems import did_you_mean

if TYPE_CHECKING:
    from heliograph.operations import Operations
    from heliograph.publish.register import Register
    from heliograph.publish.shelf import Shelf
    from heliograph.store_faults import StoreRefused

REGISTERS: Final = "published"


class Hosts:
    """All hosts of one site: those of the operator's file, and the site's own folders for trees that go to none."""

    def __init__(self, house: House, site: Site, operations: Operations | None = None) -> None:
        operations = operations or operations_for(house, site)
        self.operations = operations
        named = {host.id: host for host in (operations.hosts if operations else ())}
        own = (_in_site(house.root, target.id, target.tree, target.directory) for target in site.targets)
        inside = {audience.id for audience in site.audiences if audience.boundary == "internal"}
        known = {**{host.id: host for host in own}, **named}
        self._known = sorted(known.values(), key=lambda host: (host.tree not in inside, host.id))
        served = {host.tree for host in named.values()}
        self.all = [host for host in self._known if host.id in named or host.tree not in served]
        self._house, self._site = house, site
        self._shelf: Shelf | None = None
        self._out_of_reach: StoreRefused | None = None

    def chosen(self, names: Sequence[str]) -> list[Host]:
        """Choose hosts by name, or all: insiders' first, so that no customer reads what colleagues have not."""
        if not self.all:
            raise Stop("no target is named, in site_src/targets.toml or in the operator's file")
        known = {host.id: host for host in self._known}
        for name in names:
            if name not in known:
                raise click.UsageError(
                    f"no target is called {name!r} ({did_you_mean(name, known) or ', '.join(known)})"
                )
        return [host for host in self._known if host.id in names] if names else list(self.all)

    @property
    def ever_used(self) -> list[Host]:
        """Give all hosts that are published to, and those that once were."""
        return [host for host in self._known if host in self.all or self._was_used(host)]

    def _was_used(self, host: Host) -> bool:
        from heliograph.store_faults import StoreRefused

        try:
            return self.register(host).look().current is not None
        except StoreRefused:
            return True

    def register(self, host: Host) -> Register:
        """Give what remembers what was published to a host."""
        from heliograph.publish.register import Register

        return Register(self.shelf(), self._site.settings.id, host.id)

    def shelf(self) -> Shelf:
        """Give the place where it is remembered what was published."""
        from heliograph.store_faults import StoreRefused

        if self._out_of_reach is not None:
            raise self._out_of_reach
        if self._shelf is None:
            try:
                self._shelf = self._open()
            except StoreRefused as refused:
                self._out_of_reach = refused  # it is waited for once, however many targets there are
                raise
        return self._shelf

    def _open(self) -> Shelf:
        place = self.operations.state if self.operations else None
        if isinstance(place, BucketPlace):
            from heliograph.buckets import Bucket

            opened = Bucket(place)
            opened.reach()  # in half a minute at most: a drill begins with a provider that does not answer
            return opened
        from heliograph.publish.folder_shelf import FolderShelf

        return FolderShelf(place.path if place else self._house.root / STATE / REGISTERS)

    def places(self) -> list[Path]:
        """Give the folders among the hosts."""
        return [host.place.path for host in self._known if isinstance(host.place, FolderPlace)]


def _in_site(root: Path, identity: str, tree: str, directory: str) -> Host:
    return Host(id=identity, tree=tree, place=FolderPlace(root / directory))
