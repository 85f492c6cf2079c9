"""The operator's file and the ledger it names, as commands use them."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from heliograph.cli.errors import list_problems
from heliograph.cli.house import House, Stop
from heliograph.model import Site
from heliograph.record import NOTHING_KNOWN, Record

if TYPE_CHECKING:
    from heliograph.operations import Operations
    from heliograph.send.ledger import Ledger

STATE: Final = ".heliograph"
VARIABLE: Final = "HELIOGRAPH_OPERATOR"
"""Names the operator's file: servers, addresses and secrets, which never stand in a site."""


def operations_for(house: House, site: Site) -> Operations | None:
    """Read the operator's file; None if no variable names one. Raises Refused with all that is wrong in it."""
    from heliograph.load.operations import read_operations_with_warnings

    named = os.environ.get(VARIABLE, "")
    if not named:
        return None
    operations, warnings = read_operations_with_warnings(Path(named), site, os.environ, house.root)
    list_problems(warnings)
    return operations


def need_operations(house: House, site: Site) -> Operations:
    """Read the operator's file to write to people by it, or stop."""
    operations = operations_for(house, site)
    if operations is None:
        raise Stop(
            f"nobody can be written to: {VARIABLE} names no operator's file (docs/operator.md says what is in it)"
        )
    if not operations.can_send:
        raise Stop(
            "nobody can be written to: the operator's file says only where to publish (docs/operator.md says what "
            "sending needs)"
        )
    return operations


def ledger_of(house: House, operations: Operations, *, create: bool = False) -> Ledger:
    """Open the ledger to read, to be closed; who sends enters it besides.

    Raises LedgerRefused if it is missing or damaged.
    """
    from heliograph.dispatch import open_ledger

    return open_ledger(operations, house.root / STATE, create=create)


def record_for(house: House, site: Site, when: datetime) -> Record:
    """Ask the ledger who was told what, for builds; nothing is known without one, or where it cannot be read."""
    operations = operations_for(house, site)
    if operations is None or not operations.can_send:
        return NOTHING_KNOWN
    from heliograph.dispatch import record_of
    from heliograph.send.ledger import LedgerFailed, LedgerRefused

    try:
        with closing(ledger_of(house, operations)) as ledger:
            return record_of(ledger, when)
    except (LedgerRefused, LedgerFailed) as refused:
        click.echo(f"heliograph: built without a record of who was told: {refused}", err=True)
        return NOTHING_KNOWN
