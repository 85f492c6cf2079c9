"""The command that looks into everything a site depends on: doctor."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from msgspec import Struct

from heliograph.cli import exits
from heliograph.cli.hosts import Hosts
from heliograph.cli.house import House, as_json, instant_for
from heliograph.cli.ledgers import VARIABLE, ledger_of
from heliograph.doctor.finding import Check, Finding, Level, examine, guarded
from heliograph.model import Site
from heliograph.operations import BucketPlace, FolderPlace, Operations
from heliograph.problems import Problem, Refused

if TYPE_CHECKING:
    from heliograph.doctor.clock import Source
    from heliograph.doctor.targets import Ward

_MARKS: Final[dict[Level, str]] = {"ok": "✓", "note": "·", "warn": "!", "bad": "✗"}


class Report(Struct, frozen=True):
    """All that was found, and whether anything must be mended."""

    well: bool
    findings: tuple[Finding, ...]


@click.command()
@click.option("--offline", is_flag=True, help="Ask nobody: only what is on this machine.")
@click.option("--json", "json_", is_flag=True, help="Print what was found as JSON.")
@click.pass_obj
def doctor(house: House, offline: bool, json_: bool) -> int:
    """Say what a site depends on and what of it is wrong; mends nothing, and tells nobody anything.

    Looks at the operator's file, targets and what strangers see of them, credentials, clock, ledger, mail server,
    lists, schedule, and what the page shares with the product.
    """
    house.require_site()
    found = tuple(_found(house, offline=offline))
    is_well = all(finding.level != "bad" for finding in found)
    if json_:
        click.echo(as_json(Report(is_well, found)))
    else:
        for line in _lines(found):
            click.echo(line)
    return exits.DONE if is_well else exits.REFUSED


def _lines(found: Iterable[Finding]) -> Iterator[str]:
    """Write a line for each finding, and below it what to do; in the end how many there are of what matters."""
    found = tuple(found)
    width = max((len(finding.subject) for finding in found), default=0)
    for finding in found:
        yield f"{_MARKS[finding.level]} {finding.subject:<{width}}  {finding.said}"
        if finding.todo:
            yield f"  {'':<{width}}  → {finding.todo}"
    numbers = Counter(finding.level for finding in found)
    rest = f"{numbers['warn']} to look at" if numbers["warn"] else ""
    yield ", ".join(filter(None, [f"{numbers['bad']} to mend" if numbers["bad"] else "", rest])) or "All is well."


def _found(house: House, *, offline: bool) -> Iterator[Finding]:
    """Look at the site and the operator's file, then at everything they name at once."""
    from heliograph.doctor.schedule import check_schedule
    from heliograph.load import load_configuration

    yield from guarded("site", lambda: _site(house))
    site: Site | None = None
    try:
        site = load_configuration(house.root)
    except Refused:
        yield Finding("bad", "site", "its configuration cannot be read, so nothing it names was looked at")
    operations, findings = _operator(house, site)
    yield from findings
    checks = [Check("schedule", partial(check_schedule, house.root))]
    if site is not None and (operations is not None or not os.environ.get(VARIABLE)):
        checks = [*_checks(house, site, operations, offline=offline), *checks]
    elif site is not None:
        yield Finding("note", "operator file", "until it can be read, nothing it names is looked at")
    yield from examine(checks)
    if offline:
        yield Finding("note", "offline", "nothing was asked beyond this machine")


def _site(house: House) -> Iterator[Finding]:
    try:
        with house.progress() as run:
            site, warnings = house.load(run)
    except Refused as refused:
        errors = sum(problem.level == "error" for problem in refused.problems)
        said = f"{errors} {'error' if errors == 1 else 'errors'} in what was written"
        yield Finding("bad", "site", said, "heliograph check lists them")
        return
    number = len(site.incidents)
    odd = f", {len(warnings)} odd" if warnings else ""
    yield Finding("ok", "site", f"{site.settings.id}: {number} {'incident' if number == 1 else 'incidents'} read{odd}")


def _operator(house: House, site: Site | None) -> tuple[Operations | None, tuple[Finding, ...]]:
    """Read the operator's file, with all that is to be said about it."""
    from heliograph.doctor import operator
    from heliograph.load.operations import read_operations_with_warnings

    named = os.environ.get(VARIABLE, "")
    if not named:
        return None, tuple(operator.no_file(VARIABLE))
    path, operations, problems = Path(named), None, tuple[Problem, ...]()
    if site is not None:
        try:
            operations, problems = read_operations_with_warnings(path, site, os.environ, house.root)
        except Refused as refused:
            problems = refused.problems
    looks = (
        lambda: operator.check_file(path),
        lambda: operator.check_variables(path, os.environ),
        lambda: operator.check_reading(path, operations, problems),
    )
    return operations, tuple(found for look in looks for found in guarded(operator.SUBJECT, look))


def _checks(house: House, site: Site, operations: Operations | None, *, offline: bool) -> Iterator[Check]:
    hosts = Hosts(house, site, operations)
    yield from _of_targets(hosts, site, offline=offline)
    if operations is None:
        return
    yield from _of_sending(house, site, operations, offline=offline)
    if not offline:
        yield from _of_network(hosts, site, operations)


def _of_targets(hosts: Hosts, site: Site, *, offline: bool) -> Iterator[Check]:
    """Look at every target, and at what remembers what was published to them."""
    from heliograph.doctor.targets import check_outside, check_state, check_target
    from heliograph.store_faults import StoreRefused

    state = hosts.operations.state if hosts.operations else None
    if offline and isinstance(state, BucketPlace):
        return
    try:
        hosts.shelf()
    except StoreRefused as refused:
        said = str(refused)
        yield Check("state", lambda: iter((Finding("bad", "state", said),)))
        return
    yield Check("state", partial(check_state, hosts.shelf(), is_used=state is not None))
    for ward in _wards(hosts, site):
        if not offline or isinstance(ward.host.place, FolderPlace):
            yield Check(ward.subject, partial(check_target, ward))
        if not offline:
            yield Check(ward.subject, partial(check_outside, ward))


def _wards(hosts: Hosts, site: Site) -> Iterator[Ward]:
    from heliograph.doctor.targets import Ward
    from heliograph.publish.outside import ask

    boundaries = {audience.id: audience.boundary for audience in site.audiences}
    for host in hosts.all:
        yield Ward(
            host=host,
            boundary=boundaries[host.tree],
            site=site.settings.id,
            shelf=hosts.shelf(),
            now=instant_for(site, None),
            ask=ask,
        )


def _of_sending(house: House, site: Site, operations: Operations, *, offline: bool) -> Iterator[Check]:
    """Look at what is needed to write to anyone."""
    from heliograph.cli.lists import lists_for
    from heliograph.doctor.post import check_ledger, check_lists, check_smtp
    from heliograph.gate import Gate

    if not operations.can_send:
        return
    now, smtp = instant_for(site, None), operations.smtp
    if not offline or not isinstance(operations.ledger, BucketPlace):
        yield Check("ledger", lambda: check_ledger(lambda: ledger_of(house, operations), now))
    if operations.lists:
        yield Check("lists", lambda: check_lists(lambda: lists_for(Gate(site, now), site, operations)))
    if smtp is not None and not offline:
        yield Check("smtp", partial(check_smtp, smtp))


def _of_network(hosts: Hosts, site: Site, operations: Operations) -> Iterator[Check]:
    """Look at who we are out there, what time it is, and what the page shares with the product."""
    from heliograph.doctor.amazon import check_identity
    from heliograph.doctor.clock import SUBJECT as CLOCK
    from heliograph.doctor.clock import check_clock
    from heliograph.doctor.independence import SUBJECT as INDEPENDENCE
    from heliograph.doctor.independence import check_independence
    from heliograph.stores import is_foreign

    for subject, place in _buckets(operations):
        if not is_foreign(place):
            yield Check(subject, partial(check_identity, subject, place))
    sources = tuple(dict.fromkeys(_sources(hosts, operations)))
    yield Check(CLOCK, partial(check_clock, sources))
    outsiders = {audience.id for audience in site.audiences if audience.boundary == "external"}
    urls = [url for host in hosts.all if host.tree in outsiders for url in host.urls]
    yield Check(INDEPENDENCE, partial(check_independence, urls, operations.product_urls))


def _buckets(operations: Operations) -> Iterator[tuple[str, BucketPlace]]:
    """Give every bucket that is used, with the subject it belongs to."""
    named = [("state", operations.state), *((f"target {host.id}", host.place) for host in operations.hosts)]
    if operations.can_send:
        named.append(("ledger", operations.ledger if isinstance(operations.ledger, BucketPlace) else None))
    yield from ((subject, place) for subject, place in named if isinstance(place, BucketPlace))


def _sources(hosts: Hosts, operations: Operations) -> Iterator[Source]:
    """Name servers that tell the time: stores first, which refuse whoever is wrong about it."""
    for _, place in _buckets(operations):
        yield place.endpoint or os.environ.get("AWS_ENDPOINT_URL") or "https://s3.amazonaws.com", place.ca_file
    for host in hosts.all:
        yield from ((f"{url}/", host.ca_file) for url in host.urls)
