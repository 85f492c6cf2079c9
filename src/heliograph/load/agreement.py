"""That the operator's file and the site agree on who is told: nobody forgotten, nobody written to by mistake."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from heliograph.load.fields import Fields
from heliograph.model import CUSTOMER_PREFIX, STRATEGIC, Audience, Site

_DIGEST: Final = "digest"
_CHAT: Final = "chat"


class Stated(Struct, frozen=True):
    """Whom the file names: readers with a list, the silent, audiences with a webhook, readers with domains."""

    listed: frozenset[str]
    silent: frozenset[str]
    hooked: frozenset[str]
    bounded: frozenset[str]


def readers_of(site: Site) -> dict[str, Audience]:
    """Give the audience of everyone who has a list of their own: of each audience, or of each strategic customer."""
    several = {STRATEGIC: [CUSTOMER_PREFIX + customer.id for customer in site.customers]}
    return {reader: one for one in site.audiences for reader in several.get(one.id, [one.id])}


def roles_of(site: Site) -> frozenset[str]:
    """Name the roles that own an audience or a customer: theirs are the mailboxes that answers go to."""
    owners = [one.owner for one in site.audiences] + [one.owner for one in site.customers]
    return frozenset(owner for owner in owners if owner)


def refuse_gaps(stated: Stated, site: Site, fields: Fields) -> None:
    """Note everyone who would be forgotten, and whatever is said of someone that can have no effect."""
    for reader, audience in readers_of(site).items():
        silent = not stated.silent.isdisjoint((reader, audience.id))
        _refuse_list(reader, audience, stated, fields, silent=silent)
        if reader == audience.id:
            _refuse_channel(audience, stated, fields, silent=silent)
        if audience.boundary == "internal" and reader in stated.listed and reader not in stated.bounded:
            message = f"`{reader}` is internal and has a list: say which domains its addresses may have"
            fields.values.problems.add(fields.place("domains"), "E504", message, f'{reader} = ["example.com"]')


def _refuse_list(reader: str, audience: Audience, stated: Stated, fields: Fields, *, silent: bool) -> None:
    place, problems = fields.place("recipients"), fields.values.problems
    listed = reader in stated.listed
    if listed and silent:
        problems.add(place, "E505", f"`{reader}` has a list and is silent as well; keep one of the two")
    elif listed and _DIGEST not in audience.surfaces:
        problems.add(place, "E505", f"`{reader}` has a list, but `digest` is not among its surfaces")
    elif not listed and not silent and _DIGEST in audience.surfaces:
        problems.add(place, "E505", f"nobody is written to as `{reader}`", "add its list, or name it in `silent`")


def _refuse_channel(audience: Audience, stated: Stated, fields: Fields, *, silent: bool) -> None:
    place, problems = fields.place("webhook"), fields.values.problems
    hooked = audience.id in stated.hooked
    if hooked and silent:
        problems.add(place, "E505", f"`{audience.id}` has a webhook and is silent as well; keep one of the two")
    elif hooked and _CHAT not in audience.surfaces:
        problems.add(place, "E505", f"`{audience.id}` has a webhook, but `chat` is not among its surfaces")
    elif not hooked and not silent and _CHAT in audience.surfaces:
        problems.add(place, "E505", f"no channel is told as `{audience.id}`", "add a webhook, or name it in `silent`")
