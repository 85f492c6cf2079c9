"""The public page a letter points to: where it is, what it must show before the letter goes, and doing without it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
from markupsafe import Markup

from heliograph.render import words
from heliograph.render.digests.sheet import Row, Section, Sheet, plain, worded
from heliograph.render.editions import folder
from heliograph.render.tongue import Tongue
from heliograph.view import About, Incident, Maintenance, Passage

_FOLDERS: Final = {Incident: "incidents", Maintenance: "maintenance"}


def address(about: About, of: Incident | Maintenance) -> str:
    """Say where the public reads of it; empty if it may not, as far as this reader knows, or has no page."""
    if not about.public_url or not shown(of):
        return ""
    return f"{about.public_url}/{_FOLDERS[type(of)]}/{of.id}/"


def shown(of: Incident | Maintenance) -> str:
    """Name the newest of its updates, or its account, that has words for everyone; empty if none has.

    Only such words prove to this reader that there is a page: they need a title and an update for everyone.
    """
    account = of.postmortem if isinstance(of, Incident) else None
    if account and any(map(is_shared, account.passages)):
        return account.id
    return next((update.id for update in of.updates if any(map(is_shared, update.passages))), "")


def account(of: Incident, tongue: Tongue) -> Iterator[Row]:
    """Give what the page says in its account of an incident, for letters that cannot lead there."""
    found = [one for one in of.postmortem.passages if is_shared(one)] if of.postmortem else []
    if found:
        told = worded(tongue.gettext("What happened, and what we change"), words.joined(found))
        # Headings of its own stand below its label, not beside it.
        yield msgspec.structs.replace(told, text=f"\n{told.text}\n")


def is_own(passage: Passage) -> bool:
    """Tell whether a passage is for its reader alone."""
    return passage.addressed


def is_shared(passage: Passage) -> bool:
    """Tell whether a passage is not for its reader alone: what an outsider reads that is not addressed, all do."""
    return not passage.addressed


def unlinked(sheet: Sheet, about: About, tongue: Tongue, instead: Sequence[Row]) -> Sheet:
    """Take every address of the status page out of a sheet, also of words that authors wrote.

    Closing rows that are nothing but such an address give way to `instead`, and to a word on why.
    """
    lost = tongue.gettext("Our status page cannot be reached at the moment; this message holds all we can say.")
    main = about.public_url.removesuffix(f"/{folder(about)}")
    kept = [row for row in sheet.closing if not (main and row.text.startswith(main))]
    return msgspec.structs.replace(
        sheet,
        sections=tuple(
            Section(heading=one.heading, rows=tuple(_unlinked(row, main, tongue) for row in one.rows))
            for one in sheet.sections
        ),
        closing=tuple(_unlinked(row, main, tongue) for row in (*instead, *kept, plain("", lost))),
    )


def _unlinked(row: Row, main: str, tongue: Tongue) -> Row:
    if not main:
        return row
    place, called = rf'{re.escape(main)}(?![\w-]|\.\w)(?:[/?#](?:[^\s<>")]*[\w/])?)?', tongue.gettext("our status page")
    text = re.sub(place, called, re.sub(rf" \({place}\)", "", row.text))
    html = re.sub(rf'(?s)<a [^>]*href="{place}"[^>]*>(.*?)</a>', r"\1", row.html)
    html = re.sub(place, called, html)
    return msgspec.structs.replace(row, text=text, html=Markup(html))  # noqa: S704 -- the same, less its links
